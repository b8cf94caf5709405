//! Random networks and the gates they must pass.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "random draws of a few units"
)]

mod build;
mod limits;
mod medium;
mod netgen;
mod oracle;
mod proof;
mod small;

use super::{LevelCosts, Network, NetworkBuilder, ROOT, UNBOUNDED};

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
pub(super) struct Stream(pub(super) u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `low..=high`.
    pub(super) fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % ((high - low + 1) as u64)) as i64
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    pub(super) fn shuffled(&mut self, len: usize) -> Vec<usize> {
        let mut list: Vec<usize> = (0..len).collect();
        for at in (1..len).rev() {
            list.swap(at, self.within(0, at as i64) as usize);
        }
        list
    }
}

/// A network as plain lists, so that oracles and permutations can read it.
#[derive(Debug, Clone)]
struct Plan {
    /// Supply per node; the root's entry is zero and means nothing.
    supply: Vec<i64>,
    arcs: Vec<(u32, u32, i64)>,
    hangs: Vec<(u32, u32)>,
    /// Level-major.
    costs: Vec<Vec<i64>>,
}

impl Plan {
    /// Drains, feeds, chains of both, hubs without supply, and `extra` arcs of all kinds.
    fn draw(random: &mut Stream, nodes: i64, units: i64, extra: i64, levels: usize, cost: i64) -> Self {
        let mut plan = Self { supply: vec![0], arcs: vec![], hangs: vec![], costs: vec![] };
        let (mut drains, mut feeds) = (vec![ROOT], vec![ROOT]);
        for node in 1..=nodes as u32 {
            let arc = plan.arcs.len() as u32;
            if random.one_in(2) {
                plan.supply.push(-random.within(1, units));
                let source = feeds[random.within(0, feeds.len() as i64 - 1) as usize];
                plan.arcs.push((source, node, UNBOUNDED));
                feeds.push(node);
            } else {
                plan.supply.push(if random.one_in(3) { 0 } else { random.within(1, units) });
                let towards = drains[random.within(0, drains.len() as i64 - 1) as usize];
                plan.arcs.push((node, towards, UNBOUNDED));
                drains.push(node);
            }
            plan.hangs.push((node, arc));
        }
        // Hubs: a feed that only passes on. What hangs on it keeps its first flow above zero.
        for node in 1..=nodes as u32 {
            let passes_on = plan.supply[node as usize] < 0 && plan.arcs.iter().any(|&(from, _, _)| from == node);
            if passes_on && random.one_in(2) {
                plan.supply[node as usize] = 0;
            }
        }
        let mut signed = vec![false; plan.arcs.len()];
        for _ in 0..extra {
            let from = random.within(0, nodes) as u32;
            let to = ((i64::from(from) + random.within(1, nodes)) % (nodes + 1)) as u32;
            let endless = random.one_in(2);
            plan.arcs.push((from, to, if endless { UNBOUNDED } else { random.within(0, units) }));
            // Below zero only where a capacity keeps every circle finite.
            signed.push(!endless && random.one_in(4));
        }
        for level in 0..levels {
            // Now and then a level that names few arcs, as tiers do.
            let sparse = level + 1 < levels && random.one_in(3);
            plan.costs.push(
                signed
                    .iter()
                    .map(|&signed| {
                        let c = if sparse && !random.one_in(4) { 0 } else { random.within(0, cost) };
                        if signed { -c } else { c }
                    })
                    .collect(),
            );
        }
        plan
    }

    /// Adds a last level that tells any two flows apart.
    fn with_hash(mut self, random: &mut Stream) -> Self {
        self.costs.push(self.arcs.iter().map(|_| random.within(1, 1 << 30)).collect());
        self
    }

    fn build(&self) -> Network {
        let mut builder = NetworkBuilder::new(self.costs.len());
        for &b in &self.supply[1..] {
            builder.node(b);
        }
        for &(from, to, capacity) in &self.arcs {
            builder.arc(from, to, capacity);
        }
        for &(node, arc) in &self.hangs {
            builder.hang(node, arc);
        }
        for (level, costs) in self.costs.iter().enumerate() {
            if level % 2 == 0 {
                builder.costs(level, LevelCosts::Dense(costs.clone()));
            } else {
                for (arc, &cost) in costs.iter().enumerate() {
                    builder.cost(level, arc as u32, cost);
                }
            }
        }
        builder.build().unwrap()
    }

    /// The same network with nodes and arcs in another order; new index per old node and old arc.
    fn permuted(&self, random: &mut Stream) -> (Self, Vec<usize>, Vec<usize>) {
        let mut nodes = vec![0];
        nodes.extend(random.shuffled(self.supply.len() - 1).into_iter().map(|at| at + 1));
        let arcs = random.shuffled(self.arcs.len());
        let mut other = self.clone();
        for (old, &new) in nodes.iter().enumerate() {
            other.supply[new] = self.supply[old];
        }
        for (old, &new) in arcs.iter().enumerate() {
            let (from, to, capacity) = self.arcs[old];
            other.arcs[new] = (nodes[from as usize] as u32, nodes[to as usize] as u32, capacity);
            for (level, costs) in self.costs.iter().enumerate() {
                other.costs[level][new] = costs[old];
            }
        }
        for hang in &mut other.hangs {
            *hang = (nodes[hang.0 as usize] as u32, arcs[hang.1 as usize] as u32);
        }
        (other, nodes, arcs)
    }

    /// What no arc of a basic flow exceeds: all supplies and finite capacities.
    fn most(&self) -> i64 {
        let supplies: i64 = self.supply.iter().map(|b| b.abs()).sum();
        supplies + self.arcs.iter().filter(|arc| arc.2 != UNBOUNDED).map(|arc| arc.2).sum::<i64>()
    }

    /// A market: offers, needs, arcs from each offer to some needs; levels unmet, cost, hash.
    fn market(random: &mut Stream, offers: i64, needs: i64, arcs_each: i64) -> Self {
        let mut plan = Self { supply: vec![0], arcs: vec![], hangs: vec![], costs: vec![vec![]; 3] };
        let set_costs = |plan: &mut Self, costs: [i64; 3]| {
            for (level, cost) in costs.into_iter().enumerate() {
                plan.costs[level].push(cost);
            }
        };
        for node in 1..=(offers + needs) as u32 {
            let offers_it = i64::from(node) <= offers;
            plan.supply.push(if offers_it { random.within(1, 100) } else { -random.within(1, 200) });
            plan.hangs.push((node, plan.arcs.len() as u32));
            plan.arcs.push(if offers_it { (node, ROOT, UNBOUNDED) } else { (ROOT, node, UNBOUNDED) });
            set_costs(&mut plan, [i64::from(!offers_it), 0, 0]);
        }
        for offer in 1..=offers as u32 {
            for _ in 0..arcs_each {
                let need = random.within(offers + 1, offers + needs) as u32;
                plan.arcs.push((offer, need, UNBOUNDED));
                let costs = [0, random.within(1, 1000), random.within(1, 1 << 30)];
                set_costs(&mut plan, costs);
            }
        }
        plan
    }
}
