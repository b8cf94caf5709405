use matching::flow::{Control, LevelCosts, Network, NetworkBuilder, UNBOUNDED, solve};

use super::Problem;
use crate::{
    instances::{Shape, market},
    plain,
};

fn shape(seed: u64) -> Shape {
    let periods = if seed.is_multiple_of(2) { 1 } else { 3 };
    Shape { offers: 25, needs: 12, products: 3, degree: Some(3), reach: None, west: false, periods, seed }
}

/// Uncovered units and unit-kilometres as two levels in strict order.
fn two_levels(problem: &Problem, penalty: i64) -> Network {
    let mut builder = NetworkBuilder::new(2);
    for &supply in &problem.supply[1..] {
        builder.node(supply);
    }
    for (&from, &to) in problem.from.iter().zip(&problem.to) {
        builder.arc(from, to, UNBOUNDED);
    }
    for (node, &arc) in (1..).zip(&problem.hold[1..]) {
        builder.hang(node, arc);
    }
    let is_unmet = |arc: usize| problem.from[arc] == 0;
    let unmet = (0..problem.arcs()).map(|arc| i64::from(is_unmet(arc))).collect();
    let cost = (0..problem.arcs()).map(|arc| if is_unmet(arc) { 0 } else { problem.cost[arc] }).collect();
    assert!((0..problem.arcs()).all(|arc| !is_unmet(arc) || problem.cost[arc] == penalty));
    builder.costs(0, LevelCosts::Dense(unmet));
    builder.costs(1, LevelCosts::Dense(cost));
    builder.build().unwrap()
}

#[test]
fn the_penalty_puts_uncovered_units_first() {
    for seed in 0..200 {
        let problem = market(&shape(seed)).problem();
        let penalty = *problem.cost.last().unwrap();
        let levels = solve(&two_levels(&problem, penalty), &mut Control::default()).unwrap().levels;
        let wanted = levels[0].objective * i128::from(penalty) + levels[1].objective;
        let ready = plain::prepare(&problem, 1).unwrap();
        let (solutions, _) = plain::solve_all(&ready.networks, 1).unwrap();
        assert_eq!(plain::objective(&solutions).unwrap(), wanted, "seed {seed}");
    }
}

#[test]
fn parts_and_threads_change_no_objective() {
    for seed in 0..20 {
        let problem = market(&shape(seed)).problem();
        let (one, _) = plain::whole(&problem, 1).unwrap();
        let (two, _) = plain::whole(&problem, 2).unwrap();
        let together = (vec![1; problem.supply.len()], 2);
        let network = problem.split(&together).swap_remove(0).build().unwrap();
        let whole = solve(&network, &mut Control::default()).unwrap();
        assert_eq!((one, two), (whole.levels[0].objective, one), "seed {seed}");
    }
}

#[test]
fn peers_read_what_is_written() {
    let problem = market(&shape(1)).problem();
    let path = std::env::temp_dir().join(format!("bench-problem-{}", std::process::id()));
    problem.write(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(bytes.len(), 16 + 8 * problem.supply.len() + 24 * problem.arcs());
    let first = i64::from_le_bytes(bytes[16..24].try_into().unwrap());
    assert_eq!(first, problem.supply[0]);
}
