//! Sessions: a person signs in and gets a short-lived access token, and a refresh token that carries the session
//! on and works once. One that comes twice was copied, and ends the session.

use std::net::IpAddr;

use domain::{
    audit::{Act, Change, RecordKind},
    email::EmailAddress,
    ids::{OrganisationId, PersonId, SessionId},
    person::{Person, RoleOf, Session},
    time::Instant,
    violation::Violations,
};
use secrecy::{ExposeSecret, SecretString};
use storage::{
    Page, PageRequest, StoreError, people, roles,
    sessions::{self as store, Refresh},
};

use crate::{
    App,
    access::{AccessError, Caller, Credential},
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    links, passwords,
    policy::Actor,
    signing_keys::hex,
    tokens::{self, Grant, TokenError},
};

/// What every refresh token begins with.
pub const PREFIX: &str = "muster_refresh_";
/// How long a session lasts that is not carried on, in seconds: 14 days.
pub const IDLE_SECONDS: i64 = 14 * 86_400;
/// How long a session lasts at most, in seconds: 90 days.
pub const LONGEST_SECONDS: i64 = 90 * 86_400;

/// A second, in microseconds.
const SECOND: i64 = 1_000_000;

/// What somebody signs in with.
#[derive(Debug)]
pub struct SignIn {
    /// The address.
    pub email: String,
    /// The password.
    pub password: SecretString,
    /// The organisation to act for.
    pub organisation: Option<OrganisationId>,
    /// Where the request came from.
    pub from: IpAddr,
}

/// A session that was begun or carried on, with its secrets.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub person: Person,
    /// What the person is, and in which organisations by name.
    pub roles: Vec<(RoleOf, String)>,
    /// Whom the tokens act as.
    pub actor: Actor,
    /// What requests carry for the next [`tokens::SECONDS`].
    pub access_token: SecretString,
    /// What carries the session on, once.
    pub refresh_token: SecretString,
}

/// Signs a person in. Without an organisation the person acts for the only one there is, a person who runs the
/// service for the operator, and anybody else for nobody until one is named.
///
/// # Errors
/// `SignInRefused` when address and password do not open an account; `TooOften` when the account was tried too
/// often; `Invalid` at `/organisation` when the person has no role there.
pub async fn start(app: &App, input: SignIn) -> AppResult<Opened> {
    let now = app.clock.now();
    let email = EmailAddress::parse("/email", &input.email).map_err(|_| AppError::SignInRefused)?;
    let origin = origin(app, input.from);
    let (person, hash) = right(app, &email, &origin, &input.password).await?;
    let roles = roles::of_person(&app.store, person.id).await?;
    let actor = acting(&person, &roles, input.organisation)?;
    let session = Session {
        id: SessionId(app.ids.next(now)),
        person: person.id,
        organisation: actor.organisation(),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus_micros(IDLE_SECONDS * SECOND),
        ended_at: None,
    };
    let refresh_token = refresh_token(app);
    let token_hash = links::hash_of(&refresh_token);
    let pen = Pen::of(app, &Caller { actor, ..of_session(&session) });
    let id = person.id;
    app.store
        .write(move |tx| async move {
            // The password may have been changed while it was compared.
            let (_, still) = people::get_to_change(&tx, id).await.map_err(|_| AppError::SignInRefused)?;
            if still != hash {
                return Err(AppError::SignInRefused);
            }
            store::insert(&tx, &session, &origin).await?;
            store::add_refresh(&tx, &token_hash, session.id, now).await?;
            pen.note(&tx, [deed(Act::Start, &session, Vec::new())]).await
        })
        .await?;
    opened(app, session, person, roles, actor, refresh_token)
}

/// The person of an address, if the password is right, with the hash it was compared with.
async fn right(
    app: &App,
    email: &EmailAddress,
    origin: &str,
    password: &SecretString,
) -> AppResult<(Person, Option<String>)> {
    let claimed = people::claimed(&app.store, email).await?;
    if let Err(too_often) = app.guesses.count(email) {
        let since = app.clock.now().plus_micros(-LONGEST_SECONDS * SECOND);
        let known = match &claimed {
            Some((person, _)) => store::signed_in_at(&app.store, person.id, origin, since).await?,
            None => false,
        };
        if !known {
            return Err(too_often);
        }
        app.guesses.count_known(email, origin)?;
    }
    let hash = claimed.as_ref().and_then(|(_, hash)| hash.clone());
    let is_right = passwords::is_right(app, password, hash).await?;
    claimed.filter(|_| is_right).ok_or(AppError::SignInRefused)
}

/// Compares the password of a person who is signed in.
///
/// # Errors
/// `Invalid` at `pointer` when it is another; `TooOften` when it was tried too often.
pub(crate) async fn confirm(
    app: &App,
    (person, hash): (&Person, Option<String>),
    pointer: &str,
    password: &SecretString,
) -> AppResult<()> {
    app.guesses.count_known(&person.email, "signed in")?;
    if passwords::is_right(app, password, hash).await? {
        return Ok(());
    }
    Err(AppError::Invalid(Violations::one(pointer, "wrong_password", "is not the password of this account")))
}

/// Whom a person acts as.
fn acting(person: &Person, roles: &[(RoleOf, String)], named: Option<OrganisationId>) -> AppResult<Actor> {
    let mut taken = roles.iter().filter(|(role, _)| role.accepted_at.is_some()).map(|(role, _)| role.organisation);
    match named {
        Some(named) if taken.any(|organisation| organisation == named) => Ok(Actor::Organisation(named)),
        Some(named) => {
            let detail = format!("{named} is no organisation that you have a role in; leave it out to see yours");
            Err(AppError::Invalid(Violations::one("/organisation", "unknown_organisation", detail)))
        }
        None if person.operator => Ok(Actor::Operator),
        None => match (taken.next(), taken.next()) {
            (Some(only), None) => Ok(Actor::Organisation(only)),
            (_, _) => Ok(Actor::Nobody),
        },
    }
}

/// Carries a session on: other tokens take the place of those there were. Another organisation may be named.
///
/// # Errors
/// `SessionEnded` when the token is none, the session has ended, or the token was used before; in that case the
/// session ends, since somebody has a copy. `Invalid` as [`start`].
pub async fn refresh(app: &App, token: &SecretString, named: Option<OrganisationId>) -> AppResult<Opened> {
    let now = app.clock.now();
    if !token.expose_secret().starts_with(PREFIX) {
        return Err(AppError::SessionEnded);
    }
    let (hash, fresh) = (links::hash_of(token), refresh_token(app));
    let fresh_hash = links::hash_of(&fresh);
    let this = app.clone();
    let carried = app.store.write(move |tx| async move {
        let session = match store::use_refresh(&tx, &hash, now).await? {
            Refresh::First(session) if session.is_valid(now) => session,
            Refresh::Again(session) if session.is_valid(now) => {
                store::end(&tx, session.id, now).await?;
                let note = deed(Act::Reuse, &session, vec![Change::to("ended_at", now)]);
                Pen::of(&this, &of_session(&session)).note(&tx, [note]).await?;
                tracing::warn!(session = %session.id, "a refresh token came twice; the session ends");
                return Ok(None);
            }
            Refresh::First(_) | Refresh::Again(_) | Refresh::Unknown => return Ok(None),
        };
        let Ok((person, _)) = people::get(&tx, session.person).await else { return Ok(None) };
        let roles = roles::of_person(&tx, person.id).await?;
        // A role that was taken away meanwhile is no reason to lose the session.
        let kept = session.organisation.filter(|own| roles.iter().any(|(role, _)| role.organisation == *own));
        let actor = acting(&person, &roles, named.or(kept))?;
        let last = session.created_at.plus_micros(LONGEST_SECONDS * SECOND);
        let session = Session {
            organisation: actor.organisation(),
            last_used_at: now,
            expires_at: now.plus_micros(IDLE_SECONDS * SECOND).min(last),
            ..session
        };
        store::carry_on(&tx, &session).await?;
        store::add_refresh(&tx, &fresh_hash, session.id, now).await?;
        Ok::<_, AppError>(Some((session, person, roles, actor)))
    });
    let (session, person, roles, actor) = carried.await?.ok_or(AppError::SessionEnded)?;
    opened(app, session, person, roles, actor, fresh)
}

/// A page of the caller's own sessions.
///
/// # Errors
/// `Forbidden` when the caller is no person.
pub async fn page(app: &App, caller: &Caller, request: PageRequest) -> AppResult<Page<Session>> {
    Ok(store::page(&app.store, person_of(caller)?, request).await?)
}

/// Ends one of the caller's own sessions: its tokens open nothing from the next request on.
///
/// # Errors
/// `NotFound` when it is not one of the caller's; `Forbidden` when the caller is no person.
pub async fn end(app: &App, caller: &Caller, id: SessionId) -> AppResult<Session> {
    let (person, now, pen) = (person_of(caller)?, app.clock.now(), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            let session = store::get(&tx, person, id).await.map_err(not_found)?;
            if session.ended_at.is_some() {
                return Ok(session);
            }
            store::end(&tx, id, now).await?;
            pen.note(&tx, [deed(Act::End, &session, vec![Change::to("ended_at", now)])]).await?;
            Ok(Session { ended_at: Some(now), ..session })
        })
        .await
}

/// The caller that an access token belongs to. Session, person and role are looked up, so that what ended or was
/// taken away opens nothing from then on, whichever process is asked (field case AUT-04).
pub(crate) async fn authenticate(app: &App, token: &str) -> Result<Caller, AccessError> {
    let now = app.clock.now();
    let grant = tokens::verify(&app.keys, token, now)?;
    let standing = store::standing(&app.store, grant.session, grant.actor.organisation()).await;
    let standing = standing.map_err(AppError::from)?.ok_or(TokenError::Ended)?;
    if standing.session.person != grant.person || !standing.session.is_valid(now) {
        return Err(TokenError::Ended.into());
    }
    let caller = Caller { actor: grant.actor, ..of_session(&standing.session) };
    match (grant.actor, standing.role) {
        (Actor::Operator, _) if standing.operator => Ok(caller),
        (Actor::Organisation(_), Some(role)) => Ok(Caller { scopes: role.scopes(), ..caller }),
        (Actor::Nobody, _) => Ok(caller),
        (Actor::Operator | Actor::Organisation(_), _) => Err(TokenError::Ended.into()),
    }
}

/// The person who calls.
///
/// # Errors
/// `Forbidden` when it is a machine.
pub(crate) fn person_of(caller: &Caller) -> AppResult<PersonId> {
    let detail =
        "only a person who signed in here may do this; keys, outside tokens and mandates speak for an organisation";
    let person = caller.person.filter(|_| caller.behalf.is_none());
    person.ok_or_else(|| AppError::Forbidden { detail: detail.to_owned() })
}

/// The session that calls.
pub(crate) fn session_of(caller: &Caller) -> Option<SessionId> {
    match caller.credential {
        Credential::Session(id) => Some(id),
        Credential::CommandLine
        | Credential::Link
        | Credential::Nothing
        | Credential::ApiKey(_)
        | Credential::OutsideToken(_) => None,
    }
}

fn of_session(session: &Session) -> Caller {
    Caller::alone(Credential::Session(session.id), Some(session.person))
}

fn opened(
    app: &App,
    session: Session,
    person: Person,
    roles: Vec<(RoleOf, String)>,
    actor: Actor,
    refresh_token: SecretString,
) -> AppResult<Opened> {
    let grant = Grant { person: person.id, session: session.id, actor };
    let token = tokens::issue(&app.keys, grant, app.clock.as_ref(), &app.ids);
    let access_token = token.ok_or_else(|| AppError::internal("the token is not signed"))?.into();
    Ok(Opened { session, person, roles, actor, access_token, refresh_token })
}

fn refresh_token(app: &App) -> SecretString {
    SecretString::from(format!("{PREFIX}{}", links::token(&app.ids).expose_secret()))
}

/// A seal of an address, which tells whether two are the same and not what they are.
fn origin(app: &App, from: IpAddr) -> String {
    hex(&app.keys.seal(format!("origin {from}").as_bytes()))
}

fn deed(act: Act, session: &Session, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Session, id: session.id.0, owner: None, changes }
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "session" },
        other => other.into(),
    }
}

/// Forgets sessions that expired a while ago.
pub(crate) fn forgotten_before(now: Instant) -> Instant {
    now.plus_micros(-LONGEST_SECONDS * SECOND)
}
