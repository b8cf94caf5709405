//! Lists come in pages that neither lose nor repeat a record.

use std::collections::BTreeSet;

use testkit::{Org, TestApp, TestDb, on_both};

use crate::offers;

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
        app.get(&firm.token, &format!("/api/v1/offers?cursor={cursor}")).await.expect(200);
        let flipped = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
        for (token, path) in [
            (&firm.token, format!("/api/v1/offers?cursor={flipped}")),
            (&firm.token, format!("/api/v1/offers?cursor={}", &cursor[..cursor.len() - 1])),
            (&firm.token, format!("/api/v1/offers?cursor={cursor}&product=ffp")),
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
