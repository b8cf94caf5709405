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
    async fn equal_deliveries_and_orders_over_several_days_are_held_as_they_are_planned(db: TestDb) {
        let app = TestApp::new(db);
        let (maker, hospital) = (app.firm("Lumière").await, app.hospital("Hôpital").await);
        for name in ["First weaver", "Second weaver"] {
            let weaver = app.firm(name).await;
            let grams = |value: i64| json!({ "value": value, "unit": "GRM" });
            let body = json!({ "site": weaver.site, "product": "meltblown", "stock": grams(3_000), "min_order": grams(2_500) });
            app.post(&weaver.token, "/api/v1/offers", &body).await.expect(201);
        }
        let mut body = sewn(offers::plain(&maker), "ffp");
        body["stock"] = json!({ "value": 0 });
        body["missing_inputs"] = json!([{ "product": "meltblown", "quantity": { "value": 2, "unit": "GRM" } }]);
        app.post(&maker.token, "/api/v1/offers", &body).await.expect(201);
        let mut body = sewn(needs::plain(&hospital), "ffp");
        body["instalments"] = json!([{ "quantity": { "value": 1_000 }, "due": "2020-04-20" }, { "quantity": { "value": 2_500 }, "due": "2020-04-27" }]);
        app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
        let run = ledger::run(&app).await;
        let told = planned(&app, &run, "").await.expect(200).json;
        assert_eq!((&told["tiers"][2]["uncovered"], &told["proved"]), (&json!(500), &json!(true)), "{told}");
        let [chain] = &told["chains"].as_array().unwrap()[..] else { panic!("{told}") };
        let before = app.get(&app.operator(), "/api/v1/needs").await.expect(200).items().len();
        let held = app.post(&app.operator(), "/api/v1/chains", &chain["hold"]).await.expect(201);
        assert_eq!(held.json["state"], "held");
        // All that is brought to the maker is one need of its own.
        let needs = app.get(&app.operator(), "/api/v1/needs").await.expect(200);
        assert_eq!(needs.items().len(), before + 1);
        ledger::sound(&app).await;
        // An order that its legs do not reach together is refused, with nothing entered.
        let dissolve = format!("/api/v1/chains/{}/dissolve", held.id());
        app.post(&app.operator(), &dissolve, &json!({ "reason": "test" })).await.expect(200);
        let mut little = chain["hold"].clone();
        let legs = little["legs"].as_array_mut().unwrap();
        legs.iter_mut().for_each(|leg| leg["quantity"] = json!(if leg["need"].is_null() { 1_000 } else { 500 }));
        legs.retain(|leg| leg["need"].is_null() || leg["quantity"] == 500);
        let refused = app.post(&app.operator(), "/api/v1/chains", &little).await.expect(409);
        assert!(refused.text.contains("below_minimum_order"), "{}", refused.text);
        assert_eq!(app.get(&app.operator(), "/api/v1/needs").await.expect(200).items().len(), before + 1);
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
