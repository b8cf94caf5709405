//! The checker is green on every result and red on every change to one.

use domain::quantity::Quantity;
use matching::{Control, Outcome, allocate, verify};

use crate::small_markets::{Shape, market, parameters, rules};

const SHAPE: Shape = Shape { offers: 6, needs: 6, most_units: 9, lines: true, commitments: true, min_orders: true };

/// Applies a change, mends the hash as a forger would, and says whether the checker saw it.
fn is_caught(seed: u64, change: impl Fn(&mut Outcome) -> bool) -> Option<bool> {
    let market = market(seed, SHAPE);
    let parameters = parameters();
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
    let verdicts: Vec<bool> = (0..300).filter_map(|seed| is_caught(seed, &change)).collect();
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
    for name in ["tier 2", "cost", "ties", "minimum orders"] {
        always_caught(|o| match o.levels.iter_mut().find(|l| l.name == name) {
            Some(level) => {
                level.value += 1;
                level.bound += 1;
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
