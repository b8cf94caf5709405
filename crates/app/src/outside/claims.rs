//! What a token of an outside issuer says, each claim required and typed before it is compared (field case AUT-01).

use domain::ids::OrganisationId;
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};

use super::{LONGEST_SECONDS, Mapping, OutsideError, OutsideIssuer, key_set::PublicKey};
use crate::tokens::LEEWAY_SECONDS;

/// The `typ` of tokens that are taken: access tokens of RFC 9068, and what most issuers write.
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "jwt"];
/// The longest `sub`, in bytes.
const LONGEST_SUBJECT: usize = 1_000;

/// Which key a token says it is signed with, and by which algorithm; the key decides whether that is so.
pub(super) struct Signed {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
}

/// What a token says.
pub(super) struct Told {
    pub(super) subject: String,
    pub(super) organisation: OrganisationId,
}

/// The header of a token. Keys and addresses of keys that it carries are not looked at.
pub(super) fn header(token: &str) -> Result<Signed, OutsideError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| OutsideError::Malformed)?;
    let known = header.typ.as_deref().is_some_and(|typ| TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known)));
    match header.kid {
        // What must be understood and is not makes a token invalid (RFC 7515, 4.1.11).
        Some(kid) if known && header.crit.is_none() => Ok(Signed { kid, algorithm: header.alg }),
        Some(_) | None => Err(OutsideError::Malformed),
    }
}

/// What a token says that a key of its issuer signed, at a second of our clock.
pub(super) fn verify(issuer: &OutsideIssuer, key: &PublicKey, token: &str, now: i64) -> Result<Told, OutsideError> {
    let mut validation = Validation::new(key.algorithm);
    // Types, times, issuer and audience are checked below, strictly and by our own clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let token = jsonwebtoken::decode::<Map<String, Value>>(token, &key.verifying, &validation);
    let claims = token.map_err(|_| OutsideError::Malformed)?.claims;
    if text(&claims, "iss")? != issuer.issuer {
        return Err(OutsideError::Malformed);
    }
    if !is_for(&claims, &issuer.audience)? {
        return Err(OutsideError::Audience);
    }
    in_time(&claims, now)?;
    let subject = text(&claims, "sub")?;
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
        return Err(OutsideError::Claims);
    }
    let organisation = mapped(&issuer.mapping, &claims)?;
    Ok(Told { subject: subject.to_owned(), organisation })
}

fn in_time(claims: &Map<String, Value>, now: i64) -> Result<(), OutsideError> {
    let (iat, exp) = (seconds(claims, "iat")?, seconds(claims, "exp")?);
    let (iat, exp) = iat.zip(exp).ok_or(OutsideError::Claims)?;
    let begins = seconds(claims, "nbf")?.unwrap_or(iat).max(iat);
    if exp <= iat {
        return Err(OutsideError::Claims);
    }
    if now - LEEWAY_SECONDS >= exp {
        return Err(OutsideError::Expired);
    }
    if now + LEEWAY_SECONDS < begins {
        return Err(OutsideError::NotYet);
    }
    if exp - iat > LONGEST_SECONDS {
        return Err(OutsideError::TooLong);
    }
    Ok(())
}

/// The second that a claim names; years beyond any clock are none.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, OutsideError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let second = value.as_i64().filter(|second| (0..=1_000_000_000_000).contains(second));
    second.map(Some).ok_or(OutsideError::Claims)
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, OutsideError> {
    claims.get(name).and_then(Value::as_str).ok_or(OutsideError::Claims)
}

/// Whether `aud`, a text or a list of texts, names the audience.
fn is_for(claims: &Map<String, Value>, audience: &str) -> Result<bool, OutsideError> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(one == audience),
        Some(Value::Array(several)) if several.iter().all(Value::is_string) => {
            Ok(several.iter().any(|one| one.as_str() == Some(audience)))
        }
        Some(_) | None => Err(OutsideError::Claims),
    }
}

/// The one organisation that a token acts for.
fn mapped(mapping: &Mapping, claims: &Map<String, Value>) -> Result<OrganisationId, OutsideError> {
    let (claim, organisations) = match mapping {
        Mapping::One(id) => return Ok(*id),
        Mapping::ByClaim { claim, organisations } => (claim, organisations),
    };
    let values = match claims.get(claim) {
        Some(one @ Value::String(_)) => std::slice::from_ref(one),
        Some(Value::Array(several)) => several.as_slice(),
        Some(_) | None => &[],
    };
    let mut found = values.iter().filter_map(|value| organisations.get(value.as_str()?));
    let first = *found.next().ok_or(OutsideError::Unmapped)?;
    if found.all(|other| *other == first) { Ok(first) } else { Err(OutsideError::Ambiguous) }
}
