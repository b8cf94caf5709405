//! Lexicographic minimum-cost flow: the graph core of the engine.
//!
//! A [`Network`] is built once through [`NetworkBuilder`], which checks every bound the arithmetic
//! needs. [`solve`] minimises its cost levels one after the other, each on the optimal face of the
//! levels before it, with a primal network simplex in integers. [`verify`] proves a result with code
//! of its own. [`Components`] splits a market into parts that can be solved apart.
//!
//! Sign conventions, used everywhere here: a node with supply `b > 0` sends `b` more than it
//! receives, `b < 0` is a demand. A potential is a distance from the root: the reduced cost of an arc
//! is `cost + potential[from] - potential[to]`. At an optimum an arc with a positive reduced cost
//! carries nothing and an arc with a negative one is full.

mod bound;
mod builder;
mod certificate;
pub mod columns;
mod components;
mod fair_shares;
mod max_flow;
mod network;
mod potentials;
mod simplex;
mod solution;
mod spread;
mod tree;
pub mod warm;

#[cfg(test)]
mod tests;

pub use builder::{NetworkBuilder, NetworkError};
pub use certificate::{Proof, Violation, verify};
pub use components::Components;
pub use fair_shares::{
    Ask, FairShares, Group, GroupShare, Round, Share, ShareError, ShareProblem, TierShares, fair_shares,
};
pub(crate) use max_flow::{Carried, Graph, Search};
pub use network::{LevelCosts, Network, ROOT, UNBOUNDED};
pub use simplex::{solve, solve_late};
pub use solution::{Control, LateError, Level, Progress, Solution, SolveError, Stop};
