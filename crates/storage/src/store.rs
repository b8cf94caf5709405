//! The store: a pool of connections, and the two ways to use it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr};
use tokio::sync::{Notify, Semaphore};
use tracing::Instrument;

use crate::{
    dialect::{self, Purpose},
    error::StoreError,
    events::{self, Told},
    url::{DatabaseKind, DatabaseUrl},
};

/// How many connections a store keeps, and how long a caller waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSize {
    /// The most connections at once.
    pub connections: u32,
    /// How long to wait before the answer is [`StoreError::Busy`].
    pub wait: Duration,
}

impl Default for PoolSize {
    /// 10 connections, 10 seconds.
    fn default() -> Self {
        Self { connections: 10, wait: Duration::from_secs(10) }
    }
}

/// How the schema of a database stands to what a version needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// As it should be.
    Current,
    /// So many changes are still to be made.
    Behind(usize),
    /// A later version made changes to it.
    Newer,
}

/// A database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    connection: DatabaseConnection,
    kind: DatabaseKind,
    /// One permit for the one writer of a SQLite file: writers of this process queue here in order
    /// of arrival instead of polling for the file's lock and holding connections that readers need.
    writers: Arc<Semaphore>,
    wait: Duration,
    /// Rings when a transaction of this process that left events is committed.
    told: Arc<Notify>,
    /// Whether transactions leave events; they all do but where it is measured what that costs.
    tells: bool,
}

impl Store {
    /// Opens a database with the default pool. The schema is brought up to date by [`Store::migrate`].
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open_with(url, PoolSize::default()).await
    }

    /// Opens a database with a pool of a given size.
    pub async fn open_with(url: &DatabaseUrl, pool: PoolSize) -> Result<Self, StoreError> {
        Self::open_for(url, pool, Purpose::Work).await
    }

    /// Opens a database only to look at it: it refuses every change, and a file that is not there is not made.
    ///
    /// # Errors
    /// Among others, when there is no database.
    pub async fn open_to_look(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open_for(url, PoolSize::default(), Purpose::Look).await
    }

    async fn open_for(url: &DatabaseUrl, pool: PoolSize, purpose: Purpose) -> Result<Self, StoreError> {
        let connection = dialect::connect(url, pool, purpose).await?;
        let kind = url.kind();
        let writers = match kind {
            DatabaseKind::Sqlite => 1,
            DatabaseKind::Postgres => Semaphore::MAX_PERMITS,
        };
        Ok(Self {
            connection,
            kind,
            writers: Arc::new(Semaphore::new(writers)),
            wait: pool.wait,
            told: Arc::default(),
            tells: true,
        })
    }

    /// Brings the schema up to date and returns how many changes were made. All of them or none,
    /// and only one process at a time.
    ///
    /// # Errors
    /// Among others, when the database was migrated by a newer version.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        self.write(async |tx: Tx| {
            let transaction = tx.connection();
            dialect::take_turn(transaction, dialect::Turn::Migrate).await?;
            let pending = Migrator::get_pending_migrations(transaction).await?.len();
            Migrator::up(transaction, None).await?;
            Ok(pending)
        })
        .await
    }

    /// How the schema stands to what this version needs; nothing is changed.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        match Migrator::get_pending_migrations_read_only(&self.connection).await {
            Ok(pending) if pending.is_empty() => Ok(Schema::Current),
            Ok(pending) => Ok(Schema::Behind(pending.len())),
            // What a migration is called that this version does not know.
            Err(DbErr::Custom(_)) => Ok(Schema::Newer),
            Err(other) => Err(other.into()),
        }
    }

    /// Which database it is.
    pub fn kind(&self) -> DatabaseKind {
        self.kind
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.connection.ping().await?)
    }

    /// The version of the database, as `SQLite 3.51.3` or `PostgreSQL 15.8`.
    pub async fn server_version(&self) -> Result<String, StoreError> {
        dialect::version(&self.connection).await
    }

    /// What is broken in the database file, in words; nothing when it is sound. PostgreSQL checks its own.
    pub async fn faults(&self) -> Result<Vec<String>, StoreError> {
        dialect::faults(&self.connection).await
    }

    /// Lets go of what was deleted, down to the journal of a SQLite file, as far as nobody reads it. PostgreSQL
    /// does so as it vacuums.
    pub async fn settle(&self) -> Result<(), StoreError> {
        Ok(dialect::settle(&self.connection).await?)
    }

    /// Closes every connection; later calls fail.
    pub async fn close(&self) -> Result<(), StoreError> {
        Ok(self.connection.close_by_ref().await?)
    }

    /// The same database, written to without events: what they cost is measured against it.
    #[cfg(feature = "tampering")]
    #[must_use]
    pub fn without_events(&self) -> Self {
        Self { tells: false, ..self.clone() }
    }

    /// Runs a statement past everything that looks after the data, and says how many rows it changed.
    #[cfg(feature = "tampering")]
    pub async fn tamper(&self, statement: &str) -> Result<u64, StoreError> {
        Ok(self.connection.execute_unprepared(statement).await?.rows_affected())
    }

    /// Runs `work` in one transaction, commits it when it succeeds and rolls it back when it fails.
    /// All of that happens on a task of its own: a caller that is dropped half-way, because a client
    /// hung up or a timeout fired, leaves no open transaction behind (field case DB-03). The work
    /// then still runs to its end.
    ///
    /// # Errors
    /// Those of the work, and [`StoreError::Busy`] when the transaction cannot begin in time.
    pub async fn write<T, E, W, F>(&self, work: W) -> Result<T, E>
    where
        W: FnOnce(Tx) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        on_own_task(async move {
            let permit = tokio::time::timeout(store.wait, store.writers.acquire()).await;
            let _permit = permit
                .map_err(|_| StoreError::Busy("other writers took too long".to_owned()))?
                .map_err(|error| StoreError::Internal(Box::new(error)))?;
            let transaction = dialect::begin_write(&store.connection).await.map_err(StoreError::from)?;
            let (value, told) = run(transaction, work, store.tells).await?;
            if told {
                store.told.notify_waiters();
            }
            Ok(value)
        })
        .await
    }

    /// Rings whenever a transaction of this process that left events is committed.
    pub fn told(&self) -> Arc<Notify> {
        Arc::clone(&self.told)
    }

    /// Runs `work` in one transaction that sees a single state of the database and writes nothing.
    /// As [`Store::write`], it runs on a task of its own.
    pub(crate) async fn read_one_state<T, W, F>(&self, work: W) -> Result<T, StoreError>
    where
        W: FnOnce(Tx) -> F + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        let store = self.clone();
        on_own_task(async move {
            let transaction = dialect::begin_snapshot(&store.connection).await.map_err(StoreError::from)?;
            run(transaction, work, false).await.map(|(value, _)| value)
        })
        .await
    }
}

async fn on_own_task<T, E, F>(work: F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Internal(Box::new(error)).into()),
    }
}

/// Runs work, writes the events that it left, and ends the transaction; says whether there were events.
async fn run<T, E, W, F>(transaction: DatabaseTransaction, work: W, tells: bool) -> Result<(T, bool), E>
where
    W: FnOnce(Tx) -> F,
    F: Future<Output = Result<T, E>>,
    E: From<StoreError>,
{
    let transaction = Arc::new(transaction);
    let told = Arc::new(Mutex::new(Told::default()));
    let result = work(Tx { transaction: Arc::clone(&transaction), told: Arc::clone(&told) }).await;
    let transaction = Arc::try_unwrap(transaction)
        .map_err(|_| StoreError::internal("the transaction outlived its work; it is rolled back"))?;
    let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    let result = match result {
        Ok(value) if !tells => Ok((value, false)),
        Ok(value) => events::write(&transaction, told).await.map(|told| (value, told)).map_err(E::from),
        Err(error) => Err(error),
    };
    match result {
        Ok(done) => {
            transaction.commit().await.map_err(StoreError::from)?;
            Ok(done)
        }
        Err(error) => {
            if let Err(rollback) = transaction.rollback().await {
                tracing::warn!(%rollback, "a transaction could not be rolled back in order; its connection closes");
            }
            Err(error)
        }
    }
}

/// An open write transaction, inside [`Store::write`].
#[derive(Debug)]
pub struct Tx {
    transaction: Arc<DatabaseTransaction>,
    told: Arc<Mutex<Told>>,
}

impl Tx {
    /// What the transaction has changed so far.
    pub(crate) fn told(&self) -> &Mutex<Told> {
        &self.told
    }
}

/// What queries can run on: the [`Store`], or a [`Tx`] whose own changes they shall see.
pub trait Reads: sealed::Sealed + Sync {
    /// The type behind it.
    #[doc(hidden)]
    type Connection: ConnectionTrait;
    /// The connection behind it.
    #[doc(hidden)]
    fn connection(&self) -> &Self::Connection;
}

impl Reads for Store {
    type Connection = DatabaseConnection;
    fn connection(&self) -> &Self::Connection {
        &self.connection
    }
}

impl Reads for Tx {
    type Connection = DatabaseTransaction;
    fn connection(&self) -> &Self::Connection {
        &self.transaction
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Store {}
    impl Sealed for super::Tx {}
}
