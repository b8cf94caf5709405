//! `muster org`: organisations, who vouches for them, and duplicates.

use anyhow::{Result, anyhow};
use app::{
    access::Caller,
    organisations::{self, Merged, Merging, OrganisationFilter},
};
use domain::organisation::{Organisation, Verification};
use exchange::safe_csv::Cell;
use serde_json::json;
use storage::{PageRequest, Scope};

use super::organisation;
use crate::{
    Ended,
    cli::{Format, OrgList, Voucher},
    config::Settings,
    output,
    service::{Catalogue, Service, app_fault},
};

/// Lists organisations, the first registered first.
pub(super) async fn list(settings: &Settings, flags: &OrgList, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let mut found = every(&service, flags).await?;
    found.retain(|o| !flags.unverified || o.verification == Verification::None);
    let clusters = |o: &Organisation| o.clusters.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let row = |o: &Organisation| {
        let id = o.id.to_string();
        [o.name.clone(), id, o.kind.as_str().to_owned(), o.country.to_string(), o.verification.as_str().to_owned()]
    };
    let header = ["name", "id", "kind", "country", "verification", "clusters"];
    match format {
        Format::Json => output::print_json(&found.iter().map(json_of).collect::<Vec<_>>())?,
        Format::Csv => {
            let cells = |o: &Organisation| row(o).into_iter().chain([clusters(o)]).map(Cell::Text).collect();
            output::print_csv(&header, found.iter().map(cells))?;
        }
        Format::Table if found.is_empty() => output::complain("no organisation fits; see --help"),
        Format::Table => {
            // The width of a page: which clusters they are is in JSON and CSV.
            let cells = |o: &Organisation| row(o).into_iter().chain([o.clusters.len().to_string()]).collect();
            output::print(&output::table(&header, &[5], found.iter().map(cells)))?;
        }
    }
    Ok(Ended::Done)
}

async fn every(service: &Service, flags: &OrgList) -> Result<Vec<Organisation>> {
    let filter = OrganisationFilter { kind: flags.kind.map(Into::into), query: None };
    let (mut found, mut request) = (Vec::new(), PageRequest::first(PageRequest::MOST));
    loop {
        let page = organisations::page(&service.app, &Caller::command_line(), &filter, request).await;
        let page = page.map_err(|fault| anyhow!("the organisations cannot be listed: {fault}"))?;
        found.extend(page.items.into_iter().map(|registration| registration.stored.record));
        match page.next {
            Some(key) => request.after = Some(key),
            None => return Ok(found),
        }
    }
}

/// Writes who vouches for an organisation.
pub(super) async fn verify(settings: &Settings, named: &str, voucher: Voucher, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let id = organisation::find(&service, named).await?;
    let verified = organisations::verify(&service.app, &Caller::command_line(), id, voucher.into(), |_| Ok(())).await;
    let record = verified.map_err(app_fault)?.record;
    match format {
        Format::Json => output::print_json(&json_of(&record))?,
        Format::Table | Format::Csv => {
            output::print(&format!("{}: verification {}", record.name, record.verification.as_str()))?;
        }
    }
    Ok(Ended::Done)
}

/// Makes one of two organisations, or says what that would do.
pub(super) async fn merge(settings: &Settings, (from, into): (&str, &str), yes: bool, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let (from, into) = (organisation::find(&service, from).await?, organisation::find(&service, into).await?);
    let name = async |id| {
        let found = storage::organisations::get(&service.app.store, Scope::Operator, id).await;
        found.map(|o| format!("{} ({})", o.record.name, o.record.country)).map_err(|e| app_fault(e.into()))
    };
    let names = (name(from).await?, name(into).await?);
    let how = if yes { Merging::Commit } else { Merging::Rehearse };
    let merged = organisations::merge(&service.app, &Caller::command_line(), (from, into), how).await;
    let merged = merged.map_err(app_fault)?;
    match format {
        Format::Json => output::print_json(&json!({
            "from": from, "into": into, "done": yes, "counts": counts(&merged),
            "withdrawn": merged.withdrawn, "closed": merged.closed,
        }))?,
        Format::Csv => {
            let row = |(what, count): (&str, u64)| vec![Cell::text(what), Cell::text(count.to_string())];
            output::print_csv(&["what", "count"], organisations::counts(&merged).into_iter().map(row))?;
        }
        Format::Table => {
            let row = |(what, count): (&str, u64)| vec![what.replace('_', " "), count.to_string()];
            let rows = organisations::counts(&merged).into_iter().map(row);
            let verb = if yes { "became" } else { "would become" };
            output::print(&format!("{} {verb} part of {}", names.0, names.1))?;
            output::print(&output::table(&["what", "count"], &[1], rows))?;
        }
    }
    if !yes {
        output::complain("nothing was changed; add --yes to do it, after a backup");
    }
    Ok(Ended::Done)
}

fn counts(merged: &Merged) -> serde_json::Map<String, serde_json::Value> {
    organisations::counts(merged).into_iter().map(|(what, count)| (what.to_owned(), count.into())).collect()
}

fn json_of(of: &Organisation) -> serde_json::Value {
    json!({
        "id": of.id, "name": of.name, "kind": of.kind.as_str(), "country": of.country.to_string(),
        "verification": of.verification.as_str(), "clusters": of.clusters,
    })
}
