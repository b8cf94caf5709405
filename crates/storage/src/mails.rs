//! Mails to send. A row names the person and never the address or a secret: both are looked up, or made, when
//! the mail goes out.

use domain::{
    ids::{CallId, MailId, OrganisationId, PersonId},
    link::{Mail, MailKind},
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    bulk,
    entity::mail::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Queues a mail.
pub async fn insert(tx: &Tx, mail: &Mail) -> Result<(), StoreError> {
    let row = mail::Model {
        id: mail.id.0,
        kind: mail.kind.as_str().to_owned(),
        person_id: mail.person.0,
        organisation_id: mail.organisation.map(|id| id.0),
        about_id: mail.about.map(|id| id.0),
        call_id: mail.call.map(|id| id.0),
        record_id: mail.record,
        created_at: mail.created_at.micros(),
        due_at: mail.created_at.micros(),
        attempts: 0,
        sent_at: None,
        failure: None,
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// Whether a mail of a kind about an organisation waits for a person already.
pub async fn waits(tx: &Tx, kind: MailKind, person: PersonId, of: OrganisationId) -> Result<bool, StoreError> {
    let query = Entity::find()
        .filter(Column::SentAt.is_null())
        .filter(Column::Attempts.eq(0))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::PersonId.eq(person.0))
        .filter(Column::OrganisationId.eq(of.0))
        .limit(1);
    Ok(query.one(tx.connection()).await?.is_some())
}

/// Whether a mail of a kind about a record waits for a person already.
pub async fn waits_about(tx: &Tx, kind: MailKind, person: PersonId, record: Uuid) -> Result<bool, StoreError> {
    let query = Entity::find()
        .filter(Column::SentAt.is_null())
        .filter(Column::Attempts.eq(0))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::PersonId.eq(person.0))
        .filter(Column::RecordId.eq(record))
        .limit(1);
    Ok(query.one(tx.connection()).await?.is_some())
}

/// The mail that is due longest, taken until an instant: nobody else takes it before. With it comes how often it
/// was taken, this time among them.
pub async fn take_due(tx: &Tx, now: Instant, until: Instant, most: i32) -> Result<Option<(Mail, i32)>, StoreError> {
    let connection = tx.connection();
    let query = Entity::find()
        .filter(Column::SentAt.is_null())
        .filter(Column::Attempts.lt(most))
        .filter(Column::DueAt.lte(now.micros()))
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(1)
        .lock_exclusive();
    let Some(row) = query.one(connection).await? else { return Ok(None) };
    let attempts = row.attempts.saturating_add(1);
    Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(attempts))
        .col_expr(Column::DueAt, Expr::value(until.micros()))
        .filter(Column::Id.eq(row.id))
        .exec(connection)
        .await?;
    Ok(Some((stored(&row)?, attempts)))
}

/// Notes that a mail went out.
pub async fn sent(tx: &Tx, id: MailId, at: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::SentAt, Expr::value(at.micros()))
        .col_expr(Column::Failure, Expr::value(None::<String>))
        .filter(Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Notes in a word why a mail did not go out, and when it is tried again.
pub async fn failed(tx: &Tx, id: MailId, failure: &str, due: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Failure, Expr::value(failure))
        .col_expr(Column::DueAt, Expr::value(due.micros()))
        .filter(Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Drops what was still to be sent to a person.
pub async fn drop_of(tx: &Tx, person: PersonId) -> Result<(), StoreError> {
    let unsent = Entity::delete_many().filter(Column::PersonId.eq(person.0)).filter(Column::SentAt.is_null());
    unsent.exec(tx.connection()).await?;
    Ok(())
}

/// Forgets mails that were queued before an instant.
pub async fn forget(tx: &Tx, before: Instant) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::CreatedAt.lt(before.micros())).exec(tx.connection()).await?;
    Ok(())
}

/// How the queue of mails stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailQueue {
    /// Not sent yet.
    pub waiting: usize,
    /// Of those, given up on.
    pub given_up: usize,
    /// Why the last of them failed, in a word.
    pub failure: Option<String>,
}

/// How the queue of mails stands; `most` attempts are made.
pub async fn queue(reader: &impl Reads, most: i32) -> Result<MailQueue, StoreError> {
    let rows =
        Entity::find().filter(Column::SentAt.is_null()).order_by_asc(Column::DueAt).all(reader.connection()).await?;
    Ok(MailQueue {
        waiting: rows.len(),
        given_up: rows.iter().filter(|row| row.attempts >= most).count(),
        failure: rows.iter().rev().find_map(|row| row.failure.clone()),
    })
}

fn stored(row: &mail::Model) -> Result<Mail, StoreError> {
    Ok(Mail {
        id: MailId(row.id),
        kind: json::word("mails.kind", &row.kind, MailKind::parse)?,
        person: PersonId(row.person_id),
        organisation: row.organisation_id.map(OrganisationId),
        about: row.about_id.map(PersonId),
        call: row.call_id.map(CallId),
        record: row.record_id,
        created_at: json::instant("mails.created_at", row.created_at)?,
    })
}
