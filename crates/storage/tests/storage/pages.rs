//! Pages: every row exactly once, whatever the instants and whatever else happens.

use std::collections::BTreeSet;

use domain::ids::OrganisationId;
use storage::{Order, PageRequest, Scope, Store, organisations, organisations::OrganisationFilter};
use testkit::{Builder, TestDb, on_both};

use crate::seed::{add, now};

/// Walks the whole list and returns the ids and the number of pages.
async fn walk(store: &Store, limit: u32, order: Order) -> (Vec<OrganisationId>, usize) {
    let mut request = PageRequest { order, ..PageRequest::first(limit) };
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let filter = OrganisationFilter::default();
        let page = organisations::page(store, Scope::Operator, &filter, request).await.unwrap();
        ids.extend(page.items.iter().map(|organisation| organisation.record.id));
        pages += 1;
        let Some(next) = page.next else { return (ids, pages) };
        request.after = Some(next);
    }
}

on_both!(
    async fn pag_02_rows_of_one_instant_are_seen_once_each(db: TestDb) {
        let make = Builder::new(1);
        let rows: Vec<_> = (0..200).map(|index| (make.organisation(&format!("Firm {index}")), None)).collect();
        let expected: BTreeSet<OrganisationId> = rows.iter().map(|(firm, _)| firm.id).collect();
        db.store.write(async move |tx| organisations::insert_many(&tx, &rows, now()).await).await.unwrap();

        let forward: Vec<OrganisationId> = expected.iter().copied().collect();
        let backward: Vec<OrganisationId> = expected.iter().rev().copied().collect();
        // No empty page comes last, even where the rows fill the pages exactly.
        for (limit, pages) in [(50, 4), (200, 1), (7, 29), (1_000, 1)] {
            assert_eq!(walk(&db.store, limit, Order::Ascending).await, (forward.clone(), pages));
            assert_eq!(walk(&db.store, limit, Order::Descending).await, (backward.clone(), pages));
        }
    }
);

on_both!(
    async fn pag_01_a_walk_sees_what_stays_while_rows_come(db: TestDb) {
        let make = Builder::new(2);
        let rows: Vec<_> = (0..100).map(|index| (make.organisation(&format!("Firm {index}")), None)).collect();
        let there: BTreeSet<OrganisationId> = rows.iter().map(|(firm, _)| firm.id).collect();
        db.store.write(async move |tx| organisations::insert_many(&tx, &rows, now()).await).await.unwrap();

        let filter = OrganisationFilter::default();
        let mut request = PageRequest::first(9);
        let mut seen = Vec::new();
        loop {
            let page = organisations::page(&db.store, Scope::Operator, &filter, request).await.unwrap();
            seen.extend(page.items.iter().map(|organisation| organisation.record.id));
            // Of the same instant, so before the walk's place as often as behind it.
            add(&db.store, &make.organisation("Latecomer")).await.unwrap();
            let Some(next) = page.next else { break };
            request.after = Some(next);
        }
        let unique: BTreeSet<OrganisationId> = seen.iter().copied().collect();
        assert_eq!(unique.len(), seen.len());
        assert!(unique.is_superset(&there));
    }
);
