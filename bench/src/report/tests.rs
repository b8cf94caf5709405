use super::*;

fn row(ours: u64, theirs: u64) -> Row {
    let times = |ms| [ms + 3, ms, ms + 1].map(Duration::from_millis).into_iter().collect::<Times>();
    let rival = Rival { name: "LEMON".to_owned(), times: times(theirs), note: None };
    Row { case: "case".to_owned(), ours: times(ours), rivals: vec![rival], ..Row::default() }
}

#[test]
fn the_least_time_of_each_decides() {
    let mut row = row(10, 20);
    row.against("LEMON", 2.0, Some(4.0));
    assert_eq!(row.line(), "PASS         case: 2.00 x LEMON (>= 2, stretch 4 not reached)");
    row.against("LEMON", 2.1, None);
    assert_eq!(row.verdict(), Verdict::FallShort);
}

#[test]
fn a_missing_peer_is_no_verdict_and_a_fault_is() {
    let mut row = row(10, 20);
    row.against("HiGHS", 2.0, None);
    assert_eq!(row.verdict(), Verdict::Unmeasured);
    assert!(row.line().contains("not measured"));
    row.faults.push("LEMON found 1, ours 2".to_owned());
    assert_eq!(row.verdict(), Verdict::FallShort);
}

#[test]
fn times_read_well() {
    assert_eq!(time(Duration::from_micros(12)), "12.0 us");
    assert_eq!(time(Duration::from_micros(12_345)), "12.35 ms");
    assert_eq!(time(Duration::from_millis(7_300)), "7.30 s");
    assert_eq!(spread(&Times::default()), "-");
}
