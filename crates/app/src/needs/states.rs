//! A need goes into the market, and out of it.

use domain::{
    audit::{Act, Change},
    ids::{MatchId, NeedId},
    matches::ClosingReason,
    need::{Need, NeedState},
    time::Instant,
    violation::Violations,
};
use storage::{Scope, Stored, Tx, needs as store};

use super::{deed, not_found};
use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    mails,
    matches::MatchFilter,
    policy::{Action, Resource, require},
    promises, sites,
};

/// Opens a draft, if the caller agrees to what it is by then.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is open, closed or over; `Invalid` for each
/// instalment whose day is over; what `agree` says.
pub async fn publish<F>(app: &App, caller: &Caller, id: NeedId, agree: F) -> AppResult<Stored<Need>>
where
    F: FnOnce(&Stored<Need>) -> AppResult<()> + Send + 'static,
{
    moved(app, caller, id, (None, Vec::new()), agree).await
}

/// Closes a need for a reason, if the caller agrees to what it is by then: later runs leave it out.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is closed or over already, or promised by open
/// matches that are not in `release`; what `agree` says.
pub async fn close<F>(
    app: &App,
    caller: &Caller,
    id: NeedId,
    (why, release): (ClosingReason, Vec<MatchId>),
    agree: F,
) -> AppResult<Stored<Need>>
where
    F: FnOnce(&Stored<Need>) -> AppResult<()> + Send + 'static,
{
    moved(app, caller, id, (Some(why), release), agree).await
}

/// Closes a need for a reason, or opens it where there is none.
async fn moved<F>(
    app: &App,
    caller: &Caller,
    id: NeedId,
    (why, release): (Option<ClosingReason>, Vec<MatchId>),
    agree: F,
) -> AppResult<Stored<Need>>
where
    F: FnOnce(&Stored<Need>) -> AppResult<()> + Send + 'static,
{
    let (actor, now, pen, caller) = (caller.actor, app.clock.now(), Pen::of(app, caller), caller.clone());
    let this = app.clone();
    let moved = app
        .store
        .write(move |tx| async move {
            let stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            require(&caller, Action::Write, Resource::OwnedBy(stored.record.organisation))?;
            let seen = super::standing(&tx, stored.clone(), now).await?;
            let state = seen.record.state;
            let (next, act) =
                if why.is_some() { (NeedState::Closed, Act::Close) } else { (NeedState::Open, Act::Publish) };
            // That goods failed reopens a covered need, and nobody's wish.
            let covered = state == NeedState::Covered && next == NeedState::Open;
            if covered || !state.may_become(next) {
                let detail = format!("the need is {}, so it cannot become {}", state.as_str(), next.as_str());
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            agree(&seen)?;
            let mut changes = vec![Change::of("state", state.as_str(), next.as_str())];
            match &why {
                Some(why) => {
                    let of = MatchFilter { need: Some(id), ..MatchFilter::default() };
                    let by = (why, actor.organisation());
                    promises::release(&this, &tx, (&of, &release), by, (&pen, now)).await?;
                    promises::let_go_by_need(&tx, &stored.record, now).await?;
                    changes.push(Change::to("reason", why.code()));
                }
                None => still_to_come(&tx, &stored.record, now).await?,
            }
            let after = Need { state: next, closing: why, ..stored.record.clone() };
            store::update(&tx, actor.into(), &after, now).await?;
            pen.note(&tx, [deed(act, &after, changes)]).await?;
            Ok(Stored { record: after, updated_at: now, ..stored })
        })
        .await?;
    mails::ring(app);
    app.queued.notify_one();
    Ok(moved)
}

/// A draft may have days that are over, and what is open may not.
async fn still_to_come(tx: &Tx, need: &Need, now: Instant) -> AppResult<()> {
    let site = storage::sites::get(tx, Scope::Organisation(need.organisation), need.site).await?.record;
    let today = sites::today(Some(&site), now);
    let mut faults = Violations::new();
    for (i, instalment) in need.instalments.iter().enumerate().filter(|(_, instalment)| instalment.due < today) {
        let detail =
            format!("{} is over; change it to today ({today}) or a later day before you open the need", instalment.due);
        faults.push(format!("/instalments/{i}/due"), "in_past", detail);
    }
    Ok(faults.into_result()?)
}
