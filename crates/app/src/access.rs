//! Who is calling, by what they send: the token of a person's session, the key of a machine, or the token of an outside
//! issuer.

use domain::{
    api_key::AccessScopes,
    ids::{ApiKeyId, MandateId, OrganisationId, PersonId, SessionId},
};
use uuid::Uuid;

use crate::{
    App, api_keys,
    error::AppError,
    outside::{self, OutsideError},
    policy::Actor,
    sessions,
    tokens::TokenError,
};

/// What a caller proved by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The machine that the service runs on.
    CommandLine,
    /// A session that a person signed in to.
    Session(SessionId),
    /// A link that was sent to a person.
    Link,
    /// Nothing: whoever asks for an account.
    Nothing,
    /// The key of a machine.
    ApiKey(ApiKeyId),
    /// The token of an outside issuer, by a seal of whom it names: the same for the same, and not who it is.
    OutsideToken(Uuid),
}

/// A caller whose credential was checked: whom it acts as, by what, and what it may be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whom the caller acts as.
    pub actor: Actor,
    /// By what.
    pub credential: Credential,
    /// Who, where it is a person.
    pub person: Option<PersonId>,
    /// What the credential may be used for; what the actor may do is another question.
    pub scopes: AccessScopes,
    /// Under which mandate the caller acts for another organisation than its own.
    pub behalf: Option<Behalf>,
}

/// A mandate under which somebody acts for another organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behalf {
    /// The mandate.
    pub mandate: MandateId,
    /// The cluster or portal that holds it.
    pub holder: OrganisationId,
}

impl Caller {
    /// Whoever sits at the machine that the service runs on: the operator, who may do everything.
    pub fn command_line() -> Self {
        let (actor, credential) = (Actor::Operator, Credential::CommandLine);
        Self { actor, credential, person: None, scopes: AccessScopes::all(), behalf: None }
    }

    /// A person who acts for himself alone, by something other than a session.
    pub(crate) fn alone(credential: Credential, person: Option<PersonId>) -> Self {
        Self { actor: Actor::Nobody, credential, person, scopes: AccessScopes::all(), behalf: None }
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
    /// The token of an outside issuer is none, or for nobody here.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// It cannot be told at the moment.
    #[error(transparent)]
    Failed(#[from] AppError),
}

/// The caller that a bearer token or key belongs to. Keys, sessions and roles are looked
/// up each time, so that what was revoked, ended or taken away opens nothing from then on, whichever process is
/// asked (field cases AUT-04, AUT-05).
///
/// # Errors
/// `Token`, `Key` or `Outside` when it opens nothing; `Failed` when the database or the token's issuer does not answer.
pub async fn authenticate(app: &App, bearer: &str) -> Result<Caller, AccessError> {
    if bearer.starts_with(api_keys::PREFIX) {
        return api_keys::authenticate(app, bearer).await;
    }
    if let Some(trusted) = app.outside.of_token(bearer) {
        return outside::authenticate(app, trusted, bearer).await;
    }
    sessions::authenticate(app, bearer).await
}
