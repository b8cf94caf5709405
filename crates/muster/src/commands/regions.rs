//! `muster regions`.

use anyhow::{Result, anyhow};
use app::place_tables::PlaceTable;
use domain::{
    region::{Region, RegionTable, Resolved},
    text,
};
use exchange::safe_csv::Cell;
use serde_json::{Value, json};

use crate::{
    Ended,
    cli::{Format, Regions, RegionsAction},
    config::Settings,
    output,
};

mod place_tables;

/// Rows a search shows on a terminal.
const SHOWN: usize = 40;

/// Lists countries, finds or shows regions, loads what they are found by.
pub(super) async fn run(settings: &Settings, flags: Regions, format: Format) -> Result<Ended> {
    let tables = || super::tables(settings);
    match flags.action {
        None => list(tables().await?.regions.all().iter().filter(|r| r.level == 0).collect(), format),
        Some(RegionsAction::Search { words }) => {
            let tables = tables().await?;
            let question = words.join(" ");
            let found = search(&tables.regions, &question);
            if found.is_empty() {
                let remedy = "try another word, or `muster regions` for the countries";
                return Err(anyhow!("no region is called {question:?}; {remedy}"));
            }
            list(found, format)
        }
        Some(RegionsAction::Show { code }) => show(&tables().await?.regions, &code, format),
        Some(RegionsAction::Postcodes(flags)) => {
            place_tables::run(settings, PlaceTable::Postcodes, &flags, format).await
        }
        Some(RegionsAction::Boundaries(flags)) => {
            place_tables::run(settings, PlaceTable::Boundaries, &flags, format).await
        }
    }
}

fn search<'a>(table: &'a RegionTable, question: &str) -> Vec<&'a Region> {
    let wanted = text::squeeze(question);
    let exact = match table.resolve(question) {
        Resolved::One(code) => vec![code],
        Resolved::Split(codes) => codes,
        Resolved::Unknown(_) => Vec::new(),
    };
    let holds = |r: &Region| {
        let words = [r.code.as_str(), r.name.as_str()];
        words.into_iter().chain(r.aliases.iter().map(String::as_str)).any(|w| text::squeeze(w).contains(&wanted))
    };
    let mut found: Vec<&Region> =
        table.all().iter().filter(|r| exact.contains(&r.code) || (wanted.len() >= 2 && holds(r))).collect();
    found.sort_by_key(|r| (!exact.contains(&r.code), r.level, r.code.clone()));
    found
}

fn list(regions: Vec<&Region>, format: Format) -> Result<Ended> {
    let header = ["code", "name", "level", "in", "country"];
    let cells = |r: &Region| {
        let parent = r.parent.as_ref().map(ToString::to_string).unwrap_or_default();
        [r.code.to_string(), r.name.clone(), r.level.to_string(), parent, r.country.to_string()]
    };
    match format {
        Format::Json => output::print_json(&regions)?,
        Format::Csv => output::print_csv(&header, regions.iter().map(|r| cells(r).map(Cell::text).to_vec()))?,
        Format::Table => {
            let rows = regions.iter().take(SHOWN).map(|r| cells(r).to_vec());
            output::print(&output::table(&header, &[2], rows))?;
            if regions.len() > SHOWN {
                output::complain(&format!("{} more; name more of it, or take --output csv", regions.len() - SHOWN));
            }
        }
    }
    Ok(Ended::Done)
}

fn show(table: &RegionTable, typed: &str, format: Format) -> Result<Ended> {
    let upper = typed.trim().to_uppercase();
    let retired = table.retired(&upper);
    let note = retired.map(|r| format!("{upper} went out of use after {}; it became:", r.version));
    let regions: Vec<&Region> = match table.resolve(typed) {
        Resolved::One(code) => table.ancestors(&code).collect(),
        Resolved::Split(codes) => codes.iter().filter_map(|code| table.get(code)).collect(),
        Resolved::Unknown(near) => {
            let remedy = if near.is_empty() {
                "write a NUTS 2024 code such as DE21, or a country".to_owned()
            } else {
                format!("did you mean: {}", near.join(", "))
            };
            return Err(anyhow!("{typed:?} is no known region; {remedy}"));
        }
    };
    let split = matches!(table.resolve(typed), Resolved::Split(_));
    if format != Format::Json {
        if let Some(note) = &note {
            output::complain(note);
        }
        return list(regions, format);
    }
    let document: Value = match regions.first().filter(|_| !split) {
        Some(region) => json!({ "region": region, "lies_in": regions.get(1..).unwrap_or_default(), "note": note }),
        None => json!({ "retired": upper, "successors": regions, "note": note }),
    };
    output::print_json(&document)?;
    Ok(Ended::Done)
}
