//! What a solve takes besides the network, and what it gives back.

use std::sync::atomic::AtomicBool;

/// Limits and hooks of one solve; the default has none.
#[derive(Default)]
pub struct Control<'a> {
    /// The largest number of pivots over all levels; none when absent.
    pub max_pivots: Option<u64>,
    /// Set from elsewhere to end the solve at the next check.
    pub cancel: Option<&'a AtomicBool>,
    /// Called every so often, and once at the end of each level.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
}

/// How far a solve is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The level at work; of levels solved together the first.
    pub level: usize,
    /// Pivots so far, over all levels.
    pub pivots: u64,
    /// Arcs still free at this level.
    pub free_arcs: usize,
}

/// Why a solve ended before its optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The pivot limit was reached.
    PivotLimit,
    /// The caller cancelled.
    Cancelled,
}

/// Why a network has no optimum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SolveError {
    /// A circle of arcs without limit whose cost is negative.
    #[error(
        "level {level}: arc {arc} lies on a circle of arcs without limit and of negative cost: \
             give one of them a capacity"
    )]
    Unbounded {
        /// The level.
        level: usize,
        /// The arc that closed the circle.
        arc: u32,
    },
}

/// Why a solve with costs computed on the way gave no solution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LateError {
    /// As for any solve.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// The computed costs do not fit the network.
    #[error("the costs computed on the way: {0}")]
    Costs(#[from] super::NetworkError),
}

/// The outcome of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The value of the returned flows at this level.
    pub objective: i128,
    /// A proven lower bound of the level on the optimal face of the levels before it; equals the
    /// objective when optimal, and is absent for a level that was never begun.
    pub bound: Option<i128>,
    /// Whether the objective is proven minimal.
    pub optimal: bool,
    /// Pivots spent on this level; levels solved together count with the first of them.
    pub pivots: u64,
    /// Canonical potentials, one per node, when optimal; else empty. See [`Solution`].
    pub potentials: Vec<i64>,
}

impl Level {
    /// Objective less bound: zero when optimal, absent for a level that was never begun.
    pub fn gap(&self) -> Option<i128> {
        self.bound.map(|bound| self.objective - bound)
    }
}

/// Flows and their proof.
///
/// The potentials of a level are the shortest residual distances from the root over the arcs that are
/// free at the level: all arcs at the first, then those free at the level before whose reduced cost
/// there is zero. They depend on the flows alone, not on the way they were found. A node that no
/// residual path reaches is measured from
/// [`unreachable_distance`](super::Network::unreachable_distance) instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Flow per arc, in units.
    pub flows: Vec<i64>,
    /// One outcome per level, in order.
    pub levels: Vec<Level>,
    /// Whether a residual path leads from the root to each node.
    pub reachable: Vec<bool>,
    /// Why the solve ended early, if it did.
    pub stop: Option<Stop>,
}

impl Solution {
    /// Whether every level is proven minimal.
    pub fn is_optimal(&self) -> bool {
        self.levels.iter().all(|level| level.optimal)
    }

    /// The potentials of the levels proven minimal, as the certificate takes them.
    pub fn potentials(&self) -> Vec<&[i64]> {
        self.levels.iter().take_while(|level| level.optimal).map(|level| level.potentials.as_slice()).collect()
    }

    /// Pivots over all levels.
    pub fn pivots(&self) -> u64 {
        self.levels.iter().map(|level| level.pivots).sum()
    }
}
