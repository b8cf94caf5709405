//! Owners stand by their figures, and decide conversions.

use domain::{
    audit::Act,
    ids::OfferId,
    offer::{Offer, OfferInput},
    violation::Violations,
};
use storage::Stored;

use super::update::{How, changed_in};
use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// The most offers that are confirmed at once.
pub const MOST_CONFIRMED: usize = 200;

/// Confirms the figures of an offer: `edit` makes of it, as it stands by then, the same offer with the stock and the
/// as-of date restated. The curve begins anew at that date, the offer is fresh for the interval of the market's mode from
/// it, and a suspension ends; all in one transaction.
///
/// # Errors
/// As `update`; `Invalid` where the as-of date lies before the one it had.
pub async fn confirm<F>(app: &App, caller: &Caller, id: OfferId, edit: F) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<Option<OfferInput>> + Send + 'static,
{
    let (app, caller) = (app.clone(), caller.clone());
    let store = app.store.clone();
    store.write(move |tx| async move { changed_in(&tx, &app, &caller, (id, &[]), How::Confirm, edit).await }).await
}

/// Confirms the figures of several offers, all or none.
///
/// # Errors
/// As [`confirm`] for the first that cannot be; its place in the list stands before each fault.
pub async fn confirm_all<F>(app: &App, caller: &Caller, edits: Vec<(OfferId, F)>) -> AppResult<Vec<Stored<Offer>>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<Option<OfferInput>> + Send + 'static,
{
    if edits.is_empty() || edits.len() > MOST_CONFIRMED {
        let (count, code) = (edits.len(), if edits.is_empty() { "missing" } else { "too_many" });
        let detail = format!("has {count} entries; write 1 to {MOST_CONFIRMED}");
        return Err(AppError::Invalid(Violations::one("/offers", code, detail)));
    }
    // Whoever may change nothing is told that, and not which offers are not his.
    if let Some(own) = caller.actor.organisation() {
        require(caller, Action::Write, Resource::OwnedBy(own))?;
    }
    let (app, caller) = (app.clone(), caller.clone());
    let store = app.store.clone();
    store
        .write(move |tx| async move {
            let mut confirmed = Vec::with_capacity(edits.len());
            let mut faults = Violations::new();
            // In one order, so that two who confirm the same offers wait for each other and do not block each other.
            let mut numbered: Vec<_> = edits.into_iter().enumerate().collect();
            numbered.sort_by_key(|(_, (id, _))| *id);
            for (i, (id, edit)) in numbered {
                match changed_in(&tx, &app, &caller, (id, &[]), How::Confirm, edit).await {
                    Ok(stored) => confirmed.push((i, stored)),
                    Err(AppError::Invalid(part)) => faults.extend_below(&format!("/offers/{i}"), part),
                    Err(AppError::NotFound { .. }) => {
                        let detail = format!("{id} is no offer that you may change");
                        faults.push(format!("/offers/{i}/id"), "unknown_offer", detail);
                    }
                    Err(AppError::Conflict { code, detail }) => {
                        return Err(AppError::Conflict { code, detail: format!("the offer {id}: {detail}") });
                    }
                    Err(other) => return Err(other),
                }
            }
            faults.into_result()?;
            confirmed.sort_by_key(|(i, _)| *i);
            Ok(confirmed.into_iter().map(|(_, stored)| stored).collect())
        })
        .await
}

/// Decides the conversion of the site: what it could make counts from the days it takes after that day on. `edit` makes
/// of the offer, as it stands by then, the same one with the day of the decision.
///
/// # Errors
/// As `update`; `Conflict` when there is nothing to convert, or it is decided already.
pub async fn convert<F>(app: &App, caller: &Caller, id: OfferId, edit: F) -> AppResult<Stored<Offer>>
where
    F: FnOnce(&Stored<Offer>) -> AppResult<Option<OfferInput>> + Send + 'static,
{
    let (app, caller) = (app.clone(), caller.clone());
    let store = app.store.clone();
    store.write(move |tx| async move { changed_in(&tx, &app, &caller, (id, &[]), How::Convert, edit).await }).await
}

impl How {
    /// What is noted.
    pub(super) fn act(self) -> Act {
        match self {
            Self::Update => Act::Update,
            Self::Confirm => Act::Confirm,
            Self::Convert => Act::Convert,
        }
    }

    /// Refuses what does not go with an offer as it stands.
    pub(super) fn goes_with(self, offer: &Offer) -> AppResult<()> {
        match self {
            Self::Update | Self::Confirm => Ok(()),
            Self::Convert => {
                let why = match &offer.terms.profile.convertible {
                    None => "the offer states no convertible capacity; add it first".to_owned(),
                    Some(conversion) => match conversion.decided_on {
                        None => return Ok(()),
                        Some(day) => format!("the conversion was decided on {day} already"),
                    },
                };
                Err(AppError::Conflict { code: "wrong_state", detail: why })
            }
        }
    }

    /// Refuses dates that go backwards.
    pub(super) fn goes_on(self, before: &Offer, after: &Offer) -> Result<(), Violations> {
        let (was, is) = (before.terms.profile.as_of, after.terms.profile.as_of);
        match self {
            Self::Confirm if is < was => {
                let detail =
                    format!("{is} is before {was}, the day that the figures stand for already; write it or later");
                Err(Violations::one("/as_of", "before_last", detail))
            }
            Self::Confirm | Self::Update | Self::Convert => Ok(()),
        }
    }
}
