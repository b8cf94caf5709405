//! Repairs: bulk decisions about whatever is in breach, and a solve, until nothing is.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Relaxed, Search,
    choice::{Keep, Lift},
    rules::{Breach, Decisions, Key, Order, SideRules},
};

/// How many rounds the closing repair goes gently about it.
const GENTLE_ROUNDS: u32 = 8;

/// By how many hundredths the bar for raising sinks from round to round.
const EAGERNESS: i64 = 5;

/// Into how many parts an answer is cut to be improved.
const PARTS: usize = 8;

/// How a repair decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// Small orders are closed, suppliers kept by what they carry.
    Close,
    /// Orders that carry at least so many hundredths of their limit are raised where supply allows.
    Raise { from: i64, keep: Keep },
}

impl Policy {
    /// Whatever is nearer: closed below half of the limit, raised from there on.
    pub const NEAREST: Self = Self::Raise { from: 50, keep: Keep::Possible };
    /// Those that the search begins with; raising whatever supply allows covers most, and ends soonest.
    pub const TRIED: [Self; 3] = [Self::Raise { from: 0, keep: Keep::Possible }, Self::NEAREST, Self::Close];
}

impl Decisions {
    /// Closes pairs, raised or not.
    pub(super) fn close(&mut self, pairs: impl IntoIterator<Item = Key>) {
        for key in pairs {
            self.raised.remove(&key);
            self.closed.insert(key);
        }
    }
}

impl<T, E, S> Search<'_, T, S>
where
    S: FnMut(&Decisions) -> Result<Relaxed<T>, E>,
{
    /// Closes what is in breach until nothing is. It always ends, for each round closes a pair that
    /// carried something, and it does not heed the limit.
    pub(super) fn close_all(
        &mut self,
        mut decisions: Decisions,
        root: Relaxed<T>,
    ) -> Result<(Decisions, Relaxed<T>), E> {
        let mut relaxed = root;
        while !self.problem.breaches(&relaxed.flows).is_empty() {
            self.problem.decide(&mut decisions, &relaxed.flows, Policy::Close, self.past_limit);
            self.past_limit += 1;
            relaxed = (self.solve)(&decisions)?;
        }
        Ok((decisions, relaxed))
    }

    /// Decides by a policy until nothing is in breach, the answer would be no better than the best, or
    /// no solve is left. Each round raises or closes something for good, so it ends.
    pub(super) fn repair(&mut self, mut decisions: Decisions, flows: &[i64], policy: Policy) -> Result<(), E> {
        let mut flows = flows.to_vec();
        for round in 0.. {
            self.problem.decide(&mut decisions, &flows, policy, round);
            let Some(relaxed) = self.next(&decisions)? else { return Ok(()) };
            if self.problem.breaches(&relaxed.flows).is_empty() {
                self.keep_better(decisions, relaxed);
                return Ok(());
            }
            if self.is_beaten(&relaxed.value) {
                return Ok(());
            }
            flows = relaxed.flows;
        }
        Ok(())
    }

    /// Frees a part of the best answer from its decisions, repairs that part anew, and takes what is
    /// better; part after part, until a whole turn has brought nothing.
    pub(super) fn improve(&mut self, start: &Decisions, bound: &[i128], until: u32) -> Result<(), E> {
        let (mut part, mut in_vain) = (0, 0);
        while in_vain < PARTS && self.solves < until && !self.reaches(bound) {
            let Some((best, answer)) = &self.best else { return Ok(()) };
            let (mut decisions, before) = (best.clone(), answer.value.clone());
            self.problem.free(&mut decisions, start, part);
            part = (part + 1) % PARTS;
            in_vain += 1;
            if decisions == *best {
                continue;
            }
            let Some(relaxed) = self.next(&decisions)? else { return Ok(()) };
            if self.problem.breaches(&relaxed.flows).is_empty() {
                self.keep_better(decisions, relaxed);
            } else if !self.is_beaten(&relaxed.value) {
                self.repair(decisions, &relaxed.flows, Policy::NEAREST)?;
            }
            if self.best.as_ref().is_some_and(|(_, now)| now.value < before) {
                in_vain = 0;
            }
        }
        Ok(())
    }
}

impl SideRules {
    /// Takes back the decisions on every so many-th offer and instalment.
    fn free(&self, decisions: &mut Decisions, start: &Decisions, part: usize) {
        let mut offers: Vec<_> = self.orders.iter().map(|o| o.of.offer).collect();
        offers.dedup();
        let mut freed: BTreeSet<Key> = BTreeSet::new();
        for order in &self.orders {
            if offers.binary_search(&order.of.offer).is_ok_and(|at| at % PARTS == part) {
                freed.extend(order.pairs.iter().map(|i| self.routes[*i].key));
            }
        }
        for (_, slot) in self.slots.iter().enumerate().filter(|(at, _)| at % PARTS == part) {
            freed.extend(slot.suppliers.iter().flat_map(|(_, pairs)| pairs).map(|i| self.routes[*i].key));
        }
        decisions.raised.retain(|key, _| !freed.contains(key));
        decisions.closed.retain(|key| !freed.contains(key) || start.closed.contains(key));
    }

    /// The pairs of a supplier of an instalment.
    pub(super) fn of_supplier(&self, slot: usize, supplier: usize) -> Vec<Key> {
        self.slots[slot].suppliers[supplier].1.iter().map(|i| self.routes[*i].key).collect()
    }

    /// The pairs of all suppliers of an instalment but some.
    pub(super) fn all_but(&self, slot: usize, kept: &[usize]) -> Vec<Key> {
        let others = (0..self.slots[slot].suppliers.len()).filter(|s| !kept.contains(s));
        others.flat_map(|s| self.of_supplier(slot, s)).collect()
    }

    fn close_order(&self, decisions: &mut Decisions, order: usize) {
        decisions.close(self.orders[order].pairs.iter().map(|i| self.routes[*i].key));
    }

    /// What is drawn on each offer.
    fn drawn(&self, flows: &[i64]) -> BTreeMap<u32, i64> {
        let mut drawn = BTreeMap::new();
        for (route, flow) in self.routes.iter().zip(flows).filter(|(_, f)| **f > 0) {
            *drawn.entry(route.key.0).or_default() += flow;
        }
        drawn
    }

    /// One round of decisions; something is decided wherever anything is in breach. From round to round
    /// there is less patience, for what is closed comes back elsewhere as another small order.
    fn decide(&self, decisions: &mut Decisions, flows: &[i64], policy: Policy, round: u32) {
        match policy {
            Policy::Close => {
                if round >= GENTLE_ROUNDS {
                    self.close_small(decisions, flows);
                }
                self.close_least(decisions, flows);
            }
            Policy::Raise { from, keep } => {
                let from = from.saturating_sub(EAGERNESS.saturating_mul(i64::from(round)));
                self.raise(decisions, flows, from, keep);
            }
        }
    }

    /// Keeps the suppliers that carry most, and closes of each offer the least small order.
    fn close_least(&self, decisions: &mut Decisions, flows: &[i64]) {
        let mut least: BTreeMap<_, (i64, usize)> = BTreeMap::new();
        let drawn = self.drawn(flows);
        for breach in self.breaches(flows) {
            match breach {
                Breach::TooSmall { order, carries, .. } => {
                    let offer = self.orders[order].of.offer;
                    if least.get(&offer).is_none_or(|(other, _)| carries < *other) {
                        least.insert(offer, (carries, order));
                    }
                }
                Breach::TooMany { slot, .. } => {
                    self.keep_suppliers(decisions, slot, flows, Keep::Carried, &drawn);
                }
            }
        }
        for (_, order) in least.into_values() {
            self.close_order(decisions, order);
        }
    }

    /// Closes every order below its limit, also those that carry nothing.
    fn close_small(&self, decisions: &mut Decisions, flows: &[i64]) {
        for (place, order) in self.orders.iter().enumerate() {
            if order.pairs.iter().map(|i| flows[*i]).sum::<i64>() < order.least {
                self.close_order(decisions, place);
            }
        }
    }

    fn keep_suppliers(
        &self,
        decisions: &mut Decisions,
        slot: usize,
        flows: &[i64],
        keep: Keep,
        drawn: &BTreeMap<u32, i64>,
    ) -> Vec<usize> {
        let ranked = self.ranked(slot, flows, decisions, keep, drawn);
        let kept: Vec<usize> = ranked.into_iter().take(self.slots[slot].most).map(|(place, _)| place).collect();
        decisions.close(self.all_but(slot, &kept));
        kept
    }

    /// Counts what a supplier that was kept may give besides, so that two instalments do not count on it.
    fn promise(&self, slot: usize, supplier: usize, flows: &[i64], drawn: &mut BTreeMap<u32, i64>) {
        for i in &self.slots[slot].suppliers[supplier].1 {
            let route = &self.routes[*i];
            let of_offer = drawn.entry(route.key.0).or_default();
            *of_offer += (route.available - *of_offer).min(route.open - flows[*i]).max(0);
        }
    }

    /// Keeps suppliers, and decides on one small order of each instalment: raised if it carries enough
    /// and fits, else closed, one of each offer. The rest waits for what that sets free.
    fn raise(&self, decisions: &mut Decisions, flows: &[i64], from: i64, keep: Keep) {
        let mut drawn = self.drawn(flows);
        let mut small: Vec<(i64, usize)> = Vec::new();
        for breach in self.breaches(flows) {
            match breach {
                Breach::TooSmall { order, carries, .. } => small.push((self.orders[order].least - carries, order)),
                Breach::TooMany { slot, .. } => {
                    for place in self.keep_suppliers(decisions, slot, flows, keep, &drawn) {
                        self.promise(slot, place, flows, &mut drawn);
                    }
                }
            }
        }
        // Who lacks least first; equal ones stay in the order of ids.
        small.sort_by_key(|(missing, _)| *missing);
        let mut forced = Forced::of(decisions);
        let mut touched: BTreeSet<u32> = BTreeSet::new();
        let mut least: BTreeMap<_, (i64, usize)> = BTreeMap::new();
        for (missing, place) in small {
            let order = &self.orders[place];
            let served = order.pairs.iter().filter(|i| flows[**i] > 0).map(|i| self.routes[*i].key.1);
            let served: Vec<u32> = served.collect();
            if served.iter().any(|slot| touched.contains(slot)) {
                continue;
            }
            touched.extend(served);
            let carries = order.least - missing;
            let enough = carries.saturating_mul(100) >= order.least.saturating_mul(from);
            let units = if enough { self.fitting(order, flows, decisions, &forced) } else { None };
            if let Some(units) = units {
                forced.add(decisions, units);
            } else if least.get(&order.of.offer).is_none_or(|(other, _)| carries < *other) {
                least.insert(order.of.offer, (carries, place));
            }
        }
        for (_, order) in least.into_values() {
            self.close_order(decisions, order);
        }
    }

    /// Units that raise an order, if what is forced already leaves room for them.
    fn fitting(&self, order: &Order, flows: &[i64], decisions: &Decisions, forced: &Forced) -> Option<Vec<(Key, i64)>> {
        let own = |key: &Key| decisions.raised.get(key).copied().unwrap_or(0);
        let raised: i64 = order.pairs.iter().map(|i| own(&self.routes[*i].key)).sum();
        // Raised before and in breach again: what was forced does not fit.
        if raised >= order.least {
            return None;
        }
        let units = self.lift(order, flows, decisions, Lift::Spread)?;
        let offer = units.first()?.0.0;
        let supply = self.supply.get(&offer).copied().unwrap_or(0);
        let spare = supply + raised - forced.of_offer.get(&offer).copied().unwrap_or(0);
        let fits = |(key, units): &(Key, i64)| {
            let open = order.pairs.iter().map(|i| &self.routes[*i]).find(|r| r.key == *key).map_or(0, |r| r.open);
            forced.of_slot.get(&key.1).copied().unwrap_or(0) - own(key) + units <= open
        };
        (order.least <= spare && units.iter().all(fits)).then_some(units)
    }
}

/// Units forced so far, by offer and by slot.
struct Forced {
    of_offer: BTreeMap<u32, i64>,
    of_slot: BTreeMap<u32, i64>,
}

impl Forced {
    fn of(decisions: &Decisions) -> Self {
        let mut forced = Self { of_offer: BTreeMap::new(), of_slot: BTreeMap::new() };
        for (key, units) in &decisions.raised {
            forced.count(*key, *units);
        }
        forced
    }

    fn count(&mut self, (offer, slot): Key, units: i64) {
        *self.of_offer.entry(offer).or_default() += units;
        *self.of_slot.entry(slot).or_default() += units;
    }

    fn add(&mut self, decisions: &mut Decisions, units: Vec<(Key, i64)>) {
        for (key, units) in units {
            let before = decisions.raised.insert(key, units).unwrap_or(0);
            self.count(key, units - before);
        }
    }
}
