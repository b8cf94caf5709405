//! Calls, and who may know of them.

use domain::{
    call::{Call, CallState},
    event::Subject,
    ids::{CallId, OrganisationId},
    time::Instant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::{
    bulk,
    entity::call::{self, Column, Entity},
    error::StoreError,
    events::{self, CHANGED, CREATED, EXTENDED},
    json,
    origin::Stored,
    page::{self, Page, PageRequest},
    store::{Reads, Tx},
};

pub mod answers;
pub mod invitations;
mod knowing;
mod moving;
pub mod reports;

pub use knowing::CallReader;
pub(crate) use knowing::{CLUSTERS, MARKET, known_to, members_of};
pub(crate) use moving::merge;

/// What narrows a list of calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFilter {
    /// Only those of this issuer.
    pub organisation: Option<OrganisationId>,
    /// Only these states; all where empty.
    pub states: Vec<CallState>,
}

/// Adds a call.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such organisation.
pub async fn insert(tx: &Tx, call: &Call, at: Instant) -> Result<(), StoreError> {
    bulk::insert::<Entity, _>(tx.connection(), vec![row(call, at, at)?]).await?;
    // One that is opened at once is no draft that nobody else sees.
    let what = if call.state == CallState::Draft { CREATED } else { call.state.as_str() };
    events::record(tx, Subject::Call, call.id.0, what, &[call.organisation], at);
    Ok(())
}

/// Writes what a call has become.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of its id.
pub async fn update(tx: &Tx, stored: &Stored<Call>, at: Instant) -> Result<(), StoreError> {
    let (connection, call) = (tx.connection(), &stored.record);
    let before = Entity::find_by_id(call.id.0).one(connection).await?.ok_or(StoreError::NotFound)?.state;
    bulk::upsert::<Entity, _>(connection, vec![row(call, stored.created_at, at)?]).await?;
    let what = match (before == call.state.as_str(), call.state) {
        (true, CallState::Draft) => CHANGED,
        (true, CallState::Open | CallState::Closed | CallState::Cancelled) => EXTENDED,
        (false, reached) => reached.as_str(),
    };
    events::record(tx, Subject::Call, call.id.0, what, &[call.organisation], at);
    Ok(())
}

/// Writes how far the silent were reminded, which nobody is shown: whoever is told of it is so by
/// [`invitations::remind`].
pub async fn note_reminders(tx: &Tx, stored: &Stored<Call>) -> Result<(), StoreError> {
    let row = row(&stored.record, stored.created_at, stored.updated_at)?;
    bulk::upsert::<Entity, _>(tx.connection(), vec![row]).await
}

/// One call.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id that the reader may know of.
pub async fn get(reader: &impl Reads, who: &CallReader, id: CallId) -> Result<Stored<Call>, StoreError> {
    one(find(who, id), reader.connection()).await
}

/// One call that is about to change: others who would change or answer it wait until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, who: &CallReader, id: CallId) -> Result<Stored<Call>, StoreError> {
    one(find(who, id).lock_exclusive(), tx.connection()).await
}

/// One call that is about to be answered: it does not change until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn get_to_answer(tx: &Tx, who: &CallReader, id: CallId) -> Result<Stored<Call>, StoreError> {
    one(find(who, id).lock_shared(), tx.connection()).await
}

/// A page of the calls that a reader may know of.
pub async fn page(
    reader: &impl Reads,
    who: &CallReader,
    filter: &CallFilter,
    request: PageRequest,
) -> Result<Page<Stored<Call>>, StoreError> {
    let mut query = Entity::find().filter(who.sees());
    if let Some(id) = filter.organisation {
        query = query.filter(Column::OrganisationId.eq(id.0));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// The open calls whose answer-by instant is at most so late, the next first.
pub async fn due(reader: &impl Reads, by: Instant) -> Result<Vec<Call>, StoreError> {
    let query = Entity::find()
        .filter(Column::State.eq(CallState::Open.as_str()))
        .filter(Column::AnswerBy.lte(by.micros()))
        .order_by_asc(Column::AnswerBy)
        .order_by_asc(Column::Id);
    let rows = query.all(reader.connection()).await?;
    rows.into_iter().map(|row| stored(row).map(|stored| stored.record)).collect()
}

fn find(who: &CallReader, id: CallId) -> Select<Entity> {
    Entity::find_by_id(id.0).filter(who.sees())
}

async fn one<C: ConnectionTrait>(query: Select<Entity>, connection: &C) -> Result<Stored<Call>, StoreError> {
    stored(query.one(connection).await?.ok_or(StoreError::NotFound)?)
}

fn row(call: &Call, created: Instant, at: Instant) -> Result<call::Model, StoreError> {
    Ok(call::Model {
        id: call.id.0,
        organisation_id: call.organisation.0,
        state: call.state.as_str().to_owned(),
        visibility: call.terms.visibility.as_str().to_owned(),
        answer_by: call.terms.answer_by.at.micros(),
        terms: json::to_text(&call.terms)?,
        opened_at: call.opened_at.map(Instant::micros),
        ended_at: call.ended_at.map(Instant::micros),
        reminders: i16::from(call.reminders),
        reminded_at: call.reminded_at.map(Instant::micros),
        created_at: created.micros(),
        updated_at: at.micros(),
    })
}

fn stored(row: call::Model) -> Result<Stored<Call>, StoreError> {
    let instant = |column: &str, micros: Option<i64>| micros.map(|m| json::instant(column, m)).transpose();
    let record = Call {
        id: CallId(row.id),
        organisation: OrganisationId(row.organisation_id),
        terms: json::from_text("calls.terms", &row.terms)?,
        state: json::word("calls.state", &row.state, CallState::parse)?,
        opened_at: instant("calls.opened_at", row.opened_at)?,
        ended_at: instant("calls.ended_at", row.ended_at)?,
        reminders: u8::try_from(row.reminders).map_err(|e| StoreError::Internal(Box::new(e)))?,
        reminded_at: instant("calls.reminded_at", row.reminded_at)?,
    };
    Ok(Stored {
        record,
        origin: None,
        created_at: json::instant("calls.created_at", row.created_at)?,
        updated_at: json::instant("calls.updated_at", row.updated_at)?,
    })
}
