//! Mandates: what clusters and portals may do for organisations.

use domain::{
    api_key::AccessScopes,
    event::Subject,
    ids::{MandateId, OrganisationId, PersonId},
    mandate::Mandate,
    time::{Day, Instant},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use crate::{
    bulk,
    entity::mandate::{self, Column, Entity},
    error::StoreError,
    events::{self, CREATED},
    json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// Adds a mandate.
///
/// # Errors
/// [`StoreError::Conflict`] when the two have one that was not ended, [`StoreError::Constraint`] when one of them or
/// the signatory does not exist.
pub async fn insert(tx: &Tx, mandate: &Mandate) -> Result<(), StoreError> {
    let row = mandate::Model {
        id: mandate.id.0,
        organisation_id: mandate.organisation.0,
        holder_id: mandate.holder.0,
        scopes: mandate.scopes.to_string(),
        signatory_id: mandate.signatory.map(|id| id.0),
        created_at: mandate.created_at.micros(),
        confirmed_at: mandate.confirmed_at.map(Instant::micros),
        ends_on: mandate.ends_on.number(),
        ended_at: mandate.ended_at.map(Instant::micros),
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await?;
    let sides = [mandate.organisation, mandate.holder];
    events::record(tx, Subject::Mandate, mandate.id.0, CREATED, &sides, mandate.created_at);
    Ok(())
}

/// One mandate that an organisation gave or holds.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: MandateId) -> Result<Mandate, StoreError> {
    let query = Entity::find_by_id(id.0).filter(scope.over(&[Column::OrganisationId, Column::HolderId]));
    stored(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// As [`get`], and whoever else would change it waits until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, scope: Scope, id: MandateId) -> Result<Mandate, StoreError> {
    let query = Entity::find_by_id(id.0).filter(scope.over(&[Column::OrganisationId, Column::HolderId]));
    stored(query.lock_exclusive().one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// The mandate that one organisation holds of another and that was not ended; it may have expired.
pub async fn open(
    reader: &impl Reads,
    organisation: OrganisationId,
    holder: OrganisationId,
) -> Result<Option<Mandate>, StoreError> {
    let query = Entity::find().filter(between(organisation, holder)).filter(Column::EndedAt.is_null());
    query.one(reader.connection()).await?.map(stored).transpose()
}

/// A page of the mandates that an organisation gave or holds, those that ended among them.
pub async fn page(reader: &impl Reads, of: OrganisationId, request: PageRequest) -> Result<Page<Mandate>, StoreError> {
    let sides = Condition::any().add(Column::OrganisationId.eq(of.0)).add(Column::HolderId.eq(of.0));
    let query = Entity::find().filter(sides);
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// The mandates that a person signed.
pub async fn signed_by(reader: &impl Reads, person: PersonId) -> Result<Vec<Mandate>, StoreError> {
    let query = Entity::find().filter(Column::SignatoryId.eq(person.0)).order_by_asc(Column::Id);
    query.all(reader.connection()).await?.into_iter().map(stored).collect()
}

/// Ends one mandate.
pub async fn end(tx: &Tx, id: MandateId, at: Instant) -> Result<(), StoreError> {
    end_where(tx, Condition::all().add(Column::Id.eq(id.0)), at).await.map(drop)
}

/// Ends what one organisation mandated another to do, and answers it.
pub async fn end_between(
    tx: &Tx,
    organisation: OrganisationId,
    holder: OrganisationId,
    at: Instant,
) -> Result<Vec<Mandate>, StoreError> {
    end_where(tx, between(organisation, holder), at).await
}

/// Ends every mandate that an organisation holds, and answers them.
pub async fn end_held(tx: &Tx, holder: OrganisationId, at: Instant) -> Result<Vec<Mandate>, StoreError> {
    end_where(tx, Condition::all().add(Column::HolderId.eq(holder.0)), at).await
}

async fn end_where(tx: &Tx, which: Condition, at: Instant) -> Result<Vec<Mandate>, StoreError> {
    let open = Entity::find().filter(which.clone()).filter(Column::EndedAt.is_null());
    let rows = open.order_by_asc(Column::Id).lock_exclusive().all(tx.connection()).await?;
    let ended = Entity::update_many().col_expr(Column::EndedAt, Expr::value(at.micros()));
    ended.filter(which).filter(Column::EndedAt.is_null()).exec(tx.connection()).await?;
    for row in &rows {
        let sides = [row.organisation_id, row.holder_id].map(OrganisationId);
        events::record(tx, Subject::Mandate, row.id, "ended", &sides, at);
    }
    rows.into_iter().map(stored).collect()
}

/// Notes that an organisation stands by a mandate that others recorded.
pub async fn confirm(tx: &Tx, id: MandateId, at: Instant) -> Result<(), StoreError> {
    let which = || Condition::all().add(Column::Id.eq(id.0)).add(Column::ConfirmedAt.is_null());
    if let Some(row) = Entity::find().filter(which()).one(tx.connection()).await? {
        let sides = [row.organisation_id, row.holder_id].map(OrganisationId);
        events::record(tx, Subject::Mandate, row.id, "confirmed", &sides, at);
    }
    let update = Entity::update_many().col_expr(Column::ConfirmedAt, Expr::value(at.micros()));
    update.filter(which()).exec(tx.connection()).await?;
    Ok(())
}

fn between(organisation: OrganisationId, holder: OrganisationId) -> Condition {
    Condition::all().add(Column::OrganisationId.eq(organisation.0)).add(Column::HolderId.eq(holder.0))
}

fn stored(row: mandate::Model) -> Result<Mandate, StoreError> {
    let ends_on: Day = json::day("mandates.ends_on", row.ends_on)?;
    Ok(Mandate {
        id: MandateId(row.id),
        organisation: OrganisationId(row.organisation_id),
        holder: OrganisationId(row.holder_id),
        scopes: json::word("mandates.scopes", &row.scopes, AccessScopes::parse)?,
        signatory: row.signatory_id.map(PersonId),
        created_at: json::instant("mandates.created_at", row.created_at)?,
        confirmed_at: row.confirmed_at.map(|at| json::instant("mandates.confirmed_at", at)).transpose()?,
        ends_on,
        ended_at: row.ended_at.map(|at| json::instant("mandates.ended_at", at)).transpose()?,
    })
}
