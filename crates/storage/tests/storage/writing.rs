//! Many writers at once, and writers that are dropped half-way.

use std::{
    future::{Future, poll_fn},
    task::Poll,
    time::Duration,
};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use storage::{DatabaseKind, PageRequest, PoolSize, Scope, organisations, organisations::OrganisationFilter, sites};
use testkit::{Builder, TestDb, on_both};
use tokio::task::JoinSet;

use crate::seed::{add, now};

on_both!(
    async fn db_01_fifty_writers_at_once_all_succeed(db: TestDb) {
        let make = Builder::new(1);
        // Two stores are two pools, and do not share the queue of writers, as two processes do not.
        let stores = [db.store.clone(), db.another_store(PoolSize::default()).await];
        let mut tasks = JoinSet::new();
        for (index, store) in stores.iter().cycle().take(50).enumerate() {
            let (store, firm) = (store.clone(), make.organisation(&format!("Firm {index}")));
            tasks.spawn(async move { add(&store, &firm).await });
        }
        for store in stores.iter().cycle().take(50) {
            let store = store.clone();
            tasks.spawn(async move {
                let filter = OrganisationFilter::default();
                organisations::page(&store, Scope::Operator, &filter, PageRequest::first(100)).await.map(drop)
            });
        }
        while let Some(result) = tasks.join_next().await {
            result.unwrap().unwrap();
        }
        let filter = OrganisationFilter::default();
        let page = organisations::page(&db.store, Scope::Operator, &filter, PageRequest::first(100)).await.unwrap();
        assert_eq!((page.items.len(), page.next), (50, None));
    }
);

on_both!(
    async fn db_02_transactions_that_read_first_wait_for_each_other(db: TestDb) {
        let make = Builder::new(2);
        let stores = [db.store.clone(), db.another_store(PoolSize::default()).await];
        let firm = make.organisation("Firm");
        add(&db.store, &firm).await.unwrap();
        let mut tasks = JoinSet::new();
        for store in stores.iter().cycle().take(20) {
            let (store, site, id) = (store.clone(), make.site(&firm), firm.id);
            tasks.spawn(async move {
                store
                    .write(async move |tx| {
                        organisations::get(&tx, Scope::Operator, id).await?;
                        sites::insert(&tx, &site, now()).await
                    })
                    .await
            });
        }
        while let Some(result) = tasks.join_next().await {
            result.unwrap().unwrap();
        }
        let page = sites::page(&db.store, Scope::Operator, None, PageRequest::first(100)).await.unwrap();
        assert_eq!(page.items.len(), 20);
    }
);

on_both!(
    async fn db_03_dropped_writers_leave_no_open_transaction(db: TestDb) {
        let make = Builder::new(3);
        let store = db.another_store(PoolSize { connections: 2, wait: Duration::from_secs(30) }).await;
        let sessions = Sessions::of(&db).await;
        let mut acknowledged = Vec::new();
        let mut dropped = 0;
        for index in 0..200 {
            let firm = make.organisation(&format!("Firm {index}"));
            // Dropped at every point where it waits, also in the middle of BEGIN.
            match polled(index % 16 + 1, add(&store, &firm)).await {
                Some(result) => {
                    result.unwrap();
                    acknowledged.push(firm.id);
                }
                None => {
                    dropped += 1;
                    sessions.none_idle_in_a_transaction().await;
                }
            }
        }
        assert!(dropped > 0, "no writer was dropped");
        for index in 0..10 {
            let firm = make.organisation(&format!("Later firm {index}"));
            add(&store, &firm).await.unwrap();
            acknowledged.push(firm.id);
        }
        // Closing rolls back what is still open, so a row that was acknowledged inside somebody
        // else's transaction would be gone now.
        store.close().await.unwrap();
        for id in acknowledged {
            organisations::get(&db.store, Scope::Operator, id).await.unwrap();
        }
    }
);

/// Drops a future that is not ready when it was polled so often, as a server drops a request whose
/// client hung up.
async fn polled<F: Future>(most: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut polls = 0;
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            polls += 1;
            if polls < most { Poll::Pending } else { Poll::Ready(None) }
        }
    })
    .await
}

/// The sessions of a PostgreSQL database, looked at from one of their own.
struct Sessions(Option<DatabaseConnection>);

impl Sessions {
    async fn of(db: &TestDb) -> Self {
        match db.kind() {
            DatabaseKind::Sqlite => Self(None),
            DatabaseKind::Postgres => Self(Some(Database::connect(db.url().to_string()).await.unwrap())),
        }
    }

    /// Writers that were dropped still run to their end, so this asks until they have.
    async fn none_idle_in_a_transaction(&self) {
        let Some(connection) = &self.0 else { return };
        let question = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
        for _ in 0..1_000 {
            let statement = Statement::from_string(connection.get_database_backend(), question);
            let row = connection.query_one_raw(statement).await.unwrap().unwrap();
            if row.try_get_by_index::<i64>(0).unwrap() == 0 {
                return;
            }
        }
        panic!("a session stays idle in a transaction");
    }
}

on_both!(
    async fn a_failed_transaction_leaves_nothing(db: TestDb) {
        let make = Builder::new(4);
        let firm = make.organisation("Firm");
        let copy = firm.clone();
        let result = db
            .store
            .write(async move |tx| {
                organisations::insert(&tx, &copy, None, now()).await?;
                organisations::insert(&tx, &copy, None, now()).await
            })
            .await;
        assert!(matches!(result, Err(storage::StoreError::Conflict(_))), "{result:?}");
        let found = organisations::get(&db.store, Scope::Operator, firm.id).await;
        assert!(matches!(found, Err(storage::StoreError::NotFound)), "{found:?}");
    }
);

on_both!(
    async fn ops_04_an_empty_pool_is_busy_in_bounded_time(db: TestDb) {
        let make = Builder::new(5);
        let store = db.another_store(PoolSize { connections: 1, wait: Duration::from_millis(50) }).await;
        let firm = make.organisation("Firm");
        let (reader, copy) = (store.clone(), firm.clone());
        let inside = store
            .write(async move |_tx| {
                // The only connection is this transaction's.
                let read = organisations::get(&reader, Scope::Operator, copy.id).await;
                Ok::<_, storage::StoreError>(read)
            })
            .await
            .unwrap();
        assert!(inside.unwrap_err().is_busy());
        add(&store, &firm).await.unwrap();
    }
);
