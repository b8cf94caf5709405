//! Alerts: saved questions to the capacity map and the shortage board that tell when a threshold is met.

use app::App;
use axum::{Json, extract::State, http::StatusCode};
use domain::{alert::Alert, ids::AlertId};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    body::JsonBody,
    created::{Created, created},
    page::{Listing, Page, Paged, PlainQuery},
    patch::MergePatch,
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

mod body;
mod question;
mod view;

use body::AlertBody;
pub use question::read;
pub(crate) use view::AlertView;

/// The routes of alerts.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// Lists alerts.
///
/// An organisation sees its own, the operator all of them.
#[utoipa::path(get, operation_id = "alerts_list", path = "/alerts", tag = "Capacity", params(PlainQuery), security(("bearer" = [])),
    responses((status = 200, description = "The alerts", body = Page<AlertView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<AlertView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("alerts", String::new()), query.part())?;
    let found = app::alerts::page(&app, &caller, listing.request).await?;
    Ok(listing.answer(&app, found, AlertView::of))
}

/// Saves an alert.
///
/// A question to `GET /api/v1/capacity` or `GET /api/v1/shortages` with a threshold. The service asks it for you, with what
/// your organisation may see, within five minutes after something changed and at least once a day. When the threshold
/// becomes met the alert is `firing`, which the change feed tells, and a mail to the person who made it; when it is met no
/// longer it is `quiet`, and tells again. An organisation has at most 20.
#[utoipa::path(post, operation_id = "alerts_create", path = "/alerts", tag = "Capacity", request_body = AlertBody, security(("bearer" = [])),
    responses(
        (status = 201, description = "Saved; `Location` says where to read it", body = AlertView),
        (status = 409, description = "There are 20 already, or the same request is being worked on")))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<AlertBody>,
) -> Result<Created<AlertView>, Problem> {
    let alert = app::alerts::create(&app, &caller, &body.input(), read).await?;
    Ok(created(format!("/api/v1/alerts/{}", alert.id), AlertView::of(alert)))
}

/// Reads an alert.
///
/// An organisation reads its own; the operator reads all.
#[utoipa::path(get, operation_id = "alerts_get", path = "/alerts/{id}", tag = "Capacity", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The alert's id")),
    responses((status = 200, description = "The alert", body = AlertView)))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<AlertId>,
) -> Result<Json<AlertView>, Problem> {
    Ok(Json(AlertView::of(app::alerts::get(&app, &caller, id).await?)))
}

/// Changes an alert.
///
/// A JSON Merge Patch (RFC 7396) of the body that would save the alert as it stands: parameters of the question one by one.
/// One that asks or waits for something else is `quiet` until it is looked at again. `If-Match` carries the `ETag` that you
/// read it with.
#[utoipa::path(patch, operation_id = "alerts_update", path = "/alerts/{id}", tag = "Capacity", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The alert's id")),
    request_body(content = AlertBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = AlertView),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<AlertId>,
    patch: MergePatch,
) -> Result<Json<AlertView>, Problem> {
    let edit = |alert: &Alert| {
        let (view, before) = (AlertView::of(alert.clone()), AlertBody::of(alert));
        Ok(patch.apply(&view, &before, &["organisation"])?.map(AlertBody::input))
    };
    Ok(Json(AlertView::of(app::alerts::update(&app, &caller, id, edit, read).await?)))
}

/// Deletes an alert.
///
/// It tells nothing any more.
#[utoipa::path(delete, operation_id = "alerts_delete", path = "/alerts/{id}", tag = "Capacity", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The alert's id")),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<AlertId>,
) -> Result<StatusCode, Problem> {
    app::alerts::delete(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
