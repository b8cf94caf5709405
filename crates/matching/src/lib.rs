//! The matching engine, pure: a market snapshot in, matches with reasons and a proof out.
//!
//! [`allocate`] decides who should supply whom, [`verify`] checks a result with code of its own, [`explain_need`],
//! [`explain_pair`] and [`explain_choice`] answer questions about one need, one pair or one match, [`stages`] decides with
//! what some make of what others bring. Integers only, and
//! the same bytes for the same market, parameters and engine version, whatever the number of threads.

mod allocate;
mod assemble;
mod audience;
mod best_fit;
pub mod chains;
mod checker;
mod components;
mod counterfactual;
mod deliveries;
mod earlier;
mod explain;
pub mod flow;
mod levels;
mod line_time;
mod model;
mod outcome;
mod pairs;
mod proof;
mod rank;
mod related;
mod remedies;
mod search;
mod settle;
mod shares;
mod shortage;
mod stages;
mod threads;
mod tie;

pub use allocate::{Allocated, Control, MatchingError, Step, allocate, allocate_again};
pub use audience::{Audience, Projection, project, shown_to};
pub use checker::verify;
pub use counterfactual::{Change, Gains, LeftOut, TierUnits, Tried, WhyLeftOut, gains};
pub use earlier::{Earlier, TakenOver};
pub use explain::{
    Alternative, Asked, Because, Choice, Explanation, Fact, How, InstalmentExplanation, LineExplanation, MOST_SOLVES,
    Matched, Measured, PairAnswer, PairExplanation, Question, Server, USUAL_SOLVES, Used, Value, Verdict,
    explain_choice, explain_need, explain_pair,
};
pub use line_time::{LineOffer, line_fits};
pub use outcome::{
    Closed, Cut, Figures, FunnelStep, LevelReport, LineOutput, MatchLine, NodeLabel, Outcome, PairUnits, Potentials,
    Proof, Share, Shortage, Taken, UsedUp,
};
pub use proof::hash as rehash;
pub use rank::{OfferIndex, Ranked};
pub use related::related;
pub use remedies::{
    CertificateLack, Covered, Relaxation, Remedies, Remedy, RemedyLeftOut, Scope, TriedRemedy, remedies,
};
pub use stages::{StageChain, StageLeg, StageLegOf, Staged, Stages, TierStages, WhyNoStage, stages};

/// The version of the engine: the number after the slash rises whenever the same market could give other bytes.
pub const ENGINE: &str = "muster-matching/8";

/// Whether an engine judged pairs by exact places, as versions before 5 did: what it says of distances is then not
/// for the other side to know.
pub fn judged_exact_places(engine: &str) -> bool {
    let version = engine.strip_prefix("muster-matching/").and_then(|v| v.split('.').next()?.parse::<u32>().ok());
    version.is_none_or(|version| version < 5)
}
