//! Micro-benchmarks of the flow core: `cargo bench -p bench`.

#![expect(clippy::expect_used, reason = "without its instance there is nothing to measure")]

use std::sync::LazyLock;

use bench::{
    fair::{Shares, market_of_regions},
    floor::negative,
    instances::{Shape, problem},
    plain::{prepare, solve_all},
};
use divan::{Bencher, counter::ItemsCount};
use matching::flow::{Control, LevelCosts, Network, Solution, fair_shares, solve, verify};

/// One part with its solution: 10,000 offers, 5,000 needs, 50 needs each.
static SPARSE: LazyLock<(Network, Solution)> = LazyLock::new(|| solved(10_000, 5_000, Some(50)));
/// One part with its solution: 1,100 offers, 500 needs, all pairs.
static DENSE: LazyLock<(Network, Solution)> = LazyLock::new(|| solved(1_100, 500, None));

fn solved(offers: usize, needs: usize, degree: Option<usize>) -> (Network, Solution) {
    let shape = Shape { offers, needs, products: 1, degree, reach: None, west: false, periods: 1, seed: 1 };
    let mut ready = prepare(&problem(&shape), 1).expect("the instance is sound");
    let (mut solutions, _) = solve_all(&ready.networks, 1).expect("the instance has an optimum");
    (ready.networks.swap_remove(0), solutions.swap_remove(0))
}

/// Whole solves, counted in pivots: pricing, exchanges and potentials together.
#[divan::bench(args = ["dense", "sparse"])]
fn pivots(bencher: Bencher<'_, '_>, name: &str) {
    let (network, solution) = instance(name);
    let bencher = bencher.counter(ItemsCount::new(solution.pivots()));
    bencher.bench_local(|| solve(network, &mut Control::default()));
}

/// The reduced cost of every arc once, counted in arcs.
#[divan::bench(args = ["dense", "sparse"])]
fn pricing(bencher: Bencher<'_, '_>, name: &str) {
    let (network, solution) = instance(name);
    let LevelCosts::Dense(costs) = network.costs(0) else { return };
    let potentials = &solution.levels[0].potentials;
    let bencher = bencher.counter(ItemsCount::new(network.arc_count()));
    bencher.bench_local(|| negative(network.tails(), network.heads(), costs, potentials));
}

/// The certificate, counted in arcs.
#[divan::bench(args = ["dense", "sparse"])]
fn certificate(bencher: Bencher<'_, '_>, name: &str) {
    let (network, solution) = instance(name);
    let bencher = bencher.counter(ItemsCount::new(network.arc_count()));
    bencher.bench_local(|| verify(network, &solution.flows, &solution.potentials()));
}

/// The fairest shares of 27 regions, by maximum flows.
#[divan::bench(sample_count = 20)]
fn fairness(bencher: Bencher<'_, '_>) {
    let stage = Shares::of(&market_of_regions());
    bencher.bench_local(|| fair_shares(&stage.problem(), None));
}

fn instance(name: &str) -> &'static (Network, Solution) {
    if name == "dense" { &DENSE } else { &SPARSE }
}

fn main() {
    divan::main();
}
