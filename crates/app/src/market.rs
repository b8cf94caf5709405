//! The market's mode: normal, vigilance or emergency, as the operator says.

use domain::{
    audit::{Act, Change, RecordKind},
    mode::{MarketMode, ModeChange},
    text,
    violation::Violations,
};
use storage::{Reads, modes as store, watches};
use uuid::Uuid;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// How the market runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The mode.
    pub mode: MarketMode,
    /// Since when and why; `None` while nobody ever changed it.
    pub since: Option<ModeChange>,
}

/// The mode that the market runs in, for whoever is signed in.
///
/// # Errors
/// Those of the database.
pub async fn standing(reader: &impl Reads) -> AppResult<Standing> {
    let since = store::last(reader).await?;
    Ok(Standing { mode: since.as_ref().map(|change| change.mode).unwrap_or_default(), since })
}

/// Puts the market into a mode. What was confirmed keeps the day it was given, and a shorter interval shortens it
/// ([`domain::freshness`]). The same mode with another reason is a change too; with the same reason it is none.
///
/// # Errors
/// `Forbidden` for all but the operator; `Invalid` at `/mode` and `/reason`; what `agree` says of how the market runs.
pub async fn set<F>(app: &App, caller: &Caller, mode: &str, reason: &str, agree: F) -> AppResult<Standing>
where
    F: FnOnce(&Standing) -> AppResult<()> + Send + 'static,
{
    require(caller, Action::Write, Resource::Service)?;
    let mut faults = Violations::new();
    let parsed = MarketMode::parse(mode);
    if parsed.is_none() {
        let modes = MarketMode::ALL.map(MarketMode::as_str).join(", ");
        faults.push("/mode", "unknown_value", format!("{mode:?} is not one of: {modes}"));
    }
    let reason = faults.keep(text::note("/reason", reason));
    if reason.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        faults.push("/reason", "missing", "is missing; say why, in a sentence that everybody in the market reads");
    }
    faults.into_result()?;
    let (Some(mode), Some(reason)) = (parsed, reason) else { return Err(AppError::internal("no faults, no value")) };
    let (now, person, pen) = (app.clock.now(), caller.person, Pen::of(app, caller));
    let changed = app.store.write(move |tx| async move {
        let before = standing(&tx).await?;
        agree(&before)?;
        if before.since.as_ref().is_some_and(|last| last.mode == mode && last.reason == reason) {
            return Ok(before);
        }
        // Two changes never begin at the same instant.
        let after_last = before.since.as_ref().map(|last| last.since.plus_micros(1));
        let since = after_last.map_or(now, |least| now.max(least));
        let change = ModeChange { mode, reason, set_by: person, since };
        store::set(&tx, &change).await?;
        watches::look_again_at_all(&tx).await?;
        let told = vec![Change::of("mode", before.mode.as_str(), mode.as_str())];
        let (act, record) = (Act::Update, RecordKind::Market);
        pen.note(&tx, [Deed { act, record, id: Uuid::nil(), owner: None, changes: told }]).await?;
        Ok(Standing { mode, since: Some(change) })
    });
    changed.await
}
