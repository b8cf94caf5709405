//! From seed files to tables in the database, and from there to the values in memory.

use exchange::seeds::{self, SeedErrors, SeedFiles};
use storage::{
    Store,
    catalogue::{self as store, RegionLists, SyncCounts},
};

use crate::{error::AppError, tables::Tables};

/// Why the catalogue cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A seed file is broken; each fault names file, line, column and reason.
    #[error(transparent)]
    Seeds(#[from] SeedErrors),
    /// The database, or a reference between its tables.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Brings the database's tables in line with the seed files. Rows the operator added stay.
///
/// # Errors
/// `Seeds` when a file is broken, and nothing is changed.
pub async fn sync(store: &Store, files: &SeedFiles) -> Result<SyncCounts, CatalogueError> {
    let catalogue = seeds::catalogue(files)?;
    let regions = seeds::regions(files)?;
    // Checks every reference before anything is written.
    seeds::load(files)?;
    let lists = RegionLists { countries: regions.countries, regions: regions.regions, retired: regions.retired };
    Ok(store::sync(store, &catalogue, &lists).await.map_err(AppError::from)?)
}

/// The tables as the database has them.
///
/// # Errors
/// When the database cannot be read, or a row the operator added names what does not exist.
pub async fn load(store: &Store) -> Result<Tables, CatalogueError> {
    let (catalogue, lists) = store::load(store).await.map_err(AppError::from)?;
    Ok(Tables::new(catalogue, lists.countries, lists.regions, lists.retired)?)
}
