//! Who is calling, by what they send: a signed token, or the key of a machine.

use domain::{api_key::AccessScopes, ids::ApiKeyId};

use crate::{App, api_keys, error::AppError, policy::Actor, tokens::TokenError};

/// What a caller proved by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The machine that the service runs on.
    CommandLine,
    /// A token that this service signed.
    Token,
    /// The key of a machine.
    ApiKey(ApiKeyId),
}

/// A caller whose credential was checked: whom it acts as, by what, and what it may be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whom the caller acts as.
    pub actor: Actor,
    /// By what.
    pub credential: Credential,
    /// What the credential may be used for; what the actor may do is another question.
    pub scopes: AccessScopes,
}

impl Caller {
    /// Whoever sits at the machine that the service runs on: the operator, who may do everything.
    pub fn command_line() -> Self {
        Self { actor: Actor::Operator, credential: Credential::CommandLine, scopes: AccessScopes::all() }
    }
}

/// Why nobody is let in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The token is none, or no longer.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No such key, or not any more. Which of them is not said, so that nobody learns which prefixes exist.
    #[error("the key is unknown, revoked or expired; ask whoever gave it to you for a new one")]
    Key,
    /// It cannot be told at the moment.
    #[error(transparent)]
    Failed(#[from] AppError),
}

/// The caller that a bearer token or key belongs to. Keys are looked up each time, so that a revoked one
/// opens nothing from then on, whichever process is asked (field case AUT-05).
///
/// # Errors
/// `Token` or `Key` when it opens nothing; `Failed` when the database does not answer.
pub async fn authenticate(app: &App, bearer: &str) -> Result<Caller, AccessError> {
    if bearer.starts_with(api_keys::PREFIX) {
        return api_keys::authenticate(app, bearer).await;
    }
    let actor = app.keys.verify(bearer, app.clock.now())?;
    Ok(Caller { actor, credential: Credential::Token, scopes: AccessScopes::all() })
}
