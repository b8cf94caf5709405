//! Who may call what: every operation of the OpenAPI document is in both suites, whose exceptions
//! may only shrink.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, app::request, on_both};

use crate::{needs, offers};

/// Operations that need no token.
const OPEN: [&str; 8] = [
    "healthz",
    "readyz",
    "products_list",
    "products_get",
    "units_list",
    "regions_list",
    "regions_get",
    "regions_lookup",
];

/// Operations on a record that is nobody's own: every organisation may know that a run was made, and
/// reads of it only what concerns itself (`matching::each_side_sees_the_other_without_a_name`).
const SHARED: [&str; 2] = ["match_runs_get", "match_runs_shortages"];

/// Operations on such a record that are the operator's alone, as are figures of the whole market.
const OPERATORS: [&str; 2] = ["match_runs_cancel", "match_runs_shares"];

/// Method and path of each operation by its id.
fn operations() -> BTreeMap<String, (String, String)> {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let former = found.insert(id.clone(), (method.to_uppercase(), path.clone()));
            assert!(former.is_none(), "{id} names two operations");
        }
    }
    found
}

on_both! {
    async fn without_a_token_nothing_but_the_open_operations_answers(db: TestDb) {
        let app = TestApp::new(db);
        let operations = operations();
        for (id, (method, path)) in &operations {
            let path = path.replace("{id}", "018f0000-0000-7000-8000-000000000001").replace("{code}", "DE");
            let answer = app.send(request(method.parse().unwrap(), "", &path, "{}".into())).await;
            if OPEN.contains(&id.as_str()) {
                assert_ne!(answer.status, 401, "{id}");
            } else {
                assert_eq!((answer.status, &answer.json["code"]), (401, &json!("unauthenticated")), "{id}");
                assert!(answer.header("www-authenticate").starts_with("Bearer"), "{id}");
            }
        }
        let known: BTreeSet<&str> = operations.keys().map(String::as_str).collect();
        assert!(OPEN.iter().chain(&SHARED).chain(&OPERATORS).all(|id| known.contains(id)), "an exception names no operation");
    }
}

on_both! {
    async fn another_organisations_records_do_not_exist(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let hospital = app.hospital("Hôpital").await;
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.work().await;
        let found = app.get(&firm.token, "/api/v1/matches").await;
        let matched = found.items()[0]["id"].as_str().unwrap().to_owned();
        let ids = BTreeMap::from([
            ("organisations", firm.id.clone()),
            ("sites", firm.site.clone()),
            ("offers", offer),
            ("needs", need),
            ("match-runs", run),
            ("matches", matched),
            ("api-keys", app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201).id()),
        ]);
        let mut exercised = BTreeSet::new();
        for (id, (method, path)) in operations() {
            let list = path.split('/').nth(3).unwrap_or_default();
            let send = |path: String, body: Value| app.send(request(method.parse().unwrap(), &other.token, &path, body.to_string().into()));
            if OPEN.contains(&id.as_str()) {
                continue;
            } else if path.contains("{id}") {
                let path = path.replace("{id}", &ids[list]).replace("{need}", &ids["needs"]).replace("{offer}", &ids["offers"]);
                let answer = send(path, json!({})).await;
                let expected = match id.as_str() {
                    id if SHARED.contains(&id) => 200,
                    id if OPERATORS.contains(&id) => 403,
                    _ => 404,
                };
                assert_eq!(answer.status, expected, "{id}: {}", answer.text);
                if id == "match_runs_shortages" {
                    assert_eq!(answer.items().len(), 0, "{id}");
                }
            } else if method == "GET" {
                let answer = send(path.clone(), json!({})).await.expect(200);
                let own = match list {
                    "organisations" | "sites" => 1,
                    // That it and its site were registered.
                    "audit" => 2,
                    "match-runs" => 1,
                    _ => 0,
                };
                assert_eq!(answer.items().len(), own, "{id}: {}", answer.text);
            } else {
                // Writing for another: refused for the field that says so, or for the act itself.
                let body = match list {
                    "sites" | "api-keys" => json!({ "organisation": firm.id, "name": "S" }),
                    "offers" => { let mut b = offers::plain(&firm); b["organisation"] = json!(firm.id); b }
                    "needs" => { let mut b = needs::plain(&hospital); b["organisation"] = json!(hospital.id); b }
                    _ => json!({ "name": "X", "kind": "firm", "country": "DE" }),
                };
                let answer = send(path.clone(), if list == "match-runs" { json!({}) } else { body }).await;
                match list {
                    "organisations" | "match-runs" => assert_eq!(answer.status, 403, "{id}"),
                    _ => assert_eq!(answer.expect(422).faults(), ["/organisation unknown_organisation"], "{id}"),
                }
            }
            exercised.insert(id);
        }
        let all: BTreeSet<String> = operations().into_keys().filter(|id| !OPEN.contains(&id.as_str())).collect();
        assert_eq!(exercised, all);
        // Nothing of what was tried left a trace.
        assert_eq!(app.get(&app.operator(), "/api/v1/offers?state=withdrawn").await.items().len(), 0);
        assert_eq!(app.get(&app.operator(), "/api/v1/needs?state=closed").await.items().len(), 0);
        assert_eq!(app.get(&app.operator(), "/api/v1/sites").await.items().len(), 3);
    }
}
