use std::{collections::BTreeSet, sync::Arc};

use domain::{
    calendar::WorkingCalendar,
    capacity::{CapacityKind, CapacityProfile},
    quantity::{Measure, Quantity},
    rate::{Period, Rate},
    unit::BaseUnit,
};

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use super::*;

fn measure(units: i64) -> Measure {
    Measure::of(Quantity::new(units).unwrap(), BaseUnit::Piece)
}

fn profile(from: Day, stock: i64, daily: i64) -> CapacityProfile {
    CapacityProfile {
        calendar: Arc::new(WorkingCalendar::every_day()),
        from,
        until: None,
        as_of: from,
        stock: measure(stock),
        running: Some(Rate { measure: measure(daily), period: Period::Day }),
        maximum: None,
        ramp_days: 0,
        convertible: None,
        weeks: Vec::new(),
    }
}

fn offer(from: Day, (stock, daily): (i64, i64), promised: &[(Day, i64)]) -> LineOffer {
    let curve = profile(from, stock, daily).curve(CapacityKind::Maximum);
    LineOffer { curve, as_of: from, promised: promised.to_vec() }
}

fn fits(from: Day, daily: i64, offers: &[LineOffer]) -> bool {
    let line = profile(from, 0, daily).curve(CapacityKind::Maximum);
    line_fits((&line, from), offers, None).unwrap()
}

#[test]
fn con_08_the_time_of_a_shared_day_is_never_given_twice() {
    let day = |text| Day::parse(text).unwrap();
    let (first, fifth, eighth) = (day("2026-05-01"), day("2026-05-05"), day("2026-05-08"));
    // 1,000 a day from 1 to 5 May are 5,000; the same line has made 8,000 by 8 May.
    let masks = |units| offer(first, (0, 1_000), &[(fifth, units)]);
    let gowns = |units| offer(first, (0, 1_000), &[(eighth, units)]);
    assert!(fits(first, 1_000, &[masks(4_000), gowns(2_000)]));
    assert!(fits(first, 1_000, &[masks(5_000), gowns(3_000)]));
    assert!(!fits(first, 1_000, &[masks(5_000), gowns(3_001)]));
    assert!(!fits(first, 1_000, &[masks(5_001), gowns(0)]));
    // Two that both need the time until 5 May share it.
    let also = |units| offer(first, (0, 1_000), &[(fifth, units)]);
    assert!(fits(first, 1_000, &[masks(3_000), also(2_000)]));
    assert!(!fits(first, 1_000, &[masks(3_000), also(2_001)]));
    // Stock takes no time of the line.
    assert!(fits(first, 1_000, &[masks(3_000), offer(first, (500, 1_000), &[(fifth, 2_500)])]));
}

/// Every split of every day.
fn by_enumeration(daily: i64, offers: &[(i64, i64, Vec<i64>)], days: usize) -> bool {
    let mut states: BTreeSet<Vec<i64>> = BTreeSet::from([offers.iter().map(|o| o.0).collect()]);
    for at in 0..days {
        let mut next = BTreeSet::new();
        for have in &states {
            let mut splits: Vec<(i64, Vec<i64>)> = vec![(daily, have.clone())];
            for (place, (_, own, _)) in offers.iter().enumerate() {
                let one = |(left, have): (i64, Vec<i64>)| {
                    (0..=left.min(*own)).map(move |made| {
                        let mut have = have.clone();
                        have[place] += made;
                        (left - made, have)
                    })
                };
                splits = splits.into_iter().flat_map(one).collect();
            }
            for (_, mut have) in splits {
                for (left, (.., due)) in have.iter_mut().zip(offers) {
                    *left -= due[at];
                }
                if have.iter().all(|left| *left >= 0) {
                    next.insert(have);
                }
            }
        }
        states = next;
    }
    !states.is_empty()
}

#[test]
fn it_fits_when_some_split_of_every_day_keeps_every_promise() {
    let mut random = ChaCha8Rng::seed_from_u64(20_200_420);
    let from = Day::parse("2020-04-20").unwrap();
    let mut fitting = 0;
    for _ in 0..600 {
        let days = 3;
        let daily = random.random_range(0..=4);
        let offers: Vec<(i64, i64, Vec<i64>)> = (0..2)
            .map(|_| {
                (
                    random.random_range(0..=2),
                    random.random_range(0..=4),
                    (0..days).map(|_| random.random_range(0..=3)).collect(),
                )
            })
            .collect();
        let asked: Vec<LineOffer> = offers
            .iter()
            .map(|(stock, own, due)| {
                let promised: Vec<(Day, i64)> = (0..).zip(due).map(|(at, units)| (from.plus(at), *units)).collect();
                offer(from, (*stock, *own), &promised)
            })
            .collect();
        let expected = by_enumeration(daily, &offers, days);
        assert_eq!(fits(from, daily, &asked), expected, "{daily} {offers:?}");
        fitting += i32::from(expected);
    }
    assert!((60..540).contains(&fitting), "{fitting}");
}
