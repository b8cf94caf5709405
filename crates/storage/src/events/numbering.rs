//! The sequencer: numbers for what is committed (ADR 0031).

use domain::{
    event::{Named, Subject},
    time::Instant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{asking, linking, looking, reading::last};
use crate::{
    dialect::{self, Turn},
    entity::event::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Store, Tx},
};

/// How many events get their numbers in one transaction.
const BATCH: usize = 5_000;

/// Gives numbers to the events that are committed and have none, and answers the last number there is. One process at a
/// time does, so that whoever sees a number sees all numbers below it (field case PAG-03).
pub async fn number(store: &Store) -> Result<i64, StoreError> {
    // What is committed from here on may wait for the next call: else writers could keep this one busy without end.
    let mut more = is_waiting(store).await?;
    while more {
        more = store.write(async |tx: Tx| number_some(&tx).await).await?;
    }
    last(store).await
}

/// Says whether there is more that was there, or came of it.
async fn number_some(tx: &Tx) -> Result<bool, StoreError> {
    let connection = tx.connection();
    // Before the statements below look: what they see has all that was numbered before.
    dialect::take_turn(connection, Turn::Number).await?;
    let waiting = Entity::find().filter(Column::Number.is_null()).order_by_asc(Column::Id).limit(BATCH as u64);
    let rows = waiting.all(connection).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    linking::add(connection, &rows).await?;
    let mut came = looking::add(connection, &rows).await?;
    came |= asking::add(tx, &rows).await?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let (ids, last) = (ids.join(", "), last(tx).await?);
    // The very rows that were looked at: one that was committed since waits for its turn.
    let statement = format!(
        "UPDATE events SET number = numbered.number FROM (\
             SELECT id, {last} + ROW_NUMBER() OVER (ORDER BY id) AS number FROM events WHERE id IN ({ids})\
         ) AS numbered WHERE events.id = numbered.id"
    );
    connection.execute_unprepared(&statement).await?;
    Ok(came || rows.len() == BATCH)
}

async fn is_waiting(reader: &impl Reads) -> Result<bool, StoreError> {
    let query = Entity::find().select_only().column(Column::Id).filter(Column::Number.is_null()).limit(1);
    Ok(query.into_tuple::<i64>().one(reader.connection()).await?.is_some())
}

/// What waits for its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many events.
    pub events: u64,
    /// Since when the oldest of them.
    pub since: Option<Instant>,
}

/// What waits for its number.
pub async fn waiting(reader: &impl Reads) -> Result<Waiting, StoreError> {
    let query = Entity::find().select_only().column_as(Column::Id.count(), "events").column_as(Column::At.min(), "at");
    let found: Option<(i64, Option<i64>)> =
        query.filter(Column::Number.is_null()).into_tuple().one(reader.connection()).await?;
    let (events, since) = found.unwrap_or_default();
    let since = since.map(|at| json::instant("events.at", at)).transpose()?;
    Ok(Waiting { events: events.unsigned_abs(), since })
}

/// The record of a row.
pub(super) fn named(row: &event::Model) -> Result<Named, StoreError> {
    let subject = json::word("events.subject", &row.subject, Subject::parse)?;
    Ok(Named { subject, id: row.record_id, within: row.within_id })
}
