//! Keys of machines over HTTP.

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, app::Answer, on_both};

const KEYS: &str = "/api/v1/api-keys";
const SITES: &str = "/api/v1/sites";

async fn made(app: &TestApp, token: &str, scopes: &[&str]) -> Answer {
    let body = json!({ "name": "Portal", "scopes": scopes, "expires_in_seconds": 3_600 });
    app.post(token, KEYS, &body).await.expect(201)
}

fn text(answer: &Answer) -> String {
    answer.json["key"].as_str().unwrap().to_owned()
}

on_both! {
    async fn a_key_opens_what_its_scopes_say(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let (reads, writes) = (made(&app, &firm.token, &["read"]).await, made(&app, &firm.token, &["write"]).await);
        let site = json!({ "name": "Second" });
        assert_eq!(app.get(&text(&reads), SITES).await.expect(200).items().len(), 1);
        let refused = app.post(&text(&reads), SITES, &site).await.expect(403);
        assert_eq!(refused.json["code"], "forbidden");
        assert!(refused.header("www-authenticate").contains("error=\"insufficient_scope\", scope=\"write\""));
        app.post(&text(&writes), SITES, &site).await.expect(201);
        app.get(&text(&writes), SITES).await.expect(403);
        // Neither may make keys, or see them.
        for key in [&reads, &writes] {
            app.get(&text(key), KEYS).await.expect(403);
            app.post(&text(key), KEYS, &json!({ "name": "More" })).await.expect(403);
            app.get(&text(key), &format!("{KEYS}/{}", key.id())).await.expect(403);
        }
        assert_eq!(app.get(&firm.token, SITES).await.items().len(), 2);
    }
}

on_both! {
    async fn a_key_makes_none_that_may_more_than_itself(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let admin = text(&made(&app, &firm.token, &["read", "admin"]).await);
        let asked = json!({ "name": "More", "scopes": ["write", "read", "root"] });
        let refused = app.post(&admin, KEYS, &asked).await.expect(422);
        assert_eq!(refused.faults(), ["/scopes/0 beyond_own", "/scopes/2 unknown_value"]);
        let usual = app.post(&admin, KEYS, &json!({ "name": "Less" })).await.expect(201);
        assert_eq!(usual.json["scopes"], json!(["read"]));
        let wrong = json!({ "name": " ", "expires_in_seconds": 0, "scopes": vec!["read"; 11] });
        let faults = app.post(&admin, KEYS, &wrong).await.expect(422).faults();
        assert_eq!(faults, ["/name blank", "/scopes too_many", "/expires_in_seconds out_of_range"]);
    }
}

on_both! {
    async fn aut_05_a_revoked_key_opens_nothing_from_the_next_request_on(db: TestDb) {
        let app = TestApp::new(db);
        // A second replica on the same database.
        let other = api::router(app.app.clone());
        let firm = app.firm("Atelier").await;
        let key = made(&app, &firm.token, &["read"]).await;
        app.get(&text(&key), SITES).await.expect(200);
        let place = format!("{KEYS}/{}", key.id());
        let revoked = app.delete(&firm.token, &place).await.expect(200);
        assert_eq!(revoked.json["state"], "revoked");
        let refused = app.get(&text(&key), SITES).await.expect(401);
        assert!(refused.header("www-authenticate").contains("invalid_token"));
        let there = testkit::app::request("GET".parse().unwrap(), &text(&key), SITES, "".into());
        assert_eq!(tower::ServiceExt::oneshot(other, there).await.unwrap().status(), 401);
        // Again changes nothing, and says when it was.
        app.clock.advance_micros(60_000_000);
        let again = app.delete(&firm.token, &place).await.expect(200);
        assert_eq!(again.json["revoked_at"], revoked.json["revoked_at"]);
    }
}

on_both! {
    async fn aut_07_a_key_is_shown_once_and_stored_as_a_hash(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let key = made(&app, &firm.token, &["read"]).await;
        assert_eq!(key.header("cache-control"), "no-store");
        let secret = text(&key).rsplit('_').next().unwrap().to_owned();
        let listed = app.get(&firm.token, KEYS).await.expect(200);
        let one = app.get(&firm.token, &format!("{KEYS}/{}", key.id())).await.expect(200);
        assert!(!listed.text.contains(&secret) && !one.text.contains(&secret));
        assert_eq!(one.json["prefix"], text(&key)[..19]);
        // In a query string it would stand in logs; no route takes it there.
        app.get("", &format!("{SITES}?api_key={}", text(&key))).await.expect(401);
        app.get(&firm.token, &format!("{SITES}?api_key={}", text(&key))).await.expect(400);
        let stored = storage::api_keys::claimed(&app.app.store, &text(&key)[..19]).await.unwrap().unwrap();
        assert!(!format!("{stored:?}").contains(&secret));
    }
}

on_both! {
    async fn a_key_has_its_time_and_its_last_use(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let key = made(&app, &firm.token, &["read"]).await;
        assert_eq!(key.json["last_used_at"], Value::Null);
        let place = format!("{KEYS}/{}", key.id());
        app.get(&text(&key), SITES).await.expect(200);
        let first = app.get(&firm.token, &place).await.json["last_used_at"].clone();
        assert!(first.is_string());
        app.clock.advance_micros(59_000_000);
        app.get(&text(&key), SITES).await.expect(200);
        assert_eq!(app.get(&firm.token, &place).await.json["last_used_at"], first);
        app.clock.advance_micros(2_000_000);
        app.get(&text(&key), SITES).await.expect(200);
        assert_ne!(app.get(&firm.token, &place).await.json["last_used_at"], first);
        app.clock.advance_micros(3_600_000_000);
        app.get(&text(&key), SITES).await.expect(401);
        assert_eq!(app.get(&app.operator(), &place).await.json["state"], "expired");
    }
}

on_both! {
    async fn aut_08_what_is_no_key_says_nothing_of_those_there_are(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let key = text(&made(&app, &firm.token, &["read"]).await);
        let (known, unknown) = (format!("{}0", &key[..83]), format!("muster_000000000000_{}", &key[20..]));
        let known = if known == key { format!("{}1", &key[..83]) } else { known };
        let mut said = std::collections::BTreeSet::new();
        for wrong in [known.as_str(), &unknown, "muster_", "muster_x_y", &key[..83], &key.to_uppercase(), &format!("{key}0")] {
            let answer = app.get(wrong, SITES).await.expect(401);
            if wrong.starts_with("muster_") {
                said.insert(answer.json["detail"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(said.len(), 1, "{said:?}");
    }
}

on_both! {
    async fn the_operator_makes_keys_for_whom_he_names(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let own = app.post(&app.operator(), KEYS, &json!({ "name": "Jobs" })).await.expect(201);
        assert_eq!(own.json["organisation"], Value::Null);
        let theirs = json!({ "name": "First", "organisation": firm.id, "scopes": ["read", "write", "admin"] });
        let theirs = app.post(&app.operator(), KEYS, &theirs).await.expect(201);
        assert_eq!(theirs.json["organisation"], json!(firm.id));
        assert_eq!(app.get(&text(&theirs), KEYS).await.expect(200).items().len(), 1);
        assert_eq!(app.get(&text(&own), "/api/v1/organisations").await.expect(200).items().len(), 1);
        // An organisation never finds the operator's.
        app.get(&text(&theirs), &format!("{KEYS}/{}", own.id())).await.expect(404);
    }
}
