//! `muster migrate`.

use anyhow::{Result, anyhow};
use serde_json::json;
use storage::Store;

use crate::{Ended, cli::Format, config::Settings, data_folder::DataFolder, output, service};

/// Brings schema and catalogue up to date.
pub(super) async fn run(settings: &Settings, format: Format) -> Result<Ended> {
    DataFolder::open(&settings.data)?;
    let fault = |fault: storage::StoreError| anyhow!("the database {} cannot be migrated: {fault}", settings.database);
    let store = Store::open(&settings.database).await.map_err(fault)?;
    let migrations = store.migrate().await.map_err(fault)?;
    let files = service::seed_files(settings)?;
    let counts = app::catalogue::sync(&store, &files).await.map_err(service::catalogue_fault)?;
    let rows = json!({
        "migrations": migrations,
        "catalogue": { "created": counts.created, "changed": counts.changed, "unchanged": counts.unchanged },
    });
    match format {
        Format::Json => output::print_json(&rows)?,
        Format::Table | Format::Csv => output::print(&format!(
            "{migrations} migrations applied; catalogue: {} rows created, {} changed, {} unchanged",
            counts.created, counts.changed, counts.unchanged
        ))?,
    }
    Ok(Ended::Done)
}
