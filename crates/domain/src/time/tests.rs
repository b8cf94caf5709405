use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn day_range_ends_are_what_they_say() {
    assert_eq!(Day::MIN.to_string(), "1900-01-01");
    assert_eq!(Day::MAX.to_string(), "2199-12-31");
    assert_eq!(day("1970-01-01").number(), 0);
}

#[test]
fn weeks_start_on_monday() {
    assert_eq!(day("2020-04-20").weekday(), 0);
    assert_eq!(day("2020-04-26").monday(), day("2020-04-20"));
    assert_eq!(day("1969-12-31").weekday(), 2);
}

#[test]
fn tim_05_extreme_dates_are_refused() {
    for text in
        ["0001-01-01", "9999-12-31", "10000-01-01", "2027-02-29", "2020-13-01", "2020-4-1", "", "24:00", "45292"]
    {
        assert!(Day::parse(text).is_err(), "{text}");
    }
    for text in ["2020-04-20T23:59:61Z", "2020-04-20T24:01:00Z", "9999-12-31T23:59:59Z", "x"] {
        assert!(Instant::parse(text).is_err(), "{text}");
    }
}

#[test]
fn tim_01_local_times_without_an_offset_are_refused() {
    for text in ["2026-03-29T02:30:00", "2026-10-25T02:30:00"] {
        assert!(Instant::parse(text).is_err());
    }
}

#[test]
fn tim_02_the_last_day_is_open_till_its_local_end() {
    let athens = Zone::parse("Europe/Athens").unwrap();
    let evening = Instant::parse("2026-05-14T20:00:00+03:00").unwrap();
    let night = Instant::parse("2026-05-15T00:30:00+03:00").unwrap();
    assert_eq!(Day::of_instant(evening, &athens), day("2026-05-14"));
    assert_eq!(Day::of_instant(night, &athens), day("2026-05-15"));
    assert_eq!(night.day(), day("2026-05-14"));
}

#[test]
fn db_04_and_db_05_instants_sort_as_time_and_print_at_fixed_width() {
    let a = Instant::parse("2026-05-01T14:30:00+05:30").unwrap();
    let b = Instant::parse("2026-05-01T12:00:00Z").unwrap();
    assert!(a < b);
    assert_eq!(a.to_string(), "2026-05-01T09:00:00.000000Z");
    assert_eq!(Instant::parse("2026-05-01T10:00:00.50000001Z").unwrap().to_string(), "2026-05-01T10:00:00.500000Z");
}
