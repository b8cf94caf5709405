//! `muster capacity`, `muster shortages` and `muster map` as people run them.

use crate::command::Bench;

fn filled() -> Bench {
    let bench = Bench::new();
    let offers = bench.file(
        "offers.csv",
        "organisation,country,region,product,grade,stock\nAcme,DE,DE21,ffp,FFP2,5000\nBeta,FR,FRK2,ffp,FFP3,700\n",
    );
    bench.run(&["import", "offers", offers.to_str().unwrap()]).exits(0);
    bench
}

#[test]
fn what_there_is_is_told_and_written() {
    let bench = filled();
    let rows = bench.run(&["capacity", "FFP2", "--by", "country", "--output", "json"]).exits(0).json();
    let free = |at: usize| (rows[at]["region"].as_str().unwrap(), rows[at]["free"].as_i64().unwrap());
    assert_eq!((free(0), free(1)), (("DE", 5_000), ("FR", 700)), "{rows}");
    let table = bench.run(&["capacity", "ffp", "--grade", "FFP3"]).exits(0).stdout;
    assert!(table.contains("700") && !table.contains("5,000"), "{table}");
    let masks = ["capacity", "medical-mask", "--grade", "TYPE-IIR", "--by", "product", "--output", "json"];
    assert_eq!(bench.run(&masks).exits(0).json(), serde_json::json!([]));
    let accepted = bench.run(&[&masks[..], &["--substitutes"]].concat()).exits(0).json();
    assert_eq!(accepted[0]["free"], 5_700, "FFP2 and FFP3 may stand for it: {accepted}");
    let csv = bench.path().join("rows.csv");
    bench.run(&["capacity", "ffp", "-o", csv.to_str().unwrap()]).exits(0);
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(text.starts_with("product,unit,grades,region,") && text.lines().count() == 3, "{text}");
    for (command, end) in [("map", "<svg "), ("capacity", "<svg "), ("shortages", "<svg ")] {
        let file = bench.path().join(format!("{command}.svg"));
        bench.run(&[command, "ffp", "-o", file.to_str().unwrap()]).exits(0);
        assert!(std::fs::read_to_string(&file).unwrap().starts_with(end), "{command}");
    }
    // Nobody has said what the sites can do.
    let hidden = bench.run(&["hidden", "community-mask", "--region", "DE", "--days", "30", "--output", "json"]);
    assert_eq!(hidden.exits(0).json(), serde_json::json!([]));
    let none = bench.run(&["shortages", "ffp", "--output", "json"]).exits(0).json();
    assert!(none.as_array().unwrap().iter().all(|row| row["gap"] == 0), "{none}");
}

#[test]
fn what_is_wrong_is_said_with_its_remedy() {
    let bench = filled();
    for (arguments, word) in [
        (&["capacity", "nonsense"][..], "names no one product"),
        (&["capacity", "--weeks", "99"], "--weeks 99"),
        (&["capacity", "--by", "planet"], "planet"),
        (&["capacity", "-o", "rows.exe"], ".csv"),
        (&["map", "ffp", "-o", "map.csv"], ".svg"),
        (&["map", "ffp", "--level", "3"], "--level 0"),
        (&["shortages", "FFP2"], "write the product"),
        (&["hidden", "nonsense"], "names no one product"),
        (&["hidden", "--limit", "0"], "write 1 to 500"),
        (&["could-make", "018f0000-0000-7000-8000-000000000001"], "site"),
    ] {
        let refused = bench.run(arguments).exits(1);
        assert!(refused.stderr.contains(word), "{arguments:?}: {}", refused.stderr);
    }
}
