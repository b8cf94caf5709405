//! Organisations: people and the operator register them, each reads its own.

use std::collections::BTreeMap;

use domain::{
    cluster::Cluster,
    ids::OrganisationId,
    organisation::{Organisation, OrganisationKind},
    violation::Violations,
};
use storage::{Page, PageRequest, Reads, StoreError, Stored, organisations as store};

pub use storage::{
    identifiers::Held,
    merging::Merged,
    organisations::{Entry, OrganisationFilter},
};

use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

mod ask;
mod merge;
mod register;
mod update;
mod verify;

pub use ask::{Wanted, ask};
pub use merge::{Merging, counts, merge};
pub use register::{MOST_CLUSTERS, MOST_IDENTIFIERS, OrganisationInput, create};
pub(crate) use register::{check, check_identifiers, duplicate, registered};
pub use update::{OrganisationDetails, update};
pub use verify::verify;

/// An organisation with its identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The organisation.
    pub stored: Stored<Organisation>,
    /// Its identifiers.
    pub identifiers: Vec<Held>,
    /// Who entered it, if that was somebody else.
    pub entry: Entry,
    /// What it is as a cluster, where it is one.
    pub cluster: Option<Cluster>,
}

/// One organisation.
///
/// # Errors
/// `NotFound` outside of what the actor may see.
pub async fn get(app: &App, caller: &Caller, id: OrganisationId) -> AppResult<Registration> {
    require(caller, Action::Read, Resource::OwnedBy(id))?;
    let stored = store::get(&app.store, caller.actor.into(), id).await.map_err(not_found)?;
    let mut found = registrations(&app.store, vec![stored]).await?;
    found.pop().ok_or_else(|| AppError::internal("an organisation got lost"))
}

/// A page of the organisations that the actor may see.
pub async fn page(
    app: &App,
    caller: &Caller,
    filter: &OrganisationFilter,
    request: PageRequest,
) -> AppResult<Page<Registration>> {
    require(caller, Action::Read, Resource::Organisations)?;
    let page = store::page(&app.store, caller.actor.into(), filter, request).await?;
    Ok(Page { items: registrations(&app.store, page.items).await?, next: page.next, total: page.total })
}

/// Organisations with what belongs to them.
async fn registrations(reader: &impl Reads, stored: Vec<Stored<Organisation>>) -> AppResult<Vec<Registration>> {
    let ids = || stored.iter().map(|stored| stored.record.id);
    let mut held: BTreeMap<OrganisationId, Vec<Held>> = storage::identifiers::of(reader, ids()).await?;
    let mut entries = store::entries(reader, ids()).await?;
    let mut clusters = storage::clusters::of(reader, ids()).await?;
    let with = |stored: Stored<Organisation>| {
        let id = stored.record.id;
        let is_cluster = stored.record.kind == OrganisationKind::Cluster;
        let cluster = is_cluster.then(|| clusters.remove(&id).unwrap_or_default());
        let (identifiers, entry) = (held.remove(&id).unwrap_or_default(), entries.remove(&id).unwrap_or_default());
        Registration { stored, identifiers, entry, cluster }
    };
    Ok(stored.into_iter().map(with).collect())
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
