//! The one file where SQLite and PostgreSQL differ, and why.
//!
//! - **Opening**: a file needs its journal, its lock waiting and its fsync chosen per connection; a
//!   server has its own settings and needs limits on waiting.
//! - **Beginning a write**: SQLite has one writer. A transaction that reads first and writes later
//!   cannot take the write lock once somebody else has committed in between, and fails at once with
//!   code 517 whatever the busy timeout (field case DB-02); so it takes the lock first. PostgreSQL
//!   locks rows, and needs nothing.
//! - **Beginning a consistent read**: SQLite's readers see one state from their first statement on.
//!   PostgreSQL's default level shows every statement a newer one, so it is raised.
//! - **One at a time**: what compares with what is not there yet, as migrations do, excludes its
//!   like. In SQLite the write lock does that; PostgreSQL has advisory locks.
//! - **Changing both ends of a reference**: offers and needs name their site together with its
//!   organisation, so that no record lies at a stranger's. SQLite can check at the end of the
//!   transaction instead of after each statement; PostgreSQL checks after a statement, and changes
//!   several tables in one.
//! - **Locking what others name**: in PostgreSQL who writes a reference waits for who has locked the row that it names, unless
//!   that lock leaves the key free. SQLite has one writer.
//! - **Deleting for good**: a file keeps a journal of what was there until it is emptied.
//! - **The version** has another name, and only a file that we wrote ourselves needs checking.

use std::time::Duration;

use domain::time::Instant;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    sea_query::LockType,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    store::PoolSize,
    url::{DatabaseKind, DatabaseUrl, Place},
};

/// How long a statement waits for a lock before the caller is told that the database is busy.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How offers, needs and instalments are locked before they change. Whoever takes a step of a match holds the match and
/// writes entries that name its offer; whoever changes the offer holds that and may end the match. With a lock on the key
/// as well, the two wait for each other.
pub(crate) const TO_CHANGE: LockType = LockType::NoKeyUpdate;

/// What a pool is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// All there is to do.
    Work,
    /// Looking alone: the database refuses to change anything, and no file is made.
    Look,
}

/// Opens a pool.
pub(crate) async fn connect(
    url: &DatabaseUrl,
    pool: PoolSize,
    purpose: Purpose,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = match &url.0 {
        Place::File(path, create) => {
            // The path goes past the URL parser, which would read % and ? in it as its own.
            let mut options = ConnectOptions::new("sqlite:");
            let (path, create) = (path.clone(), *create);
            options.map_sqlx_sqlite_opts(move |file| {
                let file = file.filename(&path).foreign_keys(true).busy_timeout(LOCK_WAIT);
                if purpose == Purpose::Look {
                    // Not opened as read-only: whoever does leaves journal files behind that were not there.
                    return file.create_if_missing(false).pragma("query_only", "ON");
                }
                file.create_if_missing(create)
                    // Readers go on while one writes.
                    .journal_mode(SqliteJournalMode::Wal)
                    // Every commit is on the disk before it is acknowledged, so it survives a power
                    // cut. NORMAL may lose the last commits, ADR 0011 has what that would save.
                    .synchronous(SqliteSynchronous::Full)
                    // What is deleted is overwritten: a person who was erased must not be found in the file.
                    .pragma("secure_delete", "ON")
            });
            options
        }
        Place::Server(server) => {
            let mut options = ConnectOptions::new(server.clone());
            let read_only = match purpose {
                Purpose::Work => "off",
                Purpose::Look => "on",
            };
            options.map_sqlx_postgres_opts(move |server| {
                server.application_name("muster").options([
                    ("lock_timeout", LOCK_WAIT.as_millis().to_string()),
                    // A second line of defence against a transaction that nobody will end.
                    ("idle_in_transaction_session_timeout", "60000".to_owned()),
                    ("default_transaction_read_only", read_only.to_owned()),
                ])
            });
            options
        }
    };
    options
        .max_connections(pool.connections.max(1))
        .acquire_timeout(pool.wait)
        .connect_timeout(pool.wait)
        .sqlx_logging(false);
    Ok(Database::connect(options).await?)
}

/// Which database a connection leads to.
pub(crate) fn kind(connection: &DatabaseConnection) -> DatabaseKind {
    match connection.get_database_backend() {
        DbBackend::Postgres => DatabaseKind::Postgres,
        // The enum also names databases that are not compiled in.
        _ => DatabaseKind::Sqlite,
    }
}

/// Begins a transaction that may write.
pub(crate) async fn begin_write(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = match kind(connection) {
        DatabaseKind::Sqlite => TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        },
        DatabaseKind::Postgres => TransactionOptions::default(),
    };
    connection.begin_with_options(options).await
}

/// Begins a transaction of which every statement sees the same state.
pub(crate) async fn begin_snapshot(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = match kind(connection) {
        DatabaseKind::Sqlite => TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
            ..TransactionOptions::default()
        },
        DatabaseKind::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        },
    };
    connection.begin_with_options(options).await
}

/// What is done by one transaction at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Bringing the schema up to date.
    Migrate,
    /// Storing what a run found.
    Finish,
    /// Registering an organisation under a name.
    Register,
    /// Claiming an idempotency key.
    Claim,
    /// Giving numbers to events.
    Number,
    /// Deciding whether a run is to be queued.
    Queue,
    /// Adding an alert, of which each may have so many.
    Alert,
}

/// Waits until no other transaction has the turn, and keeps it until this one ends.
pub(crate) async fn take_turn(transaction: &DatabaseTransaction, turn: Turn) -> Result<(), DbErr> {
    match transaction.get_database_backend() {
        DbBackend::Postgres => {
            // Any numbers will do that nobody else uses; the first spells "muster".
            let number = match turn {
                Turn::Migrate => 120_312_219_461_234_i64,
                Turn::Finish => 120_312_219_461_235,
                Turn::Register => 120_312_219_461_236,
                Turn::Claim => 120_312_219_461_237,
                Turn::Number => 120_312_219_461_238,
                Turn::Queue => 120_312_219_461_239,
                Turn::Alert => 120_312_219_461_240,
            };
            let wait = format!("SELECT pg_advisory_xact_lock({number})");
            transaction.execute_unprepared(&wait).await.map(drop)
        }
        // The write transaction holds the only write lock already.
        _ => Ok(()),
    }
}

/// How many rows moved to another organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Premises {
    pub(crate) sites: u64,
    pub(crate) offers: u64,
    pub(crate) needs: u64,
}

/// Makes the sites of an organisation another's, with the offers and needs that lie at them.
pub(crate) async fn move_premises(
    transaction: &DatabaseTransaction,
    from: Uuid,
    into: Uuid,
    at: Instant,
) -> Result<Premises, StoreError> {
    let values = || [into.into(), at.micros().into(), from.into()];
    let update =
        |table: &str| format!("UPDATE {table} SET organisation_id = $1, updated_at = $2 WHERE organisation_id = $3");
    match transaction.get_database_backend() {
        DbBackend::Postgres => {
            let [sites, offers, needs] = ["sites", "offers", "needs"].map(update);
            let all = format!(
                "WITH s AS ({sites} RETURNING 1), o AS ({offers} RETURNING 1), n AS ({needs} RETURNING 1) \
                 SELECT (SELECT count(*) FROM s), (SELECT count(*) FROM o), (SELECT count(*) FROM n)"
            );
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, all, values());
            let row = transaction.query_one_raw(statement).await?;
            let row = row.ok_or_else(|| StoreError::internal("counting what moved has no row"))?;
            let count = |at: usize| Ok::<_, DbErr>(row.try_get_by_index::<i64>(at)?.unsigned_abs());
            Ok(Premises { sites: count(0)?, offers: count(1)?, needs: count(2)? })
        }
        _ => {
            // It holds until the transaction ends.
            transaction.execute_unprepared("PRAGMA defer_foreign_keys = ON").await?;
            let mut counts = [0; 3];
            for (count, table) in counts.iter_mut().zip(["sites", "offers", "needs"]) {
                let statement = Statement::from_sql_and_values(DbBackend::Sqlite, update(table), values());
                *count = transaction.execute_raw(statement).await?.rows_affected();
            }
            let [sites, offers, needs] = counts;
            Ok(Premises { sites, offers, needs })
        }
    }
}

/// The version of the database, as `SQLite 3.51.3` or `PostgreSQL 15.8`.
pub(crate) async fn version(connection: &DatabaseConnection) -> Result<String, StoreError> {
    let (product, query) = match kind(connection) {
        DatabaseKind::Sqlite => ("SQLite", "SELECT sqlite_version()"),
        DatabaseKind::Postgres => ("PostgreSQL", "SELECT current_setting('server_version')"),
    };
    let row = connection
        .query_one_raw(Statement::from_string(connection.get_database_backend(), query))
        .await?
        .ok_or_else(|| StoreError::internal("the version query has no row"))?;
    let version: String = row.try_get_by_index(0)?;
    Ok(format!("{product} {}", version.split(' ').next().unwrap_or_default()))
}

/// Lets go of what was deleted, down to the files. PostgreSQL does so in its own time, as it vacuums.
pub(crate) async fn settle(connection: &DatabaseConnection) -> Result<(), DbErr> {
    match kind(connection) {
        DatabaseKind::Sqlite => connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.map(drop),
        DatabaseKind::Postgres => Ok(()),
    }
}

/// What is broken in the database file, in words; nothing when it is sound.
pub(crate) async fn faults(connection: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    match kind(connection) {
        DatabaseKind::Sqlite => {
            for row in connection.query_all_raw(sqlite("PRAGMA integrity_check")).await? {
                let fault: String = row.try_get_by_index(0)?;
                if fault != "ok" {
                    faults.push(fault);
                }
            }
            for row in connection.query_all_raw(sqlite("PRAGMA foreign_key_check")).await? {
                let (table, parent): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
                faults.push(format!("a row of {table} refers to a row of {parent} that does not exist"));
            }
        }
        // A server looks after its own files.
        DatabaseKind::Postgres => {}
    }
    Ok(faults)
}

fn sqlite(statement: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, statement)
}
