//! A repeated import changes nothing, and a changed row changes its record and nothing else.

use domain::{need::Need, need::NeedState, offer::Offer, offer::OfferState};
use storage::{
    ContentHash, Imported, Origin, PageRequest, Saved, Scope, Store,
    imports::{self, ImportCounts, ImportKind, ImportRow},
    needs, offers,
};
use testkit::{Builder, TestDb, builders::pieces, on_both};

use crate::seed::{firm, now};

fn imported<T>(record: T, external_id: &str, says: &str) -> Imported<T> {
    let origin = Origin { source: "a-file".to_owned(), external_id: external_id.to_owned() };
    Imported { record, origin, content: ContentHash::of(&says).unwrap() }
}

async fn save_offers(store: &Store, records: Vec<Imported<Offer>>) -> Vec<Saved<domain::ids::OfferId>> {
    store.write(async move |tx| offers::save_imported(&tx, &records, now().plus_micros(5)).await).await.unwrap()
}

async fn save_needs(store: &Store, records: Vec<Imported<Need>>) -> Vec<Saved<domain::ids::NeedId>> {
    store.write(async move |tx| needs::save_imported(&tx, &records, now().plus_micros(5)).await).await.unwrap()
}

on_both!(
    async fn offers_are_created_kept_and_updated(db: TestDb) {
        let make = Builder::new(1);
        let (_, site) = firm(&db.store, &make, "Firm").await;
        let offer = |units| make.offer(&site, "medical-mask", units);
        let (a, b) = (offer(100), offer(200));
        let first =
            save_offers(&db.store, vec![imported(a.clone(), "1", "100"), imported(b.clone(), "2", "200")]).await;
        assert_eq!(first, [Saved::Created(a.id), Saved::Created(b.id)]);

        // New ids are made for every import; the stored ones win.
        let again =
            save_offers(&db.store, vec![imported(offer(200), "2", "200"), imported(offer(100), "1", "100")]).await;
        assert_eq!(again, [Saved::Unchanged(b.id), Saved::Unchanged(a.id)]);

        let mut paused = b.clone();
        paused.state = OfferState::Paused;
        db.store.write(async move |tx| offers::update(&tx, Scope::Operator, &paused, now()).await).await.unwrap();
        let more =
            save_offers(&db.store, vec![imported(offer(150), "1", "150"), imported(offer(250), "2", "250")]).await;
        assert_eq!(more, [Saved::Updated(a.id), Saved::Updated(b.id)]);

        let stored = offers::get(&db.store, Scope::Operator, a.id).await.unwrap();
        assert_eq!(stored.record.terms, offer(150).terms);
        assert_eq!(stored.origin.unwrap().external_id, "1");
        let stored = offers::get(&db.store, Scope::Operator, b.id).await.unwrap();
        assert_eq!((stored.record.state, stored.record.terms), (OfferState::Paused, offer(250).terms));
        let page =
            offers::page(&db.store, Scope::Operator, &Default::default(), Default::default(), PageRequest::first(10))
                .await
                .unwrap();
        assert_eq!(page.items.len(), 2);
    }
);

on_both!(
    async fn a_row_that_stands_twice_counts_as_it_stood_last(db: TestDb) {
        let make = Builder::new(2);
        let (_, site) = firm(&db.store, &make, "Firm").await;
        let rows: Vec<_> = [("1", 10), ("1", 10), ("1", 30)]
            .into_iter()
            .map(|(id, units)| imported(make.offer(&site, "medical-mask", units), id, &units.to_string()))
            .collect();
        let (first, last) = (rows[0].record.id, rows[2].record.terms.clone());
        let saved = save_offers(&db.store, rows).await;
        assert_eq!(saved, [Saved::Created(first), Saved::Unchanged(first), Saved::Updated(first)]);
        assert_eq!(offers::get(&db.store, Scope::Operator, first).await.unwrap().record.terms, last);
    }
);

on_both!(
    async fn one_identifier_of_two_organisations_is_two_records(db: TestDb) {
        let make = Builder::new(3);
        let (_, one) = firm(&db.store, &make, "One").await;
        let (_, other) = firm(&db.store, &make, "Other").await;
        let rows = [one, other].map(|site| imported(make.offer(&site, "medical-mask", 10), "1", "10"));
        let saved = save_offers(&db.store, rows.to_vec()).await;
        assert_eq!(saved, rows.map(|row| Saved::Created(row.record.id)));
    }
);

on_both!(
    async fn needs_keep_instalments_by_their_place(db: TestDb) {
        let make = Builder::new(4);
        let (_, site) = firm(&db.store, &make, "Ward").await;
        let due = make.today.plus(14);
        let mut need = make.need(&site, "medical-mask", 1);
        need.instalments = (1..=3).map(|units| make.instalment(units, due)).collect();
        need.urgency_granted = true;
        let saved = save_needs(&db.store, vec![imported(need.clone(), "1", "three")]).await;
        assert_eq!(saved, [Saved::Created(need.id)]);
        assert_eq!(needs::get(&db.store, Scope::Operator, need.id).await.unwrap().record, need);

        let mut shorter = make.need(&site, "medical-mask", 1);
        shorter.instalments = vec![make.instalment(7, due)];
        let saved = save_needs(&db.store, vec![imported(shorter, "1", "one")]).await;
        assert_eq!(saved, [Saved::Updated(need.id)]);
        let stored = needs::get(&db.store, Scope::Operator, need.id).await.unwrap().record;
        assert_eq!(stored.instalments.len(), 1);
        assert_eq!(
            (stored.instalments[0].id, stored.instalments[0].measure.clone()),
            (need.instalments[0].id, pieces(7))
        );
        assert_eq!((stored.urgency_granted, stored.state), (true, NeedState::Open));

        let mut longer = make.need(&site, "medical-mask", 1);
        longer.instalments = (1..=4).map(|units| make.instalment(units, due)).collect();
        save_needs(&db.store, vec![imported(longer, "1", "four")]).await;
        let stored = needs::get(&db.store, Scope::Operator, need.id).await.unwrap().record;
        let ids: Vec<_> = stored.instalments.iter().map(|part| part.id).collect();
        assert_eq!(ids[..3], need.instalments.iter().map(|part| part.id).collect::<Vec<_>>());
        assert_eq!(ids.len(), 4);
    }
);

on_both!(
    async fn an_import_is_on_record(db: TestDb) {
        let make = Builder::new(5);
        let row = ImportRow {
            id: make.ids.next(domain::ids::ImportId),
            organisation: None,
            kind: ImportKind::Offers,
            source: "a-file".to_owned(),
            file_name: "offers.csv".to_owned(),
            file_hash: "00".repeat(32),
            counts: ImportCounts { created: 3, updated: 1, unchanged: 4, rejected: 1, quarantined: 2 },
            at: now(),
        };
        let copy = row.clone();
        db.store.write(async move |tx| imports::insert(&tx, &copy).await).await.unwrap();
        assert_eq!(imports::get(&db.store, Scope::Operator, row.id).await.unwrap(), row);
        let page = imports::page(&db.store, Scope::Operator, PageRequest::first(10)).await.unwrap();
        assert_eq!(page.items, [row]);
    }
);
