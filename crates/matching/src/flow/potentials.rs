//! Canonical potentials: shortest residual distances from the root.
//!
//! Level 0 measures all residual arcs; each next level only those whose reduced cost, by the
//! canonical potentials of the levels before, is zero. Costs can be negative, so Dijkstra's algorithm
//! needs weights that are not, and the potentials `p` of the simplex supply them, with a twist: an arc
//! can be free by the canonical rule and yet frozen in the simplex, where a later level may give it a
//! negative reduced cost.
//!
//! Let `r_k(a)` be the reduced cost of residual arc `a` at level `k` by the simplex. The simplex froze
//! `a` at the first level where it is not zero, and there it is positive: `(r_0(a), r_1(a), ...)` is
//! lexicographically at least zero. Let `d_k` be the canonical distances and `g_k = d_k - p_k`. Along
//! an arc `u -> v` that is canonically free at level `l`, `g_k(v) = g_k(u) + r_k(a)` for all `k < l`.
//! So with `g_l` measured by the weights `r_l`, the tuple `(g_0, ..., g_l)` never falls along a free
//! arc, and all its entries but the last are known: Dijkstra's algorithm over the key
//! (rank of the known entries, last entry) is exact in 64 bits.
//!
//! Nodes that nothing residual reaches start from
//! [`unreachable_distance`](Network::unreachable_distance); the proof that this certifies stands there.
//! Their arcs from the root have a positive `r_0`, so the argument above holds for them too. A free
//! arc that is on a shortest path has reduced cost zero and stays free, so a node is reachable at all
//! levels or at none.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::network::{Network, ROOT};

/// The residual arcs still free that end at a node whose distance is not known, grouped by the node they leave: (other end, arc, whether it runs along the arc).
struct Residual {
    first: Vec<usize>,
    end: Vec<usize>,
    arcs: Vec<(u32, u32, bool)>,
}

impl Residual {
    fn new(net: &Network, flows: &[i64], known: &[bool]) -> Self {
        let mut first = vec![0; net.node_count() + 1];
        let mut found = Vec::new();
        let ends = net.from.iter().zip(&net.to).zip(flows.iter().zip(&net.capacity));
        for (id, ((&from, &to), (&flow, &cap))) in (0..).zip(ends) {
            if !known[to as usize] && flow < cap {
                first[from as usize] += 1;
                found.push((from, (to, id, true)));
            }
            if flow > 0 && !known[from as usize] {
                first[to as usize] += 1;
                found.push((to, (from, id, false)));
            }
        }
        let mut sum = 0;
        for slot in &mut first {
            sum += *slot;
            *slot = sum;
        }
        let mut arcs = vec![(0, 0, false); sum];
        for &(node, arc) in &found {
            first[node as usize] -= 1;
            arcs[first[node as usize]] = arc;
        }
        let end = first[1..].to_vec();
        first.truncate(net.node_count());
        Self { first, end, arcs }
    }

    fn of(&self, node: u32) -> &[(u32, u32, bool)] {
        &self.arcs[self.first[node as usize]..self.end[node as usize]]
    }

    /// Keeps the arcs whose reduced cost is zero.
    fn keep_tight(&mut self, costs: &[i64], distance: &[i64]) {
        for (node, (&first, end)) in self.first.iter().zip(&mut self.end).enumerate() {
            let mut kept = first;
            for at in first..*end {
                let (other, id, along) = self.arcs[at];
                let cost = if along { costs[id as usize] } else { -costs[id as usize] };
                if cost + distance[node] - distance[other as usize] == 0 {
                    self.arcs[kept] = self.arcs[at];
                    kept += 1;
                }
            }
            *end = kept;
        }
    }
}

/// Canonical potentials per level, for the levels whose simplex potentials are given.
///
/// `known` says of nodes that arcs that are tight at all these levels lead there from the root, as tree
/// arcs do. Their entries `g` are zero at every level, which no way undercuts, so no arc that ends at
/// one of them is looked at; most nodes are of this kind.
pub(super) fn canonical(net: &Network, flows: &[i64], simplex: &[Vec<i64>], known: &[bool]) -> Vec<Vec<i64>> {
    if simplex.is_empty() {
        return Vec::new();
    }
    if known.iter().all(|&known| known) {
        return simplex.to_vec();
    }
    let nodes = net.node_count();
    let mut residual = Residual::new(net, flows, known);
    let mut scratch = Vec::new();
    let mut rank = vec![0_u32; nodes];
    // Nodes measured from the unreachable distance; known once the first level is done.
    let mut outer: Option<Vec<u32>> = None;
    let mut result: Vec<Vec<i64>> = Vec::with_capacity(simplex.len());
    for (level, potential) in simplex.iter().enumerate() {
        let far = net.unreachable_distance(level);
        if net.costs[level].is_empty() {
            // Without costs every node is as near as the one it is measured from, and every arc stays.
            let unreached = unreached(&residual, known);
            let mut distance = vec![0; nodes];
            for &node in &unreached {
                distance[node as usize] = far;
            }
            result.push(distance);
            outer.get_or_insert(unreached);
            continue;
        }
        let costs = net.costs[level].spread(net.arc_count(), &mut scratch);
        let over = known.iter().map(|&known| if known { 0 } else { i64::MAX }).collect();
        let mut search = Search { over, heap: BinaryHeap::new() };
        for (node, _) in (0..).zip(known).filter(|&(node, &known)| known && !residual.of(node).is_empty()) {
            search.heap.push(Reverse((rank[node as usize], 0, node)));
        }
        search.run(&residual, costs, potential, &rank);
        let starts = outer.take().unwrap_or_else(|| {
            (1..).zip(&search.over[1..]).filter(|&(_, &g)| g == i64::MAX).map(|(node, _)| node).collect()
        });
        for &node in &starts {
            search.offer(node, far - potential[node as usize], &rank);
        }
        search.run(&residual, costs, potential, &rank);
        let distance: Vec<i64> = search.over.iter().zip(potential).map(|(&g, &p)| g + p).collect();
        if level + 1 < simplex.len() {
            residual.keep_tight(costs, &distance);
            rank = refine(&rank, &search.over, known);
        }
        outer = Some(starts.into_iter().filter(|&node| distance[node as usize] == far).collect());
        result.push(distance);
    }
    result
}

/// The rank of each node by (its rank so far, its new entry); equal pairs share a rank. Known nodes, the
/// root among them, have the same entries at every level, so one of them stands for all.
fn refine(rank: &[u32], over: &[i64], known: &[bool]) -> Vec<u32> {
    let key = |node: usize| (rank[node], over[node]);
    let others = (0..rank.len()).filter(|&node| !known[node]);
    let mut keys: Vec<(u32, i64)> = others.map(key).chain([key(ROOT as usize)]).collect();
    keys.sort_unstable();
    keys.dedup();
    let place = |node: usize| keys.binary_search(&key(node)).map_or(0, |at| u32::try_from(at).unwrap_or(u32::MAX));
    let of_known = place(ROOT as usize);
    (0..rank.len()).map(|node| if known[node] { of_known } else { place(node) }).collect()
}

/// Dijkstra's algorithm by rank, then distance over the simplex potential.
struct Search {
    over: Vec<i64>,
    heap: BinaryHeap<Reverse<(u32, i64, u32)>>,
}

impl Search {
    fn offer(&mut self, node: u32, over: i64, rank: &[u32]) {
        if over < self.over[node as usize] {
            self.over[node as usize] = over;
            self.heap.push(Reverse((rank[node as usize], over, node)));
        }
    }

    fn run(&mut self, residual: &Residual, costs: &[i64], potential: &[i64], rank: &[u32]) {
        while let Some(Reverse((_, over, node))) = self.heap.pop() {
            if over > self.over[node as usize] {
                continue;
            }
            let base = over + potential[node as usize];
            for &(other, id, along) in residual.of(node) {
                let cost = if along { costs[id as usize] } else { -costs[id as usize] };
                self.offer(other, base + cost - potential[other as usize], rank);
            }
        }
    }
}

/// Which nodes a residual path from the root reaches.
pub(super) fn reachable_of(net: &Network, flows: &[i64], potentials: &[Vec<i64>]) -> Vec<bool> {
    if let Some(distance) = potentials.first() {
        // Reachable distances stay below half the unreachable one, and the others above it.
        let half = net.reach[0];
        return distance.iter().map(|&d| d < half).collect();
    }
    let mut root = vec![false; net.node_count()];
    root[ROOT as usize] = true;
    reached(&Residual::new(net, flows, &root), &root)
}

fn unreached(residual: &Residual, known: &[bool]) -> Vec<u32> {
    (0..).zip(reached(residual, known)).filter(|(_, reached)| !reached).map(|(node, _)| node).collect()
}

fn reached(residual: &Residual, known: &[bool]) -> Vec<bool> {
    let mut reached = known.to_vec();
    let mut stack: Vec<u32> = (0..).zip(known).filter(|&(_, &known)| known).map(|(node, _)| node).collect();
    while let Some(node) = stack.pop() {
        for &(other, _, _) in residual.of(node) {
            if !std::mem::replace(&mut reached[other as usize], true) {
                stack.push(other);
            }
        }
    }
    reached
}
