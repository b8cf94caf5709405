//! Organisations.

use app::organisations::Held;
use app::{
    App,
    clusters::ClusterInput,
    organisations::{OrganisationDetails, OrganisationFilter, OrganisationInput, Registration, Wanted},
};
use axum::{Json, extract::State, http::StatusCode};
use domain::{cluster::Cluster, ids::OrganisationId, organisation::Verification, violation::Violations};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::{Created, created},
    limits,
    page::{Listing, Page, Paged, Part},
    patch::MergePatch,
    path_id::PathId,
    people::Mailed,
    problem::Problem,
    query::{Parameters, Words},
    signed_in::{Calling, SignedIn},
    sort::{ByCreation, Sort},
    version::IfMatch,
};

/// The routes of organisations.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(ask))
        .routes(routes!(get, update))
        .routes(routes!(verify))
        .routes(routes!(close))
}

/// An organisation to register.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationInput, example = json!({"name": "Atelier Exemple", "kind": "firm", "country": "FR"}))]
struct OrganisationBody {
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// `firm`, `cluster`, `authority` or `portal`.
    #[validate(length(max = limits::WORD))]
    kind: String,
    /// Its country: ISO 3166-1, or a name.
    #[validate(length(max = limits::WORD))]
    country: String,
    /// Who vouched for it: `none` (where absent), `cluster` or `operator`.
    #[validate(length(max = limits::WORD))]
    verification: Option<String>,
    /// The clusters it is a member of, at most 50.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    clusters: Vec<OrganisationId>,
    /// Its numbers in registers, at most 20.
    #[serde(default)]
    #[validate(nested)]
    identifiers: Vec<IdentifierBody>,
    /// What it is as a cluster: a permanent one where absent.
    #[validate(nested)]
    cluster: Option<ClusterBody>,
}

/// What a cluster is.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ClusterInput, example = json!({"form": "temporary", "purpose": "Masks for the hospitals of Bavaria", "ends_on": "2020-12-31"}))]
struct ClusterBody {
    /// `permanent`, or, founded by a sponsor for a purpose until a day, `temporary` or `virtual`.
    #[validate(length(max = limits::WORD))]
    form: String,
    /// The authority or cluster that founds it: for the operator to say, anybody else founds for whom he acts.
    #[schema(value_type = Option<Uuid>)]
    sponsor: Option<OrganisationId>,
    /// What it is for.
    #[validate(length(max = limits::NOTE))]
    purpose: Option<String>,
    /// Its last day, at most five years ahead.
    #[validate(length(max = limits::WORD))]
    #[schema(format = Date)]
    ends_on: Option<String>,
}

/// Who vouches for an organisation.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = VerificationInput, example = json!({"verification": "operator"}))]
struct VerificationBody {
    /// `operator`, or `none` where the operator vouches no longer; a cluster may do so still.
    #[validate(length(max = limits::WORD))]
    verification: String,
}

/// A number of an organisation in a register.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentifierInput, example = json!({"kind": "vat", "value": "EL 123456783"}))]
pub struct IdentifierBody {
    /// `vat`, `lei`, `euid`, `gln`, or `national` for a register of the organisation's country.
    #[validate(length(max = limits::WORD))]
    pub kind: String,
    /// The number, in whatever spelling.
    #[validate(length(max = limits::WORD))]
    pub value: String,
}

/// What its admins may change of an organisation.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationDetailsInput, example = json!({"name": "Atelier Exemple & Fils", "country": "FR"}))]
struct DetailsBody {
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// Its country: ISO 3166-1, or a name.
    #[validate(length(max = limits::WORD))]
    country: String,
    /// Its numbers in registers, at most 20.
    #[serde(default)]
    #[validate(nested)]
    identifiers: Vec<IdentifierBody>,
}

impl DetailsBody {
    /// The body that an organisation has as it stands.
    fn of(registration: &Registration) -> Self {
        let identifier = |held: &Held| IdentifierBody {
            kind: held.identifier.kind.as_str().to_owned(),
            value: held.identifier.value.clone(),
        };
        Self {
            name: registration.stored.record.name.clone(),
            country: registration.stored.record.country.to_string(),
            identifiers: registration.identifiers.iter().map(identifier).collect(),
        }
    }

    /// As the use case checks it.
    fn input(self) -> OrganisationDetails {
        let Self { name, country, identifiers } = self;
        let identifiers = identifiers.into_iter().map(|id| (id.kind, id.value)).collect();
        OrganisationDetails { name, country, identifiers }
    }
}

/// An organisation that somebody asks to act for.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedOrganisation, example = json!({"name": "Atelier Exemple", "country": "FR"}))]
struct WantedBody {
    /// Its country: ISO 3166-1, or a name.
    #[validate(length(max = limits::WORD))]
    country: String,
    /// Its name.
    #[validate(length(max = limits::WORD))]
    name: Option<String>,
    /// Or one of its numbers.
    #[validate(nested)]
    identifier: Option<IdentifierBody>,
    /// By what it can be seen that you speak for it: a claim, which whoever decides reads, and grants or refuses.
    #[validate(length(max = limits::NOTE))]
    evidence: Option<String>,
}

/// What a cluster is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cluster)]
pub struct ClusterView {
    /// `permanent`, `temporary` or `virtual`.
    form: &'static str,
    /// Who founded it; null of a permanent one.
    sponsor: Option<Uuid>,
    /// What it is for; empty of a permanent one.
    purpose: String,
    /// Its last day; null of a permanent one.
    #[schema(format = Date)]
    ends_on: Option<String>,
    /// When it was closed.
    #[schema(format = DateTime)]
    closed_at: Option<String>,
}

impl ClusterView {
    /// Of a cluster.
    pub fn of(cluster: Cluster) -> Self {
        Self {
            form: cluster.form.as_str(),
            sponsor: cluster.sponsor.map(|id| id.0),
            purpose: cluster.purpose,
            ends_on: cluster.ends_on.map(|day| day.to_string()),
            closed_at: cluster.closed_at.map(|at| at.to_string()),
        }
    }
}

/// A number of an organisation in a register, in its one form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identifier)]
struct IdentifierView {
    /// `vat`, `lei`, `euid`, `gln` or `national`.
    kind: &'static str,
    /// Its one form: a VAT number with its prefix, a national one with the country before it.
    value: String,
    /// Whether somebody other than the organisation confirmed it.
    confirmed: bool,
}

impl IdentifierView {
    fn of(held: &Held) -> Self {
        let Held { identifier, confirmed_at } = held;
        Self { kind: identifier.kind.as_str(), value: identifier.value.clone(), confirmed: confirmed_at.is_some() }
    }
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organisation)]
pub struct OrganisationView {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// `firm`, `cluster`, `authority` or `portal`.
    kind: &'static str,
    /// Its country, ISO 3166-1; `ZZ` where an imported file did not say.
    country: String,
    /// Who vouched for it: `none`, `cluster` or `operator`.
    verification: &'static str,
    /// The clusters it is a member of.
    clusters: Vec<Uuid>,
    /// Its numbers in registers.
    identifiers: Vec<IdentifierView>,
    /// What it is as a cluster; null where it is none.
    cluster: Option<ClusterView>,
    /// The cluster that entered it; null where it registered itself, or the operator or a file did.
    entered_by: Option<Uuid>,
    /// When the firm itself stood by what was entered for it.
    #[schema(format = DateTime)]
    confirmed_by_firm_at: Option<String>,
    /// When it was registered.
    #[schema(format = DateTime)]
    created_at: String,
}

impl OrganisationView {
    /// Of an organisation with what belongs to it.
    pub fn of(registration: Registration) -> Self {
        let Registration { stored, identifiers, entry, cluster } = registration;
        let o = stored.record;
        Self {
            id: o.id.0,
            name: o.name,
            kind: o.kind.as_str(),
            country: o.country.to_string(),
            verification: o.verification.as_str(),
            clusters: o.clusters.into_iter().map(|c| c.0).collect(),
            identifiers: identifiers.iter().map(IdentifierView::of).collect(),
            cluster: cluster.map(ClusterView::of),
            entered_by: entry.by.map(|by| by.0),
            confirmed_by_firm_at: entry.confirmed_at.map(|at| at.to_string()),
            created_at: stored.created_at.to_string(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only names that hold these words, whatever their case, accents and punctuation.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<Words>,
    /// What the list is sorted by: `created_at` (where absent), `-created_at` for the last first.
    #[param(value_type = Option<String>, example = "-created_at")]
    sort: Option<Sort<ByCreation>>,
    /// Whether the answer has the `total` of all pages too.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    total: bool,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// Lists organisations.
///
/// The operator sees all of them, an organisation itself.
#[utoipa::path(get, operation_id = "organisations_list", path = "/organisations", tag = "Organisations", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The organisations", body = Page<OrganisationView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<OrganisationView>, Problem> {
    let filter = OrganisationFilter { kind: None, query: query.q.map(|q| q.0) };
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("organisations", format!("{filter:?}")), part)?;
    let found = app::organisations::page(&app, &caller, &filter, listing.request).await?;
    Ok(listing.answer(&app, found, OrganisationView::of))
}

/// Registers an organisation.
///
/// A person who signed in does, and becomes its admin: carry the session on with its id to act for it. So does the operator,
/// who alone says who vouches for it and which clusters it belongs to, and whose word on identifiers confirms them. A name
/// that an organisation of the country has already, in whatever spelling, or an identifier that one has, is a conflict. A
/// temporary or virtual cluster is founded by an admin of an authority or cluster that the operator vouches for.
#[utoipa::path(post, operation_id = "organisations_create", path = "/organisations", tag = "Organisations", request_body = OrganisationBody, security(("bearer" = [])),
    responses(
        (status = 201, description = "Registered; `Location` says where to read it", body = OrganisationView),
        (status = 403, description = "A key registers no organisation"),
        (status = 409, description = "It is registered already")))]
async fn create(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<OrganisationBody>,
) -> Result<Created<OrganisationView>, Problem> {
    let OrganisationBody { name, kind, country, verification, clusters, identifiers, cluster } = body;
    let identifiers = identifiers.into_iter().map(|id| (id.kind, id.value)).collect();
    let cluster = cluster.map(|c| {
        let ClusterBody { form, sponsor, purpose, ends_on } = c;
        ClusterInput { form, sponsor, purpose, ends_on }
    });
    let input = OrganisationInput { name, kind, country, verification, clusters, identifiers, cluster };
    let made = app::organisations::create(&app, &caller, &input).await?;
    Ok(created(format!("/api/v1/organisations/{}", made.stored.record.id), OrganisationView::of(made)))
}

/// Asks to act for an organisation.
///
/// Its admins get a mail with the name and the address of the person who calls, and give a role or do nothing; where it
/// has none, the admins of the cluster that entered it and those who run the service do. With `evidence` it is a claim that
/// they grant or refuse. The answer is the same where there is no such organisation.
#[utoipa::path(post, operation_id = "organisations_ask", path = "/organisations/ask", tag = "Organisations", request_body = WantedBody, security(("bearer" = [])),
    responses((status = 202, description = "Its admins are asked, if it is registered", body = Mailed)))]
async fn ask(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<WantedBody>,
) -> Result<(StatusCode, Json<Mailed>), Problem> {
    let WantedBody { country, name, identifier, evidence } = body;
    let wanted = Wanted { country, name, identifier: identifier.map(|id| (id.kind, id.value)), evidence };
    app::organisations::ask(&app, &caller, &wanted).await?;
    Ok(Mailed::accepted("if it is registered, its admins are asked by mail and may give you a role"))
}

/// Reads an organisation.
///
/// An organisation reads itself; the operator reads all.
#[utoipa::path(get, operation_id = "organisations_get", path = "/organisations/{id}", tag = "Organisations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    responses((status = 200, description = "The organisation", body = OrganisationView)))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OrganisationId>,
) -> Result<Json<OrganisationView>, Problem> {
    Ok(Json(OrganisationView::of(app::organisations::get(&app, &caller, id).await?)))
}

/// Says who vouches for an organisation.
///
/// The operator does; for members of a cluster the cluster itself does. What the operator no longer vouches for vouches for
/// nobody any more. With `If-Match`, the `ETag` that the organisation was read with, what nobody looked at is not vouched for.
#[utoipa::path(post, operation_id = "organisations_verify", path = "/organisations/{id}/verify", tag = "Organisations", request_body = VerificationBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    responses(
        (status = 200, description = "So it is", body = OrganisationView),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn verify(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OrganisationId>,
    seen: IfMatch,
    JsonBody(body): JsonBody<VerificationBody>,
) -> Result<Json<OrganisationView>, Problem> {
    let verification = match Verification::parse(&body.verification) {
        Some(verification @ (Verification::None | Verification::Operator)) => verification,
        Some(Verification::Cluster) | None => {
            let detail = format!("{:?} is not one of: none, operator", body.verification);
            let fault = Violations::one("/verification", "unknown_value", detail);
            return Err(app::AppError::from(fault).into());
        }
    };
    let agree = move |registration: &Registration| seen.holds(&OrganisationView::of(registration.clone()));
    app::organisations::verify(&app, &caller, id, verification, agree).await?;
    Ok(Json(OrganisationView::of(app::organisations::get(&app, &caller, id).await?)))
}

/// Closes a cluster.
///
/// Its admins do this, its sponsor's, and the operator. Memberships, what it vouched for and the mandates it holds end at once;
/// what it entered for its members is theirs.
#[utoipa::path(post, operation_id = "organisations_close", path = "/organisations/{id}/close", tag = "Clusters", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The cluster's id")),
    responses(
        (status = 204, description = "Closed"),
        (status = 409, description = "It is no cluster")))]
async fn close(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OrganisationId>,
) -> Result<StatusCode, Problem> {
    app::clusters::close(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes an organisation.
///
/// A JSON Merge Patch (RFC 7396) of name, country and identifiers: what is absent stays, lists are replaced. Its admins do
/// so, and the operator. Kind, clusters and who vouches for it are not theirs to change. Where admins change the name to
/// another, the country, or an identifier that was confirmed, nobody vouches for it any more until somebody does anew;
/// identifiers that they add are unconfirmed. What the operator changes stays vouched for, and identifiers that he adds are
/// confirmed. `If-Match` carries the `ETag` that you read it with.
#[utoipa::path(patch, operation_id = "organisations_update", path = "/organisations/{id}", tag = "Organisations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    request_body(content = DetailsBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = OrganisationView),
        (status = 409, description = "Another organisation has the name or an identifier, or files of imports know this one by its name"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OrganisationId>,
    patch: MergePatch,
) -> Result<Json<OrganisationView>, Problem> {
    let edit = |registration: &Registration| {
        let (view, before) = (OrganisationView::of(registration.clone()), DetailsBody::of(registration));
        Ok(patch.apply(&view, &before, &[])?.map(DetailsBody::input))
    };
    Ok(Json(OrganisationView::of(app::organisations::update(&app, &caller, id, edit).await?)))
}
