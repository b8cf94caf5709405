//! What is refused of calls and answers, who sees which, and until when.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{
    TestApp, TestDb,
    app::{Org, request},
    on_both,
};

use crate::{
    calls::{DAY, answer, invite, issued, ministry, opened, plain, read, with},
    memberships::{cluster, joined, verify},
    offers,
};

on_both! {
    async fn only_a_verified_authority_or_cluster_issues_a_call(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let unknown = app.organisation("Own Cluster", "cluster", "DE", "DE21").await;
        for who in [&firm, &hospital, &unknown] {
            let refused = app.post(&who.token, "/api/v1/calls", &opened()).await.expect(403);
            assert_eq!(refused.json["code"], "forbidden");
        }
        assert_eq!(app.get(&app.operator(), "/api/v1/calls").await.items().len(), 0);
        let cluster = cluster(&app, "Textile Cluster").await;
        issued(&app, &cluster, &opened()).await;
        // Whoever loses the operator's word between draft and opening opens nothing.
        verify(&app, &hospital, "operator").await;
        let draft = issued(&app, &hospital, &plain()).await;
        verify(&app, &hospital, "none").await;
        app.post(&hospital.token, &format!("/api/v1/calls/{draft}/open"), &json!({})).await.expect(403);
        // By a law only authorities ask, and nobody under a mandate.
        app.clock.advance_micros(2_250 * DAY);
        let cluster = Org { token: app.token(cluster.grant), ..cluster };
        let imera = json!({ "title": "Tarpaulins", "products": ["community-mask"], "from": "2026-06-05", "until": "2026-06-30",
            "answer_by": "2026-06-12", "zone": "Europe/Paris", "legal_basis": "imera" });
        app.post(&cluster.token, "/api/v1/calls", &imera).await.expect(403);
        // A call that every field of is wrong tells all of them at once.
        let bad = json!({ "title": " ", "products": ["ffp", "unobtainium"], "regions": ["Atlantis"], "from": "soon", "until": "2026-02-30",
            "answer_by": "later", "zone": "Mars/Olympus", "legal_basis": "custom", "visibility": "all",
            "questions": [{ "text": "", "kind": "date" }, { "code": "Q 1", "text": "x" }] });
        let faults = app.post(&cluster.token, "/api/v1/calls", &bad).await.expect(422).faults();
        let expected = [
            "/title blank", "/legal_basis unknown_value", "/products/1 unknown_product", "/regions/0 unknown_region",
            "/from bad_date", "/until bad_date", "/zone unknown_zone", "/answer_by bad_date", "/questions/0/kind unknown_value",
            "/questions/0/text blank", "/questions/1/code bad_value", "/visibility unknown_value",
        ];
        assert_eq!(faults, expected);
    }
}

on_both! {
    async fn the_law_is_checked_product_by_product_and_by_its_date(db: TestDb) {
        let app = TestApp::new(db);
        let ministry = ministry(&app).await;
        let post = |body: Value| {
            let (app, token) = (&app, app.token(ministry.grant));
            async move { app.post(&token, "/api/v1/calls", &body).await }
        };
        // In 2020 neither regulation was there.
        let early = with(opened(), json!({ "legal_basis": "article_10" }));
        assert_eq!(post(early).await.expect(422).faults(), ["/legal_basis not_in_force", "/answer_by not_five_days"]);
        // Monday, 1 June 2026, 08:00.
        app.clock.advance_micros(2_247 * DAY);
        let now = json!({ "title": "Masks", "from": "2026-06-08", "until": "2026-07-05", "zone": "Europe/Brussels", "open": true });
        let imera = |products: Value| {
            with(now.clone(), json!({ "legal_basis": "imera", "answer_by": "2026-06-03", "products": products }))
        };
        let refused = post(imera(json!(["medical-mask", "mask-machine", "antigen-test", "gloves-exam"]))).await.expect(422);
        let at = |i: usize| format!("/products/{i} not_covered_by_law");
        assert_eq!(refused.faults(), [at(0), at(2), at(3)]);
        assert!(refused.text.contains("medical device"), "{}", refused.text);
        let made = post(imera(json!(["mask-machine", "community-mask"]))).await.expect(201);
        assert_eq!(made.json["confidential"], false);
        // Article 10: countermeasures and what goes into them; within five days, which end on Monday here.
        let article = |products: Value, by: &str| {
            with(now.clone(), json!({ "legal_basis": "article_10", "answer_by": by, "products": products }))
        };
        let refused = post(article(json!(["community-mask", "ffp", "transport-road"]), "2026-06-06")).await.expect(422);
        assert_eq!(refused.faults(), [at(0), at(2)]);
        for (by, fits) in [("2026-06-04", false), ("2026-06-05", false), ("2026-06-06", true), ("2026-06-08", true), ("2026-06-09", false)] {
            let answer = post(article(json!(["ffp", "ventilator-icu", "meltblown", "hand-sanitiser"]), by)).await;
            if fits {
                assert_eq!(answer.expect(201).json["confidential"], true, "{by}");
            } else {
                assert_eq!(answer.expect(422).faults(), ["/answer_by not_five_days"], "{by}");
            }
        }
        // The clock begins when a draft is opened, and a prolongation does not go past it.
        let token = app.token(ministry.grant);
        let draft = post(with(article(json!(["ffp"]), "2026-06-08"), json!({ "open": false }))).await.expect(201).id();
        app.clock.advance_micros(9 * DAY);
        let token_later = app.token(ministry.grant);
        let path = format!("/api/v1/calls/{draft}");
        assert_eq!(app.post(&token_later, &format!("{path}/open"), &json!({})).await.expect(422).faults(), ["/answer_by in_past"]);
        app.patch(&token_later, &path, "*", &json!({ "answer_by": "2026-06-15" })).await.expect(200);
        app.post(&token_later, &format!("{path}/open"), &json!({})).await.expect(200);
        let beyond = app.patch(&token_later, &path, "*", &json!({ "answer_by": "2026-06-16" })).await.expect(422);
        assert_eq!(beyond.faults(), ["/answer_by not_five_days"]);
        // Nor does its issuer cut it short.
        app.post(&token_later, &format!("{path}/close"), &json!({})).await.expect(409);
        app.post(&token_later, &format!("{path}/cancel"), &json!({})).await.expect(200);
        app.get(&token, "/api/v1/calls").await.expect(401);
    }
}

on_both! {
    async fn answers_are_checked_and_every_fault_is_told(db: TestDb) {
        let app = TestApp::new(db);
        let (ministry, firm) = (ministry(&app).await, app.firm("Atelier").await);
        let questions = json!([{ "code": "a", "text": "A?", "required": true }, { "code": "n", "text": "N?", "kind": "number" }, { "code": "y", "text": "Y?", "kind": "yes_no" }]);
        let call = issued(&app, &ministry, &with(opened(), json!({ "regions": ["FR"], "questions": questions }))).await;
        invite(&app, &ministry, &call, json!({ "organisations": [firm.id] })).await.expect(200);
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let gown = with(offers::plain(&firm), json!({ "product": "gown-surgical", "grades": [] }));
        let gown = app.post(&firm.token, "/api/v1/offers", &gown).await.expect(201).id();
        let gone = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        app.post(&firm.token, &format!("/api/v1/offers/{gone}/withdraw"), &json!({})).await.expect(200);
        for (body, expected) in [
            (json!({}), vec![" missing"]),
            (json!({ "nothing": true, "refusal": "x" }), vec![" stated_twice"]),
            (json!({ "refusal": " " }), vec!["/refusal blank"]),
            (json!({ "nothing": true, "answers": { "n": "two", "y": 1, "z": true } }),
                vec!["/answers/n wrong_type", "/answers/y wrong_type", "/answers/z unknown_question"]),
            (json!({ "offers": [offer, gown, gone] }),
                vec!["/answers/a missing", "/offers/0 outside_regions", "/offers/1 not_asked_for", "/offers/2 not_published"]),
            (json!({ "facilities": [{ "name": "X", "region": "FR", "product": "ffp", "running": { "value": 1 } }] }),
                vec!["/answers/a missing", "/facilities does_not_apply"]),
            (json!({ "nothing": true, "answers": { "a": [1] } }), vec!["/answers/a wrong_type"]),
        ] {
            let refused = answer(&app, &firm, &call, body.clone()).await.expect(422);
            let mut faults = refused.faults();
            faults.sort();
            assert_eq!(faults, expected, "{body}");
        }
        assert_eq!(read(&app, &ministry, &call, "/answers").await.items().len(), 0);
        // The same answer with the same key is one, and again without a key changes nothing.
        let body = json!({ "nothing": true, "answers": { "n": 12345678901234567890.5_f64, "y": false } }).to_string();
        let send = || {
            let path = format!("/api/v1/calls/{call}/answers");
            let mut sent = request("POST".parse().unwrap(), &firm.token, &path, body.clone().into());
            sent.headers_mut().insert("idempotency-key", "one".parse().unwrap());
            app.send(sent)
        };
        let (one, two) = (send().await.expect(201), send().await.expect(201));
        assert_eq!((one.json, two.header("idempotent-replayed")), (two.json.clone(), "true"));
        app.clock.advance_micros(1);
        let same = app.post_text(&firm.token, &format!("/api/v1/calls/{call}/answers"), body.clone()).await.expect(200);
        assert_eq!(same.json, two.json);
        // The issuer and the operator give none.
        answer(&app, &ministry, &call, json!({ "nothing": true })).await.expect(403);
        app.post(&app.operator(), &format!("/api/v1/calls/{call}/answers"), &json!({ "nothing": true })).await.expect(403);
        let wrong = invite(&app, &ministry, &call, json!({ "organisations": [ministry.id, "018f0000-0000-7000-8000-000000000001"], "members_of": [firm.id] })).await;
        assert_eq!(wrong.expect(422).faults(), ["/organisations/0 not_invitable", "/organisations/1 unknown_organisation", "/members_of/0 unknown_organisation"]);
        assert_eq!(invite(&app, &ministry, &call, json!({})).await.expect(422).faults(), ["/organisations missing"]);
    }
}

on_both! {
    async fn who_sees_a_call_follows_its_visibility_and_membership_now(db: TestDb) {
        let app = TestApp::new(db);
        let (ministry, cluster) = (ministry(&app).await, cluster(&app, "Textile Cluster").await);
        let (member, loner, known) = (app.firm("Member").await, app.firm("Loner").await, app.firm("Known").await);
        let unknown = app.organisation("Own Cluster", "cluster", "DE", "DE21").await;
        joined(&app, &member, &cluster).await;
        verify(&app, &known, "operator").await;
        let mut calls = BTreeMap::new();
        for visibility in ["invited", "clusters", "market"] {
            let body = with(opened(), json!({ "visibility": visibility, "title": visibility }));
            calls.insert(visibility, issued(&app, &ministry, &body).await);
        }
        let sees = |who: &Org, token: String, expected: Vec<&'static str>| {
            let (app, calls, id) = (&app, calls.clone(), who.id.clone());
            async move {
                let listed = app.get(&token, "/api/v1/calls?state=open").await.expect(200);
                let mut titles: Vec<&str> = listed.items().iter().map(|call| call["title"].as_str().unwrap()).collect();
                titles.sort_unstable();
                assert_eq!(titles, expected, "{id}");
                for (visibility, call) in &calls {
                    let status = if expected.contains(visibility) { 200 } else { 404 };
                    app.get(&token, &format!("/api/v1/calls/{call}")).await.expect(status);
                }
            }
        };
        sees(&loner, loner.token.clone(), vec![]).await;
        sees(&unknown, unknown.token.clone(), vec![]).await;
        sees(&known, known.token.clone(), vec!["market"]).await;
        sees(&cluster, cluster.token.clone(), vec!["clusters", "market"]).await;
        sees(&member, member.token.clone(), vec![]).await;
        sees(&ministry, app.operator(), vec!["clusters", "invited", "market"]).await;
        invite(&app, &ministry, &calls["invited"], json!({ "organisations": [cluster.id] })).await.expect(200);
        sees(&cluster, cluster.token.clone(), vec!["clusters", "invited", "market"]).await;
        sees(&member, member.token.clone(), vec!["invited"]).await;
        // Who sees it may answer it, and stands among those who were not asked.
        answer(&app, &known, &calls["market"], json!({ "nothing": true })).await.expect(201);
        let progress = read(&app, &ministry, &calls["market"], "/progress").await.expect(200);
        assert_eq!((&progress.json["total"]["uninvited"], &progress.json["others"]["nothing_to_offer"]), (&json!(1), &json!(1)));
        // Who leaves the cluster no longer does.
        app.post(&member.token, &format!("/api/v1/organisations/{}/memberships/{}/end", member.id, cluster.id), &json!({})).await.expect(200);
        sees(&member, member.token.clone(), vec![]).await;
        // Who may know of it and did not issue it changes nothing of it.
        let path = format!("/api/v1/calls/{}", calls["market"]);
        for act in ["open", "close", "cancel", "remind"] {
            app.post(&known.token, &format!("{path}/{act}"), &json!({})).await.expect(403);
        }
        app.patch(&known.token, &path, "*", &json!({ "title": "X" })).await.expect(403);
        app.patch(&loner.token, &path, "*", &json!({ "title": "X" })).await.expect(404);
        // An open call is prolonged, and nothing else of it changes.
        let changed = app.patch(&ministry.token, &path, "*", &json!({ "title": "X", "answer_by": "2020-04-12" })).await;
        assert_eq!(changed.expect(422).faults(), ["/title unknown_field"]);
        let shorter = app.patch(&ministry.token, &path, "*", &json!({ "answer_by": "2020-04-09" })).await.expect(422);
        assert_eq!(shorter.faults(), ["/answer_by not_later"]);
        let longer = app.patch(&ministry.token, &path, "*", &json!({ "answer_by": "2020-04-12" })).await.expect(200);
        assert_eq!(longer.json["answer_by"]["day"], "2020-04-12");
    }
}

on_both! {
    async fn tim_01_a_local_instant_without_an_offset_ends_no_call(db: TestDb) {
        let app = TestApp::new(db);
        let ministry = ministry(&app).await;
        for local in ["2020-03-29T02:30:00", "2020-10-25T02:30:00"] {
            let body = with(opened(), json!({ "answer_by": local, "zone": "Europe/Berlin" }));
            let refused = app.post(&ministry.token, "/api/v1/calls", &body).await.expect(422);
            assert_eq!(refused.faults(), ["/answer_by bad_instant"]);
        }
        // The day of 25 hours ends when it ends.
        let body = with(opened(), json!({ "answer_by": "2020-10-25", "zone": "Europe/Berlin" }));
        let made = app.post(&ministry.token, "/api/v1/calls", &body).await.expect(201);
        assert_eq!(made.json["answer_by"], json!({ "at": "2020-10-25T23:00:00.000000Z", "day": "2020-10-25", "zone": "Europe/Berlin" }));
        let body = with(opened(), json!({ "answer_by": "2020-10-25T02:30:00+01:00", "zone": null }));
        let made = app.post(&ministry.token, "/api/v1/calls", &body).await.expect(201);
        assert_eq!(made.json["answer_by"], json!({ "at": "2020-10-25T01:30:00.000000Z", "day": null, "zone": null }));
    }
}

on_both! {
    async fn tim_02_a_call_is_open_until_the_end_of_its_day_in_its_zone(db: TestDb) {
        let app = TestApp::new(db);
        let (ministry, firm) = (ministry(&app).await, app.firm("Atelier").await);
        let mut calls = Vec::new();
        for (zone, end) in [("Europe/Lisbon", "2020-05-14T23:00:00.000000Z"), ("Europe/Athens", "2020-05-14T21:00:00.000000Z")] {
            let body = with(opened(), json!({ "answer_by": "2020-05-14", "zone": zone }));
            let made = app.post(&ministry.token, "/api/v1/calls", &body).await.expect(201);
            assert_eq!(made.json["answer_by"], json!({ "at": end, "day": "2020-05-14", "zone": zone }));
            invite(&app, &ministry, &made.id(), json!({ "organisations": [firm.id] })).await.expect(200);
            calls.push(made.id());
        }
        let without = with(opened(), json!({ "zone": null }));
        assert_eq!(app.post(&ministry.token, "/api/v1/calls", &without).await.expect(422).faults(), ["/zone missing"]);
        // From 6 April, 08:00, to 14 May: in Athens 20:00, then a second before midnight and midnight there, then in Lisbon.
        let mut now = 0_i64;
        for (seconds, open) in [
            (38 * 86_400 + 9 * 3_600, [true, true]),
            (38 * 86_400 + 13 * 3_600 - 1, [true, true]),
            (38 * 86_400 + 13 * 3_600, [true, false]),
            (38 * 86_400 + 15 * 3_600 - 1, [true, false]),
            (38 * 86_400 + 15 * 3_600, [false, false]),
        ] {
            app.clock.advance_micros((seconds - now) * 1_000_000);
            now = seconds;
            let firm = Org { token: app.token(firm.grant), ..firm.clone() };
            for (call, open) in calls.iter().zip(open) {
                let answered = answer(&app, &firm, call, json!({ "refusal": format!("at {seconds}") })).await;
                assert_eq!(answered.status == 409, !open, "{seconds}: {}", answered.text);
            }
        }
    }
}

on_both! {
    async fn tim_05_extreme_dates_of_calls_are_refused(db: TestDb) {
        let app = TestApp::new(db);
        let ministry = ministry(&app).await;
        for (field, typed, expected) in [
            ("answer_by", "0001-01-01", vec!["/answer_by bad_date"]),
            ("answer_by", "9999-12-31", vec!["/answer_by bad_date"]),
            ("answer_by", "10000-01-01", vec!["/answer_by bad_date"]),
            ("answer_by", "2027-02-29", vec!["/answer_by bad_date"]),
            ("answer_by", "2020-04-10T24:00:00Z", vec!["/answer_by bad_instant"]),
            ("answer_by", "9999-12-31T23:59:59Z", vec!["/answer_by bad_instant"]),
            ("answer_by", "2199-12-31", vec!["/answer_by too_far_ahead"]),
            ("answer_by", "1900-01-01", vec!["/answer_by in_past"]),
            ("answer_by", "2020-04-06T08:00:00Z", vec!["/answer_by in_past"]),
            ("from", "0001-01-01", vec!["/from bad_date"]),
            ("from", "1900-01-01", vec!["/until out_of_range"]),
            ("from", "2020-05-18", vec!["/until before_start"]),
            ("until", "9999-12-31", vec!["/until bad_date"]),
            ("until", "2199-12-31", vec!["/until too_far_ahead"]),
            ("until", "2020-04-19", vec!["/until before_start"]),
            ("until", "2027-02-29", vec!["/until bad_date"]),
        ] {
            let body = with(opened(), json!({ field: typed }));
            let refused = app.post(&ministry.token, "/api/v1/calls", &body).await.expect(422);
            assert_eq!(refused.faults(), expected, "{field} {typed}");
        }
        // A period of one day is one, and a leap second is the second before it.
        for body in [json!({ "from": "2020-05-17" }), json!({ "answer_by": "2020-06-30T23:59:60Z" })] {
            app.post(&ministry.token, "/api/v1/calls", &with(opened(), body)).await.expect(201);
        }
    }
}
