//! Chains of the whole market: what makers would make of what others bring, told of a run and held as it is told.

use serde_json::{Value, json};
use testkit::{Answer, TestApp, TestDb, on_both};

use crate::{
    chains::{sewn, spinner},
    ledger, needs, offers,
};

async fn planned(app: &TestApp, run: &str, query: &str) -> Answer {
    app.get(&app.operator(), &format!("/api/v1/match-runs/{run}/chains{query}")).await
}

on_both! {
    async fn what_others_bring_is_planned_for_the_whole_market_and_held_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let (maker, hospital, cleaner) = (app.firm("Lumière").await, app.hospital("Hôpital").await, app.firm("Filters").await);
        spinner(&app, "Weaver of much", "meltblown", 6_000).await;
        spinner(&app, "Weaver of little", "meltblown", 1_500).await;
        // Respirators of two grams each are urgent; the fabric itself is asked for as well, less urgently.
        let mut body = sewn(offers::plain(&maker), "ffp");
        body["stock"] = json!({ "value": 100 });
        body["missing_inputs"] = json!([{ "product": "meltblown", "quantity": { "value": 2, "unit": "GRM" } }]);
        let offer = app.post(&maker.token, "/api/v1/offers", &body).await.expect(201).id();
        let mut body = sewn(needs::plain(&hospital), "ffp");
        body["urgency"] = json!("high");
        let need = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201).id();
        let body = json!({ "site": cleaner.site, "product": "meltblown",
            "instalments": [{ "quantity": { "value": 3_000, "unit": "GRM" }, "due": "2020-04-20" }] });
        app.post(&cleaner.token, "/api/v1/needs", &body).await.expect(201);
        let several = json!([{ "product": "meltblown", "quantity": { "value": 2, "unit": "GRM" } },
            { "product": "spunbond", "quantity": { "value": 3, "unit": "GRM" } }]);
        let mut body = sewn(offers::plain(&maker), "ffp");
        (body["stock"], body["missing_inputs"], body["note"]) = (json!({ "value": 0 }), several, json!("another line"));
        let other = app.post(&maker.token, "/api/v1/offers", &body).await.expect(201).id();
        let run = ledger::run(&app).await;
        // A run alone covers the fabric and the hundred; with chains the fabric goes to who is more urgent.
        let told = planned(&app, &run, "").await.expect(200).json;
        let tier = |tier: u8, alone: i64, with: i64| json!({ "tier": tier, "alone": alone, "uncovered": with, "bound": with });
        assert_eq!(told["tiers"], json!([tier(1, 0, 0), tier(2, 3_900, 150), tier(3, 0, 3_000), tier(4, 0, 0)]), "{told}");
        assert_eq!((&told["proved"], &told["one_ratio"], &told["more"]), (&json!(true), &json!(true), &json!(0)));
        assert_eq!(told["left_out"], json!([{ "offer": other, "why": "several_inputs" }]));
        let [chain] = &told["chains"].as_array().unwrap()[..] else { panic!("{told}") };
        assert_eq!((&chain["units"], &chain["legs"][0]["offer"], &chain["legs"][0]["need"]), (&json!(3_750), &json!(offer), &json!(need)));
        let brought: i64 = chain["legs"].as_array().unwrap().iter().filter(|leg| leg["brings_to"] == json!(offer)).map(|leg| leg["units"].as_i64().unwrap()).sum();
        assert_eq!(brought, 7_500);
        let hold = chain["hold"].clone();
        let mut dry = hold.clone();
        dry["dry_run"] = json!(true);
        app.post(&app.operator(), "/api/v1/chains", &dry).await.expect(200);
        let held = app.post(&app.operator(), "/api/v1/chains", &hold).await.expect(201).json;
        assert_eq!((&held["state"], held["legs"].as_array().unwrap().len()), (&json!("held"), 3));
        app.post(&app.operator(), "/api/v1/chains", &hold).await.expect(409);
        ledger::sound(&app).await;
        // What is held is there for nobody else: the next plan finds nothing more to bring.
        let run = ledger::run(&app).await;
        let told = planned(&app, &run, "?top=1").await.expect(200).json;
        assert_eq!((&told["chains"], told["tiers"][1]["uncovered"].as_i64()), (&json!([]), Some(150)), "{told}");
        assert_eq!(planned(&app, &run, "?top=0").await.expect(422).faults(), ["/top out_of_range"]);
    }
}

on_both! {
    async fn a_market_in_which_nobody_lacks_anything_has_no_chains(db: TestDb) {
        let app = TestApp::new(db);
        let pair = ledger::Pair::new(&app).await;
        let run = ledger::run(&app).await;
        let told = planned(&app, &run, "").await.expect(200).json;
        let empty: &Value = &json!([]);
        assert_eq!((&told["found"], &told["chains"], &told["left_out"]), (&json!(false), empty, empty), "{}", pair.need);
        planned(&app, "018f0000-0000-7000-8000-000000000001", "").await.expect(404);
    }
}
