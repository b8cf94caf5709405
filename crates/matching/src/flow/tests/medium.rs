//! Networks too large to enumerate, against oracles of another kind.

use super::super::{Control, solve, verify};
use super::oracle::{distances, successive_paths};
use super::{Plan, Stream};

#[test]
fn random_networks_equal_successive_shortest_paths() {
    let mut random = Stream(4);
    for case in 0..300 {
        let nodes = random.within(5, 40);
        let extra = random.within(nodes, 5 * nodes);
        let levels = 1 + case % 3;
        let plan = Plan::draw(&mut random, nodes, 30, extra, levels, [1, 5, 1000][case % 3]);
        let net = plan.build();
        let solution = solve(&net, &mut Control::default()).unwrap();
        let proof = verify(&net, &solution.flows, &solution.potentials()).unwrap();
        assert_eq!(proof.objectives, successive_paths(&plan), "case {case}");
        assert_eq!(proof.proven, levels);
    }
}

#[test]
fn markets_equal_successive_shortest_paths() {
    let mut random = Stream(5);
    for case in 0..20 {
        let plan = Plan::market(&mut random, 30, 15, 6);
        let solution = solve(&plan.build(), &mut Control::default()).unwrap();
        let objectives: Vec<i128> = solution.levels.iter().map(|level| level.objective).collect();
        assert_eq!(objectives, successive_paths(&plan), "case {case}");
    }
}

#[test]
fn costs_at_the_limit_of_the_builder_are_exact() {
    let mut random = Stream(15);
    for case in 0..60 {
        let nodes = random.within(10, 40);
        let cost = (1 << 57) / (nodes + 4);
        let plan = Plan::draw(&mut random, nodes, 1 << 40, 5 * nodes, 1 + case % 2, cost);
        let net = plan.build();
        let solution = solve(&net, &mut Control::default()).unwrap();
        let proof = verify(&net, &solution.flows, &solution.potentials()).unwrap();
        // Both levels packed would leave the oracle's 128 bits; the first has a value of its own.
        let first = Plan { costs: vec![plan.costs[0].clone()], ..plan.clone() };
        assert_eq!(proof.objectives[..1], successive_paths(&first), "case {case}");
    }
}

#[test]
fn potentials_are_the_shortest_residual_distances() {
    let mut random = Stream(6);
    let mut unreachable = 0;
    for case in 0..1_500 {
        let nodes = random.within(2, 25);
        let extra = random.within(1, 4 * nodes);
        let plan = Plan::draw(&mut random, nodes, 4, extra, 1 + case % 4, [1, 2, 50][case % 3]);
        let net = plan.build();
        let solution = solve(&net, &mut Control::default()).unwrap();
        verify(&net, &solution.flows, &solution.potentials()).unwrap();
        for (level, expected) in distances(&plan, &solution.flows).into_iter().enumerate() {
            for (node, expected) in expected.into_iter().enumerate() {
                let potential = solution.levels[level].potentials[node];
                assert_eq!(solution.reachable[node], expected.is_some(), "case {case}");
                if let Some(expected) = expected {
                    assert_eq!(potential, expected, "case {case}, level {level}, node {node}");
                } else {
                    unreachable += 1;
                }
            }
        }
    }
    assert!(unreachable > 100, "the draw holds nodes that nothing reaches");
}

#[test]
fn the_order_of_nodes_and_arcs_changes_nothing() {
    let mut random = Stream(7);
    for case in 0..300 {
        let nodes = random.within(3, 30);
        let plan = Plan::draw(&mut random, nodes, 5, 4 * nodes, case % 3, 2).with_hash(&mut random);
        let one = solve(&plan.build(), &mut Control::default()).unwrap();
        let (other, node_at, arc_at) = plan.permuted(&mut random);
        let two = solve(&other.build(), &mut Control::default()).unwrap();
        for (old, &new) in arc_at.iter().enumerate() {
            assert_eq!(one.flows[old], two.flows[new], "case {case}, arc {old}");
        }
        for (level, (a, b)) in one.levels.iter().zip(&two.levels).enumerate() {
            for (old, &new) in node_at.iter().enumerate() {
                assert_eq!(a.potentials[old], b.potentials[new], "case {case}, level {level}, node {old}");
            }
        }
        assert_eq!(one, solve(&plan.build(), &mut Control::default()).unwrap());
    }
}
