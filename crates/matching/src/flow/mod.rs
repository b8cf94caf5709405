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
mod components;
mod network;
mod potentials;
mod simplex;
mod solution;
mod tree;

#[cfg(test)]
mod tests;

pub use builder::{NetworkBuilder, NetworkError};
pub use certificate::{Proof, Violation, verify};
pub use components::Components;
pub use network::{LevelCosts, Network, ROOT, UNBOUNDED};
pub use simplex::solve;
pub use solution::{Control, Level, Progress, Solution, SolveError, Stop};
