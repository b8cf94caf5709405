//! `muster replay`.

use anyhow::{Result, anyhow};
use app::{
    access::Caller,
    runs::{self, Difference, Replayed},
};
use domain::ids::RunId;
use exchange::safe_csv::Cell;
use serde::Serialize;

use crate::{
    Ended,
    cli::{Format, Replay},
    config::Settings,
    output::{self, wrapped},
    service::{Catalogue, Service, app_fault},
};

/// How many differences people are shown.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct Document<'a> {
    run: RunId,
    /// The engine that made it.
    engine: &'a str,
    /// The engine of this program.
    this_engine: &'a str,
    hash: &'a str,
    equal: bool,
    /// Why it could not be computed.
    fault: Option<&'a str>,
    differences: &'a [Difference],
}

/// Computes a stored run again and says whether the bytes are the same.
pub(super) async fn run(settings: &Settings, flags: &Replay, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let replayed = runs::replay(&service.app, &Caller::command_line(), flags.run, flags.other_engine).await;
    let Replayed { run, engine, hash, result } = replayed.map_err(app_fault)?;
    let differences = result.as_deref().unwrap_or_default();
    let fault = result.as_ref().err().map(String::as_str);
    let equal = fault.is_none() && differences.is_empty();
    match format {
        Format::Json => {
            let this_engine = matching::ENGINE;
            output::print_json(&Document {
                run,
                engine: &engine,
                this_engine,
                hash: &hash,
                equal,
                fault,
                differences,
            })?;
        }
        Format::Csv => {
            let word = |text: &Option<String>| Cell::text(text.clone().unwrap_or_default());
            let rows = differences.iter().map(|d| vec![Cell::text(&*d.what), word(&d.stored), word(&d.now)]);
            output::print_csv(&["what", "stored", "now"], rows)?;
        }
        Format::Table if equal => {
            output::print(&format!("run {run}, computed again by {engine}: equal to the byte\nhash     {hash}"))?
        }
        Format::Table => output::print(&listed(differences))?,
    }
    match fault {
        Some(fault) => Err(anyhow!("the run {run} cannot be computed again: {fault}")),
        None if equal => Ok(Ended::Done),
        None => Err(anyhow!("the run {run}, computed again, differs in {} places", differences.len())),
    }
}

fn listed(differences: &[Difference]) -> String {
    let mut lines = Vec::new();
    for d in differences.iter().take(SHOWN) {
        lines.push(d.what.clone());
        for (name, text) in [("stored:", &d.stored), ("now:", &d.now)] {
            let text = text.as_deref().unwrap_or("nothing");
            lines.push(wrapped(&format!("{name} {text}"), 4));
        }
    }
    if differences.len() > SHOWN {
        lines.push(format!("{} more; take --output json for all", differences.len() - SHOWN));
    }
    lines.join("\n")
}
