//! The levels of the objective as the flow network knows them.

use domain::{
    eligibility::Rules,
    parameters::{Fairness, Level},
};

/// A flow level; every component of a run has the same, in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowLevel {
    /// Held and agreed quantities stay served.
    Promised,
    /// Units that the search forces on pairs to reach a smallest order.
    Raised,
    /// Uncovered units of a tier; all tiers at once when urgency is left out.
    Tier(Option<u8>),
    /// Units that groups lack of what they are sure of.
    Floors,
    /// Uncovered share points of a tier.
    Shares(Option<u8>),
    /// Units of earlier suggestions that are kept, counted below zero; where moving one has a price, the level of
    /// cost counts them.
    Stability,
    /// Cost points, those of moved units among them.
    Cost,
    /// Points per delivery by an estimate of its size.
    Deliveries,
    /// Tie points.
    Ties,
}

impl FlowLevel {
    /// The levels of a run.
    pub fn of(rules: &Rules<'_>) -> Vec<Self> {
        let with = |level: Level| !rules.parameters.without_levels.contains(&level);
        let tiers: Vec<Option<u8>> = if with(Level::Urgency) { (1..=4).map(Some).collect() } else { vec![None] };
        let mut levels = vec![Self::Promised, Self::Raised];
        levels.extend(tiers.iter().map(|tier| Self::Tier(*tier)));
        if with(Level::Fairness) {
            match rules.parameters.fairness {
                Fairness::Off => {}
                Fairness::MaxMin { .. } => levels.push(Self::Floors),
                Fairness::Shares => levels.extend(tiers.iter().map(|tier| Self::Shares(*tier))),
            }
        }
        if with(Level::Stability) && rules.parameters.move_points() == 0 {
            levels.push(Self::Stability);
        }
        if with(Level::Cost) {
            levels.push(Self::Cost);
        }
        if with(Level::Deliveries) && rules.parameters.weights.delivery == 0 {
            levels.push(Self::Deliveries);
        }
        if with(Level::Ties) {
            levels.push(Self::Ties);
        }
        levels
    }

    /// The name in reports and proofs.
    pub fn name(self) -> String {
        let of_tier = |what: &str, tier: u8| format!("{what} {tier}");
        match self {
            Self::Promised => "promised".to_owned(),
            Self::Raised => "raised".to_owned(),
            Self::Tier(Some(tier)) => of_tier("tier", tier),
            Self::Tier(None) => "demand".to_owned(),
            Self::Floors => "fairness".to_owned(),
            Self::Shares(Some(tier)) => of_tier("shares", tier),
            Self::Shares(None) => "shares".to_owned(),
            Self::Stability => "stability".to_owned(),
            Self::Cost => "cost".to_owned(),
            Self::Deliveries => "deliveries".to_owned(),
            Self::Ties => "ties".to_owned(),
        }
    }

    /// What its value counts.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Promised | Self::Tier(_) => "base units uncovered",
            Self::Raised => "base units",
            Self::Floors => "base units below the fair floors",
            Self::Shares(_) => "share points uncovered",
            Self::Stability => "suggested base units given up",
            Self::Cost => "points",
            Self::Deliveries => "deliveries",
            Self::Ties => "tie points",
        }
    }
}

/// Share points of a need that is covered whole: the sum of shares is exact to one part in this many.
const WHOLE_NEED: i64 = 1 << 40;

/// Share points of one unit of an instalment of this many base units.
pub(crate) fn share_points(units: i64) -> i64 {
    WHOLE_NEED / units.max(1)
}

/// Points per unit of a pair that is thought to carry this many units, where a delivery has a price.
pub(crate) fn delivery_points(price: i64, estimate: i64) -> i64 {
    // Most pairs carry nothing, and a division takes longer than all the rest.
    if estimate <= 1 {
        return price;
    }
    price.unsigned_abs().div_ceil(estimate.max(1).unsigned_abs()).try_into().unwrap_or(price)
}

/// Points of a delivery at the level that looks for fewer of them.
pub(crate) const FEWER: i64 = 1 << 20;

/// Deliveries that an instalment begun and left wholly open is worth.
pub(crate) use crate::best_fit::PART;

/// Points per unit that stays uncovered of an instalment of so many units which the plan covers whole.
pub(crate) fn open_points(price: i64, asked: i64) -> i64 {
    delivery_points(price * PART, asked)
}
