//! Events and their numbers.

use domain::{
    event::{Event, Subject},
    ids::OrganisationId,
};
use storage::{
    Scope, Store,
    events::{self, EventFilter},
    organisations, sites,
};
use testkit::{Builder, TestDb, on_both};

use crate::seed::{firm, now};

async fn all(store: &Store, scope: Scope) -> Vec<Event> {
    let filter = EventFilter { subjects: Subject::ALL.to_vec(), onlooker: true };
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = events::page(store, scope, &filter, after, 1_000).await.unwrap().unwrap();
        found.extend(page.items);
        after = page.reached;
        if !page.more {
            return found;
        }
    }
}

on_both!(
    async fn many_events_of_one_transaction_are_numbered_without_a_gap(db: TestDb) {
        let make = Builder::new(1);
        let (owner, site) = firm(&db.store, &make, "Owner").await;
        let (stranger, _) = firm(&db.store, &make, "Stranger").await;
        let rows: Vec<_> = (0..9_001).map(|_| make.site(&owner)).collect();
        let ids: Vec<_> = rows.iter().map(|site| site.id.0).collect();
        db.store.write(async move |tx| sites::insert_many(&tx, &rows, now()).await).await.unwrap();
        assert_eq!(events::waiting(&db.store).await.unwrap().events, 9_005);
        assert_eq!(events::number(&db.store).await.unwrap(), 9_005);
        assert_eq!(events::waiting(&db.store).await.unwrap().events, 0);
        let found = all(&db.store, Scope::Operator).await;
        assert_eq!(found.iter().map(|event| event.number).collect::<Vec<_>>(), (1..=9_005).collect::<Vec<_>>());
        assert_eq!(
            found[4..].iter().map(|event| event.record.id).collect::<Vec<_>>(),
            ids,
            "in the order of the records"
        );
        assert_eq!(all(&db.store, Scope::Organisation(owner.id)).await.len(), 9_003);
        assert_eq!(all(&db.store, Scope::Organisation(stranger.id)).await.len(), 2);
        assert_eq!(all(&db.store, Scope::Nobody).await.len(), 0);
        // One record, one transaction, one event: the word that says most.
        let renamed = OrganisationId(owner.id.0);
        let change = async move |tx| {
            organisations::touch(&tx, renamed, now()).await?;
            sites::update(&tx, Scope::Operator, &site, now()).await?;
            sites::update(&tx, Scope::Operator, &site, now()).await
        };
        db.store.write(change).await.unwrap();
        assert_eq!(events::number(&db.store).await.unwrap(), 9_006);
        // What fails leaves nothing, and no number is lost by it.
        let failed: Result<(), storage::StoreError> = db
            .store
            .write(async move |tx| {
                sites::insert(&tx, &Builder::new(9).site(&owner), now()).await?;
                Err(storage::StoreError::NotFound)
            })
            .await;
        failed.unwrap_err();
        assert_eq!(events::number(&db.store).await.unwrap(), 9_006);
    }
);
