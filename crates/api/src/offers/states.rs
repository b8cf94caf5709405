//! The life of an offer: published, paused, withdrawn, confirmed, converted.

use app::{App, AppResult, Stored};
use axum::{Json, extract::State};
use domain::{
    ids::OfferId,
    offer::{Offer, OfferInput},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::{OfferBody, OfferView};
use crate::{
    body::JsonBody,
    limits,
    measure::MeasureBody,
    path_id::PathId,
    problem::Problem,
    query::{Parameters, Releasing},
    signed_in::SignedIn,
    version::IfMatch,
};

/// The routes of an offer's life.
pub fn router() -> OpenApiRouter<App> {
    let states = OpenApiRouter::new().routes(routes!(publish)).routes(routes!(pause)).routes(routes!(withdraw));
    states.routes(routes!(confirm)).routes(routes!(confirm_all)).routes(routes!(convert))
}

/// What an owner restates of an offer when he confirms it.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfirmationInput, example = json!({"stock": {"value": 1200}, "as_of": "2020-04-06"}))]
pub struct ConfirmationBody {
    /// What lies ready at the as-of date; what was stated before where absent. What was made and not sold since is there only
    /// if it is stated.
    #[validate(nested)]
    stock: Option<MeasureBody>,
    /// The day that the figures stand for, not before the one they stood for; today in the zone of the site where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    as_of: Option<String>,
}

/// An offer among several that are confirmed.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfirmedOfferInput, example = json!({"id": "018f0000-0000-7000-8000-000000000001", "stock": {"value": 1200}}))]
struct NumberedBody {
    /// The offer's id.
    #[schema(value_type = Uuid)]
    id: OfferId,
    /// As in the confirmation of one offer.
    #[validate(nested)]
    stock: Option<MeasureBody>,
    /// As in the confirmation of one offer.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    as_of: Option<String>,
}

/// Several offers to confirm.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfirmationsInput, example = json!({"offers": [
    {"id": "018f0000-0000-7000-8000-000000000001", "stock": {"value": 1200}}]}))]
struct ConfirmationsBody {
    /// At least one, at most 200.
    #[validate(nested)]
    offers: Vec<NumberedBody>,
}

/// Offers that were confirmed, in the order that they were named in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Confirmations)]
struct ConfirmationsView {
    /// As they are now.
    items: Vec<OfferView>,
}

/// The decision to convert.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = DecisionInput, example = json!({"decided_on": "2020-04-06"}))]
struct DecisionBody {
    /// The day of the decision; today in UTC where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    decided_on: Option<String>,
}

/// What agrees to a change of an offer that is the version which was seen.
fn agrees(app: &App, seen: IfMatch) -> impl FnOnce(&Stored<Offer>) -> AppResult<()> + Send + 'static {
    let (tables, today) = (app.tables(), app.today());
    move |stored| seen.holds(&OfferView::of(stored.clone(), &tables, today))
}

/// What makes of an offer the same one with its figures restated.
fn restates(
    app: &App,
    seen: IfMatch,
    confirmation: ConfirmationBody,
) -> impl FnOnce(&Stored<Offer>) -> AppResult<Option<OfferInput>> + Send + 'static {
    let (tables, today) = (app.tables(), app.today());
    move |stored| {
        seen.holds(&OfferView::of(stored.clone(), &tables, today))?;
        let ConfirmationBody { stock, as_of } = confirmation;
        let before = OfferBody::of(&stored.record, &tables).input();
        let stock = stock.map(MeasureBody::input).or(before.stock.clone());
        Ok(Some(OfferInput { stock, as_of, ..before }))
    }
}

/// Publishes a draft or a paused offer.
///
/// It is in the market from now on, for the next run. A draft whose window is over is refused.
#[utoipa::path(post, operation_id = "offers_publish", path = "/offers/{id}/publish", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id")),
    responses(
        (status = 200, description = "In the market", body = OfferView),
        (status = 409, description = "It is in the market already, withdrawn or expired"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 422, description = "The window of the draft is over")))]
async fn publish(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    seen: IfMatch,
) -> Result<Json<OfferView>, Problem> {
    let stored = app::offers::publish(&app, &caller, id, agrees(&app, seen)).await?;
    Ok(Json(OfferView::of(stored, &app.tables(), app.today())))
}

/// Pauses an offer.
///
/// Takes it out of the market until it is published again. While open matches draw on it that is refused and the answer
/// names them, unless `release` does.
#[utoipa::path(post, operation_id = "offers_pause", path = "/offers/{id}/pause", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id"), Releasing),
    responses(
        (status = 200, description = "Paused", body = OfferView),
        (status = 409, description = "It is not in the market, or promised to open matches"),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn pause(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    seen: IfMatch,
    Parameters(releasing): Parameters<Releasing>,
) -> Result<Json<OfferView>, Problem> {
    let stored = app::offers::pause(&app, &caller, id, releasing.matches(), agrees(&app, seen)).await?;
    Ok(Json(OfferView::of(stored, &app.tables(), app.today())))
}

/// Withdraws an offer.
///
/// Takes it out of the market for good; later runs leave it out, and its owner reads it still. While open matches draw on it
/// that is refused and the answer names them, unless `release` does.
#[utoipa::path(post, operation_id = "offers_withdraw", path = "/offers/{id}/withdraw", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id"), Releasing),
    responses(
        (status = 200, description = "Withdrawn", body = OfferView),
        (status = 409, description = "It is withdrawn or expired already, or promised to open matches"),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn withdraw(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    seen: IfMatch,
    Parameters(releasing): Parameters<Releasing>,
) -> Result<Json<OfferView>, Problem> {
    let stored = app::offers::withdraw(&app, &caller, id, releasing.matches(), agrees(&app, seen)).await?;
    Ok(Json(OfferView::of(stored, &app.tables(), app.today())))
}

/// Confirms the figures of an offer.
///
/// Its owner stands by them as of a day, and restates the stock where it changed. What the offer makes is counted anew from
/// that day on, its figures are fresh for the interval of the market's mode from it, and a suspension ends.
#[utoipa::path(post, operation_id = "offers_confirm", path = "/offers/{id}/confirm", tag = "Offers", request_body = ConfirmationBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id")),
    responses(
        (status = 200, description = "Confirmed", body = OfferView),
        (status = 409, description = "It is withdrawn or expired, kept by the source it came from, or promised more than it would have"),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn confirm(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    seen: IfMatch,
    JsonBody(body): JsonBody<ConfirmationBody>,
) -> Result<Json<OfferView>, Problem> {
    let stored = app::offers::confirm(&app, &caller, id, restates(&app, seen, body)).await?;
    Ok(Json(OfferView::of(stored, &app.tables(), app.today())))
}

/// Confirms the figures of several offers.
///
/// All of one organisation, by itself or under a mandate: all of them or, with every fault, none. Each is noted as the
/// confirmation of one offer is.
#[utoipa::path(post, operation_id = "offers_reconfirm", path = "/offers/confirm", tag = "Offers", request_body = ConfirmationsBody, security(("bearer" = [])),
    responses(
        (status = 200, description = "Confirmed", body = ConfirmationsView),
        (status = 409, description = "One is withdrawn or expired, kept by the source it came from, or promised more than it would have")))]
async fn confirm_all(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<ConfirmationsBody>,
) -> Result<Json<ConfirmationsView>, Problem> {
    let edit =
        |NumberedBody { id, stock, as_of }| (id, restates(&app, IfMatch::any(), ConfirmationBody { stock, as_of }));
    let edits = body.offers.into_iter().map(edit).collect();
    let confirmed = app::offers::confirm_all(&app, &caller, edits).await?;
    let (tables, today) = (app.tables(), app.today());
    let items = confirmed.into_iter().map(|stored| OfferView::of(stored, &tables, today)).collect();
    Ok(Json(ConfirmationsView { items }))
}

/// Decides the conversion of an offer.
///
/// What the offer could make after a conversion counts from the days that takes after the decision on.
#[utoipa::path(post, operation_id = "offers_convert", path = "/offers/{id}/decide-conversion", tag = "Offers", request_body = DecisionBody, security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id")),
    responses(
        (status = 200, description = "Decided", body = OfferView),
        (status = 409, description = "It states nothing to convert, that is decided already, or the offer is withdrawn or expired"),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn convert(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    seen: IfMatch,
    JsonBody(body): JsonBody<DecisionBody>,
) -> Result<Json<OfferView>, Problem> {
    let (tables, today) = (app.tables(), app.today());
    let decided = body.decided_on.unwrap_or_else(|| today.to_string());
    let edit = move |stored: &Stored<Offer>| {
        seen.holds(&OfferView::of(stored.clone(), &tables, today))?;
        let mut input = OfferBody::of(&stored.record, &tables).input();
        if let Some(conversion) = &mut input.convertible {
            conversion.decided_on = Some(decided);
        }
        Ok(Some(input))
    };
    let stored = app::offers::convert(&app, &caller, id, edit).await?;
    Ok(Json(OfferView::of(stored, &app.tables(), app.today())))
}
