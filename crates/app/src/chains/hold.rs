//! Making a chain, and filling the steps of one that is open again.

use domain::{
    audit::{Act, Change},
    chain::{Chain, ChainState, MOST_STEPS, stands},
    ids::{ChainId, OrganisationId},
    time::Instant,
    violation::Violations,
};
use storage::{Scope, StoreError, Tx, chains as store, ledger};

use super::{
    ChainView, brought, deed,
    legs::{self, LegOf, NewLeg},
    must_lead, must_write, not_found,
};
use crate::{
    App,
    access::Caller,
    audit::Pen,
    error::{AppError, AppResult},
    mails,
    matches::{locked, names, note_ended},
    organisations,
    policy::Action,
};

/// A chain that is to be made.
#[derive(Debug, Clone)]
pub struct NewChain {
    /// Who leads it; the caller's own where absent.
    pub lead: Option<OrganisationId>,
    /// What it is called.
    pub name: String,
    /// Its steps in their order, each with what carries it.
    pub legs: Vec<NewLeg>,
}

/// Makes a chain and promises all its legs, or none; what partners lack is entered as their needs with it. A dry run says
/// what it would come to.
///
/// # Errors
/// `Invalid` with every fault of names, steps and legs; `Forbidden` for legs by hand of others than the operator;
/// `Conflict` with the first step that no longer stands, may not trade, or is promised to others.
pub async fn create(app: &App, caller: &Caller, new: NewChain, dry_run: bool) -> AppResult<ChainView> {
    let mut faults = Violations::new();
    let lead = match organisations::owner(app, caller, Action::Write, new.lead).await {
        Err(AppError::Invalid(part)) => faults.keep(Err(part)),
        other => Some(other?),
    };
    let typed: Vec<String> = new.legs.iter().map(|leg| leg.step.clone()).collect();
    let names = faults.keep(Chain::checked_names(&new.name, &typed));
    // Of too many no more is told than that.
    if let Some(lead) = lead.filter(|_| typed.len() <= MOST_STEPS) {
        faults.keep(names_nobody(app, lead, &new.name, &typed).await?);
    }
    faults.into_result()?;
    let (Some(lead), Some((name, steps))) = (lead, names) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let now = app.clock.now();
    let chain = Chain {
        id: ChainId(app.ids.next(now)),
        lead,
        name,
        steps,
        agreed_at: None,
        dissolved: None,
        created_at: now,
        updated_at: now,
    };
    let legs: Vec<(usize, LegOf)> = new.legs.into_iter().map(|leg| leg.of).enumerate().collect();
    let (this, caller, pen) = (app.clone(), caller.clone(), Pen::of(app, caller));
    let work = move |tx: Tx| async move {
        let tried = async {
            let legs = brought::entered(&this, &tx, &caller, legs.clone(), (&pen, now)).await?;
            let found = legs::find(&tx, &caller, &legs).await?;
            let books = locked(&this, &tx, &legs::wanted(&found), (&pen, now)).await?;
            store::insert(&tx, &chain).await?;
            let rows = legs::promise(&this, &tx, (&chain, &found), &books, (&pen, caller.actor, now)).await?;
            let changes = vec![Change::to("legs", rows.len())];
            pen.note(&tx, [deed(Act::Create, &chain, changes)]).await?;
            Ok(ChainView::of(chain.clone(), &rows, caller.actor, now))
        };
        end(tried.await, dry_run)
    };
    written(app, app.store.write(work).await)
}

/// Refuses the name of the lead in names that all read who are on a leg, before they may know it.
async fn names_nobody(
    app: &App,
    lead: OrganisationId,
    name: &str,
    steps: &[String],
) -> AppResult<Result<(), Violations>> {
    let own = storage::organisations::get(&app.store, Scope::Operator, lead).await?.record.name;
    let steps = steps.iter().enumerate().map(|(place, step)| (format!("/legs/{place}/step"), step.as_str()));
    let mut faults = Violations::new();
    for (pointer, text) in std::iter::once(("/name".to_owned(), name)).chain(steps) {
        if names(text, &own) {
            let detail = "names who leads it, and who takes part reads it before any may know; leave it out";
            faults.push(pointer, "contact_in_name", detail);
        }
    }
    Ok(faults.into_result())
}

/// Promises legs for the steps that are open: for all of them, or none. A dry run says what it would come to.
///
/// # Errors
/// As [`create`]; `NotFound`; `Forbidden` for who does not lead it; `Conflict` where no step is open.
pub async fn hold(app: &App, caller: &Caller, id: ChainId, new: Vec<NewLeg>, dry_run: bool) -> AppResult<ChainView> {
    must_write(caller)?;
    let now = app.clock.now();
    let (this, caller, pen) = (app.clone(), caller.clone(), Pen::of(app, caller));
    let work = move |tx: Tx| async move {
        let tried = async {
            let chain = store::get(&tx, caller.actor.into(), id).await.map_err(not_found)?;
            must_lead(&caller, &chain)?;
            let places = places(&chain, &new)?;
            let found = legs::find(&tx, &caller, &places).await?;
            let books = locked(&this, &tx, &legs::wanted(&found), (&pen, now)).await?;
            let held = settled(&this, &tx, id, (&pen, now)).await?;
            let steps: Vec<usize> = places.iter().map(|(step, _)| *step).collect();
            must_be_open(&held, &steps, now)?;
            let rows = legs::promise(&this, &tx, (&chain, &found), &books, (&pen, caller.actor, now)).await?;
            let chain = Chain { updated_at: now, ..held.chain };
            store::update(&tx, &chain).await?;
            let changes = vec![Change::to("legs", rows.len())];
            pen.note(&tx, [deed(Act::Hold, &chain, changes)]).await?;
            let legs: Vec<_> = held.legs.into_iter().chain(rows).collect();
            Ok(ChainView::of(chain, &legs, caller.actor, now))
        };
        end(tried.await, dry_run)
    };
    written(app, app.store.write(work).await)
}

/// Locks a chain, once what of it nobody answered in time has ended with what stands and falls with it.
async fn settled(app: &App, tx: &Tx, id: ChainId, (pen, now): (&Pen, Instant)) -> AppResult<store::Locked> {
    loop {
        let held = store::lock(tx, id).await?;
        let Some(over) = held.legs.iter().find(|leg| leg.account().is_over(now)) else { return Ok(held) };
        let ended = ledger::expire(tx, over.id, now).await?;
        note_ended(app, tx, &ended, (pen, now)).await?;
    }
}

/// Which steps the legs are for, by their names.
fn places(chain: &Chain, new: &[NewLeg]) -> AppResult<Vec<(usize, LegOf)>> {
    let (mut faults, mut found) = (Violations::new(), Vec::new());
    if new.len() > chain.steps.len() {
        let detail = format!("the chain has {} steps, and these are {} legs", chain.steps.len(), new.len());
        return Err(Violations::one("/legs", "out_of_range", detail).into());
    }
    for (place, leg) in new.iter().enumerate() {
        let name = leg.step.trim();
        let pointer = format!("/legs/{place}/step");
        match chain.steps.iter().position(|step| step == name) {
            None => {
                let steps: Vec<String> = chain.steps.iter().map(|step| format!("{step:?}")).collect();
                let detail = format!("{name:?} is no step of the chain; write one of: {}", steps.join(", "));
                faults.push(pointer, "unknown_value", detail);
            }
            Some(step) if found.iter().any(|(other, _)| *other == step) => {
                faults.push(pointer, "duplicate", format!("{name:?} stands twice; one leg carries a step"));
            }
            Some(step) => found.push((step, leg.of.clone())),
        }
    }
    faults.into_result()?;
    Ok(found)
}

/// Refuses legs that are not for the open steps, or not for all of them.
fn must_be_open(held: &store::Locked, legs: &[usize], now: Instant) -> AppResult<()> {
    let states = held.states(now);
    let refused = |detail: String| Err(AppError::Conflict { code: "wrong_state", detail });
    let state = held.chain.state(&states);
    if state != ChainState::Open {
        return refused(format!("the chain is {}; legs are put to one that is open", state.as_str()));
    }
    let open = |step: &usize| states.get(*step).copied().flatten().is_none_or(|leg| !stands(leg));
    let name = |step: usize| held.chain.steps.get(step).map_or("", String::as_str);
    if let Some(step) = legs.iter().find(|step| !open(step)) {
        return refused(format!("the step {:?} has a leg that stands; end its match first", name(*step)));
    }
    let missing: Vec<String> = (0..states.len())
        .filter(|step| open(step) && !legs.contains(step))
        .map(|step| format!("{:?}", name(step)))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => refused(format!("these steps are open too: {}; all are promised at once", missing.join(", "))),
    }
}

/// How a transaction ended that is taken back.
enum Tried {
    /// It was tried, and would have come to this.
    Dry(Box<ChainView>),
    /// It failed.
    Failed(AppError),
}

impl From<StoreError> for Tried {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A trial is taken back with its transaction.
fn end(tried: AppResult<ChainView>, dry_run: bool) -> Result<ChainView, Tried> {
    match tried {
        Err(error) => Err(Tried::Failed(error)),
        Ok(view) if dry_run => Err(Tried::Dry(Box::new(view))),
        Ok(view) => Ok(view),
    }
}

fn written(app: &App, result: Result<ChainView, Tried>) -> AppResult<ChainView> {
    match result {
        Ok(view) => {
            mails::ring(app);
            Ok(view)
        }
        Err(Tried::Dry(view)) => Ok(*view),
        Err(Tried::Failed(error)) => Err(error),
    }
}
