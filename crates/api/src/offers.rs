//! Offers.

use std::sync::Arc;

use app::{
    Actor, App, AppResult, PageRequest, Stored,
    access::Caller,
    offers::{OfferFilter, OfferSort, Place},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    disclosure::Audience,
    ids::{OfferId, OrganisationId},
    offer::{Offer, OfferState},
};
use serde::Deserialize;
use utoipa::IntoParams;
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
    sort::Sort,
};

pub(crate) mod body;
mod seen;
mod states;
mod view;

use body::OfferBody;
pub use seen::{ContactView, NamedOrganisation, SeenOfferView};
pub use view::{CapacityView, OfferRow, OfferView, SourceView};

/// The routes of offers.
pub fn router() -> OpenApiRouter<App> {
    let own = OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update)).merge(states::router());
    own.routes(routes!(preview)).routes(routes!(view))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only offers of this organisation.
    organisation: Option<Uuid>,
    /// Only this product, by its code.
    #[param(example = "ffp")]
    #[validate(length(max = limits::WORD))]
    product: Option<String>,
    /// Only these states, with commas between them: `draft`, `published`, `paused`, `withdrawn`, `expired`.
    #[param(value_type = Option<String>, example = "published,paused")]
    #[serde(default)]
    state: Several<OfferState>,
    /// What the list is sorted by: `created_at` (where absent) or `confirm_by`; with a minus before it the last comes first.
    #[param(value_type = Option<String>, example = "confirm_by")]
    sort: Option<Sort<OfferSort>>,
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

/// Lists offers.
///
/// The operator sees all of them, an organisation its own, oldest first. With `.csv`, `.xlsx`, `.json`, `.ndjson` or
/// `.geojson` behind the path, or by `Accept`, the whole list is a file, an offer a row.
#[utoipa::path(get, operation_id = "offers_list", path = "/offers", tag = "Offers", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The offers", body = Page<OfferView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    Parameters(query): Parameters<ListQuery>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let organisation = query.organisation.map(OrganisationId);
    let filter = OfferFilter { organisation, product: known_product(&app, query.product)?, states: query.state.0 };
    let sort = query.sort.unwrap_or_default();
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order: sort.order, total: query.total };
    if let Shape::File(format) = wanted.shape {
        export::whole_list(&part, sort.key == OfferSort::default())?;
        let (reader, filter) = (app.clone(), Arc::new(filter));
        let read = move |request| rows(reader.clone(), actor, filter.clone(), request);
        return export::list(&app, (format, &wanted.address), sort.order, read).await;
    }
    let listing = Listing::new(&app, actor, ("offers", format!("{filter:?} {:?}", sort.key)), part)?;
    let found = app::offers::page(&app, actor, &filter, sort.key, listing.request).await?;
    let (tables, today) = (app.tables(), app.today());
    Ok(listing.answer(&app, found, |stored| OfferView::of(stored, &tables, today)).into_response())
}

/// A page of the rows of a file.
async fn rows(
    app: App,
    actor: Actor,
    filter: Arc<OfferFilter>,
    request: PageRequest,
) -> AppResult<app::Page<OfferRow>> {
    let found = app::offers::page(&app, actor, &filter, OfferSort::default(), request).await?;
    let sites = app::sites::of_list(&app, actor, found.items.iter().map(|stored| stored.record.site)).await?;
    let (tables, today) = (app.tables(), app.today());
    Ok(found.map(|stored| [OfferRow::of(OfferView::of(stored, &tables, today), &sites)]))
}

/// Publishes an offer, or keeps it as a draft.
///
/// States what a site makes of a product, what lies ready, and on what terms. Every fault of the content is reported at
/// once, and nothing is stored then. A quantity above what is plausible for one site is stored but waits for a reviewer:
/// `quarantine` says why, and runs leave the offer out. A draft (`draft: true`) is there for its owner alone until it is published.
#[utoipa::path(post, operation_id = "offers_create", path = "/offers", tag = "Offers", request_body = OfferBody, security(("bearer" = [])),
    responses((status = 201, description = "Published, or kept as a draft; `Location` says where to read it", body = OfferView)))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<OfferBody>,
) -> Result<Created<OfferView>, Problem> {
    let (organisation, site) = (body.organisation, body.site);
    let stored = app::offers::create(&app, &caller, Place { organisation, site }, &body.input()).await?;
    Ok(created(format!("/api/v1/offers/{}", stored.record.id), OfferView::of(stored, &app.tables(), app.today())))
}

/// Reads an offer.
///
/// An organisation reads its own; the operator reads all.
#[utoipa::path(get, operation_id = "offers_get", path = "/offers/{id}", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id")),
    responses((status = 200, description = "The offer", body = OfferView)))]
async fn get(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<OfferId>,
) -> Result<Json<OfferView>, Problem> {
    Ok(Json(OfferView::of(app::offers::get(&app, actor, id).await?, &app.tables(), app.today())))
}

/// Changes an offer.
///
/// A JSON Merge Patch (RFC 7396) of the body that would publish the offer as it stands: what is absent stays, null clears,
/// lists are replaced. What comes out is checked as at publication, every fault at once, and nothing is stored then; a
/// patch that changes nothing leaves no trace. `If-Match` carries the `ETag` that you read the offer with.
#[utoipa::path(patch, operation_id = "offers_update", path = "/offers/{id}", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id"), Releasing),
    request_body(content = OfferBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = OfferView),
        (status = 409, description = "It is withdrawn or expired, kept by the source it came from, or promised to open matches"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    Parameters(releasing): Parameters<Releasing>,
    patch: MergePatch,
) -> Result<Json<OfferView>, Problem> {
    let (tables, today) = (app.tables(), app.today());
    let edit = move |stored: &Stored<Offer>| {
        let (view, before) = (OfferView::of(stored.clone(), &tables, today), OfferBody::of(&stored.record, &tables));
        Ok(patch.apply(&view, &before, &["organisation", "site", "draft"])?.map(OfferBody::input))
    };
    Ok(Json(OfferView::of(
        app::offers::update(&app, &caller, id, releasing.matches(), edit).await?,
        &app.tables(),
        app.today(),
    )))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PreviewQuery {
    /// Who would look: `own_cluster`, `buyer`, `counterparty`, `issuer` (of a call that the offer answers),
    /// `network`, `public`; also `owner` and `operator`.
    #[param(value_type = String, example = "buyer")]
    audience: Audience,
}

/// Previews an offer as an audience sees it.
///
/// For its owner and the operator: exactly what that audience is answered, made in the same way. `disclosure` of the offer
/// widens it. Networks and the public see totals of at least three organisations and never an offer, whatever it says.
#[utoipa::path(get, operation_id = "offers_preview", path = "/offers/{id}/preview", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id"), PreviewQuery),
    responses((status = 200, description = "What the audience sees", body = SeenOfferView)))]
async fn preview(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    Parameters(query): Parameters<PreviewQuery>,
) -> Result<Json<SeenOfferView>, Problem> {
    let seen = app::offers::seen::preview(&app, &caller, id, query.audience).await?;
    Ok(Json(SeenOfferView::of(seen, &app.tables(), app.today())))
}

/// Reads an offer as far as you may see it.
///
/// Whoever acts for a cluster reads the offers of its active members so, all but the price unless the member shows it; the
/// issuer of a call reads those that answer it, with whose they are; the owner and the operator read everything. Each look of
/// a cluster or an issuer is noted and listed to the owner among its openings.
#[utoipa::path(get, operation_id = "offers_view", path = "/offers/{id}/view", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id")),
    responses((status = 200, description = "What you see of it", body = SeenOfferView)))]
async fn view(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
) -> Result<Json<SeenOfferView>, Problem> {
    let seen = app::offers::seen::view(&app, &caller, id).await?;
    Ok(Json(SeenOfferView::of(seen, &app.tables(), app.today())))
}
