//! The legs of a chain: what is put to it, what a chain allows of a leg, and what follows when one moves.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    audit::{Act, Change},
    chain::{Chain, ChainState, stands},
    code::ProductCode,
    ids::{InstalmentId, MatchId, NeedId, OfferId, SiteId},
    matches::{MatchState, Side},
    time::Instant,
    violation::Violations,
};
use storage::{
    Scope, StoreError, Tx,
    chains::{self as store, Locked},
    ledger::Books,
    matches::{Leg, MatchRow},
};

use super::{Brought, deed};
use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    ledger::broken,
    matches::{ByHand, Move, concerns, deeds, named, note_ended, put, put_suggestion, smallest_order, tell},
    policy::Actor,
};

/// A leg that is to be put to a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLeg {
    /// What its step is called.
    pub step: String,
    /// What carries it.
    pub of: LegOf,
}

/// What carries a step of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegOf {
    /// A suggestion of a run that still stands, of which the lead is a side.
    Suggested(MatchId),
    /// An offer that the operator puts to an instalment.
    ByHand(ByHand),
    /// An offer that the operator has bring a partner what it lacks; only where the chain is made.
    Brought(Brought),
}

/// The refusal of legs by hand to all but the operator.
pub(super) fn by_hand_is_the_operators() -> AppError {
    let detail = "who runs the service puts offers to needs by hand; name suggestions that are yours by `match`";
    AppError::Forbidden { detail: detail.to_owned() }
}

/// A leg that was found, and what is promised by it.
pub(super) struct Found {
    pub step: usize,
    of: Of,
}

enum Of {
    Suggested(Box<MatchRow>),
    ByHand(ByHand),
}

impl Found {
    fn sides(&self) -> (OfferId, InstalmentId) {
        match &self.of {
            Of::Suggested(row) => (row.offer, row.instalment),
            Of::ByHand(hand) => (hand.offer, hand.instalment),
        }
    }

    /// What it takes, for which need, and how much of it in base units.
    fn gives(&self) -> (OfferId, NeedId, i64) {
        match &self.of {
            Of::Suggested(row) => (row.offer, row.need, row.quantities.proposed.units()),
            Of::ByHand(hand) => (hand.offer, hand.need, hand.quantity.units()),
        }
    }

    /// On which side of it the actor stands; none for the operator.
    fn side(&self, actor: Actor) -> Option<Side> {
        match (&self.of, actor.organisation()) {
            (Of::Suggested(row), Some(own)) => Some(if own == row.supplier { Side::Supplier } else { Side::Buyer }),
            _ => None,
        }
    }
}

/// Finds what legs name, as far as the caller sees it.
///
/// # Errors
/// Every fault, at `/legs/N`; `Forbidden` for legs by hand, which only the operator makes.
pub(super) async fn find(tx: &Tx, caller: &Caller, legs: &[(usize, LegOf)]) -> AppResult<Vec<Found>> {
    let (mut faults, mut found, mut taken) = (Violations::new(), Vec::new(), BTreeSet::new());
    for (place, (step, of)) in legs.iter().enumerate() {
        match of {
            LegOf::Suggested(id) => match storage::matches::get(tx, caller.actor.into(), *id).await {
                Ok(row) if taken.insert(*id) => found.push(Found { step: *step, of: Of::Suggested(Box::new(row)) }),
                Ok(_) => {
                    let detail = format!("the match {id} stands twice; each step has a match of its own");
                    faults.push(format!("/legs/{place}/match"), "duplicate", detail);
                }
                Err(StoreError::NotFound) => {
                    let detail = format!("the match {id} does not exist; write the id of a suggestion that is yours");
                    faults.push(format!("/legs/{place}/match"), "unknown_match", detail);
                }
                Err(other) => return Err(other.into()),
            },
            LegOf::ByHand(_) if caller.actor != Actor::Operator => return Err(by_hand_is_the_operators()),
            LegOf::ByHand(hand) => match named(tx, hand).await {
                Ok(()) => found.push(Found { step: *step, of: Of::ByHand(*hand) }),
                Err(AppError::Invalid(part)) => faults.extend_below(&format!("/legs/{place}"), part),
                Err(other) => return Err(other),
            },
            LegOf::Brought(_) => {
                let detail = "goes with a chain that is made; name the need that was entered then, and its instalment";
                faults.push(format!("/legs/{place}/brings_to"), "does_not_apply", detail);
            }
        }
    }
    faults.into_result()?;
    Ok(found)
}

/// What legs promise.
pub(super) fn wanted(legs: &[Found]) -> (BTreeSet<OfferId>, BTreeSet<InstalmentId>) {
    legs.iter().map(Found::sides).unzip()
}

/// The books with offers made whole of which the legs of a chain bring all that they lack, enough for what they give.
async fn completed(tx: &Tx, books: &Books, chain: &Chain, legs: &[Found]) -> AppResult<Books> {
    let mut whole = books.clone();
    if !whole.offers.values().any(|offer| offer.terms.is_incomplete()) {
        return Ok(whole);
    }
    let mut promised: Vec<(OfferId, NeedId, i64)> = legs.iter().map(Found::gives).collect();
    let standing = store::legs(tx, [chain.id]).await?.remove(&chain.id).unwrap_or_default();
    promised.extend(standing.iter().filter(|row| stands(row.state)).map(|row| (row.offer, row.need, row.drawn)));
    let needs = storage::needs::get_many(tx, Scope::Operator, promised.iter().map(|(_, need, _)| *need)).await?;
    let places: BTreeMap<NeedId, (SiteId, ProductCode)> =
        needs.into_iter().map(|need| (need.record.id, (need.record.site, need.record.terms.product))).collect();
    let (mut brought, mut given): (BTreeMap<_, i64>, BTreeMap<OfferId, i64>) = Default::default();
    for (offer, need, units) in promised {
        *given.entry(offer).or_default() += units;
        if let Some(place) = places.get(&need) {
            *brought.entry(place.clone()).or_default() += units;
        }
    }
    // What comes to a site is there once, however many of its offers lack it.
    let mut lacking: BTreeMap<(SiteId, ProductCode), i64> = BTreeMap::new();
    for offer in whole.offers.values() {
        let units = given.get(&offer.id).copied().unwrap_or(0);
        for input in &offer.terms.missing_inputs {
            let total = lacking.entry((offer.site, input.product.clone())).or_default();
            *total = total.saturating_add(input.needed_for(units));
        }
    }
    let is_short = |place: &(SiteId, ProductCode)| brought.get(place).copied().unwrap_or(0) < lacking[place];
    for offer in whole.offers.values_mut() {
        let site = offer.site;
        offer.terms.missing_inputs.retain(|input| is_short(&(site, input.product.clone())));
    }
    Ok(whole)
}

/// Promises legs of a chain whose offers and instalments are locked: all of them, or none.
///
/// # Errors
/// `Conflict` with the first step that no longer stands, may not trade, or is promised to others.
pub(super) async fn promise(
    app: &App,
    tx: &Tx,
    (chain, legs): (&Chain, &[Found]),
    books: &Books,
    (pen, actor, now): (&Pen, Actor, Instant),
) -> AppResult<Vec<MatchRow>> {
    let whole = &completed(tx, books, chain, legs).await?;
    let mut rows = Vec::with_capacity(legs.len());
    let mut told = BTreeSet::new();
    let because = |place: usize, found: &Found, error: AppError| match error {
        AppError::Conflict { code, detail } => {
            let name = chain.steps.get(found.step).map_or("", String::as_str);
            AppError::Conflict { code, detail: format!("the step {name:?}: {detail}") }
        }
        AppError::Invalid(part) => {
            let mut faults = Violations::new();
            faults.extend_below(&format!("/legs/{place}"), part);
            faults.into()
        }
        other => other,
    };
    for (place, found) in legs.iter().enumerate() {
        let leg = Some(Leg { chain: chain.id, step: found.step });
        let row = match &found.of {
            Of::Suggested(row) => put_suggestion(app, tx, whole, (row, leg, found.side(actor)), now).await,
            Of::ByHand(hand) => put(app, tx, whole, (hand, leg), now).await,
        };
        let row = row.map_err(|error| because(place, found, error))?;
        let changes = [Change::to("state", row.state.as_str()), Change::to("chain", chain.id)];
        pen.note(tx, deeds(Act::Propose, &row, actor.organisation(), &changes)).await?;
        told.extend([row.supplier, row.buyer].into_iter().filter(|one| Some(*one) != actor.organisation()));
        rows.push(row);
    }
    // What goes to one site is one order, and now all of it is there.
    for (place, (row, found)) in rows.iter().zip(legs).enumerate() {
        if let Of::ByHand(hand) = found.of {
            smallest_order(tx, row, hand.quantity).await.map_err(|error| because(place, found, error))?;
        }
    }
    for over in broken(tx, books).await? {
        let of = |leg: &&Found| {
            let (offer, instalment) = leg.sides();
            concerns(&over, books, &(BTreeSet::from([offer]), BTreeSet::from([instalment])))
        };
        if let Some(leg) = legs.iter().find(of) {
            return Err(over.refusal(leg.side(actor)));
        }
    }
    tell(app, tx, told, now).await?;
    Ok(rows)
}

/// Refuses what a chain does not allow of a leg.
///
/// # Errors
/// `Conflict` for a part of a leg, for goods that would leave before all is agreed, and for any answer once another leg
/// was not answered in time.
pub(crate) fn allows(locked: &Locked, leg: &MatchRow, what: &Move, now: Instant) -> AppResult<()> {
    let refused = |detail: String| Err(AppError::Conflict { code: "chain", detail });
    let agreed = locked.chain.agreed_at.is_some();
    match what {
        Move::Accept(Some(part)) if part.units() < leg.covered => {
            refused("it is a leg of a chain, which is taken whole; accept all of it, or decline".to_owned())
        }
        Move::Ship(..) if !agreed => {
            let waiting = |(step, leg): (&String, Option<&MatchRow>)| {
                let waits = leg.is_none_or(|leg| leg.state != MatchState::Agreed);
                waits.then(|| format!("{step:?}"))
            };
            let waiting: Vec<String> = locked.chain.steps.iter().zip(locked.last()).filter_map(waiting).collect();
            refused(format!("its chain is not agreed yet, and waits for: {}; ship once it is", waiting.join(", ")))
        }
        Move::Accept(_) if !agreed && locked.chain.state(&locked.states(now)) == ChainState::Open => {
            refused("another leg of its chain was not answered in time, and the chain is open again".to_owned())
        }
        _ => Ok(()),
    }
}

/// What follows in a chain once a leg of it has moved: when it failed, the others are let go; when the last was agreed,
/// the chain is.
pub(crate) async fn follow(
    app: &App,
    tx: &Tx,
    locked: &Locked,
    leg: &MatchRow,
    (pen, now): (&Pen, Instant),
) -> AppResult<()> {
    let chain = &locked.chain;
    if matches!(leg.state, MatchState::Declined | MatchState::Expired | MatchState::Cancelled) {
        let ended = store::fail(tx, locked, leg.id, now).await?;
        return note_ended(app, tx, &ended, (pen, now)).await;
    }
    let now_is = |id: Option<&MatchRow>| match id {
        Some(one) if one.id == leg.id => Some(leg.state),
        other => other.map(|one| one.state),
    };
    let states: Vec<Option<MatchState>> = locked.last().into_iter().map(now_is).collect();
    if chain.agreed_at.is_none() && chain.state(&states) == ChainState::Agreed {
        store::update(tx, &Chain { agreed_at: Some(now), updated_at: now, ..chain.clone() }).await?;
        let changes = vec![Change::of("state", ChainState::Held.as_str(), ChainState::Agreed.as_str())];
        pen.note(tx, [deed(Act::Accept, chain, changes)]).await?;
    }
    Ok(())
}
