//! What the operator loads to find regions by: postcodes and boundaries. A load of a country replaces what it had, in
//! one transaction each, so that loading a file again changes nothing.

use domain::{
    area::Area,
    code::{CountryCode, RegionCode},
    postcode::Postcode,
    violation::Violations,
};
use exchange::{boundaries, postcodes, tables::RowFault};
use serde::Serialize;
use storage::{Store, StoreError, Tx, place_loads};

pub use storage::place_loads::{PlaceLoad, PlaceTable};

use crate::{
    App,
    error::{AppError, AppResult},
};

/// A file to load.
#[derive(Debug, Clone)]
pub struct PlaceFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What to call the source.
    pub source: String,
}

/// What a load did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LoadReport {
    /// Rows or features of the file.
    pub rows: u64,
    /// Rows with faults; with one of them nothing is stored.
    pub rejected: u64,
    /// The faults of the first of those rows, at most 1,000.
    pub faults: Vec<RowFault>,
    /// Codes of regions that are not in use and were passed over.
    pub passed_over: Vec<String>,
    /// What is loaded of each country.
    pub countries: Vec<CountryLoad>,
    /// Whether it was stored.
    pub stored: bool,
}

/// What is loaded of a country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountryLoad {
    /// The country.
    pub country: CountryCode,
    /// How many postcodes, or regions with boundaries.
    pub count: u64,
    /// How many it had before.
    pub before: u64,
}

/// A country's rows of either table.
#[derive(Debug, Clone)]
enum Rows {
    Postcodes(Vec<(Postcode, RegionCode)>),
    Boundaries(Vec<(RegionCode, Vec<Area>)>),
}

impl Rows {
    fn count(&self) -> u64 {
        let count = match self {
            Self::Postcodes(rows) => rows.len(),
            Self::Boundaries(rows) => rows.len(),
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    async fn replace(self, tx: &Tx, load: &PlaceLoad) -> Result<(), StoreError> {
        match self {
            Self::Postcodes(rows) => storage::postcodes::replace(tx, load, &rows).await,
            Self::Boundaries(rows) => storage::boundaries::replace(tx, load, &rows).await,
        }
    }
}

/// Loads a file into a table, country by country. `progress` hears how many of how many rows are stored.
///
/// # Errors
/// `Invalid` when the file cannot be read; faulty rows stand in the report.
pub async fn load(
    app: &App,
    table: PlaceTable,
    file: PlaceFile,
    dry_run: bool,
    progress: impl Fn(u64, u64),
) -> AppResult<LoadReport> {
    let (mut report, countries) = read(app, table, &file.bytes)?;
    let now = app.audit_clock.now();
    let before = place_loads::all(&app.store, table).await?;
    let total = countries.iter().map(|(_, rows)| rows.count()).sum();
    report.stored = !dry_run && report.rejected == 0;
    let mut done = 0;
    for (country, rows) in countries {
        let count = rows.count();
        let former = before.iter().find(|load| load.country == country).map_or(0, |load| load.count);
        report.countries.push(CountryLoad { country: country.clone(), count, before: former });
        if report.stored {
            let load = PlaceLoad { country, source: file.source.clone(), count, loaded_at: now };
            app.store.write(async move |tx| rows.replace(&tx, &load).await).await?;
        }
        done += count;
        progress(done, total);
    }
    Ok(report)
}

fn read(app: &App, table: PlaceTable, bytes: &[u8]) -> AppResult<(LoadReport, Vec<(CountryCode, Rows)>)> {
    let regions = &app.tables().regions;
    let unreadable = |fault: String| AppError::Invalid(Violations::one("", "bad_file", fault));
    let report = LoadReport::default();
    Ok(match table {
        PlaceTable::Postcodes => {
            let file = postcodes::read(bytes, regions).map_err(|e| unreadable(e.to_string()))?;
            let report = LoadReport { rows: file.rows, rejected: file.rejected, faults: file.faults, ..report };
            (report, file.countries.into_iter().map(|(c, rows)| (c, Rows::Postcodes(rows))).collect())
        }
        PlaceTable::Boundaries => {
            let file = boundaries::read(bytes, regions).map_err(|e| unreadable(e.to_string()))?;
            let passed_over = file.passed_over.into_iter().collect();
            let report = LoadReport { rows: file.features, passed_over, ..report };
            (report, file.countries.into_iter().map(|(c, rows)| (c, Rows::Boundaries(rows))).collect())
        }
    })
}

/// What is loaded, country by country.
pub async fn loaded(store: &Store, table: PlaceTable) -> AppResult<Vec<PlaceLoad>> {
    Ok(place_loads::all(store, table).await?)
}
