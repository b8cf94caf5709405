//! Access tokens: short-lived JWTs signed with EdDSA (ADR 0010, RFC 9068), that name a session of a person and
//! whom the person acts for.
//!
//! Every claim is required and typed before it is compared, and times are compared here with the
//! injected clock: a token whose `exp` is a word never reaches a comparison (field case AUT-01).

use domain::{
    ids::{OrganisationId, PersonId, SessionId},
    time::{Clock, Instant},
};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::{ids::Ids, policy::Actor, signing_keys::SigningKeys};

/// The `typ` of an access token (RFC 9068).
pub const TYPE: &str = "at+jwt";
/// The `iss` of tokens that this service issues.
pub const ISSUER: &str = "muster";
/// The `aud` of tokens that this service takes.
pub const AUDIENCE: &str = "muster-api";
/// Seconds that clocks may differ.
pub const LEEWAY_SECONDS: i64 = 30;
/// The life of a token, in seconds: 15 minutes.
pub const SECONDS: i64 = 15 * 60;

/// Why a token is not accepted; said to the caller in one word, so that it helps nobody to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not signed by this service, or not shaped as its tokens are.
    #[error("the token is malformed or was not issued by this service")]
    Malformed,
    /// Its time is over.
    #[error("the token has expired; carry the session on with its refresh token, or sign in again")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYet,
    /// The session that it names ended, or the person may no longer act for whom it names.
    #[error("the session has ended, or its person may no longer act so; sign in again")]
    Ended,
}

/// What a token says: who holds it, by which session, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The person.
    pub person: PersonId,
    /// The session.
    pub session: SessionId,
    /// Whom the person acts as.
    pub actor: Actor,
}

/// The claims of a token; each but the last two is required, and nothing else is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: PersonId,
    sid: SessionId,
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    org: Option<OrganisationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<bool>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// A token that says so, valid from now for [`SECONDS`]; `None` only if the crypto library refuses.
pub fn issue(keys: &SigningKeys, grant: Grant, clock: &dyn Clock, ids: &Ids) -> Option<String> {
    let now = clock.now();
    let iat = now.micros().div_euclid(1_000_000);
    let (org, operator) = match grant.actor {
        Actor::Operator => (None, Some(true)),
        Actor::Organisation(id) => (Some(id), None),
        Actor::Nobody => (None, None),
    };
    let claims = Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: grant.person,
        sid: grant.session,
        jti: ids.next(now).to_string(),
        org,
        operator,
        iat,
        nbf: iat,
        exp: iat + SECONDS,
    };
    sign(keys, &claims)
}

/// Signs any claims at all; tests use it to forge what [`verify`] must refuse.
pub fn sign(keys: &SigningKeys, claims: &impl Serialize) -> Option<String> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.into());
    header.kid = Some(keys.kid().to_owned());
    jsonwebtoken::encode(&header, claims, keys.signing()).ok()
}

/// What a token says. Whether it still holds is for the session to tell.
///
/// # Errors
/// `Malformed`, `Expired` or `NotYet`.
pub fn verify(keys: &SigningKeys, token: &str, now: Instant) -> Result<Grant, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
    if header.typ.as_deref() != Some(TYPE) {
        return Err(TokenError::Malformed);
    }
    let key = header.kid.as_deref().and_then(|kid| keys.verifying(kid)).ok_or(TokenError::Malformed)?;
    // The one algorithm, whatever the header says.
    let mut validation = Validation::new(Algorithm::EdDSA);
    // Types, times, issuer and audience are checked below, strictly and by our own clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let token = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| TokenError::Malformed)?;
    let claims = token.claims;
    let actor = match (claims.org, claims.operator) {
        (Some(id), None) => Actor::Organisation(id),
        (None, Some(true)) => Actor::Operator,
        (None, None) => Actor::Nobody,
        (_, _) => return Err(TokenError::Malformed),
    };
    let plausible = claims.iat >= 0 && claims.nbf >= claims.iat && claims.exp > claims.nbf;
    let short = claims.exp.checked_sub(claims.nbf).is_some_and(|s| s <= SECONDS);
    if claims.iss != ISSUER || claims.aud != AUDIENCE || !plausible || !short {
        return Err(TokenError::Malformed);
    }
    let now = now.micros().div_euclid(1_000_000);
    if now - LEEWAY_SECONDS >= claims.exp {
        return Err(TokenError::Expired);
    }
    if now + LEEWAY_SECONDS < claims.nbf {
        return Err(TokenError::NotYet);
    }
    Ok(Grant { person: claims.sub, session: claims.sid, actor })
}

#[cfg(test)]
mod tests;
