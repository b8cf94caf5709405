//! Units of measure: UN/ECE Recommendation 20, packages of Recommendation 21, and the base units
//! that everything is counted in.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize, Serializer};

use crate::{code::UnitCode, text};

/// What a product's quantities are whole numbers of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseUnit {
    /// One piece; a pair is two.
    Piece,
    /// Mass.
    Gram,
    /// Volume.
    Millilitre,
    /// Length.
    Millimetre,
    /// Area.
    SquareCentimetre,
    /// One test or service unit.
    Test,
    /// A minute of labour or machine.
    Minute,
}

impl BaseUnit {
    /// All of them.
    pub const ALL: [BaseUnit; 7] =
        [Self::Piece, Self::Gram, Self::Millilitre, Self::Millimetre, Self::SquareCentimetre, Self::Test, Self::Minute];

    /// The name used in the catalogue, the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Piece => "piece",
            Self::Gram => "gram",
            Self::Millilitre => "millilitre",
            Self::Millimetre => "millimetre",
            Self::SquareCentimetre => "square_centimetre",
            Self::Test => "test",
            Self::Minute => "minute",
        }
    }

    /// The name for several, in sentences.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Piece => "pieces",
            Self::Gram => "grams",
            Self::Millilitre => "millilitres",
            Self::Millimetre => "millimetres",
            Self::SquareCentimetre => "square centimetres",
            Self::Test => "tests",
            Self::Minute => "minutes",
        }
    }

    /// The base unit of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|u| u.as_str() == name)
    }

    /// The Rec 20 code of the base unit itself, used when an answer is given in base units.
    pub fn unit_code(self) -> &'static str {
        match self {
            Self::Piece => "H87",
            Self::Gram => "GRM",
            Self::Millilitre => "MLT",
            Self::Millimetre => "MMT",
            Self::SquareCentimetre => "CMK",
            Self::Test => "E48",
            Self::Minute => "MIN",
        }
    }
}

impl fmt::Display for BaseUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The largest numerator or denominator of a unit, so that no conversion leaves 128 bits.
const LARGEST_FACTOR: i64 = 1_000_000_000_000;

/// How a unit relates to base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitMeaning {
    /// One of it is `numerator / denominator` base units.
    Fixed { base: BaseUnit, numerator: i64, denominator: i64 },
    /// A package: means nothing without a pack size.
    Package,
    /// A stretch of time, used as the period of a rate only.
    Period,
}

/// A unit of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Rec 20 code, or Rec 21 with `X` before it.
    pub code: UnitCode,
    /// English name.
    pub name: String,
    /// What it means.
    pub meaning: UnitMeaning,
    /// What people write for it.
    pub synonyms: Vec<String>,
    /// A code to write instead, where this one is deprecated.
    pub deprecated_note: Option<String>,
}

/// The units of the catalogue by code and by what people write. It is written and read as a list of units.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Vec<Unit>")]
pub struct UnitTable {
    units: Vec<Unit>,
    by_word: HashMap<String, usize>,
}

impl Serialize for UnitTable {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.units.serialize(s)
    }
}

impl TryFrom<Vec<Unit>> for UnitTable {
    type Error = String;

    fn try_from(units: Vec<Unit>) -> Result<Self, String> {
        Self::new(units)
    }
}

impl UnitTable {
    /// Builds the table. A word that two units claim is an error naming both; so is a factor below 1 or
    /// above 10^12.
    pub fn new(units: Vec<Unit>) -> Result<Self, String> {
        let mut by_word: HashMap<String, usize> = HashMap::new();
        for (i, unit) in units.iter().enumerate() {
            if let UnitMeaning::Fixed { numerator, denominator, .. } = unit.meaning
                && !((1..=LARGEST_FACTOR).contains(&numerator) && (1..=LARGEST_FACTOR).contains(&denominator))
            {
                return Err(format!(
                    "unit {} is {numerator}/{denominator} of its base unit; write numbers from 1 to {LARGEST_FACTOR}",
                    unit.code
                ));
            }
            let words = std::iter::once(unit.code.as_str()).chain(unit.synonyms.iter().map(String::as_str));
            for word in words {
                if let Some(other) = by_word.insert(text::fold(word), i).filter(|o| *o != i) {
                    return Err(format!("units {} and {} both claim {word:?}", units[other].code, unit.code));
                }
            }
        }
        Ok(Self { units, by_word })
    }

    /// The unit of a code or of a word people write for it, in any case.
    pub fn find(&self, word: &str) -> Option<&Unit> {
        self.by_word.get(&text::fold(word)).map(|i| &self.units[*i])
    }

    /// All units in the order of the seed file.
    pub fn all(&self) -> &[Unit] {
        &self.units
    }
}
