//! Use cases, one file a resource: authorise, load, decide, save, queue. No HTTP, no SQL.
//!
//! [`App`] holds what they share. Clock, randomness and key are injected, so that a test sees the
//! same ids and instants at every run.

use std::sync::{Arc, PoisonError, RwLock};

use domain::{
    offer::Reference,
    time::{Clock, Day},
};
use storage::Store;
use tokio::sync::Notify;

use crate::signing_keys::SigningKeys;

pub mod abilities;
pub mod access;
pub mod alerts;
pub mod answers;
pub mod api_keys;
pub mod audit;
pub mod board;
pub mod calls;
pub mod candidates;
pub mod capacity;
pub mod catalogue;
pub mod certificates;
pub mod chains;
pub mod changes;
mod changing;
pub mod claims;
pub mod clusters;
pub mod dependence;
pub mod doctor;
pub mod error;
pub mod evaluations;
pub mod evidence;
pub mod explanations;
pub mod freshness;
pub mod guesses;
pub mod health;
pub mod hidden_capacity;
pub mod history;
pub mod idempotency;
pub mod ids;
pub mod imports;
pub mod kept;
pub mod ledger;
pub mod lines;
pub mod links;
pub mod mails;
pub mod mandates;
pub mod market;
pub mod matches;
pub mod memberships;
pub mod needs;
pub mod notified_bodies;
pub mod offers;
pub mod openings;
pub mod organisations;
pub mod outside;
pub mod passwords;
pub mod people;
pub mod place_tables;
pub mod policy;
pub mod products;
mod promises;
pub mod public_figures;
pub mod questionnaire;
pub mod regions;
pub mod reviews;
pub mod risks;
pub mod roles;
pub mod runs;
pub mod schedule;
pub mod sessions;
pub mod setup;
pub mod shortages;
pub mod shown;
pub mod signing_keys;
pub mod sites;
pub mod tables;
pub mod tokens;

pub use error::{AppError, AppResult};
pub use policy::Actor;
pub use storage::{Order, Origin, Page, PageKey, PageRequest, Stored};
pub use tables::Tables;

/// What every use case works with; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
    /// The instant that the audit log tells: the true one, also where a command decides as of another day.
    pub audit_clock: Arc<dyn Clock>,
    /// New identifiers.
    pub ids: Arc<ids::Ids>,
    /// The keys of tokens and cursors.
    pub keys: Arc<SigningKeys>,
    /// Outside issuers whose tokens are taken.
    pub outside: Arc<outside::OutsideIssuers>,
    /// For how long what runs saw is kept.
    pub retention: runs::Retention,
    /// For how many days events are kept.
    pub keep_events: runs::Retention,
    /// What readers of the change feed share.
    pub feed: Arc<changes::Feed>,
    /// The market in memory.
    pub kept: Arc<kept::Kept>,
    /// What the last run left for the next one.
    pub(crate) last_run: Arc<runs::LastRun>,
    /// What was told just now.
    pub answers: Arc<answers::Answers>,
    /// What everybody is told today.
    pub published: Arc<public_figures::Published>,
    /// The most bytes of an evidence file.
    pub evidence_limit: usize,
    /// What a reader may do with what he is told.
    pub licence: Arc<str>,
    /// What anybody may do with the public figures.
    pub public_licence: Arc<str>,
    /// Where people reach the service, without a slash at the end: links in mails begin with it.
    pub public_url: Arc<str>,
    /// Who signs in too often.
    pub(crate) guesses: Arc<guesses::Guesses>,
    /// Where passwords are hashed, few at once.
    pub(crate) passwords: Arc<passwords::Hashing>,
    tables: Arc<RwLock<Arc<Tables>>>,
    /// Rings when a mail is queued.
    posted: Arc<Notify>,
    /// Rings when a run is queued.
    queued: Arc<Notify>,
    /// Rings when a run is cancelled.
    cancelled: Arc<Notify>,
    /// Where explanations are computed, few at once.
    explaining: Arc<explanations::Explaining>,
}

/// What a reader may do with what he is told, where nobody says otherwise.
pub const LICENCE: &str = "For the use of whoever was given it; not for publication";
/// What anybody may do with the public figures, where nobody says otherwise.
pub const PUBLIC_LICENCE: &str = "CC-BY-4.0";

impl App {
    /// An app on a migrated database.
    pub fn new(store: Store, tables: Tables, clock: Arc<dyn Clock>, ids: ids::Ids, keys: SigningKeys) -> Self {
        Self {
            store,
            audit_clock: Arc::clone(&clock),
            clock,
            ids: Arc::new(ids),
            keys: Arc::new(keys),
            outside: Arc::default(),
            retention: runs::Retention::default(),
            keep_events: changes::KEPT,
            feed: Arc::default(),
            kept: Arc::default(),
            last_run: Arc::default(),
            answers: Arc::default(),
            published: Arc::default(),
            evidence_limit: domain::evidence::MOST_BYTES,
            licence: LICENCE.into(),
            public_licence: PUBLIC_LICENCE.into(),
            public_url: "http://127.0.0.1:8080".into(),
            guesses: Arc::default(),
            passwords: Arc::default(),
            tables: Arc::new(RwLock::new(Arc::new(tables))),
            posted: Arc::new(Notify::new()),
            queued: Arc::new(Notify::new()),
            cancelled: Arc::new(Notify::new()),
            explaining: Arc::default(),
        }
    }

    /// The catalogue and regions as they are now; hold the value for the length of a use case.
    pub fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.tables.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other tables in their place, after the operator edited the catalogue.
    pub fn replace_tables(&self, tables: Tables) {
        *self.tables.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tables);
    }

    /// Today, in UTC: the day that input is checked on and runs decide on.
    pub fn today(&self) -> Day {
        self.clock.now().day()
    }
}

/// What input is checked against on a day.
pub(crate) fn reference(tables: &Tables, today: Day) -> Reference<'_> {
    Reference { catalogue: &tables.catalogue, regions: &tables.regions, today }
}
