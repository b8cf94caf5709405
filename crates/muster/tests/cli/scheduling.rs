//! `muster schedule`: when runs begin of themselves.

use crate::command::Bench;

#[test]
fn the_schedule_is_read_set_and_noted() {
    let bench = Bench::new();
    let off = bench.run(&["schedule", "--output", "json"]).exits(0).json();
    assert_eq!(
        (&off["every_minutes"], &off["on_change"], &off["quiet_seconds"]),
        (&().into(), &false.into(), &60.into())
    );
    for wrong in [&["schedule", "--on-change", "perhaps"][..], &["schedule", "--every", "hourly"]] {
        bench.run(wrong).exits(2);
    }
    let refused = bench.run(&["schedule", "--every", "20000", "--quiet", "9999"]).exits(1);
    assert!(refused.stderr.contains("20000") && refused.stderr.contains("9999"), "{}", refused.stderr);
    bench.run(&["schedule", "--every", "60"]).exits(0);
    // What is left out stays.
    let set = bench.run(&["schedule", "--on-change", "yes", "--quiet", "5", "--output", "csv"]).exits(0);
    assert!(set.stdout.contains("60,yes,5,standard,"), "{}", set.stdout);
    let never = bench.run(&["schedule", "--every", "0"]).exits(0);
    assert!(never.stdout.contains("never"), "{}", never.stdout);
    let log = bench.run(&["audit", "--output", "csv"]).exits(0);
    assert_eq!(log.stdout.lines().filter(|line| line.contains("run_schedule")).count(), 3, "{}", log.stdout);
}
