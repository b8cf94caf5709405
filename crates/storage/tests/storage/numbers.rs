//! Numbers at their limits, and many values at once.

use domain::{
    ids::{MatchId, OfferId, RunId},
    need::{Instalment, Need},
    quantity::{Measure, Quantity},
};
use storage::{
    PageRequest, Scope, StoreError, needs, offers,
    runs::{self, FinishedRun, NewMatch, NewRun},
};
use testkit::{Builder, TestDb, builders::pieces, on_both};

use crate::seed::{firm, now};

on_both!(
    async fn db_11_numbers_beyond_32_bits_fit_and_the_limit_is_the_same(db: TestDb) {
        let make = Builder::new(1);
        let (_, site) = firm(&db.store, &make, "Firm").await;
        let store = |need: Need| {
            let store = db.store.clone();
            async move { store.write(async move |tx| needs::insert(&tx, &need, now()).await).await }
        };
        for units in [2_147_483_648, Quantity::LIMIT] {
            let need = make.need(&site, "medical-mask", units);
            let id = need.id;
            store(need.clone()).await.unwrap();
            assert_eq!(needs::get(&db.store, Scope::Operator, id).await.unwrap().record, need);
        }
        // Nothing is no instalment; a quantity above the limit cannot even be made.
        let mut empty = make.need(&site, "medical-mask", 1);
        empty.instalments = vec![Instalment {
            measure: Measure { quantity: Quantity::ZERO, ..pieces(1) },
            ..make.instalment(1, make.today)
        }];
        let id = empty.id;
        let result = store(empty).await;
        assert!(matches!(result, Err(StoreError::Constraint(_))), "{result:?}");
        let rest = needs::get(&db.store, Scope::Operator, id).await;
        assert!(matches!(rest, Err(StoreError::NotFound)), "the need is stored without its instalment: {rest:?}");
        assert_eq!(Quantity::new(Quantity::LIMIT + 1), None);
    }
);

on_both!(
    async fn db_13_bulk_inserts_and_long_lists_of_ids_work(db: TestDb) {
        let make = Builder::new(2);
        let (_, site) = firm(&db.store, &make, "Firm").await;
        let offer = make.offer(&site, "medical-mask", 1_000);
        let mut need = make.need(&site, "medical-mask", 1_000);
        let due = make.today.plus(7);
        need.instalments = (0..4_000).map(|_| make.instalment(1, due)).collect();
        let run = NewRun {
            id: make.ids.next(RunId),
            requested_by: None,
            day: make.today,
            parameters_json: "{}".to_owned(),
            at: now(),
        };
        let rows = (offer.clone(), need.clone(), run);
        db.store
            .write(async move |tx| {
                offers::insert(&tx, &rows.0, now()).await?;
                needs::insert(&tx, &rows.1, now()).await?;
                runs::enqueue(&tx, &rows.2).await
            })
            .await
            .unwrap();

        // 4,000 matches of 20 columns are 80,000 values.
        let claimed =
            runs::claim(&db.store, "worker", now(), std::time::Duration::from_secs(60)).await.unwrap().unwrap();
        let matches = need.instalments.iter().map(|part| NewMatch {
            id: make.ids.next(MatchId),
            offer: offer.id,
            need: need.id,
            instalment: part.id,
            tier: 3,
            quantity: part.measure.quantity,
            cutoff: part.due,
            explanation_json: "{}".to_owned(),
        });
        let finished = FinishedRun { matches: matches.collect(), ..FinishedRun::default() };
        runs::finish(&db.store, &claimed, finished, now()).await.unwrap();
        let filter = storage::matches::MatchFilter::default();
        let mut request = PageRequest::first(PageRequest::MOST);
        let mut count = 0;
        loop {
            let page = storage::matches::page(&db.store, Scope::Operator, &filter, request).await.unwrap();
            count += page.items.len();
            let Some(next) = page.next else { break };
            request.after = Some(next);
        }
        assert_eq!(count, 4_000);

        let many = (0..40_000).map(|_| make.ids.next(OfferId)).chain([offer.id]);
        let found = offers::get_many(&db.store, Scope::Operator, many).await.unwrap();
        assert_eq!(found.len(), 1);
    }
);
