//! Few deliveries as linear costs: a plan of what pairs should carry, and the points that follow from it.
//!
//! Where a delivery has a price, the points stand in the cost level, and several plans are tried. Else
//! they are a level of their own after cost, and the plan may use only pairs that are still free there.

use std::collections::BTreeMap;

use domain::{market::Commitment, time::Day};

use crate::{
    best_fit::{Choice, Wanted, Way, best_fit, improve, open_unit_points, value},
    components::{Component, Prepared},
    levels::{FEWER, delivery_points},
    pairs::Pair,
};

/// Deliveries to choose from, with the pair behind each way.
pub(crate) struct Deliveries {
    choice: Choice,
    pairs: Vec<usize>,
    /// What the other pairs carry for good; by pair.
    fixed: Vec<i64>,
}

/// Points per unit: of each pair, and of each slot that the plan covers whole while it stays uncovered.
pub(crate) struct Points {
    pub pairs: Vec<i64>,
    pub feeds: Vec<i64>,
}

/// What exists for a pair by its cut-off.
fn room(prepared: &Prepared<'_>, pair: &Pair) -> i64 {
    let curve = &prepared.pairs.offers[pair.offer as usize].curve;
    if pair.stock_only { curve.stock_by(pair.cutoff) } else { curve.by(pair.cutoff) }
}

impl Deliveries {
    /// All pairs of a component, at the price that a delivery has in the cost level.
    pub fn priced(prepared: &Prepared<'_>, part: &Component<'_>) -> Self {
        let price = i64::from(prepared.rules.parameters.weights.delivery);
        let none = vec![0; part.pairs.len()];
        Self::of(prepared, part, price, none, |_| true, |cost| cost)
    }

    /// The pairs that are still free once cost is settled; the others carry what they carry.
    pub fn free(prepared: &Prepared<'_>, part: &Component<'_>, flows: &[i64], free: &[bool]) -> Self {
        let fixed = flows.iter().zip(free).map(|(units, free)| if *free { 0 } else { *units }).collect();
        Self::of(prepared, part, FEWER, fixed, |pair| free[pair], |_| 0)
    }

    fn of(
        prepared: &Prepared<'_>,
        part: &Component<'_>,
        delivery: i64,
        fixed: Vec<i64>,
        takes: impl Fn(usize) -> bool,
        cost: impl Fn(i64) -> i64,
    ) -> Self {
        let Prepared { pairs, demands, .. } = prepared;
        // Goods inside the lead time come out of stock, which is there before everything.
        let due = |stock_only: bool, cutoff: Day| (!stock_only).then_some(cutoff);
        let mut rooms: Vec<BTreeMap<Option<Day>, i64>> = vec![BTreeMap::new(); part.offers.len()];
        let chosen: Vec<usize> = (0..part.pairs.len()).filter(|i| takes(*i)).collect();
        let held = || part.pairs.iter().zip(&fixed).filter(|(_, units)| **units > 0);
        for p in chosen.iter().map(|i| &part.pairs[*i]).chain(held().map(|(p, _)| p)) {
            let rank = prepared.offer_rank[p.offer as usize] as usize;
            rooms[rank].entry(due(p.stock_only, p.cutoff)).or_insert_with(|| room(prepared, p));
        }
        let mut takes_from = |rank: usize, by: Option<Day>, units: i64| {
            rooms[rank].iter_mut().filter(|(day, _)| **day >= by).for_each(|(_, room)| *room -= units);
        };
        for Commitment { offer, cutoff, quantity, .. } in part.commitments.iter().copied() {
            takes_from(prepared.rank_of(*offer), Some(*cutoff), quantity.units());
        }
        let mut slots: Vec<Wanted> = part
            .slots
            .iter()
            .map(|slot| {
                let s = &pairs.slots[*slot];
                let asked = s.instalment.measure.quantity.units();
                Wanted { asked, open: demands.open[*slot], tier: s.need.tier(prepared.rules.market.day) }
            })
            .collect();
        for (p, units) in held() {
            takes_from(prepared.offer_rank[p.offer as usize] as usize, due(p.stock_only, p.cutoff), *units);
            slots[prepared.slot_rank[p.slot as usize] as usize].open -= units;
        }
        let places: Vec<Vec<Option<Day>>> = rooms.iter().map(|r| r.keys().copied().collect()).collect();
        let mut ways = Vec::with_capacity(chosen.len());
        for p in chosen.iter().map(|i| &part.pairs[*i]) {
            let rank = prepared.offer_rank[p.offer as usize];
            let by = due(p.stock_only, p.cutoff);
            let cutoff = places[rank as usize].binary_search(&by).unwrap_or_default();
            ways.push(Way {
                offer: rank,
                slot: prepared.slot_rank[p.slot as usize],
                cutoff: u32::try_from(cutoff).unwrap_or(u32::MAX),
                cost: cost(p.cost),
            });
        }
        let rooms = rooms.into_iter().map(|r| r.into_values().collect()).collect();
        Self { choice: Choice { ways, rooms, slots, delivery }, pairs: chosen, fixed }
    }

    /// A first plan: what each pair should carry.
    pub fn plan(&self) -> Vec<i64> {
        self.by_pair(&best_fit(&self.choice))
    }

    /// A better plan than some flows, if there is one.
    pub fn improved(&self, flows: &[i64]) -> Option<Vec<i64>> {
        let mut plan = self.by_way(flows);
        improve(&self.choice, &mut plan).then(|| self.by_pair(&plan))
    }

    /// What flows are worth; less is better.
    pub fn value(&self, flows: &[i64]) -> i128 {
        value(&self.choice, &self.by_way(flows))
    }

    /// The points that draw a flow to a plan.
    pub fn points(&self, plan: &[i64]) -> Points {
        let mut left: Vec<i64> = self.choice.slots.iter().map(|s| s.open).collect();
        for (way, pair) in self.choice.ways.iter().zip(&self.pairs) {
            left[way.slot as usize] -= plan[*pair];
        }
        let feed = |slot: usize| if left[slot] <= 0 { open_unit_points(&self.choice, slot) } else { 0 };
        Points {
            pairs: plan.iter().map(|units| delivery_points(self.choice.delivery, *units)).collect(),
            feeds: (0..left.len()).map(feed).collect(),
        }
    }

    /// Points of which no flow costs more than its deliveries do: each pair at the most it could carry if
    /// nothing were promised.
    pub fn least_points(&self, prepared: &Prepared<'_>, part: &Component<'_>) -> Points {
        let most = |p: &Pair| room(prepared, p).min(prepared.demands.open[p.slot as usize]);
        let pairs = part.pairs.iter().map(|p| self.choice.delivery / most(p).max(1)).collect();
        Points { pairs, feeds: vec![0; self.choice.slots.len()] }
    }

    fn by_pair(&self, plan: &[i64]) -> Vec<i64> {
        let mut units = self.fixed.clone();
        self.pairs.iter().zip(plan).for_each(|(pair, planned)| units[*pair] = *planned);
        units
    }

    fn by_way(&self, flows: &[i64]) -> Vec<i64> {
        self.pairs.iter().map(|pair| flows[*pair]).collect()
    }
}
