//! What matches hold a record to while its owner changes it, or takes it out of the market.

use std::collections::BTreeSet;

use domain::{
    ids::{MatchId, OfferId, OrganisationId},
    matches::{ClosingReason, Step},
    need::{Instalment, Need},
    offer::Offer,
    time::Instant,
    violation::Violations,
};
use storage::{
    Tx,
    ledger::{self, Books, LedgerError},
    matches,
    matches::{MatchFilter, MatchRow},
};

use crate::{
    App,
    audit::Pen,
    error::{AppError, AppResult},
    ledger::{Over, broken},
    matches::{end_by_owner, note_ended},
};

/// How many matches an error names.
const MOST_NAMED: usize = 20;

/// Locks an offer and what it shares a line with, before anybody changes it: in the order in which whoever promises does.
pub(crate) async fn lock(app: &App, tx: &Tx, pen: &Pen, offer: OfferId, now: Instant) -> AppResult<Books> {
    let books = ledger::lock(tx, &BTreeSet::from([offer]), &BTreeSet::new(), now).await?;
    note_ended(app, tx, &books.expired, (pen, now)).await?;
    Ok(books)
}

/// Refuses to lower an offer, or to move its dates, below what matches draw on it by their cut-offs.
pub(crate) async fn kept_by_offer(tx: &Tx, books: &Books, before: &Offer, after: &Offer) -> AppResult<()> {
    let open = ledger::drawing(tx, before.id).await?;
    // What is still owed is named before what only waits for figures that no longer count it.
    let Some(first) = open.iter().find(|row| row.state.takes_capacity()).or(open.first()) else { return Ok(()) };
    if before.terms.product != after.terms.product {
        return Err(broken_promise(first, "it promises the product of before"));
    }
    if before.terms.line != after.terms.line {
        return Err(broken_promise(first, "it promises the time of the line of before"));
    }
    let mut books = books.clone();
    books.offers.insert(after.id, after.clone());
    for over in broken(tx, &books).await? {
        match over {
            Over::Offer { offer, by, promised, there } if offer == after.id => {
                let at = open.iter().find(|row| row.cutoff.max(after.terms.profile.as_of) == by).unwrap_or(first);
                let detail = format!("{promised} are promised by {by}, and the offer would have {there}");
                return Err(broken_promise(at, &detail));
            }
            Over::Line(line) if after.terms.line == Some(line) => {
                return Err(broken_promise(first, "what is promised would not fit the time of its line"));
            }
            Over::Offer { .. } | Over::Line(_) | Over::Instalment { .. } => {}
        }
    }
    Ok(())
}

/// The owner restated what lies ready: what left the offer since no longer counts against it, and what is still owed does.
pub(crate) async fn restated(tx: &Tx, offer: OfferId, now: Instant) -> AppResult<()> {
    for row in ledger::drawing(tx, offer).await? {
        ledger::post(tx, &row, &Step::Restate, None, now).await.map_err(|error| match error {
            LedgerError::Store(error) => error.into(),
            LedgerError::Refused(refusal) => AppError::internal(format!("{} is not restated: {refusal:?}", row.id)),
        })?;
    }
    Ok(())
}

/// Ends open matches that the owner of their offer or need names, so that he need not keep to them.
///
/// # Errors
/// `Invalid` at `/release` for each that is no open match of the record.
pub(crate) async fn release(
    app: &App,
    tx: &Tx,
    (of, named): (&MatchFilter, &[MatchId]),
    (why, by): (&ClosingReason, Option<OrganisationId>),
    (pen, now): (&Pen, Instant),
) -> AppResult<()> {
    if named.is_empty() {
        return Ok(());
    }
    let open = matches::promises(tx, of).await?;
    let mut faults = Violations::new();
    for id in named {
        if !open.iter().any(|row| row.id == *id && row.clone().at(now).state.takes_capacity()) {
            let detail = format!("{id} is no open match of it; leave it out");
            faults.push("/release", "unknown_match", detail);
        }
    }
    faults.into_result()?;
    let named: BTreeSet<MatchId> = named.iter().copied().collect();
    storage::chains::lock_all(tx, &named).await?;
    // The other side may not know yet who says so, and words could tell it.
    let why = if why.words().is_some() { &ClosingReason::NeedGone } else { why };
    for id in named {
        end_by_owner(app, tx, id, (why, by), (pen, now)).await?;
    }
    Ok(())
}

/// Refuses to name matches where nothing is changed that they stand in the way of.
///
/// # Errors
/// `Invalid` at `/release`.
pub(crate) fn nothing_released(named: &[MatchId]) -> AppResult<()> {
    match named.is_empty() {
        true => Ok(()),
        false => {
            let detail =
                "goes with a change of what is promised, and nothing of that changes; decline or cancel the match";
            Err(Violations::one("/release", "does_not_apply", detail).into())
        }
    }
}

/// Refuses to take an offer out of the market while open matches draw on it, and names them: they are the owner's own.
/// Whoever lets matches go with the offer ends those that its owner names before this is asked.
pub(crate) async fn let_go_by_offer(tx: &Tx, offer: &Offer, now: Instant) -> AppResult<()> {
    let open = matches::promises(tx, &MatchFilter { offer: Some(offer.id), ..MatchFilter::default() }).await?;
    none_open(&open, "the offer", now)
}

/// As [`let_go_by_offer`], of a need that its owner closes.
pub(crate) async fn let_go_by_need(tx: &Tx, need: &Need, now: Instant) -> AppResult<()> {
    let open = matches::promises(tx, &MatchFilter { need: Some(need.id), ..MatchFilter::default() }).await?;
    none_open(&open, "the need", now)
}

fn none_open(promises: &[MatchRow], what: &str, now: Instant) -> AppResult<()> {
    // What was delivered holds nobody to anything, nor does a hold that is over.
    let stands = |promise: &&MatchRow| (*promise).clone().at(now).state.takes_capacity();
    let open = promises.iter().filter(stands).map(|promise| promise.id);
    let open: Vec<MatchId> = open.collect();
    if open.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = open.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    let more = open.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let detail = format!(
        "{what} is held to by open matches: {}{more}; end them first, or name them in `release`",
        named.join(", ")
    );
    Err(AppError::Conflict { code: "wrong_state", detail })
}

/// Refuses to take from a need what matches promise to bring or brought.
pub(crate) async fn kept_by_need(tx: &Tx, before: &Need, after: &Need) -> AppResult<()> {
    let open = matches::promises(tx, &MatchFilter { need: Some(before.id), ..MatchFilter::default() }).await?;
    let open: Vec<_> = open.into_iter().filter(|promise| promise.covered > 0).collect();
    for promise in &open {
        let of = |need: &Need| need.instalments.iter().find(|i| i.id == promise.instalment).cloned();
        let brought = open.iter().filter(|other| other.instalment == promise.instalment);
        let brought = brought.map(|other| other.covered).fold(0_i64, i64::saturating_add);
        let fits = |was: Instalment, is: Instalment| {
            is.size == was.size && is.due >= was.due && is.measure.quantity.units() >= brought
        };
        if before.terms.product != after.terms.product {
            return Err(broken_promise(promise, "it promises the product of before"));
        } else if !of(before).zip(of(after)).is_some_and(|(was, is)| fits(was, is)) {
            let detail = format!("{brought} of its instalment are promised, of its size and by its day");
            return Err(broken_promise(promise, &detail));
        }
    }
    Ok(())
}

fn broken_promise(row: &MatchRow, why: &str) -> AppError {
    let id = row.id;
    let detail = match row.state.takes_capacity() {
        true => format!(
            "the match {id} is open: {why}; end the match first, name it in `release` of a PATCH, or keep to it"
        ),
        false => format!(
            "the match {id} has ended, and the figures of its offer still count what it took: {why}; restate the stock with a \
             later as_of"
        ),
    };
    AppError::Conflict { code: "wrong_state", detail }
}
