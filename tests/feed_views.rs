//! Calls, runs, chains and certificates in the change feed: each is told to whoever sees it, and to nobody else.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{
    calls::{self, answer, invite, issued, ministry, with},
    certificates,
    chains::{Trio, step},
    evidence,
    feed::{assert_bare, follow, snapshot, start, told},
    memberships::{acting_for, cluster, joined, mandated, verify},
    offers,
};

/// Somebody who follows the feed.
struct Reader {
    name: &'static str,
    token: String,
    since: String,
}

impl Reader {
    async fn new(app: &TestApp, name: &'static str, token: &str) -> Self {
        Self { name, token: token.to_owned(), since: start(app, token).await }
    }

    /// What happened since, of one kind; each record is what reading it answers.
    async fn told(&mut self, app: &TestApp, kind: &str) -> Vec<String> {
        let (items, since) = follow(app, &self.token, &self.since).await;
        self.since = since;
        let items: Vec<Value> = items.into_iter().filter(|item| item["type"] == kind).collect();
        for item in &items {
            let id = item["id"].as_str().unwrap();
            let within = item["within"].as_str().unwrap_or_default();
            let address = match kind {
                "call" => format!("/api/v1/calls/{id}"),
                "run" => format!("/api/v1/match-runs/{id}"),
                "chain" => format!("/api/v1/chains/{id}"),
                _ => format!("/api/v1/offers/{within}/certificates/{id}"),
            };
            if item["tombstone"] == json!(true) {
                assert_bare(item);
            } else {
                assert_eq!(item["record"], app.get(&self.token, &address).await.expect(200).json, "{}", self.name);
            }
        }
        told(&items).into_iter().map(|word| word.trim_start_matches(kind).trim_start().to_owned()).collect()
    }

    /// That exactly this happened since, of one kind.
    async fn hears(&mut self, app: &TestApp, kind: &str, words: &[&str]) {
        assert_eq!(self.told(app, kind).await, words, "{}", self.name);
    }
}

/// That each of some readers hears his words of a kind.
async fn all(app: &TestApp, kind: &str, heard: &mut [(&mut Reader, &[&str])]) {
    for (reader, words) in heard {
        reader.hears(app, kind, words).await;
    }
}

on_both! {
    async fn no_invited_firm_hears_of_another_s_answer(db: TestDb) {
        let app = TestApp::new(db);
        let (issuer, one) = (ministry(&app).await, cluster(&app, "Cluster One").await);
        let (first, second, member) = (app.firm("First").await, app.firm("Second").await, app.firm("Member").await);
        let stranger = app.firm("Stranger").await;
        joined(&app, &member, &one).await;
        let mut operator = Reader::new(&app, "operator", &app.operator()).await;
        let mut ministry = Reader::new(&app, "issuer", &issuer.token).await;
        let mut a = Reader::new(&app, "first", &first.token).await;
        let mut b = Reader::new(&app, "second", &second.token).await;
        let mut m = Reader::new(&app, "member", &member.token).await;
        let mut c = Reader::new(&app, "cluster", &one.token).await;
        let mut x = Reader::new(&app, "stranger", &stranger.token).await;
        // Of a draft, and of who will be invited to it, nobody else hears.
        let call = issued(&app, &issuer, &calls::plain()).await;
        let path = format!("/api/v1/calls/{call}");
        app.clock.advance_micros(1);
        app.patch(&issuer.token, &path, "*", &json!({ "title": "More masks" })).await.expect(200);
        invite(&app, &issuer, &call, json!({ "organisations": [first.id] })).await.expect(200);
        all(&app, "call", &mut [(&mut ministry, &["created", "changed", "invited"]), (&mut a, &[]), (&mut x, &[])]).await;
        app.post(&issuer.token, &format!("{path}/open"), &json!({})).await.expect(200);
        all(&app, "call", &mut [(&mut ministry, &["open"]), (&mut a, &["open"]), (&mut b, &[]), (&mut m, &[])]).await;
        // Whoever is invited hears of it, and not of others who are.
        let others = json!({ "organisations": [second.id, one.id] });
        invite(&app, &issuer, &call, others.clone()).await.expect(200);
        invite(&app, &issuer, &call, others).await.expect(200);
        let invited: &[&str] = &["invited"];
        all(&app, "call", &mut [(&mut ministry, invited), (&mut b, invited), (&mut c, invited), (&mut m, invited), (&mut a, &[])]).await;
        // An answer is its issuer's and its giver's, and the same again is none.
        for _ in 0..2 {
            answer(&app, &second, &call, json!({ "nothing": true })).await;
        }
        let answered: &[&str] = &["answered"];
        all(&app, "call", &mut [(&mut ministry, answered), (&mut b, answered), (&mut a, &[]), (&mut c, &[]), (&mut m, &[])]).await;
        // A cluster sees the answers of its members where they are not confidential.
        answer(&app, &member, &call, json!({ "nothing": true })).await.expect(201);
        all(&app, "call", &mut [(&mut ministry, answered), (&mut m, answered), (&mut c, answered), (&mut a, &[]), (&mut b, &[])]).await;
        app.post(&issuer.token, &format!("{path}/remind"), &json!({})).await.expect(200);
        all(&app, "call", &mut [(&mut ministry, &["reminded"]), (&mut a, &[]), (&mut b, &[]), (&mut c, &[])]).await;
        app.patch(&issuer.token, &path, "*", &json!({ "answer_by": "2020-04-12" })).await.expect(200);
        app.post(&issuer.token, &format!("{path}/close"), &json!({})).await.expect(200);
        let end: &[&str] = &["extended", "closed"];
        all(&app, "call", &mut [(&mut ministry, end), (&mut a, end), (&mut b, end), (&mut c, end), (&mut m, end)]).await;
        // Who leaves the cluster sees it no longer.
        let leave = format!("/api/v1/organisations/{}/memberships/{}/end", member.id, one.id);
        app.post(&member.token, &leave, &json!({})).await.expect(200);
        all(&app, "call", &mut [(&mut m, &["gone"]), (&mut c, &[]), (&mut ministry, &[])]).await;
        joined(&app, &member, &one).await;
        all(&app, "call", &mut [(&mut m, &["shown"]), (&mut c, &[]), (&mut x, &[])]).await;
        operator.hears(&app, "call", &["created", "changed", "invited", "open", "invited", "answered", "answered", "reminded",
            "extended", "closed", "hidden", "shown"]).await;
        let standing = snapshot(&app, &member.token, "&types=call").await.0;
        assert_eq!((standing.len(), &standing[0]["id"]), (1, &json!(call)));
        assert!(snapshot(&app, &stranger.token, "&types=call").await.0.is_empty());
    }
}

on_both! {
    async fn a_call_is_told_as_far_as_it_is_shown(db: TestDb) {
        let app = TestApp::new(db);
        let (issuer, one, firm) = (ministry(&app).await, cluster(&app, "Cluster One").await, app.firm("Atelier").await);
        let (mut c, mut f) = (Reader::new(&app, "cluster", &one.token).await, Reader::new(&app, "firm", &firm.token).await);
        for visibility in ["invited", "clusters", "market"] {
            issued(&app, &issuer, &with(calls::opened(), json!({ "visibility": visibility }))).await;
        }
        all(&app, "call", &mut [(&mut c, &["open", "open"]), (&mut f, &[])]).await;
        verify(&app, &firm, "operator").await;
        f.hears(&app, "call", &["shown"]).await;
        verify(&app, &firm, "none").await;
        f.hears(&app, "call", &["gone"]).await;
        // What a cluster says of its member counts on the market as well.
        joined(&app, &firm, &one).await;
        let vouch = format!("/api/v1/organisations/{}/members/{}/verify", one.id, firm.id);
        app.post(&one.token, &vouch, &json!({ "vouch": true })).await.expect(200);
        f.hears(&app, "call", &["shown"]).await;
        // With the word of the operator the cluster loses both, and its member what it says of it.
        verify(&app, &one, "none").await;
        all(&app, "call", &mut [(&mut c, &["gone", "gone"]), (&mut f, &["gone"])]).await;
        verify(&app, &one, "operator").await;
        all(&app, "call", &mut [(&mut c, &["shown", "shown"]), (&mut f, &[])]).await;
        // A cluster that is closed sees what all see who are vouched for.
        app.clock.advance_micros(1);
        let close = format!("/api/v1/organisations/{}/close", one.id);
        app.post(&one.token, &close, &json!({})).await.expect(204);
        c.hears(&app, "call", &["gone"]).await;
    }
}

on_both! {
    async fn no_mandate_tells_of_answers_that_it_does_not_let_read(db: TestDb) {
        let app = TestApp::new(db);
        let (issuer, one, firm) = (ministry(&app).await, cluster(&app, "Cluster One").await, app.firm("Atelier").await);
        mandated(&app, &firm, &one, &["read", "write"]).await;
        mandated(&app, &issuer, &one, &["read"]).await;
        let begin = async |of: &Org| {
            let path = "/api/v1/changes/snapshot?types=call";
            let page = acting_for(&app, &one.token, &of.id, "GET", path, &json!({})).await.expect(200);
            page.json["since"].as_str().unwrap().to_owned()
        };
        let heard = async |of: &Org, since: &str| {
            let path = format!("/api/v1/changes?types=call&since={since}");
            told(acting_for(&app, &one.token, &of.id, "GET", &path, &json!({})).await.expect(200).items())
        };
        let (of_firm, of_issuer) = (begin(&firm).await, begin(&issuer).await);
        for confidential in [false, true] {
            let call = issued(&app, &issuer, &with(calls::opened(), json!({ "confidential": confidential }))).await;
            // Numbered by now, so that whoever is invited later is not told that it was opened.
            app::changes::number(&app.app).await.unwrap();
            invite(&app, &issuer, &call, json!({ "organisations": [firm.id] })).await.expect(200);
            answer(&app, &firm, &call, json!({ "nothing": true })).await.expect(201);
        }
        // What a firm answers in confidence past whoever holds its mandate is not for him, nor are the answers to an issuer.
        assert_eq!(heard(&firm, &of_firm).await, ["call invited", "call answered", "call invited"]);
        assert_eq!(heard(&issuer, &of_issuer).await, ["call open", "call open"]);
    }
}

on_both! {
    async fn everybody_who_reads_runs_is_told_how_each_stands(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let (mut operator, mut f) =
            (Reader::new(&app, "operator", &app.operator()).await, Reader::new(&app, "firm", &firm.token).await);
        let run = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        let now = domain::time::Clock::now(app.clock.as_ref());
        let store = &app.app.store;
        let claimed = storage::runs::claim(store, "worker", now, app::runs::LEASE).await.unwrap().unwrap();
        let progress = json!({ "stage": "solving", "done": 1, "of": 2 }).to_string();
        storage::runs::renew(store, &claimed, now, app::runs::LEASE, Some(&progress)).await.unwrap();
        storage::runs::give_back(store, &claimed, now).await.unwrap();
        app.work().await;
        let words: &[&str] = &["created", "running", "queued", "running", "done"];
        all(&app, "run", &mut [(&mut operator, words), (&mut f, words)]).await;
        let other = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.post(&app.operator(), &format!("/api/v1/match-runs/{other}/cancel"), &json!({})).await.expect(200);
        let (items, _) = follow(&app, &firm.token, &f.since).await;
        assert_eq!((&items[1]["record"]["state"], &items[1]["record"]["error"]), (&json!("failed"), &Value::Null));
        all(&app, "run", &mut [(&mut operator, &["created", "failed"]), (&mut f, &["created", "failed"])]).await;
        // What no run of a worker ends is given up.
        let lost = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.app.store.tamper("UPDATE runs SET state = 'running', attempts = 3, lease_until = 1 WHERE state = 'queued'").await.unwrap();
        assert!(storage::runs::claim(store, "worker", now, app::runs::LEASE).await.unwrap().is_none());
        f.hears(&app, "run", &["created", "failed"]).await;
        let standing = snapshot(&app, &firm.token, "&types=run").await.0;
        let ids: BTreeSet<&str> = standing.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, BTreeSet::from([&run[..], &other, &lost]));
        app.work().await;
    }
}

on_both! {
    async fn a_chain_is_told_to_all_who_are_on_it(db: TestDb) {
        let app = TestApp::new(db);
        let (trio, third) = (Trio::new(&app).await, app.firm("Third").await);
        let mut spinner = Reader::new(&app, "spinner", &trio.spinner.token).await;
        let mut lead = Reader::new(&app, "lead", &trio.lead.token).await;
        let mut hospital = Reader::new(&app, "hospital", &trio.hospital.token).await;
        let mut stranger = Reader::new(&app, "stranger", &third.token).await;
        trio.held(&app).await;
        let made: &[&str] = &["created"];
        all(&app, "chain", &mut [(&mut spinner, made), (&mut lead, made), (&mut hospital, made), (&mut stranger, &[])]).await;
        step(&app, &trio.hospital, &trio.sewing, "accept", &json!({})).await.expect(200);
        let changed: &[&str] = &["changed"];
        all(&app, "chain", &mut [(&mut spinner, changed), (&mut lead, changed), (&mut hospital, changed)]).await;
        // It fails, and whoever never was on a leg that stood has left it.
        step(&app, &trio.spinner, &trio.fabric, "decline", &json!({ "reason": "price" })).await.expect(200);
        let fails = [&mut spinner, &mut lead, &mut hospital];
        let mut heard = Vec::new();
        for reader in fails {
            heard.push(reader.told(&app, "chain").await);
        }
        assert_eq!((&heard[0][..], &heard[1][..]), (&["gone".to_owned()][..], &["changed".to_owned()][..]));
        assert_eq!(heard[2].len(), 1, "{heard:?}");
        stranger.hears(&app, "chain", &[]).await;
        assert!(snapshot(&app, &trio.spinner.token, "&types=chain").await.0.is_empty());
        assert_eq!(snapshot(&app, &trio.lead.token, "&types=chain").await.0.len(), 1);
        // Another is agreed and then dissolved.
        let trio = Trio::of(&app, ["Second spinner", "Second lead", "Ward"], ["spunbond", "gown-isolation"]).await;
        let mut lead = Reader::new(&app, "lead", &trio.lead.token).await;
        let chain = trio.held(&app).await;
        app.clock.advance_micros(1);
        trio.agree(&app).await;
        lead.hears(&app, "chain", &["created", "changed", "changed", "changed", "agreed"]).await;
        app.clock.advance_micros(1);
        let dissolve = format!("/api/v1/chains/{chain}/dissolve");
        app.post(&app.token(trio.lead.grant), &dissolve, &json!({ "reason": "price" })).await.expect(200);
        lead.hears(&app, "chain", &["dissolved"]).await;
    }
}

on_both! {
    async fn a_certificate_is_told_to_its_owner_and_to_who_sees_its_papers(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, stranger) = (app.firm("Atelier").await, app.firm("Stranger").await);
        let one = cluster(&app, "Cluster One").await;
        joined(&app, &firm, &one).await;
        let (mut f, mut c) = (Reader::new(&app, "firm", &firm.token).await, Reader::new(&app, "cluster", &one.token).await);
        let mut x = Reader::new(&app, "stranger", &stranger.token).await;
        let made = certificates::published(&app, &firm, json!([certificates::paper("DE-4711"), certificates::paper("DE-4712")])).await;
        let (files, offer) = evidence::addresses(&made);
        let (created, changed): (&[&str], &[&str]) = (&["created", "created"], &["changed"]);
        all(&app, "certificate", &mut [(&mut f, created), (&mut c, created)]).await;
        // What is no matter of papers changes none.
        app.clock.advance_micros(1);
        app.patch(&firm.token, &offer, "*", &json!({ "note": "New" })).await.expect(200);
        all(&app, "certificate", &mut [(&mut f, &[]), (&mut c, &[])]).await;
        let first = evidence::upload(&app, &firm.token, &files, "application/pdf", &b"%PDF-1.7 one"[..]).await.expect(201);
        all(&app, "certificate", &mut [(&mut f, &["documented"]), (&mut c, &["documented"])]).await;
        evidence::upload(&app, &firm.token, &files, "application/pdf", &b"%PDF-1.7 two"[..]).await.expect(201);
        all(&app, "certificate", &mut [(&mut f, changed), (&mut c, changed)]).await;
        evidence::upload(&app, &firm.token, &files, "application/pdf", &b"%PDF-1.7 two"[..]).await.expect(201);
        app.delete(&firm.token, first.header("location")).await.expect(204);
        all(&app, "certificate", &mut [(&mut f, changed), (&mut c, changed)]).await;
        let review = format!("{}/review", files.trim_end_matches("/evidence"));
        app.post(&one.token, &review, &json!({ "status": "checked" })).await.expect(200);
        all(&app, "certificate", &mut [(&mut f, &["checked"]), (&mut c, &["checked"])]).await;
        app.patch(&firm.token, &offer, "*", &json!({ "certificates": [certificates::paper("DE-4712")] })).await.expect(200);
        all(&app, "certificate", &mut [(&mut f, &["gone"]), (&mut c, &["gone"])]).await;
        // A draft is its owner's alone, with its papers.
        let mut draft = offers::plain(&firm);
        (draft["certificates"], draft["draft"]) = (json!([certificates::paper("DE-4713")]), json!(true));
        let draft = app.post(&firm.token, "/api/v1/offers", &draft).await.expect(201);
        all(&app, "certificate", &mut [(&mut f, &["created"]), (&mut c, &[])]).await;
        assert_eq!(snapshot(&app, &one.token, "&types=certificate").await.0.len(), 1);
        app.post(&firm.token, &format!("{}/publish", draft.header("location")), &json!({})).await.expect(200);
        all(&app, "certificate", &mut [(&mut f, &["shown"]), (&mut c, &["shown"])]).await;
        let standing = snapshot(&app, &one.token, "&types=certificate").await.0;
        assert_eq!(standing.len(), 2);
        let leave = format!("/api/v1/organisations/{}/memberships/{}/end", firm.id, one.id);
        app.post(&firm.token, &leave, &json!({})).await.expect(200);
        all(&app, "certificate", &mut [(&mut f, &[]), (&mut c, &["gone", "gone"])]).await;
        joined(&app, &firm, &one).await;
        all(&app, "certificate", &mut [(&mut f, &[]), (&mut c, &["shown", "shown"]), (&mut x, &[])]).await;
        // Each look of the cluster is noted where the firm reads it, and what buyers may open is theirs to open.
        let opened = app.get(&firm.token, &format!("/api/v1/organisations/{}/openings", firm.id)).await.expect(200);
        assert!(opened.text.contains("evidence") && !opened.text.contains(&stranger.id), "{}", opened.text);
        let mine = format!("{offer}/certificates/{}", made["certificates"][1]["id"].as_str().unwrap());
        app.get(&firm.token, &mine).await.expect(200);
        app.get(&stranger.token, &mine).await.expect(404);
    }
}
