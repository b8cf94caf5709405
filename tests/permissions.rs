//! Who may call what: every operation of the OpenAPI document is in both suites, whose exceptions
//! may only shrink.

use std::collections::{BTreeMap, BTreeSet};

use app::{AppError, access::Caller};
use domain::person::Role;
use serde_json::{Value, json};
use testkit::{TestApp, TestDb, app::request, on_both};

use crate::{alerts, calls, certificates, chains, evidence, lines, memberships, needs, offers, reviews};

/// Operations that need no token.
const OPEN: [&str; 19] = [
    "public_figures_tell",
    "public_maps_draw",
    "healthz",
    "readyz",
    "products_list",
    "products_get",
    "units_list",
    "regions_list",
    "regions_get",
    "regions_lookup",
    "keys_list",
    "persons_register",
    "persons_create",
    "passwords_set",
    "passwords_reset",
    "sessions_start",
    "sessions_refresh",
    "organisations_confirm",
    "organisations_refuse",
];

/// Operations about the person who calls, which name nobody else, or are answered alike whoever is named.
const PERSONAL: [&str; 6] =
    ["persons_me", "persons_update", "persons_export", "persons_erase", "passwords_update", "organisations_ask"];

/// Operations of a person's own that name a record.
const OWN: [&str; 2] = ["roles_accept", "sessions_end"];

/// Operations on a record that is nobody's own: every organisation may know that a run was made, and
/// reads of it only what concerns itself (`matching::each_side_sees_the_other_without_a_name`).
const SHARED: [&str; 3] = ["match_runs_get", "match_runs_shortages", "match_runs_remedies"];

/// Operations on such a record that are the operator's alone, as are figures of the whole market.
const OPERATORS: [&str; 5] =
    ["match_runs_accept", "match_runs_cancel", "match_runs_chains", "match_runs_compare", "match_runs_shares"];

/// The id of nothing.
const NOBODY: &str = "018f0000-0000-7000-8000-000000000001";

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
            let path = path.replace("{id}", NOBODY).replace("{code}", "DE");
            let path = path.replace("{organisation}", NOBODY);
            let names = ["role", "member", "cluster", "mandate", "claim", "answer", "certificate", "evidence"];
            let path = names.iter().fold(path, |p, name| p.replace(&format!("{{{name}}}"), NOBODY));
            let answer = app.send(request(method.parse().unwrap(), "", &path, "{}".into())).await;
            if OPEN.contains(&id.as_str()) {
                assert_ne!(answer.status, 401, "{id}");
            } else {
                assert_eq!((answer.status, &answer.json["code"]), (401, &json!("unauthenticated")), "{id}");
                assert!(answer.header("www-authenticate").starts_with("Bearer"), "{id}");
            }
        }
        let known: BTreeSet<&str> = operations.keys().map(String::as_str).collect();
        assert!(OPEN.iter().chain(&SHARED).chain(&OPERATORS).chain(&PERSONAL).chain(&OWN).all(|id| known.contains(id)), "an exception names no operation");
    }
}

/// A path with the ids of its list, of a need, an offer, a role.
fn filled(path: &str, ids: &BTreeMap<&str, String>) -> String {
    let list = path.split('/').nth(3).unwrap_or_default();
    let of = if path.contains("{id}/members") { "clusters" } else { list };
    let path = path.replace("{id}", &ids[of]).replace("{organisation}", &ids["organisations"]);
    let path = path.replace("/preview", "/preview?audience=owner");
    let path = path.replace("/compare", &format!("/compare?with={NOBODY}"));
    let path = path.replace("/remedies", "/remedies?product=ffp");
    ["need", "offer", "role", "member", "cluster", "mandate", "claim", "answer", "certificate", "evidence"]
        .iter()
        .fold(path, |path, name| path.replace(&format!("{{{name}}}"), &ids[format!("{name}s").as_str()]))
}

/// A body that is refused for nothing but who sends it.
fn body_of(operation: &str) -> Value {
    match operation {
        "organisations_create" => json!({ "name": "X", "kind": "firm", "country": "DE" }),
        "roles_grant" => json!({ "email": "eve@example.org", "name": "Eve", "role": "admin" }),
        "roles_update" => json!({ "role": "member" }),
        "api_keys_create" => json!({ "name": "Portal" }),
        "organisations_verify" => json!({ "verification": "operator" }),
        "memberships_request" => json!({ "cluster": NOBODY }),
        "memberships_verify" => json!({ "vouch": true }),
        "memberships_enter" => {
            json!({ "name": "X", "country": "DE", "contact": { "email": "x@example.org", "name": "X" },
            "mandate": { "ends_on": "2020-12-31" } })
        }
        "mandates_create" => json!({ "holder": NOBODY, "ends_on": "2020-12-31" }),
        "claims_grant" => json!({ "role": "admin" }),
        "matches_create" => json!({ "offer": NOBODY, "need": NOBODY, "instalment": NOBODY, "quantity": 1 }),
        "matches_decline" | "matches_cancel" => json!({ "reason": "price" }),
        "matches_ship" => json!({ "quantity": 1 }),
        "matches_receive" => json!({ "accepted": 1 }),
        "matches_sample" => json!({ "sample": "requested" }),
        "chains_create" => {
            let leg = |step: &str| json!({ "step": step, "match": NOBODY });
            json!({ "name": "X", "legs": [leg("A"), leg("B")] })
        }
        "chains_hold" => json!({ "legs": [] }),
        "chains_dissolve" => json!({ "reason": "price" }),
        "match_messages_create" => json!({ "body": "How soon?" }),
        "calls_create" => calls::plain(),
        "needs_close" => json!({ "reason": "need_gone" }),
        "offers_reconfirm" => json!({ "offers": [{ "id": NOBODY }] }),
        "markets_update" => json!({ "mode": "emergency", "reason": "X" }),
        "alerts_create" => alerts::short_of(1),
        "questionnaires_answer" => json!({ "save": true }),
        "certificates_review" => json!({ "status": "checked" }),
        "reviews_release" | "reviews_confirm" | "needs_grant" | "needs_revoke" => json!({ "reason": "Seen" }),
        _ => json!({}),
    }
}

on_both! {
    async fn a_member_reads_and_changes_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let id = firm.id.parse().unwrap();
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let need = app.post(&firm.token, "/api/v1/needs", &needs::plain(&firm)).await.expect(201).id();
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201).id();
        let line = app.post(&firm.token, "/api/v1/lines", &lines::plain(&firm, 5)).await.expect(201).id();
        let hospital = app.hospital("Hôpital").await;
        app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.work().await;
        let matched = app.get(&firm.token, "/api/v1/matches").await.items()[0]["id"].as_str().unwrap().to_owned();
        let grant = app.signed_in(id, domain::person::Role::Member).await;
        let member = app.token(grant);
        // The use cases ask again, since not everybody comes over HTTP.
        let caller = Caller { person: Some(grant.person), scopes: Role::Member.scopes(), ..firm.caller() };
        let withdrawn = app::offers::withdraw(&app.app, &caller, offer.parse().unwrap(), Vec::new(), |_| Ok(())).await;
        assert!(matches!(withdrawn, Err(AppError::Forbidden { .. })), "{withdrawn:?}");
        let closed = app::needs::close(&app.app, &caller, need.parse().unwrap(), (domain::matches::ClosingReason::Test, Vec::new()), |_| Ok(())).await;
        assert!(matches!(closed, Err(AppError::Forbidden { .. })), "{closed:?}");
        let editor = app.token(app.signed_in(id, Role::Editor).await);
        let role = app.get(&firm.token, &format!("/api/v1/organisations/{}/roles", firm.id)).await.expect(200);
        let of_admin = |role: &&Value| role["person"] == json!(firm.grant.person);
        let role = role.items().iter().find(of_admin).unwrap()["id"].as_str().unwrap().to_owned();
        let ids = BTreeMap::from([
            ("organisations", firm.id.clone()),
            ("sites", firm.site.clone()),
            ("lines", line),
            ("offers", offer),
            ("needs", need),
            ("match-runs", run),
            ("matches", matched),
            ("api-keys", key),
            ("people", firm.id.clone()),
            ("sessions", NOBODY.to_owned()),
            ("roles", role),
            // As if the firm were a cluster: what it may not do is refused before that matters.
            ("clusters", firm.id.clone()),
            ("members", NOBODY.to_owned()),
            ("market", NOBODY.to_owned()),
            ("questionnaire", NOBODY.to_owned()),
            ("run-schedule", NOBODY.to_owned()),
            ("mandates", NOBODY.to_owned()),
            ("claims", NOBODY.to_owned()),
            ("calls", NOBODY.to_owned()),
            ("chains", NOBODY.to_owned()),
            ("answers", NOBODY.to_owned()),
            ("certificates", NOBODY.to_owned()),
            ("evidences", NOBODY.to_owned()),
            ("reviews", NOBODY.to_owned()),
            ("alerts", app.post(&firm.token, "/api/v1/alerts", &alerts::short_of(1)).await.expect(201).id()),
        ]);
        let mut refused = 0;
        for (id, (method, path)) in operations() {
            let mine = PERSONAL.contains(&id.as_str()) || OWN.contains(&id.as_str()) || OPEN.contains(&id.as_str());
            // Any person may register an organisation, and to ask who may serve a need is to read.
            if mine || method == "GET" || ["organisations_create", "candidates_tell", "chains_search"].contains(&id.as_str()) {
                continue;
            }
            let path = filled(&path, &ids);
            let send = |token: &str| {
                let mut sent = request(method.parse().unwrap(), token, &path, body_of(&id).to_string().into());
                sent.headers_mut().insert("if-match", "*".parse().unwrap());
                app.send(sent)
            };
            assert_eq!(send(&member).await.status, 403, "{id}");
            // An editor writes, and decides about nobody.
            if ["roles", "api_keys", "match_runs", "mandates", "claims", "memberships", "organisations", "markets", "run_schedules"].iter().any(|list| id.starts_with(list)) {
                assert_eq!(send(&editor).await.status, 403, "{id}");
            }
            refused += 1;
        }
        assert!(refused > 10, "{refused}");
        for list in ["offers", "needs", "sites"] {
            assert!(!app.get(&member, &format!("/api/v1/{list}")).await.expect(200).items().is_empty(), "{list}");
        }
        app.get(&member, "/api/v1/api-keys").await.expect(403);
        assert_eq!(app.get(&firm.token, "/api/v1/offers?state=published").await.items().len(), 1);
    }
}

on_both! {
    async fn acl_01_another_organisations_records_do_not_exist(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let hospital = app.hospital("Hôpital").await;
        let mut body = certificates::with(&firm, json!([certificates::paper("DE-4711")]));
        let made = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).json;
        let (files, offer) = evidence::addresses(&made);
        let offer = offer.trim_start_matches("/api/v1/offers/").to_owned();
        let paper = evidence::upload(&app, &firm.token, &files, "application/pdf", &b"%PDF-1.7"[..]).await.expect(201).id();
        let certificate = made["certificates"][0]["id"].as_str().unwrap().to_owned();
        body["stock"] = json!({ "value": 2_000_000_000 });
        app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        let [review] = &reviews::queue(&app, &app.operator(), "").await[..] else { panic!("no review") };
        let review = review["id"].as_str().unwrap().to_owned();
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.work().await;
        let found = app.get(&firm.token, "/api/v1/matches").await;
        let matched = found.items()[0]["id"].as_str().unwrap().to_owned();
        let role = app.get(&firm.token, &format!("/api/v1/organisations/{}/roles", firm.id)).await.expect(200);
        let of_admin = |role: &&Value| role["person"] == json!(firm.grant.person);
        let role = role.items().iter().find(of_admin).unwrap()["id"].as_str().unwrap().to_owned();
        let cluster = memberships::cluster(&app, "Textile Cluster").await;
        memberships::joined(&app, &firm, &cluster).await;
        let mandate = memberships::mandated(&app, &firm, &cluster, &[]).await;
        let claimant = app.firm("Claimant").await;
        let wanted = json!({ "country": "DE", "name": "Atelier", "evidence": "my word" });
        app.post(&claimant.token, "/api/v1/organisations/ask", &wanted).await.expect(202);
        let claim = app.get(&firm.token, &format!("/api/v1/organisations/{}/claims", firm.id)).await.expect(200);
        let claim = claim.items()[0]["id"].as_str().unwrap().to_owned();
        let (call, answer) = calls::answered(&app, &hospital, &firm).await;
        let chain = chains::Trio::of(&app, ["Spinner", "Lead", "Ward"], ["meltblown", "gown-surgical"]).await.held(&app).await;
        let ids = BTreeMap::from([
            ("calls", call),
            ("chains", chain),
            ("answers", answer),
            ("clusters", cluster.id.clone()),
            ("members", firm.id.clone()),
            ("mandates", mandate.clone()),
            ("claims", claim),
            ("certificates", certificate),
            ("evidences", paper),
            ("reviews", review),
            ("organisations", firm.id.clone()),
            ("sites", firm.site.clone()),
            ("lines", app.post(&firm.token, "/api/v1/lines", &lines::plain(&firm, 5)).await.expect(201).id()),
            ("offers", offer),
            ("needs", need),
            ("match-runs", run),
            ("matches", matched),
            ("sessions", firm.grant.session.to_string()),
            ("roles", role),
            ("people", firm.id.clone()),
            ("api-keys", app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201).id()),
            ("alerts", app.post(&firm.token, "/api/v1/alerts", &alerts::short_of(1)).await.expect(201).id()),
        ]);
        let mut exercised = BTreeSet::new();
        for (id, (method, path)) in operations() {
            let list = path.split('/').nth(3).unwrap_or_default();
            let send = |path: String, body: Value| {
                let mut sent = request(method.parse().unwrap(), &other.token, &path, body.to_string().into());
                if method == "PATCH" {
                    sent.headers_mut().insert("if-match", "*".parse().unwrap());
                }
                if id == "evidence_create" {
                    sent.headers_mut().insert("content-type", "application/pdf".parse().unwrap());
                }
                app.send(sent)
            };
            if OPEN.contains(&id.as_str()) {
                continue;
            } else if PERSONAL.contains(&id.as_str()) {
                assert!(!path.contains('{'), "{id}");
            } else if id == "markets_get" {
                // Everybody in the market reads how it runs.
                assert_eq!(send(path, json!({})).await.expect(200).json["mode"], "normal");
            } else if id == "run_schedules_get" {
                assert_eq!(send(path, json!({})).await.status, 403, "{id}");
            } else if path.contains('{') {
                let path = filled(&path, &ids);
                let body = if method == "PATCH" { json!({ "note": "X", "name": "X" }) } else { body_of(&id) };
                let answer = send(path, body).await;
                let expected = match id.as_str() {
                    id if SHARED.contains(&id) => 200,
                    id if OPERATORS.contains(&id) => 403,
                    _ => 404,
                };
                assert_eq!(answer.status, expected, "{id}: {}", answer.text);
                if id == "match_runs_shortages" {
                    assert_eq!(answer.items().len(), 0, "{id}");
                }
                if id == "match_runs_remedies" {
                    // Of one's own needs, and there are none.
                    assert_eq!((&answer.json["needs"], &answer.json["asked"]), (&json!(0), &json!(0)), "{id}");
                }
            } else if method == "GET" {
                let path = match id.as_str() {
                    "changes_list" => {
                        let since = app.get(&other.token, "/api/v1/changes/snapshot").await.expect(200);
                        format!("{path}?since={}", since.json["since"].as_str().unwrap())
                    }
                    _ => path.clone(),
                };
                let answer = send(path.clone(), json!({})).await.expect(200);
                // Of one firm's offer and one hospital's need nobody else is told anything.
                if list == "map" {
                    assert!(answer.text.contains("No offers for"), "{id}: {}", answer.text);
                    exercised.insert(id);
                    continue;
                }
                if list == "questionnaire" {
                    assert!(!answer.text.contains(&firm.id), "{id}: {}", answer.text);
                    exercised.insert(id);
                    continue;
                }
                let of_rows = ["capacity", "shortages", "dependence", "hidden-capacity"].contains(&list);
                let items = if of_rows { "rows" } else { "items" };
                let own = match list {
                    "organisations" | "sites" => 1,
                    // Its organisation and its site and the two runs, and nothing that changed since.
                    "changes" if id == "changes_snapshot" => 4,
                    // That it and its site were registered.
                    "audit" => 2,
                    "match-runs" => 2,
                    "sessions" => 1,
                    // Whom it can join.
                    "directory" => 1,
                    _ => 0,
                };
                assert_eq!(answer.json[items].as_array().map(Vec::len), Some(own), "{id}: {}", answer.text);
            } else {
                // Writing for another: refused for the field that says so, or for the act itself.
                let body = match list {
                    "alerts" => { let mut b = alerts::short_of(1); b["organisation"] = json!(firm.id); b }
                    "lines" => { let mut b = lines::plain(&firm, 5); b["organisation"] = json!(firm.id); b }
                    "sites" | "api-keys" => json!({ "organisation": firm.id, "name": "S" }),
                    "offers" if id == "offers_reconfirm" => json!({ "offers": [{ "id": ids["offers"] }] }),
                    "market" | "run-schedule" => body_of(&id),
                    "offers" => { let mut b = offers::plain(&firm); b["organisation"] = json!(firm.id); b }
                    "needs" => { let mut b = needs::plain(&hospital); b["organisation"] = json!(hospital.id); b }
                    "matches" => body_of(&id),
                    "candidates" => json!({ "need": ids["needs"] }),
                    "questionnaire" => json!({ "site": firm.site, "save": true }),
                    "calls" => { let mut b = calls::plain(); b["organisation"] = json!(hospital.id); b }
                    "chains" if id == "chains_search" => json!({ "need": ids["needs"] }),
                    "chains" => { let mut b = body_of(&id); b["organisation"] = json!(firm.id); b }
                    _ => json!({ "name": "X", "kind": "firm", "country": "DE", "verification": "operator" }),
                };
                let answer = send(path.clone(), if list == "match-runs" { json!({}) } else { body }).await;
                match list {
                    "match-runs" | "matches" | "market" | "run-schedule" => assert_eq!(answer.status, 403, "{id}"),
                    "candidates" => assert_eq!(answer.status, 404, "{id}"),
                    "chains" if id == "chains_search" => assert_eq!(answer.status, 404, "{id}"),
                    "questionnaire" => assert_eq!(answer.expect(422).faults(), ["/site unknown_site"], "{id}"),
                    "offers" if id == "offers_reconfirm" => assert_eq!(answer.expect(422).faults(), ["/offers/0/id unknown_offer"], "{id}"),
                    // Whoever registers one is its admin, and vouches for nobody.
                    "organisations" => assert_eq!(answer.expect(422).faults(), ["/verification not_yours"], "{id}"),
                    _ => assert_eq!(answer.expect(422).faults(), ["/organisation unknown_organisation"], "{id}"),
                }
            }
            exercised.insert(id);
        }
        let all: BTreeSet<String> = operations().into_keys().filter(|id| !OPEN.contains(&id.as_str())).collect();
        assert_eq!(exercised, all);
        // Nothing of what was tried left a trace.
        let held = app.get(&firm.token, &format!("/api/v1/organisations/{}/mandates/{mandate}", firm.id)).await.expect(200);
        assert_eq!(held.json["state"], "valid");
        let members = app.get(&cluster.token, &format!("/api/v1/organisations/{}/members?state=active", cluster.id)).await;
        assert_eq!(members.items()[0]["vouched"], false);
        assert_eq!(app.get(&app.operator(), "/api/v1/market").await.json["mode"], "normal");
        assert_eq!(app.get(&app.operator(), "/api/v1/offers?state=withdrawn,paused").await.items().len(), 0);
        assert_eq!(app.get(&app.operator(), "/api/v1/needs?state=closed").await.items().len(), 0);
        assert_eq!(app.get(&app.operator(), "/api/v1/sites").await.items().len(), 8);
    }
}
