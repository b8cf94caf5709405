//! Builds a network and refuses what the arithmetic or the first basis cannot carry.

use super::network::{LevelCosts, Network, ROOT, UNBOUNDED};

/// Supplies plus finite capacities stay below this, so that no flow leaves `i64` and an arc without
/// a limit can always be told from a full one.
const LARGEST_TOTAL: i128 = 1 << 61;

/// What a simple circle can cost at a level stays below this: potentials need that much, reduced
/// costs three times that much, and drift between two normalisations leaves room for both.
pub(super) const LARGEST_REACH: i128 = 1 << 57;

/// Why a network was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// More nodes or arcs than a 32-bit index names.
    #[error("the network has {nodes} nodes and {arcs} arcs; each must be below {}: split it", u32::MAX)]
    TooLarge {
        /// Nodes given.
        nodes: usize,
        /// Arcs given.
        arcs: usize,
    },
    /// An arc names a node that does not exist.
    #[error("arc {arc} names node {node}, which does not exist: add the node first")]
    UnknownNode {
        /// The arc.
        arc: u32,
        /// The missing node.
        node: u32,
    },
    /// An arc from a node to itself.
    #[error("arc {arc} leaves and enters node {node}: leave it out")]
    Loop {
        /// The arc.
        arc: u32,
        /// Its node.
        node: u32,
    },
    /// A negative capacity.
    #[error("arc {arc} has capacity {capacity}: give zero or more")]
    NegativeCapacity {
        /// The arc.
        arc: u32,
        /// The capacity given.
        capacity: i64,
    },
    /// Supplies and finite capacities add up to more than flows may reach.
    #[error(
        "supplies and finite capacities add up to {total}; they must stay below {LARGEST_TOTAL}: \
             clip capacities to what their ends can send or take, or use a coarser unit"
    )]
    TotalTooLarge {
        /// The sum of absolute supplies and finite capacities.
        total: i128,
    },
    /// A level whose potentials could leave 64 bits.
    #[error(
        "level {level}: a circle through all nodes could cost {reach}; it must stay below {LARGEST_REACH}: \
             scale the costs down or stage the level"
    )]
    CostsTooLarge {
        /// The level.
        level: usize,
        /// Twice the largest absolute cost of an arc of the root, plus nodes times the largest other one.
        reach: i128,
    },
    /// Costs for a level the network does not have.
    #[error("level {level} has costs but the network has {levels} levels")]
    UnknownLevel {
        /// The level named.
        level: usize,
        /// How many levels there are.
        levels: usize,
    },
    /// A cost for an arc that does not exist, or a dense level of another length.
    #[error("level {level} names arc {arc} of {arcs}: give each arc at most one cost")]
    UnknownArc {
        /// The level.
        level: usize,
        /// The first arc without counterpart.
        arc: usize,
        /// How many arcs there are.
        arcs: usize,
    },
    /// A node without its arc in the first basis.
    #[error("node {node} has no drain or feed arc: give it one, directly or along a chain to the root")]
    NoTreeArc {
        /// The node.
        node: u32,
    },
    /// Two arcs claim to hold the same node.
    #[error("node {node} hangs on arcs {first} and {second}: name one")]
    TwoTreeArcs {
        /// The node.
        node: u32,
        /// The arc named first.
        first: u32,
        /// The arc named second.
        second: u32,
    },
    /// The arc said to hold a node does not touch it, or holds the root.
    #[error("arc {arc} cannot hold node {node} in the first basis: it must touch it, and the root hangs on nothing")]
    ForeignTreeArc {
        /// The node.
        node: u32,
        /// The arc.
        arc: u32,
    },
    /// Drain and feed arcs that lead around instead of to the root.
    #[error("the drain and feed arcs of node {node} lead around in a circle, not to the root")]
    TreeCycle {
        /// One node of the circle.
        node: u32,
    },
    /// The first basis would break a bound, or leave a node unable to send to the root.
    #[error(
        "node {node} hangs on arc {arc} with a first flow of {flow} at capacity {capacity}: \
             a drain needs 0 <= flow < capacity, a feed 0 < flow <= capacity"
    )]
    StartNotFeasible {
        /// The node.
        node: u32,
        /// The arc it hangs on.
        arc: u32,
        /// The flow of the first basis.
        flow: i128,
        /// The capacity of the arc.
        capacity: i64,
    },
}

/// Collects nodes, arcs and costs; [`NetworkBuilder::build`] checks them.
///
/// Every node but the root hangs on one arc of the first basis: a *drain* (what the node cannot place
/// flows towards the root) or a *feed* (what the node does not get comes from the root). These arcs
/// form a tree over all nodes. A node with nothing to send and nothing to take hangs on a drain; a
/// feed must carry something in the first basis, or the tree would not be strongly feasible.
#[derive(Debug, Clone)]
pub struct NetworkBuilder {
    supply: Vec<i64>,
    from: Vec<u32>,
    to: Vec<u32>,
    capacity: Vec<i64>,
    costs: Vec<LevelCosts>,
    holds: Vec<(u32, u32)>,
    fault: Option<NetworkError>,
}

/// An index as `u32`; what does not fit is refused by `build` through the lengths.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl NetworkBuilder {
    /// A network of the root alone, with `levels` cost levels of zero.
    pub fn new(levels: usize) -> Self {
        Self {
            supply: vec![0],
            from: Vec::new(),
            to: Vec::new(),
            capacity: Vec::new(),
            costs: vec![LevelCosts::Sparse(Vec::new()); levels],
            holds: Vec::new(),
            fault: None,
        }
    }

    /// Makes room for this many more arcs.
    pub fn reserve_arcs(&mut self, arcs: usize) {
        self.from.reserve(arcs);
        self.to.reserve(arcs);
        self.capacity.reserve(arcs);
    }

    /// Adds a node with this supply (negative: demand), in units, and returns its index.
    pub fn node(&mut self, supply: i64) -> u32 {
        self.supply.push(supply);
        index(self.supply.len() - 1)
    }

    /// Adds an arc and returns its index; capacity in units, or [`UNBOUNDED`].
    pub fn arc(&mut self, from: u32, to: u32, capacity: i64) -> u32 {
        self.from.push(from);
        self.to.push(to);
        self.capacity.push(capacity);
        index(self.from.len() - 1)
    }

    /// Adds an arc without limit `node -> towards` that `node` hangs on in the first basis.
    pub fn drain(&mut self, node: u32, towards: u32) -> u32 {
        let arc = self.arc(node, towards, UNBOUNDED);
        self.hang(node, arc);
        arc
    }

    /// Adds an arc without limit `source -> node` that `node` hangs on in the first basis.
    pub fn feed(&mut self, source: u32, node: u32) -> u32 {
        let arc = self.arc(source, node, UNBOUNDED);
        self.hang(node, arc);
        arc
    }

    /// Names an arc already added as the one `node` hangs on in the first basis.
    pub fn hang(&mut self, node: u32, arc: u32) {
        self.holds.push((node, arc));
    }

    /// Sets the cost of one arc at one level, per unit; the last one given counts.
    pub fn cost(&mut self, level: usize, arc: u32, cost: i64) {
        let levels = self.costs.len();
        let arcs = self.from.len();
        match self.costs.get_mut(level) {
            None => self.fault = self.fault.take().or(Some(NetworkError::UnknownLevel { level, levels })),
            Some(LevelCosts::Sparse(entries)) => entries.push((arc, cost)),
            Some(LevelCosts::Dense(costs)) => {
                if costs.len() < arcs {
                    costs.resize(arcs, 0);
                }
                match costs.get_mut(arc as usize) {
                    Some(slot) => *slot = cost,
                    None => {
                        let error = NetworkError::UnknownArc { level, arc: arc as usize, arcs };
                        self.fault = self.fault.take().or(Some(error));
                    }
                }
            }
        }
    }

    /// Sets all costs of a level at once, in place of what it had.
    pub fn costs(&mut self, level: usize, costs: LevelCosts) {
        let levels = self.costs.len();
        match self.costs.get_mut(level) {
            Some(slot) => *slot = costs,
            None => self.fault = self.fault.take().or(Some(NetworkError::UnknownLevel { level, levels })),
        }
    }

    /// Supply per node so far, the root's not yet balanced.
    pub fn supplies(&self) -> &[i64] {
        &self.supply
    }

    /// How many arcs there are so far.
    pub fn arc_count(&self) -> usize {
        self.from.len()
    }

    /// Tail, head and capacity of each arc so far.
    pub fn arcs(&self) -> impl Iterator<Item = (u32, u32, i64)> {
        self.from.iter().zip(&self.to).zip(&self.capacity).map(|((from, to), cap)| (*from, *to, *cap))
    }

    /// Checks everything and returns the network; the first fault found is the error.
    pub fn build(self) -> Result<Network, NetworkError> {
        let Self { mut supply, from, to, capacity, costs, holds, fault } = self;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let (nodes, arcs) = (supply.len(), from.len());
        if nodes >= u32::MAX as usize || arcs >= u32::MAX as usize {
            return Err(NetworkError::TooLarge { nodes, arcs });
        }
        let mut total: i128 = 0;
        let mut balance: i128 = 0;
        for &b in &supply[1..] {
            balance += i128::from(b);
            total += i128::from(b).abs();
        }
        for (at, ((&f, &t), &cap)) in from.iter().zip(&to).zip(&capacity).enumerate() {
            let arc = index(at);
            if let Some(&node) = [f, t].iter().find(|&&v| v as usize >= nodes) {
                return Err(NetworkError::UnknownNode { arc, node });
            }
            if f == t {
                return Err(NetworkError::Loop { arc, node: f });
            }
            if cap < 0 {
                return Err(NetworkError::NegativeCapacity { arc, capacity: cap });
            }
            if cap != UNBOUNDED {
                total += i128::from(cap);
            }
        }
        if total >= LARGEST_TOTAL {
            return Err(NetworkError::TotalTooLarge { total });
        }
        supply[0] = i64::try_from(-balance).map_err(|_| NetworkError::TotalTooLarge { total })?;
        let mut checked = Vec::with_capacity(costs.len());
        let mut reach = Vec::with_capacity(costs.len());
        for (level, level_costs) in costs.into_iter().enumerate() {
            let (level_costs, bound) = check_costs(level, level_costs, nodes, (&from, &to))?;
            checked.push(level_costs);
            reach.push(bound);
        }
        let tree_arc = check_holds(&holds, &from, &to, nodes)?;
        let preorder = preorder(&tree_arc, &from, &to)?;
        let tree_flow = first_flow(&tree_arc, &preorder, &supply, (&from, &to, &capacity))?;
        Ok(Network { supply, from, to, capacity, costs: checked, reach, tree_arc, preorder, tree_flow })
    }
}

/// One level in its stored form, sparse entries sorted and single, with its reach.
pub(super) fn check_costs(
    level: usize,
    costs: LevelCosts,
    nodes: usize,
    (from, to): (&[u32], &[u32]),
) -> Result<(LevelCosts, i64), NetworkError> {
    let arcs = from.len();
    let costs = match costs {
        LevelCosts::Dense(mut list) => {
            if list.len() > arcs {
                return Err(NetworkError::UnknownArc { level, arc: arcs, arcs });
            }
            list.resize(arcs, 0);
            LevelCosts::Dense(list)
        }
        LevelCosts::Sparse(mut entries) => {
            // Stable, so among entries of one arc the last one given stays last.
            entries.sort_by_key(|&(arc, _)| arc);
            if let Some(&(arc, _)) = entries.last()
                && arc as usize >= arcs
            {
                return Err(NetworkError::UnknownArc { level, arc: arc as usize, arcs });
            }
            let mut single: Vec<(u32, i64)> = Vec::with_capacity(entries.len());
            for (arc, cost) in entries {
                match single.last_mut() {
                    Some(last) if last.0 == arc => last.1 = cost,
                    Some(_) | None => single.push((arc, cost)),
                }
            }
            single.retain(|&(_, cost)| cost != 0);
            // An entry takes twice the room of a dense cost.
            if single.len() > arcs / 2 {
                let mut list = Vec::new();
                LevelCosts::Sparse(single).spread(arcs, &mut list);
                LevelCosts::Dense(list)
            } else {
                LevelCosts::Sparse(single)
            }
        }
    };
    let (mut at_root, mut elsewhere) = (0, 0);
    let mut count = |arc: usize, cost: i64| {
        let largest = if from[arc] == ROOT || to[arc] == ROOT { &mut at_root } else { &mut elsewhere };
        *largest = cost.unsigned_abs().max(*largest);
    };
    match &costs {
        LevelCosts::Dense(list) => list.iter().enumerate().for_each(|(arc, &cost)| count(arc, cost)),
        LevelCosts::Sparse(entries) => entries.iter().for_each(|&(arc, cost)| count(arc as usize, cost)),
    }
    let reach = (2 * i128::from(at_root) + i128::from(index(nodes)) * i128::from(elsewhere)).max(1);
    match i64::try_from(reach) {
        Ok(bound) if reach < LARGEST_REACH => Ok((costs, bound)),
        Ok(_) | Err(_) => Err(NetworkError::CostsTooLarge { level, reach }),
    }
}

/// The arc each node hangs on; the root's entry is unused.
fn check_holds(holds: &[(u32, u32)], from: &[u32], to: &[u32], nodes: usize) -> Result<Vec<u32>, NetworkError> {
    let mut tree_arc = vec![u32::MAX; nodes];
    for &(node, arc) in holds {
        let touches = from.get(arc as usize) == Some(&node) || to.get(arc as usize) == Some(&node);
        if !touches || node == ROOT {
            return Err(NetworkError::ForeignTreeArc { node, arc });
        }
        let first = tree_arc[node as usize];
        if first != u32::MAX && first != arc {
            return Err(NetworkError::TwoTreeArcs { node, first, second: arc });
        }
        tree_arc[node as usize] = arc;
    }
    match tree_arc.iter().skip(1).position(|&arc| arc == u32::MAX) {
        Some(at) => Err(NetworkError::NoTreeArc { node: index(at + 1) }),
        None => Ok(tree_arc),
    }
}

/// The other end of the arc that `node` hangs on.
pub(super) fn tree_parent(node: u32, arc: u32, from: &[u32], to: &[u32]) -> u32 {
    let (f, t) = (from[arc as usize], to[arc as usize]);
    if f == node { t } else { f }
}

/// The nodes of the first basis in preorder, children in index order.
fn preorder(tree_arc: &[u32], from: &[u32], to: &[u32]) -> Result<Vec<u32>, NetworkError> {
    let nodes = tree_arc.len();
    let mut first_child = vec![u32::MAX; nodes];
    let mut next_sibling = vec![u32::MAX; nodes];
    for node in 1..index(nodes) {
        let parent = tree_parent(node, tree_arc[node as usize], from, to);
        next_sibling[node as usize] = first_child[parent as usize];
        first_child[parent as usize] = node;
    }
    // Children were pushed in front in rising order; a stack turns them round again.
    let mut order = Vec::with_capacity(nodes);
    let mut seen = vec![false; nodes];
    let mut stack = vec![ROOT];
    while let Some(node) = stack.pop() {
        seen[node as usize] = true;
        order.push(node);
        let mut child = first_child[node as usize];
        while child != u32::MAX {
            stack.push(child);
            child = next_sibling[child as usize];
        }
    }
    match seen.iter().position(|&s| !s) {
        Some(at) => Err(NetworkError::TreeCycle { node: index(at) }),
        None => Ok(order),
    }
}

/// The flow on the tree arc of each node, checked for strong feasibility.
fn first_flow(
    tree_arc: &[u32],
    preorder: &[u32],
    supply: &[i64],
    (from, to, capacity): (&[u32], &[u32], &[i64]),
) -> Result<Vec<i64>, NetworkError> {
    let mut surplus: Vec<i128> = supply.iter().map(|&b| i128::from(b)).collect();
    let mut flows = vec![0; supply.len()];
    for &node in preorder.iter().skip(1).rev() {
        let arc = tree_arc[node as usize];
        let cap = capacity[arc as usize];
        let sum = surplus[node as usize];
        let drains = from[arc as usize] == node;
        let flow = if drains { sum } else { -sum };
        let limit = i128::from(cap);
        let feasible = if drains { 0 <= flow && flow < limit } else { 0 < flow && flow <= limit };
        match i64::try_from(flow) {
            Ok(units) if feasible => flows[node as usize] = units,
            Ok(_) | Err(_) => {
                return Err(NetworkError::StartNotFeasible { node, arc, flow, capacity: cap });
            }
        }
        surplus[tree_parent(node, arc, from, to) as usize] += sum;
    }
    Ok(flows)
}
