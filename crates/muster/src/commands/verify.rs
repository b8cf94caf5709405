//! `muster verify`.

use anyhow::{Result, anyhow};
use app::{
    access::Caller,
    runs::{self, Checked, Proved},
};
use domain::ids::RunId;
use exchange::safe_csv::Cell;
use matching::LevelReport;
use serde::Serialize;

use crate::{
    Ended,
    cli::{Format, Verify},
    config::Settings,
    output::{self, grouped, wrapped},
    report::gap,
    service::{Catalogue, Service, app_fault},
};

#[derive(Serialize)]
struct Document<'a> {
    run: RunId,
    engine: &'a str,
    sound: bool,
    /// What is wrong first.
    fault: Option<&'a str>,
    /// What is proved of a sound run.
    proved: Option<&'a Proved>,
}

/// Checks a stored run and says what is proved of it, or what is wrong.
pub(super) async fn run(settings: &Settings, flags: &Verify, format: Format) -> Result<Ended> {
    let service = Service::open(settings, Catalogue::Ensure).await?;
    let checked = runs::verify(&service.app, &Caller::command_line(), flags.run).await.map_err(app_fault)?;
    let Checked { run, engine, result } = &checked;
    let (proved, fault) = (result.as_ref().ok(), result.as_ref().err().map(String::as_str));
    match (format, proved) {
        (Format::Json, _) => {
            output::print_json(&Document { run: *run, engine, sound: fault.is_none(), fault, proved })?;
        }
        (Format::Csv, Some(proved)) => print_levels(&proved.levels)?,
        (Format::Table, Some(proved)) => output::print(&sentences(*run, engine, proved))?,
        (Format::Csv | Format::Table, None) => {}
    }
    match fault {
        None => Ok(Ended::Done),
        Some(fault) => Err(anyhow!("the run {run} is not what it claims to be: {fault}")),
    }
}

fn sentences(run: RunId, engine: &str, proved: &Proved) -> String {
    let count = |n: u64| grouped(i128::from(n));
    let head = format!(
        "run {run} of {} by {engine} is sound, going by the database alone; nothing was computed anew.",
        proved.day
    );
    let judged = format!(
        "{} pairs were judged again ({} offers for {} instalments): {} may trade, and every match is one of them. {} \
         matches and {} shortages say what the proof says. No capacity, line or need is exceeded, and what was held \
         or agreed before comes first.",
        count(proved.judged_pairs),
        count(proved.offers),
        count(proved.instalments),
        count(proved.eligible_pairs),
        count(proved.matches),
        count(proved.shortages)
    );
    let proven = "A gap of 0 is proved: no other allocation is better at this level, given the levels above it. 0* is \
                  proved for the decisions on smallest orders and suppliers that the run made.";
    let rows = proved.levels.iter().map(|l| {
        let [value, bound, gap] = figures(l);
        vec![l.name.clone(), value, bound, gap, l.unit.clone()]
    });
    let levels = output::table(&["level", "value", "bound", "gap", "counts"], &[1, 2, 3], rows);
    let hashes =
        format!("hash     {}\nmarket   {}\ntables   {}\n", proved.hash, proved.market_hash, proved.tables_hash);
    [wrapped(&head, 0), wrapped(&judged, 0), String::new(), levels, wrapped(proven, 0), String::new(), hashes]
        .join("\n")
}

/// Value, bound and gap of a level for people; what is not known stays empty.
fn figures(level: &LevelReport) -> [String; 3] {
    let known = |n: Option<i128>| n.map(grouped).unwrap_or_default();
    [grouped(level.value), known(level.bound), gap(level)]
}

fn print_levels(levels: &[LevelReport]) -> Result<()> {
    let known = |n: Option<i128>| Cell::text(n.map(|n| n.to_string()).unwrap_or_default());
    let cells = |l: &LevelReport| {
        let numbers = [known(Some(l.value)), known(l.bound), known(l.gap)];
        let mut row = vec![Cell::text(&*l.name), Cell::text(&*l.unit)];
        row.extend(numbers);
        row
    };
    output::print_csv(&["level", "counts", "value", "bound", "gap"], levels.iter().map(cells))
}
