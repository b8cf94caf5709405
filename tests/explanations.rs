//! Why a run covers a need or does not, to the operator and to the need's owner.

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{needs, offers};

struct Market {
    firm: Org,
    hospital: Org,
    /// Serves the need, and has too little.
    offer: String,
    need: String,
    run: String,
}

/// A need of 40,000 FFP2 for which 5,000 lie ready and 10,000 a week are made, and masks of another grade.
async fn market(app: &TestApp) -> Market {
    let (firm, hospital) = (app.firm("Atelier Secret").await, app.hospital("Hôpital Secret").await);
    let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
    let mut other = offers::plain(&firm);
    (other["grades"], other["stock"]) = (json!(["FFP1"]), json!({ "value": 3000 }));
    other.as_object_mut().unwrap().remove("running");
    app.post(&firm.token, "/api/v1/offers", &other).await.expect(201);
    let mut asked = needs::plain(&hospital);
    asked["instalments"][0]["quantity"] = json!({ "value": 40_000 });
    let need = app.post(&hospital.token, "/api/v1/needs", &asked).await.expect(201).id();
    let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
    app.work().await;
    Market { firm, hospital, offer, need, run }
}

fn gain(told: &Value, kind: &str) -> Option<i64> {
    let tried = told["counterfactuals"].as_array().unwrap().iter().chain(told["worth"].as_array().unwrap());
    tried.into_iter().find(|t| t["change"]["kind"] == kind).and_then(|t| t["gains"].as_i64())
}

on_both! {
    async fn the_operator_reads_why_a_need_is_short_and_what_would_help(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let address = format!("/api/v1/match-runs/{}/needs/{}/explanation", m.run, m.need);
        let told = app.get(&app.operator(), &address).await.expect(200).json;
        assert_eq!((&told["run"], &told["need"], &told["day"]), (&json!(m.run), &json!(m.need), &json!("2020-04-06")));
        assert_eq!((&told["unit"], &told["demand"], &told["before_competition"]), (&json!("H87"), &json!(40_000), &json!(false)));
        let (matched, uncovered) = (told["matched"].as_i64().unwrap(), told["uncovered"].as_i64().unwrap());
        assert!(matched > 5_000 && matched + uncovered == 40_000, "{told}");
        let instalment = &told["instalments"][0];
        assert_eq!((&instalment["offers"], &instalment["eligible_offers"]), (&json!(2), &json!(1)));
        assert_eq!(instalment["funnel"].as_array().unwrap().len(), 1);
        let line = &instalment["lines"][0];
        assert_eq!((&line["offer"], &line["quantity"], &line["rank"]), (&json!(m.offer), &json!(matched), &json!(1)));
        assert!(line["trace"].as_array().unwrap().iter().all(|a| a["verdict"] == "passed"), "{line}");
        let used = &instalment["used_up"][0];
        assert_eq!((&used["offer"], &used["to_need"], &used["left"]), (&json!(m.offer), &json!(matched), &json!(0)));
        assert_eq!(gain(&told, "more_stock"), Some(1));
        let week = told["counterfactuals"].as_array().unwrap().iter().find(|t| t["change"]["to"] == 7).unwrap();
        assert_eq!((&week["change"]["kind"], &week["gains"]), (&json!("later"), &json!(10_000)));
        assert!(told["solves"].as_u64().unwrap() <= 8);

        let none = app.get(&app.operator(), &format!("{address}?counterfactuals=0")).await.expect(200).json;
        assert_eq!((&none["solves"], &none["counterfactuals"]), (&json!(0), &json!([])));
        assert!(none["left_out"].as_array().unwrap().iter().any(|l| l["why"] == "budget"));
        let faults = app.get(&app.operator(), &format!("{address}?counterfactuals=33")).await.expect(422).faults();
        assert_eq!(faults.len(), 1);
    }
}

on_both! {
    async fn a_buyer_reads_what_it_may_know_and_others_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        // What another hospital wants changes what there is, and nothing that the first one reads beyond its own.
        let address = format!("/api/v1/match-runs/{}/needs/{}/explanation", m.run, m.need);
        let told = app.get(&m.hospital.token, &address).await.expect(200);
        assert_eq!(told.json["before_competition"], true);
        for secret in ["Atelier", &m.firm.id, &m.firm.site, &m.offer] {
            assert!(!told.text.contains(secret), "{secret} in {}", told.text);
        }
        let line = &told.json["instalments"][0]["lines"][0];
        let name = line["offer"].as_str().unwrap();
        assert_eq!(told.json["instalments"][0]["alone"], told.json["matched"]);

        // The buyer asks about an offer by the name it was given, and by no other.
        let pair = |offer: &str| format!("/api/v1/match-runs/{}/needs/{}/offers/{offer}", m.run, m.need);
        let answer = app.get(&m.hospital.token, &pair(name)).await.expect(200).json;
        assert_eq!(answer["instalments"][0]["because"], "matched");
        app.get(&m.hospital.token, &pair(&m.offer)).await.expect(404);
        let third = app.firm("Third").await;
        for token in [&m.firm.token, &third.token] {
            app.get(token, &address).await.expect(404);
            app.get(token, &pair(&m.offer)).await.expect(404);
            app.get(token, &pair(name)).await.expect(404);
        }
    }
}

on_both! {
    async fn the_operator_asks_why_an_offer_is_not_used(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let offers = app.get(&app.operator(), "/api/v1/offers").await.expect(200);
        let other = offers.items().iter().find(|o| o["id"] != json!(m.offer)).unwrap()["id"].as_str().unwrap().to_owned();
        let address = format!("/api/v1/match-runs/{}/needs/{}/offers/{other}", m.run, m.need);
        let answer = app.get(&app.operator(), &address).await.expect(200).json;
        let instalment = &answer["instalments"][0];
        assert_eq!(instalment["because"], "not_eligible");
        let failed = instalment["trace"].as_array().unwrap().iter().find(|a| a["verdict"] == "failed").unwrap();
        assert_eq!((&failed["predicate"], &failed["reason"]), (&json!("grade"), &instalment["reason"]));
        let facts: Vec<_> = failed["facts"].as_array().unwrap().iter().map(|f| (&f["name"], &f["value"])).collect();
        assert_eq!(facts, [(&json!("offered"), &json!("FFP1")), (&json!("accepted"), &json!("FFP2"))]);
    }
}

on_both! {
    async fn remedies_are_told_to_the_operator_of_all_and_to_a_buyer_of_its_own(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let address = format!("/api/v1/match-runs/{}/remedies?product=FFP2", m.run);
        let told = app.get(&app.operator(), &address).await.expect(200).json;
        assert_eq!((&told["product"], &told["unit"], &told["needs"], &told["asked"]), (&json!("ffp"), &json!("H87"), &json!(1), &json!(40_000)));
        assert_eq!((&told["from"], &told["until"]), (&json!("2020-04-06"), &json!("2020-06-28")));
        let units = |kind: &str| told["remedies"].as_array().unwrap().iter().find(|r| r["kind"] == kind).map(|r| r["units"].clone());
        assert_eq!((units("accept_grade"), units("later")), (Some(json!(3_000)), Some(json!(15_000))), "{told}");
        assert_eq!(told["remedies"][0]["words"], "let it come 14 days later");
        let solved = told["remedies"].as_array().unwrap().len() + told["left_out"].as_array().unwrap().len();
        assert_eq!(told["solves"], json!(1 + solved));
        // Elsewhere nothing is short, and in a period in which nothing is due.
        for narrowed in ["region=AT", "until=2020-04-10", "from=2020-06-01"] {
            let none = app.get(&app.operator(), &format!("{address}&{narrowed}")).await.expect(200).json;
            assert_eq!((&none["asked"], &none["remedies"]), (&json!(0), &json!([])), "{narrowed}");
        }
        let own = app.get(&m.hospital.token, &address).await.expect(200);
        assert_eq!((&own.json["before_competition"], &own.json["uncovered"]), (&json!(true), &told["uncovered"]));
        for secret in ["Atelier", &m.firm.id, &m.firm.site, &m.offer] {
            assert!(!own.text.contains(secret), "{secret} in {}", own.text);
        }
        for (token, asked) in [(&m.firm.token, 0), (&app.firm("Third").await.token, 0)] {
            let told = app.get(token, &address).await.expect(200).json;
            assert_eq!((&told["asked"], &told["remedies"], &told["left_out"]), (&json!(asked), &json!([]), &json!([])));
        }
        let wrong = format!("/api/v1/match-runs/{}/remedies?product=ppe&region=Atlantis&from=2020-05-02&until=2020-05-01", m.run);
        let faults = app.get(&app.operator(), &wrong).await.expect(422).faults();
        assert_eq!(faults, ["/product ambiguous_product", "/region unknown_region", "/until before_start"]);
        let faults = app.get(&app.operator(), &format!("{address}&solves=65")).await.expect(422).faults();
        assert_eq!(faults.len(), 1);
        app.get("", &address).await.expect(401);
    }
}

on_both! {
    async fn only_a_run_that_is_done_is_explained(db: TestDb) {
        let app = TestApp::new(db);
        let m = market(&app).await;
        let queued = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        let of = |run: &str, need: &str| format!("/api/v1/match-runs/{run}/needs/{need}/explanation");
        let answer = app.get(&app.operator(), &of(&queued, &m.need)).await.expect(409);
        assert_eq!(answer.json["code"], "wrong_state");
        app.work().await;
        app.get(&app.operator(), &of(&queued, &m.need)).await.expect(200);
        let nobody = "018f0000-0000-7000-8000-000000000001";
        app.get(&app.operator(), &of(nobody, &m.need)).await.expect(404);
        app.get(&app.operator(), &of(&m.run, nobody)).await.expect(404);
        app.get(&app.operator(), &of(&m.run, "x")).await.expect(404);
        // The run is explained by what it saw, whatever became of the market.
        let before = app.get(&app.operator(), &of(&m.run, &m.need)).await.expect(200).json;
        app.post_text(&m.firm.token, &format!("/api/v1/offers/{}/withdraw", m.offer), "").await.expect(200);
        assert_eq!(app.get(&app.operator(), &of(&m.run, &m.need)).await.expect(200).json, before);
    }
}
