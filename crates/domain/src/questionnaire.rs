//! The questions by which a firm finds out what it could make. They are data: an answer is a field of what a site can do.

use crate::catalogue::{Catalogue, ProductKind};

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// With words or codes; the choices are those known, and others may be written.
    Words,
    /// With some of the choices.
    Choices,
    /// With some of the choices, and how many of each.
    Counts,
    /// With a whole number.
    Number,
    /// With free text.
    Text,
}

impl Answering {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Choices => "choices",
            Self::Counts => "counts",
            Self::Number => "number",
            Self::Text => "text",
        }
    }
}

/// Where the choices of a question come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choices {
    Activities,
    Steps,
    Products(&'static [ProductKind]),
    Certificates,
    Nowhere,
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The field that the answer is.
    pub field: &'static str,
    /// What is asked.
    pub asks: &'static str,
    /// How it is answered.
    pub answering: Answering,
    choices: Choices,
}

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What to answer with.
    pub code: String,
    /// What that is.
    pub name: String,
}

/// The questions in their order.
pub const QUESTIONS: [Question; 8] = [
    ask("activities", "What does the site do today?", Answering::Words, Choices::Activities),
    ask(
        "equipment",
        "Which machines stand there, and how many?",
        Answering::Counts,
        Choices::Products(&[ProductKind::Equipment]),
    ),
    ask(
        "in_house",
        "Which of these services do you do yourselves, and which of these materials do you have or make?",
        Answering::Choices,
        Choices::Products(&[ProductKind::Service, ProductKind::Intermediate]),
    ),
    ask("processes", "Which of these steps do you do already, whatever for?", Answering::Choices, Choices::Steps),
    ask("people", "How many people work there?", Answering::Number, Choices::Nowhere),
    ask("shifts", "In how many shifts?", Answering::Number, Choices::Nowhere),
    ask("certificates", "Which of these certificates do you hold?", Answering::Choices, Choices::Certificates),
    ask("note", "What else should people know?", Answering::Text, Choices::Nowhere),
];

const fn ask(field: &'static str, asks: &'static str, answering: Answering, choices: Choices) -> Question {
    Question { field, asks, answering, choices }
}

impl Question {
    /// What it can be answered with, by the catalogue.
    pub fn choices(&self, catalogue: &Catalogue) -> Vec<Choice> {
        let parts = catalogue.parts();
        let choice = |code: String, name: &str| Choice { code, name: name.to_owned() };
        match self.choices {
            Choices::Activities => {
                parts.activities.iter().map(|a| choice(a.word.clone(), &a.nace2.join(", "))).collect()
            }
            Choices::Steps => {
                parts.steps.iter().map(|s| choice(format!("{}/{}", s.product, s.step), &s.name)).collect()
            }
            Choices::Products(kinds) => {
                let of = parts.products.iter().filter(|product| kinds.contains(&product.kind));
                of.map(|product| choice(product.code.to_string(), product.name())).collect()
            }
            Choices::Certificates => {
                parts.certificate_kinds.iter().map(|kind| choice(kind.code.to_string(), &kind.name)).collect()
            }
            Choices::Nowhere => Vec::new(),
        }
    }
}
