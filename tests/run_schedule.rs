//! Runs that begin of themselves: by the clock, and after something changed.

use app::{App, schedule};
use domain::ids::RunId;
use serde_json::{Value, json};
use storage::PoolSize;
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{needs, offers};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const ADDRESS: &str = "/api/v1/run-schedule";

async fn look(app: &TestApp) -> Option<RunId> {
    schedule::queue_if_due(&app.app).await.unwrap()
}

async fn market(app: &TestApp) -> (Org, Org, String) {
    let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
    let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
    app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
    (firm, hospital, offer)
}

/// Why a run was queued, as the audit log tells.
async fn because(app: &TestApp, run: RunId) -> String {
    let log = app.get(&app.operator(), &format!("/api/v1/audit?record_id={run}&act=start")).await.expect(200);
    let changes = log.items()[0]["changes"].as_array().unwrap().clone();
    let because = changes.iter().find(|change| change["field"] == "because").unwrap();
    because["to"].as_str().unwrap().to_owned()
}

on_both! {
    async fn the_schedule_is_the_operators_and_checked_as_a_whole(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, operator) = (app.firm("Atelier").await, app.operator());
        let off = app.get(&operator, ADDRESS).await.expect(200);
        let never = json!({ "every_minutes": null, "on_change": false, "quiet_seconds": 60, "parameters": null, "since": null });
        assert_eq!(off.json, never);
        app.get(&firm.token, ADDRESS).await.expect(403);
        app.put(&firm.token, ADDRESS, &json!({ "every_minutes": 5 })).await.expect(403);
        let wrong = json!({ "every_minutes": 0, "quiet_seconds": 3601, "parameters": { "mode": "swift", "capacity": "all" } });
        let mut faults = app.put(&operator, ADDRESS, &wrong).await.expect(422).faults();
        faults.sort();
        let expected = ["/every_minutes out_of_range", "/parameters/capacity unknown_value", "/parameters/mode unknown_value",
            "/quiet_seconds out_of_range"];
        assert_eq!(faults, expected);
        assert_eq!(app.put(&operator, ADDRESS, &json!({ "every": 5 })).await.expect(422).faults(), ["/every unknown_field"]);

        let body = json!({ "every_minutes": 30, "on_change": true, "parameters": { "mode": "near" } });
        let set = app.put(&operator, ADDRESS, &body).await.expect(200);
        assert_eq!((&set.json["every_minutes"], &set.json["quiet_seconds"], &set.json["parameters"]["mode"]),
            (&json!(30), &json!(60), &json!("near")));
        assert_eq!(app.get(&operator, ADDRESS).await.expect(200).json, set.json);
        // Of two who change the same version one is told to read again; the same again is no change.
        let mut stale = testkit::app::request("PUT".parse().unwrap(), &operator, ADDRESS, json!({}).to_string().into());
        stale.headers_mut().insert("if-match", off.header("etag").parse().unwrap());
        assert_eq!(app.send(stale).await.expect(412).json["code"], "stale");
        app.clock.advance_micros(MINUTE);
        assert_eq!(app.put(&operator, ADDRESS, &body).await.expect(200).json, set.json);
        app.put(&operator, ADDRESS, &json!({})).await.expect(200);
        let log = app.get(&operator, "/api/v1/audit?record=run_schedule").await.expect(200);
        let [off, on] = log.items() else { panic!("{}", log.text) };
        assert_eq!(on["changes"][0], json!({ "field": "every_minutes", "from": null, "to": "30" }));
        let fields: Vec<&Value> = off["changes"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
        assert_eq!(fields, ["every_minutes", "on_change", "mode"]);
        assert_eq!(look(&app).await, None);
    }
}

on_both! {
    async fn runs_begin_by_the_clock_and_never_beside_one_that_waits(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        market(&app).await;
        assert_eq!(look(&app).await, None);
        let body = json!({ "every_minutes": 60, "parameters": { "mode": "near" } });
        app.put(&operator, ADDRESS, &body).await.expect(200);
        let first = look(&app).await.unwrap();
        assert_eq!(because(&app, first).await, "the interval of the schedule is over");
        app.clock.advance_micros(90 * MINUTE);
        assert_eq!(look(&app).await, None, "one waits");
        app.work().await;
        let done = app.get(&app.operator(), &format!("/api/v1/match-runs/{first}")).await.expect(200).json;
        assert_eq!((&done["state"], &done["parameters"]["mode"], &done["figures"]["matches"]), (&json!("done"), &json!("near"), &json!(1)));
        let second = look(&app).await.unwrap();
        app.work().await;
        app.clock.advance_micros(59 * MINUTE);
        assert_eq!(look(&app).await, None);
        // A run that somebody starts begins the interval anew.
        app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
        app.work().await;
        app.clock.advance_micros(59 * MINUTE);
        assert_eq!(look(&app).await, None);
        app.clock.advance_micros(MINUTE);
        assert!(look(&app).await.is_some_and(|third| third != second));
        app.work().await;
    }
}

on_both! {
    async fn changes_that_come_together_make_one_run_and_its_suggestions_none(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital, offer) = market(&app).await;
        // Sessions do not last for as long as this goes on.
        let (firm_token, hospital_token) = (|| app.token(firm.grant), || app.token(hospital.grant));
        app.put(&app.operator(), ADDRESS, &json!({ "on_change": true, "quiet_seconds": 60 })).await.expect(200);
        assert_eq!(look(&app).await, None, "the market has just changed");
        app.clock.advance_micros(60 * SECOND);
        let first = look(&app).await.unwrap();
        assert_eq!(because(&app, first).await, "the market changed");
        // It will see what changes while it waits.
        app.patch(&firm_token(), &format!("/api/v1/offers/{offer}"), "*", &json!({ "stock": { "value": 4500 } })).await.expect(200);
        app::changes::number(&app.app).await.unwrap();
        app.work().await;
        app.clock.advance_micros(5 * MINUTE);
        assert_eq!(look(&app).await, None, "what it suggests is no change");
        // Neither are what the sides make of it, and a place where nothing is yet.
        let found = app.get(&hospital_token(), "/api/v1/matches").await.expect(200);
        let id = found.items()[0]["id"].as_str().unwrap();
        app.post(&hospital_token(), &format!("/api/v1/matches/{id}/propose"), &json!({})).await.expect(200);
        app.post(&firm_token(), "/api/v1/sites", &json!({ "name": "Second", "region": "DE21" })).await.expect(201);
        app.clock.advance_micros(5 * MINUTE);
        assert_eq!(look(&app).await, None);

        // A burst makes one run, once it is over.
        for stock in [4000, 3000] {
            app.patch(&firm_token(), &format!("/api/v1/offers/{offer}"), "*", &json!({ "stock": { "value": stock } })).await.expect(200);
            app.clock.advance_micros(59 * SECOND);
            assert_eq!(look(&app).await, None);
        }
        app.clock.advance_micros(SECOND);
        let second = look(&app).await.unwrap();
        // One that was cancelled is not queued again for the same changes.
        app.post(&app.operator(), &format!("/api/v1/match-runs/{second}/cancel"), &json!({})).await.expect(200);
        assert_eq!(look(&app).await, None);
        // Changes without end do not keep runs away.
        let mut queued = None;
        for stock in 0..20 {
            app.patch(&firm_token(), &format!("/api/v1/sites/{}", firm.site), "*", &json!({ "name": format!("Hall {stock}") })).await.expect(200);
            app.clock.advance_micros(40 * SECOND);
            queued = queued.or(look(&app).await.map(|_| stock));
        }
        assert_eq!(queued, Some(14), "ten times a minute after the first");
        app.work().await;
        // A run that somebody starts has seen what changed before it.
        app.post(&hospital_token(), "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
        app.work().await;
        app.clock.advance_micros(5 * MINUTE);
        assert_eq!(look(&app).await, None);
    }
}

on_both! {
    async fn of_several_processes_one_queues(db: TestDb) {
        let app = TestApp::new(db);
        market(&app).await;
        app.put(&app.operator(), ADDRESS, &json!({ "every_minutes": 1, "on_change": true, "quiet_seconds": 0 })).await.expect(200);
        let mut others = Vec::new();
        for _ in 0..3 {
            let mut other: App = app.app.clone();
            other.store = app.db.another_store(PoolSize::default()).await;
            others.push(other);
        }
        for _ in 0..5 {
            app.clock.advance_micros(MINUTE);
            let looks: Vec<_> = others
                .iter()
                .chain([&app.app])
                .map(|other| {
                    let other = other.clone();
                    tokio::spawn(async move { schedule::queue_if_due(&other).await.unwrap() })
                })
                .collect();
            let mut queued = 0;
            for look in looks {
                queued += usize::from(look.await.unwrap().is_some());
            }
            assert_eq!(queued, 1);
            app.work().await;
        }
        for other in others {
            other.store.close().await.unwrap();
        }
    }
}

on_both! {
    async fn a_server_queues_what_is_due_and_ends_when_told(db: TestDb) {
        let app = TestApp::new(db);
        market(&app).await;
        app.put(&app.operator(), ADDRESS, &json!({ "every_minutes": 60 })).await.expect(200);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let behind = app.app.clone();
        let worker = tokio::spawn(async move { schedule::work(&behind, async { drop(stopped.await) }).await });
        let queued = async {
            while app.get(&app.operator(), "/api/v1/match-runs").await.expect(200).items().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), queued).await.unwrap();
        stop.send(()).unwrap();
        worker.await.unwrap();
        app.work().await;
    }
}
