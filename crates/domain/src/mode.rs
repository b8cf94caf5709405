//! The mode of the market: how calm or urgent the times are, and what follows from it.

use serde::{Deserialize, Serialize};

use crate::{ids::PersonId, time::Instant};

/// How calm or urgent the times are; the operator says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketMode {
    /// No crisis.
    #[default]
    Normal,
    /// One may come.
    Vigilance,
    /// One is there.
    Emergency,
}

impl MarketMode {
    /// All modes, the calmest first.
    pub const ALL: [MarketMode; 3] = [Self::Normal, Self::Vigilance, Self::Emergency];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Vigilance => "vigilance",
            Self::Emergency => "emergency",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }

    /// Whether it is the calm that is left out of snapshots, so that those of before keep their bytes.
    pub fn is_normal(&self) -> bool {
        *self == Self::Normal
    }

    /// For how many days the figures of an offer count as fresh once its owner confirmed them.
    #[inline]
    pub fn confirm_days(self) -> i32 {
        match self {
            Self::Normal => 30,
            Self::Vigilance => 14,
            Self::Emergency => 7,
        }
    }

    /// For how many hours a proposal holds capacity while a side has not answered.
    pub fn hold_hours(self) -> i64 {
        match self {
            Self::Normal => 72,
            Self::Vigilance => 48,
            Self::Emergency => 24,
        }
    }

    /// Whether certificates under a derogation count: an authority permits in a crisis what it does not in calm times.
    pub fn permits_derogations(self) -> bool {
        self == Self::Emergency
    }
}

/// A mode, since when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeChange {
    /// From then on.
    pub mode: MarketMode,
    /// Why, as the operator says.
    pub reason: String,
    /// Who set it; `None` from the command line.
    pub set_by: Option<PersonId>,
    /// Since when.
    pub since: Instant,
}
