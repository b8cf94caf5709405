//! Claims of people to organisations that others entered. One that was decided on is gone: the audit log has it.

use domain::{
    claim::Claim,
    ids::{ClaimId, OrganisationId, PersonId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    bulk,
    entity::claim::{self, Column, Entity},
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    store::{Reads, Tx},
};

/// Adds a claim, in place of one that the person made before.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such organisation or person.
pub async fn put(tx: &Tx, claim: &Claim) -> Result<(), StoreError> {
    json::storable("claims.evidence", &claim.evidence)?;
    let before = Entity::delete_many().filter(Column::OrganisationId.eq(claim.organisation.0));
    before.filter(Column::PersonId.eq(claim.person.0)).exec(tx.connection()).await?;
    let row = claim::Model {
        id: claim.id.0,
        organisation_id: claim.organisation.0,
        person_id: claim.person.0,
        evidence: claim.evidence.clone(),
        created_at: claim.created_at.micros(),
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// A page of the claims to an organisation.
pub async fn page(
    reader: &impl Reads,
    organisation: OrganisationId,
    request: PageRequest,
) -> Result<Page<Claim>, StoreError> {
    let query = Entity::find().filter(Column::OrganisationId.eq(organisation.0));
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// A claim to an organisation, which is gone from now on.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id.
pub async fn take(tx: &Tx, organisation: OrganisationId, id: ClaimId) -> Result<Claim, StoreError> {
    let query = Entity::find_by_id(id.0).filter(Column::OrganisationId.eq(organisation.0)).lock_exclusive();
    let claim = stored(query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?)?;
    Entity::delete_by_id(id.0).exec(tx.connection()).await?;
    Ok(claim)
}

/// The claims of a person.
pub async fn of_person(reader: &impl Reads, person: PersonId) -> Result<Vec<Claim>, StoreError> {
    let query = Entity::find().filter(Column::PersonId.eq(person.0)).order_by_asc(Column::Id);
    query.all(reader.connection()).await?.into_iter().map(stored).collect()
}

/// Drops the claims of a person.
pub async fn drop_of(tx: &Tx, person: PersonId) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::PersonId.eq(person.0)).exec(tx.connection()).await?;
    Ok(())
}

fn stored(row: claim::Model) -> Result<Claim, StoreError> {
    Ok(Claim {
        id: ClaimId(row.id),
        organisation: OrganisationId(row.organisation_id),
        person: PersonId(row.person_id),
        evidence: row.evidence,
        created_at: json::instant("claims.created_at", row.created_at)?,
    })
}
