//! What runs saw: stored once under its hash, let go in time, and never served where it was changed.

use std::time::Duration;

use domain::{
    ids::{MatchId, RunId},
    market::{Market, Suggestion},
    time::Instant,
};
use storage::{
    Scope, Store, market, needs, offers,
    runs::{self, FinishedRun, NewMatch, NewRun, Seen},
    snapshots::{Snapshot, SnapshotKind},
};
use testkit::{Builder, TestDb, builders::quantity, on_both};

use crate::seed::{firm, now};

async fn done(store: &Store, make: &Builder, finished: FinishedRun, at: Instant) -> RunId {
    let new =
        NewRun { id: make.ids.next(RunId), requested_by: None, day: make.today, parameters_json: "{}".into(), at };
    let id = new.id;
    store.write(async move |tx| runs::enqueue(&tx, &new).await).await.unwrap();
    let claimed = runs::claim(store, "a", at, Duration::from_secs(60)).await.unwrap().unwrap();
    runs::finish(store, &claimed, finished, at).await.unwrap();
    id
}

fn seen(market: &Market) -> Seen {
    Seen {
        market: Snapshot::of(SnapshotKind::Market, market).unwrap(),
        tables: Snapshot::of(SnapshotKind::Tables, &"the tables").unwrap(),
    }
}

on_both!(
    async fn a_snapshot_is_stored_once_and_reads_as_it_was(db: TestDb) {
        let make = Builder::new(1);
        let (_, site) = firm(&db.store, &make, "Firm").await;
        let offer = make.offer(&site, "medical-mask", 100);
        db.store.write(async move |tx| offers::insert(&tx, &offer, now()).await).await.unwrap();
        let market =
            market::snapshot(&db.store, make.today, domain::time::Instant::start_of(make.today)).await.unwrap();
        let mut ids = Vec::new();
        for _ in 0..2 {
            let finished = FinishedRun { seen: Some(seen(&market)), ..FinishedRun::default() };
            ids.push(done(&db.store, &make, finished, now()).await);
        }
        for id in ids {
            let result = runs::result(&db.store, id).await.unwrap();
            let stored = result.market.unwrap();
            assert_eq!(result.run.market_hash.as_ref(), Some(&stored.hash));
            assert_eq!(stored.open::<Market>().unwrap(), market);
            assert!((stored.packed_size() as u64) < stored.size);
            assert_eq!(result.tables.unwrap().open::<String>().unwrap(), "the tables");
        }
    }
);

on_both!(
    async fn snapshots_that_no_kept_run_saw_are_let_go(db: TestDb) {
        let make = Builder::new(2);
        let day = |n: i64| now().plus_micros(n * 86_400_000_000);
        let mut ids = Vec::new();
        for n in 0..3 {
            let market = Market::new(make.today.plus(i32::try_from(n).unwrap()));
            let seen = Some(seen(&market));
            let finished = FinishedRun { seen, forget_before: Some(day(n - 1)), ..FinishedRun::default() };
            ids.push(done(&db.store, &make, finished, day(n)).await);
        }
        let mut kept = Vec::new();
        for id in ids {
            let result = runs::result(&db.store, id).await.unwrap();
            assert!(result.run.market_hash.is_some(), "the hash outlives the snapshot");
            assert!(result.tables.is_some(), "the tables were seen by a run that is kept");
            kept.push(result.market.is_some());
        }
        assert_eq!(kept, [false, true, true]);
        let finished = FinishedRun { forget_before: Some(day(30)), ..FinishedRun::default() };
        let last = done(&db.store, &make, finished, day(30)).await;
        let result = runs::result(&db.store, last).await.unwrap();
        assert_eq!((result.run.market_hash, result.market, result.tables), (None, None, None));
    }
);

on_both!(
    async fn the_market_holds_what_the_latest_run_suggested(db: TestDb) {
        let make = Builder::new(3);
        let (_, site) = firm(&db.store, &make, "Supplier").await;
        let (_, ward) = firm(&db.store, &make, "Buyer").await;
        let (offer, mut need) = (make.offer(&site, "medical-mask", 100), make.need(&ward, "medical-mask", 50));
        need.instalments.push(make.instalment(20, make.today.plus(40)));
        need.instalments.sort_by_key(|i| i.id);
        let rows = (offer.clone(), need.clone());
        db.store
            .write(async move |tx| {
                offers::insert(&tx, &rows.0, now()).await?;
                needs::insert(&tx, &rows.1, now()).await
            })
            .await
            .unwrap();
        for units in [10, 15] {
            let found = need.instalments.iter().map(|part| NewMatch {
                id: make.ids.next(MatchId),
                offer: offer.id,
                need: need.id,
                instalment: part.id,
                tier: 3,
                quantity: quantity(units),
                cutoff: part.due,
                explanation_json: "{}".to_owned(),
            });
            let finished = FinishedRun { matches: found.collect(), ..FinishedRun::default() };
            done(&db.store, &make, finished, now()).await;
        }
        let suggested =
            |part: usize| Suggestion { offer: offer.id, instalment: need.instalments[part].id, quantity: quantity(15) };
        let seen = market::snapshot(&db.store, make.today, domain::time::Instant::start_of(make.today)).await.unwrap();
        assert_eq!(seen.suggestions, [suggested(0), suggested(1)]);

        // What is no longer asked for is suggested to nobody.
        let mut less = need.clone();
        less.instalments.remove(0);
        db.store.write(async move |tx| needs::update(&tx, Scope::Operator, &less, now()).await).await.unwrap();
        let seen = market::snapshot(&db.store, make.today, domain::time::Instant::start_of(make.today)).await.unwrap();
        let left = &seen.needs[0].instalments;
        assert_eq!((left.len(), seen.suggestions.len()), (1, 1));
        assert_eq!(seen.suggestions[0].instalment, left[0].id);
    }
);
