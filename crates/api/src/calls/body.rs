//! What a call looks like when it is typed.

use domain::{
    call::{Call, CallInput, Question, QuestionInput},
    ids::OrganisationId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::limits;

/// The fields that stay as they are once a call is open.
pub const FIXED_ONCE_OPEN: [&str; 12] = [
    "organisation",
    "title",
    "text",
    "products",
    "regions",
    "from",
    "until",
    "legal_basis",
    "confidential",
    "questions",
    "visibility",
    "open",
];

/// A call to issue.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = CallInput, example = json!({
    "title": "Masks, protective equipment and ventilators", "text": "What can you make until June?",
    "products": ["ffp", "medical-mask"], "regions": ["DE", "FR"], "from": "2020-04-20", "until": "2020-06-14",
    "answer_by": "2020-04-10", "zone": "Europe/Brussels",
    "questions": [{"code": "fabric", "text": "Where does your filter fabric come from?"}], "open": true}))]
pub struct CallBody {
    /// Who issues it; the caller's own organisation where absent. The operator names it.
    #[schema(value_type = Option<Uuid>)]
    pub organisation: Option<OrganisationId>,
    /// What it is about, in a line, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    title: String,
    /// What it says, at most 4000 characters.
    #[serde(default)]
    #[validate(length(max = limits::NOTE))]
    text: String,
    /// Codes, names or synonyms of products, at most 50.
    #[validate(custom(function = limits::words))]
    products: Vec<String>,
    /// Where it asks: regions and countries; everywhere where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    regions: Vec<String>,
    /// First day of the period that it asks about.
    #[validate(length(max = limits::WORD))]
    #[schema(format = Date)]
    from: String,
    /// Its last day; at most 371 days in all, ending within three years.
    #[validate(length(max = limits::WORD))]
    #[schema(format = Date)]
    until: String,
    /// Until when it is answered: a day, at whose end in `zone` it is over, or an instant with its offset.
    #[validate(length(max = limits::WORD))]
    #[schema(example = "2020-04-10")]
    answer_by: String,
    /// The zone of that day, an IANA name; needed for a day.
    #[validate(length(max = limits::WORD))]
    #[schema(example = "Europe/Brussels")]
    zone: Option<String>,
    /// By what law it asks: `voluntary` (where absent), `article_10`, `imera`.
    #[validate(length(max = limits::WORD))]
    legal_basis: Option<String>,
    /// Whether answers and report are marked as confidential; always by `article_10`.
    #[serde(default)]
    confidential: bool,
    /// Questions, at most 30.
    #[serde(default)]
    #[validate(nested)]
    questions: Vec<QuestionBody>,
    /// Who else than those invited sees it: `invited` (nobody; where absent), `clusters` that the operator vouches for,
    /// `market`, which is every organisation that somebody vouches for.
    #[validate(length(max = limits::WORD))]
    visibility: Option<String>,
    /// Whether it is opened at once; a draft otherwise.
    #[serde(default)]
    pub open: bool,
}

/// A question of a call.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = QuestionInput, example = json!({"code": "fabric", "text": "Where does your filter fabric come from?", "kind": "text", "required": false}))]
struct QuestionBody {
    /// What answers name it by, 1 to 40 of `a` to `z`, digits, `_` and `-`; `q1`, `q2` by its place where absent.
    #[validate(length(max = limits::WORD))]
    code: Option<String>,
    /// The question, at most 4000 characters.
    #[validate(length(max = limits::NOTE))]
    text: String,
    /// `text` (where absent), `number` or `yes_no`.
    #[validate(length(max = limits::WORD))]
    kind: Option<String>,
    /// Whether an answer with offers must answer it.
    #[serde(default)]
    required: bool,
}

impl CallBody {
    /// The body that would issue a call as it stands.
    pub fn of(call: &Call) -> Self {
        let terms = &call.terms;
        let question = |q: &Question| QuestionBody {
            code: Some(q.code.clone()),
            text: q.text.clone(),
            kind: Some(q.kind.as_str().to_owned()),
            required: q.required,
        };
        Self {
            organisation: Some(call.organisation),
            title: terms.title.clone(),
            text: terms.text.clone(),
            products: terms.products.iter().map(ToString::to_string).collect(),
            regions: terms.regions.iter().map(ToString::to_string).collect(),
            from: terms.from.to_string(),
            until: terms.until.to_string(),
            answer_by: terms.answer_by.typed(),
            zone: terms.answer_by.zone.clone(),
            legal_basis: Some(terms.legal_basis.as_str().to_owned()),
            confidential: terms.confidential,
            questions: terms.questions.iter().map(question).collect(),
            visibility: Some(terms.visibility.as_str().to_owned()),
            open: false,
        }
    }

    /// As the domain checks it.
    pub fn input(self) -> CallInput {
        let question =
            |q: QuestionBody| QuestionInput { code: q.code, text: q.text, kind: q.kind, required: q.required };
        CallInput {
            title: self.title,
            text: self.text,
            products: self.products,
            regions: self.regions,
            from: self.from,
            until: self.until,
            answer_by: self.answer_by,
            zone: self.zone,
            legal_basis: self.legal_basis,
            confidential: self.confidential,
            questions: self.questions.into_iter().map(question).collect(),
            visibility: self.visibility,
        }
    }
}
