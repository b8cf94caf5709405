//! `muster match`.

use std::sync::Arc;

use anyhow::{Context, Result};
use api::explanations::{NeedExplanation, PairExplanation};
use app::{
    access::Caller,
    explanations,
    runs::{self, RunProgress},
};
use domain::{
    ids::{NeedId, OfferId, RunId},
    market::Market,
    parameters::Parameters,
    time::Day,
    violation::Violations,
};
use exchange::safe_csv::Cell;
use serde::Serialize;

use super::serve::stop_signal;
use crate::{
    Ended,
    cli::{Format, Match},
    clock::DayClock,
    config::Settings,
    output,
    report::{Report, Told, explained, judged, render},
    service::{Catalogue, Service, app_fault},
};

/// Matches the market, explains a need, or says why not.
pub(super) async fn run(settings: &Settings, flags: &Match, format: Format) -> Result<Ended> {
    let asked = flags.why_not().map_err(anyhow::Error::msg)?;
    let mut service = Service::open(settings, Catalogue::Ensure).await?;
    if let Some(day) = flags.day {
        service.app.clock = Arc::new(DayClock { day, inner: Arc::clone(&service.app.clock) });
    }
    let parameters = flags.parameters.input().check().map_err(wrong_parameters)?;
    if let Some(pair) = asked {
        return why_not(&service, parameters, pair, flags.counterfactuals, format).await;
    }
    if let Some(need) = flags.explain {
        return explain(&service, parameters, need, flags.counterfactuals, format).await;
    }
    let (id, computed) = allocate(&service, parameters.clone(), flags.dry_run).await?;
    if let Some(last) = last_due_date_if_over(&computed.market) {
        output::complain(&format!(
            "every open need was due by {last}, before {}: to match the market of that time, name a day with --day",
            computed.market.day
        ));
    }
    let report = Report::new(&computed.market, &computed.outcome, &service.app.tables(), &parameters);
    print(&service, id, report, format)?;
    Ok(Ended::Done)
}

/// What is wrong with the flags, all of it.
pub(super) fn wrong_parameters(faults: Violations) -> anyhow::Error {
    let told = faults.as_slice().iter().map(|v| format!("{}: {}", v.pointer.trim_start_matches('/'), v.detail));
    anyhow::anyhow!(told.collect::<Vec<_>>().join("\n"))
}

/// The last due date of all open needs, when not one lies ahead: the market is one of the past.
fn last_due_date_if_over(market: &Market) -> Option<Day> {
    let open = market.needs.iter().filter(|n| n.is_matchable());
    open.flat_map(|n| &n.instalments).map(|i| i.due).max().filter(|last| *last < market.day)
}

/// Allocates with a bar on a terminal.
pub(super) async fn allocate(
    service: &Service,
    parameters: Parameters,
    dry_run: bool,
) -> Result<(Option<RunId>, runs::Computed)> {
    let bar = output::progress("matching");
    let shown = bar.clone();
    let watch = move |progress: RunProgress| {
        shown.set_message(progress.stage.as_str());
        shown.set_length(progress.of);
        shown.set_position(progress.done);
    };
    let (caller, stop) = (Caller::command_line(), stop_signal());
    let result = runs::now(&service.app, &caller, parameters, dry_run, Arc::new(watch), stop).await;
    bar.finish_and_clear();
    result.map_err(app_fault)
}

#[derive(Serialize)]
struct Document {
    /// The stored run; none for a dry run.
    run: Option<RunId>,
    demo: bool,
    #[serde(flatten)]
    report: Report,
}

fn print(service: &Service, run: Option<RunId>, report: Report, format: Format) -> Result<()> {
    let demo = service.demo.is_some();
    match format {
        Format::Json => output::print_json(&Document { run, demo, report }),
        Format::Csv => print_coverage(&report),
        Format::Table => {
            let mut text = String::new();
            if demo {
                text.push_str("DEMO market of April 2020: every organisation is invented.\n\n");
            }
            text.push_str(&render(&report));
            text.push_str(&match run {
                Some(id) => format!("stored as run {id}"),
                None => "dry run: nothing was stored".to_owned(),
            });
            output::print(&text)
        }
    }
}

/// The coverage by product as CSV, in base units.
pub(super) fn print_coverage(report: &Report) -> Result<()> {
    let header = ["product", "name", "base_unit", "needs", "needed", "covered", "shortage", "share_per_mille"];
    let rows = report.coverage.by_product.iter().map(|r| {
        let mut cells = vec![Cell::text(&*r.product), Cell::text(&*r.name), Cell::text(&*r.base_unit)];
        let numbers = [i64::from(r.needs), r.needed, r.covered, r.shortage, r.share_per_mille];
        cells.extend(numbers.map(Cell::number));
        cells
    });
    output::print_csv(&header, rows)
}

async fn explain(
    service: &Service,
    parameters: Parameters,
    need: NeedId,
    solves: u32,
    format: Format,
) -> Result<Ended> {
    let (explanation, market) = explanations::need_now(&service.app, &Caller::command_line(), parameters, need, solves)
        .await
        .map_err(app_fault)?;
    let tables = service.app.tables();
    if format != Format::Table {
        output::print_json(&NeedExplanation::of(explanation, None, &tables.catalogue))?;
        return Ok(Ended::Done);
    }
    let need = market.need(need).context("the need is not in the market")?;
    output::print(&explained(&Told::of(&market, &tables, need), &explanation))?;
    Ok(Ended::Done)
}

async fn why_not(
    service: &Service,
    parameters: Parameters,
    (need, offer): (NeedId, OfferId),
    solves: u32,
    format: Format,
) -> Result<Ended> {
    let pair = (need, offer);
    let (answer, market) = explanations::pair_now(&service.app, &Caller::command_line(), parameters, pair, solves)
        .await
        .map_err(app_fault)?;
    if format != Format::Table {
        output::print_json(&PairExplanation::of(answer, None, None))?;
        return Ok(Ended::Done);
    }
    let tables = service.app.tables();
    let need = market.need(need).context("the need is not in the market")?;
    output::print(&judged(&Told::of(&market, &tables, need), &answer))?;
    Ok(Ended::Done)
}
