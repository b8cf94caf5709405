//! What the builder refuses, and what it just takes.

use super::super::{Control, LevelCosts, NetworkBuilder, NetworkError, ROOT, SolveError, UNBOUNDED, solve, verify};

/// An offer of 5, a need of 3, an arc between them.
fn pair() -> (NetworkBuilder, u32, u32, u32) {
    let mut builder = NetworkBuilder::new(1);
    let offer = builder.node(5);
    let need = builder.node(-3);
    builder.drain(offer, ROOT);
    builder.feed(ROOT, need);
    let arc = builder.arc(offer, need, UNBOUNDED);
    (builder, offer, need, arc)
}

fn refusal(builder: NetworkBuilder) -> NetworkError {
    let error = builder.build().unwrap_err();
    assert!(!error.to_string().is_empty());
    error
}

#[test]
fn arcs_and_costs_that_make_no_sense() {
    let (mut builder, offer, _, _) = pair();
    builder.arc(offer, 9, 1);
    assert_eq!(refusal(builder), NetworkError::UnknownNode { arc: 3, node: 9 });
    let (mut builder, offer, _, _) = pair();
    builder.arc(offer, offer, 1);
    assert_eq!(refusal(builder), NetworkError::Loop { arc: 3, node: offer });
    let (mut builder, offer, need, _) = pair();
    builder.arc(offer, need, -1);
    assert_eq!(refusal(builder), NetworkError::NegativeCapacity { arc: 3, capacity: -1 });
    let (mut builder, _, _, arc) = pair();
    builder.cost(1, arc, 4);
    assert_eq!(refusal(builder), NetworkError::UnknownLevel { level: 1, levels: 1 });
    let (mut builder, _, _, _) = pair();
    builder.cost(0, 3, 4);
    assert_eq!(refusal(builder), NetworkError::UnknownArc { level: 0, arc: 3, arcs: 3 });
    let (mut builder, _, _, _) = pair();
    builder.costs(0, LevelCosts::Dense(vec![0; 4]));
    assert_eq!(refusal(builder), NetworkError::UnknownArc { level: 0, arc: 3, arcs: 3 });
}

#[test]
fn first_bases_that_are_none() {
    let (mut builder, _, _, _) = pair();
    let loose = builder.node(0);
    assert_eq!(refusal(builder), NetworkError::NoTreeArc { node: loose });
    let (mut builder, offer, _, arc) = pair();
    builder.hang(offer, arc);
    assert_eq!(refusal(builder), NetworkError::TwoTreeArcs { node: offer, first: 0, second: arc });
    let (mut builder, offer, _, _) = pair();
    builder.hang(offer, 1);
    assert_eq!(refusal(builder), NetworkError::ForeignTreeArc { node: offer, arc: 1 });
    let (mut builder, _, _, _) = pair();
    builder.hang(ROOT, 0);
    assert_eq!(refusal(builder), NetworkError::ForeignTreeArc { node: ROOT, arc: 0 });
    let mut builder = NetworkBuilder::new(0);
    let (a, b) = (builder.node(0), builder.node(0));
    builder.drain(a, b);
    builder.drain(b, a);
    assert_eq!(refusal(builder), NetworkError::TreeCycle { node: a });
    // A need of nothing hangs on a feed that carries nothing: it could not send to the root.
    let mut builder = NetworkBuilder::new(0);
    let need = builder.node(0);
    builder.feed(ROOT, need);
    let expected = NetworkError::StartNotFeasible { node: need, arc: 0, flow: 0, capacity: UNBOUNDED };
    assert_eq!(refusal(builder), expected);
    // A tree arc may have a capacity, if the first flow leaves room.
    let mut builder = NetworkBuilder::new(0);
    let offer = builder.node(5);
    let arc = builder.arc(offer, ROOT, 5);
    builder.hang(offer, arc);
    let expected = NetworkError::StartNotFeasible { node: offer, arc, flow: 5, capacity: 5 };
    assert_eq!(refusal(builder), expected);
}

#[test]
fn sums_that_could_leave_64_bits() {
    for supply in [i64::MAX, i64::MIN, 1 << 61] {
        let mut builder = NetworkBuilder::new(0);
        builder.node(supply);
        assert!(matches!(refusal(builder), NetworkError::TotalTooLarge { .. }), "{supply}");
    }
    let (mut builder, offer, need, _) = pair();
    builder.arc(offer, need, i64::MAX - 1);
    assert!(matches!(refusal(builder), NetworkError::TotalTooLarge { .. }));
    for cost in [i64::MAX, i64::MIN, (1 << 57) / 3 + 1] {
        let (mut builder, _, _, arc) = pair();
        builder.cost(0, arc, cost);
        assert!(matches!(refusal(builder), NetworkError::CostsTooLarge { level: 0, .. }), "{cost}");
    }
}

#[test]
fn the_largest_numbers_allowed_are_solved_exactly() {
    // Four nodes, costs just below the limit on arcs away from the root, 2^59 units.
    let cost = (1 << 57) / 4 - 1;
    let mut builder = NetworkBuilder::new(2);
    let offer = builder.node(1 << 59);
    let carry = builder.node(0);
    let need = builder.node(-(1 << 59) + 1);
    builder.drain(offer, carry);
    builder.drain(carry, ROOT);
    let unmet = builder.feed(ROOT, need);
    let dear = builder.arc(offer, need, UNBOUNDED);
    let cheap = builder.arc(carry, need, 7);
    builder.cost(0, dear, cost);
    builder.cost(0, cheap, -cost);
    builder.cost(1, unmet, cost / 2);
    builder.cost(1, dear, -cost / 2);
    let net = builder.build().unwrap();
    let solution = solve(&net, &mut Control::default()).unwrap();
    assert_eq!(solution.flows[cheap as usize], 7);
    assert_eq!(solution.flows[dear as usize], 0);
    assert_eq!(solution.levels[0].objective, -7 * i128::from(cost));
    assert_eq!(solution.levels[1].objective, i128::from((1_i64 << 59) - 8) * i128::from(cost / 2));
    verify(&net, &solution.flows, &solution.potentials()).unwrap();
}

#[test]
fn an_endless_circle_below_zero_is_an_error() {
    let (mut builder, offer, need, arc) = pair();
    builder.arc(need, offer, UNBOUNDED);
    builder.cost(0, arc, -1);
    let net = builder.build().unwrap();
    assert!(matches!(solve(&net, &mut Control::default()), Err(SolveError::Unbounded { level: 0, .. })));
}

#[test]
fn costs_in_either_form_are_the_same_and_the_last_one_counts() {
    let (mut builder, _, _, arc) = pair();
    builder.cost(0, arc, 9);
    builder.cost(0, 1, 2);
    builder.cost(0, arc, 4);
    let sparse = builder.build().unwrap();
    let (mut builder, _, _, arc) = pair();
    builder.costs(0, LevelCosts::Dense(vec![0, 2]));
    builder.cost(0, arc, 4);
    let dense = builder.build().unwrap();
    for at in 0..3 {
        assert_eq!(sparse.cost(0, at), dense.cost(0, at));
    }
    assert_eq!(sparse.cost(0, arc), 4);
}

#[test]
fn the_root_alone_and_no_levels() {
    let net = NetworkBuilder::new(1).build().unwrap();
    let solution = solve(&net, &mut Control::default()).unwrap();
    assert_eq!((solution.levels[0].objective, solution.pivots()), (0, 0));
    assert_eq!(verify(&net, &solution.flows, &solution.potentials()).unwrap().proven, 1);
    let (builder, ..) = pair();
    let mut none = NetworkBuilder::new(0);
    let offer = none.node(4);
    none.drain(offer, ROOT);
    let solution = solve(&none.build().unwrap(), &mut Control::default()).unwrap();
    assert_eq!((solution.flows.as_slice(), solution.levels.len()), ([4].as_slice(), 0));
    assert_eq!(builder.build().unwrap().supplies(), [-2, 5, -3]);
}
