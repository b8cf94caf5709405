//! The OpenAPI document: committed, complete, and true.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, app::request, on_both};

use crate::{calls, chains, ledger, memberships, needs, offers, reviews};

/// Where an example holds a secret that opens nothing.
const WITH_SECRETS: [&str; 8] = [
    "/setup",
    "/passwords",
    "/sessions",
    "/sessions/refresh",
    "/me/password",
    "/me/erase",
    "/organisations/confirm",
    "/organisations/refuse",
];

fn document() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    found
}

#[test]
fn the_committed_document_is_what_the_router_produces() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/openapi.json");
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let produced = format!("{}\n", api::openapi().to_pretty_json().unwrap());
    assert!(committed == produced, "{} is out of date: run `cargo xtask openapi`", file.display());
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let document = document();
    for (method, path, op) in operations(&document) {
        let at = format!("{method} {path}");
        for field in ["summary", "description", "operationId"] {
            assert!(op[field].as_str().is_some_and(|t| t.len() > 4), "{at}: {field}");
        }
        for p in op["parameters"].as_array().into_iter().flatten() {
            assert!(p["description"].as_str().is_some_and(|t| !t.is_empty()), "{at}: {p}");
        }
        let responses = op["responses"].as_object().unwrap();
        assert!(responses.keys().any(|s| s.starts_with('2')), "{at}");
        for (status, response) in responses.iter().filter(|(status, _)| !["204", "304"].contains(&status.as_str())) {
            let media = if status.as_str() < "400" { "application/json" } else { "application/problem+json" };
            // A file comes as what it is.
            let media = match op["operationId"].as_str() {
                Some("evidence_get") if status == "200" => "application/pdf",
                Some("maps_draw" | "public_maps_draw") if status == "200" => "image/svg+xml",
                _ => media,
            };
            assert!(response["content"][media]["schema"].is_object(), "{at}: {status} has no body");
            assert!(response["description"].as_str().is_some_and(|t| t.len() > 3), "{at}: {status}");
        }
        let expected: &[&str] = if op.get("requestBody").is_some() { &["400", "413", "415", "422"] } else { &[] };
        let ways = op["security"].as_array().unwrap_or_else(|| panic!("{at} does not say whether it needs a token"));
        let token: &[&str] = if ways.is_empty() { &[] } else { &["401"] };
        for status in expected.iter().chain(token).chain(&["500", "503"]) {
            assert!(responses.contains_key(*status), "{at}: {status}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].as_str().is_some_and(|t| !t.is_empty()), "{name} has no description");
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            let told = of["description"].is_string() || of["oneOf"].is_array() || of["$ref"].is_string();
            assert!(told, "{name}.{field} has no description: {of}");
        }
    }
}

#[test]
fn htt_05_headers_of_limits_are_described_once_and_named_by_every_answer_that_has_them() {
    let document = document();
    let described: Vec<&String> = document["components"]["headers"].as_object().unwrap().keys().collect();
    assert_eq!(described, ["RateLimit", "RateLimit-Policy", "Retry-After"]);
    for (method, path, op) in operations(&document) {
        for (status, response) in op["responses"].as_object().unwrap() {
            let at = format!("{method} {path} {status}");
            let counted = path != "/healthz" && path != "/readyz";
            for name in ["RateLimit", "RateLimit-Policy"] {
                let reference = response["headers"][name]["$ref"].as_str();
                assert_eq!(reference, counted.then_some(format!("#/components/headers/{name}").as_str()), "{at}");
            }
            let waits = response["headers"]["Retry-After"]["$ref"].is_string();
            assert_eq!(waits, ["429", "503"].contains(&status.as_str()), "{at}");
        }
    }
}

#[test]
fn the_examples_are_of_their_schemas() {
    let document = document();
    let mut tried = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let fields = schema["properties"].as_object().into_iter().flatten();
        let of_fields = fields.filter_map(|(field, of)| Some((format!("/properties/{field}"), of.get("example")?)));
        let whole = schema.get("example").map(|example| (String::new(), example));
        for (place, example) in whole.into_iter().chain(of_fields) {
            let verdict = testkit::conformance::of_schema(&format!("#/components/schemas/{name}{place}"), example);
            assert_eq!(verdict, Ok(()), "{name}{place}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
    for (method, path, op) in operations(&document) {
        for p in op["parameters"].as_array().into_iter().flatten() {
            if let Some(example) = p.get("example") {
                assert!(example.is_string(), "{method} {path}: {p}");
            }
        }
    }
}

on_both! {
    async fn the_example_of_each_body_is_accepted(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, document) = (app.firm("Atelier").await, document());
        let role = app.get(&firm.token, &format!("/api/v1/organisations/{}/roles", firm.id)).await.expect(200);
        let role = role.items()[0]["id"].as_str().unwrap().to_owned();
        let (cluster, member) = (memberships::cluster(&app, "Textile Cluster").await, app.firm("Member").await);
        memberships::joined(&app, &member, &cluster).await;
        let wanted = json!({ "country": "DE", "name": "Atelier", "evidence": "my word" });
        app.post(&member.token, "/api/v1/organisations/ask", &wanted).await.expect(202);
        let claim = app.get(&firm.token, &format!("/api/v1/organisations/{}/claims", firm.id)).await.expect(200);
        let claim = claim.items()[0]["id"].as_str().unwrap().to_owned();
        let ministry = app.hospital("Ministry").await;
        memberships::verify(&app, &ministry, "operator").await;
        let ready = reviews::ready(&app, &cluster).await;
        let (mut tried, mut patched, mut ids) = (0, 0, BTreeMap::<String, String>::new());
        // What is to be changed is made first.
        let (patches, others): (Vec<_>, Vec<_>) = operations(&document).into_iter().partition(|(method, ..)| method == "PATCH");
        for (method, path, op) in others.into_iter().chain(patches) {
            let Some(reference) = op["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str() else { continue };
            let mut example = document.pointer(reference.trim_start_matches('#')).unwrap()["example"].clone();
            assert!(example.is_object(), "{path} has no example");
            if example.get("site").is_some() {
                example["site"] = firm.site.clone().into();
            }
            if example["described"].is_object() {
                example["described"]["site"] = firm.site.clone().into();
            }
            for field in ["cluster", "holder"].into_iter().filter(|field| example[field].is_string()).collect::<Vec<_>>() {
                example[field] = cluster.id.clone().into();
            }
            if path == "/api/v1/matches" {
                let (pair, _) = ledger::Pair::ready(&app, "create").await;
                let need = app.get(&pair.hospital.token, &format!("/api/v1/needs/{}", pair.need)).await.expect(200).json;
                let instalment = &need["instalments"][0]["id"];
                let example = json!({ "offer": pair.offer, "need": pair.need, "instalment": instalment, "quantity": example["quantity"] });
                app.post(&app.operator(), &path, &example).await.expect(201);
                tried += 1;
                continue;
            }
            if let Some(step) = path.strip_prefix("/api/v1/matches/{id}") {
                let (pair, side) = ledger::Pair::ready(&app, if step.is_empty() { "update" } else { &step[1..] }).await;
                let path = path.replace("{id}", &pair.id);
                if method == "PATCH" {
                    app.patch(&side.token, &path, "*", &example).await.expect(200);
                    patched += 1;
                } else {
                    let status = app.post(&side.token, &path, &example).await.status;
                    assert!([200, 201].contains(&status), "{path}: {status}");
                    tried += 1;
                }
                continue;
            }
            if path.starts_with("/api/v1/chains") {
                let status = chains::tried(&app, &path, example).await.status;
                assert!([200, 201].contains(&status), "{path}: {status}");
                tried += 1;
                continue;
            }
            if path == "/api/v1/match-runs/{id}/accept" {
                let run = ledger::run(&app).await;
                app.post(&app.operator(), &path.replace("{id}", &run), &example).await.expect(200);
                tried += 1;
                continue;
            }
            if path == "/api/v1/offers/{id}/recall" {
                let (pair, _) = ledger::Pair::ready(&app, "recall").await;
                app.post(&pair.firm.token, &path.replace("{id}", &pair.offer), &example).await.expect(200);
                tried += 1;
                continue;
            }
            if method == "PATCH" {
                let list = path.split('/').nth(3).unwrap();
                let token = if list == "calls" { &ministry.token } else { &firm.token };
                let made = match list {
                    // Of an open call less can be changed.
                    "calls" => app.post(token, "/api/v1/calls", &calls::plain()).await.expect(201).id(),
                    "sites" => firm.site.clone(),
                    "organisations" => firm.id.clone(),
                    "people" => String::new(),
                    list => ids[list].clone(),
                };
                app.patch(token, &path.replace("{id}", &made), "*", &example).await.expect(200);
                patched += 1;
                continue;
            }
            if let Some(address) = ready.get(path.as_str()) {
                app.post(&app.operator(), address, &example).await.expect(200);
                tried += 1;
                continue;
            }
            if path.contains("/offers/{id}/") || path.contains("/needs/{id}/") {
                // Each of what happens to an offer or a need once happens to one that nothing happened to.
                let mut body = if path.contains("/offers/") { offers::plain(&firm) } else { needs::plain(&firm) };
                if path.ends_with("/decide-conversion") {
                    body["convertible"] = json!({ "value": 100, "per": "week", "days": 7 });
                }
                let list = path.split('/').nth(3).unwrap();
                let made = app.post(&firm.token, &format!("/api/v1/{list}"), &body).await.expect(201).id();
                app.post(&firm.token, &path.replace("{id}", &made), &example).await.expect(200);
                tried += 1;
                continue;
            }
            if path.ends_with("/offers/confirm") {
                example["offers"][0]["id"] = ids["offers"].clone().into();
            }
            let operators = ["organisations", "match-runs", "market", "run-schedule", "{id}/verify"].iter().any(|end| path.ends_with(end));
            let (id, token) = if path.contains("/members/") || path.ends_with("/members") { (&cluster.id, &cluster.token) } else { (&firm.id, &firm.token) };
            let token = if operators { app.operator() } else { token.clone() };
            let (id, token) = match path.split_once("/api/v1/calls") {
                Some((_, "/{id}/answers")) => {
                    let invited = json!({ "organisations": [firm.id] });
                    let path = format!("/api/v1/calls/{}/invitations", ids["calls"]);
                    app.post(&ministry.token, &path, &invited).await.expect(200);
                    (&ids["calls"], token)
                }
                Some((_, "")) => (id, ministry.token.clone()),
                Some((_, _)) => (&ids["calls"], ministry.token.clone()),
                None => (id, token),
            };
            let id = if path.starts_with("/api/v1/sites/") { &firm.site } else { id };
            let path = path.replace("{id}", id).replace("{role}", &role).replace("{member}", &member.id).replace("{claim}", &claim);
            let answer = app.send(request(method.parse().unwrap(), &token, &path, example.to_string().into())).await;
            tried += 1;
            if WITH_SECRETS.iter().any(|end| path.ends_with(end)) {
                assert!([401, 422].contains(&answer.status), "{path}: {}", answer.text);
                let known = ["/token void_link", "/current wrong_password", "/password wrong_password"];
                assert!(answer.faults().iter().all(|fault| known.contains(&fault.as_str())), "{path}: {}", answer.text);
                continue;
            }
            // The example of a change makes of the firm's only admin an admin.
            assert!([200, 201, 202].contains(&answer.status), "{path}: {}", answer.text);
            if let Some(id) = answer.json["id"].as_str() {
                // Of what was made below a record, the id is not the record's.
                ids.entry(path.split('/').nth(3).unwrap().to_owned()).or_insert_with(|| id.to_owned());
            }
        }
        assert_eq!((tried, patched), (59, 9));
        app.work().await;
        assert_eq!(app.get("", "/api/v1/openapi.json").await.expect(200).json, document);
    }
}
