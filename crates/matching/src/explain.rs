//! Answers about one need, or one offer for one need.

use domain::{
    eligibility::{Eligible, Reason, Rules},
    ids::{InstalmentId, NeedId, OfferId},
};
use serde::{Deserialize, Serialize};

use crate::outcome::{MatchLine, Outcome, Shortage};

/// What a run did for a need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedExplanation {
    /// The need.
    pub need: NeedId,
    /// Its matches.
    pub lines: Vec<MatchLine>,
    /// Its instalments that stay uncovered, and why.
    pub shortages: Vec<Shortage>,
}

/// Collects what an outcome says of one need.
pub fn explain(outcome: &Outcome, need: NeedId) -> NeedExplanation {
    NeedExplanation {
        need,
        lines: outcome.lines.iter().filter(|l| l.need == need).cloned().collect(),
        shortages: outcome.shortages.iter().filter(|s| s.need == need).cloned().collect(),
    }
}

/// Whether an offer may serve an instalment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Answer {
    /// It may; if it was not matched, others were cheaper or it was used up.
    Eligible {
        /// The instalment.
        instalment: InstalmentId,
        /// How it passed.
        how: Box<Eligible>,
    },
    /// It may not.
    NotEligible {
        /// The instalment.
        instalment: InstalmentId,
        /// The first failing predicate.
        reason: Reason,
    },
}

/// Judges one offer for every instalment of a need; `None` if either is not in the market, or the
/// need takes no part (draft, closed, in review).
pub fn why_not(rules: &Rules<'_>, need: NeedId, offer: OfferId) -> Option<Vec<Answer>> {
    let need = rules.market.need(need).filter(|n| n.is_matchable())?;
    let offer = rules.offer_view(rules.market.offer(offer)?)?;
    let view = rules.need_view(need, &rules.site_demands())?;
    let judged = need.instalments.iter().map(|i| match rules.judge(&offer, &view, i) {
        Ok(how) => Answer::Eligible { instalment: i.id, how: Box::new(how) },
        Err(reason) => Answer::NotEligible { instalment: i.id, reason },
    });
    Some(judged.collect())
}
