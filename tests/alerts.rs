//! Alerts over HTTP: they fire at the edge, once, with what their owner may see, and nobody else hears of it.

use app::{App, access::Caller, alerts::Looked, organisations::Merging};
use domain::ids::OrganisationId;
use serde_json::{Value, json};
use storage::PoolSize;
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{
    feed,
    memberships::{self, acting_for, cluster, joined, mandated},
    needs, offers,
};

const ALERTS: &str = "/api/v1/alerts";
const MINUTE: i64 = 60 * 1_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// An alert that waits for a shortage of at least so many masks in a week.
pub fn short_of(units: i64) -> Value {
    json!({ "name": "Masks short", "of": "shortages", "question": { "product": "ffp", "level": 2 },
        "threshold": { "figure": "gap", "at_least": units } })
}

/// An alert on what is free of masks, by a threshold.
fn free(threshold: Value) -> Value {
    json!({ "name": "Masks free", "of": "capacity", "question": { "product": "ffp" }, "threshold": threshold })
}

/// What a look at all that is due did: alerts looked at, fired, quiet.
async fn look(app: &App) -> (usize, usize, usize) {
    let Looked { alerts, fired, quiet } = app::alerts::look(app, api::alerts::read).await.unwrap();
    (alerts, fired, quiet)
}

/// As [`look`], after the pause.
async fn later(app: &TestApp) -> (usize, usize, usize) {
    app.clock.advance_micros(5 * MINUTE);
    look(&app.app).await
}

/// What an alert waits for begins to be so, or ends: a need of a hospital, and the id of it.
async fn asked(app: &TestApp, hospital: &Org) -> String {
    app.post(&app.token(hospital.grant), "/api/v1/needs", &needs::plain(hospital)).await.expect(201).id()
}

async fn closed(app: &TestApp, hospital: &Org, need: &str) {
    let path = format!("/api/v1/needs/{need}/close");
    app.post(&app.token(hospital.grant), &path, &json!({ "reason": "need_gone" })).await.expect(200);
}

async fn saved(app: &TestApp, owner: &Org, body: &Value) -> String {
    app.post(&app.token(owner.grant), ALERTS, body).await.expect(201).header("location").to_owned()
}

async fn read(app: &TestApp, owner: &Org, address: &str) -> Value {
    app.get(&app.token(owner.grant), address).await.expect(200).json
}

on_both! {
    async fn it_fires_once_at_the_edge_and_is_armed_again(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let start = feed::start(&app, &hospital.token).await;
        let address = saved(&app, &hospital, &short_of(4000)).await;
        let before = read(&app, &hospital, &address).await;
        assert_eq!((&before["state"], &before["rows"], &before["as_of"]), (&json!("quiet"), &json!([]), &Value::Null));
        assert_eq!(look(&app.app).await, (1, 0, 0));
        assert_eq!(look(&app.app).await, (0, 0, 0), "nothing changed");
        let need = asked(&app, &hospital).await;
        assert_eq!(look(&app.app).await, (0, 0, 0), "not before the pause is over");
        app.clock.advance_micros(5 * MINUTE - 1);
        assert_eq!(look(&app.app).await, (0, 0, 0));
        app.clock.advance_micros(1);
        assert_eq!(look(&app.app).await, (1, 1, 0));
        let row = json!({ "product": "ffp", "region": "FR10", "from": "2020-04-20", "until": "2020-04-26", "figure": 4000, "unit": "H87" });
        let firing = read(&app, &hospital, &address).await;
        assert_eq!((&firing["state"], &firing["more"]), (&json!("firing"), &json!(0)));
        // Whatever is due by then is short in each week that follows.
        let rows = firing["rows"].as_array().unwrap();
        assert_eq!((&rows[0], rows.len()), (&row, 10), "{firing}");
        assert_eq!(firing["since"], "2020-04-06T08:05:00.000000Z");
        assert_eq!(firing["as_of"], firing["since"]);
        // Its own events are no reason to look.
        assert_eq!(later(&app).await, (0, 0, 0));
        let another = asked(&app, &hospital).await;
        assert_eq!(later(&app).await, (1, 0, 0), "it fires already");
        assert_eq!(read(&app, &hospital, &address).await, firing);
        closed(&app, &hospital, &need).await;
        closed(&app, &hospital, &another).await;
        assert_eq!(later(&app).await, (1, 0, 1));
        let quiet = read(&app, &hospital, &address).await;
        assert_eq!((&quiet["state"], &quiet["rows"], &quiet["since"]), (&json!("quiet"), &json!([]), &json!("2020-04-06T08:20:00.000000Z")));
        asked(&app, &hospital).await;
        assert_eq!(later(&app).await, (1, 1, 0));
        let (items, _) = feed::follow(&app, &app.token(hospital.grant), &start).await;
        let told: Vec<String> = feed::told(&items).into_iter().filter(|word| word.starts_with("alert")).collect();
        assert_eq!(told, ["alert created", "alert fired", "alert quiet", "alert fired"]);
        let record = items.iter().find(|item| item["type"] == "alert").unwrap();
        assert_eq!(record["record"], read(&app, &hospital, &address).await);
        let log = app.get(&app.operator(), "/api/v1/audit?record=alert").await.expect(200);
        let state = |entry: &Value| entry["changes"][0]["to"].as_str().unwrap().to_owned();
        assert_eq!(log.items().iter().map(state).collect::<Vec<_>>(), ["firing", "quiet", "firing", "shortages"]);
    }
}

on_both! {
    async fn the_mail_says_the_result_first_and_how_to_stop_it(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        app.mails().await;
        let mut body = needs::plain(&hospital);
        body["instalments"] = json!([{ "quantity": { "value": 12_000 }, "due": "2020-04-22" }]);
        app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201);
        let mut alert = short_of(10_000);
        alert["question"]["region"] = json!("Île-de-France");
        alert["weeks"] = json!(4);
        let address = saved(&app, &hospital, &alert).await;
        assert_eq!(look(&app.app).await, (1, 1, 0));
        let mails = app.mails().await;
        let [mail] = &mails[..] else { panic!("{mails:?}") };
        assert_eq!(mail.subject, "Filtering half mask (FFP respirator): 12,000 pieces short in Ile-de-France (FR10), week of 20 April");
        let expected = format!(
            "Hello,\n\n\
             Filtering half mask (FFP respirator): 12,000 pieces short in Ile-de-France (FR10), week of 20 April.\n\n\
             So it stood at 2020-04-06 08:00 UTC, as Hôpital may see it:\n\n\
             - Filtering half mask (FFP respirator), Ile-de-France (FR10), week of 20 April: 12,000 pieces\n\
             - Filtering half mask (FFP respirator), Ile-de-France (FR10), week of 27 April: 12,000 pieces\n\n\
             Your alert \u{201c}Masks short\u{201d} waits for this: gap of any row is 10,000 or more. It tells once, and again only \
             after it was quiet in between.\n\n\
             To see how it is now, with your key:\n\
             GET http://127.0.0.1:8080/api/v1/shortages?level=2&product=ffp&region=%C3%8Ele-de-France&until=2020-05-03\n\n\
             To stop it:\n\
             DELETE http://127.0.0.1:8080{address}\n\n\
             Muster at http://127.0.0.1:8080\n"
        );
        assert_eq!(mail.text, expected);
        // The address answers what the mail says.
        let seen = "/api/v1/shortages?level=2&product=ffp&region=%C3%8Ele-de-France&until=2020-05-03";
        let seen = read(&app, &hospital, seen).await;
        assert!(seen["rows"].as_array().unwrap().iter().any(|row| row["gap"] == 12_000), "{seen}");
    }
}

on_both! {
    async fn a_mail_goes_once_to_who_made_it_while_that_still_matters(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let organisation: OrganisationId = hospital.id.parse().unwrap();
        let editor = app.signed_in(organisation, domain::person::Role::Editor).await;
        app.mails().await;
        app.post(&app.token(editor), ALERTS, &short_of(4000)).await.expect(201);
        let need = asked(&app, &hospital).await;
        assert_eq!(look(&app.app).await, (1, 1, 0));
        closed(&app, &hospital, &need).await;
        assert_eq!(later(&app).await, (1, 0, 1));
        assert!(app.mails().await.is_empty(), "it is quiet again before the mail went out");
        let need = asked(&app, &hospital).await;
        assert_eq!(later(&app).await, (1, 1, 0));
        closed(&app, &hospital, &need).await;
        assert_eq!(later(&app).await, (1, 0, 1));
        let need = asked(&app, &hospital).await;
        assert_eq!(later(&app).await, (1, 1, 0));
        assert_eq!(app.mails().await.len(), 1, "one waited already");
        closed(&app, &hospital, &need).await;
        assert_eq!(later(&app).await, (1, 0, 1));
        // Who acts for it no longer is told nothing; nor is anybody of what a machine made.
        let path = format!("/api/v1/organisations/{}/roles", hospital.id);
        let roles = app.get(&app.token(hospital.grant), &path).await.expect(200);
        let of_editor = roles.items().iter().find(|role| role["role"] == "editor").unwrap()["id"].as_str().unwrap().to_owned();
        app.delete(&app.token(hospital.grant), &format!("{path}/{of_editor}")).await;
        let key = app.post(&app.token(hospital.grant), "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201);
        let made = app.post(key.json["key"].as_str().unwrap(), ALERTS, &short_of(4000)).await.expect(201);
        assert_eq!(made.json["made_by"], Value::Null);
        asked(&app, &hospital).await;
        assert_eq!(later(&app).await, (2, 2, 0));
        assert!(app.mails().await.is_empty());
    }
}

on_both! {
    async fn days_move_and_each_is_looked_at(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        asked(&app, &hospital).await;
        let mut body = short_of(4000);
        body["weeks"] = json!(2);
        let address = saved(&app, &hospital, &body).await;
        assert_eq!(look(&app.app).await, (1, 0, 0), "due in the third week");
        app.clock.advance_micros(DAY - 9 * 60 * MINUTE);
        assert_eq!(look(&app.app).await, (0, 0, 0), "it is still Monday");
        for _ in 0..6 {
            app.clock.advance_micros(DAY);
            assert_eq!(look(&app.app).await, (1, 0, 0));
            assert_eq!(look(&app.app).await, (0, 0, 0));
        }
        app.clock.advance_micros(DAY);
        assert_eq!(look(&app.app).await, (1, 1, 0), "next Monday nothing changed but the day");
        let monday = read(&app, &hospital, &address).await;
        assert_eq!((&monday["rows"][0]["from"], monday["rows"].as_array().unwrap().len()), (&json!("2020-04-20"), 1));
        // The rows are those of the first look of a day.
        app.clock.advance_micros(7 * DAY);
        assert_eq!(look(&app.app).await, (1, 0, 0));
        let next = read(&app, &hospital, &address).await;
        assert_eq!((&next["since"], next["rows"].as_array().unwrap().len()), (&monday["since"], 2), "{next}");
        assert_ne!(next["as_of"], monday["as_of"]);
    }
}

on_both! {
    async fn of_several_processes_one_tells(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        for _ in 0..3 {
            saved(&app, &hospital, &short_of(4000)).await;
        }
        app.mails().await;
        let mut others = Vec::new();
        for _ in 0..3 {
            let mut other: App = app.app.clone();
            (other.store, other.kept) = (app.db.another_store(PoolSize::default()).await, Default::default());
            others.push(other);
        }
        for round in 0..4 {
            let need = asked(&app, &hospital).await;
            for expected in [(3, 0), (0, 3)] {
                if expected == (0, 3) {
                    closed(&app, &hospital, &need).await;
                }
                app.clock.advance_micros(5 * MINUTE);
                let looks: Vec<_> = others.iter().chain([&app.app]).cloned().map(|other| tokio::spawn(async move { look(&other).await })).collect();
                let (mut alerts, mut told) = (0, (0, 0));
                for look in looks {
                    let (looked, fired, quiet) = look.await.unwrap();
                    (alerts, told) = (alerts + looked, (told.0 + fired, told.1 + quiet));
                }
                // One that lost the race for a row looks at it no more; whoever comes next does.
                let rest = look(&app.app).await;
                assert_eq!((alerts + rest.0, told.0 + rest.1, told.1 + rest.2), (3, expected.0, expected.1), "{round}");
            }
        }
        for other in others {
            other.store.close().await.unwrap();
        }
    }
}

on_both! {
    async fn acl_05_an_alert_sees_what_its_owner_sees(db: TestDb) {
        let app = TestApp::new(db);
        let (stranger, mut firms) = (app.firm("Stranger").await, Vec::new());
        let any = saved(&app, &stranger, &free(json!({ "figure": "free", "at_least": 1, "over": "total" }))).await;
        let rows = saved(&app, &stranger, &free(json!({ "figure": "running", "at_least": 1 }))).await;
        let none = saved(&app, &stranger, &free(json!({ "figure": "free", "below": 1_000_000, "over": "total" }))).await;
        for name in ["One", "Two", "Three"] {
            let firm = app.firm(name).await;
            memberships::verify(&app, &firm, "operator").await;
            app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
            firms.push(firm);
            app.clock.advance_micros(5 * MINUTE);
            let _ = look(&app.app).await;
            for address in [&any, &rows, &none] {
                let alert = read(&app, &stranger, address).await;
                assert_eq!((&alert["state"], &alert["rows"]), (&json!("quiet"), &json!([])), "{name}: {alert}");
            }
        }
        let fourth = app.firm("Four").await;
        memberships::verify(&app, &fourth, "operator").await;
        app.post(&app.token(fourth.grant), "/api/v1/offers", &offers::plain(&fourth)).await.expect(201);
        assert_eq!(later(&app).await, (3, 3, 0), "a total of four may be told");
        let told = read(&app, &stranger, &any).await;
        let seen = app.get(&app.token(stranger.grant), "/api/v1/capacity?product=ffp").await.expect(200).json;
        assert_eq!(told["rows"][0]["figure"], seen["totals"][0]["free"]);
        // To whom nothing is hidden nothing is 0: the operator, and a cluster that asks for its members.
        let body = json!({ "name": "N", "of": "capacity", "question": { "product": "apron" }, "threshold": { "figure": "free", "below": 1 } });
        let own = app.post(&app.operator(), ALERTS, &body).await.expect(201);
        assert_eq!((&own.json["organisation"], later(&app).await), (&Value::Null, (1, 1, 0)));
        let own = app.get(&app.operator(), own.header("location")).await.expect(200).json;
        assert_eq!(own["rows"], json!([{ "product": "apron", "region": null, "from": "2020-04-06", "until": "2020-06-28", "figure": 0, "unit": "H87" }]));
    }
}

on_both! {
    async fn a_member_that_left_changes_what_its_cluster_is_told(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, cluster) = (app.firm("Atelier").await, cluster(&app, "Textile Cluster").await);
        app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        joined(&app, &firm, &cluster).await;
        let mut body = free(json!({ "figure": "running", "below": 1, "over": "total" }));
        body["question"]["cluster"] = json!(cluster.id);
        let low = saved(&app, &cluster, &body).await;
        let some = saved(&app, &cluster, &free(json!({ "figure": "running", "at_least": 1 }))).await;
        assert_eq!(look(&app.app).await, (2, 1, 0));
        assert_eq!(read(&app, &cluster, &some).await["state"], "firing");
        let leave = format!("/api/v1/organisations/{}/memberships/{}/end", firm.id, cluster.id);
        app.post(&app.token(firm.grant), &leave, &json!({})).await.expect(200);
        assert_eq!(later(&app).await, (2, 1, 1));
        let state = async |address: &str| read(&app, &cluster, address).await["state"].clone();
        assert_eq!((state(&some).await, state(&low).await), (json!("quiet"), json!("firing")));
    }
}

on_both! {
    async fn only_its_owner_hears_of_it(db: TestDb) {
        let app = TestApp::new(db);
        let (hospital, other) = (app.hospital("Hôpital").await, app.firm("Other").await);
        let portal = app.organisation("Portal", "portal", "DE", "DE21").await;
        memberships::verify(&app, &portal, "operator").await;
        mandated(&app, &hospital, &portal, &["read", "write"]).await;
        let starts = [
            ("owner", hospital.token.clone(), feed::start(&app, &hospital.token).await),
            ("other", other.token.clone(), feed::start(&app, &other.token).await),
            ("portal", portal.token.clone(), feed::start(&app, &portal.token).await),
            ("operator", app.operator(), feed::start(&app, &app.operator()).await),
        ];
        let snapshot = acting_for(&app, &portal.token, &hospital.id, "GET", "/api/v1/changes/snapshot", &json!({})).await.expect(200);
        asked(&app, &hospital).await;
        let address = saved(&app, &hospital, &short_of(4000)).await;
        let own = app.post(&app.operator(), ALERTS, &short_of(5000)).await.expect(201).header("location").to_owned();
        assert_eq!(look(&app.app).await, (2, 1, 0));
        for (who, token, since) in &starts {
            let (items, _) = feed::follow(&app, token, since).await;
            let mut told: Vec<String> = feed::told(&items).into_iter().filter(|word| word.starts_with("alert")).collect();
            told.sort();
            let expected: &[&str] = match *who {
                "owner" => &["alert created", "alert fired"],
                "operator" => &["alert created", "alert created", "alert fired"],
                _ => &[],
            };
            assert_eq!(told, expected, "{who}");
            let (standing, _) = feed::snapshot(&app, token, "&types=alert").await;
            assert_eq!(standing.len(), match *who { "owner" => 1, "operator" => 2, _ => 0 }, "{who}");
        }
        // No mandate lets anybody in.
        let since = snapshot.json["since"].as_str().unwrap();
        let changes = acting_for(&app, &portal.token, &hospital.id, "GET", &format!("/api/v1/changes?since={since}"), &json!({})).await.expect(200);
        assert!(changes.items().iter().all(|item| item["type"] != "alert"), "{}", changes.text);
        acting_for(&app, &portal.token, &hospital.id, "GET", &address, &json!({})).await.expect(403);
        acting_for(&app, &portal.token, &hospital.id, "POST", ALERTS, &short_of(1)).await.expect(403);
        for address in [&address, &own] {
            app.get(&other.token, address).await.expect(404);
            app.delete(&other.token, address).await.expect(404);
        }
        assert_eq!(app.get(&other.token, ALERTS).await.items().len(), 0);
        assert_eq!(app.get(&app.operator(), ALERTS).await.items().len(), 2);
        // What is deleted is gone, and tells nothing.
        let since = feed::start(&app, &hospital.token).await;
        app.delete(&hospital.token, &address).await.expect(204);
        app.get(&hospital.token, &address).await.expect(404);
        let (items, _) = feed::follow(&app, &hospital.token, &since).await;
        assert_eq!(feed::told(&items), ["alert gone"]);
        feed::assert_bare(&items[0]);
        asked(&app, &hospital).await;
        assert_eq!(later(&app).await.0, 1, "the operator's own alone");
    }
}

on_both! {
    async fn every_fault_is_told_at_once(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let faults = async |body: Value| app.post(&firm.token, ALERTS, &body).await.expect(422).faults();
        let body = json!({ "organisation": app.firm("Other").await.id, "name": " ", "of": "capacity", "weeks": 27,
            "question": { "product": "nonsense", "grade": "FFP9", "region": "Atlantis", "certificate": "XX" },
            "threshold": { "figure": "gap", "below": 0 } });
        let expected = ["/organisation unknown_organisation", "/name blank", "/weeks out_of_range", "/threshold/figure unknown_value",
            "/threshold/below out_of_range", "/question/product unknown_product", "/question/grade unknown_grade",
            "/question/region unknown_region", "/question/certificate unknown_certificate"];
        assert_eq!(faults(body).await, expected);
        // What its route would refuse is refused with its words.
        let asks = |of: &str, question: Value| {
            let threshold = if of == "capacity" { json!({ "figure": "free", "at_least": 1 }) } else { json!({ "colour": "red" }) };
            json!({ "name": "X", "of": of, "question": question, "threshold": threshold })
        };
        for (of, question, fault) in [
            ("capacity", json!({ "produkt": "ffp" }), "/question/produkt unknown_parameter"),
            ("shortages", json!({ "grade": "FFP2" }), "/question/grade unknown_parameter"),
            ("shortages", json!({ "level": 3 }), "/question/level out_of_range"),
            ("shortages", json!({ "product": "FFP2" }), "/question/product does_not_apply"),
            ("shortages", json!({ "until": "2020-05-01" }), "/question/until does_not_apply"),
            ("capacity", json!({ "lat": 48, "lon": 2 }), "/question/radius_km missing"),
            ("capacity", json!({ "product": "FFP2,apron" }), "/question/product ambiguous_product"),
            ("capacity", json!({ "product": ["ffp"] }), "/question/product wrong_type"),
            ("masks", json!({}), "/of unknown_value"),
        ] {
            assert_eq!(faults(asks(of, question.clone())).await, [fault], "{of} {question}");
        }
        assert_eq!(faults(asks("capacity", json!({ "product": "x".repeat(4_001) }))).await, ["/question too_long"]);
        app.post(&firm.token, ALERTS, &asks("capacity", json!({ "product": "ffp", "lat": 48.1, "lon": 11.6, "radius_km": 100, "certified": true }))).await.expect(201);
    }
}

on_both! {
    async fn there_are_twenty_at_most(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let body = short_of(1);
        let sent: Vec<_> = (0..22).map(|_| app.post(&firm.token, ALERTS, &body)).map(Box::pin).collect();
        let (mut made, mut refused) = (Vec::new(), 0);
        for answer in sent {
            let answer = answer.await;
            match answer.status {
                201 => made.push(answer.header("location").to_owned()),
                _ => {
                    assert_eq!((answer.status, &answer.json["code"]), (409, &json!("too_many_alerts")));
                    refused += 1;
                }
            }
        }
        assert_eq!((made.len(), refused), (20, 2));
        app.post(&other.token, ALERTS, &short_of(1)).await.expect(201);
        app.post(&app.operator(), ALERTS, &short_of(1)).await.expect(201);
        app.delete(&firm.token, &made[7]).await.expect(204);
        app.post(&firm.token, ALERTS, &short_of(1)).await.expect(201);
        let mut named = short_of(1);
        named["organisation"] = json!(firm.id);
        assert_eq!(app.post(&app.operator(), ALERTS, &named).await.expect(409).json["code"], "too_many_alerts");
    }
}

on_both! {
    async fn a_change_asks_anew_and_a_new_name_does_not(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        asked(&app, &hospital).await;
        let address = saved(&app, &hospital, &short_of(4000)).await;
        assert_eq!(look(&app.app).await, (1, 1, 0));
        let token = app.token(hospital.grant);
        let firing = app.get(&token, &address).await.expect(200);
        app.patch(&token, &address, "\"old\"", &json!({ "name": "X" })).await.expect(412);
        let renamed = app.patch(&token, &address, firing.header("etag"), &json!({ "name": "Named" })).await.expect(200).json;
        assert_eq!((&renamed["name"], &renamed["state"], &renamed["rows"]), (&json!("Named"), &json!("firing"), &firing.json["rows"]));
        let same = app.patch(&token, &address, "*", &json!({ "question": { "level": "2" }, "weeks": 12 })).await.expect(200).json;
        assert_eq!(same, renamed);
        let refused = app.patch(&token, &address, "*", &json!({ "of": "capacity", "organisation": hospital.id })).await.expect(422);
        assert_eq!(refused.faults(), ["/organisation unknown_field"]);
        let refused = app.patch(&token, &address, "*", &json!({ "of": "capacity" })).await.expect(422);
        assert_eq!(refused.faults(), ["/threshold/figure unknown_value", "/question/level unknown_parameter"]);
        let changed = app.patch(&token, &address, "*", &json!({ "question": { "region": "FR" }, "threshold": { "at_least": 4001 } })).await.expect(200).json;
        assert_eq!((&changed["state"], &changed["rows"], &changed["question"]["region"]), (&json!("quiet"), &json!([]), &json!("FR")));
        assert_eq!(look(&app.app).await, (0, 0, 0), "not before the pause is over");
        assert_eq!(later(&app).await, (1, 0, 0));
        app.patch(&app.token(hospital.grant), &address, "*", &json!({ "question": { "region": null }, "threshold": { "at_least": 4000 } })).await.expect(200);
        assert_eq!(later(&app).await, (1, 1, 0));
        assert!(read(&app, &hospital, &address).await["question"].get("region").is_none());
    }
}

on_both! {
    async fn alerts_move_with_an_organisation_and_are_looked_at_anew(db: TestDb) {
        let app = TestApp::new(db);
        let (one, into) = (app.firm("Works").await, app.firm("Werke").await);
        memberships::verify(&app, &one, "operator").await;
        app.post(&one.token, "/api/v1/offers", &offers::plain(&one)).await.expect(201);
        let address = saved(&app, &one, &free(json!({ "figure": "running", "at_least": 1 }))).await;
        assert_eq!(look(&app.app).await, (1, 1, 0));
        let since = feed::start(&app, &into.token).await;
        let (from, to) = (one.id.parse().unwrap(), into.id.parse().unwrap());
        let merged = app::organisations::merge(&app.app, &Caller::command_line(), (from, to), Merging::Commit).await.unwrap();
        assert_eq!(merged.alerts, 1);
        let moved = read(&app, &into, &address).await;
        assert_eq!((&moved["organisation"], &moved["state"], &moved["rows"]), (&json!(into.id), &json!("quiet"), &json!([])));
        let (items, _) = feed::follow(&app, &into.token, &since).await;
        assert!(feed::told(&items).contains(&"alert moved".to_owned()), "{items:?}");
        assert_eq!(later(&app).await, (1, 1, 0), "it sees the offers that came with it");
    }
}

on_both! {
    async fn a_question_that_cannot_be_answered_any_more_says_so(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        asked(&app, &hospital).await;
        let address = saved(&app, &hospital, &short_of(4000)).await;
        assert_eq!(look(&app.app).await, (1, 1, 0));
        app.app.store.tamper("UPDATE alerts SET question = '{\"product\":\"gone\"}'").await.unwrap();
        let start = feed::start(&app, &app.token(hospital.grant)).await;
        asked(&app, &hospital).await;
        assert_eq!(later(&app).await, (1, 0, 0));
        let broken = read(&app, &hospital, &address).await;
        assert!(broken["fault"].as_str().unwrap().contains("/product"), "{broken}");
        assert_eq!(broken["state"], "firing");
        let (items, _) = feed::follow(&app, &app.token(hospital.grant), &start).await;
        assert_eq!(feed::told(&items), ["need created", "alert changed"]);
        let mended = json!({ "question": { "product": "ffp", "level": 2 } });
        let mended = app.patch(&app.token(hospital.grant), &address, "*", &mended).await.expect(200).json;
        assert_eq!((&mended["fault"], &mended["state"]), (&Value::Null, &json!("quiet")));
        assert_eq!(later(&app).await, (1, 1, 0));
    }
}
