//! Roles: the admins of an organisation decide who acts for it, and whoever was asked decides whether to.

use domain::{
    audit::{Act, Change, RecordKind},
    email::EmailAddress,
    ids::{OrganisationId, RoleId},
    link::MailKind,
    person::{Person, Role, RoleOf},
    text,
    time::Instant,
    violation::Violations,
};
use storage::{Page, PageRequest, Scope, StoreError, organisations, roles as store};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    mails,
    memberships::confirmed,
    people,
    policy::{Action, Actor, Resource, require},
    sessions::person_of,
};

/// A role to give, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleInput {
    /// The address of whom it is for.
    pub email: String,
    /// The name, used where the address is new.
    pub name: String,
    /// `member`, `editor` or `admin`.
    pub role: String,
}

/// A page of the people who have a role in an organisation. The name of somebody who did not take the role yet
/// is not shown: the organisation knows the address that it wrote, and no more.
///
/// # Errors
/// `NotFound` outside of what the caller may see.
pub async fn page(
    app: &App,
    caller: &Caller,
    of: OrganisationId,
    request: PageRequest,
) -> AppResult<Page<(RoleOf, Person)>> {
    require(caller, Action::Read, Resource::Inside(of))?;
    exists(app, of).await?;
    Ok(store::page(&app.store, of, request).await?)
}

/// Gives a role to the person of an address, known or not, who takes it by a mailed link or in the account.
///
/// # Errors
/// `NotFound` outside of what the caller may see, `Forbidden` for all but its admins and the operator; `Invalid`
/// with every fault; `Conflict` when the person has a role there; `TooOften` when the organisation invited many, or
/// the address got several mails.
pub async fn grant(app: &App, caller: &Caller, of: OrganisationId, input: &RoleInput) -> AppResult<(RoleOf, Person)> {
    require(caller, Action::Administer, Resource::OwnedBy(of))?;
    exists(app, of).await?;
    let mut faults = Violations::new();
    let email = faults.keep(EmailAddress::parse("/email", &input.email));
    let name = faults.keep(text::name("/name", &input.name));
    let role = faults.keep(named("/role", &input.role));
    faults.into_result()?;
    let (Some(email), Some(name), Some(role)) = (email, name, role) else {
        return Err(AppError::internal("no faults, no value"));
    };
    app.guesses.count_invitation(Some(of).filter(|_| caller.actor != Actor::Operator), &email)?;
    let (this, pen, now) = (app.clone(), Pen::of(app, caller), app.clock.now());
    let granted = app
        .store
        .write(move |tx| async move {
            let person = people::invited(&this, &tx, &email, &name).await?;
            match store::of(&tx, of, person.id).await {
                Err(StoreError::NotFound) => {}
                Err(e) => return Err(e.into()),
                Ok(has) => {
                    let detail = format!("that person is {} there already; change the role instead", has.role.as_str());
                    return Err(AppError::Conflict { code: "duplicate_role", detail });
                }
            }
            let (id, organisation) = (RoleId(this.ids.next(now)), of);
            let role = RoleOf { id, person: person.id, organisation, role, granted_at: now, accepted_at: None };
            store::put(&tx, &role).await?;
            let kind = if person.active_at.is_some() { MailKind::Role } else { MailKind::Invitation };
            mails::queue(&this, &tx, kind, person.id, Some(of), now).await?;
            pen.note(&tx, [deed(Act::Grant, &role, vec![Change::to("role", role.role.as_str())])]).await?;
            Ok((role, person))
        })
        .await?;
    mails::ring(app);
    Ok(granted)
}

/// Changes a role; what it no longer allows ends with the next request.
///
/// # Errors
/// As [`grant`]; `Conflict` when the organisation would have no admin left.
pub async fn update(
    app: &App,
    caller: &Caller,
    (of, id): (OrganisationId, RoleId),
    typed: &str,
) -> AppResult<(RoleOf, Person)> {
    require(caller, Action::Administer, Resource::OwnedBy(of))?;
    let role = named("/role", typed)?;
    let (pen, operator) = (Pen::of(app, caller), caller.actor == Actor::Operator);
    app.store
        .write(move |tx| async move {
            let before = store::get_to_change(&tx, of, id).await.map_err(not_found)?;
            let after = RoleOf { role, ..before };
            if role != Role::Admin && !operator {
                keep_an_admin(&tx, &before).await?;
            }
            if before != after {
                store::put(&tx, &after).await?;
                let change = Change::of("role", before.role.as_str(), role.as_str());
                pen.note(&tx, [deed(Act::Update, &after, vec![change])]).await?;
            }
            let (person, _) = storage::people::get(&tx, after.person).await?;
            Ok((after, person))
        })
        .await
}

/// Takes a role away, by an admin or by whose it is: it opens nothing from the next request on.
///
/// # Errors
/// As [`update`].
pub async fn remove(app: &App, caller: &Caller, (of, id): (OrganisationId, RoleId)) -> AppResult<()> {
    let (pen, operator, caller) = (Pen::of(app, caller), caller.actor == Actor::Operator, caller.clone());
    app.store
        .write(move |tx| async move {
            let role = store::get_to_change(&tx, of, id).await.map_err(not_found)?;
            if caller.person != Some(role.person) {
                require(&caller, Action::Administer, Resource::OwnedBy(of))?;
            }
            if !operator {
                keep_an_admin(&tx, &role).await?;
            }
            store::remove(&tx, of, role.person).await?;
            let gone = Change { field: "role".to_owned(), from: Some(role.role.as_str().to_owned()), to: None };
            pen.note(&tx, [deed(Act::Remove, &role, vec![gone])]).await
        })
        .await
}

/// Takes a role that an organisation gave to the caller.
///
/// # Errors
/// `NotFound` when it gave none; `Forbidden` when the caller is no person.
pub async fn accept(app: &App, caller: &Caller, of: OrganisationId) -> AppResult<RoleOf> {
    let (person, now, pen) = (person_of(caller)?, app.clock.now(), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            let role = store::of(&tx, of, person).await.map_err(not_found)?;
            if role.accepted_at.is_some() {
                return Ok(role);
            }
            store::accept(&tx, of, person, now).await?;
            let mut deeds = vec![deed(Act::Accept, &role, Vec::new())];
            deeds.extend(stood_by(&tx, &role, now).await?);
            pen.note(&tx, deeds).await?;
            Ok(RoleOf { accepted_at: Some(now), ..role })
        })
        .await
}

/// Whoever takes the role of an admin stands by what a cluster entered for the organisation.
pub(crate) async fn stood_by(tx: &storage::Tx, role: &RoleOf, now: Instant) -> AppResult<Vec<Deed>> {
    if role.role != Role::Admin {
        return Ok(Vec::new());
    }
    let entry = organisations::entries(tx, [role.organisation]).await?.remove(&role.organisation).unwrap_or_default();
    confirmed(tx, role.organisation, entry, now).await
}

async fn keep_an_admin(tx: &storage::Tx, role: &RoleOf) -> AppResult<()> {
    if people::is_last_admin(tx, role).await? {
        let detail = "that person is the only admin there; make somebody else one first";
        return Err(AppError::Conflict { code: "last_admin", detail: detail.to_owned() });
    }
    Ok(())
}

/// A role by its name.
///
/// # Errors
/// One violation at `pointer`.
pub fn named(pointer: &str, role: &str) -> Result<Role, Violations> {
    Role::parse(role).ok_or_else(|| {
        let detail = format!("{role:?} is not one of: member, editor, admin");
        Violations::one(pointer, "unknown_value", detail)
    })
}

async fn exists(app: &App, of: OrganisationId) -> AppResult<()> {
    match organisations::get(&app.store, Scope::Organisation(of), of).await {
        Ok(_) => Ok(()),
        Err(StoreError::NotFound) => Err(AppError::NotFound { what: "organisation" }),
        Err(e) => Err(e.into()),
    }
}

fn deed(act: Act, role: &RoleOf, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Role, id: role.id.0, owner: Some(role.organisation), changes }
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "role" },
        other => other.into(),
    }
}
