//! The snapshot: everything, in one state of the database.

use std::time::Duration;

use domain::{
    code::FeatureCode,
    feature::{Comparison, Demand, FeatureValue, Requirement},
    ids::{MatchId, RunId},
    market::{Market, Suggestion},
    matches::Step,
};
use storage::{
    Scope, StoreError, ledger, lines, market, matches, needs, offers,
    runs::{self, FinishedRun, NewMatch, NewRun},
};
use testkit::{Builder, TestDb, builders::quantity, on_both};

use crate::seed::{firm, now};

on_both!(
    async fn a_snapshot_holds_what_was_stored(db: TestDb) {
        let make = Builder::new(1);
        let (supplier, site) = firm(&db.store, &make, "Supplier").await;
        let (buyer, ward) = firm(&db.store, &make, "Buyer").await;
        let line = make.line(&site, 500);
        let mut offer = make.offer(&site, "medical-mask", 100);
        offer.terms.line = Some(line.id);
        offer.terms.features = vec![
            (FeatureCode::new("layers"), FeatureValue::Integer(3)),
            (FeatureCode::new("sterile"), FeatureValue::Flag(true)),
            (FeatureCode::new("strap"), FeatureValue::Choice("ear_loop".to_owned())),
            (FeatureCode::new("size"), FeatureValue::Sizes(["M".to_owned(), "L".to_owned()].into())),
        ];
        let mut need = make.need(&ward, "medical-mask", 50);
        need.terms.requirements = vec![Requirement {
            feature: FeatureCode::new("layers"),
            value: FeatureValue::Integer(3),
            comparison: Comparison::AtLeast,
            demand: Demand::Required,
        }];
        let refused = make.need(&ward, "medical-mask", 60);
        let run = NewRun {
            id: make.ids.next(RunId),
            requested_by: None,
            day: make.today,
            parameters_json: "{}".to_owned(),
            at: now(),
        };
        let rows = (line.clone(), offer.clone(), [need.clone(), refused.clone()], run);
        db.store
            .write(async move |tx| {
                lines::insert(&tx, &rows.0, now()).await?;
                offers::insert(&tx, &rows.1, now()).await?;
                needs::insert_many(&tx, &rows.2, now()).await?;
                matches::refuse(&tx, rows.1.id, rows.2[1].id, now()).await?;
                matches::refuse(&tx, rows.1.id, rows.2[1].id, now()).await?;
                runs::enqueue(&tx, &rows.3).await
            })
            .await
            .unwrap();
        let claimed = runs::claim(&db.store, "a", now(), Duration::from_secs(60)).await.unwrap().unwrap();
        let part = need.instalments[0].clone();
        let found = NewMatch {
            id: make.ids.next(MatchId),
            offer: offer.id,
            need: need.id,
            instalment: part.id,
            tier: 3,
            quantity: quantity(40),
            cutoff: part.due.plus(-2),
            explanation_json: "{}".to_owned(),
        };
        let finished = FinishedRun { matches: vec![found.clone()], ..FinishedRun::default() };
        runs::finish(&db.store, &claimed, finished, now()).await.unwrap();

        let mut expected = Market::new(make.today);
        expected.organisations = [(supplier.id, supplier), (buyer.id, buyer)].into();
        expected.sites = [(site.id, site), (ward.id, ward)].into();
        expected.lines = [(line.id, line)].into();
        expected.refusals = [(offer.id, refused.id)].into();
        expected.offers = vec![offer.clone()];
        expected.needs = vec![need.clone(), refused];
        expected.suggestions = vec![Suggestion { offer: offer.id, instalment: part.id, quantity: found.quantity }];
        expected.sort();
        // What is only suggested takes no capacity.
        assert_eq!(
            market::snapshot(&db.store, make.today, domain::time::Instant::start_of(make.today)).await.unwrap(),
            expected
        );

        let id = found.id;
        db.store
            .write(async move |tx| {
                let step = Step::Propose { quantity: quantity(40), deadline: now().plus_micros(3_600_000_000) };
                ledger::step(&tx, id, &step, now()).await
            })
            .await
            .unwrap();
        let snapshot =
            market::snapshot(&db.store, make.today, domain::time::Instant::start_of(make.today)).await.unwrap();
        assert_eq!((snapshot.commitments.len(), snapshot.suggestions.len()), (1, 0));
        let commitment = &snapshot.commitments[0];
        assert_eq!((commitment.quantity, commitment.cutoff), (quantity(40), part.due.plus(-2)));

        // What a match promises to cover stays in the market.
        let mut without = need.clone();
        without.instalments = Vec::new();
        let result = db.store.write(async move |tx| needs::update(&tx, Scope::Operator, &without, now()).await).await;
        assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    }
);

on_both!(
    async fn a_snapshot_never_sees_half_a_transaction(db: TestDb) {
        let make = Builder::new(2);
        let (_, site) = firm(&db.store, &make, "Firm").await;
        let store = db.store.clone();
        let today = make.today;
        let writer = tokio::spawn(async move {
            for _ in 0..60 {
                let (offer, need) = (make.offer(&site, "medical-mask", 10), make.need(&site, "medical-mask", 10));
                store
                    .write(async move |tx| {
                        needs::insert(&tx, &need, now()).await?;
                        offers::insert(&tx, &offer, now()).await
                    })
                    .await
                    .unwrap();
            }
        });
        let mut seen = 0;
        while seen < 60 {
            let snapshot = market::snapshot(&db.store, today, domain::time::Instant::start_of(today)).await.unwrap();
            assert_eq!(snapshot.offers.len(), snapshot.needs.len());
            assert!(snapshot.needs.iter().all(|need| need.instalments.len() == 1));
            assert!(snapshot.offers.len() >= seen);
            seen = snapshot.offers.len();
        }
        writer.await.unwrap();
    }
);
