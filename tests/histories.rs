//! Random histories of matches: random actors do legal and illegal things, and every answer is what the rules say.
//!
//! What the rules say is worked out beside the service, by the pure account of the domain and the table of who may do
//! what; the state and every quantity are compared after each step, and the ledger is added up after each history.
//! `MUSTER_HISTORIES` says how many, where it is not the usual number.

use domain::{
    matches::{Account, ClosingReason, MatchState, Refusal, Side, Step},
    quantity::Quantity,
    time::{Clock as _, Day, Instant},
};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};
use serde_json::{Value, json};
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{capacity, ledger};

const HOUR: i64 = 3_600 * 1_000_000;
/// How long a proposal holds in normal times.
const HOLD: i64 = 72 * HOUR;
const STEPS: usize = 14;

fn histories() -> u64 {
    std::env::var("MUSTER_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(30)
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    Supplier,
    Buyer,
    Operator,
    Third,
}

/// A match, and what it must be.
struct Watched {
    id: String,
    account: Account,
    /// Whether the buyer waits for a sample, or refused it.
    sample: Option<bool>,
}

/// What is done, and the step of the account that it is.
fn action(rng: &mut ChaCha8Rng, by: Actor, deadline: Instant) -> (&'static str, Value, Step) {
    let side = if by == Actor::Buyer { Side::Buyer } else { Side::Supplier };
    let units = |rng: &mut ChaCha8Rng, least: i64| Quantity::new(rng.random_range(least..=700)).unwrap();
    match rng.random_range(0..8) {
        0 | 1 => ("accept", json!({}), Step::Accept { side, quantity: None, deadline }),
        2 => {
            let part = units(rng, 1);
            let step = Step::Accept { side, quantity: Some(part), deadline };
            ("accept", json!({ "quantity": part.units() }), step)
        }
        3 => ("decline", json!({ "reason": "test" }), Step::Decline(ClosingReason::Test)),
        4 => {
            let part = units(rng, 1);
            ("ship", json!({ "quantity": part.units() }), Step::Ship(part))
        }
        5 | 6 => {
            let (accepted, rejected) = (units(rng, 0), Quantity::new(rng.random_range(0..50)).unwrap());
            let body = json!({ "accepted": accepted.units(), "rejected": rejected.units() });
            ("receive", body, Step::Receive { accepted, rejected })
        }
        _ => ("cancel", json!({ "reason": "test" }), Step::Cancel(ClosingReason::Test)),
    }
}

/// What the rules answer, and the account after it.
fn expected(watched: &Watched, by: Actor, what: &str, step: &Step, now: Instant) -> (u16, Account) {
    let kept = watched.account;
    let allowed = match (by, what) {
        (Actor::Third, _) => return (404, kept),
        (Actor::Operator, "decline" | "cancel") => true,
        (Actor::Operator, _) | (Actor::Buyer, "ship") | (Actor::Supplier, "receive") => false,
        (Actor::Supplier | Actor::Buyer, _) => true,
    };
    if !allowed {
        return (403, kept);
    }
    let waits = by == Actor::Buyer && what == "accept" && watched.sample == Some(false);
    match kept.take(step, now) {
        _ if waits => (409, kept),
        Ok((next, _)) => (200, next),
        Err(Refusal::State(_)) => (409, kept),
        Err(Refusal::Quantities(_)) => (422, kept),
    }
}

/// As it must read by now.
fn must_read(account: &Account, now: Instant) -> Value {
    let over = account.is_over(now);
    let (q, state) = (&account.quantities, if over { MatchState::Expired } else { account.state });
    let ended = matches!(state, MatchState::Cancelled | MatchState::Fulfilled);
    json!({ "state": state.as_str(), "quantities": {
        "held": if state.is_held() { account.covered } else { 0 }, "agreed": q.agreed.units(), "shipped": q.shipped.units(),
        "received": q.received.units(), "accepted": q.accepted.units(), "rejected": q.rejected.units(),
        "lost": if ended { q.shipped.units() - q.received.units() } else { 0 } } })
}

struct Market {
    app: TestApp,
    firm: Org,
    ward: Org,
    third: Org,
}

impl Market {
    fn token(&self, by: Actor) -> String {
        match by {
            Actor::Supplier => self.app.token(self.firm.grant),
            Actor::Buyer => self.app.token(self.ward.grant),
            Actor::Third => self.app.token(self.third.grant),
            Actor::Operator => self.app.operator(),
        }
    }

    /// An offer of 1,000 pieces and a need of 900, with proposals between them that both have room for.
    async fn begun(&self, rng: &mut ChaCha8Rng) -> Vec<Watched> {
        let app = &self.app;
        // What says the same as the offer of the last history is no twin of it.
        app.clock.advance_micros(3_000_000);
        let due = app.app.today().plus(60).to_string();
        let offer = json!({ "site": self.firm.site, "product": "apron", "stock": { "value": 1000 } });
        let offer = app.post(&self.token(Actor::Supplier), "/api/v1/offers", &offer).await.expect(201).id();
        let need = json!({ "site": self.ward.site, "product": "apron", "instalments": [{ "quantity": { "value": 900 }, "due": due }] });
        let need = app.post(&self.token(Actor::Buyer), "/api/v1/needs", &need).await.expect(201);
        let (mut watched, mut room) = (Vec::new(), 900);
        for _ in 0..3 {
            let units = rng.random_range(1..=600);
            let body = json!({ "offer": offer, "need": need.id(), "instalment": need.json["instalments"][0]["id"], "quantity": units });
            let made = app.post(&app.operator(), "/api/v1/matches", &body).await;
            if units > room {
                assert_eq!(made.expect(409).json["code"], "not_available");
                continue;
            }
            room -= units;
            let made = made.expect(201);
            let quantity = Quantity::new(units).unwrap();
            let now = app.clock.now();
            let cutoff = Day::parse(made.json["cutoff"].as_str().unwrap()).unwrap();
            let step = Step::Propose { quantity, deadline: now.plus_micros(HOLD) };
            let (account, _) = Account::suggested(quantity, cutoff).take(&step, now).unwrap();
            watched.push(Watched { id: made.id(), account, sample: None });
        }
        watched
    }

    async fn history(&self, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut matches = self.begun(&mut rng).await;
        let mut trace = Vec::new();
        for _ in 0..STEPS {
            if rng.random_bool(0.1) {
                self.app.clock.advance_micros(rng.random_range(1..=80) * HOUR);
                if rng.random_bool(0.5) {
                    app::ledger::let_go(&self.app.app).await.unwrap();
                }
            }
            let now = self.app.clock.now();
            let one = rng.random_range(0..matches.len());
            let watched = &mut matches[one];
            let by = [Actor::Supplier, Actor::Supplier, Actor::Buyer, Actor::Buyer, Actor::Operator, Actor::Third];
            let by = by[rng.random_range(0..by.len())];
            let address = format!("/api/v1/matches/{}", watched.id);
            if rng.random_bool(0.1) {
                self.sample(watched, by, now).await;
                continue;
            }
            let (what, body, step) = action(&mut rng, by, now.plus_micros(HOLD));
            let (status, account) = expected(watched, by, what, &step, now);
            trace.push(format!("{one} {by:?} {what} {body}"));
            let answer = self.app.post(&self.token(by), &format!("{address}/{what}"), &body).await;
            assert_eq!(answer.status, status, "history {seed}: {trace:#?}: {}", answer.text);
            watched.account = account;
            let read = self.app.get(&self.app.operator(), &address).await.expect(200);
            let stands = json!({ "state": read.json["state"], "quantities": read.json["quantities"] });
            assert_eq!(stands, must_read(&account, now), "history {seed}: {trace:#?}");
            // Who is who is open as long as the supplier has accepted, and not a step earlier.
            let opened = self.app.get(&self.token(Actor::Buyer), &format!("{address}/counterparty")).await.status;
            let over = account.is_over(now);
            let may = !over && account.state.opens_the_sides();
            assert_eq!(opened == 200, may, "history {seed}: {trace:#?}");
        }
    }

    /// The buyer asks for a sample, or says that it is good.
    async fn sample(&self, watched: &mut Watched, by: Actor, now: Instant) {
        let word = if watched.sample == Some(false) { "approved" } else { "requested" };
        let path = format!("/api/v1/matches/{}/sample", watched.id);
        let answer = self.app.post(&self.token(by), &path, &json!({ "sample": word })).await;
        let open = watched.account.state == MatchState::AcceptedBySupplier && !watched.account.is_over(now);
        let status = match by {
            Actor::Third => 404,
            Actor::Supplier | Actor::Operator => 403,
            Actor::Buyer if open && watched.sample != Some(true) => 200,
            Actor::Buyer => 409,
        };
        assert_eq!(answer.status, status, "{}", answer.text);
        if status == 200 {
            watched.sample = Some(word == "approved");
        }
    }
}

on_both! {
    async fn random_actors_do_nothing_but_what_the_rules_allow(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, ward, third) = (app.firm("Atelier").await, app.hospital("Hôpital").await, app.firm("Third").await);
        let market = Market { app, firm, ward, third };
        for seed in 0..histories() {
            market.history(seed).await;
            capacity::as_if_built_anew(&market.app).await;
            if seed % 50 == 0 {
                ledger::sound(&market.app).await;
            }
        }
        ledger::sound(&market.app).await;
    }
}
