//! What the operator loads to find regions by.

use crate::command::Bench;

const GOOD: &str = "country,postcode,nuts3\nFR,13000,FRL04\nFR,13,FRL04\nDE,10115,DE300\n";

#[test]
fn geo_04_postcodes_are_loaded_and_listed() {
    let bench = Bench::new();
    let file = bench.file("postcodes.csv", GOOD);
    let file = file.to_str().unwrap();
    assert!(bench.run(&["regions", "postcodes"]).exits(0).stderr.contains("no postcodes are loaded"));
    assert!(!bench.data().exists(), "looking up makes no data folder");
    let dry = bench.run(&["regions", "postcodes", file, "--dry-run"]).exits(0).stdout;
    assert!(dry.contains("3 rows read; dry run: nothing was stored"), "{dry}");
    assert_eq!(bench.run(&["regions", "postcodes", "--output", "json"]).exits(0).json().as_array().unwrap().len(), 0);

    let loaded = bench.run(&["regions", "postcodes", file, "--source", "Made up", "--output", "json"]).exits(0).json();
    assert_eq!((&loaded["stored"], &loaded["countries"][1]["count"]), (&true.into(), &2.into()), "{loaded}");
    let again = bench.run(&["regions", "postcodes", file, "--output", "json"]).exits(0).json();
    assert_eq!(again["countries"][1]["before"], 2, "{again}");
    let list = bench.run(&["regions", "postcodes"]).exits(0).stdout;
    assert!(list.contains("DE") && list.contains("postcodes.csv") && !list.contains("Made up"), "{list}");
    let csv = bench.run(&["regions", "postcodes", "--output", "csv"]).exits(0).stdout;
    assert!(csv.starts_with("country,postcodes,loaded,source\r\nDE,1,2"), "{csv}");
}

#[test]
fn bad_rows_are_named_and_nothing_is_stored() {
    let bench = Bench::new();
    let file =
        bench.file("bad.csv", &format!("{GOOD}XX,1,DE300\nDE,1!,DE300\nDE,2,DEG0B\nAT,1010,DE300\nDE,10115,DE212\n"));
    let file = file.to_str().unwrap();
    let text = bench.run(&["regions", "postcodes", file]).exits(3).stdout;
    assert!(text.contains("8 rows read, 5 faulty: nothing was stored"), "{text}");
    for word in ["5   country", "6   postcode", "7   nuts3", "DEG0Q", "8   nuts3", "9   postcode", "line 4 already"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let csv = bench.run(&["regions", "postcodes", file, "--output", "csv"]).exits(3).stdout;
    assert_eq!(csv.lines().count(), 6, "{csv}");
    assert!(bench.run(&["regions", "postcodes"]).exits(0).stderr.contains("no postcodes are loaded"));

    let other = bench.file("other.csv", "zip;nuts\n1;DE300\n");
    let fault = bench.run(&["regions", "postcodes", other.to_str().unwrap()]).exits(1).stderr;
    assert!(fault.contains("country,postcode,nuts3"), "{fault}");
    assert!(bench.run(&["regions", "postcodes", "nowhere.csv"]).exits(1).stderr.contains("check the path"));
    bench.run(&["regions", "postcodes", "--dry-run"]).exits(2);
}

#[test]
fn boundaries_are_loaded_and_listed() {
    let bench = Bench::new();
    let ring = "[[[13.1, 52.3], [13.8, 52.3], [13.8, 52.7], [13.1, 52.3]]]";
    let feature = |code: &str| {
        format!(
            "{{\"properties\": {{\"NUTS_ID\": \"{code}\"}}, \"geometry\": {{\"type\": \"Polygon\", \"coordinates\": {ring}}}}}"
        )
    };
    let text = format!("{{\"features\": [{}, {}, {}]}}", feature("DE300"), feature("DE"), feature("DEG0B"));
    let file = bench.file("nuts.geojson", &text);
    let shown = bench.run(&["regions", "boundaries", file.to_str().unwrap(), "--source", "Made up"]).exits(0).stdout;
    assert!(shown.contains("3 rows read; stored") && shown.contains("DEG0B"), "{shown}");
    let list = bench.run(&["regions", "boundaries", "--output", "json"]).exits(0).json();
    assert_eq!(
        (&list[0]["country"], &list[0]["count"], &list[0]["source"]),
        (&"DE".into(), &1.into(), &"Made up".into())
    );

    let metres = bench.file("metres.geojson", &text.replace("13.1, 52.3", "4321000.5, 3210000.5"));
    let fault = bench.run(&["regions", "boundaries", metres.to_str().unwrap()]).exits(1).stderr;
    assert!(fault.contains("EPSG:4326"), "{fault}");
}
