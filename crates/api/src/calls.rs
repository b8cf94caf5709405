//! Calls.

use app::{App, Stored, access::Caller, calls as cases, calls::CallFilter};
use axum::{Json, extract::State};
use domain::{
    call::{Call, CallState},
    ids::{CallId, OrganisationId},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::{Created, created},
    limits,
    page::{Listing, Page, Paged, Part},
    patch::MergePatch,
    path_id::PathId,
    problem::Problem,
    query::{Parameters, Several},
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
    version::IfMatch,
};

mod answers;
mod body;
mod invitations;
mod report;
mod view;

use body::CallBody;
pub(crate) use view::CallView;

/// The routes of calls.
pub fn router() -> OpenApiRouter<App> {
    let own = OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update));
    let life = own.routes(routes!(open)).routes(routes!(close)).routes(routes!(cancel));
    life.merge(invitations::router()).merge(answers::router()).merge(report::router())
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only calls of this issuer.
    organisation: Option<Uuid>,
    /// Only these states, with commas between them: `draft`, `open`, `closed`, `cancelled`.
    #[param(value_type = Option<String>, example = "open")]
    #[serde(default)]
    state: Several<CallState>,
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

/// Lists calls.
///
/// Those that you issued, those that you are invited to, yourself or through a cluster that you belong to, and those that
/// are shown to verified clusters or to the market, where you are one of them. The operator sees all of them.
#[utoipa::path(get, operation_id = "calls_list", path = "/calls", tag = "Calls", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The calls", body = Page<CallView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<CallView>, Problem> {
    let filter = CallFilter { organisation: query.organisation.map(OrganisationId), states: query.state.0 };
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("calls", format!("{filter:?}")), part)?;
    let found = cases::page(&app, &caller, &filter, listing.request).await?;
    let issuers = cases::issuers(&app, &found.items).await?;
    Ok(listing.answer(&app, found, |stored| CallView::of(&stored, issuers.get(&stored.record.organisation))))
}

/// Issues a call.
///
/// For verified authorities and clusters. It is a draft that nobody else sees until it is opened, here or later. By
/// `article_10` (Regulation (EU) 2022/2372) only authorities ask, for medical countermeasures, within five days, facility by
/// facility, and confidentially; by `imera` (Regulation (EU) 2024/2747) only authorities, and never for medical devices.
/// Each product is checked, every fault is reported at once, and nothing is stored then.
#[utoipa::path(post, operation_id = "calls_create", path = "/calls", tag = "Calls", request_body = CallBody, security(("bearer" = [])),
    responses((status = 201, description = "Issued; `Location` says where to read it", body = CallView)))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<CallBody>,
) -> Result<Created<CallView>, Problem> {
    let (organisation, open) = (body.organisation, body.open);
    let stored = cases::create(&app, &caller, organisation, &body.input(), open).await?;
    Ok(created(format!("/api/v1/calls/{}", stored.record.id), viewed(&app, stored).await?))
}

/// Reads a call.
#[utoipa::path(get, operation_id = "calls_get", path = "/calls/{id}", tag = "Calls", security(("bearer" = [])),
    description = "For whoever finds it in the list of calls.",
    params(("id" = Uuid, Path, description = "The call's id")),
    responses((status = 200, description = "The call", body = CallView)))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
) -> Result<Json<CallView>, Problem> {
    let stored = cases::get(&app, &caller, id).await?;
    Ok(Json(viewed(&app, stored).await?))
}

/// Changes a call.
///
/// For its issuer. A JSON Merge Patch (RFC 7396) of the body that would issue the draft as it stands. Of an open call
/// `answer_by` and `zone` change and nothing else, and only to a later instant; by `article_10` not beyond the five days.
/// `If-Match` carries the `ETag` that you read the call with.
#[utoipa::path(patch, operation_id = "calls_update", path = "/calls/{id}", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    request_body(content = CallBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = CallView),
        (status = 409, description = "It is closed or cancelled"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    patch: MergePatch,
) -> Result<Json<CallView>, Problem> {
    let issuer = issuer(&app, &caller, id).await?;
    let edit = move |stored: &Stored<Call>| {
        let (view, before) = (CallView::of(stored, issuer.as_ref()), CallBody::of(&stored.record));
        let fixed: &[&str] = match stored.record.state {
            CallState::Open => &body::FIXED_ONCE_OPEN,
            CallState::Draft | CallState::Closed | CallState::Cancelled => &["organisation", "open"],
        };
        Ok(patch.apply(&view, &before, fixed)?.map(CallBody::input))
    };
    let stored = cases::update(&app, &caller, id, edit).await?;
    Ok(Json(viewed(&app, stored).await?))
}

/// Opens a draft.
///
/// For its issuer. Whoever is invited sees it from now on, and its admins get a mail. Where a law asks, its five days are
/// counted from now.
#[utoipa::path(post, operation_id = "calls_open", path = "/calls/{id}/open", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 200, description = "Open", body = CallView),
        (status = 409, description = "It is no draft"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 422, description = "Its law does not apply today, or its answer-by instant does not suit")))]
async fn open(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    seen: IfMatch,
) -> Result<Json<CallView>, Problem> {
    let issuer = issuer(&app, &caller, id).await?;
    let agree = move |stored: &Stored<Call>| seen.holds(&CallView::of(stored, issuer.as_ref()));
    let stored = cases::open(&app, &caller, id, agree).await?;
    Ok(Json(viewed(&app, stored).await?))
}

/// Closes a call.
///
/// For its issuer. Its report is made and does not change from then on. At its answer-by instant it takes no answers any more
/// and is closed by itself soon after; where producers have five days by law, not before.
#[utoipa::path(post, operation_id = "calls_close", path = "/calls/{id}/close", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 200, description = "Closed", body = CallView),
        (status = 409, description = "It is not open, or the five days of the law are not over"),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn close(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    seen: IfMatch,
) -> Result<Json<CallView>, Problem> {
    let issuer = issuer(&app, &caller, id).await?;
    let agree = move |stored: &Stored<Call>| seen.holds(&CallView::of(stored, issuer.as_ref()));
    let stored = cases::close(&app, &caller, id, agree).await?;
    Ok(Json(viewed(&app, stored).await?))
}

/// Cancels a call.
///
/// For its issuer. It takes no answers any more, and no report is made.
#[utoipa::path(post, operation_id = "calls_cancel", path = "/calls/{id}/cancel", tag = "Calls", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 200, description = "Cancelled", body = CallView),
        (status = 409, description = "It is closed or cancelled already"),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn cancel(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<CallId>,
    seen: IfMatch,
) -> Result<Json<CallView>, Problem> {
    let issuer = issuer(&app, &caller, id).await?;
    let agree = move |stored: &Stored<Call>| seen.holds(&CallView::of(stored, issuer.as_ref()));
    let stored = cases::cancel(&app, &caller, id, agree).await?;
    Ok(Json(viewed(&app, stored).await?))
}

/// A call as it goes out.
async fn viewed(app: &App, stored: Stored<Call>) -> Result<CallView, Problem> {
    let issuers = cases::issuers(app, std::slice::from_ref(&stored)).await?;
    Ok(CallView::of(&stored, issuers.get(&stored.record.organisation)))
}

/// The name of a call's issuer, which is part of the version that the caller read.
async fn issuer(app: &App, caller: &Caller, id: CallId) -> Result<Option<String>, Problem> {
    let stored = cases::get(app, caller, id).await?;
    let mut issuers = cases::issuers(app, std::slice::from_ref(&stored)).await?;
    Ok(issuers.remove(&stored.record.organisation))
}
