//! Needs.

use std::sync::Arc;

use app::{Actor, App, AppResult, PageRequest, Stored, access::Caller, needs::NeedFilter, offers::Place};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    ids::{NeedId, OrganisationId},
    matches::ClosingReason,
    need::{Need, NeedState, Urgency},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::{Created, created},
    export::{self, Shape, Wanted},
    limits,
    page::{Listing, Page, Part},
    patch::MergePatch,
    path_id::PathId,
    problem::Problem,
    products::known_product,
    query::{Parameters, Releasing, Several},
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
    version::IfMatch,
};

pub(crate) mod body;
mod urgency;
mod view;

use body::NeedBody;
pub use view::{NeedRow, NeedView};

/// The routes of needs.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update))
        .routes(routes!(open))
        .routes(routes!(close))
        .merge(urgency::router())
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only needs of this organisation.
    organisation: Option<Uuid>,
    /// Only this product, by its code.
    #[param(example = "ffp")]
    #[validate(length(max = limits::WORD))]
    product: Option<String>,
    /// Only these states, with commas between them: `draft`, `open`, `covered`, `closed`, `expired`.
    #[param(value_type = Option<String>, example = "open,covered")]
    #[serde(default)]
    state: Several<NeedState>,
    /// Only these urgencies, with commas between them: `critical`, `high`, `normal`, `low`.
    #[param(value_type = Option<String>, example = "critical,high")]
    #[serde(default)]
    urgency: Several<Urgency>,
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

/// Lists needs.
///
/// The operator sees all of them, an organisation its own, oldest first. With `.csv`, `.xlsx`, `.json`, `.ndjson` or
/// `.geojson` behind the path, or by `Accept`, the whole list is a file, an instalment a row.
#[utoipa::path(get, operation_id = "needs_list", path = "/needs", tag = "Needs", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The needs", body = Page<NeedView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    Parameters(query): Parameters<ListQuery>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let organisation = query.organisation.map(OrganisationId);
    let filter = NeedFilter {
        organisation,
        product: known_product(&app, query.product)?,
        states: query.state.0,
        urgencies: query.urgency.0,
    };
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    if let Shape::File(format) = wanted.shape {
        export::whole_list(&part, true)?;
        let (reader, filter) = (app.clone(), Arc::new(filter));
        let read = move |request| rows(reader.clone(), actor, filter.clone(), request);
        return export::list(&app, (format, &wanted.address), order, read).await;
    }
    let listing = Listing::new(&app, actor, ("needs", format!("{filter:?}")), part)?;
    let found = app::needs::page(&app, actor, &filter, listing.request).await?;
    let (tables, today) = (app.tables(), app.today());
    Ok(listing.answer(&app, found, |stored| NeedView::of(stored, &tables, today)).into_response())
}

/// A page of the rows of a file.
async fn rows(app: App, actor: Actor, filter: Arc<NeedFilter>, request: PageRequest) -> AppResult<app::Page<NeedRow>> {
    let found = app::needs::page(&app, actor, &filter, request).await?;
    let sites = app::sites::of_list(&app, actor, found.items.iter().map(|stored| stored.record.site)).await?;
    let (tables, today) = (app.tables(), app.today());
    Ok(found.map(|stored| NeedRow::all(&NeedView::of(stored, &tables, today), &sites)))
}

/// Opens a need, or keeps it as a draft.
///
/// States what a site lacks, how much of it by when, and on what terms. Every fault of the content is reported at once,
/// and nothing is stored then. `critical` counts as tier 1 once an authorised body granted it, which the operator does by
/// entering the need, or where `stock` and `daily_use` prove it; until then it ranks as `high`. A draft (`draft: true`)
/// is there for its owner alone until it is opened.
#[utoipa::path(post, operation_id = "needs_create", path = "/needs", tag = "Needs", request_body = NeedBody, security(("bearer" = [])),
    responses((status = 201, description = "Opened, or kept as a draft; `Location` says where to read it", body = NeedView)))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<NeedBody>,
) -> Result<Created<NeedView>, Problem> {
    let (organisation, site) = (body.organisation, body.site);
    let stored = app::needs::create(&app, &caller, Place { organisation, site }, &body.input()).await?;
    Ok(created(format!("/api/v1/needs/{}", stored.record.id), NeedView::of(stored, &app.tables(), app.today())))
}

/// Reads a need.
///
/// An organisation reads its own; the operator reads all.
#[utoipa::path(get, operation_id = "needs_get", path = "/needs/{id}", tag = "Needs", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The need's id")),
    responses((status = 200, description = "The need", body = NeedView)))]
async fn get(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<NeedId>,
) -> Result<Json<NeedView>, Problem> {
    Ok(Json(NeedView::of(app::needs::get(&app, actor, id).await?, &app.tables(), app.today())))
}

/// Changes a need.
///
/// A JSON Merge Patch (RFC 7396) of the body that would open the need as it stands: what is absent stays, null clears,
/// lists are replaced, also that of the instalments, which are told apart by their place. What comes out is checked as at
/// opening, every fault at once, and nothing is stored then; a patch that changes nothing leaves no trace. `If-Match`
/// carries the `ETag` that you read the need with.
#[utoipa::path(patch, operation_id = "needs_update", path = "/needs/{id}", tag = "Needs", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The need's id"), Releasing),
    request_body(content = NeedBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = NeedView),
        (status = 409, description = "It is closed or expired, kept by the source it came from, or promised by open matches"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<NeedId>,
    Parameters(releasing): Parameters<Releasing>,
    patch: MergePatch,
) -> Result<Json<NeedView>, Problem> {
    let (tables, today) = (app.tables(), app.today());
    let edit = move |stored: &Stored<Need>| {
        let (view, before) = (NeedView::of(stored.clone(), &tables, today), NeedBody::of(&stored.record));
        Ok(patch.apply(&view, &before, &["organisation", "site", "draft"])?.map(NeedBody::input))
    };
    Ok(Json(NeedView::of(
        app::needs::update(&app, &caller, id, releasing.matches(), edit).await?,
        &app.tables(),
        app.today(),
    )))
}

/// Why a need is closed.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ClosingInput, example = json!({"reason": "need_gone"}))]
struct ClosingBody {
    /// `no_supply`, `no_contact_supplier`, `no_contact_buyer`, `need_gone`, `prefers_other`, `price`, `quality`, `certificate`,
    /// `logistics`, `recall`, `duplicate`, `test` or `other`.
    #[validate(length(max = limits::WORD))]
    reason: String,
    /// The other reason in words, at most 4000 characters; for `other` alone.
    #[validate(length(max = limits::NOTE))]
    text: Option<String>,
}

/// What agrees to a change of a need that is the version which was seen.
fn agrees(app: &App, seen: IfMatch) -> impl FnOnce(&Stored<Need>) -> AppResult<()> + Send + 'static {
    let (tables, today) = (app.tables(), app.today());
    move |stored| seen.holds(&NeedView::of(stored.clone(), &tables, today))
}

/// Opens a draft of a need.
///
/// It is in the market from now on, for the next run. Instalments whose day is over are refused.
#[utoipa::path(post, operation_id = "needs_publish", path = "/needs/{id}/open", tag = "Needs", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The need's id")),
    responses(
        (status = 200, description = "Open", body = NeedView),
        (status = 409, description = "It is open, closed or expired already"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 422, description = "An instalment is due on a day that is over")))]
async fn open(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<NeedId>,
    seen: IfMatch,
) -> Result<Json<NeedView>, Problem> {
    let stored = app::needs::publish(&app, &caller, id, agrees(&app, seen)).await?;
    Ok(Json(NeedView::of(stored, &app.tables(), app.today())))
}

/// Closes a need.
///
/// It is gone or served elsewhere, for a stated reason; later runs leave it out. While open matches are to bring what it asks
/// for that is refused and the answer names them, unless `release` does.
#[utoipa::path(post, operation_id = "needs_close", path = "/needs/{id}/close", tag = "Needs", request_body = ClosingBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The need's id"), Releasing),
    responses(
        (status = 200, description = "Closed", body = NeedView),
        (status = 409, description = "It is closed or expired already, or promised by open matches"),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn close(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<NeedId>,
    seen: IfMatch,
    Parameters(releasing): Parameters<Releasing>,
    JsonBody(body): JsonBody<ClosingBody>,
) -> Result<Json<NeedView>, Problem> {
    let why = ClosingReason::check(&body.reason, body.text.as_deref()).map_err(app::AppError::from)?;
    let stored = app::needs::close(&app, &caller, id, (why, releasing.matches()), agrees(&app, seen)).await?;
    Ok(Json(NeedView::of(stored, &app.tables(), app.today())))
}
