//! A plain maximum flow over a matrix, and what a tier may have by it.

use std::collections::BTreeMap;

use super::{super::FairShares, Plan};

type Capacities = BTreeMap<(usize, usize), i64>;
const PLENTY: i64 = 1 << 60;

/// Ford and Fulkerson, one path at a time.
fn max_flow(mut room: Capacities, source: usize, sink: usize) -> i64 {
    let mut total = 0;
    loop {
        let mut before: BTreeMap<usize, usize> = BTreeMap::from([(source, source)]);
        let mut queue = vec![source];
        while let Some(v) = queue.pop() {
            for (&(_, u), &r) in room.range((v, 0)..(v + 1, 0)) {
                if r > 0 && !before.contains_key(&u) {
                    before.insert(u, v);
                    queue.push(u);
                }
            }
        }
        if !before.contains_key(&sink) {
            return total;
        }
        let mut path = vec![];
        let mut v = sink;
        while v != source {
            path.push((before[&v], v));
            v = before[&v];
        }
        let amount = path.iter().map(|arc| room[arc]).min().unwrap();
        for (from, to) in path {
            *room.get_mut(&(from, to)).unwrap() -= amount;
            *room.entry((to, from)).or_default() += amount;
        }
        total += amount;
    }
}

/// What has to be kept while a tier is looked at: totals, and floors per group, of the tiers before.
pub(super) struct Kept {
    pub promised: i64,
    pub tiers: Vec<(i64, Vec<i64>)>,
}

impl Kept {
    pub(super) fn of(found: &FairShares, tiers: usize) -> Self {
        let tiers = found.tiers[..tiers].iter();
        let kept = tiers.map(|tier| (tier.total, tier.groups.iter().map(|g| g.floor).collect())).collect();
        Self { promised: found.promised, tiers: kept }
    }

    pub(super) fn sum(&self) -> i64 {
        self.promised + self.tiers.iter().map(|(total, _)| total).sum::<i64>()
    }
}

/// The largest flow into all that is kept and into the named groups of the next tier (bits of `set`).
pub(super) fn flow_into(plan: &Plan, kept: &Kept, set: usize) -> i64 {
    let nodes = plan.supply.len();
    let (source, sink, pool) = (nodes, nodes + 1, nodes + 2);
    let mut next = pool + 1;
    let mut room = Capacities::new();
    let mut add = |from: usize, to: usize, units: i64| {
        let slot: &mut i64 = room.entry((from, to)).or_default();
        *slot = (*slot + units.min(PLENTY)).min(PLENTY);
    };
    for (v, &supply) in plan.supply.iter().enumerate() {
        add(source, v, supply);
    }
    for ((&from, &to), &capacity) in plan.from.iter().zip(&plan.to).zip(&plan.capacity) {
        add(from as usize, to as usize, capacity);
    }
    for ask in &plan.promised {
        add(ask.node as usize, pool, ask.units);
    }
    add(pool, sink, kept.promised);
    for (tier, groups) in plan.tiers.iter().enumerate().take(kept.tiers.len() + 1) {
        let common = next;
        next += 1;
        for (r, group) in groups.iter().enumerate() {
            let v = next;
            next += 1;
            for ask in &group.members {
                add(ask.node as usize, v, ask.units);
            }
            match kept.tiers.get(tier) {
                Some((_, floors)) => {
                    add(v, sink, floors[r]);
                    add(v, common, PLENTY);
                }
                None if set >> r & 1 == 1 => add(v, sink, PLENTY),
                None => {}
            }
        }
        if let Some((total, floors)) = kept.tiers.get(tier) {
            add(common, sink, total - floors.iter().sum::<i64>());
        }
    }
    max_flow(room, source, sink)
}
