//! What the database must bear: bursts, cut-off requests, values that fit one database and not the other.

use std::{sync::Arc, time::Duration};

use testkit::{TestApp, TestDb, on_both};
use tokio::task::JoinSet;

use crate::offers;

on_both! {
    async fn db_01_fifty_writers_and_fifty_readers_at_once(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let mut firms = Vec::new();
        for i in 0..50 {
            firms.push(app.firm(&format!("Firm {i}")).await);
        }
        let mut tasks = JoinSet::new();
        for firm in firms {
            let (writer, reader, token) = (Arc::clone(&app), Arc::clone(&app), firm.token.clone());
            tasks.spawn(async move { writer.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.status });
            tasks.spawn(async move { reader.get(&token, "/api/v1/offers").await.status });
        }
        let mut statuses = tasks.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [[200; 50], [201; 50]].concat());
        let all = app.get(&app.operator(), "/api/v1/offers?limit=200").await.expect(200);
        assert_eq!(all.items().len(), 50);
    }
}

on_both! {
    async fn db_03_a_request_that_is_cut_off_leaves_nothing_open(db: TestDb) {
        let app = Arc::new(TestApp::new(db));
        let firm = app.firm("Atelier").await;
        for i in 0..100 {
            let body = offers::plain(&firm);
            let request = app.post(&firm.token, "/api/v1/offers", &body);
            // The client hangs up after 0 to 2 ms; what was begun is made whole or not at all.
            drop(tokio::time::timeout(Duration::from_micros(i * 20), request).await);
        }
        let acknowledged = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
        let fresh = app.db.another_store(storage::PoolSize::default()).await;
        let id = acknowledged.id().parse().map(domain::ids::OfferId).unwrap();
        storage::offers::get(&fresh, storage::Scope::Operator, id).await.unwrap();
    }
}

on_both! {
    async fn db_04_and_db_05_instants_have_one_width_and_sort_as_text(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let mut made = Vec::new();
        for step in [0, 500_000, 1, 499_999, 1_000_000] {
            app.clock.advance_micros(step);
            let offer = app.post(&firm.token, "/api/v1/offers", &offers::plain(&firm)).await.expect(201);
            made.push(offer.json["created_at"].as_str().unwrap().to_owned());
        }
        assert_eq!(made[0], "2020-04-06T08:00:00.000000Z");
        assert!(made.iter().all(|t| t.len() == 27) && made.is_sorted(), "{made:?}");
        let list = app.get(&firm.token, "/api/v1/offers").await;
        let listed: Vec<&str> = list.items().iter().filter_map(|o| o["created_at"].as_str()).collect();
        assert_eq!(listed, made);
    }
}

on_both! {
    async fn db_16_a_token_of_an_organisation_that_is_not_there_writes_nothing(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let ghost = app.token(app::Actor::Organisation(domain::ids::OrganisationId(app.app.ids.next(
            domain::time::Clock::now(app.clock.as_ref()),
        ))));
        for _ in 0..20 {
            let answer = app.post(&ghost, "/api/v1/offers", &offers::plain(&firm)).await.expect(422);
            assert_eq!(answer.faults(), ["/organisation unknown_organisation"]);
        }
        assert_eq!(app.get(&app.operator(), "/api/v1/offers").await.items().len(), 0);
    }
}
