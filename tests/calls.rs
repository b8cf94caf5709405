//! Calls over HTTP: issued, answered by firms and by clusters for them, closed with a report.

use std::collections::BTreeMap;

use domain::{capacity::CapacityKind, ids::OfferId, offer::Offer, time::Day};
use serde_json::{Value, json};
use storage::Scope;
use testkit::{
    TestApp, TestDb,
    app::{Answer, Org, request},
    on_both,
};

use crate::{
    entries::entry,
    memberships::{acting_for, cluster, joined, mandated, verify},
    offers,
};

pub const DAY: i64 = 86_400 * 1_000_000;
/// Where one would like to write nothing.
const NOTHING: &str = "nothing_to_offer";

/// The plainest call that passes every check.
pub fn plain() -> Value {
    json!({ "title": "Masks", "products": ["ffp"], "from": "2020-04-20", "until": "2020-05-17",
        "answer_by": "2020-04-10", "zone": "Europe/Paris" })
}

/// Such a call, open.
pub fn opened() -> Value {
    with(plain(), json!({ "open": true }))
}

pub fn with(mut body: Value, more: Value) -> Value {
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

/// An authority that the operator vouches for.
pub async fn ministry(app: &TestApp) -> Org {
    let ministry = app.hospital("Ministry").await;
    verify(app, &ministry, "operator").await;
    ministry
}

pub async fn issued(app: &TestApp, issuer: &Org, body: &Value) -> String {
    app.post(&issuer.token, "/api/v1/calls", body).await.expect(201).id()
}

pub async fn invite(app: &TestApp, issuer: &Org, call: &str, body: Value) -> Answer {
    app.post(&issuer.token, &format!("/api/v1/calls/{call}/invitations"), &body).await
}

pub async fn answer(app: &TestApp, who: &Org, call: &str, body: Value) -> Answer {
    app.post(&who.token, &format!("/api/v1/calls/{call}/answers"), &body).await
}

pub async fn read(app: &TestApp, who: &Org, call: &str, rest: &str) -> Answer {
    app.get(&who.token, &format!("/api/v1/calls/{call}{rest}")).await
}

/// A call of an issuer that a firm answered, and the answer.
pub async fn answered(app: &TestApp, issuer: &Org, firm: &Org) -> (String, String) {
    verify(app, issuer, "operator").await;
    let call = issued(app, issuer, &opened()).await;
    invite(app, issuer, &call, json!({ "organisations": [firm.id] })).await.expect(200);
    let answer = answer(app, firm, &call, json!({ "nothing": true })).await.expect(201).id();
    (call, answer)
}

/// Does whatever issuers of calls and those who are asked do, once.
pub async fn whatever_issuers_do(app: &TestApp, firm: &Org) {
    let ministry = ministry(app).await;
    let call = issued(app, &ministry, &plain()).await;
    let path = format!("/api/v1/calls/{call}");
    app.patch(&ministry.token, &path, "*", &json!({ "title": "Masks for Anna" })).await.expect(200);
    invite(app, &ministry, &call, json!({ "organisations": [firm.id] })).await.expect(200);
    app.post(&ministry.token, &format!("{path}/open"), &json!({})).await.expect(200);
    app.post(&ministry.token, &format!("{path}/remind"), &json!({})).await.expect(200);
    answer(app, firm, &call, json!({ "refusal": "Anna is ill" })).await.expect(201);
    app.post(&ministry.token, &format!("{path}/close"), &json!({})).await.expect(200);
    let other = issued(app, &ministry, &plain()).await;
    app.post(&ministry.token, &format!("/api/v1/calls/{other}/cancel"), &json!({})).await.expect(200);
}

/// What an offer makes from a day to another, day by day, by a level.
fn made(offer: &Offer, kind: CapacityKind, first: Day, last: Day) -> i64 {
    let curve = offer.terms.profile.curve(kind);
    let mut sum = 0;
    let mut day = first;
    while day <= last {
        sum += curve.by(day) - curve.by(day.plus(-1));
        if day == offer.terms.profile.as_of {
            sum -= offer.terms.profile.stock.quantity.units();
        }
        day = day.plus(1);
    }
    sum
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

async fn offers_of(app: &TestApp, ids: &[String]) -> Vec<Offer> {
    let ids: Vec<OfferId> = ids.iter().map(|id| id.parse().unwrap()).collect();
    let found = storage::offers::get_many(&app.app.store, Scope::Operator, ids).await.unwrap();
    found.into_iter().map(|stored| stored.record).collect()
}

on_both! {
    async fn a_call_lives_from_its_draft_to_its_report(db: TestDb) {
        let app = TestApp::new(db);
        let ministry = ministry(&app).await;
        let body = with(plain(), json!({
            "products": ["ffp", "OP-Maske"], "regions": ["DE", "FR"],
            "questions": [{ "code": "fabric", "text": "Whose fabric?", "required": true }, { "text": "Shifts?", "kind": "number" }],
        }));
        let call = issued(&app, &ministry, &body).await;
        let path = format!("/api/v1/calls/{call}");
        let mut clusters = Vec::new();
        for i in 0..10 {
            clusters.push(cluster(&app, &format!("Cluster {i}")).await);
        }
        // Counted first, and nobody asked.
        let all = json!({ "clusters_in_regions": true, "dry_run": true });
        let counted = invite(&app, &ministry, &call, all).await.expect(200);
        assert_eq!(counted.json, json!({ "invited": 10, "already": 0, "without_account": 0, "dry_run": true }));
        assert_eq!(read(&app, &ministry, &call, "/invitations").await.items().len(), 0);
        invite(&app, &ministry, &call, json!({ "clusters_in_regions": true })).await.expect(200);
        let again = invite(&app, &ministry, &call, json!({ "clusters_in_regions": true })).await.expect(200);
        assert_eq!((&again.json["invited"], &again.json["already"]), (&json!(0), &json!(10)));
        // Of a draft nobody knows.
        app.mails().await;
        read(&app, &clusters[0], &call, "").await.expect(404);
        answer(&app, &clusters[0], &call, json!({ "nothing": true })).await.expect(404);
        let seen = read(&app, &ministry, &call, "").await.expect(200).header("etag").to_owned();
        app.patch(&ministry.token, &path, &seen, &json!({ "title": "Masks and more" })).await.expect(200);
        app.patch(&ministry.token, &path, &seen, &json!({ "title": "Masks" })).await.expect(412);
        let open = app.post(&ministry.token, &format!("{path}/open"), &json!({})).await.expect(200);
        assert_eq!((&open.json["state"], &open.json["answer_by"]["day"]), (&json!("open"), &json!("2020-04-10")));
        app.post(&ministry.token, &format!("{path}/open"), &json!({})).await.expect(409);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 10);
        for words in ["Masks and more", "Ministry", "the end of 2020-04-10 in Europe/Paris"] {
            assert!(mails[0].text.contains(words), "{words}: {}", mails[0].text);
        }
        // One firm of each cluster has an account, another is on its telephone list alone.
        let said = json!({ "fabric": "=HYPERLINK(\"http://x.example\")", "q2": 2.5 });
        let (mut offered, mut registered, mut entered) = (Vec::new(), Vec::new(), Vec::new());
        for (i, cluster) in clusters.iter().enumerate() {
            let region = if i % 2 == 0 { "DE212" } else { "FR101" };
            let firm = app.organisation(&format!("Firm {i}"), "firm", "DE", region).await;
            joined(&app, &firm, cluster).await;
            let mut offer = offers::plain(&firm);
            (offer["running"]["value"], offer["until"]) = (json!(1_000 * (i + 1) + 3), json!("2020-05-06"));
            offer["maximum"] = json!({ "value": 3_000 * (i + 1) + 7, "per": "week" });
            let offer = app.post(&firm.token, "/api/v1/offers", &offer).await.expect(201).id();
            let body = match i {
                8 => json!({ "nothing": true }),
                9 => json!({ "refusal": "No answer in a strike" }),
                _ => {
                    offered.push(offer.clone());
                    json!({ "offers": [offer], "answers": said })
                }
            };
            let given = answer(&app, &firm, &call, body.clone()).await.expect(201);
            assert_eq!(read(&app, &firm, &call, &format!("/answers/{}", given.id())).await.expect(200).json, given.json);
            registered.push(firm);
            let mut listed = entry(&format!("Telephone {i}"));
            (listed["identifiers"], listed["contact"]["email"]) = (json!([]), json!(format!("t{i}@x.example")));
            let members = format!("/api/v1/organisations/{}/members", cluster.id);
            let made = app.post(&cluster.token, &members, &listed).await.expect(201);
            let firm = made.json["organisation"]["id"].as_str().unwrap().to_owned();
            let site = json!({ "name": "Works", "region": region });
            let site = acting_for(&app, &cluster.token, &firm, "POST", "/api/v1/sites", &site).await.expect(201).id();
            let org = Org { id: firm.clone(), site, ..cluster.clone() };
            let mut mask = offers::plain(&org);
            (mask["product"], mask["grades"]) = (json!("medical-mask"), json!([]));
            let offer = acting_for(&app, &cluster.token, &firm, "POST", "/api/v1/offers", &mask).await.expect(201).id();
            let body = json!({ "offers": [offer], "answers": said });
            let path = format!("{path}/answers");
            let given = acting_for(&app, &cluster.token, &firm, "POST", &path, &body).await.expect(201);
            assert_eq!((&given.json["organisation"]["id"], &given.json["by"]), (&json!(firm), &json!(cluster.id)));
            offered.push(offer);
            entered.push(firm);
        }
        app.mails().await;
        // A later answer takes the place of the one before.
        let first = read(&app, &registered[0], &call, "/answers").await.expect(200);
        let once = answer(&app, &registered[0], &call, json!({ "nothing": true })).await.expect(200);
        assert_eq!(once.json["id"], first.items()[0]["id"]);
        answer(&app, &registered[0], &call, json!({ "offers": [offered[0]], "answers": said })).await.expect(200);
        let own = app.get(&registered[0].token, "/api/v1/audit?record=call_answer").await.expect(200);
        assert_eq!(own.items().len(), 3, "{}", own.text);
        assert!(!own.text.contains("HYPERLINK"), "free text stays out of the log");
        // Each sees what is its own: the firm its answer, the cluster those of its members, the issuer all.
        assert_eq!(read(&app, &registered[1], &call, "/answers").await.items().len(), 1);
        assert_eq!(read(&app, &clusters[1], &call, "/answers").await.items().len(), 2);
        assert_eq!(read(&app, &ministry, &call, "/answers?limit=200").await.items().len(), 20);
        for who in [&registered[1], &clusters[1]] {
            for rest in ["/progress", "/invitations", "/report"] {
                read(&app, who, &call, rest).await.expect(403);
            }
        }
        let progress = read(&app, &ministry, &call, "/progress").await.expect(200);
        let total = json!({ "invited": 10, "uninvited": 20, "answered": 28, "nothing_to_offer": 1, "refused": 1, "silent": 0 });
        assert_eq!(progress.json["total"], total);
        assert_eq!(progress.json["clusters"].as_array().unwrap().len(), 10);
        let of_last = &progress.json["clusters"][9];
        assert_eq!((&of_last["cluster"]["name"], &of_last["outcome"]), (&json!("Cluster 9"), &json!("answered")));
        assert_eq!((&of_last["members"]["refused"], &of_last["members"]["answered"]), (&json!(1), &json!(1)));
        let regions: i64 = progress.json["regions"].as_object().unwrap().values().map(|t| t["answered"].as_i64().unwrap()).sum();
        assert_eq!(regions, 28);
        assert_eq!(progress.json["regions"]["FR10"]["uninvited"], 10);
        // To answer opens the offer to the issuer, and to nobody else; each look is told to its owner.
        let view = format!("/api/v1/offers/{}/view", offered[0]);
        let seen = app.get(&ministry.token, &view).await.expect(200);
        assert_eq!((&seen.json["audience"], &seen.json["identity"]["organisation"]["name"]), (&json!("issuer"), &json!("Firm 0")));
        assert_eq!(seen.json["region"]["code"], "DE21");
        for hidden in ["contact", "price", "exact_place", "evidence", "notes"] {
            assert!(seen.json[hidden].is_null(), "{hidden}: {}", seen.text);
        }
        app.get(&registered[1].token, &view).await.expect(404);
        let openings = format!("/api/v1/organisations/{}/openings", registered[0].id);
        let told = app.get(&registered[0].token, &openings).await.expect(200);
        assert_eq!(told.items().len(), 1);
        assert_eq!((&told.items()[0]["audience"], &told.items()[0]["by"]["id"]), (&json!("issuer"), &json!(ministry.id)));
        // What leaves the market before the end is in no figure.
        app.post(&registered[7].token, &format!("/api/v1/offers/{}/withdraw", offered[14]), &json!({})).await.expect(200);
        read(&app, &ministry, &call, "/report").await.expect(409);
        let seen = read(&app, &ministry, &call, "").await.expect(200).header("etag").to_owned();
        let close = |tag: &str| {
            let mut sent = request("POST".parse().unwrap(), &ministry.token, &format!("{path}/close"), "{}".into());
            sent.headers_mut().insert("if-match", tag.parse().unwrap());
            app.send(sent)
        };
        close("\"another\"").await.expect(412);
        assert_eq!(close(&seen).await.expect(200).json["state"], "closed");
        close("*").await.expect(409);
        let late = answer(&app, &registered[2], &call, json!({ "nothing": true })).await.expect(409);
        assert_eq!(late.json["code"], "wrong_state");
        // The report adds up with the offers, however one reckons.
        let report = read(&app, &ministry, &call, "/report").await.expect(200);
        let counted: Vec<String> = offered.iter().filter(|id| **id != offered[14]).cloned().collect();
        let reckoned = offers_of(&app, &counted).await;
        let capacity = report.json["capacity"].as_array().unwrap();
        let mut sums: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
        for row in capacity {
            assert_eq!(row["unit"], "H87");
            let key = (row["product"].as_str().unwrap().to_owned(), row["week"].as_str().unwrap().to_owned());
            let sum = sums.entry(key).or_default();
            sum.0 += row["running"].as_i64().unwrap();
            sum.1 += row["maximum"].as_i64().unwrap();
        }
        assert_eq!(sums.len(), 8, "two products in four weeks");
        for ((product, week), (running, maximum)) in &sums {
            let (first, last) = (day(week), day(week).plus(6));
            let of_it = || reckoned.iter().filter(|offer| offer.terms.product.as_str() == product);
            let naive = |kind| of_it().map(|offer| made(offer, kind, first, last)).sum::<i64>();
            assert_eq!(*running, naive(CapacityKind::Running), "{product} {week}");
            assert_eq!(*maximum, naive(CapacityKind::Maximum), "{product} {week}");
        }
        // Seven firms of 1003 to 7003 a week until 6 May: a full week, and Monday to Wednesday of the third.
        assert_eq!(sums[&("ffp".to_owned(), "2020-04-20".to_owned())].0, (1..=7).map(|i| 1_000 * i + 3).sum::<i64>());
        assert_eq!(sums[&("ffp".to_owned(), "2020-05-11".to_owned())], (0, 0));
        let stock: i64 = report.json["stock"].as_array().unwrap().iter().map(|row| row["quantity"].as_i64().unwrap()).sum();
        assert_eq!(stock, 17 * 5_000);
        let left_out: Vec<&Value> =
            report.json["offers"].as_array().unwrap().iter().filter(|o| !o["left_out"].is_null()).collect();
        assert_eq!(left_out.len(), 1);
        assert_eq!((&left_out[0]["offer"], &left_out[0]["left_out"]), (&json!(offered[14]), &json!("withdrawn")));
        let asked = report.json["asked"].as_array().unwrap();
        assert_eq!(asked.len(), 30);
        let refused = asked.iter().find(|asked| asked["outcome"] == "refused").unwrap();
        assert_eq!((&refused["name"], &refused["reason"]), (&json!("Firm 9"), &json!("No answer in a strike")));
        assert_eq!(report.json["facilities"], json!([]));
        // It stays what it was, whatever becomes of the offers.
        app.post(&registered[1].token, &format!("/api/v1/offers/{}/withdraw", offered[2]), &json!({})).await.expect(200);
        assert_eq!(read(&app, &ministry, &call, "/report").await.expect(200).json, report.json);
        let told = app.get(&registered[0].token, &openings).await.expect(200);
        assert_eq!(told.items().len(), 2, "the look and the report, however often that is read");
        // As a table for a spreadsheet, which runs none of it.
        let csv = read(&app, &ministry, &call, "/report?format=csv").await.expect(200);
        assert!(csv.header("content-type").starts_with("text/csv") && csv.header("content-disposition").contains(".csv"));
        assert_eq!(csv.text.lines().count(), capacity.len() + 1);
        assert!(csv.text.starts_with("product,grades,week,region,running,maximum,unit,offers,as_of\r\n"), "{}", csv.text);
        let csv = read(&app, &ministry, &call, "/report?format=csv&table=asked").await.expect(200);
        assert!(csv.text.contains("'=HYPERLINK") && csv.text.contains(",2.5\r\n"), "{}", csv.text);
        let mut sent = request("GET".parse().unwrap(), &ministry.token, &format!("{path}/report"), "".into());
        let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        sent.headers_mut().insert("accept", xlsx.parse().unwrap());
        let book = app.send(sent).await.expect(200);
        assert_eq!((book.header("content-type"), &book.bytes[..2]), (xlsx, &b"PK"[..]));
        let again = read(&app, &ministry, &call, "/report?format=xlsx").await.expect(200);
        assert_eq!(again.bytes, book.bytes, "the same report is the same file");
        assert_eq!(read(&app, &ministry, &call, "/report?format=pdf").await.expect(422).faults(), ["/format bad_value"]);
        assert_eq!(entered.len(), 10);
    }
}

on_both! {
    async fn a_firm_answers_by_article_10_past_its_cluster(db: TestDb) {
        let app = TestApp::new(db);
        app.clock.advance_micros(2_247 * DAY);
        let (ministry, cluster) = (ministry(&app).await, cluster(&app, "Textile Cluster").await);
        let (firm, other) = (app.organisation("Atelier", "firm", "FR", "FR101").await, app.firm("Other").await);
        let stranger = app.firm("Stranger").await;
        for member in [&firm, &other] {
            joined(&app, member, &cluster).await;
            let body = json!({ "holder": cluster.id, "ends_on": "2026-12-31" });
            app.post(&member.token, &format!("/api/v1/organisations/{}/mandates", member.id), &body).await.expect(201);
        }
        let body = json!({ "title": "FFP", "products": ["ffp"], "from": "2026-06-08", "until": "2026-07-05", "zone": "Europe/Brussels",
            "answer_by": "2026-06-08", "legal_basis": "article_10", "open": true });
        let call = issued(&app, &ministry, &body).await;
        let path = format!("/api/v1/calls/{call}/answers");
        invite(&app, &ministry, &call, json!({ "organisations": [cluster.id] })).await.expect(200);
        read(&app, &stranger, &call, "").await.expect(404);
        answer(&app, &stranger, &call, json!({ "nothing": true })).await.expect(404);
        read(&app, &firm, &call, "").await.expect(200);
        // What its cluster says for it, before the firm has said anything.
        let mut offer = offers::plain(&firm);
        offer["price"] = json!({ "amount": 1.5, "currency": "EUR" });
        let offer = app.post(&firm.token, "/api/v1/offers", &offer).await.expect(201).id();
        let by_cluster = acting_for(&app, &cluster.token, &firm.id, "POST", &path, &json!({ "offers": [offer] })).await.expect(201);
        // The firm answers itself, with a facility in Morocco beside.
        let works = json!({ "name": "Works Casablanca", "region": "MA", "relation": "contracted", "product": "ffp",
            "stock": { "value": 20, "unit": "XBX", "pack_size": 50 }, "running": { "value": 7000 } });
        let inside = with(works.clone(), json!({ "region": "FR10", "outlook": [{ "value": 1 }, { "value": 2 }] }));
        let without = with(works.clone(), json!({ "region": "DE", "maximum": { "value": 1 }, "product": "gown-surgical" }));
        let bad = json!({ "offers": [offer], "facilities": [works, inside, without] });
        let faults = answer(&app, &firm, &call, bad).await.expect(422).faults();
        let expected = ["/facilities/1/outlook out_of_range", "/facilities/2/product not_asked_for", "/facilities/2/maximum below_running",
            "/facilities/2/outlook missing"];
        assert_eq!(faults, expected);
        let own = answer(&app, &firm, &call, json!({ "offers": [offer], "facilities": [works] })).await.expect(201);
        assert_ne!(own.id(), by_cluster.id());
        // The authority sees it; the cluster does not, by no way, nor does it learn that there is one.
        assert_eq!(read(&app, &ministry, &call, "/answers").await.items().len(), 2);
        read(&app, &cluster, &call, &format!("/answers/{}", own.id())).await.expect(404);
        let seen = read(&app, &cluster, &call, "/answers").await.expect(200);
        assert_eq!(seen.items().len(), 1);
        assert_eq!(seen.items()[0]["id"], json!(by_cluster.id()));
        for rest in ["/answers", &format!("/answers/{}", own.id())] {
            let seen = acting_for(&app, &cluster.token, &firm.id, "GET", &format!("/api/v1/calls/{call}{rest}"), &json!({})).await;
            assert!(!seen.text.contains(&own.id()) && !seen.text.contains("Casablanca"), "{rest}: {}", seen.text);
        }
        let log = app.get(&cluster.token, "/api/v1/audit?limit=200").await.expect(200);
        assert!(!log.text.contains(&own.id()), "{}", log.text);
        // And it may go on to say what it likes: that is accepted alike, and the firm's own word counts.
        let again = acting_for(&app, &cluster.token, &firm.id, "POST", &path, &json!({ "nothing": true })).await.expect(200);
        assert_eq!(again.json["id"], json!(by_cluster.id()));
        answer(&app, &cluster, &call, json!({ "offers": [offer] })).await.expect(201);
        read(&app, &firm, &call, "/answers").await.expect(200);
        // The authority also sees the site, where the law asks by facility, and no price.
        let seen = app.get(&ministry.token, &format!("/api/v1/offers/{offer}/view")).await.expect(200);
        assert_eq!((&seen.json["exact_place"]["name"], &seen.json["price"]), (&json!("Site"), &Value::Null));
        app.clock.advance_micros(8 * DAY);
        assert_eq!(app::calls::close_due(&app.app).await.unwrap(), 1);
        assert_eq!(app::calls::close_due(&app.app).await.unwrap(), 0);
        let ministry = Org { token: app.token(ministry.grant), ..ministry };
        let report = read(&app, &ministry, &call, "/report").await.expect(200);
        assert_eq!(report.json["confidential"], true);
        let facilities = report.json["facilities"].as_array().unwrap();
        assert_eq!(facilities.len(), 2, "{}", report.text);
        let (site, works) = (&facilities[0], &facilities[1]);
        assert_eq!((&site["facility"], &site["region"], &site["third_country"]), (&json!("Site"), &json!("FR101"), &json!(false)));
        let of = offers_of(&app, std::slice::from_ref(&offer)).await.remove(0);
        // The week, and the three months, from the day after the answer-by day, day by day.
        let months = [("2026-06-09", "2026-07-08"), ("2026-07-09", "2026-08-08"), ("2026-08-09", "2026-09-08")];
        let outlook = months.map(|(first, last)| made(&of, CapacityKind::Running, day(first), day(last)));
        assert_eq!(site["outlook"], json!(outlook));
        assert_eq!(site["running_per_week"], json!(made(&of, CapacityKind::Running, day("2026-06-09"), day("2026-06-15"))));
        assert_eq!((&works["facility"], &works["third_country"], &works["relation"]), (&json!("Works Casablanca"), &json!(true), &json!("contracted")));
        assert_eq!((&works["stock"], &works["running_per_week"], &works["maximum_per_week"]), (&json!(1_000), &json!(7_000), &json!(7_000)));
        assert_eq!((&works["country"], &works["outlook"]), (&json!("MA"), &Value::Null));
        let file = read(&app, &ministry, &call, "/report?format=csv&table=facilities").await.expect(200);
        assert!(file.header("content-disposition").contains("confidential"), "{}", file.header("content-disposition"));
        let firm = Org { token: app.token(firm.grant), ..firm };
        let told = app.get(&firm.token, &format!("/api/v1/organisations/{}/openings", firm.id)).await.expect(200);
        let groups: Vec<&Value> = told.items().iter().map(|opening| &opening["groups"]).collect();
        assert_eq!(groups, [&json!(["identity", "exact_place"]), &json!(["identity", "exact_place"])]);
    }
}

on_both! {
    async fn a_cluster_answers_for_members_under_their_mandate_and_for_nobody_else(db: TestDb) {
        let app = TestApp::new(db);
        let (ministry, cluster) = (ministry(&app).await, cluster(&app, "Textile Cluster").await);
        let (firm, silent, stranger) = (app.firm("Atelier").await, app.firm("Silent").await, app.firm("Stranger").await);
        joined(&app, &firm, &cluster).await;
        joined(&app, &silent, &cluster).await;
        let call = issued(&app, &ministry, &opened()).await;
        invite(&app, &ministry, &call, json!({ "organisations": [cluster.id] })).await.expect(200);
        let mut ids = Vec::new();
        for who in [&firm, &silent, &stranger] {
            ids.push(app.post(&who.token, "/api/v1/offers", &offers::plain(who)).await.expect(201).id());
        }
        let path = format!("/api/v1/calls/{call}/answers");
        acting_for(&app, &cluster.token, &firm.id, "POST", &path, &json!({ "offers": [ids[0]] })).await.expect(403);
        let of_nobody = "018f0000-0000-7000-8000-000000000001";
        let refused = answer(&app, &cluster, &call, json!({ "offers": [ids[0], ids[2], of_nobody] })).await.expect(422);
        assert_eq!(refused.faults(), ["/offers/0 no_mandate", "/offers/1 unknown_offer", "/offers/2 unknown_offer"]);
        // What is a stranger's and what is not there are one.
        let details: Vec<String> = refused.json["errors"].as_array().unwrap()[1..].iter()
            .map(|e| e["detail"].as_str().unwrap().replace(&ids[2], "ID").replace(of_nobody, "ID")).collect();
        assert_eq!(details[0], details[1]);
        mandated(&app, &firm, &cluster, &["read"]).await;
        answer(&app, &cluster, &call, json!({ "offers": [ids[0]] })).await.expect(422);
        mandated(&app, &firm, &cluster, &[]).await;
        answer(&app, &cluster, &call, json!({ "offers": [ids[0]] })).await.expect(201);
        let progress = read(&app, &ministry, &call, "/progress").await.expect(200);
        let of_cluster = &progress.json["clusters"][0];
        assert_eq!((&of_cluster["outcome"], &of_cluster["members"]["answered"]), (&json!("answered"), &json!(1)));
        // The member's own word goes before what its cluster put.
        let view = format!("/api/v1/offers/{}/view", ids[0]);
        app.get(&ministry.token, &view).await.expect(200);
        answer(&app, &firm, &call, json!({ "refusal": "Sold out" })).await.expect(201);
        app.get(&ministry.token, &view).await.expect(404);
        let progress = read(&app, &ministry, &call, "/progress").await.expect(200);
        assert_eq!(progress.json["clusters"][0]["members"]["refused"], 1);
        app.post(&ministry.token, &format!("/api/v1/calls/{call}/close"), &json!({})).await.expect(200);
        let report = read(&app, &ministry, &call, "/report").await.expect(200);
        assert_eq!((&report.json["offers"], &report.json["capacity"]), (&json!([]), &json!([])));
    }
}

on_both! {
    async fn members_that_are_invited_as_such_are_nameless_until_they_answer(db: TestDb) {
        let app = TestApp::new(db);
        let (ministry, cluster) = (ministry(&app).await, cluster(&app, "Textile Cluster").await);
        let (one, two, direct) = (app.firm("Member One").await, app.firm("Member Two").await, app.firm("Direct").await);
        joined(&app, &one, &cluster).await;
        joined(&app, &two, &cluster).await;
        let call = issued(&app, &ministry, &opened()).await;
        app.mails().await;
        let body = json!({ "members_of": [cluster.id], "organisations": [direct.id, cluster.id] });
        let counted = invite(&app, &ministry, &call, body).await.expect(200);
        assert_eq!(counted.json["invited"], 4);
        assert_eq!(app.mails().await.len(), 4);
        let listed = read(&app, &ministry, &call, "/invitations").await.expect(200);
        for hidden in [&one.id, &two.id, &"Member One".to_owned(), &"Member Two".to_owned(), &"Direct".to_owned()] {
            assert!(!listed.text.contains(hidden.as_str()), "{hidden}: {}", listed.text);
        }
        assert!(listed.text.contains("Textile Cluster") && listed.text.contains(&direct.id));
        assert_eq!(listed.items().iter().filter(|i| i["through"] == json!(cluster.id)).count(), 2);
        answer(&app, &one, &call, json!({ "nothing": true })).await.expect(201);
        let listed = read(&app, &ministry, &call, "/invitations").await.expect(200);
        assert!(listed.text.contains("Member One") && !listed.text.contains("Member Two"), "{}", listed.text);
        let named = listed.items().iter().find(|i| i["name"] == "Member One").unwrap();
        assert_eq!(named["outcome"], NOTHING);
        app.post(&ministry.token, &format!("/api/v1/calls/{call}/close"), &json!({})).await.expect(200);
        let report = read(&app, &ministry, &call, "/report").await.expect(200);
        assert!(!report.text.contains("Member Two") && !report.text.contains(&two.id) && !report.text.contains("Direct"), "{}", report.text);
        assert_eq!(report.json["asked"].as_array().unwrap().len(), 4);
    }
}

on_both! {
    async fn those_who_are_silent_are_reminded_and_what_is_over_closes_by_the_clock(db: TestDb) {
        let app = TestApp::new(db);
        let (ministry, one, two) = (ministry(&app).await, app.firm("One").await, app.firm("Two").await);
        let call = issued(&app, &ministry, &opened()).await;
        invite(&app, &ministry, &call, json!({ "organisations": [one.id, two.id] })).await.expect(200);
        assert_eq!(app.mails().await.len(), 2);
        answer(&app, &one, &call, json!({ "nothing": true })).await.expect(201);
        let remind = format!("/api/v1/calls/{call}/remind");
        assert_eq!(app.post(&ministry.token, &remind, &json!({})).await.expect(200).json["reminded"], 1);
        let mails = app.mails().await;
        assert!(mails.len() == 1 && mails[0].subject.contains("Two has not answered"), "{mails:?}");
        let again = app.post(&ministry.token, &remind, &json!({})).await.expect(429);
        assert_eq!(again.header("retry-after"), "43201");
        // By the clock: once two days before, once six hours before, and not to who answered.
        for (hours, reminded) in [(1, 0), (62, 1), (1, 0), (30, 0), (12, 1), (2, 0)] {
            app.clock.advance_micros(hours * 3_600 * 1_000_000);
            assert_eq!(app::calls::remind_due(&app.app).await.unwrap(), reminded, "{hours}");
            assert_eq!(app::calls::remind_due(&app.app).await.unwrap(), 0, "{hours}");
            assert_eq!(app.mails().await.len(), reminded, "{hours}");
        }
        assert_eq!(app::calls::close_due(&app.app).await.unwrap(), 0);
        // At the instant itself it takes no answers any more, whether or not it was closed.
        app.clock.advance_micros(2 * 3_600 * 1_000_000);
        let [ministry, two] = [ministry, two].map(|org| Org { token: app.token(org.grant), ..org });
        assert_eq!(read(&app, &two, &call, "").await.expect(200).json["state"], "open");
        answer(&app, &two, &call, json!({ "nothing": true })).await.expect(409);
        app.post(&ministry.token, &remind, &json!({})).await.expect(409);
        assert_eq!(app::calls::close_due(&app.app).await.unwrap(), 1);
        assert_eq!(read(&app, &two, &call, "").await.expect(200).json["state"], "closed");
        app.post(&ministry.token, &format!("/api/v1/calls/{call}/close"), &json!({})).await.expect(409);
        let report = read(&app, &ministry, &call, "/report").await.expect(200);
        let outcomes: Vec<&Value> = report.json["asked"].as_array().unwrap().iter().map(|asked| &asked["outcome"]).collect();
        assert_eq!(outcomes, [NOTHING, "silent"]);
    }
}

on_both! {
    async fn two_who_close_at_once_make_one_report(db: TestDb) {
        let app = TestApp::new(db);
        let (ministry, firm) = (ministry(&app).await, app.firm("Atelier").await);
        for _ in 0..5 {
            let call = issued(&app, &ministry, &opened()).await;
            invite(&app, &ministry, &call, json!({ "organisations": [firm.id] })).await.expect(200);
            let close = format!("/api/v1/calls/{call}/close");
            let nothing = json!({});
            let closing = || app.post(&ministry.token, &close, &nothing);
            let given = answer(&app, &firm, &call, json!({ "nothing": true }));
            let (a, b, c, given) = tokio::join!(closing(), closing(), closing(), given);
            let mut statuses = [a.status, b.status, c.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409, 409]);
            // The answer was before the end, and in the report, or after it, and refused.
            let report = read(&app, &ministry, &call, "/report").await.expect(200);
            let outcome = &report.json["asked"][0]["outcome"];
            let expected = if given.status == 201 { NOTHING } else { "silent" };
            assert!([201, 409].contains(&given.status), "{}", given.text);
            assert_eq!(outcome, expected);
        }
    }
}
