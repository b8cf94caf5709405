//! `muster config show`.

use anyhow::Result;
use exchange::safe_csv::Cell;

use crate::{Ended, cli::Format, config::Settings, output};

/// Prints every setting with its value and where it comes from.
pub(super) fn show(settings: &Settings, format: Format) -> Result<Ended> {
    let header = ["setting", "value", "origin", "variable"];
    let rows = settings.shown.iter();
    match format {
        Format::Json => output::print_json(&settings.shown)?,
        Format::Table => {
            let cells = rows
                .map(|s| vec![s.name.to_owned(), s.value.clone(), s.origin.as_str().to_owned(), s.variable.to_owned()]);
            output::print(&output::table(&header, &[], cells))?;
        }
        Format::Csv => {
            let cells =
                rows.map(|s| [s.name, &s.value, s.origin.as_str(), s.variable].into_iter().map(Cell::text).collect());
            output::print_csv(&header, cells)?;
        }
    }
    Ok(Ended::Done)
}
