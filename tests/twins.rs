//! What is sent twice counts once.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, app::request, on_both};

use crate::{ledger, needs, offers};

/// Sends a body four times at once, and answers what was made.
async fn four_times(
    app: &Arc<TestApp>,
    by: &Org,
    list: &'static str,
    body: &Value,
    key: Option<&'static str>,
) -> Vec<Value> {
    let send = |_| {
        let (app, token, body) = (app.clone(), by.token.clone(), body.to_string());
        tokio::spawn(async move {
            let mut sent = request("POST".parse().unwrap(), &token, &format!("/api/v1/{list}"), body.into());
            if let Some(key) = key {
                sent.headers_mut().insert("idempotency-key", key.parse().unwrap());
            }
            app.send(sent).await
        })
    };
    let mut made = Vec::new();
    for sent in (0..4).map(send).collect::<Vec<_>>() {
        let answer = sent.await.unwrap();
        match answer.status {
            201 => made.push(answer.json),
            // Another of the same key is under way.
            status => assert!(key.is_some() && status == 409, "{}", answer.text),
        }
    }
    made
}

fn kept_back(made: &[Value]) -> Vec<&Value> {
    made.iter().filter(|one| !one["quarantine"].is_null()).collect()
}

on_both! {
    async fn con_04_what_is_sent_four_times_counts_once(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let (firm, ward) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = json!({ "site": firm.site, "product": "apron", "stock": { "value": 500 } });
        let made = four_times(&app, &firm, "offers", &offer, None).await;
        let twins = kept_back(&made);
        assert_eq!((made.len(), twins.len()), (4, 3), "{made:#?}");
        let first = made.iter().find(|one| one["quarantine"].is_null()).unwrap();
        let reason = twins[2]["quarantine"].as_str().unwrap();
        assert!(reason.contains("it is the same as the offer"), "{reason}");
        // With a key there is one record.
        let keyed = json!({ "site": firm.site, "product": "apron", "stock": { "value": 501 } });
        let made = four_times(&app, &firm, "offers", &keyed, Some("k-1")).await;
        assert!(made.iter().all(|one| one["id"] == made[0]["id"] && one["quarantine"].is_null()), "{made:#?}");
        app.post(&firm.token, &format!("/api/v1/offers/{}/withdraw", made[0]["id"].as_str().unwrap()), &json!({})).await.expect(200);
        // A need as well; and a run counts what is offered once.
        let mut need = needs::plain(&ward);
        need["product"] = json!("apron");
        need["grades"] = json!([]);
        let made = four_times(&app, &ward, "needs", &need, None).await;
        assert_eq!(kept_back(&made).len(), 3, "{made:#?}");
        let run = ledger::run(&app).await;
        let found = app.get(&app.operator(), &format!("/api/v1/matches?run={run}")).await.expect(200);
        let [one] = found.items() else { panic!("{}", found.text) };
        assert_eq!((&one["quantity"], &one["offer"]["id"]), (&json!(500), &first["id"]));
    }
}

on_both! {
    async fn con_04_who_means_both_says_so_later_or_has_it_let_through(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let post = async |body: &Value| app.post(&firm.token, "/api/v1/offers", body).await.expect(201).json;
        let body = offers::plain(&firm);
        assert_eq!(post(&body).await["quarantine"], Value::Null);
        let twin = post(&body).await;
        assert_ne!(twin["quarantine"], Value::Null);
        // What differs in anything is no twin, nor what comes later.
        let mut other = body.clone();
        other["stock"]["value"] = json!(5001);
        assert_eq!(post(&other).await["quarantine"], Value::Null);
        app.clock.advance_micros(2_000_001);
        assert_eq!(post(&body).await["quarantine"], Value::Null);
        let operator = app.operator();
        let queue = app.get(&operator, "/api/v1/reviews?state=open").await.expect(200);
        let [review] = queue.items() else { panic!("{}", queue.text) };
        let release = format!("/api/v1/reviews/{}/release", review["id"].as_str().unwrap());
        app.post(&operator, &release, &json!({ "reason": "Two machines" })).await.expect(200);
        let read = app.get(&firm.token, &format!("/api/v1/offers/{}", twin["id"].as_str().unwrap())).await;
        assert_eq!(read.json["quarantine"], Value::Null);
    }
}
