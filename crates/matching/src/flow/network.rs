//! The checked network a solve runs on.

use super::builder::{NetworkError, check_costs};

/// The slack root: the node every network has, index 0.
pub const ROOT: u32 = 0;

/// The capacity of an arc without a limit.
pub const UNBOUNDED: i64 = i64::MAX;

/// The costs of one level, per unit of flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LevelCosts {
    /// One cost per arc, in arc order.
    Dense(Vec<i64>),
    /// The arcs whose cost is not zero, as (arc, cost).
    Sparse(Vec<(u32, i64)>),
}

impl LevelCosts {
    /// The cost of one arc; a sparse level is searched, so bulk readers use [`LevelCosts::spread`].
    pub(super) fn of(&self, arc: u32) -> i64 {
        match self {
            Self::Dense(costs) => costs[arc as usize],
            Self::Sparse(entries) => entries.binary_search_by_key(&arc, |&(a, _)| a).map_or(0, |at| entries[at].1),
        }
    }

    /// One cost per arc of `arcs`; a sparse level is spread out in `scratch`.
    pub(super) fn spread<'a>(&'a self, arcs: usize, scratch: &'a mut Vec<i64>) -> &'a [i64] {
        match self {
            Self::Dense(costs) => costs,
            Self::Sparse(entries) => {
                scratch.clear();
                scratch.resize(arcs, 0);
                for &(arc, cost) in entries {
                    scratch[arc as usize] = cost;
                }
                scratch
            }
        }
    }

    /// Whether every cost is zero for sure: no entry at all.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Sparse(entries) if entries.is_empty())
    }

    /// Whether some cost is negative.
    pub fn any_negative(&self) -> bool {
        match self {
            Self::Dense(costs) => costs.iter().any(|&c| c < 0),
            Self::Sparse(entries) => entries.iter().any(|&(_, c)| c < 0),
        }
    }
}

/// A network whose bounds are checked and whose first basis is known to be strongly feasible.
///
/// Built by [`NetworkBuilder`](super::NetworkBuilder) only; immutable, so it can be shared.
#[derive(Debug, Clone)]
pub struct Network {
    /// Supply per node; the root's entry balances the others.
    pub(super) supply: Vec<i64>,
    pub(super) from: Vec<u32>,
    pub(super) to: Vec<u32>,
    pub(super) capacity: Vec<i64>,
    pub(super) costs: Vec<LevelCosts>,
    /// Per level, twice the largest absolute cost of an arc of the root plus `nodes` times that of any
    /// other arc, at least 1. A simple circle passes the root once at most, so none costs more.
    pub(super) reach: Vec<i64>,
    /// Per node the arc it hangs on in the first basis; the root's entry is unused.
    pub(super) tree_arc: Vec<u32>,
    /// The nodes in preorder of the first basis, the root first.
    pub(super) preorder: Vec<u32>,
    /// The flow on `tree_arc` of each node in the first basis.
    pub(super) tree_flow: Vec<i64>,
}

impl Network {
    /// How many nodes there are, the root included.
    pub fn node_count(&self) -> usize {
        self.supply.len()
    }

    /// How many arcs there are.
    pub fn arc_count(&self) -> usize {
        self.from.len()
    }

    /// How many cost levels there are.
    pub fn level_count(&self) -> usize {
        self.costs.len()
    }

    /// The supply of each node, in units; negative is demand, and the sum is zero.
    pub fn supplies(&self) -> &[i64] {
        &self.supply
    }

    /// The node each arc leaves.
    pub fn tails(&self) -> &[u32] {
        &self.from
    }

    /// The node each arc enters.
    pub fn heads(&self) -> &[u32] {
        &self.to
    }

    /// The capacity of each arc, in units; [`UNBOUNDED`] where there is none.
    pub fn capacities(&self) -> &[i64] {
        &self.capacity
    }

    /// The cost of an arc at a level, per unit.
    pub fn cost(&self, level: usize, arc: u32) -> i64 {
        self.costs[level].of(arc)
    }

    /// The costs of a level.
    pub fn costs(&self, level: usize) -> &LevelCosts {
        &self.costs[level]
    }

    /// Puts other costs in the place of a level's.
    pub(super) fn replace_costs(&mut self, level: usize, costs: LevelCosts) -> Result<(), NetworkError> {
        let (costs, reach) = check_costs(level, costs, self.node_count(), (&self.from, &self.to))?;
        self.costs[level] = costs;
        self.reach[level] = reach;
        Ok(())
    }

    /// The distance given at a level to a node that no residual path from the root reaches.
    ///
    /// It is `2N`, where `N` is twice the largest absolute cost of an arc of the root plus the number
    /// of nodes times the largest of any other arc, at least 1. A simple path has one arc fewer than
    /// nodes, passes the root once at most and starts there on the way out: with any cost above zero,
    /// a shortest distance is below `N` and a way back costs more than `-N`. Give every unreachable
    /// node an arc of its own from the root that costs `2N`, and let potentials be shortest distances
    /// in this larger residual graph. It has no negative circle: a new one leads from the root over
    /// such an arc back to the root and costs more than `2N - N`. A way over such an arc to a
    /// reachable node costs more than `2N - N = N`: the distances of reachable nodes stay and no such
    /// way is ever tight. All potentials are shortest distances, so no residual arc has a negative
    /// reduced cost, those out of unreachable nodes included.
    pub fn unreachable_distance(&self, level: usize) -> i64 {
        2 * self.reach[level]
    }

    /// The value of a flow at a level.
    pub fn value(&self, level: usize, flows: &[i64]) -> i128 {
        match &self.costs[level] {
            LevelCosts::Dense(costs) => {
                // Most arcs carry nothing.
                let carried = costs.iter().zip(flows).filter(|&(_, &x)| x != 0);
                carried.map(|(&c, &x)| i128::from(c) * i128::from(x)).sum()
            }
            LevelCosts::Sparse(entries) => {
                entries.iter().map(|&(arc, c)| i128::from(c) * i128::from(flows[arc as usize])).sum()
            }
        }
    }
}
