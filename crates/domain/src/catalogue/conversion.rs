//! What firms converted to, and how fast.

use serde::{Deserialize, Serialize};

use crate::code::ProductCode;

/// What the days of a conversion rest on, the firmest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Whoever converted said how long it took.
    Reported,
    /// The press told of it.
    Press,
    /// A paper looked at it.
    Paper,
    /// Nobody told of it; somebody estimated it.
    Estimate,
}

impl Basis {
    /// All of them.
    pub const ALL: [Basis; 4] = [Self::Reported, Self::Press, Self::Paper, Self::Estimate];

    /// The name in files and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Press => "press",
            Self::Paper => "paper",
            Self::Estimate => "estimate",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|b| b.as_str() == name)
    }
}

/// How sure whoever wrote a row down is of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Confidence {
    /// Several sources, or the firm itself.
    High,
    /// One source.
    Medium,
    /// A guess.
    #[default]
    Low,
}

impl Confidence {
    /// All of them.
    pub const ALL: [Confidence; 3] = [Self::High, Self::Medium, Self::Low];

    /// The name in files and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == name)
    }
}

/// What a capability can convert to, and how fast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversionPath {
    /// What the firm does today.
    pub capability: String,
    /// Its NACE Rev. 2 codes; anybody's where empty.
    pub nace2: Vec<String>,
    /// The product it could make.
    pub product: ProductCode,
    /// Fewest days seen; `None`, like `days_max`, where the source does not say.
    pub days_min: Option<u16>,
    /// Most days seen.
    pub days_max: Option<u16>,
    /// What that rests on; shown with every figure.
    pub basis: Basis,
    /// What usually holds it up.
    pub bottleneck: String,
    /// The certificates on the way.
    pub certificate_path: String,
    /// A real case.
    pub example: String,
    /// Where the fact comes from.
    pub source: String,
    /// How sure the row is. Not part of a market's snapshot, as `activities`.
    #[serde(skip)]
    pub confidence: Confidence,
}
