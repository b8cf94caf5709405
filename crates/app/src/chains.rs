//! Chains: consortia whose partners each take a step of one product. Their legs are matches, promised together or not at
//! all (ADR 0035).
//!
//! Everybody on a leg reads how the whole chain stands, step by step; of the matches of others he reads no more than that.

use domain::{
    audit::{Act, Change, RecordKind},
    chain::{Chain, ChainState},
    ids::{ChainId, OrganisationId},
    matches::{ClosingReason, MatchState},
    time::Instant,
};
use storage::{Page, PageRequest, StoreError, Tx, chains as store, matches::MatchRow};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    mails,
    matches::{note_ended, tells_no_contact},
    policy::{Action, Actor, Resource, require},
};

mod brought;
mod found;
mod hold;
mod legs;
mod planned;
mod search;

pub use brought::Brought;
pub use found::made_of;
pub use hold::{NewChain, create, hold};
pub use legs::{LegOf, NewLeg};
pub(crate) use legs::{allows, follow};
pub use matching::chains::{
    Chain as FoundChain, Convertible, InstalmentChains, Leg as ChainLeg, Missing as ChainMissing, NamedStage,
    NeedChains, Partner,
};
pub use matching::{StageChain, StageLeg, StageLegOf, TierStages, WhyNoStage};
pub use planned::{ChainPlan, WhyNotHeld, made_of_plan, planned, planned_now};
pub use search::{ChainQuestion, ChainsTold, MOST_PARTNERS, search};

/// A chain as a reader sees it.
#[derive(Debug, Clone)]
pub struct ChainView {
    /// The chain.
    pub chain: Chain,
    /// Where it stands.
    pub state: ChainState,
    /// Whether the reader is told who leads it: the lead and the operator. Others open the match that they have with it.
    pub shows_lead: bool,
    /// Its steps, in their order.
    pub legs: Vec<LegView>,
}

/// A step of a chain as a reader sees it.
#[derive(Debug, Clone)]
pub struct LegView {
    /// What the step is called.
    pub step: String,
    /// Where its last leg stands.
    pub state: Option<MatchState>,
    /// Its last leg, where the reader is on it, or is the operator.
    pub row: Option<MatchRow>,
}

impl ChainView {
    fn of(chain: Chain, legs: &[MatchRow], actor: Actor, now: Instant) -> Self {
        let last: Vec<Option<MatchRow>> =
            store::last(&chain, legs).into_iter().map(|leg| leg.cloned().map(|leg| leg.at(now))).collect();
        let states: Vec<Option<MatchState>> = last.iter().map(|leg| leg.as_ref().map(|leg| leg.state)).collect();
        let own = actor.organisation();
        let is_on = |leg: &MatchRow| actor == Actor::Operator || [leg.supplier, leg.buyer].map(Some).contains(&own);
        let shows_lead = actor == Actor::Operator || own == Some(chain.lead);
        let legs = chain.steps.iter().zip(last).zip(&states);
        let legs = legs.map(|((step, row), state)| LegView {
            step: step.clone(),
            state: *state,
            row: row.filter(|row| is_on(row)),
        });
        Self { state: chain.state(&states), shows_lead, legs: legs.collect(), chain }
    }
}

/// One chain.
///
/// # Errors
/// `NotFound` for who neither leads it nor is on a leg of it that stands or was agreed.
pub async fn get(app: &App, actor: Actor, id: ChainId) -> AppResult<ChainView> {
    let chain = store::get(&app.store, actor.into(), id).await.map_err(not_found)?;
    let legs = store::legs(&app.store, [id]).await?.remove(&id).unwrap_or_default();
    Ok(ChainView::of(chain, &legs, actor, app.clock.now()))
}

/// A page of chains that the actor leads or is on a leg of. A filter by a lead whom he may not know finds nothing but what
/// he leads himself.
pub async fn page(
    app: &App,
    actor: Actor,
    lead: Option<OrganisationId>,
    request: PageRequest,
) -> AppResult<Page<ChainView>> {
    if lead.is_some() && actor != Actor::Operator && lead != actor.organisation() {
        return Ok(Page::empty(request));
    }
    let Page { items, next, total } = store::page(&app.store, actor.into(), lead, request).await?;
    let mut legs = store::legs(&app.store, items.iter().map(|chain| chain.id)).await?;
    let now = app.clock.now();
    let view = |chain: Chain| {
        let legs = legs.remove(&chain.id).unwrap_or_default();
        ChainView::of(chain, &legs, actor, now)
    };
    Ok(Page { items: items.into_iter().map(view).collect(), next, total })
}

/// Lets a chain go: all its legs that stand and are not delivered end.
///
/// # Errors
/// `NotFound`; `Forbidden` for all but its lead and the operator; `Conflict` when it was dissolved or is delivered.
pub async fn dissolve(app: &App, caller: &Caller, id: ChainId, why: ClosingReason) -> AppResult<ChainView> {
    must_write(caller)?;
    // Legs that nobody has accepted tell it to sides who may not know each other.
    tells_no_contact(&why, MatchState::Proposed)?;
    let (this, caller, actor) = (app.clone(), caller.clone(), caller.actor);
    let (pen, now) = (Pen::of(app, &caller), app.clock.now());
    let work = move |tx: Tx| async move {
        let chain = store::get(&tx, actor.into(), id).await.map_err(not_found)?;
        must_lead(&caller, &chain)?;
        let locked = store::lock(&tx, id).await?;
        let state = locked.chain.state(&locked.states(now));
        if matches!(state, ChainState::Dissolved | ChainState::Fulfilled) {
            let detail = format!("the chain is {}; nothing of it can be let go", state.as_str());
            return Err(AppError::Conflict { code: "wrong_state", detail });
        }
        let ended = store::dissolve(&tx, &locked, &why, now).await?;
        note_ended(&this, &tx, &ended, (&pen, now)).await?;
        let changes =
            vec![Change::of("state", state.as_str(), ChainState::Dissolved.as_str()), Change::to("reason", why.code())];
        pen.note(&tx, [deed(Act::Dissolve, &locked.chain, changes)]).await?;
        Ok(())
    };
    app.store.write(work).await?;
    mails::ring(app);
    app.queued.notify_one();
    get(app, actor, id).await
}

/// What is done to a chain, which is its lead's.
fn deed(act: Act, chain: &Chain, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Chain, id: chain.id.0, owner: Some(chain.lead), changes }
}

/// Refuses those who write nothing at all, before anything is looked for.
fn must_write(caller: &Caller) -> AppResult<()> {
    caller.actor.organisation().map_or(Ok(()), |own| require(caller, Action::Write, Resource::OwnedBy(own)))
}

/// Refuses those who are on a leg and do not lead the chain.
fn must_lead(caller: &Caller, chain: &Chain) -> AppResult<()> {
    if caller.actor.organisation().is_some_and(|own| own != chain.lead) {
        let detail = "only who leads the chain does this; accept or decline the matches that are yours";
        return Err(AppError::Forbidden { detail: detail.to_owned() });
    }
    require(caller, Action::Write, Resource::OwnedBy(chain.lead))
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "chain" },
        other => other.into(),
    }
}
