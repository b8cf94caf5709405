//! People: they ask for an account, prove their address by a mailed link, set a password, see what is kept of
//! them, and have it erased.
//!
//! Whether an address is known is said to nobody but whoever reads its mail: each answer is the same, and so is
//! the work for it.

use domain::{
    audit::{Act, AuditEntry, RecordKind},
    claim::Claim,
    email::EmailAddress,
    ids::{OrganisationId, PersonId},
    link::{LinkPurpose, MailKind},
    mandate::Mandate,
    person::{Person, Role, RoleOf, Session},
    text,
    time::Instant,
    violation::Violations,
};
use secrecy::{ExposeSecret, SecretString};
use storage::{
    PageRequest, StoreError, Tx,
    audit::{self, AuditFilter},
    claims, links as link_store, mails as mail_store, mandates, people as store, roles as role_store,
    sessions as session_store,
};
use uuid::Uuid;

use crate::{
    App,
    access::{Caller, Credential},
    audit::{Deed, Pen},
    changing::Changes,
    error::{AppError, AppResult},
    links, mails, passwords, roles,
    sessions::{self, person_of},
};

/// A person's own data: what is kept, and nothing of others.
#[derive(Debug)]
pub struct Kept {
    /// The person.
    pub person: Person,
    /// The roles, each with the organisation's name.
    pub roles: Vec<(RoleOf, String)>,
    /// The sessions of the last 90 days.
    pub sessions: Vec<Session>,
    /// What the person wrote to claim organisations, where nobody decided yet.
    pub claims: Vec<Claim>,
    /// Mandates that the person signed.
    pub mandates: Vec<Mandate>,
    /// What the person did, the last first, at most 1,000 entries.
    pub acts: Vec<AuditEntry>,
}

/// Asks for an account. A mail goes to the address: with a link to set a password, or, where there is an account
/// already, saying so.
///
/// # Errors
/// `Invalid` with every fault of what was typed, and none that depends on what is known.
pub async fn register(app: &App, email: &str, name: &str) -> AppResult<()> {
    let mut faults = Violations::new();
    let email = faults.keep(EmailAddress::parse("/email", email));
    let name = faults.keep(text::name("/name", name));
    faults.into_result()?;
    let (Some(email), Some(name)) = (email, name) else { return Err(AppError::internal("no faults, no value")) };
    let now = app.clock.now();
    let (this, may_mail) = (app.clone(), app.guesses.may_mail(&email));
    app.store
        .write(move |tx| async move {
            let (person, kind) = match store::claimed(&tx, &email).await? {
                Some((person, Some(_))) => (person.id, MailKind::Known),
                Some((person, None)) => (person.id, MailKind::Welcome),
                None => (add(&this, &tx, email, &name).await?, MailKind::Welcome),
            };
            if may_mail {
                mails::queue(&this, &tx, kind, person, None, now).await?;
            }
            let caller = Caller::alone(Credential::Nothing, None);
            Pen::of(&this, &caller).note(&tx, [deed(Act::Register, RecordKind::Person, person.0)]).await
        })
        .await?;
    mails::ring(app);
    Ok(())
}

/// The person of an address; made where there is none.
async fn add(app: &App, tx: &Tx, email: EmailAddress, name: &str) -> AppResult<PersonId> {
    // Whoever came at the same time waits here, and then finds the other's.
    if let Some(known) = store::claim(tx, &email).await? {
        return Ok(known.id);
    }
    let now = app.clock.now();
    let id = PersonId(app.ids.next(now));
    let name = name.to_owned();
    store::insert(tx, &Person { id, email, name, operator: false, created_at: now, active_at: None }).await?;
    Ok(id)
}

/// Finds or makes the person of an address for an organisation that gives a role.
pub(crate) async fn invited(app: &App, tx: &Tx, email: &EmailAddress, name: &str) -> AppResult<Person> {
    let id = add(app, tx, email.clone(), name).await?;
    Ok(store::get(tx, id).await?.0)
}

/// Asks for a link that sets another password. Without an account nothing is mailed, and nobody is told.
///
/// # Errors
/// `Invalid` where what was typed is no address.
pub async fn reset(app: &App, email: &str) -> AppResult<()> {
    let email = EmailAddress::parse("/email", email)?;
    let now = app.clock.now();
    let (this, may_mail) = (app.clone(), app.guesses.may_mail(&email));
    app.store
        .write(move |tx| async move {
            let known = store::claimed(&tx, &email).await?;
            // The log says that somebody asked for an address that is not known, and not for which.
            let about = known.as_ref().map_or_else(|| this.ids.next(now), |(person, _)| person.id.0);
            if let Some((person, hash)) = known
                && may_mail
            {
                let kind = if hash.is_some() { MailKind::Reset } else { MailKind::Welcome };
                mails::queue(&this, &tx, kind, person.id, None, now).await?;
            }
            let caller = Caller::alone(Credential::Nothing, None);
            Pen::of(&this, &caller).note(&tx, [deed(Act::Reset, RecordKind::Password, about)]).await
        })
        .await?;
    mails::ring(app);
    Ok(())
}

/// Sets a password by a mailed link: the address is proven with it, a role that the link offered is taken, and
/// whatever was signed in before is signed out.
///
/// # Errors
/// `Invalid` with every fault: at `/token` a link that does not work, at `/password` one that is too easy.
pub async fn set_password(app: &App, token: &SecretString, password: &SecretString) -> AppResult<Person> {
    let now = app.clock.now();
    // The dear part comes after it is known that somebody has a link, and before others wait for the database.
    let link = links::look(app, LinkPurpose::Password, token, now).await?;
    let id = link.person.ok_or_else(|| AppError::internal("a link for a password names nobody"))?;
    let (person, _) = store::get(&app.store, id).await?;
    passwords::check("/password", password, &[person.email.as_str(), &person.name])?;
    let hash = passwords::hash(app, password).await?;
    let (this, token) = (app.clone(), token.clone());
    let person = app
        .store
        .write(move |tx| async move {
            let link = links::take(&tx, LinkPurpose::Password, &token, now).await?;
            let (_, before) = store::get_to_change(&tx, id).await?;
            store::set_password(&tx, id, &hash, now).await?;
            let pen = Pen::of(&this, &Caller::alone(Credential::Link, Some(id)));
            let mut deeds = vec![deed(Act::Set, RecordKind::Password, id.0)];
            if let Some(organisation) = link.organisation {
                // It may have been taken away since the link went out.
                if let Ok(role) = role_store::of(&tx, organisation, id).await {
                    role_store::accept(&tx, organisation, id, now).await?;
                    deeds.push(Deed { owner: Some(organisation), ..deed(Act::Accept, RecordKind::Role, role.id.0) });
                    deeds.extend(roles::stood_by(&tx, &role, now).await?);
                }
            }
            session_store::end_all(&tx, id, None, now).await?;
            link_store::void_of(&tx, id, now).await?;
            if before.is_some() {
                mails::queue(&this, &tx, MailKind::Changed, id, None, now).await?;
            }
            pen.note(&tx, deeds).await?;
            Ok::<_, AppError>(store::get(&tx, id).await?.0)
        })
        .await?;
    mails::ring(app);
    Ok(person)
}

/// Sets another password by whoever is signed in and knows the present one; every other session ends.
///
/// # Errors
/// `Invalid` at `/current` when it is another password, at `/password` when the new one is too easy; `TooOften`;
/// `Forbidden` when the caller is no person.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    current: &SecretString,
    password: &SecretString,
) -> AppResult<()> {
    let (id, now) = (person_of(caller)?, app.clock.now());
    let (person, hash) = store::get(&app.store, id).await?;
    passwords::check("/password", password, &[person.email.as_str(), &person.name])?;
    sessions::confirm(app, (&person, hash.clone()), "/current", current).await?;
    let new = passwords::hash(app, password).await?;
    let (this, pen, session) = (app.clone(), Pen::of(app, caller), sessions::session_of(caller));
    app.store
        .write(move |tx| async move {
            let (_, still) = store::get_to_change(&tx, id).await?;
            if still != hash {
                let detail = "the password was changed a moment ago; sign in again";
                return Err(AppError::Conflict { code: "wrong_state", detail: detail.to_owned() });
            }
            store::set_password(&tx, id, &new, now).await?;
            session_store::end_all(&tx, id, session, now).await?;
            link_store::void_of(&tx, id, now).await?;
            mails::queue(&this, &tx, MailKind::Changed, id, None, now).await?;
            pen.note(&tx, [deed(Act::Update, RecordKind::Password, id.0)]).await
        })
        .await?;
    mails::ring(app);
    Ok(())
}

/// The caller's own record and roles.
///
/// # Errors
/// `Forbidden` when the caller is no person.
pub async fn me(app: &App, caller: &Caller) -> AppResult<(Person, Vec<(RoleOf, String)>)> {
    let id = person_of(caller)?;
    let (person, _) = store::get(&app.store, id).await?;
    Ok((person, role_store::of_person(&app.store, id).await?))
}

/// Changes the caller's own name into what `edit` makes of it; into nothing else where that is `None`.
///
/// # Errors
/// `Forbidden` when the caller is no person; `Invalid` at `/name`; what `edit` says.
pub async fn update<F>(app: &App, caller: &Caller, edit: F) -> AppResult<(Person, Vec<(RoleOf, String)>)>
where
    F: FnOnce(&Person, &[(RoleOf, String)]) -> AppResult<Option<String>> + Send + 'static,
{
    let (id, pen) = (person_of(caller)?, Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            let (before, _) = store::get_to_change(&tx, id).await?;
            let roles = role_store::of_person(&tx, id).await?;
            let Some(typed) = edit(&before, &roles)? else { return Ok((before, roles)) };
            let after = Person { name: text::name("/name", &typed)?, ..before.clone() };
            let changes = Changes::default().untold("name", &before.name, &after.name).0;
            if !changes.is_empty() {
                store::rename(&tx, id, &after.name).await?;
                pen.note(&tx, [Deed { changes, ..deed(Act::Update, RecordKind::Person, id.0) }]).await?;
            }
            Ok((after, roles))
        })
        .await
}

/// All that is kept of the caller.
///
/// # Errors
/// As [`me`].
pub async fn export(app: &App, caller: &Caller) -> AppResult<Kept> {
    let (person, roles) = me(app, caller).await?;
    let sessions = session_store::page(&app.store, person.id, PageRequest::first(PageRequest::MOST)).await?.items;
    let filter = AuditFilter { person: Some(person.id), ..AuditFilter::default() };
    let request = PageRequest { order: storage::Order::Descending, ..PageRequest::first(PageRequest::MOST) };
    let acts = audit::page(&app.store, storage::Scope::Operator, &filter, request).await?.items;
    let claims = claims::of_person(&app.store, person.id).await?;
    let mandates = mandates::signed_by(&app.store, person.id).await?;
    Ok(Kept { person, roles, sessions, claims, mandates, acts })
}

/// Erases the caller's personal data: name, address, password, roles, sessions, links, and mails that wait. What
/// the person did stays in the audit log without a name.
///
/// # Errors
/// `Invalid` at `/password` when it is another; `Conflict` when an organisation would have no admin left;
/// `Forbidden` when the caller is no person.
pub async fn erase(app: &App, caller: &Caller, password: &SecretString) -> AppResult<()> {
    let (id, now) = (person_of(caller)?, app.clock.now());
    let (person, hash) = store::get(&app.store, id).await?;
    sessions::confirm(app, (&person, hash), "/password", password).await?;
    let pen = Pen::of(app, caller);
    app.store
        .write(move |tx| async move {
            store::get_to_change(&tx, id).await?;
            // The last two who run the service wait for each other here.
            store::claim(&tx, &person.email).await?;
            if person.operator && store::operators(&tx).await? < 2 {
                let detail = "you are the only one who runs the service; `muster admin create` makes another first";
                return Err(AppError::Conflict { code: "last_admin", detail: detail.to_owned() });
            }
            for (role, name) in role_store::of_person(&tx, id).await? {
                if is_last_admin(&tx, &role).await? {
                    let detail = format!("you are the only admin of {name:?}; make somebody else one first");
                    return Err(AppError::Conflict { code: "last_admin", detail });
                }
            }
            role_store::remove_all(&tx, id).await?;
            session_store::forget_of(&tx, id).await?;
            link_store::void_of(&tx, id, now).await?;
            mail_store::drop_of(&tx, id).await?;
            claims::drop_of(&tx, id).await?;
            store::erase(&tx, id, now).await?;
            pen.note(&tx, [deed(Act::Erase, RecordKind::Person, id.0)]).await
        })
        .await?;
    // Readers may keep the journal a while; the next checkpoint takes what this one leaves.
    if let Err(error) = app.store.settle().await {
        tracing::warn!(%error, "the journal of the database still holds what was erased");
    }
    Ok(())
}

/// Erases a person who never had an account and whom nothing else names, and tells whether.
pub(crate) async fn forget_contact(tx: &Tx, id: PersonId, now: Instant) -> AppResult<bool> {
    let (person, _) = match store::get_to_change(tx, id).await {
        Ok(found) => found,
        Err(StoreError::NotFound) => return Ok(false),
        Err(e) => return Err(e.into()),
    };
    if person.active_at.is_some() || person.operator || !role_store::of_person(tx, id).await?.is_empty() {
        return Ok(false);
    }
    link_store::void_of(tx, id, now).await?;
    mail_store::drop_of(tx, id).await?;
    store::erase(tx, id, now).await?;
    Ok(true)
}

/// Whether an organisation has no admin without this one.
pub(crate) async fn is_last_admin(tx: &Tx, role: &RoleOf) -> Result<bool, StoreError> {
    if role.role != Role::Admin || role.accepted_at.is_none() {
        return Ok(false);
    }
    Ok(role_store::other_admins(tx, role.organisation, role.person).await? == 0)
}

/// A person who runs the service, and a link to set the password. An account that is there already becomes one.
///
/// # Errors
/// `Invalid` with every fault.
pub async fn create_operator(app: &App, caller: &Caller, email: &str, name: &str) -> AppResult<SecretString> {
    crate::policy::require(caller, crate::policy::Action::Administer, crate::policy::Resource::Service)?;
    let mut faults = Violations::new();
    let email = faults.keep(EmailAddress::parse("/email", email));
    let name = faults.keep(text::name("/name", name));
    faults.into_result()?;
    let (Some(email), Some(name)) = (email, name) else { return Err(AppError::internal("no faults, no value")) };
    let (this, pen, now) = (app.clone(), Pen::of(app, caller), app.clock.now());
    let token = app
        .store
        .write(move |tx| async move {
            let id = add(&this, &tx, email, &name).await?;
            store::make_operator(&tx, id).await?;
            pen.note(&tx, [deed(Act::Create, RecordKind::Person, id.0)]).await?;
            let how = (LinkPurpose::Password, links::MAILED_SECONDS);
            Ok::<_, AppError>(links::make(&this.ids, &tx, how, (Some(id), None), now).await?)
        })
        .await?;
    Ok(links::address(app, LinkPurpose::Password, &token))
}

/// The text of a link, to show it once.
pub fn shown(link: &SecretString) -> &str {
    link.expose_secret()
}

/// Something done to a person, which is nobody's record but his own.
pub(crate) fn deed(act: Act, record: RecordKind, id: Uuid) -> Deed {
    Deed { act, record, id, owner: None::<OrganisationId>, changes: Vec::new() }
}
