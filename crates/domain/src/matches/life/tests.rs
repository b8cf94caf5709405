use proptest::prelude::*;

use super::*;
use crate::time::Day;

fn q(units: i64) -> Quantity {
    Quantity::new(units).unwrap()
}

fn at(hours: i64) -> Instant {
    Instant::parse("2020-04-20T08:00:00Z").unwrap().plus_micros(hours * 3_600_000_000)
}

fn suggestion(units: i64) -> Account {
    Account::suggested(q(units), Day::parse("2020-04-25").unwrap())
}

fn walk(account: Account, steps: &[(Step, i64)]) -> Account {
    steps.iter().fold(account, |account, (step, hour)| {
        let (next, _) = account.take(step, at(*hour)).unwrap();
        next.check().unwrap();
        next
    })
}

fn propose(units: i64) -> Step {
    Step::Propose { quantity: q(units), deadline: at(24) }
}

fn accept(side: Side, quantity: Option<i64>) -> Step {
    Step::Accept { side, quantity: quantity.map(q), deadline: at(48) }
}

fn agreed(units: i64) -> Account {
    walk(suggestion(units), &[(propose(units), 0), (accept(Side::Supplier, None), 1), (accept(Side::Buyer, None), 2)])
}

#[test]
fn accepting_a_part_releases_the_rest_at_once() {
    let held = walk(suggestion(6_000), &[(propose(6_000), 0)]);
    assert_eq!((held.drawn, held.covered), (6_000, 6_000));
    let part = walk(held, &[(accept(Side::Supplier, Some(4_000)), 1)]);
    assert_eq!((part.drawn, part.covered, part.quantities.agreed.units()), (4_000, 4_000, 0));
    let both = walk(part, &[(accept(Side::Buyer, Some(3_000)), 2)]);
    assert_eq!((both.state, both.drawn, both.quantities.agreed.units()), (MatchState::Agreed, 3_000, 3_000));
    assert_eq!(both.deadline, None);
    let too_much = part.take(&accept(Side::Buyer, Some(4_001)), at(2));
    assert!(matches!(too_much, Err(Refusal::Quantities(_))), "{too_much:?}");
}

#[test]
fn rejected_and_lost_goods_return_to_the_need_and_shipped_ones_do_not_return_to_the_offer() {
    let steps = [
        (Step::Ship(q(600)), 3),
        (Step::Receive { accepted: q(400), rejected: q(100) }, 4),
        (Step::Cancel(ClosingReason::NoSupply), 5),
    ];
    let over = walk(agreed(1_000), &steps);
    // 400 not shipped go back to both, 100 on the way are lost to the need.
    assert_eq!((over.drawn, over.covered), (600, 400));
    let restated = walk(over, &[(Step::Restate, 6)]);
    assert_eq!((restated.drawn, restated.covered), (0, 400));
}

#[test]
fn what_was_not_taken_by_its_cut_off_stays_drawn_until_the_stock_is_restated() {
    let late = walk(agreed(1_000), &[(Step::Cancel(ClosingReason::NeedGone), 24 * 7)]);
    assert_eq!((late.drawn, late.covered), (1_000, 0));
    assert_eq!(walk(late, &[(Step::Restate, 24 * 8)]).drawn, 0);
}

#[test]
fn a_restated_stock_still_owes_what_was_not_shipped() {
    let part = walk(agreed(1_000), &[(Step::Ship(q(300)), 3), (Step::Restate, 4)]);
    assert_eq!((part.drawn, part.covered), (700, 1_000));
    let all = walk(part, &[(Step::Ship(q(700)), 5), (Step::Receive { accepted: q(1_000), rejected: q(0) }, 6)]);
    assert_eq!((all.state, all.drawn, all.covered), (MatchState::Fulfilled, 700, 1_000));
    let twice = walk(all, &[(Step::Restate, 7), (Step::Restate, 8)]);
    assert_eq!((twice.drawn, twice.covered), (0, 1_000));
}

#[test]
fn a_hold_ends_at_its_deadline_whoever_answers_later() {
    let held = walk(suggestion(10), &[(propose(10), 0)]);
    assert!(!held.is_over(at(23)) && held.is_over(at(24)));
    for step in [accept(Side::Supplier, None), Step::Decline(ClosingReason::Price)] {
        assert!(matches!(held.take(&step, at(24)), Err(Refusal::State(_))));
    }
    assert_eq!(walk(held, &[(Step::Expire, 24)]).drawn, 0);
}

#[test]
fn a_side_accepts_once() {
    let held = walk(suggestion(10), &[(propose(10), 0), (accept(Side::Buyer, None), 1)]);
    assert!(matches!(held.take(&accept(Side::Buyer, None), at(2)), Err(Refusal::State(_))));
    assert_eq!(walk(held, &[(accept(Side::Supplier, None), 2)]).state, MatchState::Agreed);
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (0_i64..120).prop_map(q)
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Supplier), Just(Side::Buyer)];
    prop_oneof![
        quantity().prop_map(|quantity| Step::Propose { quantity, deadline: at(200) }),
        (side, proptest::option::of(quantity())).prop_map(|(side, quantity)| Step::Accept {
            side,
            quantity,
            deadline: at(400)
        }),
        Just(Step::Decline(ClosingReason::Price)),
        Just(Step::Expire),
        quantity().prop_map(Step::Ship),
        (quantity(), quantity()).prop_map(|(accepted, rejected)| Step::Receive { accepted, rejected }),
        Just(Step::Cancel(ClosingReason::NoSupply)),
        Just(Step::Restate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// Whatever is tried in whatever order: no illegal transition, no unit made or lost, nothing released twice.
    #[test]
    fn num_05_con_02_entries_add_up_to_where_a_match_stands(
        asked in 1_i64..100,
        steps in proptest::collection::vec((step(), 0_i64..40), 0..14),
    ) {
        let mut account = suggestion(asked);
        let (mut drawn, mut covered, mut released, mut held, mut hour) = (0, 0, 0, 0, 0);
        for (step, hours) in steps {
            hour += hours;
            let before = account;
            match account.take(&step, at(hour)) {
                Err(_) => {}
                Ok((next, entries)) => {
                    prop_assert!(next.state == before.state || before.state.may_become(next.state));
                    for entry in entries {
                        prop_assert!(entry.units > 0);
                        let (of_offer, of_need) = entry.kind.effect(entry.units);
                        (drawn, covered) = (drawn + of_offer, covered + of_need);
                        match entry.kind {
                            EntryKind::Hold => held += entry.units,
                            EntryKind::Release | EntryKind::Lapse => released += entry.units,
                            EntryKind::Agree | EntryKind::Ship | EntryKind::Accept => {}
                            EntryKind::Reject | EntryKind::Lose | EntryKind::Restate => {}
                        }
                    }
                    account = next;
                }
            }
            if let Err(fault) = account.check() {
                return Err(TestCaseError::fail(format!("{account:?}: {fault}")));
            }
            prop_assert_eq!((account.drawn, account.covered), (drawn, covered));
            prop_assert!(released <= held && held <= asked);
        }
    }
}
