//! From what people typed to the terms of a call, with every fault found at once.

use super::{
    AnswerBy, CallInput, CallTerms, CallVisibility, LegalBasis, Question, QuestionKind, article_10_clock,
    is_countermeasure, is_medical_device,
};
use crate::{
    catalogue::{Catalogue, Product},
    code::ProductCode,
    offer::Reference,
    text,
    time::{Day, Instant},
    typed::{self, choose},
    violation::Violations,
};

/// The most products of a call.
const MOST_PRODUCTS: usize = 50;
/// The most questions of a call.
const MOST_QUESTIONS: usize = 30;
/// The most days of its period: 53 weeks.
const MOST_DAYS: i32 = 371;
/// How many days ahead its period may end: three years.
const MOST_DAYS_AHEAD: i32 = 1_096;
/// How many days ahead it may be answered.
const MOST_DAYS_TO_ANSWER: i64 = 366;
/// The longest code of a question, in characters.
const MOST_OF_CODE: usize = 40;

impl CallInput {
    /// Checks everything that does not hang on when the call is opened, and returns its terms, or every fault at once.
    ///
    /// # Errors
    /// All faults, each with its field; of a product, also that the legal basis does not cover it.
    pub fn check(&self, at: &Reference<'_>) -> Result<CallTerms, Violations> {
        typed::few(&[("/regions", self.regions.len())])?;
        let mut faults = Violations::new();
        let title = faults.keep(text::name("/title", &self.title));
        let said = faults.keep(text::note("/text", &self.text));
        let legal_basis = faults.keep(choose(
            "/legal_basis",
            self.legal_basis.as_deref(),
            LegalBasis::Voluntary,
            &LegalBasis::ALL,
            LegalBasis::as_str,
        ));
        let products = faults.keep(self.products(legal_basis, at));
        let regions = faults.keep(typed::region_list("/regions", &self.regions, at.regions));
        let from = faults.keep(day("/from", &self.from));
        let until = faults.keep(day("/until", &self.until));
        if let (Some(from), Some(until)) = (from, until) {
            faults.keep(period(from, until, at.today));
        }
        let answer_by = faults.keep(AnswerBy::parse(&self.answer_by, self.zone.as_deref()));
        let questions = faults.keep(self.questions());
        let visibility = faults.keep(choose(
            "/visibility",
            self.visibility.as_deref(),
            CallVisibility::Invited,
            &CallVisibility::ALL,
            CallVisibility::as_str,
        ));
        faults.into_result()?;
        let terms = (|| {
            let legal_basis = legal_basis?;
            Some(CallTerms {
                title: title?,
                text: said?,
                products: products?,
                regions: regions?,
                from: from?,
                until: until?,
                answer_by: answer_by?,
                legal_basis,
                confidential: self.confidential || legal_basis.asks_per_facility(),
                questions: questions?,
                visibility: visibility?,
            })
        })();
        terms.ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))
    }

    fn products(&self, basis: Option<LegalBasis>, at: &Reference<'_>) -> Result<Vec<ProductCode>, Violations> {
        if self.products.is_empty() {
            return Err(Violations::one("/products", "missing", "names no product; say what you ask for"));
        }
        if self.products.len() > MOST_PRODUCTS {
            let detail = format!("has {} entries; write at most {MOST_PRODUCTS}", self.products.len());
            return Err(Violations::one("/products", "too_many", detail));
        }
        let mut faults = Violations::new();
        let mut found: Vec<ProductCode> = Vec::new();
        for (i, word) in self.products.iter().enumerate() {
            let pointer = format!("/products/{i}");
            match typed::product(word, at.catalogue) {
                Ok((product, _)) => {
                    if let Some(basis) = basis {
                        faults.keep(covered(&pointer, product, basis, at.catalogue));
                    }
                    if !found.contains(&product.code) {
                        found.push(product.code.clone());
                    }
                }
                Err(part) => part.into_vec().into_iter().for_each(|v| faults.push(&*pointer, v.code, v.detail)),
            }
        }
        faults.into_result()?;
        Ok(found)
    }

    fn questions(&self) -> Result<Vec<Question>, Violations> {
        if self.questions.len() > MOST_QUESTIONS {
            let detail = format!("has {} entries; write at most {MOST_QUESTIONS}", self.questions.len());
            return Err(Violations::one("/questions", "too_many", detail));
        }
        let mut faults = Violations::new();
        let mut found: Vec<Question> = Vec::new();
        for (i, typed) in self.questions.iter().enumerate() {
            let at = |field: &str| format!("/questions/{i}/{field}");
            let code = typed.code.clone().unwrap_or_else(|| format!("q{}", i + 1));
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
            if code.is_empty() || code.len() > MOST_OF_CODE || !code.bytes().all(plain) {
                let detail =
                    format!("is no code; write 1 to {MOST_OF_CODE} of a to z, 0 to 9, _ and -, or leave it out");
                faults.push(at("code"), "bad_value", detail);
            } else if found.iter().any(|question| question.code == code) {
                faults.push(at("code"), "stated_twice", format!("{code} names another question already; change one"));
            }
            let kind =
                choose(&at("kind"), typed.kind.as_deref(), QuestionKind::Text, &QuestionKind::ALL, |k| k.as_str());
            let kind = faults.keep(kind);
            let said = faults.keep(text::note(&at("text"), &typed.text));
            if said.as_ref().is_some_and(String::is_empty) {
                faults.push(at("text"), "blank", "is blank; write the question");
            }
            if let (Some(kind), Some(text)) = (kind, said) {
                found.push(Question { code, text, kind, required: typed.required });
            }
        }
        faults.into_result()?;
        Ok(found)
    }
}

/// Whether a legal basis covers a product.
fn covered(pointer: &str, product: &Product, basis: LegalBasis, catalogue: &Catalogue) -> Result<(), Violations> {
    let code = &product.code;
    match basis {
        LegalBasis::Voluntary => Ok(()),
        LegalBasis::Article10 if is_countermeasure(product, catalogue) => Ok(()),
        LegalBasis::Article10 => {
            let detail = format!(
                "{code} is no medical countermeasure nor a component of one: it is listed under no frame of medical \
                 devices, protective equipment or biocides; ask for it without a legal basis or by imera"
            );
            Err(Violations::one(pointer, "not_covered_by_law", detail))
        }
        LegalBasis::Imera if is_medical_device(product) => {
            let detail = format!(
                "{code} is a medical device ({}), which Regulation (EU) 2024/2747 leaves out; ask for it by article_10",
                if product.class.is_empty() { "by its frames" } else { &product.class }
            );
            Err(Violations::one(pointer, "not_covered_by_law", detail))
        }
        LegalBasis::Imera => Ok(()),
    }
}

fn day(pointer: &str, typed: &str) -> Result<Day, Violations> {
    Day::parse(typed).map_err(|detail| Violations::one(pointer, "bad_date", detail))
}

fn period(from: Day, until: Day, today: Day) -> Result<(), Violations> {
    let fault = |code, detail: String| Err(Violations::one("/until", code, detail));
    if until < from {
        fault("before_start", format!("{until} is before {from}; write a later day, or an earlier from"))
    } else if until < today {
        fault("in_past", format!("{until} is over; write today ({today}) or a later day"))
    } else if until.since(today) > MOST_DAYS_AHEAD {
        fault("too_far_ahead", format!("{until} is more than {MOST_DAYS_AHEAD} days ahead; write an earlier day"))
    } else if until.since(from) >= MOST_DAYS {
        fault("out_of_range", format!("the period has more than {MOST_DAYS} days; ask about fewer"))
    } else {
        Ok(())
    }
}

impl CallTerms {
    /// What hangs on when a call is opened: whether its law applies then, and whether its clock suits.
    ///
    /// # Errors
    /// `not_in_force` at `/legal_basis`; `in_past`, `too_far_ahead` and `not_five_days` at `/answer_by`.
    pub fn may_open(&self, catalogue: &Catalogue, opened: Instant, now: Instant) -> Result<(), Violations> {
        let mut faults = Violations::new();
        if !self.legal_basis.applies(catalogue, opened.day()) {
            let (basis, on) = (self.legal_basis.as_str(), opened.day());
            faults.push("/legal_basis", "not_in_force", format!("{basis} does not apply on {on}; ask without it"));
        }
        let at = self.answer_by.at;
        if at <= now {
            faults.push("/answer_by", "in_past", format!("{} is over; write a later instant", self.answer_by.typed()));
        } else if at > now.plus_micros(MOST_DAYS_TO_ANSWER * 86_400 * 1_000_000) {
            let detail = format!("is more than {MOST_DAYS_TO_ANSWER} days ahead; write an earlier instant");
            faults.push("/answer_by", "too_far_ahead", detail);
        } else if self.legal_basis.asks_per_facility() {
            let (least, most) = article_10_clock(opened, &self.answer_by.zone());
            if !(least..=most).contains(&at) {
                let detail = format!(
                    "{at} is not what Article 10 gives producers, five days from the opening: write an instant from \
                     {least} to {most}"
                );
                faults.push("/answer_by", "not_five_days", detail);
            }
        }
        faults.into_result()
    }
}
