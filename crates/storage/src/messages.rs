//! What the sides of a match write to each other.

use domain::{
    ids::{MatchId, MessageId},
    matches::Side,
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    bulk,
    entity::match_message::{self, Column, Entity},
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    store::{Reads, Tx},
};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The match it is about.
    pub of_match: MatchId,
    /// Which side wrote it.
    pub side: Side,
    /// What it says.
    pub body: String,
    /// When.
    pub created_at: Instant,
}

/// Adds a message.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such match.
pub async fn insert(tx: &Tx, message: &Message) -> Result<(), StoreError> {
    json::storable("match_messages.body", &message.body)?;
    let row = match_message::Model {
        id: message.id.0,
        match_id: message.of_match.0,
        side: message.side.as_str().to_owned(),
        body: message.body.clone(),
        created_at: message.created_at.micros(),
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// A page of the messages of a match, which the caller has found inside his scope.
pub async fn page(reader: &impl Reads, of: MatchId, request: PageRequest) -> Result<Page<Message>, StoreError> {
    let query = Entity::find().filter(Column::MatchId.eq(of.0));
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

fn stored(row: match_message::Model) -> Result<Message, StoreError> {
    Ok(Message {
        id: MessageId(row.id),
        of_match: MatchId(row.match_id),
        side: json::word("match_messages.side", &row.side, Side::parse)?,
        body: row.body,
        created_at: json::instant("match_messages.created_at", row.created_at)?,
    })
}
