//! Proves a result without the simplex.
//!
//! One pass over the arcs checks bounds, balance and complementary slackness of every level; a second
//! one, over the arcs that are tight at all levels, checks that the potentials are shortest distances.
//! The freezing rule in that pass: the first level at which the reduced cost of an arc is not zero
//! decides its flow, and later levels do not look at it. By induction over the levels that is
//! optimality in the lexicographic sense: a flow that is optimal at the earlier levels agrees with
//! this one on every arc decided there, and on the rest the reduced costs of the level show that
//! nothing is cheaper.
//!
//! A path of residual arcs from the root that are tight at all levels costs, at each level, exactly
//! the potential of its end, and no residual path costs less: so potentials that pass are the
//! shortest distances themselves, and any other number in their place is refused.

use super::network::{LevelCosts, Network, ROOT};

/// What a valid certificate proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The value of the flows at every level of the network, recomputed.
    pub objectives: Vec<i128>,
    /// How many levels, from the first, are proven minimal.
    pub proven: usize,
}

/// The first thing found wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Not one flow per arc.
    #[error("{given} flows for {arcs} arcs")]
    FlowCount {
        /// Flows given.
        given: usize,
        /// Arcs of the network.
        arcs: usize,
    },
    /// More levels of potentials than levels.
    #[error("potentials for {given} levels of {levels}")]
    LevelCount {
        /// Levels given.
        given: usize,
        /// Levels of the network.
        levels: usize,
    },
    /// Not one potential per node.
    #[error("level {level}: {given} potentials for {nodes} nodes")]
    PotentialCount {
        /// The level.
        level: usize,
        /// Potentials given.
        given: usize,
        /// Nodes of the network.
        nodes: usize,
    },
    /// A potential no shortest distance can have, or a root that is not zero.
    #[error("level {level}: node {node} has potential {potential}, out of range")]
    PotentialRange {
        /// The level.
        level: usize,
        /// The node.
        node: u32,
        /// Its potential.
        potential: i64,
    },
    /// A flow below zero or above the capacity.
    #[error("arc {arc} carries {flow} at capacity {capacity}")]
    Bound {
        /// The arc.
        arc: u32,
        /// Its flow.
        flow: i64,
        /// Its capacity.
        capacity: i64,
    },
    /// A node that does not send what it receives and has.
    #[error("node {node} sends {sent} more than it receives, its supply is {supply}")]
    Balance {
        /// The node.
        node: u32,
        /// Its supply.
        supply: i64,
        /// Sent less received.
        sent: i128,
    },
    /// An arc whose flow and reduced cost contradict each other.
    #[error("level {level}: arc {arc} has reduced cost {reduced} but carries {flow} at capacity {capacity}")]
    Slackness {
        /// The level.
        level: usize,
        /// The arc.
        arc: u32,
        /// Its reduced cost.
        reduced: i64,
        /// Its flow.
        flow: i64,
        /// Its capacity.
        capacity: i64,
    },
    /// Potentials that are larger than the shortest distances.
    #[error("no tight path leads from the root to node {node}: its potentials are not shortest distances")]
    NotShortest {
        /// The node.
        node: u32,
    },
}

/// Reads the costs of one level in arc order.
enum Reader<'a> {
    Dense(&'a [i64]),
    Sparse(&'a [(u32, i64)]),
}

impl Reader<'_> {
    /// The cost of `arc`; arcs are asked for in rising order, and may be skipped.
    fn cost(&mut self, arc: u32) -> i64 {
        match self {
            Self::Dense(costs) => costs[arc as usize],
            Self::Sparse(entries) => {
                while let Some((&(at, cost), rest)) = entries.split_first() {
                    if at > arc {
                        return 0;
                    }
                    *entries = rest;
                    if at == arc {
                        return cost;
                    }
                }
                0
            }
        }
    }
}

/// Checks flows and the potentials of the first levels (as many as are given).
pub fn verify<P: AsRef<[i64]>>(net: &Network, flows: &[i64], potentials: &[P]) -> Result<Proof, Violation> {
    let potentials: Vec<&[i64]> = potentials.iter().map(AsRef::as_ref).collect();
    check_shape(net, flows, &potentials)?;
    let mut readers: Vec<Reader<'_>> = (0..potentials.len())
        .map(|level| match net.costs(level) {
            LevelCosts::Dense(costs) => Reader::Dense(costs),
            LevelCosts::Sparse(entries) => Reader::Sparse(entries),
        })
        .collect();
    let mut sent = vec![0_i128; net.node_count()];
    let mut tight: Vec<(u32, u32)> = Vec::new();
    let ends = net.tails().iter().zip(net.heads());
    let loads = flows.iter().zip(net.capacities());
    for (arc, ((&from, &to), (&flow, &capacity))) in (0..).zip(ends.zip(loads)) {
        // Most arcs carry nothing, which is within any bounds and moves no balance.
        if flow != 0 {
            if flow < 0 || flow > capacity {
                return Err(Violation::Bound { arc, flow, capacity });
            }
            sent[from as usize] += i128::from(flow);
            sent[to as usize] -= i128::from(flow);
        }
        let mut decided = false;
        for (level, (reader, potential)) in readers.iter_mut().zip(&potentials).enumerate() {
            let reduced = reader.cost(arc) + potential[from as usize] - potential[to as usize];
            if reduced != 0 {
                if (reduced > 0 && flow > 0) || (reduced < 0 && flow < capacity) {
                    return Err(Violation::Slackness { level, arc, reduced, flow, capacity });
                }
                decided = true;
                break;
            }
        }
        if !decided {
            if flow < capacity {
                tight.push((from, to));
            }
            if flow > 0 {
                tight.push((to, from));
            }
        }
    }
    for (node, (&sent, &supply)) in (0..).zip(sent.iter().zip(net.supplies())) {
        if sent != i128::from(supply) {
            return Err(Violation::Balance { node, supply, sent });
        }
    }
    if !potentials.is_empty() {
        check_shortest(net, flows, &potentials, &tight)?;
    }
    let objectives = (0..net.level_count()).map(|level| net.value(level, flows)).collect();
    Ok(Proof { objectives, proven: potentials.len() })
}

fn check_shape(net: &Network, flows: &[i64], potentials: &[&[i64]]) -> Result<(), Violation> {
    if flows.len() != net.arc_count() {
        return Err(Violation::FlowCount { given: flows.len(), arcs: net.arc_count() });
    }
    if potentials.len() > net.level_count() {
        return Err(Violation::LevelCount { given: potentials.len(), levels: net.level_count() });
    }
    for (level, potential) in potentials.iter().enumerate() {
        if potential.len() != net.node_count() {
            let (given, nodes) = (potential.len(), net.node_count());
            return Err(Violation::PotentialCount { level, given, nodes });
        }
        // Distances lie within one and a half times the unreachable one; twice that is safe in 64 bits.
        let most = net.unreachable_distance(level).unsigned_abs() * 2;
        for (node, &p) in (0..).zip(*potential) {
            if p.unsigned_abs() > most || (node == ROOT && p != 0) {
                return Err(Violation::PotentialRange { level, node, potential: p });
            }
        }
    }
    Ok(())
}

/// Every node is at the end of a tight residual path from the root, or from a node that nothing
/// residual reaches and that has the unreachable distance at all levels.
fn check_shortest(net: &Network, flows: &[i64], potentials: &[&[i64]], tight: &[(u32, u32)]) -> Result<(), Violation> {
    let nodes = net.node_count();
    let mut first = vec![0_usize; nodes + 1];
    for &(from, _) in tight {
        first[from as usize + 1] += 1;
    }
    for node in 0..nodes {
        first[node + 1] += first[node];
    }
    let mut place = first.clone();
    let mut heads = vec![0_u32; tight.len()];
    for &(from, to) in tight {
        heads[place[from as usize]] = to;
        place[from as usize] += 1;
    }
    let spread = |reached: &mut [bool], start: u32| {
        let mut stack = vec![start];
        reached[start as usize] = true;
        while let Some(node) = stack.pop() {
            for &to in &heads[first[node as usize]..first[node as usize + 1]] {
                if !std::mem::replace(&mut reached[to as usize], true) {
                    stack.push(to);
                }
            }
        }
    };
    let mut reached = vec![false; nodes];
    spread(&mut reached, ROOT);
    if reached.iter().all(|&r| r) {
        return Ok(());
    }
    // What the tight paths reach must be all that residual paths reach.
    let ends = net.tails().iter().zip(net.heads());
    for ((&from, &to), (&flow, &cap)) in ends.zip(flows.iter().zip(net.capacities())) {
        let (out, back) = (reached[from as usize], reached[to as usize]);
        if out && !back && flow < cap {
            return Err(Violation::NotShortest { node: to });
        }
        if back && !out && flow > 0 {
            return Err(Violation::NotShortest { node: from });
        }
    }
    // Each of the others has an arc of its own from the root, under the same rule as any empty arc.
    let mut starts: Vec<u32> = Vec::new();
    for (node, _) in (0..).zip(&reached).filter(|&(_, &r)| !r) {
        let mut spare = potentials.iter().enumerate().map(|(level, potential)| {
            // Positive while the arc is not tight, and then later levels do not look at it.
            net.unreachable_distance(level) - potential[node as usize]
        });
        match spare.find(|&reduced| reduced != 0) {
            Some(reduced) if reduced < 0 => return Err(Violation::NotShortest { node }),
            Some(_) => {}
            None => starts.push(node),
        }
    }
    for node in starts {
        spread(&mut reached, node);
    }
    match (0..).zip(&reached).find(|&(_, &r)| !r) {
        Some((node, _)) => Err(Violation::NotShortest { node }),
        None => Ok(()),
    }
}
