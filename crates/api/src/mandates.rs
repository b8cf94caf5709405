//! Mandates, and acting under one.

use app::{
    Actor, App,
    access::Caller,
    mandates::{self, MandateInput},
    memberships::MandateTerms,
};
use axum::{Json, extract::State};
use domain::{
    ids::{MandateId, OrganisationId},
    mandate::Mandate,
    time::Instant,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::{Created, created},
    limits,
    page::{Listing, Page, Paged, PlainQuery},
    path_id::{PathId, PathIds},
    problem::Problem,
    query::Parameters,
    signed_in::Calling,
};

/// The routes of mandates.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(end))
        .routes(routes!(confirm))
}

/// A mandate to give.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = MandateInput, example = json!({"holder": "018f0000-0000-7000-8000-00000000c001", "scopes": ["read", "write"], "ends_on": "2020-12-31"}))]
struct MandateBody {
    /// The cluster or portal that gets it: `GET /api/v1/directory` lists them.
    #[schema(value_type = Uuid)]
    holder: OrganisationId,
    /// `read`, `write`; both where absent. No mandate lets anybody decide who acts for the organisation.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    scopes: Vec<String>,
    /// Its last day, at most five years ahead.
    #[validate(length(max = limits::WORD))]
    #[schema(format = Date)]
    ends_on: String,
}

/// A mandate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mandate)]
pub struct MandateView {
    /// Its id.
    id: Uuid,
    /// The organisation that is acted for.
    organisation: Uuid,
    /// The cluster or portal that acts.
    holder: Uuid,
    /// What it may do: `read`, `write`.
    scopes: Vec<&'static str>,
    /// The person who signed it for the organisation; told to the organisation's own people and the operator.
    signatory: Option<Uuid>,
    /// `valid`, `expired` or `ended`.
    state: &'static str,
    /// When it was recorded.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the organisation itself confirmed it; null while only the holder says so.
    #[schema(format = DateTime)]
    confirmed_at: Option<String>,
    /// Its last day.
    #[schema(format = Date)]
    ends_on: String,
    /// When it was ended before.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

impl MandateView {
    /// As it stands at an instant, to a reader. Whether an address had an account before is not to be told from who
    /// signed.
    pub fn of(mandate: Mandate, now: Instant, reader: &Caller) -> Self {
        let told = match reader.actor {
            Actor::Operator => true,
            Actor::Organisation(own) => own == mandate.organisation,
            Actor::Nobody => false,
        };
        let told = told || (mandate.signatory.is_some() && mandate.signatory == reader.person);
        let state = mandate.state(now);
        Self {
            id: mandate.id.0,
            organisation: mandate.organisation.0,
            holder: mandate.holder.0,
            scopes: mandate.scopes.iter().map(|scope| scope.as_str()).collect(),
            signatory: mandate.signatory.filter(|_| told).map(|id| id.0),
            state,
            created_at: mandate.created_at.to_string(),
            confirmed_at: mandate.confirmed_at.map(|at| at.to_string()),
            ends_on: mandate.ends_on.to_string(),
            ended_at: mandate.ended_at.map(|at| at.to_string()),
        }
    }
}

/// Lists mandates.
///
/// Those that the organisation gave and those that it holds, what ended among them. Its people see them, and the operator.
#[utoipa::path(get, operation_id = "mandates_list", path = "/organisations/{id}/mandates", tag = "Clusters", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id"), PlainQuery),
    responses((status = 200, description = "The mandates", body = Page<MandateView>)))]
async fn list(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<MandateView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("mandates", id.to_string()), query.part())?;
    let found = mandates::page(&app, &caller, id, listing.request).await?;
    let now = app.clock.now();
    Ok(listing.answer(&app, found, |mandate| MandateView::of(mandate, now, &caller)))
}

/// Gives a mandate.
///
/// Admins of the organisation do this. The holder then acts for it by naming it in the header `Acting-For`. A mandate takes
/// the place of one that the holder had.
#[utoipa::path(post, operation_id = "mandates_create", path = "/organisations/{id}/mandates", tag = "Clusters", request_body = MandateBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    responses((status = 201, description = "Given", body = MandateView)))]
async fn create(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    JsonBody(body): JsonBody<MandateBody>,
) -> Result<Created<MandateView>, Problem> {
    let MandateBody { holder, scopes, ends_on } = body;
    let input = MandateInput { holder, terms: MandateTerms { scopes, ends_on } };
    let given = mandates::create(&app, &caller, id, &input).await?;
    let place = format!("/api/v1/organisations/{id}/mandates/{}", given.id);
    Ok(created(place, MandateView::of(given, app.clock.now(), &caller)))
}

/// Reads a mandate.
///
/// Both sides do, and the operator.
#[utoipa::path(get, operation_id = "mandates_get", path = "/organisations/{id}/mandates/{mandate}", tag = "Clusters", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The id of who gave it or holds it"),
        ("mandate" = Uuid, Path, description = "The mandate's id")),
    responses((status = 200, description = "The mandate", body = MandateView)))]
async fn get(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<Json<MandateView>, Problem> {
    let [of, id] = ids;
    let mandate = mandates::get(&app, &caller, OrganisationId(of), MandateId(id)).await?;
    Ok(Json(MandateView::of(mandate, app.clock.now(), &caller)))
}

/// Ends a mandate.
///
/// Admins of who gave it and of who holds it do this. It opens nothing from the next request on.
#[utoipa::path(post, operation_id = "mandates_end", path = "/organisations/{id}/mandates/{mandate}/end", tag = "Clusters", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The id of who gave it or holds it"),
        ("mandate" = Uuid, Path, description = "The mandate's id")),
    responses((status = 200, description = "Ended", body = MandateView)))]
async fn end(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<Json<MandateView>, Problem> {
    let [of, id] = ids;
    let mandate = mandates::end(&app, &caller, OrganisationId(of), MandateId(id)).await?;
    Ok(Json(MandateView::of(mandate, app.clock.now(), &caller)))
}

/// Confirms a mandate.
///
/// Admins of the organisation stand by a mandate that its cluster recorded.
#[utoipa::path(post, operation_id = "mandates_confirm", path = "/organisations/{id}/mandates/{mandate}/confirm", tag = "Clusters", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The organisation's id"),
        ("mandate" = Uuid, Path, description = "The mandate's id")),
    responses(
        (status = 200, description = "Confirmed", body = MandateView),
        (status = 409, description = "It is over")))]
async fn confirm(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<Json<MandateView>, Problem> {
    let [of, id] = ids;
    let mandate = mandates::confirm(&app, &caller, OrganisationId(of), MandateId(id)).await?;
    Ok(Json(MandateView::of(mandate, app.clock.now(), &caller)))
}
