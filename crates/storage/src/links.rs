//! Links that work once: of each only the hash of its token is kept.

use domain::{
    ids::{OrganisationId, PersonId},
    link::{Link, LinkPurpose},
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    bulk,
    entity::link::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Adds a link by the hash of its token.
pub async fn insert(tx: &Tx, hash: &str, link: &Link) -> Result<(), StoreError> {
    let row = link::Model {
        hash: hash.to_owned(),
        purpose: link.purpose.as_str().to_owned(),
        person_id: link.person.map(|id| id.0),
        organisation_id: link.organisation.map(|id| id.0),
        created_at: link.created_at.micros(),
        expires_at: link.expires_at.micros(),
        used_at: None,
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// The link of a token that was not used yet and has not expired, used up from now on; `None` where there is none.
pub async fn take(tx: &Tx, hash: &str, at: Instant) -> Result<Option<Link>, StoreError> {
    let connection = tx.connection();
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(at.micros()))
        .filter(Column::Hash.eq(hash))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(at.micros()))
        .exec(connection)
        .await?;
    if used.rows_affected == 0 {
        return Ok(None);
    }
    Entity::find_by_id(hash.to_owned()).one(connection).await?.map(stored).transpose()
}

/// The link of a token that was not used yet and has not expired.
pub async fn find(reader: &impl Reads, hash: &str, at: Instant) -> Result<Option<Link>, StoreError> {
    let query = Entity::find_by_id(hash.to_owned()).filter(Column::UsedAt.is_null());
    query.filter(Column::ExpiresAt.gt(at.micros())).one(reader.connection()).await?.map(stored).transpose()
}

/// Uses every link of a person up.
pub async fn void_of(tx: &Tx, person: PersonId, at: Instant) -> Result<(), StoreError> {
    let void = Entity::update_many().col_expr(Column::UsedAt, Expr::value(at.micros()));
    void.filter(Column::PersonId.eq(person.0)).filter(Column::UsedAt.is_null()).exec(tx.connection()).await?;
    Ok(())
}

/// Forgets links that expired before an instant.
pub async fn forget(tx: &Tx, before: Instant) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(before.micros())).exec(tx.connection()).await?;
    Ok(())
}

fn stored(row: link::Model) -> Result<Link, StoreError> {
    Ok(Link {
        purpose: json::word("links.purpose", &row.purpose, LinkPurpose::parse)?,
        person: row.person_id.map(PersonId),
        organisation: row.organisation_id.map(OrganisationId),
        created_at: json::instant("links.created_at", row.created_at)?,
        expires_at: json::instant("links.expires_at", row.expires_at)?,
    })
}
