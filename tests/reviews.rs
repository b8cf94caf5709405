//! What waits for a reviewer, and what is decided of it.

use std::collections::BTreeMap;

use app::imports::ImportOptions;
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{certificates, imports, memberships, needs, offers};

const MUCH: i64 = 2_000_000_000;

pub async fn queue(app: &TestApp, token: &str, filter: &str) -> Vec<Value> {
    app.get(token, &format!("/api/v1/reviews{filter}")).await.expect(200).items().to_vec()
}

/// Addresses of what takes a body of a reviewer, by their templates, each with a record that it can be sent to.
pub async fn ready(app: &TestApp, firm: &Org) -> BTreeMap<&'static str, String> {
    let mut made = Vec::new();
    for i in 0..2 {
        let mut body = certificates::with(firm, json!([certificates::paper("DE-4711")]));
        body["stock"] = json!({ "value": MUCH + i });
        made.push(app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).json);
        app.clock.advance_micros(1);
    }
    let (files, _) = crate::evidence::addresses(&made[0]);
    let waiting = queue(app, &app.operator(), "").await;
    let mut need = needs::plain(firm);
    need["urgency"] = json!("critical");
    let need = app.post(&firm.token, "/api/v1/needs", &need).await.expect(201).id();
    BTreeMap::from([
        ("/api/v1/offers/{id}/certificates/{certificate}/review", files.replace("/evidence", "/review")),
        ("/api/v1/reviews/{id}/release", decision(&waiting[0], "release")),
        ("/api/v1/reviews/{id}/confirm", decision(&waiting[1], "confirm")),
        ("/api/v1/needs/{id}/grant-urgency", format!("/api/v1/needs/{need}/grant-urgency")),
        ("/api/v1/needs/{id}/revoke-urgency", format!("/api/v1/needs/{need}/revoke-urgency")),
    ])
}

/// Each change that a reviewer makes, and what an owner files for one.
pub async fn whatever_reviewers_do(app: &TestApp) {
    let firm = app.firm("Reviewed").await;
    let made = certificates::published(app, &firm, json!([certificates::paper("DE-1")])).await;
    let (files, _) = crate::evidence::addresses(&made);
    let file = crate::evidence::upload(app, &firm.token, &files, "application/pdf", &b"%PDF-1.7"[..]).await.expect(201);
    app.delete(&firm.token, file.header("location")).await.expect(204);
    for (template, address) in ready(app, &firm).await {
        let body =
            if template.ends_with("/review") { json!({ "status": "checked" }) } else { json!({ "reason": "Seen" }) };
        app.post(&app.operator(), &address, &body).await.expect(200);
    }
}

fn decision(review: &Value, act: &str) -> String {
    format!("/api/v1/reviews/{}/{act}", review["id"].as_str().unwrap())
}

on_both! {
    async fn num_04_an_absurd_quantity_waits_until_it_is_released_and_then_no_more(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital, operator) = (app.firm("Atelier").await, app.hospital("Hôpital").await, app.operator());
        let mut body = offers::plain(&firm);
        body["stock"] = json!({ "value": MUCH });
        let offer = format!("/api/v1/offers/{}", app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id());
        app.clock.advance_micros(1);
        let mut body = needs::plain(&hospital);
        body["instalments"][0]["quantity"]["value"] = json!(900_000_000_000_i64);
        let need = format!("/api/v1/needs/{}", app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201).id());
        let waiting = queue(&app, &operator, "").await;
        assert_eq!(waiting.iter().map(|r| r["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["offer", "need"]);
        assert!(waiting.iter().all(|r| r["reason"].as_str().unwrap().contains("plausible") && r["state"] == "open"));
        assert_eq!(queue(&app, &operator, "?kind=need").await.len(), 1);
        assert_eq!(queue(&app, &firm.token, "").await, Vec::<Value>::new(), "nobody reviews his own");
        for token in [&firm.token, &hospital.token] {
            app.post(token, &decision(&waiting[0], "release"), &json!({ "reason": "me" })).await.expect(404);
        }
        assert_eq!(app.post(&operator, &decision(&waiting[0], "release"), &json!({ "reason": " " })).await.expect(422).faults(), ["/reason blank"]);
        // Confirmed it stays out; the owner is told, and it can be released later.
        let confirmed = app.post(&operator, &decision(&waiting[1], "confirm"), &json!({ "reason": "Nobody uses so many" })).await.expect(200);
        assert_eq!((&confirmed.json["state"], &confirmed.json["decided_by"]), (&json!("confirmed"), &json!("operator")));
        app.post(&operator, &decision(&waiting[1], "confirm"), &json!({ "reason": "again" })).await.expect(409);
        assert!(app.get(&hospital.token, &need).await.json["quarantine"].is_string());
        let mails = app.mails().await;
        assert!(mails.iter().any(|m| m.text.contains("Nobody uses so many") && m.text.contains("stays out")), "{mails:?}");
        app.post(&operator, &decision(&waiting[1], "release"), &json!({ "reason": "They do" })).await.expect(200);
        assert_eq!(app.get(&hospital.token, &need).await.json["quarantine"], Value::Null);
        app.post(&operator, &decision(&waiting[0], "release"), &json!({ "reason": "Saw the warehouse" })).await.expect(200);
        assert_eq!(queue(&app, &operator, "").await, Vec::<Value>::new());
        assert_eq!(queue(&app, &operator, "?state=released").await.len(), 2);
        let mails = app.mails().await;
        assert!(mails.iter().any(|m| m.text.contains("Saw the warehouse") && m.text.contains("let through")), "{mails:?}");
        // The same figures do not wait again, wherever they have been meanwhile; others do.
        let stock = async |value: i64| {
            let body = json!({ "stock": { "value": value } });
            app.patch(&firm.token, &offer, "*", &body).await.expect(200).json["quarantine"].clone()
        };
        assert_eq!(stock(5).await, Value::Null);
        assert_eq!(stock(MUCH).await, Value::Null, "it was let through");
        assert!(stock(MUCH + 1).await.is_string());
        assert_eq!(queue(&app, &operator, "").await.len(), 1);
        assert_eq!(stock(6).await, Value::Null);
        assert_eq!(queue(&app, &operator, "").await.len(), 0, "what its owner mended waits no more");
        let log = app.get(&operator, "/api/v1/audit?record=review").await.expect(200);
        let acts: Vec<&str> = log.items().iter().map(|e| e["act"].as_str().unwrap()).collect();
        assert_eq!(acts.iter().filter(|a| **a == "release").count(), 2);
        assert!(!log.text.contains("warehouse"), "{}", log.text);
        // What is withdrawn waits for nobody.
        assert!(stock(MUCH + 2).await.is_string());
        app.post_text(&firm.token, &format!("{offer}/withdraw"), "").await.expect(200);
        assert_eq!(queue(&app, &operator, "").await.len(), 0);
    }
}

on_both! {
    async fn num_04_an_import_brings_the_same_figures_and_they_do_not_wait_again(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let rows = |note: &str| format!("id,organisation,country,product,quantity,note\n1,Tessuti,IT,ffp,{MUCH},{note}\n");
        let counts = async |note: &str| {
            let report = imports::offers(&app, &rows(note), ImportOptions::default()).await;
            (report.counts.created, report.counts.updated, report.counts.quarantined)
        };
        assert_eq!(counts("first").await, (0, 0, 1));
        assert_eq!(counts("second").await, (0, 0, 1), "nobody decided yet");
        let [review] = queue(&app, &operator, "?kind=offer").await.try_into().unwrap();
        app.post(&operator, &decision(&review, "release"), &json!({ "reason": "Seen" })).await.expect(200);
        assert_eq!(counts("third").await, (0, 1, 0));
        let offers = app.get(&operator, "/api/v1/offers").await;
        assert_eq!((&offers.items()[0]["quarantine"], &offers.items()[0]["note"]), (&Value::Null, &json!("third")));
        assert_eq!(queue(&app, &operator, "").await.len(), 0);
        // Twins are put to a reviewer as well, and one that is released stays so.
        let twins = |note: &str| format!("id,organisation,country,product,quantity,created_at,note\n\
            8,Filati,IT,ffp,70,2020-04-01T10:00:07Z,{note}\n9,Filati Nord,IT,ffp,70,2020-04-01T10:00:08Z,{note}\n");
        let report = imports::offers(&app, &twins("a"), ImportOptions::default()).await;
        assert_eq!((report.counts.created, report.counts.quarantined), (1, 1));
        let [twin] = queue(&app, &operator, "").await.try_into().unwrap();
        app.post(&operator, &decision(&twin, "release"), &json!({ "reason": "Two machines" })).await.expect(200);
        let report = imports::offers(&app, &twins("b"), ImportOptions::default()).await;
        assert_eq!((report.counts.updated, report.counts.quarantined), (2, 0));
    }
}

on_both! {
    async fn a_cluster_reviews_its_members_records_and_no_others(db: TestDb) {
        let app = TestApp::new(db);
        let (member, other) = (app.firm("Member").await, app.firm("Other").await);
        let (cluster, unverified) = (memberships::cluster(&app, "Textile").await, app.organisation("Own", "cluster", "DE", "DE21").await);
        memberships::joined(&app, &member, &cluster).await;
        for firm in [&member, &other, &cluster] {
            let mut body = offers::plain(firm);
            body["stock"] = json!({ "value": MUCH });
            app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
            app.clock.advance_micros(1);
        }
        let all = queue(&app, &app.operator(), "").await;
        assert_eq!(all.len(), 3);
        let own = queue(&app, &cluster.token, "").await;
        assert_eq!(own, [all[0].clone()]);
        assert_eq!(queue(&app, &unverified.token, "").await.len(), 0);
        for review in &all[1..] {
            app.post(&cluster.token, &decision(review, "release"), &json!({ "reason": "x" })).await.expect(404);
        }
        app.post(&unverified.token, &decision(&all[0], "release"), &json!({ "reason": "x" })).await.expect(404);
        let released = app.post(&cluster.token, &decision(&all[0], "release"), &json!({ "reason": "Our member" })).await.expect(200);
        assert_eq!(released.json["decided_by"], "cluster");
        // Page by page it is the same queue.
        let first = app.get(&app.operator(), "/api/v1/reviews?limit=1&total=true").await.expect(200);
        assert_eq!((&first.json["total"], first.items().len()), (&json!(2), 1));
        let next = format!("/api/v1/reviews?limit=1&cursor={}", first.json["next"].as_str().unwrap());
        let second = app.get(&app.operator(), &next).await.expect(200);
        assert_eq!([first.items(), second.items()].concat(), all[1..]);
        // What the member's own cluster may ends with its membership.
        app.get(&cluster.token, "/api/v1/reviews?state=gone").await.expect(422);
    }
}

on_both! {
    async fn a_doubted_certificate_counts_once_it_is_released(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, copier, hospital) = (app.firm("Atelier").await, app.firm("Copier").await, app.hospital("Hôpital").await);
        certificates::published(&app, &firm, json!([certificates::paper("DE-4711")])).await;
        let copied = certificates::published(&app, &copier, json!([certificates::paper("DE-4711")])).await;
        let mut need = needs::plain(&hospital);
        need["certificates"] = json!(["eu-type-examination"]);
        need["instalments"][0]["quantity"]["value"] = json!(30_000);
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        let suppliers = async || {
            app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
            app.work().await;
            app.get(&app.operator(), "/api/v1/matches?state=suggested").await.expect(200).items().len()
        };
        assert_eq!(suppliers().await, 1, "one that is doubted does not count");
        let [review] = queue(&app, &app.operator(), "?kind=certificate").await.try_into().unwrap();
        assert_eq!((&review["offer"], &review["certificate"]), (&copied["id"], &copied["certificates"][0]["id"]));
        app.post(&app.operator(), &decision(&review, "release"), &json!({ "reason": "A subsidiary" })).await.expect(200);
        assert_eq!(suppliers().await, 2);
        let address = format!("/api/v1/offers/{}", copied["id"].as_str().unwrap());
        // Changed and stated again it is what was let through.
        for number in ["DE-9", "DE-4711"] {
            let mut changed = certificates::paper("DE-4711");
            changed["valid_until"] = json!(if number == "DE-9" { "2025-01-01" } else { "2024-04-30" });
            let after = app.patch(&copier.token, &address, "*", &json!({ "certificates": [changed] })).await.expect(200);
            assert_eq!(after.json["certificates"][0]["doubt"], Value::Null, "{}", after.text);
        }
    }
}

on_both! {
    async fn an_open_match_is_at_risk_while_what_it_rests_on_does_not_hold(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let made = certificates::published(&app, &firm, json!([certificates::paper("DE-4711")])).await;
        let matched = certificates::opened(&app, made["id"].as_str().unwrap(), &hospital, json!(["eu-type-examination"])).await;
        let id: domain::ids::MatchId = matched.parse().unwrap();
        let since = async || storage::risks::since(&app.app.store, storage::Scope::Operator, id).await.unwrap();
        app.mails().await;
        assert_eq!((app::risks::sweep(&app.app).await.unwrap(), since().await), (0, None));
        // A reviewer rejects the paper: both sides are told, once.
        let (files, offer) = crate::evidence::addresses(&made);
        let review = files.replace("/evidence", "/review");
        app.post(&app.operator(), &review, &json!({ "status": "rejected", "note": "Forged" })).await.expect(200);
        assert!(since().await.is_some());
        let at_risk = |mails: &[testkit::post::Mailed]| mails.iter().filter(|m| m.subject.contains("at risk")).count();
        let mails = app.mails().await;
        assert_eq!(at_risk(&mails), 2, "{mails:?}");
        assert!(mails.iter().filter(|m| m.subject.contains("at risk")).all(|m| m.text.contains(&matched)));
        assert_eq!((app::risks::sweep(&app.app).await.unwrap(), at_risk(&app.mails().await)), (0, 0));
        app.post(&app.operator(), &review, &json!({ "status": "confirmed", "note": "No, it is good" })).await.expect(200);
        assert_eq!(since().await, None);
        // Quarantine does it, and its end undoes it.
        let stock = |value: i64| json!({ "stock": { "value": value } });
        app.patch(&firm.token, &offer, "*", &stock(MUCH)).await.expect(200);
        assert!(since().await.is_some());
        app.patch(&firm.token, &offer, "*", &stock(5000)).await.expect(200);
        assert_eq!(since().await, None);
        assert_eq!(at_risk(&app.mails().await), 0, "by the time that mail went out it was no more");
        // And the clock alone: the paper ends before the goods are due.
        app.app.store.tamper("UPDATE offers SET terms = REPLACE(terms, '2024-04-30', '2020-04-10')").await.unwrap();
        assert_eq!((app::risks::sweep(&app.app).await.unwrap(), since().await.is_some()), (1, true));
        assert_eq!(at_risk(&app.mails().await), 2);
        assert_eq!(app::risks::sweep(&app.app).await.unwrap(), 0);
        let log = app.get(&firm.token, "/api/v1/audit?record=match").await.expect(200);
        let acts: Vec<&str> = log.items().iter().map(|e| e["act"].as_str().unwrap()).collect();
        assert_eq!((acts.iter().filter(|a| **a == "endanger").count(), acts.len()), (3, 5), "{}", log.text);
    }
}
