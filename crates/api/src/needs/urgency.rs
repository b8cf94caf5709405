//! Tier 1 of needs: granted by authorised bodies, and taken back.

use app::{
    App,
    needs::urgency::{self, Granted},
};
use axum::{Json, extract::State};
use domain::ids::NeedId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{body::JsonBody, limits, path_id::PathId, problem::Problem, signed_in::SignedIn};

/// The routes of urgency.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(grant)).routes(routes!(revoke))
}

/// Why a need is critical, or no longer.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = UrgencyReason, example = json!({"reason": "Intensive care has stock for two days."}))]
struct ReasonBody {
    /// In words, at most 4000 characters; the buyer is told.
    #[validate(length(max = limits::NOTE))]
    reason: String,
}

/// How urgent a need counts, as far as who decided it may know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Urgency)]
struct UrgencyView {
    /// The need.
    need: Uuid,
    /// `critical`, `high`, `normal` or `low`, as the buyer states it.
    urgency: &'static str,
    /// The tier that it ranks at, 1 to 4.
    tier: u8,
    /// Whether tier 1 is granted.
    granted: bool,
    /// Which authority granted it; the operator where null.
    by: Option<Uuid>,
    /// Why.
    reason: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    at: Option<String>,
}

impl UrgencyView {
    fn of(granted: Granted) -> Self {
        let Granted { need, urgency, tier, grant } = granted;
        Self {
            need: need.0,
            urgency: urgency.as_str(),
            tier,
            granted: grant.is_some(),
            by: grant.as_ref().and_then(|grant| grant.by).map(|id| id.0),
            at: grant.as_ref().map(|grant| grant.at.to_string()),
            reason: grant.map(|grant| grant.reason),
        }
    }
}

/// Grants that a need is critical.
///
/// By the operator, and by an authority that the operator vouches for, of others' needs whose ids it was told. Until then
/// what its buyer states as `critical` ranks as `high`. The buyer is told why by mail. A grant holds for the product and
/// for no more of it than was asked for.
#[utoipa::path(post, operation_id = "needs_grant", path = "/needs/{id}/grant-urgency", tag = "Trust", request_body = ReasonBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The need's id")),
    responses(
        (status = 200, description = "Granted", body = UrgencyView),
        (status = 409, description = "It is not stated as critical, granted already, or over")))]
async fn grant(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<NeedId>,
    JsonBody(body): JsonBody<ReasonBody>,
) -> Result<Json<UrgencyView>, Problem> {
    Ok(Json(UrgencyView::of(urgency::grant(&app, &caller, id, &body.reason).await?)))
}

/// Revokes that a need is critical.
///
/// By those who may grant it. It ranks as `high` from then on, and the buyer is told by mail.
#[utoipa::path(post, operation_id = "needs_revoke", path = "/needs/{id}/revoke-urgency", tag = "Trust", request_body = ReasonBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The need's id")),
    responses(
        (status = 200, description = "Revoked", body = UrgencyView),
        (status = 409, description = "Nothing is granted, or the need is over")))]
async fn revoke(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<NeedId>,
    JsonBody(body): JsonBody<ReasonBody>,
) -> Result<Json<UrgencyView>, Problem> {
    Ok(Json(UrgencyView::of(urgency::revoke(&app, &caller, id, &body.reason).await?)))
}
