//! `muster regions postcodes` and `muster regions boundaries`.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use app::place_tables::{self, LoadReport, PlaceFile, PlaceLoad, PlaceTable};
use exchange::safe_csv::Cell;
use serde_json::json;

use crate::{
    Ended,
    cli::{Format, PlaceTableFlags},
    config::Settings,
    output::{self, grouped},
    service::{self, Catalogue, Service, app_fault},
};

/// Faults and codes shown on a terminal.
const SHOWN: usize = 20;

/// Loads a file, or says what is loaded.
pub(super) async fn run(
    settings: &Settings,
    table: PlaceTable,
    flags: &PlaceTableFlags,
    format: Format,
) -> Result<Ended> {
    let Some(path) = &flags.file else {
        // Looking something up makes no data folder.
        let there = settings.database.path().is_none_or(Path::is_file);
        let loads = match there {
            true => place_tables::loaded(&service::open_store(settings).await?, table).await.map_err(app_fault)?,
            false => Vec::new(),
        };
        return list(table, &loads, format);
    };
    let file = PlaceFile { bytes: read(path)?, source: source(flags, path) };
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let bar = output::progress(what(table));
    let heard = |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    };
    let loaded = place_tables::load(&service.app, table, file, flags.dry_run, heard).await;
    bar.finish_and_clear();
    let report = loaded.map_err(app_fault).with_context(|| path.display().to_string())?;
    print(table, &report, flags, format)?;
    Ok(if report.rejected > 0 { Ended::RowErrors } else { Ended::Done })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read; check the path", path.display()))
}

fn source(flags: &PlaceTableFlags, path: &Path) -> String {
    let name = || path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    flags.source.clone().unwrap_or_else(name)
}

fn what(table: PlaceTable) -> &'static str {
    match table {
        PlaceTable::Postcodes => "postcodes",
        PlaceTable::Boundaries => "regions",
    }
}

fn list(table: PlaceTable, loads: &[PlaceLoad], format: Format) -> Result<Ended> {
    let header = ["country", what(table), "loaded", "source"];
    match format {
        Format::Json => {
            let item = |l: &PlaceLoad| {
                let (country, loaded_at) = (&l.country, l.loaded_at.to_string());
                json!({ "country": country, "count": l.count, "loaded_at": loaded_at, "source": l.source })
            };
            output::print_json(&loads.iter().map(item).collect::<Vec<_>>())?;
        }
        Format::Csv => {
            let row = |l: &PlaceLoad| {
                let (country, loaded) = (Cell::text(l.country.as_str()), Cell::text(l.loaded_at.to_string()));
                vec![country, Cell::number(l.count), loaded, Cell::text(l.source.clone())]
            };
            output::print_csv(&header, loads.iter().map(row))?;
        }
        Format::Table if loads.is_empty() => output::complain(&format!("no {} are loaded", what(table))),
        Format::Table => {
            let row = |l: &PlaceLoad| {
                vec![l.country.to_string(), grouped(l.count.into()), l.loaded_at.day().to_string(), l.source.clone()]
            };
            output::print(&output::table(&header, &[1], loads.iter().map(row)))?;
        }
    }
    Ok(Ended::Done)
}

fn print(table: PlaceTable, report: &LoadReport, flags: &PlaceTableFlags, format: Format) -> Result<()> {
    match format {
        Format::Json => output::print_json(report),
        Format::Csv => output::print_csv(
            &["line", "column", "value", "reason", "remedy"],
            report.faults.iter().map(|f| {
                let mut cells = vec![Cell::number(f.line)];
                cells.extend([&f.column, &f.value, &f.reason, &f.remedy].map(|t| Cell::text(t.clone())));
                cells
            }),
        ),
        Format::Table => output::print(&text(table, report, flags.dry_run)),
    }
}

fn text(table: PlaceTable, report: &LoadReport, dry_run: bool) -> String {
    let rows =
        report.countries.iter().map(|c| vec![c.country.to_string(), grouped(c.count.into()), grouped(c.before.into())]);
    let mut parts = vec![output::table(&["country", what(table), "before"], &[1, 2], rows)];
    if !report.faults.is_empty() {
        let rows =
            report.faults.iter().take(SHOWN).map(|f| {
                vec![f.line.to_string(), f.column.clone(), f.value.clone(), f.reason.clone(), f.remedy.clone()]
            });
        parts.push(output::table(&["line", "column", "value", "reason", "remedy"], &[0], rows));
    }
    if !report.passed_over.is_empty() {
        let (shown, count) = (report.passed_over.iter().take(SHOWN), report.passed_over.len());
        let codes: Vec<&str> = shown.map(String::as_str).collect();
        parts.push(format!("{count} codes that are not in use were passed over: {}", codes.join(", ")));
    }
    let (read, rejected) = (grouped(report.rows.into()), grouped(report.rejected.into()));
    parts.push(if report.rejected > 0 {
        format!("{read} rows read, {rejected} faulty: nothing was stored; mend them and load the file again")
    } else if dry_run {
        format!("{read} rows read; dry run: nothing was stored")
    } else {
        format!("{read} rows read; stored")
    });
    parts.join("\n\n")
}
