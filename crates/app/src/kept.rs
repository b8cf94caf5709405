//! The market in memory: built from the database once, and caught up with it before each answer.
//!
//! Whoever asks sees at least what was committed when he came: those who come while somebody catches up share the next
//! look at the events, which begins after they came.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZero,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{
    event::Subject,
    ids::{MatchId, NeedId, OfferId, OrganisationId, SiteId},
    market::Commitment,
    mode::MarketMode,
    time::{Day, Instant},
};
use index::{Builder, Index, Standing};
use storage::{
    facts::{self, Fact, Mark, News, Promise, Turned},
    modes,
};
use tokio::{
    sync::{Mutex, Semaphore},
    time::Instant as Moment,
};

use crate::{
    App, Tables,
    error::{AppError, AppResult},
    public_figures,
};

/// The market in memory.
#[derive(Debug)]
pub struct Kept {
    index: RwLock<Index>,
    /// How often what it holds changed.
    changes: AtomicU64,
    /// Whose turn it is to catch up.
    turn: Mutex<Option<Reached>>,
    /// Places for questions.
    asking: Arc<Semaphore>,
}

impl Default for Kept {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let asking = Arc::new(Semaphore::new(cores));
        Self { index: RwLock::default(), changes: AtomicU64::default(), turn: Mutex::default(), asking }
    }
}

impl Kept {
    /// How often what it holds changed so far.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }
}

/// How far the index is.
#[derive(Debug)]
struct Reached {
    mark: Mark,
    /// The tables it was built over.
    tables: Arc<Tables>,
    /// The mode by which it ages figures.
    mode: MarketMode,
    /// The day on which memberships were looked at: clusters end by the clock.
    day: Day,
    holds: Holds,
    /// When the last look at the events began.
    began: Moment,
}

/// Until when matches are held: past it they hold nothing, whether or not that is written yet.
#[derive(Debug, Default)]
struct Holds {
    of: HashMap<MatchId, Instant>,
    by_end: BTreeMap<Instant, BTreeSet<MatchId>>,
}

/// An index on its way, with what is held until when.
struct Filling(Builder, Holds);

/// How often the market is caught up with while nobody asks, so that who asks has little to wait for.
const EVERY: Duration = Duration::from_secs(5);

/// Answers a question from the market as it is now, on a thread that nobody else waits for; as many at once as there are
/// cores.
///
/// # Errors
/// Those of the database.
pub(crate) async fn ask<T, F>(app: &App, question: F) -> AppResult<T>
where
    F: FnOnce(&Index) -> T + Send + 'static,
    T: Send + 'static,
{
    warm(app).await?;
    let kept = Arc::clone(&app.kept);
    let place = Arc::clone(&kept.asking).acquire_owned().await.map_err(AppError::internal)?;
    let answering = tokio::task::spawn_blocking(move || {
        let _place = place;
        let index = kept.index.read().unwrap_or_else(PoisonError::into_inner);
        question(&index)
    });
    answering.await.map_err(AppError::internal)
}

/// Brings the market in memory up to what is committed by now. It goes on to its end whoever waits for it or not, so that
/// a client who hangs up costs nobody anything.
///
/// # Errors
/// Those of the database.
pub async fn warm(app: &App) -> AppResult<()> {
    let (app, came) = (app.clone(), Moment::now());
    tokio::spawn(async move { catch_up(&app, came).await }).await.map_err(AppError::internal)?
}

/// Keeps the market in memory while nobody asks, until it is told to stop.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            done = warm(app) => if let Err(error) = done {
                tracing::warn!(%error, "the market in memory could not be brought up to date");
            },
        }
        tokio::select! {
            () = &mut stop => return,
            done = public_figures::today(app) => if let Err(error) = done {
                tracing::warn!(%error, "the public figures of the day could not be reckoned");
            },
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn catch_up(app: &App, came: Moment) -> AppResult<()> {
    let mut turn = app.kept.turn.lock().await;
    if turn.as_ref().is_some_and(|reached| reached.began > came) {
        return Ok(());
    }
    let tables = app.tables();
    if let Some(reached) = turn.as_mut().filter(|reached| Arc::ptr_eq(&reached.tables, &tables)) {
        let (began, now) = (Moment::now(), app.clock.now());
        let turned = if now.day() == reached.day { Turned::No } else { Turned::Yes };
        if let Some(news) = facts::news(&app.store, &reached.mark, (now.day(), now), turned).await? {
            if let Err(error) = take_in(app, reached, news, now).await {
                // What was taken in by half is built anew.
                *turn = None;
                return Err(error);
            }
            (reached.day, reached.began) = (now.day(), began);
            return Ok(());
        }
    }
    *turn = Some(build(app, tables).await?);
    Ok(())
}

/// Takes in what changed, all at once for whoever asks meanwhile.
async fn take_in(app: &App, reached: &mut Reached, news: News, now: Instant) -> AppResult<()> {
    let News { facts, mark, mode } = news;
    let over = reached.holds.over(now);
    facts.iter().for_each(|fact| reached.holds.note(fact));
    if mode != reached.mode || mark != reached.mark || !facts.is_empty() || !over.is_empty() {
        let (kept, number) = (Arc::clone(&app.kept), mark.number);
        // Whoever asks at length is waited for on a thread of its own.
        let taking = tokio::task::spawn_blocking(move || {
            let mut index = kept.index.write().unwrap_or_else(PoisonError::into_inner);
            over.into_iter().for_each(|id| index.remove_commitment(id));
            take(&mut index, &facts);
            index.set_mode(mode);
            index.set_as_of_event(number);
            kept.changes.fetch_add(1, Ordering::SeqCst);
        });
        taking.await.map_err(AppError::internal)?;
    }
    (reached.mark, reached.mode) = (mark, mode);
    Ok(())
}

async fn build(app: &App, tables: Arc<Tables>) -> AppResult<Reached> {
    let (began, now, mode) = (Moment::now(), app.clock.now(), modes::current(&app.store).await?);
    let mut builder = Builder::new(&tables.catalogue, &tables.regions);
    builder.mode(mode);
    let filling = Filling(builder, Holds::default());
    let (Filling(builder, mut holds), mark) = facts::all(&app.store, now.day(), filling, |into, fact| {
        let Filling(builder, holds) = into;
        holds.note(&fact);
        match fact {
            Fact::Gone(..) => {}
            Fact::Organisation(organisation) => builder.organisation(&organisation),
            Fact::Site(site) => builder.site(&site),
            Fact::Line(line) => builder.line(&line),
            Fact::Offer(offer) => builder.offer(&offer),
            Fact::Need(need) => builder.need(&need),
            Fact::Promise(promise) => builder.commitment(&promise.commitment, standing(&promise)),
            Fact::NoPromise(_) => {}
        }
    })
    .await?;
    let mut index = builder.build(mark.number);
    for id in holds.over(now) {
        index.remove_commitment(id);
    }
    *app.kept.index.write().unwrap_or_else(PoisonError::into_inner) = index;
    app.kept.changes.fetch_add(1, Ordering::SeqCst);
    Ok(Reached { mark, tables, mode, day: now.day(), holds, began })
}

/// Takes in what changed: organisations and sites each all at once, since rows are gone through for them.
fn take(index: &mut Index, facts: &[Fact]) {
    index.upsert_organisations(facts.iter().filter_map(|fact| match fact {
        Fact::Organisation(organisation) => Some(organisation),
        _ => None,
    }));
    index.upsert_sites(facts.iter().filter_map(|fact| match fact {
        Fact::Site(site) => Some(site),
        _ => None,
    }));
    for fact in facts {
        take_one(index, fact);
    }
}

fn take_one(index: &mut Index, fact: &Fact) {
    match fact {
        Fact::Organisation(_) | Fact::Site(_) => {}
        Fact::Line(line) => index.upsert_line(line),
        Fact::Offer(offer) => index.upsert_offer(offer),
        Fact::Need(need) => index.upsert_need(need),
        Fact::Promise(promise) => index.upsert_commitment(&promise.commitment, standing(promise)),
        Fact::NoPromise(id) => index.remove_commitment(*id),
        Fact::Gone(subject, id) => match subject {
            Subject::Organisation | Subject::Membership => index.remove_organisation(OrganisationId(*id)),
            Subject::Site => index.remove_site(SiteId(*id)),
            Subject::Offer => index.remove_offer(OfferId(*id)),
            Subject::Need => index.remove_need(NeedId(*id)),
            Subject::Match => index.remove_commitment(MatchId(*id)),
            Subject::Mandate
            | Subject::Call
            | Subject::Run
            | Subject::Chain
            | Subject::Certificate
            | Subject::Alert => {}
        },
    }
}

fn standing(promise: &Promise) -> Standing {
    match promise.held_until {
        Some(_) => Standing::Held,
        None => Standing::Agreed,
    }
}

impl Holds {
    fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::Promise(Promise { commitment, held_until: Some(until) }) => {
                self.of.insert(commitment.match_id, *until);
                self.by_end.entry(*until).or_default().insert(commitment.match_id);
            }
            Fact::Promise(Promise { commitment: Commitment { match_id: id, .. }, held_until: None })
            | Fact::NoPromise(id) => {
                self.of.remove(id);
            }
            Fact::Organisation(_) | Fact::Site(_) | Fact::Line(_) | Fact::Offer(_) | Fact::Need(_) | Fact::Gone(..) => {
            }
        }
    }

    /// Takes out what is held no longer at an instant. What was agreed meanwhile, or is held for longer, is not.
    fn over(&mut self, now: Instant) -> Vec<MatchId> {
        let mut over = Vec::new();
        while let Some(entry) = self.by_end.first_entry().filter(|entry| *entry.key() <= now) {
            let (until, ids) = entry.remove_entry();
            over.extend(ids.into_iter().filter(|id| self.of.get(id) == Some(&until)));
        }
        for id in &over {
            self.of.remove(id);
        }
        over
    }
}
