//! The evaluation record of a match: why this supplier, for who accounts for it.

use app::{
    App,
    evaluations::{self, Done, Evaluation, Written},
    explanations as told,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::ids::MatchId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    explanations::{ExplainedInstalment, PassedHow, UsedOffer},
    matches::MatchBody,
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    runs::RunView,
    signed_in::SignedIn,
};

/// The route of evaluation records.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EvaluationQuery {
    /// Whether it comes as a file to be kept.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    download: bool,
}

/// Why this supplier: a match, the run that suggested it, what else was eligible, and what happened to it since.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EvaluationRecord)]
struct EvaluationView {
    /// When the record was put together.
    #[schema(format = DateTime)]
    made_at: String,
    /// The match as you read it, with its terms, procurement basis and reference.
    #[serde(rename = "match")]
    of_match: MatchBody,
    /// The run that suggested it, with its parameters, engine and the hash of its proof; null where it was put by hand.
    run: Option<RunView>,
    /// What the run did for the instalment and what else may serve it; null where `unexplained` says why.
    choice: Option<ChoiceView>,
    /// `by_hand`: it was compared with nothing; `not_kept`: what the run saw is no longer kept; `other_owner`: the need was
    /// another organisation's when the run saw it, as before a merger. Null where `choice` is there.
    unexplained: Option<&'static str>,
    /// What was written of it into the ledger, the first first.
    entries: Vec<EntryView>,
    /// What was done to it, the first first, as the audit log tells you; empty under a mandate.
    acts: Vec<ActView>,
}

/// What a run did for an instalment, and what else may serve it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EvaluatedChoice)]
struct ChoiceView {
    /// The engine that explains; where it is not that of the run, it may judge otherwise.
    explained_by: &'static str,
    /// The day that the run decided on.
    #[schema(format = Date)]
    day: String,
    /// The tier that the need ranked at.
    tier: u8,
    /// Whether everything but what the run gave the need is reckoned as if no other buyer wanted anything: you may not
    /// know what others want.
    before_competition: bool,
    /// The match's offer: its id, or for the buyer the name that explanations give it; null if you may not know of it.
    chosen: Option<Uuid>,
    /// The instalment: what it got, how each line passed each predicate, and for which first reason other offers fail.
    instalment: ExplainedInstalment,
    /// The offers that may serve it, cheapest first: the first 50 and the chosen one; `instalment` has how many they
    /// are in all.
    alternatives: Vec<AlternativeView>,
}

/// An offer that may serve an instalment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alternative)]
struct AlternativeView {
    /// The offer: its id, or for the buyer the name that explanations give it.
    offer: Uuid,
    /// 1 for the cheapest.
    rank: u32,
    /// Whether it is the match's.
    chosen: bool,
    /// What the run gave the instalment of it, in base units.
    quantity: i64,
    /// How it passed, with the parts of its cost.
    how: PassedHow,
    /// Where its capacity went.
    used: UsedOffer,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
struct EntryView {
    /// `hold`, `agree`, `release`, `lapse`, `ship`, `accept`, `reject`, `lose`; to the operator also `restate`.
    kind: &'static str,
    /// Base units.
    quantity: i64,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// Something that was done to a match.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MatchAct)]
struct ActView {
    /// What, in a word of the audit log.
    act: &'static str,
    /// By whom: `supplier`, `buyer`, `operator`, which is also the service by the clock, or `other`.
    by: &'static str,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

impl ChoiceView {
    fn of(choice: told::Choice) -> Self {
        let chosen = choice.chosen;
        let alternative = |a: told::Alternative| AlternativeView {
            offer: a.offer.0,
            rank: a.rank,
            chosen: Some(a.offer) == chosen,
            quantity: a.units,
            how: PassedHow::of(a.how),
            used: UsedOffer::of(a.used),
        };
        Self {
            explained_by: evaluations::ENGINE,
            day: choice.day.to_string(),
            tier: choice.tier,
            before_competition: choice.before_competition,
            chosen: chosen.map(|id| id.0),
            instalment: ExplainedInstalment::of(choice.instalment),
            alternatives: choice.alternatives.into_iter().map(alternative).collect(),
        }
    }
}

impl EvaluationView {
    fn of(found: Evaluation, app: &App, reader: app::Actor) -> Result<Self, Problem> {
        let Evaluation { at, view, run, choice, entries, acts } = found;
        let entry = |e: Written| EntryView { kind: e.kind.as_str(), quantity: e.units, at: e.at.to_string() };
        let act = |d: Done| ActView { act: d.act.as_str(), by: d.by.as_str(), at: d.at.to_string() };
        let (choice, unexplained) = match choice {
            Ok(choice) => (Some(ChoiceView::of(choice)), None),
            Err(why) => (None, Some(why.as_str())),
        };
        Ok(Self {
            made_at: at.to_string(),
            of_match: MatchBody::of(view, app),
            run: run.map(|run| RunView::of(run, reader)).transpose()?,
            choice,
            unexplained,
            entries: entries.into_iter().map(entry).collect(),
            acts: acts.into_iter().map(act).collect(),
        })
    }
}

/// Reads the evaluation record of a match.
///
/// For its buyer and the operator, so that who accounts for the choice can show why it fell on this supplier: the match
/// with its terms, the run with parameters, engine and proof hash, how each eligible offer passed and what it would
/// have cost, why others failed, and when each step happened. Nothing is in it that the reader could not read
/// elsewhere: to a buyer offers are nameless, prices do not count unless their owners show them, and gains are before
/// competition. Who the supplier is stands at `.../counterparty`.
#[utoipa::path(get, operation_id = "matches_evaluation", path = "/matches/{id}/evaluation", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The match's id"), EvaluationQuery),
    responses(
        (status = 200, description = "The record", body = EvaluationView),
        (status = 403, description = "The supplier reads it not, since it tells of other offers")))]
async fn get(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<MatchId>,
    Parameters(query): Parameters<EvaluationQuery>,
) -> Result<Response, Problem> {
    let found = evaluations::of_match(&app, &caller, id).await?;
    let mut response = Json(EvaluationView::of(found, &app, caller.actor)?).into_response();
    if query.download {
        let set = response.headers_mut();
        set.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        if let Ok(attached) = HeaderValue::from_str(&format!("attachment; filename=\"evaluation-{id}.json\"")) {
            set.insert(header::CONTENT_DISPOSITION, attached);
        }
    }
    Ok(response)
}
