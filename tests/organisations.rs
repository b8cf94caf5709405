//! Organisations over HTTP.

use serde_json::json;
use testkit::{TestApp, TestDb, on_both};

on_both! {
    async fn the_operator_registers_and_each_reads_its_own(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let cluster = json!({ "name": "Textile cluster", "kind": "cluster", "country": "Hellas", "verification": "operator" });
        let cluster = app.post(&operator, "/api/v1/organisations", &cluster).await.expect(201);
        assert_eq!(cluster.json["country"], "GR");
        let body = json!({ "name": "  Atelier   Exemple ", "kind": "firm", "country": "UK", "clusters": [cluster.id()] });
        let made = app.post(&operator, "/api/v1/organisations", &body).await.expect(201);
        assert_eq!((&made.json["name"], &made.json["country"]), (&json!("Atelier Exemple"), &json!("GB")));
        assert_eq!(made.json["clusters"], json!([cluster.id()]));
        assert_eq!(app.get(&operator, made.header("location")).await.expect(200).json, made.json);
        assert_eq!(app.get(&operator, "/api/v1/organisations").await.expect(200).items().len(), 2);

        let firm = app.firm("Another").await;
        let own = app.get(&firm.token, "/api/v1/organisations").await.expect(200);
        assert_eq!(own.items().len(), 1);
        assert_eq!(own.items()[0]["id"], firm.id.as_str());
        // A key registers nothing, whatever it may.
        let key = json!({ "name": "Portal", "scopes": ["read", "write", "admin"] });
        let key = app.post(&firm.token, "/api/v1/api-keys", &key).await.expect(201).json["key"].as_str().unwrap().to_owned();
        let refused = app.post(&key, "/api/v1/organisations", &body).await.expect(403);
        assert_eq!(refused.json["code"], "forbidden");
    }
}

on_both! {
    async fn every_fault_of_an_organisation_is_named(db: TestDb) {
        let app = TestApp::new(db);
        let body = json!({ "name": " ", "kind": "club", "country": "Atlantis", "verification": "me",
            "clusters": ["018f0000-0000-7000-8000-000000000001"] });
        let answer = app.post(&app.operator(), "/api/v1/organisations", &body).await.expect(422);
        assert_eq!(answer.faults(), [
            "/name blank", "/kind unknown_value", "/country unknown_region", "/verification unknown_value",
            "/clusters/0 unknown_organisation",
        ]);
        let crowd = json!({ "name": "A", "kind": "firm", "country": "DE",
            "clusters": vec!["018f0000-0000-7000-8000-000000000001"; 51] });
        let answer = app.post(&app.operator(), "/api/v1/organisations", &crowd).await.expect(422);
        assert_eq!(answer.faults()[0], "/clusters too_many");
        assert_eq!(app.get(&app.operator(), "/api/v1/organisations").await.items().len(), 0);
    }
}

on_both! {
    async fn one_name_is_registered_once_whoever_asks_at_once(db: TestDb) {
        let app = std::sync::Arc::new(TestApp::new(db));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let app = std::sync::Arc::clone(&app);
            let body = json!({ "name": "Atelier", "kind": "firm", "country": "FR" });
            tasks.spawn(async move { app.post(&app.operator(), "/api/v1/organisations", &body).await.status });
        }
        let mut statuses = tasks.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; 7]].concat());
    }
}

on_both! {
    async fn uni_01_two_spellings_of_a_name_are_one_organisation(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let named = |name: &str| json!({ "name": name, "kind": "firm", "country": "DE" });
        let first = app.post(&operator, "/api/v1/organisations", &named("Müller")).await.expect(201);
        let twin = app.post(&operator, "/api/v1/organisations", &named("Mu\u{308}ller")).await.expect(409);
        assert_eq!(twin.json["code"], "duplicate_organisation");
        let abroad = json!({ "name": "Müller", "kind": "firm", "country": "AT" });
        app.post(&operator, "/api/v1/organisations", &abroad).await.expect(201);
        let again = app.post(&operator, "/api/v1/organisations", &abroad).await.expect(409);
        assert_eq!(again.json["code"], "duplicate_organisation", "although another country had the name first");
        for q in ["M%C3%BCller", "Mu%CC%88ller", "m%C3%BCller", "MULLER"] {
            let found = app.get(&operator, &format!("/api/v1/organisations?q={q}")).await.expect(200);
            assert!(found.items().iter().any(|o| o["id"] == first.id().as_str()), "{q}");
        }
    }
}

on_both! {
    async fn uni_02_and_db_08_search_is_literal_and_knows_all_letters(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let body = json!({ "name": "ÄRZTEBEDARF ŁÓDŹ", "kind": "firm", "country": "PL" });
        app.post(&operator, "/api/v1/organisations", &body).await.expect(201);
        for (q, hits) in [
            ("%C3%A4rztebedarf", 1),
            ("%C5%82%C3%B3d%C5%BA", 1),
            ("lodz", 1),
            ("%25", 0),
            ("%EF%BC%85", 0),
            ("_", 0),
            ("%EF%BC%BF", 0),
            ("nothing", 0),
        ] {
            let found = app.get(&operator, &format!("/api/v1/organisations?q={q}")).await.expect(200);
            assert_eq!(found.items().len(), hits, "{q}");
        }
    }
}

on_both! {
    async fn uni_04_uni_05_and_db_10_names_that_hide_something_are_refused(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        for (name, fault) in [
            ("Acme\u{0}GmbH", "/name control_character"),
            ("Ac\u{200B}me", "/name control_character"),
            ("Ac\u{202E}me", "/name control_character"),
            ("   ", "/name blank"),
            ("", "/name blank"),
            ("\u{1F637}", "/name no_letters"),
            (&format!("A{}", "\u{301}".repeat(10_000)), "/name too_long"),
            (&"ß".repeat(201), "/name too_long"),
        ] {
            let body = json!({ "name": name, "kind": "firm", "country": "DE" });
            let answer = app.post(&operator, "/api/v1/organisations", &body).await.expect(422);
            assert_eq!(answer.faults(), [fault], "{name:?}");
        }
        for name in ["ß".repeat(200), format!("a{}", "\u{1F637}".repeat(199))] {
            let body = json!({ "name": name, "kind": "firm", "country": "DE" });
            app.post(&operator, "/api/v1/organisations", &body).await.expect(201);
        }
    }
}

fn with_vat(name: &str, country: &str, vat: &str) -> serde_json::Value {
    json!({ "name": name, "kind": "firm", "country": country, "identifiers": [{ "kind": "vat", "value": vat }] })
}

on_both! {
    async fn org_01_and_org_02_greece_writes_el_and_northern_ireland_xi(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let first = app.post(&operator, "/api/v1/organisations", &with_vat("A", "GR", "EL123456783")).await.expect(201);
        let held = json!([{ "kind": "vat", "value": "EL123456783", "confirmed": true }]);
        assert_eq!((&first.json["country"], &first.json["identifiers"]), (&json!("GR"), &held));
        for (country, vat) in [("GR", "GR123456783"), ("GR", "123456783"), ("EL", "EL 123 456 783"), ("DE", "EL123456783")] {
            let twin = app.post(&operator, "/api/v1/organisations", &with_vat("B", country, vat)).await.expect(409);
            assert_eq!(twin.json["code"], "duplicate_organisation", "{country} {vat}");
            assert!(twin.text.contains(&first.id()), "the operator is told which: {}", twin.text);
        }
        let ireland = app.post(&operator, "/api/v1/organisations", &with_vat("C", "UK", "XI 123 4567 89")).await.expect(201);
        assert_eq!((&ireland.json["country"], &ireland.json["identifiers"][0]["value"]), (&json!("GB"), &json!("XI123456789")));
        let faults = json!({ "name": "D", "kind": "firm", "country": "DE", "identifiers": [
            { "kind": "vat", "value": "DE12" }, { "kind": "duns", "value": "1" }, { "kind": "gln", "value": "4012345000008" }] });
        assert_eq!(app.post(&operator, "/api/v1/organisations", &faults).await.expect(422).faults(), [
            "/identifiers/0/value bad_identifier", "/identifiers/1/kind unknown_value", "/identifiers/2/value bad_identifier",
        ]);
    }
}

on_both! {
    async fn org_04_whoever_registers_what_is_there_asks_its_admins_and_learns_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let (ann, eve) = (app.firm("Atelier").await, app.firm("Other").await);
        let made = app.post(&ann.token, "/api/v1/organisations", &with_vat("Werk", "DE", "DE 123 456 788")).await.expect(201);
        // Whoever registers it is its admin, and nobody has confirmed the number.
        assert_eq!((&made.json["verification"], &made.json["identifiers"][0]["confirmed"]), (&json!("none"), &json!(false)));
        let me = app.get(&ann.token, "/api/v1/people/me").await.expect(200);
        let role = me.json["roles"].as_array().unwrap().iter().find(|r| r["organisation"] == json!(made.id())).unwrap();
        assert_eq!((&role["role"], &role["accepted"]), (&json!("admin"), &json!(true)));
        for vat in ["de123456788", "DE123.456.788", "123456788", "DE\u{a0}123\u{2013}456\u{2013}788"] {
            let twin = app.post(&eve.token, "/api/v1/organisations", &with_vat("Mine", "DE", vat)).await.expect(409);
            assert!(!twin.text.contains(&made.id()) && !twin.text.contains("Werk"), "{}", twin.text);
            assert!(twin.text.contains("/organisations/ask"), "{}", twin.text);
        }
        let by_name = app.post(&eve.token, "/api/v1/organisations", &json!({ "name": "WERK", "kind": "firm", "country": "DE" })).await;
        assert!(!by_name.expect(409).text.contains(&made.id()));
        app.mails().await;
        let ask = json!({ "country": "DE", "identifier": { "kind": "vat", "value": "123456788" } });
        let asked = app.post(&eve.token, "/api/v1/organisations/ask", &ask).await.expect(202);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].to.starts_with(&ann.grant.person.to_string()), "{mails:?}");
        assert!(mails[0].text.contains(&format!("{}@example.org", eve.grant.person)), "{mails:?}");
        let nowhere = json!({ "country": "DE", "name": "Nowhere" });
        assert_eq!(app.post(&eve.token, "/api/v1/organisations/ask", &nowhere).await.expect(202).text, asked.text);
        assert_eq!(app.mails().await, []);
        // The admin decides.
        let people = format!("/api/v1/organisations/{}/roles", made.id());
        app.get(&eve.token, &people).await.expect(404);
    }
}

on_both! {
    async fn acl_02_nobody_vouches_for_himself(db: TestDb) {
        let app = TestApp::new(db);
        let (ann, cluster) = (app.firm("Atelier").await, app.organisation("Textil", "cluster", "DE", "DE21").await);
        let mut body = json!({ "name": "Werk", "kind": "authority", "country": "DE", "verification": "operator", "clusters": [cluster.id] });
        let refused = app.post(&ann.token, "/api/v1/organisations", &body).await.expect(422);
        assert_eq!(refused.faults(), ["/verification not_yours", "/clusters not_yours"]);
        for field in ["id", "operator", "role", "is_verified", "isVerified", "created_at", "owner_id"] {
            let mut smuggled = json!({ "name": "Werk", "kind": "firm", "country": "DE" });
            smuggled[field] = json!("x");
            let refused = app.post(&ann.token, "/api/v1/organisations", &smuggled).await.expect(422);
            assert_eq!(refused.faults(), [format!("/{field} unknown_field")]);
        }
        body["verification"] = json!("none");
        body["clusters"] = json!([]);
        app.post(&ann.token, "/api/v1/organisations", &body).await.expect(201);
    }
}
