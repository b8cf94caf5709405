//! References between tables hold, on every connection of the pool.

use storage::{PoolSize, StoreError, offers, organisations, sites};
use testkit::{Builder, TestDb, on_both};
use tokio::task::JoinSet;

use crate::seed::{firm, now};

on_both!(
    async fn db_16_orphans_are_refused_on_every_connection(db: TestDb) {
        let make = Builder::new(1);
        let pool = PoolSize { connections: 5, ..PoolSize::default() };
        let store = db.another_store(pool).await;
        let nobody = make.organisation("Never stored");
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (store, site) = (store.clone(), make.site(&nobody));
            tasks.spawn(async move { store.write(async move |tx| sites::insert(&tx, &site, now()).await).await });
        }
        while let Some(result) = tasks.join_next().await {
            let result = result.unwrap();
            assert!(matches!(result, Err(StoreError::Constraint(_))), "{result:?}");
        }

        let member = make.organisation("Member");
        let cluster = nobody.id;
        let result = store
            .write(async move |tx| {
                organisations::insert(&tx, &member, None, now()).await?;
                organisations::join(&tx, member.id, cluster, now()).await
            })
            .await;
        assert!(matches!(result, Err(StoreError::Constraint(_))), "{result:?}");
        assert_eq!(store.faults().await.unwrap(), Vec::<String>::new());
    }
);

on_both!(
    async fn an_offer_stands_at_a_site_of_its_own_organisation(db: TestDb) {
        let make = Builder::new(2);
        let (_, site) = firm(&db.store, &make, "One").await;
        let (other, _) = firm(&db.store, &make, "Other").await;
        let mut offer = make.offer(&site, "medical-mask", 100);
        offer.organisation = other.id;
        let result = db.store.write(async move |tx| offers::insert(&tx, &offer, now()).await).await;
        assert!(matches!(result, Err(StoreError::Constraint(_))), "{result:?}");
    }
);

on_both!(
    async fn a_cluster_may_be_stored_with_its_members(db: TestDb) {
        let make = Builder::new(3);
        let cluster = make.organisation("Cluster");
        let mut member = make.organisation("Member");
        member.clusters = vec![cluster.id];
        let rows = [(member.clone(), None), (cluster, None)];
        db.store.write(async move |tx| organisations::insert_many(&tx, &rows, now()).await).await.unwrap();
        let stored = organisations::get(&db.store, storage::Scope::Operator, member.id).await.unwrap();
        assert_eq!(stored.record, member);
    }
);
