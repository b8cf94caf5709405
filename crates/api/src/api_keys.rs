//! Keys of machines.

use app::{
    App,
    api_keys::{self, ApiKeyInput},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    api_key::{AccessScope, ApiKey},
    ids::{ApiKeyId, OrganisationId},
    time::Instant,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    limits,
    page::{Listing, Page, Paged, PlainQuery},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::Calling,
};

/// The routes of keys.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, revoke))
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyInput, example = json!({"name": "Portal of the region", "scopes": ["read"], "expires_in_seconds": 7776000}))]
struct ApiKeyBody {
    /// Whose key it is; the caller's own where absent. The operator names it, or makes one of his own.
    #[schema(value_type = Option<Uuid>)]
    organisation: Option<OrganisationId>,
    /// What you call it, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// What it may be used for: `read`, `write`, `admin` (make and revoke keys). None implies another; `read` and
    /// `write` where absent. None that your own key does not have.
    #[serde(default)]
    scopes: Vec<String>,
    /// How long it lives, 1 to 31,622,400 seconds (366 days); 7,776,000 (90 days) where absent.
    expires_in_seconds: Option<i64>,
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct ApiKeyView {
    /// Its id.
    id: Uuid,
    /// Whose it is; null for the operator's.
    organisation: Option<Uuid>,
    /// What its owner calls it.
    name: String,
    /// How it begins, by which it is recognised.
    prefix: String,
    /// What it may be used for.
    scopes: Vec<&'static str>,
    /// `valid`, `expired` or `revoked`.
    state: &'static str,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends by itself.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was last used, to the minute; null if never.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// When it was revoked; null if it was not.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

/// A key that was just made. This answer is the only one that holds its text.
#[derive(Debug, Serialize, ToSchema)]
struct NewApiKey {
    /// The key; send it as `Authorization: Bearer KEY`. It is not stored and cannot be shown again.
    key: String,
    /// What is stored of it.
    #[serde(flatten)]
    stored: ApiKeyView,
}

impl ApiKeyView {
    fn of(key: ApiKey, now: Instant) -> Self {
        let state = key.state(now);
        Self {
            id: key.id.0,
            organisation: key.organisation.map(|id| id.0),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes.iter().map(AccessScope::as_str).collect(),
            state,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.to_string(),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// Lists keys.
///
/// Never with their secrets. The operator sees all of them, an organisation its own; it takes a key with the scope
/// `admin`.
#[utoipa::path(get, operation_id = "api_keys_list", path = "/api-keys", tag = "Access", params(PlainQuery), security(("bearer" = [])),
    responses((status = 200, description = "The keys", body = Page<ApiKeyView>)))]
async fn list(
    State(app): State<App>,
    Calling(caller): Calling,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<ApiKeyView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("api-keys", String::new()), query.part())?;
    let found = api_keys::page(&app, &caller, listing.request).await?;
    let now = app.clock.now();
    Ok(listing.answer(&app, found, |key| ApiKeyView::of(key, now)))
}

/// Makes a key.
///
/// The answer shows it once. It takes a key with the scope `admin`; the first one of an organisation is made by the
/// operator (`muster token create`).
#[utoipa::path(post, operation_id = "api_keys_create", path = "/api-keys", tag = "Access", request_body = ApiKeyBody, security(("bearer" = [])),
    responses((status = 201, description = "Made; `key` is shown this once", body = NewApiKey)))]
async fn create(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<ApiKeyBody>,
) -> Result<Response, Problem> {
    let ApiKeyBody { organisation, name, scopes, expires_in_seconds: seconds } = body;
    let input = ApiKeyInput { organisation, name, scopes, seconds };
    let (key, secret) = api_keys::create(&app, &caller, &input).await?;
    let place = format!("/api/v1/api-keys/{}", key.id);
    let made = NewApiKey { key: api_keys::shown(&secret).to_owned(), stored: ApiKeyView::of(key, app.clock.now()) };
    let headers = [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

/// Reads a key.
///
/// Never with its secret.
#[utoipa::path(get, operation_id = "api_keys_get", path = "/api-keys/{id}", tag = "Access", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The key's id")),
    responses((status = 200, description = "The key", body = ApiKeyView)))]
async fn get(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<ApiKeyId>,
) -> Result<Json<ApiKeyView>, Problem> {
    let key = api_keys::get(&app, &caller, id).await?;
    Ok(Json(ApiKeyView::of(key, app.clock.now())))
}

/// Revokes a key.
///
/// It opens nothing from the next request on, at whichever process. Revoking it again changes nothing.
#[utoipa::path(delete, operation_id = "api_keys_revoke", path = "/api-keys/{id}", tag = "Access", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The key's id")),
    responses((status = 200, description = "The key, revoked", body = ApiKeyView)))]
async fn revoke(
    State(app): State<App>,
    Calling(caller): Calling,
    PathId(id): PathId<ApiKeyId>,
) -> Result<Json<ApiKeyView>, Problem> {
    let key = api_keys::revoke(&app, &caller, id).await?;
    Ok(Json(ApiKeyView::of(key, app.clock.now())))
}
