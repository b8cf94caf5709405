//! `muster schedule`: when runs begin of themselves.

use anyhow::Result;
use app::{access::Caller, schedule};
use domain::schedule::ScheduleInput;
use exchange::safe_csv::Cell;
use serde_json::json;

use crate::{
    Ended,
    cli::{Format, Schedule, YesNo},
    config::Settings,
    output,
    service::{Catalogue, Service, app_fault},
};

/// Says when runs begin of themselves, after setting what is named.
pub(super) async fn run(settings: &Settings, flags: &Schedule, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let (app, caller) = (&service.app, Caller::command_line());
    let mut standing = schedule::standing(app, &caller).await.map_err(app_fault)?;
    if flags.every.is_some() || flags.on_change.is_some() || flags.quiet.is_some() {
        let before = standing.schedule.clone();
        let input = ScheduleInput {
            every_minutes: flags.every.map_or(before.every_minutes.map(i64::from), |n| Some(n).filter(|n| *n != 0)),
            on_change: flags.on_change.map_or(before.on_change, |word| word == YesNo::Yes),
            quiet_seconds: Some(flags.quiet.unwrap_or(i64::from(before.quiet_seconds))),
        };
        let set = schedule::set(app, &caller, &input, before.parameters, |_| Ok(()));
        standing = set.await.map_err(app_fault)?;
    }
    let now = &standing.schedule;
    let since = standing.since.as_ref().map(|change| change.since.to_string());
    let mode = now.parameters.clone().unwrap_or_default().mode.as_str();
    let on_change = if now.on_change { "yes" } else { "no" };
    let row = [
        ("every_minutes", now.every_minutes.map_or_else(|| "never".to_owned(), |minutes| minutes.to_string())),
        ("on_change", on_change.to_owned()),
        ("quiet_seconds", now.quiet_seconds.to_string()),
        ("mode", mode.to_owned()),
        ("since", since.clone().unwrap_or_else(|| "always".to_owned())),
    ];
    match format {
        Format::Json => output::print_json(&json!({
            "every_minutes": now.every_minutes, "on_change": now.on_change, "quiet_seconds": now.quiet_seconds,
            "mode": mode, "since": since,
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
