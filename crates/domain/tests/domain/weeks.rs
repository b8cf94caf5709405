//! Figures week by week: their curve against an oracle that walks the days, and their faults.

use std::sync::Arc;

use domain::{
    calendar::{Span, WorkingCalendar},
    capacity::{CapacityKind, CapacityProfile, Conversion, Week},
    offer::{ConversionInput, OfferInput, WeekInput},
    rate::{Period, Rate},
    time::Day,
};
use proptest::prelude::*;

use crate::{
    bad_offers::{amount, good, rate},
    world::{day, pieces, reference},
};

fn profile(weeks: Vec<Week>) -> CapacityProfile {
    CapacityProfile {
        calendar: Arc::new(WorkingCalendar::default()),
        from: day("2020-04-06"),
        until: None,
        as_of: day("2020-04-06"),
        stock: pieces(0),
        running: None,
        maximum: None,
        ramp_days: 0,
        convertible: None,
        weeks,
    }
}

fn week(monday: Day, running: i64) -> Week {
    Week { monday, running: Some(pieces(running)), maximum: None, convertible: None }
}

fn monday(n: i32) -> Day {
    day("2020-04-06").plus(7 * n)
}

/// Whole base units by a day: each day's share of its week in fractions of 420, added up day by day.
fn walked(p: &CapacityProfile, figure: impl Fn(&Week) -> i64, from: Day, on: Day) -> i64 {
    let works = |d: Day| {
        let closed = p.calendar.closures().iter().any(|c| c.from <= d && d <= c.until);
        p.calendar.weekdays() & (1 << d.weekday()) != 0 && !closed
    };
    let mut parts = 0_i128;
    let mut d = from.max(p.as_of);
    while d <= on && p.until.is_none_or(|last| d <= last) {
        let of_week = p.weeks.iter().find(|w| w.monday == d.monday());
        if let Some(w) = of_week.filter(|_| works(d)) {
            let days = (0..7).filter(|ahead| works(w.monday.plus(*ahead))).count();
            parts += i128::from(figure(w)) * 420 / i128::try_from(days).unwrap();
        }
        d = d.plus(1);
    }
    i64::try_from(parts / 420).unwrap()
}

fn units(m: &Option<domain::quantity::Measure>) -> i64 {
    m.as_ref().map_or(0, |m| m.quantity.units())
}

fn series() -> impl Strategy<Value = CapacityProfile> {
    let figure = || prop::option::of(prop_oneof![0_i64..20, 0_i64..100_000].prop_map(pieces));
    let weeks = prop::collection::btree_map(0_i32..12, (figure(), 0_i64..50_000, figure()), 0..8);
    let calendar = (1_u8..128, prop::collection::vec((0_i32..90, 0_i32..12), 0..3));
    let span = (0_i32..30, prop::option::of(0_i32..80), 0_i32..60);
    (calendar, span, 0_i64..500, weeks, (0_u16..20, prop::option::of(0_i32..40))).prop_map(
        |((mask, closures), (from, until, as_of), stock, weeks, (days, decided))| {
            let at = |n: i32| monday(0).plus(n);
            let closures = closures.into_iter().map(|(n, long)| Span { from: at(n), until: at(n + long) }).collect();
            let weeks = weeks.into_iter().map(|(n, (running, more, convertible))| {
                let maximum = (more % 2 == 0).then(|| pieces(units(&running) + more));
                Week { monday: monday(n), running, maximum, convertible }
            });
            CapacityProfile {
                calendar: Arc::new(WorkingCalendar::new(mask, closures).unwrap()),
                from: at(from),
                until: until.map(|n| at(from + n)),
                as_of: at(as_of),
                stock: pieces(stock),
                convertible: Some(Conversion { rate: None, days, ramp_days: 0, decided_on: decided.map(at) }),
                ..profile(weeks.collect())
            }
        },
    )
}

proptest! {
    #[test]
    fn a_series_is_what_walking_the_days_gives(p in series()) {
        for kind in [CapacityKind::Running, CapacityKind::Maximum] {
            let level = |w: &Week| match kind {
                CapacityKind::Running => units(&w.running),
                CapacityKind::Maximum => units(&w.maximum).max(units(&w.running)),
            };
            let converted = p.convertible.as_ref().and_then(|c| Some(c.decided_on?.plus(i32::from(c.days)).max(p.from)));
            let curve = p.curve(kind);
            let (mut before, mut first) = (0, None);
            for n in 0..130 {
                let on = monday(0).plus(n);
                let made = walked(&p, level, p.from, on)
                    + converted.map_or(0, |start| walked(&p, |w| units(&w.convertible), start, on));
                let expected = if on < p.as_of { 0 } else { made + p.stock.quantity.units() };
                prop_assert_eq!(curve.by(on), expected, "{:?} by {}", kind, on);
                prop_assert!(expected >= before, "it falls on {on}");
                first = first.or((expected > 0).then_some(on));
                before = expected;
            }
            prop_assert_eq!(curve.first_day(), first);
        }
    }

    #[test]
    fn equal_weeks_are_a_rate_per_week(running in 0_i64..100_000, mask in 1_u8..128, from in 0_i32..10, as_of in 0_i32..40) {
        let calendar = Arc::new(WorkingCalendar::new(mask, Vec::new()).unwrap());
        let at = |n| monday(0).plus(n);
        let weekly = CapacityProfile { calendar, from: at(from), as_of: at(as_of), ..profile((0..20).map(|n| week(monday(n), running)).collect()) };
        let steady = CapacityProfile {
            running: Some(Rate { measure: pieces(running), period: Period::Week }),
            weeks: Vec::new(),
            ..weekly.clone()
        };
        for n in 0..140 {
            let (a, b) = (weekly.curve(CapacityKind::Running), steady.curve(CapacityKind::Running));
            prop_assert_eq!(a.by(at(n)), b.by(at(n)), "{}", at(n));
        }
    }

    #[test]
    fn whole_weeks_add_up_to_their_figures(p in series()) {
        let open = CapacityProfile { from: monday(0), as_of: monday(0), until: None, stock: pieces(0), convertible: None, ..p };
        let idle = |w: &&Week| open.calendar.working_days(w.monday, w.sunday()) == 0;
        let lost: i64 = open.weeks.iter().filter(idle).map(|w| units(&w.running)).sum();
        let stated: i64 = open.weeks.iter().map(|w| units(&w.running)).sum();
        prop_assert_eq!(open.curve(CapacityKind::Running).by(monday(20)), stated - lost);
    }
}

#[test]
fn a_weeks_figure_is_there_by_its_last_working_day() {
    // Good Friday is off: what the week yields is made in four days.
    let friday = day("2020-04-10");
    let calendar = WorkingCalendar::new(0b001_1111, vec![Span { from: friday, until: friday }]).unwrap();
    let p =
        CapacityProfile { calendar: Arc::new(calendar), ..profile(vec![week(monday(0), 1_000), week(monday(2), 3)]) };
    let curve = p.curve(CapacityKind::Running);
    let by = ["2020-04-06", "2020-04-08", "2020-04-09", "2020-04-19", "2020-04-20", "2020-04-21", "2020-04-24"];
    assert_eq!(by.map(|on| curve.by(day(on))), [250, 750, 1_000, 1_000, 1_000, 1_001, 1_003]);
}

/// A site in Berlin, where the clock went forward on 29 March 2020: the calendar counts days and no hours.
#[test]
fn tim_04_a_window_over_a_clock_change_yields_its_working_days() {
    let window = |mask| CapacityProfile {
        calendar: Arc::new(WorkingCalendar::new(mask, Vec::new()).unwrap()),
        from: day("2020-03-27"),
        until: Some(day("2020-03-31")),
        as_of: day("2020-03-27"),
        running: Some(Rate { measure: pieces(1_000), period: Period::Day }),
        ..profile(Vec::new())
    };
    let by = |mask, on| window(mask).curve(CapacityKind::Running).by(day(on));
    assert_eq!((by(0b111_1111, "2020-03-31"), by(0b111_1111, "2020-04-30")), (5_000, 5_000));
    assert_eq!((by(0b001_1111, "2020-03-29"), by(0b001_1111, "2020-03-31")), (1_000, 3_000));
}

fn weekly(week: &str, running: &str) -> WeekInput {
    WeekInput { week: week.to_owned(), running: Some(amount(running, "H87")), ..WeekInput::default() }
}

/// Pointers and codes of all faults.
fn faults(input: &OfferInput) -> Vec<String> {
    let found = input.check(&reference()).err().map(|faults| faults.into_vec()).unwrap_or_default();
    found.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

fn with(weeks: Vec<WeekInput>) -> OfferInput {
    OfferInput { running: None, weeks, ..good() }
}

#[test]
fn weeks_are_named_by_monday_or_number_and_kept_in_order() {
    let input = with(vec![weekly("2020-W19", "300"), weekly("2020-04-20", "100")]);
    let (terms, _) = input.check(&reference()).unwrap();
    let kept: Vec<(String, i64)> =
        terms.profile.weeks.iter().map(|w| (w.monday.to_string(), units(&w.running))).collect();
    assert_eq!(kept, [("2020-04-20".to_owned(), 100), ("2020-05-04".to_owned(), 300)]);
    for (text, expected) in [
        ("2020-W01", Some("2019-12-30")),
        ("2020-W53", Some("2020-12-28")),
        ("2019-W53", None),
        ("2020-W00", None),
        ("2020-W60", None),
        ("2020-04-21", None),
        ("2020-W1", None),
        ("W17", None),
    ] {
        assert_eq!(Day::parse_week(text).ok().map(|d| d.to_string()).as_deref(), expected, "{text}");
    }
}

#[test]
fn every_fault_of_a_series_is_named() {
    let check = |input: OfferInput, expected: &[&str]| assert_eq!(faults(&input), expected);
    check(with(vec![weekly("2020-04-21", "1")]), &["/weeks/0/week bad_week"]);
    check(with(vec![weekly("2020-W20", "1"), weekly("2020-05-11", "2")]), &["/weeks/1/week twice"]);
    check(with(vec![weekly("2020-W20", "-1")]), &["/weeks/0/running/value negative"]);
    check(with(vec![WeekInput { week: "2020-W20".to_owned(), ..WeekInput::default() }]), &["/weeks/0 missing"]);
    check(with(vec![weekly("2020-W20", "0")]), &[" no_capacity"]);
    let low = WeekInput { maximum: Some(amount("9", "H87")), ..weekly("2020-W20", "10") };
    check(with(vec![low]), &["/weeks/0/maximum below_running"]);
    check(
        OfferInput { running: Some(rate("5", "week")), ramp_days: 2, ..with(vec![weekly("2020-W20", "1")]) },
        &["/running does_not_apply", "/ramp_days does_not_apply"],
    );
    let convertible = WeekInput { convertible: Some(amount("9", "H87")), ..weekly("2020-W20", "10") };
    check(with(vec![convertible.clone()]), &["/convertible missing"]);
    let conversion = |rate| Some(ConversionInput { rate, days: 3, ramp_days: 0, decided_on: None });
    check(
        OfferInput { convertible: conversion(Some(rate("5", "week"))), ..with(vec![convertible.clone()]) },
        &["/convertible/value does_not_apply"],
    );
    check(
        OfferInput { convertible: conversion(None), ..with(vec![weekly("2020-W20", "1")]) },
        &["/convertible/value missing"],
    );
    check(OfferInput { convertible: conversion(None), ..with(vec![convertible]) }, &[]);
    let until = Some("2020-05-01".to_owned());
    check(OfferInput { until, ..with(vec![weekly("2020-W20", "1")]) }, &["/weeks outside_window"]);
    let mut closed = with(vec![weekly("2020-W20", "1")]);
    closed.calendar.closures = vec![("2020-05-11".to_owned(), "2020-05-17".to_owned())];
    check(closed, &["/weeks/0 no_working_day"]);
    check(with(vec![weekly("2020-W20", "1"); 251]), &["/weeks too_many"]);
}
