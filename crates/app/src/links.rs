//! Links that work once. Their token stands behind the `#` of the address, which no browser sends and no log
//! keeps (field case AUT-07); the database has its hash.

use domain::{
    ids::{OrganisationId, PersonId},
    link::{Link, LinkPurpose},
    time::Instant,
    violation::Violations,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use storage::{StoreError, Tx, links as store};

use crate::{
    App,
    error::{AppError, AppResult},
    ids::Ids,
    signing_keys::hex,
};

/// How long a link of a mail works, in seconds: 24 hours.
pub const MAILED_SECONDS: i64 = 86_400;
/// How long the link works by which a firm confirms or refuses what was entered for it, in seconds: 14 days.
pub const ENTRY_SECONDS: i64 = 14 * 86_400;
/// How long the link of a first start works, in seconds: 30 minutes.
pub const SETUP_SECONDS: i64 = 1_800;

/// Makes the token of a link and keeps its hash.
pub(crate) async fn make(
    ids: &Ids,
    tx: &Tx,
    (purpose, seconds): (LinkPurpose, i64),
    (person, organisation): (Option<PersonId>, Option<OrganisationId>),
    now: Instant,
) -> Result<SecretString, StoreError> {
    let token = token(ids);
    let expires_at = now.plus_micros(seconds * 1_000_000);
    let link = Link { purpose, person, organisation, created_at: now, expires_at };
    store::insert(tx, &hash_of(&token), &link).await?;
    Ok(token)
}

/// The address of a link.
pub(crate) fn address(app: &App, purpose: LinkPurpose, token: &SecretString) -> SecretString {
    SecretString::from(format!("{}/link#{}.{}", app.public_url, purpose.as_str(), token.expose_secret()))
}

/// The link of a token, used up from now on.
///
/// # Errors
/// `Invalid` at `/token` when there is none of this purpose, it was used, or it has expired.
pub(crate) async fn take(tx: &Tx, purpose: LinkPurpose, token: &SecretString, now: Instant) -> AppResult<Link> {
    let link = store::take(tx, &hash_of(token), now).await?;
    link.filter(|link| link.purpose == purpose).ok_or_else(void)
}

/// As [`take`], without using it up.
pub(crate) async fn look(app: &App, purpose: LinkPurpose, token: &SecretString, now: Instant) -> AppResult<Link> {
    let link = store::find(&app.store, &hash_of(token), now).await?;
    link.filter(|link| link.purpose == purpose).ok_or_else(void)
}

pub(crate) fn void() -> AppError {
    let detail = "the link is none of ours, was used, or has expired; ask for another";
    AppError::Invalid(Violations::one("/token", "void_link", detail))
}

/// 256 random bits.
pub(crate) fn token(ids: &Ids) -> SecretString {
    let mut bytes = [0; 32];
    ids.fill(&mut bytes);
    SecretString::from(hex(&bytes))
}

/// So much chance needs no slow hash.
pub(crate) fn hash_of(token: &SecretString) -> String {
    hex(&Sha256::digest(token.expose_secret().as_bytes()))
}
