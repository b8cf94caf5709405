//! Organisations.

use app::{App, Stored, organisations::OrganisationFilter, organisations::OrganisationInput};
use axum::{Json, extract::State};
use domain::{ids::OrganisationId, organisation::Organisation};
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
    path_id::PathId,
    problem::Problem,
    query::{Parameters, Words},
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
};

/// The routes of organisations.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get))
}

/// An organisation to register.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationInput, example = json!({"name": "Atelier Exemple", "kind": "firm", "country": "FR"}))]
struct OrganisationBody {
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// `firm`, `cluster` or `authority`.
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
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organisation)]
struct OrganisationView {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// `firm`, `cluster` or `authority`.
    kind: &'static str,
    /// Its country, ISO 3166-1; `ZZ` where an imported file did not say.
    country: String,
    /// Who vouched for it: `none`, `cluster` or `operator`.
    verification: &'static str,
    /// The clusters it is a member of.
    clusters: Vec<Uuid>,
    /// When it was registered.
    #[schema(format = DateTime)]
    created_at: String,
}

impl OrganisationView {
    fn of(stored: Stored<Organisation>) -> Self {
        let o = stored.record;
        Self {
            id: o.id.0,
            name: o.name,
            kind: o.kind.as_str(),
            country: o.country.to_string(),
            verification: o.verification.as_str(),
            clusters: o.clusters.into_iter().map(|c| c.0).collect(),
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
/// Only the operator does. A name that an organisation of the country has already, in whatever spelling, is a conflict.
#[utoipa::path(post, operation_id = "organisations_create", path = "/organisations", tag = "Organisations", request_body = OrganisationBody, security(("bearer" = [])),
    responses(
        (status = 201, description = "Registered; `Location` says where to read it", body = OrganisationView),
        (status = 403, description = "Only the operator registers organisations"),
        (status = 409, description = "It is registered already")))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<OrganisationBody>,
) -> Result<Created<OrganisationView>, Problem> {
    let OrganisationBody { name, kind, country, verification, clusters } = body;
    let input = OrganisationInput { name, kind, country, verification, clusters };
    let stored = app::organisations::create(&app, &caller, &input).await?;
    Ok(created(format!("/api/v1/organisations/{}", stored.record.id), OrganisationView::of(stored)))
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
