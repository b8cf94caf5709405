//! The audit log: entries are added in the transaction of what they tell, and never change.

use domain::{
    audit::{Act, Acting, AuditEntry, CredentialKind, RecordKind},
    ids::{AuditId, MandateId, OrganisationId, PersonId},
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    bulk,
    entity::audit_entry,
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// What narrows the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Only what was done to this record.
    pub record_id: Option<Uuid>,
    /// Only records of these kinds; of all where empty.
    pub records: Vec<RecordKind>,
    /// Only these acts; all where empty.
    pub acts: Vec<Act>,
    /// Only what concerns this organisation: it acted, or the record is its own.
    pub organisation: Option<OrganisationId>,
    /// Only what was done to records of this organisation.
    pub owner: Option<OrganisationId>,
    /// Only what this person did.
    pub person: Option<PersonId>,
    /// Only since this instant.
    pub since: Option<Instant>,
    /// Only before this instant.
    pub before: Option<Instant>,
}

/// Adds entries.
///
/// # Errors
/// [`StoreError::Conflict`] when an id is taken.
pub async fn insert(tx: &Tx, entries: &[AuditEntry]) -> Result<(), StoreError> {
    let rows = entries.iter().map(|entry| {
        let changes = json::to_text(&entry.changes)?;
        json::storable("audit_entries.changes", &changes)?;
        Ok(audit_entry::Model {
            id: entry.id.0,
            at: entry.at.micros(),
            acting_id: entry.acting.organisation().map(|id| id.0),
            alone: entry.acting == Acting::Person,
            person_id: entry.person.map(|id| id.0),
            credential: entry.credential.as_str().to_owned(),
            credential_id: entry.credential_id,
            act: entry.act.as_str().to_owned(),
            record: entry.record.as_str().to_owned(),
            record_id: entry.record_id,
            owner_id: entry.owner.map(|id| id.0),
            changes,
            mandate_id: entry.mandate.map(|id| id.0),
        })
    });
    let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
    bulk::insert::<audit_entry::Entity, _>(tx.connection(), rows).await
}

/// A page of the log. An organisation sees what it did, and what was done to its records.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    filter: &AuditFilter,
    request: PageRequest,
) -> Result<Page<AuditEntry>, StoreError> {
    use audit_entry::Column;
    let concerns = |scope: Scope| scope.over(&[Column::OwnerId, Column::ActingId]);
    let mut query = audit_entry::Entity::find().filter(concerns(scope));
    if let Some(organisation) = filter.organisation {
        query = query.filter(concerns(Scope::Organisation(organisation)));
    }
    if let Some(owner) = filter.owner {
        query = query.filter(Column::OwnerId.eq(owner.0));
    }
    if let Some(id) = filter.record_id {
        query = query.filter(Column::RecordId.eq(id));
    }
    if !filter.records.is_empty() {
        query = query.filter(Column::Record.is_in(filter.records.iter().map(|r| r.as_str())));
    }
    if !filter.acts.is_empty() {
        query = query.filter(Column::Act.is_in(filter.acts.iter().map(|a| a.as_str())));
    }
    if let Some(person) = filter.person {
        query = query.filter(Column::PersonId.eq(person.0));
    }
    if let Some(since) = filter.since {
        query = query.filter(Column::At.gte(since.micros()));
    }
    if let Some(before) = filter.before {
        query = query.filter(Column::At.lt(before.micros()));
    }
    page::fetch(query, (Column::At, Column::Id), request, reader.connection(), stored).await
}

fn stored(row: audit_entry::Model) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: AuditId(row.id),
        at: json::instant("audit_entries.at", row.at)?,
        acting: match row.acting_id {
            Some(id) => Acting::Organisation(OrganisationId(id)),
            None if row.alone => Acting::Person,
            None => Acting::Operator,
        },
        person: row.person_id.map(PersonId),
        credential: json::word("audit_entries.credential", &row.credential, CredentialKind::parse)?,
        credential_id: row.credential_id,
        mandate: row.mandate_id.map(MandateId),
        act: json::word("audit_entries.act", &row.act, Act::parse)?,
        record: json::word("audit_entries.record", &row.record, RecordKind::parse)?,
        record_id: row.record_id,
        owner: row.owner_id.map(OrganisationId),
        changes: json::from_text("audit_entries.changes", &row.changes)?,
    })
}
