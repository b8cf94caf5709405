//! The checker is green on every result and red on every change to one.

use domain::{
    parameters::{Parameters, Weights},
    quantity::Quantity,
};
use matching::{Control, Outcome, allocate, verify};

use crate::small_markets::{Shape, market, parameters, rules};

const SHAPE: Shape = Shape {
    offers: 6,
    needs: 6,
    most_units: 9,
    lines: true,
    commitments: true,
    min_orders: true,
    few_suppliers: true,
    suggestions: true,
};

/// Fair shares are proved where no order is raised.
const FAIR: Shape = Shape { offers: 3, needs: 8, min_orders: false, few_suppliers: false, ..SHAPE };

/// What was suggested is kept at a price inside the cost level, or by a level of its own.
fn of_seed(seed: u64) -> Parameters {
    let moved = if seed.is_multiple_of(2) { 0 } else { 50 };
    Parameters { weights: Weights { moved, ..parameters().weights }, ..parameters() }
}

/// Applies a change, mends the hash as a forger would, and says whether the checker saw it.
fn is_caught(seed: u64, shape: Shape, change: impl Fn(&mut Outcome) -> bool) -> Option<bool> {
    let market = market(seed, shape);
    let parameters = of_seed(seed);
    let rules = rules(&market, &parameters);
    let mut outcome = allocate(&rules, &Control::default()).unwrap();
    verify(&rules, &outcome).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    change(&mut outcome).then(|| {
        assert!(verify(&rules, &outcome).is_err(), "the hash alone shows it");
        outcome.proof.hash = matching::rehash(&rules, &outcome);
        verify(&rules, &outcome).is_err()
    })
}

fn always_caught(change: impl Fn(&mut Outcome) -> bool) {
    always_caught_in(SHAPE, change);
}

fn always_caught_in(shape: Shape, change: impl Fn(&mut Outcome) -> bool) {
    let verdicts: Vec<bool> = (0..300).filter_map(|seed| is_caught(seed, shape, &change)).collect();
    assert!(verdicts.len() > 50, "only {} markets could be changed", verdicts.len());
    assert!(verdicts.iter().all(|caught| *caught));
}

#[test]
fn one_unit_more_or_less_is_caught() {
    for by in [-1, 1] {
        always_caught(|o| match o.lines.first_mut() {
            Some(line) => {
                line.quantity = Quantity::new(line.quantity.units() + by).unwrap();
                true
            }
            None => false,
        });
    }
}

#[test]
fn a_match_removed_is_caught() {
    always_caught(|o| o.lines.pop().is_some());
}

#[test]
fn a_unit_moved_to_another_offer_is_caught() {
    always_caught(|o| {
        let Some(i) = (1..o.lines.len()).find(|i| o.lines[*i].instalment == o.lines[i - 1].instalment) else {
            return false;
        };
        if o.lines[i].quantity.units() < 2 {
            return false;
        }
        o.lines[i].quantity = Quantity::new(o.lines[i].quantity.units() - 1).unwrap();
        o.lines[i - 1].quantity = Quantity::new(o.lines[i - 1].quantity.units() + 1).unwrap();
        true
    });
}

#[test]
fn another_reason_is_caught() {
    always_caught(|o| match o.lines.first_mut() {
        Some(line) => {
            line.eligible.cost.distance += 1;
            true
        }
        None => false,
    });
}

#[test]
fn another_value_is_caught() {
    for name in ["tier 2", "cost", "ties", "order rules", "stability", "deliveries"] {
        always_caught(|o| match o.levels.iter_mut().find(|l| l.name == name) {
            Some(level) => {
                level.value += 1;
                level.bound = level.bound.map(|b| b + 1);
                true
            }
            None => false,
        });
    }
}

#[test]
fn a_false_shortage_is_caught() {
    always_caught(|o| o.shortages.pop().is_some());
    always_caught(|o| match o.shortages.first_mut().and_then(|s| s.funnel.first_mut()) {
        Some(step) => {
            step.offers += 1;
            true
        }
        None => false,
    });
}

/// A potential moved far breaks some arc: every node has one that carries or could carry.
#[test]
fn a_false_potential_is_caught() {
    always_caught(|o| {
        let supplied: Vec<_> = o.lines.iter().map(|l| l.instalment).collect();
        let at = o.proof.potentials.iter().position(
            |p| matches!(p.label, matching::NodeLabel::Instalment { instalment } if supplied.contains(&instalment)),
        );
        match at {
            Some(at) => {
                o.proof.potentials[at].values[0] += 1 << 40;
                true
            }
            None => false,
        }
    });
}

/// Shortest distances are unique, so any other number at any node and level is wrong.
#[test]
fn every_potential_moved_by_one_is_caught() {
    let mut tried = 0;
    for seed in 0..25 {
        let levels;
        let nodes = {
            let market = market(seed, SHAPE);
            let parameters = of_seed(seed);
            let outcome = allocate(&rules(&market, &parameters), &Control::default()).unwrap();
            levels = outcome.proof.levels.len();
            outcome.proof.potentials.len()
        };
        for at in 0..nodes {
            for by in [-1, 1] {
                let level = at % levels;
                let caught = is_caught(seed, SHAPE, |o| {
                    o.proof.potentials[at].values[level] += by;
                    true
                });
                assert_eq!(caught, Some(true), "seed {seed}, node {at}, level {level}, by {by}");
                tried += 1;
            }
        }
    }
    assert!(tried > 500);
}

#[test]
fn a_cut_moved_is_caught() {
    always_caught_in(FAIR, |o| o.proof.cuts.pop().is_some());
    always_caught_in(FAIR, |o| match o.proof.cuts.first_mut() {
        Some(cut) => {
            cut.round += 1;
            true
        }
        None => false,
    });
}

#[test]
fn a_false_share_is_caught() {
    always_caught_in(FAIR, |o| match o.shares.first_mut() {
        Some(share) => {
            share.level.0 += 1;
            true
        }
        None => false,
    });
    always_caught_in(FAIR, |o| match o.shares.first_mut() {
        Some(share) => {
            share.floor += 1;
            true
        }
        None => false,
    });
    always_caught_in(FAIR, |o| o.shares.pop().is_some());
}

#[test]
fn a_false_rank_and_a_false_figure_are_caught() {
    always_caught(|o| match o.lines.first_mut() {
        Some(line) => {
            line.rank += 1;
            true
        }
        None => false,
    });
    always_caught(|o| {
        o.figures.covered += 1;
        true
    });
    always_caught(|o| match o.shortages.iter_mut().find_map(|s| s.used_up.first_mut()) {
        Some(used) => {
            used.available += 1;
            true
        }
        None => false,
    });
}

/// Opening what was closed lets a cheaper or larger flow in, unless nothing would ever use it.
#[test]
fn a_pair_closed_for_nothing_is_caught() {
    always_caught(|o| match o.lines.first() {
        Some(line) => {
            o.proof.closed.push(matching::Closed { offer: line.offer, instalment: line.instalment });
            o.proof.closed.sort_unstable();
            true
        }
        None => false,
    });
}

/// Numbers at the ends of their range are told apart like any other, and stop nothing.
#[test]
fn the_most_extreme_lies_are_caught() {
    always_caught(|o| match o.shortages.first_mut() {
        Some(shortage) => {
            (shortage.demand, shortage.covered) = (i64::MIN, i64::MAX);
            true
        }
        None => false,
    });
    always_caught(|o| {
        o.levels[0].bound = Some(i128::MIN);
        true
    });
    always_caught(|o| {
        let promise = domain::ids::MatchId(uuid::Uuid::from_u128(7 << 120));
        o.proof.unserved = vec![(promise, i64::MIN)];
        true
    });
}
