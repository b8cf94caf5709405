//! Chains under the races of the ledger: whoever is quickest, all legs of a chain stand or none does, and nothing is
//! promised twice.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both};

use crate::{
    chains::{Trio, step},
    ledger, needs,
};

const HOUR: i64 = 3_600 * 1_000_000;
/// The states of a leg that carries its step and is not delivered.
const STANDS: [&str; 5] = ["proposed", "accepted_by_supplier", "accepted_by_buyer", "agreed", "in_delivery"];

/// A firm that sews 1,000 respirators on each of ten working days once it has fabric, 2 grams for each, and has none.
struct Maker {
    firm: Org,
    offer: String,
}

impl Maker {
    async fn new(app: &TestApp, name: &str) -> Self {
        let firm = app.firm(name).await;
        let body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "from": "2020-04-06", "until": "2020-04-17",
            "running": { "value": 1000, "per": "day" },
            "missing_inputs": [{ "product": "meltblown", "quantity": { "value": 2, "unit": "GRM" } }] });
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
        Self { firm, offer }
    }

    /// What it lacks, as a need of its own.
    async fn lacks(&self, app: &TestApp, grams: i64) -> Value {
        // The same once more within two seconds would be taken for a double click.
        app.clock.advance_micros(3_000_000);
        let body = json!({ "organisation": self.firm.id, "site": self.firm.site, "product": "meltblown",
            "instalments": [{ "quantity": { "value": grams, "unit": "GRM" }, "due": "2020-04-16" }] });
        app.post(&app.operator(), "/api/v1/needs", &body).await.expect(201).json
    }

    /// Two legs: fabric of an offer, and as many respirators as it is enough for.
    async fn legs(&self, app: &TestApp, (name, fabric): (&str, &str), asked: &Value, masks: i64) -> Vec<Value> {
        let lacked = self.lacks(app, 2 * masks).await;
        let leg = |step: String, offer: &str, need: &Value, units: i64| json!({ "step": step, "offer": offer, "need": need["id"], "instalment": need["instalments"][0]["id"], "quantity": units });
        vec![
            leg(format!("Fabric {name}"), fabric, &lacked, 2 * masks),
            leg(format!("Sewing {name}"), &self.offer, asked, masks),
        ]
    }

    fn chain(&self, legs: &[Value]) -> Value {
        json!({ "organisation": self.firm.id, "name": "Respirators", "legs": legs })
    }
}

/// A firm with so many grams of fabric, and its offer.
async fn weaver(app: &TestApp, name: &str, grams: i64) -> (Org, String) {
    let firm = app.firm(name).await;
    let body = json!({ "site": firm.site, "product": "meltblown", "stock": { "value": grams, "unit": "GRM" } });
    let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
    (firm, offer)
}

/// A hospital, and its need for so many respirators after the makers' window.
async fn ward(app: &TestApp, name: &str, masks: i64) -> (Org, Value) {
    let hospital = app.hospital(name).await;
    let mut body = needs::plain(&hospital);
    body["instalments"] = json!([{ "quantity": { "value": masks }, "due": "2020-06-30" }]);
    let need = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201).json;
    (hospital, need)
}

/// All at once; their answers in the order in which they were begun.
async fn at_once<T: Send + 'static>(all: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let running: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.unwrap());
    }
    answers
}

/// Puts chains at once as the operator, and answers how many were made; the others are refused for what ran out.
async fn put_at_once(app: &Arc<TestApp>, chains: Vec<Value>) -> usize {
    let put = |body: Value| {
        let app = app.clone();
        async move { app.post(&app.operator(), "/api/v1/chains", &body).await }
    };
    let mut made = 0;
    for answer in at_once(chains.into_iter().map(put)).await {
        match answer.status {
            201 => made += 1,
            _ => assert_eq!(answer.json["code"], "not_available", "{}", answer.text),
        }
    }
    made
}

/// The ledger is sound, no chain stands in part, and nothing is held beside the chains. Answers the states of all legs of
/// each chain, by its id.
async fn whole(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    ledger::sound(app).await;
    let told = app.get(&app.operator(), "/api/v1/chains?limit=200").await.expect(200);
    let states = |chain: &Value| {
        let legs = chain["legs"].as_array().unwrap().iter();
        let legs: Vec<String> = legs.map(|leg| leg["state"].as_str().unwrap_or("none").to_owned()).collect();
        (chain["id"].as_str().unwrap().to_owned(), legs)
    };
    let chains: BTreeMap<String, Vec<String>> = told.items().iter().map(states).collect();
    let standing = |legs: &[String]| legs.iter().filter(|leg| STANDS.contains(&leg.as_str())).count();
    let mut held = 0;
    for (id, legs) in &chains {
        held += standing(legs);
        assert!(standing(legs) == 0 || standing(legs) == legs.len(), "the chain {id} stands in part: {legs:?}");
    }
    let matches = app.get(&app.operator(), "/api/v1/matches?limit=200").await.expect(200);
    let takes = matches.items().iter().filter(|one| STANDS.contains(&one["state"].as_str().unwrap()));
    assert_eq!(takes.count(), held, "what is held is held by chains: {}", matches.text);
    chains
}

on_both! {
    async fn con_01_chains_that_want_the_same_maker_hold_all_partners_or_none(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let maker = Maker::new(&app, "Maker").await;
        let mut chains = Vec::new();
        for n in 0..8 {
            let name = n.to_string();
            let (_, fabric) = weaver(&app, &format!("Weaver {n}"), 6_000).await;
            let (_, asked) = ward(&app, &format!("Ward {n}"), 3_000).await;
            chains.push(maker.chain(&maker.legs(&app, (&name, &fabric), &asked, 3_000).await));
        }
        // Of 10,000 that it can sew, three have 3,000.
        assert_eq!(put_at_once(&app, chains).await, 3);
        assert!(whole(&app).await.values().all(|legs| *legs == ["proposed", "proposed"]));
        // What the others would have taken of fabric lies there still.
        let free = app.get(&app.operator(), "/api/v1/capacity?product=meltblown&group_by=product").await.expect(200);
        assert_eq!(free.json["rows"][0]["free"], 5 * 6_000, "{}", free.text);
    }
}

on_both! {
    async fn con_01_chains_of_one_search_that_want_the_same_fabric_hold_all_partners_or_none(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let makers = [Maker::new(&app, "First").await, Maker::new(&app, "Second").await];
        weaver(&app, "Weaver", 9_000).await;
        let mut asked = Vec::new();
        for n in 0..6 {
            asked.push(ward(&app, &format!("Ward {n}"), 2_000).await.1);
        }
        // Everybody is told of the same fabric, for 2,000 first and then for what two of them left.
        for (masks, wards, made) in [(2_000, 6, 2), (500, 4, 1), (0, 3, 0)] {
            let mut chains = Vec::new();
            for need in &asked {
                let told = app.post(&app.operator(), "/api/v1/chains/search", &json!({ "need": need["id"] })).await.expect(200).json;
                let Some(of) = told["instalments"].get(0) else { continue };
                let Some(best) = of["chains"].get(0) else {
                    assert_eq!(masks, 0, "{told}");
                    continue;
                };
                assert_eq!((&best["units"], &best["legs"][1]["needed"]), (&json!(masks), &json!(2 * masks)), "{told}");
                let maker = makers.iter().find(|maker| best["legs"][0]["offer"] == maker.offer).unwrap();
                let fabric = best["legs"][1]["offer"].as_str().unwrap();
                chains.push(maker.chain(&maker.legs(&app, ("", fabric), need, masks).await));
            }
            assert_eq!(chains.len(), if masks == 0 { 0 } else { wards });
            assert_eq!(put_at_once(&app, chains).await, made);
            whole(&app).await;
        }
    }
}

on_both! {
    async fn con_01_chains_that_take_the_same_offers_the_other_way_round_do_not_block_each_other(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let makers = [Maker::new(&app, "First").await, Maker::new(&app, "Second").await];
        // The first has fabric for all, the second for two of them.
        let fabrics = [weaver(&app, "Much", 20_000).await.1, weaver(&app, "Little", 4_500).await.1];
        let mut chains = Vec::new();
        for n in 0..8 {
            let mut legs = Vec::new();
            for (at, (maker, fabric)) in makers.iter().zip(&fabrics).enumerate() {
                let (_, asked) = ward(&app, &format!("Ward {n} of {at}"), 1_000).await;
                legs.extend(maker.legs(&app, (&at.to_string(), fabric), &asked, 1_000).await);
            }
            if n % 2 == 1 {
                legs.reverse();
            }
            chains.push(makers[n % 2].chain(&legs));
        }
        assert_eq!(put_at_once(&app, chains).await, 2);
        assert!(whole(&app).await.values().all(|legs| *legs == ["proposed"; 4]));
    }
}

/// How a chain is broken while its partners accept it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Break {
    Decline,
    Cancel,
    Withdraw,
    Close,
    Dissolve,
}

/// A chain that is held: the answers that its partners owe, in an order in which the last agrees it.
struct Held {
    id: String,
    lead: Org,
    weaver: (Org, String),
    ward: (Org, String),
    matches: [String; 2],
}

impl Held {
    async fn new(app: &TestApp, round: usize) -> Self {
        let maker = Maker::new(app, &format!("Maker {round}")).await;
        let weaver = weaver(app, &format!("Weaver {round}"), 4_000).await;
        let (hospital, asked) = ward(app, &format!("Ward {round}"), 2_000).await;
        let legs = maker.legs(app, ("", &weaver.1), &asked, 2_000).await;
        let made = app.post(&app.operator(), "/api/v1/chains", &maker.chain(&legs)).await.expect(201);
        let matches = [0, 1].map(|leg| made.json["legs"][leg]["match"].as_str().unwrap().to_owned());
        let ward = (hospital, asked["id"].as_str().unwrap().to_owned());
        Self { id: made.id(), lead: maker.firm, weaver, ward, matches }
    }

    /// One of four: both sides of both legs.
    async fn accept(&self, app: &TestApp, nth: usize) -> Answer {
        let by = [&self.ward.0, &self.lead, &self.lead, &self.weaver.0][nth];
        step(app, by, &self.matches[1 - nth / 2], "accept", &json!({})).await
    }

    async fn broken(&self, app: &TestApp, how: Break) -> Answer {
        let fabric = &self.matches[0];
        let (weaver, offer) = &self.weaver;
        let (hospital, need) = &self.ward;
        let why = json!({ "reason": "test" });
        match how {
            Break::Decline => step(app, weaver, fabric, "decline", &why).await,
            Break::Cancel => step(app, &self.lead, fabric, "cancel", &why).await,
            Break::Withdraw => {
                app.post(&weaver.token, &format!("/api/v1/offers/{offer}/withdraw?release={fabric}"), &json!({})).await
            }
            Break::Close => {
                let close = format!("/api/v1/needs/{need}/close?release={}", self.matches[1]);
                app.post(&hospital.token, &close, &json!({ "reason": "need_gone" })).await
            }
            Break::Dissolve => app.post(&self.lead.token, &format!("/api/v1/chains/{}/dissolve", self.id), &why).await,
        }
    }
}

on_both! {
    async fn con_02_partners_accept_while_another_goes(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let breaks = [Break::Decline, Break::Cancel, Break::Withdraw, Break::Close, Break::Dissolve];
        let rounds = breaks.into_iter().flat_map(|how| [0, 2, 3, 3].map(|before| (how, before)));
        for (round, (how, before)) in rounds.enumerate() {
            let held = Arc::new(Held::new(&app, round).await);
            for nth in 0..before {
                held.accept(&app, nth).await.expect(200);
            }
            // The one who breaks it comes among those who accept, each round at another place.
            let place = before + round % (5 - before);
            let answers = at_once((before..5).map(|nth| {
                let (app, held) = (app.clone(), held.clone());
                async move {
                    match nth.cmp(&place) {
                        std::cmp::Ordering::Less => held.accept(&app, nth).await,
                        std::cmp::Ordering::Equal => held.broken(&app, how).await,
                        std::cmp::Ordering::Greater => held.accept(&app, nth - 1).await,
                    }
                }
            }))
            .await;
            let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            let all = format!("{how:?} after {before} as {place}: {told:?}");
            assert!(told.iter().all(|status| [200, 409].contains(status)), "{all}: {answers:?}");
            let broke = told[place - before] == 200;
            let accepted = told.iter().filter(|status| **status == 200).count() - usize::from(broke) == 4 - before;
            let read = app.get(&app.operator(), &format!("/api/v1/chains/{}", held.id)).await.expect(200).json;
            let states = [0, 1].map(|leg| read["legs"][leg]["state"].as_str().unwrap().to_owned());
            match (broke, accepted) {
                // All was agreed first, and goods may be on their way: the other leg stands, but for who leads it.
                (true, true) => {
                    let left = usize::from(how != Break::Close);
                    assert!(how != Break::Decline && states[1 - left] == "cancelled", "{all}: {states:?}");
                    assert_eq!(states[left], if how == Break::Dissolve { "cancelled" } else { "agreed" }, "{all}");
                    if how != Break::Dissolve {
                        held.broken(&app, Break::Dissolve).await.expect(200);
                    }
                }
                (true, false) => assert!(states.iter().all(|one| !STANDS.contains(&one.as_str())), "{all}: {states:?}"),
                (false, _) => assert!(accepted && states == ["agreed", "agreed"], "{all}: {states:?}"),
            }
            whole(&app).await;
        }
        app.work().await;
    }
}

on_both! {
    async fn con_02_what_nobody_answered_is_let_go_once_while_others_take_it(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let held = Arc::new(Held::new(&app, 0).await);
        held.accept(&app, 3).await.expect(200);
        let maker = Maker::new(&app, "Maker").await;
        let mut chains = Vec::new();
        for n in 0..3 {
            let asked = ward(&app, &format!("Ward that waits {n}"), 2_000).await.1;
            chains.push(maker.chain(&maker.legs(&app, ("", &held.weaver.1), &asked, 2_000).await));
        }
        assert_eq!(put_at_once(&app, chains.clone()).await, 0, "all of the fabric is held");
        app.clock.advance_micros(100 * HOUR);
        let let_go = (0..2).map(|_| {
            let app = app.clone();
            async move { app::ledger::let_go(&app.app).await.unwrap() }
        });
        let late = (0..4).map(|nth| {
            let (app, held) = (app.clone(), held.clone());
            async move { held.accept(&app, nth).await.status }
        });
        let (_, made, late) = tokio::join!(at_once(let_go), put_at_once(&app, chains), at_once(late));
        assert_eq!((made, late), (1, vec![409; 4]));
        app::ledger::let_go(&app.app).await.unwrap();
        let ended = whole(&app).await.remove(&held.id).unwrap();
        assert!(ended.iter().all(|leg| ["expired", "declined"].contains(&leg.as_str())), "{ended:?}");
        for leg in &held.matches {
            let log = app.get(&app.operator(), &format!("/api/v1/audit?record_id={leg}&limit=100")).await.expect(200);
            let ends = log.items().iter().filter(|entry| ["expire", "decline"].contains(&entry["act"].as_str().unwrap()));
            assert_eq!(ends.count(), 2, "once, for both sides: {}", log.text);
        }
    }
}

on_both! {
    async fn con_01_a_suggestion_is_taken_by_its_sides_or_by_a_chain(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let trio = Arc::new(Trio::new(&app).await);
        let tries = (0..6).map(|n| {
            let (app, trio) = (app.clone(), trio.clone());
            async move {
                match n % 3 {
                    0 => app.post(&trio.lead.token, "/api/v1/chains", &trio.body()).await,
                    1 => step(&app, &trio.hospital, &trio.sewing, "propose", &json!({})).await,
                    _ => step(&app, &trio.lead, &trio.sewing, "propose", &json!({})).await,
                }
            }
        });
        let answers = at_once(tries).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status < 400);
        assert!(made.len() == 1 && refused.iter().all(|answer| answer.status == 409), "{answers:?}");
        ledger::sound(&app).await;
        let mut states = Vec::new();
        for id in [&trio.fabric, &trio.sewing] {
            states.push(app.get(&app.operator(), &format!("/api/v1/matches/{id}")).await.expect(200).json["state"].clone());
        }
        match made[0].status {
            201 => assert_eq!(states, ["proposed", "proposed"]),
            _ => assert_eq!(states, ["suggested", "proposed"], "what is no chain's holds nothing of another step"),
        }
    }
}

on_both! {
    async fn con_02_steps_that_are_open_are_filled_once(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let trio = Trio::new(&app).await;
        let chain = trio.held(&app).await;
        let trio = Arc::new(trio.reopened(&app).await);
        let address = format!("/api/v1/chains/{chain}");
        let hold = || {
            let (app, trio, address) = (app.clone(), trio.clone(), format!("{address}/hold"));
            let legs = json!({ "legs": trio.body()["legs"] });
            async move { app.post(&trio.lead.token, &address, &legs).await.status }
        };
        let mut told = at_once((0..4).map(|_| hold())).await;
        told.sort_unstable();
        assert_eq!(told, [200, 409, 409, 409]);
        assert_eq!(whole(&app).await[&chain], ["proposed", "proposed"]);
        // A partner goes and the lead lets it go, while it is filled again.
        let goes = (0..2).map(|n| {
            let (app, trio, address) = (app.clone(), trio.clone(), format!("{address}/dissolve"));
            let why = json!({ "reason": "duplicate" });
            async move {
                match n {
                    0 => step(&app, &trio.spinner, &trio.fabric, "decline", &why).await.status,
                    _ => app.post(&trio.lead.token, &address, &why).await.status,
                }
            }
        });
        let (filled, gone) = tokio::join!(at_once((0..4).map(|_| hold())), at_once(goes));
        assert!(filled == [409; 4] && gone[1] == 200 && [200, 409].contains(&gone[0]), "{filled:?} {gone:?}");
        assert_eq!(whole(&app).await[&chain], ["declined", "declined"]);
    }
}

on_both! {
    async fn outside_chains_what_lacks_something_promises_no_more_than_lies_ready(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, (_, need)) = (app.firm("Maker").await, ward(&app, "Ward", 9_000).await);
        let body = json!({ "site": firm.site, "product": "ffp", "grades": ["FFP2"], "from": "2020-04-06", "until": "2020-04-17",
            "stock": { "value": 100 }, "running": { "value": 1000, "per": "day" },
            "missing_inputs": [{ "product": "meltblown", "quantity": { "value": 2, "unit": "GRM" } }] });
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
        let maker = Maker { firm, offer };
        let by_hand = async |units: i64| {
            let instalment = &need["instalments"][0]["id"];
            let body = json!({ "offer": maker.offer, "need": need["id"], "instalment": instalment, "quantity": units });
            app.post(&app.operator(), "/api/v1/matches", &body).await
        };
        by_hand(60).await.expect(201);
        assert_eq!(by_hand(5_000).await.expect(409).json["code"], "not_available");
        assert_eq!(by_hand(41).await.expect(409).json["code"], "not_available");
        // With fabric from elsewhere it promises what it makes of that.
        let (_, fabric) = weaver(&app, "Weaver", 8_000).await;
        let legs = maker.legs(&app, ("A", &fabric), &need, 4_000).await;
        app.post(&app.operator(), "/api/v1/chains", &maker.chain(&legs)).await.expect(201);
        by_hand(40).await.expect(201);
        by_hand(1).await.expect(409);
        ledger::sound(&app).await;
    }
}
