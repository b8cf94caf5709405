//! Certificates of offers over HTTP and from files: what can be stated, what speaks against it, and what others find.

use app::imports::ImportOptions;
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{imports, memberships, needs, offers};

/// An offer with these certificates.
pub fn with(firm: &Org, certificates: Value) -> Value {
    let mut body = offers::plain(firm);
    body["certificates"] = certificates;
    body
}

/// A type examination that nothing speaks against.
pub fn paper(number: &str) -> Value {
    json!({ "kind": "eu-type-examination", "number": number, "notified_body": "2797", "valid_until": "2024-04-30" })
}

pub async fn published(app: &TestApp, firm: &Org, certificates: Value) -> Value {
    app.post(&firm.token, "/api/v1/offers", &with(firm, certificates)).await.expect(201).json
}

async fn faults(app: &TestApp, firm: &Org, certificates: Value) -> Vec<String> {
    app.post(&firm.token, "/api/v1/offers", &with(firm, certificates)).await.expect(422).faults()
}

/// A match that a run suggests, after which the supplier accepted it; the buyer demands these certificates.
pub async fn opened(app: &TestApp, offer: &str, hospital: &Org, certificates: Value) -> String {
    let mut need = needs::plain(hospital);
    need["certificates"] = certificates;
    app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
    app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
    app.work().await;
    let found = app.get(&app.operator(), "/api/v1/matches?state=suggested").await.expect(200);
    let of_offer = |m: &&Value| m.to_string().contains(offer);
    let id = found.items().iter().find(of_offer).unwrap_or_else(|| panic!("{}", found.text))["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for state in ["proposed", "accepted_by_supplier"] {
        app.app
            .store
            .tamper(&format!("UPDATE matches SET state = '{state}' WHERE state = 'suggested' OR state = 'proposed'"))
            .await
            .unwrap();
    }
    id
}

pub async fn verified(app: &TestApp, org: &Org) {
    let path = format!("/api/v1/organisations/{}/verify", org.id);
    app.post(&app.operator(), &path, &json!({ "verification": "operator" })).await.expect(200);
}

async fn listed(app: &TestApp, list: &str) {
    app::notified_bodies::load(&app.app, list.as_bytes()).await.unwrap();
}

on_both! {
    async fn all_fields_of_a_certificate_read_back_the_same(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let stated = json!([{
            "kind": "eu-type-examination", "status": "claimed", "number": "DE-4711", "notified_body": "2797", "grades": ["FFP2"],
            "valid_from": "2019-05-01", "valid_until": "2024-04-30", "holder": "ATELIER", "holder_role": "manufacturer",
            "module": "b", "models": ["M1", "M2", "M1"], "territory": ["Germany", "FR"],
            "derogation": { "authority": "ZLS", "number": "12/20", "territory": ["DE"], "until": "2020-09-30" }
        }]);
        let made = published(&app, &firm, stated).await;
        let one = &made["certificates"][0];
        assert_eq!(one["models"], json!(["M1", "M2"]));
        assert_eq!((&one["module"], &one["territory"]), (&json!("B"), &json!(["DE", "FR"])));
        assert_eq!(one["derogation"], json!({ "authority": "ZLS", "number": "12/20", "territory": ["DE"], "until": "2020-09-30" }));
        assert_eq!((&one["finding"], &one["doubt"], &one["status"]), (&Value::Null, &Value::Null, &json!("claimed")));
        let address = format!("/api/v1/offers/{}", made["id"].as_str().unwrap());
        assert_eq!(app.get(&firm.token, &address).await.expect(200).json, made);
        // Its id stays while the paper is the same, whatever else of it changes, and is another's never.
        let id = one["id"].clone();
        let mut later = paper("DE-4711");
        later["valid_until"] = json!("2025-04-30");
        let both = json!({ "certificates": [paper("DE-4712"), later] });
        let after = app.patch(&firm.token, &address, "*", &both).await.expect(200).json;
        assert_eq!(after["certificates"][1]["id"], id);
        assert_ne!(after["certificates"][0]["id"], id);
        let wrong = json!([{ "kind": "eu-type-examination", "status": "checked", "number": "", "notified_body": "27", "holder_role": "owner",
            "module": "Z", "territory": ["Atlantis"], "valid_from": "x", "derogation": { "authority": "", "number": "1", "territory": [], "until": "y" } }]);
        let at = |part: &str| format!("/certificates/0/{part}");
        assert_eq!(faults(&app, &firm, wrong).await, [
            at("status unknown_value"), at("number blank"), at("notified_body bad_notified_body"), at("holder_role unknown_value"),
            at("module unknown_value"), at("territory/0 unknown_region"), at("derogation/authority blank"),
            at("derogation/territory missing"), at("derogation/until bad_date"), at("valid_from bad_date"),
        ]);
        assert_eq!(faults(&app, &firm, json!([{ "kind": "national-derogation" }])).await,
            ["/certificates/0/derogation missing", "/certificates/0/valid_until missing"]);
    }
}

on_both! {
    async fn cer_01_a_notified_body_is_checked_by_its_shape_and_by_the_operators_list(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let ce = |number: &str| json!([{ "kind": "ce-nb-module-c2-d", "number": number, "valid_until": "2024-04-30" }]);
        for wrong in ["CE", "CE 1282", "128", "12823", "0000", "１２８２"] {
            assert_eq!(faults(&app, &firm, ce(wrong)).await, ["/certificates/0/number bad_notified_body"], "{wrong}");
        }
        assert_eq!(faults(&app, &firm, json!([{ "kind": "niosh-approval", "number": "TC-84A" }])).await,
            ["/certificates/0/number bad_certificate_number"]);
        // Without a list the shape is all there is to check; unverified is what it is by default.
        let made = published(&app, &firm, ce(" 0123 ")).await;
        let one = &made["certificates"][0];
        assert_eq!((&one["number"], &one["status"], &one["doubt"]), (&json!("0123"), &json!("claimed"), &Value::Null));
        let mut need = needs::plain(&hospital);
        (need["certificates"], need["certificate_status"]) = (json!(["ce-nb-module-c2-d"]), json!("checked"));
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
        app.work().await;
        assert_eq!(app.get(&firm.token, "/api/v1/matches").await.items().len(), 0, "verified ones alone");
        // By the list: unknown, of another law, ended.
        listed(&app, "number,name,country,frames,until\n2797,BSI,NL,PPE-2016-425,\n1282,Ente,IT,MDR-2017-745,\n0158,Gone,DE,PPE-2016-425,2019-01-31\n").await;
        for (number, said) in [("1282", "not designated"), ("9999", "no notified body 9999"), ("0158", "ended on 2019-01-31")] {
            let made = published(&app, &firm, ce(number)).await;
            let doubt = made["certificates"][0]["doubt"].as_str().unwrap_or_default();
            assert!(doubt.contains(said), "{number}: {doubt}");
        }
        assert_eq!(published(&app, &firm, ce("2797")).await["certificates"][0]["doubt"], Value::Null);
        let queue = app.get(&app.operator(), "/api/v1/reviews?kind=certificate").await.expect(200);
        assert_eq!(queue.items().len(), 3, "{}", queue.text);
        // From a file too, where faults name the cell.
        let rows = "id,organisation,country,product,grade,quantity,certificates\n\
            1,Tessuti,IT,ffp,FFP2,10,ce-nb-module-c2-d|1282||2024-04-30\n2,Tessuti,IT,ffp,FFP2,10,ce-nb-module-c2-d|2797||2024-04-30\n";
        let report = imports::offers(&app, rows, ImportOptions::default()).await;
        assert_eq!((report.counts.created, report.counts.rejected), (2, 0));
        let queue = app.get(&app.operator(), "/api/v1/reviews?kind=certificate").await.expect(200);
        assert_eq!(queue.items().len(), 4);
        let bad = imports::offers(&app, &rows.replace("1282", "CE"), ImportOptions::default()).await;
        assert_eq!((bad.counts.created, bad.counts.rejected), (0, 1));
        assert_eq!(bad.rows.iter().flat_map(|r| &r.faults).map(|f| f.code).collect::<Vec<_>>(), ["bad_notified_body"]);
    }
}

on_both! {
    async fn cer_02_free_text_is_no_kind_of_certificate(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for kind in ["Certificate of Compliance ISO", "EN 149", "https://example.org/paper.pdf", ""] {
            assert_eq!(faults(&app, &firm, json!([{ "kind": kind }])).await, ["/certificates/0/kind unknown_certificate_kind"], "{kind}");
        }
        let row = "id,organisation,country,product,quantity,certificates\n1,Tessuti,IT,ffp,10,Certificate of Compliance ISO\n";
        let report = imports::offers(&app, row, ImportOptions::default()).await;
        assert_eq!((report.counts.created, report.counts.rejected), (0, 1));
    }
}

on_both! {
    async fn cer_03_an_expired_certificate_is_told_on_its_own_and_matches_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let until = |day: &str| json!([{ "kind": "eu-type-examination", "valid_until": day }]);
        // Today is 6 April, and the need is due on the 20th.
        let matched = async |day: &str| {
            let made = published(&app, &firm, until(day)).await;
            let id = made["id"].as_str().unwrap().to_owned();
            app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
            app.work().await;
            let found = app.get(&hospital.token, "/api/v1/matches?state=suggested").await.expect(200).items().len();
            app.post_text(&firm.token, &format!("/api/v1/offers/{id}/withdraw"), "").await.expect(200);
            (made["certificates"][0]["status"].as_str().unwrap().to_owned(), found)
        };
        let mut need = needs::plain(&hospital);
        need["certificates"] = json!(["eu-type-examination"]);
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        assert_eq!(matched("2020-04-05").await, ("expired".to_owned(), 0));
        assert_eq!(matched("2020-04-06").await, ("claimed".to_owned(), 0), "today counts, and the delivery is later");
        assert_eq!(matched("2020-04-19").await, ("claimed".to_owned(), 0));
        assert_eq!(matched("2020-04-20").await, ("claimed".to_owned(), 1));
        assert_eq!(faults(&app, &firm, json!([{ "kind": "eu-type-examination", "valid_from": "2020-05-01", "valid_until": "2020-04-30" }])).await,
            ["/certificates/0/valid_until before_start"]);
        // By the clock at reading, without any job.
        let made = published(&app, &firm, until("2020-04-07")).await;
        app.clock.advance_micros(2 * 86_400_000_000);
        let read = app.get(&app.token(firm.grant), &format!("/api/v1/offers/{}", made["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(read.json["certificates"][0]["status"], "expired");
    }
}

on_both! {
    async fn cer_04_a_certificate_without_expiry(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        published(&app, &firm, json!([{ "kind": "eu-declaration-of-conformity", "valid_until": null }])).await;
        assert_eq!(faults(&app, &firm, json!([{ "kind": "eu-type-examination", "valid_until": null }])).await, ["/certificates/0/valid_until missing"]);
        let row = |kind: &str| format!("id,organisation,country,product,quantity,certificates\n1,Tessuti,IT,ffp,10,{kind}\n");
        let counts = async |kind: &str| {
            let report = imports::offers(&app, &row(kind), ImportOptions::default()).await;
            (report.counts.created, report.counts.rejected)
        };
        assert_eq!(counts("eu-type-examination").await, (0, 1));
        assert_eq!(counts("eu-declaration-of-conformity").await, (1, 0));
    }
}

on_both! {
    async fn cer_05_one_number_at_several_firms(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        published(&app, &firm, json!([paper("DE-4711")])).await;
        // The firm's own second offer is no second firm, and another number is another paper.
        assert_eq!(published(&app, &firm, json!([paper("de 4711")])).await["certificates"][0]["doubt"], Value::Null);
        assert_eq!(published(&app, &other, json!([paper("DE-4712")])).await["certificates"][0]["doubt"], Value::Null);
        let copied = published(&app, &other, json!([paper("de 4711")])).await;
        let doubt = copied["certificates"][0]["doubt"].as_str().unwrap();
        assert!(doubt.contains("another organisation") && !doubt.contains("Atelier"), "{doubt}");
        // A maker holds his own papers; a trader says whose they are.
        let mut held = paper("DE-4711");
        held["holder"] = json!("Atelier");
        assert_eq!(faults(&app, &other, json!([held.clone()])).await, ["/certificates/0/holder not_the_holder"]);
        let mut body = with(&other, json!([held]));
        body["role"] = json!("trader");
        let traded = app.post(&other.token, "/api/v1/offers", &body).await.expect(201).json;
        assert_eq!(traded["certificates"][0]["doubt"], Value::Null);
        // Who becomes a maker is held to that.
        let address = format!("/api/v1/offers/{}", traded["id"].as_str().unwrap());
        let refused = app.patch(&other.token, &address, "*", &json!({ "role": "maker" })).await.expect(422);
        assert_eq!(refused.faults(), ["/certificates/0/holder not_the_holder"]);
        // From a file: the same number at a third firm waits, the paper of somebody else is refused.
        let row = |holder: &str| format!("id,organisation,country,product,quantity,certificates\n\
            1,Tessuti,IT,ffp,10,eu-type-examination|DE-4711||2024-04-30|2797|{holder}\n");
        let refused = imports::offers(&app, &row("Atelier"), ImportOptions::default()).await;
        assert_eq!(refused.rows.iter().flat_map(|r| &r.faults).map(|f| f.code).collect::<Vec<_>>(), ["not_the_holder"]);
        assert_eq!(imports::offers(&app, &row("TESSUTI"), ImportOptions::default()).await.counts.created, 1);
        let queue = app.get(&app.operator(), "/api/v1/reviews?kind=certificate").await.expect(200);
        assert_eq!(queue.items().len(), 2, "{}", queue.text);
        assert!(queue.items().iter().all(|review| review["reason"].as_str().unwrap().contains("same number")));
    }
}

on_both! {
    async fn who_may_find_what_of_a_certificate(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, stranger) = (app.firm("Atelier").await, app.firm("Stranger").await);
        let (hospital, authority) = (app.hospital("Hôpital").await, app.hospital("Autorité").await);
        let cluster = memberships::cluster(&app, "Textile Cluster").await;
        let made = published(&app, &firm, json!([paper("DE-4711")])).await;
        let (offer, id) = (made["id"].as_str().unwrap(), made["certificates"][0]["id"].as_str().unwrap());
        let address = format!("/api/v1/offers/{offer}/certificates/{id}/review");
        let find = async |token: &str, status: &str| {
            app.post(token, &address, &json!({ "status": status, "note": "Seen, says Anna" })).await
        };
        // Not the owner, and others do not know of it; an authority without a match is a stranger, too.
        verified(&app, &authority).await;
        find(&firm.token, "checked").await.expect(403);
        for token in [&stranger.token, &cluster.token, &authority.token, &hospital.token] {
            find(token, "checked").await.expect(404);
        }
        assert_eq!(find(&app.operator(), "documented").await.expect(422).faults(), ["/status unknown_value"]);
        // A cluster checks its members' papers, and confirms none.
        memberships::joined(&app, &firm, &cluster).await;
        find(&cluster.token, "confirmed").await.expect(403);
        let checked = find(&cluster.token, "checked").await.expect(200).json;
        assert_eq!(checked["finding"], json!({ "by": "cluster", "on": "2020-04-06", "note": "Seen, says Anna" }));
        let told = app.mails().await;
        assert!(told.iter().any(|mail| mail.text.contains("checked") && mail.text.contains("Seen, says Anna")), "{told:?}");
        // The buyer of a match that the supplier accepted, once the operator vouches for it.
        opened(&app, offer, &hospital, json!(["eu-type-examination"])).await;
        find(&hospital.token, "confirmed").await.expect(404);
        verified(&app, &hospital).await;
        assert_eq!(find(&hospital.token, "confirmed").await.expect(200).json["status"], "confirmed");
        find(&cluster.token, "rejected").await.expect(403);
        assert_eq!(find(&app.operator(), "rejected").await.expect(200).json["finding"]["by"], "operator");
        // The owner changes what he states, not what was found; and a changed paper waits.
        let offer_address = format!("/api/v1/offers/{offer}");
        let same = app.patch(&firm.token, &offer_address, "*", &json!({ "certificates": [paper("DE-4711")] })).await.expect(200);
        assert_eq!(same.json["certificates"][0]["status"], "rejected");
        let mut changed = paper("DE-4711");
        changed["valid_until"] = json!("2025-01-01");
        let changed = app.patch(&firm.token, &offer_address, "*", &json!({ "certificates": [changed] })).await.expect(200);
        let one = &changed.json["certificates"][0];
        assert_eq!((&one["status"], &one["id"]), (&json!("claimed"), &json!(id)));
        assert!(one["doubt"].as_str().unwrap().contains("rejected"), "{one}");
        // What the log tells names nobody.
        let log = app.get(&firm.token, "/api/v1/audit?act=review").await.expect(200);
        assert_eq!(log.items().len(), 3);
        assert!(!log.text.contains("Anna"), "{}", log.text);
        let pending = published(&app, &firm, json!([{ "kind": "iso-13485", "status": "in_testing", "expected_on": "2020-05-01" }])).await;
        let address = format!("/api/v1/offers/{}/certificates/{}/review", pending["id"].as_str().unwrap(), pending["certificates"][0]["id"].as_str().unwrap());
        app.post(&app.operator(), &address, &json!({ "status": "checked" })).await.expect(409);
    }
}

on_both! {
    async fn a_derogation_counts_in_an_emergency_in_its_territory_until_its_end(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let derogation = |territory: &str, until: &str| json!([{ "kind": "national-derogation",
            "derogation": { "authority": "ANSM", "number": "20/1", "territory": [territory], "until": until } }]);
        let mut need = needs::plain(&hospital);
        need["certificates"] = json!(["national-derogation"]);
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        let made = published(&app, &firm, derogation("FR", "2020-04-20")).await;
        assert_eq!(made["certificates"][0]["valid_until"], "2020-04-20", "it runs out when it ends");
        let address = format!("/api/v1/offers/{}", made["id"].as_str().unwrap());
        let found = async || {
            app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
            app.work().await;
            app.get(&hospital.token, "/api/v1/matches?state=suggested").await.expect(200).items().len()
        };
        assert_eq!(found().await, 0, "calm times permit none");
        let emergency = "INSERT INTO market_modes (since, mode, reason) VALUES (1, 'emergency', 'test')";
        app.app.store.tamper(emergency).await.unwrap();
        assert_eq!(found().await, 1);
        for (territory, until, expected) in [("DE", "2020-12-31", 0), ("FR10", "2020-12-31", 1), ("FR", "2020-04-19", 0)] {
            app.patch(&firm.token, &address, "*", &json!({ "certificates": derogation(territory, until) })).await.expect(200);
            assert_eq!(found().await, expected, "{territory} {until}");
        }
        // A paper that holds elsewhere is none either.
        let elsewhere = |territory: &str| json!([{ "kind": "eu-type-examination", "valid_until": "2024-04-30", "territory": [territory] }]);
        let mut need = needs::plain(&hospital);
        need["certificates"] = json!(["eu-type-examination"]);
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        for (territory, expected) in [("DE", 0), ("FR", 1)] {
            app.patch(&firm.token, &address, "*", &json!({ "certificates": elsewhere(territory) })).await.expect(200);
            assert_eq!(found().await, expected, "{territory}");
        }
    }
}
