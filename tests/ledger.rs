//! The life of matches over HTTP, and the ledger that never promises a unit twice.

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{needs, offers};

const HOUR: i64 = 3_600 * 1_000_000;

/// An offer, a need that it serves, and what the run between them suggests.
pub struct Pair {
    pub firm: Org,
    pub hospital: Org,
    pub offer: String,
    pub need: String,
    pub id: String,
}

/// Runs the engine, and answers the run's id.
pub async fn run(app: &TestApp) -> String {
    let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
    app.work().await;
    run
}

impl Pair {
    pub async fn new(app: &TestApp) -> Self {
        Self::of(app, ("Atelier", "Hôpital"), None).await
    }

    /// Of two that are named, and of a product of their own where one is given.
    async fn of(app: &TestApp, (firm, hospital): (&str, &str), product: Option<&str>) -> Self {
        let (firm, hospital) = (app.firm(firm).await, app.hospital(hospital).await);
        let (mut offer, mut need) = (offers::plain(&firm), needs::plain(&hospital));
        for body in [&mut offer, &mut need] {
            if let Some(product) = product {
                body["product"] = json!(product);
                body["grades"] = json!([]);
            }
        }
        let offer = app.post(&firm.token, "/api/v1/offers", &offer).await.expect(201).id();
        let need = app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201).id();
        run(app).await;
        let found = app.get(&firm.token, "/api/v1/matches?state=suggested").await.expect(200);
        let id = found.items()[0]["id"].as_str().unwrap().to_owned();
        Self { firm, hospital, offer, need, id }
    }

    pub async fn step(&self, app: &TestApp, by: &Org, step: &str, body: &Value) -> Answer {
        app.post(&by.token, &format!("/api/v1/matches/{}/{step}", self.id), body).await
    }

    /// A match that is ready for a step, the side that takes it, and how the step's address goes on.
    pub async fn ready(app: &TestApp, step: &str) -> (Self, Org) {
        let product = match step {
            "propose" => "apron",
            "accept" => "cap",
            "decline" => "goggles",
            "ship" => "coverall",
            "receive" => "shoe-cover",
            "cancel" => "face-shield",
            "sample" => "ear-saver",
            "messages" => "clear-mask",
            "recall" => "swab-np",
            "update" => "gown-isolation",
            _ => "body-bag",
        };
        let names = (&*format!("Supplier of {step}"), &*format!("Buyer of {step}"));
        let pair = Self::of(app, names, Some(product)).await;
        match step {
            "propose" | "update" | "create" => {}
            "ship" | "cancel" | "receive" => pair.agree(app).await,
            _ => {
                pair.step(app, &pair.hospital, "propose", &json!({})).await.expect(200);
            }
        }
        if step == "receive" {
            pair.step(app, &pair.firm, "ship", &json!({ "quantity": 4000 })).await.expect(200);
        }
        if step == "sample" {
            pair.step(app, &pair.firm, "accept", &json!({})).await.expect(200);
        }
        let side = if step == "ship" || step == "accept" { pair.firm.clone() } else { pair.hospital.clone() };
        (pair, side)
    }

    /// Both sides accept all of it.
    pub async fn agree(&self, app: &TestApp) {
        self.step(app, &self.hospital, "propose", &json!({})).await.expect(200);
        self.step(app, &self.firm, "accept", &json!({})).await.expect(200);
        self.step(app, &self.hospital, "accept", &json!({})).await.expect(200);
    }
}

/// Nothing is promised twice, whatever happened.
pub async fn sound(app: &TestApp) {
    let verified = app::ledger::verify(&app.app).await.unwrap();
    assert!(verified.faults.is_empty(), "{:#?}", verified.faults);
}

/// An open need of a hospital for so many masks, with its first instalment.
async fn need_of(app: &TestApp, hospital: &Org, units: i64, due: &str) -> (String, String) {
    let mut body = needs::plain(hospital);
    body["instalments"] = json!([{ "quantity": { "value": units }, "due": due }]);
    let made = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
    (made.id(), made.json["instalments"][0]["id"].as_str().unwrap().to_owned())
}

async fn put(app: &TestApp, offer: &str, (need, instalment): &(String, String), units: i64) -> Answer {
    let body = json!({ "offer": offer, "need": need, "instalment": instalment, "quantity": units });
    app.post(&app.operator(), "/api/v1/matches", &body).await
}

on_both! {
    async fn goods_go_from_a_suggestion_to_the_ward(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let held = pair.step(&app, &pair.hospital, "propose", &json!({})).await.expect(200);
        assert_eq!((&held.json["state"], &held.json["quantities"]["held"]), (&json!("proposed"), &json!(4000)));
        assert_eq!(held.json["deadline"], "2020-04-09T08:00:00.000000Z", "72 hours in normal times: {}", held.text);
        // Who the other is opens with the supplier's acceptance.
        let other = format!("/api/v1/matches/{}/counterparty", pair.id);
        app.get(&pair.hospital.token, &other).await.expect(409);
        let part = pair.step(&app, &pair.firm, "accept", &json!({ "quantity": 3000 })).await.expect(200);
        assert_eq!((&part.json["state"], &part.json["quantities"]["held"]), (&json!("accepted_by_supplier"), &json!(3000)));
        let opened = app.get(&pair.hospital.token, &other).await.expect(200);
        assert!(opened.text.contains("Atelier"), "{}", opened.text);
        let agreed = pair.step(&app, &pair.hospital, "accept", &json!({})).await.expect(200);
        assert_eq!((&agreed.json["state"], &agreed.json["quantities"]["agreed"]), (&json!("agreed"), &json!(3000)));
        let lots = json!({ "quantity": 2000, "lots": [{ "lot": "L-77", "quantity": 2000, "expires": "2025-05-01", "udi": "(01)0" }] });
        let shipped = pair.step(&app, &pair.firm, "ship", &lots).await.expect(200);
        assert_eq!((&shipped.json["state"], &shipped.json["quantities"]["shipped"]), (&json!("in_delivery"), &json!(2000)));
        pair.step(&app, &pair.hospital, "receive", &json!({ "accepted": 1900, "rejected": 100, "note": "wet" })).await.expect(200);
        pair.step(&app, &pair.firm, "ship", &json!({ "quantity": 1000 })).await.expect(200);
        let done = pair.step(&app, &pair.hospital, "receive", &json!({ "accepted": 1000 })).await.expect(200);
        let expected = json!({ "held": 0, "agreed": 3000, "shipped": 3000, "received": 3000, "accepted": 2900, "rejected": 100, "lost": 0 });
        assert_eq!((&done.json["state"], &done.json["quantities"]), (&json!("fulfilled"), &expected));
        sound(&app).await;
        // The run after it gives the need what it still lacks, and not what it has.
        let again = run(&app).await;
        let found = app.get(&app.operator(), &format!("/api/v1/matches?run={again}")).await.expect(200);
        let [rest] = found.items() else { panic!("{}", found.text) };
        assert_eq!(rest["quantity"], 1100);
    }
}

on_both! {
    async fn each_step_is_for_the_side_and_the_state_that_it_belongs_to(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let third = app.firm("Third").await;
        for (step, body) in [
            ("propose", json!({})),
            ("accept", json!({})),
            ("decline", json!({ "reason": "price" })),
            ("ship", json!({ "quantity": 1 })),
            ("receive", json!({ "accepted": 1 })),
            ("cancel", json!({ "reason": "price" })),
            ("sample", json!({ "sample": "requested" })),
        ] {
            pair.step(&app, &third, step, &body).await.expect(404);
        }
        let refused = pair.step(&app, &pair.firm, "accept", &json!({})).await.expect(409);
        assert_eq!(refused.json["code"], "wrong_state", "{}", refused.text);
        pair.step(&app, &pair.hospital, "ship", &json!({ "quantity": 1 })).await.expect(403);
        pair.step(&app, &pair.firm, "receive", &json!({ "accepted": 1 })).await.expect(403);
        let operator = app.operator();
        app.post(&operator, &format!("/api/v1/matches/{}/accept", pair.id), &json!({})).await.expect(403);
        let body = json!({ "offer": pair.offer, "need": pair.need, "instalment": pair.need, "quantity": 1 });
        app.post(&pair.firm.token, "/api/v1/matches", &body).await.expect(403);
        let wrong = app.post(&operator, "/api/v1/matches", &body).await.expect(422);
        assert_eq!(wrong.faults(), ["/instalment unknown_instalment"]);
        // Words and numbers that do not fit.
        let both = pair.step(&app, &pair.firm, "decline", &json!({ "reason": "because" })).await.expect(422);
        assert_eq!(both.faults(), ["/reason unknown_value"]);
        let words = pair.step(&app, &pair.firm, "decline", &json!({ "reason": "other" })).await.expect(422);
        assert_eq!(words.faults(), ["/text missing"]);
        pair.step(&app, &pair.hospital, "propose", &json!({ "quantity": 4001 })).await.expect(422);
        pair.agree(&app).await;
        let lots = json!({ "quantity": 0, "lots": [{ "lot": "A", "quantity": -1, "expires": "soon" }] });
        let faults = pair.step(&app, &pair.firm, "ship", &lots).await.expect(422).faults();
        assert_eq!(faults, ["/quantity not_positive", "/lots/0/expires bad_date", "/lots/0/quantity not_positive"]);
        sound(&app).await;
    }
}

on_both! {
    async fn num_05_nothing_below_one_is_promised_or_shipped(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        for units in [0, -1, -20] {
            pair.step(&app, &pair.hospital, "propose", &json!({ "quantity": units })).await.expect(422);
        }
        for odd in [json!(0.0000001), json!("5"), json!(null), json!(1e30)] {
            let status = pair.step(&app, &pair.hospital, "propose", &json!({ "quantity": odd })).await.status;
            assert!(status == 422 || (odd.is_null() && status == 200), "{odd} {status}");
        }
        pair.step(&app, &pair.firm, "accept", &json!({ "quantity": -20 })).await.expect(422);
        pair.step(&app, &pair.firm, "accept", &json!({ "quantity": 100 })).await.expect(200);
        pair.step(&app, &pair.hospital, "accept", &json!({ "quantity": 101 })).await.expect(422);
        pair.step(&app, &pair.hospital, "accept", &json!({})).await.expect(200);
        pair.step(&app, &pair.firm, "ship", &json!({ "quantity": 101 })).await.expect(422);
        sound(&app).await;
    }
}

on_both! {
    async fn con_01_capacity_is_never_promised_twice(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        // 1,000 a working day for ten working days are 10,000.
        let body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "from": "2020-04-06", "until": "2020-04-17",
            "running": { "value": 1000, "per": "day" } });
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
        let mut asked = Vec::new();
        for n in 0..20 {
            let hospital = app.hospital(&format!("Hôpital {n}")).await;
            asked.push(need_of(&app, &hospital, 6_000, "2020-06-30").await);
        }
        let (app, offer) = (std::sync::Arc::new(app), std::sync::Arc::new(offer));
        let tries = asked.into_iter().map(|of| {
            let (app, offer) = (app.clone(), offer.clone());
            tokio::spawn(async move { put(&app, &offer, &of, 6_000).await })
        });
        let mut made = 0;
        for tried in tries.collect::<Vec<_>>() {
            let answer = tried.await.unwrap();
            match answer.status {
                201 => made += 1,
                _ => assert_eq!(answer.expect(409).json["code"], "not_available"),
            }
        }
        assert_eq!(made, 1);
        sound(&app).await;
    }
}

on_both! {
    async fn con_02_what_is_released_twice_is_released_once(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.agree(&app).await;
        let (app, pair) = (std::sync::Arc::new(app), std::sync::Arc::new(pair));
        let cancels = (0..2).map(|_| {
            let (app, pair) = (app.clone(), pair.clone());
            tokio::spawn(async move { pair.step(&app, &pair.firm, "cancel", &json!({ "reason": "no_supply" })).await.status })
        });
        let mut answers = Vec::new();
        for cancel in cancels.collect::<Vec<_>>() {
            answers.push(cancel.await.unwrap());
        }
        answers.sort_unstable();
        assert_eq!(answers, [200, 409]);
        // And its deadline passes.
        app.clock.advance_micros(100 * HOUR);
        assert_eq!(app::ledger::let_go(&app.app).await.unwrap(), 0);
        sound(&app).await;
        app.work().await;
    }
}

on_both! {
    async fn con_08_windows_that_overlap_share_what_there_is(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "from": "2020-05-01",
            "calendar": { "working_days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] },
            "running": { "value": 1000, "per": "day" }, "as_of": "2020-05-01" });
        app.clock.advance_micros(25 * 24 * HOUR);
        let firm = Org { token: app.token(firm.grant), ..firm };
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
        let transit = 3;
        let due = |day: i32| format!("2020-05-{:02}", day + transit);
        let hospital = app.hospital("Hôpital").await;
        let mut answers = Vec::new();
        for (units, day) in [(4_000, 5), (2_000, 8), (2_500, 8)] {
            let of = need_of(&app, &hospital, units, &due(day)).await;
            answers.push((put(&app, &offer, &of, units).await, of));
        }
        for (answer, _) in &answers[..2] {
            assert_eq!(answer.status, 201, "{}", answer.text);
        }
        let refused = &answers[2].0;
        assert_eq!((refused.status, &refused.json["code"]), (409, &json!("not_available")), "{}", refused.text);
        let cut = put(&app, &offer, &answers[2].1, 2_000).await;
        assert_eq!(cut.status, 201, "{}", cut.text);
        sound(&app).await;
    }
}

on_both! {
    async fn a_hold_lasts_as_long_as_the_mode_says_and_not_longer(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.step(&app, &pair.hospital, "propose", &json!({})).await.expect(200);
        app.clock.advance_micros(72 * HOUR);
        let (firm, hospital) = (app.token(pair.firm.grant), app.token(pair.hospital.grant));
        let address = format!("/api/v1/matches/{}", pair.id);
        // By the clock, before anybody has written it.
        assert_eq!(app.get(&firm, &address).await.expect(200).json["state"], "expired");
        app.post(&firm, &format!("{address}/accept"), &json!({})).await.expect(409);
        // What it held is free for the next who asks, and it is written then.
        let of = need_of(&app, &Org { token: hospital.clone(), ..pair.hospital.clone() }, 4_000, "2020-04-20").await;
        put(&app, &pair.offer, &of, 4_000).await.expect(201);
        assert_eq!(app::ledger::let_go(&app.app).await.unwrap(), 0);
        let log = app.get(&app.operator(), &format!("/api/v1/audit?record_id={}&act=expire", pair.id)).await.expect(200);
        assert_eq!(log.items().len(), 2, "both sides read of it: {}", log.text);
        app.clock.advance_micros(72 * HOUR);
        assert_eq!(app::ledger::let_go(&app.app).await.unwrap(), 1);
        sound(&app).await;
    }
}

on_both! {
    async fn what_a_side_declines_is_not_suggested_again(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.step(&app, &pair.firm, "decline", &json!({ "reason": "other", "text": "no forklift" })).await.expect(200);
        let told = app.get(&pair.hospital.token, &format!("/api/v1/matches/{}", pair.id)).await.expect(200);
        assert_eq!((&told.json["closing_reason"], &told.json["closing_text"]), (&json!("other"), &json!("no forklift")));
        let again = run(&app).await;
        let found = app.get(&app.operator(), &format!("/api/v1/matches?run={again}")).await.expect(200);
        assert_eq!(found.items().len(), 0, "{}", found.text);
        // Nor by hand.
        let instalment = app.get(&pair.hospital.token, &format!("/api/v1/needs/{}", pair.need)).await.json["instalments"][0]["id"].clone();
        let of = (pair.need.clone(), instalment.as_str().unwrap().to_owned());
        let refused = put(&app, &pair.offer, &of, 100).await.expect(409);
        assert_eq!(refused.json["code"], "not_eligible", "{}", refused.text);
    }
}

on_both! {
    async fn a_sample_stands_before_the_buyers_word(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.step(&app, &pair.firm, "propose", &json!({})).await.expect(200);
        pair.step(&app, &pair.hospital, "sample", &json!({ "sample": "requested" })).await.expect(409);
        pair.step(&app, &pair.firm, "accept", &json!({})).await.expect(200);
        pair.step(&app, &pair.hospital, "sample", &json!({ "sample": "approved" })).await.expect(409);
        pair.step(&app, &pair.hospital, "sample", &json!({ "sample": "requested" })).await.expect(200);
        let waits = pair.step(&app, &pair.hospital, "accept", &json!({})).await.expect(409);
        assert_eq!(waits.json["code"], "sample_pending");
        pair.step(&app, &pair.hospital, "sample", &json!({ "sample": "approved" })).await.expect(200);
        let agreed = pair.step(&app, &pair.hospital, "accept", &json!({})).await.expect(200);
        assert_eq!((&agreed.json["state"], &agreed.json["sample"]), (&json!("agreed"), &json!("approved")));
    }
}

on_both! {
    async fn when_a_supplier_fails_the_rest_is_rematched(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.agree(&app).await;
        pair.step(&app, &pair.firm, "ship", &json!({ "quantity": 1500 })).await.expect(200);
        pair.step(&app, &pair.hospital, "receive", &json!({ "accepted": 1400 })).await.expect(200);
        let other = app.firm("Other").await;
        app.post(&other.token, "/api/v1/offers", &offers::plain(&other)).await.expect(201);
        let over = pair.step(&app, &pair.firm, "cancel", &json!({ "reason": "no_supply" })).await.expect(200);
        assert_eq!((&over.json["state"], &over.json["quantities"]["lost"]), (&json!("cancelled"), &json!(100)));
        // Nobody started a run but the failure itself.
        app.work().await;
        let found = app.get(&app.token(other.grant), "/api/v1/matches").await.expect(200);
        let [rest] = found.items() else { panic!("{}", found.text) };
        assert_eq!((&rest["quantity"], &rest["state"]), (&json!(2600), &json!("suggested")));
        sound(&app).await;
    }
}

on_both! {
    async fn a_run_is_put_to_its_sides_whole_or_in_part_or_not_at_all(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let operator = app.operator();
        let run = app.get(&pair.firm.token, &format!("/api/v1/matches/{}", pair.id)).await.json["run"].as_str().unwrap().to_owned();
        let address = format!("/api/v1/match-runs/{run}/accept");
        let body = |ids: &[&str], dry: bool| json!({ "matches": ids, "dry_run": dry });
        app.post(&pair.firm.token, &address, &json!({})).await.expect(403);
        let tried = app.post(&operator, &address, &json!({ "dry_run": true })).await.expect(200);
        assert_eq!((&tried.json["matches"], &tried.json["units"], &tried.json["dry_run"]), (&json!(1), &json!("4000"), &json!(true)));
        assert_eq!(app.get(&pair.firm.token, &format!("/api/v1/matches/{}", pair.id)).await.json["state"], "suggested");
        app.post(&operator, &address, &body(&[&pair.id, &pair.need], false)).await.expect(409);
        app.post(&operator, &address, &body(&[&pair.id], false)).await.expect(200);
        assert_eq!(app.get(&pair.firm.token, &format!("/api/v1/matches/{}", pair.id)).await.json["state"], "proposed");
        assert_eq!(app.post(&operator, &address, &json!({})).await.expect(200).json["matches"], 0);
        sound(&app).await;
    }
}

on_both! {
    async fn an_owner_keeps_to_what_is_promised_until_it_has_left(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.agree(&app).await;
        let offer = format!("/api/v1/offers/{}", pair.offer);
        let less = json!({ "stock": { "value": 0 }, "running": { "value": 10, "per": "week" } });
        let kept = app.patch(&pair.firm.token, &offer, "*", &less).await.expect(409);
        assert!(kept.text.contains(&pair.id), "{}", kept.text);
        pair.step(&app, &pair.firm, "ship", &json!({ "quantity": 4000 })).await.expect(200);
        // Shipped goods count against the figures that they left, until these are stated anew.
        app.patch(&pair.firm.token, &offer, "*", &less).await.expect(409);
        app.clock.advance_micros(24 * HOUR);
        let firm = app.token(pair.firm.grant);
        let restated = json!({ "stock": { "value": 0 }, "running": { "value": 10, "per": "week" }, "as_of": "2020-04-07" });
        app.patch(&firm, &offer, "*", &restated).await.expect(200);
        sound(&app).await;
    }
}

on_both! {
    async fn an_owner_names_the_matches_that_are_let_go(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.agree(&app).await;
        let offer = format!("/api/v1/offers/{}", pair.offer);
        let less = json!({ "stock": { "value": 0 }, "running": { "value": 10, "per": "week" } });
        app.patch(&pair.firm.token, &offer, "*", &less).await.expect(409);
        for wrong in [&pair.offer, &pair.need] {
            let refused = app.patch(&pair.firm.token, &format!("{offer}?release={wrong}"), "*", &less).await.expect(422);
            assert_eq!(refused.faults(), ["/release unknown_match"]);
        }
        app.patch(&pair.firm.token, &format!("{offer}?release=first"), "*", &less).await.expect(422);
        app.patch(&pair.firm.token, &format!("{offer}?release={}", pair.id), "*", &less).await.expect(200);
        let ended = app.get(&pair.hospital.token, &format!("/api/v1/matches/{}", pair.id)).await.expect(200);
        assert_eq!((&ended.json["state"], &ended.json["closing_reason"]), (&json!("cancelled"), &json!("no_supply")));
        let told = format!("/api/v1/audit?record_id={}&act=cancel", pair.id);
        assert_eq!(app.get(&pair.hospital.token, &told).await.expect(200).items().len(), 1, "the other side reads of it");
        sound(&app).await;
        // Where nothing changes there is nothing to let go for.
        let idle = app.patch(&pair.firm.token, &format!("{offer}?release={}", pair.id), "*", &json!({})).await.expect(422);
        assert_eq!(idle.faults(), ["/release does_not_apply"]);
        // What came back to the need is matched anew, with the same firm if nobody else has it.
        let second = Pair::of(&app, ("Second", "Ward"), Some("apron")).await;
        second.step(&app, &second.hospital, "propose", &json!({})).await.expect(200);
        let pause = format!("/api/v1/offers/{}/pause", second.offer);
        app.post(&second.firm.token, &pause, &json!({})).await.expect(409);
        app.post(&second.firm.token, &format!("{pause}?release={}", second.id), &json!({})).await.expect(200);
        let ended = app.get(&second.hospital.token, &format!("/api/v1/matches/{}", second.id)).await.expect(200);
        assert_eq!(ended.json["state"], "declined");
        // A hold that is over stands in nobody's way, whether or not it is written yet.
        let late = Pair::of(&app, ("Late", "Lazarett"), Some("goggles")).await;
        late.step(&app, &late.hospital, "propose", &json!({})).await.expect(200);
        app.clock.advance_micros(73 * HOUR);
        app.post(&app.token(late.firm.grant), &format!("/api/v1/offers/{}/withdraw", late.offer), &json!({})).await.expect(200);
        // A buyer does so with a need that is gone.
        let third = Pair::of(&app, ("Third", "Clinic"), Some("cap")).await;
        third.agree(&app).await;
        let close = format!("/api/v1/needs/{}/close?release={}", third.need, third.id);
        app.post(&third.firm.token, &close, &json!({ "reason": "need_gone" })).await.expect(404);
        app.post(&third.hospital.token, &close, &json!({ "reason": "need_gone" })).await.expect(200);
        let ended = app.get(&third.firm.token, &format!("/api/v1/matches/{}", third.id)).await.expect(200);
        assert_eq!((&ended.json["state"], &ended.json["closing_reason"]), (&json!("cancelled"), &json!("need_gone")));
        sound(&app).await;
    }
}

/// Every operation of matches once, for the audit log.
pub async fn whatever_sides_do(app: &TestApp) {
    let firm = app.firm("Supplier of all").await;
    let hospital = app.hospital("Buyer of all").await;
    let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
    let of = |units| need_of(app, &hospital, units, "2020-04-20");
    for (units, first) in [(100, "decline"), (110, "accept")] {
        let made = put(app, &offer, &of(units).await, units).await.expect(201).id();
        let step = async |by: &Org, step: &str, body: Value| {
            app.post(&by.token, &format!("/api/v1/matches/{made}/{step}"), &body).await
        };
        if first == "decline" {
            step(&firm, "decline", json!({ "reason": "test" })).await.expect(200);
            continue;
        }
        step(&hospital, "messages", json!({ "body": "How soon?" })).await.expect(201);
        step(&firm, "accept", json!({})).await.expect(200);
        step(&hospital, "sample", json!({ "sample": "requested" })).await.expect(200);
        step(&hospital, "sample", json!({ "sample": "approved" })).await.expect(200);
        app.patch(&hospital.token, &format!("/api/v1/matches/{made}"), "*", &json!({ "reference": "R 1" }))
            .await
            .expect(200);
        step(&hospital, "accept", json!({})).await.expect(200);
        step(&firm, "ship", json!({ "quantity": 50 })).await.expect(200);
        step(&hospital, "receive", json!({ "accepted": 10 })).await.expect(200);
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/recall"), &json!({})).await.expect(200);
        step(&firm, "cancel", json!({ "reason": "recall" })).await.expect(200);
    }
    // The run that the cancelled match asked for comes first.
    app.work().await;
    of(120).await;
    let run = run(app).await;
    let suggested = app.get(&app.operator(), &format!("/api/v1/matches?run={run}&state=suggested")).await.expect(200);
    let one = suggested.items()[0]["id"].as_str().unwrap();
    app.post(&app.operator(), &format!("/api/v1/matches/{one}/propose"), &json!({})).await.expect(200);
    app.post(&app.operator(), &format!("/api/v1/match-runs/{run}/accept"), &json!({})).await.expect(200);
}

on_both! {
    async fn messages_tell_no_contact_before_the_sides_are_open(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let write = async |by: &Org, body: &str| pair.step(&app, by, "messages", &json!({ "body": body })).await;
        write(&pair.firm, "We can.").await.expect(409);
        pair.step(&app, &pair.hospital, "propose", &json!({})).await.expect(200);
        for body in ["mail anna@example.org", "call +49 89 1234567", "see www.example.org", "ask for the Atelier"] {
            let refused = write(&pair.firm, body).await.expect(422);
            assert_eq!(refused.faults(), ["/body contact_in_message"], "{body}");
        }
        write(&pair.hospital, "  ").await.expect(422);
        write(&pair.hospital, "Half of it a week earlier, 2.000 pieces?").await.expect(201);
        pair.step(&app, &pair.firm, "accept", &json!({})).await.expect(200);
        write(&pair.firm, "Yes: anna@example.org").await.expect(201);
        let read = app.get(&pair.hospital.token, &format!("/api/v1/matches/{}/messages", pair.id)).await.expect(200);
        let sides: Vec<&Value> = read.items().iter().map(|m| &m["side"]).collect();
        assert_eq!(sides, ["buyer", "supplier"]);
        let third = app.firm("Third").await;
        app.get(&third.token, &format!("/api/v1/matches/{}/messages", pair.id)).await.expect(404);
    }
}

on_both! {
    async fn terms_are_stated_by_whom_they_are_and_hold_once_accepted(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        let address = format!("/api/v1/matches/{}", pair.id);
        let terms = json!({ "transfer": "sale", "price": { "amount": 0.35, "currency": "eur" }, "vat": 1900, "incoterm": "dap" });
        app.patch(&pair.firm.token, &address, "\"old\"", &terms).await.expect(412);
        let stated = app.patch(&pair.firm.token, &address, "*", &terms).await.expect(200);
        assert_eq!((&stated.json["terms"]["incoterm"], &stated.json["terms"]["price"]["amount"]), (&json!("DAP"), &json!(0.35)));
        let read = app.get(&pair.firm.token, &address).await.expect(200);
        assert_eq!(read.json, stated.json);
        app.patch(&pair.firm.token, &address, read.header("etag"), &json!({ "reference": "R 7" })).await.expect(403);
        let wrong = json!({ "transfer": "gift", "vat": 10001, "incoterm": "COD" });
        let faults = app.patch(&pair.firm.token, &address, "*", &wrong).await.expect(422).faults();
        assert_eq!(faults, ["/transfer unknown_value"]);
        pair.agree(&app).await;
        app.patch(&pair.firm.token, &address, "*", &json!({ "vat": 700 })).await.expect(409);
        let ordered = app.patch(&pair.hospital.token, &address, "*", &json!({ "order_number": "4711" })).await.expect(200);
        assert_eq!((&ordered.json["terms"]["order_number"], &ordered.json["terms"]["vat"]), (&json!("4711"), &json!(1900)));
        sound(&app).await;
    }
}

on_both! {
    async fn a_recall_tells_every_holder(db: TestDb) {
        let app = TestApp::new(db);
        let pair = Pair::new(&app).await;
        pair.agree(&app).await;
        let lots = |lot: &str| json!({ "quantity": 1000, "lots": [{ "lot": lot }] });
        pair.step(&app, &pair.firm, "ship", &lots("L-1")).await.expect(200);
        pair.step(&app, &pair.firm, "ship", &lots("L-2")).await.expect(200);
        let address = format!("/api/v1/offers/{}/recall", pair.offer);
        app.mails().await;
        let none = app.post(&pair.firm.token, &address, &json!({ "lots": ["L-9"] })).await.expect(200);
        assert_eq!(none.json["matches"], json!([]));
        app.post(&pair.hospital.token, &address, &json!({})).await.expect(404);
        let told = app.post(&pair.firm.token, &address, &json!({ "lots": ["L-2"] })).await.expect(200);
        assert_eq!(told.json["matches"], json!([pair.id]));
        let mails = app.mails().await;
        assert!(mails.iter().any(|m| m.subject.contains("recall concerns Hôpital")), "{:?}", mails.iter().map(|m| &m.subject).collect::<Vec<_>>());
        let read = app.get(&pair.hospital.token, &format!("/api/v1/matches/{}", pair.id)).await.expect(200);
        assert!(read.json["recalled_at"].is_string());
        sound(&app).await;
    }
}
