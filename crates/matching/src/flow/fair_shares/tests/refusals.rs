//! Problems that are refused.

use super::{
    super::{Ask, Group, ShareError, ShareProblem, fair_shares},
    UNBOUNDED,
};

fn problem(tiers: &[Vec<Group>]) -> ShareProblem<'_> {
    ShareProblem { supply: &[3, 0, 0], from: &[0], to: &[1], capacity: &[UNBOUNDED], promised: &[], tiers, dial: 500 }
}

fn check(change: impl FnOnce(&mut ShareProblem<'_>), expected: &ShareError) {
    let tiers = [vec![group(5, 0, 5)]];
    let mut problem = problem(&tiers);
    assert!(fair_shares(&problem, None).is_ok());
    change(&mut problem);
    assert_eq!(fair_shares(&problem, None).as_ref(), Err(expected));
}

fn check_group(group: Group, expected: &ShareError) {
    assert_eq!(fair_shares(&problem(&[vec![group]]), None).as_ref(), Err(expected));
}

fn group(demand: i64, promised: i64, units: i64) -> Group {
    Group { demand, promised, members: vec![Ask { node: 1, units }] }
}

#[test]
fn each_fault_is_named() {
    check(|p| p.dial = 1001, &ShareError::Dial { dial: 1001 });
    check(|p| p.to = &[], &ShareError::UnequalColumns { from: 1, to: 0, capacity: 1 });
    check(|p| p.to = &[3], &ShareError::UnknownNode { node: 3, nodes: 3 });
    check(|p| p.promised = &[Ask { node: 9, units: 1 }], &ShareError::UnknownNode { node: 9, nodes: 3 });
    check(|p| p.supply = &[0, -1, 0], &ShareError::Negative { field: "the supply", at: 1, units: -1 });
    check(|p| p.capacity = &[-7], &ShareError::Negative { field: "the capacity", at: 0, units: -7 });
    let field = "the quantity of the ask";
    check(|p| p.promised = &[Ask { node: 2, units: -1 }], &ShareError::Negative { field, at: 0, units: -1 });
    check(|p| p.promised = &[Ask { node: 1, units: 1 }], &ShareError::AsksTwice { node: 1 });
    check_group(group(0, 0, 5), &ShareError::NoDemand { tier: 0, group: 0, demand: 0 });
    check_group(group(5, -2, 5), &ShareError::Negative { field: "the promised quantity", at: 0, units: -2 });
    let total = i128::from(i64::MAX);
    check_group(group(i64::MAX, 0, 5), &ShareError::TotalTooLarge { field: "the demands of a tier", total });
    let field = "open and promised quantities of a tier";
    check_group(group(5, 0, i64::MAX), &ShareError::TotalTooLarge { field, total });
}
