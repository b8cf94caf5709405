//! What goes into a search.

use std::collections::HashSet;

use domain::{capacity::CURVE_LIMIT, quantity::Quantity, time::Day};

use super::{ChainsError, Recipe, Role};

/// The most points that a unit of an offer or of a way costs.
pub const COST_LIMIT: i64 = 1_000_000_000_000;

/// What a firm offers for one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The caller's number of it.
    pub id: u32,
    /// What tells equal chains apart: no two offers of a stage share it.
    pub tie: u128,
    /// The caller's number of the firm.
    pub organisation: u32,
    /// The caller's number of where it is made.
    pub place: u32,
    /// The stages below its own that the firm lacks, bit `1 << stage` for each.
    pub lacks: u16,
    /// Days from an order to goods, once all that it lacks is there.
    pub lead_days: u16,
    /// Points per unit of the stage, 0 to [`COST_LIMIT`].
    pub cost: i64,
    /// The days on which what can be had by then, if it is ordered today, rises, and to how many units of the stage;
    /// in order, none of them falls.
    pub free: Vec<(Day, i64)>,
}

/// The way between two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way {
    /// Days of transit.
    pub days: u16,
    /// Points per unit, 0 to [`COST_LIMIT`].
    pub cost: i64,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where it is to go.
    pub place: u32,
    /// Units of the root.
    pub units: i64,
    /// The fewest units by the day it is due that make a chain worth telling; at least 1.
    pub least: i64,
    /// When it is ordered.
    pub today: Day,
    /// When it is due.
    pub due: Day,
    /// The last day that capacity over time is told for.
    pub horizon: Day,
    /// The most legs of a chain.
    pub most_legs: usize,
    /// How many chains are told.
    pub top: usize,
    /// How many chains with missing stages are told, where none is complete.
    pub top_missing: usize,
}

/// Holds what goes into a search against what is stated of it.
pub(super) fn check(recipe: &Recipe, offers: &[Vec<Offer>], asked: &Asked) -> Result<(), ChainsError> {
    let stages = recipe.stages().len();
    if offers.len() != stages {
        return Err(ChainsError::Lists { stages, lists: offers.len() });
    }
    if asked.due < asked.today || asked.horizon < asked.due {
        return Err(ChainsError::Due { today: asked.today, due: asked.due });
    }
    if asked.most_legs == 0 {
        return Err(ChainsError::Legs);
    }
    if !(1..=Quantity::LIMIT).contains(&asked.units) || !(1..=asked.units).contains(&asked.least) {
        return Err(ChainsError::Units(0));
    }
    for (stage, offers) in offers.iter().enumerate() {
        if recipe.needed(stage, asked.units) > i128::from(CURVE_LIMIT) {
            return Err(ChainsError::Units(stage));
        }
        let below = recipe.children(stage, Role::Before) | recipe.children(stage, Role::After);
        let mut ties = HashSet::with_capacity(offers.len());
        for offer in offers {
            if !(0..=COST_LIMIT).contains(&offer.cost) {
                return Err(ChainsError::Cost(stage));
            }
            if offer.lacks & !below != 0 {
                return Err(ChainsError::Lacks { stage, offer: offer.id });
            }
            let in_order = offer.free.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1);
            let in_range = |units: Option<&(Day, i64)>| units.is_none_or(|(_, n)| (0..=CURVE_LIMIT).contains(n));
            if !in_order || !in_range(offer.free.first()) || !in_range(offer.free.last()) {
                return Err(ChainsError::Free { stage, offer: offer.id });
            }
            if !ties.insert(offer.tie) {
                return Err(ChainsError::Tie(stage));
            }
        }
    }
    Ok(())
}

impl Offer {
    /// Units of the stage by the end of a day, if they are ordered today.
    pub fn by(&self, day: Day) -> i64 {
        let after = self.free.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map_or(0, |last| self.free[last].1)
    }
}
