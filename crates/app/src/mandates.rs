//! Mandates: an organisation lets a cluster or a portal act for it, within bounds and until a day. Each request under
//! a mandate looks it up, so that one that ended opens nothing from then on.

use domain::{
    audit::{Act, RecordKind},
    ids::{MandateId, OrganisationId},
    mandate::Mandate,
    organisation::{OrganisationKind, Verification},
    time::Instant,
    violation::Violations,
};
use storage::{Page, PageRequest, Reads, Scope, StoreError, clusters, mandates as store, organisations};

use crate::{
    App,
    access::{Behalf, Caller, Credential},
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    memberships::{MandateTerms, mandate_of, terms, told},
    policy::{Action, Actor, Resource, require},
};

/// A mandate to give, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateInput {
    /// The cluster or portal that gets it.
    pub holder: OrganisationId,
    /// What it is for, and until when.
    pub terms: MandateTerms,
}

/// Gives a mandate, in place of one that the holder has of the organisation.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but the organisation's admins and the operator; `Invalid` with every fault.
pub async fn create(
    app: &App,
    caller: &Caller,
    organisation: OrganisationId,
    input: &MandateInput,
) -> AppResult<Mandate> {
    require(caller, Action::Administer, Resource::OwnedBy(organisation))?;
    let (this, pen, now, holder) = (app.clone(), Pen::of(app, caller), app.clock.now(), input.holder);
    let mut faults = Violations::new();
    let terms = faults.keep(terms("", &input.terms, now.day()));
    if holder == organisation || !may_hold(&app.store, holder, now).await? {
        let detail =
            format!("{holder} is no cluster or portal that may act for others; GET /api/v1/directory lists them");
        faults.push("/holder", "unknown_organisation", detail);
    }
    faults.into_result()?;
    let Some(terms) = terms else { return Err(AppError::internal("no faults, no value")) };
    let operator = caller.actor == Actor::Operator;
    let signed = if operator { (None, None) } else { (caller.person, Some(now)) };
    let mandate = mandate_of(app, (organisation, holder), terms, signed, now);
    app.store
        .write(move |tx| async move {
            match organisations::get(&tx, Scope::Operator, organisation).await {
                Ok(_) => {}
                Err(StoreError::NotFound) => return Err(AppError::NotFound { what: "organisation" }),
                Err(e) => return Err(e.into()),
            }
            // Two who give one at once wait for each other at the organisation's row.
            organisations::touch(&tx, organisation, now).await?;
            let before = store::end_between(&tx, organisation, holder, this.clock.now()).await?;
            store::insert(&tx, &mandate).await?;
            let owner = if operator { organisation } else { holder };
            let mut deeds: Vec<Deed> = before.iter().map(|m| deed(Act::End, m, owner, Vec::new())).collect();
            deeds.push(deed(Act::Create, &mandate, owner, told(&mandate)));
            pen.note(&tx, deeds).await?;
            Ok(mandate)
        })
        .await
}

/// A page of the mandates that an organisation gave or holds.
///
/// # Errors
/// `NotFound` outside of what the caller may see.
pub async fn page(app: &App, caller: &Caller, of: OrganisationId, request: PageRequest) -> AppResult<Page<Mandate>> {
    require(caller, Action::Read, Resource::Inside(of))?;
    Ok(store::page(&app.store, of, request).await?)
}

/// One of them.
///
/// # Errors
/// `NotFound` outside of what the caller may see.
pub async fn get(app: &App, caller: &Caller, of: OrganisationId, id: MandateId) -> AppResult<Mandate> {
    require(caller, Action::Read, Resource::Inside(of))?;
    store::get(&app.store, Scope::Organisation(of), id).await.map_err(not_found)
}

/// Ends a mandate, by who gave it or who holds it: it opens nothing from the next request on.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but the admins of the two and the operator.
pub async fn end(app: &App, caller: &Caller, of: OrganisationId, id: MandateId) -> AppResult<Mandate> {
    require(caller, Action::Administer, Resource::OwnedBy(of))?;
    let (pen, now) = (Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let mandate = store::get_to_change(&tx, Scope::Organisation(of), id).await.map_err(not_found)?;
            if mandate.ended_at.is_some() {
                return Ok(mandate);
            }
            store::end(&tx, id, now).await?;
            let other = if of == mandate.organisation { mandate.holder } else { mandate.organisation };
            pen.note(&tx, [deed(Act::End, &mandate, other, Vec::new())]).await?;
            Ok(Mandate { ended_at: Some(now), ..mandate })
        })
        .await
}

/// Stands by a mandate that others recorded for the organisation.
///
/// # Errors
/// `NotFound` and `Forbidden` for all but the organisation's admins and the operator; `Conflict` when it is over.
pub async fn confirm(app: &App, caller: &Caller, of: OrganisationId, id: MandateId) -> AppResult<Mandate> {
    require(caller, Action::Administer, Resource::OwnedBy(of))?;
    let (pen, now) = (Pen::of(app, caller), app.clock.now());
    app.store
        .write(move |tx| async move {
            let mandate = store::get_to_change(&tx, Scope::Organisation(of), id).await.map_err(not_found)?;
            if mandate.organisation != of {
                return Err(AppError::NotFound { what: "mandate" });
            }
            if !mandate.is_valid(now) {
                let detail = format!("the mandate is {}; give another", mandate.state(now));
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            if mandate.confirmed_at.is_some() {
                return Ok(mandate);
            }
            store::confirm(&tx, id, now).await?;
            pen.note(&tx, [deed(Act::Confirm, &mandate, mandate.holder, Vec::new())]).await?;
            Ok(Mandate { confirmed_at: Some(now), ..mandate })
        })
        .await
}

/// The caller as it acts for an organisation that it names, under a mandate. Which organisations there are is not
/// told: one without a mandate is answered as one that is not there.
///
/// # Errors
/// `Forbidden` when there is no mandate that is valid now, and to whoever acts for no cluster or portal.
pub async fn act_for(app: &App, caller: Caller, organisation: OrganisationId) -> AppResult<Caller> {
    let now = app.clock.now();
    if let Credential::OutsideToken(_) = caller.credential {
        let detail = "a token of an outside issuer acts for its own organisation alone; call with a session or a key";
        return Err(AppError::Forbidden { detail: detail.to_owned() });
    }
    let Actor::Organisation(holder) = caller.actor else {
        let detail = "only a cluster or portal acts for others under a mandate; act for one of them first";
        return Err(AppError::Forbidden { detail: detail.to_owned() });
    };
    let mandate = store::open(&app.store, organisation, holder).await?;
    let mandate = mandate.filter(|mandate| mandate.is_valid(now));
    let scopes = mandate.as_ref().and_then(|mandate| caller.scopes.common(&mandate.scopes));
    match (mandate, scopes) {
        (Some(mandate), Some(scopes)) if may_hold(&app.store, holder, now).await? => {
            let behalf = Some(Behalf { mandate: mandate.id, holder });
            Ok(Caller { actor: Actor::Organisation(organisation), scopes, behalf, ..caller })
        }
        (_, _) => {
            let detail = format!(
                "you hold no mandate of {organisation} that is valid now; GET /api/v1/organisations/{holder}/mandates \
                 lists yours"
            );
            Err(AppError::Forbidden { detail })
        }
    }
}

/// Whether an organisation may act for others: a cluster that is not over or a portal, for which the operator vouches.
async fn may_hold(reader: &impl Reads, id: OrganisationId, now: Instant) -> AppResult<bool> {
    let organisation = match organisations::get(reader, Scope::Operator, id).await {
        Ok(stored) => stored.record,
        Err(StoreError::NotFound) => return Ok(false),
        Err(e) => return Err(e.into()),
    };
    let open = match organisation.kind {
        OrganisationKind::Cluster => !clusters::get(reader, id).await?.is_over(now),
        OrganisationKind::Portal => true,
        OrganisationKind::Firm | OrganisationKind::Authority => false,
    };
    Ok(open && organisation.verification == Verification::Operator)
}

fn deed(act: Act, mandate: &Mandate, owner: OrganisationId, changes: Vec<domain::audit::Change>) -> Deed {
    Deed { act, record: RecordKind::Mandate, id: mandate.id.0, owner: Some(owner), changes }
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "mandate" },
        other => other.into(),
    }
}
