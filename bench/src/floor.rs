//! The floor: the least any exact method does, which is to look at the price of every arc once.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use matching::flow::{LevelCosts, Network, Solution};

/// How many arcs have a negative reduced cost: one pass over the columns of tails, heads and costs.
pub fn negative(from: &[u32], to: &[u32], cost: &[i64], potential: &[i64]) -> usize {
    let ends = from.iter().zip(to).zip(cost);
    ends.filter(|&((&from, &to), &cost)| cost + potential[from as usize] - potential[to as usize] < 0).count()
}

/// The time of one pass over all networks, on one thread, with the potentials of their solutions.
pub fn pass(networks: &[Network], solutions: &[Solution]) -> Duration {
    let start = Instant::now();
    let mut found = 0;
    for (network, solution) in networks.iter().zip(solutions) {
        if let (LevelCosts::Dense(cost), Some(level)) = (network.costs(0), solution.levels.first()) {
            found += negative(network.tails(), network.heads(), cost, &level.potentials);
        }
    }
    black_box(found);
    start.elapsed()
}
