//! `muster import`.

use std::{fs, io::Read, path::Path, sync::Arc};

use anyhow::{Context, Result, anyhow};
use app::{
    access::Caller,
    imports::{self, ImportFile, ImportOptions},
};
use exchange::{
    safe_csv::Cell,
    tables::{ImportReport, Kind, Mapping, SHIPPED},
};

use crate::{
    Ended,
    cli::{Format, Import, ImportKind},
    clock::DayClock,
    config::Settings,
    output::{self, grouped},
    service::{Catalogue, Service, app_fault},
};

/// Rows with faults shown on a terminal.
const SHOWN: usize = 20;

/// Imports a file and prints the report.
pub(super) async fn run(settings: &Settings, flags: &Import, format: Format) -> Result<Ended> {
    let kind = match flags.kind {
        ImportKind::Offers => Kind::Offers,
        ImportKind::Needs => Kind::Needs,
    };
    let mut mapping = mapping(flags.map.as_deref(), kind)?;
    let file = read(&flags.file)?;
    let mut service = Service::open(settings, Catalogue::Ensure).await?;
    if let Some(day) = flags.today {
        mapping.today = Some(day);
        service.app.clock = Arc::new(DayClock { day, inner: Arc::clone(&service.app.clock) });
    }
    if let Some(locale) = flags.locale {
        mapping.locale = locale;
    }
    let options = ImportOptions { dry_run: flags.dry_run, valid_rows_only: flags.valid_rows_only };
    let bar = output::progress("reading");
    bar.set_length(u64::try_from(file.bytes.len()).unwrap_or(0));
    let imported = match kind {
        Kind::Offers => imports::offers(&service.app, &Caller::command_line(), file, &mapping, options).await,
        Kind::Needs => imports::needs(&service.app, &Caller::command_line(), file, &mapping, options).await,
    };
    bar.finish_and_clear();
    let report = imported.map_err(app_fault).with_context(|| flags.file.display().to_string())?;
    print(&report, flags, format)?;
    Ok(if report.counts.rejected > 0 { Ended::RowErrors } else { Ended::Done })
}

fn mapping(named: Option<&Path>, kind: Kind) -> Result<Mapping> {
    let Some(path) = named else { return Ok(Mapping::plain(kind)) };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(fault) => match path.to_str().and_then(Mapping::shipped) {
            Some(shipped) => shipped.to_owned(),
            None => {
                let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
                let shipped = names.join(", ");
                return Err(anyhow!(
                    "the mapping {} cannot be read: {fault}; write its path, or a shipped one: {shipped}",
                    path.display()
                ));
            }
        },
    };
    Mapping::parse(&text).map_err(|faults| anyhow!("the mapping {} is broken: {faults}", path.display()))
}

fn read(path: &Path) -> Result<ImportFile> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
        return Ok(ImportFile { name: "standard input".to_owned(), bytes });
    }
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read; check the path", path.display()))?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(ImportFile { name, bytes })
}

fn print(report: &ImportReport, flags: &Import, format: Format) -> Result<()> {
    match format {
        Format::Json => output::print_json(report),
        Format::Csv => output::print_csv(
            &["line", "external_id", "outcome", "column", "value", "reason", "remedy"],
            report.rows.iter().flat_map(|row| {
                let line = Cell::number(row.line);
                let start =
                    move |outcome: &str| vec![line.clone(), Cell::from(row.external_id.clone()), Cell::text(outcome)];
                let faults = row.faults.iter().map({
                    let start = start.clone();
                    move |f| {
                        let mut cells = start(row.outcome.as_str());
                        cells.extend([&f.column, &f.value, &f.reason, &f.remedy].map(|t| Cell::text(t.clone())));
                        cells
                    }
                });
                let plain = row.faults.is_empty().then(|| {
                    let mut cells = start(row.outcome.as_str());
                    cells.extend([Cell::Blank, Cell::Blank, Cell::Blank, Cell::Blank]);
                    cells
                });
                faults.chain(plain).collect::<Vec<_>>()
            }),
        ),
        Format::Table => output::print(&text(report, flags)),
    }
}

fn text(report: &ImportReport, flags: &Import) -> String {
    let c = &report.counts;
    let counts = [
        ("created", c.created),
        ("updated", c.updated),
        ("unchanged", c.unchanged),
        ("quarantined", c.quarantined),
        ("rejected", c.rejected),
        ("rows", c.rows),
        ("blank rows", c.blank),
    ];
    let rows = counts.iter().map(|(name, n)| vec![(*name).to_owned(), grouped(i128::from(*n))]);
    let mut text = output::table(&[report.kind.as_str(), "rows"], &[1], rows);
    let faults: Vec<_> = report.faults().collect();
    if !faults.is_empty() {
        let rows = faults
            .iter()
            .take(SHOWN)
            .map(|f| vec![f.line.to_string(), f.column.clone(), f.value.clone(), f.reason.clone(), f.remedy.clone()]);
        text.push_str("\n\n");
        text.push_str(&output::table(&["line", "column", "value", "reason", "remedy"], &[0], rows));
        if faults.len() > SHOWN {
            text.push_str(&format!("\nand {} more (--output csv has all)", grouped_len(faults.len() - SHOWN)));
        }
    }
    let stored = if flags.dry_run {
        "dry run: nothing was stored"
    } else if c.rejected > 0 && !flags.valid_rows_only {
        "nothing was stored: mend the rejected rows, or take --valid-rows-only"
    } else if c.created + c.updated + c.quarantined == 0 {
        "nothing changed"
    } else {
        "stored"
    };
    format!("{text}\n\n{stored}")
}

fn grouped_len(count: usize) -> String {
    grouped(i128::try_from(count).unwrap_or(0))
}
