//! What belongs to others does not exist.

use domain::ids::{MatchId, RunId};
use std::time::Duration;
use storage::{
    PageRequest, Scope, StoreError, lines, matches, needs, offers, organisations,
    runs::{self, FinishedRun, NewMatch, NewRun, NewShortage},
    shortages, sites,
};
use testkit::{Builder, TestDb, builders::quantity, on_both};

use crate::seed::{firm, now};

fn hidden<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}");
}

on_both!(
    async fn an_organisation_sees_its_own_and_matches_of_its_own(db: TestDb) {
        let make = Builder::new(1);
        let (supplier, site) = firm(&db.store, &make, "Supplier").await;
        let (buyer, ward) = firm(&db.store, &make, "Buyer").await;
        let (stranger, _) = firm(&db.store, &make, "Stranger").await;
        let (offer, need) = (make.offer(&site, "medical-mask", 100), make.need(&ward, "medical-mask", 50));
        let line = make.line(&site, 100);
        let run = NewRun {
            id: make.ids.next(RunId),
            requested_by: Some(buyer.id),
            day: make.today,
            parameters_json: "{}".to_owned(),
            at: now(),
        };
        let rows = (offer.clone(), need.clone(), line.clone(), run.clone());
        db.store
            .write(async move |tx| {
                lines::insert(&tx, &rows.2, now()).await?;
                offers::insert(&tx, &rows.0, now()).await?;
                needs::insert(&tx, &rows.1, now()).await?;
                runs::enqueue(&tx, &rows.3).await
            })
            .await
            .unwrap();
        let claimed = runs::claim(&db.store, "worker", now(), Duration::from_secs(60)).await.unwrap().unwrap();
        let part = &need.instalments[0];
        let found = NewMatch {
            id: make.ids.next(MatchId),
            offer: offer.id,
            need: need.id,
            instalment: part.id,
            tier: 3,
            quantity: quantity(40),
            cutoff: part.due,
            explanation_json: "{}".to_owned(),
        };
        let short = NewShortage {
            need: need.id,
            instalment: part.id,
            tier: 3,
            demand: quantity(50),
            covered: quantity(40),
            explanation_json: "{}".to_owned(),
        };
        let finished = FinishedRun { matches: vec![found.clone()], shortages: vec![short], ..FinishedRun::default() };
        runs::finish(&db.store, &claimed, finished, now()).await.unwrap();

        let (store, all) = (&db.store, PageRequest::first(10));
        let [of_supplier, of_buyer, of_stranger] =
            [&supplier, &buyer, &stranger].map(|organisation| Scope::Organisation(organisation.id));
        for scope in [of_buyer, of_stranger] {
            hidden(organisations::get(store, scope, supplier.id).await);
            hidden(sites::get(store, scope, site.id).await);
            hidden(lines::get(store, scope, line.id).await);
            hidden(offers::get(store, scope, offer.id).await);
            let copy = offer.clone();
            hidden(db.store.write(async move |tx| offers::update(&tx, scope, &copy, now()).await).await);
            assert!(
                offers::page(store, scope, &Default::default(), Default::default(), all)
                    .await
                    .unwrap()
                    .items
                    .is_empty()
            );
            assert!(offers::get_many(store, scope, [offer.id]).await.unwrap().is_empty());
        }
        for scope in [of_supplier, of_stranger] {
            hidden(needs::get(store, scope, need.id).await);
            hidden(runs::get(store, scope, run.id).await);
            hidden(runs::proof(store, scope, run.id).await);
            assert!(needs::page(store, scope, &Default::default(), all).await.unwrap().items.is_empty());
            assert!(shortages::page(store, scope, run.id, None, all).await.unwrap().items.is_empty());
        }
        hidden(matches::get(store, of_stranger, found.id).await);
        for scope in [of_supplier, of_buyer, Scope::Operator] {
            assert_eq!(matches::get(store, scope, found.id).await.unwrap().quantities.proposed, quantity(40));
            assert_eq!(matches::page(store, scope, &Default::default(), all).await.unwrap().items.len(), 1);
        }
        for scope in [of_buyer, Scope::Operator] {
            let page = shortages::page(store, scope, run.id, None, all).await.unwrap();
            assert_eq!(page.items[0].uncovered, quantity(10));
            runs::proof(store, scope, run.id).await.unwrap();
        }
        assert_eq!(lines::of_site(store, of_supplier, site.id).await.unwrap(), [line]);
        assert_eq!(offers::get(store, of_supplier, offer.id).await.unwrap().record, offer);
        assert_eq!(needs::get(store, of_buyer, need.id).await.unwrap().record, need);
    }
);
