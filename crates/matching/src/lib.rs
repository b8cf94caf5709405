//! The matching engine, pure: a market snapshot in, matches with reasons and a proof out.
//!
//! [`allocate`] decides who should supply whom, [`verify`] checks a result with code of its own,
//! [`explain`] and [`why_not`] answer questions about one need or one pair. Integers only, and the
//! same bytes for the same market, parameters and engine version, whatever the number of threads.

mod allocate;
mod checker;
mod explain;
pub mod flow;
mod minimum_orders;
mod model;
mod outcome;
mod pairs;
mod proof;
mod shortage;
mod tie;

pub use allocate::{Control, MatchingError, Step, allocate};
pub use checker::verify;
pub use explain::{Answer, NeedExplanation, explain, why_not};
pub use outcome::{
    Closed, Figures, FunnelStep, LevelReport, LineOutput, MatchLine, NodeLabel, Outcome, Potentials, Proof, Shortage,
    Taken, UsedUp,
};
pub use proof::hash as rehash;

/// The version of the engine: it changes whenever the same market could give other bytes.
pub const ENGINE: &str = concat!("muster-matching/", env!("CARGO_PKG_VERSION"));
