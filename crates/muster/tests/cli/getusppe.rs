//! The public GetUsPPE files, imported and matched as a user would. They are not part of the project:
//! without `../shared` beside it these tests say so and pass.

use std::path::PathBuf;

use crate::command::Bench;

#[expect(clippy::print_stderr, reason = "whoever reads the log must see what was not tested")]
fn shelf(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/reference/getusppe").join(file);
    if !path.is_file() {
        eprintln!("SKIPPED: ../shared/data/reference/getusppe/{file} is not there");
        return None;
    }
    Some(path)
}

/// Imports a file twice: the counts add up to the file, and the second time nothing changes.
fn import(bench: &Bench, kind: &str, file: &str, mapping: &str, expected: [u64; 4]) {
    let Some(path) = shelf(file) else { return };
    let arguments = ["import", kind, path.to_str().unwrap(), "--map", mapping, "--valid-rows-only", "--output", "json"];
    let code = if expected[2] > 0 { 3 } else { 0 };
    let first = bench.run(&arguments).exits(code).json();
    let count = |report: &serde_json::Value, name: &str| report["counts"][name].as_u64().unwrap();
    let counts = ["created", "unchanged", "rejected", "quarantined"].map(|name| count(&first, name));
    assert_eq!(counts, expected, "{file}");
    assert_eq!(counts.iter().sum::<u64>(), count(&first, "rows"), "no row is lost");
    let again = bench.run(&arguments).exits(code).json();
    let kept = ["created", "updated", "rejected", "quarantined"].map(|name| count(&again, name));
    assert_eq!(kept, [0, 0, expected[2], 0], "the second import changes nothing");
}

#[test]
fn the_offers_as_people_typed_them() {
    let bench = Bench::new();
    import(&bench, "offers", "getusppe_retro_all_offers.csv", "getusppe_offers", [4_524, 5, 375, 62]);
}

#[test]
fn the_real_market_of_2020_is_matched() {
    let bench = Bench::new();
    import(&bench, "offers", "getusppe_anon_donors.csv", "getusppe_donors", [1_610, 0, 1, 47]);
    import(&bench, "needs", "getusppe_anon_recipients.csv", "getusppe_recipients", [31_060, 0, 0, 142]);
    if shelf("getusppe_anon_donors.csv").is_none() {
        return;
    }
    // While the figures of spring still count: 60 days after its as-of date an offer that nobody confirmed is out.
    let run = bench.run(&["match", "--day", "2020-06-01", "--output", "json"]).exits(0).json();
    assert!(run["run"].is_string(), "the run is stored");
    assert!(run["levels"].as_array().unwrap().iter().all(|level| level["gap"] == 0 || level["name"] == "deliveries"));
    let shields = run["coverage"]["by_product"].as_array().unwrap().iter().find(|p| p["product"] == "face-shield");
    let shields = shields.unwrap();
    assert_eq!((shields["needed"].as_i64(), shields["shortage"].as_i64()), (Some(2_649_402), Some(0)));
}
