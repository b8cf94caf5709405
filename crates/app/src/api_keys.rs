//! Keys of machines: made once, shown once, stored as a hash, revoked at once.
//!
//! A key reads `muster_PREFIX_SECRET`: 12 hexadecimal digits by which people and scanners recognise it, and
//! 64 of 256 random bits. So much cannot be guessed, and a plain SHA-256 of it is as good as a slow hash.

use domain::{
    api_key::{AccessScope, AccessScopes, ApiKey},
    audit::{Act, Change, RecordKind},
    ids::{ApiKeyId, OrganisationId},
    text,
    violation::Violations,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use storage::{Page, PageRequest, StoreError, api_keys as store};
use subtle::ConstantTimeEq;

use crate::{
    App,
    access::{AccessError, Caller, Credential},
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    organisations,
    policy::{Action, Actor, Resource, require},
    signing_keys::hex,
};

/// What every key begins with.
pub const PREFIX: &str = "muster_";
/// The longest life of a key, in seconds: 366 days.
pub const LONGEST_SECONDS: i64 = 366 * 86_400;
/// The life of a key where none is asked for: 90 days.
pub const USUAL_SECONDS: i64 = 90 * 86_400;

/// The most scopes that a list may name.
const MOST_SCOPES: usize = 10;
const PREFIX_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
/// How exactly the last use is noted, in microseconds: a minute.
const NOTED_EVERY: i64 = 60_000_000;

/// A key as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiKeyInput {
    /// Whose it is; the caller's own where absent.
    pub organisation: Option<OrganisationId>,
    /// What its owner calls it.
    pub name: String,
    /// `read`, `write`, `admin`; the first two where empty.
    pub scopes: Vec<String>,
    /// How long it lives; [`USUAL_SECONDS`] where absent.
    pub seconds: Option<i64>,
}

/// Makes a key. Its text is in the answer and nowhere else.
///
/// # Errors
/// `Forbidden` when the caller's own credential does not have the scope `admin`; `Invalid` with every fault,
/// among them scopes that the caller does not have.
pub async fn create(app: &App, caller: &Caller, input: &ApiKeyInput) -> AppResult<(ApiKey, SecretString)> {
    require_admin(caller)?;
    let now = app.clock.now();
    let mut faults = Violations::new();
    let organisation = match (caller.actor, input.organisation) {
        (Actor::Operator, None) => Some(None),
        (_, named) => match organisations::owner(app, caller, Action::Administer, named).await {
            Ok(id) => Some(Some(id)),
            Err(AppError::Invalid(part)) => faults.keep(Err(part)),
            Err(e) => return Err(e),
        },
    };
    let name = faults.keep(text::name("/name", &input.name));
    let scopes = faults.keep(scopes(&input.scopes, &caller.scopes));
    let seconds = input.seconds.unwrap_or(USUAL_SECONDS);
    if !(1..=LONGEST_SECONDS).contains(&seconds) {
        let detail = format!("{seconds} is not from 1 to {LONGEST_SECONDS} seconds (366 days)");
        faults.push("/expires_in_seconds", "out_of_range", detail);
    }
    faults.into_result()?;
    let (Some(organisation), Some(name), Some(scopes)) = (organisation, name, scopes) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let (prefix, secret) = (random::<PREFIX_BYTES>(app), random::<SECRET_BYTES>(app));
    let text = format!("{PREFIX}{prefix}_{secret}");
    let key = ApiKey {
        id: ApiKeyId(app.ids.next(now)),
        organisation,
        name,
        prefix: format!("{PREFIX}{prefix}"),
        scopes,
        created_at: now,
        expires_at: now.plus_micros(seconds * 1_000_000),
        last_used_at: None,
        revoked_at: None,
    };
    let (stored, hash, pen) = (key.clone(), hash_of(&text), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            store::insert(&tx, &stored, &hash).await?;
            let changes = vec![Change::to("scopes", &stored.scopes), Change::to("expires_at", stored.expires_at)];
            pen.note(&tx, [deed(Act::Create, &stored, changes)]).await
        })
        .await?;
    Ok((key, SecretString::from(text)))
}

fn scopes(asked: &[String], own: &AccessScopes) -> Result<AccessScopes, Violations> {
    let mut faults = Violations::new();
    let mut scopes = Vec::new();
    if asked.len() > MOST_SCOPES {
        let detail = format!("has {} entries; name at most {MOST_SCOPES}", asked.len());
        return Err(Violations::one("/scopes", "too_many", detail));
    }
    for (i, name) in asked.iter().enumerate() {
        match AccessScope::parse(name) {
            Some(scope) if own.allow(scope) => scopes.push(scope),
            Some(_) => {
                let detail = format!("{name} is more than the key you call with may; you have {own}");
                faults.push(format!("/scopes/{i}"), "beyond_own", detail);
            }
            None => {
                let detail = format!("{name:?} is not one of: read, write, admin");
                faults.push(format!("/scopes/{i}"), "unknown_value", detail);
            }
        }
    }
    faults.into_result()?;
    if asked.is_empty() {
        scopes = vec![AccessScope::Read, AccessScope::Write];
        scopes.retain(|scope| own.allow(*scope));
    }
    AccessScopes::new(scopes)
        .ok_or_else(|| Violations::one("/scopes", "missing", "is missing; name what the key is for"))
}

/// A page of the keys that the caller may see, without their secrets.
///
/// # Errors
/// `Forbidden` when the caller's credential does not have the scope `admin`.
pub async fn page(app: &App, caller: &Caller, request: PageRequest) -> AppResult<Page<ApiKey>> {
    require_admin(caller)?;
    Ok(store::page(&app.store, caller.actor.into(), request).await?)
}

/// One key, without its secret.
///
/// # Errors
/// `NotFound` outside of what the caller may see; `Forbidden` as [`page`].
pub async fn get(app: &App, caller: &Caller, id: ApiKeyId) -> AppResult<ApiKey> {
    let found = store::get(&app.store, caller.actor.into(), id).await.map_err(not_found)?;
    require_admin(caller)?;
    Ok(found)
}

/// Revokes a key: it opens nothing from the next request on. Revoking it again changes nothing.
///
/// # Errors
/// As [`get`].
pub async fn revoke(app: &App, caller: &Caller, id: ApiKeyId) -> AppResult<ApiKey> {
    get(app, caller, id).await?;
    let (scope, now, pen) = (caller.actor.into(), app.clock.now(), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            let key = store::revoke(&tx, scope, id, now).await.map_err(not_found)?;
            // One that was revoked before stays revoked when it was.
            if key.revoked_at == Some(now) {
                pen.note(&tx, [deed(Act::Revoke, &key, vec![Change::to("revoked_at", now)])]).await?;
            }
            Ok(key)
        })
        .await
}

/// Something done to a key.
fn deed(act: Act, key: &ApiKey, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::ApiKey, id: key.id.0, owner: key.organisation, changes }
}

/// The caller that a key belongs to; its last use is noted to the minute.
pub(crate) async fn authenticate(app: &App, text: &str) -> Result<Caller, AccessError> {
    let now = app.clock.now();
    let digits = |part: &str, bytes: usize| part.len() == 2 * bytes && part.bytes().all(|b| b.is_ascii_hexdigit());
    let shaped = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_'));
    let shaped = shaped.filter(|(prefix, secret)| digits(prefix, PREFIX_BYTES) && digits(secret, SECRET_BYTES));
    let (prefix, _) = shaped.ok_or(AccessError::Key)?;
    let claimed = store::claimed(&app.store, &format!("{PREFIX}{prefix}")).await.map_err(AppError::from)?;
    let (key, hash) = claimed.ok_or(AccessError::Key)?;
    let right = bool::from(hash_of(text).as_bytes().ct_eq(hash.as_bytes()));
    if !right || !key.is_valid(now) {
        return Err(AccessError::Key);
    }
    let noted = now.plus_micros(-NOTED_EVERY);
    if key.last_used_at.is_none_or(|last| last < noted) {
        let id = key.id;
        let note = move |tx| async move { store::used(&tx, id, now, noted).await };
        // A busy database is no reason to turn the caller away.
        if let Err(error) = app.store.write::<_, StoreError, _, _>(note).await {
            tracing::warn!(%error, key = %key.prefix, "the use of a key could not be noted");
        }
    }
    let actor = key.organisation.map_or(Actor::Operator, Actor::Organisation);
    Ok(Caller { actor, credential: Credential::ApiKey(key.id), person: None, scopes: key.scopes, behalf: None })
}

/// Keys are made and seen by what may administer.
fn require_admin(caller: &Caller) -> AppResult<()> {
    require(caller, Action::Administer, caller.actor.organisation().map_or(Resource::Service, Resource::OwnedBy))
}

fn random<const BYTES: usize>(app: &App) -> String {
    let mut bytes = [0; BYTES];
    app.ids.fill(&mut bytes);
    hex(&bytes)
}

fn hash_of(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The text of a key, to show it once.
pub fn shown(secret: &SecretString) -> &str {
    secret.expose_secret()
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "key" },
        other => other.into(),
    }
}
