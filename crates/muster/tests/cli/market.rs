//! `muster market`: how the market runs, and putting it into another mode.

use crate::command::Bench;

#[test]
fn the_mode_is_read_set_and_noted() {
    let bench = Bench::new();
    let calm = bench.run(&["market", "--output", "json"]).exits(0).json();
    assert_eq!((&calm["mode"], &calm["confirm_days"]), (&"normal".into(), &30.into()));
    assert!(calm["since"].is_null() && calm["reason"].is_null());
    for wrong in [
        &["market", "--mode", "panic", "--reason", "x"][..],
        &["market", "--mode", "emergency"],
        &["market", "--reason", "x"],
    ] {
        bench.run(wrong).exits(2);
    }
    let refused = bench.run(&["market", "--mode", "emergency", "--reason", " "]).exits(1);
    assert!(refused.stderr.contains("say why"), "{}", refused.stderr);
    let set = bench.run(&["market", "--mode", "emergency", "--reason", "Ports are closed"]).exits(0);
    assert!(set.stdout.contains("emergency") && set.stdout.contains("Ports are closed"), "{}", set.stdout);
    let read = bench.run(&["market", "--output", "csv"]).exits(0);
    assert!(read.stdout.contains("emergency,") && read.stdout.contains(",7,24,yes"), "{}", read.stdout);
    let log = bench.run(&["audit", "--output", "csv"]).exits(0);
    assert!(log.stdout.lines().any(|line| line.contains("update") && line.contains("market")), "{}", log.stdout);
}
