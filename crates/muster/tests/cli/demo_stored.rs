//! The demo market goes into both databases as it was built, and only where nothing else is.

use app::matches::{self, Move};
use domain::{eligibility::Rules, organisation::Organisation, time::Instant};
use muster::demo::{self, store::Before};
use storage::StoreError;
use testkit::{TestApp, TestDb, on_both};

use crate::demo_market::{TABLES, market};

on_both!(
    async fn it_is_read_back_as_it_was_built(db: TestDb) {
        let (market, app) = (market(7), TestApp::new(db));
        let (parameters, store) = (demo::store::parameters(), &app.app.store);
        let rules = Rules { market: &market, catalogue: &TABLES.0, regions: &TABLES.1, parameters: &parameters };
        for expected in [Before::Empty, Before::ThisDemo] {
            let before = demo::store::before(store, &market).await.unwrap();
            assert_eq!(before, expected);
            demo::store::store(store, before, &market).await.unwrap();
            demo::store::promises(&app.app, 7, &rules).await.unwrap();
            let stored = storage::market::snapshot(store, market.day, Instant::start_of(market.day)).await.unwrap();
            assert!(stored == market, "the stored market is not the one that was built");
        }
        let other = crate::demo_market::market(8);
        let refused = demo::store::before(store, &other).await.unwrap_err().to_string();
        assert!(refused.contains("another seed"), "{refused}");
        let sound = app::ledger::verify(&app.app).await.unwrap();
        assert!(sound.faults.is_empty(), "{:?}", sound.faults);
    }
);

on_both!(
    async fn what_a_killed_program_left_out_is_made_up_for(db: TestDb) {
        let (market, app) = (market(7), TestApp::new(db));
        let (parameters, store) = (demo::store::parameters(), &app.app.store);
        demo::store::store(store, Before::Empty, &market).await.unwrap();
        let before = demo::store::before(store, &market).await.unwrap();
        assert_eq!(before, Before::ThisDemo);
        let rules = Rules { market: &market, catalogue: &TABLES.0, regions: &TABLES.1, parameters: &parameters };
        demo::store::suggest(store, 7, &rules).await.unwrap();
        // It got as far as putting one of them to its sides.
        let operator = app::access::Caller::command_line();
        let first = market.commitments[0].match_id;
        matches::make(&app.app, &operator, first, Move::Propose(None)).await.unwrap();
        demo::store::promises(&app.app, 7, &rules).await.unwrap();
        let stored = storage::market::snapshot(store, market.day, Instant::start_of(market.day)).await.unwrap();
        assert!(stored == market, "the promises are not there");
    }
);

on_both!(
    async fn it_never_mixes_with_a_market(db: TestDb) {
        let market = market(7);
        let own = Organisation { name: "Acme".to_owned(), ..market.organisations.values().next().unwrap().clone() };
        let own = Organisation { id: testkit::SeededIds::new(1).next(domain::ids::OrganisationId), ..own };
        let own = Organisation { clusters: Vec::new(), ..own };
        let at = Instant::start_of(market.day);
        let work = move |tx: storage::Tx| async move {
            storage::organisations::insert(&tx, &own, None, at).await?;
            Ok::<_, StoreError>(())
        };
        db.store.write(work).await.unwrap();
        let refused = demo::store::before(&db.store, &market).await.unwrap_err().to_string();
        assert!(refused.contains("no demo"), "{refused}");
    }
);
