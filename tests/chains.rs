//! Chains: consortia whose legs are promised all at once or not at all.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{ledger, memberships, needs, offers};

const HOUR: i64 = 3_600 * 1_000_000;

/// A lead that sews respirators of a spinner's fabric for a hospital, and what a run suggests between them.
pub struct Trio {
    pub spinner: Org,
    pub lead: Org,
    pub hospital: Org,
    /// The match between spinner and lead.
    pub fabric: String,
    /// The match between lead and hospital.
    pub sewing: String,
    goods: [&'static str; 2],
}

/// What is spun, and what is sewn of it.
const GOODS: [&str; 2] = ["meltblown", "gown-surgical"];

/// A firm that has fabric, so many grams.
pub async fn spinner(app: &TestApp, name: &str, fabric: &str, grams: i64) -> (Org, String) {
    let spinner = app.firm(name).await;
    let body = json!({ "site": spinner.site, "product": fabric, "stock": { "value": grams, "unit": "GRM" } });
    let offer = app.post(&spinner.token, "/api/v1/offers", &body).await.expect(201).id();
    (spinner, offer)
}

/// What a firm lacks of fabric.
async fn lacks(app: &TestApp, lead: &Org, fabric: &str, grams: i64) -> String {
    let body = json!({ "site": lead.site, "product": fabric,
        "instalments": [{ "quantity": { "value": grams, "unit": "GRM" }, "due": "2020-04-16" }] });
    app.post(&lead.token, "/api/v1/needs", &body).await.expect(201).id()
}

/// The suggestion of a run between what a buyer lacks and somebody's offers.
async fn suggested(app: &TestApp, buyer: &Org, product: &str) -> Option<String> {
    let found = app.get(&app.token(buyer.grant), "/api/v1/matches?state=suggested").await.expect(200);
    let of = |one: &&Value| one["need"]["product"] == product && one["side"] == "buyer";
    found.items().iter().find(of).map(|one| one["id"].as_str().unwrap().to_owned())
}

/// An offer or need, of goods without grades.
pub fn sewn(mut body: Value, goods: &str) -> Value {
    body["product"] = json!(goods);
    body["grades"] = json!([]);
    body
}

impl Trio {
    pub async fn new(app: &TestApp) -> Self {
        Self::of(app, ["Spinner", "Atelier", "Hôpital"], GOODS).await
    }

    /// Of three that are named, and of goods that nobody else trades in.
    pub async fn of(app: &TestApp, [first, second, third]: [&str; 3], goods: [&'static str; 2]) -> Self {
        let (spinner, _) = spinner(app, first, goods[0], 100_000).await;
        let (lead, hospital) = (app.firm(second).await, app.hospital(third).await);
        app.post(&lead.token, "/api/v1/offers", &sewn(offers::plain(&lead), goods[1])).await.expect(201);
        lacks(app, &lead, goods[0], 60_000).await;
        app.post(&hospital.token, "/api/v1/needs", &sewn(needs::plain(&hospital), goods[1])).await.expect(201);
        let none = String::new();
        Self { spinner, lead, hospital, fabric: none.clone(), sewing: none, goods }.suggested(app).await
    }

    /// With what a run suggests for both steps.
    async fn suggested(self, app: &TestApp) -> Self {
        ledger::run(app).await;
        let fabric = suggested(app, &self.lead, self.goods[0]).await.unwrap();
        let sewing = suggested(app, &self.hospital, self.goods[1]).await.unwrap();
        Self { fabric, sewing, ..self }
    }

    /// Both steps, for a chain that is to be made.
    pub fn body(&self) -> Value {
        json!({ "name": "Respirators", "legs": [{ "step": "Fabric", "match": self.fabric }, { "step": "Sewing", "match": self.sewing }] })
    }

    /// Puts it to all sides, and answers the chain's id.
    pub async fn held(&self, app: &TestApp) -> String {
        let token = app.token(self.lead.grant);
        app.post(&token, "/api/v1/chains", &self.body()).await.expect(201).id()
    }

    pub async fn agree(&self, app: &TestApp) {
        for (id, by) in [
            (&self.fabric, &self.spinner),
            (&self.fabric, &self.lead),
            (&self.sewing, &self.lead),
            (&self.sewing, &self.hospital),
        ] {
            step(app, by, id, "accept", &json!({})).await.expect(200);
        }
    }
}

pub async fn step(app: &TestApp, by: &Org, id: &str, step: &str, body: &Value) -> Answer {
    app.post(&app.token(by.grant), &format!("/api/v1/matches/{id}/{step}"), body).await
}

/// The state of a chain, and those of its legs.
async fn states(app: &TestApp, by: &Org, chain: &str) -> Vec<String> {
    let read = app.get(&app.token(by.grant), &format!("/api/v1/chains/{chain}")).await.expect(200).json;
    let word = |value: &Value| value["state"].as_str().unwrap_or("none").to_owned();
    std::iter::once(word(&read)).chain(read["legs"].as_array().unwrap().iter().map(word)).collect()
}

on_both! {
    async fn a_chain_is_held_whole_and_agreed_whole(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let mut dry = trio.body();
        dry["dry_run"] = json!(true);
        let tried = app.post(&trio.lead.token, "/api/v1/chains", &dry).await.expect(200);
        assert_eq!((&tried.json["state"], &tried.json["legs"][1]["state"]), (&json!("held"), &json!("proposed")));
        assert_eq!(app.get(&trio.lead.token, "/api/v1/chains").await.items().len(), 0, "a trial leaves nothing");
        assert_eq!(app.get(&trio.lead.token, &format!("/api/v1/matches/{}", trio.fabric)).await.json["state"], "suggested");
        let chain = trio.held(&app).await;
        assert_eq!(states(&app, &trio.lead, &chain).await, ["held", "proposed", "proposed"]);
        step(&app, &trio.spinner, &trio.fabric, "accept", &json!({})).await.expect(200);
        let part = step(&app, &trio.lead, &trio.fabric, "accept", &json!({ "quantity": 10 })).await.expect(409);
        assert_eq!(part.json["code"], "chain", "{}", part.text);
        step(&app, &trio.lead, &trio.fabric, "accept", &json!({})).await.expect(200);
        assert_eq!(states(&app, &trio.hospital, &chain).await, ["held", "agreed", "proposed"]);
        let early = step(&app, &trio.spinner, &trio.fabric, "ship", &json!({ "quantity": 60_000 })).await.expect(409);
        assert!(early.text.contains("Sewing"), "{}", early.text);
        step(&app, &trio.hospital, &trio.sewing, "accept", &json!({})).await.expect(200);
        step(&app, &trio.lead, &trio.sewing, "accept", &json!({})).await.expect(200);
        assert_eq!(states(&app, &trio.spinner, &chain).await, ["agreed", "agreed", "agreed"]);
        step(&app, &trio.spinner, &trio.fabric, "ship", &json!({ "quantity": 60_000 })).await.expect(200);
        step(&app, &trio.lead, &trio.fabric, "receive", &json!({ "accepted": 60_000 })).await.expect(200);
        step(&app, &trio.lead, &trio.sewing, "ship", &json!({ "quantity": 4000 })).await.expect(200);
        step(&app, &trio.hospital, &trio.sewing, "receive", &json!({ "accepted": 4000 })).await.expect(200);
        assert_eq!(states(&app, &trio.lead, &chain).await, ["fulfilled", "fulfilled", "fulfilled"]);
        app.post(&trio.lead.token, &format!("/api/v1/chains/{chain}/dissolve"), &json!({ "reason": "need_gone" })).await.expect(409);
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn each_sees_his_own_leg_and_how_the_others_stand(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let chain = trio.held(&app).await;
        let third = app.firm("Third").await;
        let address = format!("/api/v1/chains/{chain}");
        app.get(&third.token, &address).await.expect(404);
        assert_eq!(app.get(&third.token, "/api/v1/chains").await.items().len(), 0);
        let seen = app.get(&trio.spinner.token, &address).await.expect(200);
        let expected = json!([
            { "step": "Fabric", "state": "proposed", "match": trio.fabric, "quantity": 60_000 },
            { "step": "Sewing", "state": "proposed", "match": null, "quantity": null },
        ]);
        assert_eq!((&seen.json["legs"], &seen.json["organisation"]), (&expected, &json!(null)));
        // Who leads it opens with the match, as who the other side of any is.
        step(&app, &trio.spinner, &trio.fabric, "accept", &json!({})).await.expect(200);
        assert_eq!(app.get(&trio.spinner.token, &address).await.json["organisation"], json!(null));
        assert_eq!(app.get(&trio.lead.token, &address).await.json["organisation"], json!(trio.lead.id));
        let of_buyer = app.get(&trio.hospital.token, &address).await.expect(200);
        assert_eq!(of_buyer.json["organisation"], json!(null));
        for hidden in [&trio.spinner.id, &trio.fabric, &trio.lead.id] {
            assert!(!of_buyer.text.contains(hidden.as_str()), "{}", of_buyer.text);
        }
        // The leg says of which chain it is, and the chain's list its legs.
        let leg = app.get(&trio.hospital.token, &format!("/api/v1/matches?chain={chain}")).await.expect(200);
        let [one] = leg.items() else { panic!("{}", leg.text) };
        assert_eq!((&one["id"], &one["chain"]), (&json!(trio.sewing), &json!(chain)));
        let led = format!("/api/v1/chains?organisation={}", trio.lead.id);
        for (token, count) in [(&trio.lead.token, 1), (&trio.hospital.token, 0), (&app.operator(), 1)] {
            assert_eq!(app.get(token, &led).await.expect(200).items().len(), count);
        }
        // Partners do not lead it.
        let end = json!({ "reason": "price" });
        app.post(&trio.spinner.token, &format!("{address}/dissolve"), &end).await.expect(403);
        app.post(&trio.spinner.token, &format!("{address}/hold"), &json!({ "legs": [] })).await.expect(403);
        app.post(&third.token, &format!("{address}/dissolve"), &end).await.expect(404);
    }
}

on_both! {
    async fn one_failure_reopens_the_chain_and_it_is_filled_again(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let chain = trio.held(&app).await;
        let address = format!("/api/v1/chains/{chain}");
        step(&app, &trio.hospital, &trio.sewing, "accept", &json!({})).await.expect(200);
        step(&app, &trio.lead, &trio.sewing, "accept", &json!({})).await.expect(200);
        step(&app, &trio.spinner, &trio.fabric, "decline", &json!({ "reason": "price" })).await.expect(200);
        // The leg that was agreed is let go with the one that failed.
        assert_eq!(states(&app, &trio.lead, &chain).await, ["open", "declined", "cancelled"]);
        let other = app.get(&trio.hospital.token, &format!("/api/v1/matches/{}", trio.sewing)).await.expect(200);
        assert_eq!(other.json["closing_reason"], "chain");
        ledger::sound(&app).await;
        let (second, _) = spinner(&app, "Second", GOODS[0], 100_000).await;
        let trio = trio.suggested(&app).await;
        let (fabric, sewing) = (trio.fabric.clone(), trio.sewing.clone());
        // All open steps at once, and none else.
        let legs = |names: &[(&str, &str)]| -> Value {
            names.iter().map(|(step, id)| json!({ "step": step, "match": id })).collect()
        };
        let hold = async |legs: Value| app.post(&trio.lead.token, &format!("{address}/hold"), &json!({ "legs": legs })).await;
        let missing = hold(legs(&[("Fabric", &fabric)])).await.expect(409);
        assert!(missing.text.contains("Sewing"), "{}", missing.text);
        let unknown = hold(legs(&[("Dyeing", &fabric), ("Sewing", &sewing)])).await.expect(422);
        assert_eq!(unknown.faults(), ["/legs/0/step unknown_value"]);
        hold(legs(&[("Fabric", &fabric), ("Sewing", &sewing)])).await.expect(200);
        assert_eq!(states(&app, &second, &chain).await, ["held", "proposed", "proposed"]);
        hold(legs(&[("Fabric", &fabric), ("Sewing", &sewing)])).await.expect(409);
        let again = Trio { spinner: second, ..trio };
        again.agree(&app).await;
        assert_eq!(states(&app, &again.lead, &chain).await, ["agreed", "agreed", "agreed"]);
        let all = app.get(&app.operator(), &format!("/api/v1/matches?chain={chain}")).await.expect(200);
        assert_eq!(all.items().len(), 4, "those that ended are kept");
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn a_leg_that_fails_after_all_was_agreed_leaves_the_others(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let chain = trio.held(&app).await;
        trio.agree(&app).await;
        step(&app, &trio.lead, &trio.sewing, "ship", &json!({ "quantity": 1000 })).await.expect(200);
        step(&app, &trio.spinner, &trio.fabric, "cancel", &json!({ "reason": "no_supply" })).await.expect(200);
        assert_eq!(states(&app, &trio.lead, &chain).await, ["open", "cancelled", "in_delivery"]);
        spinner(&app, "Second", GOODS[0], 100_000).await;
        ledger::run(&app).await;
        let fabric = suggested(&app, &trio.lead, GOODS[0]).await.unwrap();
        let body = json!({ "legs": [{ "step": "Fabric", "match": fabric }] });
        app.post(&trio.lead.token, &format!("/api/v1/chains/{chain}/hold"), &body).await.expect(200);
        assert_eq!(states(&app, &trio.lead, &chain).await, ["held", "proposed", "in_delivery"]);
        step(&app, &trio.lead, &fabric, "decline", &json!({ "reason": "price" })).await.expect(200);
        assert_eq!(states(&app, &trio.lead, &chain).await, ["open", "declined", "in_delivery"]);
        let wrong = json!({ "reason": "other", "text": "ask anna@example.org" });
        let wrong = app.post(&trio.lead.token, &format!("/api/v1/chains/{chain}/dissolve"), &wrong).await.expect(422);
        assert_eq!(wrong.faults(), ["/text contact_in_message"]);
        let why = json!({ "reason": "other", "text": "the mill burnt" });
        let gone = app.post(&trio.lead.token, &format!("/api/v1/chains/{chain}/dissolve"), &why).await.expect(200);
        assert_eq!((&gone.json["state"], &gone.json["closing_text"]), (&json!("dissolved"), &json!("the mill burnt")));
        assert_eq!(states(&app, &trio.lead, &chain).await, ["dissolved", "declined", "cancelled"]);
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn a_leg_that_nobody_answers_lets_the_others_go(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let chain = trio.held(&app).await;
        app.clock.advance_micros(70 * HOUR);
        // An answer prolongs what was answered, and nothing else.
        step(&app, &trio.spinner, &trio.fabric, "accept", &json!({})).await.expect(200);
        app.clock.advance_micros(2 * HOUR);
        assert_eq!(states(&app, &trio.lead, &chain).await, ["open", "accepted_by_supplier", "expired"]);
        let late = step(&app, &trio.lead, &trio.fabric, "accept", &json!({})).await.expect(409);
        assert_eq!(late.json["code"], "chain", "{}", late.text);
        assert_eq!(app::ledger::let_go(&app.app).await.unwrap(), 2, "it and what stood with it");
        assert_eq!(states(&app, &trio.lead, &chain).await, ["open", "declined", "expired"]);
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn what_nobody_answered_is_settled_before_steps_are_filled(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let chain = trio.held(&app).await;
        step(&app, &trio.hospital, &trio.sewing, "accept", &json!({})).await.expect(200);
        step(&app, &trio.lead, &trio.sewing, "accept", &json!({})).await.expect(200);
        app.clock.advance_micros(72 * HOUR);
        // The fabric was not answered, so that the sewing, which was agreed, goes too: both are open.
        spinner(&app, "Second", GOODS[0], 100_000).await;
        ledger::run(&app).await;
        let fabric = suggested(&app, &trio.lead, GOODS[0]).await.unwrap();
        let legs = json!({ "legs": [{ "step": "Fabric", "match": fabric }] });
        let address = format!("/api/v1/chains/{chain}/hold");
        let refused = app.post(&app.token(trio.lead.grant), &address, &legs).await.expect(409);
        assert!(refused.text.contains("Sewing"), "{}", refused.text);
        assert_eq!(app::ledger::let_go(&app.app).await.unwrap(), 2, "a refusal writes nothing");
        assert_eq!(states(&app, &trio.lead, &chain).await, ["open", "expired", "cancelled"]);
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn all_legs_are_promised_or_none(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        // Somebody else takes the lead's respirators meanwhile.
        let offer = app.get(&trio.lead.token, "/api/v1/offers").await.items()[0]["id"].as_str().unwrap().to_owned();
        app.post(&trio.lead.token, &format!("/api/v1/offers/{offer}/pause"), &json!({})).await.expect(200);
        let refused = app.post(&trio.lead.token, "/api/v1/chains", &trio.body()).await.expect(409);
        assert!(refused.text.contains("Sewing"), "{}", refused.text);
        assert_eq!(app.get(&trio.lead.token, &format!("/api/v1/matches/{}", trio.fabric)).await.json["state"], "suggested");
        assert_eq!(app.get(&app.operator(), "/api/v1/chains").await.items().len(), 0);
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn every_fault_of_a_chain_is_named_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let post = async |by: &str, body: Value| app.post(by, "/api/v1/chains", &body).await;
        let mut body = trio.body();
        body["legs"][0] = json!({ "step": "Fabric", "match": trio.fabric, "offer": trio.fabric });
        body["legs"].as_array_mut().unwrap().push(json!({ "step": "Test", "offer": trio.fabric, "quantity": 1 }));
        body["legs"].as_array_mut().unwrap().push(json!({ "step": "Transport" }));
        let faults = post(&trio.lead.token, body).await.expect(422).faults();
        let expected = ["/legs/0/offer does_not_apply", "/legs/2/instalment missing", "/legs/2/need missing", "/legs/3/match missing"];
        assert_eq!(faults.into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
        let mut body = trio.body();
        body["name"] = json!("anna@example.org");
        body["legs"][1]["step"] = json!("Fabric");
        let mut named = trio.body();
        named["name"] = json!("Respirators by ATELIER");
        named["legs"][1]["step"] = json!("Fabric");
        let faults = post(&trio.lead.token, named).await.expect(422).faults();
        assert_eq!(faults.into_iter().collect::<BTreeSet<_>>(), ["/legs/1/step duplicate", "/name contact_in_name"].map(str::to_owned).into());
        let faults = post(&trio.lead.token, body.clone()).await.expect(422).faults();
        assert_eq!(faults, ["/name contact_in_name", "/legs/1/step duplicate"]);
        assert_eq!(post(&app.operator(), body).await.expect(422).faults().len(), 3, "the operator says for whom as well");
        // What is not the lead's is not there, and a match carries one step.
        let foreign = post(&trio.hospital.token, trio.body()).await.expect(422);
        assert_eq!(foreign.faults(), ["/legs/0/match unknown_match"]);
        let mut twice = trio.body();
        twice["legs"][1]["match"] = json!(trio.fabric);
        assert_eq!(post(&trio.lead.token, twice).await.expect(422).faults(), ["/legs/1/match duplicate"]);
        let hand = json!({ "step": "Sewing", "offer": trio.lead.id, "need": trio.lead.id, "instalment": trio.lead.id, "quantity": 5 });
        let mut by_hand = trio.body();
        by_hand["legs"][1] = hand;
        post(&trio.lead.token, by_hand.clone()).await.expect(403);
        by_hand["organisation"] = json!(trio.lead.id);
        let faults = post(&app.operator(), by_hand).await.expect(422).faults();
        assert_eq!(faults, ["/legs/1/offer unknown_offer", "/legs/1/need unknown_need"]);
    }
}

on_both! {
    async fn the_operator_puts_a_chain_together_by_hand(db: TestDb) {
        let app = TestApp::new(db);
        let (spinner, fabric) = spinner(&app, "Spinner", GOODS[0], 50_000).await;
        let (lead, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let masks = app.post(&lead.token, "/api/v1/offers", &offers::plain(&lead)).await.expect(201).id();
        let lacked = lacks(&app, &lead, GOODS[0], 50_000).await;
        let asked = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        let leg = async |step: &str, offer: &str, (owner, need): (&Org, &str), units: i64| {
            let read = app.get(&owner.token, &format!("/api/v1/needs/{need}")).await.expect(200);
            json!({ "step": step, "offer": offer, "need": need, "instalment": read.json["instalments"][0]["id"], "quantity": units })
        };
        let mut body = json!({ "organisation": lead.id, "name": "Respirators", "legs": [
            leg("Fabric", &fabric, (&lead, &lacked), 50_001).await, leg("Sewing", &masks, (&hospital, &asked), 4000).await ] });
        let over = app.post(&app.operator(), "/api/v1/chains", &body).await.expect(409);
        assert_eq!(over.json["code"], "not_available", "{}", over.text);
        body["legs"][0]["quantity"] = json!(50_000);
        let chain = app.post(&app.operator(), "/api/v1/chains", &body).await.expect(201).id();
        assert_eq!(states(&app, &spinner, &chain).await, ["held", "proposed", "proposed"]);
        // The lead, who did not make it, leads it all the same.
        app.post(&lead.token, &format!("/api/v1/chains/{chain}/dissolve"), &json!({ "reason": "test" })).await.expect(200);
        assert_eq!(states(&app, &lead, &chain).await, ["dissolved", "declined", "declined"]);
        // Who was never agreed with has left it.
        app.get(&hospital.token, &format!("/api/v1/chains/{chain}")).await.expect(404);
        ledger::sound(&app).await;
    }
}

on_both! {
    async fn con_02_legs_that_end_at_once_end_once(db: TestDb) {
        let app = TestApp::new(db);
        let trio = Trio::new(&app).await;
        let chain = trio.held(&app).await;
        let (app, trio) = (std::sync::Arc::new(app), std::sync::Arc::new(trio));
        let tries = (0..6).map(|n| {
            let (app, trio) = (app.clone(), trio.clone());
            tokio::spawn(async move {
                let (by, id) = if n % 2 == 0 { (&trio.spinner, &trio.fabric) } else { (&trio.hospital, &trio.sewing) };
                step(&app, by, id, "decline", &json!({ "reason": "price" })).await.status
            })
        });
        let mut answers = Vec::new();
        for tried in tries.collect::<Vec<_>>() {
            answers.push(tried.await.unwrap());
        }
        answers.sort_unstable();
        assert_eq!(answers, [200, 409, 409, 409, 409, 409], "the first ends all of it");
        assert_eq!(states(&app, &trio.lead, &chain).await, ["open", "declined", "declined"]);
        ledger::sound(&app).await;
    }
}

/// Sends the example of an operation, with ids of a chain that is ready for it.
pub async fn tried(app: &TestApp, path: &str, mut example: Value) -> Answer {
    let step_name = path.rsplit('/').next().unwrap();
    if step_name == "search" {
        let hospital = app.hospital("Ward that searches").await;
        memberships::verify(app, &hospital, "operator").await;
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        example["need"] = need.into();
        return app.post(&hospital.token, path, &example).await;
    }
    let names = ["Spinner", "Lead", "Ward"].map(|name| format!("{name} of {step_name}"));
    let goods = match step_name {
        "hold" => ["spunbond", "safety-glasses"],
        "dissolve" => ["nbr-latex", "three-ply-mask"],
        _ => GOODS,
    };
    let mut trio = Trio::of(app, [&names[0], &names[1], &names[2]], goods).await;
    let mut path = path.to_owned();
    if path.contains("{id}") {
        path = path.replace("{id}", &trio.held(app).await);
    }
    if step_name == "hold" {
        trio = trio.reopened(app).await;
    }
    let steps = ["Fabric", "Sewing"].into_iter().zip([&trio.fabric, &trio.sewing]);
    if example.get("legs").is_some() {
        example["legs"] = steps.map(|(step, id)| json!({ "step": step, "match": id })).collect();
    }
    app.post(&app.token(trio.lead.grant), &path, &example).await
}

impl Trio {
    /// A leg fails for now, and a run suggests both again.
    pub async fn reopened(self, app: &TestApp) -> Self {
        step(app, &self.spinner, &self.fabric, "decline", &json!({ "reason": "duplicate" })).await.expect(200);
        self.suggested(app).await
    }
}

/// Every operation of chains once, for the audit log.
pub async fn whatever_leads_do(app: &TestApp) {
    let trio = Trio::of(app, ["Spinner of all", "Lead of all", "Ward of all"], GOODS).await;
    let chain = trio.held(app).await;
    let trio = trio.reopened(app).await;
    let address = format!("/api/v1/chains/{chain}");
    let legs = trio.body()["legs"].clone();
    app.post(&trio.lead.token, &format!("{address}/hold"), &json!({ "legs": legs })).await.expect(200);
    app.post(&trio.lead.token, &format!("{address}/dissolve"), &json!({ "reason": "test" })).await.expect(200);
}
