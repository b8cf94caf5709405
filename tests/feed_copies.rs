//! Copies that are kept by following the change feed, held against what stands, through random histories: nothing is lost,
//! and nobody is told of what he never saw. They are a tenth of those of matches (`MUSTER_HISTORIES`), being slower.

use std::collections::BTreeMap;

use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, app::Answer, on_both};

use crate::{
    calls, certificates,
    evidence::upload,
    feed::{follow_of, snapshot},
    memberships::cluster,
    offers,
};

const KINDS: &str = "&types=certificate,run,chain,call";
const STEPS: usize = 40;

fn histories() -> u64 {
    std::env::var("MUSTER_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(30_u64).div_ceil(10)
}

/// What a reader keeps of what he sees.
struct Copy {
    name: String,
    token: String,
    since: String,
    records: BTreeMap<(String, String), Value>,
}

fn key(item: &Value) -> (String, String) {
    (item["type"].as_str().unwrap().to_owned(), item["id"].as_str().unwrap().to_owned())
}

impl Copy {
    async fn new(app: &TestApp, name: &str, token: &str) -> Self {
        let (items, since) = snapshot(app, token, KINDS).await;
        let records = items.iter().map(|item| (key(item), item["record"].clone())).collect();
        Self { name: name.to_owned(), token: token.to_owned(), since, records }
    }

    /// Follows what one step led to: what left the view was in it.
    async fn follow(&mut self, app: &TestApp, trace: &[String]) {
        let (items, since) = follow_of(app, &self.token, &self.since, KINDS).await;
        self.since = since;
        for item in &items {
            if item["tombstone"] == json!(true) {
                let known = self.records.remove(&key(item));
                assert!(known.is_some(), "{} never saw {item}: {trace:#?}", self.name);
            } else {
                self.records.insert(key(item), item["record"].clone());
            }
        }
    }

    /// It is what stands in the reader's view.
    async fn compare(&self, app: &TestApp, trace: &[String]) {
        let (standing, _) = snapshot(app, &self.token, KINDS).await;
        let standing: BTreeMap<_, _> = standing.iter().map(|item| (key(item), item["record"].clone())).collect();
        assert_eq!(self.records, standing, "{}: {trace:#?}", self.name);
    }
}

struct Market {
    app: TestApp,
    ministry: Org,
    cluster: Org,
    firms: Vec<Org>,
    calls: Vec<String>,
    offers: Vec<(usize, String, Vec<String>)>,
    runs: Vec<String>,
}

impl Market {
    async fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let (ministry, cluster) = (calls::ministry(&app).await, cluster(&app, "Cluster").await);
        let mut firms = Vec::new();
        for name in ["First", "Second", "Third"] {
            firms.push(app.firm(name).await);
        }
        let (calls, offers, runs) = (Vec::new(), Vec::new(), Vec::new());
        Self { app, ministry, cluster, firms, calls, offers, runs }
    }

    async fn post(&self, by: &Org, path: &str, body: &Value) -> Answer {
        self.app.post(&by.token, path, body).await
    }

    /// Something that somebody does, whether or not he may.
    async fn step(&mut self, rng: &mut ChaCha8Rng) -> String {
        self.app.clock.advance_micros(3_000_000);
        match rng.random_range(0..10) {
            0 | 1 => self.issue(rng).await,
            2 | 3 => self.ask(rng).await,
            4 | 5 => self.belong(rng).await,
            6 => self.offer(rng).await,
            7 | 8 => self.certify(rng).await,
            _ => self.run(rng).await,
        }
    }

    async fn issue(&mut self, rng: &mut ChaCha8Rng) -> String {
        let visibility = *["invited", "clusters", "market"].choose(rng).unwrap();
        let body = json!({ "open": rng.random_bool(0.4), "confidential": rng.random_bool(0.3),
            "visibility": visibility });
        let issuer = if rng.random_bool(0.8) { &self.ministry } else { &self.cluster };
        let made = self.post(issuer, "/api/v1/calls", &calls::with(calls::plain(), body.clone())).await;
        let said = format!("issue {body}: {}", made.status);
        if made.status == 201 {
            self.calls.push(made.id());
        }
        said
    }

    async fn ask(&mut self, rng: &mut ChaCha8Rng) -> String {
        let Some(call) = self.calls.choose(rng).cloned() else { return "no call".to_owned() };
        let path = format!("/api/v1/calls/{call}");
        let (firm, issuer) =
            (self.firms.choose(rng).unwrap(), if rng.random_bool(0.8) { &self.ministry } else { &self.cluster });
        let (what, answer) = match rng.random_range(0..8) {
            0 => ("open", self.post(issuer, &format!("{path}/open"), &json!({})).await),
            1 => (
                "close",
                self.post(
                    issuer,
                    &format!("{path}/{}", if rng.random_bool(0.5) { "close" } else { "cancel" }),
                    &json!({}),
                )
                .await,
            ),
            2 | 3 => {
                let whom = match rng.random_range(0..3) {
                    0 => json!({ "organisations": [firm.id] }),
                    1 => json!({ "organisations": [self.cluster.id] }),
                    _ => json!({ "members_of": [self.cluster.id] }),
                };
                ("invite", self.post(issuer, &format!("{path}/invitations"), &whom).await)
            }
            4 => {
                let patch = json!({ "answer_by": format!("2020-04-{}", rng.random_range(10..20)) });
                ("extend", self.app.patch(&issuer.token, &path, "*", &patch).await)
            }
            5 => ("remind", self.post(issuer, &format!("{path}/remind"), &json!({})).await),
            _ => {
                let said = if rng.random_bool(0.5) { json!({ "nothing": true }) } else { json!({ "refusal": "No" }) };
                ("answer", self.post(firm, &format!("{path}/answers"), &said).await)
            }
        };
        assert!(answer.status < 500, "{}", answer.text);
        format!("{what} {call}: {}", answer.status)
    }

    async fn belong(&mut self, rng: &mut ChaCha8Rng) -> String {
        let (firm, cluster) = (self.firms.choose(rng).unwrap(), &self.cluster);
        let (member, of) =
            (format!("/api/v1/organisations/{}", firm.id), format!("/api/v1/organisations/{}", cluster.id));
        let (what, answer) = match rng.random_range(0..6) {
            0 | 1 => {
                self.post(firm, &format!("{member}/memberships"), &json!({ "cluster": cluster.id })).await;
                ("join", self.post(cluster, &format!("{of}/members/{}/accept", firm.id), &json!({})).await)
            }
            2 => ("leave", self.post(firm, &format!("{member}/memberships/{}/end", cluster.id), &json!({})).await),
            3 => {
                let vouch = json!({ "vouch": rng.random_bool(0.7) });
                ("vouch", self.post(cluster, &format!("{of}/members/{}/verify", firm.id), &vouch).await)
            }
            turn => {
                let who = if turn == 4 { &member } else { &of };
                let word = json!({ "verification": if rng.random_bool(0.5) { "operator" } else { "none" } });
                ("verify", self.app.post(&self.app.operator(), &format!("{who}/verify"), &word).await)
            }
        };
        assert!(answer.status < 500, "{}", answer.text);
        format!("{what} {}: {}", firm.id, answer.status)
    }

    async fn offer(&mut self, rng: &mut ChaCha8Rng) -> String {
        let by = rng.random_range(0..self.firms.len());
        let mut body = offers::plain(&self.firms[by]);
        body["certificates"] = papers(rng);
        body["draft"] = json!(rng.random_bool(0.4));
        let made = self.post(&self.firms[by], "/api/v1/offers", &body).await.expect(201);
        self.offers.push((by, made.id(), ids(&made.json)));
        format!("offer {} of {by}", made.id())
    }

    async fn certify(&mut self, rng: &mut ChaCha8Rng) -> String {
        let (operator, count) = (self.app.operator(), self.offers.len());
        if count == 0 {
            return "no offer".to_owned();
        }
        let (by, offer, known) = &mut self.offers[rng.random_range(0..count)];
        let (path, firm) = (format!("/api/v1/offers/{offer}"), &self.firms[*by]);
        let paper = known.choose(rng).map(|id| format!("{path}/certificates/{id}"));
        let app = &self.app;
        let (what, answer) = match (rng.random_range(0..6), paper) {
            (0, _) => ("publish", app.post(&firm.token, &format!("{path}/publish"), &json!({})).await),
            (1, _) if rng.random_bool(0.3) => {
                ("withdraw", app.post(&firm.token, &format!("{path}/withdraw"), &json!({})).await)
            }
            (2, Some(paper)) => {
                let bytes = format!("%PDF-1.7 {}", rng.random_range(0..4));
                ("file", upload(app, &firm.token, &format!("{paper}/evidence"), "application/pdf", bytes).await)
            }
            (3, Some(paper)) => {
                let token = if rng.random_bool(0.5) { &self.cluster.token } else { &operator };
                let status = if rng.random_bool(0.5) { "checked" } else { "rejected" };
                ("review", app.post(token, &format!("{paper}/review"), &json!({ "status": status })).await)
            }
            _ => {
                let changed = app.patch(&firm.token, &path, "*", &json!({ "certificates": papers(rng) })).await;
                if changed.status == 200 {
                    *known = ids(&changed.json);
                }
                ("certify", changed)
            }
        };
        assert!(answer.status < 500, "{}", answer.text);
        format!("{what} {offer}: {}", answer.status)
    }

    async fn run(&mut self, rng: &mut ChaCha8Rng) -> String {
        if rng.random_bool(0.5) {
            self.app.work().await;
            return "work".to_owned();
        }
        let operator = self.app.operator();
        let answer = match self.runs.choose(rng) {
            Some(run) if rng.random_bool(0.5) => {
                self.app.post(&operator, &format!("/api/v1/match-runs/{run}/cancel"), &json!({})).await
            }
            _ => self.app.post(&operator, "/api/v1/match-runs", &json!({})).await,
        };
        if answer.status == 202 {
            self.runs.push(answer.id());
        }
        format!("run: {}", answer.status)
    }

    async fn history(&mut self, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let stranger = self.app.firm(&format!("Stranger {seed}")).await;
        let mut readers = vec![("operator", self.app.operator()), ("stranger", stranger.token.clone())];
        readers.extend([("ministry", self.ministry.token.clone()), ("cluster", self.cluster.token.clone())]);
        readers.extend(self.firms.iter().map(|firm| ("firm", firm.token.clone())));
        let mut copies = Vec::new();
        for (name, token) in readers {
            copies.push(Copy::new(&self.app, name, &token).await);
        }
        let mut trace = vec![format!("history {seed}")];
        for _ in 0..STEPS {
            trace.push(self.step(&mut rng).await);
            for copy in &mut copies {
                copy.follow(&self.app, &trace).await;
            }
            copies[rng.random_range(0..copies.len())].compare(&self.app, &trace).await;
        }
        for copy in &copies {
            copy.compare(&self.app, &trace).await;
        }
        self.app.work().await;
        self.app.mails().await;
    }
}

/// Some of three papers, in any order.
fn papers(rng: &mut ChaCha8Rng) -> Value {
    let one = |n: u32| certificates::paper(&format!("DE-{n}"));
    let all = [one(1), one(2), one(3)];
    let count = rng.random_range(0..=3);
    Value::Array(all.sample(rng, count).cloned().collect())
}

fn ids(offer: &Value) -> Vec<String> {
    let id = |certificate: &Value| certificate["id"].as_str().unwrap().to_owned();
    offer["certificates"].as_array().unwrap().iter().map(id).collect()
}

on_both! {
    async fn a_copy_that_follows_is_what_stands(db: TestDb) {
        let mut market = Market::new(db).await;
        for seed in 0..histories() {
            market.history(seed).await;
        }
    }
}
