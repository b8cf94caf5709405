//! The market split into parts that share nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    code::ProductCode,
    eligibility::Rules,
    ids::{InstalmentId, LineId, OfferId},
    line::Line,
    market::Commitment,
    parameters::{Fairness, Level},
};

use crate::{
    flow::Components,
    pairs::{Pair, Pairs},
};

/// A part of the market that shares nothing with the rest.
#[derive(Debug, Default)]
pub(crate) struct Component<'a> {
    /// Offer positions, ascending.
    pub offers: Vec<usize>,
    /// Slot positions with an open quantity, ascending.
    pub slots: Vec<usize>,
    /// Commitments on the offers.
    pub commitments: Vec<&'a Commitment>,
    /// Lines the offers share.
    pub lines: BTreeMap<LineId, &'a Line>,
    /// Pairs, sorted by slot, then offer.
    pub pairs: Vec<Pair>,
}

impl Component<'_> {
    /// The component with some pairs closed.
    pub fn without(&self, closed: &BTreeSet<(u32, u32)>) -> Self {
        Self {
            offers: self.offers.clone(),
            slots: self.slots.clone(),
            commitments: self.commitments.clone(),
            lines: self.lines.clone(),
            pairs: self.pairs.iter().filter(|p| !closed.contains(&(p.offer, p.slot))).copied().collect(),
        }
    }
}

/// What instalments still ask for, and whom their shares are held against.
pub(crate) struct Demands {
    /// Per slot, its quantity less what is held or agreed.
    pub open: Vec<i64>,
    /// Fairness groups; none unless shares are held against each other.
    pub groups: Vec<Group>,
    /// The group of each slot.
    pub group_of: Vec<Option<u32>>,
}

/// Needs whose covered share counts as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// The tier; none when all tiers count as one.
    pub tier: Option<u8>,
    pub product: ProductCode,
    /// Region, organisation or need.
    pub name: String,
    /// What its needs ask for in all, in base units.
    pub demand: i64,
    /// What is held or agreed of it.
    pub promised: i64,
}

impl Demands {
    pub fn of(rules: &Rules<'_>, pairs: &Pairs<'_>) -> Self {
        let mut taken: HashMap<InstalmentId, i64> = HashMap::new();
        for c in &rules.market.commitments {
            *taken.entry(c.instalment).or_default() += c.covered().units();
        }
        let asked: Vec<i64> = pairs.slots.iter().map(|s| s.instalment.measure.quantity.units()).collect();
        let open: Vec<i64> = pairs
            .slots
            .iter()
            .zip(&asked)
            .map(|(s, asked)| (asked - taken.get(&s.instalment.id).copied().unwrap_or(0)).max(0))
            .collect();
        let mut demands = Self { open, groups: Vec::new(), group_of: vec![None; asked.len()] };
        let without = &rules.parameters.without_levels;
        let Fairness::MaxMin { by, .. } = rules.parameters.fairness else { return demands };
        if without.contains(&Level::Fairness) {
            return demands;
        }
        let tiered = !without.contains(&Level::Urgency);
        let mut known: HashMap<(Option<u8>, &ProductCode, String), u32> = HashMap::new();
        for (i, slot) in pairs.slots.iter().enumerate() {
            let tier = tiered.then(|| slot.need.tier(rules.market.day));
            let (product, name) = (&slot.need.terms.product, rules.fairness_group(slot.need, by));
            let next = u32::try_from(demands.groups.len()).unwrap_or(u32::MAX);
            let at = *known.entry((tier, product, name.clone())).or_insert(next);
            if at == next {
                demands.groups.push(Group { tier, product: product.clone(), name, demand: 0, promised: 0 });
            }
            let group = &mut demands.groups[at as usize];
            group.demand = group.demand.saturating_add(asked[i]);
            group.promised = group.promised.saturating_add(asked[i] - demands.open[i]);
            demands.group_of[i] = Some(at);
        }
        demands
    }
}

/// A market judged and split, ready to be solved part by part.
pub(crate) struct Prepared<'a> {
    pub rules: Rules<'a>,
    pub pairs: Pairs<'a>,
    pub demands: Demands,
    pub parts: Vec<Component<'a>>,
    /// Per offer position, its place among the offers of its part.
    pub offer_rank: Vec<u32>,
    /// Per slot position, its place among the slots of its part.
    pub slot_rank: Vec<u32>,
    /// Offer positions by id.
    pub position: HashMap<OfferId, usize>,
    /// Units suggested before, by pair.
    pub suggested: HashMap<(OfferId, InstalmentId), i64>,
}

impl<'a> Prepared<'a> {
    /// Splits judged pairs.
    pub fn new(rules: &Rules<'a>, pairs: Pairs<'a>) -> Self {
        let demands = Demands::of(rules, &pairs);
        let position = pairs.offers.iter().enumerate().map(|(i, o)| (o.offer.id, i)).collect();
        let parts = components(rules, &pairs, &demands, &position);
        let (mut offer_rank, mut slot_rank) = (vec![0; pairs.offers.len()], vec![0; pairs.slots.len()]);
        for part in &parts {
            for (rank, offer) in (0..).zip(&part.offers) {
                offer_rank[*offer] = rank;
            }
            for (rank, slot) in (0..).zip(&part.slots) {
                slot_rank[*slot] = rank;
            }
        }
        let mut suggested: HashMap<_, i64> = HashMap::new();
        for s in &rules.market.suggestions {
            *suggested.entry((s.offer, s.instalment)).or_default() += s.quantity.units();
        }
        Self { rules: *rules, pairs, demands, parts, offer_rank, slot_rank, position, suggested }
    }

    /// Units suggested before for a pair.
    pub fn suggested_units(&self, offer: OfferId, instalment: InstalmentId) -> i64 {
        // Asked of every pair, and mostly nothing was suggested at all.
        if self.suggested.is_empty() { 0 } else { self.suggested.get(&(offer, instalment)).copied().unwrap_or(0) }
    }

    /// How much of what was suggested before could be kept: that of pairs which are still eligible.
    pub fn kept_at_most(&self) -> i128 {
        if self.suggested.is_empty() {
            return 0;
        }
        let units = |p: &Pair| {
            let instalment = self.pairs.slots[p.slot as usize].instalment.id;
            i128::from(self.suggested_units(self.pairs.offers[p.offer as usize].offer.id, instalment))
        };
        self.parts.iter().flat_map(|part| &part.pairs).map(units).sum()
    }

    /// The place of an offer among those of its part.
    pub fn rank_of(&self, offer: OfferId) -> usize {
        self.position.get(&offer).map_or(0, |at| self.offer_rank[*at] as usize)
    }
}

/// Splits the market; an instalment without any eligible offer is part of none.
fn components<'a>(
    rules: &Rules<'a>,
    pairs: &Pairs<'a>,
    demands: &Demands,
    position: &HashMap<OfferId, usize>,
) -> Vec<Component<'a>> {
    let open = &demands.open;
    let offers = pairs.offers.len();
    let lines: Vec<LineId> = rules.market.lines.keys().copied().collect();
    let number = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    let (first_line, first_group) = (offers + pairs.slots.len(), offers + pairs.slots.len() + lines.len());
    let mut joined = Components::new(number(first_group + demands.groups.len()));
    for p in pairs.pairs.iter().filter(|p| open[p.slot as usize] > 0) {
        joined.join(p.offer, number(offers) + p.slot);
        if let Some(group) = demands.group_of[p.slot as usize] {
            joined.join(p.offer, number(first_group) + group);
        }
    }
    for (i, view) in pairs.offers.iter().enumerate() {
        if let Some(line) = view.offer.terms.line.and_then(|l| lines.binary_search(&l).ok()) {
            joined.join(number(i), number(first_line + line));
        }
    }
    let (of, count) = joined.numbered();
    let mut parts: Vec<Component<'a>> = (0..count).map(|_| Component::default()).collect();
    for (i, view) in pairs.offers.iter().enumerate() {
        let part = &mut parts[of[i] as usize];
        part.offers.push(i);
        if let Some(line) = view.offer.terms.line.and_then(|l| rules.market.lines.get(&l)) {
            part.lines.insert(line.id, line);
        }
    }
    for (i, _) in pairs.slots.iter().enumerate().filter(|(i, _)| open[*i] > 0) {
        parts[of[offers + i] as usize].slots.push(i);
    }
    for p in pairs.pairs.iter().filter(|p| open[p.slot as usize] > 0) {
        parts[of[p.offer as usize] as usize].pairs.push(*p);
    }
    for c in rules.market.commitments.iter().filter(|c| !c.quantity.is_zero()) {
        if let Some(at) = position.get(&c.offer) {
            parts[of[*at] as usize].commitments.push(c);
        }
    }
    parts.retain(|p| !p.pairs.is_empty() || !p.commitments.is_empty());
    parts
}
