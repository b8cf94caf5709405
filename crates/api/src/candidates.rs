//! Who may serve a need, existing or only described.

use app::{
    App,
    candidates::{self, CandidateQuestion, MOST, MOST_NEAR, Wanted},
    offers::Place,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    capacity::CapacityKind,
    ids::{InstalmentId, NeedId},
    parameters::Mode,
    violation::Violations,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    body::JsonBody,
    export::{self, Shape, Wanted as Asked},
    needs::body::NeedBody,
    problem::Problem,
    signed_in::Calling,
};

mod view;

use view::CandidatesView;

/// How many offers of an instalment are told where nobody says.
const USUAL: u32 = 20;
/// How many near misses of a predicate.
const USUAL_NEAR: u32 = 3;

/// The route of candidates.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(tell))
}

/// A need that is asked about: one that exists, or one that is described as `POST /api/v1/needs` takes it and stored nowhere.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = CandidatesInput, example = json!({"described": {"site": "018f0000-0000-7000-8000-000000000002", "product": "FFP2",
    "instalments": [{"quantity": {"value": 20000}, "due": "2020-05-04"}]}, "top": 5}))]
struct CandidatesBody {
    /// The need's id. Write it or `described`.
    need: Option<Uuid>,
    /// A need that is only described.
    #[validate(nested)]
    described: Option<NeedBody>,
    /// Only this instalment of the need.
    instalment: Option<Uuid>,
    /// At most so many offers of each instalment, 0 to 100; 20 where absent.
    #[schema(maximum = 100)]
    top: Option<u32>,
    /// At most so many near misses of each predicate, 0 to 20; 3 where absent.
    #[schema(maximum = 20)]
    near: Option<u32>,
    /// What it counts on: `running` capacity (where absent), or `maximum`, full stretch.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    capacity: CapacityName,
    /// By whose weights offers are ranked, as in runs: `standard` (where absent), `near`, `fair` or `balanced`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    mode: ModeName,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CapacityName {
    #[default]
    Running,
    Maximum,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModeName {
    #[default]
    Standard,
    Near,
    Fair,
    Balanced,
}

/// Ranks the offers that may serve a need.
///
/// By instalment: the best offers with what is free of them in time and what they cost; those that would do but are promised
/// away; those that fail at one thing that somebody could change, with the change; and how many fail at what. Each is judged
/// as a run judges it, at this moment, and nothing is stored. You see the offers that you see anyway, and of an open need
/// of your own that waits for no reviewer, once somebody vouches for you, nameless rows of all that fit it. `offer` is the
/// id of an offer whose owner you may know, and else a name for it that only you can use.
#[utoipa::path(post, operation_id = "candidates_tell", path = "/candidates", tag = "Capacity", request_body = CandidatesBody,
    security(("bearer" = [])), responses(
        (status = 200, description = "Who may serve", body = CandidatesView),
        (status = 404, description = "There is no such need or instalment, or it is not yours to see")))]
async fn tell(
    State(app): State<App>,
    Calling(caller): Calling,
    wanted: Asked,
    JsonBody(body): JsonBody<CandidatesBody>,
) -> Result<Response, Problem> {
    let subject = match (body.need, body.described) {
        (Some(id), None) => Wanted::Need(NeedId(id)),
        (None, Some(need)) => {
            let place = Place { organisation: need.organisation, site: need.site };
            Wanted::Described(place, Box::new(need.input()))
        }
        (None, None) => return Err(one_of("missing_field", "is missing; write the id of a need, or describe one")),
        (Some(_), Some(_)) => return Err(one_of("bad_value", "stands beside described; write one of them")),
    };
    let question = CandidateQuestion {
        wanted: subject,
        instalment: body.instalment.map(InstalmentId),
        top: body.top.unwrap_or(USUAL.min(MOST)),
        near: body.near.unwrap_or(USUAL_NEAR.min(MOST_NEAR)),
        capacity: match body.capacity {
            CapacityName::Running => CapacityKind::Running,
            CapacityName::Maximum => CapacityKind::Maximum,
        },
        mode: match body.mode {
            ModeName::Standard => Mode::Standard,
            ModeName::Near => Mode::Near,
            ModeName::Fair => Mode::Fair,
            ModeName::Balanced => Mode::Balanced,
        },
    };
    let told = candidates::tell(&app, &caller, question).await?;
    let as_of = told.as_of;
    let view = CandidatesView::of(&app, &caller, told);
    if let Shape::File(format) = wanted.shape {
        let facts = export::Facts { as_of, licence: app.licence.to_string(), left_out: Vec::new() };
        return Ok(export::file(&app, (format, &wanted.address), facts, view.into_rows()));
    }
    Ok(Json(view).into_response())
}

fn one_of(code: &'static str, detail: &str) -> Problem {
    Problem::invalid(Violations::one("/need", code, detail))
}
