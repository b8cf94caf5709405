//! `muster ledger`.

use anyhow::{Result, anyhow};
use app::ledger::Verified;
use exchange::safe_csv::Cell;
use serde_json::json;

use crate::{
    Ended,
    cli::Format,
    config::Settings,
    output::{self, grouped},
    service::{Catalogue, Service, app_fault},
};

/// Checks the ledger and says what is wrong, or that nothing is.
pub(super) async fn verify(settings: &Settings, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let Verified { matches, entries, faults } = app::ledger::verify(&service.app).await.map_err(app_fault)?;
    match format {
        Format::Json => {
            let sound = faults.is_empty();
            output::print_json(&json!({ "sound": sound, "matches": matches, "entries": entries, "faults": faults }))?;
        }
        Format::Csv => output::print_csv(&["fault"], faults.iter().map(|fault| vec![Cell::text(&**fault)]))?,
        Format::Table => {
            let count = |n: usize| grouped(i128::try_from(n).unwrap_or(i128::MAX));
            let found = if faults.is_empty() {
                "nothing is promised twice, and what each holds is the sum of its entries.".to_owned()
            } else {
                format!("{} faults:\n  {}", count(faults.len()), faults.join("\n  "))
            };
            let (matches, entries) = (count(matches), count(entries));
            output::print(&format!("the ledger has {matches} matches and {entries} entries; {found}"))?;
        }
    }
    match faults.first() {
        None => Ok(Ended::Done),
        Some(first) => Err(anyhow!("the ledger is broken: {first}")),
    }
}
