//! Clusters and their members, mandates, and what ends with what.

use domain::person::Role;
use serde_json::{Value, json};
use testkit::{
    TestApp, TestDb,
    app::{Answer, Org, request},
    on_both,
};

use crate::{
    entries::{entry, token_of},
    offers,
};

/// A cluster that the operator vouches for.
pub async fn cluster(app: &TestApp, name: &str) -> Org {
    let cluster = app.organisation(name, "cluster", "DE", "DE21").await;
    verify(app, &cluster, "operator").await;
    cluster
}

on_both! {
    async fn what_nobody_looked_at_is_not_vouched_for(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, operator) = (app.firm("Atelier").await, app.operator());
        let path = format!("/api/v1/organisations/{}", firm.id);
        let seen = app.get(&operator, &path).await.expect(200).header("etag").to_owned();
        app.patch(&firm.token, &path, "*", &json!({ "name": "Universitätsklinikum" })).await.expect(200);
        let body = json!({ "verification": "operator" }).to_string();
        let send = |tag: String| {
            let mut sent = request("POST".parse().unwrap(), &operator, &format!("{path}/verify"), body.clone().into());
            sent.headers_mut().insert("if-match", tag.parse().unwrap());
            app.send(sent)
        };
        send(seen).await.expect(412);
        assert_eq!(verification(&app, &firm).await, "none");
        let seen = app.get(&operator, &path).await.expect(200).header("etag").to_owned();
        send(seen).await.expect(200);
        assert_eq!(verification(&app, &firm).await, "operator");
    }
}

pub async fn verify(app: &TestApp, organisation: &Org, verification: &str) {
    let path = format!("/api/v1/organisations/{}/verify", organisation.id);
    app.post(&app.operator(), &path, &json!({ "verification": verification })).await.expect(200);
}

/// What somebody does for an organisation that it names.
pub async fn acting_for(
    app: &TestApp,
    token: &str,
    organisation: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Answer {
    let mut sent = request(method.parse().unwrap(), token, path, body.to_string().into());
    sent.headers_mut().insert("acting-for", organisation.parse().unwrap());
    if method == "PATCH" {
        sent.headers_mut().insert("if-match", "*".parse().unwrap());
    }
    app.send(sent).await
}

pub async fn joined(app: &TestApp, firm: &Org, cluster: &Org) {
    let path = format!("/api/v1/organisations/{}/memberships", firm.id);
    app.post(&firm.token, &path, &json!({ "cluster": cluster.id })).await.expect(201);
    let path = format!("/api/v1/organisations/{}/members/{}/accept", cluster.id, firm.id);
    app.post(&cluster.token, &path, &json!({})).await.expect(200);
}

pub async fn mandated(app: &TestApp, firm: &Org, holder: &Org, scopes: &[&str]) -> String {
    let body = json!({ "holder": holder.id, "scopes": scopes, "ends_on": "2020-12-31" });
    app.post(&firm.token, &format!("/api/v1/organisations/{}/mandates", firm.id), &body).await.expect(201).id()
}

async fn verification(app: &TestApp, firm: &Org) -> String {
    let read = app.get(&firm.token, &format!("/api/v1/organisations/{}", firm.id)).await.expect(200);
    read.json["verification"].as_str().unwrap().to_owned()
}

/// Does whatever clusters, their members and who entered them do, once.
pub async fn whatever_clusters_do(app: &TestApp) {
    let (one, two) = (cluster(app, "Cluster One").await, app.organisation("Works", "firm", "DE", "DE21").await);
    joined(app, &two, &one).await;
    let of_one = |rest: &str| format!("/api/v1/organisations/{}/members/{rest}", one.id);
    app.post(&one.token, &of_one(&format!("{}/verify", two.id)), &json!({ "vouch": true })).await.expect(200);
    let mandate = mandated(app, &two, &one, &[]).await;
    app.post(&two.token, &format!("/api/v1/organisations/{}/mandates/{mandate}/end", two.id), &json!({}))
        .await
        .expect(200);
    app.post(&one.token, &of_one(&format!("{}/remove", two.id)), &json!({})).await.expect(200);
    joined(app, &two, &one).await;
    let leave = format!("/api/v1/organisations/{}/memberships/{}/end", two.id, one.id);
    app.post(&two.token, &leave, &json!({})).await.expect(200);
    let members = format!("/api/v1/organisations/{}/members", one.id);
    let mut entered = Vec::new();
    for (name, vat, email) in
        [("First", "DE123456788", "first@x.example"), ("Second", "DE123456796", "second@x.example")]
    {
        let mut body = entry(name);
        (body["identifiers"][0]["value"], body["contact"]["email"]) = (json!(vat), json!(email));
        let made = app.post(&one.token, &members, &body).await.expect(201);
        entered.push(made.json["organisation"]["id"].as_str().unwrap().to_owned());
    }
    let mails = app.mails().await;
    let of = |email: &str| mails.iter().find(|mail| mail.to == email).unwrap();
    for (answer, email) in [("confirm", "first@x.example"), ("refuse", "second@x.example")] {
        let token = json!({ "token": token_of(of(email), "entry") });
        app.post("", &format!("/api/v1/organisations/{answer}"), &token).await.expect(204);
    }
    for (answer, name) in [("grant", "First"), ("refuse", "Second")] {
        let wanted = json!({ "country": "FR", "name": name, "evidence": "my word" });
        app.post(&two.token, "/api/v1/organisations/ask", &wanted).await.expect(202);
        let firm = &entered[usize::from(name == "Second")];
        let claims = format!("/api/v1/organisations/{firm}/claims");
        let claim = app.get(&app.operator(), &claims).await.items()[0]["id"].as_str().unwrap().to_owned();
        let answered =
            app.post(&app.operator(), &format!("{claims}/{claim}/{answer}"), &json!({ "role": "member" })).await;
        assert!([200, 204].contains(&answered.status), "{}", answered.text);
    }
    app.post(&one.token, &format!("/api/v1/organisations/{}/close", one.id), &json!({})).await.expect(204);
    app.mails().await;
}

on_both! {
    async fn a_firm_joins_a_cluster_that_vouches_for_it_and_leaves(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, cluster) = (app.firm("Atelier").await, cluster(&app, "Textile Cluster").await);
        let listed = app.get(&firm.token, "/api/v1/directory").await.expect(200);
        assert_eq!(listed.items()[0]["id"], json!(cluster.id));
        let memberships = format!("/api/v1/organisations/{}/memberships", firm.id);
        let members = format!("/api/v1/organisations/{}/members", cluster.id);
        let asked = app.post(&firm.token, &memberships, &json!({ "cluster": cluster.id })).await.expect(201);
        assert_eq!((&asked.json["state"], &asked.json["name"]), (&json!("requested"), &json!("Textile Cluster")));
        app.post(&firm.token, &memberships, &json!({ "cluster": cluster.id })).await.expect(409);
        let mail = app.mails().await;
        assert!(mail.len() == 1 && mail[0].text.contains("Atelier asks to join"), "{mail:?}");
        // It is a member when the cluster says so, and not before.
        let vouch = format!("{members}/{}/verify", firm.id);
        app.post(&cluster.token, &vouch, &json!({ "vouch": true })).await.expect(409);
        app.post(&firm.token, &format!("{members}/{}/accept", firm.id), &json!({})).await.expect(404);
        let requested = app.get(&cluster.token, &format!("{members}?state=requested")).await.expect(200);
        assert_eq!(requested.items()[0]["name"], "Atelier");
        app.post(&cluster.token, &format!("{members}/{}/accept", firm.id), &json!({})).await.expect(200);
        app.post(&cluster.token, &format!("{members}/{}/accept", firm.id), &json!({})).await.expect(409);
        assert_eq!(verification(&app, &firm).await, "none");
        app.post(&cluster.token, &vouch, &json!({ "vouch": true })).await.expect(200);
        assert_eq!(verification(&app, &firm).await, "cluster");
        app.post(&cluster.token, &vouch, &json!({ "vouch": false })).await.expect(200);
        assert_eq!(verification(&app, &firm).await, "none");
        app.post(&cluster.token, &vouch, &json!({ "vouch": true })).await.expect(200);
        // What a cluster vouched for ends when nobody vouches for the cluster, and when the member leaves.
        verify(&app, &cluster, "none").await;
        assert_eq!(verification(&app, &firm).await, "none");
        app.post(&cluster.token, &vouch, &json!({ "vouch": true })).await.expect(403);
        verify(&app, &cluster, "operator").await;
        app.post(&cluster.token, &vouch, &json!({ "vouch": true })).await.expect(200);
        mandated(&app, &firm, &cluster, &["read"]).await;
        let left = app.post(&firm.token, &format!("{memberships}/{}/end", cluster.id), &json!({})).await.expect(200);
        assert_eq!((&left.json["state"], &left.json["vouched"]), (&json!("ended"), &json!(false)));
        assert_eq!(verification(&app, &firm).await, "none");
        acting_for(&app, &cluster.token, &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(403);
        app.post(&firm.token, &format!("{memberships}/{}/end", cluster.id), &json!({})).await.expect(409);
        // It may ask again; nobody is flooded with mails about it.
        app.post(&firm.token, &memberships, &json!({ "cluster": cluster.id })).await.expect(201);
        assert_eq!(app.mails().await, []);
        let refused = app.post(&cluster.token, &format!("{members}/{}/remove", firm.id), &json!({})).await.expect(200);
        assert_eq!(refused.json["state"], "ended");
        let told = app.get(&cluster.token, "/api/v1/audit?record=membership&sort=created_at").await.expect(200);
        let acts: Vec<&str> = told.items().iter().map(|e| e["act"].as_str().unwrap()).collect();
        assert!(acts.contains(&"request") && acts.contains(&"accept") && acts.contains(&"end"), "{acts:?}");
    }
}

on_both! {
    async fn nobody_vouches_but_a_verified_cluster_and_for_nobody_but_firms(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, cluster) = (app.firm("Atelier").await, cluster(&app, "Textile Cluster").await);
        let unknown = app.organisation("Own Cluster", "cluster", "DE", "DE21").await;
        let hospital = app.hospital("Hôpital").await;
        let joins = |org: &Org| format!("/api/v1/organisations/{}/memberships", org.id);
        // A cluster that nobody vouches for is in no directory, and takes nobody.
        for target in [&unknown.id, &hospital.id, &firm.id, &"018f0000-0000-7000-8000-000000000001".to_owned()] {
            let refused = app.post(&firm.token, &joins(&firm), &json!({ "cluster": target })).await.expect(422);
            assert_eq!(refused.faults(), ["/cluster unknown_organisation"]);
        }
        assert_eq!(app.get(&firm.token, "/api/v1/directory?kind=cluster").await.items().len(), 1);
        assert_eq!(app.get(&firm.token, "/api/v1/directory?kind=portal").await.items().len(), 0);
        joined(&app, &hospital, &cluster).await;
        let vouch = |member: &Org| format!("/api/v1/organisations/{}/members/{}/verify", cluster.id, member.id);
        app.post(&cluster.token, &vouch(&hospital), &json!({ "vouch": true })).await.expect(409);
        // The operator alone vouches for clusters and authorities.
        let path = format!("/api/v1/organisations/{}/verify", cluster.id);
        app.post(&cluster.token, &path, &json!({ "verification": "operator" })).await.expect(403);
        app.post(&app.operator(), &path, &json!({ "verification": "cluster" })).await.expect(422);
        let editor = app.token(app.signed_in(cluster.id.parse().unwrap(), Role::Editor).await);
        app.post(&editor, &vouch(&hospital), &json!({ "vouch": true })).await.expect(403);
        // Who registers an organisation says that a cluster vouches for it, and which.
        let body = json!({ "name": "X", "kind": "firm", "country": "DE", "verification": "cluster" });
        let refused = app.post(&app.operator(), "/api/v1/organisations", &body).await.expect(422);
        assert_eq!(refused.faults(), ["/clusters missing"]);
    }
}

on_both! {
    async fn a_portal_writes_for_an_organisation_by_naming_it_and_under_a_mandate(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let portal = app.organisation("Trade Portal", "portal", "FR", "FR10").await;
        let mandates = format!("/api/v1/organisations/{}/mandates", firm.id);
        let body = json!({ "holder": portal.id, "ends_on": "2020-12-31" });
        // Nobody mandates whom nobody knows.
        assert_eq!(app.post(&firm.token, &mandates, &body).await.expect(422).faults(), ["/holder unknown_organisation"]);
        verify(&app, &portal, "operator").await;
        let bad = json!({ "holder": other.id, "scopes": ["admin"], "ends_on": "2019-12-31" });
        let faults = app.post(&firm.token, &mandates, &bad).await.expect(422).faults();
        assert_eq!(faults, ["/scopes/0 unknown_value", "/ends_on in_past", "/holder unknown_organisation"]);
        let offer = offers::plain(&firm);
        let publish = |token: String, org: String| {
            let (app, offer) = (&app, &offer);
            async move { acting_for(app, &token, &org, "POST", "/api/v1/offers", offer).await }
        };
        // What is not there, what is another's and what gave no mandate are one.
        let nothing = publish(portal.token.clone(), "018f0000-0000-7000-8000-000000000001".into()).await.expect(403);
        let unmandated = publish(portal.token.clone(), firm.id.clone()).await.expect(403);
        let told = |answer: &Answer, id: &str| answer.json["detail"].as_str().unwrap().replace(id, "ID");
        assert_eq!(told(&nothing, "018f0000-0000-7000-8000-000000000001"), told(&unmandated, &firm.id));
        let read_only = mandated(&app, &firm, &portal, &["read"]).await;
        publish(portal.token.clone(), firm.id.clone()).await.expect(403);
        assert_eq!(acting_for(&app, &portal.token, &firm.id, "GET", "/api/v1/sites", &json!({})).await.expect(200).items().len(), 1);
        // Another mandate takes its place.
        let mandate = mandated(&app, &firm, &portal, &[]).await;
        let before = app.get(&firm.token, &format!("{mandates}/{read_only}")).await.expect(200);
        assert_eq!(before.json["state"], "ended");
        let made = publish(portal.token.clone(), firm.id.clone()).await.expect(201);
        assert_eq!(made.json["organisation"], json!(firm.id));
        let path = format!("/api/v1/offers/{}", made.id());
        acting_for(&app, &portal.token, &firm.id, "PATCH", &path, &json!({ "note": "by the portal" })).await.expect(200);
        // Without the name it is nobody's of the portal's.
        app.get(&portal.token, &path).await.expect(404);
        let log = app.get(&firm.token, "/api/v1/audit?record=offer&act=create").await.expect(200);
        let entry = &log.items()[0];
        assert_eq!((&entry["acting"], &entry["owner"], &entry["mandate"]), (&json!(portal.id), &json!(firm.id), &json!(mandate)));
        // Goods and needs, and nothing about people: with every operation the mandate stops short.
        for (method, path) in [
            ("GET", "/api/v1/audit".to_owned()),
            ("GET", "/api/v1/api-keys".to_owned()),
            ("POST", "/api/v1/api-keys".to_owned()),
            ("GET", format!("/api/v1/organisations/{}/roles", firm.id)),
            ("POST", format!("/api/v1/organisations/{}/roles", firm.id)),
            ("GET", mandates.clone()),
            ("POST", mandates.clone()),
            ("GET", format!("/api/v1/organisations/{}/memberships", firm.id)),
            ("GET", "/api/v1/people/me".to_owned()),
            ("POST", "/api/v1/organisations".to_owned()),
        ] {
            let answer = acting_for(&app, &portal.token, &firm.id, method, &path, &json!({})).await;
            assert_eq!((answer.status, &answer.json["code"]), (403, &json!("forbidden")), "{method} {path}");
        }
        for wrong in ["", "firm", "*"] {
            acting_for(&app, &portal.token, wrong, "GET", "/api/v1/offers", &json!({})).await.expect(400);
        }
        // Neither a mandate of a mandate, nor one of the operator's.
        acting_for(&app, &other.token, &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(403);
        acting_for(&app, &app.operator(), &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(403);
        // Both sides see it, and either ends it; the next request finds it gone.
        let held = app.get(&portal.token, &format!("/api/v1/organisations/{}/mandates", portal.id)).await.expect(200);
        assert_eq!(held.items().len(), 2);
        app.get(&other.token, &format!("{mandates}/{mandate}")).await.expect(404);
        app.get(&other.token, &format!("/api/v1/organisations/{}/mandates/{mandate}", other.id)).await.expect(404);
        app.post(&firm.token, &format!("{mandates}/{mandate}/end"), &json!({})).await.expect(200);
        acting_for(&app, &portal.token, &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(403);
        // It lapses by the clock, and while nobody vouches for its holder.
        mandated(&app, &firm, &portal, &[]).await;
        verify(&app, &portal, "none").await;
        acting_for(&app, &portal.token, &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(403);
        verify(&app, &portal, "operator").await;
        acting_for(&app, &portal.token, &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(200);
        app.clock.advance_micros(270 * 86_400 * 1_000_000);
        let later = app.token(portal.grant);
        acting_for(&app, &later, &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(403);
    }
}

on_both! {
    async fn acl_04_rights_of_a_cluster_follow_membership_now(db: TestDb) {
        let app = TestApp::new(db);
        let (a, b, firm) = (cluster(&app, "Cluster A").await, cluster(&app, "Cluster B").await, app.firm("Atelier").await);
        joined(&app, &firm, &a).await;
        mandated(&app, &firm, &a, &[]).await;
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let path = format!("/api/v1/offers/{offer}");
        acting_for(&app, &a.token, &firm.id, "GET", &path, &json!({})).await.expect(200);
        acting_for(&app, &b.token, &firm.id, "GET", &path, &json!({})).await.expect(403);
        for list in ["members", "mandates", "claims"] {
            app.get(&a.token, &format!("/api/v1/organisations/{}/{list}", b.id)).await.expect(404);
        }
        // In two clusters each has what it was given.
        joined(&app, &firm, &b).await;
        acting_for(&app, &b.token, &firm.id, "GET", &path, &json!({})).await.expect(403);
        mandated(&app, &firm, &b, &["read"]).await;
        acting_for(&app, &b.token, &firm.id, "GET", &path, &json!({})).await.expect(200);
        acting_for(&app, &b.token, &firm.id, "POST", &format!("{path}/withdraw"), &json!({})).await.expect(403);
        // A cluster removes a member: its own rights end, the other's stay.
        app.post(&a.token, &format!("/api/v1/organisations/{}/members/{}/remove", a.id, firm.id), &json!({})).await.expect(200);
        acting_for(&app, &a.token, &firm.id, "GET", &path, &json!({})).await.expect(403);
        acting_for(&app, &b.token, &firm.id, "GET", &path, &json!({})).await.expect(200);
        assert_eq!(app.get(&a.token, &format!("/api/v1/organisations/{}/members?state=active", a.id)).await.items().len(), 0);
        let of_firm = app.get(&firm.token, &format!("/api/v1/organisations/{}", firm.id)).await.expect(200);
        assert_eq!(of_firm.json["clusters"], json!([b.id]));
    }
}

on_both! {
    async fn what_comes_after_the_end_of_a_mandate_is_not_done(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, cluster) = (app.firm("Atelier").await, cluster(&app, "Textile Cluster").await);
        let mandate = mandated(&app, &firm, &cluster, &[]).await;
        // Let in before the mandate ended, and at work after it did.
        let caller = app::mandates::act_for(&app.app, cluster.caller(), firm.id.parse().unwrap()).await.unwrap();
        let end = format!("/api/v1/organisations/{}/mandates/{mandate}/end", firm.id);
        app.post(&firm.token, &end, &json!({})).await.expect(200);
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let withdrawn = app::offers::withdraw(&app.app, &caller, offer.parse().unwrap(), Vec::new(), |_| Ok(())).await;
        assert!(matches!(withdrawn, Err(app::AppError::Forbidden { .. })), "{withdrawn:?}");
        let read = app.get(&firm.token, &format!("/api/v1/offers/{offer}")).await.expect(200);
        assert_eq!(read.json["state"], "published");
    }
}

fn founded(name: &str, form: &str) -> Value {
    json!({ "name": name, "kind": "cluster", "country": "DE",
        "cluster": { "form": form, "purpose": "Masks for Bavaria", "ends_on": "2020-05-31" } })
}

on_both! {
    async fn a_temporary_cluster_is_founded_by_a_sponsor_and_ends_by_the_clock(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, ministry) = (app.firm("Atelier").await, app.hospital("Ministry").await);
        let found = |token: String, body: Value| {
            let app = &app;
            async move { app.post(&token, "/api/v1/organisations", &body).await }
        };
        // Neither a firm nor an authority that nobody knows founds one, and nobody founds it for others.
        for token in [&firm.token, &ministry.token] {
            let refused = found(token.clone(), founded("Mask Alliance", "temporary")).await.expect(422);
            assert_eq!(refused.faults(), ["/cluster/sponsor not_yours"]);
        }
        verify(&app, &ministry, "operator").await;
        let mut for_other = founded("Mask Alliance", "temporary");
        for_other["cluster"]["sponsor"] = json!(firm.id);
        assert_eq!(found(ministry.token.clone(), for_other).await.expect(422).faults(), ["/cluster/sponsor not_yours"]);
        let bare = json!({ "name": "X", "kind": "cluster", "country": "DE", "cluster": { "form": "virtual" } });
        let faults = found(ministry.token.clone(), bare).await.expect(422).faults();
        assert_eq!(faults, ["/cluster/purpose missing", "/cluster/ends_on missing"]);
        let permanent = founded("X", "permanent");
        let faults = found(ministry.token.clone(), permanent).await.expect(422).faults();
        assert_eq!(faults, ["/cluster/purpose does_not_apply", "/cluster/ends_on does_not_apply"]);
        let mut of_firm = founded("X", "virtual");
        of_firm["kind"] = json!("firm");
        assert_eq!(found(ministry.token.clone(), of_firm).await.expect(422).faults(), ["/cluster does_not_apply"]);
        let made = found(ministry.token.clone(), founded("Mask Alliance", "temporary")).await.expect(201);
        assert_eq!(made.json["cluster"]["sponsor"], json!(ministry.id));
        assert_eq!(made.json["verification"], "none");
        // Its founder acts for it.
        let id = made.id();
        let grant = app::tokens::Grant { actor: app::Actor::Organisation(id.parse().unwrap()), ..ministry.grant };
        let alliance = Org { id: id.clone(), grant, token: app.token(grant), site: String::new() };
        verify(&app, &alliance, "operator").await;
        joined(&app, &firm, &alliance).await;
        let vouch = format!("/api/v1/organisations/{id}/members/{}/verify", firm.id);
        app.post(&alliance.token, &vouch, &json!({ "vouch": true })).await.expect(200);
        mandated(&app, &firm, &alliance, &[]).await;
        app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
        app.work().await;
        let market = storage::market::snapshot(&app.app.store, app.app.today(), app.app.clock.now()).await.unwrap();
        let of_firm = &market.organisations[&firm.id.parse().unwrap()];
        assert_eq!(of_firm.clusters, [id.parse().unwrap()]);
        // The day after its last it has no right any more, whether or not anything has run since.
        app.clock.advance_micros(56 * 86_400 * 1_000_000);
        let market = storage::market::snapshot(&app.app.store, app.app.today(), app.app.clock.now()).await.unwrap();
        let of_firm = &market.organisations[&firm.id.parse().unwrap()];
        assert!(of_firm.clusters.is_empty() && of_firm.verification.as_str() == "none", "{of_firm:?}");
        let later = app.token(alliance.grant);
        acting_for(&app, &later, &firm.id, "GET", "/api/v1/offers", &json!({})).await.expect(403);
        app.post(&later, &vouch, &json!({ "vouch": true })).await.expect(403);
        let firms = app.token(firm.grant);
        assert_eq!(app.get(&firms, "/api/v1/directory").await.items().len(), 0);
        // And then it is written down.
        assert_eq!(app::clusters::close_past(&app.app).await.unwrap(), 1);
        assert_eq!(app::clusters::close_past(&app.app).await.unwrap(), 0);
        let firm_now = Org { token: firms.clone(), ..firm.clone() };
        assert_eq!(verification(&app, &firm_now).await, "none");
        let memberships = app.get(&firms, &format!("/api/v1/organisations/{}/memberships", firm.id)).await.expect(200);
        assert_eq!(memberships.items()[0]["state"], "ended");
        let given = app.get(&firms, &format!("/api/v1/organisations/{}/mandates", firm.id)).await.expect(200);
        assert_eq!(given.items()[0]["state"], "ended");
    }
}

on_both! {
    async fn a_cluster_is_closed_by_its_admins_or_its_sponsor(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, cluster) = (app.firm("Atelier").await, cluster(&app, "Textile Cluster").await);
        joined(&app, &firm, &cluster).await;
        let close = |id: &str| format!("/api/v1/organisations/{id}/close");
        app.post(&firm.token, &close(&cluster.id), &json!({})).await.expect(404);
        app.post(&firm.token, &close(&firm.id), &json!({})).await.expect(409);
        app.post(&cluster.token, &close(&cluster.id), &json!({})).await.expect(204);
        app.post(&cluster.token, &close(&cluster.id), &json!({})).await.expect(204);
        let members = app.get(&cluster.token, &format!("/api/v1/organisations/{}/members", cluster.id)).await.expect(200);
        assert_eq!(members.items()[0]["state"], "ended");
        let read = app.get(&cluster.token, &format!("/api/v1/organisations/{}", cluster.id)).await.expect(200);
        assert!(read.json["cluster"]["closed_at"].is_string());
        let path = format!("/api/v1/organisations/{}/memberships", firm.id);
        app.post(&firm.token, &path, &json!({ "cluster": cluster.id })).await.expect(422);
        // A sponsor closes what it founded.
        let ministry = app.hospital("Ministry").await;
        verify(&app, &ministry, "operator").await;
        let mut body = founded("Virtual Alliance", "virtual");
        body["cluster"]["sponsor"] = json!(ministry.id);
        let alliance = app.post(&app.operator(), "/api/v1/organisations", &body).await.expect(201).id();
        app.post(&firm.token, &close(&alliance), &json!({})).await.expect(404);
        app.post(&ministry.token, &close(&alliance), &json!({})).await.expect(204);
    }
}

on_both! {
    async fn requests_with_one_key_for_two_organisations_are_two(db: TestDb) {
        let app = TestApp::new(db);
        let (one, two, cluster) = (app.firm("One").await, app.firm("Two").await, cluster(&app, "Textile Cluster").await);
        for firm in [&one, &two] {
            mandated(&app, firm, &cluster, &[]).await;
        }
        let mut made = Vec::new();
        for firm in [&one, &two, &one] {
            let mut sent = request("POST".parse().unwrap(), &cluster.token, "/api/v1/sites", json!({ "name": "Yard", "region": "DE21" }).to_string().into());
            sent.headers_mut().insert("acting-for", firm.id.parse().unwrap());
            sent.headers_mut().insert("idempotency-key", "k1".parse().unwrap());
            let answer = app.send(sent).await.expect(201);
            made.push((answer.json["organisation"].as_str().unwrap().to_owned(), answer.id()));
        }
        assert_eq!((&made[0].0, &made[1].0), (&one.id, &two.id));
        assert_eq!(made[0], made[2]);
    }
}
