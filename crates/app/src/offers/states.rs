//! An offer goes into the market, out of it for a while, and out of it for good.

use domain::{
    audit::{Act, Change},
    ids::{MatchId, OfferId},
    matches::ClosingReason,
    offer::{Offer, OfferState},
    violation::Violations,
};
use storage::{Scope, Stored, Tx, modes, offers as store};

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

/// Puts a draft or a paused offer into the market, if the caller agrees to what it is by then.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is in the market, withdrawn or over; `Invalid` when a
/// draft's window is over; what `agree` says.
pub async fn publish<F>(app: &App, caller: &Caller, id: OfferId, agree: F) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<()> + Send + 'static,
{
    moved(app, caller, id, (OfferState::Published, Act::Publish, Vec::new()), agree).await
}

/// Takes an offer out of the market for a while, if the caller agrees to what it is by then.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is not in the market, or promised to open matches that
/// are not in `release`; what `agree` says.
pub async fn pause<F>(
    app: &App,
    caller: &Caller,
    id: OfferId,
    release: Vec<MatchId>,
    agree: F,
) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<()> + Send + 'static,
{
    moved(app, caller, id, (OfferState::Paused, Act::Pause, release), agree).await
}

/// Takes an offer out of the market for good, if the caller agrees to what it is by then. Its owner reads it still.
///
/// # Errors
/// `NotFound` outside of what the actor may see; `Conflict` when it is out already, or promised to open matches that
/// are not in `release`; what `agree` says.
pub async fn withdraw<F>(
    app: &App,
    caller: &Caller,
    id: OfferId,
    release: Vec<MatchId>,
    agree: F,
) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<()> + Send + 'static,
{
    moved(app, caller, id, (OfferState::Withdrawn, Act::Withdraw, release), agree).await
}

async fn moved<F>(
    app: &App,
    caller: &Caller,
    id: OfferId,
    (next, act, release): (OfferState, Act, Vec<MatchId>),
    agree: F,
) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<()> + Send + 'static,
{
    let (actor, now, pen, caller) = (caller.actor, app.clock.now(), Pen::of(app, caller), caller.clone());
    let this = app.clone();
    let moved = app
        .store
        .write(move |tx| async move {
            let stored = store::get_to_change(&tx, actor.into(), id).await.map_err(not_found)?;
            require(&caller, Action::Write, Resource::OwnedBy(stored.record.organisation))?;
            let mode = modes::current(&tx).await?;
            let seen = super::at(stored.clone(), mode, now.day());
            let state = seen.record.state;
            if !state.may_become(next) {
                let detail = format!("the offer is {}, so it cannot become {}", state.as_str(), next.as_str());
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            agree(&seen)?;
            let mut after = stored.record.clone();
            after.state = next;
            match next {
                OfferState::Published => {
                    if state == OfferState::Draft {
                        within_window(&tx, &after, now).await?;
                        let as_of = after.terms.profile.as_of;
                        after.confirm_by = as_of.plus(mode.confirm_days());
                    }
                }
                OfferState::Paused | OfferState::Withdrawn => {
                    let of = MatchFilter { offer: Some(id), ..MatchFilter::default() };
                    let why = (&ClosingReason::NoSupply, actor.organisation());
                    promises::release(&this, &tx, (&of, &release), why, (&pen, now)).await?;
                    promises::let_go_by_offer(&tx, &after, now).await?;
                }
                OfferState::Draft | OfferState::Expired => {}
            }
            store::update(&tx, actor.into(), &after, now).await?;
            let change = Change::of("state", state.as_str(), next.as_str());
            pen.note(&tx, [deed(act, &after, vec![change])]).await?;
            Ok(super::at(Stored { record: after, updated_at: now, ..stored }, mode, now.day()))
        })
        .await?;
    mails::ring(app);
    app.queued.notify_one();
    Ok(moved)
}

/// A draft may have a window that is over, and what is published may not.
async fn within_window(tx: &Tx, offer: &Offer, now: domain::time::Instant) -> AppResult<()> {
    let site = storage::sites::get(tx, Scope::Organisation(offer.organisation), offer.site).await?.record;
    let today = sites::today(Some(&site), now);
    match offer.terms.profile.until {
        Some(last) if last < today => {
            let detail = format!("{last} is over; change it to today ({today}) or a later day before you publish");
            Err(AppError::Invalid(Violations::one("/until", "in_past", detail)))
        }
        Some(_) | None => Ok(()),
    }
}
