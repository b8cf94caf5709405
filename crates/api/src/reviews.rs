//! What waits for a reviewer, and what is decided of it.

use app::{
    App,
    reviews::{self, ReviewFilter, Verdict},
};
use axum::{Json, extract::State};
use domain::{
    ids::ReviewId,
    review::{Review, ReviewKind, ReviewState, Reviewed},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    limits,
    page::{Listing, Page, Paged, Part},
    path_id::PathId,
    problem::Problem,
    query::{Parameters, Several},
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
};

/// The routes of reviews.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(release)).routes(routes!(confirm))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only records of these kinds, with commas between them: `offer`, `need`, `certificate`.
    #[param(value_type = Option<String>, example = "offer,need")]
    #[serde(default)]
    kind: Several<ReviewKind>,
    /// Only these states, with commas between them: `open`, `released`, `confirmed`, `lapsed`; `open` where absent.
    #[param(value_type = Option<String>, example = "open")]
    #[serde(default)]
    state: Several<ReviewState>,
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

/// Why a reviewer decides so.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ReviewReason, example = json!({"reason": "The firm showed its order book."}))]
struct ReasonBody {
    /// In words, at most 4000 characters; the owner is told.
    #[validate(length(max = limits::NOTE))]
    reason: String,
}

/// Something that waits for a reviewer, or waited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Review)]
struct ReviewView {
    /// Its id.
    id: Uuid,
    /// `offer`, `need` or `certificate`.
    kind: &'static str,
    /// The offer, or the one that the certificate is of.
    offer: Option<Uuid>,
    /// The need.
    need: Option<Uuid>,
    /// The certificate.
    certificate: Option<Uuid>,
    /// Whose record it is.
    organisation: Uuid,
    /// Why it waits.
    reason: String,
    /// `open`, `released`, `confirmed`, or `lapsed` where the reason went with a change of the record.
    state: &'static str,
    /// Since when it waits.
    #[schema(format = DateTime)]
    created_at: String,
    /// Who decided: `cluster` or `operator`.
    decided_by: Option<&'static str>,
    /// Why.
    decided_because: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    decided_at: Option<String>,
}

impl ReviewView {
    fn of(review: Review) -> Self {
        let (offer, need, certificate) = match review.of {
            Reviewed::Offer(offer) => (Some(offer.0), None, None),
            Reviewed::Need(need) => (None, Some(need.0), None),
            Reviewed::Certificate(offer, certificate) => (Some(offer.0), None, Some(certificate.0)),
        };
        Self {
            id: review.id.0,
            kind: review.of.kind().as_str(),
            offer,
            need,
            certificate,
            organisation: review.organisation.0,
            reason: review.reason,
            state: review.state.as_str(),
            created_at: review.created_at.to_string(),
            decided_by: review.decision.as_ref().map(|decision| decision.by.as_str()),
            decided_at: review.decision.as_ref().map(|decision| decision.at.to_string()),
            decided_because: review.decision.map(|decision| decision.note),
        }
    }
}

/// Lists what waits for you as a reviewer.
///
/// For the operator all of it, for a cluster that the operator vouches for the records of its active members, for others
/// nothing. What waits longest comes first.
#[utoipa::path(get, operation_id = "reviews_list", path = "/reviews", tag = "Trust", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The reviews", body = Page<ReviewView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<ReviewView>, Problem> {
    let states = if query.state.0.is_empty() { vec![ReviewState::Open] } else { query.state.0 };
    let filter = ReviewFilter { kinds: query.kind.0, states };
    let order = query.sort.map(|sort| sort.order).unwrap_or_default();
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("reviews", format!("{filter:?}")), part)?;
    let found = reviews::page(&app, &caller, &filter, listing.request).await?;
    Ok(listing.answer(&app, found, ReviewView::of))
}

/// Releases what waits.
///
/// The record is let through, and for the same reason it does not wait again, whatever is changed or imported meanwhile.
/// The owner is told why by mail. One that was confirmed can be released later.
#[utoipa::path(post, operation_id = "reviews_release", path = "/reviews/{id}/release", tag = "Trust", request_body = ReasonBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The review's id")),
    responses(
        (status = 200, description = "Released", body = ReviewView),
        (status = 409, description = "It is released already, or its reason is gone")))]
async fn release(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<ReviewId>,
    JsonBody(body): JsonBody<ReasonBody>,
) -> Result<Json<ReviewView>, Problem> {
    let review = reviews::decide(&app, &caller, id, Verdict::Release, &body.reason).await?;
    Ok(Json(ReviewView::of(review)))
}

/// Confirms that what waits stays out.
///
/// Until its owner changes what the reason is about. The owner is told why by mail.
#[utoipa::path(post, operation_id = "reviews_confirm", path = "/reviews/{id}/confirm", tag = "Trust", request_body = ReasonBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The review's id")),
    responses(
        (status = 200, description = "Confirmed", body = ReviewView),
        (status = 409, description = "It is decided already, or its reason is gone")))]
async fn confirm(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<ReviewId>,
    JsonBody(body): JsonBody<ReasonBody>,
) -> Result<Json<ReviewView>, Problem> {
    let review = reviews::decide(&app, &caller, id, Verdict::Confirm, &body.reason).await?;
    Ok(Json(ReviewView::of(review)))
}
