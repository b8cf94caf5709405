//! Who granted that needs are of tier 1, and why.

use domain::{
    ids::{NeedId, OrganisationId},
    urgency::Grant,
};
use sea_orm::EntityTrait;

use crate::{
    bulk,
    entity::urgency_grant::{self, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Notes a grant, in place of the one of before.
pub async fn put(tx: &Tx, need: NeedId, grant: &Grant) -> Result<(), StoreError> {
    json::storable("urgency_grants.reason", &grant.reason)?;
    let row = urgency_grant::Model {
        need_id: need.0,
        organisation_id: grant.by.map(|id| id.0),
        reason: grant.reason.clone(),
        granted_at: grant.at.micros(),
    };
    bulk::upsert::<Entity, _>(tx.connection(), vec![row]).await
}

/// The grant of a need, where somebody said why.
pub async fn of(reader: &impl Reads, need: NeedId) -> Result<Option<Grant>, StoreError> {
    let row = Entity::find_by_id(need.0).one(reader.connection()).await?;
    row.map(|row| {
        Ok(Grant {
            by: row.organisation_id.map(OrganisationId),
            reason: row.reason,
            at: json::instant("urgency_grants.granted_at", row.granted_at)?,
        })
    })
    .transpose()
}

/// Drops the grant of a need.
pub async fn drop_of(tx: &Tx, need: NeedId) -> Result<(), StoreError> {
    Entity::delete_by_id(need.0).exec(tx.connection()).await?;
    Ok(())
}
