//! The rules that no flow can hold: smallest orders, and at most so many suppliers an instalment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    eligibility::{Predicate, Rules},
    ids::{InstalmentId, OfferId, OrganisationId, SiteId},
};

use crate::pairs::{Pair, Pairs};

/// A pair by the positions of its offer and its slot.
pub(crate) type Key = (u32, u32);

/// What a search decided so far. Nothing else goes into a solve, so the same decisions give the same
/// bytes, on whichever way they were come by.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decisions {
    /// Pairs that carry nothing.
    pub closed: BTreeSet<Key>,
    /// Base units that a pair carries at least.
    pub raised: BTreeMap<Key, i64>,
}

/// What the search has to know of a pair.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub key: Key,
    /// Base units that the slot still asks for.
    pub open: i64,
    /// Base units of the offer that exist by the pair's cut-off.
    pub available: i64,
}

impl Route {
    /// The most the pair could carry.
    pub fn room(&self) -> i64 {
        self.open.min(self.available)
    }
}

/// Whose order a pair belongs to: smallest orders count on the sum over one offer, one buyer and one
/// delivery site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OrderKey {
    pub offer: OfferId,
    pub organisation: OrganisationId,
    pub site: SiteId,
}

fn order_of(pairs: &Pairs<'_>, pair: &Pair) -> OrderKey {
    let need = pairs.slots[pair.slot as usize].need;
    OrderKey { offer: pairs.offers[pair.offer as usize].offer.id, organisation: need.organisation, site: need.site }
}

/// What one buyer's site gets of one offer: nothing, or at least so much.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub of: OrderKey,
    /// Base units.
    pub least: i64,
    /// Pairs by their place in the component, in the order of their instalments' ids.
    pub pairs: Vec<usize>,
}

/// An instalment that takes a limited number of suppliers.
#[derive(Debug, Clone)]
pub(super) struct Limited {
    /// How many besides those that hold a match already.
    pub most: usize,
    /// The others, sorted by organisation, with their pairs in the order of their offers' ids.
    pub suppliers: Vec<(OrganisationId, Vec<usize>)>,
}

/// A breach of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breach {
    /// An order, by its place, with what it carries and how many base units are at stake.
    TooSmall { order: usize, carries: i64, stake: i64 },
    /// An instalment, by its place, with what its suppliers beyond the largest carry.
    TooMany { slot: usize, stake: i64 },
}

impl Breach {
    /// Base units that a decision moves at least.
    pub fn stake(&self) -> i64 {
        match self {
            Self::TooSmall { stake, .. } | Self::TooMany { stake, .. } => *stake,
        }
    }
}

/// The side rules of a component.
///
/// Everything is sorted by ids, never by positions, so the order of input decides nothing.
#[derive(Debug, Clone)]
pub(crate) struct SideRules {
    pub(super) routes: Vec<Route>,
    pub(super) orders: Vec<Order>,
    pub(super) slots: Vec<Limited>,
    /// Base units that each offer, by position, has by the last cut-off of its pairs.
    pub(super) supply: HashMap<u32, i64>,
    /// Base units that the run before suggested, by pair.
    pub(super) suggested: Vec<i64>,
    /// How many levels count: solutions equal in these are equally good.
    pub(super) leading: usize,
}

impl SideRules {
    /// The rules of a component's pairs, of which flows will be given in the same order.
    ///
    /// `open` holds the open base units per slot of the market; `leading` says how many levels of the
    /// values are worth a search, counted from the first (all but fewer deliveries and ties, say).
    /// `suggested` says what the run before gave a pair.
    pub fn of(
        rules: &Rules<'_>,
        pairs: &Pairs<'_>,
        part: &[Pair],
        (open, suggested): (&[i64], impl Fn(&Pair) -> i64),
        leading: usize,
    ) -> Self {
        let route = |p: &Pair| {
            let curve = &pairs.offers[p.offer as usize].curve;
            let available = if p.stock_only { curve.stock_by(p.cutoff) } else { curve.by(p.cutoff) };
            Route { key: (p.offer, p.slot), open: open[p.slot as usize], available }
        };
        let mut orders: BTreeMap<OrderKey, (i64, Vec<usize>)> = BTreeMap::new();
        if !rules.parameters.without_predicates.contains(&Predicate::MinimumOrder) {
            for (i, p) in part.iter().enumerate() {
                let Some(least) = &pairs.offers[p.offer as usize].offer.terms.min_order else { continue };
                let order = orders.entry(order_of(pairs, p));
                order.or_insert_with(|| (least.quantity.units(), Vec::new())).1.push(i);
            }
        }
        let orders = orders.into_iter().map(|(of, (least, mut members))| {
            members.sort_by_key(|i| pairs.slots[part[*i].slot as usize].instalment.id);
            Order { of, least, pairs: members }
        });
        let (orders, slots): (Vec<Order>, _) = (orders.collect(), limited(rules, pairs, part));
        if orders.is_empty() && slots.is_empty() {
            // Nothing to keep, and nothing to know of the pairs.
            return Self::new(Vec::new(), orders, slots, leading);
        }
        let found = Self::new(part.iter().map(route).collect(), orders, slots, leading);
        Self { suggested: part.iter().map(suggested).collect(), ..found }
    }

    /// From its parts.
    pub(super) fn new(routes: Vec<Route>, orders: Vec<Order>, slots: Vec<Limited>, leading: usize) -> Self {
        let mut supply: HashMap<u32, i64> = HashMap::new();
        for route in &routes {
            let most = supply.entry(route.key.0).or_default();
            *most = route.available.max(*most);
        }
        Self { suggested: vec![0; routes.len()], routes, orders, slots, supply, leading }
    }

    /// The decisions of the run before, as far as its suggestions show them: orders that it met are raised to
    /// what they were, all others closed, and limited instalments keep their suppliers. None without suggestions.
    pub fn as_before(&self, start: &Decisions) -> Option<Decisions> {
        if self.suggested.iter().all(|units| *units == 0) {
            return None;
        }
        let mut decisions = start.clone();
        for order in &self.orders {
            let sum: i64 = order.pairs.iter().map(|i| self.suggested[*i]).sum();
            let keys = order.pairs.iter().map(|i| self.routes[*i].key);
            if sum < order.least {
                decisions.closed.extend(keys);
            } else {
                let units = order.pairs.iter().map(|i| self.suggested[*i]);
                decisions.raised.extend(keys.zip(units).filter(|(key, n)| *n > 0 && !start.closed.contains(key)));
            }
        }
        for slot in &self.slots {
            for (_, pairs) in &slot.suppliers {
                if pairs.iter().all(|i| self.suggested[*i] == 0) {
                    decisions.close(pairs.iter().map(|i| self.routes[*i].key));
                }
            }
        }
        Some(decisions)
    }

    /// What no solution can use: orders that stay below their limit whatever they get, and suppliers of
    /// instalments that take no further one. Closing them costs nothing and makes the bound tighter.
    pub fn hopeless(&self) -> Decisions {
        let mut none = Decisions::default();
        for slot in self.slots.iter().filter(|s| s.most == 0) {
            none.closed.extend(slot.suppliers.iter().flat_map(|(_, pairs)| pairs).map(|i| self.routes[*i].key));
        }
        for order in &self.orders {
            let pairs: Vec<usize> = self.still_open(order, &none).collect();
            if self.reach(&pairs) < order.least {
                none.closed.extend(pairs.iter().map(|i| self.routes[*i].key));
            }
        }
        none
    }

    /// The pairs of an order that the decisions leave open.
    pub(super) fn still_open<'s>(
        &'s self,
        order: &'s Order,
        decisions: &'s Decisions,
    ) -> impl Iterator<Item = usize> + 's {
        order.pairs.iter().copied().filter(|i| !decisions.closed.contains(&self.routes[*i].key))
    }

    /// The most that pairs of one offer could carry together. What they draw on by one cut-off contains
    /// what they draw on by an earlier one, so the earliest first finds it.
    fn reach(&self, pairs: &[usize]) -> i64 {
        let mut sorted: Vec<&Route> = pairs.iter().map(|i| &self.routes[*i]).collect();
        sorted.sort_by_key(|r| r.available);
        sorted.iter().fold(0, |sum: i64, r| sum.saturating_add(r.open).min(r.available))
    }

    /// Every rule that flows break, orders first, in the order of ids.
    pub(super) fn breaches(&self, flows: &[i64]) -> Vec<Breach> {
        let carried = |pairs: &[usize]| pairs.iter().map(|i| flows[*i]).sum::<i64>();
        let mut found = Vec::new();
        for (place, order) in self.orders.iter().enumerate() {
            let carries = carried(&order.pairs);
            if carries > 0 && carries < order.least {
                found.push(Breach::TooSmall { order: place, carries, stake: carries.min(order.least - carries) });
            }
        }
        for (place, slot) in self.slots.iter().enumerate() {
            let mut used: Vec<i64> = slot.suppliers.iter().map(|(_, p)| carried(p)).filter(|f| *f > 0).collect();
            if used.len() > slot.most {
                used.sort_unstable_by(|a, b| b.cmp(a));
                found.push(Breach::TooMany { slot: place, stake: used[slot.most..].iter().sum() });
            }
        }
        found
    }
}

/// Instalments with a limit on suppliers and more of them than the limit, in the order of ids.
fn limited(rules: &Rules<'_>, pairs: &Pairs<'_>, part: &[Pair]) -> Vec<Limited> {
    let supplier = |p: &Pair| pairs.offers[p.offer as usize].offer.organisation;
    let mut standing: HashMap<InstalmentId, BTreeSet<OrganisationId>> = HashMap::new();
    for c in rules.market.commitments.iter().filter(|c| !c.covered().is_zero()) {
        if let Some(offer) = rules.market.offer(c.offer) {
            standing.entry(c.instalment).or_default().insert(offer.organisation);
        }
    }
    let mut found: BTreeMap<InstalmentId, (usize, BTreeMap<OrganisationId, Vec<usize>>)> = BTreeMap::new();
    for (i, p) in part.iter().enumerate() {
        let slot = &pairs.slots[p.slot as usize];
        let Some(most) = slot.need.terms.max_suppliers else { continue };
        let with = standing.get(&slot.instalment.id);
        // Who holds a match already counts, and may supply more.
        if with.is_some_and(|s| s.contains(&supplier(p))) {
            continue;
        }
        let left = usize::from(most).saturating_sub(with.map_or(0, BTreeSet::len));
        let entry = found.entry(slot.instalment.id).or_insert_with(|| (left, BTreeMap::new()));
        entry.1.entry(supplier(p)).or_default().push(i);
    }
    let slots = found.into_values().filter(|(most, suppliers)| suppliers.len() > *most);
    slots
        .map(|(most, suppliers)| {
            let by_offer = |(organisation, mut members): (OrganisationId, Vec<usize>)| {
                members.sort_by_key(|i| pairs.offers[part[*i].offer as usize].offer.id);
                (organisation, members)
            };
            Limited { most, suppliers: suppliers.into_iter().map(by_offer).collect() }
        })
        .collect()
}
