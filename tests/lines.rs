//! Production lines over HTTP, and the offers that share them.

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{ledger, needs};

/// A line that puts out so much a day.
pub fn plain(firm: &Org, daily: i64) -> Value {
    json!({ "site": firm.site, "name": "Line 2", "running": { "value": daily, "per": "day" } })
}

/// An offer that shares a line.
fn sharing(firm: &Org, line: &str, product: &str) -> Value {
    json!({ "site": firm.site, "product": product, "line": line, "running": { "value": 1000, "per": "day" } })
}

async fn asked(app: &TestApp, hospital: &Org, product: &str) -> (String, String) {
    let mut body = needs::plain(hospital);
    body["product"] = json!(product);
    body["grades"] = json!([]);
    // Six working days from Monday the 6th to Monday the 13th, at 1,000 a day.
    body["instalments"] = json!([{ "quantity": { "value": 6000 }, "due": "2020-04-20" }]);
    let made = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
    (made.id(), made.json["instalments"][0]["id"].as_str().unwrap().to_owned())
}

async fn put(app: &TestApp, offer: &str, (need, instalment): &(String, String), units: i64) -> Answer {
    let body = json!({ "offer": offer, "need": need, "instalment": instalment, "quantity": units });
    app.post(&app.operator(), "/api/v1/matches", &body).await
}

on_both! {
    async fn a_line_reads_back_as_it_was_stated(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let body = json!({ "site": firm.site, "name": " Line  2 ", "unit": "gram", "maximum": { "value": 2, "unit": "KGM", "per": "week" },
            "ramp_days": 3, "calendar": { "working_days": ["monday"] }, "from": "2020-04-13", "until": "2020-05-31" });
        let made = app.post(&firm.token, "/api/v1/lines", &body).await.expect(201);
        let address = format!("/api/v1/lines/{}", made.id());
        let read = app.get(&firm.token, &address).await.expect(200);
        assert_eq!(read.json, made.json);
        assert_eq!((&read.json["name"], &read.json["unit"]), (&json!("Line 2"), &json!("GRM")));
        assert_eq!(read.json["capacity"]["maximum"]["value"], 2000);
        assert_eq!(read.json["capacity"]["maximum"]["typed"], json!({ "value": 2, "unit": "KGM" }));
        app.get(&other.token, &address).await.expect(404);
        app.patch(&other.token, &address, "*", &json!({ "name": "X" })).await.expect(404);
        assert_eq!(app.get(&other.token, "/api/v1/lines").await.items().len(), 0);
        assert_eq!(app.get(&firm.token, &format!("/api/v1/lines?site={}", firm.site)).await.items().len(), 1);
        assert_eq!(app.get(&firm.token, &format!("/api/v1/lines?site={}", other.site)).await.items().len(), 0);
        app.patch(&firm.token, &address, "\"old\"", &json!({ "name": "X" })).await.expect(412);
        let etag = read.header("etag").to_owned();
        let changed = app.patch(&firm.token, &address, &etag, &json!({ "ramp_days": 0, "until": null })).await.expect(200);
        assert_eq!((&changed.json["capacity"]["ramp_days"], &changed.json["capacity"]["until"]), (&json!(0), &json!(null)));
    }
}

on_both! {
    async fn every_fault_of_a_line_is_named_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let body = json!({ "site": other.site, "name": " ", "unit": "mask", "ramp_days": -1 });
        let faults = app.post(&firm.token, "/api/v1/lines", &body).await.expect(422).faults();
        let expected = ["/name blank", "/unit unknown_unit", "/running missing", "/ramp_days out_of_range", "/site unknown_site"];
        assert_eq!(faults, expected);
        let line = app.post(&firm.token, "/api/v1/lines", &plain(&firm, 1000)).await.expect(201).id();
        // Another's line, another site's, and one that counts otherwise.
        let taken = app.post(&other.token, "/api/v1/offers", &sharing(&other, &line, "cap")).await.expect(422);
        assert_eq!(taken.faults(), ["/line unknown_line"]);
        let mut grams = sharing(&firm, &line, "meltblown");
        grams["running"]["unit"] = json!("GRM");
        assert_eq!(app.post(&firm.token, "/api/v1/offers", &grams).await.expect(422).faults(), ["/line other_unit"]);
        let offer = app.post(&firm.token, "/api/v1/offers", &sharing(&firm, &line, "cap")).await.expect(201);
        assert_eq!(offer.json["line"], json!(line));
        let grams = json!({ "unit": "GRM", "running": { "value": 5, "unit": "GRM", "per": "day" } });
        app.patch(&firm.token, &format!("/api/v1/lines/{line}"), "*", &grams).await.expect(409);
    }
}

on_both! {
    async fn con_01_offers_of_one_line_promise_no_more_than_its_time(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let line = app.post(&firm.token, "/api/v1/lines", &plain(&firm, 1000)).await.expect(201).id();
        let caps = app.post(&firm.token, "/api/v1/offers", &sharing(&firm, &line, "cap")).await.expect(201).id();
        let aprons = app.post(&firm.token, "/api/v1/offers", &sharing(&firm, &line, "apron")).await.expect(201).id();
        let (a, b) = (asked(&app, &hospital, "cap").await, asked(&app, &hospital, "apron").await);
        let first = put(&app, &caps, &a, 5000).await.expect(201);
        let over = put(&app, &aprons, &b, 6000).await.expect(409);
        assert_eq!(over.json["code"], "not_available", "{}", over.text);
        // The line keeps to what was promised, and the offer to its line.
        let address = format!("/api/v1/lines/{line}");
        app.patch(&firm.token, &address, "*", &json!({ "running": { "value": 100, "per": "day" } })).await.expect(409);
        let leave = app.patch(&firm.token, &format!("/api/v1/offers/{caps}"), "*", &json!({ "line": null })).await.expect(409);
        assert!(leave.text.contains(&first.id()), "{}", leave.text);
        // One that has promised nothing leaves its line, and has its own time then.
        app.patch(&firm.token, &format!("/api/v1/offers/{aprons}"), "*", &json!({ "line": null })).await.expect(200);
        put(&app, &aprons, &b, 6000).await.expect(201);
        app.patch(&firm.token, &format!("/api/v1/offers/{aprons}"), "*", &json!({ "line": line })).await.expect(409);
        ledger::sound(&app).await;
        // A run knows the line too: of what is left it suggests no more than the line has time for.
        app.patch(&firm.token, &address, "*", &json!({ "name": "Line 3" })).await.expect(200);
    }
}
