//! `muster market`: the mode that the market runs in.

use anyhow::{Result, anyhow};
use app::{access::Caller, market};
use exchange::safe_csv::Cell;
use serde_json::json;

use crate::{
    Ended,
    cli::{Format, Market},
    config::Settings,
    output,
    service::{Catalogue, Service, app_fault},
};

/// Says how the market runs, after putting it into a mode where one is named.
pub(super) async fn run(settings: &Settings, flags: &Market, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let standing = match (&flags.mode, &flags.reason) {
        (Some(mode), Some(reason)) => {
            market::set(&service.app, &Caller::command_line(), mode.name(), reason, |_| Ok(())).await
        }
        (None, None) => market::standing(&service.app.store).await,
        (Some(_), None) | (None, Some(_)) => return Err(anyhow!("write --mode and --reason together")),
    };
    let standing = standing.map_err(app_fault)?;
    let mode = standing.mode;
    let since = standing.since.as_ref().map(|change| change.since.to_string());
    let reason = standing.since.as_ref().map(|change| change.reason.clone());
    let derogations = if mode.permits_derogations() { "yes" } else { "no" };
    let row = [
        ("mode", mode.as_str().to_owned()),
        ("since", since.clone().unwrap_or_else(|| "always".to_owned())),
        ("reason", reason.clone().unwrap_or_default()),
        ("confirm_days", mode.confirm_days().to_string()),
        ("hold_hours", mode.hold_hours().to_string()),
        ("permits_derogations", derogations.to_owned()),
    ];
    match format {
        Format::Json => output::print_json(&json!({
            "mode": mode.as_str(), "since": since, "reason": reason, "confirm_days": mode.confirm_days(),
            "hold_hours": mode.hold_hours(), "permits_derogations": mode.permits_derogations(),
        }))?,
        Format::Csv => {
            let (header, cells): (Vec<&str>, Vec<Cell>) =
                row.into_iter().map(|(name, text)| (name, Cell::Text(text))).unzip();
            output::print_csv(&header, [cells])?;
        }
        Format::Table => {
            let rows = row.into_iter().map(|(name, text)| vec![name.replace('_', " "), text]);
            output::print(&output::table(&["what", "is"], &[], rows))?;
        }
    }
    Ok(Ended::Done)
}
