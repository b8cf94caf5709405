//! Whether the process lives, and whether it can serve.

use app::App;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::problem::Problem;

/// The routes of health.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// A good answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// Says that the process lives.
///
/// Asks nothing of the database, so that a busy database does not get the process restarted.
#[utoipa::path(get, operation_id = "healthz", path = "/healthz", tag = "Operations",
    responses((status = 200, description = "It lives", body = Health)))]
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says whether requests can be served.
///
/// The database answers and has its tables; otherwise 503.
#[utoipa::path(get, operation_id = "readyz", path = "/readyz", tag = "Operations",
    responses((status = 200, description = "It can serve", body = Health)))]
async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    app::health::ready(&app).await?;
    Ok(Json(Health { status: "ok" }))
}
