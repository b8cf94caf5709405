//! Quantity phrases as people write them: "4 million surgical masks per week and 10 million FFP2
//! masks per year".
//!
//! The rules, in short:
//! - Numbers follow the declared [`Locale`]; one that could be read in two ways is an error, as in
//!   [`crate::number`]. `million`, `M`, `Mio`, `k`, `thousand` and their kin multiply; `billion` is
//!   refused, since it is 10^9 or 10^12 by language; a small `m` is a million only before a word
//!   that is counted (`1.7m units`), else it could be metres.
//! - A number that belongs to a name is no quantity: `FFP 2`, `3-ply`, `EN 149`, `3D`, `70 %`; nor is
//!   a date or a time: `by 20 April`, `within 10 days`, which is left out and told as a doubt.
//! - Each further count starts a further reading, with its own words and period.
//! - `per`, `/`, `pro`, `par` and the like before a period make a rate; `in total` makes a sum.
//! - `box of 100` is a package and its size; `units of 300ml bottle` is a package and its volume.
//! - What follows `=` is the writer's own equivalent, never a second quantity.
//! - Ranges, `50+`, `at least`, `n/a`, exponents, zero and negative numbers are errors, all of which
//!   are reported together.

use std::fmt;

use domain::{decimal::Decimal, quantity::MeasureInput, rate::Period, unit::UnitTable};

use crate::number::{Locale, NumberError};

mod reader;
#[cfg(test)]
mod tests;
mod token;
mod words;

/// How firmly a number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// As it stands.
    Exact,
    /// An upper bound, not what is typical: "up to", "max".
    UpTo,
    /// An estimate: "around", "~".
    About,
}

/// How much one package holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The number.
    pub size: Decimal,
    /// The code of its unit; pieces of the product where none is written.
    pub unit: Option<String>,
}

/// One quantity of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The number, scale words multiplied in; `None` where a phrase only says what the unit is.
    pub quantity: Option<Decimal>,
    /// The code of the unit; pieces of the product where none is written.
    pub unit: Option<String>,
    /// What one package holds, where the unit is a package.
    pub pack: Option<Pack>,
    /// Per this; `None` for a stock or a sum.
    pub per: Option<Period>,
    /// How firmly it is meant.
    pub bound: Bound,
    /// The words that name the product, in their order, for the catalogue's look-up.
    pub product_words: String,
    /// What the writer says it amounts to, e.g. 3.5 million "single-use equivalents" of reusable
    /// masks: shown, never counted.
    pub equivalent: Option<(Decimal, String)>,
    /// What in the phrase contradicts the reading; a person should look.
    pub doubts: Vec<String>,
}

impl Reading {
    /// The measure as an offer or need states it; `None` without a number.
    pub fn measure_input(&self) -> Option<MeasureInput> {
        Some(MeasureInput {
            value: self.quantity?,
            unit: self.unit.clone(),
            pack_size: self.pack.as_ref().map(|p| p.size),
            pack_unit: self.pack.as_ref().and_then(|p| p.unit.clone()),
        })
    }
}

/// Why a phrase, or a part of one, is no quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhraseFault {
    /// A number in it cannot be read.
    Number(NumberError),
    /// A quantity of nothing or less.
    NotPositive,
    /// A word with two meanings: `billion`, a small `m` that may be metres, `to` that may be tonnes.
    AmbiguousWord(String),
    /// A rate per something that no calendar turns into days, e.g. per hour.
    UnknownPeriod(String),
    /// The parts of a package do not agree, e.g. 50 pairs in a box of 60.
    PackContradiction(String),
    /// No quantity, unit or package at all.
    Nothing,
}

/// A part of a phrase that is no quantity, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhraseError {
    /// The part, as it stood.
    pub text: String,
    /// What is wrong with it.
    pub fault: PhraseFault,
}

impl fmt::Display for PhraseError {
    /// A sentence with the text and the remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match &self.fault {
            PhraseFault::Number(error) => error.fmt(f),
            PhraseFault::NotPositive => write!(f, "{text:?} is not a quantity; write a number above 0"),
            PhraseFault::AmbiguousWord(word) => {
                write!(
                    f,
                    "{text:?}: {word:?} means different things to different people; write all digits and the unit in full"
                )
            }
            PhraseFault::UnknownPeriod(word) => {
                write!(f, "{text:?} is a rate per {word}; state it per day, week, month or year")
            }
            PhraseFault::PackContradiction(how) => write!(f, "{text:?}: {how}; state the pack size once"),
            PhraseFault::Nothing => write!(f, "{text:?} states no quantity; write a number and a unit"),
        }
    }
}

impl std::error::Error for PhraseError {}

/// Longest phrase that is read, in bytes; a quantity is never said in more.
pub const PHRASE_LIMIT: usize = 2_000;

/// Reads every quantity of a phrase; or all its faults, and then none of its quantities.
///
/// `units` are the units of the catalogue: what people write for a unit is read by the same table as
/// everywhere else.
pub fn read(text: &str, locale: Locale, units: &UnitTable) -> Result<Vec<Reading>, Vec<PhraseError>> {
    if text.len() > PHRASE_LIMIT {
        let start: String = text.chars().take(40).collect();
        return Err(vec![PhraseError { text: start, fault: PhraseFault::Nothing }]);
    }
    reader::read(text, locale, units)
}
