//! Instants: stored as numbers, so both databases sort, compare and round them alike.

use domain::{ids::OrganisationId, time::Instant};
use storage::{Order, PageKey, PageRequest, Scope, organisations, organisations::OrganisationFilter};
use testkit::{Builder, TestDb, on_both};

async fn add_at(db: &TestDb, make: &Builder, name: &str, at: &str) -> OrganisationId {
    let firm = make.organisation(name);
    let (id, at) = (firm.id, Instant::parse(at).unwrap());
    db.store.write(async move |tx| organisations::insert(&tx, &firm, None, at).await).await.unwrap();
    id
}

async fn names(db: &TestDb, request: PageRequest) -> Vec<String> {
    let filter = OrganisationFilter::default();
    let page = organisations::page(&db.store, Scope::Operator, &filter, request).await.unwrap();
    page.items.into_iter().map(|organisation| organisation.record.name).collect()
}

on_both!(
    async fn db_04_instants_of_other_offsets_sort_by_time(db: TestDb) {
        let make = Builder::new(1);
        add_at(&db, &make, "noon", "2026-05-01T12:00:00Z").await;
        add_at(&db, &make, "nine", "2026-05-01T14:30:00+05:30").await;
        assert_eq!(names(&db, PageRequest::first(10)).await, ["nine", "noon"]);
        let ten = Instant::parse("2026-05-01T10:00:00Z").unwrap();
        let before_ten = PageRequest {
            after: Some(PageKey { at: ten.micros(), id: uuid::Uuid::nil() }),
            order: Order::Descending,
            ..PageRequest::first(10)
        };
        assert_eq!(names(&db, before_ten).await, ["nine"]);
    }
);

on_both!(
    async fn db_05_instants_of_one_second_sort_by_their_fractions(db: TestDb) {
        let make = Builder::new(2);
        add_at(&db, &make, "third", "2026-05-01T10:00:00.500001Z").await;
        add_at(&db, &make, "first", "2026-05-01T10:00:00Z").await;
        add_at(&db, &make, "second", "2026-05-01T10:00:00.5Z").await;
        assert_eq!(names(&db, PageRequest::first(10)).await, ["first", "second", "third"]);
    }
);

on_both!(
    async fn db_14_the_instant_stored_is_the_instant_given(db: TestDb) {
        let make = Builder::new(3);
        let given = Instant::parse("2026-05-01T10:00:00.123456789Z").unwrap();
        let id = add_at(&db, &make, "firm", "2026-05-01T10:00:00.123456789Z").await;
        let stored = organisations::get(&db.store, Scope::Operator, id).await.unwrap();
        assert_eq!(stored.created_at, given);
        assert_eq!(stored.created_at.to_string(), "2026-05-01T10:00:00.123456Z");
        // The instant works as a cursor at once: nothing is repeated and nothing skipped.
        let beyond = PageRequest { after: Some(PageKey { at: given.micros(), id: id.0 }), ..PageRequest::first(10) };
        assert!(names(&db, beyond).await.is_empty());
    }
);
