//! `muster import` as people run it.

use crate::command::Bench;

const OFFERS: &str = "organisation,country,product,grade,stock\n\
    Acme,DE,ffp,FFP2,5000\n\
    Beta,FR,medical-mask,TYPE-IIR,-3\n\
    Gamma,IT,apron,,700\n";

fn counts(report: &serde_json::Value, name: &str) -> u64 {
    report["counts"][name].as_u64().unwrap()
}

#[test]
fn all_or_nothing_unless_asked_otherwise() {
    let bench = Bench::new();
    let file = bench.file("offers.csv", OFFERS);
    let file = file.to_str().unwrap();
    let refused = bench.run(&["import", "offers", file, "--output", "json"]).exits(3).json();
    assert_eq!((counts(&refused, "rows"), counts(&refused, "rejected")), (3, 1));
    let faults = bench.run(&["import", "offers", file]).exits(3).stdout;
    assert!(faults.contains("nothing was stored") && faults.contains("-3"), "{faults}");
    let taken = bench.run(&["import", "offers", file, "--valid-rows-only", "--output", "json"]).exits(3).json();
    assert_eq!(counts(&taken, "created"), 2);
    let again = bench.run(&["import", "offers", file, "--valid-rows-only", "--output", "json"]).exits(3).json();
    assert_eq!((counts(&again, "created"), counts(&again, "unchanged")), (0, 2));
}

#[test]
fn a_dry_run_stores_nothing() {
    let bench = Bench::new();
    let file = bench.file("offers.csv", &OFFERS.replace("-3", "3"));
    let file = file.to_str().unwrap();
    for _ in 0..2 {
        let report = bench.run(&["import", "offers", file, "--dry-run", "--output", "json"]).exits(0).json();
        assert_eq!(counts(&report, "created"), 3);
    }
    let csv = bench.run(&["import", "offers", file, "--dry-run", "--output", "csv"]).exits(0).stdout;
    assert_eq!(csv.lines().count(), 4, "{csv}");
}

#[test]
fn imported_records_are_matched() {
    let bench = Bench::new();
    let offers = bench.file("offers.csv", "organisation,country,product,stock\nAcme,DE,apron,5000\n");
    let needs = bench.file("needs.csv", "organisation,country,product,quantity,due\nCare,DE,apron,8000,2020-04-30\n");
    let day = ["--today", "2020-04-20"];
    bench.run(&["import", "offers", offers.to_str().unwrap(), day[0], day[1]]).exits(0);
    bench.run(&["import", "needs", needs.to_str().unwrap(), day[0], day[1]]).exits(0);
    let document = bench.run(&["match", "--day", "2020-04-20", "--output", "json"]).exits(0).json();
    let apron = &document["coverage"]["by_product"][0];
    assert_eq!((apron["product"].as_str(), apron["needed"].as_i64()), (Some("apron"), Some(8_000)));
    assert_eq!((apron["covered"].as_i64(), apron["shortage"].as_i64()), (Some(5_000), Some(3_000)));
    assert!(document["run"].is_string(), "the run of that day is stored");
    // Today all of it is over, and the command says what to do.
    let late = bench.run(&["match", "--dry-run"]).exits(0);
    assert!(late.stderr.contains("--day"), "{}", late.stderr);
}

#[test]
fn num_01_a_number_that_can_be_read_twice_needs_a_locale() {
    let bench = Bench::new();
    let file = bench.file("angebote.csv", "organisation;country;product;stock\nNähwerk;DE;OP-Maske;10.000\n");
    let arguments = ["import", "offers", file.to_str().unwrap(), "--output", "json"];
    let refused = bench.run(&arguments).exits(3).json();
    assert_eq!(refused["counts"]["rejected"], 1);
    let taken = bench.run(&[&arguments[..], &["--locale", "de"]].concat()).exits(0).json();
    assert_eq!(taken["counts"]["created"], 1);
    bench.run(&[&arguments[..], &["--locale", "klingon"]].concat()).exits(2);
}
