//! Offers and needs that come in over HTTP are matched by a run started over HTTP.

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{needs, offers};

async fn run(app: &TestApp) -> Answer {
    let queued = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
    assert_eq!(queued.json["state"], "queued");
    let address = queued.header("location").to_owned();
    app.work().await;
    app.get(&app.operator(), &address).await.expect(200)
}

async fn market(app: &TestApp) -> (Org, Org, String, String) {
    let (firm, hospital) = (app.firm("Atelier Secret").await, app.hospital("Hôpital Secret").await);
    let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
    let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
    (firm, hospital, offer, need)
}

on_both! {
    async fn an_offer_and_a_need_are_matched_and_explained(db: TestDb) {
        let app = TestApp::new(db);
        let (_, _, offer, need) = market(&app).await;
        let done = run(&app).await;
        assert_eq!(done.json["state"], "done", "{}", done.text);
        assert_eq!(done.json["day"], "2020-04-06");
        assert_eq!(done.json["figures"]["covered"], 4000);
        assert_eq!(done.json["figures"]["matches"], 1);
        assert_eq!(done.json["proof_hash"].as_str().unwrap().len(), 64);
        for level in done.json["levels"].as_array().unwrap().iter().filter(|l| l["flow"] == true) {
            assert_eq!(level["gap"], "0", "{level}");
        }

        let operator = app.operator();
        let found = app.get(&operator, &format!("/api/v1/matches?run={}", done.id())).await.expect(200);
        let [one] = found.items() else { panic!("{}", found.text) };
        assert_eq!((&one["offer"]["id"], &one["need"]["id"]), (&json!(offer), &json!(need)));
        assert_eq!((&one["quantity"], &one["unit"], &one["state"]), (&json!(4000), &json!("H87"), &json!("suggested")));
        assert_eq!(one["due"], "2020-04-20");
        assert!(one["cutoff"].as_str().unwrap() < "2020-04-20");
        assert_eq!(one["explanation"]["grade"], "same");
        assert_eq!((&one["explanation"]["rank"], &one["explanation"]["eligible_offers"]), (&json!(1), &json!(1)));
        assert!(one["explanation"]["cost"]["total"].as_i64().unwrap() > 0);
        let read = app.get(&operator, &format!("/api/v1/matches/{}", one["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(&read.json, one);
        for (filter, expected) in [
            (format!("need={need}"), 1),
            (format!("offer={offer}"), 1),
            (format!("offer={need}"), 0),
            ("state=suggested".to_owned(), 1),
            ("state=agreed,declined".to_owned(), 0),
        ] {
            let found = app.get(&operator, &format!("/api/v1/matches?{filter}")).await.expect(200);
            assert_eq!(found.items().len(), expected, "{filter}");
        }
    }
}

on_both! {
    async fn each_side_sees_the_other_without_a_name(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital, offer, need) = market(&app).await;
        // Another site of the firm stands 8 km away in the same region; nothing that the buyer reads may change.
        let done = run(&app).await;
        let third = app.firm("Third").await;
        assert_eq!(app.get(&third.token, "/api/v1/matches").await.expect(200).items().len(), 0);

        let bought = app.get(&hospital.token, "/api/v1/matches").await.expect(200);
        let [one] = bought.items() else { panic!("{}", bought.text) };
        assert_eq!((&one["side"], &one["need"]["id"], &one["offer"]["id"]), (&json!("buyer"), &json!(need), &Value::Null));
        assert_eq!(one["offer"]["region"]["code"], "DE21");
        assert_eq!(one["explanation"]["cost"], Value::Null);
        for secret in ["Secret", &firm.id, &firm.site, &offer] {
            assert!(!bought.text.contains(secret), "{secret} in {}", bought.text);
        }

        let sold = app.get(&firm.token, "/api/v1/matches").await.expect(200);
        let [one] = sold.items() else { panic!("{}", sold.text) };
        assert_eq!((&one["side"], &one["offer"]["id"], &one["need"]["id"]), (&json!("supplier"), &json!(offer), &Value::Null));
        assert_eq!((&one["need"]["region"]["code"], &one["explanation"]["rank"]), (&json!("FR10"), &Value::Null));
        let instalment = app.get(&hospital.token, &format!("/api/v1/needs/{need}")).await.json["instalments"][0]["id"].clone();
        for secret in ["Secret", &hospital.id, &hospital.site, &need, instalment.as_str().unwrap()] {
            assert!(!sold.text.contains(secret), "{secret} in {}", sold.text);
        }
        let id = one["id"].as_str().unwrap();
        app.get(&firm.token, &format!("/api/v1/matches/{id}")).await.expect(200);
        app.get(&third.token, &format!("/api/v1/matches/{id}")).await.expect(404);
        // A filter by what is not one's own finds nothing.
        for filter in [format!("offer={offer}"), format!("need={need}&offer={offer}")] {
            assert_eq!(app.get(&hospital.token, &format!("/api/v1/matches?{filter}")).await.items().len(), 0);
        }
        // Figures of the whole market are for the operator.
        let seen = app.get(&firm.token, &format!("/api/v1/match-runs/{}", done.id())).await.expect(200);
        assert_eq!((&seen.json["figures"], &seen.json["levels"]), (&Value::Null, &Value::Null));
    }
}

on_both! {
    async fn an_exact_place_changes_nothing_that_anybody_reads(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let (mut read, mut days) = (Vec::new(), Vec::new());
        // From place to place, goods of the one would be a day longer on the way than those of the other.
        for (name, lat, lon) in [("Near", 48.39, 10.01), ("Far", 47.57, 10.7)] {
            let firm = app.firm(name).await;
            let site = json!({ "name": "Exact", "region": "DE27", "point": { "lat": lat, "lon": lon } });
            let site = app.post(&firm.token, "/api/v1/sites", &site).await.expect(201).id();
            let mut offer = offers::plain(&firm);
            offer["site"] = json!(site);
            offer["lead_days"] = json!(11);
            let offer = app.post(&firm.token, "/api/v1/offers", &offer).await.expect(201).id();
            let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
            run(&app).await;
            let found = app.get(&hospital.token, &format!("/api/v1/matches?need={need}&state=suggested")).await;
            let one = found.items()[0].clone();
            let exact = app.get(&app.operator(), &format!("/api/v1/matches/{}", one["id"].as_str().unwrap())).await.expect(200);
            days.push(exact.json["explanation"]["transit_days"].clone());
            read.push(["explanation", "offer", "cutoff", "due", "quantity"].map(|field| one[field].clone()));
            for path in [format!("/api/v1/offers/{offer}/withdraw"), format!("/api/v1/needs/{need}/close")] {
                app.post(&app.operator(), &path, &json!({ "reason": "test" })).await.expect(200);
            }
        }
        assert_eq!(days[0], days[1], "nobody reckons with it");
        assert_eq!(read[0], read[1]);
        assert_eq!(read[0][0]["rank"], Value::Null);
    }
}

on_both! {
    async fn what_stays_uncovered_is_explained(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let stock = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "stock": { "value": 1000 } });
        app.post(&firm.token, "/api/v1/offers", &stock).await.expect(201);
        let mask = json!({ "site": firm.site, "product": "medical-mask", "stock": { "value": 1000 } });
        app.post(&firm.token, "/api/v1/offers", &mask).await.expect(201);
        let hidden = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "stock": { "value": 9 }, "visibility": "clusters" });
        app.post(&firm.token, "/api/v1/offers", &hidden).await.expect(201);
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        let done = run(&app).await;
        let path = format!("/api/v1/match-runs/{}/shortages", done.id());
        let all = app.get(&app.operator(), &path).await.expect(200);
        let [one] = all.items() else { panic!("{}", all.text) };
        assert_eq!((&one["need"], &one["demand"]), (&json!(need), &json!(4000)));
        assert_eq!(one["covered"].as_i64().unwrap() + one["uncovered"].as_i64().unwrap(), 4000);
        let funnel = one["funnel"].as_array().unwrap();
        let offers: i64 = funnel.iter().map(|s| s["offers"].as_i64().unwrap()).sum();
        assert_eq!(offers + one["eligible_offers"].as_i64().unwrap(), 3, "the counts add up to all offers: {one}");
        assert!(funnel.iter().any(|s| s["reason"] == "other_product" && s["offers"] == 1), "{one}");

        let own = app.get(&hospital.token, &format!("{path}?need={need}")).await.expect(200);
        assert_eq!(own.items().len(), 1);
        assert_eq!(own.items()[0]["used_up"], json!([]));
        for kept in ["not_visible_to_buyer", "other_product"] {
            assert!(!own.text.contains(kept), "{}", own.text);
        }
        assert_eq!(app.get(&firm.token, &path).await.expect(200).items().len(), 0, "another's shortage");
    }
}

on_both! {
    async fn a_later_run_replaces_what_an_earlier_one_suggested(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, _, offer, _) = market(&app).await;
        let first = run(&app).await;
        app.post_text(&firm.token, &format!("/api/v1/offers/{offer}/withdraw"), "").await.expect(200);
        let second = run(&app).await;
        assert_eq!(second.json["figures"]["covered"], 0, "a withdrawn offer takes no part");
        let states = |answer: &Answer| answer.items().iter().map(|m| m["state"].clone()).collect::<Vec<_>>();
        let operator = app.operator();
        let old = app.get(&operator, &format!("/api/v1/matches?run={}", first.id())).await;
        assert_eq!(states(&old), ["expired"]);
        assert_eq!(app.get(&operator, "/api/v1/matches?state=suggested").await.items().len(), 0);
        let runs = app.get(&operator, "/api/v1/match-runs").await.expect(200);
        assert_eq!(runs.items().len(), 2);
    }
}

on_both! {
    async fn only_the_operator_starts_a_run(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let refused = app.post(&firm.token, "/api/v1/match-runs", &json!({})).await.expect(403);
        assert_eq!(refused.json["code"], "forbidden");
        let wrong = app.post(&app.operator(), "/api/v1/match-runs", &json!({ "capacity": "all" })).await.expect(422);
        assert_eq!(wrong.faults(), ["/capacity unknown_value"]);
        assert_eq!(app.get(&app.operator(), "/api/v1/match-runs").await.items().len(), 0);
    }
}

on_both! {
    async fn mat_05_a_firm_never_serves_itself(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        app.post(&firm.token, "/api/v1/needs", &needs::plain(&firm)).await.expect(201);
        let done = run(&app).await;
        assert_eq!(done.json["figures"]["matches"], 0);
        let short = app.get(&firm.token, &format!("/api/v1/match-runs/{}/shortages", done.id())).await;
        assert_eq!(short.items()[0]["funnel"][0]["reason"], "same_organisation", "{}", short.text);
    }
}

on_both! {
    async fn mat_08_equal_offers_come_in_the_same_order_each_time(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        for name in ["A", "B", "C", "D", "E"] {
            let firm = app.firm(name).await;
            let body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "stock": { "value": 1000 } });
            app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        }
        app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        let mut hashes = Vec::new();
        let mut chosen = Vec::new();
        for _ in 0..3 {
            let done = run(&app).await;
            hashes.push(done.json["proof_hash"].clone());
            let mut cursor = String::new();
            let mut offers = Vec::new();
            loop {
                let path = format!("/api/v1/matches?run={}&limit=2{cursor}", done.id());
                let page = app.get(&app.operator(), &path).await.expect(200);
                offers.extend(page.items().iter().map(|m| m["offer"]["id"].as_str().unwrap().to_owned()));
                let Some(next) = page.json["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            offers.sort();
            assert_eq!(offers.len(), 4);
            chosen.push(offers);
        }
        assert_eq!((&chosen[0], &chosen[0]), (&chosen[1], &chosen[2]));
        // The second run is the first that sees suggestions.
        assert_eq!(hashes[1], hashes[2]);
    }
}

on_both! {
    async fn mat_01_near_equal_grades_count_only_by_rule(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        for grade in ["FFP3", "KN95", "N95", "ffp2-Maske"] {
            let body = json!({ "site": firm.site, "product": "ffp", "grades": [grade], "stock": { "value": 100 } });
            app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        }
        let mask = json!({ "site": firm.site, "product": "medical-mask", "grades": ["TYPE-IIR"], "stock": { "value": 100 } });
        app.post(&firm.token, "/api/v1/offers", &mask).await.expect(201);
        app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        let done = run(&app).await;
        let found = app.get(&app.operator(), &format!("/api/v1/matches?run={}", done.id())).await;
        let mut grades: Vec<&str> = found.items().iter().filter_map(|m| m["offer"]["grades"][0].as_str()).collect();
        grades.sort_unstable();
        assert_eq!(grades, ["FFP2", "FFP3"], "{}", found.text);
    }
}

on_both! {
    async fn a_crashed_workers_run_is_taken_over_after_its_lease(db: TestDb) {
        let app = TestApp::new(db);
        market(&app).await;
        let queued = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
        let claim = |worker: &'static str| {
            use testkit::clock::TestClock;
            let (store, clock): (_, &TestClock) = (app.app.store.clone(), app.clock.as_ref());
            let now = domain_now(clock);
            async move { storage::runs::claim(&store, worker, now, app::runs::LEASE).await.unwrap() }
        };
        assert!(claim("dead").await.is_some());
        assert!(claim("other").await.is_none(), "the lease holds");
        app.clock.advance_micros(i64::try_from(app::runs::LEASE.as_micros()).unwrap());
        app.work().await;
        let done = app.get(&app.operator(), queued.header("location")).await.expect(200);
        assert_eq!(done.json["state"], "done");
    }
}

fn domain_now(clock: &testkit::TestClock) -> domain::time::Instant {
    domain::time::Clock::now(clock)
}

on_both! {
    async fn a_worker_is_woken_by_what_is_queued_and_ends_when_told(db: TestDb) {
        let app = TestApp::new(db);
        market(&app).await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let behind = app.app.clone();
        let worker = tokio::spawn(async move { app::runs::work(&behind, "worker", async { drop(stopped.await) }).await });
        // The second is queued while the worker sleeps, which is longer than this test may take.
        for _ in 0..2 {
            let queued = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
            let done = async {
                while app.get(&app.operator(), queued.header("location")).await.json["state"] != "done" {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(20), done).await.unwrap();
        }
        stop.send(()).unwrap();
        worker.await.unwrap();
        app.work().await;
    }
}

on_both! {
    async fn a_run_is_put_back_when_its_worker_must_stop_and_cancelled_when_told(db: TestDb) {
        let app = TestApp::new(db);
        market(&app).await;
        let operator = app.operator();
        let queued = app.post(&operator, "/api/v1/match-runs", &json!({})).await.expect(202);
        let address = queued.header("location").to_owned();
        // Told to stop once the run is begun: the worker asks once before it takes a run. Asked again after its end,
        // an async block panics.
        let stop = async { tokio::task::yield_now().await };
        app::runs::work(&app.app, "stopping", stop).await;
        let waits = app.get(&operator, &address).await.expect(200);
        assert_eq!((&waits.json["state"], &waits.json["started_at"]), (&json!("queued"), &Value::Null));

        let lease = std::time::Duration::from_secs(60);
        let claimed = storage::runs::claim(&app.app.store, "slow", app.app.clock.now(), lease).await.unwrap().unwrap();
        let progress = Some(r#"{"stage":"solving","done":3,"of":7}"#);
        storage::runs::renew(&app.app.store, &claimed, app.app.clock.now(), lease, progress).await.unwrap();
        let begun = app.get(&operator, &address).await.expect(200);
        assert_eq!(begun.json["state"], "running");
        assert_eq!(begun.json["progress"], json!({ "stage": "solving", "done": 3, "of": 7 }));
        // To others it would tell how large the market is.
        let seen = app.get(&app.firm("Third").await.token, &address).await.expect(200);
        assert_eq!((&seen.json["state"], &seen.json["progress"]), (&json!("running"), &Value::Null));

        let cancelled = app.post(&operator, &format!("{address}/cancel"), &json!({})).await.expect(200);
        assert_eq!((&cancelled.json["state"], &cancelled.json["progress"]), (&json!("failed"), &Value::Null));
        assert_eq!(cancelled.json["error"], "cancelled by the operator");
        let again = app.post(&operator, &format!("{address}/cancel"), &json!({})).await.expect(409);
        assert_eq!(again.json["code"], "wrong_state");
        assert_eq!(app.get(&operator, &format!("{address}/shares")).await.expect(409).json["code"], "wrong_state");
        app.work().await;
        let ended = app.get(&operator, &address).await.expect(200);
        assert_eq!((&ended.json["state"], &ended.json["error"]), (&json!("failed"), &json!("cancelled by the operator")));
    }
}

on_both! {
    async fn the_operator_reads_the_shares_of_a_run(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital, _, _) = market(&app).await;
        let mut urgent = needs::plain(&hospital);
        urgent["urgency"] = json!("critical");
        app.post(&hospital.token, "/api/v1/needs", &urgent).await.expect(201);
        let done = run(&app).await;
        let shares = format!("/api/v1/match-runs/{}/shares", done.id());
        let all = app.get(&app.operator(), &shares).await.expect(200);
        let [first, second] = all.items() else { panic!("{}", all.text) };
        assert_eq!((&first["tier"], &second["tier"]), (&json!(2), &json!(3)));
        for share in [first, second] {
            assert_eq!((&share["group"], &share["product"]), (&json!("FR10"), &json!("ffp")));
            let [demand, matched, floor] = ["demand", "matched", "floor"].map(|key| share[key].as_i64().unwrap());
            assert!(0 <= floor && floor <= matched && matched <= demand, "{share}");
            assert!(share["level"]["denominator"].as_i64().unwrap() > 0);
        }
        assert!(first["floor"].as_i64().unwrap() > 0, "{first}");
        // One by one, they are the same.
        let page = app.get(&app.operator(), &format!("{shares}?limit=1")).await.expect(200);
        let next = page.json["next"].as_str().unwrap();
        let rest = app.get(&app.operator(), &format!("{shares}?limit=1&cursor={next}")).await.expect(200);
        assert_eq!((page.items(), rest.items()), (std::slice::from_ref(first), std::slice::from_ref(second)));
        assert_eq!(rest.json["next"], Value::Null);
        app.get(&firm.token, &shares).await.expect(403);
    }
}

on_both! {
    async fn a_run_under_way_is_cancelled_and_leaves_nothing(db: TestDb) {
        let app = TestApp::new(db);
        market(&app).await;
        let (begun, wait_for_begin) = std::sync::mpsc::channel();
        let (go_on, told_to_go_on) = std::sync::mpsc::channel::<()>();
        let told_to_go_on = std::sync::Mutex::new(told_to_go_on);
        // The computation stands still at its first step until the run is cancelled.
        let watch = move |_| {
            if begun.send(()).is_ok() {
                let _ = told_to_go_on.lock().unwrap().recv();
            }
        };
        let behind = app.app.clone();
        let running = tokio::spawn(async move {
            let caller = app::access::Caller::command_line();
            let parameters = domain::parameters::Parameters::default();
            app::runs::now(&behind, &caller, parameters, false, std::sync::Arc::new(watch), std::future::pending()).await
        });
        tokio::task::spawn_blocking(move || wait_for_begin.recv().unwrap()).await.unwrap();
        let runs = app.get(&app.operator(), "/api/v1/match-runs").await.expect(200);
        let [run] = runs.items() else { panic!("{}", runs.text) };
        assert_eq!(run["state"], "running");
        let address = format!("/api/v1/match-runs/{}", run["id"].as_str().unwrap());
        app.post(&app.operator(), &format!("{address}/cancel"), &json!({})).await.expect(200);
        drop(go_on);
        let refused = running.await.unwrap().unwrap_err().to_string();
        assert!(refused.contains("cancelled"), "{refused}");
        let ended = app.get(&app.operator(), &address).await.expect(200);
        assert_eq!((&ended.json["state"], &ended.json["figures"]), (&json!("failed"), &Value::Null));
        assert_eq!(app.get(&app.operator(), "/api/v1/matches").await.expect(200).items().len(), 0);
    }
}

on_both! {
    async fn a_run_of_the_command_line_that_must_stop_is_cancelled(db: TestDb) {
        let app = TestApp::new(db);
        market(&app).await;
        for dry_run in [true, false] {
            let caller = app::access::Caller::command_line();
            let parameters = domain::parameters::Parameters::default();
            let stop = async {};
            let stopped = app::runs::now(&app.app, &caller, parameters, dry_run, app::runs::unwatched(), stop).await;
            let stopped = stopped.unwrap_err().to_string();
            assert!(stopped.contains("nothing was stored"), "{stopped}");
        }
        let runs = app.get(&app.operator(), "/api/v1/match-runs").await.expect(200);
        let [run] = runs.items() else { panic!("{}", runs.text) };
        assert_eq!((&run["state"], &run["error"]), (&json!("failed"), &json!("cancelled by the operator")));
    }
}
