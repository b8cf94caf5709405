//! What to decide about one breach: how an order is raised, and which suppliers an instalment keeps.

use std::collections::BTreeMap;

use super::rules::{Decisions, Key, Order, SideRules};

/// Where the units come from that lift an order to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lift {
    /// On top of what each pair carries, in proportion to what it could carry besides.
    Spread,
    /// As much as possible on the pair that carries most, then on the next.
    Gather,
}

/// Up to so many instalments, every way to raise an order is searched; past them, the two of [`Lift`].
const MOST_PAIRS: usize = 4;

/// By what the suppliers of an instalment are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// By what they carry now.
    Carried,
    /// By what they could carry, other buyers' parts left in place.
    Possible,
}

/// A way to raise an order.
pub(super) struct Way {
    /// Base units to force on its pairs.
    pub units: Vec<(Key, i64)>,
    /// Whether other ways hold its answers too, so that it need not be branched on.
    pub only_tried: bool,
}

impl SideRules {
    /// Units to force on the open pairs of an order, its limit in all; `None` where supply is too small.
    pub(super) fn lift(
        &self,
        order: &Order,
        flows: &[i64],
        decisions: &Decisions,
        lift: Lift,
    ) -> Option<Vec<(Key, i64)>> {
        let pairs: Vec<usize> = self.still_open(order, decisions).collect();
        let units = match lift {
            Lift::Spread => self.spread(order.least, &pairs, flows).or_else(|| self.gather(order.least, &pairs, flows)),
            Lift::Gather => self.gather(order.least, &pairs, flows),
        }?;
        Some(pairs.iter().map(|i| self.routes[*i].key).zip(units).filter(|(_, u)| *u > 0).collect())
    }

    /// Ways to raise an order to its limit, and whether they hold every answer that raises it.
    pub(super) fn ways_to_raise(&self, order: &Order, flows: &[i64], decisions: &Decisions) -> (Vec<Way>, bool) {
        let pairs: Vec<usize> = self.still_open(order, decisions).collect();
        let several = pairs.len() > 1;
        let all = pairs.len() <= MOST_PAIRS;
        let lifts = [Lift::Spread, Lift::Gather].into_iter();
        let mut tries: Vec<_> = lifts.filter_map(|lift| self.lift(order, flows, decisions, lift)).collect();
        tries.dedup();
        let mut ways: Vec<Way> = tries.into_iter().map(|units| Way { units, only_tried: several && all }).collect();
        if several && all {
            // What is missing, some pair carries at least its even part of: a case for each.
            let missing = order.least - order.pairs.iter().map(|i| flows[*i]).sum::<i64>();
            let with_room: Vec<usize> = pairs.into_iter().filter(|i| self.routes[*i].room() > flows[*i]).collect();
            let count = i64::try_from(with_room.len()).unwrap_or(i64::MAX).max(1);
            let part = (missing + count - 1) / count;
            let can = with_room.into_iter().filter(|i| flows[*i] + part <= self.routes[*i].room());
            ways.extend(can.map(|i| Way { units: vec![(self.routes[i].key, flows[i] + part)], only_tried: false }));
        }
        (ways, all)
    }

    fn spread(&self, least: i64, pairs: &[usize], flows: &[i64]) -> Option<Vec<i64>> {
        let mut units: Vec<i64> = pairs.iter().map(|i| flows[*i]).collect();
        let missing = least - units.iter().sum::<i64>();
        let spare: Vec<i64> = pairs.iter().zip(&units).map(|(i, u)| (self.routes[*i].room() - u).max(0)).collect();
        let total: i128 = spare.iter().map(|s| i128::from(*s)).sum();
        if missing < 0 || total < i128::from(missing) || total == 0 {
            return None;
        }
        let mut left = missing;
        for (unit, spare) in units.iter_mut().zip(&spare) {
            // No more than `missing`, so it fits.
            let share = i64::try_from(i128::from(missing) * i128::from(*spare) / total).ok()?;
            *unit += share;
            left -= share;
        }
        // Rounding leaves less than a unit a pair: to the first with room for it.
        for ((unit, spare), i) in units.iter_mut().zip(&spare).zip(pairs) {
            let more = left.min(spare + flows[*i] - *unit);
            *unit += more;
            left -= more;
        }
        (left == 0 && self.holds(pairs, &units)).then_some(units)
    }

    /// Whether an offer has so much by each cut-off of its pairs.
    fn holds(&self, pairs: &[usize], units: &[i64]) -> bool {
        pairs.iter().all(|i| {
            let by = self.routes[*i].available;
            let drawn = pairs.iter().zip(units).filter(|(j, _)| self.routes[**j].available <= by);
            drawn.map(|(_, u)| *u).sum::<i64>() <= by
        })
    }

    fn gather(&self, least: i64, pairs: &[usize], flows: &[i64]) -> Option<Vec<i64>> {
        let mut places: Vec<usize> = (0..pairs.len()).collect();
        // The sort is stable, so equal ones stay in the order of ids.
        places.sort_by_key(|p| std::cmp::Reverse((flows[pairs[*p]], self.routes[pairs[*p]].room())));
        let mut units = vec![0_i64; pairs.len()];
        let mut left = least;
        for place in places {
            let route = &self.routes[pairs[place]];
            let later = pairs.iter().map(|j| self.routes[*j].available).filter(|by| *by >= route.available);
            let spare = later.map(|by| {
                let drawn = pairs.iter().zip(&units).filter(|(j, _)| self.routes[**j].available <= by);
                by - drawn.map(|(_, u)| *u).sum::<i64>()
            });
            let more = spare.min().unwrap_or(0).min(route.open).min(left).max(0);
            units[place] = more;
            left -= more;
        }
        (left == 0).then_some(units)
    }

    /// The suppliers of an instalment by what they are worth to it, most first: their places.
    /// `drawn` holds what is drawn on each offer in all.
    pub(super) fn ranked(
        &self,
        slot: usize,
        flows: &[i64],
        decisions: &Decisions,
        keep: Keep,
        drawn: &BTreeMap<u32, i64>,
    ) -> Vec<(usize, i64)> {
        let worth = |i: usize| -> i64 {
            let route = &self.routes[i];
            if decisions.closed.contains(&route.key) {
                return 0;
            }
            match keep {
                Keep::Carried => flows[i],
                Keep::Possible => {
                    let others = drawn.get(&route.key.0).copied().unwrap_or(0) - flows[i];
                    route.open.min((route.available - others).max(flows[i]))
                }
            }
        };
        let open = |pairs: &[usize]| pairs.iter().map(|i| self.routes[*i].open).max().unwrap_or(0);
        let suppliers = self.slots[slot].suppliers.iter().enumerate();
        let mut ranked: Vec<(usize, i64)> = suppliers
            .map(|(place, (_, pairs))| (place, pairs.iter().map(|i| worth(*i)).sum::<i64>().min(open(pairs))))
            .collect();
        ranked.sort_by_key(|(_, worth)| std::cmp::Reverse(*worth));
        ranked
    }
}
