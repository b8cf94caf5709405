//! Organisations are changed by their admins and by the operator, and what others vouched for does not survive it.

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, app::request, on_both};

fn address(org: &Org) -> String {
    format!("/api/v1/organisations/{}", org.id)
}

async fn changed(app: &TestApp, token: &str, org: &Org, body: Value) -> Answer {
    app.patch(token, &address(org), "*", &body).await
}

async fn read(app: &TestApp, org: &Org) -> Answer {
    app.get(&org.token, &address(org)).await.expect(200)
}

/// What the last entry about an organisation tells of its fields.
async fn noted(app: &TestApp, org: &Org) -> Value {
    let log = app.get(&app.operator(), &format!("/api/v1/audit?record_id={}&act=update", org.id)).await.expect(200);
    log.items().first().map_or(Value::Null, |entry| entry["changes"].clone())
}

async fn vouched(app: &TestApp, org: &Org) {
    let id = domain::ids::OrganisationId(org.id.parse().unwrap());
    let operator = app::access::Caller::command_line();
    let verification = domain::organisation::Verification::Operator;
    app::organisations::verify(&app.app, &operator, id, verification, |_| Ok(())).await.unwrap();
}

on_both! {
    async fn htt_04_an_admin_changes_what_it_is_called_for_the_version_that_was_read(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let before = read(&app, &firm).await;
        let tag = before.header("etag");
        let same = app.patch(&firm.token, &address(&firm), tag, &json!({})).await.expect(200);
        assert_eq!((&same.json, same.header("etag"), noted(&app, &firm).await), (&before.json, tag, Value::Null));
        let body = json!({ "name": "  Atelier   Neu ", "country": "UK", "identifiers": [
            { "kind": "vat", "value": "XI 123 4567 89" }, { "kind": "national", "value": "12-34" }, { "kind": "gln", "value": "4012345000009" }] });
        let after = app.patch(&firm.token, &address(&firm), tag, &body).await.expect(200);
        assert_eq!((&after.json["name"], &after.json["country"]), (&json!("Atelier Neu"), &json!("GB")));
        let kinds: Vec<&Value> = after.json["identifiers"].as_array().unwrap().iter().map(|i| &i["kind"]).collect();
        assert_eq!(kinds, ["gln", "national", "vat"]);
        let now = read(&app, &firm).await;
        assert_eq!((&now.json, now.header("etag")), (&after.json, after.header("etag")));
        // Who did not see that is told so, and a change without a version is none.
        let stale = app.patch(&firm.token, &address(&firm), tag, &json!({ "name": "Alt" })).await.expect(412);
        assert_eq!(stale.json["code"], "stale");
        let bare = request("PATCH".parse().unwrap(), &firm.token, &address(&firm), json!({ "name": "Alt" }).to_string().into());
        assert_eq!(app.send(bare).await.expect(428).json["code"], "precondition_required");
        // What stays is not read again: an identifier stands in the form that it has.
        let renamed = changed(&app, &firm.token, &firm, json!({ "name": "Atelier Neuer" })).await.expect(200);
        assert_eq!(renamed.json["identifiers"], after.json["identifiers"]);
        // The log tells that, and neither names nor numbers.
        assert_eq!(noted(&app, &firm).await, json!([{ "field": "name", "from": null, "to": null }]));
        // Null is for what may be absent.
        let refused = changed(&app, &firm.token, &firm, json!({ "name": null, "country": "Atlantis" })).await.expect(422);
        assert_eq!(refused.faults(), ["/name missing_field"]);
        let cleared = changed(&app, &firm.token, &firm, json!({ "identifiers": null })).await.expect(200);
        assert_eq!(cleared.json["identifiers"], json!([]));
        let faults = json!({ "name": " ", "country": "Atlantis", "identifiers": [{ "kind": "vat", "value": "1" }, { "kind": "duns", "value": "1" }] });
        let refused = changed(&app, &firm.token, &firm, faults).await.expect(422);
        assert_eq!(refused.faults(), ["/name blank", "/country unknown_region", "/identifiers/0/value bad_identifier", "/identifiers/1/kind unknown_value"]);
    }
}

on_both! {
    async fn acl_02_what_others_say_of_it_is_not_its_own_to_change(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, cluster) = (app.firm("Atelier").await, app.organisation("Textil", "cluster", "DE", "DE21").await);
        let before = read(&app, &firm).await;
        for (field, value) in [
            ("verification", json!("operator")), ("kind", json!("authority")), ("clusters", json!([cluster.id])), ("id", json!(cluster.id)),
            ("created_at", json!("2020-01-01T00:00:00Z")), ("origin", json!("file")), ("operator", json!(true)),
        ] {
            for token in [&firm.token, &app.operator()] {
                let refused = changed(&app, token, &firm, json!({ "name": "New", field: value })).await.expect(422);
                assert_eq!(refused.faults(), [format!("/{field} unknown_field")]);
            }
        }
        let confirmed = json!({ "identifiers": [{ "kind": "vat", "value": "DE123456788", "confirmed": true }] });
        let refused = changed(&app, &firm.token, &firm, confirmed).await.expect(422);
        assert_eq!(refused.faults(), ["/identifiers/0/confirmed unknown_field"]);
        assert_eq!(read(&app, &firm).await.json, before.json);
        // Nor is it for editors, for keys that only write, or for others.
        let id = firm.id.parse().unwrap();
        let editor = app.token(app.signed_in(id, domain::person::Role::Editor).await);
        changed(&app, &editor, &firm, json!({ "name": "New" })).await.expect(403);
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201);
        changed(&app, key.json["key"].as_str().unwrap(), &firm, json!({ "name": "New" })).await.expect(403);
        changed(&app, &cluster.token, &firm, json!({ "name": "New" })).await.expect(404);
    }
}

on_both! {
    async fn whoever_was_vouched_for_is_vouched_for_anew_under_another_name(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, operator) = (app.firm("Atelier").await, app.operator());
        let vat = json!({ "kind": "vat", "value": "DE123456788" });
        let state = async || {
            let now = read(&app, &firm).await.json;
            let confirmed: Vec<bool> = now["identifiers"].as_array().unwrap().iter().map(|i| i["confirmed"] == true).collect();
            (now["verification"].as_str().unwrap().to_owned(), confirmed)
        };
        // What the operator changes stays vouched for, and what he adds is confirmed.
        vouched(&app, &firm).await;
        changed(&app, &operator, &firm, json!({ "name": "Werkstatt", "identifiers": [vat.clone()] })).await.expect(200);
        assert_eq!(state().await, ("operator".to_owned(), vec![true]));
        // Another spelling is no other name, and a number that is added none that was confirmed.
        let gln = json!({ "kind": "gln", "value": "4012345000009" });
        let spelled = json!({ "name": "WERKSTATT", "identifiers": [vat.clone(), gln.clone()] });
        changed(&app, &firm.token, &firm, spelled).await.expect(200);
        assert_eq!(state().await, ("operator".to_owned(), vec![false, true]));
        changed(&app, &firm.token, &firm, json!({ "name": "Klinik" })).await.expect(200);
        assert_eq!(state().await, ("none".to_owned(), vec![false, true]));
        let told = json!([{ "field": "name", "from": null, "to": null }, { "field": "verification", "from": "operator", "to": "none" }]);
        assert_eq!(noted(&app, &firm).await, told);
        for change in [json!({ "country": "AT" }), json!({ "identifiers": [gln.clone()] })] {
            vouched(&app, &firm).await;
            changed(&app, &firm.token, &firm, change).await.expect(200);
            assert_eq!(state().await.0, "none");
        }
        // The number that it had is nobody's any more; stated again it is unconfirmed.
        changed(&app, &firm.token, &firm, json!({ "identifiers": [vat, gln] })).await.expect(200);
        assert_eq!(state().await, ("none".to_owned(), vec![false, false]));
    }
}

on_both! {
    async fn uni_01_a_name_or_a_number_that_another_has_is_not_taken(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Müller").await);
        let vat = json!([{ "kind": "vat", "value": "DE123456788" }]);
        changed(&app, &other.token, &other, json!({ "identifiers": vat })).await.expect(200);
        for body in [json!({ "name": "MULLER" }), json!({ "name": "Mu\u{308}ller" }), json!({ "identifiers": vat })] {
            let twin = changed(&app, &firm.token, &firm, body.clone()).await.expect(409);
            assert_eq!(twin.json["code"], "duplicate_organisation", "{body}");
            assert!(!twin.text.contains(&other.id), "{}", twin.text);
            let told = changed(&app, &app.operator(), &firm, body).await.expect(409);
            assert!(told.text.contains(&other.id), "the operator is told which: {}", told.text);
        }
        changed(&app, &other.token, &other, json!({ "name": "MÜLLER" })).await.expect(200);
        // Two who want one name at once: one gets it.
        let app = std::sync::Arc::new(app);
        let mut tasks = tokio::task::JoinSet::new();
        for org in [firm, other] {
            let app = std::sync::Arc::clone(&app);
            tasks.spawn(async move { changed(&app, &org.token, &org, json!({ "name": "Meyer" })).await.status });
        }
        let mut statuses = tasks.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}
