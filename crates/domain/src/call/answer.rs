//! Answers to a call: offers, nothing to offer, or a refusal with its reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CallTerms, Question, QuestionKind};
use crate::{
    code::{ProductCode, RegionCode},
    decimal::Decimal,
    ids::{CallAnswerId, CallId, OfferId, OrganisationId},
    offer::Reference,
    quantity::{Measure, MeasureInput, Zero, measure, measure_of_unknown},
    text,
    time::Instant,
    typed::{self, choose},
    violation::Violations,
};

/// The most offers of an answer; a cluster answers for many firms.
pub const MOST_OFFERS: usize = 1_000;
/// The most facilities of an answer.
const MOST_FACILITIES: usize = 200;

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// Offers, or facilities with what they can make.
    Offers,
    /// Nothing to offer.
    Nothing,
    /// No answer will come, and why.
    Refused,
}

impl AnswerKind {
    /// All of them.
    pub const ALL: [AnswerKind; 3] = [Self::Offers, Self::Nothing, Self::Refused];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offers => "offers",
            Self::Nothing => "nothing_to_offer",
            Self::Refused => "refused",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What was said to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Words.
    Text(String),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    YesNo(bool),
}

/// How a producer has to do with a facility (Regulation (EU) 2022/2372, Article 10(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It operates it.
    Operated,
    /// It has a contract with it.
    Contracted,
    /// It purchases from it.
    Supplier,
}

impl Relation {
    /// All of them.
    pub const ALL: [Relation; 3] = [Self::Operated, Self::Contracted, Self::Supplier];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operated => "operated",
            Self::Contracted => "contracted",
            Self::Supplier => "supplier",
        }
    }
}

/// A facility that no offer of the answer stands for, as a producer states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedFacility {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub region: RegionCode,
    /// Whose it is.
    pub relation: Relation,
    /// What it makes.
    pub product: ProductCode,
    /// What lies ready.
    pub stock: Measure,
    /// What it makes a week now.
    pub running: Measure,
    /// What it makes a week at full stretch.
    pub maximum: Measure,
    /// What it is expected to make in each of the three months after the answer-by day; nothing may be stated for a third
    /// country.
    pub outlook: Option<[Measure; 3]>,
}

/// Such a facility as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacilityInput {
    /// Its name.
    pub name: String,
    /// A region or a country.
    pub region: String,
    /// `operated` (where absent), `contracted` or `supplier`.
    pub relation: Option<String>,
    /// A product of the call.
    pub product: String,
    /// What lies ready; nothing where absent.
    pub stock: Option<MeasureInput>,
    /// What it makes a week.
    pub running: MeasureInput,
    /// What it makes a week at full stretch; as much where absent.
    pub maximum: Option<MeasureInput>,
    /// Three months.
    pub outlook: Vec<MeasureInput>,
}

/// An answer as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerInput {
    /// Offers.
    pub offers: Vec<OfferId>,
    /// Whether there is nothing to offer.
    pub nothing: bool,
    /// Why no answer will come.
    pub refusal: Option<String>,
    /// What is said to questions, by their codes.
    pub answers: BTreeMap<String, Said>,
    /// Facilities that no offer stands for.
    pub facilities: Vec<FacilityInput>,
}

/// What an answer says beside its offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerContent {
    /// Why no answer will come.
    pub reason: Option<String>,
    /// What is said to questions, by their codes.
    pub answers: BTreeMap<String, Said>,
    /// Facilities that no offer stands for.
    pub facilities: Vec<StatedFacility>,
}

/// An answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its id.
    pub id: CallAnswerId,
    /// The call.
    pub call: CallId,
    /// Whose answer it is.
    pub organisation: OrganisationId,
    /// Who gave it: the organisation itself, or a cluster or portal under its mandate.
    pub by: OrganisationId,
    /// What it says.
    pub kind: AnswerKind,
    /// What it says beside its offers.
    pub content: AnswerContent,
    /// Its offers with their owners, sorted.
    pub offers: Vec<(OfferId, OrganisationId)>,
    /// When it was first given.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl Answer {
    /// Whether the organisation itself gave it.
    pub fn is_own(&self) -> bool {
        self.by == self.organisation
    }
}

impl AnswerInput {
    /// Checks everything but the offers, which are looked up, and says what kind of answer it is.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn check(&self, terms: &CallTerms, at: &Reference<'_>) -> Result<(AnswerKind, AnswerContent), Violations> {
        let mut faults = Violations::new();
        let offering = !self.offers.is_empty() || !self.facilities.is_empty();
        let kind = match (offering, self.nothing, self.refusal.is_some()) {
            (true, false, false) => Some(AnswerKind::Offers),
            (false, true, false) => Some(AnswerKind::Nothing),
            (false, false, true) => Some(AnswerKind::Refused),
            (false, false, false) => {
                faults.push("", "missing", "says nothing: write offers, or nothing: true, or refusal with its reason");
                None
            }
            _ => {
                faults.push("", "stated_twice", "says several things: keep one of offers, nothing and refusal");
                None
            }
        };
        if self.offers.len() > MOST_OFFERS {
            let detail = format!("has {} entries; write at most {MOST_OFFERS}", self.offers.len());
            faults.push("/offers", "too_many", detail);
        }
        let reason = self.refusal.as_ref().and_then(|reason| faults.keep(text::note("/refusal", reason)));
        if reason.as_ref().is_some_and(String::is_empty) {
            faults.push("/refusal", "blank", "is blank; say why no answer will come");
        }
        let answers = faults.keep(said(&self.answers, &terms.questions, kind == Some(AnswerKind::Offers)));
        let facilities = faults.keep(self.facilities(terms, at));
        faults.into_result()?;
        let content =
            answers.zip(facilities).map(|(answers, facilities)| AnswerContent { reason, answers, facilities });
        kind.zip(content).ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))
    }

    fn facilities(&self, terms: &CallTerms, at: &Reference<'_>) -> Result<Vec<StatedFacility>, Violations> {
        if self.facilities.is_empty() {
            return Ok(Vec::new());
        }
        let fault = |code, detail: String| Err(Violations::one("/facilities", code, detail));
        if !terms.legal_basis.asks_per_facility() {
            return fault("does_not_apply", "are stated where Article 10 asks; publish offers instead".to_owned());
        }
        if self.facilities.len() > MOST_FACILITIES {
            return fault(
                "too_many",
                format!("has {} entries; write at most {MOST_FACILITIES}", self.facilities.len()),
            );
        }
        let mut faults = Violations::new();
        let mut found = Vec::new();
        for (i, facility) in self.facilities.iter().enumerate() {
            match facility.check(terms, at) {
                Ok(facility) => found.push(facility),
                Err(part) => faults.extend_below(&format!("/facilities/{i}"), part),
            }
        }
        faults.into_result()?;
        Ok(found)
    }
}

impl FacilityInput {
    fn check(&self, terms: &CallTerms, at: &Reference<'_>) -> Result<StatedFacility, Violations> {
        let mut faults = Violations::new();
        let name = faults.keep(text::name("/name", &self.name));
        let region = faults.keep(typed::country_or_region("/region", &self.region, at.regions));
        let region = region.and_then(|mut parts| match parts.len() {
            1 => parts.pop(),
            _ => {
                let codes: Vec<&str> = parts.iter().map(RegionCode::as_str).collect();
                let detail = format!("{:?} was split; write one of: {}", self.region, codes.join(", "));
                faults.push("/region", "ambiguous_region", detail);
                None
            }
        });
        let relation = faults.keep(choose(
            "/relation",
            self.relation.as_deref(),
            Relation::Operated,
            &Relation::ALL,
            Relation::as_str,
        ));
        let product = faults.keep(typed::product(&self.product, at.catalogue)).map(|(product, _)| product);
        if let Some(product) = product.filter(|product| !terms.products.contains(&product.code)) {
            faults.push("/product", "not_asked_for", format!("the call does not ask for {}", product.code));
        }
        let units = at.catalogue.unit_table();
        let mut quantity = |pointer: &str, typed: &MeasureInput| match product {
            Some(p) => faults.keep(measure(pointer, typed, p.base_unit, Zero::Legal, units, None)),
            None => {
                faults.keep(measure_of_unknown(pointer, typed, Zero::Legal, units));
                None
            }
        };
        let nothing = product.map(|p| Measure::of(crate::quantity::Quantity::ZERO, p.base_unit));
        let stock = self.stock.as_ref().map_or(nothing, |typed| quantity("/stock", typed));
        let running = quantity("/running", &self.running);
        let maximum = match &self.maximum {
            Some(typed) => quantity("/maximum", typed),
            None => running.clone(),
        };
        let months: Vec<Option<Measure>> =
            self.outlook.iter().enumerate().map(|(i, typed)| quantity(&format!("/outlook/{i}"), typed)).collect();
        if let (Some(running), Some(maximum)) = (&running, &maximum)
            && maximum.quantity < running.quantity
        {
            let detail = format!("{} is below what runs now, {}", maximum.quantity, running.quantity);
            faults.push("/maximum", "below_running", detail);
        }
        let inside = region.as_ref().and_then(|code| at.regions.get(code));
        let inside = inside.is_some_and(|region| at.regions.in_eu(&region.country, at.today));
        match self.outlook.len() {
            3 => {}
            0 if region.is_some() && !inside => {}
            0 if region.is_none() => {}
            0 => faults.push("/outlook", "missing", "is missing; write what each of the next three months will bring"),
            n => faults.push("/outlook", "out_of_range", format!("has {n} months; write three")),
        }
        faults.into_result()?;
        let outlook: Option<[Measure; 3]> =
            months.into_iter().collect::<Option<Vec<Measure>>>().and_then(|months| months.try_into().ok());
        let facility = (|| {
            Some(StatedFacility {
                name: name?,
                region: region?,
                relation: relation?,
                product: product?.code.clone(),
                stock: stock?,
                running: running?,
                maximum: maximum?,
                outlook,
            })
        })();
        facility.ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))
    }
}

/// What is said to the questions of a call, each of its kind.
fn said(
    typed: &BTreeMap<String, Said>,
    questions: &[Question],
    offering: bool,
) -> Result<BTreeMap<String, Said>, Violations> {
    let mut faults = Violations::new();
    let mut found = BTreeMap::new();
    for (code, value) in typed {
        let pointer = format!("/answers/{}", code.replace('~', "~0").replace('/', "~1"));
        let Some(question) = questions.iter().find(|question| question.code == *code) else {
            let codes: Vec<&str> = questions.iter().map(|q| q.code.as_str()).collect();
            let remedy =
                if codes.is_empty() { "it asks none".to_owned() } else { format!("it asks {}", codes.join(", ")) };
            let shown: String = code.chars().take(60).collect();
            faults.push(pointer, "unknown_question", format!("the call does not ask {shown:?}; {remedy}"));
            continue;
        };
        let value = match (question.kind, value) {
            (QuestionKind::Text, Said::Text(words)) => faults.keep(text::note(&pointer, words)).map(Said::Text),
            (QuestionKind::Number, Said::Number(_)) | (QuestionKind::YesNo, Said::YesNo(_)) => Some(value.clone()),
            (kind, _) => {
                let wanted = match kind {
                    QuestionKind::Text => "words in quotes",
                    QuestionKind::Number => "a number",
                    QuestionKind::YesNo => "true or false",
                };
                faults.push(pointer, "wrong_type", format!("is not what the question asks for; write {wanted}"));
                None
            }
        };
        found.extend(value.map(|value| (code.clone(), value)));
    }
    for question in questions.iter().filter(|question| offering && question.required) {
        let blank = |value: &Said| matches!(value, Said::Text(words) if words.trim().is_empty());
        if typed.get(&question.code).is_none_or(blank) {
            faults.push(format!("/answers/{}", question.code), "missing", "is missing; the call requires an answer");
        }
    }
    faults.into_result()?;
    Ok(found)
}
