//! Putting offers to needs: by hand, and what a run suggests.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Change, RecordKind},
    ids::{InstalmentId, MatchId, NeedId, OfferId, RunId},
    matches::{Entry, EntryKind, MatchState, Side, Step},
    quantity::Quantity,
    time::Instant,
    violation::Violations,
};
use matching::MatchLine;
use storage::{
    Scope, StoreError, Tx,
    ledger::Books,
    matches as store,
    matches::{Leg, MatchRow},
};

use super::{
    MatchView,
    steps::{concerns, deadline, deeds, locked, may_trade, parameters_of, post, smallest_order, tell},
};
use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    ledger::broken,
    mails,
    policy::{Action, Actor, Resource, require},
};

/// What is put by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByHand {
    /// The offer.
    pub offer: OfferId,
    /// The need.
    pub need: NeedId,
    /// Which instalment of it.
    pub instalment: InstalmentId,
    /// How much, in base units.
    pub quantity: Quantity,
}

/// Puts an offer to an instalment by hand, under the same predicates and bounds as a run.
///
/// # Errors
/// `Forbidden` for all but the operator, since nobody else sees both sides; `Conflict` where the two may not trade, or
/// it is promised to others; `Invalid` for what is not there, and below the smallest order.
pub async fn by_hand(app: &App, caller: &Caller, hand: ByHand) -> AppResult<MatchView> {
    if caller.actor != Actor::Operator {
        let detail = "who runs the service brings offers and needs together by hand; sides accept what is put to them";
        return Err(AppError::Forbidden { detail: detail.to_owned() });
    }
    require(caller, Action::Write, Resource::Runs)?;
    let (this, actor) = (app.clone(), caller.actor);
    let (pen, now) = (Pen::of(app, caller), app.clock.now());
    let work = move |tx: Tx| async move {
        let wanted = (BTreeSet::from([hand.offer]), BTreeSet::from([hand.instalment]));
        named(&tx, &hand).await?;
        let books = locked(&this, &tx, &wanted, (&pen, now)).await?;
        let row = put(&this, &tx, &books, (&hand, None), now).await?;
        let over = broken(&tx, &books).await?;
        if let Some(over) = over.iter().find(|over| concerns(over, &books, &wanted)) {
            return Err(over.refusal(None));
        }
        let changes = vec![Change::to("state", row.state.as_str()), Change::to("quantity", hand.quantity)];
        pen.note(&tx, deeds(Act::Create, &row, None, &changes)).await?;
        tell(&this, &tx, BTreeSet::from([row.supplier, row.buyer]), now).await?;
        Ok::<_, AppError>(row)
    };
    let row = app.store.write(work).await?;
    mails::ring(app);
    super::view_of(app, actor, row).await
}

/// Puts an offer to an instalment that are both locked, as a leg of a chain where that is given: the match with the entry
/// that holds it. Whether all that is promised can be had, and of a chain whether its legs reach the smallest orders, is for
/// the caller to see.
pub(crate) async fn put(
    app: &App,
    tx: &Tx,
    books: &Books,
    (hand, leg): (&ByHand, Option<Leg>),
    now: Instant,
) -> AppResult<MatchRow> {
    let offer = books.offers.get(&hand.offer).ok_or(AppError::NotFound { what: "offer" })?;
    let need = storage::needs::get(tx, Scope::Operator, hand.need).await?.record;
    let mut row = MatchRow {
        id: MatchId(app.ids.next(now)),
        run: None,
        offer: offer.id,
        need: need.id,
        instalment: hand.instalment,
        supplier: offer.organisation,
        buyer: need.organisation,
        state: MatchState::Proposed,
        tier: need.tier(now.day()),
        quantities: domain::matches::Quantities::proposed(hand.quantity),
        drawn: hand.quantity.units(),
        covered: hand.quantity.units(),
        cutoff: now.day(),
        deadline: None,
        terms_json: None,
        sample: None,
        recalled_at: None,
        at_risk_since: None,
        leg,
        explanation_json: String::new(),
        closing_reason: None,
        created_at: now,
        updated_at: now,
    };
    let parameters = parameters_of(tx, None).await?;
    let eligible = may_trade(tx, &app.tables(), books, (&row, None), &parameters, now).await?;
    // Legs of a chain that go to one site are one order, which is whole once all are there.
    if leg.is_none() {
        smallest_order(tx, &row, hand.quantity).await?;
    }
    row.cutoff = eligible.cutoff;
    row.deadline = Some(deadline(tx, now).await?);
    let line = MatchLine {
        offer: hand.offer,
        need: hand.need,
        instalment: hand.instalment,
        quantity: hand.quantity,
        eligible,
        rank: 0,
        eligible_offers: 0,
    };
    row.explanation_json = serde_json::to_string(&line).map_err(AppError::internal)?;
    store::insert(tx, &row, &[Entry { kind: EntryKind::Hold, units: hand.quantity.units() }]).await?;
    Ok(row)
}

/// Puts a suggestion to its sides, both of which are locked, as a leg of a chain where that is given.
pub(crate) async fn put_suggestion(
    app: &App,
    tx: &Tx,
    books: &Books,
    (suggested, leg, side): (&MatchRow, Option<Leg>, Option<Side>),
    now: Instant,
) -> AppResult<MatchRow> {
    let row = MatchRow { leg, ..store::get_to_change(tx, Scope::Operator, suggested.id).await? };
    let parameters = parameters_of(tx, row.run).await?;
    may_trade(tx, &app.tables(), books, (&row, side), &parameters, now).await?;
    let step = Step::Propose { quantity: row.quantities.proposed, deadline: deadline(tx, now).await? };
    post(tx, &row, &step, None, now).await
}

/// Finds the offer, the need and the instalment that are named.
pub(crate) async fn named(tx: &Tx, hand: &ByHand) -> AppResult<()> {
    let mut faults = Violations::new();
    let mut missing = |pointer: &str, code, what: String| {
        faults.push(pointer, code, format!("{what} does not exist; write an id that a list shows"));
    };
    match storage::offers::get(tx, Scope::Operator, hand.offer).await {
        Err(StoreError::NotFound) => missing("/offer", "unknown_offer", format!("the offer {}", hand.offer)),
        found => drop(found?),
    }
    let need = match storage::needs::get(tx, Scope::Operator, hand.need).await {
        Err(StoreError::NotFound) => {
            missing("/need", "unknown_need", format!("the need {}", hand.need));
            None
        }
        found => Some(found?.record),
    };
    if need.as_ref().is_some_and(|need| !need.instalments.iter().any(|i| i.id == hand.instalment)) {
        missing("/instalment", "unknown_instalment", format!("the instalment {} of the need", hand.instalment));
    }
    Ok(faults.into_result()?)
}

/// Puts suggestions of a run to their sides: those named, or all that still stand. All of them hold, or none does.
///
/// # Errors
/// `Forbidden` for all but the operator; `NotFound`; `Conflict` with the first that does not stand any more.
pub async fn accept_run(
    app: &App,
    caller: &Caller,
    run: RunId,
    named: Option<Vec<MatchId>>,
    dry_run: bool,
) -> AppResult<Proposed> {
    require(caller, Action::Write, Resource::Runs)?;
    crate::runs::get(app, caller, run).await?;
    let (this, pen) = (app.clone(), Pen::of(app, caller));
    let work = move |tx: Tx| async move {
        let proposed = propose_all(&this, &tx, run, named, &pen).await.map_err(Tried::Failed)?;
        // A trial is taken back with its transaction.
        if dry_run { Err(Tried::Dry(proposed)) } else { Ok(proposed) }
    };
    match app.store.write(work).await {
        Ok(proposed) => {
            mails::ring(app);
            Ok(proposed)
        }
        Err(Tried::Dry(proposed)) => Ok(proposed),
        Err(Tried::Failed(error)) => Err(error),
    }
}

async fn propose_all(app: &App, tx: &Tx, run: RunId, named: Option<Vec<MatchId>>, pen: &Pen) -> AppResult<Proposed> {
    let now = app.clock.now();
    let chosen = chosen(store::suggested_of(tx, run).await?, run, named)?;
    let wanted = (
        chosen.iter().map(|row| row.offer).collect::<BTreeSet<_>>(),
        chosen.iter().map(|row| row.instalment).collect::<BTreeSet<_>>(),
    );
    let books = locked(app, tx, &wanted, (pen, now)).await?;
    let deadline = deadline(tx, now).await?;
    let mut told = BTreeSet::new();
    let mut units = 0_i128;
    for row in &chosen {
        let because = |error: AppError| match error {
            AppError::Conflict { code, detail } => {
                AppError::Conflict { code, detail: format!("the match {}: {detail}", row.id) }
            }
            other => other,
        };
        let after = put_suggestion(app, tx, &books, (row, None, None), now).await.map_err(because)?;
        let changes = [Change::of("state", row.state.as_str(), after.state.as_str())];
        pen.note(tx, deeds(Act::Propose, &after, None, &changes)).await?;
        told.extend([row.supplier, row.buyer]);
        units += i128::from(after.covered);
    }
    let over = broken(tx, &books).await?;
    if let Some(over) = over.iter().find(|over| concerns(over, &books, &wanted)) {
        return Err(over.refusal(None));
    }
    tell(app, tx, told, now).await?;
    let changes = vec![Change::to("matches", chosen.len())];
    pen.note(tx, [Deed { act: Act::Accept, record: RecordKind::Run, id: run.0, owner: None, changes }]).await?;
    Ok(Proposed { matches: chosen.len(), units, deadline })
}

/// The suggestions that are named, or all.
fn chosen(standing: Vec<MatchRow>, run: RunId, named: Option<Vec<MatchId>>) -> AppResult<Vec<MatchRow>> {
    let Some(named) = named else { return Ok(standing) };
    let named: BTreeSet<MatchId> = named.into_iter().collect();
    let known: BTreeSet<MatchId> = standing.iter().map(|row| row.id).collect();
    if let Some(unknown) = named.difference(&known).next() {
        let detail = format!("the match {unknown} is no suggestion of the run {run} that stands; read the run again");
        return Err(AppError::Conflict { code: "wrong_state", detail });
    }
    Ok(standing.into_iter().filter(|row| named.contains(&row.id)).collect())
}

/// What was put to sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed {
    /// How many matches.
    pub matches: usize,
    /// How many base units in all.
    pub units: i128,
    /// Until when they are held.
    pub deadline: Instant,
}

/// How a transaction ended that is taken back.
enum Tried {
    /// It was tried, and would have come to this.
    Dry(Proposed),
    /// It failed.
    Failed(AppError),
}

impl From<StoreError> for Tried {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}
