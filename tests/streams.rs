//! The change feed as a stream, and requests that wait for it.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use testkit::{
    TestApp, TestDb,
    app::{Streamed, request},
    on_both,
};
use tokio::sync::oneshot;

use crate::feed::{start, told};

/// The changes after a cursor as a stream.
pub async fn stream(app: &TestApp, token: &str, last: &str) -> Streamed {
    let mut sent = request("GET".parse().unwrap(), token, "/api/v1/changes", "".into());
    sent.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    sent.headers_mut().insert("last-event-id", last.parse().unwrap());
    app.open(sent).await
}

/// What a stream sends next: the events of one piece, as cursor and change; only a place where nothing changed.
async fn next(stream: &mut Streamed) -> Option<Vec<(String, Value)>> {
    let text = stream.piece().await?;
    let mut events = Vec::new();
    for block in text.split("\n\n").filter(|block| block.starts_with("event: change")) {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        events.push((field("id: "), serde_json::from_str(&field("data: ")).unwrap()));
    }
    Some(events)
}

on_both! {
    async fn a_stream_goes_on_where_it_broke_off_and_ends_with_its_credential(db: TestDb) {
        let app = TestApp::new(db);
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = {
            let app = app.app.clone();
            tokio::spawn(async move { app::changes::work(&app, async { drop(stopped.await) }).await })
        };
        let firm = app.firm("Atelier").await;
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal", "scopes": ["read"] })).await.expect(201);
        let token = key.json["key"].as_str().unwrap().to_owned();
        let since = start(&app, &token).await;
        let mut body = stream(&app, &token, &since).await;
        assert_eq!((body.status, &body.headers["content-type"]), (200, &"text/event-stream".parse().unwrap()));
        let mut seen = Vec::new();
        for name in ["One", "Two"] {
            app.post(&firm.token, "/api/v1/sites", &json!({ "name": name, "region": "DE21" })).await.expect(201);
            let events = next(&mut body).await.unwrap();
            assert_eq!((events.len(), &events[0].1["record"]["name"]), (1, &json!(name)));
            assert_eq!(events[0].1["cursor"], json!(events[0].0));
            seen.extend(events);
        }
        // It breaks off, things happen, and it goes on.
        drop(body);
        app.post(&firm.token, "/api/v1/sites", &json!({ "name": "Three", "region": "DE21" })).await.expect(201);
        let mut body = stream(&app, &token, &seen[0].0).await;
        let mut names = Vec::new();
        while names.len() < 2 {
            names.extend(next(&mut body).await.unwrap().into_iter().map(|(_, change)| change["record"]["name"].clone()));
        }
        assert_eq!(names, [json!("Two"), json!("Three")]);
        // What happens after the key was revoked is not sent by it.
        app.delete(&firm.token, &format!("/api/v1/api-keys/{}", key.id())).await.expect(200);
        app.post(&firm.token, "/api/v1/sites", &json!({ "name": "Four", "region": "DE21" })).await.expect(201);
        assert_eq!(next(&mut body).await, None);
        assert_eq!(stream(&app, &token, &seen[0].0).await.status, 401);
        // A stream ends with the service.
        let own = start(&app, &firm.token).await;
        let mut body = stream(&app, &firm.token, &own).await;
        stop.send(()).unwrap();
        worker.await.unwrap();
        while next(&mut body).await.is_some() {}
    }
}

on_both! {
    async fn a_request_waits_for_the_first_change(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = {
            let app = app.app.clone();
            tokio::spawn(async move { app::changes::work(&app, async { drop(stopped.await) }).await })
        };
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let since = start(&app, &firm.token).await;
        let waiting = {
            let (app, token, since) = (Arc::clone(&app), firm.token.clone(), since.clone());
            tokio::spawn(async move { app.get(&token, &format!("/api/v1/changes?wait=20&since={since}")).await.expect(200) })
        };
        // What others do wakes nobody.
        app.post(&other.token, "/api/v1/sites", &json!({ "name": "Other's", "region": "DE21" })).await.expect(201);
        app.post(&firm.token, "/api/v1/sites", &json!({ "name": "Own", "region": "DE21" })).await.expect(201);
        let began = std::time::Instant::now();
        let found = waiting.await.unwrap();
        assert_eq!((told(found.items()), &found.items()[0]["record"]["name"]), (vec!["site created".to_owned()], &json!("Own")));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let next = found.json["next"].as_str().unwrap();
        let nothing = app.get(&firm.token, &format!("/api/v1/changes?wait=1&since={next}")).await.expect(200);
        assert!(nothing.items().is_empty());
        // Streams of one organisation are few.
        let mut open = Vec::new();
        for _ in 0..20 {
            let response = stream(&app, &firm.token, next).await;
            assert_eq!(response.status, 200);
            open.push(response);
        }
        assert_eq!(stream(&app, &firm.token, next).await.status, 429);
        assert_eq!(stream(&app, &other.token, &start(&app, &other.token).await).await.status, 200);
        drop(open);
        stop.send(()).unwrap();
        worker.await.unwrap();
    }
}
