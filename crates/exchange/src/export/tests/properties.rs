use proptest::prelude::*;
use serde_json::{Value, json};

use super::{super::*, COLUMNS, read_back::check};
use domain::time::{Day, Instant};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
        "['=+@\\-\t\r\n ,;\"%]{0,4}[a-z0-9 _x%]{0,8}",
        // What escapes are made of.
        "(%|%2|20|25|0| |_|_x|x00|41|\u{1}|\r|'|=){0,8}",
        Just(String::new()),
    ]
}

/// A number or its digits, with at most 12 of them behind the point.
fn decimal() -> impl Strategy<Value = Value> {
    let digits = (any::<i64>(), 0_u8..=12, 0_u64..1_000_000_000_000).prop_map(|(whole, places, fraction)| {
        let fraction = format!("{fraction:012}");
        if places == 0 { whole.to_string() } else { format!("{whole}.{}", &fraction[..usize::from(places)]) }
    });
    let small = (-1_000_000_i32..1_000_000).prop_map(|n| format!("{}.{:03}", n / 1000, n.unsigned_abs() % 1000));
    prop_oneof![digits, small]
        .prop_flat_map(|digits| prop_oneof![Just(serde_json::from_str(&digits).unwrap()), Just(json!(digits))])
}

fn instant() -> impl Strategy<Value = Value> {
    let range = Instant::start_of(Day::MIN).micros()..=Instant::start_of(Day::MAX).micros();
    range.prop_map(|micros| json!(Instant::from_micros(micros).unwrap()))
}

fn cells() -> impl Strategy<Value = Vec<Value>> {
    let maybe = |of: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 4 => of];
    let day = (Day::MIN.number()..=Day::MAX.number()).prop_map(|n| json!(Day::from_number(n).unwrap()));
    (
        maybe(text().prop_map(Value::String).boxed()),
        maybe(prop_oneof![any::<i64>(), -1000_i64..1000].prop_map(|n| json!(n)).boxed()),
        maybe(decimal().boxed()),
        maybe(day.boxed()),
        maybe(instant().boxed()),
        maybe(any::<bool>().prop_map(Value::Bool).boxed()),
        maybe(prop::collection::vec(text(), 0..4).prop_map(|items| json!(items)).boxed()),
    )
        .prop_map(|(a, b, c, d, e, f, g)| vec![a, b, c, d, e, f, g])
}

fn point() -> impl Strategy<Value = Option<Point>> {
    prop::option::of((-90_000_000..=90_000_000, -180_000_000..=180_000_000))
        .prop_map(|at| at.and_then(|(lat, lon)| Point::new(lat, lon)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_format_gives_the_values_back(
        rows in prop::collection::vec((cells(), point()).prop_map(|(cells, point)| Record { cells, point }), 0..6),
    ) {
        for format in Format::ALL {
            check(format, &COLUMNS, &rows);
        }
    }

    #[test]
    fn lists_come_back_from_one_cell(items in prop::collection::vec(text(), 0..6)) {
        let kept: Vec<&String> = items.iter().filter(|item| !item.is_empty()).collect();
        let cell = join_list(items.iter().map(String::as_str));
        prop_assert_eq!(split_list(&cell), kept.into_iter().cloned().collect::<Vec<_>>());
    }

    #[test]
    fn points_are_exact(at in point()) {
        let row = Record { cells: vec![], point: at };
        let written: Value = serde_json::from_slice(&super::file(Format::GeoJson, &[], &[row])).unwrap();
        let geometry = &written["features"][0]["geometry"];
        match at {
            None => prop_assert!(geometry.is_null()),
            Some(at) => {
                let micro = |of: &Value| (of.as_f64().unwrap() * 1e6).round();
                let found = [micro(&geometry["coordinates"][0]), micro(&geometry["coordinates"][1])];
                prop_assert_eq!(found, [f64::from(at.lon_e6), f64::from(at.lat_e6)]);
            }
        }
    }
}
