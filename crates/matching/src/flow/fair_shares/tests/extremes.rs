//! Large quantities, empty groups, and a stop from elsewhere.

use std::sync::atomic::AtomicBool;

use super::{
    super::{super::tests::Stream, Ask, Group, Share, ShareError, fair_shares},
    Plan,
    certificate::check,
};
use crate::flow::UNBOUNDED;

fn star(supply: i64, groups: Vec<Group>) -> Plan {
    let asks: Vec<u32> = groups.iter().flat_map(|g| g.members.iter().map(|ask| ask.node)).collect();
    let nodes = asks.iter().max().map_or(1, |v| *v as usize + 1);
    let mut plan = Plan {
        supply: vec![0; nodes],
        from: vec![],
        to: vec![],
        capacity: vec![],
        promised: vec![],
        tiers: vec![groups],
        dial: 1000,
    };
    plan.supply[0] = supply;
    asks.into_iter().for_each(|v| plan.arc(0, v, UNBOUNDED));
    plan
}

fn group(demand: i64, promised: i64, asks: &[(u32, i64)]) -> Group {
    let members = asks.iter().map(|&(node, units)| Ask { node, units }).collect();
    Group { demand, promised, members }
}

#[test]
fn the_largest_quantities_are_exact() {
    const MOST: i64 = 1_000_000_000_000;
    let plan = star(MOST, (1..=1000).map(|v| group(MOST, 0, &[(v, MOST)])).collect());
    let found = plan.solve();
    assert_eq!(found.tiers[0].rounds.len(), 1);
    assert_eq!(found.tiers[0].rounds[0].share, Share { numerator: 1, denominator: 1000 });
    assert!(found.tiers[0].groups.iter().all(|g| g.floor == MOST / 1000));
    // One unit fewer: no group has a whole number of units, and the floors leave the rest over.
    let mut plan = plan;
    plan.supply[0] -= 1;
    let found = plan.solve();
    assert_eq!(found.tiers[0].rounds[0].share, Share { numerator: MOST - 1, denominator: 1000 * MOST });
    assert!(found.tiers[0].groups.iter().all(|g| g.floor == MOST / 1000 - 1));
    assert_eq!(check(&plan, &found), Ok(()));
}

/// Demands of a large prime times as much make shares smaller by it and change no unit. The parts of
/// a unit no longer fit 64 bits then.
#[test]
fn parts_beyond_64_bits_give_the_same_units() {
    const PRIME: i64 = 10_000_000_000_000_061;
    let mut random = Stream(21);
    for _ in 0..500 {
        let mut plan = Plan::draw(&mut random, 5, 9, 2, 4);
        plan.tiers.iter_mut().flatten().for_each(|group| group.promised = 0);
        let small = plan.solve();
        plan.tiers.iter_mut().flatten().for_each(|group| group.demand *= PRIME);
        let large = plan.solve();
        assert_eq!(check(&plan, &large), Ok(()));
        for (small, large) in small.tiers.iter().zip(&large.tiers) {
            assert_eq!((small.total, &small.entered), (large.total, &large.entered));
            let floors = |tier: &super::super::TierShares| tier.groups.iter().map(|g| g.floor).collect::<Vec<_>>();
            assert_eq!(floors(small), floors(large));
        }
    }
}

#[test]
fn groups_with_nothing_open_keep_the_share_they_have() {
    let groups = vec![group(4, 4, &[]), group(6, 1, &[(1, 0)]), group(10, 2, &[(2, 8)])];
    let found = star(3, groups).solve();
    let shares: Vec<(i64, i64)> =
        found.tiers[0].groups.iter().map(|g| (g.share.numerator, g.share.denominator)).collect();
    assert_eq!(shares, [(1, 1), (1, 6), (1, 2)]);
    assert_eq!(found.tiers[0].groups.iter().map(|g| g.floor).collect::<Vec<_>>(), [0, 0, 3]);
    assert_eq!(found.tiers[0].total, 3);
}

#[test]
fn who_has_more_waits_until_the_others_have_caught_up() {
    let found = star(6, vec![group(10, 8, &[(1, 2)]), group(10, 0, &[(2, 10)])]).solve();
    assert_eq!(found.tiers[0].groups.iter().map(|g| g.floor).collect::<Vec<_>>(), [0, 6]);
    let found = star(9, vec![group(10, 8, &[(1, 2)]), group(10, 0, &[(2, 10)])]).solve();
    let shares: Vec<(i64, i64)> =
        found.tiers[0].groups.iter().map(|g| (g.share.numerator, g.share.denominator)).collect();
    assert_eq!(shares, [(17, 20), (17, 20)]);
    assert_eq!(found.tiers[0].groups.iter().map(|g| g.floor).collect::<Vec<_>>(), [0, 8]);
}

#[test]
fn nothing_at_all_is_a_problem_too() {
    let found = star(0, vec![]).solve();
    assert_eq!((found.promised, found.tiers[0].total, found.tiers[0].rounds.len()), (0, 0, 0));
}

#[test]
fn a_stop_from_elsewhere_is_an_error() {
    let plan = star(5, vec![group(10, 0, &[(1, 10)])]);
    let stop = AtomicBool::new(true);
    assert_eq!(fair_shares(&plan.problem(), Some(&stop)), Err(ShareError::Cancelled));
}
