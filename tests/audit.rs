//! The audit log over HTTP: every change is there, and read by those whom it concerns.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, on_both};

use crate::{calls, chains, ledger, memberships, needs, offers, people, reviews};

/// Operations of the OpenAPI document that change something, by what the log calls them.
fn changes() -> BTreeSet<String> {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut found = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for (_, operation) in item.as_object().unwrap().iter().filter(|(method, _)| *method != "get") {
            let id = operation["operationId"].as_str().unwrap();
            // It changes nothing but the tokens of a session.
            if id == "sessions_refresh" {
                continue;
            }
            // It asks, and changes nothing.
            if ["candidates_tell", "chains_search"].contains(&id) {
                continue;
            }
            // It is noted as what the site can do, and as each offer that it drafts.
            if id == "questionnaires_answer" {
                continue;
            }
            // It is noted as the confirmation of each offer.
            if id == "offers_reconfirm" {
                continue;
            }
            // `match_runs_start` is the act `start` on a `match_run`.
            let (list, act) = id.rsplit_once('_').unwrap();
            let record = match list {
                "matches" => "match",
                "abilities" => "abilities",
                list => list.trim_end_matches('s'),
            };
            found.insert(format!("{act} {record}"));
        }
    }
    found
}

on_both! {
    async fn every_operation_that_changes_something_is_noted(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        app.clock.advance_micros(1);
        for (record, patch) in [("offers", json!({ "note": "Ask Anna Berg" })), ("sites", json!({ "name": "Anna's yard" }))] {
            let id = if record == "offers" { &offer } else { &firm.site };
            app.patch(&firm.token, &format!("/api/v1/{record}/{id}"), "*", &patch).await.expect(200);
        }
        crate::hidden_capacity::state(&app, &firm, &crate::hidden_capacity::weaver()).await.expect(200);
        let line = app.post(&firm.token, "/api/v1/lines", &crate::lines::plain(&firm, 5)).await.expect(201).id();
        app.patch(&firm.token, &format!("/api/v1/lines/{line}"), "*", &json!({ "ramp_days": 2 })).await.expect(200);
        app.patch(&firm.token, &format!("/api/v1/organisations/{}", firm.id), "*", &json!({ "name": "Atelier Anna" })).await.expect(200);
        app.clock.advance_micros(1);
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/withdraw"), &json!({})).await.expect(200);
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        app.patch(&hospital.token, &format!("/api/v1/needs/{need}"), "*", &json!({ "urgency": "low" })).await.expect(200);
        app.post(&hospital.token, &format!("/api/v1/needs/{need}/close"), &json!({ "reason": "need_gone" })).await.expect(200);
        crate::lifecycle::whatever_an_offer_goes_through(&app, &firm, &hospital).await;
        let alert = app.post(&firm.token, "/api/v1/alerts", &crate::alerts::short_of(1)).await.expect(201);
        app.patch(&firm.token, alert.header("location"), "*", &json!({ "name": "Anna's" })).await.expect(200);
        app.delete(&firm.token, alert.header("location")).await.expect(204);
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201).id();
        app.delete(&firm.token, &format!("/api/v1/api-keys/{key}")).await.expect(200);
        let run = app.post(&operator, "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.post(&operator, &format!("/api/v1/match-runs/{run}/cancel"), &json!({})).await.expect(200);
        app.put(&operator, "/api/v1/run-schedule", &json!({ "every_minutes": 60 })).await.expect(200);
        people::whatever_a_person_does(&app, &firm).await;
        memberships::whatever_clusters_do(&app).await;
        ledger::whatever_sides_do(&app).await;
        chains::whatever_leads_do(&app).await;
        calls::whatever_issuers_do(&app, &firm).await;
        reviews::whatever_reviewers_do(&app).await;
        // What is refused leaves no trace.
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/withdraw"), &json!({})).await.expect(409);
        app.post(&firm.token, "/api/v1/offers", &json!({ "site": firm.site })).await.expect(422);

        let log = app.get(&operator, "/api/v1/audit?limit=200").await.expect(200);
        assert!(log.json["next"].is_null(), "more than one page");
        let word = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        let noted: BTreeSet<String> =
            log.items().iter().map(|e| format!("{} {}", word(e, "act"), word(e, "record"))).collect();
        assert_eq!(noted, changes());
        let of_offer = app.get(&operator, &format!("/api/v1/audit?record_id={offer}")).await.expect(200);
        let [withdrawn, changed, made] = of_offer.items() else { panic!("{}", of_offer.text) };
        assert_eq!((&withdrawn["act"], &made["act"]), (&json!("withdraw"), &json!("create")));
        // Free text stays out of the log: it may name persons.
        assert_eq!(changed["changes"], json!([{ "field": "note", "from": null, "to": null }]));
        assert!(!log.text.contains("Anna"), "{}", log.text);
        let of_need = app.get(&operator, &format!("/api/v1/audit?record_id={need}&act=update")).await.expect(200);
        assert_eq!(of_need.items()[0]["changes"], json!([{ "field": "urgency", "from": "normal", "to": "low" }]));
        assert_eq!(withdrawn["changes"], json!([{ "field": "state", "from": "published", "to": "withdrawn" }]));
        assert_eq!((&withdrawn["acting"], &withdrawn["owner"]), (&json!(firm.id), &json!(firm.id)));
        app.work().await;
    }
}

on_both! {
    async fn each_reads_what_concerns_it(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let later = || app.clock.advance_micros(1);
        later();
        app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        later();
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201);
        later();
        let token = key.json["key"].as_str().unwrap();
        app.post(token, "/api/v1/sites", &json!({ "name": "Second", "region": "DE21" })).await.expect(201);

        let own = app.get(&firm.token, "/api/v1/audit").await.expect(200);
        let told = |entry: &Value| format!("{} {}", entry["record"].as_str().unwrap(), entry["credential"].as_str().unwrap());
        let told: Vec<String> = own.items().iter().map(told).collect();
        // The last first; the operator registered the firm, and its site came in the same instant.
        assert_eq!(told[..3], ["site api_key", "api_key session", "offer session"]);
        let first: BTreeSet<&str> = told[3..].iter().map(String::as_str).collect();
        assert_eq!(first, ["organisation session", "site session"].into());
        assert_eq!(own.items()[0]["credential_id"], json!(key.id()));
        // Neither what others do, nor by a filter.
        assert!(!own.text.contains(&hospital.id), "{}", own.text);
        let foreign = app.get(&firm.token, &format!("/api/v1/audit?organisation={}", hospital.id)).await.expect(200);
        assert_eq!(foreign.items().len(), 0);
        let narrowed = app.get(&firm.token, "/api/v1/audit?record=offer,need&act=create&since=2020-01-01T00:00:00Z").await;
        assert_eq!(narrowed.expect(200).items().len(), 1);
        for wrong in ["act=destroy", "record=mask", "since=yesterday"] {
            app.get(&firm.token, &format!("/api/v1/audit?{wrong}")).await.expect(422);
        }
        // Page by page it is the same log.
        let (mut paged, mut next) = (Vec::new(), String::new());
        loop {
            let page = app.get(&firm.token, &format!("/api/v1/audit?limit=2{next}")).await.expect(200);
            paged.extend(page.items().to_vec());
            let Some(cursor) = page.json["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(paged, own.items());
    }
}

on_both! {
    async fn the_log_takes_no_change(db: TestDb) {
        let app = TestApp::new(db);
        app.firm("Atelier").await;
        let before = app.get(&app.operator(), "/api/v1/audit").await.expect(200);
        for statement in ["UPDATE audit_entries SET act = 'close'", "DELETE FROM audit_entries"] {
            let refused = app.app.store.tamper(statement).await.unwrap_err();
            assert!(format!("{refused:?}").contains("append-only"), "{refused:?}");
        }
        assert_eq!(app.get(&app.operator(), "/api/v1/audit").await.items(), before.items());
        assert_eq!(before.items().len(), 2);
    }
}
