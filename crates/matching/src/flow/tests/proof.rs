//! The certificate is red on everything that is not the optimum or not its potentials.

use super::super::{Control, Violation, solve, verify};
use super::{Plan, Stream};

#[test]
fn every_mutation_of_one_flow_or_one_potential_is_refused() {
    let mut random = Stream(8);
    for case in 0..600 {
        let nodes = random.within(2, 12);
        let plan = Plan::draw(&mut random, nodes, 4, 3 * nodes, 1 + case % 3, 4);
        let net = plan.build();
        let solution = solve(&net, &mut Control::default()).unwrap();
        verify(&net, &solution.flows, &solution.potentials()).unwrap();
        let steps = [1, -1, random.within(2, 1_000_000), i64::MIN / 2];
        for arc in 0..net.arc_count() {
            for step in steps {
                let mut flows = solution.flows.clone();
                flows[arc] += step;
                let fault = verify(&net, &flows, &solution.potentials()).unwrap_err();
                assert!(
                    matches!(fault, Violation::Bound { .. } | Violation::Balance { .. } | Violation::Slackness { .. }),
                    "case {case}: {fault}"
                );
            }
        }
        for level in 0..net.level_count() {
            for node in 0..net.node_count() {
                for step in steps {
                    let mut potentials: Vec<Vec<i64>> =
                        solution.potentials().into_iter().map(<[i64]>::to_vec).collect();
                    potentials[level][node] += step;
                    assert!(
                        verify(&net, &solution.flows, &potentials).is_err(),
                        "case {case}, level {level}, node {node}, step {step}: {plan:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_circle_pushed_round_keeps_balance_but_not_optimality() {
    let mut random = Stream(9);
    let mut refused = 0;
    for _ in 0..300 {
        let plan = Plan::market(&mut random, 4, 3, 3);
        let net = plan.build();
        let solution = solve(&net, &mut Control::default()).unwrap();
        // One more unit over offer -> need, one less over offer -> root and root -> need.
        for (arc, &(offer, need, _)) in plan.arcs.iter().enumerate().skip(7) {
            let mut flows = solution.flows.clone();
            flows[arc] += 1;
            flows[offer as usize - 1] -= 1;
            flows[need as usize - 1] -= 1;
            let fault = verify(&net, &flows, &solution.potentials()).unwrap_err();
            assert!(matches!(fault, Violation::Bound { .. } | Violation::Slackness { .. }), "{fault}");
            refused += 1;
        }
    }
    assert_eq!(refused, 300 * 12);
}

#[test]
fn shapes_are_checked() {
    let mut random = Stream(10);
    let plan = Plan::market(&mut random, 2, 2, 2);
    let net = plan.build();
    let solution = solve(&net, &mut Control::default()).unwrap();
    let potentials = solution.potentials();
    assert_eq!(verify(&net, &solution.flows[1..], &potentials), Err(Violation::FlowCount { given: 7, arcs: 8 }));
    let four = [potentials[0], potentials[1], potentials[2], potentials[2]];
    assert_eq!(verify(&net, &solution.flows, &four), Err(Violation::LevelCount { given: 4, levels: 3 }));
    assert_eq!(
        verify(&net, &solution.flows, &[&potentials[0][1..]]),
        Err(Violation::PotentialCount { level: 0, given: 4, nodes: 5 })
    );
    assert_eq!(verify(&net, &solution.flows, &potentials[..2]).unwrap().proven, 2);
    assert_eq!(verify(&net, &solution.flows, &potentials[..0]).unwrap().proven, 0);
}
