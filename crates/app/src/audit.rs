//! The audit log: every change is noted in the transaction that makes it.

use std::sync::Arc;

use domain::{
    audit::{Act, Acting, AuditEntry, Change, CredentialKind, RecordKind},
    ids::{AuditId, OrganisationId},
    time::Instant,
};
use storage::{Page, PageRequest, Scope, Tx, audit as store, mandates};
use uuid::Uuid;

pub use storage::audit::AuditFilter;

use crate::{
    App,
    access::{Caller, Credential},
    error::{AppError, AppResult},
    ids::Ids,
    policy::{Action, Actor, Resource, require},
};

/// Writes what a caller does into the log.
#[derive(Clone)]
pub(crate) struct Pen {
    ids: Arc<Ids>,
    at: Instant,
    caller: Caller,
}

/// Something that a caller does.
pub(crate) struct Deed {
    pub act: Act,
    pub record: RecordKind,
    pub id: Uuid,
    pub owner: Option<OrganisationId>,
    pub changes: Vec<Change>,
}

impl Pen {
    pub(crate) fn of(app: &App, caller: &Caller) -> Self {
        Self { ids: Arc::clone(&app.ids), at: app.audit_clock.now(), caller: caller.clone() }
    }

    /// Adds entries to the transaction of what they tell. Under a mandate nothing is done in a transaction that comes
    /// after the one which ended it: its row is locked here, as it is there.
    pub(crate) async fn note(&self, tx: &Tx, deeds: impl IntoIterator<Item = Deed>) -> AppResult<()> {
        self.entered(tx, deeds).await.map(drop)
    }

    /// As [`Self::note`], and answers the ids of the entries, those of the deeds first and in their order.
    pub(crate) async fn entered(&self, tx: &Tx, deeds: impl IntoIterator<Item = Deed>) -> AppResult<Vec<AuditId>> {
        if let Some(behalf) = self.caller.behalf {
            let mandate = mandates::get_to_change(tx, Scope::Operator, behalf.mandate).await?;
            if !mandate.is_valid(self.at) {
                let detail = "the mandate ended a moment ago; nothing was done".to_owned();
                return Err(AppError::Forbidden { detail });
            }
        }
        let (credential, credential_id) = match self.caller.credential {
            Credential::CommandLine => (CredentialKind::CommandLine, None),
            Credential::Session(id) => (CredentialKind::Session, Some(id.0)),
            Credential::Link => (CredentialKind::Link, None),
            Credential::Nothing => (CredentialKind::Nothing, None),
            Credential::ApiKey(id) => (CredentialKind::ApiKey, Some(id.0)),
            Credential::OutsideToken(seal) => (CredentialKind::OutsideToken, Some(seal)),
        };
        // What is done under a mandate to what is not its giver's own says for whom; and the giver reads what was opened
        // in its name.
        let mut deeds: Vec<Deed> = deeds.into_iter().collect();
        if let (Some(behalf), Some(giver)) = (self.caller.behalf, self.caller.actor.organisation()) {
            for deed in deeds.iter_mut().filter(|deed| deed.owner != Some(giver)) {
                deed.changes.push(Change::to("for", giver));
            }
            let opened = deeds.iter().filter(|deed| deed.act == Act::Open).map(|deed| {
                let (record, id, owner) = (RecordKind::Mandate, behalf.mandate.0, Some(giver));
                Deed { act: Act::Open, record, id, owner, changes: deed.changes.clone() }
            });
            let opened: Vec<Deed> = opened.collect();
            deeds.extend(opened);
        }
        let entry = |deed: Deed| AuditEntry {
            id: AuditId(self.ids.next(self.at)),
            at: self.at,
            acting: match (self.caller.behalf, self.caller.actor) {
                (Some(behalf), _) => Acting::Organisation(behalf.holder),
                (None, Actor::Operator) => Acting::Operator,
                (None, Actor::Organisation(id)) => Acting::Organisation(id),
                (None, Actor::Nobody) => Acting::Person,
            },
            person: self.caller.person,
            credential,
            credential_id,
            mandate: self.caller.behalf.map(|behalf| behalf.mandate),
            act: deed.act,
            record: deed.record,
            record_id: deed.id,
            owner: deed.owner,
            changes: deed.changes,
        };
        let entries: Vec<AuditEntry> = deeds.into_iter().map(entry).collect();
        store::insert(tx, &entries).await?;
        Ok(entries.into_iter().map(|entry| entry.id).collect())
    }
}

/// A page of the log: the operator reads all of it, an organisation what it did and what was done to its
/// records. Who of the others acted, and by which key, is
/// theirs to know.
///
/// # Errors
/// `Forbidden` under a mandate.
pub async fn page(
    app: &App,
    caller: &Caller,
    filter: &AuditFilter,
    request: PageRequest,
) -> AppResult<Page<AuditEntry>> {
    if let Actor::Organisation(own) = caller.actor {
        require(caller, Action::Read, Resource::Inside(own))?;
    }
    let mut page = store::page(&app.store, caller.actor.into(), filter, request).await?;
    if let Actor::Organisation(own) = caller.actor {
        for entry in page.items.iter_mut().filter(|entry| entry.acting != Acting::Organisation(own)) {
            (entry.credential_id, entry.person) = (None, None);
        }
    }
    Ok(page)
}
