//! The change feed over HTTP: every change once and in order, in the reader's view.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{event::Subject, ids::SiteId, time::Clock};
use serde_json::{Value, json};
use storage::{PoolSize, Scope};
use testkit::{Org, TestApp, TestDb, app::Answer, database::on_postgres, on_both};
use tokio::sync::oneshot;

use crate::{
    calls, certificates, chains, evidence,
    memberships::{self, acting_for, cluster, joined, mandated},
    needs, offers, people,
    streams::stream,
};

/// Every record of a reader's view, and the cursor to go on from.
pub async fn snapshot(app: &TestApp, token: &str, query: &str) -> (Vec<Value>, String) {
    let (mut items, mut next) = (Vec::new(), String::new());
    loop {
        let page = app.get(token, &format!("/api/v1/changes/snapshot?limit=2{query}{next}")).await.expect(200);
        assert!(page.items().len() <= 2, "{}", page.text);
        items.extend(page.items().to_vec());
        match (page.json["next"].as_str(), page.json["since"].as_str()) {
            (Some(cursor), None) => next = format!("&cursor={cursor}"),
            (None, Some(since)) => return (items, since.to_owned()),
            (_, _) => panic!("{}", page.text),
        }
    }
}

pub async fn start(app: &TestApp, token: &str) -> String {
    snapshot(app, token, "").await.1
}

/// What follows a cursor, page by page, and the cursor after it.
pub async fn follow(app: &TestApp, token: &str, since: &str) -> (Vec<Value>, String) {
    follow_of(app, token, since, "").await
}

/// As [`follow`], of the kinds of a query.
pub async fn follow_of(app: &TestApp, token: &str, since: &str, query: &str) -> (Vec<Value>, String) {
    let (mut items, mut since) = (Vec::new(), since.to_owned());
    loop {
        let page = app.get(token, &format!("/api/v1/changes?limit=3{query}&since={since}")).await.expect(200);
        items.extend(page.items().to_vec());
        page.json["next"].as_str().unwrap().clone_into(&mut since);
        if page.json["more"] == json!(false) {
            return (items, since);
        }
    }
}

/// What happened to what, in order.
pub fn told(items: &[Value]) -> Vec<String> {
    let word = |item: &Value| {
        let what = if item["tombstone"] == json!(true) { "gone" } else { item["what"].as_str().unwrap() };
        format!("{} {what}", item["type"].as_str().unwrap())
    };
    items.iter().map(word).collect()
}

/// That a tombstone tells nothing but of what it is one.
pub fn assert_bare(item: &Value) {
    let fields: BTreeSet<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, BTreeSet::from(["cursor", "id", "tombstone", "type"]), "{item}");
}

on_both! {
    async fn each_reads_its_changes_as_it_reads_the_records(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let (firms, hospitals, everything) =
            (start(&app, &firm.token).await, start(&app, &hospital.token).await, start(&app, &app.operator()).await);
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        app.clock.advance_micros(5);
        app.patch(&firm.token, &format!("/api/v1/sites/{}", firm.site), "*", &json!({ "name": "Halle" })).await.expect(200);
        app.post(&app.operator(), "/api/v1/match-runs", &json!({})).await.expect(202);
        app.work().await;
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/withdraw"), &json!({})).await.expect(200);

        let (seen, next) = follow(&app, &firm.token, &firms).await;
        let run = ["run created", "run running", "match suggested", "run done"];
        assert_eq!(told(&seen), [&["offer created", "site changed"], &run[..], &["offer withdrawn"]].concat());
        assert_eq!(seen[1]["at"], "2020-04-06T08:00:00.000005Z");
        for (item, path) in [(&seen[0], "offers"), (&seen[1], "sites"), (&seen[2], "match-runs"), (&seen[4], "matches"), (&seen[6], "offers")] {
            let address = format!("/api/v1/{path}/{}", item["id"].as_str().unwrap());
            assert_eq!(item["record"], app.get(&firm.token, &address).await.expect(200).json, "as it is now");
        }
        let (nothing, again) = follow(&app, &firm.token, &next).await;
        assert!(nothing.is_empty());
        assert!(follow(&app, &firm.token, &again).await.0.is_empty());
        // From the middle on.
        let rest = follow(&app, &firm.token, seen[1]["cursor"].as_str().unwrap()).await.0;
        assert_eq!(rest, seen[2..]);

        let (other, _) = follow(&app, &hospital.token, &hospitals).await;
        assert_eq!(told(&other), [&["need created"], &run[..]].concat());
        let text = serde_json::to_string(&other).unwrap();
        for hidden in [&firm.id, &firm.site, &offer, &"Atelier".to_owned(), &"Halle".to_owned()] {
            assert!(!text.contains(hidden.as_str()), "{hidden}: {text}");
        }
        assert_eq!(other[0]["id"], json!(need));
        let (all, _) = follow(&app, &app.operator(), &everything).await;
        let all_told = [&["offer created", "need created", "site changed"], &run[..], &["offer withdrawn"]].concat();
        assert_eq!(told(&all), all_told);
        // By kind.
        let narrow = snapshot(&app, &firm.token, "&types=site").await;
        assert_eq!(narrow.0.len(), 1);
        app.get(&firm.token, "/api/v1/changes/snapshot?types=mask").await.expect(422);
        let missing = app.get(&firm.token, "/api/v1/changes").await.expect(422);
        assert_eq!(missing.faults(), ["/since missing"]);
        assert!(missing.text.contains("/api/v1/changes/snapshot"), "{}", missing.text);
    }
}

on_both! {
    async fn a_snapshot_and_what_follows_it_lose_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for _ in 0..5 {
            app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        }
        app.post(&firm.token, "/api/v1/needs", &needs::plain(&firm)).await.expect(201);
        // What comes and changes while somebody walks through what stands.
        let (mut known, mut next) = (BTreeMap::new(), String::new());
        let since = loop {
            let page = app.get(&firm.token, &format!("/api/v1/changes/snapshot?limit=3{next}")).await.expect(200);
            for item in page.items() {
                known.insert((item["type"].clone().to_string(), item["id"].to_string()), item["record"].clone());
            }
            let made = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
            app.post(&firm.token, &format!("{}/withdraw", made.header("location")), &json!({})).await.expect(200);
            match page.json["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break page.json["since"].as_str().unwrap().to_owned(),
            }
        };
        for item in follow(&app, &firm.token, &since).await.0 {
            known.insert((item["type"].clone().to_string(), item["id"].to_string()), item["record"].clone());
        }
        let (standing, _) = snapshot(&app, &firm.token, "").await;
        let standing: BTreeMap<_, _> = standing
            .into_iter()
            .map(|item| ((item["type"].to_string(), item["id"].to_string()), item["record"].clone()))
            .collect();
        assert_eq!(known, standing);
        assert!(standing.len() > 10, "{}", standing.len());
    }
}

on_both! {
    async fn pag_04_what_leaves_a_view_leaves_a_tombstone_without_content(db: TestDb) {
        let app = TestApp::new(db);
        let (one, two) = (cluster(&app, "Cluster One").await, cluster(&app, "Cluster Two").await);
        let (firm, stranger) = (app.firm("Atelier").await, app.firm("Stranger").await);
        let early = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let (ones, twos, strangers) =
            (start(&app, &one.token).await, start(&app, &two.token).await, start(&app, &stranger.token).await);
        // Nothing of a firm is told to a cluster that it does not belong to.
        app.patch(&firm.token, &format!("/api/v1/offers/{early}"), "*", &json!({ "note": "first" })).await.expect(200);
        let (nothing, ones) = follow(&app, &one.token, &ones).await;
        assert!(nothing.is_empty(), "{nothing:?}");
        // It joins: what it has comes into view, as the cluster sees it, and so does what it makes from then on.
        joined(&app, &firm, &one).await;
        let late = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        let (seen, ones) = follow(&app, &one.token, &ones).await;
        let of_offers: Vec<&Value> = seen.iter().filter(|item| item["type"] == "offer").collect();
        let shown: BTreeSet<&str> = of_offers.iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(shown, BTreeSet::from([early.as_str(), late.as_str()]));
        for item in &of_offers {
            let address = format!("/api/v1/offers/{}/view", item["id"].as_str().unwrap());
            assert_eq!(item["record"], app.get(&one.token, &address).await.expect(200).json);
            assert_eq!(item["record"]["audience"], "own_cluster");
        }
        assert_eq!(told(&seen)[..2], ["membership requested", "membership active"]);
        let standing = snapshot(&app, &one.token, "&types=offer").await.0;
        assert_eq!(standing.len(), 2);
        // Each look is noted where the firm reads it.
        let opened = app.get(&firm.token, &format!("/api/v1/organisations/{}/openings", firm.id)).await.expect(200);
        assert!(opened.items().iter().all(|opening| opening["by"]["id"] == json!(one.id)), "{}", opened.text);
        assert!(opened.items().len() >= 4, "{}", opened.text);
        // It moves to another cluster.
        app.post(&firm.token, &format!("/api/v1/organisations/{}/memberships/{}/end", firm.id, one.id), &json!({})).await.expect(200);
        joined(&app, &firm, &two).await;
        app.patch(&firm.token, &format!("/api/v1/offers/{late}"), "*", &json!({ "note": "second" })).await.expect(200);
        let (left, ones) = follow(&app, &one.token, &ones).await;
        assert_eq!(told(&left), ["membership ended", "offer gone", "offer gone"], "{left:?}");
        left[1..].iter().for_each(assert_bare);
        let (came, mut twos) = follow(&app, &two.token, &twos).await;
        let came: BTreeSet<String> = told(&came).into_iter().collect();
        assert_eq!(
            came,
            ["membership requested", "membership active", "offer shown", "offer changed"].map(str::to_owned).into()
        );
        // The cluster is no longer vouched for, and then again.
        let verify = format!("/api/v1/organisations/{}/verify", two.id);
        for (word, expected) in [("none", "offer gone"), ("operator", "offer shown")] {
            app.post(&app.operator(), &verify, &json!({ "verification": word })).await.expect(200);
            let (turned, next) = follow(&app, &two.token, &twos).await;
            assert_eq!(told(&turned), ["organisation verified", expected, expected], "{turned:?}");
            twos = next;
        }
        assert!(follow(&app, &one.token, &ones).await.0.is_empty());
        assert!(follow(&app, &stranger.token, &strangers).await.0.is_empty());
        // Two firms become one: what was the one's is the other's, and whoever saw it sees it as far as he may.
        let twin = app.firm("Atelier again").await;
        let twins = start(&app, &twin.token).await;
        let merged = app.app.store.write({
            let (from, into, at) = (firm.id.parse().unwrap(), twin.id.parse().unwrap(), app.clock.now());
            move |tx| async move { storage::merging::merge(&tx, from, into, at).await }
        });
        merged.await.unwrap();
        let (moved, _) = follow(&app, &twin.token, &twins).await;
        let kinds: BTreeSet<String> = told(&moved).into_iter().collect();
        for expected in ["offer changed", "site changed", "organisation changed", "membership active"] {
            assert!(kinds.contains(expected), "{kinds:?}");
        }
        assert!(moved.iter().all(|item| item["record"]["organisation"] != json!(firm.id)), "{moved:?}");
        let (seen, _) = follow(&app, &two.token, &twos).await;
        let words: BTreeSet<String> = told(&seen).into_iter().collect();
        assert!(words.contains("membership gone") && words.contains("membership active"), "{words:?}");
        assert!(words.contains("offer changed") && !words.contains("offer gone"), "{words:?}");
    }
}

on_both! {
    async fn pag_04_a_merge_hides_what_a_cluster_saw_by_its_own_word(db: TestDb) {
        let app = TestApp::new(db);
        let (one, twin) = (cluster(&app, "Cluster One").await, app.firm("Twin").await);
        let members = format!("/api/v1/organisations/{}/members", one.id);
        let entered = app.post(&one.token, &members, &crate::entries::entry("Entered")).await.expect(201);
        app.mails().await;
        let firm = entered.json["organisation"]["id"].as_str().unwrap().to_owned();
        let post = |path: &'static str, body: Value| {
            let (app, one, firm) = (&app, &one, &firm);
            async move { acting_for(app, &one.token, firm, "POST", path, &body).await.expect(201) }
        };
        let site = post("/api/v1/sites", json!({ "name": "Site", "region": "FR10" })).await.id();
        let stock = json!({ "site": site, "product": "ffp", "stock": { "value": 50 } });
        let offer = post("/api/v1/offers", stock).await.id();
        let (standing, since) = snapshot(&app, &one.token, "&types=offer").await;
        assert_eq!(standing.len(), 1);
        let (from, into, at) = (firm.parse().unwrap(), twin.id.parse().unwrap(), app.clock.now());
        let merged = app.app.store.write(move |tx| async move { storage::merging::merge(&tx, from, into, at).await });
        merged.await.unwrap();
        let page = app.get(&one.token, &format!("/api/v1/changes?types=offer&since={since}")).await.expect(200);
        assert_eq!((told(page.items()), &page.items()[0]["id"]), (vec!["offer gone".to_owned()], &json!(offer)));
        assert_bare(&page.items()[0]);
    }
}

on_both! {
    async fn under_a_mandate_the_giver_s_goods_are_followed_and_nothing_of_its_people(db: TestDb) {
        let app = TestApp::new(db);
        let (one, firm) = (cluster(&app, "Cluster One").await, app.firm("Atelier").await);
        let mandate = mandated(&app, &firm, &one, &["read", "write"]).await;
        let get = |path: String| {
            let (app, one, firm) = (&app, &one, &firm);
            async move { acting_for(app, &one.token, &firm.id, "GET", &path, &json!({})).await }
        };
        let begin = get("/api/v1/changes/snapshot".to_owned()).await.expect(200);
        let kinds: BTreeSet<&str> = begin.items().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, BTreeSet::from(["organisation", "site"]));
        let since = begin.json["since"].as_str().unwrap().to_owned();
        app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        joined(&app, &firm, &one).await;
        let seen = get(format!("/api/v1/changes?since={since}")).await.expect(200);
        assert_eq!(told(seen.items()), ["offer created", "organisation changed"]);
        // A cursor of the mandate is none of the firm's own, nor of the cluster's.
        for token in [&firm.token, &one.token] {
            app.get(token, &format!("/api/v1/changes?since={since}")).await.expect(400);
        }
        let end = format!("/api/v1/organisations/{}/mandates/{mandate}/end", firm.id);
        app.post(&firm.token, &end, &json!({})).await.expect(200);
        get(format!("/api/v1/changes?since={since}")).await.expect(403);
    }
}

on_both! {
    async fn pag_05_forged_foreign_and_old_cursors_are_refused(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        let since = start(&app, &firm.token).await;
        let page = app.get(&firm.token, "/api/v1/changes/snapshot?limit=1").await.expect(200);
        let walk = page.json["next"].as_str().unwrap().to_owned();
        let refused = |answer: Answer| {
            let answer = answer.expect(400);
            assert_eq!(answer.json["code"], "invalid_cursor", "{}", answer.text);
        };
        refused(app.get(&other.token, &format!("/api/v1/changes?since={since}")).await);
        refused(app.get(&app.operator(), &format!("/api/v1/changes?since={since}")).await);
        refused(app.get(&firm.token, &format!("/api/v1/changes?types=offer&since={since}")).await);
        refused(app.get(&firm.token, &format!("/api/v1/changes?since={walk}")).await);
        refused(app.get(&firm.token, &format!("/api/v1/changes/snapshot?cursor={since}")).await);
        refused(app.get(&other.token, &format!("/api/v1/changes/snapshot?cursor={walk}")).await);
        for at in 0..since.len() {
            let mut forged = since.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            refused(app.get(&firm.token, &format!("/api/v1/changes?since={forged}")).await);
        }
        // Types in any order are the same types.
        let both = snapshot(&app, &firm.token, "&types=site,offer").await.1;
        app.get(&firm.token, &format!("/api/v1/changes?types=offer,site,offer&since={both}")).await.expect(200);

        // Nothing happens for long: nothing is lost, so the cursor goes on.
        app.clock.advance_micros(100 * 86_400_000_000);
        let token = app.token(firm.grant);
        assert_eq!(app::changes::forget(&app.app).await.unwrap(), 3, "all but the last of four");
        app.get(&token, &format!("/api/v1/changes?since={since}")).await.expect(200);
        // Something happened, and is no longer kept.
        for name in ["One", "Two", "Three"] {
            let moved = app.patch(&token, &format!("/api/v1/sites/{}", firm.site), "*", &json!({ "name": name })).await;
            moved.expect(200);
        }
        let (seen, fresh) = follow(&app, &token, &since).await;
        assert_eq!(seen.len(), 3);
        app.clock.advance_micros(91 * 86_400_000_000);
        let token = app.token(firm.grant);
        assert_eq!(app::changes::forget(&app.app).await.unwrap(), 3);
        let gone = app.get(&token, &format!("/api/v1/changes?since={since}")).await.expect(410);
        assert_eq!(gone.json["code"], "changes_gone");
        assert!(gone.text.contains("/api/v1/changes/snapshot"), "{}", gone.text);
        let streamed = stream(&app, &token, &since).await;
        assert_eq!(streamed.status, 410);
        app.get(&token, &format!("/api/v1/changes?since={fresh}")).await.expect(200);
        // A database that was restored from before the cursor.
        let restored = "DELETE FROM events WHERE number = (SELECT max(number) FROM events)";
        app.app.store.tamper(restored).await.unwrap();
        app.get(&token, &format!("/api/v1/changes?since={fresh}")).await.expect(410);
    }
}

/// A site that is written in a transaction which ends when it is told to.
fn pag_03_writing(
    app: &TestApp,
    firm: &Org,
    name: &str,
) -> (oneshot::Receiver<()>, oneshot::Sender<()>, tokio::task::JoinHandle<SiteId>) {
    let ((wrote, written), (go, gone)) = (oneshot::channel(), oneshot::channel());
    let (store, ids, now) = (app.app.store.clone(), Arc::clone(&app.app.ids), app.clock.now());
    let (site, name): (SiteId, String) = (firm.site.parse().unwrap(), name.to_owned());
    let task = tokio::spawn(async move {
        let mut site = storage::sites::get(&store, Scope::Operator, site).await.unwrap().record;
        (site.id, site.name) = (SiteId(ids.next(now)), name);
        let id = site.id;
        let written: Result<(), storage::StoreError> = store
            .write(move |tx| async move {
                storage::sites::insert(&tx, &site, now).await?;
                wrote.send(()).unwrap();
                gone.await.unwrap();
                Ok(())
            })
            .await;
        written.unwrap();
        id
    });
    (written, go, task)
}

/// On SQLite there is one writer, so that nothing can commit late.
#[test]
fn pag_03_what_commits_late_is_not_skipped() {
    on_postgres(async |db: TestDb| {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let since = start(&app, &firm.token).await;
        let (written, go, late) = pag_03_writing(&app, &firm, "Late");
        written.await.unwrap();
        let early =
            app.post(&firm.token, "/api/v1/sites", &json!({ "name": "Early", "region": "DE21" })).await.expect(201);
        let (first, since) = follow(&app, &firm.token, &since).await;
        assert_eq!(first.iter().map(|item| &item["id"]).collect::<Vec<_>>(), [&json!(early.id())]);
        go.send(()).unwrap();
        let late = late.await.unwrap();
        let (second, since) = follow(&app, &firm.token, &since).await;
        assert_eq!(second.iter().map(|item| &item["id"]).collect::<Vec<_>>(), [&json!(late.to_string())]);
        assert!(follow(&app, &firm.token, &since).await.0.is_empty());
    });
}

on_both! {
    async fn pag_03_eight_writers_and_a_reader_who_stops_and_goes_on(db: TestDb) {
        const WRITERS: usize = 8;
        const CHANGES: usize = 20;
        let app = Arc::new(TestApp::new(db));
        let firm = app.firm("Atelier").await;
        let mut since = start(&app, &firm.token).await;
        // Two processes number at once, beside the reader.
        let mut second = app.app.clone();
        second.store = app.db.another_store(PoolSize::default()).await;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let workers: Vec<_> = [app.app.clone(), second]
            .into_iter()
            .map(|app| {
                let mut stopped = stopped.clone();
                tokio::spawn(async move { app::changes::work(&app, async { drop(stopped.wait_for(|s| *s).await) }).await })
            })
            .collect();
        let shared = firm.site.clone();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (app, firm, shared) = (Arc::clone(&app), firm.clone(), shared.clone());
                tokio::spawn(async move {
                    let body = json!({ "name": format!("Site {writer}"), "region": "DE21" });
                    let own = app.post(&firm.token, "/api/v1/sites", &body).await.expect(201).id();
                    for round in 0..CHANGES {
                        // A record of its own, and one that all change.
                        for (site, name) in [(&own, format!("{writer} {round}")), (&shared, format!("{writer}/{round}"))] {
                            let path = format!("/api/v1/sites/{site}");
                            app.patch(&firm.token, &path, "*", &json!({ "name": name })).await.expect(200);
                        }
                    }
                    own
                })
            })
            .collect();
        let reader = {
            let (app, firm) = (Arc::clone(&app), firm.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                let wanted = WRITERS * (1 + 2 * CHANGES);
                for turn in 0.. {
                    // Pages of uneven length; it goes on now from the end of a page and now from amid it.
                    let query = format!("/api/v1/changes?wait=5&limit={}&since={since}", 1 + turn % 7);
                    let page = app.get(&firm.token, &query).await.expect(200);
                    let cut = if turn % 3 == 0 { page.items().len().div_ceil(2) } else { page.items().len() };
                    seen.extend(page.items()[..cut].to_vec());
                    since = match page.items().get(cut.wrapping_sub(1)) {
                        Some(last) if cut < page.items().len() => last["cursor"].as_str().unwrap().to_owned(),
                        _ => page.json["next"].as_str().unwrap().to_owned(),
                    };
                    if seen.len() >= wanted && page.items().is_empty() {
                        break;
                    }
                    assert!(turn < 10 * wanted, "{} of {wanted} after {turn} pages", seen.len());
                }
                seen
            })
        };
        let mut own = BTreeSet::new();
        for writer in writers {
            own.insert(writer.await.unwrap());
        }
        let seen = reader.await.unwrap();
        stop.send(true).unwrap();
        for worker in workers {
            worker.await.unwrap();
        }
        assert_eq!(seen.len(), WRITERS * (1 + 2 * CHANGES));
        let cursors: BTreeSet<&str> = seen.iter().map(|item| item["cursor"].as_str().unwrap()).collect();
        assert_eq!(cursors.len(), seen.len(), "each once");
        let mut by_site: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for item in &seen {
            by_site.entry(item["id"].as_str().unwrap()).or_default().push(item["what"].as_str().unwrap());
        }
        for id in &own {
            let words = &by_site[id.as_str()];
            assert_eq!((words[0], words.len()), ("created", 1 + CHANGES), "in order");
            assert!(words[1..].iter().all(|word| *word == "changed"));
        }
        assert_eq!(by_site[shared.as_str()].len(), WRITERS * CHANGES);
        // Whoever reads all of it once more reads the same in the same order.
        let first = seen[0]["cursor"].as_str().unwrap();
        let again = follow(&app, &firm.token, first).await.0;
        let places = |items: &[Value]| items.iter().map(|item| item["cursor"].clone()).collect::<Vec<_>>();
        assert_eq!(places(&again), places(&seen[1..]));
    }
}

on_both! {
    async fn every_operation_on_what_is_followed_leaves_an_event(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let since = start(&app, &operator).await;
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201).id();
        app.clock.advance_micros(1);
        app.patch(&firm.token, &format!("/api/v1/offers/{offer}"), "*", &json!({ "note": "n" })).await.expect(200);
        app.patch(&firm.token, &format!("/api/v1/sites/{}", firm.site), "*", &json!({ "name": "Yard" })).await.expect(200);
        app.patch(&firm.token, &format!("/api/v1/organisations/{}", firm.id), "*", &json!({ "name": "Renamed" })).await.expect(200);
        app.clock.advance_micros(1);
        app.post(&firm.token, &format!("/api/v1/offers/{offer}/withdraw"), &json!({})).await.expect(200);
        let need = app.post(&hospital.token, "/api/v1/needs", &needs::plain(&hospital)).await.expect(201).id();
        app.clock.advance_micros(1);
        app.patch(&hospital.token, &format!("/api/v1/needs/{need}"), "*", &json!({ "urgency": "low" })).await.expect(200);
        app.clock.advance_micros(1);
        app.post(&hospital.token, &format!("/api/v1/needs/{need}/close"), &json!({ "reason": "need_gone" })).await.expect(200);
        people::whatever_a_person_does(&app, &firm).await;
        memberships::whatever_clusters_do(&app).await;
        calls::whatever_issuers_do(&app, &firm).await;
        let run = app.post(&operator, "/api/v1/match-runs", &json!({})).await.expect(202).id();
        app.post(&operator, &format!("/api/v1/match-runs/{run}/cancel"), &json!({})).await.expect(200);
        chains::whatever_leads_do(&app).await;
        let made = certificates::published(&app, &firm, json!([certificates::paper("DE-4711")])).await;
        app.clock.advance_micros(1);
        let review = format!("{}/review", evidence::addresses(&made).0.trim_end_matches("/evidence"));
        app.post(&operator, &review, &json!({ "status": "checked" })).await.expect(200);
        let alert = app.post(&firm.token, "/api/v1/alerts", &crate::alerts::short_of(1)).await.expect(201).id();
        app.clock.advance_micros(1);
        app.patch(&firm.token, &format!("/api/v1/alerts/{alert}"), "*", &json!({ "name": "Renamed" })).await.expect(200);
        // Whatever the audit log tells of a record that is followed, an event tells of the same record and instant.
        let (events, _) = follow(&app, &operator, &since).await;
        let named = |item: &Value| item["id"].as_str().unwrap().to_owned();
        let seen: BTreeSet<String> = events.iter().map(|item| format!("{} {}", item["type"].as_str().unwrap(), named(item))).collect();
        let times: BTreeSet<String> = events
            .iter()
            .filter_map(|item| Some(format!("{} {} {}", item["type"].as_str()?, item["id"].as_str()?, item["at"].as_str()?)))
            .collect();
        let (mut log, mut next) = (Vec::new(), String::new());
        loop {
            let page = app.get(&operator, &format!("/api/v1/audit?limit=200{next}")).await.expect(200);
            log.extend(page.items().to_vec());
            let Some(cursor) = page.json["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        let followed: Vec<&str> = Subject::ALL.into_iter().map(Subject::as_str).collect();
        let mut checked = BTreeSet::new();
        // Who opens a record or asks to act for an organisation changes neither.
                let reads = |entry: &Value| entry["act"] == "ask" || entry["act"] == "open" && entry["record"] != "call";
        for entry in log.iter().filter(|entry| !reads(entry)) {
            let record = entry["record"].as_str().unwrap().trim_start_matches("match_");
            if followed.contains(&record) {
                let id = entry["record_id"].as_str().unwrap();
                // What is gone has no instant any more.
                let there = format!("{record} {id} {}", entry["at"].as_str().unwrap());
                assert!(times.contains(&there) && seen.contains(&format!("{record} {id}")), "{entry}");
                checked.insert(format!("{} {record}", entry["act"].as_str().unwrap()));
            }
        }
        assert!(checked.len() >= 30, "{checked:?}");
        for subject in followed {
            assert!(checked.iter().any(|one| one.ends_with(&format!(" {subject}"))), "{subject}: {checked:?}");
        }
    }
}
