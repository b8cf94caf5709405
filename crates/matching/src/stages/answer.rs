//! What is told of a market with stages: what tiers leave uncovered, and who makes what of whose input.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{InstalmentId, NeedId, OfferId},
    time::Day,
};

use super::{plan::Plan, whole::Whole};
use crate::{flow::Components, outcome::Outcome};

/// What a tier leaves uncovered, in base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierStages {
    /// The tier, from 1.
    pub tier: u8,
    /// Without stages.
    pub alone: i64,
    /// With them.
    pub uncovered: i64,
    /// No plan leaves less that leaves no more of the tiers before in any part of the market.
    pub bound: i64,
}

/// What a leg of a chain goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StageLegOf {
    /// A need of the market.
    Need {
        /// The need.
        need: NeedId,
        /// Its instalment.
        instalment: InstalmentId,
    },
    /// A maker that lacks it.
    Maker {
        /// Its offer.
        offer: OfferId,
        /// By when it has to be there.
        due: Day,
    },
}

/// What somebody makes or brings. What lies ready of an offer that lacks something is no part of it: that is matched like
/// anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageLeg {
    /// The offer.
    pub offer: OfferId,
    /// To whom.
    pub of: StageLegOf,
    /// How much, in base units of what the offer's product counts in.
    pub units: i64,
    /// By when it has to exist.
    pub cutoff: Day,
}

/// A maker, with those who bring it what it lacks and whom it supplies; several where one brings to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageChain {
    /// Base units that needs of the market get; of different products a rough size.
    pub units: i64,
    /// What goes to needs first, then what makers take, each in the order of offers.
    pub legs: Vec<StageLeg>,
}

/// Base units that each tier of an outcome leaves uncovered.
pub(super) fn uncovered(outcome: &Outcome) -> [i64; 4] {
    let mut tiers = [0_i64; 4];
    for shortage in &outcome.shortages {
        let tier = &mut tiers[usize::from(shortage.tier).clamp(1, 4) - 1];
        *tier = tier.saturating_add(shortage.uncovered);
    }
    tiers
}

/// Tier by tier: without stages, with them, and the bound.
pub(super) fn tiers(alone: [i64; 4], uncovered: [i64; 4], bound: [i64; 4]) -> Vec<TierStages> {
    let tier = |at: usize| TierStages {
        tier: u8::try_from(at + 1).unwrap_or(u8::MAX),
        alone: alone[at],
        uncovered: uncovered[at],
        bound: bound[at],
    };
    (0..4).map(tier).collect()
}

/// The chains of an outcome. Makers belong together where one supplies the other.
pub(super) fn chains(plan: &Plan<'_>, whole: &Whole, outcome: &Outcome) -> Vec<StageChain> {
    let offer = |pair: usize| plan.pairs.pairs[pair].offer;
    let mut joined = Components::new(u32::try_from(plan.pairs.offers.len()).unwrap_or(u32::MAX));
    let mut legs: Vec<(u32, StageLeg)> = Vec::new();
    let mut makers: BTreeSet<OfferId> = BTreeSet::new();
    let place: BTreeMap<OfferId, u32> = (0..).zip(&plan.pairs.offers).map(|(at, view)| (view.offer.id, at)).collect();
    for (pair, units) in &whole.brought {
        let slot = plan.pairs.pairs[*pair].slot as usize;
        let Some((maker, _)) = plan.stage_of[slot] else { continue };
        let maker = &plan.makers[maker];
        makers.insert(maker.offer.id);
        let to = u32::try_from(maker.at).unwrap_or(u32::MAX);
        if plan.maker_of.contains_key(&(offer(*pair) as usize)) {
            joined.join(offer(*pair), to);
        }
        let of = StageLegOf::Maker { offer: maker.offer.id, due: plan.pairs.slots[slot].instalment.due };
        let of_pair = plan.pairs.offers[offer(*pair) as usize].offer.id;
        let cutoff = plan.pairs.pairs[*pair].cutoff;
        legs.push((to, StageLeg { offer: of_pair, of, units: *units, cutoff }));
    }
    let mut ready: BTreeMap<OfferId, i64> = plan.makers.iter().map(|maker| (maker.offer.id, maker.ready)).collect();
    let mut lines: Vec<_> = outcome.lines.iter().filter(|line| makers.contains(&line.offer)).collect();
    lines.sort_by_key(|line| (!line.eligible.stock_only, line.eligible.cutoff));
    for line in lines {
        let (Some(at), Some(ready)) = (place.get(&line.offer), ready.get_mut(&line.offer)) else { continue };
        let of_stock = line.quantity.units().min(*ready);
        *ready -= of_stock;
        let (units, cutoff) = (line.quantity.units() - of_stock, line.eligible.cutoff);
        if units > 0 {
            let of = StageLegOf::Need { need: line.need, instalment: line.instalment };
            legs.push((*at, StageLeg { offer: line.offer, of, units, cutoff }));
        }
    }
    let mut found: BTreeMap<u32, Vec<StageLeg>> = BTreeMap::new();
    for (at, leg) in legs {
        found.entry(joined.find(at)).or_default().push(leg);
    }
    let chain = |mut legs: Vec<StageLeg>| {
        legs.sort_by_key(|leg| (leg.of, leg.offer));
        let to_needs = legs.iter().filter(|leg| matches!(leg.of, StageLegOf::Need { .. }));
        StageChain { units: to_needs.map(|leg| leg.units).sum(), legs }
    };
    // What is brought and serves no need, no chain is made for.
    let mut chains: Vec<StageChain> = found.into_values().map(chain).filter(|chain| chain.units > 0).collect();
    chains.sort_by_key(|chain| (std::cmp::Reverse(chain.units), chain.legs.first().map(|leg| leg.offer)));
    chains
}
