//! Chains: matches that are promised together or not at all.

use app::{
    App,
    access::Caller,
    chains::{Brought, ChainView, LegOf, LegView, NewChain, NewLeg},
    matches::ByHand,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    ids::{ChainId, InstalmentId, MatchId, NeedId, OfferId, OrganisationId, RunId},
    violation::Violations,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    created::created,
    limits,
    matches::steps::{ReasonBody, units},
    page::{Listing, Page, Paged, Part},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::{Calling, SignedIn},
    sort::{ByCreation, Sort},
};

mod planned;
mod search;

pub use planned::ChainPlanView;
use planned::PlanQuery;
pub use search::ChainsView;
use search::SearchBody;

/// The routes of chains.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get))
        .routes(routes!(hold))
        .routes(routes!(dissolve))
        .routes(routes!(search))
        .routes(routes!(planned))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only chains that this organisation leads.
    organisation: Option<Uuid>,
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

/// A chain that is to be made.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = NewChain, example = json!({"name": "Respirators of the upper valley", "legs": [
    {"step": "Filter fabric", "match": "018f0000-0000-7000-8000-000000000001"},
    {"step": "Sewing", "match": "018f0000-0000-7000-8000-000000000002"}]}))]
struct NewChainBody {
    /// The organisation that leads it; your own where absent.
    organisation: Option<Uuid>,
    /// What it is called. All who take part read it before any may know the others, so that it tells no contact.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// Its steps in their order, 2 to 12, each with what carries it.
    #[validate(nested)]
    legs: Vec<LegBody>,
    /// Only says what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// What carries a step: a suggestion that is the lead's, or, for who runs the service, an offer put to an instalment or one
/// that brings the offer of another step what it lacks.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLeg, example = json!({"step": "Sewing", "match": "018f0000-0000-7000-8000-000000000002"}))]
struct LegBody {
    /// What the step is called.
    #[validate(length(max = limits::WORD))]
    step: String,
    /// A match that a run suggested.
    #[serde(rename = "match")]
    suggestion: Option<Uuid>,
    /// Instead of a match: the offer.
    offer: Option<Uuid>,
    /// The need.
    need: Option<Uuid>,
    /// Which instalment of it.
    instalment: Option<Uuid>,
    /// How much, in base units of the offer; at least 1.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    quantity: Option<i64>,
    /// Instead of a need and an instalment: the step whose offer lacks what this one brings. What it lacks is entered as a
    /// need of its site, with the chain; only where the chain is made.
    #[validate(length(max = limits::WORD))]
    brings_to: Option<String>,
    /// With `brings_to`, the day by which it has to be there.
    #[validate(length(max = limits::WORD))]
    #[schema(format = Date)]
    due: Option<String>,
}

/// Legs for the steps of a chain that are open.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ChainLegs, example = json!({"legs": [{"step": "Filter fabric", "match": "018f0000-0000-7000-8000-000000000001"}]}))]
struct LegsBody {
    /// One for each step that is open.
    #[validate(nested)]
    legs: Vec<LegBody>,
    /// Only says what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// A consortium: steps of one product, each carried by a match between two of its firms.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chain)]
pub struct ChainBody {
    /// Its id.
    id: Uuid,
    /// Who leads it, told to the lead and the operator; who is on a leg opens his own match.
    organisation: Option<Uuid>,
    /// What it is called.
    name: String,
    /// `open` while a step has no leg that stands, `held` while not all legs are agreed, `agreed`, `fulfilled` once all is
    /// delivered, or `dissolved`.
    state: &'static str,
    /// Its steps, in their order.
    legs: Vec<LegState>,
    /// When all legs were first agreed. From then on a leg that fails leaves the others as they are.
    #[schema(format = DateTime)]
    agreed_at: Option<String>,
    /// When it was dissolved.
    #[schema(format = DateTime)]
    dissolved_at: Option<String>,
    /// Why it was dissolved.
    closing_reason: Option<&'static str>,
    /// In words, where the reason is `other`.
    closing_text: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A step of a chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChainLeg)]
struct LegState {
    /// What it is called.
    step: String,
    /// Where its last match stands, as matches do.
    state: Option<&'static str>,
    /// The match, where you are a side of it.
    #[serde(rename = "match")]
    of: Option<Uuid>,
    /// How much of it was promised, in base units, where you are a side of it.
    quantity: Option<i64>,
}

impl ChainBody {
    /// A chain as its reader sees it.
    pub fn of(view: ChainView) -> Self {
        let ChainView { chain, state, shows_lead, legs } = view;
        Self {
            id: chain.id.0,
            organisation: shows_lead.then_some(chain.lead.0),
            name: chain.name,
            state: state.as_str(),
            legs: legs.into_iter().map(LegState::of).collect(),
            agreed_at: chain.agreed_at.map(|at| at.to_string()),
            dissolved_at: chain.dissolved.as_ref().map(|(at, _)| at.to_string()),
            closing_reason: chain.dissolved.as_ref().map(|(_, why)| why.code()),
            closing_text: chain.dissolved.as_ref().and_then(|(_, why)| why.words()).map(str::to_owned),
            created_at: chain.created_at.to_string(),
            updated_at: chain.updated_at.to_string(),
        }
    }
}

impl LegState {
    fn of(leg: LegView) -> Self {
        Self {
            step: leg.step,
            state: leg.state.map(|state| state.as_str()),
            of: leg.row.as_ref().map(|row| row.id.0),
            quantity: leg.row.as_ref().map(|row| row.quantities.proposed.units()),
        }
    }
}

/// What legs are of: a match alone, an offer with a need, or an offer with the step that it brings something to.
fn legs(bodies: &[LegBody]) -> Result<Vec<NewLeg>, Violations> {
    let (mut faults, mut found) = (Violations::new(), Vec::new());
    for (place, leg) in bodies.iter().enumerate() {
        let at = |field: &str| format!("/legs/{place}/{field}");
        if let Some(brings_to) = &leg.brings_to {
            let of = brought(bodies, leg, brings_to, (&mut faults, &at));
            found.extend(of.map(|of| NewLeg { step: leg.step.clone(), of: LegOf::Brought(of) }));
            continue;
        }
        if leg.due.is_some() {
            faults.push(at("due"), "does_not_apply", "goes with `brings_to`; a need has its own days");
        }
        let parts = [
            ("offer", leg.offer.is_some()),
            ("need", leg.need.is_some()),
            ("instalment", leg.instalment.is_some()),
            ("quantity", leg.quantity.is_some()),
        ];
        let of = match (leg.suggestion, leg.offer, leg.need, leg.instalment, leg.quantity) {
            (Some(id), None, None, None, None) => Some(LegOf::Suggested(MatchId(id))),
            (Some(_), ..) => {
                for (field, _) in parts.into_iter().filter(|(_, is_there)| *is_there) {
                    faults.push(at(field), "does_not_apply", "goes without a match; leave one of the two out");
                }
                None
            }
            (None, Some(offer), Some(need), Some(instalment), Some(quantity)) => Some(LegOf::ByHand(ByHand {
                offer: OfferId(offer),
                need: NeedId(need),
                instalment: InstalmentId(instalment),
                quantity: units(&mut faults, &at("quantity"), quantity, 1),
            })),
            (None, None, None, None, None) => {
                faults.push(at("match"), "missing", "is missing; write the id of a match that a run suggested");
                None
            }
            (None, ..) => {
                for (field, _) in parts.into_iter().filter(|(_, is_there)| !is_there) {
                    faults.push(
                        at(field),
                        "missing",
                        "is missing; a leg by hand names offer, need, instalment, quantity",
                    );
                }
                None
            }
        };
        found.extend(of.map(|of| NewLeg { step: leg.step.clone(), of }));
    }
    faults.into_result()?;
    Ok(found)
}

/// Lists chains.
///
/// The operator sees all of them, an organisation those that it leads or has a part in.
#[utoipa::path(get, operation_id = "chains_list", path = "/chains", tag = "Matching", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The chains", body = Page<ChainBody>)))]
async fn list(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<ChainBody>, Problem> {
    let lead = query.organisation.map(OrganisationId);
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, actor, ("chains", format!("{lead:?}")), part)?;
    let found = app::chains::page(&app, actor, lead, listing.request).await?;
    Ok(listing.answer(&app, found, ChainBody::of))
}

/// Makes a chain.
///
/// All its legs are put to their sides and held, or none. Each is a suggestion of which the lead is a side: what it would
/// get from its partners, and what it would bring to a buyer. Each side accepts its own; nothing is shipped before all is
/// agreed, and when one fails before that, the others are let go. `dry_run` answers what it would come to.
#[utoipa::path(post, operation_id = "chains_create", path = "/chains", tag = "Matching", security(("bearer" = [])),
    request_body = NewChainBody,
    responses(
        (status = 201, description = "All legs are held; `Location` says where to read it", body = ChainBody),
        (status = 200, description = "A dry run: what it would come to", body = ChainBody),
        (status = 409, description = "A leg no longer stands, may no longer trade or is promised to others; nothing was done")))]
async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<NewChainBody>,
) -> Result<Response, Problem> {
    let legs = legs(&body.legs).map_err(Problem::invalid)?;
    let new = NewChain { lead: body.organisation.map(OrganisationId), name: body.name, legs };
    let view = app::chains::create(&app, &caller, new, body.dry_run).await?;
    let address = format!("/api/v1/chains/{}", view.chain.id);
    Ok(match body.dry_run {
        true => Json(ChainBody::of(view)).into_response(),
        false => created(address, ChainBody::of(view)).into_response(),
    })
}

/// Reads a chain.
///
/// Everybody on a leg reads how each step stands, and of the matches of others no more than that.
#[utoipa::path(get, operation_id = "chains_get", path = "/chains/{id}", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The chain's id")),
    responses((status = 200, description = "The chain", body = ChainBody)))]
async fn get(
    State(app): State<App>,
    SignedIn(Caller { actor, .. }): SignedIn,
    PathId(id): PathId<ChainId>,
) -> Result<Json<ChainBody>, Problem> {
    Ok(Json(ChainBody::of(app::chains::get(&app, actor, id).await?)))
}

/// Fills the open steps of a chain.
///
/// Its lead names a leg for each of them: all are held, or none.
#[utoipa::path(post, operation_id = "chains_hold", path = "/chains/{id}/hold", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The chain's id")),
    request_body = LegsBody,
    responses(
        (status = 200, description = "Held; or what it would come to", body = ChainBody),
        (status = 409, description = "No step is open, one is left out, or a leg cannot be held; nothing was done")))]
async fn hold(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<ChainId>,
    JsonBody(body): JsonBody<LegsBody>,
) -> Result<Json<ChainBody>, Problem> {
    let legs = legs(&body.legs).map_err(Problem::invalid)?;
    Ok(Json(ChainBody::of(app::chains::hold(&app, &caller, id, legs, body.dry_run).await?)))
}

/// Dissolves a chain.
///
/// Its lead does: every leg that is not delivered ends with the reason, and what was not shipped goes back.
#[utoipa::path(post, operation_id = "chains_dissolve", path = "/chains/{id}/dissolve", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The chain's id")),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Dissolved", body = ChainBody),
        (status = 409, description = "It was dissolved before, or is delivered")))]
async fn dissolve(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<ChainId>,
    JsonBody(body): JsonBody<ReasonBody>,
) -> Result<Json<ChainBody>, Problem> {
    let reason = body.read()?;
    Ok(Json(ChainBody::of(app::chains::dissolve(&app, &caller, id, reason).await?)))
}

/// Searches chains for a need.
///
/// The best consortia over the steps of what the need asks for: an offer of it that lacks inputs (`missing_inputs`), with an offer for each
/// of these, and so on, from any cluster, at most five partners. Each with the units that its narrowest leg supports, when,
/// its lead, its cost, and each leg's certificates; chains are told that no other beats in units, lead and cost at once. Where
/// none is complete, what is missing, where and by when, and who could convert to it. Exact for what it looks at: one
/// need, by itself, before others compete for the same. Nothing is stored: `POST /chains` holds a chain.
///
/// The operator is told of all; the need's owner of the offers that it may be matched with, nameless and before competition.
#[utoipa::path(post, operation_id = "chains_search", path = "/chains/search", tag = "Matching", request_body = SearchBody, security(("bearer" = [])),
    responses(
        (status = 200, description = "The chains", body = ChainsView),
        (status = 404, description = "There is no such need, or it is not yours to see")))]
async fn search(
    State(app): State<App>,
    Calling(caller): Calling,
    JsonBody(body): JsonBody<SearchBody>,
) -> Result<Json<ChainsView>, Problem> {
    let question = body.question();
    let told = app::chains::search(&app, &caller, &question).await?;
    Ok(Json(ChainsView::of(question.need.0, &told, &app.tables())))
}

/// Plans the chains of the whole market.
///
/// The market that a run saw, decided anew with makers that lack one thing (`missing_inputs`) making what they can of what
/// others bring: a flow of several stages with conversion factors, in which each unit of input, capacity and output counts
/// once, and the more urgent need goes first, be it one for masks or one for their fabric. Tier by tier, what stays uncovered
/// without chains, with them, and a bound that no plan betters; where all tiers stand at it, the plan is `proved`. Whole units,
/// smallest orders and makers of different ratios can keep a plan from its bound.
///
/// Offers that lack several things are named; chains with them are searched for one need at a time. Nothing is stored:
/// `POST /chains` takes what `hold` says, and judges it by the market as it is then. Told to who runs the service.
#[utoipa::path(get, operation_id = "match_runs_chains", path = "/match-runs/{id}/chains", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run's id"), PlanQuery),
    responses(
        (status = 200, description = "The chains", body = ChainPlanView),
        (status = 409, description = "The run is not done, or what it saw is no longer kept")))]
async fn planned(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(run): PathId<RunId>,
    Parameters(query): Parameters<PlanQuery>,
) -> Result<Json<ChainPlanView>, Problem> {
    let top = query.top()?;
    let plan = app::chains::planned(&app, &caller, run).await?;
    Ok(Json(ChainPlanView::of(&plan, top, &app.tables().catalogue)))
}

/// An offer that brings something to another step.
fn brought(
    bodies: &[LegBody],
    leg: &LegBody,
    brings_to: &str,
    (faults, at): (&mut Violations, &dyn Fn(&str) -> String),
) -> Option<Brought> {
    let others =
        [("match", leg.suggestion.is_some()), ("need", leg.need.is_some()), ("instalment", leg.instalment.is_some())];
    for (field, _) in others.into_iter().filter(|(_, is_there)| *is_there) {
        faults.push(
            at(field),
            "does_not_apply",
            "goes without `brings_to`, which enters a need; leave one of the two out",
        );
    }
    let parts = [("offer", leg.offer.is_some()), ("quantity", leg.quantity.is_some()), ("due", leg.due.is_some())];
    for (field, _) in parts.into_iter().filter(|(_, is_there)| !is_there) {
        faults.push(at(field), "missing", "is missing; a leg that brings something names offer, quantity and due");
    }
    let to = bodies.iter().position(|other| other.step.trim() == brings_to.trim());
    if to.is_none() {
        let steps: Vec<String> = bodies.iter().map(|other| format!("{:?}", other.step)).collect();
        let detail = format!("{brings_to:?} is no step of the chain; write one of: {}", steps.join(", "));
        faults.push(at("brings_to"), "unknown_value", detail);
    }
    let quantity = units(faults, &at("quantity"), leg.quantity?, 1);
    Some(Brought { offer: OfferId(leg.offer?), to: to?, quantity, due: leg.due.clone()? })
}
