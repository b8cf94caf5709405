//! Runs over HTTP: followed as they go on, and held against each other.

use serde_json::{Value, json};
use testkit::{
    Org, TestApp, TestDb,
    app::{Streamed, request},
    on_both,
};

use crate::{ledger, needs, offers};

async fn follow(app: &TestApp, token: &str, run: &str) -> Streamed {
    let mut sent = request("GET".parse().unwrap(), token, &format!("/api/v1/match-runs/{run}"), "".into());
    sent.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    app.open(sent).await
}

/// The run of the next event; `None` where the stream ended.
async fn next(stream: &mut Streamed) -> Option<Value> {
    loop {
        let text = stream.piece().await?;
        if let Some(data) = text.strip_prefix("event: run\ndata: ") {
            return Some(serde_json::from_str(data.trim_end()).unwrap());
        }
    }
}

on_both! {
    async fn a_run_is_followed_until_it_ends(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let key = app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal", "scopes": ["read"] })).await.expect(201);
        let (operator, portal) = (app.operator(), key.json["key"].as_str().unwrap().to_owned());
        let id = app.post(&operator, "/api/v1/match-runs", &json!({})).await.expect(202).id();
        let mut whole = follow(&app, &operator, &id).await;
        assert_eq!((whole.status, &whole.headers["content-type"]), (200, &"text/event-stream".parse().unwrap()));
        let (mut seen, mut broken) = (follow(&app, &firm.token, &id).await, follow(&app, &portal, &id).await);
        for stream in [&mut whole, &mut seen, &mut broken] {
            assert_eq!(next(stream).await.unwrap()["state"], "queued");
        }
        // What happens after a key was revoked is not sent by it.
        app.delete(&firm.token, &format!("/api/v1/api-keys/{}", key.id())).await.expect(200);
        let now = domain::time::Clock::now(app.clock.as_ref());
        let claimed = storage::runs::claim(&app.app.store, "worker", now, app::runs::LEASE).await.unwrap().unwrap();
        assert_eq!(next(&mut broken).await, None);
        for stream in [&mut whole, &mut seen] {
            let run = next(stream).await.unwrap();
            assert_eq!((&run["state"], &run["progress"]), (&json!("running"), &Value::Null));
        }
        let progress = json!({ "stage": "solving", "done": 1, "of": 2 });
        let told = progress.to_string();
        storage::runs::renew(&app.app.store, &claimed, now, app::runs::LEASE, Some(&told)).await.unwrap();
        // How far it is says how large the market is: the operator reads it, and to others nothing happened.
        assert_eq!(next(&mut whole).await.unwrap()["progress"], progress);
        app.post(&operator, &format!("/api/v1/match-runs/{id}/cancel"), &json!({})).await.expect(200);
        for (stream, error) in [(&mut whole, json!("cancelled by the operator")), (&mut seen, Value::Null)] {
            let run = next(stream).await.unwrap();
            assert_eq!((&run["state"], &run["error"]), (&json!("failed"), &error));
            assert_eq!(next(stream).await, None);
        }
        // Of a run that has ended there is one event, the same as is read.
        let done = ledger::run(&app).await;
        for token in [&operator, &firm.token] {
            let mut stream = follow(&app, token, &done).await;
            let read = app.get(token, &format!("/api/v1/match-runs/{done}")).await.expect(200).json;
            assert_eq!((next(&mut stream).await.unwrap(), next(&mut stream).await), (read, None));
        }
        assert_eq!(follow(&app, &operator, &firm.id).await.status, 404);
        assert_eq!(follow(&app, "", &done).await.status, 401);
        app.work().await;
    }
}

/// An offer of so many masks.
async fn stock(app: &TestApp, firm: &Org, units: i64) -> String {
    let body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "stock": { "value": units } });
    app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id()
}

on_both! {
    async fn two_runs_are_compared_pair_by_pair(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other, hospital) = (app.firm("Atelier").await, app.firm("Other").await, app.hospital("Hôpital").await);
        let (kept, grown, gone) = (stock(&app, &firm, 500).await, stock(&app, &firm, 100).await, stock(&app, &firm, 200).await);
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        let operator = app.operator();
        let first = ledger::run(&app).await;
        // What becomes of a match afterwards is no other result of the run.
        let found = app.get(&operator, &format!("/api/v1/matches?run={first}&offer={kept}")).await.expect(200);
        let id = found.items()[0]["id"].as_str().unwrap().to_owned();
        app.post(&hospital.token, &format!("/api/v1/matches/{id}/propose"), &json!({ "quantity": 400 })).await.expect(200);
        app.post(&hospital.token, &format!("/api/v1/matches/{id}/decline"), &json!({ "reason": "test" })).await.expect(200);
        app.patch(&firm.token, &format!("/api/v1/offers/{grown}"), "*", &json!({ "stock": { "value": 300 } })).await.expect(200);
        app.post(&firm.token, &format!("/api/v1/offers/{gone}/withdraw"), &json!({})).await.expect(200);
        let new = stock(&app, &other, 50).await;
        let second = ledger::run(&app).await;

        let address = |a: &str, b: &str| format!("/api/v1/match-runs/{a}/compare?with={b}");
        let told = app.get(&operator, &address(&first, &second)).await.expect(200).json;
        assert_eq!(told["pairs"], json!({ "added": 1, "removed": 1, "changed": 1, "unchanged": 1 }));
        let pair = |offer: &String| {
            let found = told["items"].as_array().unwrap().iter().find(|p| p["offer"] == json!(offer));
            found.map(|p| (p["change"].clone(), p["from"].clone(), p["to"].clone()))
        };
        assert_eq!(pair(&grown), Some((json!("changed"), json!(100), json!(300))));
        assert_eq!(pair(&gone), Some((json!("removed"), json!(200), json!(0))));
        assert_eq!(pair(&new), Some((json!("added"), json!(0), json!(50))));
        assert_eq!(pair(&kept), None, "{told}");
        assert!(told["items"].as_array().unwrap().iter().all(|p| p["need"] == json!(need)));
        assert_eq!((&told["same_market"], &told["same_tables"]), (&json!(false), &json!(true)));
        assert_eq!((&told["same_parameters"], &told["same_engine"]), (&json!(true), &json!(true)));
        assert_eq!((&told["from"]["figures"]["covered"], &told["to"]["figures"]["covered"]), (&json!(800), &json!(850)));
        let run = app.get(&operator, &format!("/api/v1/match-runs/{second}")).await.expect(200).json;
        let levels = told["levels"].as_array().unwrap();
        assert_eq!(levels.len(), run["levels"].as_array().unwrap().len());
        for (level, reached) in levels.iter().zip(run["levels"].as_array().unwrap()) {
            assert_eq!((&level["name"], &level["to"]["value"]), (&reached["name"], &reached["value"]));
        }

        // Page by page it is the same, and the other way round it is the opposite.
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&operator, &format!("{}&limit=1{cursor}", address(&first, &second))).await.expect(200);
            assert_eq!(page.json["pairs"], told["pairs"]);
            paged.extend(page.items().to_vec());
            let Some(next) = page.json["next"].as_str() else { break };
            assert!(page.header("link").contains(next), "{}", page.text);
            cursor = format!("&cursor={next}");
        }
        assert_eq!(json!(paged), told["items"]);
        app.get(&operator, &format!("{}{cursor}", address(&second, &first))).await.expect(400);
        let back = app.get(&operator, &address(&second, &first)).await.expect(200).json;
        assert_eq!((&back["pairs"]["added"], &back["pairs"]["removed"]), (&json!(1), &json!(1)));
        let itself = app.get(&operator, &address(&first, &first)).await.expect(200);
        assert_eq!((itself.items().len(), &itself.json["same_market"]), (0, &json!(true)));
        assert_eq!(itself.json["pairs"]["unchanged"], 3);

        app.get(&hospital.token, &address(&first, &second)).await.expect(403);
        app.get(&operator, &address(&first, &hospital.id)).await.expect(404);
        let faults = app.get(&operator, &format!("/api/v1/match-runs/{first}/compare")).await.expect(422).faults();
        assert_eq!(faults, ["/with missing_field"]);
        let queued = app.post(&operator, "/api/v1/match-runs", &json!({})).await.expect(202).id();
        assert_eq!(app.get(&operator, &address(&first, &queued)).await.expect(409).json["code"], "wrong_state");
        app.work().await;
    }
}

on_both! {
    async fn runs_with_other_parameters_on_one_market_say_so(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        let (operator, mut runs) = (app.operator(), Vec::new());
        // From the second on, each sees the same suggestions.
        for body in [json!({}), json!({}), json!({ "mode": "near" })] {
            runs.push(app.post(&operator, "/api/v1/match-runs", &body).await.expect(202).id());
            app.work().await;
        }
        let address = format!("/api/v1/match-runs/{}/compare?with={}", runs[1], runs[2]);
        let told = app.get(&operator, &address).await.expect(200).json;
        assert_eq!((&told["same_market"], &told["same_parameters"]), (&json!(true), &json!(false)));
        assert_eq!(told["from"]["market_hash"], told["to"]["market_hash"]);
        assert_eq!((&told["from"]["parameters"]["mode"], &told["to"]["parameters"]["mode"]), (&json!("standard"), &json!("near")));
        // The one is fair and the other is not.
        let fairness = told["levels"].as_array().unwrap().iter().find(|l| l["name"] == "fairness").unwrap();
        assert_eq!((&fairness["from"]["value"], &fairness["to"]), (&json!("0"), &Value::Null));
    }
}
