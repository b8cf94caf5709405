//! What can go wrong in storage, sorted by what a caller can do about it.

use std::error::Error;

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError, SqlxPostgresError, SqlxSqliteError, TransactionError};

/// A failure of the store. The texts are for the log: they may name tables and values, and never
/// go to a client as they stand.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds a lock or every connection; the same call can succeed later.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The database cannot be reached, opened or written to.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// There is no such record inside the scope.
    #[error("there is no such record")]
    NotFound,
    /// The record stands against another: the same key, a state that moved on, a lost lease.
    #[error("it conflicts with what is stored: {0}")]
    Conflict(String),
    /// A value that the schema refuses: a broken reference, a number out of range, a NUL character.
    #[error("the database refuses the value: {0}")]
    Constraint(String),
    /// A defect of ours.
    #[error("storage failed: {0}")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// A defect that has no underlying error.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into().into())
    }

    /// Whether the same call may succeed when it is repeated later.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::Busy("no connection became free".to_owned()),
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => {
                Self::Unavailable("the pool is closed".to_owned())
            }
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::NotFound,
            DbErr::Conn(RuntimeErr::SqlxError(sql))
            | DbErr::Exec(RuntimeErr::SqlxError(sql))
            | DbErr::Query(RuntimeErr::SqlxError(sql)) => {
                sort(sql).unwrap_or_else(|| Self::Internal(Box::new(error.clone())))
            }
            // The enum is non-exhaustive: whatever is left is a mistake in a query of ours.
            _ => Self::Internal(Box::new(error)),
        }
    }
}

impl From<TransactionError<StoreError>> for StoreError {
    fn from(error: TransactionError<StoreError>) -> Self {
        match error {
            TransactionError::Connection(error) => error.into(),
            TransactionError::Transaction(error) => error,
        }
    }
}

fn sort(error: &SqlxError) -> Option<StoreError> {
    match error {
        SqlxError::PoolTimedOut => Some(StoreError::Busy("no connection became free".to_owned())),
        SqlxError::PoolClosed | SqlxError::WorkerCrashed | SqlxError::Io(_) | SqlxError::Tls(_) => {
            Some(StoreError::Unavailable(error.to_string()))
        }
        SqlxError::Database(database) => {
            let code = database.code().unwrap_or_default();
            let message = format!("{database} ({code})");
            if database.try_downcast_ref::<SqlxSqliteError>().is_some() {
                sqlite(code.parse().ok()?, message)
            } else if database.try_downcast_ref::<SqlxPostgresError>().is_some() {
                postgres(&code, message)
            } else {
                None
            }
        }
        // Non-exhaustive as well.
        _ => None,
    }
}

/// Extended result codes, <https://www.sqlite.org/rescode.html>. The low byte is the primary code.
fn sqlite(code: u32, message: String) -> Option<StoreError> {
    match (code, code & 0xff) {
        // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE.
        (1555 | 2067, _) => Some(StoreError::Conflict(message)),
        // TOOBIG, other constraints, MISMATCH.
        (_, 18..=20) => Some(StoreError::Constraint(message)),
        // SQLITE_BUSY with BUSY_SNAPSHOT (517), and SQLITE_LOCKED.
        (_, 5 | 6) => Some(StoreError::Busy(message)),
        // READONLY, IOERR, FULL, CANTOPEN, NOTADB.
        (_, 8 | 10 | 13 | 14 | 26) => Some(StoreError::Unavailable(message)),
        _ => None,
    }
}

/// SQLSTATE codes, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn postgres(code: &str, message: String) -> Option<StoreError> {
    match code {
        // Serialisation failure, deadlock, lock or statement timeout, too many connections.
        "40001" | "40P01" | "55P03" | "57014" | "53300" => Some(StoreError::Busy(message)),
        "23505" => Some(StoreError::Conflict(message)),
        // Integrity, data that does not fit: out of range, too long, NUL or other unstorable text.
        _ if code.starts_with("23") || code.starts_with("22") => Some(StoreError::Constraint(message)),
        // Connection, resources, operator intervention, wrong password, no such database, read-only.
        _ if ["08", "53", "57", "58", "28", "3D"].iter().any(|class| code.starts_with(class)) || code == "25006" => {
            Some(StoreError::Unavailable(message))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_codes_of_both_databases_are_busy() {
        for code in [5, 261, 517, 6, 262] {
            assert!(sqlite(code, String::new()).unwrap().is_busy(), "{code}");
        }
        for code in ["40001", "40P01", "55P03"] {
            assert!(postgres(code, String::new()).unwrap().is_busy(), "{code}");
        }
        let timeout = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        assert!(StoreError::from(timeout).is_busy());
    }

    #[test]
    fn refused_values_are_no_defects() {
        for code in [275, 787, 1299, 1811] {
            assert!(matches!(sqlite(code, String::new()), Some(StoreError::Constraint(_))), "{code}");
        }
        for code in ["23503", "23514", "22003", "22021"] {
            assert!(matches!(postgres(code, String::new()), Some(StoreError::Constraint(_))), "{code}");
        }
        assert!(matches!(sqlite(2067, String::new()), Some(StoreError::Conflict(_))));
        assert!(matches!(postgres("23505", String::new()), Some(StoreError::Conflict(_))));
    }
}
