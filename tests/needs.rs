//! Needs over HTTP.

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{
    feed,
    ledger::{Pair, sound},
};

const DAY: i64 = 86_400 * 1_000_000;

/// The plainest need that passes every check.
pub fn plain(hospital: &Org) -> Value {
    json!({ "site": hospital.site, "product": "ffp", "grades": ["FFP2"],
        "instalments": [{ "quantity": { "value": 4000 }, "due": "2020-04-20" }] })
}

on_both! {
    async fn a_need_is_covered_while_what_is_agreed_or_came_is_all_of_it(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let need = format!("/api/v1/needs/{}", pair.need);
        let stands = async || {
            app.get(&app.token(pair.hospital.grant), &need).await.expect(200).json["state"].clone()
        };
        let listed = async |state: &str| {
            let list = app.get(&pair.hospital.token, &format!("/api/v1/needs?state={state}")).await.expect(200);
            list.items().len()
        };
        let start = feed::start(&app, &pair.hospital.token).await;
        pair.step(&app, &pair.hospital, "propose", &json!({})).await.expect(200);
        pair.step(&app, &pair.firm, "accept", &json!({})).await.expect(200);
        assert_eq!(stands().await, "open", "what is held may end at its deadline");
        pair.step(&app, &pair.hospital, "accept", &json!({})).await.expect(200);
        assert_eq!((stands().await, listed("covered").await, listed("open").await), (json!("covered"), 1, 0));
        let events = app.get(&pair.hospital.token, &format!("/api/v1/changes?since={start}")).await.expect(200);
        let of_need = events.items().iter().rfind(|event| event["type"] == "need").unwrap();
        assert_eq!(of_need["record"]["state"], "covered", "{}", events.text);
        app.post(&pair.hospital.token, &format!("{need}/open"), &json!({})).await.expect(409);
        // More is asked for, and then not.
        let asking = |units: i64| json!({ "instalments": [{ "quantity": { "value": units }, "due": "2020-04-20" }] });
        app.patch(&pair.hospital.token, &need, "*", &asking(4001)).await.expect(200);
        assert_eq!((stands().await, listed("covered").await, listed("open").await), (json!("open"), 0, 1));
        app.patch(&pair.hospital.token, &need, "*", &asking(4000)).await.expect(200);
        pair.step(&app, &pair.firm, "ship", &json!({ "quantity": 4000 })).await.expect(200);
        assert_eq!(stands().await, "covered");
        // It is over when its days are over, and still covered.
        app.clock.advance_micros(60 * DAY);
        assert_eq!(stands().await, "covered");
        app::freshness::look(&app.app).await.unwrap();
        assert_eq!(stands().await, "covered");
        // A piece that fails goods-in is lacking again, too late.
        let received = format!("/api/v1/matches/{}/receive", pair.id);
        app.post(&app.token(pair.hospital.grant), &received, &json!({ "accepted": 3999, "rejected": 1 })).await.expect(200);
        assert_eq!(stands().await, "expired");
        sound(&app).await;
    }
}

on_both! {
    async fn tim_02_a_day_is_over_when_it_is_over_at_the_site(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let mut sites = std::collections::BTreeMap::new();
        for zone in ["Europe/Lisbon", "Europe/Athens", "America/Martinique", "Pacific/Auckland"] {
            let body = json!({ "name": zone, "region": "FR10", "zone": zone });
            sites.insert(zone, app.post(&hospital.token, "/api/v1/sites", &body).await.expect(201).id());
        }
        let token = || app.token(hospital.grant);
        let check = async |zone: &str, due: &str, status: u16| {
            let mut body = plain(&hospital);
            body["site"] = json!(sites[zone]);
            body["instalments"][0]["due"] = json!(due);
            let answer = app.post(&token(), "/api/v1/needs", &body).await;
            assert_eq!(answer.status, status, "{zone} {due}: {}", answer.text);
        };
        // 6 April, 21:30 in UTC: 22:30 in Lisbon, 00:30 of the 7th in Athens.
        app.clock.advance_micros(27 * 1_800_000_000);
        check("Europe/Lisbon", "2020-04-06", 201).await;
        check("Europe/Athens", "2020-04-06", 422).await;
        check("Europe/Athens", "2020-04-07", 201).await;
        // 7 April, 01:30 in UTC: still the 6th in Martinique.
        app.clock.advance_micros(8 * 1_800_000_000);
        check("America/Martinique", "2020-04-06", 201).await;
        check("Europe/Lisbon", "2020-04-06", 422).await;
        let stock = json!({ "site": sites["Pacific/Auckland"], "product": "ffp", "stock": { "value": 5 }, "as_of": "2020-04-07" });
        app.post(&token(), "/api/v1/offers", &stock).await.expect(201);
    }
}

on_both! {
    async fn a_need_is_opened_read_and_closed(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let body = json!({
            "site": hospital.site, "product": "ffp", "grades": ["FFP2", "FFP3"], "substitutions": [{ "grade": "KN95" }],
            "features": { "valve": { "value": false }, "fluid_resistant": { "value": true, "preferred": true } },
            "certificates": ["eu-type-examination"], "accept_pending": true, "certificate_status": "documented",
            "verification": "none", "transfers": ["donation"], "price_cap": { "amount": 2, "currency": "EUR" },
            "regions": ["DE"], "max_distance_km": 3000, "max_suppliers": 2, "urgency": "critical",
            "instalments": [
                { "quantity": { "value": 400, "unit": "XBX", "pack_size": 20 }, "due": "2020-04-20" },
                { "quantity": { "value": 1 }, "due": "2020-05-04", "size": "M" }],
            "note": "intensive care"
        });
        let made = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
        let address = made.header("location").to_owned();
        let read = app.get(&hospital.token, &address).await.expect(200).json;
        assert_eq!(read, made.json);
        assert_eq!((&read["urgency"], &read["tier"]), (&json!("critical"), &json!(2)), "tier 1 only once granted");
        assert_eq!(read["instalments"][0]["quantity"]["value"], 8000);
        assert_eq!(read["instalments"][1]["size"], "M");
        assert_eq!(read["max_suppliers"], 2);
        assert_eq!(read["features"]["fluid_resistant"], json!({ "value": true, "preferred": true }));
        assert_eq!(read["substitutions"], json!([{ "product": "ffp", "grade": "KN95" }]));

        let mut granted = body.clone();
        granted["organisation"] = json!(hospital.id);
        let granted = app.post(&app.operator(), "/api/v1/needs", &granted).await.expect(201);
        assert_eq!(granted.json["tier"], 1);

        let closed = app.post(&hospital.token, &format!("{address}/close"), &json!({ "reason": "need_gone" })).await.expect(200);
        assert_eq!(closed.json["state"], "closed");
        let again = app.post(&hospital.token, &format!("{address}/close"), &json!({ "reason": "need_gone" })).await.expect(409);
        assert_eq!(again.json["code"], "wrong_state");
    }
}

on_both! {
    async fn db_07_several_urgencies_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        for urgency in ["critical", "high", "normal", "low"] {
            let mut body = plain(&hospital);
            body["urgency"] = json!(urgency);
            app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
        }
        let found = app.get(&hospital.token, "/api/v1/needs?urgency=high,critical").await.expect(200);
        let mut urgencies: Vec<&str> = found.items().iter().filter_map(|n| n["urgency"].as_str()).collect();
        urgencies.sort_unstable();
        assert_eq!(urgencies, ["critical", "high"]);
        let wrong = app.get(&hospital.token, "/api/v1/needs?urgency=high,dire").await.expect(422);
        assert_eq!(wrong.faults(), ["/urgency bad_value"]);
        assert!(wrong.text.contains("critical, high, normal, low"), "{}", wrong.text);
    }
}

on_both! {
    async fn mat_07_a_need_without_a_quantity_is_refused(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        for (instalment, fault) in [
            (json!({ "due": "2020-04-20" }), "/instalments/0/quantity missing"),
            (json!({ "quantity": null, "due": "2020-04-20" }), "/instalments/0/quantity missing"),
            (json!({ "quantity": "as many as possible", "due": "2020-04-20" }), "/instalments/0/quantity wrong_type"),
            (json!({ "quantity": { "value": "as many as possible" }, "due": "2020-04-20" }), "/instalments/0/quantity/value wrong_type"),
        ] {
            let mut body = plain(&hospital);
            body["instalments"] = json!([instalment]);
            let answer = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(422);
            assert_eq!(answer.faults(), [fault], "{instalment}");
        }
        let mut body = plain(&hospital);
        body["instalments"] = json!([]);
        assert_eq!(app.post(&hospital.token, "/api/v1/needs", &body).await.expect(422).faults(), ["/instalments missing"]);
    }
}
