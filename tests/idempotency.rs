//! Requests that are sent again.

use serde_json::{Value, json};
use testkit::{
    TestApp, TestDb,
    app::{Answer, request},
    on_both,
};

const SITES: &str = "/api/v1/sites";

async fn post(app: &TestApp, token: &str, path: &str, key: &str, body: &Value) -> Answer {
    let mut sent = request("POST".parse().unwrap(), token, path, body.to_string().into());
    sent.headers_mut().insert("idempotency-key", key.parse().unwrap());
    app.send(sent).await
}

on_both! {
    async fn the_same_request_is_answered_once_and_made_once(db: TestDb) {
        let mut app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201);
        let key = key.json["key"].as_str().unwrap();
        let body = json!({ "name": "Second" });
        let first = post(&app, key, SITES, "a-1", &body).await.expect(201);
        assert_eq!(first.header("idempotent-replayed"), "");
        // Another process on the same database answers alike, as after a restart.
        app.router = api::router(app.app.clone());
        let second = post(&app, key, SITES, "a-1", &body).await.expect(201);
        assert_eq!((&second.json, second.header("location")), (&first.json, first.header("location")));
        assert_eq!(second.header("idempotent-replayed"), "true");
        assert_eq!(app.get(key, SITES).await.items().len(), 2);
        // The key is the sender's own.
        let theirs = post(&app, &other.token, SITES, "a-1", &body).await.expect(201);
        assert_ne!(theirs.id(), first.id());
        // Whoever's key was revoked does not even learn the old answer.
        let spare = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Spare" })).await.expect(201);
        let spare_key = spare.json["key"].as_str().unwrap();
        post(&app, spare_key, SITES, "b-1", &json!({ "name": "Spare" })).await.expect(201);
        let place = format!("/api/v1/api-keys/{}", spare.id());
        app.send(request("DELETE".parse().unwrap(), &firm.token, &place, "".into())).await.expect(200);
        post(&app, spare_key, SITES, "b-1", &json!({ "name": "Spare" })).await.expect(401);
        // After a day it is free again.
        app.clock.advance_micros(24 * 3_600 * 1_000_000 + 1);
        post(&app, key, SITES, "a-1", &json!({ "name": "Third" })).await.expect(201);
    }
}

on_both! {
    async fn con_05_another_request_does_not_get_the_answer_of_the_first(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        post(&app, &firm.token, SITES, "k", &json!({ "name": "Second" })).await.expect(201);
        let other = post(&app, &firm.token, SITES, "k", &json!({ "name": "Third" })).await.expect(422);
        assert_eq!(other.json["code"], "idempotency_mismatch");
        for bad in ["", "a b", &"x".repeat(256)] {
            let refused = post(&app, &firm.token, SITES, bad, &json!({ "name": "Third" })).await.expect(400);
            assert_eq!(refused.json["code"], "bad_idempotency_key", "{bad:?}");
        }
        assert_eq!(app.get(&firm.token, SITES).await.items().len(), 2);
    }
}

on_both! {
    async fn what_was_refused_may_be_sent_again_with_the_same_key(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        post(&app, &firm.token, SITES, "k", &json!({ "name": " " })).await.expect(422);
        post(&app, &firm.token, SITES, "k", &json!({ "name": "Second" })).await.expect(201);
        post(&app, "", SITES, "k", &json!({ "name": "Third" })).await.expect(401);
    }
}

on_both! {
    async fn con_05_requests_at_once_make_one_record(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let body = json!({ "name": "Second" });
        let sent = || post(&app, &firm.token, SITES, "k", &body);
        let answers = tokio::join!(sent(), sent(), sent(), sent());
        let answers: [Answer; 4] = answers.into();
        assert!(answers.iter().all(|a| [201, 409].contains(&a.status)), "{answers:?}");
        assert!(answers.iter().any(|a| a.status == 201));
        assert_eq!(app.get(&firm.token, SITES).await.items().len(), 2);
    }
}

on_both! {
    async fn a_key_whose_work_was_cut_off_stays_taken(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        post(&app, &firm.token, SITES, "k", &json!({ "name": "Second" })).await.expect(201);
        // As if the service had stopped before it kept the answer.
        app.app.store.tamper("UPDATE idempotent_requests SET status = NULL, body = NULL, location = NULL").await.unwrap();
        let taken = post(&app, &firm.token, SITES, "k", &json!({ "name": "Second" })).await.expect(409);
        assert_eq!(taken.json["code"], "idempotency_running");
        assert_eq!(app.get(&firm.token, SITES).await.items().len(), 2);
    }
}

on_both! {
    async fn secrets_are_not_kept(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let body = json!({ "name": "Portal" });
        let first = post(&app, &firm.token, "/api/v1/api-keys", "k", &body).await.expect(201);
        let second = post(&app, &firm.token, "/api/v1/api-keys", "k", &body).await.expect(201);
        assert_ne!(first.json["key"], second.json["key"]);
    }
}
