//! Every figure of the capacity map and the shortage board is the one that follows from the records of the database by the
//! plain rule, for random markets and questions, while others write.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::ids::{MatchId, OrganisationId};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, app::Answer, builders::day, on_both};

use crate::{
    ledger,
    memberships::{self, cluster, joined},
};

mod naive;
mod questions;

use naive::{Records, Who};
use questions::{BoardAsked, CapacityAsked, PRODUCTS, unit};

const HOUR: i64 = 3_600 * 1_000_000;
const ROUNDS: u64 = 3;
/// What each writer does in a round, and what is asked of each reader after it.
const STEPS: usize = 6;
const ANSWERS: usize = 16;
const ASKED: usize = 12;

/// The market, with everybody in it.
struct World {
    app: TestApp,
    firms: Vec<(Org, Vec<String>)>,
    hospitals: Vec<Org>,
    clusters: Vec<OrganisationId>,
    /// A line at the first site.
    line: String,
    /// An offer that shares it, of which some is agreed from the beginning.
    agreed: String,
}

/// What a writer did last, for whoever reads that it failed.
struct Writer {
    world: Arc<World>,
    rng: ChaCha8Rng,
    seed: u64,
}

impl World {
    async fn new(db: TestDb) -> Self {
        let app = TestApp::new(db);
        let clusters = [cluster(&app, "Textile").await, cluster(&app, "Medical").await];
        let mut firms = Vec::new();
        let places = [
            ("DE", "DE212", json!({ "lat": 48.1, "lon": 11.6 })),
            ("DE", "DE11", Value::Null),
            ("FR", "FR10", json!({ "lat": 48.6, "lon": 2.3 })),
            ("IT", "ITC4C", Value::Null),
            ("DE", "DE", Value::Null),
        ];
        for (at, (country, region, point)) in places.iter().enumerate() {
            let firm = app.organisation(&format!("Firm {at}"), "firm", country, region).await;
            if at % 2 == 0 {
                memberships::verify(&app, &firm, "operator").await;
            }
            for cluster in clusters.iter().take(at % 3) {
                joined(&app, &firm, cluster).await;
            }
            let other = match point {
                Value::Null => json!({ "name": "Nowhere" }),
                point => json!({ "name": "Works", "region": region, "point": point }),
            };
            let other = app.post(&firm.token, "/api/v1/sites", &other).await.expect(201).id();
            firms.push((firm.clone(), vec![firm.site.clone(), other]));
        }
        let (firm, sites) = &firms[0];
        let line = json!({ "site": sites[0], "name": "Line", "running": { "value": 9_000, "per": "week" },
            "maximum": { "value": 12_000, "per": "week" } });
        let line = app.post(&firm.token, "/api/v1/lines", &line).await.expect(201).id();
        let mut offers = Vec::new();
        for (product, grades) in [("ffp", json!(["FFP2"])), ("apron", json!([]))] {
            let body = json!({ "site": sites[0], "product": product, "grades": grades, "line": line,
                "stock": { "value": 1_000 }, "running": { "value": 8_000, "per": "week" } });
            offers.push(app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id());
        }
        let mut hospitals = Vec::new();
        for (name, country, region) in [("Paris", "FR", "FR101"), ("Milano", "IT", "ITC4C")] {
            let hospital = app.organisation(name, "authority", country, region).await;
            memberships::verify(&app, &hospital, "operator").await;
            hospitals.push(hospital);
        }
        // Something is agreed of the line from the beginning.
        let body = json!({ "site": hospitals[0].site, "product": "apron", "instalments": [
            { "quantity": { "value": 5_000 }, "due": "2020-04-30" }] });
        let need = app.post(&hospitals[0].token, "/api/v1/needs", &body).await.expect(201).json;
        let body = json!({ "offer": offers[1], "need": need["id"], "instalment": need["instalments"][0]["id"], "quantity": 4_000 });
        let made = app.post(&app.operator(), "/api/v1/matches", &body).await.expect(201).id();
        for side in [&firm.token, &hospitals[0].token] {
            app.post(side, &format!("/api/v1/matches/{made}/accept"), &json!({})).await.expect(200);
        }
        let clusters = clusters.iter().map(|one| OrganisationId(one.id.parse().unwrap())).collect();
        Self { app, firms, hospitals, clusters, line, agreed: offers[1].clone() }
    }

    fn token(&self, org: &Org) -> String {
        self.app.token(org.grant)
    }

    fn today(&self) -> domain::time::Day {
        self.app.app.today()
    }

    /// Which matches hold something that is not agreed yet.
    async fn held(&self) -> BTreeSet<MatchId> {
        let waiting = "state=proposed,accepted_by_supplier,accepted_by_buyer";
        let found = all(&self.app, &self.app.operator(), &format!("/api/v1/matches?{waiting}")).await;
        found.iter().map(|one| MatchId(one["id"].as_str().unwrap().parse().unwrap())).collect()
    }

    /// Holds what two readers are told against the records. How many promises are held, and how many agreed.
    async fn compare(&self, rng: &mut ChaCha8Rng, context: &str) -> [usize; 2] {
        let records = Records::read(&self.app.app, self.held().await).await;
        let mut told_rows = 0;
        for (who, token) in [(Who::Operator, self.app.operator()), (Who::Authority, self.token(&self.hospitals[0]))] {
            for _ in 0..ASKED {
                let asked = CapacityAsked::random(rng, self.today(), &self.clusters);
                let told = self.app.get(&token, &asked.address()).await.expect(200).json;
                let (rows, totals) = records.capacity(who, &asked);
                let of = format!("{context}, {who:?}: {}", asked.address());
                told_rows += rows.len();
                same(&told["rows"], rows, &format!("rows, {of}"));
                same(&told["totals"], totals, &format!("totals, {of}"));
                let asked = BoardAsked::random(rng, self.today());
                let told = self.app.get(&token, &asked.address()).await.expect(200).json;
                let of = format!("{context}, {who:?}: {}", asked.address());
                same(&told["rows"], records.board(who, &asked), &format!("board, {of}"));
            }
        }
        assert!(told_rows > ASKED, "{context}: questions that find nothing show nothing");
        records.promised()
    }
}

/// All entries of a list.
async fn all(app: &TestApp, token: &str, path: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), format!("{path}{}limit=200", if path.contains('?') { '&' } else { '?' }));
    let first = next.clone();
    loop {
        let page = app.get(token, &next).await.expect(200);
        found.extend(page.items().iter().cloned());
        let Some(cursor) = page.json["next"].as_str() else { return found };
        next = format!("{first}&cursor={cursor}");
    }
}

/// Whether an answer to a change has one of these statuses, or says that writers stood in each other's way and nothing was
/// changed.
fn is_told(answer: &Answer, expected: &[u16]) -> bool {
    expected.contains(&answer.status) || answer.status == 503 && answer.header("retry-after") == "1"
}

/// Whether rows are these, in any order.
fn same(told: &Value, expected: Vec<Value>, context: &str) {
    let set = |rows: &[Value]| rows.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    let told = told.as_array().unwrap();
    let (found, wanted) = (set(told), set(&expected));
    let lacking: Vec<_> = wanted.difference(&found).take(3).collect();
    let beyond: Vec<_> = found.difference(&wanted).take(3).collect();
    assert!(lacking.is_empty() && beyond.is_empty(), "{context}\nexpected {lacking:#?}\ntold {beyond:#?}");
    assert_eq!(told.len(), expected.len(), "{context}: a row stands twice");
}

fn sum(rows: &Value, field: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| row[field].as_i64().unwrap()).sum()
}

/// What holds of any answer whoever writes meanwhile.
fn is_sound(told: &Value, address: &str) {
    let mut sums: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
    for row in told["rows"].as_array().unwrap() {
        let key =
            ["product", "unit", "grades", "region", "cluster", "role"].map(|field| row[field].to_string()).join(" ");
        let by = sums.entry(key).or_default();
        for field in ["running", "maximum", "convertible", "held", "agreed", "free", "free_maximum"] {
            let figure = row[field].as_i64().unwrap();
            assert!(figure >= 0, "{address}: {field} of {row}");
            *by.entry(field).or_default() += figure;
        }
        // By the end of each week.
        assert!(by["running"] <= by["maximum"] && by["free"] <= by["free_maximum"], "{address}: {by:?} {row}");
        assert!(by["free"] <= by["running"] && by["free_maximum"] <= by["maximum"], "{address}: {by:?} {row}");
        assert!(by["free_maximum"] + by["held"] + by["agreed"] <= by["maximum"], "{address}: {by:?} {row}");
    }
    if told["overlapping"] == json!(false) {
        for field in ["running", "maximum", "convertible", "held", "agreed", "offers", "nameless"] {
            let weeks = |rows: &Value| sum(rows, field);
            assert_eq!(weeks(&told["rows"]), weeks(&told["totals"]), "{address}: {field}");
        }
    }
}

/// Asks while others write, until they are done. How often he did.
async fn ask_on(world: Arc<World>, mut rng: ChaCha8Rng, done: Arc<AtomicBool>) -> usize {
    let mut asked = 0;
    while !done.load(Ordering::SeqCst) || asked == 0 {
        let token = if rng.random_bool(0.5) { world.app.operator() } else { world.token(&world.hospitals[0]) };
        let address = CapacityAsked::random(&mut rng, world.today(), &world.clusters).address();
        is_sound(&world.app.get(&token, &address).await.expect(200).json, &address);
        let address = BoardAsked::random(&mut rng, world.today()).address();
        let board = world.app.get(&token, &address).await.expect(200).json;
        for row in board["rows"].as_array().unwrap() {
            let figure = |field: &str| row[field].as_i64().unwrap();
            let due: i64 =
                ["critical", "high", "normal", "low"].iter().map(|tier| figure(&format!("need_{tier}"))).sum();
            let parts = ["held", "agreed", "open", "free", "free_maximum", "convertible", "gap"];
            assert!(parts.iter().all(|field| figure(field) >= 0), "{address}: {row}");
            assert_eq!(figure("held") + figure("agreed") + figure("open"), due, "{address}: {row}");
        }
        asked += 1;
    }
    asked
}

impl Writer {
    fn fails(&self, what: &str) -> String {
        format!("seed {}: {what}", self.seed)
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words.choose(&mut self.rng).unwrap()
    }

    /// Some number that no other offer has, since twins are doubted.
    fn units(&mut self, most: i64) -> i64 {
        self.rng.random_range(1..most)
    }

    fn offer(&mut self, site: &str) -> Value {
        let today = self.world.today();
        let product = *PRODUCTS.choose(&mut self.rng).unwrap();
        let unit = unit(product);
        let measure = |units: i64| json!({ "value": units, "unit": unit });
        let rate = |units: i64| json!({ "value": units, "unit": unit, "per": "week" });
        let mut body = json!({ "site": site, "product": product, "stock": measure(self.units(9_000)),
            "from": today.plus(self.rng.random_range(0..12)).to_string(), "as_of": today.to_string(),
            "lead_days": self.rng.random_range(0..9), "ramp_days": self.rng.random_range(0..5),
            "role": self.one_of(&["maker", "trader"]),
            "visibility": self.one_of(&["market", "clusters", "authorities"]) });
        let (running, more) = (self.units(20_000), self.units(9_000));
        if self.rng.random_bool(0.2) {
            let monday = today.monday().plus(7 * self.rng.random_range(2..5)).to_string();
            body["weeks"] = json!([{ "week": monday, "running": measure(running) }]);
            body["ramp_days"] = json!(0);
        } else {
            body["running"] = rate(running);
            if self.rng.random_bool(0.5) {
                body["maximum"] = rate(running + more);
            }
            if self.rng.random_bool(0.3) {
                let (units, days) = (self.units(9_000), self.rng.random_range(0..20));
                body["convertible"] = json!({ "value": units, "unit": unit, "per": "week", "days": days });
            }
        }
        if body["weeks"].is_null() && self.rng.random_bool(0.3) {
            body["until"] = json!(today.plus(self.rng.random_range(13..60)).to_string());
        }
        if self.rng.random_bool(0.3) {
            body["min_order"] = measure(self.units(2_000));
        }
        if self.rng.random_bool(0.2) {
            body["transfers"] = json!(["donation"]);
        }
        if self.rng.random_bool(0.2) {
            body["disclosure"] = json!({ "buyer": ["exact_place"] });
        }
        if unit == "H87" && site == self.world.firms[0].1[0] && self.rng.random_bool(0.6) {
            body["line"] = json!(self.world.line);
        }
        if product == "ffp" {
            let sets = [&["FFP1"][..], &["FFP2"], &["FFP3"], &["FFP2", "FFP3"]];
            body["grades"] = json!(sets.choose(&mut self.rng).unwrap());
            if self.rng.random_bool(0.4) {
                let until = today.plus(self.rng.random_range(5..200)).to_string();
                body["certificates"] = json!([{ "kind": "eu-type-examination", "number": format!("N {}", self.units(1_000_000)),
                    "notified_body": "2797", "grades": ["FFP2"], "valid_until": until }]);
            }
        }
        body
    }

    /// What a firm alone has, as it reads it.
    async fn own(&self, firm: &Org) -> Value {
        // No totals of others are told for such a filter.
        let address = "/api/v1/capacity?lead_days_at_most=999&group_by=product";
        self.world.app.get(&self.world.token(firm), address).await.expect(200).json
    }

    /// A firm writes, and reads what it wrote.
    async fn firm(mut self, firms: std::ops::Range<usize>) {
        let world = Arc::clone(&self.world);
        for _ in 0..STEPS {
            let (firm, sites) = &world.firms[self.rng.random_range(firms.clone())];
            let (app, token) = (&world.app, world.token(firm));
            let before = self.own(firm).await;
            let offers = all(app, &token, "/api/v1/offers?state=published,paused").await;
            let chosen = offers.choose(&mut self.rng).filter(|_| self.rng.random_bool(0.5)).cloned();
            let Some(offer) = chosen else {
                let site = sites.choose(&mut self.rng).unwrap().clone();
                let body = self.offer(&site);
                let made = app.post(&token, "/api/v1/offers", &body).await;
                assert!(is_told(&made, &[201]), "{}", self.fails(&made.text));
                if made.status == 503 {
                    continue;
                }
                let made = made.json;
                let after = self.own(firm).await;
                let counted = i64::from(made["quarantine"].is_null());
                let context = self.fails(&format!("{made}\n{before}\n{after}"));
                assert_eq!(sum(&after["totals"], "offers"), sum(&before["totals"], "offers") + counted, "{context}");
                let stock = made["capacity"]["stock"]["value"].as_i64().unwrap() * counted;
                assert!(sum(&after["totals"], "running") >= sum(&before["totals"], "running") + stock, "{context}");
                self.review(&made).await;
                continue;
            };
            let path = format!("/api/v1/offers/{}", offer["id"].as_str().unwrap());
            let stock = json!({ "value": self.units(9_000), "unit": offer["capacity"]["stock"]["unit"] });
            let answer = match self.rng.random_range(0..6) {
                0 => app.post(&token, &format!("{path}/withdraw"), &json!({})).await,
                1 => app.post(&token, &format!("{path}/pause"), &json!({})).await,
                2 => app.post(&token, &format!("{path}/publish"), &json!({})).await,
                3 => app.patch(&token, &path, "*", &json!({ "lead_days": self.rng.random_range(0..9) })).await,
                _ => {
                    app.patch(&token, &path, "*", &json!({ "stock": stock, "as_of": world.today().to_string() })).await
                }
            };
            // What was promised meanwhile may stand against it.
            let context = self.fails(&answer.text);
            assert!(is_told(&answer, &[200, 409]), "{context}");
            let there =
                answer.status == 200 && answer.json["state"] == "published" && answer.json["quarantine"].is_null();
            let was = offer["state"] == "published" && offer["quarantine"].is_null();
            if answer.status == 200 {
                let change = i64::from(there) - i64::from(was);
                let after = self.own(firm).await;
                let counts = [&before, &after].map(|told| sum(&told["totals"], "offers"));
                assert_eq!(counts[0] + change, counts[1], "{context}\n{offer}");
            }
        }
    }

    async fn review(&mut self, offer: &Value) {
        let (id, papers) = (offer["id"].as_str().unwrap(), offer["certificates"].as_array().unwrap());
        for paper in papers {
            let path = format!("/api/v1/offers/{id}/certificates/{}/review", paper["id"].as_str().unwrap());
            let status = self.one_of(&["checked", "checked", "rejected"]);
            let body = json!({ "status": status, "note": "seen" });
            let answer = self.world.app.post(&self.world.app.operator(), &path, &body).await;
            assert!(is_told(&answer, &[200, 409]), "{}", self.fails(&answer.text));
        }
    }

    /// Hospitals write, and read what they wrote.
    async fn hospital(mut self) {
        let world = Arc::clone(&self.world);
        let app = &world.app;
        for _ in 0..STEPS {
            let hospital = world.hospitals.choose(&mut self.rng).unwrap();
            let token = world.token(hospital);
            let open = all(app, &token, "/api/v1/needs?state=open").await;
            if let Some(need) = open.choose(&mut self.rng).filter(|_| self.rng.random_bool(0.3)) {
                let path = format!("/api/v1/needs/{}", need["id"].as_str().unwrap());
                let answer = match self.rng.random_range(0..2) {
                    0 => app.post(&token, &format!("{path}/close"), &json!({ "reason": "need_gone" })).await,
                    _ => app.patch(&token, &path, "*", &json!({ "urgency": self.one_of(&["high", "low"]) })).await,
                };
                assert!(is_told(&answer, &[200, 409]), "{}", self.fails(&answer.text));
                continue;
            }
            let product = *PRODUCTS.choose(&mut self.rng).unwrap();
            let unit = unit(product);
            let due = world.today().plus(self.rng.random_range(8..40));
            let mut body = json!({ "site": hospital.site, "product": product,
                "urgency": self.one_of(&["critical", "high", "normal", "low"]), "instalments": [] });
            for part in 0..self.rng.random_range(1..3) {
                let quantity = json!({ "value": self.units(9_000), "unit": unit });
                let instalment = json!({ "quantity": quantity, "due": due.plus(7 * part).to_string() });
                body["instalments"].as_array_mut().unwrap().push(instalment);
            }
            if product == "ffp" {
                body["grades"] = json!(["FFP2"]);
            }
            if self.rng.random_bool(0.3) {
                body["stock"] = json!({ "value": self.units(9_000), "unit": unit });
                body["daily_use"] = json!({ "value": self.units(500), "unit": unit });
            }
            let need = app.post(&token, "/api/v1/needs", &body).await;
            assert!(is_told(&need, &[201]), "{}", self.fails(&need.text));
            if need.status == 503 {
                continue;
            }
            let need = need.json;
            let address = format!("/api/v1/shortages?product={product}&from={due}&until={due}");
            let board = app.get(&token, &address).await.expect(200).json;
            let told: i64 = ["critical", "high", "normal", "low"]
                .iter()
                .map(|tier| sum(&board["rows"], &format!("need_{tier}")))
                .sum();
            let asked = body["instalments"][0]["quantity"]["value"].as_i64().unwrap();
            if need["quarantine"].is_null() {
                assert!(told >= asked, "{}", self.fails(&format!("{told} of {need}")));
            }
        }
    }

    /// What is held of each product: nobody but this writer holds or lets go.
    async fn is_held(&self) {
        let app = &self.world.app;
        let operator = app.operator();
        let waiting = "/api/v1/matches?state=proposed,accepted_by_supplier,accepted_by_buyer";
        let mut expected: BTreeMap<String, i64> = PRODUCTS.iter().map(|product| ((*product).to_owned(), 0)).collect();
        for one in all(app, &operator, waiting).await {
            let product = one["offer"]["product"].as_str().unwrap();
            *expected.get_mut(product).unwrap() += one["quantities"]["held"].as_i64().unwrap();
        }
        let told = app.get(&operator, "/api/v1/capacity?group_by=product").await.expect(200).json;
        let rows = told["rows"].as_array().unwrap();
        for (product, units) in expected {
            let row = rows.iter().find(|row| row["product"] == json!(product));
            let held = row.map_or(0, |row| row["held"].as_i64().unwrap());
            assert_eq!(held, units, "{}", self.fails(&format!("{product} {told}")));
        }
    }

    /// Offers are put to needs, and answered.
    async fn matches(mut self) {
        let world = Arc::clone(&self.world);
        let app = &world.app;
        for _ in 0..ANSWERS {
            let operator = app.operator();
            let waiting = "/api/v1/matches?state=proposed,accepted_by_supplier,accepted_by_buyer,agreed";
            let open = all(app, &operator, waiting).await;
            if let Some(one) = open.choose(&mut self.rng).filter(|_| self.rng.random_bool(0.4)) {
                let answer = self.answer(one).await;
                assert!(is_told(&answer, &[200, 409]), "{}", self.fails(&answer.text));
            } else {
                let offers = all(app, &operator, "/api/v1/offers?state=published").await;
                let needs = all(app, &operator, "/api/v1/needs?state=open").await;
                let product = *PRODUCTS.choose(&mut self.rng).unwrap();
                let of: Vec<&Value> = offers.iter().filter(|offer| offer["product"] == product).collect();
                let to: Vec<&Value> = needs.iter().filter(|need| need["product"] == product).collect();
                let lined: Vec<&Value> = of.iter().filter(|offer| !offer["line"].is_null()).copied().collect();
                let of = if lined.is_empty() || self.rng.random_bool(0.5) { of } else { lined };
                let (Some(offer), Some(need)) = (of.choose(&mut self.rng), to.choose(&mut self.rng)) else { continue };
                let instalment = need["instalments"].as_array().unwrap().choose(&mut self.rng).unwrap();
                let most = instalment["quantity"]["value"].as_i64().unwrap();
                let body = json!({ "offer": offer["id"], "need": need["id"], "instalment": instalment["id"],
                    "quantity": self.rng.random_range(1..=most.min(3_000)) });
                let answer = app.post(&operator, "/api/v1/matches", &body).await;
                assert!(is_told(&answer, &[201, 409, 422]), "{}", self.fails(&answer.text));
            }
            self.is_held().await;
        }
    }

    /// One side of a match answers it. What is agreed from the beginning stays so.
    async fn answer(&mut self, one: &Value) -> Answer {
        let id = one["id"].as_str().unwrap();
        let sides = [self.side(&one["offer"]["organisation"]), self.side(&one["need"]["organisation"])];
        let side = sides.choose(&mut self.rng).unwrap();
        let (step, body) = match (one["state"].as_str(), self.rng.random_range(0..6)) {
            (Some("agreed"), _) if one["offer"]["id"] == json!(self.world.agreed) => ("accept", json!({})),
            (Some("agreed"), 0) => ("cancel", json!({ "reason": "need_gone" })),
            (Some("agreed"), _) => {
                let units = self.rng.random_range(1..=one["quantities"]["agreed"].as_i64().unwrap());
                let path = format!("/api/v1/matches/{id}/ship");
                return self.world.app.post(&sides[0], &path, &json!({ "quantity": units })).await;
            }
            (_, 0) => ("decline", json!({ "reason": "price" })),
            _ => ("accept", json!({})),
        };
        self.world.app.post(side, &format!("/api/v1/matches/{id}/{step}"), &body).await
    }

    fn side(&self, id: &Value) -> String {
        let firms = self.world.firms.iter().map(|(firm, _)| firm);
        let org = firms.chain(&self.world.hospitals).find(|org| json!(org.id) == *id);
        self.world.token(org.unwrap_or_else(|| panic!("{}", self.fails(&id.to_string()))))
    }
}

on_both! {
    async fn every_figure_follows_from_the_records_while_others_write(db: TestDb) {
        let world = Arc::new(World::new(db).await);
        let (mut asked, mut promised) = (0, (0, 0));
        for seed in 0..ROUNDS {
            let writer = |part: u64| {
                let rng = ChaCha8Rng::seed_from_u64(10 * seed + part);
                Writer { world: Arc::clone(&world), rng, seed }
            };
            let done = Arc::new(AtomicBool::new(false));
            let reader = ask_on(Arc::clone(&world), ChaCha8Rng::seed_from_u64(10 * seed), Arc::clone(&done));
            let reader = tokio::spawn(reader);
            let writers = [
                tokio::spawn(writer(1).firm(0..3)),
                tokio::spawn(writer(2).firm(3..5)),
                tokio::spawn(writer(3).hospital()),
                tokio::spawn(writer(4).matches()),
            ];
            for writer in writers {
                writer.await.unwrap();
            }
            done.store(true, Ordering::SeqCst);
            asked += reader.await.unwrap();
            let mut rng = ChaCha8Rng::seed_from_u64(10 * seed + 5);
            let [held, agreed] = world.compare(&mut rng, &format!("seed {seed}, as they lie")).await;
            (promised.0, promised.1) = (promised.0 + held, promised.1 + agreed);
            // Holds end, figures age and weeks begin by the clock alone.
            world.app.clock.advance_micros(rng.random_range(20..170) * HOUR);
            world.compare(&mut rng, &format!("seed {seed}, later")).await;
        }
        // What was agreed, and is not shipped although its day is over, draws on the figures that are stated after it.
        let app = &world.app;
        app.clock.advance_micros(i64::from(day("2020-05-04").since(world.today())) * 24 * HOUR);
        let restated = json!({ "stock": { "value": 9_000 }, "as_of": "2020-05-04" });
        let path = format!("/api/v1/offers/{}", world.agreed);
        app.patch(&world.token(&world.firms[0].0), &path, "*", &restated).await.expect(200);
        world.compare(&mut ChaCha8Rng::seed_from_u64(ROUNDS), "restated").await;
        assert!(asked > 0 && promised.0 > 0 && promised.1 > 0, "{asked} {promised:?}");
        ledger::sound(&world.app).await;
        world.app.work().await;
    }
}
