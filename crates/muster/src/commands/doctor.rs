//! `muster doctor`: what is wrong with this installation, and what to do.

use anyhow::Result;
use app::doctor::{Finding, Verdict};
use exchange::safe_csv::Cell;
use serde_json::json;

use crate::{
    Ended,
    cli::Format,
    config::Settings,
    data_folder::DataFolder,
    output::{self, wrapped},
};

mod database;
mod folder;
mod issuers;
mod settings;

/// Looks at everything and says what is wrong.
pub(super) async fn run(settings: &Settings, format: Format) -> Result<Ended> {
    let data = DataFolder::look(&settings.data);
    let mut found = folder::look(settings, data.as_ref());
    found.extend(settings::look(settings));
    found.extend(issuers::look(settings).await);
    found.extend(database::look(settings, data.as_ref()).await);
    tell(&found, format)
}

/// Says that not even the settings can be worked out.
pub(super) fn unresolved(fault: &anyhow::Error, format: Format) -> Result<Ended> {
    let remedy =
        "correct the flag, the variable or the line of muster.toml that sets it, then run `muster doctor` again";
    tell(&[Finding::fault("settings", format!("{fault:#}"), remedy)], format)
}

fn tell(found: &[Finding], format: Format) -> Result<Ended> {
    let of = |verdict| found.iter().filter(|finding| finding.verdict == verdict).count();
    let (faults, warnings) = (of(Verdict::Fault), of(Verdict::Warning));
    match format {
        Format::Json => output::print_json(&json!({
            "faults": faults, "warnings": warnings, "checks": found.iter().map(json_of).collect::<Vec<_>>(),
        }))?,
        Format::Csv => {
            let row = |f: &Finding| {
                let cells = [f.verdict.as_str(), f.check, &f.detail, f.remedy.as_deref().unwrap_or_default()];
                cells.into_iter().map(Cell::text).collect()
            };
            output::print_csv(&["verdict", "check", "detail", "remedy"], found.iter().map(row))?;
        }
        Format::Table => {
            let mut text: String = found.iter().map(lines).collect();
            text.push_str(&format!("\n{} checks: {faults} faults, {warnings} warnings\n", found.len()));
            output::print(&text)?;
        }
    }
    Ok(if faults > 0 { Ended::Faults } else { Ended::Done })
}

fn lines(finding: &Finding) -> String {
    let head = format!("{:<8} {:<14} ", finding.verdict.as_str(), finding.check);
    let told = wrapped(&finding.detail, head.len());
    let told = told.trim_start();
    match &finding.remedy {
        None => format!("{head}{told}\n"),
        Some(remedy) => format!("{head}{told}\n{}\n", wrapped(&format!("do: {remedy}"), head.len())),
    }
}

fn json_of(finding: &Finding) -> serde_json::Value {
    json!({
        "check": finding.check, "verdict": finding.verdict.as_str(), "detail": finding.detail,
        "remedy": finding.remedy,
    })
}
