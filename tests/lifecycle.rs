//! The life of offers and needs over HTTP, and the clock at work on it.

use app::freshness::{self, Looked};
use domain::{matches::MatchState, time::Instant};
use serde_json::{Value, json};
use testkit::{Answer, Org, TestApp, TestDb, on_both, post::Mailed};

use crate::{disclosure, memberships, needs, offers};

/// Noon in UTC of a day.
pub fn on(app: &TestApp, day: &str) {
    app.clock.set(Instant::parse(&format!("{day}T12:00:00Z")).unwrap());
}

/// A token that is good at the clock's time.
pub fn token(app: &TestApp, of: &Org) -> String {
    app.token(of.grant)
}

pub async fn publish(app: &TestApp, firm: &Org) -> String {
    app.post(&token(app, firm), "/api/v1/offers", &offers::plain(firm)).await.expect(201).id()
}

pub async fn read(app: &TestApp, of: &Org, path: &str) -> Answer {
    app.get(&token(app, of), &format!("/api/v1/{path}")).await.expect(200)
}

pub async fn run(app: &TestApp) -> Value {
    let queued = app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
    app.work().await;
    app.get(&app.operator(), queued.header("location")).await.expect(200).json
}

async fn mode(app: &TestApp, mode: &str) {
    app.clock.advance_micros(1);
    let body = json!({ "mode": mode, "reason": format!("it is {mode}") });
    app.put(&app.operator(), "/api/v1/market", &body).await.expect(200);
}

/// Everything that changes an offer or a need in its life, for the audit log.
pub async fn whatever_an_offer_goes_through(app: &TestApp, firm: &Org, hospital: &Org) {
    let mut body = offers::plain(firm);
    body["draft"] = json!(true);
    body["convertible"] = json!({ "value": 100, "per": "week", "days": 7 });
    let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
    for act in ["publish", "pause", "publish"] {
        app.post_text(&firm.token, &format!("/api/v1/offers/{offer}/{act}"), "").await.expect(200);
    }
    for (act, body) in [("confirm", json!({ "stock": { "value": 7 } })), ("decide-conversion", json!({}))] {
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/{act}"), &body).await.expect(200);
    }
    let mut body = needs::plain(hospital);
    body["draft"] = json!(true);
    let need = app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201).id();
    app.post_text(&hospital.token, &format!("/api/v1/needs/{need}/open"), "").await.expect(200);
    mode(app, "vigilance").await;
}

on_both! {
    async fn a_draft_is_its_owners_alone_until_it_is_published(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let cluster = memberships::cluster(&app, "Textile Cluster").await;
        memberships::joined(&app, &firm, &cluster).await;
        memberships::mandated(&app, &firm, &cluster, &["read", "write"]).await;
        let mut body = offers::plain(&firm);
        (body["draft"], body["until"], body["from"]) = (json!(true), json!("2020-03-20"), json!("2020-03-02"));
        let draft = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201);
        let path = format!("/api/v1/offers/{}", draft.id());
        assert_eq!(draft.json["state"], "draft");
        // What it is else is checked as ever.
        body["product"] = json!("tank");
        assert_eq!(app.post(&firm.token, "/api/v1/offers", &body).await.expect(422).faults(), ["/product unknown_product"]);
        let mut need = needs::plain(&hospital);
        (need["draft"], need["instalments"][0]["due"]) = (json!(true), json!("2020-04-01"));
        let need = app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        assert_eq!(need.json["state"], "draft");
        let asked = format!("/api/v1/needs/{}", need.id());

        // Neither members of the cluster nor the engine know of it; whoever holds a mandate does.
        app.get(&cluster.token, &format!("{path}/view")).await.expect(404);
        app.get(&firm.token, &format!("{path}/view")).await.expect(200);
        memberships::acting_for(&app, &cluster.token, &firm.id, "GET", &path, &json!({})).await.expect(200);
        app.get(&hospital.token, &path).await.expect(404);
        app.get(&firm.token, &asked).await.expect(404);
        assert_eq!(run(&app).await["figures"]["covered"], 0);

        // Its past days are mended before it goes into the market.
        assert_eq!(app.post_text(&firm.token, &format!("{path}/publish"), "").await.expect(422).faults(), ["/until in_past"]);
        assert_eq!(app.post_text(&hospital.token, &format!("{asked}/open"), "").await.expect(422).faults(), ["/instalments/0/due in_past"]);
        app.patch(&firm.token, &path, "*", &json!({ "until": "2020-03-31" })).await.expect(200);
        assert_eq!(app.post_text(&firm.token, &format!("{path}/publish"), "").await.expect(422).faults(), ["/until in_past"]);
        app.patch(&firm.token, &path, "*", &json!({ "until": "2020-06-30" })).await.expect(200);
        let due = json!({ "instalments": [{ "quantity": { "value": 400 }, "due": "2020-04-20" }] });
        app.patch(&hospital.token, &asked, "*", &due).await.expect(200);
        // Whether it is a draft no patch says.
        let refused = app.patch(&firm.token, &path, "*", &json!({ "draft": false })).await.expect(422);
        assert_eq!(refused.faults(), ["/draft unknown_field"]);
        let stale = {
            let mut sent = testkit::app::request("POST".parse().unwrap(), &firm.token, &format!("{path}/publish"), "".into());
            sent.headers_mut().insert("if-match", "\"other\"".parse().unwrap());
            app.send(sent).await.expect(412)
        };
        assert_eq!(stale.json["code"], "stale");
        let published = app.post_text(&firm.token, &format!("{path}/publish"), "").await.expect(200);
        assert_eq!((&published.json["state"], &published.json["confirm_by"]), (&json!("published"), &json!("2020-05-06")));
        app.post_text(&firm.token, &format!("{path}/publish"), "").await.expect(409);
        assert_eq!(app.post_text(&hospital.token, &format!("{asked}/open"), "").await.expect(200).json["state"], "open");
        app.post_text(&hospital.token, &format!("{asked}/open"), "").await.expect(409);
        app.get(&cluster.token, &format!("{path}/view")).await.expect(200);
        assert_eq!(run(&app).await["figures"]["covered"], 400);
    }
}

on_both! {
    async fn an_offer_is_paused_published_again_and_withdrawn_and_its_owner_reads_it_still(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = publish(&app, &firm).await;
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        let act = async |act: &str| app.post_text(&firm.token, &format!("/api/v1/offers/{offer}/{act}"), "").await;
        assert_eq!(act("pause").await.expect(200).json["state"], "paused");
        assert_eq!(run(&app).await["figures"]["covered"], 0);
        act("pause").await.expect(409);
        assert_eq!(act("publish").await.expect(200).json["state"], "published");
        assert_eq!(run(&app).await["figures"]["covered"], 4000);
        assert_eq!(act("withdraw").await.expect(200).json["state"], "withdrawn");
        for gone in ["publish", "pause", "withdraw"] {
            assert_eq!(act(gone).await.expect(409).json["code"], "wrong_state");
        }
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/confirm"), &json!({})).await.expect(409);
        assert_eq!(read(&app, &firm, &format!("offers/{offer}")).await.json["state"], "withdrawn");
        assert_eq!(run(&app).await["figures"]["covered"], 0);
        // A need is closed for a reason that stays.
        let close = async |body: Value| app.post(&hospital.token, &format!("/api/v1/needs/{need}/close"), &body).await;
        for (body, fault) in [
            (json!({}), "/reason missing_field"),
            (json!({ "reason": "gone" }), "/reason unknown_value"),
            (json!({ "reason": "other" }), "/text missing"),
            (json!({ "reason": "price", "text": "too dear" }), "/text does_not_apply"),
        ] {
            assert_eq!(close(body).await.expect(422).faults(), [fault]);
        }
        let closed = close(json!({ "reason": "other", "text": "the ward moved" })).await.expect(200);
        assert_eq!(closed.json["closing"], json!({ "reason": "other", "text": "the ward moved" }));
        assert_eq!(read(&app, &hospital, &format!("needs/{need}")).await.json, closed.json);
        close(json!({ "reason": "test" })).await.expect(409);
    }
}

on_both! {
    async fn what_is_promised_is_not_taken_out_of_the_market(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = publish(&app, &firm).await;
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        run(&app).await;
        let found = app.get(&firm.token, "/api/v1/matches?state=suggested").await;
        let held = found.items()[0]["id"].as_str().unwrap().to_owned();
        // Agreed, since what is only held lapses within the hour.
        disclosure::advance(&app, &held, &[MatchState::Proposed, MatchState::AcceptedBySupplier, MatchState::Agreed]).await;
        let path = format!("/api/v1/offers/{offer}");
        for act in ["pause", "withdraw"] {
            let refused = app.post_text(&firm.token, &format!("{path}/{act}"), "").await.expect(409);
            assert_eq!(refused.json["code"], "wrong_state");
            let told = refused.json["detail"].as_str().unwrap();
            assert!(told.contains(&held) && !told.contains(&need) && !told.contains(&hospital.id), "{told}");
        }
        let refused = app.post(&hospital.token, &format!("/api/v1/needs/{need}/close"), &json!({ "reason": "need_gone" })).await.expect(409);
        let told = refused.json["detail"].as_str().unwrap();
        assert!(told.contains(&held) && !told.contains(&offer) && !told.contains(&firm.id), "{told}");
        // Nor is less confirmed than is promised: 4,000 by the cut-off.
        app.clock.advance_micros(86_400_000_000);
        let less = json!({ "stock": { "value": 0 } });
        let firm_token = token(&app, &firm);
        app.patch(&firm_token, &path, "*", &json!({ "running": { "value": 1000, "per": "week" } })).await.expect(200);
        let refused = app.post(&firm_token, &format!("{path}/confirm"), &less).await.expect(409);
        assert!(refused.json["detail"].as_str().unwrap().contains(&held), "{}", refused.text);
        assert_eq!(read(&app, &firm, &format!("offers/{offer}")).await.json["capacity"]["as_of"], "2020-04-06");
        app.post(&firm_token, &format!("{path}/confirm"), &json!({ "stock": { "value": 4000 } })).await.expect(200);
    }
}

on_both! {
    async fn a_confirmation_restates_the_stock_and_begins_the_curve_anew(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let offer = publish(&app, &firm).await;
        on(&app, "2020-04-20");
        let path = format!("/api/v1/offers/{offer}/confirm");
        let confirm = async |body: Value| app.post(&token(&app, &firm), &path, &body).await;
        for (body, fault) in [
            (json!({ "as_of": "2020-04-21" }), "/as_of in_future"),
            (json!({ "as_of": "2020-04-05" }), "/as_of before_last"),
            (json!({ "as_of": "soon" }), "/as_of bad_date"),
            (json!({ "stock": { "value": -1 } }), "/stock/value negative"),
            (json!({ "stock": { "value": 1, "unit": "KGM" } }), "/stock/unit wrong_dimension"),
            (json!({ "amount": 1 }), "/amount unknown_field"),
        ] {
            assert_eq!(confirm(body.clone()).await.expect(422).faults(), [fault], "{body}");
        }
        let done = confirm(json!({ "stock": { "value": 30, "unit": "XBX", "pack_size": 20 } })).await.expect(200);
        assert_eq!((&done.json["capacity"]["as_of"], &done.json["confirm_by"]), (&json!("2020-04-20"), &json!("2020-05-20")));
        assert_eq!((&done.json["capacity"]["stock"]["value"], &done.json["stale"]), (&json!(600), &json!(false)));
        // What was made before is there only as stock that was stated: 600 and a week of 10,000.
        let need = json!({ "site": app.hospital("Hôpital").await.site, "product": "ffp",
            "instalments": [{ "quantity": { "value": 90_000 }, "due": "2020-04-28" }] });
        let hospital = need["site"].clone();
        let operator = app.operator();
        let organisation = app.get(&operator, &format!("/api/v1/sites/{}", hospital.as_str().unwrap())).await.json["organisation"].clone();
        let mut need = need;
        need["organisation"] = organisation;
        app.post(&operator, "/api/v1/needs", &need).await.expect(201);
        let figures = run(&app).await;
        let cutoff = app.get(&operator, "/api/v1/matches").await.items()[0]["cutoff"].as_str().unwrap().to_owned();
        let days = domain::time::Day::parse(&cutoff).unwrap().since(domain::time::Day::parse("2020-04-20").unwrap()) + 1;
        let worked = i64::from(days - if days > 5 { 2.min(days - 5) } else { 0 });
        assert_eq!(figures["figures"]["covered"], 600 + 2_000 * worked, "by {cutoff}");
        // The same again changes nothing, and without a stock the one that was stated still lies there.
        let before = app.get(&operator, &format!("/api/v1/audit?record_id={offer}")).await.items().len();
        confirm(json!({ "stock": { "value": 600 } })).await.expect(200);
        assert_eq!(confirm(json!({})).await.expect(200).json["capacity"]["stock"]["value"], 600);
        let log = app.get(&operator, &format!("/api/v1/audit?record_id={offer}")).await;
        assert_eq!(log.items().len(), before + 1, "{}", log.text);
        assert_eq!(log.items()[0]["act"], "confirm");
        on(&app, "2020-04-21");
        assert_eq!(confirm(json!({})).await.expect(200).json["confirm_by"], "2020-05-21");
    }
}

on_both! {
    async fn many_offers_are_confirmed_at_once_or_none(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let cluster = memberships::cluster(&app, "Textile Cluster").await;
        memberships::joined(&app, &firm, &cluster).await;
        memberships::mandated(&app, &firm, &cluster, &["read", "write"]).await;
        let (a, b, foreign) = (publish(&app, &firm).await, publish(&app, &firm).await, publish(&app, &other).await);
        on(&app, "2020-04-20");
        let confirm = async |body: Value| {
            memberships::acting_for(&app, &token(&app, &cluster), &firm.id, "POST", "/api/v1/offers/confirm", &body).await
        };
        let one = |id: &str, stock: i64| json!({ "id": id, "stock": { "value": stock } });
        let refused = confirm(json!({ "offers": [one(&a, 1), one(&foreign, 2), one(&b, -3)] })).await.expect(422);
        let mut faults = refused.faults();
        faults.sort();
        assert_eq!(faults, ["/offers/1/id unknown_offer", "/offers/2/stock/value negative"]);
        assert_eq!(confirm(json!({ "offers": [] })).await.expect(422).faults(), ["/offers missing"]);
        for id in [&a, &b] {
            assert_eq!(read(&app, &firm, &format!("offers/{id}")).await.json["confirm_by"], "2020-05-06");
        }
        let done = confirm(json!({ "offers": [one(&b, 20), { "id": a }] })).await.expect(200);
        let told: Vec<(&Value, &Value)> = done.items().iter().map(|o| (&o["id"], &o["capacity"]["stock"]["value"])).collect();
        assert_eq!(told, [(&json!(b), &json!(20)), (&json!(a), &json!(5000))]);
        assert!(done.items().iter().all(|o| o["confirm_by"] == "2020-05-20"), "{}", done.text);
        assert_eq!(read(&app, &other, &format!("offers/{foreign}")).await.json["confirm_by"], "2020-05-06");
    }
}

fn told(mails: &[Mailed]) -> Vec<&str> {
    mails.iter().map(|mail| mail.subject.as_str()).collect()
}

async fn look(app: &TestApp) -> Looked {
    freshness::look(&app.app).await.unwrap()
}

on_both! {
    async fn owners_are_reminded_once_and_what_nobody_confirms_leaves_the_market(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = publish(&app, &firm).await;
        let other = publish(&app, &firm).await;
        let mut need = needs::plain(&hospital);
        need["instalments"][0]["due"] = json!("2020-08-20");
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        // Fresh until 6 May; nothing happens before the fifth day ahead of that.
        for (day, subjects) in [
            ("2020-04-06", &[][..]),
            ("2020-04-30", &[]),
            ("2020-05-01", &["Please confirm offers of Atelier at Muster"]),
            ("2020-05-02", &[]),
            ("2020-05-06", &[]),
            ("2020-05-07", &["Offers of Atelier at Muster are stale"]),
            ("2020-06-05", &[]),
        ] {
            on(&app, day);
            look(&app).await;
            assert_eq!(look(&app).await, Looked::default(), "{day}: a second look finds nothing");
            let mails = app.mails().await;
            assert_eq!(told(&mails), subjects, "{day}");
            assert!(mails.iter().all(|mail| mail.text.contains(&offer) && mail.text.contains(&other)), "{mails:?}");
        }
        // Stale by the clock, and still in the market; suspended by the clock a day later, before any job came by.
        let seen = read(&app, &firm, &format!("offers/{offer}")).await.json;
        assert_eq!((&seen["stale"], &seen["suspended"]), (&json!(true), &json!(false)));
        assert_eq!(run(&app).await["figures"]["covered"], 4000);
        on(&app, "2020-06-06");
        let seen = read(&app, &firm, &format!("offers/{offer}")).await.json;
        assert_eq!((&seen["stale"], &seen["suspended"], &seen["state"]), (&json!(true), &json!(true), &json!("published")));
        assert_eq!(run(&app).await["figures"]["covered"], 0);
        let did = look(&app).await;
        assert_eq!((did.offers, did.suspended, did.mails), (2, 2, 1));
        assert_eq!(told(&app.mails().await), ["Offers of Atelier are out of the market"]);
        assert_eq!(read(&app, &firm, &format!("offers/{offer}")).await.json["suspended"], true);
        let log = app.get(&app.operator(), &format!("/api/v1/audit?record_id={offer}&act=suspend")).await.expect(200);
        assert_eq!(log.items().len(), 1);
        // Who confirms is back, and is reminded of the new day anew.
        let back = app.post(&token(&app, &firm), &format!("/api/v1/offers/{offer}/confirm"), &json!({})).await.expect(200);
        assert_eq!((&back.json["suspended"], &back.json["confirm_by"]), (&json!(false), &json!("2020-07-06")));
        assert_eq!(run(&app).await["figures"]["covered"], 4000);
        on(&app, "2020-07-01");
        look(&app).await;
        let mails = app.mails().await;
        assert_eq!(told(&mails), ["Please confirm offers of Atelier at Muster"]);
        assert!(mails[0].text.contains(&offer) && !mails[0].text.contains(&other), "{mails:?}");
        // A mail that waited until its offers were confirmed is not sent.
        on(&app, "2020-07-07");
        look(&app).await;
        app.post(&token(&app, &firm), &format!("/api/v1/offers/{offer}/confirm"), &json!({})).await.expect(200);
        assert_eq!(told(&app.mails().await), [""; 0]);
    }
}

on_both! {
    async fn holders_of_open_matches_are_told_without_a_name(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier Secret").await, app.hospital("Hôpital").await);
        let mut body = offers::plain(&firm);
        body["until"] = json!("2020-05-20");
        let offer = app.post(&firm.token, "/api/v1/offers", &body).await.expect(201).id();
        app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201);
        run(&app).await;
        let found = app.get(&firm.token, "/api/v1/matches?state=suggested").await;
        disclosure::advance(&app, found.items()[0]["id"].as_str().unwrap(), &[MatchState::Proposed]).await;
        let lapsed = |of: &str| format!("A match of {of} at Muster needs a look");
        on(&app, "2020-05-07");
        look(&app).await;
        let mut mails = app.mails().await;
        mails.sort_by_key(|mail| mail.subject.len());
        assert_eq!(told(&mails), [lapsed("Hôpital").as_str(), "Offers of Atelier Secret at Muster are stale"]);
        assert!(!mails[0].text.contains("Secret") && !mails[0].text.contains(&offer), "{mails:?}");
        // Its window is over: both sides are told, and the need is expired since long.
        on(&app, "2020-05-21");
        let seen = read(&app, &firm, &format!("offers/{offer}")).await.json;
        assert_eq!(seen["state"], "expired", "by the clock alone");
        let refused = app.post(&token(&app, &firm), &format!("/api/v1/offers/{offer}/confirm"), &json!({})).await.expect(409);
        assert_eq!(refused.json["code"], "wrong_state");
        assert_eq!(look(&app).await.expired, 1);
        let mut subjects: Vec<String> = app.mails().await.into_iter().map(|mail| mail.subject).collect();
        subjects.sort();
        assert_eq!(subjects, [lapsed("Atelier Secret"), lapsed("Hôpital")]);
        assert_eq!(look(&app).await, Looked::default());
        let stored = app.get(&app.operator(), "/api/v1/offers?state=expired").await.expect(200);
        assert_eq!(stored.items()[0]["id"], json!(offer));
    }
}

on_both! {
    async fn a_need_expires_when_its_last_day_is_over_at_its_site(db: TestDb) {
        let app = TestApp::new(db);
        let hospital = app.hospital("Hôpital").await;
        let mut ids = Vec::new();
        for zone in ["Europe/Athens", "America/Martinique"] {
            let site = json!({ "name": zone, "region": "FR10", "zone": zone });
            let site = app.post(&hospital.token, "/api/v1/sites", &site).await.expect(201).id();
            let mut body = needs::plain(&hospital);
            body["site"] = json!(site);
            ids.push(app.post(&hospital.token, "/api/v1/needs", &body).await.expect(201).id());
        }
        let states = async || {
            let mut states = Vec::new();
            for id in &ids {
                states.push(read(&app, &hospital, &format!("needs/{id}")).await.json["state"].as_str().unwrap().to_owned());
            }
            states
        };
        // Due on 20 April. 22:30 of that day in UTC is the 21st in Athens, and 18:30 in Martinique.
        for (at, expected, expires) in [
            ("2020-04-20T20:30:00Z", ["open", "open"], 0),
            ("2020-04-20T22:30:00Z", ["expired", "open"], 1),
            ("2020-04-21T03:30:00Z", ["expired", "open"], 0),
            ("2020-04-21T04:30:00Z", ["expired", "expired"], 1),
        ] {
            app.clock.set(Instant::parse(at).unwrap());
            assert_eq!(states().await, expected, "{at}, by the clock alone");
            assert_eq!(look(&app).await.expired, expires, "{at}");
            assert_eq!(states().await, expected, "{at}, after the job");
        }
        let close = app.post(&token(&app, &hospital), &format!("/api/v1/needs/{}/close", ids[0]), &json!({ "reason": "test" })).await;
        assert_eq!(close.expect(409).json["code"], "wrong_state");
    }
}

on_both! {
    async fn two_processes_tell_everything_once(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for _ in 0..12 {
            publish(&app, &firm).await;
        }
        on(&app, "2020-06-06");
        let looks: Vec<_> = (0..4).map(|_| {
            let app = app.app.clone();
            tokio::spawn(async move { freshness::look(&app).await })
        }).collect();
        let mut suspended = 0;
        for look in looks {
            suspended += look.await.unwrap().unwrap().suspended;
        }
        assert_eq!(suspended, 12);
        assert_eq!(told(&app.mails().await), ["Offers of Atelier are out of the market"]);
    }
}

on_both! {
    async fn the_mode_shortens_what_was_given_and_lengthens_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let seen = app.get(&firm.token, "/api/v1/market").await.expect(200);
        assert_eq!((&seen.json["mode"], &seen.json["confirm_days"], &seen.json["since"]), (&json!("normal"), &json!(30), &Value::Null));
        app.put(&firm.token, "/api/v1/market", &json!({ "mode": "emergency", "reason": "mine" })).await.expect(403);
        for (body, faults) in [
            (json!({ "mode": "panic", "reason": " " }), vec!["/mode unknown_value", "/reason missing"]),
            (json!({ "mode": "normal" }), vec!["/reason missing_field"]),
        ] {
            assert_eq!(app.put(&app.operator(), "/api/v1/market", &body).await.expect(422).faults(), faults);
        }
        let offer = publish(&app, &firm).await;
        let mut need = needs::plain(&hospital);
        need["instalments"][0]["due"] = json!("2020-06-20");
        app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
        look(&app).await;
        on(&app, "2020-04-20");
        let calm = run(&app).await;
        assert_eq!(calm["figures"]["covered"], 4000);
        let state = async || {
            let seen = read(&app, &firm, &format!("offers/{offer}")).await.json;
            (seen["confirm_by"].as_str().unwrap().to_owned(), seen["stale"] == true, seen["suspended"] == true)
        };
        assert_eq!(state().await, ("2020-05-06".to_owned(), false, false));
        mode(&app, "vigilance").await;
        assert_eq!(state().await, ("2020-04-20".to_owned(), false, false));
        look(&app).await;
        assert_eq!(told(&app.mails().await), ["Please confirm offers of Atelier at Muster"]);
        mode(&app, "emergency").await;
        assert_eq!(state().await, ("2020-04-13".to_owned(), true, false), "7 days, and 7 more until it is suspended");
        let seen = app.get(&token(&app, &firm), "/api/v1/market").await.expect(200);
        assert_eq!((&seen.json["hold_hours"], &seen.json["reason"]), (&json!(24), &json!("it is emergency")));
        look(&app).await;
        assert_eq!(told(&app.mails().await), ["Offers of Atelier at Muster are stale"]);
        on(&app, "2020-04-21");
        assert_eq!(state().await, ("2020-04-13".to_owned(), true, true));
        let urgent = run(&app).await;
        assert_eq!(urgent["figures"]["covered"], 0, "the engine judges it as its owner reads it");
        // Calm again: what was given in calm times holds again, while no job suspended it.
        mode(&app, "normal").await;
        assert_eq!(state().await, ("2020-05-06".to_owned(), false, false));
        look(&app).await;
        assert_eq!(told(&app.mails().await), [""; 0]);
        // What is confirmed in an emergency is given its days, and calm adds none.
        mode(&app, "emergency").await;
        app.post(&token(&app, &firm), &format!("/api/v1/offers/{offer}/confirm"), &json!({})).await.expect(200);
        mode(&app, "normal").await;
        assert_eq!(state().await, ("2020-04-28".to_owned(), false, false));
        // A run is what it was, whatever the mode is by now.
        let caller = app::access::Caller::command_line();
        for run in [&calm, &urgent] {
            let id = run["id"].as_str().unwrap().parse().unwrap();
            app::runs::verify(&app.app, &caller, id).await.unwrap().result.unwrap();
            assert_eq!(app::runs::replay(&app.app, &caller, id, false).await.unwrap().result.unwrap(), []);
        }
        let log = app.get(&app.operator(), "/api/v1/audit?record=market").await.expect(200);
        assert_eq!(log.items().len(), 5, "{}", log.text);
        // If-Match is compared where it is sent.
        let mut sent = testkit::app::request("PUT".parse().unwrap(), &app.operator(), "/api/v1/market", r#"{"mode": "vigilance", "reason": "again"}"#.into());
        sent.headers_mut().insert("if-match", "\"other\"".parse().unwrap());
        assert_eq!(app.send(sent).await.expect(412).json["code"], "stale");
    }
}
