//! What `docs/MATCHING.md` says: its worked example, its modes and its weights.

use std::{collections::BTreeSet, path::Path};

use domain::parameters::{Fairness, Mode, Parameters};
use serde_json::Value;

use crate::command::Bench;

fn guide() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/MATCHING.md")).unwrap()
}

/// The fenced block that begins with this line.
fn block(text: &str, fence: &str) -> String {
    let after = text.split_once(&format!("```{fence}\n")).unwrap_or_else(|| panic!("no block {fence}")).1;
    after.split_once("```").unwrap().0.to_owned()
}

/// The cells of the table whose header is this line.
fn table(text: &str, header: &str) -> Vec<Vec<String>> {
    let after = text.split_once(&format!("{header}\n")).unwrap_or_else(|| panic!("no table {header}")).1;
    let rows = after.lines().skip(1).take_while(|line| line.starts_with('|'));
    let cell = |cell: &str| cell.trim().trim_matches('`').to_owned();
    rows.map(|row| row.trim_matches('|').split('|').map(cell).collect()).collect()
}

#[test]
fn the_worked_example_comes_out_as_told() {
    let text = guide();
    let told = table(&text, "| mode | supplier | buyer | masks |");
    for mode in ["standard", "near"] {
        let bench = imported(&text, "csv");
        let document = bench.run(&["match", "--day", "2020-04-20", "--mode", mode, "--output", "json"]).exits(0).json();
        let matched: BTreeSet<Vec<String>> = document["matches"].as_array().unwrap().iter().map(row).collect();
        let expected = told.iter().filter(|row| row[0] == mode).map(|row| row[1..].to_vec()).collect();
        assert_eq!(matched, expected, "{mode}");
        bench.run(&["verify", document["run"].as_str().unwrap()]).exits(0);
    }
}

/// A market of the tables whose fences begin so.
fn imported(text: &str, fence: &str) -> Bench {
    let bench = Bench::new();
    for kind in ["offers", "needs"] {
        bench.file(&format!("{kind}.csv"), &block(text, &format!("{fence} {kind}")));
        bench.run(&["import", kind, &format!("{kind}.csv"), "--today", "2020-04-20"]).exits(0);
    }
    bench
}

#[test]
fn the_weights_do_what_is_told() {
    let text = guide();
    let bench = imported(&text, "csv weighed");
    let told = table(&text, "| flags of `muster match` | masks | because |");
    assert_eq!(told.len(), 6);
    for row in told {
        let flags = ["match", "--day", "2020-04-20", "--dry-run", "--output", "json"];
        let flags: Vec<&str> = flags.into_iter().chain(row[0].split(' ')).collect();
        let document = bench.run(&flags).exits(0).json();
        let supplier = |line: &Value| line["supplier"].as_str().unwrap().trim_start_matches("Mask Works ").to_owned();
        let matches = document["matches"].as_array().unwrap().iter();
        let found: BTreeSet<String> = matches.map(|line| format!("{} {}", supplier(line), line["quantity"])).collect();
        assert_eq!(found, row[1].split(", ").map(str::to_owned).collect(), "{}", row[0]);
    }
}

#[test]
fn what_was_suggested_moves_where_it_saves_enough() {
    let text = guide();
    let bench = imported(&text, "csv changed");
    bench.run(&["match", "--day", "2020-04-20"]).exits(0);
    for kind in ["offers", "needs"] {
        bench.file(&format!("{kind}.csv"), &block(&text, &format!("csv comes {kind}")));
        bench.run(&["import", kind, &format!("{kind}.csv"), "--today", "2020-04-20"]).exits(0);
    }
    let told = table(&text, "| flags of `muster match` | Bergamo gets | Torino gets |");
    assert_eq!(told.len(), 3);
    for row in told {
        let flags = ["match", "--day", "2020-04-20", "--dry-run", "--output", "json"];
        let flags: Vec<&str> = flags.into_iter().chain(row[0].split_whitespace()).collect();
        let document = bench.run(&flags).exits(0).json();
        let gets = |buyer: &str| {
            let lines = document["matches"].as_array().unwrap().iter().filter(|line| line["buyer"] == buyer);
            let supplier =
                |line: &Value| line["supplier"].as_str().unwrap().trim_start_matches("Mask Works ").to_owned();
            let mut found: Vec<String> = lines.map(|line| format!("{} {}", supplier(line), line["quantity"])).collect();
            found.sort();
            found.join(", ")
        };
        assert_eq!([gets("Hospital Bergamo"), gets("Hospital Torino")], row[1..], "{}", row[0]);
    }
}

#[test]
fn what_would_help_most_is_as_told() {
    let text = guide();
    let bench = imported(&text, "csv remedies");
    let flags = ["remedies", "medical-mask", "--region", "IT", "--day", "2020-04-20", "--output", "json"];
    let document = bench.run(&flags).exits(0).json();
    assert_eq!((&document["asked"], &document["uncovered"]), (&Value::from(2_000), &Value::from(1_400)));
    let cells = |one: &Value| {
        let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
        vec![one["units"].to_string(), text("words"), text("actor"), text("region")]
    };
    let found: Vec<Vec<String>> = document["remedies"].as_array().unwrap().iter().map(cells).collect();
    assert_eq!(found, table(&text, "| more | if somebody would | who | region |"));
    // The same for people.
    let shown = bench.run(&flags[..6]).exits(0).stdout;
    assert!(
        shown.starts_with("2,000 pieces of medical-mask are asked for from 2020-04-20 to 2020-07-12 by 1 need,"),
        "{shown}"
    );
    assert!(shown.contains("1,400 stay uncovered") && shown.contains("deliver everywhere"), "{shown}");
    assert!(bench.run(&["remedies", "ppe"]).exits(1).stderr.contains("write one of them"));
    let csv = bench.run(&["remedies", "medical-mask", "--day", "2020-04-20", "--output", "csv"]).exits(0).stdout;
    assert!(csv.starts_with("units,others_gained,others_lost,opens,kind,what,who,offer,region\r\n1400,"), "{csv}");
}

fn row(line: &Value) -> Vec<String> {
    let text = |field: &str| line[field].as_str().unwrap().to_owned();
    vec![text("supplier"), text("buyer"), line["quantity"].to_string()]
}

#[test]
fn the_modes_are_those_of_the_program() {
    let rows = table(&guide(), "| mode | fairness | delivery | order of levels |");
    assert_eq!(rows.len(), Mode::ALL.len());
    for (row, mode) in rows.iter().zip(Mode::ALL) {
        let p = Parameters::of(mode);
        assert_eq!(row[0], mode.as_str());
        assert_eq!(row[2], p.weights.delivery.to_string());
        let fairness = match p.fairness {
            Fairness::Off => "off".to_owned(),
            Fairness::MaxMin { by, dial } => format!("max-min by {}, dial {dial}", by.as_str()),
            Fairness::Shares => "sum of shares".to_owned(),
        };
        assert_eq!(row[1], fairness, "{mode:?}");
    }
}

#[test]
fn the_weights_are_those_of_the_program() {
    let rows = table(&guide(), "| weight | default | most | added when |");
    let named = Parameters::default().weights.named();
    assert_eq!(rows.len(), named.len());
    for (row, (name, value, most)) in rows.iter().zip(named) {
        assert_eq!(row[..3], [name.to_owned(), value.to_string(), most.to_string()]);
    }
}

#[test]
fn firms_that_make_something_together_are_found_as_told() {
    let text = guide();
    let bench = imported(&text, "csv chain");
    let flags = ["match", "--day", "2020-04-20", "--dry-run", "--output", "json"];
    assert_eq!(bench.run(&flags).exits(0).json()["matches"], serde_json::json!([]));
    let shortages = bench.run(&flags).exits(0).json();
    let need = shortages["shortages"][0]["need"].as_str().unwrap().to_owned();
    let chain = ["chain", &need, "--day", "2020-04-20"];
    let found = bench.run(&[&chain[..], &["--output", "json"]].concat()).exits(0).json();
    let mut rows = Vec::new();
    for (number, one) in (1..).zip(found["instalments"][0]["chains"].as_array().unwrap()) {
        for leg in one["legs"].as_array().unwrap() {
            let step = usize::try_from(leg["step"].as_u64().unwrap()).unwrap();
            let product = found["steps"][step]["product"].as_str().unwrap().to_owned();
            let region = leg["region"].as_str().unwrap().to_owned();
            let numbers = [&leg["needed"], &one["units"], &one["lead_days"]].map(ToString::to_string);
            let [needed, units, days] = numbers;
            rows.push(vec![number.to_string(), product, needed, region, units, days]);
        }
    }
    assert_eq!(rows, table(&text, "| chain | step | takes | region | in time | days from order to buyer |"));
    let shown = bench.run(&chain).exits(0).stdout;
    assert!(shown.contains("4,000 pieces of ffp are open, due on 2020-05-04"), "{shown}");
    // The first could be held, by its code and never by the clock of another day.
    let code = shown.split_once("Chain 1 (").unwrap().1.split_once(')').unwrap().0;
    let held = [&chain[..], &["--hold", code]].concat();
    let dry = bench.run(&[&held[..], &["--dry-run"]].concat()).exits(0).stdout;
    assert!(dry.contains("Nothing was done") && dry.contains("8,000") && dry.contains("4,000"), "{dry}");
    assert!(bench.run(&held).exits(1).stderr.contains("leave --day out"));
    let other = bench.run(&[&chain[..], &["--hold", "00000000", "--dry-run"]].concat()).exits(1).stderr;
    assert!(other.contains("no chain of now is 00000000"), "{other}");
    // Without the weavers.
    let only: String = block(&text, "csv chain offers")
        .lines()
        .filter(|line| !line.contains("Weaver"))
        .map(|line| format!("{line}\n"))
        .collect();
    let bench = Bench::new();
    bench.file("offers.csv", &only);
    bench.file("needs.csv", &block(&text, "csv chain needs"));
    for kind in ["offers", "needs"] {
        bench.run(&["import", kind, &format!("{kind}.csv"), "--today", "2020-04-20"]).exits(0);
    }
    let shortages = bench.run(&flags).exits(0).json();
    let need = shortages["shortages"][0]["need"].as_str().unwrap().to_owned();
    let shown = bench.run(&["chain", &need, "--day", "2020-04-20"]).exits(0).stdout;
    assert!(shown.contains("missing: 8,000 grams of meltblown by 2020-04-"), "{shown}");
    assert!(shown.contains("could convert in 30 days") && shown.contains("known conversion: "), "{shown}");
}

#[test]
fn all_chains_at_once_are_planned_as_told() {
    let text = guide();
    let bench = imported(&text, "csv stages");
    let plan = ["chain", "--day", "2020-04-20"];
    let found = bench.run(&[&plan[..], &["--output", "json"]].concat()).exits(0).json();
    let tiers = found["tiers"].as_array().unwrap().iter();
    let row = |tier: &Value| ["tier", "alone", "uncovered", "bound"].map(|name| tier[name].to_string()).to_vec();
    let rows: Vec<Vec<String>> = tiers.map(row).filter(|row| row[1..] != ["0", "0", "0"]).collect();
    assert_eq!(rows, table(&text, "| tier | uncovered without chains | with them | at best |"));
    assert_eq!((&found["proved"], &found["chains"][0]["units"]), (&Value::from(true), &Value::from(3_250)));
    let shown = bench.run(&plan).exits(0).stdout;
    assert!(shown.contains("No plan covers more") && shown.contains("3,250 pieces of ffp by"), "{shown}");
    let code = shown.split_once("Chain 1 (").unwrap().1.split_once(')').unwrap().0;
    let held = [&plan[..], &["--hold", code]].concat();
    let dry = bench.run(&[&held[..], &["--dry-run"]].concat()).exits(0).stdout;
    assert!(dry.contains("Nothing was done") && dry.contains("3,250") && dry.contains("1,500"), "{dry}");
    assert!(bench.run(&held).exits(1).stderr.contains("leave --day out"));
    let other = bench.run(&[&plan[..], &["--hold", "00000000", "--dry-run"]].concat()).exits(1).stderr;
    assert!(other.contains("no chain of now is 00000000"), "{other}");
    assert!(bench.run(&["chain", "--partners", "3"]).exits(2).stderr.contains("NEED"));
}
