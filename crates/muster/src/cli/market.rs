//! The command about the market's mode.

use clap::{Args, ValueEnum};
use domain::mode::MarketMode;

/// Flags of `market`.
#[derive(Debug, Args)]
pub struct Market {
    /// Put the market into this mode; see how it runs where absent
    #[arg(long, value_enum, value_name = "MODE", requires = "reason")]
    pub mode: Option<Mode>,
    /// Why, in a sentence that everybody in the market reads
    #[arg(long, value_name = "TEXT", requires = "mode")]
    pub reason: Option<String>,
}

/// How calm or urgent the times are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// No crisis.
    Normal,
    /// One may come.
    Vigilance,
    /// One is there.
    Emergency,
}

impl Mode {
    /// The name that use cases take.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => MarketMode::Normal.as_str(),
            Self::Vigilance => MarketMode::Vigilance.as_str(),
            Self::Emergency => MarketMode::Emergency.as_str(),
        }
    }
}
