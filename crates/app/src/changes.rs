//! The change feed: every change of a record in the reader's view, once and in order, from a cursor on; and what stands in
//! that view at the moment, to begin with.
//!
//! What an event shows is read when the reader comes, by the very use cases that show a record anywhere else: nothing is
//! kept of it, and what the reader may no longer see is shown no longer.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    alert::Alert,
    call::Call,
    event::{Event, Named, Subject},
    ids::{
        AlertId, CallId, CertificateId, ChainId, MandateId, MatchId, NeedId, OfferId, OrganisationId, RunId, SiteId,
    },
    mandate::Mandate,
    need::Need,
    offer::Offer,
    organisation::Site,
};
use storage::{Stored, events as store};
use tokio::sync::watch;

pub use storage::events::EventFilter;

use crate::{
    App,
    access::Caller,
    alerts, calls,
    certificates::{self, Filed},
    chains::{self, ChainView},
    error::{AppError, AppResult},
    matches::MatchView,
    memberships, offers,
    offers::seen::SeenOffer,
    organisations::Registration,
    policy::Actor,
    runs::{self, Retention, RunRow},
};

/// For how long events are kept, where nothing else is set.
pub const KEPT: Retention = Retention::Days(90);
/// The most streams that one caller holds open at once.
pub const MOST_STREAMS: usize = 20;
/// How long the sequencer rests between two batches, so that one batch serves many commits.
const REST: Duration = Duration::from_millis(50);
/// How long it waits when this process has committed nothing: others may have.
const IDLE: Duration = Duration::from_secs(1);
/// How often events are looked for that are too old to keep.
const FORGET_EVERY: Duration = Duration::from_secs(600);
/// How many events are dropped in one transaction.
const FORGET_AT_ONCE: u32 = 1_000;

/// What readers of the feed share.
#[derive(Debug)]
pub struct Feed {
    /// The last number that is known to be given.
    last: watch::Sender<i64>,
    /// Whether the service is told to stop.
    stopping: watch::Sender<bool>,
    streams: Mutex<BTreeMap<Option<OrganisationId>, usize>>,
}

impl Default for Feed {
    fn default() -> Self {
        let (last, stopping) = (watch::Sender::new(0), watch::Sender::new(false));
        Self { last, stopping, streams: Mutex::default() }
    }
}

impl Feed {
    /// Ends the waiting of every reader, since the service stops.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the service is told to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Ends when the service is told to stop.
    pub(crate) async fn stopped(&self) {
        until(&mut self.stopping.subscribe(), |stop| *stop).await;
    }

    /// A stream of a caller, until it is dropped.
    ///
    /// # Errors
    /// `TooOften` where it has [`MOST_STREAMS`].
    pub fn open(self: Arc<Self>, actor: Actor) -> AppResult<Stream> {
        let key = actor.organisation();
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let count = streams.entry(key).or_default();
        if *count >= MOST_STREAMS {
            let detail = "your organisation holds 20 streams open already; close one, or read page by page";
            return Err(AppError::TooOften { detail, wait: 5 });
        }
        *count += 1;
        drop(streams);
        Ok(Stream { feed: self, key })
    }
}

/// A stream that counts as long as it is there.
#[derive(Debug)]
pub struct Stream {
    feed: Arc<Feed>,
    key: Option<OrganisationId>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut streams = self.feed.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = streams.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                streams.remove(&self.key);
            }
        }
    }
}

/// A record as a reader sees it.
#[derive(Debug, Clone)]
pub enum Record {
    /// An organisation.
    Organisation(Box<Registration>),
    /// A site.
    Site(Box<Stored<Site>>),
    /// An offer of the reader's own.
    Offer(Box<Stored<Offer>>),
    /// A member's offer, as far as its cluster sees it.
    SeenOffer(Box<SeenOffer>),
    /// A certificate with its files.
    Certificate(Box<Filed>),
    /// A need.
    Need(Box<Stored<Need>>),
    /// A run.
    Run(Box<RunRow>),
    /// A match.
    Match(Box<MatchView>),
    /// A chain.
    Chain(Box<ChainView>),
    /// A call, with the name of its issuer.
    Call(Box<(Stored<Call>, Option<String>)>),
    /// A membership, with the name of the other side.
    Membership(Box<memberships::Named>),
    /// A mandate.
    Mandate(Box<Mandate>),
    /// An alert.
    Alert(Box<Alert>),
}

/// An event with its record as it is now; `None` where the reader sees no such record.
#[derive(Debug, Clone)]
pub struct Change {
    /// The event.
    pub event: Event,
    /// The record.
    pub record: Option<Record>,
}

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The changes, in their order.
    pub items: Vec<Change>,
    /// Up to which number nothing is left out.
    pub reached: i64,
    /// Whether there are more already.
    pub more: bool,
}

/// Which events a caller reads of those that it asks for. Under a mandate it reads what is its giver's own, and nothing of
/// the giver's people; all subjects where none is named.
pub fn filter(caller: &Caller, subjects: &[Subject]) -> EventFilter {
    let inside = caller.behalf.is_none();
    let wanted = |s: &Subject| (subjects.is_empty() || subjects.contains(s)) && (inside || !s.is_inside());
    EventFilter { subjects: Subject::ALL.into_iter().filter(wanted).collect(), onlooker: inside }
}

/// Gives numbers to what was committed, and answers the last one.
///
/// # Errors
/// Those of the database.
pub async fn number(app: &App) -> AppResult<i64> {
    let last = store::number(&app.store).await?;
    app.feed.last.send_if_modified(|known| std::mem::replace(known, last) != last);
    Ok(last)
}

/// What changed after a number, as far as the caller sees it; `None` where some of it is no longer kept.
///
/// # Errors
/// Those of the database.
pub async fn since(
    app: &App,
    caller: &Caller,
    filter: &EventFilter,
    after: i64,
    limit: u32,
) -> AppResult<Option<Changes>> {
    let Some(page) = store::page(&app.store, caller.actor.into(), filter, after, limit).await? else {
        return Ok(None);
    };
    let mut seen: BTreeMap<Named, Option<Record>> = BTreeMap::new();
    let mut items = Vec::with_capacity(page.items.len());
    for event in page.items {
        let record = match seen.get(&event.record) {
            Some(known) => known.clone(),
            None => seen.entry(event.record).or_insert(record(app, caller, event.record, event.owner).await?).clone(),
        };
        items.push(Change { event, record });
    }
    Ok(Some(Changes { items, reached: page.reached, more: page.more }))
}

/// As [`since`], and waits for the first change where there is none yet: for that long, or until the service stops.
///
/// # Errors
/// Those of the database.
pub async fn wait_since(
    app: &App,
    caller: &Caller,
    filter: &EventFilter,
    (after, limit, patience): (i64, u32, Duration),
) -> AppResult<Option<Changes>> {
    let (mut last, mut stopping) = (app.feed.last.subscribe(), app.feed.stopping.subscribe());
    let end = tokio::time::Instant::now() + patience;
    number(app).await?;
    let mut from = after;
    loop {
        let Some(found) = since(app, caller, filter, from, limit).await? else { return Ok(None) };
        if !found.items.is_empty() || tokio::time::Instant::now() >= end || *stopping.borrow() {
            return Ok(Some(found));
        }
        from = found.reached;
        tokio::select! {
            () = until(&mut last, |last| *last > from) => {}
            () = until(&mut stopping, |stop| *stop) => {}
            () = tokio::time::sleep_until(end) => {
                number(app).await?;
            }
        }
    }
}

async fn until<T>(watched: &mut watch::Receiver<T>, done: impl FnMut(&T) -> bool) {
    // An error means that the service goes away.
    let _ = watched.wait_for(done).await;
}

/// A record as the caller sees it, by the use case that shows it anywhere else.
async fn record(app: &App, caller: &Caller, of: Named, owner: Option<OrganisationId>) -> AppResult<Option<Record>> {
    let actor = caller.actor;
    let found = match of.subject {
        Subject::Organisation => {
            let found = crate::organisations::get(app, caller, OrganisationId(of.id)).await;
            found.map(|found| Record::Organisation(Box::new(found)))
        }
        Subject::Site => crate::sites::get(app, actor, SiteId(of.id)).await.map(|found| Record::Site(Box::new(found))),
        Subject::Offer => match offers::get(app, actor, OfferId(of.id)).await {
            Err(AppError::NotFound { .. }) if actor.organisation().is_some() => {
                let seen = offers::seen::view(app, caller, OfferId(of.id)).await;
                seen.map(|seen| Record::SeenOffer(Box::new(seen)))
            }
            own => own.map(|own| Record::Offer(Box::new(own))),
        },
        Subject::Certificate => {
            let offer = of.within.ok_or_else(|| AppError::internal("an event of a certificate names no offer"))?;
            let found = certificates::get(app, caller, (OfferId(offer), CertificateId(of.id))).await;
            found.map(|found| Record::Certificate(Box::new(found)))
        }
        Subject::Need => crate::needs::get(app, actor, NeedId(of.id)).await.map(|found| Record::Need(Box::new(found))),
        Subject::Run => runs::get(app, caller, RunId(of.id)).await.map(|found| Record::Run(Box::new(found))),
        Subject::Match => {
            crate::matches::get(app, actor, MatchId(of.id)).await.map(|found| Record::Match(Box::new(found)))
        }
        Subject::Chain => chains::get(app, actor, ChainId(of.id)).await.map(|found| Record::Chain(Box::new(found))),
        Subject::Call => match calls::get(app, caller, CallId(of.id)).await {
            Ok(found) => {
                let issuer = found.record.organisation;
                let name = calls::issuers(app, std::slice::from_ref(&found)).await?.remove(&issuer);
                Ok(Record::Call(Box::new((found, name))))
            }
            Err(error) => Err(error),
        },
        Subject::Membership => {
            let cluster = of.within.ok_or_else(|| AppError::internal("an event of a membership names no cluster"))?;
            let found = memberships::get(app, caller, (OrganisationId(cluster), OrganisationId(of.id))).await;
            found.map(|found| Record::Membership(Box::new(found)))
        }
        Subject::Mandate => match actor.organisation().or(owner) {
            Some(side) => {
                let found = crate::mandates::get(app, caller, side, MandateId(of.id)).await;
                found.map(|found| Record::Mandate(Box::new(found)))
            }
            None => Err(AppError::NotFound { what: "mandate" }),
        },
        Subject::Alert => alerts::get(app, caller, AlertId(of.id)).await.map(|found| Record::Alert(Box::new(found))),
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(AppError::NotFound { .. } | AppError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a walk through what stands stands itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number to follow changes from, once the walk is done.
    pub number: i64,
    /// The kind that is being walked through.
    pub subject: Subject,
    /// Beyond which of its records.
    pub after: Option<Named>,
}

/// A part of what stands in a view.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The records.
    pub items: Vec<(Named, Record)>,
    /// From which number on to follow changes.
    pub number: i64,
    /// Where the walk goes on; `None` at its end.
    pub next: Option<Place>,
}

/// What stands in the caller's view, kind after kind. Whatever changes during the walk is among the changes after its
/// `number`, so that nothing is lost between the two; what changed just before it may come there once more.
///
/// # Errors
/// Those of the database.
pub async fn snapshot(
    app: &App,
    caller: &Caller,
    filter: &EventFilter,
    place: Option<Place>,
    limit: u32,
) -> AppResult<Snapshot> {
    let number = match place {
        Some(place) => place.number,
        None => number(app).await?,
    };
    let calls = calls::reader_of(&app.store, caller, app.clock.now()).await?;
    let view = store::View { scope: caller.actor.into(), onlooker: filter.onlooker, calls };
    let mut items = Vec::new();
    let kinds = filter.subjects.iter().copied();
    for subject in kinds.skip_while(|subject| place.is_some_and(|place| place.subject != *subject)) {
        let after = place.filter(|place| place.subject == subject).and_then(|place| place.after);
        let mut key = after.map(|after| (after.id, after.within.unwrap_or_default()));
        loop {
            let room = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(limit));
            if room == 0 {
                let after = key.map(|(id, within)| Named { subject, id, within: Some(within) });
                return Ok(Snapshot { items, number, next: Some(Place { number, subject, after }) });
            }
            let found = store::standing(&app.store, &view, subject, key, room).await?;
            let Some(last) = found.last() else { break };
            key = Some((last.record.id, last.record.within.unwrap_or_default()));
            for one in found {
                if let Some(record) = record(app, caller, one.record, Some(one.owner)).await? {
                    items.push((one.record, record));
                }
            }
        }
    }
    Ok(Snapshot { items, number, next: None })
}

/// Drops events that are kept no longer, in small pieces, and answers how many.
///
/// # Errors
/// Those of the database.
pub async fn forget(app: &App) -> AppResult<usize> {
    let Retention::Days(days) = app.keep_events else { return Ok(0) };
    let day = 86_400_000_000;
    let before = app.clock.now().plus_micros(-i64::from(days) * day);
    // What has no number yet is not dropped, so that no number is ever missing between two others.
    number(app).await?;
    let mut dropped = 0;
    loop {
        let piece = app.store.write(move |tx| async move { store::forget(&tx, before, FORGET_AT_ONCE).await }).await?;
        dropped += piece;
        if piece == 0 {
            return Ok(dropped);
        }
    }
}

/// Gives numbers to what is committed and drops what is too old, until it is told to stop.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let told = app.store.told();
    let mut forgot: Option<tokio::time::Instant> = None;
    loop {
        // Made before it looks: what is committed while it looks rings all the same.
        let ring = told.notified();
        if let Err(error) = number(app).await {
            tracing::warn!(%error, "events could not be given numbers");
        }
        if forgot.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
            match forget(app).await {
                Ok(0) => {}
                Ok(dropped) => tracing::info!(dropped, "events that are kept no longer were dropped"),
                Err(error) => tracing::warn!(%error, "old events could not be dropped"),
            }
            forgot = Some(tokio::time::Instant::now());
        }
        tokio::select! {
            () = &mut stop => break,
            () = tokio::time::sleep(REST) => {}
        }
        tokio::select! {
            () = &mut stop => break,
            () = ring => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
    app.feed.stop();
}
