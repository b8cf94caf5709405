//! `muster match`.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use app::{Actor, runs};
use domain::{
    ids::{NeedId, OfferId, RunId},
    market::Market,
    need::Need,
    parameters::Parameters,
    quantity::Measure,
    time::Day,
};
use exchange::safe_csv::Cell;
use matching::{Answer, Step};
use serde::Serialize;

use crate::{
    Ended,
    cli::{Format, Match},
    clock::DayClock,
    config::Settings,
    output::{self, grouped, wrapped},
    report::{Report, View, explained, render, singular},
    service::{Catalogue, Service, app_fault},
};

/// Matches the market, explains a need, or says why not.
pub(super) async fn run(settings: &Settings, flags: &Match, format: Format) -> Result<Ended> {
    let asked = flags.why_not().map_err(anyhow::Error::msg)?;
    let mut service = Service::open(settings, Catalogue::Ensure).await?;
    if let Some(day) = flags.day {
        service.app.clock = Arc::new(DayClock { day, inner: Arc::clone(&service.app.clock) });
    }
    let parameters = Parameters { capacity: flags.capacity.into(), ..Parameters::default() };
    if let Some((need, offer)) = asked {
        return why_not(&service, parameters, need, offer, format).await;
    }
    if let Some(need) = flags.explain {
        return explain(&service, parameters, need, format).await;
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
    let step = move |step: Step| {
        let (what, done, all) = match step {
            Step::Judging(done, all) => ("judging", done, all),
            Step::Solving(done, all) => ("solving", done, all),
        };
        shown.set_message(what);
        shown.set_length(u64::try_from(all).unwrap_or(0));
        shown.set_position(u64::try_from(done).unwrap_or(0));
    };
    let result = runs::now(&service.app, Actor::Operator, parameters, dry_run, Some(Arc::new(step))).await;
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

async fn explain(service: &Service, parameters: Parameters, need: NeedId, format: Format) -> Result<Ended> {
    let (explanation, computed) =
        runs::explain(&service.app, Actor::Operator, parameters.clone(), need).await.map_err(app_fault)?;
    if format != Format::Table {
        output::print_json(&explanation)?;
        return Ok(Ended::Done);
    }
    let tables = service.app.tables();
    let view = View { market: &computed.market, outcome: &computed.outcome, tables: &tables, parameters: &parameters };
    output::print(&explained(&view, &explanation))?;
    Ok(Ended::Done)
}

async fn why_not(
    service: &Service,
    parameters: Parameters,
    need: NeedId,
    offer: OfferId,
    format: Format,
) -> Result<Ended> {
    let answers = runs::why_not(&service.app, Actor::Operator, parameters, need, offer).await.map_err(app_fault)?;
    if format != Format::Table {
        output::print_json(&answers)?;
        return Ok(Ended::Done);
    }
    let scope = storage::Scope::Operator;
    let found = storage::needs::get(&service.app.store, scope, need).await;
    let found = found.map_err(|fault| anyhow!("the need cannot be read: {fault}"))?.record;
    let lines: Vec<String> = answers.iter().map(|answer| wrapped(&sentence(&found, answer), 0)).collect();
    output::print(&lines.join("\n"))?;
    Ok(Ended::Done)
}

/// A measure in the unit it was typed in: its value belongs to that unit, its quantity to the base unit.
fn as_typed(measure: &Measure) -> String {
    match measure.pack {
        None => format!("{} {}", measure.value, measure.unit),
        Some(pack) => format!("{} {} of {pack}", measure.value, measure.unit),
    }
}

fn sentence(need: &Need, answer: &Answer) -> String {
    let (Answer::Eligible { instalment, .. } | Answer::NotEligible { instalment, .. }) = answer;
    let of = need.instalments.iter().find(|i| i.id == *instalment);
    let asked =
        of.map_or_else(|| format!("instalment {instalment}"), |i| format!("due {}: {}", i.due, as_typed(&i.measure)));
    match answer {
        Answer::Eligible { how, .. } => {
            let far = how.distance_km.map_or_else(|| "an unknown distance".to_owned(), |km| format!("{km} km"));
            let stock = if how.stock_only { ", from stock alone" } else { "" };
            format!(
                "{asked} - the offer may serve it: goods ready by {}, {} days on the way, {far}, {} cost points a \
                 unit{stock}. If it does not, others are cheaper or more urgent needs use it up.",
                how.cutoff,
                how.transit_days,
                grouped(i128::from(how.cost.total()))
            )
        }
        Answer::NotEligible { reason, .. } => {
            format!("{asked} - the offer {} ({}).", singular(&reason.to_string()), reason.code())
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{code::UnitCode, quantity::Quantity};

    use super::*;

    #[test]
    fn num_02_a_litre_is_not_shown_as_a_thousand() {
        let litres = Measure {
            value: "942840".parse().unwrap(),
            unit: UnitCode::new("LTR"),
            pack: None,
            quantity: Quantity::new(942_840_000).unwrap(),
        };
        assert_eq!(as_typed(&litres), "942840 LTR");
        let boxes =
            Measure { value: "10".parse().unwrap(), unit: UnitCode::new("XBX"), pack: Quantity::new(100), ..litres };
        assert_eq!(as_typed(&boxes), "10 XBX of 100");
    }
}
