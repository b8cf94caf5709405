//! `muster match` with its questions.

use crate::command::Bench;

#[test]
fn a_need_is_explained_and_an_offer_judged() {
    let bench = Bench::new();
    let document = bench.run(&["demo", "--no-serve", "--output", "json"]).exits(0).json();
    let need = document["shortages"][0]["need"].as_str().unwrap().to_owned();
    let explained = bench.run(&["match", "--explain", &need, "--output", "json"]).exits(0).json();
    assert_eq!(explained["need"], need.as_str());
    assert!(explained["uncovered"].as_i64().unwrap() > 0);
    assert!(explained["solves"].as_u64().unwrap() <= 8);
    let text = bench.run(&["match", "--explain", &need]).exits(0).stdout;
    assert!(text.contains("stay uncovered") && text.contains("asked"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    let none = bench.run(&["match", "--explain", &need, "--counterfactuals", "0", "--output", "json"]).exits(0).json();
    assert_eq!(none["solves"], 0);

    // Any offer of the market has an answer, an offer that may serve one with numbers.
    let short = explained["instalments"].as_array().unwrap().iter();
    let offer = short.flat_map(|i| i["used_up"].as_array().unwrap()).find_map(|u| u["offer"].as_str());
    if let Some(offer) = offer {
        let text = bench.run(&["match", "--why-not", &need, offer]).exits(0).stdout;
        assert!(text.contains("the offer may serve it") && text.contains("distance passes"), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
        let json = bench.run(&["match", "--why-not", &need, offer, "--output", "json"]).exits(0).json();
        assert_eq!(json["offer"], offer);
    }
    let nobody = "00000000-0000-0000-0000-000000000000";
    bench.run(&["match", "--explain", nobody]).exits(1);
    bench.run(&["match", "--why-not", &need, nobody]).exits(1);
    bench.run(&["match", "--why-not", &need, "x"]).exits(1);
    bench.run(&["match", "--explain", &need, "--counterfactuals", "33"]).exits(2);
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
