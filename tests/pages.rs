//! Lists come in pages that neither lose nor repeat a record.

use std::collections::BTreeSet;

use serde_json::json;
use testkit::{Org, TestApp, TestDb, on_both};

use crate::{needs, offers};

async fn publish(app: &TestApp, firm: &Org, count: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for _ in 0..count {
        ids.insert(app.post(&firm.token, "/api/v1/offers", &offers::plain(firm)).await.expect(201).id());
    }
    ids
}

on_both! {
    async fn pag_01_and_pag_02_a_walk_sees_each_record_once(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        // The clock stands still, so all are of one instant.
        let before = publish(&app, &firm, 25).await;
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = app.get(&firm.token, &format!("/api/v1/offers?limit=10{cursor}")).await.expect(200);
            seen.extend(page.items().iter().map(|o| o["id"].as_str().unwrap().to_owned()));
            pages += 1;
            if pages == 1 {
                publish(&app, &firm, 3).await;
                app.post_text(&firm.token, &format!("/api/v1/offers/{}/withdraw", seen[0]), "").await.expect(200);
            }
            assert!(!page.items().is_empty(), "no empty page at the end");
            let Some(next) = page.json["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
            assert_eq!(page.header("link"), format!("</api/v1/offers?limit=10{cursor}>; rel=\"next\""));
        }
        let unique: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(unique.len(), seen.len());
        assert!(unique.is_superset(&before));
    }
}

/// The ids of a list, page by page, and how many pages there were.
async fn walk(app: &TestApp, token: &str, query: &str, limit: usize) -> (Vec<String>, usize) {
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let separator = if query.contains('?') { '&' } else { '?' };
        let page = app.get(token, &format!("/api/v1/{query}{separator}limit={limit}{cursor}")).await.expect(200);
        seen.extend(page.items().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = page.json["next"].as_str() else { return (seen, pages) };
        cursor = format!("&cursor={next}");
    }
}

on_both! {
    async fn pag_02_rows_of_one_instant_are_seen_once_each_in_both_directions(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        // The clock stands still: 20 of one instant and one day, and then five more.
        let mut ids = publish(&app, &firm, 20).await;
        app.clock.advance_micros(1);
        ids.extend(publish(&app, &firm, 5).await);
        for key in ["created_at", "confirm_by"] {
            for (limit, pages) in [(5, 5), (25, 1), (7, 4)] {
                let (up, count) = walk(&app, &firm.token, &format!("offers?sort={key}"), limit).await;
                let (mut down, _) = walk(&app, &firm.token, &format!("offers?sort=-{key}"), limit).await;
                down.reverse();
                assert_eq!((&up, count), (&down, pages), "{key} {limit}");
                assert_eq!(up.iter().cloned().collect::<BTreeSet<_>>(), ids, "{key} {limit}");
            }
        }
    }
}

on_both! {
    async fn every_list_goes_both_ways_and_is_counted_on_request(db: TestDb) {
        let app = TestApp::new(db);
        let operator = app.operator();
        let (firm, hospital) = (app.firm("Atelier").await, app.hospital("Hôpital").await);
        for _ in 0..3 {
            app.clock.advance_micros(1);
            app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
            let mut need = needs::plain(&hospital);
            need["instalments"][0]["quantity"]["value"] = 100.into();
            app.post(&hospital.token, "/api/v1/needs", &need).await.expect(201);
            app.post(&firm.token, "/api/v1/api-keys", &json!({ "name": "Portal" })).await.expect(201);
        }
        app.post(&operator, "/api/v1/match-runs", &json!({})).await.expect(202);
        app.work().await;
        for list in ["offers", "needs", "sites", "organisations", "matches", "match-runs", "api-keys", "audit"] {
            let (up, _) = walk(&app, &operator, &format!("{list}?sort=created_at"), 2).await;
            let (mut down, _) = walk(&app, &operator, &format!("{list}?sort=-created_at"), 2).await;
            assert_eq!(walk(&app, &operator, list, 200).await.0, if list == "audit" { down.clone() } else { up.clone() });
            down.reverse();
            assert!(!up.is_empty() && up == down, "{list}");
            let uncounted = app.get(&operator, &format!("/api/v1/{list}?limit=1&total=false")).await.expect(200);
            assert_eq!(uncounted.json.get("total"), None, "{list}");
            let counted = app.get(&operator, &format!("/api/v1/{list}?limit=1&total=true")).await.expect(200);
            assert_eq!((counted.items().len(), &counted.json["total"]), (1, &json!(up.len())), "{list}");
            let next = counted.json["next"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
            let later = app.get(&operator, &format!("/api/v1/{list}?limit=1&total=true{next}")).await.expect(200);
            assert_eq!(later.json["total"], counted.json["total"], "{list}: of all pages, whichever is asked for");
            for wrong in ["sort=name", "sort=%2Bcreated_at", "sort=--created_at", "sort=", "sort=created_at,id"] {
                let refused = app.get(&operator, &format!("/api/v1/{list}?{wrong}")).await.expect(422);
                assert_eq!((refused.faults(), &refused.json["code"]), (vec!["/sort bad_value".to_owned()], &json!("invalid_query")));
                assert!(refused.json["detail"].as_str().unwrap().contains("created_at, -created_at"), "{}", refused.text);
            }
            assert_eq!(app.get(&operator, &format!("/api/v1/{list}?total=yes")).await.expect(422).faults(), ["/total bad_value"]);
        }
        // A count tells no more than the list does: of others' records, or beyond a filter, there is nothing to count.
        for (token, query, total) in [
            (&firm.token, "offers?total=true", 3),
            (&hospital.token, "offers?total=true", 0),
            (&operator, "offers?total=true&product=face-shield", 0),
            (&operator, "offers?total=true&state=published", 3),
            (&firm.token, "organisations?total=true&q=%25", 0),
            (&firm.token, &format!("sites?total=true&organisation={}", hospital.id), 0),
        ] {
            assert_eq!(app.get(token, &format!("/api/v1/{query}")).await.expect(200).json["total"], total, "{query}");
        }
    }
}

on_both! {
    async fn offers_are_sorted_by_the_day_they_must_be_confirmed_by(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        for as_of in ["2020-04-03", "2020-03-20", "2020-04-06", "2020-03-20"] {
            let mut offer = offers::plain(&firm);
            offer["as_of"] = json!(as_of);
            app.clock.advance_micros(1);
            app.post(&firm.token, "/api/v1/offers", &offer).await.expect(201);
        }
        for (sort, expected) in [
            ("confirm_by", ["2020-04-19", "2020-04-19", "2020-05-03", "2020-05-06"]),
            ("-confirm_by", ["2020-05-06", "2020-05-03", "2020-04-19", "2020-04-19"]),
        ] {
            let found = app.get(&firm.token, &format!("/api/v1/offers?sort={sort}")).await.expect(200);
            let days: Vec<&str> = found.items().iter().map(|offer| offer["confirm_by"].as_str().unwrap()).collect();
            assert_eq!(days, expected);
            assert_eq!(walk(&app, &firm.token, &format!("offers?sort={sort}"), 1).await.0.len(), 4);
        }
    }
}

on_both! {
    async fn a_full_last_page_has_no_next(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        publish(&app, &firm, 4).await;
        for (limit, count, more) in [(2, 2, true), (4, 4, false), (5, 4, false)] {
            let page = app.get(&firm.token, &format!("/api/v1/offers?limit={limit}")).await.expect(200);
            assert_eq!((page.items().len(), page.json["next"].is_string()), (count, more), "{limit}");
            assert_eq!(page.header("link").is_empty(), !more, "{limit}");
        }
    }
}

on_both! {
    async fn pag_05_a_forged_or_foreign_cursor_is_refused(db: TestDb) {
        let app = TestApp::new(db);
        let (firm, other) = (app.firm("Atelier").await, app.firm("Other").await);
        publish(&app, &firm, 3).await;
        let page = app.get(&firm.token, "/api/v1/offers?limit=1").await.expect(200);
        let cursor = page.json["next"].as_str().unwrap().to_owned();
        for same in ["", "&sort=created_at", "&total=true", "&limit=2"] {
            app.get(&firm.token, &format!("/api/v1/offers?cursor={cursor}{same}")).await.expect(200);
        }
        let flipped = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
        for (token, path) in [
            (&firm.token, format!("/api/v1/offers?cursor={flipped}")),
            (&firm.token, format!("/api/v1/offers?cursor={}", &cursor[..cursor.len() - 1])),
            (&firm.token, format!("/api/v1/offers?cursor={cursor}&product=ffp")),
            (&firm.token, format!("/api/v1/offers?cursor={cursor}&sort=-created_at")),
            (&firm.token, format!("/api/v1/offers?cursor={cursor}&sort=confirm_by")),
            (&firm.token, format!("/api/v1/needs?cursor={cursor}")),
            (&other.token, format!("/api/v1/offers?cursor={cursor}")),
            (&app.operator(), format!("/api/v1/offers?cursor={cursor}")),
            (&firm.token, "/api/v1/offers?cursor=".to_owned()),
            (&firm.token, "/api/v1/offers?cursor=%F0%9F%98%B7".to_owned()),
        ] {
            let answer = app.get(token, &path).await.expect(400);
            assert_eq!(answer.json["code"], "invalid_cursor", "{path}");
        }
    }
}
