//! `muster audit`: who did what to which record.

use anyhow::{Result, anyhow};
use app::{Order, access::Caller, audit::AuditFilter};
use domain::{
    audit::{Act, AuditEntry, Change, RecordKind},
    time::Instant,
};
use exchange::safe_csv::Cell;
use serde_json::json;
use storage::PageRequest;

use super::organisation;
use crate::{
    Ended,
    cli::{Audit, Format},
    config::Settings,
    output,
    service::{Catalogue, Service},
};

/// Prints the log, the last entry first.
pub(super) async fn run(settings: &Settings, flags: &Audit, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let organisation = match flags.org.as_deref() {
        Some(name) => Some(match name.parse() {
            // The log also knows those that are no more.
            Ok(id) => id,
            Err(_) => organisation::find(&service, name).await?,
        }),
        None => None,
    };
    let filter = AuditFilter {
        record_id: flags.record,
        records: flags.kind.iter().filter_map(|word| RecordKind::parse(word)).collect(),
        acts: flags.act.iter().filter_map(|word| Act::parse(word)).collect(),
        organisation,
        owner: None,
        person: None,
        since: flags.since.map(Instant::start_of),
        before: flags.until.map(|day| Instant::start_of(day.plus(1))),
    };
    let (entries, more) = entries(&service, &filter, flags.limit).await?;
    let header = ["at", "acting", "person", "by", "act", "record", "id", "owner", "changes"];
    let row = |entry: &AuditEntry| {
        [
            entry.at.to_string(),
            entry.acting.organisation().map_or_else(|| entry.acting.as_str().to_owned(), |id| id.to_string()),
            entry.person.map_or_else(String::new, |id| id.to_string()),
            entry.credential.as_str().to_owned(),
            entry.act.as_str().to_owned(),
            entry.record.as_str().to_owned(),
            entry.record_id.to_string(),
            entry.owner.map_or_else(String::new, |id| id.to_string()),
            changes(&entry.changes),
        ]
    };
    match format {
        Format::Json => output::print_json(&entries.iter().map(json_of).collect::<Vec<_>>())?,
        Format::Csv => output::print_csv(&header, entries.iter().map(|entry| row(entry).map(Cell::Text).into()))?,
        Format::Table if entries.is_empty() => output::complain("nothing was noted that fits; see --help"),
        Format::Table => {
            // Who acted and whose record it is are in JSON and CSV.
            let told = entries.iter().map(|entry| {
                let at: String = entry.at.to_string().chars().take(19).collect();
                let head = format!("{at}Z  {} {} {}", entry.act.as_str(), entry.record.as_str(), entry.record_id);
                format!("{head}\n{}\n", output::wrapped(&changes(&entry.changes), 4))
            });
            output::print(told.collect::<String>().trim_end())?;
        }
    }
    if more {
        output::complain(&format!("there are more than {}; ask for more with --limit, or narrow it", flags.limit));
    }
    Ok(Ended::Done)
}

/// The last entries, at most so many, and whether there are more.
async fn entries(service: &Service, filter: &AuditFilter, most: u32) -> Result<(Vec<AuditEntry>, bool)> {
    let mut found = Vec::new();
    let mut request = PageRequest { order: Order::Descending, ..PageRequest::first(most.min(PageRequest::MOST)) };
    let wanted = usize::try_from(most).unwrap_or(usize::MAX);
    loop {
        let page = app::audit::page(&service.app, &Caller::command_line(), filter, request).await;
        let page = page.map_err(|fault| anyhow!("the audit log cannot be read: {fault}"))?;
        found.extend(page.items);
        match page.next {
            Some(key) if found.len() < wanted => request.after = Some(key),
            next => {
                let more = next.is_some() || found.len() > wanted;
                found.truncate(wanted);
                return Ok((found, more));
            }
        }
    }
}

fn changes(changes: &[Change]) -> String {
    let told = changes.iter().map(|change| match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{}: {from} to {to}", change.field),
        (None, Some(to)) => format!("{}: {to}", change.field),
        (Some(_), None) => format!("{}: gone", change.field),
        // Free text, or a field of many parts.
        (None, None) => format!("{}: changed", change.field),
    });
    told.collect::<Vec<_>>().join("; ")
}

fn json_of(entry: &AuditEntry) -> serde_json::Value {
    json!({
        "id": entry.id, "at": entry.at.to_string(), "acting_as": entry.acting.as_str(),
        "acting": entry.acting.organisation(), "person": entry.person,
        "credential": entry.credential.as_str(), "credential_id": entry.credential_id, "act": entry.act.as_str(),
        "record": entry.record.as_str(), "record_id": entry.record_id, "owner": entry.owner, "changes": entry.changes,
    })
}
