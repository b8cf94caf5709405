//! Roles: who acts for an organisation.

use app::{
    App,
    roles::{self, RoleInput},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
};
use domain::{
    ids::{OrganisationId, RoleId},
    person::{Person, RoleOf},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::Created,
    limits,
    page::{Listing, Page, Paged, Part},
    path_id::{PathId, PathIds},
    problem::Problem,
    query::Parameters,
    signed_in::Calling,
    sort::{ByCreation, Sort},
};

/// The routes of roles.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, grant)).routes(routes!(update, remove)).routes(routes!(accept))
}

/// A role to give.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleInput, example = json!({"email": "bob@example.org", "name": "Bob Example", "role": "editor"}))]
struct RoleBody {
    /// The address of whom it is for.
    #[validate(length(max = 1_000))]
    email: String,
    /// The person's name, which is used where the address is new.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// `member` (reads), `editor` (writes too) or `admin` (decides who acts for the organisation, too).
    #[validate(length(max = limits::WORD))]
    role: String,
}

/// Another role.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleChange, example = json!({"role": "admin"}))]
struct ChangeBody {
    /// `member`, `editor` or `admin`.
    #[validate(length(max = limits::WORD))]
    role: String,
}

/// A role of a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleView {
    /// Its id.
    id: Uuid,
    /// The person's id; null until the role is taken.
    person: Option<Uuid>,
    /// The person's address.
    email: String,
    /// The person's name; null until the role is taken.
    name: Option<String>,
    /// `member`, `editor` or `admin`.
    role: &'static str,
    /// When it was given.
    #[schema(format = DateTime)]
    granted_at: String,
    /// When the person took it; it gives no right before. Null until then.
    #[schema(format = DateTime)]
    accepted_at: Option<String>,
}

impl RoleView {
    fn of((role, person): (RoleOf, Person)) -> Self {
        Self {
            id: role.id.0,
            person: role.accepted_at.map(|_| role.person.0),
            email: person.email.as_str().to_owned(),
            name: role.accepted_at.map(|_| person.name),
            role: role.role.as_str(),
            granted_at: role.granted_at.to_string(),
            accepted_at: role.accepted_at.map(|at| at.to_string()),
        }
    }
}

/// A role that the person who calls took.
#[derive(Debug, Serialize, ToSchema)]
struct AcceptedRole {
    /// Where.
    organisation: Uuid,
    /// `member`, `editor` or `admin`.
    role: &'static str,
    /// When it was taken.
    #[schema(format = DateTime)]
    accepted_at: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
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

/// Lists who acts for an organisation.
///
/// Those who were asked and have not answered among them. Everybody who acts for it sees them, and the operator.
#[utoipa::path(get, operation_id = "roles_list", path = "/organisations/{id}/roles", tag = "People", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id"), ListQuery),
    responses((status = 200, description = "The people", body = Page<RoleView>)))]
async fn list(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<RoleView>, Problem> {
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("roles", id.to_string()), part)?;
    let found = roles::page(&app, &caller, id, listing.request).await?;
    Ok(listing.answer(&app, found, RoleView::of))
}

/// Gives a role.
///
/// A mail goes to the address: whoever has no account sets a password by its link and takes the role with it, others take it
/// in their account. Admins of the organisation do this, and the operator.
#[utoipa::path(post, operation_id = "roles_grant", path = "/organisations/{id}/roles", tag = "People", request_body = RoleBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The organisation's id")),
    responses(
        (status = 201, description = "Given; the person is asked by mail", body = RoleView),
        (status = 409, description = "The person has a role there")))]
async fn grant(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<OrganisationId>,
    JsonBody(body): JsonBody<RoleBody>,
) -> Result<Created<RoleView>, Problem> {
    let RoleBody { email, name, role } = body;
    let granted = roles::grant(&app, &caller, id, &RoleInput { email, name, role }).await?;
    let place = format!("/api/v1/organisations/{id}/roles/{}", granted.0.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(RoleView::of(granted))))
}

/// Changes a role.
///
/// What it no longer allows ends with the next request. An organisation keeps an admin.
#[utoipa::path(put, operation_id = "roles_update", path = "/organisations/{id}/roles/{role}", tag = "People", request_body = ChangeBody, security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The organisation's id"),
        ("role" = Uuid, Path, description = "The role's id")),
    responses(
        (status = 200, description = "Changed", body = RoleView),
        (status = 409, description = "The organisation would have no admin left")))]
async fn update(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
    JsonBody(body): JsonBody<ChangeBody>,
) -> Result<Json<RoleView>, Problem> {
    let [id, role] = ids;
    let of = (OrganisationId(id), RoleId(role));
    Ok(Json(RoleView::of(roles::update(&app, &caller, of, &body.role).await?)))
}

/// Takes a role away.
///
/// Admins do this, the operator, and whose it is. It opens nothing from the next request on. An organisation keeps an admin.
#[utoipa::path(delete, operation_id = "roles_remove", path = "/organisations/{id}/roles/{role}", tag = "People", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The organisation's id"),
        ("role" = Uuid, Path, description = "The role's id")),
    responses(
        (status = 204, description = "Taken away"),
        (status = 409, description = "The organisation would have no admin left")))]
async fn remove(
    State(app): State<App>,
    Calling(caller): Calling,
    PathIds(ids): PathIds<2>,
) -> Result<StatusCode, Problem> {
    let [id, role] = ids;
    roles::remove(&app, &caller, (OrganisationId(id), RoleId(role))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role that an organisation gave to the person who calls.
///
/// Carry the session on with its id to act for it.
#[utoipa::path(post, operation_id = "roles_accept", path = "/people/me/roles/{organisation}/accept", tag = "People", security(("bearer" = [])),
    params(("organisation" = Uuid, Path, description = "The organisation's id")),
    responses((status = 200, description = "Taken", body = AcceptedRole)))]
async fn accept(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(organisation): PathId<OrganisationId>,
) -> Result<Json<AcceptedRole>, Problem> {
    let role = roles::accept(&app, &caller, organisation).await?;
    let accepted_at = role.accepted_at.map(|at| at.to_string());
    Ok(Json(AcceptedRole { organisation: role.organisation.0, role: role.role.as_str(), accepted_at }))
}
