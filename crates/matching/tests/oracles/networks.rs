//! Random networks too large to enumerate, every level equal to the unit.

use matching::flow::{Control, LevelCosts, Network, NetworkBuilder, ROOT, UNBOUNDED, solve, verify};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use serde_json::{Value, json};

use crate::python;

/// A network being drawn, with the costs of its arcs, level by level.
struct Draw {
    random: ChaCha8Rng,
    builder: NetworkBuilder,
    costs: Vec<Vec<i64>>,
}

impl Draw {
    fn new(seed: u64, levels: usize) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            builder: NetworkBuilder::new(levels),
            costs: vec![vec![]; levels],
        }
    }

    fn cost(&mut self, of_arc: &[i64]) {
        for (level, cost) in self.costs.iter_mut().zip(of_arc) {
            level.push(*cost);
        }
    }

    fn build(mut self) -> Network {
        for (level, costs) in self.costs.into_iter().enumerate() {
            self.builder.costs(level, LevelCosts::Dense(costs));
        }
        self.builder.build().unwrap()
    }
}

/// Offers with output in periods that is carried on, needs in two tiers, arcs at two costs each:
/// levels of the first tier, the second, cost and ties.
fn market(seed: u64) -> Network {
    let mut draw = Draw::new(seed, 4);
    let (offers, needs, periods) = (60, 50, 3_usize);
    let mut outputs = vec![];
    for _ in 0..offers {
        let chain: Vec<u32> = (0..periods).map(|_| draw.builder.node(draw.random.random_range(0..60))).collect();
        for (at, node) in chain.iter().enumerate() {
            draw.builder.drain(*node, chain.get(at + 1).copied().unwrap_or(ROOT));
            draw.cost(&[0; 4]);
        }
        outputs.push(chain);
    }
    for _ in 0..needs {
        let need = draw.builder.node(-draw.random.random_range(1..250));
        draw.builder.feed(ROOT, need);
        let tier = draw.random.random_range(0..2);
        draw.cost(&[1 - tier, tier, 0, 0]);
        for _ in 0..12 {
            let chain = &outputs[draw.random.random_range(0..offers)];
            let from = chain[draw.random.random_range(0..periods)];
            draw.builder.arc(from, need, UNBOUNDED);
            let (cost, tie) = (draw.random.random_range(1..2_000), draw.random.random_range(1..1_000));
            draw.cost(&[0, 0, cost, tie]);
        }
    }
    draw.build()
}

/// Nodes of all kinds and arcs between any two, some with a capacity and a cost below zero.
fn tangle(seed: u64) -> Network {
    let mut draw = Draw::new(seed, 3);
    let nodes = 120_u32;
    for _ in 1..=nodes {
        if draw.random.random_range(0..2) == 0 {
            let node = draw.builder.node(-draw.random.random_range(1..100));
            draw.builder.feed(ROOT, node);
        } else {
            let node = draw.builder.node(draw.random.random_range(0..100));
            draw.builder.drain(node, ROOT);
        }
        let costs = [draw.random.random_range(0..4), draw.random.random_range(0..1_000), 0];
        draw.cost(&costs);
    }
    for _ in 0..1_500 {
        let from = draw.random.random_range(0..=nodes);
        let to = (from + draw.random.random_range(1..=nodes)) % (nodes + 1);
        let bounded = draw.random.random_range(0..3) > 0;
        draw.builder.arc(from, to, if bounded { draw.random.random_range(0..80) } else { UNBOUNDED });
        // Below zero only where a capacity keeps every circle finite.
        let sign = if bounded && draw.random.random_range(0..4) == 0 { -1 } else { 1 };
        let costs = [0..4, 0..1_000, 1..1_000].map(|range| sign * draw.random.random_range(range));
        draw.cost(&costs);
    }
    draw.build()
}

fn written(net: &Network) -> Value {
    let arcs = net.tails().iter().zip(net.heads()).zip(net.capacities());
    let costs = (0..net.level_count())
        .map(|level| (0..net.arc_count()).map(|arc| net.cost(level, u32::try_from(arc).unwrap())).collect::<Vec<_>>());
    json!({
        "supply": net.supplies(),
        "arcs": arcs.map(|((from, to), cap)| json!([from, to, (*cap != UNBOUNDED).then_some(cap)])).collect::<Vec<_>>(),
        "costs": costs.collect::<Vec<_>>(),
    })
}

fn solved(net: &Network) -> Vec<i128> {
    let solution = solve(net, &mut Control::default()).unwrap();
    let proof = verify(net, &solution.flows, &solution.potentials()).unwrap();
    assert_eq!(proof.proven, net.level_count());
    proof.objectives
}

fn agree(oracle: &str, packages: &[&str], networks: &[Network]) {
    let question = json!({ "ask": oracle, "networks": networks.iter().map(written).collect::<Vec<_>>() });
    let Some(answer) = python::ask(packages, &question) else { return };
    let answers: Vec<Vec<i128>> = serde_json::from_value(answer).unwrap();
    assert_eq!(answers.len(), networks.len());
    for (at, (net, answer)) in networks.iter().zip(answers).enumerate() {
        assert_eq!(solved(net), answer, "network {at}");
    }
}

#[test]
fn or_tools_finds_the_same_values() {
    let networks: Vec<Network> = (0..30).map(market).chain((100..140).map(tangle)).collect();
    agree("ortools", &["ortools"], &networks);
}

#[test]
fn highs_finds_the_same_values() {
    let networks: Vec<Network> = (200..212).map(market).chain((300..312).map(tangle)).collect();
    agree("highs", &["highspy"], &networks);
}
