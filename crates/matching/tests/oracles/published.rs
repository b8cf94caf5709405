//! Published optima of instances that the networkx package carries among its tests.

use matching::flow::{Control, LevelCosts, Network, NetworkBuilder, ROOT, solve, verify};
use serde::Deserialize;
use serde_json::json;

use crate::python;

#[derive(Deserialize)]
struct Published {
    #[serde(rename = "netgen-2")]
    netgen_2: CostFlow,
    gl1: MaxFlow,
    gw1: MaxFlow,
    wlm3: MaxFlow,
}

#[derive(Deserialize)]
struct CostFlow {
    supply: Vec<i64>,
    arcs: Vec<(u32, u32, i64)>,
    costs: Vec<i64>,
}

#[derive(Deserialize)]
struct MaxFlow {
    nodes: u32,
    arcs: Vec<(u32, u32, i64)>,
    from: u32,
    to: u32,
}

fn read() -> Option<Published> {
    let answer = python::ask(&["networkx"], &json!({ "ask": "published" }))?;
    Some(serde_json::from_value(answer).unwrap())
}

fn proven(net: &Network) -> Vec<i128> {
    let solution = solve(net, &mut Control::default()).unwrap();
    let proof = verify(net, &solution.flows, &solution.potentials()).unwrap();
    assert_eq!(proof.proven, net.level_count());
    proof.objectives
}

/// Its nodes hang on the root by arcs that cost one at a first level: nothing flows there at the optimum.
#[test]
fn netgen_2_has_its_published_optimum() {
    let Some(Published { netgen_2: instance, .. }) = read() else { return };
    let mut builder = NetworkBuilder::new(2);
    for &units in &instance.supply {
        builder.node(units);
    }
    for &(from, to, capacity) in &instance.arcs {
        builder.arc(from + 1, to + 1, capacity);
    }
    builder.costs(1, LevelCosts::Dense(instance.costs));
    for (node, &units) in (1..).zip(&instance.supply) {
        let artificial = if units < 0 { builder.feed(ROOT, node) } else { builder.drain(node, ROOT) };
        builder.cost(0, artificial, 1);
    }
    assert_eq!(proven(&builder.build().unwrap()), [0, 6_749_969_302]);
}

/// The most that flows: as much as there is starts at the source, and what does not arrive at the sink
/// drains to the root at a cost of one.
#[test]
fn maximum_flows_have_their_published_values() {
    let Some(Published { gl1, gw1, wlm3, .. }) = read() else { return };
    for (name, instance, published) in [("gl1", gl1, 156_545), ("gw1", gw1, 1_202_018), ("wlm3", wlm3, 11_875_108)] {
        let all: i64 = instance.arcs.iter().filter(|arc| arc.0 == instance.from).map(|arc| arc.2).sum();
        let mut builder = NetworkBuilder::new(1);
        for node in 0..instance.nodes {
            builder.node(if node == instance.from { all } else { 0 });
        }
        for &(from, to, capacity) in &instance.arcs {
            // Nothing is gained by leaving the sink.
            if from != instance.to {
                builder.arc(from + 1, to + 1, capacity);
            }
        }
        for node in 0..instance.nodes {
            let drained = builder.drain(node + 1, ROOT);
            builder.cost(0, drained, i64::from(node != instance.to));
        }
        assert_eq!(proven(&builder.build().unwrap()), [i128::from(all - published)], "{name}");
    }
}
