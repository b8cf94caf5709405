//! The certificate of the module's page, checked as it stands there.

use super::{
    super::{super::tests::Stream, FairShares, TierShares},
    Plan,
};
use crate::flow::UNBOUNDED;

/// What can get into a set of nodes for the groups of some rounds; nothing if an arc without limit enters.
fn most(plan: &Plan, found: &FairShares, tier: usize, inside: &[bool], groups: &[u32]) -> Option<i128> {
    let mut room: i128 = plan.supply.iter().zip(inside).filter(|(_, i)| **i).map(|(s, _)| i128::from(*s)).sum();
    for ((&from, &to), &capacity) in plan.from.iter().zip(&plan.to).zip(&plan.capacity) {
        if inside[to as usize] && !inside[from as usize] {
            if capacity == UNBOUNDED {
                return None;
            }
            room += i128::from(capacity);
        }
    }
    let outside = |asks: &[super::Ask]| -> i128 {
        asks.iter().filter(|ask| !inside[ask.node as usize]).map(|ask| i128::from(ask.units)).sum()
    };
    room -= (i128::from(found.promised) - outside(&plan.promised)).max(0);
    for (earlier, outcome) in plan.tiers.iter().zip(&found.tiers[..tier]) {
        let (mut all, mut floors) = (i128::from(outcome.total), 0);
        for (group, got) in earlier.iter().zip(&outcome.groups) {
            all -= outside(&group.members);
            floors += (i128::from(got.floor) - outside(&group.members)).max(0);
        }
        room -= all.max(floors);
    }
    Some(room + groups.iter().map(|r| outside(&plan.tiers[tier][*r as usize].members)).sum::<i128>())
}

fn groups_to(tier: &TierShares, round: usize) -> Vec<u32> {
    tier.rounds[..round].iter().flat_map(|round| round.groups.iter().copied()).collect()
}

/// What the groups have by their stated shares; nothing if that is no whole number, which no cut can show.
fn stated(plan: &Plan, tier: usize, outcome: &TierShares, groups: &[u32]) -> Option<i128> {
    // Round by round: groups of one share are added up before the division.
    let mut sum = 0;
    for round in &outcome.rounds {
        let mut demand = 0;
        for &r in round.groups.iter().filter(|r| groups.contains(r)) {
            let group = &plan.tiers[tier][r as usize];
            demand += i128::from(group.demand);
            sum -= i128::from(group.promised);
        }
        let (covered, share) = (i128::from(round.share.numerator) * demand, i128::from(round.share.denominator));
        if covered % share != 0 {
            return None;
        }
        sum += covered / share;
    }
    Some(sum)
}

pub(super) fn check(plan: &Plan, found: &FairShares) -> Result<(), String> {
    for (k, tier) in found.tiers.iter().enumerate() {
        for round in 1..=tier.rounds.len() {
            let inside: Vec<bool> = tier.entered.iter().map(|at| *at > 0 && *at as usize <= round).collect();
            let groups = groups_to(tier, round);
            let (room, units) = (most(plan, found, k, &inside, &groups), stated(plan, k, tier, &groups));
            if room.is_none() || room != units {
                return Err(format!("tier {k}, round {round}: {room:?} can get in, {units:?} are stated"));
            }
        }
    }
    Ok(())
}

/// Every set of nodes with the equality of a round holds the nodes of its cut.
pub(super) fn is_smallest(plan: &Plan, found: &FairShares) {
    let nodes = plan.supply.len();
    for (k, tier) in found.tiers.iter().enumerate() {
        for round in 1..=tier.rounds.len() {
            let groups = groups_to(tier, round);
            let units = stated(plan, k, tier, &groups);
            for set in 0..1_usize << nodes {
                let inside: Vec<bool> = (0..nodes).map(|v| set >> v & 1 == 1).collect();
                if let Some(room) = most(plan, found, k, &inside, &groups) {
                    assert!(room >= units.unwrap(), "a cut that lets in less");
                    let holds = tier.entered.iter().zip(&inside).all(|(at, i)| *at == 0 || *at as usize > round || *i);
                    assert!(room > units.unwrap() || holds, "a set with the equality that does not hold the cut");
                }
            }
        }
    }
}

#[test]
fn a_changed_share_total_or_cut_is_found() {
    let mut random = Stream(5);
    let mut changed = 0;
    for _ in 0..300 {
        let plan = Plan::draw(&mut random, 5, 8, 2, 3);
        let found = plan.solve();
        let mut other = found.clone();
        other.tiers[0].rounds[0].share.numerator += 1;
        assert!(check(&plan, &other).is_err(), "a share");
        for v in 0..plan.supply.len() {
            // A node may enter too late or not at all only where nothing changes by it; a supply changes something.
            if found.tiers[0].entered[v] == 1 && plan.supply[v] > 0 {
                let mut other = found.clone();
                other.tiers[0].entered[v] = 0;
                assert!(check(&plan, &other).is_err(), "a node of the cut");
                changed += 1;
            }
        }
    }
    assert!(changed > 50, "{changed} nodes taken out");
}
