//! The history of a record: who changed it when, and what it was before and after.
//!
//! Who and when stand in the audit log alone; here the two sides of a change are kept beside its entry. Free text is kept
//! of neither side: it may name people, and the log never forgets. That it changed is in the entry.

use domain::{
    audit::{Act, AuditEntry},
    ids::{AuditId, NeedId, OfferId},
    matches::ClosingReason,
    need::Need,
    offer::Offer,
};
use serde::{Serialize, de::DeserializeOwned};
use storage::{Page, PageRequest, Tx, audit::AuditFilter, versions};
use uuid::Uuid;

use crate::{
    App,
    access::Caller,
    audit::{self, Deed, Pen},
    error::{AppError, AppResult},
    needs, offers,
};

/// A change of a record.
#[derive(Debug, Clone)]
pub struct Version<T> {
    /// Who changed it, when and by what.
    pub entry: AuditEntry,
    /// What it was and what it became, without free text; `None` where the entry says all there is to say.
    pub sides: Option<(T, T)>,
}

/// A record whose history is kept.
pub(crate) trait Kept: Clone + PartialEq + Serialize + DeserializeOwned {
    /// Without free text.
    fn wordless(self) -> Self;
}

impl Kept for Offer {
    fn wordless(mut self) -> Self {
        self.terms.note.clear();
        self
    }
}

impl Kept for Need {
    fn wordless(mut self) -> Self {
        self.terms.note.clear();
        if let Some(ClosingReason::Other(words)) = &mut self.closing {
            words.clear();
        }
        self
    }
}

/// Notes a change of a record with both of its sides, in the transaction that makes it.
pub(crate) async fn note<T: Kept>(tx: &Tx, pen: &Pen, deed: Deed, before: &T, after: &T) -> AppResult<()> {
    let record = deed.id;
    let entries = pen.entered(tx, [deed]).await?;
    let (before, after) = (before.clone().wordless(), after.clone().wordless());
    let Some(entry) = entries.first().filter(|_| before != after) else { return Ok(()) };
    Ok(versions::keep(tx, *entry, record, (&before, &after)).await?)
}

/// A page of the history of an offer.
///
/// # Errors
/// `NotFound` outside of what the caller may see; `Forbidden` under a mandate.
pub async fn of_offer(
    app: &App,
    caller: &Caller,
    id: OfferId,
    request: PageRequest,
) -> AppResult<Page<Version<Offer>>> {
    offers::get(app, caller.actor, id).await?;
    page(app, caller, id.0, request).await
}

/// A page of the history of a need, the last change first.
///
/// # Errors
/// As [`of_offer`].
pub async fn of_need(app: &App, caller: &Caller, id: NeedId, request: PageRequest) -> AppResult<Page<Version<Need>>> {
    needs::get(app, caller.actor, id).await?;
    page(app, caller, id.0, request).await
}

async fn page<T: Kept>(app: &App, caller: &Caller, id: Uuid, request: PageRequest) -> AppResult<Page<Version<T>>> {
    // That somebody looked is no change.
    let acts = Act::ALL.iter().copied().filter(|act| *act != Act::Open).collect();
    let filter = AuditFilter { record_id: Some(id), acts, ..AuditFilter::default() };
    let Page { items, next, total } = audit::page(app, caller, &filter, request).await?;
    let ids: Vec<AuditId> = items.iter().map(|entry| entry.id).collect();
    let mut sides = versions::of_entries(&app.store, id, ids).await.map_err(AppError::from)?;
    let with = |entry: AuditEntry| Version { sides: sides.remove(&entry.id), entry };
    Ok(Page { items: items.into_iter().map(with).collect(), next, total })
}
