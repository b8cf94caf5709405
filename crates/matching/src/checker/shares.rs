//! Fairness groups once more, what they are sure of, and the cuts that prove it.

use std::collections::BTreeMap;

use domain::parameters::{Fairness, Level};

use super::facts::Facts;
use crate::outcome::{Outcome, Share};

/// A group with open instalments that somebody is eligible for.
pub(super) struct Group {
    /// Its instalments of that kind.
    pub slots: Vec<usize>,
    /// What they still ask for.
    pub open: i64,
    /// Units it is sure of.
    pub floor: i64,
    pub tier: Option<u8>,
    pub demand: i64,
    pub promised: i64,
    pub level: (i64, i64),
    pub round: u32,
}

impl Facts<'_> {
    /// The groups, held against the published ones.
    pub fn groups(&self, outcome: &Outcome) -> Result<Vec<Group>, String> {
        let parameters = self.rules.parameters;
        let without = &parameters.without_levels;
        let (by, dial) = match parameters.fairness {
            Fairness::MaxMin { by, dial } if !without.contains(&Level::Fairness) => (by, dial),
            _ if outcome.shares.is_empty() && outcome.proof.cuts.is_empty() => return Ok(Vec::new()),
            _ => return Err("shares are published and not asked for".to_owned()),
        };
        let mut found: BTreeMap<_, Group> = BTreeMap::new();
        for at in 0..self.slots.len() {
            let (slot, need) = (&self.slots[at], self.need(at));
            let tier = (!without.contains(&Level::Urgency)).then(|| need.tier(self.rules.market.day));
            let key = (tier, need.terms.product.clone(), self.rules.fairness_group(need, by));
            let empty = || Group {
                slots: Vec::new(),
                open: 0,
                floor: 0,
                tier,
                demand: 0,
                promised: 0,
                level: (0, 1),
                round: 0,
            };
            let group = found.entry(key).or_insert_with(empty);
            let asked = slot.instalment.measure.quantity.units();
            group.demand = group.demand.saturating_add(asked);
            group.promised = group.promised.saturating_add(asked - slot.open);
            if self.takes_part(at) {
                group.slots.push(at);
                group.open += slot.open;
            }
        }
        found.retain(|_, group| !group.slots.is_empty());
        if !found.keys().eq(outcome.shares.iter().map(share_key).collect::<Vec<_>>().iter()) {
            return Err("the fairness groups are others".to_owned());
        }
        for (group, share) in found.values_mut().zip(&outcome.shares) {
            let matched: i64 = group.slots.iter().map(|s| self.slots[*s].given).sum();
            let (n, d) = (i128::from(share.level.0), i128::from(share.level.1));
            if n < 0 || d <= 0 || share.round == 0 {
                return Err(format!("the share of {} is no fraction", share.group));
            }
            let sure = floor(i128::from(dial), (n, d), i128::from(group.demand)) - i128::from(group.promised);
            let expected = sure.clamp(0, i128::from(group.open));
            let same = (share.demand, share.promised, share.matched) == (group.demand, group.promised, matched);
            if !same || i128::from(share.floor) != expected {
                return Err(format!("the figures of the group {} do not add up", share.group));
            }
            (group.floor, group.level, group.round) = (share.floor, share.level, share.round);
        }
        Ok(found.into_values().collect())
    }
}

fn share_key(share: &Share) -> (Option<u8>, domain::code::ProductCode, String) {
    (share.tier, share.product.clone(), share.group.clone())
}

/// The whole part of `dial / 1000 x n / d x demand`, without leaving 128 bits.
fn floor(dial: i128, (n, d): (i128, i128), demand: i128) -> i128 {
    let units = n * demand;
    (dial * (units / d) + dial * (units % d) / d) / 1_000
}
