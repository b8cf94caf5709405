//! Firms that a cluster enters: they confirm or refuse by a mailed link, or are claimed with evidence.

use serde_json::{Value, json};
use testkit::{TestApp, TestDb, app::Org, on_both, post::Mailed};

use crate::{
    memberships::{acting_for, cluster},
    offers,
};

pub fn entry(name: &str) -> Value {
    json!({
        "name": name, "country": "FR", "identifiers": [{ "kind": "vat", "value": "DE123456788" }],
        "contact": { "email": "olga@atelier.example", "name": "Olga Owner" },
        "mandate": { "ends_on": "2020-12-31" }
    })
}

pub fn token_of(mail: &Mailed, purpose: &str) -> String {
    let at = mail.text.find(&format!("/link#{purpose}.")).unwrap_or_else(|| panic!("no link: {}", mail.text));
    let rest = &mail.text[at..];
    rest.split('.').nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

on_both! {
    async fn a_cluster_enters_a_firm_which_confirms_by_a_mailed_link(db: TestDb) {
        let app = TestApp::new(db);
        let cluster = cluster(&app, "Textile Cluster").await;
        let members = format!("/api/v1/organisations/{}/members", cluster.id);
        let unverified = app.organisation("Own Cluster", "cluster", "DE", "DE21").await;
        let elsewhere = format!("/api/v1/organisations/{}/members", unverified.id);
        app.post(&unverified.token, &elsewhere, &entry("Atelier")).await.expect(403);
        assert!(app.mails().await.is_empty());
        let bad = json!({ "name": "", "country": "Atlantis", "contact": { "email": "x", "name": "" }, "mandate": { "ends_on": "soon" } });
        let faults = app.post(&cluster.token, &members, &bad).await.expect(422).faults();
        let expected =
            ["/name blank", "/country unknown_region", "/contact/email bad_email", "/contact/name blank", "/mandate/ends_on bad_date"];
        assert_eq!(faults, expected);
        let made = app.post(&cluster.token, &members, &entry("Atelier")).await.expect(201);
        let firm = made.json["organisation"]["id"].as_str().unwrap().to_owned();
        assert_eq!(made.json["organisation"]["entered_by"], json!(cluster.id));
        assert_eq!(made.json["organisation"]["clusters"], json!([cluster.id]));
        assert!(!made.text.contains("olga") && !made.text.contains("Olga"), "{}", made.text);
        assert_eq!((&made.json["mandate"]["state"], &made.json["mandate"]["confirmed_at"]), (&json!("valid"), &Value::Null));
        // Nothing is entered twice, whoever enters it.
        app.post(&cluster.token, &members, &entry("ATELIER")).await.expect(409);
        // The cluster acts for it before anybody there has an account.
        let site = json!({ "name": "Works", "region": "FR10" });
        let site = acting_for(&app, &cluster.token, &firm, "POST", "/api/v1/sites", &site).await.expect(201).id();
        let org = Org { id: firm.clone(), site, ..cluster.clone() };
        let offer = acting_for(&app, &cluster.token, &firm, "POST", "/api/v1/offers", &offers::plain(&org)).await.expect(201);
        // The privacy notice says who entered what, and what can be done.
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, "olga@atelier.example");
        for words in ["Textile Cluster", "until 2020-12-31", "read and write", "erased", "refuse"] {
            assert!(mails[0].text.contains(words), "{words}: {}", mails[0].text);
        }
        let token = json!({ "token": token_of(&mails[0], "entry") });
        // The link sets no password.
        let password = json!({ "token": token["token"], "password": "correct horse battery staple" });
        assert_eq!(app.post("", "/api/v1/passwords", &password).await.expect(422).faults(), ["/token void_link"]);
        app.post("", "/api/v1/organisations/confirm", &token).await.expect(204);
        assert_eq!(app.post("", "/api/v1/organisations/confirm", &token).await.expect(422).faults(), ["/token void_link"]);
        assert_eq!(app.post("", "/api/v1/organisations/refuse", &token).await.expect(422).faults(), ["/token void_link"]);
        let read = app.get(&app.operator(), &format!("/api/v1/organisations/{firm}")).await.expect(200);
        assert!(read.json["confirmed_by_firm_at"].is_string(), "{}", read.text);
        let held = app.get(&cluster.token, &format!("/api/v1/organisations/{}/mandates", cluster.id)).await.expect(200);
        assert!(held.items()[0]["confirmed_at"].is_string());
        // Then the firm gets an account of its own, and takes the mandate back.
        let mails = app.mails().await;
        let password = json!({ "token": token_of(&mails[0], "password"), "password": "correct horse battery staple" });
        app.post("", "/api/v1/passwords", &password).await.expect(200);
        let sign_in = json!({ "email": "olga@atelier.example", "password": "correct horse battery staple" });
        let session = app.post("", "/api/v1/sessions", &sign_in).await.expect(201);
        let olga = session.json["access_token"].as_str().unwrap().to_owned();
        assert_eq!(app.get(&olga, "/api/v1/offers").await.items()[0]["id"], json!(offer.id()));
        let mandate = held.items()[0]["id"].as_str().unwrap();
        app.post(&olga, &format!("/api/v1/organisations/{firm}/mandates/{mandate}/end"), &json!({})).await.expect(200);
        acting_for(&app, &cluster.token, &firm, "GET", "/api/v1/offers", &json!({})).await.expect(403);
    }
}

on_both! {
    async fn a_firm_refuses_what_was_entered_for_it(db: TestDb) {
        let app = TestApp::new(db);
        let cluster = cluster(&app, "Textile Cluster").await;
        let members = format!("/api/v1/organisations/{}/members", cluster.id);
        let made = app.post(&cluster.token, &members, &entry("Atelier")).await.expect(201);
        let firm = made.json["organisation"]["id"].as_str().unwrap().to_owned();
        let site = json!({ "name": "Works", "region": "FR10" });
        let site = acting_for(&app, &cluster.token, &firm, "POST", "/api/v1/sites", &site).await.expect(201).id();
        let org = Org { id: firm.clone(), site, ..cluster.clone() };
        let offer = acting_for(&app, &cluster.token, &firm, "POST", "/api/v1/offers", &offers::plain(&org)).await.expect(201);
        let mails = app.mails().await;
        app.post("", "/api/v1/organisations/refuse", &json!({ "token": token_of(&mails[0], "entry") })).await.expect(204);
        acting_for(&app, &cluster.token, &firm, "GET", "/api/v1/offers", &json!({})).await.expect(403);
        let membership = app.get(&cluster.token, &format!("{members}?state=ended")).await.expect(200);
        assert_eq!(membership.items()[0]["member"], json!(firm));
        let read = app.get(&app.operator(), &format!("/api/v1/offers/{}", offer.id())).await.expect(200);
        assert!(read.json["quarantine"].as_str().is_some_and(|why| why.contains("refused")), "{}", read.text);
        let roles = app.get(&app.operator(), &format!("/api/v1/organisations/{firm}/roles")).await.expect(200);
        assert_eq!(roles.items().len(), 0);
        let log = app.get(&cluster.token, "/api/v1/audit?act=end").await.expect(200);
        assert_eq!(log.items()[0]["record"], "membership");
        let erased = app.get(&app.operator(), "/api/v1/audit?act=erase").await.expect(200);
        assert_eq!(erased.items().len(), 1);
        // Nobody is reached at that address any more.
        app.post("", "/api/v1/passwords/reset", &json!({ "email": "olga@atelier.example" })).await.expect(202);
        assert!(app.mails().await.is_empty());
    }
}

on_both! {
    async fn a_firm_claims_its_record_with_evidence(db: TestDb) {
        let app = TestApp::new(db);
        // Somebody who runs the service gets mail.
        let set = app::people::create_operator(&app.app, &app::access::Caller::command_line(), "op@example.org", "Op").await;
        let link = app::people::shown(&set.unwrap()).to_owned();
        let password = json!({ "token": link.split('.').next_back(), "password": "correct horse battery staple" });
        app.post("", "/api/v1/passwords", &password).await.expect(200);
        let cluster = cluster(&app, "Textile Cluster").await;
        let members = format!("/api/v1/organisations/{}/members", cluster.id);
        let made = app.post(&cluster.token, &members, &entry("Atelier")).await.expect(201);
        let firm = made.json["organisation"]["id"].as_str().unwrap().to_owned();
        let token = json!({ "token": token_of(&app.mails().await[0], "entry") });
        // Somebody of another organisation who speaks for this one, too.
        let nobody = app.firm("Holding").await;
        let mut wanted = json!({ "country": "FR", "name": "atelier", "evidence": "Register FR-123, page 4" });
        app.post(&nobody.token, "/api/v1/organisations/ask", &wanted).await.expect(202);
        wanted["name"] = json!("Nobody's");
        app.post(&nobody.token, "/api/v1/organisations/ask", &wanted).await.expect(202);
        let mails = app.mails().await;
        let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["op@example.org"], "who runs the service decides, and not the cluster about its own word");
        let claims = format!("/api/v1/organisations/{firm}/claims");
        // Somebody of the cluster claims what the cluster entered: the cluster grants nothing.
        app.post(&cluster.token, "/api/v1/organisations/ask", &wanted_again("atelier")).await.expect(202);
        let listed = app.get(&app.operator(), &claims).await.expect(200);
        assert_eq!(listed.items().len(), 2);
        let of_cluster = listed.items().iter().find(|claim| claim["evidence"] == "by the cluster").unwrap();
        let of_cluster = of_cluster["id"].as_str().unwrap();
        app.get(&cluster.token, &claims).await.expect(404);
        app.post(&cluster.token, &format!("{claims}/{of_cluster}/grant"), &json!({ "role": "admin" })).await.expect(404);
        app.post(&app.operator(), &format!("{claims}/{of_cluster}/refuse"), &json!({})).await.expect(204);
        let listed = app.get(&app.operator(), &claims).await.expect(200);
        assert_eq!(listed.items().len(), 1);
        assert_eq!(listed.items()[0]["evidence"], "Register FR-123, page 4");
        let claim = listed.items()[0]["id"].as_str().unwrap().to_owned();
        // Nobody else decides, least of all who claims.
        app.get(&nobody.token, &claims).await.expect(404);
        app.post(&nobody.token, &format!("{claims}/{claim}/grant"), &json!({ "role": "admin" })).await.expect(404);
        let granted = app.post(&app.operator(), &format!("{claims}/{claim}/grant"), &json!({ "role": "admin" })).await.expect(200);
        assert_eq!(granted.json["person"], json!(nobody.grant.person));
        app.post(&app.operator(), &format!("{claims}/{claim}/grant"), &json!({ "role": "admin" })).await.expect(404);
        let read = app.get(&app.operator(), &format!("/api/v1/organisations/{firm}")).await.expect(200);
        assert!(read.json["confirmed_by_firm_at"].is_string());
        // From now on the firm speaks for itself: the link of the first mail says nothing any more.
        for answer in ["confirm", "refuse"] {
            let answered = app.post("", &format!("/api/v1/organisations/{answer}"), &token).await.expect(422);
            assert_eq!(answered.faults(), ["/token void_link"], "{answer}");
        }
        assert!(app.mails().await.iter().any(|mail| mail.subject.contains("can act for Atelier")));
    }
}

fn wanted_again(name: &str) -> Value {
    json!({ "country": "FR", "name": name, "evidence": "by the cluster" })
}

on_both! {
    async fn who_was_named_for_a_firm_and_never_answers_is_forgotten(db: TestDb) {
        let app = TestApp::new(db);
        let cluster = cluster(&app, "Textile Cluster").await;
        let members = format!("/api/v1/organisations/{}/members", cluster.id);
        let made = app.post(&cluster.token, &members, &entry("Atelier")).await.expect(201);
        let firm = made.json["organisation"]["id"].as_str().unwrap().to_owned();
        // Who signed is told to the firm's own people, and not to the cluster, which might learn who has an account.
        assert!(made.json["mandate"]["signatory"].is_null(), "{}", made.text);
        app.mails().await;
        assert_eq!(app::memberships::forget_silent(&app.app).await.unwrap(), 0);
        app.clock.advance_micros((app::memberships::SILENCE_SECONDS + 1) * 1_000_000);
        assert_eq!(app::memberships::forget_silent(&app.app).await.unwrap(), 1);
        assert_eq!(app::memberships::forget_silent(&app.app).await.unwrap(), 0);
        let roles = app.get(&app.operator(), &format!("/api/v1/organisations/{firm}/roles")).await.expect(200);
        assert_eq!(roles.items().len(), 0);
        app.post("", "/api/v1/passwords/reset", &json!({ "email": "olga@atelier.example" })).await.expect(202);
        assert!(app.mails().await.is_empty());
        let later = app.token(cluster.grant);
        acting_for(&app, &later, &firm, "GET", "/api/v1/sites", &json!({})).await.expect(200);
    }
}

on_both! {
    async fn a_refused_claim_is_forgotten(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, one, two) = (app.firm("Atelier").await, app.firm("One").await, app.firm("Two").await);
        for who in [&one, &two] {
            let wanted = json!({ "country": "DE", "name": "Atelier", "evidence": "my word" });
            app.post(&who.token, "/api/v1/organisations/ask", &wanted).await.expect(202);
        }
        app.mails().await;
        let claims = format!("/api/v1/organisations/{}/claims", firm.id);
        let listed = app.get(&firm.token, &claims).await.expect(200);
        assert_eq!(listed.items().len(), 2);
        let claim = listed.items()[0]["id"].as_str().unwrap();
        app.post(&firm.token, &format!("{claims}/{claim}/refuse"), &json!({})).await.expect(204);
        assert_eq!(app.get(&firm.token, &claims).await.items().len(), 1);
    }
}
