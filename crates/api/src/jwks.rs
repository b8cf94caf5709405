//! The keys by which others can tell our access tokens.

use app::App;
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::problem::Problem;

/// The route of keys.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(published))
}

/// Public keys (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
struct KeySet {
    /// The one that signs first, then the next one, then the one before where it still counts.
    keys: Vec<Value>,
}

/// Reads the public keys of access tokens.
///
/// The key that will sign next is among them, so that whoever asks once an hour knows it in time.
#[utoipa::path(get, operation_id = "keys_list", path = "/.well-known/jwks.json", tag = "Operations",
    responses((status = 200, description = "The keys", body = KeySet)))]
async fn published(State(app): State<App>) -> Result<Response, Problem> {
    let keys = app.keys.published().keys.iter().map(serde_json::to_value).collect::<Result<_, _>>();
    let keys = keys.map_err(|fault| Problem::from(app::AppError::internal(fault)))?;
    Ok(([(header::CACHE_CONTROL, "max-age=300")], Json(KeySet { keys })).into_response())
}
