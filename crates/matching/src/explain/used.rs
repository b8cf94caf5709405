//! Where the capacity of eligible offers went.

use std::collections::{BTreeMap, HashMap};

use domain::{
    eligibility::{Eligible, NeedView, OfferView, Reason, Rules},
    ids::{NeedId, OfferId},
    market::Commitment,
    need::Instalment,
};
use serde::Serialize;

use super::trace::available;
use crate::{
    counterfactual::TierUnits,
    outcome::{FunnelStep, MatchLine, Outcome},
};

/// An eligible offer and what used it up, in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Used {
    /// The offer, under the name by which the reader knows it.
    pub offer: OfferId,
    /// What it has by the cut-off for the instalment.
    pub available: i64,
    /// What was held or agreed of it before.
    pub promised: i64,
    /// What goes to the need itself, in any of its instalments.
    pub to_need: i64,
    /// What goes to other needs, by tier.
    pub taken_by: Vec<TierUnits>,
    /// The most that is left of it by the cut-off; a line that it shares may leave less.
    pub left: i64,
    /// Whether it shares a line.
    pub shares_line: bool,
    /// Its smallest order, if it has one.
    pub smallest_order: Option<i64>,
}

/// What an allocation takes from each offer.
pub(super) struct Usage<'u> {
    lines: HashMap<OfferId, Vec<&'u MatchLine>>,
    promised: HashMap<OfferId, Vec<&'u Commitment>>,
    tiers: HashMap<NeedId, u8>,
}

impl<'u> Usage<'u> {
    pub fn of(rules: &Rules<'u>, outcome: &'u Outcome) -> Self {
        let mut usage = Self { lines: HashMap::new(), promised: HashMap::new(), tiers: HashMap::new() };
        for line in &outcome.lines {
            usage.lines.entry(line.offer).or_default().push(line);
        }
        for commitment in &rules.market.commitments {
            usage.promised.entry(commitment.offer).or_default().push(commitment);
        }
        usage.tiers = rules.market.needs.iter().map(|n| (n.id, n.tier(rules.market.day))).collect();
        usage
    }

    fn lines_of(&self, offer: OfferId) -> &[&'u MatchLine] {
        self.lines.get(&offer).map(Vec::as_slice).unwrap_or_default()
    }

    fn promises_of(&self, offer: OfferId) -> &[&'u Commitment] {
        self.promised.get(&offer).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn of_offer(&self, rules: &Rules<'_>, offer: &OfferView<'_>, how: &Eligible, need: NeedId) -> Used {
        let id = offer.offer.id;
        let mut taken: BTreeMap<u8, i64> = BTreeMap::new();
        let mut to_need = 0;
        for line in self.lines_of(id) {
            if line.need == need {
                to_need += line.quantity.units();
            } else {
                let tier = self.tiers.get(&line.need).copied().unwrap_or(4);
                *taken.entry(tier).or_default() += line.quantity.units();
            }
        }
        let line = offer.offer.terms.line;
        Used {
            offer: id,
            available: available(rules, offer, how),
            promised: self.promises_of(id).iter().map(|c| c.quantity.units()).fold(0, i64::saturating_add),
            to_need,
            taken_by: taken.into_iter().map(|(tier, units)| TierUnits { tier, units }).collect(),
            left: self.left(rules, offer, how),
            shares_line: line.is_some_and(|l| rules.market.lines.contains_key(&l)),
            smallest_order: offer.offer.terms.min_order.as_ref().map(|m| m.quantity.units()),
        }
    }

    /// What could still be drawn by the cut-off without taking from later draws: the least, over the
    /// cut-off and all later draws, of what exists by then less what is drawn by then.
    fn left(&self, rules: &Rules<'_>, offer: &OfferView<'_>, how: &Eligible) -> i64 {
        let (id, as_of) = (offer.offer.id, offer.offer.terms.profile.as_of);
        let new = self.lines_of(id).iter().map(|l| (l.eligible.cutoff, l.quantity.units()));
        let held = self.promises_of(id).iter().map(|c| (c.cutoff.max(as_of), c.quantity.units()));
        let drawn: Vec<_> = new.chain(held).collect();
        let later = drawn.iter().map(|(day, _)| *day).filter(|day| *day > how.cutoff);
        let slack = |by| offer.curve.by(by) - drawn.iter().filter(|(d, _)| *d <= by).map(|(_, u)| u).sum::<i64>();
        let whole = std::iter::once(how.cutoff).chain(later).map(slack).min().unwrap_or(0);
        if !how.stock_only {
            return whole.max(0);
        }
        let of_stock = self.lines_of(id).iter().filter(|l| l.eligible.stock_only).map(|l| l.quantity.units());
        let stock = available(rules, offer, how) - of_stock.sum::<i64>();
        whole.min(stock).max(0)
    }
}

/// Units by tier over several offers.
pub(super) fn by_tier(used: &[Used]) -> Vec<TierUnits> {
    let mut tiers: BTreeMap<u8, i64> = BTreeMap::new();
    for taken in used.iter().flat_map(|u| &u.taken_by) {
        let total = tiers.entry(taken.tier).or_default();
        *total = total.saturating_add(taken.units);
    }
    tiers.into_iter().map(|(tier, units)| TierUnits { tier, units }).collect()
}

/// The eligible offers of an instalment, cheapest first, by their position.
pub(super) fn ranked(
    rules: &Rules<'_>,
    need: &NeedView<'_>,
    offers: &[OfferView<'_>],
    instalment: &Instalment,
) -> Vec<(usize, Eligible)> {
    let judged = offers.iter().enumerate();
    let mut found: Vec<(usize, Eligible)> =
        judged.filter_map(|(at, offer)| Some((at, rules.judge(offer, need, instalment).ok()?))).collect();
    found.sort_by_key(|(at, how)| (how.cost.total(), *at));
    found
}

/// How many of the offers fail for which first reason, in the order of the predicates.
pub(super) fn funnel(
    rules: &Rules<'_>,
    need: &NeedView<'_>,
    offers: &[OfferView<'_>],
    instalment: &Instalment,
) -> Vec<FunnelStep> {
    let mut reasons: BTreeMap<Reason, u32> = BTreeMap::new();
    for reason in offers.iter().filter_map(|offer| rules.judge(offer, need, instalment).err()) {
        *reasons.entry(reason).or_default() += 1;
    }
    reasons.into_iter().map(|(reason, offers)| FunnelStep { reason, offers }).collect()
}
