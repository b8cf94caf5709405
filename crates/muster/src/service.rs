//! Wiring: from settings to an app on a migrated database with its catalogue loaded.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use app::{App, AppError, catalogue::CatalogueError, ids::Ids, signing_keys::SigningKeys};
use domain::time::Clock;
use exchange::seeds::{self, SeedFiles};
use storage::{Store, StoreError};

use crate::{
    config::Settings,
    data_folder::{DataFolder, DemoMark},
    issuers,
};

/// An app with what the commands know about its folder.
pub(crate) struct Service {
    pub(crate) app: App,
    pub(crate) demo: Option<DemoMark>,
}

/// Whether to bring the catalogue's tables in line with the seed files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Catalogue {
    /// Always.
    Sync,
    /// Only when the tables are empty.
    Ensure,
}

impl Service {
    /// Opens folder and database, brings the schema up to date, loads the catalogue.
    pub(crate) async fn open(settings: &Settings, catalogue: Catalogue) -> Result<Self> {
        let folder = DataFolder::open(&settings.data)?;
        let store = open_store(settings).await?;
        sync(&store, settings, catalogue).await?;
        let mut service = Self::on(&folder, store, folder.clock()?).await?;
        service.app.retention = settings.keep_snapshots;
        service.app.keep_events = settings.keep_events;
        service.app.evidence_limit = settings.evidence_limit;
        service.app.licence = settings.licence.as_str().into();
        service.app.public_licence = settings.public_licence.as_str().into();
        service.app.outside = Arc::new(issuers::open(&settings.outside_issuers)?);
        let usual = || format!("http://{}", settings.addr);
        service.app.public_url = settings.public_url.clone().unwrap_or_else(usual).into();
        Ok(service)
    }

    /// An app on a database that is migrated and filled.
    pub(crate) async fn on(folder: &DataFolder, store: Store, clock: Arc<dyn Clock>) -> Result<Self> {
        let tables = app::catalogue::load(&store).await.map_err(catalogue_fault)?;
        let ids = Ids::random();
        let keys = SigningKeys::open(folder.path(), &ids)?;
        Ok(Self { app: App::new(store, tables, clock, ids, keys), demo: folder.demo()? })
    }
}

/// Opens the database and brings its schema up to date.
pub(crate) async fn open_store(settings: &Settings) -> Result<Store> {
    let named = |fault: StoreError| {
        let remedy = "check --database, MUSTER_DATABASE_URL and the data folder";
        anyhow!("the database {} cannot be used: {}; {remedy}", settings.database, reason(&fault))
    };
    let store = Store::open(&settings.database).await.map_err(named)?;
    store.migrate().await.map_err(named)?;
    Ok(store)
}

/// The seed files of the settings.
pub(crate) fn seed_files(settings: &Settings) -> Result<SeedFiles> {
    match &settings.seeds {
        Some(folder) => SeedFiles::from_folder(folder).map_err(|faults| anyhow!("the seed files are broken: {faults}")),
        None => Ok(seeds::files()),
    }
}

/// Brings the catalogue's tables in line with the seed files.
pub(crate) async fn sync(store: &Store, settings: &Settings, catalogue: Catalogue) -> Result<()> {
    let filled = || async {
        let (parts, _) = storage::catalogue::load(store).await.map_err(AppError::from).map_err(app_fault)?;
        Ok::<_, anyhow::Error>(!parts.products.is_empty())
    };
    if catalogue == Catalogue::Ensure && filled().await? {
        return Ok(());
    }
    let files = seed_files(settings)?;
    app::catalogue::sync(store, &files).await.map_err(catalogue_fault)?;
    Ok(())
}

/// What went wrong with the catalogue, for people.
pub(crate) fn catalogue_fault(fault: CatalogueError) -> anyhow::Error {
    match fault {
        CatalogueError::Seeds(faults) => anyhow!("the seed files are broken: {faults}"),
        CatalogueError::App(fault) => app_fault(fault).context("the catalogue cannot be loaded"),
    }
}

/// What went wrong in a use case, for people at a command line.
pub(crate) fn app_fault(fault: AppError) -> anyhow::Error {
    match fault {
        AppError::Busy => anyhow!("the database is busy; try again in a moment"),
        AppError::Overloaded { detail } => anyhow!("{detail}"),
        AppError::Unavailable { cause } => {
            anyhow!("the database cannot be reached: {cause}; check --database or MUSTER_DATABASE_URL")
        }
        AppError::Internal { cause } => anyhow!("a fault of this program: {cause}"),
        AppError::Invalid(faults) => anyhow!("{}", faults.to_string().trim_start_matches(": ")),
        AppError::Conflict { code: _, detail } | AppError::Forbidden { detail } => anyhow!(detail),
        other @ (AppError::NotFound { .. }
        | AppError::SignInRefused
        | AppError::SessionEnded
        | AppError::IssuerAway
        | AppError::TooOften { .. }) => anyhow!("{other}"),
    }
}

/// A fault of the database with what is behind it.
pub(crate) fn reason(fault: &StoreError) -> String {
    let mut text = fault.to_string();
    let mut cause = std::error::Error::source(fault);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// A runtime for the commands that need one.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")
}
