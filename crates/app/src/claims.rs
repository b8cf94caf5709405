//! Claims: a person says to speak for an organisation. Its admins decide; where it has none, the operator. A cluster
//! does not decide about a firm that it entered: it would confirm its own word.

use domain::{
    audit::{Act, Change, RecordKind},
    claim::Claim,
    ids::{ClaimId, OrganisationId, RoleId},
    link::MailKind,
    person::{Person, Role, RoleOf},
};
use storage::{Page, PageRequest, StoreError, claims as store, organisations, people, roles};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    mails,
    policy::{Action, Resource, require},
    roles::stood_by,
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
    require(caller, Action::Administer, Resource::OwnedBy(of))?;
    if !organisations::is_there(&app.store, of).await? {
        return Err(AppError::NotFound { what: "organisation" });
    }
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

/// Grants a claim: the person gets a role there. With an admin of its own the organisation stands from now on by what
/// was entered for it.
///
/// # Errors
/// As [`page`]; `Conflict` when the person has a role there.
pub async fn grant(app: &App, caller: &Caller, of: OrganisationId, id: ClaimId, role: Role) -> AppResult<RoleOf> {
    require(caller, Action::Administer, Resource::OwnedBy(of))?;
    let (this, pen, now) = (app.clone(), Pen::of(app, caller), app.clock.now());
    let granted = app.store.write(move |tx| async move {
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
        let mut deeds = vec![deed(Act::Grant, &claim, vec![Change::to("role", role.as_str())])];
        deeds.extend(stood_by(&tx, &given, now).await?);
        mails::queue(&this, &tx, MailKind::Granted, person, Some(of), now).await?;
        pen.note(&tx, deeds).await?;
        Ok::<_, AppError>(given)
    });
    let granted = granted.await?;
    mails::ring(app);
    forgotten(app).await;
    Ok(granted)
}

/// Refuses a claim, which is forgotten with its evidence.
///
/// # Errors
/// As [`page`].
pub async fn refuse(app: &App, caller: &Caller, of: OrganisationId, id: ClaimId) -> AppResult<()> {
    require(caller, Action::Administer, Resource::OwnedBy(of))?;
    let pen = Pen::of(app, caller);
    app.store
        .write(move |tx| async move {
            let claim = store::take(&tx, of, id).await.map_err(not_found)?;
            pen.note(&tx, [deed(Act::Refuse, &claim, Vec::new())]).await
        })
        .await?;
    forgotten(app).await;
    Ok(())
}

/// Lets go of the evidence down to the file.
async fn forgotten(app: &App) {
    if let Err(error) = app.store.settle().await {
        tracing::warn!(%error, "the journal of the database still holds what was erased");
    }
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
