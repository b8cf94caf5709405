//! A run held against another.

use app::{
    App,
    runs::{Comparison, LevelReport, PairChange, RunRow},
};
use axum::{extract::State, response::Response};
use domain::ids::RunId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::FiguresView;
use crate::{
    limits,
    page::{self, Listing, Page, Paged, Part},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    run_parameters::ParametersView,
    signed_in::SignedIn,
};

/// The route of comparisons.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(compare))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CompareQuery {
    /// The id of the run to hold against it.
    with: Uuid,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// A run held against another: what the second (`to`) suggested otherwise than the first (`from`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunComparison)]
struct ComparisonView {
    /// The run of the address.
    from: ComparedRun,
    /// The run `with`.
    to: ComparedRun,
    /// Whether both saw the same market, so that what differs comes of parameters, tables or engine alone; null where
    /// one was stored without what it saw.
    same_market: Option<bool>,
    /// Whether both went by the same catalogue and regions; null likewise.
    same_tables: Option<bool>,
    /// Whether both had the same parameters.
    same_parameters: bool,
    /// Whether the same version of the engine made both.
    same_engine: bool,
    /// The levels of both, in strict order.
    levels: Vec<LevelPair>,
    /// How many pairs of offer and instalment there are of each kind, on all pages.
    pairs: PairCountsView,
    /// The pairs that differ, by need, instalment and offer.
    items: Vec<PairView>,
    /// Send it as `cursor` with the same runs for what follows; null on the last page.
    next: Option<String>,
}

/// A run that is compared.
#[derive(Debug, Serialize, ToSchema)]
struct ComparedRun {
    /// Its id.
    id: Uuid,
    /// The day it decides on.
    #[schema(format = Date)]
    day: String,
    /// When it was done.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// Engine and version.
    engine: Option<String>,
    /// SHA-256 of its proof.
    proof_hash: Option<String>,
    /// SHA-256 of the market it saw; null where it was stored without.
    market_hash: Option<String>,
    /// Its parameters.
    parameters: ParametersView,
    /// Its key figures; null where no engine made it.
    figures: Option<FiguresView>,
}

/// A level of the objective in two runs.
#[derive(Debug, Serialize, ToSchema)]
struct LevelPair {
    /// Its name.
    name: String,
    /// What it counts.
    unit: String,
    /// What the first reached; null where it has no such level.
    from: Option<ReachedView>,
    /// What the second reached; null where it has no such level.
    to: Option<ReachedView>,
}

/// What a run reached on a level; numbers in digits, since they may be larger than others read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LevelReached)]
struct ReachedView {
    /// The value, smaller is better.
    value: String,
    /// How far it may be from the best; null where nothing is proven.
    gap: Option<String>,
}

/// How many pairs of offer and instalment were suggested.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PairCounts)]
struct PairCountsView {
    /// By the second run alone.
    added: u64,
    /// By the first run alone.
    removed: u64,
    /// By both, in other quantities.
    changed: u64,
    /// By both, in the same quantity.
    unchanged: u64,
}

/// A pair of offer and instalment of which two runs suggested other quantities.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PairDifference)]
struct PairView {
    /// `added`, `removed` or `changed`.
    change: &'static str,
    /// The need.
    need: Uuid,
    /// The instalment of it.
    instalment: Uuid,
    /// The offer.
    offer: Uuid,
    /// What the first run suggested, in base units; 0 where nothing.
    from: i64,
    /// What the second run suggested; 0 where nothing.
    to: i64,
}

fn read(error: serde_json::Error) -> Problem {
    Problem::from(app::AppError::internal(error))
}

impl ComparedRun {
    fn of(run: &RunRow) -> Result<Self, Problem> {
        let parameters: domain::parameters::Parameters = serde_json::from_str(&run.parameters_json).map_err(read)?;
        let figures: Option<app::runs::Figures> =
            run.figures_json.as_deref().map(serde_json::from_str).transpose().map_err(read)?;
        Ok(Self {
            id: run.id.0,
            day: run.day.to_string(),
            finished_at: run.finished_at.map(|at| at.to_string()),
            engine: run.engine.clone(),
            proof_hash: run.proof_hash.clone(),
            market_hash: run.market_hash.clone(),
            parameters: ParametersView::of(&parameters),
            figures: figures.map(FiguresView::of),
        })
    }
}

impl ReachedView {
    fn of(level: &LevelReport) -> Self {
        Self { value: level.value.to_string(), gap: level.gap.map(|gap| gap.to_string()) }
    }
}

/// The levels of the first in their order, and then those that the second has besides.
fn levels(from: &RunRow, to: &RunRow) -> Result<Vec<LevelPair>, Problem> {
    let of = |run: &RunRow| -> Result<Vec<LevelReport>, Problem> {
        Ok(run.levels_json.as_deref().map(serde_json::from_str).transpose().map_err(read)?.unwrap_or_default())
    };
    let (from, to) = (of(from)?, of(to)?);
    let same = |a: &LevelReport, b: &LevelReport| a.name == b.name && a.unit == b.unit;
    let pair = |level: &LevelReport| LevelPair {
        name: level.name.clone(),
        unit: level.unit.clone(),
        from: from.iter().find(|other| same(other, level)).map(ReachedView::of),
        to: to.iter().find(|other| same(other, level)).map(ReachedView::of),
    };
    let besides = to.iter().filter(|level| !from.iter().any(|other| same(other, level)));
    Ok(from.iter().chain(besides).map(pair).collect())
}

impl PairView {
    fn of(pair: PairChange) -> Self {
        let change = match (pair.from, pair.to) {
            (0, _) => "added",
            (_, 0) => "removed",
            (_, _) => "changed",
        };
        let PairChange { need, instalment, offer, from, to } = pair;
        Self { change, need: need.0, instalment: instalment.0, offer: offer.0, from, to }
    }
}

/// Compares two runs.
///
/// What the run `with` suggested otherwise than this one: key figures and levels side by side, and each pair of offer
/// and instalment that it added, removed or gave another quantity. Both are taken as they were written down when they
/// were done: what the sides made of the matches since is not looked at, and what was promised before a run is no match
/// of it. Where they saw different markets, `same_market` says so. It is of the whole market, so it is for the
/// operator.
#[utoipa::path(get, operation_id = "match_runs_compare", path = "/match-runs/{id}/compare", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The first run's id"), CompareQuery),
    responses(
        (status = 200, description = "The comparison", body = ComparisonView),
        (status = 403, description = "Only the operator compares runs"),
        (status = 409, description = "One of them is not done")))]
async fn compare(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<RunId>,
    Parameters(query): Parameters<CompareQuery>,
) -> Result<Response, Problem> {
    let with = RunId(query.with);
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), ..Part::default() };
    let listing = Listing::new(&app, caller.actor, ("comparison", format!("{id} {with}")), part)?;
    let found = app::runs::compare(&app, &caller, (id, with), listing.request).await?;
    let (same_market, same_tables) = (found.same_market(), found.same_tables());
    let Comparison { from, to, counts, pairs } = found;
    let Paged(Page { items, next, total: _ }) = listing.answer(&app, pairs, PairView::of);
    let view = ComparisonView {
        levels: levels(&from, &to)?,
        same_market,
        same_tables,
        same_parameters: from.parameters_json == to.parameters_json,
        same_engine: from.engine == to.engine,
        pairs: PairCountsView {
            added: counts.added,
            removed: counts.removed,
            changed: counts.changed,
            unchanged: counts.unchanged,
        },
        from: ComparedRun::of(&from)?,
        to: ComparedRun::of(&to)?,
        items,
        next,
    };
    let next = view.next.clone();
    Ok(page::before(&view, next))
}
