//! The evaluation record of a match: why this supplier, as far as the buyer may know, so that who accounts for it can
//! show it to an auditor.
//!
//! It says nothing that its reader could not read elsewhere: the match and its explanation, the run, and what the audit
//! log and the ledger tell of the match.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Acting, RecordKind},
    ids::MatchId,
    matches::EntryKind,
    time::Instant,
};
use storage::{Order, PageRequest, audit::AuditFilter};

use crate::{
    App,
    access::Caller,
    audit,
    error::{AppError, AppResult},
    explanations::{self, Choice},
    matches::{self, MatchRow, MatchView, Side},
    runs::{self, RunRow},
};

/// The engine that explains, which may be a later one than that of the run.
pub use matching::ENGINE;

/// Why this supplier.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// When it was put together.
    pub at: Instant,
    /// The match as its reader sees it.
    pub view: MatchView,
    /// The run that suggested it; `None` where it was put by hand.
    pub run: Option<RunRow>,
    /// What the run did for the instalment, and what else may serve it; or why that cannot be told.
    pub choice: Result<Choice, Unexplained>,
    /// What was written of it into the ledger, the first first.
    pub entries: Vec<Written>,
    /// What was done to it, the first first.
    pub acts: Vec<Done>,
}

/// Why it cannot be told what else may serve an instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unexplained {
    /// Nothing was compared.
    ByHand,
    /// What the run saw is no longer kept.
    NotKept,
    /// The run does not have the need as the reader's: it was another organisation's when the run saw it, as before the two
    /// became one, or took no part.
    OtherOwner,
}

impl Unexplained {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::NotKept => "not_kept",
            Self::OtherOwner => "other_owner",
        }
    }
}

/// An entry of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// What it is about.
    pub kind: EntryKind,
    /// Base units.
    pub units: i64,
    /// When.
    pub at: Instant,
}

/// Something that was done to a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Done {
    /// When.
    pub at: Instant,
    /// What.
    pub act: Act,
    /// By whom.
    pub by: By,
}

/// Who did something to a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The supplier.
    Supplier,
    /// The buyer.
    Buyer,
    /// Who runs the service, or the service itself by the clock.
    Operator,
    /// Somebody else, such as a cluster under a mandate.
    Other,
}

impl By {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::Buyer => "buyer",
            Self::Operator => "operator",
            Self::Other => "other",
        }
    }

    fn of(acting: Acting, row: &MatchRow) -> Self {
        match acting {
            Acting::Operator => Self::Operator,
            Acting::Organisation(id) if id == row.supplier => Self::Supplier,
            Acting::Organisation(id) if id == row.buyer => Self::Buyer,
            Acting::Organisation(_) | Acting::Person => Self::Other,
        }
    }
}

/// The evaluation record of a match.
///
/// # Errors
/// `NotFound` when the caller is on neither side of it; `Forbidden` for its supplier, who learns nothing of those he
/// competes with; `Overloaded`.
pub async fn of_match(app: &App, caller: &Caller, id: MatchId) -> AppResult<Evaluation> {
    let view = matches::get(app, caller.actor, id).await?;
    match view.side {
        Side::Buyer | Side::Operator => {}
        Side::Supplier => {
            let detail = "the record tells of other offers, so it is for the buyer and the operator; what a supplier \
                          may read of a match is the match";
            return Err(AppError::Forbidden { detail: detail.to_owned() });
        }
    }
    let run = match view.row.run {
        Some(run) => Some(runs::get(app, caller, run).await?),
        None => None,
    };
    let choice = match view.row.run {
        None => Err(Unexplained::ByHand),
        Some(run) => {
            let pair = (view.row.need, view.row.instalment, view.row.offer);
            match explanations::choice(app, caller, run, pair).await {
                Ok(choice) => Ok(choice),
                Err(AppError::Conflict { code: "no_snapshot", .. }) => Err(Unexplained::NotKept),
                // It is the caller's now, or there would be no view.
                Err(AppError::NotFound { .. }) => Err(Unexplained::OtherOwner),
                Err(other) => return Err(other),
            }
        }
    };
    let entries = written(app, &view).await?;
    let acts = done(app, caller, &view.row).await?;
    Ok(Evaluation { at: app.clock.now(), view, run, choice, entries, acts })
}

async fn written(app: &App, view: &MatchView) -> AppResult<Vec<Written>> {
    let all = storage::ledger::entries(&app.store, view.row.id).await?;
    // When a supplier restates his stock is no step of the match, and his to know.
    let shown = |kind: EntryKind| match view.side {
        Side::Operator => true,
        Side::Supplier | Side::Buyer => kind != EntryKind::Restate,
    };
    let all = all.into_iter().filter(|entry| shown(entry.entry.kind));
    Ok(all.map(|entry| Written { kind: entry.entry.kind, units: entry.entry.units, at: entry.at }).collect())
}

/// As the audit log tells the caller; nothing under a mandate, to which the log tells nothing.
async fn done(app: &App, caller: &Caller, row: &MatchRow) -> AppResult<Vec<Done>> {
    if caller.behalf.is_some() {
        return Ok(Vec::new());
    }
    let acts = Act::ALL.iter().copied().filter(|act| *act != Act::Open).collect();
    let filter =
        AuditFilter { record_id: Some(row.id.0), records: vec![RecordKind::Match], acts, ..AuditFilter::default() };
    // An act that concerns both sides has an entry for each.
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let request = PageRequest { after, order: Order::Ascending, ..PageRequest::first(PageRequest::MOST) };
        let page = audit::page(app, caller, &filter, request).await?;
        let done = page.items.iter().map(|e| Done { at: e.at, act: e.act, by: By::of(e.acting, row) });
        found.extend(done);
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    Ok(found.into_iter().collect())
}
