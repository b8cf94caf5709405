//! What no plan can better, tier by tier.
//!
//! Of the first tier that is what the flow with conversion factors leaves. Where a plan leaves just that, the next tier's
//! bound is what the flow leaves there, the one before being at its least, and so on. Where a plan leaves more, if only for
//! whole units, the flow is solved with a price for that tier in the place of its order: whatever the price, what the flow comes
//! to, less the price of what the plan leaves, is a bound on the next tier, and the best of several prices is told.

use std::sync::atomic::AtomicBool;

use super::{
    network::{Flows, Mode, TIERS, solved},
    plan::Plan,
    scale::Scale,
};
use crate::allocate::MatchingError;

/// What a unit of a tier counts in a price.
const WHOLE: i64 = 8;
/// Prices of a unit of the tier before, in parts of [`WHOLE`], those first that are tried where few are.
const PRICES: [i64; 7] = [8, 2, 32, 4, 16, 1, 64];

/// Per tier, base units that every plan leaves uncovered which leaves no more of the tiers before than `left`; the best of so
/// many prices.
pub(super) fn bounds(
    plan: &Plan<'_>,
    scale: &Scale,
    (relaxed, left): (&Flows, [i64; 4]),
    prices: usize,
    cancel: Option<&AtomicBool>,
) -> Result<[i64; 4], MatchingError> {
    let open = |tier: usize| i128::from(left[tier] - plan.hopeless[tier]);
    let exact = |tier: usize| relaxed.values[tier] == open(tier) * i128::from(scale.weight);
    let first = (0..4).find(|tier| !exact(*tier)).unwrap_or(4);
    let mut bounds = relaxed.tiers;
    for (tier, bound) in bounds.iter_mut().enumerate().skip(first + 1) {
        let mut best = 0;
        for price in PRICES.into_iter().take(prices) {
            // What counts for each tier from the first that is not at its least to the one in question.
            let counts = |of: usize| (of..tier).try_fold(WHOLE, |all, _| Some(all * price / WHOLE).filter(|n| *n > 0));
            let mut levels = TIERS;
            let mut taken = Some(0_i128);
            for (of, level) in levels.iter_mut().enumerate().take(tier + 1).skip(first) {
                let Some(points) = counts(of) else {
                    taken = None;
                    break;
                };
                *level = (first, points);
                if of < tier {
                    taken = taken.map(|taken| taken + open(of) * i128::from(points) * i128::from(scale.weight));
                }
            }
            let Some(taken) = taken else { continue };
            let flows = solved(plan, Mode::Joint(scale, &levels), cancel)?;
            let parts = i128::from(scale.weight) * i128::from(WHOLE);
            let above = flows.values[first] - taken;
            let units = above.div_euclid(parts) + i128::from(above.rem_euclid(parts) > 0);
            best = best.max(units);
        }
        *bound = i64::try_from(best).unwrap_or(i64::MAX) + plan.hopeless[tier];
    }
    Ok(bounds)
}
