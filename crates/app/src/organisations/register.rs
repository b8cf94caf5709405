//! A person or the operator registers an organisation. What is registered already, by name or identifier, is not
//! registered again: whoever tries is told to ask its admins, and learns nothing more of it.

use std::sync::LazyLock;

use domain::{
    audit::{Act, Change, RecordKind},
    cluster::Cluster,
    code::CountryCode,
    identifier::{Identifier, IdentifierKind, VatFormats},
    ids::{OrganisationId, RoleId},
    organisation::{Organisation, OrganisationKind, Verification},
    person::{Role, RoleOf},
    text,
    violation::Violations,
};
use exchange::seeds::{self, SeedErrors};
use storage::{
    Scope, StoreError, Stored,
    identifiers::{self, Held},
    organisations::{self as store, Entry},
    roles,
};

use super::Registration;
use crate::{
    App, Tables,
    access::Caller,
    audit::{Deed, Pen},
    clusters::{self, ClusterInput},
    error::{AppError, AppResult},
    policy::{Action, Actor, Resource, require},
};

/// The most clusters that an organisation is registered as a member of.
pub const MOST_CLUSTERS: usize = 50;
/// The most identifiers of an organisation.
pub const MOST_IDENTIFIERS: usize = 20;
/// The most organisations that a person who registers another may have a role in.
const MOST_ROLES: usize = 20;

/// An organisation as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganisationInput {
    /// Its name.
    pub name: String,
    /// `firm`, `cluster`, `authority` or `portal`.
    pub kind: String,
    /// A country by code or name.
    pub country: String,
    /// `none` (where absent), `cluster` or `operator`.
    pub verification: Option<String>,
    /// Clusters it is a member of.
    pub clusters: Vec<OrganisationId>,
    /// Kind and value of its identifiers.
    pub identifiers: Vec<(String, String)>,
    /// What it is as a cluster; a permanent one where absent.
    pub cluster: Option<ClusterInput>,
}

/// Registers an organisation. The person who does so becomes its admin; who vouches for it, and which cluster it
/// belongs to, only the operator says. What the operator says of identifiers is confirmed.
///
/// # Errors
/// `Forbidden` for keys of organisations; `Invalid` with every fault; `Conflict` when an organisation of this country
/// has the name, in whatever spelling, or one has an identifier.
pub async fn create(app: &App, caller: &Caller, input: &OrganisationInput) -> AppResult<Registration> {
    require(caller, Action::Write, Resource::Registration)?;
    let (now, pen, operator) = (app.clock.now(), Pen::of(app, caller), caller.actor == Actor::Operator);
    let mut faults = Violations::new();
    let checked = faults.keep(check(app, input));
    match operator {
        true => {
            let vouched = input.verification.as_deref() == Some(Verification::Cluster.as_str());
            check_clusters(app, &input.clusters, vouched, &mut faults).await?;
            if vouched && input.clusters.is_empty() {
                faults.push("/clusters", "missing", "is missing; name the cluster that vouches for it");
            }
            if vouched && input.kind != OrganisationKind::Firm.as_str() {
                faults.push("/verification", "does_not_apply", "is cluster; a cluster vouches for firms alone");
            }
        }
        false => refuse_privileges(input, &mut faults),
    }
    let country = checked.as_ref().map(|(_, _, country, _)| country.clone());
    let identifiers = faults.keep(check_identifiers(country, &input.identifiers, &[])?);
    let kind = checked.as_ref().map(|(_, kind, _, _)| *kind);
    let cluster = match (&input.cluster, kind) {
        (Some(_), Some(OrganisationKind::Firm | OrganisationKind::Authority | OrganisationKind::Portal)) => {
            faults.push("/cluster", "does_not_apply", "is for clusters; leave it out, or write cluster as the kind");
            None
        }
        (Some(typed), _) => faults.keep(clusters::check(app, caller, typed).await?),
        (None, _) => None,
    };
    faults.into_result()?;
    let (Some((name, kind, country, verification)), Some(identifiers)) = (checked, identifiers) else {
        return Err(AppError::internal("no faults, no value"));
    };
    let id = OrganisationId(app.ids.next(now));
    let record = Organisation { id, kind, name, country, verification, clusters: sorted(&input.clusters) };
    let stored = Stored { record: record.clone(), origin: None, created_at: now, updated_at: now };
    let confirmed_at = operator.then_some(now);
    let held = |identifier: &Identifier| Held { identifier: identifier.clone(), confirmed_at };
    let held: Vec<Held> = identifiers.iter().map(held).collect();
    let is_cluster = kind == OrganisationKind::Cluster;
    let of_cluster = is_cluster.then(|| cluster.clone().unwrap_or_default());
    let registration = Registration { stored, identifiers: held.clone(), entry: Entry::default(), cluster: of_cluster };
    let founded = cluster.filter(|cluster| cluster.form.is_founded());
    let (admin, role_id) = (caller.person.filter(|_| !operator), app.ids.next(now));
    app.store
        .write(move |tx| async move {
            if let Some(id) = store::claim_name(&tx, &record.name, &record.country).await? {
                let detail = format!("{:?} of {} is registered already", record.name, record.country);
                return Err(duplicate(detail, id, operator));
            }
            if let Some((identifier, id)) = identifiers::holders(&tx, &identifiers).await?.into_iter().next() {
                return Err(duplicate(
                    format!("an organisation with {identifier} is registered already"),
                    id,
                    operator,
                ));
            }
            store::insert(&tx, &record, None, now).await?;
            identifiers::insert(&tx, record.id, &held, now).await?;
            if let Some(cluster) = &founded {
                storage::clusters::put(&tx, record.id, cluster, now).await?;
            }
            if let Some(person) = admin {
                if roles::of_person(&tx, person).await?.len() >= MOST_ROLES {
                    let detail = format!("you act for {MOST_ROLES} organisations already; ask the operator");
                    return Err(AppError::Forbidden { detail });
                }
                let (id, organisation, accepted_at) = (RoleId(role_id), record.id, Some(now));
                let role = RoleOf { id, person, organisation, role: Role::Admin, granted_at: now, accepted_at };
                roles::put(&tx, &role).await?;
            }
            let mut deed = registered(&record);
            if let Some(Cluster { form, sponsor: Some(sponsor), ends_on: Some(last), .. }) = &founded {
                deed.changes.push(Change::to("form", form.as_str()));
                deed.changes.push(Change::to("sponsor", sponsor));
                deed.changes.push(Change::to("ends_on", last));
            }
            pen.note(&tx, [deed]).await
        })
        .await?;
    Ok(registration)
}

/// The operator is told which one it is, others how to come to act for it.
pub(crate) fn duplicate(detail: String, id: OrganisationId, operator: bool) -> AppError {
    let detail = match operator {
        true => format!("{detail}, as {id}"),
        false => format!("{detail}; ask its admins with POST /api/v1/organisations/ask"),
    };
    AppError::Conflict { code: "duplicate_organisation", detail }
}

/// Nobody vouches for himself, or makes himself a member (field case ACL-02).
fn refuse_privileges(input: &OrganisationInput, faults: &mut Violations) {
    if input.verification.as_deref().is_some_and(|word| word != Verification::None.as_str()) {
        faults.push("/verification", "not_yours", "is for the operator to say; leave it out");
    }
    if !input.clusters.is_empty() {
        faults.push("/clusters", "not_yours", "is for the operator to say; leave it out, and ask the cluster");
    }
}

/// Clusters that an organisation is registered as a member of; those that vouch for it are vouched for themselves.
async fn check_clusters(
    app: &App,
    clusters: &[OrganisationId],
    vouching: bool,
    faults: &mut Violations,
) -> AppResult<()> {
    if clusters.len() > MOST_CLUSTERS {
        let detail = format!("has {} entries; name at most {MOST_CLUSTERS}", clusters.len());
        faults.push("/clusters", "too_many", detail);
    }
    for (i, cluster) in clusters.iter().enumerate().take(MOST_CLUSTERS) {
        match store::get(&app.store, Scope::Operator, *cluster).await {
            Ok(found) if found.record.kind == OrganisationKind::Cluster => {
                let is_over = storage::clusters::get(&app.store, *cluster).await?.is_over(app.clock.now());
                if is_over || (vouching && found.record.verification != Verification::Operator) {
                    let detail = "is over, or nobody vouches for it; vouch for the cluster first, or leave it out";
                    faults.push(format!("/clusters/{i}"), "does_not_apply", detail);
                }
            }
            Ok(_) | Err(StoreError::NotFound) => {
                let detail = format!("{cluster} is no cluster; GET /api/v1/organisations lists them");
                faults.push(format!("/clusters/{i}"), "unknown_organisation", detail);
            }
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// Identifiers in their one form, each once. Without a country only those that name their own are judged; those that are
/// `known` in this very form stay as they are.
pub(crate) fn check_identifiers(
    country: Option<CountryCode>,
    typed: &[(String, String)],
    known: &[Identifier],
) -> AppResult<Result<Vec<Identifier>, Violations>> {
    static FORMATS: LazyLock<Result<VatFormats, SeedErrors>> = LazyLock::new(seeds::vat_formats);
    let formats = FORMATS.as_ref().map_err(AppError::internal)?;
    let country = country.unwrap_or_else(|| CountryCode::new("ZZ"));
    let mut faults = Violations::new();
    let mut found = Vec::new();
    // What it has stays, also where a merge gave it more.
    let most = MOST_IDENTIFIERS.max(known.len());
    if typed.len() > most {
        let detail = format!("has {} entries; name at most {most}", typed.len());
        faults.push("/identifiers", "too_many", detail);
    }
    for (i, (kind, value)) in typed.iter().enumerate().take(most) {
        if let Some(same) = known.iter().find(|known| known.kind.as_str() == kind && known.value == *value) {
            found.push(same.clone());
            continue;
        }
        match IdentifierKind::parse(kind) {
            Some(kind) => {
                let parsed = Identifier::parse(&format!("/identifiers/{i}/value"), kind, value, &country, formats);
                found.extend(faults.keep(parsed));
            }
            None => {
                let detail = format!("{kind:?} is not one of: vat, lei, euid, gln, national");
                faults.push(format!("/identifiers/{i}/kind"), "unknown_value", detail);
            }
        }
    }
    // As they are read back, so that an answer is what the next read says.
    found.sort_by(|a, b| (a.kind.as_str(), &a.value).cmp(&(b.kind.as_str(), &b.value)));
    found.dedup();
    Ok(faults.into_result().map(|()| found))
}

/// One identifier, as somebody types it who looks for its organisation.
pub(super) fn one_identifier(
    country: Option<CountryCode>,
    kind: &str,
    value: &str,
) -> AppResult<Result<Vec<Identifier>, Violations>> {
    check_identifiers(country, &[(kind.to_owned(), value.to_owned())], &[])
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

pub(crate) type Checked = (String, OrganisationKind, domain::code::CountryCode, Verification);

pub(crate) fn check(app: &App, input: &OrganisationInput) -> Result<Checked, Violations> {
    let tables = app.tables();
    let mut faults = Violations::new();
    let name = faults.keep(text::name("/name", &input.name));
    let kind = OrganisationKind::parse(&input.kind);
    if kind.is_none() {
        let detail = format!("{:?} is not one of: firm, cluster, authority, portal", input.kind);
        faults.push("/kind", "unknown_value", detail);
    }
    let country = faults.keep(check_country(&tables, &input.country));
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

/// A country by code or name.
pub(super) fn check_country(tables: &Tables, typed: &str) -> Result<CountryCode, Violations> {
    tables.regions.country(typed).map(|country| country.code.clone()).ok_or_else(|| {
        let detail = format!("{typed:?} is no known country; write an ISO 3166 code such as GR");
        Violations::one("/country", "unknown_region", detail)
    })
}

fn sorted(clusters: &[OrganisationId]) -> Vec<OrganisationId> {
    let mut clusters = clusters.to_vec();
    clusters.sort();
    clusters.dedup();
    clusters
}
