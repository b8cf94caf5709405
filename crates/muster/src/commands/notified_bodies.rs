//! `muster notified-bodies`.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use app::notified_bodies;
use exchange::safe_csv::Cell;
use serde_json::json;

use crate::{
    Ended,
    cli::{Format, NotifiedBodies},
    config::Settings,
    output,
    service::{self, Catalogue, Service, app_fault},
};

/// Puts the list of a file in place, or says what the list is.
pub(super) async fn run(settings: &Settings, flags: &NotifiedBodies, format: Format) -> Result<Ended> {
    let Some(path) = &flags.file else { return list(settings, format).await };
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read; check the path", path.display()))?;
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let loaded = notified_bodies::load(&service.app, &bytes).await.map_err(app_fault);
    let loaded = loaded.with_context(|| path.display().to_string())?;
    let faults = loaded.faults.iter();
    match format {
        Format::Json => {
            let (bodies, before, faults) = (loaded.bodies, loaded.before, &loaded.faults);
            let stored = faults.is_empty();
            output::print_json(&json!({ "bodies": bodies, "before": before, "stored": stored, "faults": faults }))?;
        }
        Format::Csv => output::print_csv(
            &["line", "column", "value", "reason", "remedy"],
            faults.map(|f| {
                let mut cells = vec![Cell::number(f.line)];
                cells.extend([&f.column, &f.value, &f.reason, &f.remedy].map(|text| Cell::text(text.clone())));
                cells
            }),
        )?,
        Format::Table => {
            let rows = faults.map(|f| {
                vec![f.line.to_string(), f.column.clone(), f.value.clone(), f.reason.clone(), f.remedy.clone()]
            });
            let said = match loaded.faults.len() {
                0 => format!("{} notified bodies are on the list; {} were before", loaded.bodies, loaded.before),
                n => {
                    let table = output::table(&["line", "column", "value", "reason", "remedy"], &[0], rows);
                    format!("{table}\n\n{n} rows are faulty: nothing was stored; mend them and load the file again")
                }
            };
            output::print(&said)?;
        }
    }
    Ok(if loaded.faults.is_empty() { Ended::Done } else { Ended::RowErrors })
}

async fn list(settings: &Settings, format: Format) -> Result<Ended> {
    // Looking something up makes no data folder.
    let there = settings.database.path().is_none_or(Path::is_file);
    let bodies = match there {
        true => notified_bodies::all(&service::open_store(settings).await?).await.map_err(app_fault)?,
        false => Vec::new(),
    };
    let header = ["number", "name", "country", "frames", "until"];
    let cells = |body: &domain::notified_body::NotifiedBody| {
        let frames: Vec<&str> = body.frames.iter().map(String::as_str).collect();
        let country = body.country.as_ref().map(ToString::to_string).unwrap_or_default();
        let until = body.until.map(|day| day.to_string()).unwrap_or_default();
        [body.number.clone(), body.name.clone(), country, frames.join(";"), until]
    };
    match format {
        Format::Json => {
            let item = |body: &domain::notified_body::NotifiedBody| {
                let [number, name, country, _, until] = cells(body);
                json!({ "number": number, "name": name, "country": country, "frames": body.frames, "until": until })
            };
            output::print_json(&bodies.iter().map(item).collect::<Vec<_>>())?;
        }
        Format::Csv => {
            output::print_csv(&header, bodies.iter().map(|body| cells(body).map(Cell::text).to_vec()))?;
        }
        Format::Table if bodies.is_empty() => {
            output::complain("no list of notified bodies is loaded, so their numbers are checked by their shape alone");
        }
        Format::Table => output::print(&output::table(&header, &[], bodies.iter().map(|body| cells(body).to_vec())))?,
    }
    Ok(Ended::Done)
}
