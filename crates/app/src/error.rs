//! What can go wrong in a use case, said without HTTP.

use domain::violation::Violations;
use storage::StoreError;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The content breaks rules; all of them are listed.
    #[error("invalid: {0}")]
    Invalid(#[from] Violations),
    /// There is no such thing, or the caller may not know of it.
    #[error("no such {what}")]
    NotFound {
        /// The resource's word, e.g. `offer`.
        what: &'static str,
    },
    /// The caller may know of it, and may not do this.
    #[error("forbidden: {detail}")]
    Forbidden {
        /// A sentence with who may.
        detail: String,
    },
    /// The resource's state does not allow it.
    #[error("conflict ({code}): {detail}")]
    Conflict {
        /// Stable code.
        code: &'static str,
        /// A sentence with the state and the remedy.
        detail: String,
    },
    /// Address and password do not open an account; which of them is wrong is not said.
    #[error("the address or the password is wrong, or the account has none yet; the link of a mail sets one")]
    SignInRefused,
    /// A refresh token carries nothing on: it is none, it was used, or its session has ended.
    #[error("the refresh token is none, was used before, or its session has ended; sign in again")]
    SessionEnded,
    /// It was tried too often; the same request may succeed later.
    #[error("tried too often: {detail}")]
    TooOften {
        /// A sentence with what was tried.
        detail: &'static str,
        /// Seconds to wait.
        wait: u64,
    },
    /// The database is busy; the same request may succeed in a second.
    #[error("the database is busy")]
    Busy,
    /// Too much of this kind is being computed; the same request may succeed in a second.
    #[error("overloaded: {detail}")]
    Overloaded {
        /// A sentence with what is full.
        detail: &'static str,
    },
    /// The keys of an outside issuer cannot be had, so nobody can tell whether its token is good.
    #[error("the keys of the token's issuer cannot be had")]
    IssuerAway,
    /// The database cannot be reached.
    #[error("the database is unavailable: {cause}")]
    Unavailable {
        /// For the log alone.
        cause: String,
    },
    /// A fault of ours.
    #[error("internal: {cause}")]
    Internal {
        /// For the log alone.
        cause: String,
    },
}

impl AppError {
    /// A fault of ours, with its cause for the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal { cause: cause.to_string() }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) => Self::Busy,
            StoreError::Unavailable(cause) => Self::Unavailable { cause },
            StoreError::NotFound => Self::NotFound { what: "record" },
            StoreError::Conflict(cause) => {
                // The text may name tables, so the log alone sees it.
                tracing::info!(%cause, "a change conflicts with what is stored");
                let detail = "it conflicts with what is stored; read the record again and repeat the change";
                Self::Conflict { code: "wrong_state", detail: detail.to_owned() }
            }
            // Use cases check before they store, so what the schema still refuses is a defect of ours.
            StoreError::Constraint(cause) => Self::Internal { cause },
            StoreError::Internal(source) => Self::Internal { cause: chain(source.as_ref()) },
        }
    }
}

/// An error with its sources, for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}

/// What a use case returns.
pub type AppResult<T> = Result<T, AppError>;
