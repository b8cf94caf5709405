//! The schema, brought up to date by any number of processes.

use std::time::Duration;

use storage::{DatabaseKind, DatabaseUrl, PoolSize, Store};
use testkit::{TestDb, on_both};
use tokio::task::JoinSet;

on_both!(
    async fn a_database_that_is_up_to_date_stays_as_it_is(db: TestDb) {
        assert_eq!(db.store.migrate().await.unwrap(), 0);
        db.store.ping().await.unwrap();
        assert_eq!(db.store.kind(), db.kind());
    }
);

on_both!(
    async fn ops_05_the_version_is_known_and_safe(db: TestDb) {
        let version = db.store.server_version().await.unwrap();
        let (product, numbers) = version.split_once(' ').unwrap();
        let numbers: Vec<u32> = numbers.split('.').map(|number| number.parse().unwrap()).collect();
        match db.kind() {
            // 3.51.3 mended a bug that could lose commits when several processes used one file in
            // WAL mode: https://www.sqlite.org/releaselog/3_51_3.html
            DatabaseKind::Sqlite => assert!(product == "SQLite" && numbers >= vec![3, 51, 3], "{version}"),
            DatabaseKind::Postgres => assert!(product == "PostgreSQL" && numbers >= vec![15], "{version}"),
        }
    }
);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_may_migrate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    // Characters that a URL would take for its own.
    let url = DatabaseUrl::file(&folder.path().join("market 100%? #1.db"));
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let url = url.clone();
        tasks.spawn(async move {
            let pool = PoolSize { connections: 2, wait: Duration::from_secs(30) };
            let store = Store::open_with(&url, pool).await.unwrap();
            store.migrate().await.unwrap()
        });
    }
    let changes = tasks.join_all().await;
    assert_eq!(changes.iter().filter(|count| **count > 0).count(), 1, "{changes:?}");
    assert!(url.path().unwrap().is_file());
}

#[tokio::test]
async fn a_file_that_must_exist_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    let url = DatabaseUrl::parse(&format!("sqlite://{}", path.display())).unwrap();
    let opened = Store::open(&url).await;
    assert!(matches!(opened, Err(storage::StoreError::Unavailable(_))), "{opened:?}");
    assert!(!path.exists());
}
