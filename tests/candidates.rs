//! Who may serve a need: ranked, with reasons, near misses and a funnel, as far as the reader may see it.

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{
    ledger::{self, Pair},
    memberships, needs, offers,
};

const ADDRESS: &str = "/api/v1/candidates";

async fn of_need(app: &TestApp, token: &str, need: &str) -> Value {
    let told = app.post(token, ADDRESS, &json!({ "need": need })).await.expect(200);
    told.json["instalments"][0].clone()
}

async fn offer(app: &TestApp, firm: &Org, change: Value) -> String {
    let mut body = offers::plain(firm);
    for (field, value) in change.as_object().unwrap() {
        body[field] = value.clone();
    }
    app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id()
}

on_both! {
    async fn the_operator_sees_who_could_serve_and_why_the_others_do_not(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other, hospital) = (app.firm("Atelier").await, app.firm("Other").await, app.hospital("Hôpital").await);
        let good = offer(&app, &firm, json!({})).await;
        let low = offer(&app, &other, json!({ "grades": ["FFP1"] })).await;
        let large = offer(&app, &other, json!({ "min_order": { "value": 900_000 } })).await;
        offer(&app, &other, json!({ "product": "gown-isolation", "grades": [] })).await;
        let mut body = needs::plain(&hospital);
        body["grades"] = json!(["FFP2"]);
        let need = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201).id();
        let operator = app.operator();
        let told = of_need(&app, &operator, &need).await;
        let candidates = told["candidates"].as_array().unwrap();
        assert_eq!(candidates.len(), 1, "{told}");
        let best = &candidates[0];
        assert_eq!((&best["offer"], &best["rank"], &best["covers"]), (&json!(good), &json!(1), &json!(true)), "{told}");
        assert_eq!((&best["grade"], &best["organisation"]), (&json!("same"), &json!(firm.id)));
        // By order of the predicates, and each with what would help.
        let near: Vec<[&str; 3]> = told["near_misses"].as_array().unwrap().iter()
            .map(|near| ["offer", "reason", "predicate"].map(|field| near[field].as_str().unwrap())).collect();
        assert_eq!(near, [[low.as_str(), "grade_too_low", "grade"], [&large, "below_minimum_order", "minimum_order"]], "{told}");
        let funnel = &told["funnel"];
        assert_eq!((&funnel["considered"], &funnel["eligible"], &funnel["not_told"]), (&json!(3), &json!(1), &Value::Null));
        let failed = funnel["failed"].as_array().unwrap();
        assert_eq!(failed.iter().map(|one| one["offers"].as_i64().unwrap()).sum::<i64>(), 2, "{funnel}");
        // The run agrees.
        let run = ledger::run(&app).await;
        let matches = app.get(&operator, &format!("/api/v1/matches?run={run}")).await.expect(200);
        assert!(matches.items().iter().all(|one| one["offer"]["id"] == json!(good) || one["offer"] == json!(good)), "{}", matches.text);
    }
}

on_both! {
    async fn what_is_promised_is_free_no_more_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let operator = app.operator();
        let free = async |need: &str| of_need(&app, &operator, need).await["candidates"][0]["free"].as_i64();
        let all = free(&pair.need).await.unwrap();
        pair.agree(&app).await;
        assert_eq!(free(&pair.need).await.unwrap(), all - 4_000);
        let stopped = app.post(&pair.firm.token, &format!("/api/v1/offers/{}/pause?release={}", pair.offer, pair.id), &json!({})).await;
        stopped.expect(200);
        assert_eq!(free(&pair.need).await, None);
        let funnel = of_need(&app, &operator, &pair.need).await["funnel"]["failed"].clone();
        assert_eq!(funnel[0]["reasons"], json!({ "not_published": 1 }), "{funnel}");
    }
}

on_both! {
    async fn others_are_named_to_nobody_and_seen_by_whom_they_fit(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, clinic, rival) = (app.firm("Atelier").await, app.firm("Clinic").await, app.firm("Rival").await);
        let id = offer(&app, &firm, json!({ "price": { "amount": 1.25, "currency": "EUR" } })).await;
        let need = app.post(&clinic.token, "/api/v1/needs", &needs::plain(&clinic)).await.expect(201).id();
        // Nobody vouches for it yet, and so nothing is shown to it.
        let told = of_need(&app, &clinic.token, &need).await;
        assert_eq!((&told["candidates"], &told["funnel"]["considered"]), (&json!([]), &json!(0)), "{told}");
        memberships::verify(&app, &clinic, "operator").await;
        let told = of_need(&app, &clinic.token, &need).await;
        let seen = &told["candidates"][0];
        assert_eq!((&seen["organisation"], seen["region"].as_str().map(str::len)), (&Value::Null, Some(4)), "{told}");
        for secret in [&id, &firm.id, &firm.site, "Atelier", "1.25"] {
            assert!(!told.to_string().contains(secret), "{secret}: {told}");
        }
        // Described and never asked for, it shows no rows of others to a firm; nor is anything stored.
        let mut described = needs::plain(&rival);
        described["site"] = json!(rival.site);
        let answer = app.post(&rival.token, ADDRESS, &json!({ "described": described })).await.expect(200);
        assert_eq!(answer.json["instalments"][0]["candidates"], json!([]), "{}", answer.text);
        assert_eq!((&answer.json["need"], &answer.json["instalments"][0]["instalment"]), (&Value::Null, &Value::Null));
        assert_eq!(app.get(&rival.token, "/api/v1/needs").await.expect(200).items().len(), 0);
        // Somebody else's need is not there.
        app.post(&rival.token, ADDRESS, &json!({ "need": need })).await.expect(404);
        app.post("", ADDRESS, &json!({ "need": need })).await.expect(401);
        let rows = app.post_text(&app.operator(), &format!("{ADDRESS}.csv"), json!({ "need": need }).to_string()).await;
        let rows = rows.expect(200);
        assert!(rows.text.starts_with("number,rank,offer,"), "{}", rows.text);
        assert_eq!(rows.text.lines().count(), 2);
    }
}

on_both! {
    async fn every_fault_of_what_is_described_is_told_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let mut described = needs::plain(&firm);
        described["product"] = json!("nonsense");
        described["urgency"] = json!("now");
        let body = json!({ "described": described, "top": 1_000, "near": 21 });
        let refused = app.post(&firm.token, ADDRESS, &body).await.expect(422);
        let faults = refused.faults();
        for expected in ["/top out_of_range", "/near out_of_range", "/described/product unknown_product"] {
            assert!(faults.iter().any(|fault| fault == expected), "{expected}: {faults:?}");
        }
        assert!(faults.iter().any(|fault| fault.starts_with("/described/urgency")), "{faults:?}");
        for (body, fault) in [
            (json!({}), "/need missing_field"),
            (json!({ "need": firm.id, "described": needs::plain(&firm) }), "/need bad_value"),
        ] {
            assert_eq!(app.post(&firm.token, ADDRESS, &body).await.expect(422).faults(), [fault]);
        }
        let need = app.post(&firm.token, "/api/v1/needs", &needs::plain(&firm)).await.expect(201).id();
        let foreign = json!({ "need": need, "instalment": firm.id });
        app.post(&firm.token, ADDRESS, &foreign).await.expect(404);
    }
}
