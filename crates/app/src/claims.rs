//! Claims: a person says to speak for an organisation that a cluster entered. Its admins decide; where it has none,
//! the cluster that entered it and whose member it is, and the operator.

use domain::{
    audit::{Act, Change, RecordKind},
    claim::Claim,
    ids::{ClaimId, OrganisationId, RoleId},
    link::MailKind,
    person::{Person, Role, RoleOf},
};
use storage::{
    Page, PageRequest, Reads, Scope, StoreError, claims as store, memberships, organisations, people, roles,
};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    mails,
    memberships::confirmed,
    policy::{Action, Resource, require},
};

/// A page of the claims to an organisation, each with who made it.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but those who decide.
pub async fn page(
    app: &App,
    caller: &Caller,
    of: OrganisationId,
    request: PageRequest,
) -> AppResult<Page<(Claim, Person)>> {
    require_decider(app, &app.store, caller, of).await?;
    let page = store::page(&app.store, of, request).await?;
    let mut items = Vec::new();
    for claim in page.items {
        match people::get(&app.store, claim.person).await {
            Ok((person, _)) => items.push((claim, person)),
            Err(StoreError::NotFound) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(Page { items, next: page.next, total: page.total })
}

/// Grants a claim: the person gets a role there, and the organisation stands from now on by what was entered for it.
///
/// # Errors
/// As [`page`]; `Conflict` when the person has a role there.
pub async fn grant(app: &App, caller: &Caller, of: OrganisationId, id: ClaimId, role: Role) -> AppResult<RoleOf> {
    let (this, caller, pen, now) = (app.clone(), caller.clone(), Pen::of(app, caller), app.clock.now());
    let granted = app.store.write(move |tx| async move {
        require_decider(&this, &tx, &caller, of).await?;
        let claim = store::take(&tx, of, id).await.map_err(not_found)?;
        match roles::of(&tx, of, claim.person).await {
            Ok(had) if had.accepted_at.is_some() => {
                let detail = format!("that person is {} there already", had.role.as_str());
                return Err(AppError::Conflict { code: "duplicate_role", detail });
            }
            Ok(_) | Err(StoreError::NotFound) => {}
            Err(e) => return Err(e.into()),
        }
        let role_id = RoleId(this.ids.next(now));
        // The person asked for it, so nothing is left to accept.
        let (person, accepted_at) = (claim.person, Some(now));
        let given = RoleOf { id: role_id, person, organisation: of, role, granted_at: now, accepted_at };
        roles::put(&tx, &given).await?;
        let entry = organisations::entries(&tx, [of]).await?.remove(&of).unwrap_or_default();
        let changes = vec![Change::to("role", role.as_str())];
        let mut deeds = vec![deed(Act::Grant, &claim, changes)];
        deeds.extend(confirmed(&tx, of, entry, now).await?);
        mails::queue(&this, &tx, MailKind::Granted, person, Some(of), now).await?;
        pen.note(&tx, deeds).await?;
        Ok::<_, AppError>(given)
    });
    let granted = granted.await?;
    mails::ring(app);
    Ok(granted)
}

/// Refuses a claim, which is forgotten with its evidence.
///
/// # Errors
/// As [`page`].
pub async fn refuse(app: &App, caller: &Caller, of: OrganisationId, id: ClaimId) -> AppResult<()> {
    let (this, caller, pen) = (app.clone(), caller.clone(), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            require_decider(&this, &tx, &caller, of).await?;
            let claim = store::take(&tx, of, id).await.map_err(not_found)?;
            pen.note(&tx, [deed(Act::Refuse, &claim, Vec::new())]).await
        })
        .await
}

/// The cluster that decides for an organisation which nobody acts for: the one that entered it and whose member it is.
pub(crate) async fn deciding_cluster(
    app: &App,
    reader: &impl Reads,
    of: OrganisationId,
) -> AppResult<Option<OrganisationId>> {
    if roles::has_admin(reader, of).await? {
        return Ok(None);
    }
    let entry = organisations::entries(reader, [of]).await?.remove(&of).unwrap_or_default();
    match entry.by {
        Some(by) if memberships::is_member(reader, by, of, app.clock.now()).await? => Ok(Some(by)),
        Some(_) | None => Ok(None),
    }
}

async fn require_decider(app: &App, reader: &impl Reads, caller: &Caller, of: OrganisationId) -> AppResult<()> {
    match organisations::get(reader, Scope::Operator, of).await {
        Ok(_) => {}
        Err(StoreError::NotFound) => return Err(AppError::NotFound { what: "organisation" }),
        Err(e) => return Err(e.into()),
    }
    let resource = match deciding_cluster(app, reader, of).await? {
        Some(by) => Resource::EnteredBy(of, by),
        None => Resource::OwnedBy(of),
    };
    require(caller, Action::Administer, resource)
}

fn deed(act: Act, claim: &Claim, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Claim, id: claim.id.0, owner: Some(claim.organisation), changes }
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "claim" },
        other => other.into(),
    }
}
