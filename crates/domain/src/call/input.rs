//! A call as people type it.

/// A question as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuestionInput {
    /// What answers name it by; `q1`, `q2` ... by its place where absent.
    pub code: Option<String>,
    /// The question.
    pub text: String,
    /// `text` (where absent), `number` or `yes_no`.
    pub kind: Option<String>,
    /// Whether it must be answered.
    pub required: bool,
}

/// A call as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallInput {
    /// What it is about, in a line.
    pub title: String,
    /// What it says.
    pub text: String,
    /// Codes, names or synonyms of products.
    pub products: Vec<String>,
    /// Regions and countries.
    pub regions: Vec<String>,
    /// First day of the period.
    pub from: String,
    /// Its last day.
    pub until: String,
    /// An instant with its offset, or a day.
    pub answer_by: String,
    /// The zone of that day.
    pub zone: Option<String>,
    /// `voluntary` (where absent), `article_10` or `imera`.
    pub legal_basis: Option<String>,
    /// Whether answers and report are marked as confidential; always where Article 10 asks.
    pub confidential: bool,
    /// Questions.
    pub questions: Vec<QuestionInput>,
    /// `invited` (where absent), `clusters` or `market`.
    pub visibility: Option<String>,
}
