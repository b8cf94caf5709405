//! Matches with their explanations.

use std::sync::Arc;

use app::{
    Actor, App, AppResult, PageRequest,
    access::Caller,
    matches::{MatchFilter, MatchRow, MatchView, Side},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    disclosure::FieldGroup,
    eligibility::Standing,
    ids::{ChainId, MatchId, NeedId, OfferId, RunId},
    matches::MatchState,
    region::Region,
    unit::BaseUnit,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    cost::CostView,
    export::{self, Shape, Wanted},
    limits,
    page::{Listing, Page, Part},
    path_id::PathId,
    problem::Problem,
    query::{Parameters, Several},
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
};

mod row;
pub(crate) mod steps;
mod talk;

use row::MatchFileRow;

/// The routes of matches.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).merge(steps::router()).merge(talk::router())
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only matches of this run.
    run: Option<Uuid>,
    /// Only matches of this need.
    need: Option<Uuid>,
    /// Only matches of this offer.
    offer: Option<Uuid>,
    /// Only the legs of this chain, those that ended too.
    chain: Option<Uuid>,
    /// Only these states, with commas between them.
    #[param(value_type = Option<String>, example = "suggested")]
    #[serde(default)]
    state: Several<MatchState>,
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

/// A quantity of an offer put to an instalment of a need.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Match)]
pub struct MatchBody {
    /// Its id.
    id: Uuid,
    /// The run that suggested it; null where it was put by hand.
    run: Option<Uuid>,
    /// The chain that it is a leg of, if it is one.
    chain: Option<Uuid>,
    /// `suggested`, `proposed`, `accepted_by_supplier`, `accepted_by_buyer`, `agreed`, `in_delivery`, `fulfilled`; or
    /// `declined`, `expired` or `cancelled`.
    state: &'static str,
    /// Where you stand: `supplier`, `buyer` or `operator`.
    side: &'static str,
    /// How much was suggested or put to the sides, in base units.
    quantity: i64,
    /// What became of it.
    quantities: QuantitiesView,
    /// Until when it is held, while it waits for an answer.
    #[schema(format = DateTime)]
    deadline: Option<String>,
    /// Why it ended, where a side said so.
    closing_reason: Option<&'static str>,
    /// In words, where the reason is `other`.
    closing_text: Option<String>,
    /// `requested`, `approved` or `refused`, where the buyer asked for a sample.
    sample: Option<&'static str>,
    /// What the sides state of it.
    terms: talk::TermsBody,
    /// When goods of it were recalled.
    #[schema(format = DateTime)]
    recalled_at: Option<String>,
    /// Since when the offer waits for a reviewer, or its certificates do not hold as the need demands; null while all is well.
    #[schema(format = DateTime)]
    at_risk_since: Option<String>,
    /// The UN/ECE code of the base unit.
    unit: String,
    /// The tier that the instalment ranked at.
    tier: u8,
    /// The last day on which the goods must exist, so that they arrive in time; reckoned from `distance_km`.
    #[schema(format = Date)]
    cutoff: String,
    /// The day at whose end they must have arrived, in the zone of the buyer's site.
    #[schema(format = Date)]
    due: String,
    /// The offer; nameless for the buyer.
    offer: OfferSide,
    /// The need; nameless for the supplier.
    need: NeedSide,
    /// Why this offer and this instalment.
    explanation: Explanation,
    /// When it was suggested, or put by hand.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// The quantities of a match, in base units: agreed >= shipped >= received = accepted + rejected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MatchQuantities)]
struct QuantitiesView {
    /// Held, until it is agreed or ends.
    held: i64,
    /// Agreed by both sides.
    agreed: i64,
    /// Shipped.
    shipped: i64,
    /// Arrived.
    received: i64,
    /// Passed goods-in.
    accepted: i64,
    /// Failed goods-in, and is lacked again.
    rejected: i64,
    /// Shipped and never arrived, once it has ended.
    lost: i64,
}

impl QuantitiesView {
    fn of(row: &MatchRow) -> Self {
        let q = &row.quantities;
        let ended = matches!(row.state, MatchState::Cancelled | MatchState::Fulfilled);
        Self {
            held: if row.state.is_held() { row.covered } else { 0 },
            agreed: q.agreed.units(),
            shipped: q.shipped.units(),
            received: q.received.units(),
            accepted: q.accepted.units(),
            rejected: q.rejected.units(),
            lost: if ended { q.lost() } else { 0 },
        }
    }
}

/// The offer of a match. The buyer sees neither ids nor more of the place than NUTS 2.
#[derive(Debug, Serialize, ToSchema)]
struct OfferSide {
    /// Its id; null for the buyer.
    id: Option<Uuid>,
    /// Whose it is; null for the buyer.
    organisation: Option<Uuid>,
    /// The product's code.
    product: String,
    /// Its grades.
    grades: Vec<String>,
    /// Its region; NUTS 2 for the buyer.
    region: Option<RegionName>,
}

/// The need of a match. The supplier sees neither ids nor more of the place than NUTS 2.
#[derive(Debug, Serialize, ToSchema)]
struct NeedSide {
    /// Its id; null for the supplier.
    id: Option<Uuid>,
    /// The instalment; null for the supplier.
    instalment: Option<Uuid>,
    /// Whose it is; null for the supplier.
    organisation: Option<Uuid>,
    /// The product's code.
    product: String,
    /// Accepted grades; every grade where empty.
    grades: Vec<String>,
    /// Its region; NUTS 2 for the supplier.
    region: Option<RegionName>,
}

/// A region in short.
#[derive(Debug, Serialize, ToSchema)]
struct RegionName {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
}

/// Why a match was made.
#[derive(Debug, Serialize, ToSchema)]
struct Explanation {
    /// In a sentence.
    summary: String,
    /// How the offered grade stands to what is asked: `same`, `satisfies`, or `substitute` that the buyer opted into.
    grade: &'static str,
    /// What to know before relying on another grade.
    caveat: Option<String>,
    /// Calendar days from the goods' existence to their arrival, reckoned from `distance_km`.
    transit_days: i32,
    /// Kilometres between the NUTS 2 points of both sides; from the supplier's exact place where it shows that to buyers.
    distance_km: Option<u32>,
    /// Whether only stock counted, since output cannot be ordered in time.
    stock_only: bool,
    /// 1 where no eligible offer is cheaper for the instalment; told to the operator, since the cost counts prices.
    rank: Option<u32>,
    /// How many offers were eligible for the instalment; told to the buyer and the operator.
    eligible_offers: Option<u32>,
    /// The parts of the cost, in points per base unit; told to the operator, since they tell prices.
    cost: Option<CostView>,
}

impl MatchBody {
    /// Of a match as its reader sees it.
    pub fn of(view: MatchView, app: &App) -> Self {
        let (offer, need) = (&view.offer.offer, &view.need.record);
        let product = offer.terms.product.as_str();
        let base = app.tables().catalogue.product(product).map(|p| p.base_unit);
        let unit = base.map_or("", BaseUnit::unit_code).to_owned();
        let (shows_need, side) = match view.side {
            Side::Supplier => (false, "supplier"),
            Side::Buyer => (true, "buyer"),
            Side::Operator => (true, "operator"),
        };
        let shows_offer = view.offer.groups.contains(&FieldGroup::Identity);
        Self {
            id: view.row.id.0,
            run: view.row.run.map(|run| run.0),
            chain: view.row.leg.map(|leg| leg.chain.0),
            state: view.row.state.as_str(),
            side,
            quantity: view.row.quantities.proposed.units(),
            quantities: QuantitiesView::of(&view.row),
            deadline: view.row.deadline.map(|at| at.to_string()),
            closing_reason: view.row.closing_reason.as_ref().map(|reason| reason.code()),
            closing_text: view.row.closing_reason.as_ref().and_then(|reason| reason.words()).map(str::to_owned),
            sample: view.row.sample.map(|sample| sample.as_str()),
            // What cannot be read is a defect of ours; whoever writes it checks that it can.
            terms: app::matches::terms_of(&view.row).map(talk::TermsBody::of).unwrap_or_default(),
            recalled_at: view.row.recalled_at.map(|at| at.to_string()),
            at_risk_since: view.row.at_risk_since.map(|at| at.to_string()),
            tier: view.row.tier,
            cutoff: view.way.cutoff.to_string(),
            due: view.way.due.to_string(),
            offer: OfferSide {
                id: shows_offer.then_some(offer.id.0),
                organisation: shows_offer.then_some(offer.organisation.0),
                product: product.to_owned(),
                grades: offer.terms.grades.iter().map(ToString::to_string).collect(),
                region: view.offer_region.as_ref().map(RegionName::of),
            },
            need: NeedSide {
                id: shows_need.then_some(need.id.0),
                instalment: shows_need.then_some(view.row.instalment.0),
                organisation: shows_need.then_some(need.organisation.0),
                product: need.terms.product.to_string(),
                grades: need.terms.grades.iter().map(ToString::to_string).collect(),
                region: view.need_region.as_ref().map(RegionName::of),
            },
            explanation: Explanation::of(&view, base.map_or("units", BaseUnit::plural)),
            created_at: view.row.created_at.to_string(),
            updated_at: view.row.updated_at.to_string(),
            unit,
        }
    }
}

impl RegionName {
    fn of(region: &Region) -> Self {
        Self { code: region.code.to_string(), name: region.name.clone() }
    }
}

impl Explanation {
    fn of(view: &MatchView, units: &str) -> Self {
        let (how, way) = (&view.line.eligible, &view.way);
        let (grade, caveat) = match &how.standing {
            Standing::Same => ("same", None),
            Standing::Satisfies { caveat } => ("satisfies", Some(caveat.clone())),
            Standing::Substitute { caveat } => ("substitute", Some(caveat.clone())),
        };
        // A supplier learns nothing of those he competes with.
        let (tells_rivals, tells_costs) = match view.side {
            Side::Supplier => (false, false),
            Side::Buyer => (true, false),
            Side::Operator => (true, true),
        };
        let place = way.distance_km.map_or("from an unknown distance".to_owned(), |km| format!("over {km} km"));
        let mut summary = format!(
            "{} {units} can exist by {} and travel {} days {place} to arrive by {}",
            view.row.quantities.proposed, way.cutoff, way.transit_days, way.due
        );
        summary.push_str(match grade {
            "same" => "; the product and grade are as asked",
            "satisfies" => "; the grade stands for the one asked",
            _ => "; it is a substitute that the buyer accepts",
        });
        // What was put by hand was compared with nothing.
        let ranked = view.line.rank > 0;
        let (tells_rivals, tells_costs) = (tells_rivals && ranked, tells_costs && ranked);
        if tells_costs {
            summary.push_str(&format!(
                "; number {} by cost of {} eligible offers",
                view.line.rank, view.line.eligible_offers
            ));
        }
        Self {
            summary,
            grade,
            caveat: caveat.filter(|c| !c.is_empty()),
            transit_days: way.transit_days,
            distance_km: way.distance_km,
            stock_only: way.stock_only,
            rank: tells_costs.then_some(view.line.rank),
            eligible_offers: tells_rivals.then_some(view.line.eligible_offers),
            cost: tells_costs.then(|| CostView::of(&how.cost)),
        }
    }
}

/// Lists matches.
///
/// The operator sees all of them, an organisation those of its own offers and needs. The other side is shown without a
/// name: product, grade, NUTS 2 region, quantity and dates. Who it is opens at `.../counterparty`, once the supplier accepted.
/// With `.csv`, `.xlsx`, `.json`, `.ndjson` or `.geojson` behind the path, or by `Accept`, the whole list is a file, a match a
/// row.
#[utoipa::path(get, operation_id = "matches_list", path = "/matches", tag = "Matching", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The matches", body = Page<MatchBody>)))]
async fn list(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    Parameters(query): Parameters<ListQuery>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let filter = MatchFilter {
        run: query.run.map(RunId),
        need: query.need.map(NeedId),
        offer: query.offer.map(OfferId),
        chain: query.chain.map(ChainId),
        states: query.state.0,
    };
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    if let Shape::File(format) = wanted.shape {
        export::whole_list(&part, true)?;
        let (reader, filter) = (app.clone(), Arc::new(filter));
        let read = move |request| rows(reader.clone(), actor, filter.clone(), request);
        return export::list(&app, (format, &wanted.address), order, read).await;
    }
    let listing = Listing::new(&app, actor, ("matches", format!("{filter:?}")), part)?;
    let found = app::matches::page(&app, actor, &filter, listing.request).await?;
    Ok(listing.answer(&app, found, |view| MatchBody::of(view, &app)).into_response())
}

/// A page of the rows of a file.
async fn rows(
    app: App,
    actor: Actor,
    filter: Arc<MatchFilter>,
    request: PageRequest,
) -> AppResult<app::Page<MatchFileRow>> {
    let found = app::matches::page(&app, actor, &filter, request).await?;
    Ok(found.map(|view| [MatchFileRow::of(MatchBody::of(view, &app))]))
}

/// Reads a match.
///
/// With the explanation of the run that suggested it.
#[utoipa::path(get, operation_id = "matches_get", path = "/matches/{id}", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id")),
    responses((status = 200, description = "The match", body = MatchBody)))]
async fn get(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<MatchId>,
) -> Result<Json<MatchBody>, Problem> {
    Ok(Json(MatchBody::of(app::matches::get(&app, actor, id).await?, &app)))
}
