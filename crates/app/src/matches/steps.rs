//! What the sides of a match do, and what follows: each step is one transaction with its entries of the ledger, its
//! entries of the audit log and the mails that tell the other side.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Change, RecordKind},
    eligibility::{Eligible, Rules},
    ids::{InstalmentId, MatchId, OfferId, OrganisationId, RunId},
    link::MailKind,
    matches::{Account, ClosingReason, MatchState, Refusal, Sample, Side, Step, contact_in},
    need::Need,
    offer::Offer,
    parameters::Parameters,
    quantity::Quantity,
    time::Instant,
    violation::Violations,
};
use storage::{
    Scope, StoreError, Tx,
    ledger::{self, Books, LedgerError},
    matches as store,
    matches::MatchRow,
    runs::NewRun,
};

use super::MatchView;
use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    chains,
    error::{AppError, AppResult},
    ledger::{Over, broken},
    mails,
    policy::{Action, Actor, Resource, require},
};

/// What a caller does to a match.
#[derive(Debug, Clone)]
pub enum Move {
    /// Puts a suggestion to both sides, all of it or a part.
    Propose(Option<Quantity>),
    /// Accepts, all that is held or a part.
    Accept(Option<Quantity>),
    /// Says no before it is agreed.
    Decline(ClosingReason),
    /// Ships, with what is said of the goods as JSON.
    Ship(Quantity, Option<String>),
    /// Checks goods in.
    Receive {
        /// Passed.
        accepted: Quantity,
        /// Failed.
        rejected: Quantity,
        /// Why they failed and the like, as JSON.
        details_json: Option<String>,
    },
    /// Ends it after it was agreed.
    Cancel(ClosingReason),
    /// Asks for a sample, or judges it.
    Sample(Sample),
}

impl Move {
    fn act(&self) -> Act {
        match self {
            Self::Propose(_) => Act::Propose,
            Self::Accept(_) => Act::Accept,
            Self::Decline(_) => Act::Decline,
            Self::Ship(..) => Act::Ship,
            Self::Receive { .. } => Act::Receive,
            Self::Cancel(_) => Act::Cancel,
            Self::Sample(_) => Act::Sample,
        }
    }

    /// The only side that may, where it is one.
    fn side(&self) -> Option<Side> {
        match self {
            Self::Propose(_) | Self::Accept(_) | Self::Decline(_) | Self::Cancel(_) => None,
            Self::Ship(..) => Some(Side::Supplier),
            Self::Receive { .. } | Self::Sample(_) => Some(Side::Buyer),
        }
    }

    /// Whether the operator may, who stands for neither side but for the market.
    fn is_for_operator(&self) -> bool {
        match self {
            Self::Propose(_) | Self::Decline(_) | Self::Cancel(_) => true,
            Self::Accept(_) | Self::Ship(..) | Self::Receive { .. } | Self::Sample(_) => false,
        }
    }
}

/// Makes a move on a match, if the caller agrees to what it is by then.
///
/// # Errors
/// `NotFound` when the caller is on neither side of it; `Forbidden` for the move of the other side; `Conflict` where the
/// match stands otherwise, or what is asked for is promised to others by now; `Invalid` for quantities that do not fit.
pub async fn make(app: &App, caller: &Caller, id: MatchId, what: Move) -> AppResult<MatchView> {
    let (this, caller, tables) = (app.clone(), caller.clone(), app.tables());
    let (pen, now, actor) = (Pen::of(app, &caller), app.clock.now(), caller.actor);
    let work = move |tx: Tx| async move {
        let row = store::get(&tx, actor.into(), id).await.map_err(not_found)?;
        let side = side_of(&caller, &row, &what)?;
        // What is only suggested is no leg, and a leg is not proposed a second time.
        let chain = match what {
            Move::Propose(_) => None,
            _ => storage::chains::lock_of(&tx, &row).await?,
        };
        let leg = row.leg;
        let before = match what {
            Move::Propose(_) => row,
            _ => store::get_to_change(&tx, actor.into(), id).await?,
        };
        if before.leg != leg {
            return Err(StoreError::Busy(format!("the match {id} has just become a leg of a chain")).into());
        }
        let before_state = before.clone().at(now).state;
        if let Some(chain) = &chain {
            chains::allows(chain, &before, &what, now)?;
        }
        let deadline = deadline(&tx, now).await?;
        let after = match &what {
            Move::Propose(quantity) => {
                let quantity = quantity.unwrap_or(before.quantities.proposed);
                propose(&this, &tx, &tables, (&before, side), (quantity, deadline), (&pen, now)).await?
            }
            Move::Accept(quantity) => accept(&tx, (&before, side), (*quantity, deadline), now).await?,
            Move::Decline(reason) => {
                tells_no_contact(reason, before_state)?;
                let after = post(&tx, &before, &Step::Decline(reason.clone()), None, now).await?;
                if reason.keeps_apart() {
                    store::refuse(&tx, before.offer, before.need, now).await?;
                }
                after
            }
            Move::Ship(quantity, details) => {
                post(&tx, &before, &Step::Ship(*quantity), details.as_deref(), now).await?
            }
            Move::Receive { accepted, rejected, details_json } => {
                let step = Step::Receive { accepted: *accepted, rejected: *rejected };
                post(&tx, &before, &step, details_json.as_deref(), now).await?
            }
            Move::Cancel(reason) => {
                let after = post(&tx, &before, &Step::Cancel(reason.clone()), None, now).await?;
                if reason.keeps_apart() {
                    store::refuse(&tx, before.offer, before.need, now).await?;
                }
                rematch(&this, &tx, &pen, now).await?;
                after
            }
            Move::Sample(sample) => sampled(&tx, &before, *sample, now).await?,
        };
        let told = told(&what, &before, &after, before_state);
        pen.note(&tx, deeds(what.act(), &after, caller.actor.organisation(), &told)).await?;
        let others = [after.supplier, after.buyer].into_iter().filter(|one| Some(*one) != caller.actor.organisation());
        tell(&this, &tx, others.collect(), now).await?;
        if let Some(chain) = &chain {
            chains::follow(&this, &tx, chain, &after, (&pen, now)).await?;
        }
        Ok::<_, AppError>(after)
    };
    let after = app.store.write(work).await?;
    mails::ring(app);
    if after.state == MatchState::Cancelled {
        app.queued.notify_one();
    }
    super::view_of(app, actor, after).await
}

/// Ends an open match whose offer or need is taken back: what is held is declined, what is agreed is cancelled. It says
/// nothing of the pair, which later runs may bring together again. Whoever does not act himself is told.
pub(crate) async fn end_by_owner(
    app: &App,
    tx: &Tx,
    id: MatchId,
    (why, by): (&ClosingReason, Option<OrganisationId>),
    (pen, now): (&Pen, Instant),
) -> AppResult<()> {
    let chain = storage::chains::lock_of(tx, &store::get(tx, Scope::Operator, id).await?).await?;
    let before = store::get_to_change(tx, Scope::Operator, id).await?;
    let Some(step) = domain::chain::ending(before.clone().at(now).state, why.clone()) else { return Ok(()) };
    let after = post(tx, &before, &step, None, now).await?;
    let act = if after.state == MatchState::Cancelled { Act::Cancel } else { Act::Decline };
    let changes = [Change::of("state", before.state.as_str(), after.state.as_str()), Change::to("reason", why.code())];
    pen.note(tx, deeds(act, &after, by, &changes)).await?;
    let others = [after.supplier, after.buyer].into_iter().filter(|one| Some(*one) != by);
    tell(app, tx, others.collect(), now).await?;
    if let Some(chain) = &chain {
        chains::follow(app, tx, chain, &after, (pen, now)).await?;
    }
    if after.state == MatchState::Cancelled {
        rematch(app, tx, pen, now).await?;
    }
    Ok(())
}

/// Refuses words by which one side could reach the other before they are open to each other.
pub(crate) fn tells_no_contact(reason: &ClosingReason, state: MatchState) -> Result<(), Violations> {
    match reason.words().and_then(contact_in).filter(|_| !state.opens_the_sides()) {
        None => Ok(()),
        Some(what) => {
            let detail = format!("tells {what}, and the other side may not know yet who you are; leave it out");
            Err(Violations::one("/text", "contact_in_message", detail))
        }
    }
}

/// On which side the caller makes a move; none for the operator.
fn side_of(caller: &Caller, row: &MatchRow, what: &Move) -> AppResult<Option<Side>> {
    let side = match caller.actor {
        Actor::Operator if what.is_for_operator() => return Ok(None),
        Actor::Operator => {
            let detail = "the sides of a match do this themselves, and those who hold a mandate of theirs";
            return Err(AppError::Forbidden { detail: detail.to_owned() });
        }
        Actor::Organisation(own) if own == row.supplier => Side::Supplier,
        Actor::Organisation(_) | Actor::Nobody => Side::Buyer,
    };
    require(caller, Action::Write, Resource::OwnedBy(owner(row, side)))?;
    match what.side() {
        Some(only) if only != side => Err(AppError::Forbidden {
            detail: format!("only the {} of a match does this; you are its {}", only.as_str(), side.as_str()),
        }),
        _ => Ok(Some(side)),
    }
}

fn owner(row: &MatchRow, side: Side) -> OrganisationId {
    match side {
        Side::Supplier => row.supplier,
        Side::Buyer => row.buyer,
    }
}

/// Puts a suggestion to both sides.
async fn propose(
    app: &App,
    tx: &Tx,
    tables: &Tables,
    (before, side): (&MatchRow, Option<Side>),
    (quantity, deadline): (Quantity, Instant),
    (pen, now): (&Pen, Instant),
) -> AppResult<MatchRow> {
    let wanted = (BTreeSet::from([before.offer]), BTreeSet::from([before.instalment]));
    let books = locked(app, tx, &wanted, (pen, now)).await?;
    let row = store::get_to_change(tx, Scope::Operator, before.id).await?;
    let parameters = parameters_of(tx, row.run).await?;
    may_trade(tx, tables, &books, (&row, side), &parameters, now).await?;
    let after = post(tx, &row, &Step::Propose { quantity, deadline }, None, now).await?;
    let over = broken(tx, &books).await?;
    match over.iter().find(|over| concerns(over, &books, &wanted)) {
        Some(over) => Err(over.refusal(side)),
        None => Ok(after),
    }
}

/// Locks offers and instalments, and notes what ended meanwhile.
pub(crate) async fn locked(
    app: &App,
    tx: &Tx,
    (offers, instalments): &(BTreeSet<OfferId>, BTreeSet<InstalmentId>),
    (pen, now): (&Pen, Instant),
) -> AppResult<Books> {
    let books = ledger::lock(tx, offers, instalments, now).await?;
    note_ended(app, tx, &books.expired, (pen, now)).await?;
    Ok(books)
}

/// Whether what is over is among what is promised, and not beside it.
pub(crate) fn concerns(
    over: &Over,
    books: &Books,
    (offers, instalments): &(BTreeSet<OfferId>, BTreeSet<InstalmentId>),
) -> bool {
    match over {
        Over::Offer { offer, .. } => offers.contains(offer),
        Over::Instalment { instalment, .. } => instalments.contains(instalment),
        Over::Line(line) => offers.iter().any(|id| books.offers.get(id).is_some_and(|o| o.terms.line == Some(*line))),
    }
}

/// The parameters that a match was suggested under; the published ones, at full stretch, for one that was put by hand.
pub(super) async fn parameters_of(tx: &Tx, run: Option<RunId>) -> AppResult<Parameters> {
    let by_hand = Parameters { capacity: domain::capacity::CapacityKind::Maximum, ..Parameters::default() };
    let Some(run) = run else { return Ok(by_hand) };
    let run = storage::runs::get(tx, Scope::Operator, run).await?;
    serde_json::from_str(&run.parameters_json).map_err(AppError::internal)
}

/// Refuses a pair that may not trade by now, whatever a run once said.
pub(super) async fn may_trade(
    tx: &Tx,
    tables: &Tables,
    books: &Books,
    (row, side): (&MatchRow, Option<Side>),
    parameters: &Parameters,
    now: Instant,
) -> AppResult<Eligible> {
    let offer = books.offers.get(&row.offer).ok_or(AppError::NotFound { what: "offer" })?;
    let offer = &offer.clone().aged(storage::modes::current(tx).await?, now.day());
    let need = storage::needs::get(tx, Scope::Operator, row.need).await?.record;
    if !books.instalments.contains_key(&row.instalment) || !need.is_matchable() {
        let detail = "the need no longer asks for it: it was closed, changed or is under review";
        return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
    }
    if !offer.in_market(now.day()) {
        let detail = "the offer is not in the market: it was paused, withdrawn or is under review";
        return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
    }
    judged(tx, tables, (offer, &need, row.instalment), parameters, now).await?.map_err(|reason| {
        let told = match side {
            // A side is told what a run would tell it: its own shortcomings come with the explanations.
            Some(_) => "the two may no longer trade; the next run will say why",
            None => reason,
        };
        AppError::Conflict { code: "not_eligible", detail: told.to_owned() }
    })
}

/// What the predicates say of a pair by now; the code of the first reason where it may not trade.
async fn judged(
    tx: &Tx,
    tables: &Tables,
    (offer, need, instalment): (&Offer, &Need, InstalmentId),
    parameters: &Parameters,
    now: Instant,
) -> AppResult<Result<Eligible, &'static str>> {
    let market = storage::market::of_pair(tx, offer, need, now.day()).await?;
    let rules = Rules { market: &market, catalogue: &tables.catalogue, regions: &tables.regions, parameters };
    let demands = rules.site_demands();
    let views = rules.offer_view(offer).zip(rules.need_view(need, &demands));
    let asked = need.instalments.iter().find(|i| i.id == instalment);
    let (Some((offer, need)), Some(asked)) = (views, asked) else {
        return Err(AppError::internal(format!("{instalment} or a site of its match is not there")));
    };
    Ok(rules.judge(&offer, &need, asked).map_err(|reason| reason.code()))
}

async fn accept(
    tx: &Tx,
    (before, side): (&MatchRow, Option<Side>),
    (quantity, deadline): (Option<Quantity>, Instant),
    now: Instant,
) -> AppResult<MatchRow> {
    let Some(side) = side else { return Err(AppError::internal("only sides accept")) };
    if side == Side::Buyer && matches!(before.sample, Some(Sample::Requested | Sample::Refused)) {
        let detail = "you asked for a sample and have not approved it; approve it first, or decline the match";
        return Err(AppError::Conflict { code: "sample_pending", detail: detail.to_owned() });
    }
    if let (Some(quantity), Side::Buyer) = (quantity, side) {
        smallest_order(tx, before, quantity).await?;
    }
    // What became of the offer or the need since it was put to the sides counts when they agree.
    let offer = storage::offers::get(tx, Scope::Operator, before.offer).await?.record;
    let offer = offer.aged(storage::modes::current(tx).await?, now.day());
    if !offer.in_market(now.day()) {
        let detail = "the offer is not in the market by now: it was paused, withdrawn or is under review";
        return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
    }
    post(tx, before, &Step::Accept { side, quantity, deadline }, None, now).await
}

/// A buyer takes no part that is below the supplier's smallest order, counted over all he takes of the offer to a site.
pub(crate) async fn smallest_order(tx: &Tx, row: &MatchRow, quantity: Quantity) -> AppResult<()> {
    let offer = storage::offers::get(tx, Scope::Operator, row.offer).await?.record;
    let Some(least) = offer.terms.min_order.as_ref().map(|m| m.quantity.units()) else { return Ok(()) };
    let site = storage::needs::get(tx, Scope::Operator, row.need).await?.record.site;
    let filter = store::MatchFilter { offer: Some(row.offer), ..store::MatchFilter::default() };
    let mut total = quantity.units();
    for other in store::promises(tx, &filter).await?.iter().filter(|o| o.id != row.id && o.buyer == row.buyer) {
        if storage::needs::get(tx, Scope::Operator, other.need).await?.record.site == site {
            total += other.covered;
        }
    }
    if total >= least {
        return Ok(());
    }
    let detail = format!("{quantity} is below the smallest order of {least}; take at least that, or decline");
    Err(Violations::one("/quantity", "below_smallest_order", detail).into())
}

async fn sampled(tx: &Tx, before: &MatchRow, sample: Sample, now: Instant) -> AppResult<MatchRow> {
    let before = before.clone().at(now);
    let right = match sample {
        Sample::Requested => before.state == MatchState::AcceptedBySupplier && before.sample.is_none(),
        Sample::Approved | Sample::Refused => {
            before.state == MatchState::AcceptedBySupplier && before.sample == Some(Sample::Requested)
        }
    };
    if !right {
        let detail = "a sample is asked for once the supplier has accepted and before you do, and judged after that";
        return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
    }
    let after = MatchRow { sample: Some(sample), updated_at: now, ..before.clone() };
    store::update(tx, before.state, &after).await?;
    Ok(after)
}

/// Queues a run for what came back to the needs, unless one waits already.
async fn rematch(app: &App, tx: &Tx, pen: &Pen, now: Instant) -> AppResult<()> {
    if storage::runs::waits(tx).await? {
        return Ok(());
    }
    let parameters_json = serde_json::to_string(&Parameters::default()).map_err(AppError::internal)?;
    let id = RunId(app.ids.next(now));
    storage::runs::enqueue(tx, &NewRun { id, requested_by: None, day: now.day(), parameters_json, at: now }).await?;
    let changes = vec![Change::to("day", now.day()), Change::to("because", "a match was cancelled")];
    pen.note(tx, [Deed { act: Act::Start, record: RecordKind::Run, id: id.0, owner: None, changes }]).await
}

/// Until when a proposal of now holds, by the mode of the market.
pub(super) async fn deadline(tx: &Tx, now: Instant) -> AppResult<Instant> {
    Ok(now.plus_micros(storage::modes::current(tx).await?.hold_hours() * 3_600_000_000))
}

/// Writes a step of a match that is locked.
pub(super) async fn post(
    tx: &Tx,
    row: &MatchRow,
    step: &Step,
    details: Option<&str>,
    now: Instant,
) -> AppResult<MatchRow> {
    ledger::post(tx, row, step, details, now).await.map_err(|error| match error {
        LedgerError::Refused(Refusal::State(detail)) => AppError::Conflict { code: "wrong_state", detail },
        LedgerError::Refused(Refusal::Quantities(faults)) => faults.into(),
        LedgerError::Store(error) => error.into(),
    })
}

/// What a move changed, in the words of fixed lists.
fn told(what: &Move, before: &MatchRow, after: &MatchRow, from: MatchState) -> Vec<Change> {
    let mut told = Vec::new();
    if from != after.state {
        told.push(Change::of("state", from.as_str(), after.state.as_str()));
    }
    let (was, is) = (before.account(), after.account());
    let quantities = |a: &Account| {
        let q = a.quantities;
        [("agreed", q.agreed), ("shipped", q.shipped), ("accepted", q.accepted), ("rejected", q.rejected)]
    };
    for ((field, before), (_, after)) in quantities(&was).into_iter().zip(quantities(&is)) {
        if before != after {
            told.push(Change::of(field, before, after));
        }
    }
    match what {
        Move::Decline(reason) | Move::Cancel(reason) => told.push(Change::to("reason", reason.code())),
        Move::Sample(sample) => told.push(Change::to("sample", sample.as_str())),
        Move::Propose(_) | Move::Accept(_) | Move::Ship(..) | Move::Receive { .. } => {}
    }
    told
}

/// A deed for each side that is not the one who acts, so that both read of it.
pub(crate) fn deeds(act: Act, row: &MatchRow, by: Option<OrganisationId>, changes: &[Change]) -> Vec<Deed> {
    let owners = [row.supplier, row.buyer].into_iter().filter(|owner| Some(*owner) != by);
    let owners: BTreeSet<OrganisationId> = owners.collect();
    let deed =
        |owner| Deed { act, record: RecordKind::Match, id: row.id.0, owner: Some(owner), changes: changes.to_vec() };
    owners.into_iter().map(deed).collect()
}

/// Notes and tells of matches that ended without a side that ended them: a hold that nobody answered, and what stood and
/// fell with it in a chain. What was agreed is matched anew.
pub(crate) async fn note_ended(app: &App, tx: &Tx, ended: &[MatchRow], (pen, now): (&Pen, Instant)) -> AppResult<()> {
    for row in ended {
        let mut changes = vec![Change::to("state", row.state.as_str())];
        changes.extend(row.closing_reason.as_ref().map(|reason| Change::to("reason", reason.code())));
        let act = match row.state {
            MatchState::Cancelled => Act::Cancel,
            MatchState::Expired => Act::Expire,
            _ => Act::Decline,
        };
        pen.note(tx, deeds(act, row, None, &changes)).await?;
        tell(app, tx, BTreeSet::from([row.supplier, row.buyer]), now).await?;
    }
    if ended.iter().any(|row| row.state == MatchState::Cancelled) {
        rematch(app, tx, pen, now).await?;
    }
    Ok(())
}

/// Mails the admins of organisations that something happened to a match of theirs, once while the last mail about it has
/// not gone out.
pub(crate) async fn tell(app: &App, tx: &Tx, whom: BTreeSet<OrganisationId>, now: Instant) -> AppResult<()> {
    for organisation in whom {
        for admin in storage::roles::admins(tx, organisation).await? {
            if !storage::mails::waits(tx, MailKind::Match, admin, organisation).await? {
                mails::queue(app, tx, MailKind::Match, admin, Some(organisation), now).await?;
            }
        }
    }
    Ok(())
}

pub(super) fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "match" },
        other => other.into(),
    }
}
