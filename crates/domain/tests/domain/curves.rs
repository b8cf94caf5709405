//! Supply curves against an oracle that walks the days and adds exact fractions.

use std::sync::Arc;

use domain::{
    calendar::{Span, WorkingCalendar},
    capacity::{CapacityKind, CapacityProfile, Conversion},
    quantity::Quantity,
    rate::{Period, Rate},
    time::Day,
};
use proptest::prelude::*;

use crate::world::{day, pieces};

/// Whether a site works on a day.
fn works(calendar: &WorkingCalendar, on: Day) -> bool {
    calendar.weekdays() & (1 << on.weekday()) != 0 && !calendar.closures().iter().any(|c| c.from <= on && on <= c.until)
}

/// A fraction of whole numbers, never reduced: the walk is short.
#[derive(Clone, Copy)]
struct Fraction(i128, i128);

impl Fraction {
    fn plus(self, other: Fraction) -> Fraction {
        if self.1 == other.1 {
            return Fraction(self.0 + other.0, self.1);
        }
        Fraction(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }

    fn floor(self) -> i64 {
        i64::try_from(self.0.div_euclid(self.1)).unwrap()
    }
}

/// What a rate makes by `until`, walked day by day from `start`, counted from `base` on.
struct Walk<'a> {
    calendar: &'a WorkingCalendar,
    rate: &'a Rate,
    start: Day,
    base: Day,
    end: Option<Day>,
    ramp: i128,
}

impl Walk<'_> {
    fn made_by(&self, until: Day) -> i64 {
        // A working day's share of the period, from the words of the rule: the period's days times
        // worked weekdays over seven, where a month is 365.25 / 12 days.
        let weekdays = i128::from(self.calendar.weekdays().count_ones());
        let days = match self.rate.period {
            Period::Day => Fraction(1, 1),
            Period::Week => Fraction(7 * weekdays, 7),
            Period::Month => Fraction(36_525 * weekdays, 100 * 12 * 7),
            Period::Year => Fraction(36_525 * weekdays, 100 * 7),
        };
        let units = i128::from(self.rate.measure.quantity.units());
        let mut worked = 0;
        let mut made = Fraction(0, days.0 * self.ramp.max(1) * 2);
        let mut on = self.start;
        while on <= until && self.end.is_none_or(|e| on <= e) {
            if works(self.calendar, on) {
                worked += 1;
                // The k-th day of a ramp of R days runs at (2k - 1) / 2R... cumulated k (k + 1) / 2R:
                // its own share is k / R.
                let share = if worked < self.ramp { Fraction(worked, self.ramp) } else { Fraction(1, 1) };
                if on >= self.base {
                    made = made.plus(Fraction(units * days.1 * share.0 * 2 * self.ramp.max(1) / share.1, made.1));
                }
            }
            on = on.plus(1);
        }
        made.floor()
    }
}

fn from_2020(days: i32) -> Day {
    day("2020-01-06").plus(days)
}

fn rates() -> impl Strategy<Value = Rate> {
    let units = prop_oneof![0_i64..50, 0_i64..100_000, Just(Quantity::LIMIT)];
    (units, prop::sample::select(Period::ALL.to_vec()))
        .prop_map(|(units, period)| Rate { measure: pieces(units), period })
}

fn calendars() -> impl Strategy<Value = WorkingCalendar> {
    (1_u8..128, prop::collection::vec((0_i32..120, 0_i32..20), 0..4)).prop_map(|(mask, closures)| {
        let span = |(from, length): (i32, i32)| Span { from: from_2020(from), until: from_2020(from + length) };
        WorkingCalendar::new(mask, closures.into_iter().map(span).collect()).unwrap()
    })
}

fn profiles() -> impl Strategy<Value = CapacityProfile> {
    let convertible =
        (rates(), 0_u16..30, 0_u16..20, prop::option::of(0_i32..60)).prop_map(|(rate, days, ramp_days, decided)| {
            Conversion { rate: Some(rate), days, ramp_days, decided_on: decided.map(from_2020) }
        });
    (
        calendars(),
        (0_i32..60, prop::option::of(0_i32..90), 0_i32..60),
        0_i64..1_000,
        (prop::option::of(rates()), prop::option::of(rates())),
        prop_oneof![Just(0_u16), 1_u16..30],
        prop::option::of(convertible),
    )
        .prop_map(|(calendar, (from, until, as_of), stock, (running, maximum), ramp_days, convertible)| {
            CapacityProfile {
                calendar: Arc::new(calendar),
                from: from_2020(from),
                until: until.map(|days| from_2020(from + days)),
                as_of: from_2020(as_of),
                stock: pieces(stock),
                running,
                maximum,
                ramp_days,
                convertible,
                weeks: Vec::new(),
            }
        })
}

fn oracle(p: &CapacityProfile, kind: CapacityKind, on: Day) -> i64 {
    if on < p.as_of {
        return 0;
    }
    let level = match kind {
        CapacityKind::Running => p.running.as_ref(),
        CapacityKind::Maximum => p.maximum.as_ref().or(p.running.as_ref()),
    };
    let walk = |rate: &Rate, start: Day, ramp: u16| {
        let (base, ramp) = (start.max(p.as_of), i128::from(ramp));
        Walk { calendar: &p.calendar, rate, start, base, end: p.until, ramp }.made_by(on)
    };
    let steady = level.map_or(0, |rate| walk(rate, p.from, p.ramp_days));
    let converted = p.convertible.as_ref().and_then(|c| {
        let start = c.decided_on?.plus(i32::from(c.days)).max(p.from);
        Some(walk(c.rate.as_ref()?, start, c.ramp_days))
    });
    p.stock.quantity.units() + steady + converted.unwrap_or(0)
}

proptest! {
    #[test]
    fn a_curve_is_what_walking_the_days_gives(p in profiles()) {
        for kind in [CapacityKind::Running, CapacityKind::Maximum] {
            let curve = p.curve(kind);
            for days in [0, 1, 6, 7, 13, 31, 59, 60, 100, 150] {
                let on = from_2020(days);
                prop_assert_eq!(curve.by(on), oracle(&p, kind, on), "{:?} by {}", kind, on);
            }
        }
    }

    #[test]
    fn a_curve_never_falls_and_never_runs_above_its_rates(p in profiles()) {
        let curve = p.curve(CapacityKind::Running);
        let mut before = 0;
        let mut worked = 0_i128;
        for days in 0..200 {
            let on = from_2020(days);
            worked += i128::from(works(&p.calendar, on));
            let by = curve.by(on);
            prop_assert!(by >= before, "{} after {before}", by);
            before = by;
            // Each rate at full strength on every working day since the first of them all.
            let full = |rate: &Rate| {
                let (units, per) = rate.per_working_day(&p.calendar);
                units * worked / per
            };
            let most = p.running.as_ref().map_or(0, full) + p.convertible.as_ref().and_then(|c| c.rate.as_ref()).map_or(0, full);
            prop_assert!(i128::from(by) <= i128::from(p.stock.quantity.units()) + most);
        }
    }

    #[test]
    fn lead_time_binds_output_and_not_stock(p in profiles(), decision in 0_i32..60, lead in 0_u16..40, on in 0_i32..150) {
        let curve = p.curve(CapacityKind::Running);
        let (decision, on) = (from_2020(decision), from_2020(on));
        let stock = if on < p.as_of { 0 } else { p.stock.quantity.units() };
        let expected = if on.since(decision) < i32::from(lead) { stock } else { curve.by(on) };
        prop_assert_eq!(curve.orderable_by(on, decision, lead), expected);
        prop_assert_eq!(curve.stock_by(on), stock);
    }

    /// Confirming anew with what was made since as stock changes no later figure by more than the
    /// fraction of a unit that each of the two streams had begun.
    #[test]
    fn a_confirmation_rebases_and_loses_nothing(p in profiles(), later in 0_i32..60) {
        let curve = p.curve(CapacityKind::Running);
        let mut restated = p.clone();
        restated.as_of = p.as_of.plus(later);
        let made = curve.by(restated.as_of.plus(-1));
        prop_assume!(made <= Quantity::LIMIT);
        restated.stock = pieces(if later == 0 { p.stock.quantity.units() } else { made });
        let after = restated.curve(CapacityKind::Running);
        for days in [0, 5, 30, 90] {
            let on = restated.as_of.plus(days);
            let lost = curve.by(on) - after.by(on);
            prop_assert!((0..=2).contains(&lost), "{lost} lost by {on}");
        }
    }
}

#[test]
fn a_window_from_the_first_day_there_is_counts_that_day() {
    let rate = Rate { measure: pieces(10), period: Period::Day };
    let p = CapacityProfile {
        calendar: Arc::new(WorkingCalendar::every_day()),
        from: Day::MIN,
        until: None,
        as_of: Day::MIN,
        stock: pieces(0),
        running: Some(rate),
        maximum: None,
        ramp_days: 0,
        convertible: None,
        weeks: Vec::new(),
    };
    let curve = p.curve(CapacityKind::Running);
    assert_eq!(curve.by(Day::MIN), 10);
    assert_eq!(curve.by(Day::MAX), 10 * i64::from(Day::MAX.since(Day::MIN) + 1));
}

#[test]
fn the_largest_rate_for_three_centuries_stays_within_64_bits() {
    let rate = Rate { measure: pieces(Quantity::LIMIT), period: Period::Day };
    let p = CapacityProfile {
        calendar: Arc::new(WorkingCalendar::every_day()),
        from: Day::MIN,
        until: None,
        as_of: Day::MIN,
        stock: pieces(Quantity::LIMIT),
        running: Some(rate.clone()),
        maximum: None,
        ramp_days: u16::MAX,
        convertible: Some(Conversion { rate: Some(rate), days: 0, ramp_days: u16::MAX, decided_on: Some(Day::MIN) }),
        weeks: Vec::new(),
    };
    assert_eq!(p.curve(CapacityKind::Running).by(Day::MAX), domain::capacity::CURVE_LIMIT);
}

#[test]
fn only_possible_calendars_and_quantities_can_be_read_back() {
    let read = |text: &str| serde_json::from_str::<WorkingCalendar>(text).is_ok();
    assert!(read(r#"{"weekdays":31,"closures":[]}"#));
    assert!(!read(r#"{"weekdays":0,"closures":[]}"#));
    assert!(!read(r#"{"weekdays":31,"closures":[{"from":"2020-05-02","until":"2020-05-01"}]}"#));
    let quantity = |text: &str| serde_json::from_str::<Quantity>(text).is_ok();
    assert!(quantity("0") && quantity("1000000000000"));
    assert!(!quantity("-1") && !quantity("1000000000001") && !quantity("1.5"));
}
