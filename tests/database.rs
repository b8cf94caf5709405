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
    async fn what_changes_at_once_is_not_overwritten(db: TestDb) {
        use app::imports::{ImportFile, ImportOptions};
        let app = Arc::new(TestApp::new(db));
        let firm = app.firm("Atelier").await;
        let caller = firm.caller();
        let import = |rows: Vec<String>| {
            let (app, caller) = (Arc::clone(&app), caller.clone());
            let bytes = format!("id,product,quantity\n{}", rows.concat()).into_bytes();
            async move {
                let mapping = exchange::tables::Mapping::plain(exchange::tables::Kind::Offers);
                let file = ImportFile { name: "f.csv".to_owned(), bytes };
                app::imports::offers(&app.app, &caller, file, &mapping, ImportOptions::default()).await.unwrap()
            }
        };
        let rows = |quantity: u32| (0..20).map(move |i| format!("{i},ffp,{quantity}\n")).collect::<Vec<_>>();
        import(rows(10)).await;
        let list = app.get(&firm.token, "/api/v1/offers?limit=200").await.expect(200);
        // Each withdrawn, in a transaction that stays open until the import waits for it or has gone past it.
        let ids: Vec<_> = list.items().iter().map(|o| o["id"].as_str().unwrap().parse().map(domain::ids::OfferId).unwrap()).collect();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let (store, now) = (app.app.store.clone(), domain::time::Clock::now(app.clock.as_ref()));
        let withdrawn = tokio::spawn(async move {
            let work = async move |tx: storage::Tx| {
                for id in ids {
                    let mut offer = storage::offers::get_to_change(&tx, storage::Scope::Operator, id).await?.record;
                    offer.state = domain::offer::OfferState::Withdrawn;
                    storage::offers::update(&tx, storage::Scope::Operator, &offer, now).await?;
                }
                begun.send(()).unwrap();
                gone.await.unwrap();
                Ok::<_, storage::StoreError>(())
            };
            store.write(work).await
        });
        has_begun.await.unwrap();
        let mut importing = tokio::spawn(import(rows(11)));
        assert!(tokio::time::timeout(Duration::from_millis(500), &mut importing).await.is_err(), "the import waits");
        go.send(()).unwrap();
        withdrawn.await.unwrap().unwrap();
        assert_eq!(importing.await.unwrap().counts.updated, 20);
        let list = app.get(&firm.token, "/api/v1/offers?limit=200").await.expect(200);
        for offer in list.items() {
            assert_eq!((&offer["state"], &offer["capacity"]["stock"]["value"]), (&"withdrawn".into(), &11.into()), "{offer}");
        }
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
        let id = domain::ids::OrganisationId(app.app.ids.next(domain::time::Clock::now(app.clock.as_ref())));
        let ghost = app.token(app::tokens::Grant { actor: app::Actor::Organisation(id), ..firm.grant });
        for _ in 0..20 {
            app.post(&ghost, "/api/v1/offers", &offers::plain(&firm)).await.expect(401);
        }
        assert_eq!(app.get(&app.operator(), "/api/v1/offers").await.items().len(), 0);
    }
}
