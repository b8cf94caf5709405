//! What the sides of a match state and write to each other, and recalls.

use app::{
    App, AppError,
    matches::{MatchRow, Message},
};
use axum::{Json, extract::State};
use domain::{
    ids::{MatchId, OfferId},
    matches::MatchTerms,
    offer::Transfer,
    price::Price,
    violation::Violations,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::MatchBody;
use crate::{
    body::JsonBody,
    created::{Created, created},
    limits,
    measure::PriceBody,
    page::{Listing, Page, Paged, PlainQuery},
    patch::MergePatch,
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

/// The routes of what is said of matches.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(update)).routes(routes!(list, create)).routes(routes!(recall))
}

/// What the sides state of a match: a recorded intention, never a contract.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[schema(as = MatchTerms, example = json!({"basis": "Directive 2014/24/EU, Art. 32(2)(c)", "incoterm": "DAP"}))]
pub(super) struct TermsBody {
    /// The procurement basis, as the buyer names it.
    #[validate(length(max = limits::WORD))]
    pub(super) basis: Option<String>,
    /// The buyer's reference.
    #[validate(length(max = limits::WORD))]
    pub(super) reference: Option<String>,
    /// The number of the order that followed; the buyer's.
    #[validate(length(max = limits::WORD))]
    pub(super) order_number: Option<String>,
    /// `sale`, `donation` or `loan`.
    #[validate(length(max = limits::WORD))]
    pub(super) transfer: Option<String>,
    /// The price of a base unit, without VAT.
    #[validate(nested)]
    pub(super) price: Option<PriceBody>,
    /// VAT in hundredths of a per cent: 1900 is 19 %.
    pub(super) vat: Option<u16>,
    /// A rule of Incoterms 2020, such as `DAP`.
    #[validate(length(max = limits::WORD))]
    pub(super) incoterm: Option<String>,
}

impl TermsBody {
    pub(super) fn of(terms: MatchTerms) -> Self {
        Self {
            basis: terms.basis,
            reference: terms.reference,
            order_number: terms.order_number,
            transfer: terms.transfer.map(|t| t.as_str().to_owned()),
            price: terms.price.as_ref().map(PriceBody::of),
            vat: terms.vat,
            incoterm: terms.incoterm,
        }
    }

    fn read(self) -> Result<MatchTerms, Violations> {
        let mut faults = Violations::new();
        let transfer = self.transfer.map(|word| {
            Transfer::ALL.into_iter().find(|t| t.as_str() == word).ok_or_else(|| {
                let detail = format!("{word:?} is not one of: sale, donation, loan");
                Violations::one("/transfer", "unknown_value", detail)
            })
        });
        let transfer = transfer.and_then(|read| faults.keep(read));
        let price = self.price.map(PriceBody::input).map(|price| Price::parse("/price", price.amount, &price.currency));
        let price = price.and_then(|read| faults.keep(read));
        faults.into_result()?;
        Ok(MatchTerms {
            basis: self.basis,
            reference: self.reference,
            order_number: self.order_number,
            transfer,
            price,
            vat: self.vat,
            incoterm: self.incoterm,
        })
    }
}

/// A message to the other side.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMatchMessage, example = json!({"body": "Can half of it come a week earlier?"}))]
struct MessageBody {
    /// What it says. Until the supplier has accepted it may not tell who you are or how to reach you.
    #[validate(length(max = limits::NOTE))]
    body: String,
}

/// A message of a side.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MatchMessage)]
struct MessageView {
    /// Its id.
    id: Uuid,
    /// Who wrote it: `supplier` or `buyer`.
    side: &'static str,
    /// What it says.
    body: String,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
}

impl MessageView {
    fn of(message: Message) -> Self {
        Self {
            id: message.id.0,
            side: message.side.as_str(),
            body: message.body,
            created_at: message.created_at.to_string(),
        }
    }
}

/// Goods that are recalled.
#[derive(Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Recall, example = json!({"lots": ["L-77"]}))]
struct RecallBody {
    /// The lots; all that was ever shipped where empty. What was shipped without a lot is always concerned.
    #[serde(default)]
    #[validate(custom(function = "limits::words"))]
    lots: Vec<String>,
}

/// Whom a recall concerns.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recalled)]
struct RecalledView {
    /// The matches whose goods are concerned; their buyers are told.
    matches: Vec<Uuid>,
}

/// Changes what is stated of a match.
///
/// A JSON Merge Patch (RFC 7396) of its `terms`. Either side states transfer, price, VAT and Incoterm until one of them
/// has accepted; the buyer states basis, reference and order number until it ends.
#[utoipa::path(patch, operation_id = "matches_update", path = "/matches/{id}", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body(content = TermsBody, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "As it is now", body = MatchBody),
        (status = 409, description = "A side has accepted it on these terms, or it has ended"),
        (status = 412, description = "It is no longer the version that `If-Match` names"),
        (status = 428, description = "`If-Match` is missing")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    patch: MergePatch,
) -> Result<Json<MatchBody>, Problem> {
    let seen = MatchBody::of(app::matches::get(&app, caller.actor, id).await?, &app);
    let edit = move |row: &MatchRow, before: MatchTerms| {
        // What it shows changes with the instant of its last change, and was put together before it was locked.
        if row.updated_at.to_string() != seen.updated_at {
            let detail = "the match has changed just now; read it again, and repeat the change with its new `ETag`";
            return Err(AppError::Conflict { code: "stale", detail: detail.to_owned() });
        }
        let body = patch.apply(&seen, &TermsBody::of(before), &[])?;
        Ok(body.map(TermsBody::read).transpose()?)
    };
    let view = app::matches::state(&app, &caller, id, edit).await?;
    Ok(Json(MatchBody::of(view, &app)))
}

/// Lists the messages of a match.
///
/// Oldest first; both sides read them, and the operator.
#[utoipa::path(get, operation_id = "match_messages_list", path = "/matches/{id}/messages", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id"), PlainQuery),
    responses((status = 200, description = "The messages", body = Page<MessageView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<MessageView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("match messages", id.to_string()), query.part())?;
    let found = app::matches::messages(&app, &caller, id, listing.request).await?;
    Ok(listing.answer(&app, found, MessageView::of))
}

/// Writes to the other side of a match.
///
/// Once it is proposed. A message that tells a contact or your name before the supplier has accepted is refused.
#[utoipa::path(post, operation_id = "match_messages_create", path = "/matches/{id}/messages", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = MessageBody,
    responses(
        (status = 201, description = "Written; the other side is told by mail that something happened", body = MessageView),
        (status = 409, description = "It is only suggested")))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<MessageBody>,
) -> Result<Created<MessageView>, Problem> {
    let message = app::matches::write(&app, &caller, id, body.body).await?;
    Ok(created(format!("/api/v1/matches/{id}/messages"), MessageView::of(message)))
}

/// Recalls goods of an offer.
///
/// Its owner does. Each match with such goods is marked, and its buyer told by mail at once.
#[utoipa::path(post, operation_id = "offers_recall", path = "/offers/{id}/recall", tag = "Offers", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The offer's id")),
    request_body = RecallBody,
    responses((status = 200, description = "Recalled", body = RecalledView)))]
async fn recall(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<OfferId>,
    JsonBody(body): JsonBody<RecallBody>,
) -> Result<Json<RecalledView>, Problem> {
    let matches = app::matches::recall(&app, &caller, id, body.lots).await?;
    Ok(Json(RecalledView { matches: matches.into_iter().map(|id| id.0).collect() }))
}
