//! The shortage board.

use std::collections::BTreeMap;

use domain::{
    code::RegionCode,
    need::{NeedState, Urgency},
    organisation::OrganisationKind,
};
use index::{BoardRule, Buyer, Colour, Reader, ShortageAnswer, ShortageQuery, ShortageWeek, Standing, Weeks};

use crate::{
    draw::{self, Dice},
    oracle::{self, Known},
    world::{Scene, buyer, day, instalment_id, offer_id, organisation_id, party, stock, today},
};

fn board(scene: &Scene, level: u8, reader: &Reader) -> ShortageAnswer {
    let weeks = Weeks::new(today(), today(), day("2020-04-26")).unwrap();
    let query = ShortageQuery { weeks, products: None, regions: None, level, rule: BoardRule::default() };
    scene.index().shortages(&query, reader)
}

fn row<'a>(answer: &'a ShortageAnswer, region: &str) -> Option<&'a Vec<ShortageWeek>> {
    let is = |code: &Option<RegionCode>| code.as_ref().map_or("", RegionCode::as_str) == region;
    answer.rows.iter().find(|row| is(&row.region)).map(|row| &row.weeks)
}

#[test]
fn need_cover_supply_and_gap_by_week() {
    let mut scene = Scene::new();
    scene.firm(0, "DE111", &[]);
    scene.firm(1, "DE11", &[]);
    scene.offer(0, stock(40));
    scene.need(1, &[(100, day("2020-04-10")), (50, day("2020-04-20"))]).terms.urgency = Urgency::Critical;
    scene.promise((offer_id(0), instalment_id(0)), 30, day("2020-04-10"), Standing::Agreed);
    scene.promise((offer_id(9), instalment_id(1)), 50, day("2020-04-20"), Standing::Held);
    let answer = board(&scene, 2, &Reader::Operator);
    let [first, second, third] = row(&answer, "DE11").unwrap()[..] else { panic!("three weeks") };
    assert_eq!(
        (first.need, first.agreed, first.held, first.open),
        ([0, 100, 0, 0], 30, 0, 70),
        "nobody granted tier 1"
    );
    assert_eq!((first.free, first.free_maximum, first.gap, first.colour), (10, 10, 60, Colour::Red));
    assert_eq!((second.need, second.gap, second.colour), ([0; 4], 60, Colour::Red), "it goes on");
    assert_eq!((third.need, third.held, third.open, third.gap), ([0, 50, 0, 0], 50, 0, 60));
    assert_eq!(third.colour, Colour::Orange, "90 of 150");
    scene.market.needs[0].urgency_granted = true;
    assert_eq!(row(&board(&scene, 2, &Reader::Operator), "DE11").unwrap()[0].need, [100, 0, 0, 0]);
    assert!(row(&board(&scene, 0, &Reader::Operator), "DE").is_some());
    scene.market.needs[0].state = NeedState::Closed;
    let quiet = board(&scene, 2, &Reader::Operator);
    assert_eq!(row(&quiet, "DE11").unwrap()[0].colour, Colour::Quiet);
}

#[test]
fn colours_by_a_rule() {
    let rule = BoardRule { red_below: (1, 3), orange_below: (3, 4) };
    let colours = [0, 32, 33, 34, 74, 75, 200].map(|share| rule.colour(share, 100));
    let (red, orange, green) = (Colour::Red, Colour::Orange, Colour::Green);
    assert_eq!(colours, [red, red, red, orange, orange, green, green]);
    assert_eq!(rule.colour(0, 0), Colour::Quiet);
}

#[test]
fn needs_of_others_are_as_private_as_offers() {
    let of = |firms: usize| {
        let mut scene = Scene::new();
        for n in 0..firms {
            scene.firm(n, "DE11", &[]);
            scene.need(n, &[(100, day("2020-04-10"))]);
        }
        scene.firm(50, "DE", &[]);
        scene.market.organisations.get_mut(&organisation_id(50)).unwrap().kind = OrganisationKind::Authority;
        scene
    };
    let needed = |firms, reader: &Reader| row(&board(&of(firms), 2, reader), "DE11").map(|weeks| weeks[0].need[2]);
    assert_eq!((needed(3, &party(99)), needed(4, &party(99))), (None, Some(400)), "one of three would know two");
    assert_eq!((needed(3, &party(0)), needed(4, &party(0))), (Some(100), Some(400)), "his own, and three others");
    assert_eq!(needed(1, &buyer(50, Buyer::Authority)), Some(100));
    assert_eq!((needed(1, &Reader::Operator), needed(9, &Reader::Public)), (Some(100), None));
}

/// Needs and supply reckoned naively, for the operator.
#[test]
fn every_number_of_the_board_is_the_naive_one() {
    let mut rows = 0;
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let scene = draw::scene(&mut dice, 8);
        let weeks = Weeks::new(today(), today(), today().plus(dice.small(70))).unwrap();
        let level = u8::try_from(dice.upto(2)).unwrap();
        let query =
            ShortageQuery { weeks: weeks.clone(), products: None, regions: None, level, rule: BoardRule::default() };
        let answer = scene.index().shortages(&query, &Reader::Operator);
        let mut naive: BTreeMap<_, Vec<([i128; 4], [i128; 3])>> = BTreeMap::new();
        let whole = Known { named: true, exact: true };
        for need in &scene.market.needs {
            let need = need.clone().standing(today());
            let asked = matches!(need.state, NeedState::Open | NeedState::Covered) && need.quarantine.is_none();
            let site = &scene.market.sites[&need.site];
            for part in need.instalments.iter().filter(|_| asked) {
                let key = (need.terms.product.clone(), oracle::region(site, whole, level));
                let row = naive.entry(key).or_insert_with(|| vec![Default::default(); weeks.buckets().len()]);
                let Some(at) = weeks.buckets().iter().position(|bucket| part.due <= bucket.until) else { continue };
                row[at].0[usize::from(need.tier(today())) - 1] += i128::from(part.measure.quantity.units());
                let of_part = || scene.market.commitments.iter().filter(|c| c.instalment == part.id);
                let sum = |standing| {
                    let those = of_part().filter(|c| scene.standing(c) == standing);
                    those.map(|c| i128::from(c.covered().units())).sum::<i128>()
                };
                let (held, agreed) = (sum(Standing::Held), sum(Standing::Agreed));
                let open = (i128::from(part.measure.quantity.units()) - held - agreed).max(0);
                row[at].1.iter_mut().zip([held, agreed, open]).for_each(|(sum, more)| *sum += more);
            }
        }
        for row in &answer.rows {
            let known = naive.remove(&(row.product.clone(), row.region.clone()));
            let known = known.unwrap_or_else(|| vec![Default::default(); weeks.buckets().len()]);
            let found: Vec<_> = row.weeks.iter().map(|w| (w.need, [w.held, w.agreed, w.open])).collect();
            assert_eq!(found, known, "seed {seed}");
            let (mut open, mut free) = (0, 0);
            for week in &row.weeks {
                (open, free) = (open + week.open, free + week.free);
                assert_eq!(week.gap, (open - free).max(0));
            }
            rows += 1;
        }
        assert!(naive.is_empty(), "seed {seed}");
    }
    assert!(rows > 500, "{rows}");
}
