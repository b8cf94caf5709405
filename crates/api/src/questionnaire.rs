//! "What could I make?": the questions as data, and what the answers come to.

use app::{
    App,
    questionnaire::{self, Answers, DraftInput},
};
use axum::{Json, extract::State};
use domain::{
    ids::SiteId,
    questionnaire::{QUESTIONS, Question},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    abilities::AbilitiesBody, body::JsonBody, hidden_capacity::ProspectView, limits, measure::RateBody,
    problem::Problem, signed_in::SignedIn,
};

/// The routes of the questionnaire.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get)).routes(routes!(answer))
}

/// The questions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Questionnaire)]
struct QuestionnaireView {
    /// In the order in which they are asked.
    questions: Vec<QuestionView>,
}

/// A question.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuestionnaireQuestion)]
struct QuestionView {
    /// The field of `abilities` that the answer is.
    field: &'static str,
    /// What is asked.
    asks: &'static str,
    /// How it is answered: `words` (the choices or others, as a list), `choices` (codes, as a list), `counts` (codes with how many of
    /// each), `number`, `text`.
    answering: &'static str,
    /// What it can be answered with.
    choices: Vec<ChoiceView>,
}

/// A choice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuestionnaireChoice)]
struct ChoiceView {
    /// What to answer with.
    code: String,
    /// What that is.
    name: String,
}

impl QuestionView {
    fn of(question: &Question, app: &App) -> Self {
        let choices = question.choices(&app.tables().catalogue).into_iter();
        Self {
            field: question.field,
            asks: question.asks,
            answering: question.answering.as_str(),
            choices: choices.map(|choice| ChoiceView { code: choice.code, name: choice.name }).collect(),
        }
    }
}

/// Reads the questions.
///
/// Few and short: what a site does, with which machines, services, materials and people. Choices are those of the catalogue.
#[utoipa::path(get, operation_id = "questionnaires_get", path = "/questionnaire", tag = "Hidden capacity", security(("bearer" = [])),
    responses((status = 200, description = "The questions", body = QuestionnaireView)))]
async fn get(State(app): State<App>, _: SignedIn) -> Json<QuestionnaireView> {
    Json(QuestionnaireView { questions: QUESTIONS.iter().map(|question| QuestionView::of(question, &app)).collect() })
}

/// Answers to the questions.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = QuestionnaireAnswers, example = json!({"site": "018f0000-0000-7000-8000-000000000001",
    "abilities": {"activities": ["weaving"], "equipment": [{"machine": "sewing-machine", "count": 12}]}, "save": true,
    "drafts": [{"product": "community-mask", "rate": {"value": 20000, "per": "week"}, "days": 14}]}))]
struct AnswersBody {
    /// The site that they are about; needed where something is kept.
    #[schema(value_type = Option<Uuid>)]
    site: Option<SiteId>,
    /// The answers, by the fields of the questions.
    #[serde(default)]
    #[validate(nested)]
    abilities: AbilitiesBody,
    /// Whether they are kept as what the site can do.
    #[serde(default)]
    save: bool,
    /// Drafts of offers to make, at most 20.
    #[serde(default)]
    #[validate(nested)]
    drafts: Vec<DraftBody>,
}

/// A draft of an offer.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = QuestionnaireDraft)]
struct DraftBody {
    /// A product that could be made.
    #[validate(length(max = limits::WORD))]
    product: String,
    /// What the site could make of it once converted.
    #[validate(nested)]
    rate: RateBody,
    /// Calendar days of the conversion; the most of the best estimate where absent.
    days: Option<i64>,
}

/// What the answers come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuestionnaireResult)]
struct AnsweredView {
    /// What could be made, the likeliest first.
    products: Vec<ProspectView>,
    /// The offers that were drafted, in the order in which they were asked for.
    drafts: Vec<Uuid>,
}

/// Answers the questions.
///
/// Tells what could be made; keeps the answers as what the site can do, and makes drafts of offers, where that is asked for. All
/// is checked before anything is kept. Nothing is in the market before a draft is published.
#[utoipa::path(post, operation_id = "questionnaires_answer", path = "/questionnaire/answers", tag = "Hidden capacity",
    request_body = AnswersBody, security(("bearer" = [])),
    responses((status = 200, description = "What could be made", body = AnsweredView)))]
async fn answer(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    JsonBody(body): JsonBody<AnswersBody>,
) -> Result<Json<AnsweredView>, Problem> {
    let AnswersBody { site, abilities, save, drafts } = body;
    let draft = |draft: DraftBody| DraftInput { product: draft.product, rate: draft.rate.input(), days: draft.days };
    let drafts = drafts.into_iter().map(draft).collect();
    let answers = Answers { site, abilities: abilities.input(), save, drafts };
    let tables = app.tables();
    let answered = questionnaire::answer(&app, &tables, &caller, answers).await?;
    let products = answered.prospects.iter().map(ProspectView::of).collect();
    let drafts = answered.drafts.iter().map(|offer| offer.record.id.0).collect();
    Ok(Json(AnsweredView { products, drafts }))
}
