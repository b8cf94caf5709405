//! A run of a market of bytes, with everything that must hold of it.

use domain::{market::Market, parameters::Parameters};
use matching::{Control, MatchingError, Outcome, allocate, verify};

use crate::{
    audit,
    markets::{Kind, draw},
    world::rules,
};

/// The kind that fuzzing draws.
pub const ODD: Kind = Kind { offers: 6, needs: 6, units: 12, limits: true, odd: true };

/// Runs a market, verifies and audits the result; `None` where exact arithmetic refused the market.
pub fn run(market: &Market, parameters: &Parameters) -> Option<Outcome> {
    let rules = rules(market, parameters);
    let outcome = match allocate(&rules, &Control { threads: 1, ..Control::default() }) {
        Ok(outcome) => outcome,
        Err(MatchingError::Network(_)) => return None,
        Err(error) => panic!("{error}"),
    };
    verify(&rules, &outcome).unwrap_or_else(|error| panic!("{error}"));
    audit::keeps_the_ledger(&rules, &outcome);
    for level in &outcome.levels {
        assert_eq!(level.gap, level.bound.map(|bound| level.value - bound), "level {}", level.name);
        assert!(level.gap.is_none_or(|gap| gap >= 0), "{level:?}: better than its bound");
    }
    Some(outcome)
}

/// Runs what the bytes say, and says how many matches came out.
pub fn check(bytes: &[u8]) -> usize {
    let (market, parameters) = draw(bytes, ODD);
    run(&market, &parameters).map_or(0, |outcome| outcome.lines.len())
}
