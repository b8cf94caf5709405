//! Organisations: the operator registers them, each reads its own.

use domain::{
    audit::{Act, Change, RecordKind},
    ids::OrganisationId,
    organisation::{Organisation, OrganisationKind, Verification},
    text,
    violation::Violations,
};
use storage::{Page, PageRequest, Scope, StoreError, Stored, organisations as store};

pub use storage::organisations::OrganisationFilter;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// The most clusters that an organisation is registered as a member of.
pub const MOST_CLUSTERS: usize = 50;

/// An organisation as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganisationInput {
    /// Its name.
    pub name: String,
    /// `firm`, `cluster` or `authority`.
    pub kind: String,
    /// A country by code or name.
    pub country: String,
    /// `none` (where absent), `cluster` or `operator`.
    pub verification: Option<String>,
    /// Clusters it is a member of.
    pub clusters: Vec<OrganisationId>,
}

/// Registers an organisation.
///
/// # Errors
/// `Forbidden` for all but the operator; `Invalid` with every fault; `Conflict` when an organisation
/// of this country has the name, in whatever spelling.
pub async fn create(app: &App, caller: &Caller, input: &OrganisationInput) -> AppResult<Stored<Organisation>> {
    require(caller, Action::Write, Resource::Organisations)?;
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    let mut faults = Violations::new();
    let checked = faults.keep(check(app, input));
    if input.clusters.len() > MOST_CLUSTERS {
        let detail = format!("has {} entries; name at most {MOST_CLUSTERS}", input.clusters.len());
        faults.push("/clusters", "too_many", detail);
    }
    for (i, cluster) in input.clusters.iter().enumerate().take(MOST_CLUSTERS) {
        match store::get(&app.store, Scope::Operator, *cluster).await {
            Ok(found) if found.record.kind == OrganisationKind::Cluster => {}
            Ok(_) | Err(StoreError::NotFound) => {
                let detail = format!("{cluster} is no cluster; GET /api/v1/organisations lists them");
                faults.push(format!("/clusters/{i}"), "unknown_organisation", detail);
            }
            Err(e) => return Err(e.into()),
        }
    }
    faults.into_result()?;
    let Some((name, kind, country, verification)) = checked else {
        return Err(AppError::internal("no faults, no value"));
    };
    let clusters = sorted(&input.clusters);
    let record = Organisation { id: OrganisationId(app.ids.next(now)), kind, name, country, verification, clusters };
    let stored = Stored { record: record.clone(), origin: None, created_at: now, updated_at: now };
    app.store
        .write(move |tx| async move {
            if let Some(id) = store::claim_name(&tx, &record.name, &record.country).await? {
                let detail = format!("{:?} of {} is registered already, as {id}", record.name, record.country);
                return Err(AppError::Conflict { code: "duplicate_organisation", detail });
            }
            store::insert(&tx, &record, None, now).await?;
            pen.note(&tx, [registered(&record)]).await
        })
        .await?;
    Ok(stored)
}

/// That an organisation was registered.
pub(crate) fn registered(of: &Organisation) -> Deed {
    let changes = vec![
        Change::to("kind", of.kind.as_str()),
        Change::to("country", &of.country),
        Change::to("verification", of.verification.as_str()),
    ];
    Deed { act: Act::Create, record: RecordKind::Organisation, id: of.id.0, owner: Some(of.id), changes }
}

type Checked = (String, OrganisationKind, domain::code::CountryCode, Verification);

fn check(app: &App, input: &OrganisationInput) -> Result<Checked, Violations> {
    let tables = app.tables();
    let mut faults = Violations::new();
    let name = faults.keep(text::name("/name", &input.name));
    let kind = OrganisationKind::parse(&input.kind);
    if kind.is_none() {
        let detail = format!("{:?} is not one of: firm, cluster, authority", input.kind);
        faults.push("/kind", "unknown_value", detail);
    }
    let country = tables.regions.country(&input.country).map(|c| c.code.clone());
    if country.is_none() {
        let detail = format!("{:?} is no known country; write an ISO 3166 code such as GR", input.country);
        faults.push("/country", "unknown_region", detail);
    }
    let verification = input.verification.as_deref().map_or(Some(Verification::None), Verification::parse);
    if verification.is_none() {
        let detail =
            format!("{:?} is not one of: none, cluster, operator", input.verification.as_deref().unwrap_or(""));
        faults.push("/verification", "unknown_value", detail);
    }
    match (name, kind, country, verification) {
        (Some(name), Some(kind), Some(country), Some(verification)) => Ok((name, kind, country, verification)),
        (_, _, _, _) => Err(faults),
    }
}

fn sorted(clusters: &[OrganisationId]) -> Vec<OrganisationId> {
    let mut clusters = clusters.to_vec();
    clusters.sort();
    clusters.dedup();
    clusters
}

/// One organisation.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, caller: &Caller, id: OrganisationId) -> AppResult<Stored<Organisation>> {
    require(caller, Action::Read, Resource::OwnedBy(id))?;
    store::get(&app.store, caller.actor.into(), id).await.map_err(not_found)
}

/// A page of the organisations that the actor may see.
pub async fn page(
    app: &App,
    caller: &Caller,
    filter: &OrganisationFilter,
    request: PageRequest,
) -> AppResult<Page<Stored<Organisation>>> {
    require(caller, Action::Read, Resource::Organisations)?;
    Ok(store::page(&app.store, caller.actor.into(), filter, request).await?)
}

/// The organisation that a record is written for: the one named, else the actor's own.
///
/// # Errors
/// `Invalid` at `/organisation` when none is named by the operator, or one that the actor may not write for.
pub(crate) async fn owner(
    app: &App,
    caller: &Caller,
    action: Action,
    named: Option<OrganisationId>,
) -> AppResult<OrganisationId> {
    let fault = |code, detail: String| AppError::Invalid(Violations::one("/organisation", code, detail));
    let Some(id) = named.or(caller.actor.organisation()) else {
        return Err(fault("missing", "is missing; the operator names the organisation he writes for".to_owned()));
    };
    let unknown = || {
        fault(
            "unknown_organisation",
            format!("{id} is no organisation you may write for; leave it out to mean your own"),
        )
    };
    require(caller, action, Resource::OwnedBy(id)).map_err(|fault| match fault {
        AppError::NotFound { .. } => unknown(),
        other => other,
    })?;
    match store::get(&app.store, caller.actor.into(), id).await {
        Ok(_) => Ok(id),
        Err(StoreError::NotFound) => Err(unknown()),
        Err(e) => Err(e.into()),
    }
}

fn not_found(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "organisation" },
        other => other.into(),
    }
}
