//! A fresh database for every test, on SQLite and on PostgreSQL.
//!
//! The schema is made once a process: SQLite databases are copies of a migrated file, PostgreSQL
//! databases copies of a migrated database in a private cluster.

use std::{
    fs,
    future::Future,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use storage::{DatabaseKind, DatabaseUrl, PoolSize, Store};
use tempfile::TempDir;
use tokio::{runtime::Builder, sync::OnceCell, task::spawn_blocking};

use crate::{
    people,
    postgres::{Cluster, cluster},
};

const TEMPLATE: &str = "template_migrated";

/// Runs one test body on both databases: `on_both!(async fn name(db: TestDb) { ... });` makes the
/// tests `name::sqlite` and `name::postgres`.
///
/// Without PostgreSQL the second says so and passes; with `MUSTER_REQUIRE_POSTGRES=1` it fails.
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* async fn $name:ident($db:ident: $type:ty) $body:block) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn body($db: $type) $body

            #[test]
            fn sqlite() {
                $crate::database::on_sqlite(body);
            }

            #[test]
            fn postgres() {
                $crate::database::on_postgres(body);
            }
        }
    };
}

/// Runs a test body on a fresh SQLite file.
pub fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(TestDb) -> F) {
    on_runtime(async { body(TestDb::sqlite().await).await });
}

/// Runs a test body on a fresh PostgreSQL database, if there is a PostgreSQL.
pub fn on_postgres<F: Future<Output = ()>>(body: impl FnOnce(TestDb) -> F) {
    on_runtime(async {
        if let Some(db) = TestDb::postgres().await {
            body(db).await;
        }
    });
}

/// Threads beside the test's own, so that what a test does at once happens at once.
fn on_runtime(body: impl Future<Output = ()>) {
    match Builder::new_multi_thread().worker_threads(4).enable_all().build() {
        Ok(runtime) => runtime.block_on(body),
        Err(error) => panic!("no runtime: {error}"),
    }
}

/// A database of one test, with the schema, and of rows none but who runs the service. It goes away with the value.
#[derive(Debug)]
pub struct TestDb {
    /// A store on it with the default pool.
    pub store: Store,
    url: DatabaseUrl,
    /// Holds the file of SQLite.
    folder: TempDir,
}

impl TestDb {
    /// A fresh SQLite file.
    ///
    /// # Panics
    /// When the file or its folder cannot be made.
    pub async fn sqlite() -> Self {
        static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
        let template = FILE.get_or_init(migrated_file).await;
        let folder = temporary_folder();
        let path = folder.path().join("muster.db");
        if let Err(error) = fs::write(&path, template) {
            panic!("{}: {error}", path.display());
        }
        Self::open(DatabaseUrl::file(&path), folder).await
    }

    /// A fresh PostgreSQL database; `None` when there is no PostgreSQL, which is said loudly.
    ///
    /// # Panics
    /// When the cluster does not start or refuses the database, and when there is none although
    /// `MUSTER_REQUIRE_POSTGRES=1`.
    pub async fn postgres() -> Option<Self> {
        static READY: OnceCell<()> = OnceCell::const_new();
        static MADE: AtomicU32 = AtomicU32::new(0);
        let cluster = blocking(cluster).await?;
        READY.get_or_init(|| migrated_database(cluster)).await;
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::SeqCst));
        create_database(cluster, name.clone(), Some(TEMPLATE)).await;
        Some(Self::open(server_url(cluster, &name), temporary_folder()).await)
    }

    async fn open(url: DatabaseUrl, folder: TempDir) -> Self {
        Self { store: open(&url, PoolSize::default()).await, url, folder }
    }

    /// Which database it is.
    pub fn kind(&self) -> DatabaseKind {
        self.url.kind()
    }

    /// Its address, e.g. for another process.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// A folder of this test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A second store on the same database, with a pool of its own.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn another_store(&self, pool: PoolSize) -> Store {
        open(&self.url, pool).await
    }
}

async fn open(url: &DatabaseUrl, pool: PoolSize) -> Store {
    match Store::open_with(url, pool).await {
        Ok(store) => store,
        Err(error) => panic!("{url}: {error}"),
    }
}

fn temporary_folder() -> TempDir {
    match tempfile::Builder::new().prefix("muster-test-").tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("no temporary folder: {error}"),
    }
}

async fn migrate(store: &Store) {
    if let Err(error) = store.migrate().await {
        panic!("the schema does not migrate: {error}");
    }
    people::seed(store).await;
    // The last connection to a SQLite file moves the journal into it, and PostgreSQL copies only
    // a database that nobody is connected to.
    if let Err(error) = store.close().await {
        panic!("the template does not close: {error}");
    }
}

async fn migrated_file() -> Vec<u8> {
    let folder = temporary_folder();
    let path = folder.path().join("template.db");
    migrate(&open(&DatabaseUrl::file(&path), PoolSize::default()).await).await;
    match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

async fn migrated_database(cluster: &'static Cluster) {
    create_database(cluster, TEMPLATE.to_owned(), None).await;
    migrate(&open(&server_url(cluster, TEMPLATE), PoolSize::default()).await).await;
}

async fn create_database(cluster: &'static Cluster, name: String, template: Option<&'static str>) {
    if let Err(error) = blocking(move || cluster.create_database(&name, template)).await {
        panic!("{error}");
    }
}

fn server_url(cluster: &Cluster, database: &str) -> DatabaseUrl {
    match DatabaseUrl::parse(&cluster.url(database)) {
        Ok(url) => url,
        Err(error) => panic!("{error}"),
    }
}

/// Starting a cluster and copying a database take a thread for a while.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
