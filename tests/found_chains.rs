//! Chains that are found: who could together make what a need asks for, and how that is held.

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{
    chains::{sewn, spinner},
    ledger, memberships, needs, offers,
};

/// A hospital that needs 4,000 respirators, a lighting firm that would make 10,000 a week had it the fabric, 2 grams for
/// each, and two weavers: one with enough, one with little.
struct Scattered {
    maker: Org,
    hospital: Org,
    offer: String,
    need: String,
    fabric: [String; 2],
}

impl Scattered {
    async fn new(app: &TestApp) -> Self {
        let (maker, hospital) = (app.firm("Lumière").await, app.hospital("Hôpital").await);
        let (_, enough) = spinner(app, "Weaver of much", "meltblown", 9_000).await;
        let (_, little) = spinner(app, "Weaver of little", "meltblown", 1_500).await;
        let mut body = sewn(offers::plain(&maker), "ffp");
        body["stock"] = json!({ "value": 0 });
        body["missing_inputs"] = json!([{ "product": "meltblown", "quantity": { "value": 2, "unit": "GRM" } }]);
        let offer = app.post(&maker.token, "/api/v1/offers", &body).await.expect(201).id();
        let need =
            app.post(&hospital.token, "/api/v1/needs", &sewn(needs::plain(&hospital), "ffp")).await.expect(201).id();
        Self { maker, hospital, offer, need, fabric: [enough, little] }
    }

    async fn found(&self, app: &TestApp, token: &str) -> Answer {
        app.post(token, "/api/v1/chains/search", &json!({ "need": self.need })).await
    }

    /// Legs by hand: fabric of an offer for a need of the maker's, and respirators for the hospital.
    async fn legs(&self, app: &TestApp, fabric: &str, grams: i64, masks: i64) -> Value {
        let input = json!({ "organisation": self.maker.id, "site": self.maker.site, "product": "meltblown",
            "instalments": [{ "quantity": { "value": grams, "unit": "GRM" }, "due": "2020-04-16" }] });
        let input = app.post(&app.operator(), "/api/v1/needs", &input).await.expect(201);
        let need = app.get(&app.operator(), &format!("/api/v1/needs/{}", self.need)).await.expect(200);
        let leg = |step: &str, offer: &str, need: &Value, units: i64| {
            json!({ "step": step, "offer": offer, "need": need["id"],
            "instalment": need["instalments"][0]["id"], "quantity": units })
        };
        json!([leg("Fabric", fabric, &input.json, grams), leg("Sewing", &self.offer, &need.json, masks)])
    }
}

on_both! {
    async fn firms_that_make_nothing_alone_are_found_together_and_held_together(db: TestDb) {
        let app = TestApp::new(db);
        let s = Scattered::new(&app).await;
        // Alone the maker serves nobody, and the run says why.
        let run = ledger::run(&app).await;
        let none = app.get(&app.operator(), "/api/v1/matches?state=suggested").await.expect(200);
        assert!(none.items().iter().all(|one| one["need"]["product"] != "ffp"), "{}", none.text);
        let told = app.get(&app.operator(), &format!("/api/v1/match-runs/{run}/needs/{}/explanation", s.need)).await.expect(200);
        assert_eq!(told.json["instalments"][0]["funnel"][0]["reason"], "input_missing", "{}", told.text);
        let told = s.found(&app, &app.operator()).await.expect(200).json;
        assert_eq!((&told["steps"][1]["product"], &told["steps"][1]["units"], &told["before_competition"]), (&json!("meltblown"), &json!(2), &json!(false)));
        let chains = told["instalments"][0]["chains"].as_array().unwrap();
        let best = &chains[0];
        assert_eq!((&best["units"], &best["legs"][0]["offer"], &best["legs"][1]["offer"]), (&json!(4_000), &json!(s.offer), &json!(s.fabric[0])));
        assert_eq!((&best["legs"][1]["needed"], &best["legs"][1]["supports"]), (&json!(8_000), &json!(4_500)));
        // The hospital is told the same once somebody vouches for it, and of whose it is nothing.
        s.found(&app, &s.hospital.token).await.expect(403);
        memberships::verify(&app, &s.hospital, "operator").await;
        let seen = s.found(&app, &s.hospital.token).await.expect(200);
        assert_eq!((&seen.json["instalments"][0]["chains"][0]["units"], &seen.json["before_competition"]), (&json!(4_000), &json!(true)));
        for secret in ["Lumi", &s.maker.id, &s.offer, &s.fabric[0], &s.maker.site] {
            assert!(!seen.text.contains(secret), "{secret} in {}", seen.text);
        }
        s.found(&app, &s.maker.token).await.expect(404);
        let wrong = json!({ "need": s.need, "partners": 6, "top": 0 });
        assert_eq!(app.post(&app.operator(), "/api/v1/chains/search", &wrong).await.expect(422).faults(), ["/partners out_of_range", "/top out_of_range"]);
        // Too little fabric holds nothing, enough of it holds both legs.
        let create = async |legs: Value| app.post(&app.operator(), "/api/v1/chains", &json!({ "organisation": s.maker.id, "name": "Respirators", "legs": legs })).await;
        let refused = create(s.legs(&app, &s.fabric[0], 7_999, 4_000).await).await.expect(409);
        assert!(refused.json["code"] == "not_eligible" && refused.text.contains("input_missing"), "{}", refused.text);
        assert!(app.get(&app.operator(), "/api/v1/matches?state=proposed").await.expect(200).items().is_empty());
        // The same fabric does not go into two offers of the site.
        let mut twice = s.legs(&app, &s.fabric[0], 8_001, 2_500).await;
        let mut other = sewn(offers::plain(&s.maker), "ffp");
        (other["stock"], other["note"]) = (json!({ "value": 0 }), json!("another line"));
        other["missing_inputs"] = json!([{ "product": "meltblown", "quantity": { "value": 2, "unit": "GRM" } }]);
        let other = app.post(&s.maker.token, "/api/v1/offers", &other).await.expect(201).id();
        let mut second = twice[1].clone();
        (second["step"], second["offer"], second["quantity"]) = (json!("Sewing too"), json!(other), json!(1_501));
        twice.as_array_mut().unwrap().push(second);
        let refused = create(twice).await.expect(409);
        assert!(refused.text.contains("input_missing"), "{}", refused.text);
        app.post(&s.maker.token, &format!("/api/v1/offers/{other}/withdraw"), &json!({})).await.expect(200);
        // Who states the most that fits keeps nobody else from being found.
        let mut absurd = sewn(offers::plain(&s.maker), "ffp");
        absurd["missing_inputs"] = json!([{ "product": "spunbond", "quantity": { "value": 999_999_999_999_i64, "unit": "GRM" } }]);
        let absurd = app.post(&s.maker.token, "/api/v1/offers", &absurd).await.expect(201).id();
        let told = s.found(&app, &app.operator()).await.expect(200).json;
        assert_eq!((&told["instalments"][0]["chains"][0]["units"], &told["cut"]), (&json!(4_000), &json!(true)));
        app.post(&s.maker.token, &format!("/api/v1/offers/{absurd}/withdraw"), &json!({})).await.expect(200);
        let chain = create(s.legs(&app, &s.fabric[0], 8_000, 4_000).await).await.expect(201);
        assert_eq!(chain.json["state"], "held");
        // What is held is gone for the next search.
        let told = s.found(&app, &app.operator()).await.expect(200).json;
        assert_eq!(told["instalments"], json!([]), "nothing of the need is open");
        ledger::run(&app).await;
        assert_eq!(app.get(&app.operator(), "/api/v1/matches?state=proposed").await.expect(200).items().len(), 2);
    }
}

on_both! {
    async fn what_a_search_found_is_held_as_it_is_told(db: TestDb) {
        let app = TestApp::new(db);
        let s = Scattered::new(&app).await;
        memberships::verify(&app, &s.hospital, "operator").await;
        let seen = s.found(&app, &s.hospital.token).await.expect(200);
        assert!(!seen.text.contains("brings_to"), "{}", seen.text);
        let told = s.found(&app, &app.operator()).await.expect(200).json;
        let hold = told["instalments"][0]["chains"][0]["hold"].clone();
        assert_eq!((&hold["organisation"], &hold["legs"][1]["brings_to"]), (&json!(s.maker.id), &hold["legs"][0]["step"]));
        let needs = async || app.get(&app.operator(), "/api/v1/needs").await.expect(200).items().len();
        let before = needs().await;
        // Nobody else may, and what cannot be is said of every leg at once, with nothing entered.
        app.post(&s.maker.token, "/api/v1/chains", &hold).await.expect(403);
        let mut wrong = hold.clone();
        wrong["legs"][1]["brings_to"] = json!("Dyeing");
        wrong["legs"][1]["due"] = Value::Null;
        let faults = app.post(&app.operator(), "/api/v1/chains", &wrong).await.expect(422).faults();
        assert_eq!(faults, ["/legs/1/due missing", "/legs/1/brings_to unknown_value"]);
        let mut wrong = hold.clone();
        (wrong["legs"][1]["offer"], wrong["legs"][1]["due"]) = (json!(s.offer), json!("soon"));
        let faults = app.post(&app.operator(), "/api/v1/chains", &wrong).await.expect(422).faults();
        assert_eq!(faults, ["/legs/1/brings_to does_not_apply"]);
        let mut wrong = hold.clone();
        wrong["legs"][1]["due"] = json!("soon");
        let faults = app.post(&app.operator(), "/api/v1/chains", &wrong).await.expect(422).faults();
        assert_eq!(faults, ["/legs/1/due bad_date"]);
        let mut little = hold.clone();
        little["legs"][1]["quantity"] = json!(7_999);
        app.post(&app.operator(), "/api/v1/chains", &little).await.expect(409);
        let mut dry = hold.clone();
        dry["dry_run"] = json!(true);
        assert_eq!(app.post(&app.operator(), "/api/v1/chains", &dry).await.expect(200).json["state"], "held");
        assert_eq!(needs().await, before, "nothing was entered");
        // All of it at once: the need for fabric, and both legs.
        let chain = app.post(&app.operator(), "/api/v1/chains", &hold).await.expect(201).json;
        assert_eq!(chain["state"], "held");
        assert_eq!(needs().await, before + 1);
        let entered = app.get(&s.maker.token, "/api/v1/needs").await.expect(200);
        let entered = &entered.items()[0];
        assert_eq!((&entered["product"], &entered["organisation"]), (&json!("meltblown"), &json!(s.maker.id)));
        app.post(&app.operator(), "/api/v1/chains", &hold).await.expect(409);
        assert_eq!(needs().await, before + 1);
        // Once it is let go, what it entered is still there, and is taken again instead of entered twice.
        let dissolve = format!("/api/v1/chains/{}/dissolve", chain["id"].as_str().unwrap());
        app.post(&app.operator(), &dissolve, &json!({ "reason": "test" })).await.expect(200);
        app.post(&app.operator(), "/api/v1/chains", &hold).await.expect(201);
        assert_eq!(needs().await, before + 1);
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn a_missing_step_is_named_with_who_could_convert_to_it(db: TestDb) {
        let app = TestApp::new(db);
        let s = Scattered::new(&app).await;
        for fabric in &s.fabric {
            app.post(&app.operator(), &format!("/api/v1/offers/{fabric}/withdraw"), &json!({})).await.expect(200);
        }
        let diapers = app.firm("Diapers").await;
        let body = json!({ "site": diapers.site, "product": "meltblown", "convertible": { "value": 1, "unit": "TNE", "per": "week", "days": 30 } });
        let offer = app.post(&diapers.token, "/api/v1/offers", &body).await.expect(201).id();
        let told = s.found(&app, &app.operator()).await.expect(200).json;
        let of = &told["instalments"][0];
        assert_eq!((&of["chains"], &of["incomplete"][0]["missing"][0]["units"]), (&json!([]), &json!(8_000)));
        assert_eq!((&told["could_convert"][0]["offer"], &told["could_convert"][0]["days"]), (&json!(offer), &json!(30)));
        let known = told["conversions"].as_array().unwrap();
        assert!(known.iter().any(|row| row["product"] == "meltblown" && row["basis"] != "" && row["source"] != ""), "{told}");
        // Whoever brings what is missing completes it.
        spinner(&app, "New weaver", "meltblown", 8_000).await;
        let told = s.found(&app, &app.operator()).await.expect(200).json;
        assert_eq!(told["instalments"][0]["chains"][0]["units"], 4_000);
    }
}
