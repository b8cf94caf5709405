//! `muster demo` as people run it.

use domain::eligibility::Reason;
use serde_json::Value;

use crate::command::Bench;

fn demo(bench: &Bench) -> Value {
    bench.run(&["demo", "--no-serve", "--output", "json"]).exits(0).json()
}

fn without_timing(mut document: Value) -> String {
    document.as_object_mut().unwrap().remove("timing").unwrap();
    document.to_string()
}

#[test]
fn two_runs_give_the_same_bytes_apart_from_times() {
    let (one, other) = (Bench::new(), Bench::new());
    let first = demo(&one);
    let number = |name: &str| first[name].as_u64().unwrap();
    assert!(number("offers") >= 1_000 && number("needs") >= 300);
    assert!(number("countries") >= 20 && number("products") >= 25);
    assert_eq!(first["demo"], true);
    assert_eq!(first["certificate"].as_str().unwrap().len(), 64);
    for level in first["levels"].as_array().unwrap() {
        assert!(level["flow"] == false || level["optimal_as_decided"] == true, "{level}");
    }
    for table in ["by_product", "by_urgency", "by_region"] {
        assert!(!first["coverage"][table].as_array().unwrap().is_empty(), "{table}");
    }
    assert!(!first["shortages"].as_array().unwrap()[0]["causes"].as_array().unwrap().is_empty());
    for code in Reason::CODES {
        assert!(first["reasons"][code].as_u64().is_some(), "{code} is no cause of any shortage");
    }
    let first = without_timing(first);
    assert_eq!(first, without_timing(demo(&other)), "in another folder");
    // What was suggested is part of the market from then on: a later run keeps it unless it covers more.
    let again = demo(&one);
    assert!(tiers(&again) <= tiers(&serde_json::from_str(&first).unwrap()));
    assert_eq!(without_timing(again), without_timing(demo(&other)));
}

/// Uncovered units by tier.
fn tiers(document: &Value) -> Vec<u64> {
    let levels = document["levels"].as_array().unwrap().iter();
    levels.filter(|l| l["name"].as_str().unwrap().starts_with("tier")).map(|l| l["value"].as_u64().unwrap()).collect()
}

#[test]
fn the_table_fits_a_hundred_columns_and_says_demo() {
    let bench = Bench::new();
    let text = bench.run(&["demo", "--no-serve"]).exits(0).stdout;
    assert!(text.starts_with("DEMO"), "{text}");
    assert!(text.contains("as of 2020-04-06") && text.contains("certificate "), "{text}");
    let long = text.lines().find(|l| l.chars().count() > 100);
    assert_eq!(long, None);
}

#[test]
fn a_seed_never_mixes_with_another_nor_with_a_market() {
    let bench = Bench::new();
    demo(&bench);
    let refused = bench.run(&["demo", "--no-serve", "--seed", "7"]).exits(1);
    assert!(refused.stderr.contains("another seed") && refused.stderr.contains("--data"), "{}", refused.stderr);

    let own = Bench::new();
    let file = own.file("offers.csv", "organisation,country,product,stock\nAcme,DE,apron,5000\n");
    own.run(&["import", "offers", file.to_str().unwrap()]).exits(0);
    let refused = own.run(&["demo", "--no-serve"]).exits(1);
    assert!(refused.stderr.contains("no demo") && refused.stderr.contains("--data"), "{}", refused.stderr);
    assert!(!own.data().join("demo.json").exists());
}

#[test]
fn the_stored_market_is_the_one_that_was_built() {
    let bench = Bench::new();
    let document = demo(&bench);
    // The day stands still in a demo's folder, so a match days later decides as the demo did.
    let again = bench.run(&["match", "--dry-run", "--output", "json"]).exits(0).json();
    assert!(tiers(&again) <= tiers(&document));
    assert_eq!(again["demo"], true);
    assert_eq!(again["day"], "2020-04-06");
    assert_eq!(again["run"], Value::Null);
}

#[test]
fn on_postgresql_the_demo_is_the_same() {
    let Some(cluster) = testkit::postgres::cluster() else { return };
    cluster.create_database("muster_demo", None).unwrap();
    let url = cluster.url("muster_demo");
    let (one, other) = (Bench::new(), Bench::new());
    let arguments = ["demo", "--no-serve", "--output", "json", "--database", url.as_str()];
    let served = one.run(&arguments).exits(0).json();
    assert!(!one.data().join("muster.db").exists());
    assert_eq!(without_timing(served), without_timing(demo(&other)));
}
