//! Products and regions by what people type.

use serde_json::Value;

use crate::command::Bench;

fn first(bench: &Bench, words: &str) -> String {
    let found = bench.run(&["products", "search", words, "--output", "json"]).exits(0).json();
    found[0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn the_medical_mask_is_found_in_french_and_german() {
    let bench = Bench::new();
    assert_eq!(first(&bench, "masque chirurgical"), "medical-mask");
    assert_eq!(first(&bench, "OP-Maske"), "medical-mask");
    let table = bench.run(&["products", "search", "masque", "chirurgical"]).exits(0).stdout;
    assert!(table.contains("medical-mask") && table.lines().all(|l| l.chars().count() <= 100), "{table}");
    assert!(!bench.data().exists(), "looking up makes no data folder");
}

#[test]
fn a_grade_brings_its_product() {
    let bench = Bench::new();
    let found = bench.run(&["products", "search", "FFP2", "--output", "json"]).exits(0).json();
    assert_eq!((found[0]["code"].as_str(), found[0]["grade"].as_str()), (Some("ffp"), Some("FFP2")));
    let shown = bench.run(&["products", "show", "ffp", "--output", "json"]).exits(0).json();
    assert!(shown["grades"].as_array().unwrap().iter().any(|g| g["grade"] == "FFP3"));
    assert_eq!(shown["names"].as_object().unwrap().len(), 6);
}

#[test]
fn what_is_not_there_says_what_to_do() {
    let bench = Bench::new();
    assert!(bench.run(&["products", "search", "unobtainium"]).exits(1).stderr.contains("muster products"));
    assert!(bench.run(&["products", "show", "respirator"]).exits(1).stderr.contains("ffp"));
    assert!(bench.run(&["regions", "show", "Atlantis"]).exits(1).stderr.contains("no known region"));
}

#[test]
fn codes_of_regions_behave_as_people_expect() {
    let bench = Bench::new();
    let code = |typed: &str| {
        let shown = bench.run(&["regions", "show", typed, "--output", "json"]).exits(0).json();
        shown["region"]["code"].as_str().map(str::to_owned)
    };
    assert_eq!(code("GR").as_deref(), Some("EL"));
    assert_eq!(code("UK"), code("GB"));
    assert_eq!(code("Bergamo").as_deref(), Some("ITC46"));
    let retired = bench.run(&["regions", "show", "PT16", "--output", "json"]).exits(0).json();
    assert!(retired["successors"].as_array().is_some_and(|s: &Vec<Value>| !s.is_empty()), "{retired}");
}

#[test]
fn lists_come_as_csv_too() {
    let bench = Bench::new();
    let csv = bench.run(&["products", "--output", "csv"]).exits(0).stdout;
    assert!(csv.starts_with("code,name,kind,base_unit,grade,found_by\r\n"));
    assert!(csv.lines().count() > 90);
}
