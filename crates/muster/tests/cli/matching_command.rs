//! `muster match` with its questions.

use crate::command::Bench;

#[test]
fn a_need_is_explained_and_an_offer_judged() {
    let bench = Bench::new();
    let document = bench.run(&["demo", "--no-serve", "--output", "json"]).exits(0).json();
    let need = document["shortages"][0]["need"].as_str().unwrap().to_owned();
    let explained = bench.run(&["match", "--explain", &need, "--output", "json"]).exits(0).json();
    assert_eq!(explained["need"], need.as_str());
    assert!(!explained["shortages"].as_array().unwrap().is_empty());
    let text = bench.run(&["match", "--explain", &need]).exits(0).stdout;
    assert!(text.contains("stay uncovered"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");

    let offer = explained["shortages"][0]["used_up"][0]["offer"].as_str().map(str::to_owned);
    if let Some(offer) = offer {
        let text = bench.run(&["match", "--why-not", &need, &offer]).exits(0).stdout;
        assert!(text.contains("the offer may serve it") || text.contains("the offer "), "{text}");
    }
    let nobody = "00000000-0000-0000-0000-000000000000";
    bench.run(&["match", "--explain", nobody]).exits(1);
    bench.run(&["match", "--why-not", &need, nobody]).exits(1);
    bench.run(&["match", "--why-not", &need, "x"]).exits(1);
}

#[test]
fn an_empty_market_is_matched_with_nothing() {
    let bench = Bench::new();
    let document = bench.run(&["match", "--output", "json"]).exits(0).json();
    assert_eq!(document["figures"]["lines"], 0);
    assert!(document["run"].is_string());
    let text = bench.run(&["match", "--dry-run"]).exits(0).stdout;
    assert!(text.contains("everything asked for is covered") && text.contains("nothing was stored"), "{text}");
}
