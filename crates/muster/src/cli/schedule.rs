//! The command about when runs begin of themselves.

use clap::{Args, ValueEnum};

/// Flags of `schedule`; what is left out stays as it is.
#[derive(Debug, Args)]
pub struct Schedule {
    /// Minutes between two runs, 1 to 10080; 0 for no runs by the clock
    #[arg(long, value_name = "MINUTES")]
    pub every: Option<i64>,
    /// Whether a run begins after something changed that bears on it
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub on_change: Option<YesNo>,
    /// Seconds without another change before such a run begins, 0 to 3600
    #[arg(long, value_name = "SECONDS")]
    pub quiet: Option<i64>,
}

/// Whether it shall be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    /// It shall.
    Yes,
    /// It shall not.
    No,
}
