//! An issuer's keys as they were last seen. They are asked for again when they are no longer fresh, and when a token
//! names one that is not among them; never more often than every [`EVERY_SECONDS`], whatever callers make up.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::time::{Clock, Instant};

use super::{
    EVERY_SECONDS, FRESH_SECONDS, KeySet, KeySource, MOST_BYTES, STALE_SECONDS, SourceError, claims::Signed,
    key_set::PublicKey,
};

/// A second, in microseconds.
const SECOND: i64 = 1_000_000;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The issuer does not have it.
    Unknown,
    /// It cannot be told, since the source does not answer.
    Away,
}

pub(super) struct KeyCache {
    issuer: String,
    source: Box<dyn KeySource>,
    limit: Duration,
    seen: RwLock<Seen>,
    /// One asks at a time; the others wait for what he finds.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Seen {
    /// The last good keys, and when they came.
    good: Option<(Arc<KeySet>, Instant)>,
    /// When the source was last asked.
    asked_at: Option<Instant>,
    /// Whether it failed then.
    failed: bool,
}

impl KeyCache {
    pub(super) fn new(issuer: String, source: Box<dyn KeySource>, limit: Duration) -> Self {
        Self { issuer, source, limit, seen: RwLock::default(), turn: tokio::sync::Mutex::default() }
    }

    /// The key that a token says it is signed with.
    pub(super) async fn key(self: &Arc<Self>, signed: &Signed, clock: &Arc<dyn Clock>) -> Result<PublicKey, Missing> {
        if let Some(key) = self.look().fresh(signed, clock.now()) {
            return Ok(key);
        }
        // On a task of its own: a caller who hangs up must not end what others wait for.
        let (this, theirs) = (Arc::clone(self), Arc::clone(clock));
        let asking = tokio::spawn(async move {
            let _turn = this.turn.lock().await;
            if this.look().may_ask(theirs.now()) {
                this.ask(theirs.as_ref()).await;
            }
        });
        asking.await.map_err(|_| Missing::Away)?;
        self.look().settled(signed, clock.now())
    }

    fn look(&self) -> Seen {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn ask(&self, clock: &dyn Clock) {
        let now = clock.now();
        self.note(|seen| (seen.asked_at, seen.failed) = (Some(now), true));
        match fetch(self.source.as_ref(), self.limit).await {
            Ok(keys) => self.note(|seen| (seen.good, seen.failed) = (Some((Arc::new(keys), now)), false)),
            Err(fault) => tracing::warn!(issuer = %self.issuer, %fault, "the keys of an outside issuer cannot be had"),
        }
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Seen {
    fn fresh(&self, signed: &Signed, now: Instant) -> Option<PublicKey> {
        let (keys, _) = self.good.as_ref().filter(|(_, at)| is_within(*at, now, FRESH_SECONDS))?;
        keys.find(&signed.kid, signed.algorithm).cloned()
    }

    fn may_ask(&self, now: Instant) -> bool {
        !self.asked_at.is_some_and(|at| is_within(at, now, EVERY_SECONDS))
    }

    /// What is known when the source cannot be asked any more.
    fn settled(&self, signed: &Signed, now: Instant) -> Result<PublicKey, Missing> {
        let usable = self.good.as_ref().filter(|(_, at)| is_within(*at, now, STALE_SECONDS));
        let (keys, _) = usable.ok_or(Missing::Away)?;
        let missing = if self.failed { Missing::Away } else { Missing::Unknown };
        keys.find(&signed.kid, signed.algorithm).cloned().ok_or(missing)
    }
}

/// Whether less than so many seconds passed since then; a clock that was set back says no.
fn is_within(then: Instant, now: Instant, seconds: i64) -> bool {
    (0..seconds * SECOND).contains(&(now.micros() - then.micros()))
}

/// The keys of a source, within the limits of time and size.
pub(super) async fn fetch(source: &dyn KeySource, limit: Duration) -> Result<KeySet, SourceError> {
    let late = |_| SourceError::Unreachable(format!("it took more than {limit:?}"));
    let bytes = tokio::time::timeout(limit, source.fetch()).await.map_err(late)??;
    if bytes.len() > MOST_BYTES {
        return Err(SourceError::TooLarge);
    }
    KeySet::parse(&bytes)
}
