//! Tokens of outside issuers: an identity provider of a hospital group, or a portal that signs for its users (ADR 0026).
//!
//! The operator names each issuer with its keys, and which organisation its tokens act for. A token acts for that
//! one, never for the operator, and decides about nobody: what an issuer brings ends when its entry goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{api_key::AccessScopes, ids::OrganisationId};
use serde::Deserialize;
use storage::organisations;
use uuid::Uuid;

use crate::{
    App,
    access::{AccessError, Caller, Credential},
    error::AppError,
    policy::Actor,
    tokens,
};

mod claims;
mod key_cache;
mod key_set;

use key_cache::{KeyCache, Missing};
pub use key_set::KeySet;

/// The longest text of a token, in bytes.
pub const LONGEST_TOKEN: usize = 16_384;
/// The longest life of a token, from `iat` to `exp`, in seconds: a day.
pub const LONGEST_SECONDS: i64 = 86_400;
/// How long keys are used before they are asked for again, in seconds: 10 minutes.
pub const FRESH_SECONDS: i64 = 600;
/// How long keys are used whose source does not answer, in seconds: 6 hours.
pub const STALE_SECONDS: i64 = 6 * 3_600;
/// How often keys are asked for at most, whoever asks for whichever key, in seconds.
pub const EVERY_SECONDS: i64 = 30;
/// How long a source may take to answer.
pub const FETCH_LIMIT: Duration = Duration::from_secs(5);
/// The most bytes of a set of keys.
pub const MOST_BYTES: usize = 262_144;

/// An issuer that the operator trusts, as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideIssuer {
    /// The `iss` of its tokens, to the letter.
    pub issuer: String,
    /// What the `aud` of a token must name.
    pub audience: String,
    /// Whom its tokens act for.
    pub mapping: Mapping,
    /// What its tokens may be used for.
    pub scopes: AccessScopes,
}

/// Whom the tokens of an issuer act for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapping {
    /// All of them for one organisation.
    One(OrganisationId),
    /// Each for the organisation that a claim's value stands for.
    ByClaim {
        /// The claim, whose value is a text or a list of texts.
        claim: String,
        /// The organisations by value.
        organisations: BTreeMap<String, OrganisationId>,
    },
}

impl OutsideIssuer {
    /// The organisations that its tokens may act for.
    pub fn organisations(&self) -> BTreeSet<OrganisationId> {
        match &self.mapping {
            Mapping::One(id) => BTreeSet::from([*id]),
            Mapping::ByClaim { organisations, .. } => organisations.values().copied().collect(),
        }
    }
}

/// Why keys cannot be had; for the log and the operator, not for callers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No answer, or none in time.
    #[error("does not answer: {0}")]
    Unreachable(String),
    /// Another status than 200; redirects are not followed.
    #[error("answers with the status {0} where 200 is expected; redirects are not followed")]
    Status(u16),
    /// More than [`MOST_BYTES`].
    #[error("has more than {MOST_BYTES} bytes")]
    TooLarge,
    /// Something else than a set of keys.
    #[error("is no JSON Web Key Set (RFC 7517)")]
    Malformed,
    /// None that a token may be signed with.
    #[error("has no key with a `kid` for EdDSA, ES256, ES384, RS256 to RS512 or PS256 to PS512")]
    NoKeys,
}

/// What a source answers, some time.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SourceError>> + Send + 'a>>;

/// Where an issuer publishes its keys: at an address, in a file, or wherever a test lets it.
pub trait KeySource: Send + Sync {
    /// The set of keys as it is published, of at most [`MOST_BYTES`].
    fn fetch(&self) -> Fetching<'_>;
}

/// Looks at a source once: how many keys it has that tokens may be signed with.
///
/// # Errors
/// What is wrong with it.
pub async fn look(source: &dyn KeySource) -> Result<usize, SourceError> {
    match key_cache::fetch(source, FETCH_LIMIT).await?.len() {
        0 => Err(SourceError::NoKeys),
        keys => Ok(keys),
    }
}

/// The issuers that are trusted, with their keys as they were last seen.
#[derive(Default)]
pub struct OutsideIssuers(Vec<Trusted>);

/// One of them.
pub(crate) struct Trusted {
    issuer: OutsideIssuer,
    keys: Arc<KeyCache>,
}

/// The one claim that is read before the signature is: it chooses whose keys may have signed.
#[derive(Deserialize)]
struct Claimed {
    iss: String,
}

impl OutsideIssuers {
    /// These, each with where its keys are.
    pub fn new(issuers: impl IntoIterator<Item = (OutsideIssuer, Box<dyn KeySource>)>) -> Self {
        let trusted = |(issuer, source): (OutsideIssuer, Box<dyn KeySource>)| {
            let keys = Arc::new(KeyCache::new(issuer.issuer.clone(), source, FETCH_LIMIT));
            Trusted { issuer, keys }
        };
        Self(issuers.into_iter().map(trusted).collect())
    }

    /// The issuer that a token says it is of, where it is trusted. Nothing of it is proven yet.
    pub(crate) fn of_token(&self, token: &str) -> Option<&Trusted> {
        if self.0.is_empty() || token.len() > LONGEST_TOKEN {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claimed: Claimed = serde_json::from_slice(&payload).ok()?;
        self.0.iter().find(|trusted| trusted.issuer.issuer == claimed.iss)
    }
}

/// Why a token of an outside issuer is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutsideError {
    /// Of another form, or signed by none of the issuer's keys.
    #[error("the token is malformed, or not signed by a key that its issuer publishes")]
    Malformed,
    /// Of a form that is not taken, though well signed: a claim is missing or of another type.
    #[error("the token lacks sub, iat or exp, or one of its claims has a wrong type; times are whole seconds")]
    Claims,
    /// For somebody else.
    #[error("the token is not for this service; its aud must name the audience that the operator set")]
    Audience,
    /// Its time is over.
    #[error("the token has expired; get another from its issuer")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// It lives too long.
    #[error("the token lives for more than 24 hours; have its issuer make shorter ones")]
    TooLong,
    /// It names no organisation that is mapped.
    #[error("the token names no organisation that the operator mapped to one here")]
    Unmapped,
    /// It names several.
    #[error("the token names several organisations that the operator mapped; it must name one")]
    Ambiguous,
    /// The organisation is no more.
    #[error("the organisation that the token acts for is not here any more; tell the operator")]
    Gone,
}

/// The caller that a token of a trusted issuer belongs to. That the organisation is still there is looked up each time.
pub(crate) async fn authenticate(app: &App, trusted: &Trusted, token: &str) -> Result<Caller, AccessError> {
    let header = claims::header(token)?;
    let key = trusted.keys.key(&header, &app.clock).await.map_err(|missing| match missing {
        Missing::Unknown => AccessError::Outside(OutsideError::Malformed),
        Missing::Away => AccessError::Failed(AppError::IssuerAway),
    })?;
    let now = app.clock.now().micros().div_euclid(1_000_000);
    let told = claims::verify(&trusted.issuer, &key, token, now)?;
    if !organisations::is_there(&app.store, told.organisation).await.map_err(AppError::from)? {
        return Err(OutsideError::Gone.into());
    }
    // Whether two are the same can be told by it, as long as the signing key is there, and not who it is.
    let issuer = &trusted.issuer.issuer;
    let seal = app.keys.seal(format!("outside {} {issuer} {}", issuer.len(), told.subject).as_bytes());
    Ok(Caller {
        actor: Actor::Organisation(told.organisation),
        credential: Credential::OutsideToken(Uuid::new_v8(seal)),
        person: None,
        scopes: trusted.issuer.scopes.clone(),
        behalf: None,
    })
}

/// Whether a text is an issuer that may be trusted: this service's own name is not.
pub fn may_be_trusted(issuer: &str) -> bool {
    issuer != tokens::ISSUER && (1..=500).contains(&issuer.len()) && issuer.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
