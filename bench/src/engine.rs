//! The table of speed bars: every row in one run, with verdicts.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use bench::instances::Shape;

use crate::{
    equity, fairness, growth, machine, market,
    peers::{Driver, Peer, start_all},
    pipeline, rank,
    report::{Row, Verdict},
    results,
    rows::{self, Case, LEMON_SPLIT, Ours},
};

/// How to run the table.
pub struct Setup {
    /// Under a minute: rows that need longer are left out, and said so.
    pub quick: bool,
    /// Write the results into this file, between its marks, and the plot beside it.
    pub write: Option<PathBuf>,
    /// Only rows whose name holds this.
    pub only: Option<String>,
    /// Repetitions of each contender.
    pub repeat: usize,
    /// Where the peers are installed.
    pub peers: PathBuf,
}

/// Market of 100,000 offers with 31 needs each.
const LARGE: Shape = Shape {
    offers: 100_000,
    needs: 20_000,
    products: 20,
    degree: Some(31),
    reach: None,
    west: false,
    periods: 1,
    seed: 1,
};

/// The ranking row of the full run.
const RANKED: &str = "rank one need among 1M offers";

/// Runs all rows, prints them, and fails when an objective differs.
pub fn run(setup: &Setup) -> Result<()> {
    if setup.write.is_some() && (setup.quick || setup.only.is_some()) {
        bail!("--write takes the whole table; leave --quick and --only out");
    }
    let folder = setup.peers.join("instances");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let (mut drivers, missing) = start_all(&setup.peers);
    for reason in &missing {
        println!("{reason}: `bench/peers.sh` installs it; its ratios are not measured.");
    }
    let versions: Vec<String> = drivers.iter().map(|driver| driver.version.clone()).collect();
    let machine = machine::describe(&versions);
    machine.iter().for_each(|line| println!("{line}"));
    let wanted = |name: &str| setup.only.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let mut table: Vec<Row> = Vec::new();
    let mut keep = |name: &str, row: Result<Row>| {
        let row = row.unwrap_or_else(|error| Row {
            case: name.to_owned(),
            faults: vec![format!("{error:#}")],
            ..Row::default()
        });
        println!("\n{}", row.line());
        println!("{}", results::details(&row));
        table.push(row);
    };
    // First, on a fresh heap as a service has it: among what other rows left, memory comes in pieces, and
    // reading a million offers here and there takes half as long again.
    let (name, offers) = if setup.quick { ("rank one need among 100k offers", 100_000) } else { (RANKED, 1_000_000) };
    if wanted(name) {
        keep(name, rank::row(name, offers, setup.repeat));
    }
    let (run_now, left): (Vec<Case>, Vec<Case>) =
        cases(setup).into_iter().partition(|case| !setup.quick || quick(case));
    for case in run_now.iter().filter(|case| wanted(&case.name)) {
        keep(&case.name, rows::run(case, &mut drivers, &folder));
    }
    for (name, size, limits) in pipelines() {
        if wanted(name) {
            keep(name, pipeline::row(name, &size, setup.repeat, &limits));
        }
    }
    if wanted("fairness") {
        keep("fairness", fairness::row(setup.repeat, &mut drivers, &folder));
        keep("what fairness brings", equity::row());
    }
    if wanted("certificate") {
        keep("certificate", rows::certificate(&LARGE, setup.repeat, 4.0, 1.0));
    }
    for case in left.iter().filter(|case| wanted(&case.name)) {
        println!("\nleft to the full run: {}", case.name);
    }
    if setup.quick && wanted(RANKED) {
        println!("\nleft to the full run: {RANKED}");
    }
    let grown = if setup.quick || !wanted("growth") { Vec::new() } else { grow(setup, &mut drivers, &folder)? };
    if table.is_empty() && grown.is_empty() {
        bail!("no row has a name that holds {:?}; run without --only to see them", setup.only.as_deref().unwrap_or(""));
    }
    if let Some(file) = &setup.write {
        results::write(file, &machine, &missing, &table, &grown)?;
    }
    println!("\n{}", results::verdicts(&table));
    let faults: Vec<&str> = table.iter().flat_map(|row| &row.faults).map(String::as_str).collect();
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    let short = table.iter().filter(|row| row.verdict() == Verdict::FallShort).count();
    println!("{}", if short == 0 { "PASS" } else { "FALL SHORT" });
    Ok(())
}

fn grow(setup: &Setup, drivers: &mut [Driver], folder: &Path) -> Result<Vec<Row>> {
    println!("\nhow time grows with arcs:");
    growth::rows(setup.repeat, drivers, folder)
}

/// Whether a row fits into a minute with the others.
fn quick(case: &Case) -> bool {
    case.shape.offers <= 10_000
}

fn cases(setup: &Setup) -> Vec<Case> {
    let cap = Duration::from_secs(if setup.quick { 10 } else { 600 });
    let long = Duration::from_secs(if setup.quick { 2 } else { 20 });
    let linear = Duration::from_secs(60);
    let all = |highs: bool| {
        let mut peers = vec![(Peer::Lemon, cap), (Peer::OrTools, cap)];
        if highs && !setup.quick {
            peers.push((Peer::Highs, linear));
        }
        peers
    };
    let shape = |offers, needs, products, degree, periods| Shape {
        offers,
        needs,
        products,
        degree,
        reach: None,
        west: false,
        periods,
        seed: 1,
    };
    let case = |name: &str, shape, threads, ours, highs, demands| Case {
        name: name.to_owned(),
        shape,
        threads,
        ours,
        repeat: setup.repeat,
        peers: all(highs),
        long,
        demands,
    };
    vec![
        case(
            "dense 1,100 x 500",
            shape(1_100, 500, 1, None, 1),
            1,
            Ours::Solve,
            true,
            vec![("LEMON", 1.8, Some(4.0)), ("OR-tools", 8.0, None)],
        ),
        case(
            "10k x 5k, 50 arcs each, one component",
            shape(10_000, 5_000, 1, Some(50), 1),
            1,
            Ours::Solve,
            true,
            vec![("LEMON", 1.7, Some(3.0))],
        ),
        case(
            "10k x 5k, 20 products",
            shape(10_000, 5_000, 20, Some(50), 1),
            2,
            Ours::Solve,
            true,
            vec![("LEMON", 6.0, Some(15.0))],
        ),
        case(
            "100k x 20k, 20 products",
            LARGE,
            2,
            Ours::Solve,
            true,
            vec![("LEMON", 11.0, Some(28.0)), (LEMON_SPLIT, 1.5, Some(2.5))],
        ),
        case(
            "time-phased 1,100 x 500 x 8",
            shape(1_100, 500, 20, None, 8),
            2,
            Ours::Whole,
            false,
            vec![("LEMON", 3.0, Some(8.0))],
        ),
        case(
            "time-phased 100k x 20k x 8",
            shape(100_000, 20_000, 20, Some(31), 8),
            2,
            Ours::Solve,
            false,
            vec![("OR-tools", 34.0, Some(85.0))],
        ),
    ]
}

/// The bar is for the size of the call, half a million pairs. On a twentieth of the pairs everything but the
/// solve weighs more against it, so there the ratio is told and not judged.
fn pipelines() -> [(&'static str, market::Size, pipeline::Limits); 2] {
    let size = |products| market::Size { offers: 1_100, needs: 500, products, weeks: 8, regions: 27, seed: 1 };
    let limits = |ratio| pipeline::Limits { ratio, spent: Duration::from_millis(500) };
    [
        ("pipeline, call size, 8 periods, 4 tiers, 27 groups", size(1), limits(Some((20.0, 5.0)))),
        ("pipeline, the same in 20 products", size(20), limits(None)),
    ]
}
