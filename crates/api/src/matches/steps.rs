//! What the sides of a match do: propose, accept, decline, ship, check goods in, cancel, ask for samples.

use app::{
    App,
    matches::{ByHand, Move, make},
};
use axum::{Json, extract::State};
use domain::{
    ids::{InstalmentId, MatchId, NeedId, OfferId, RunId},
    matches::{ClosingReason, Sample},
    quantity::Quantity,
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
    path_id::PathId,
    problem::Problem,
    signed_in::SignedIn,
};

/// The routes of what happens to matches.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(propose))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(ship))
        .routes(routes!(receive))
        .routes(routes!(cancel))
        .routes(routes!(sample))
        .routes(routes!(accept_run))
}

/// An offer that is put to an instalment by hand.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMatch, example = json!({"offer": "018f0000-0000-7000-8000-000000000001",
    "need": "018f0000-0000-7000-8000-000000000002", "instalment": "018f0000-0000-7000-8000-000000000003", "quantity": 4000}))]
struct NewMatchBody {
    /// The offer.
    offer: Uuid,
    /// The need.
    need: Uuid,
    /// Which instalment of it.
    instalment: Uuid,
    /// How much, in base units; at least 1.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    quantity: i64,
}

/// How much, where it is not all.
#[derive(Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = PartOfMatch, example = json!({"quantity": 4000}))]
struct PartBody {
    /// How much of it, in base units; all where absent. The rest is free for others at once.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    quantity: Option<i64>,
}

/// Why a match or a chain ends.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ClosingReason, example = json!({"reason": "no_supply"}))]
pub(crate) struct ReasonBody {
    /// `no_supply`, `no_contact_supplier`, `no_contact_buyer`, `need_gone`, `prefers_other`, `price`, `quality`,
    /// `certificate`, `logistics`, `recall`, `duplicate`, `test`, or `other`. Later runs keep the two apart, unless it is
    /// `need_gone`, `duplicate` or `test`.
    #[validate(length(max = limits::WORD))]
    reason: String,
    /// Why, in words, for the reason `other` alone.
    #[validate(length(max = limits::NOTE))]
    text: Option<String>,
}

impl ReasonBody {
    pub(crate) fn read(&self) -> Result<ClosingReason, Problem> {
        ClosingReason::check(&self.reason, self.text.as_deref()).map_err(Problem::invalid)
    }
}

/// Goods that leave the supplier.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Shipment, example = json!({"quantity": 4000, "lots": [{"lot": "L-77", "expires": "2028-05-01"}]}))]
struct ShipmentBody {
    /// How much, in base units.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    quantity: i64,
    /// The lots, as far as they are known; recalls go by them.
    #[serde(default)]
    #[validate(nested)]
    lots: Vec<LotBody>,
    /// How it travels, such as a waybill.
    #[validate(length(max = limits::WORD))]
    waybill: Option<String>,
}

/// A lot of goods.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Lot)]
struct LotBody {
    /// Its number.
    #[validate(length(min = 1, max = limits::WORD))]
    lot: String,
    /// How much of it, in base units.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<i64>,
    /// The last day on which it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    expires: Option<String>,
    /// Its unique device identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = limits::WORD))]
    udi: Option<String>,
}

/// What goods-in found.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = GoodsIn, example = json!({"accepted": 3900, "rejected": 100, "note": "wet cartons"}))]
struct GoodsInBody {
    /// How much passed, in base units.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    accepted: i64,
    /// How much did not; the need lacks it again.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    rejected: i64,
    /// Why it did not.
    #[validate(length(max = limits::NOTE))]
    note: Option<String>,
}

/// What the buyer does about a sample.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = SampleStep, example = json!({"sample": "requested"}))]
struct SampleBody {
    /// `requested`, then `approved` or `refused`.
    #[validate(length(max = limits::WORD))]
    sample: String,
}

/// Which suggestions of a run are put to their sides.
#[derive(Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = RunAcceptance, example = json!({"dry_run": true}))]
struct AcceptRunBody {
    /// The matches; all that still stand where absent.
    matches: Option<Vec<Uuid>>,
    /// Only says what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// What was put to its sides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunAccepted)]
struct AcceptedView {
    /// How many matches.
    matches: usize,
    /// How many base units in all; of several products a rough size. In digits, since it may be larger than others read.
    units: String,
    /// Until when they are held.
    #[schema(format = DateTime)]
    deadline: String,
    /// Whether nothing was done.
    dry_run: bool,
}

/// A number of base units from a bound on.
pub(crate) fn units(faults: &mut Violations, pointer: &str, value: i64, least: i64) -> Quantity {
    match Quantity::new(value).filter(|q| q.units() >= least) {
        Some(quantity) => quantity,
        None => {
            let most = Quantity::LIMIT;
            let detail = format!("{value} is out of range; write a whole number of base units from {least} to {most}");
            faults.push(pointer, if value < least { "not_positive" } else { "out_of_range" }, detail);
            Quantity::default()
        }
    }
}

fn part(body: PartBody) -> Result<Option<Quantity>, Problem> {
    let mut faults = Violations::new();
    let quantity = body.quantity.map(|value| units(&mut faults, "/quantity", value, 1));
    faults.into_result().map_err(Problem::invalid)?;
    Ok(quantity)
}

/// Puts an offer to a need by hand.
///
/// Who runs the service brings the two together, under the same predicates and bounds as a run. It holds until a
/// deadline, by the mode of the market: 72 hours, 48 or 24.
#[utoipa::path(post, operation_id = "matches_create", path = "/matches", tag = "Matching", security(("bearer" = [])),
    request_body = NewMatchBody,
    responses(
        (status = 201, description = "Put to both sides and held; `Location` says where to read it", body = MatchBody),
        (status = 409, description = "The two may not trade, or it is promised to others")))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<NewMatchBody>,
) -> Result<Created<MatchBody>, Problem> {
    let mut faults = Violations::new();
    let quantity = units(&mut faults, "/quantity", body.quantity, 1);
    faults.into_result().map_err(Problem::invalid)?;
    let hand = ByHand {
        offer: OfferId(body.offer),
        need: NeedId(body.need),
        instalment: InstalmentId(body.instalment),
        quantity,
    };
    let view = app::matches::by_hand(&app, &caller, hand).await?;
    Ok(created(format!("/api/v1/matches/{}", view.row.id), MatchBody::of(view, &app)))
}

macro_rules! moves {
    ($app:ident, $caller:ident, $id:ident, $what:expr) => {{
        let view = make(&$app, &$caller, $id, $what).await?;
        Ok(Json(MatchBody::of(view, &$app)))
    }};
}

/// Puts a suggestion to both sides.
///
/// The supplier, the buyer or the operator does. What is put is held until a deadline, so that nobody else can be
/// promised it; by then one side accepts, and then the other.
#[utoipa::path(post, operation_id = "matches_propose", path = "/matches/{id}/propose", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = PartBody,
    responses(
        (status = 200, description = "Held", body = MatchBody),
        (status = 409, description = "It is no suggestion any more, the two may no longer trade, or it is promised to others")))]
async fn propose(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<PartBody>,
) -> Result<Json<MatchBody>, Problem> {
    let quantity = part(body)?;
    moves!(app, caller, id, Move::Propose(quantity))
}

/// Accepts a match, for the side that you are.
///
/// The supplier's acceptance opens to the buyer whose offer it is, with its certificates, and the buyer to the supplier.
/// The second acceptance makes it agreed: a recorded intention that takes capacity, never a contract or an award.
/// Whoever accepts a part releases the rest at once.
#[utoipa::path(post, operation_id = "matches_accept", path = "/matches/{id}/accept", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = PartBody,
    responses(
        (status = 200, description = "Accepted, or agreed where the other side had accepted", body = MatchBody),
        (status = 409, description = "It is not held, its hold is over, you accepted already, or your sample waits")))]
async fn accept(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<PartBody>,
) -> Result<Json<MatchBody>, Problem> {
    let quantity = part(body)?;
    moves!(app, caller, id, Move::Accept(quantity))
}

/// Declines a match before it is agreed.
///
/// What was held is free for others at once. Later runs respect the reason.
#[utoipa::path(post, operation_id = "matches_decline", path = "/matches/{id}/decline", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Declined", body = MatchBody),
        (status = 409, description = "It is agreed, or ended already")))]
async fn decline(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<ReasonBody>,
) -> Result<Json<MatchBody>, Problem> {
    let reason = body.read()?;
    moves!(app, caller, id, Move::Decline(reason))
}

/// Ships goods of a match.
///
/// The supplier does, all that is agreed or a part of it, with the lots.
#[utoipa::path(post, operation_id = "matches_ship", path = "/matches/{id}/ship", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = ShipmentBody,
    responses(
        (status = 200, description = "Shipped", body = MatchBody),
        (status = 409, description = "It is not agreed, or has ended")))]
async fn ship(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<ShipmentBody>,
) -> Result<Json<MatchBody>, Problem> {
    let mut faults = Violations::new();
    let quantity = units(&mut faults, "/quantity", body.quantity, 1);
    if body.lots.len() > 250 {
        faults.push("/lots", "too_many", format!("has {} entries; write at most 250", body.lots.len()));
    }
    let mut in_lots = 0_i64;
    for (at, lot) in body.lots.iter().enumerate() {
        if let Some(Err(detail)) = lot.expires.as_deref().map(domain::time::Day::parse) {
            faults.push(format!("/lots/{at}/expires"), "bad_date", detail);
        }
        if let Some(value) = lot.quantity {
            in_lots = in_lots.saturating_add(units(&mut faults, &format!("/lots/{at}/quantity"), value, 1).units());
        }
    }
    if in_lots > body.quantity {
        let detail = format!("the lots hold {in_lots}, more than the {} shipped; make them add up", body.quantity);
        faults.push("/lots", "does_not_add_up", detail);
    }
    faults.into_result().map_err(Problem::invalid)?;
    let details = serde_json::json!({ "lots": body.lots, "waybill": body.waybill }).to_string();
    moves!(app, caller, id, Move::Ship(quantity, Some(details)))
}

/// Checks goods in.
///
/// The buyer does: what passed is accepted, what did not returns to the need at once. When all that was agreed has come,
/// the match is fulfilled.
#[utoipa::path(post, operation_id = "matches_receive", path = "/matches/{id}/receive", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = GoodsInBody,
    responses(
        (status = 200, description = "Checked in", body = MatchBody),
        (status = 409, description = "Nothing of it is on its way")))]
async fn receive(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<GoodsInBody>,
) -> Result<Json<MatchBody>, Problem> {
    let mut faults = Violations::new();
    let accepted = units(&mut faults, "/accepted", body.accepted, 0);
    let rejected = units(&mut faults, "/rejected", body.rejected, 0);
    faults.into_result().map_err(Problem::invalid)?;
    let details_json = body.note.map(|note| serde_json::json!({ "note": note }).to_string());
    moves!(app, caller, id, Move::Receive { accepted, rejected, details_json })
}

/// Cancels a match that was agreed.
///
/// Either side does, and says why. What was not shipped returns to the need, and to the offer while the cut-off is ahead;
/// what was shipped and never arrived is recorded as lost. A run for what came back is queued at once.
#[utoipa::path(post, operation_id = "matches_cancel", path = "/matches/{id}/cancel", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Cancelled", body = MatchBody),
        (status = 409, description = "It is not agreed, or has ended; what is not agreed is declined")))]
async fn cancel(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<ReasonBody>,
) -> Result<Json<MatchBody>, Problem> {
    let reason = body.read()?;
    moves!(app, caller, id, Move::Cancel(reason))
}

/// Asks for a sample, or judges it.
///
/// The buyer does once the supplier accepted. Until it is approved the buyer cannot accept.
#[utoipa::path(post, operation_id = "matches_sample", path = "/matches/{id}/sample", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    request_body = SampleBody,
    responses(
        (status = 200, description = "Noted", body = MatchBody),
        (status = 409, description = "The supplier has not accepted, or none was asked for")))]
async fn sample(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    JsonBody(body): JsonBody<SampleBody>,
) -> Result<Json<MatchBody>, Problem> {
    let sample = Sample::parse(&body.sample).ok_or_else(|| {
        let detail = format!("{:?} is not one of: requested, approved, refused", body.sample);
        Problem::invalid(Violations::one("/sample", "unknown_value", detail))
    })?;
    moves!(app, caller, id, Move::Sample(sample))
}

/// Puts suggestions of a run to their sides.
///
/// All that still stand, or those named: all of them hold, or none does. The operator does.
#[utoipa::path(post, operation_id = "match_runs_accept", path = "/match-runs/{id}/accept", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run's id")),
    request_body = AcceptRunBody,
    responses(
        (status = 200, description = "Put to their sides and held", body = AcceptedView),
        (status = 409, description = "One of them no longer stands, may no longer trade or is promised to others; nothing was done")))]
async fn accept_run(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<RunId>,
    JsonBody(body): JsonBody<AcceptRunBody>,
) -> Result<Json<AcceptedView>, Problem> {
    let named = body.matches.map(|ids| ids.into_iter().map(MatchId).collect());
    let proposed = app::matches::accept_run(&app, &caller, id, named, body.dry_run).await?;
    Ok(Json(AcceptedView {
        matches: proposed.matches,
        units: proposed.units.to_string(),
        deadline: proposed.deadline.to_string(),
        dry_run: body.dry_run,
    }))
}
