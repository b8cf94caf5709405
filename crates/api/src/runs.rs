//! Runs of the matching engine.

use app::{
    Actor, App,
    runs::{RunProgress, RunRow},
};
use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use domain::{ids::RunId, parameters::Parameters as RunParameters};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    body::JsonBody,
    created::{Created, accepted},
    event_stream,
    page::{Listing, Page, Paged, PlainQuery},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    run_parameters::{ParametersBody, ParametersView},
    signed_in::{Again, SignedIn},
};

mod compare;
mod shares;
mod shortages;
mod stream;

/// The routes of runs.
pub fn router() -> OpenApiRouter<App> {
    let runs = OpenApiRouter::new().routes(routes!(list, start)).routes(routes!(get)).routes(routes!(cancel));
    runs.merge(compare::router()).merge(shares::router()).merge(shortages::router())
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Run)]
pub(crate) struct RunView {
    /// Its id.
    id: Uuid,
    /// `queued`, `running`, `done` or `failed`.
    state: &'static str,
    /// The day it decides on.
    #[schema(format = Date)]
    day: String,
    /// All its parameters.
    parameters: ParametersView,
    /// When it was asked for.
    #[schema(format = DateTime)]
    queued_at: String,
    /// When a worker last began it.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    /// When it was done or failed.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// How far it is, while it is running; at most 2 seconds old. Told to the operator, since it says how large the
    /// market is.
    progress: Option<ProgressView>,
    /// Engine and version, once done.
    engine: Option<String>,
    /// Why it failed, which a cancelled run has as well; told to the operator.
    error: Option<String>,
    /// Key figures, once done; told to the operator, since they are of the whole market.
    figures: Option<FiguresView>,
    /// The levels of the objective in strict order, once done; told to the operator.
    levels: Option<Vec<LevelView>>,
    /// SHA-256 of the proof, once done.
    proof_hash: Option<String>,
}

/// How far a run is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunProgress)]
struct ProgressView {
    /// `judging` offers for each need, `solving` part by part, `checking` the result or `storing` it.
    stage: &'static str,
    /// How much of the stage is done.
    done: u64,
    /// Of how much.
    of: u64,
}

/// Key figures of a run. Units of different products add up only as a rough size.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Figures)]
struct FiguresView {
    /// Offers in the snapshot.
    offers: u32,
    /// Needs that took part.
    needs: u32,
    /// Their instalments.
    instalments: u32,
    /// Pairs of offer and instalment that passed every predicate.
    eligible_pairs: u64,
    /// Parts of the market that were solved apart.
    components: u32,
    /// Matches found.
    matches: u32,
    /// Base units asked for.
    demand: i64,
    /// Base units covered.
    covered: i64,
}

/// A level of the objective and how well it was met.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Level)]
struct LevelView {
    /// Its name.
    name: String,
    /// What it counts.
    unit: String,
    /// The value reached, smaller is better; in digits, since it may be larger than others read.
    value: String,
    /// A proven bound: no allocation is better; null where none is proven.
    bound: Option<String>,
    /// `value - bound`; 0 means proven optimal.
    gap: Option<String>,
    /// Whether it is proven that no allocation with the same decisions on smallest orders and suppliers is better.
    optimal_as_decided: bool,
    /// Whether it is a level of the flow network.
    flow: bool,
}

impl RunView {
    /// Of a run as far as its reader may know it.
    pub(crate) fn of(run: RunRow, reader: Actor) -> Result<Self, Problem> {
        let read = |e: serde_json::Error| Problem::from(app::AppError::internal(e));
        let parameters: RunParameters = serde_json::from_str(&run.parameters_json).map_err(read)?;
        let all = reader == Actor::Operator;
        let progress: Option<RunProgress> =
            run.progress_json.as_deref().filter(|_| all).map(serde_json::from_str).transpose().map_err(read)?;
        let figures: Option<app::runs::Figures> =
            run.figures_json.as_deref().filter(|_| all).map(serde_json::from_str).transpose().map_err(read)?;
        let levels: Option<Vec<app::runs::LevelReport>> =
            run.levels_json.as_deref().filter(|_| all).map(serde_json::from_str).transpose().map_err(read)?;
        Ok(Self {
            id: run.id.0,
            state: run.state.as_str(),
            day: run.day.to_string(),
            parameters: ParametersView::of(&parameters),
            queued_at: run.queued_at.to_string(),
            started_at: run.started_at.map(|t| t.to_string()),
            finished_at: run.finished_at.map(|t| t.to_string()),
            progress: progress.map(|p| ProgressView { stage: p.stage.as_str(), done: p.done, of: p.of }),
            engine: run.engine,
            error: run.error.filter(|_| all),
            figures: figures.map(FiguresView::of),
            levels: levels.map(|levels| levels.into_iter().map(LevelView::of).collect()),
            proof_hash: run.proof_hash,
        })
    }
}

impl FiguresView {
    fn of(f: app::runs::Figures) -> Self {
        Self {
            offers: f.offers,
            needs: f.needs,
            instalments: f.instalments,
            eligible_pairs: f.eligible_pairs,
            components: f.components,
            matches: f.lines,
            demand: f.demand,
            covered: f.covered,
        }
    }
}

impl LevelView {
    fn of(level: app::runs::LevelReport) -> Self {
        Self {
            name: level.name,
            unit: level.unit,
            value: level.value.to_string(),
            bound: level.bound.map(|b| b.to_string()),
            gap: level.gap.map(|g| g.to_string()),
            optimal_as_decided: level.optimal_as_decided,
            flow: level.flow,
        }
    }
}

/// Lists runs.
///
/// In the order in which they were asked for. Organisations see when runs were made; figures of the whole market are
/// for the operator.
#[utoipa::path(get, operation_id = "match_runs_list", path = "/match-runs", tag = "Matching", params(PlainQuery), security(("bearer" = [])),
    responses((status = 200, description = "The runs", body = Page<RunView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<PlainQuery>,
) -> Result<Paged<RunView>, Problem> {
    let listing = Listing::new(&app, caller.actor, ("match-runs", String::new()), query.part())?;
    let app::Page { items, next, total } = app::runs::page(&app, &caller, listing.request).await?;
    let items = items.into_iter().map(|run| RunView::of(run, caller.actor)).collect::<Result<Vec<_>, _>>()?;
    Ok(listing.answer(&app, app::Page { items, next, total }, |view| view))
}

/// Starts a run.
///
/// Queues one computation of matches over the whole market as it stands when a worker takes it. Only the operator does.
/// Read the run at the address of `Location` until it is `done`; its matches replace those that earlier runs suggested.
#[utoipa::path(post, operation_id = "match_runs_start", path = "/match-runs", tag = "Matching", request_body = ParametersBody, security(("bearer" = [])),
    responses(
        (status = 202, description = "Queued; `Location` says where to see how it stands", body = RunView),
        (status = 403, description = "Only the operator starts runs")))]
async fn start(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<ParametersBody>,
) -> Result<Created<RunView>, Problem> {
    let parameters = body.input().check().map_err(Problem::invalid)?;
    let run = app::runs::start(&app, &caller, &parameters).await?;
    Ok(accepted(format!("/api/v1/match-runs/{}", run.id), RunView::of(run, caller.actor)?))
}

/// Reads a run.
///
/// Tells how it stands, and once it is done what it reached: each level of the objective with a proven bound. With
/// `Accept: text/event-stream` it is sent as an event `run` now and with each change, and the answer ends once the run
/// is `done` or `failed`.
#[utoipa::path(get, operation_id = "match_runs_get", path = "/match-runs/{id}", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run's id")),
    responses(
        (status = 200, description = "The run", content((RunView = "application/json"), (String = "text/event-stream"))),
        (status = 429, description = "Too much was asked for, or the organisation holds 20 streams open")))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<RunId>,
    again: Again,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if event_stream::is_wanted(&headers) {
        return stream::open(app, caller, again, id).await;
    }
    Ok(Json(RunView::of(app::runs::get(&app, &caller, id).await?, caller.actor)?).into_response())
}

/// Cancels a run.
///
/// A run that waits or is under way ends as `failed` with nothing stored; what earlier runs suggested stays. Only the
/// operator does.
#[utoipa::path(post, operation_id = "match_runs_cancel", path = "/match-runs/{id}/cancel", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run's id")),
    responses(
        (status = 200, description = "The run, cancelled", body = RunView),
        (status = 403, description = "Only the operator cancels runs"),
        (status = 409, description = "The run has ended")))]
async fn cancel(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<RunId>,
) -> Result<Json<RunView>, Problem> {
    Ok(Json(RunView::of(app::runs::cancel(&app, &caller, id).await?, caller.actor)?))
}
