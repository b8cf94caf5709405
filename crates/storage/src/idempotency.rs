//! What was answered to requests that carry an `Idempotency-Key`.

use domain::time::Instant;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    bulk,
    dialect::{self, Turn},
    entity::idempotent_request::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// A request by the key it carries. Credential and request are hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who sent it.
    pub credential: String,
    /// The key that the sender chose.
    pub key: String,
    /// Method, address and body.
    pub request: String,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its status, 200 to 499.
    pub status: u16,
    /// Its `Location`.
    pub location: Option<String>,
    /// Its body.
    pub body: String,
}

/// How a request stands that claims a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is the first: work on it.
    First,
    /// The very request is being worked on, or was when the service stopped.
    Running,
    /// The very request was answered.
    Answered(KeptAnswer),
    /// Another request has the key.
    Other,
}

/// Claims a key for a request, and lets go of what is older than `since`.
pub async fn claim(tx: &Tx, claim: &Claim, at: Instant, since: Instant) -> Result<Claimed, StoreError> {
    let connection = tx.connection();
    json::storable("idempotent_requests.idempotency_key", &claim.key)?;
    // Two that come at once would both find nothing.
    dialect::take_turn(connection, Turn::Claim).await?;
    Entity::delete_many().filter(Column::CreatedAt.lt(since.micros())).exec(connection).await?;
    let known = Entity::find_by_id((claim.credential.clone(), claim.key.clone())).one(connection).await?;
    let Some(row) = known else {
        let row = idempotent_request::Model {
            credential: claim.credential.clone(),
            idempotency_key: claim.key.clone(),
            request: claim.request.clone(),
            status: None,
            location: None,
            body: None,
            created_at: at.micros(),
        };
        bulk::insert::<Entity, _>(connection, vec![row]).await?;
        return Ok(Claimed::First);
    };
    Ok(match row.status.and_then(|status| u16::try_from(status).ok()) {
        _ if row.request != claim.request => Claimed::Other,
        None => Claimed::Running,
        Some(status) => {
            Claimed::Answered(KeptAnswer { status, location: row.location, body: row.body.unwrap_or_default() })
        }
    })
}

/// Keeps what was answered to a request that had its key to itself.
pub async fn keep(tx: &Tx, claim: &Claim, answer: &KeptAnswer) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(i16::try_from(answer.status).ok()))
        .col_expr(Column::Location, Expr::value(answer.location.clone()))
        .col_expr(Column::Body, Expr::value(answer.body.clone()))
        .filter(Column::Credential.eq(&claim.credential))
        .filter(Column::IdempotencyKey.eq(&claim.key))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Gives a key back: nothing was done, and the same request may come again.
pub async fn release(tx: &Tx, claim: &Claim) -> Result<(), StoreError> {
    Entity::delete_by_id((claim.credential.clone(), claim.key.clone())).exec(tx.connection()).await?;
    Ok(())
}
