use uuid::Uuid;

use super::*;

fn at(minutes: i64) -> Instant {
    // A Monday morning.
    Instant::from_micros(1_586_160_000_000_000 + minutes * 60_000_000).unwrap()
}

fn alert() -> Alert {
    let threshold = Threshold::Colour(Hue::Red);
    let terms =
        AlertTerms { name: "A".to_owned(), of: AlertOf::Shortages, question: BTreeMap::new(), weeks: 2, threshold };
    Alert {
        id: AlertId(Uuid::nil()),
        organisation: None,
        terms,
        made_by: None,
        state: AlertState::Quiet,
        since: at(0),
        rows: Vec::new(),
        more: 0,
        as_of: None,
        fault: None,
        created_at: at(0),
    }
}

fn met(week: i32, figure: i128) -> Met {
    let from = at(0).day().monday().plus(7 * week);
    let product = Some(ProductCode::new("ffp"));
    Met { product, region: None, from, until: from.plus(6), figure, unit: BaseUnit::Piece }
}

#[test]
fn it_fires_at_the_edge_and_is_armed_again_by_quiet() {
    let quiet = alert();
    let (same, turn) = quiet.looked(Found::Unmet, None, at(1));
    assert_eq!((&same, turn), (&quiet, None));
    let (firing, turn) = quiet.looked(Found::Met(vec![met(1, 5), met(0, 7), met(0, 9)]), None, at(5));
    assert_eq!(
        (turn, firing.state, firing.since, firing.as_of),
        (Some(Turn::Fired), AlertState::Firing, at(5), Some(at(5)))
    );
    assert_eq!(firing.rows, [met(0, 9), met(0, 7), met(1, 5)]);
    // What changes on the same day is not told again.
    let (same, turn) = firing.looked(Found::Met(vec![met(0, 1)]), Some(at(5).day()), at(10));
    assert_eq!((&same, turn), (&firing, None));
    // The first look of the next day tells the rows of that day.
    let day = 24 * 60;
    let (same, turn) = firing.looked(Found::Met(firing.rows.clone()), Some(at(5).day()), at(day));
    assert_eq!((&same, turn), (&firing, None));
    let (next, turn) = firing.looked(Found::Met(vec![met(1, 1)]), Some(at(5).day()), at(day));
    assert_eq!((turn, next.since, next.as_of, next.rows.len()), (Some(Turn::Changed), at(5), Some(at(day)), 1));
    let (over, turn) = next.looked(Found::Unmet, Some(at(day).day()), at(day + 5));
    assert_eq!((turn, over.state, over.since), (Some(Turn::Quiet), AlertState::Quiet, at(day + 5)));
    assert_eq!((over.rows.len(), over.more, over.as_of), (0, 0, None));
    let (_, turn) = over.looked(Found::Met(vec![met(1, 1)]), Some(at(day).day()), at(day + 10));
    assert_eq!(turn, Some(Turn::Fired));
}

#[test]
fn a_fault_is_told_once_and_leaves_the_rest() {
    let (firing, _) = alert().looked(Found::Met(vec![met(0, 1)]), None, at(0));
    let fault = || Found::Fault("gone".to_owned());
    let (broken, turn) = firing.looked(fault(), Some(at(0).day()), at(5));
    assert_eq!((turn, broken.state, broken.fault.as_deref()), (Some(Turn::Changed), AlertState::Firing, Some("gone")));
    assert_eq!(broken.looked(fault(), Some(at(0).day()), at(10)).1, None);
    let (mended, turn) = broken.looked(Found::Met(vec![met(0, 1)]), Some(at(0).day()), at(15));
    assert_eq!((turn, mended), (Some(Turn::Changed), firing));
}

#[test]
fn rows_are_bounded_and_weeks_move() {
    let rows = (0..25).map(|week| met(week, 1)).collect();
    let (firing, _) = alert().looked(Found::Met(rows), None, at(0));
    assert_eq!((firing.rows.len(), firing.more), (MOST_ROWS, 5));
    let terms = alert().terms;
    let wednesday = at(0).day().plus(2);
    assert_eq!(terms.until(at(0).day()), terms.until(wednesday));
    assert_eq!(terms.until(wednesday), at(0).day().plus(13));
    assert_eq!(terms.until(at(0).day().plus(7)), at(0).day().plus(20));
}

fn check(of: AlertOf, typed: &str, expected: &str) {
    let mut input = ThresholdInput::default();
    for part in typed.split_whitespace() {
        let (name, value) = part.split_once('=').unwrap();
        match name {
            "figure" => input.figure = Some(value.to_owned()),
            "below" => input.below = value.parse().ok(),
            "at_least" => input.at_least = value.parse().ok(),
            "over" => input.over = Some(value.to_owned()),
            _ => input.colour = Some(value.to_owned()),
        }
    }
    let found = match input.check(of) {
        Ok(threshold) => serde_json::to_string(&threshold).unwrap(),
        Err(faults) => {
            faults.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect::<Vec<_>>().join(", ")
        }
    };
    assert_eq!(found, expected, "{of:?} {typed}");
}

#[test]
fn a_threshold_is_checked_as_a_whole() {
    use AlertOf::{Capacity, Shortages};
    check(Capacity, "figure=free below=5", r#"{"figure":{"figure":"free","bound":{"below":5},"over":"rows"}}"#);
    let total = r#"{"figure":{"figure":"free_maximum","bound":{"at_least":9},"over":"total"}}"#;
    check(Capacity, "figure=free_maximum at_least=9 over=total", total);
    check(Shortages, "figure=gap at_least=1", r#"{"figure":{"figure":"gap","bound":{"at_least":1},"over":"rows"}}"#);
    check(Shortages, "colour=orange", r#"{"colour":"orange"}"#);
    check(Capacity, "", "/figure missing, /at_least missing");
    check(Capacity, "figure=gap below=0 over=all", "/figure unknown_value, /over unknown_value, /below out_of_range");
    check(Capacity, "colour=red", "/colour does_not_apply");
    check(
        Shortages,
        "figure=free below=1 over=total",
        "/figure unknown_value, /over does_not_apply, /below does_not_apply",
    );
    check(Shortages, "colour=pink at_least=3", "/at_least does_not_apply, /colour unknown_value");
    check(Capacity, "figure=free below=1 at_least=2", "/at_least does_not_apply");
    check(Capacity, "figure=free at_least=1000000000000001", "/at_least out_of_range");
}

#[test]
fn a_bound_is_below_or_from_it_on() {
    assert!(Bound::Below(5).holds(4) && !Bound::Below(5).holds(5));
    assert!(Bound::AtLeast(5).holds(5) && !Bound::AtLeast(5).holds(4));
}
