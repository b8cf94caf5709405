//! The market in memory: built from the database once, and caught up with it before each answer.
//!
//! Whoever asks sees at least what was committed when he came: those who come while somebody catches up share the next
//! look at the events, which begins after they came.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use domain::{
    ids::MatchId,
    market::Commitment,
    mode::MarketMode,
    time::{Day, Instant},
};
use index::{Builder, Index, Standing};
use storage::{
    facts::{self, Fact, Mark, Promise},
    modes,
};
use tokio::{sync::Mutex, time::Instant as Moment};

use crate::{
    App, Tables,
    error::{AppError, AppResult},
};

/// The market in memory.
#[derive(Debug, Default)]
pub struct Kept {
    index: RwLock<Index>,
    /// Whose turn it is to catch up.
    turn: Mutex<Option<Reached>>,
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

/// Answers a question from the market as it is now, on a thread that nobody else waits for.
///
/// # Errors
/// Those of the database.
pub(crate) async fn ask<T, F>(app: &App, question: F) -> AppResult<T>
where
    F: FnOnce(&Index) -> T + Send + 'static,
    T: Send + 'static,
{
    catch_up(app).await?;
    let kept = Arc::clone(&app.kept);
    let answering = tokio::task::spawn_blocking(move || {
        let index = kept.index.read().unwrap_or_else(PoisonError::into_inner);
        question(&index)
    });
    answering.await.map_err(AppError::internal)
}

/// Builds the index where there is none, so that the first who asks need not wait for it.
///
/// # Errors
/// Those of the database.
pub async fn warm(app: &App) -> AppResult<()> {
    catch_up(app).await
}

async fn catch_up(app: &App) -> AppResult<()> {
    let came = Moment::now();
    let mut turn = app.kept.turn.lock().await;
    if turn.as_ref().is_some_and(|reached| reached.began >= came) {
        return Ok(());
    }
    let tables = app.tables();
    if let Some(reached) = turn.as_mut().filter(|reached| Arc::ptr_eq(&reached.tables, &tables))
        && let Some(news) = news(app, reached).await?
    {
        take_in(app, reached, news);
        return Ok(());
    }
    *turn = Some(build(app, tables).await?);
    Ok(())
}

/// What is to be taken in.
struct News {
    mark: Mark,
    mode: MarketMode,
    facts: Vec<Fact>,
    began: Moment,
    now: Instant,
}

/// Reads what changed; `None` where that cannot be told any more.
async fn news(app: &App, reached: &Reached) -> AppResult<Option<News>> {
    let (began, now) = (Moment::now(), app.clock.now());
    let Some((changed, mark)) = facts::since(&app.store, &reached.mark).await? else { return Ok(None) };
    let mode = modes::current(&app.store).await?;
    let mut facts = Vec::new();
    if now.day() != reached.day {
        facts = facts::organisations_on(&app.store, now.day()).await?;
    }
    if !changed.is_empty() {
        facts.extend(facts::read(&app.store, now.day(), now, &changed).await?);
    }
    Ok(Some(News { mark, mode, facts, began, now }))
}

/// Takes it in, all at once for whoever asks meanwhile.
fn take_in(app: &App, reached: &mut Reached, news: News) {
    let News { mark, mode, facts, began, now } = news;
    let over = reached.holds.over(now);
    if mode != reached.mode || mark != reached.mark || !facts.is_empty() || !over.is_empty() {
        let mut index = app.kept.index.write().unwrap_or_else(PoisonError::into_inner);
        for id in over {
            index.remove_commitment(id);
        }
        for fact in facts {
            reached.holds.note(&fact);
            take(&mut index, fact);
        }
        index.set_mode(mode);
        index.set_as_of_event(mark.number);
    }
    (reached.mark, reached.mode, reached.day, reached.began) = (mark, mode, now.day(), began);
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
    Ok(Reached { mark, tables, mode, day: now.day(), holds, began })
}

fn take(index: &mut Index, fact: Fact) {
    match fact {
        Fact::Organisation(organisation) => index.upsert_organisation(&organisation),
        Fact::Site(site) => index.upsert_site(&site),
        Fact::Line(line) => index.upsert_line(&line),
        Fact::Offer(offer) => index.upsert_offer(&offer),
        Fact::Need(need) => index.upsert_need(&need),
        Fact::Promise(promise) => index.upsert_commitment(&promise.commitment, standing(&promise)),
        Fact::NoPromise(id) => index.remove_commitment(id),
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
            Fact::Organisation(_) | Fact::Site(_) | Fact::Line(_) | Fact::Offer(_) | Fact::Need(_) => {}
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
