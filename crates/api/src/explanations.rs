//! Why a run covers a need or does not, and what would change it.

use app::App;
use axum::{Json, extract::State};
use domain::ids::{NeedId, OfferId, RunId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    capacity::of_query,
    offers::SeenOfferView,
    path_id::{PathId, PathIds},
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

mod need;
mod pair;
mod parts;
mod remedies;

pub(crate) use need::ExplainedInstalment;
pub use need::NeedExplanation;
pub use pair::PairExplanation;
pub(crate) use parts::{PassedHow, UsedOffer};
use remedies::RemediesQuery;
pub use remedies::RemediesView;

/// The routes of explanations.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(need)).routes(routes!(pair)).routes(routes!(remedies))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SolvesQuery {
    /// How many counterfactuals may be computed, 0 to 32; 8 where absent. Each costs an allocation of a part of the
    /// market; what is not computed is listed.
    #[validate(range(max = 32))]
    #[param(maximum = 32)]
    counterfactuals: Option<u32>,
}

impl SolvesQuery {
    fn solves(&self) -> u32 {
        self.counterfactuals.unwrap_or(app::explanations::USUAL_SOLVES)
    }
}

/// Explains a need in a run.
///
/// What covers it, each predicate with the numbers it looked at; what stays uncovered, which offers fail for which first
/// reason and where the others went; what the buyer could do otherwise and how many units that would gain; and what one
/// more unit or one more day is worth. Each gain is the difference of two allocations of the market as the run saw it.
///
/// The operator reads everything. The need's owner reads the same structure, computed from what it may know: nameless
/// offers at the points of their NUTS 2 regions, and no needs of others, so that gains are before competition.
#[utoipa::path(get, operation_id = "match_runs_explain_need", path = "/match-runs/{id}/needs/{need}/explanation", tag = "Matching", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The run's id"),
        ("need" = Uuid, Path, description = "The need's id"),
        SolvesQuery),
    responses(
        (status = 200, description = "The explanation", body = NeedExplanation),
        (status = 409, description = "The run is not done, or what it saw is no longer kept")))]
async fn need(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<2>,
    Parameters(query): Parameters<SolvesQuery>,
) -> Result<Json<NeedExplanation>, Problem> {
    let [run, need] = ids;
    let (run, need) = (RunId(run), NeedId(need));
    let found = app::explanations::need(&app, &caller, run, need, query.solves()).await?;
    Ok(Json(NeedExplanation::of(found, Some(run), &app.tables().catalogue)))
}

/// Explains why an offer serves a need in a run, or why not.
///
/// Instalment by instalment: each predicate with the numbers it looked at, also behind the first that fails; for an offer
/// that may serve and does not, who serves instead or what used it up; and what more of this offer would be worth.
///
/// The operator names any offer by its id. The need's owner names offers of others as its explanations name them, and is
/// answered with the row that it may see of the offer; where the supplier shows buyers who it is, that is noted and listed
/// to it among its openings.
#[utoipa::path(get, operation_id = "match_runs_explain_pair", path = "/match-runs/{id}/needs/{need}/offers/{offer}", tag = "Matching", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The run's id"),
        ("need" = Uuid, Path, description = "The need's id"),
        ("offer" = Uuid, Path, description = "The offer's id, or the name that an explanation gave it"),
        SolvesQuery),
    responses(
        (status = 200, description = "The answer", body = PairExplanation),
        (status = 409, description = "The run is not done, or what it saw is no longer kept")))]
async fn pair(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathIds(ids): PathIds<3>,
    Parameters(query): Parameters<SolvesQuery>,
) -> Result<Json<PairExplanation>, Problem> {
    let [run, need, offer] = ids;
    let (run, pair) = (RunId(run), (NeedId(need), OfferId(offer)));
    let (found, row) = app::explanations::pair(&app, &caller, run, pair, query.solves()).await?;
    let row = row.map(|seen| SeenOfferView::of(seen, &app.tables(), app.today()));
    Ok(Json(PairExplanation::of(found, Some(run), row)))
}

/// Tells what would help most.
///
/// Of what a run leaves uncovered of a product, in a region and a period: the single changes that would cover most of it.
/// A rule that all buyers in question relax, a border rule that is lifted, a conversion that is decided, a firm at full
/// stretch, a certificate that is finished, obtained, renewed or checked, a supplier that is verified, an offer that is
/// reviewed or confirmed. Each was solved: its units are an allocation of the changed market less one of the market as the
/// run saw it. What could bring most at best is solved first, and what was not is listed.
///
/// The operator is told of all needs. An organisation is told of its own, and of the offers that it may be matched with,
/// under the names that explanations give them; what is kept from it is in no figure.
#[utoipa::path(get, operation_id = "match_runs_remedies", path = "/match-runs/{id}/remedies", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run's id"), RemediesQuery),
    responses(
        (status = 200, description = "What would help", body = RemediesView),
        (status = 409, description = "The run is not done, or what it saw is no longer kept")))]
async fn remedies(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(run): PathId<RunId>,
    Parameters(query): Parameters<RemediesQuery>,
) -> Result<Json<RemediesView>, Problem> {
    let question = query.question()?;
    let told = app::explanations::remedies(&app, &caller, run, &question).await.map_err(of_query)?;
    Ok(Json(RemediesView::of(&told, &app.tables().catalogue)))
}
