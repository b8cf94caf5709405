use super::*;
use crate::{calendar::Span, rate::Period, unit::BaseUnit};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn measure(units: i64) -> Measure {
    Measure::of(Quantity::new(units).unwrap(), BaseUnit::Piece)
}

fn rate(units: i64, period: Period) -> Rate {
    Rate { measure: measure(units), period }
}

fn profile(running: Rate, calendar: WorkingCalendar, from: &str) -> CapacityProfile {
    CapacityProfile {
        calendar: Arc::new(calendar),
        from: day(from),
        until: None,
        as_of: day(from),
        stock: measure(0),
        running: Some(running),
        maximum: None,
        ramp_days: 0,
        convertible: None,
        weeks: Vec::new(),
    }
}

#[test]
fn fifty_thousand_a_week_from_monday_is_there_by_friday() {
    let p = profile(rate(50_000, Period::Week), WorkingCalendar::default(), "2020-04-20");
    let curve = p.curve(CapacityKind::Running);
    assert_eq!(curve.by(day("2020-04-19")), 0);
    assert_eq!(curve.by(day("2020-04-20")), 10_000);
    assert_eq!(curve.by(day("2020-04-24")), 50_000);
    assert_eq!(curve.by(day("2020-04-26")), 50_000);
    assert_eq!(curve.by(day("2020-04-27")), 60_000);
}

#[test]
fn a_daily_rate_is_per_working_day() {
    let p = profile(rate(3_000, Period::Day), WorkingCalendar::default(), "2020-04-20");
    assert_eq!(p.curve(CapacityKind::Running).by(day("2020-04-26")), 15_000);
}

#[test]
fn tim_04_a_clock_change_neither_gains_nor_loses_a_day() {
    let mut p = profile(rate(1_000, Period::Day), WorkingCalendar::every_day(), "2026-03-27");
    p.until = Some(day("2026-03-31"));
    assert_eq!(p.curve(CapacityKind::Running).by(day("2026-04-30")), 5_000);
}

#[test]
fn months_and_years_are_exact_fractions() {
    let monthly = profile(rate(487, Period::Month), WorkingCalendar::every_day(), "2020-01-01");
    let curve = monthly.curve(CapacityKind::Running);
    // 30.4375 days a month: 487 units take exactly 16 per day.
    assert_eq!(curve.by(day("2020-01-30")), 480);
    let yearly = profile(rate(1_461, Period::Year), WorkingCalendar::every_day(), "2020-01-01");
    assert_eq!(yearly.curve(CapacityKind::Running).by(day("2020-01-10")), 40);
}

#[test]
fn a_ramp_grows_linearly_to_the_full_rate() {
    let mut p = profile(rate(1_000, Period::Day), WorkingCalendar::every_day(), "2020-04-01");
    p.ramp_days = 4;
    let curve = p.curve(CapacityKind::Running);
    let made: Vec<i64> = (0..6).map(|i| curve.by(day("2020-04-01").plus(i))).collect();
    assert_eq!(made, [250, 750, 1_500, 2_500, 3_500, 4_500]);
}

#[test]
fn the_past_counts_only_as_stated_stock() {
    let mut p = profile(rate(100, Period::Day), WorkingCalendar::every_day(), "2020-04-01");
    p.as_of = day("2020-04-11");
    p.stock = measure(30);
    let curve = p.curve(CapacityKind::Running);
    assert_eq!(curve.by(day("2020-04-10")), 0);
    assert_eq!(curve.by(day("2020-04-11")), 130);
    // A ramp goes on where it was: rebasing on day 3 of 4 does not start it again.
    p.ramp_days = 4;
    p.as_of = day("2020-04-03");
    assert_eq!(p.curve(CapacityKind::Running).by(day("2020-04-03")), 30 + 75);
}

#[test]
fn conversions_count_once_decided() {
    let mut p = profile(rate(0, Period::Day), WorkingCalendar::every_day(), "2020-04-01");
    p.convertible = Some(Conversion { rate: Some(rate(500, Period::Day)), days: 14, ramp_days: 0, decided_on: None });
    assert!(p.is_only_convertible());
    assert_eq!(p.curve(CapacityKind::Maximum).by(day("2020-06-01")), 0);
    p.convertible.as_mut().unwrap().decided_on = Some(day("2020-04-01"));
    assert_eq!(p.curve(CapacityKind::Running).by(day("2020-04-14")), 0);
    assert_eq!(p.curve(CapacityKind::Running).by(day("2020-04-15")), 500);
}

#[test]
fn closures_and_lead_times_hold_back_output_but_not_stock() {
    let closed = Span { from: day("2020-04-10"), until: day("2020-04-13") };
    let calendar = WorkingCalendar::new(0b001_1111, vec![closed]).unwrap();
    let mut p = profile(rate(10, Period::Day), calendar, "2020-04-09");
    p.stock = measure(7);
    let curve = p.curve(CapacityKind::Running);
    assert_eq!(curve.by(day("2020-04-13")), 17);
    assert_eq!(curve.by(day("2020-04-14")), 27);
    assert_eq!(curve.orderable_by(day("2020-04-13"), day("2020-04-09"), 5), 7);
    assert_eq!(curve.orderable_by(day("2020-04-14"), day("2020-04-09"), 5), 27);
}

#[test]
fn curves_never_fall() {
    for (ramp, period) in [(0, Period::Day), (3, Period::Week), (17, Period::Month), (40, Period::Year)] {
        let mut p = profile(rate(99_991, period), WorkingCalendar::default(), "2020-02-27");
        p.ramp_days = ramp;
        p.as_of = day("2020-03-05");
        let curve = p.curve(CapacityKind::Running);
        let made: Vec<i64> = (0..400).map(|i| curve.by(day("2020-02-20").plus(i))).collect();
        assert!(made.is_sorted());
    }
}

#[test]
fn the_first_day_is_the_first_with_anything() {
    let closed = Span { from: day("2020-03-09"), until: day("2020-03-20") };
    for (units, period) in
        [(0, Period::Day), (1, Period::Day), (3, Period::Week), (1, Period::Month), (2, Period::Year)]
    {
        for (stock, ramp, until) in [(0, 0, None), (5, 0, None), (0, 9, Some("2020-04-30")), (0, 0, Some("2020-03-15"))]
        {
            let calendar = WorkingCalendar::new(0b001_0110, vec![closed]).unwrap();
            let mut p = profile(rate(units, period), calendar, "2020-02-27");
            (p.stock, p.ramp_days, p.until) = (measure(stock), ramp, until.map(day));
            p.as_of = day("2020-03-05");
            let curve = p.curve(CapacityKind::Running);
            let walked = (0..1_500).map(|i| day("2020-02-20").plus(i)).find(|d| curve.by(*d) > 0);
            assert_eq!(curve.first_day(), walked, "{units} a {}, stock {stock}, until {until:?}", period.as_str());
        }
    }
}

#[test]
fn what_lacks_something_has_what_lies_ready_and_what_came_is_enough_for() {
    let mut p = profile(rate(10, Period::Day), WorkingCalendar::every_day(), "2020-04-20");
    p.stock = measure(25);
    let made = vec![(day("2020-04-22"), 12), (day("2020-04-24"), 40)];
    let curve = p.curve(CapacityKind::Running).assured(Assured { ready: 20, made });
    // Five of the stock are promised, and output counts as far as inputs came and it is made.
    let days = ["2020-04-19", "2020-04-20", "2020-04-22", "2020-04-23", "2020-04-24", "2020-05-24"];
    assert_eq!(days.map(|text| curve.by(day(text))), [0, 20, 32, 32, 60, 60]);
    assert_eq!((curve.stock_by(day("2020-05-24")), curve.first_day()), (20, Some(day("2020-04-20"))));
    let none = Assured { ready: 0, made: vec![(day("2020-04-21"), 0), (day("2020-04-23"), 3)] };
    let curve = p.curve(CapacityKind::Running).assured(none);
    assert_eq!((curve.first_day(), curve.first_stock_day()), (Some(day("2020-04-23")), None));
    assert_eq!(["2020-04-22", "2020-04-23", "2020-05-24"].map(|text| curve.by(day(text))), [0, 3, 3]);
}
