//! Why a run covers a need or does not, and what would change it, as far as the reader may know.
//!
//! An explanation solves the market several times over, so few are computed at once, each on one
//! thread: more are turned away and may try again, and one whose reader went away is given up.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use domain::{
    eligibility::Rules,
    ids::{InstalmentId, NeedId, OfferId, RunId},
    market::Market,
    parameters::Parameters,
};
use matching::{Audience, Control, MatchingError, Question};
use storage::{
    PageRequest, StoreError,
    matches::MatchFilter,
    runs::{RunRow, RunState},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

mod remedies;

pub use matching::{
    Alternative, Asked, Because, CertificateLack, Change, Choice, Explanation, Fact, Gains, How, InstalmentExplanation,
    LeftOut, LineExplanation, MOST_SOLVES, Matched, Measured, PairAnswer, PairExplanation, Relaxation, Remedies,
    Remedy, RemedyLeftOut, Server, TierUnits, Tried, TriedRemedy, USUAL_SOLVES, Used, Value, Verdict,
};
pub use remedies::{RemediesTold, RemedyQuestion, remedies, remedies_now};

use crate::{
    App, Tables,
    access::Caller,
    error::{AppError, AppResult},
    offers::{self, seen::SeenOffer},
    policy::{Action, Actor, Resource, require},
};

/// Explanations that are computed at once.
const AT_ONCE: usize = 2;

/// Where explanations are computed: how many at once, and what the last one was about, since whoever
/// reads one often reads the next of the same run.
pub struct Explaining {
    seats: Arc<Semaphore>,
    last: Mutex<Option<Seen>>,
}

impl Default for Explaining {
    fn default() -> Self {
        Self { seats: Arc::new(Semaphore::new(AT_ONCE)), last: Mutex::new(None) }
    }
}

impl Explaining {
    fn seat(&self) -> AppResult<OwnedSemaphorePermit> {
        Arc::clone(&self.seats).try_acquire_owned().map_err(|_| AppError::Overloaded {
            detail: "as many explanations as the service computes at once are under way; try again in a second",
        })
    }

    fn known(&self, market: &str, tables: &str) -> Option<Seen> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|seen| seen.hashes == (market.to_owned(), tables.to_owned())).cloned()
    }

    fn keep(&self, seen: &Seen) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen.clone());
    }
}

/// What a run saw.
#[derive(Clone)]
struct Seen {
    /// Of market and tables.
    hashes: (String, String),
    market: Arc<Market>,
    tables: Arc<Tables>,
}

/// Gives a computation up once nobody waits for it.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is computed on its own thread.
pub(crate) struct Work {
    pub(crate) market: Arc<Market>,
    tables: Arc<Tables>,
    parameters: Parameters,
    /// Threads of the engine; all cores when 0.
    threads: usize,
    seat: Option<OwnedSemaphorePermit>,
}

impl Work {
    pub(crate) async fn run<T: Send + 'static>(
        self,
        question: impl FnOnce(&Rules<'_>, &Control<'_>) -> Result<Option<T>, MatchingError> + Send + 'static,
    ) -> AppResult<T> {
        let stop = Arc::new(AtomicBool::new(false));
        let _waiting = Waiting(Arc::clone(&stop));
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let _entered = span.entered();
            let Self { market, tables, parameters, threads, seat } = self;
            let rules = Rules {
                market: &market,
                catalogue: &tables.catalogue,
                regions: &tables.regions,
                parameters: &parameters,
            };
            let control = Control { threads, cancel: Some(&stop), progress: None };
            let answer = question(&rules, &control);
            // Held to the end of the work, not of the request.
            drop(seat);
            answer
        });
        let answer = task.await.map_err(AppError::internal)?;
        let answer = answer.map_err(|error| AppError::internal(format!("the engine: {error}")))?;
        answer.ok_or(AppError::NotFound { what: "need or offer in the market" })
    }
}

/// Why a run covers a need as it does, and what would change it, with at most `solves` solves. The
/// operator reads everything, the need's owner what it may know.
///
/// # Errors
/// `NotFound` when there is no such run, or the need is not the actor's or took no part in it;
/// `Conflict` when the run is not done, or what it saw is no longer kept; `Overloaded`.
pub async fn need(app: &App, caller: &Caller, run: RunId, need: NeedId, solves: u32) -> AppResult<Explanation> {
    own_need(app, caller, need).await?;
    let run_seen = done(app, caller, run).await?;
    let seat = app.explaining.seat()?;
    let (seen, parameters) = seen(app, run_seen).await?;
    let matched = matched(app, run, need).await?;
    let audience = audience(caller.actor)?;
    let work = Work::of(seen, parameters, seat);
    work.run(move |rules, control| {
        let question = Question { need, audience, budget: solves, matched: Some(&matched) };
        matching::explain_need(rules, &question, control)
    })
    .await
}

/// Why a run puts an offer to a need, or why not, and to a buyer the row of somebody else's offer as he may see it now.
/// A buyer names the offers of others as explanations name them.
///
/// # Errors
/// As [`need`]; `NotFound` also when the offer is not in the market as the actor sees it.
pub async fn pair(
    app: &App,
    caller: &Caller,
    run: RunId,
    (need, offer): (NeedId, OfferId),
    solves: u32,
) -> AppResult<(PairExplanation, Option<SeenOffer>)> {
    own_need(app, caller, need).await?;
    let run_seen = done(app, caller, run).await?;
    let seat = app.explaining.seat()?;
    let (seen, parameters) = seen(app, run_seen).await?;
    let matched = matched(app, run, need).await?;
    let audience = audience(caller.actor)?;
    let work = Work::of(seen, parameters, seat);
    let told = work.run(move |rules, control| {
        let question = Question { need, audience, budget: solves, matched: Some(&matched) };
        matching::explain_pair(rules, &question, offer, control)
    });
    let told = told.await?;
    let row = match (audience, told.behind) {
        (Audience::Buyer(own), Some(behind)) => offers::seen::row(app, caller, (own, need), behind).await?,
        (Audience::Buyer(_) | Audience::Operator, _) => None,
    };
    Ok((told, row))
}

/// Why an instalment got what a run gave it of an offer, and what else may serve it.
///
/// # Errors
/// As [`need`].
pub(crate) async fn choice(
    app: &App,
    caller: &Caller,
    run: RunId,
    (need, instalment, offer): (NeedId, InstalmentId, OfferId),
) -> AppResult<Choice> {
    own_need(app, caller, need).await?;
    let run_seen = done(app, caller, run).await?;
    let seat = app.explaining.seat()?;
    let (seen, parameters) = seen(app, run_seen).await?;
    let matched = matched(app, run, need).await?;
    let audience = audience(caller.actor)?;
    let work = Work::of(seen, parameters, seat);
    work.run(move |rules, control| {
        let question = Question { need, audience, budget: 0, matched: Some(&matched) };
        matching::explain_choice(rules, &question, (instalment, offer), control)
    })
    .await
}

/// What a run now would do for a need, with the market that it would see.
///
/// # Errors
/// `Forbidden` for all but the operator; `NotFound` when the need takes no part in runs.
pub async fn need_now(
    app: &App,
    caller: &Caller,
    parameters: Parameters,
    need: NeedId,
    solves: u32,
) -> AppResult<(Explanation, Arc<Market>)> {
    let work = Work::now(app, caller, parameters).await?;
    let market = Arc::clone(&work.market);
    let explanation = work.run(move |rules, control| {
        let question = Question { need, audience: Audience::Operator, budget: solves, matched: None };
        matching::explain_need(rules, &question, control)
    });
    Ok((explanation.await?, market))
}

/// Why a run now would put an offer to a need, or why not, with the market that it would see.
///
/// # Errors
/// As [`need_now`]; `NotFound` also when the offer is not in the market.
pub async fn pair_now(
    app: &App,
    caller: &Caller,
    parameters: Parameters,
    (need, offer): (NeedId, OfferId),
    solves: u32,
) -> AppResult<(PairExplanation, Arc<Market>)> {
    let work = Work::now(app, caller, parameters).await?;
    let market = Arc::clone(&work.market);
    let answer = work.run(move |rules, control| {
        let question = Question { need, audience: Audience::Operator, budget: solves, matched: None };
        matching::explain_pair(rules, &question, offer, control)
    });
    Ok((answer.await?, market))
}

impl Work {
    fn of(seen: Seen, parameters: Parameters, seat: OwnedSemaphorePermit) -> Self {
        let Seen { market, tables, hashes: _ } = seen;
        Self { market, tables, parameters, threads: 1, seat: Some(seat) }
    }

    /// The market as it is, for one question among others.
    pub(crate) async fn present(app: &App) -> AppResult<Self> {
        let seat = app.explaining.seat()?;
        let market = Arc::new(storage::market::snapshot(&app.store, app.today(), app.clock.now()).await?);
        let (tables, parameters) = (app.tables(), Parameters::default());
        Ok(Self { market, tables, parameters, threads: 1, seat: Some(seat) })
    }

    /// The market that a run saw, with its parameters.
    pub(crate) async fn of_run(app: &App, caller: &Caller, run: RunId) -> AppResult<Self> {
        let run_seen = done(app, caller, run).await?;
        let seat = app.explaining.seat()?;
        let (seen, parameters) = seen(app, run_seen).await?;
        Ok(Self::of(seen, parameters, seat))
    }

    /// For whoever has the machine to itself.
    pub(crate) async fn now(app: &App, caller: &Caller, parameters: Parameters) -> AppResult<Self> {
        require(caller, Action::Write, Resource::Runs)?;
        parameters.check()?;
        let market = Arc::new(storage::market::snapshot(&app.store, app.today(), app.clock.now()).await?);
        Ok(Self { market, tables: app.tables(), parameters, threads: 0, seat: None })
    }
}

pub(crate) fn audience(actor: Actor) -> AppResult<Audience> {
    match actor {
        Actor::Operator => Ok(Audience::Operator),
        Actor::Organisation(own) => Ok(Audience::Buyer(own)),
        Actor::Nobody => Err(AppError::NotFound { what: "need" }),
    }
}

async fn own_need(app: &App, caller: &Caller, need: NeedId) -> AppResult<()> {
    match storage::needs::get(&app.store, caller.actor.into(), need).await {
        Ok(_) => Ok(()),
        Err(StoreError::NotFound) => Err(AppError::NotFound { what: "need" }),
        Err(other) => Err(other.into()),
    }
}

/// A run, if it is done.
async fn done(app: &App, caller: &Caller, id: RunId) -> AppResult<RunRow> {
    let run = crate::runs::get(app, caller, id).await?;
    match run.state {
        RunState::Done => Ok(run),
        RunState::Queued | RunState::Running | RunState::Failed => {
            let detail = format!("the run {id} is {}; only a run that is done can be explained", run.state.as_str());
            Err(AppError::Conflict { code: "wrong_state", detail })
        }
    }
}

/// What a run saw, and its parameters.
async fn seen(app: &App, run: RunRow) -> AppResult<(Seen, Parameters)> {
    let id = run.id;
    let parameters: Parameters = serde_json::from_str(&run.parameters_json).map_err(AppError::internal)?;
    let gone = || AppError::Conflict {
        code: "no_snapshot",
        detail: format!("what the run {id} saw is not kept, so it can no longer be explained; take a newer run"),
    };
    let hashes = run.market_hash.clone().zip(run.tables_hash.clone()).ok_or_else(gone)?;
    if let Some(seen) = app.explaining.known(&hashes.0, &hashes.1) {
        return Ok((seen, parameters));
    }
    let (market, tables) = storage::snapshots::of_run(&app.store, &run).await?.ok_or_else(gone)?;
    // Unpacking and reading megabytes is no work for the threads that answer requests.
    let opened = tokio::task::spawn_blocking(move || {
        let (market, tables): (Market, Tables) = (market.open()?, tables.open()?);
        Ok::<_, String>(Seen { hashes, market: Arc::new(market), tables: Arc::new(tables) })
    });
    let seen = opened.await.map_err(AppError::internal)?.map_err(AppError::internal)?;
    app.explaining.keep(&seen);
    Ok((seen, parameters))
}

/// What a run gave a need, whatever became of it since.
async fn matched(app: &App, run: RunId, need: NeedId) -> AppResult<Vec<Matched>> {
    let filter = MatchFilter { run: Some(run), need: Some(need), ..MatchFilter::default() };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let request = PageRequest { after, ..PageRequest::first(PageRequest::MOST) };
        let page = storage::matches::page(&app.store, storage::Scope::Operator, &filter, request).await?;
        for row in page.items {
            let line: matching::MatchLine = serde_json::from_str(&row.explanation_json).map_err(AppError::internal)?;
            found.push(Matched { offer: line.offer, instalment: line.instalment, units: line.quantity.units() });
        }
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    found.sort_by_key(|m| (m.instalment, m.offer));
    Ok(found)
}
