//! What a call looks like to whoever may know of it.

use app::Stored;
use domain::{
    call::{AnswerBy, Call, Question},
    ids::OrganisationId,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A call, the same to everybody who sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub struct CallView {
    /// Its id.
    id: Uuid,
    /// Who issued it.
    issuer: PartyView,
    /// `draft`, `open`, `closed` or `cancelled`. At its answer-by instant it takes no answers any more, also while it is
    /// still `open`.
    state: &'static str,
    /// What it is about.
    title: String,
    /// What it says.
    text: String,
    /// The products' codes.
    products: Vec<String>,
    /// Where it asks; everywhere where empty.
    regions: Vec<String>,
    /// First day of the period that it asks about.
    #[schema(format = Date)]
    from: String,
    /// Its last day.
    #[schema(format = Date)]
    until: String,
    /// Until when it is answered.
    answer_by: AnswerByView,
    /// By what law it asks: `voluntary`, `article_10` or `imera`.
    legal_basis: &'static str,
    /// Whether answers and report are marked as confidential.
    confidential: bool,
    /// Its questions.
    questions: Vec<QuestionView>,
    /// Who else than those invited sees it: `invited` (nobody), `clusters` or `market`.
    visibility: &'static str,
    /// When it was opened.
    #[schema(format = DateTime)]
    opened_at: Option<String>,
    /// When it was closed or cancelled.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// When it was issued.
    #[schema(format = DateTime)]
    created_at: String,
}

/// An organisation by its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Party)]
pub struct PartyView {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// Until when a call is answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnswerBy)]
struct AnswerByView {
    /// The first instant at which it is too late.
    #[schema(format = DateTime)]
    at: String,
    /// The day at whose end that is, where a day was stated.
    #[schema(format = Date)]
    day: Option<String>,
    /// The zone of that day.
    zone: Option<String>,
}

impl AnswerByView {
    fn of(by: &AnswerBy) -> Self {
        Self { at: by.at.to_string(), day: by.day.map(|day| day.to_string()), zone: by.zone.clone() }
    }
}

/// A question of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Question)]
pub struct QuestionView {
    /// What answers name it by.
    code: String,
    /// The question.
    text: String,
    /// `text`, `number` or `yes_no`.
    kind: &'static str,
    /// Whether an answer with offers must answer it.
    required: bool,
}

impl QuestionView {
    /// A question.
    pub fn of(question: &Question) -> Self {
        let Question { code, text, kind, required } = question.clone();
        Self { code, text, kind: kind.as_str(), required }
    }
}

impl CallView {
    /// A call with its issuer's name.
    pub fn of(stored: &Stored<Call>, issuer: Option<&String>) -> Self {
        let (call, terms) = (&stored.record, &stored.record.terms);
        let OrganisationId(id) = call.organisation;
        Self {
            id: call.id.0,
            issuer: PartyView { id, name: issuer.cloned().unwrap_or_default() },
            state: call.state.as_str(),
            title: terms.title.clone(),
            text: terms.text.clone(),
            products: terms.products.iter().map(ToString::to_string).collect(),
            regions: terms.regions.iter().map(ToString::to_string).collect(),
            from: terms.from.to_string(),
            until: terms.until.to_string(),
            answer_by: AnswerByView::of(&terms.answer_by),
            legal_basis: terms.legal_basis.as_str(),
            confidential: terms.confidential,
            questions: terms.questions.iter().map(QuestionView::of).collect(),
            visibility: terms.visibility.as_str(),
            opened_at: call.opened_at.map(|at| at.to_string()),
            ended_at: call.ended_at.map(|at| at.to_string()),
            created_at: stored.created_at.to_string(),
        }
    }
}
