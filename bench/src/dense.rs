//! A market whose pairs are too many to write down, beside a peer that has to.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{
    instances::short,
    problem::{Problem, index},
    section::placed,
};
use domain::geo::{Place, Point};
use matching::flow::{
    Control,
    columns::{Demand, Effort, Optimum, Places, Quantities, check_bounded, optimum},
};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    machine,
    peers::{Driver, Peer},
    report::{Bar, Rival, Row, Sense, Times, number, time},
    results,
};

const BEGIN: &str = "<!-- dense: written by `bench -- dense --write` -->";
const END: &str = "<!-- dense: end -->";

/// Supplies and demands of the market the bar is about.
const WHOLE: (usize, usize) = (20_000, 10_000);
/// Those of the markets the peer is given, the largest one last.
const OF_PEER: [(usize, usize); 4] = [(1_000, 500), (2_000, 1_000), (4_000, 2_000), (6_000, 3_000)];
/// The longest a run of the peer may take.
const CAP: Duration = Duration::from_secs(300);
/// Seconds and GiB that the whole market may take.
const SECONDS: f64 = 20.0;
const GIB: f64 = 4.0;
/// Offered, in hundredths of what is asked for, of the markets that are told.
const OFFERED: [i64; 3] = [100, 97, 70];

/// How to run it.
pub struct Setup {
    /// Write the results into this file, between its marks.
    pub write: Option<PathBuf>,
    /// Repetitions of ours.
    pub repeat: usize,
    /// Where the peers are installed.
    pub peers: PathBuf,
}

/// Supplies and demands on the map of Europe.
struct Market<T> {
    space: Places<T>,
    supplies: Vec<i64>,
    demands: Vec<Demand>,
}

impl<T> Market<T> {
    fn quantities(&self) -> Quantities<'_> {
        Quantities { supplies: &self.supplies, demands: &self.demands, tiers: 1 }
    }
}

/// A market between Gibraltar and Oslo, Dublin and Kyiv; a pair costs its kilometres on the sphere.
fn market(
    (supplies, demands): (usize, usize),
    offered: i64,
    seed: u64,
) -> Result<Market<impl Fn(u32, u32) -> i64 + Sync>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut places = |count: usize| -> Result<Vec<Place>> {
        let mut place = || {
            let at = (rng.random_range(36_000_000..=60_000_000), rng.random_range(-10_000_000..=30_000_000));
            Point::new(at.0, at.1).map(Place::new).context("a point out of range")
        };
        (0..count).map(|_| place()).collect()
    };
    let (at, to) = (places(supplies)?, places(demands)?);
    let supplies: Vec<i64> = (0..supplies).map(|_| rng.random_range(1..=2_000)).collect();
    let asked = supplies.iter().sum::<i64>() * 100 / offered;
    let mean = (asked / i64::try_from(demands)?).max(1);
    let demand = |units| Demand { units, tier: 0, points: 1 };
    let demands = (0..demands).map(|_| demand(rng.random_range(1..=2 * mean - 1))).collect();
    // SplitMix64's finaliser over both places.
    let ties = |supply: u32, demand: u32| {
        let mut z = (u64::from(supply) << 32 | u64::from(demand)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX))
    };
    Ok(Market { space: Places { supplies: at, demands: to, kilometre: 1, ties }, supplies, demands })
}

/// The optimum, the time it took and the time of the check.
fn solve<T: Fn(u32, u32) -> i64 + Sync>(market: &Market<T>, threads: usize) -> Result<(Optimum, Duration, Duration)> {
    let start = Instant::now();
    let effort = Effort { threads, ..Effort::default() };
    let found = optimum(&market.quantities(), &market.space, &effort, &mut Control::default())?;
    let spent = start.elapsed();
    let start = Instant::now();
    check_bounded(&market.quantities(), &market.space, &found, threads)?;
    Ok((found, spent, start.elapsed()))
}

/// Forgets the peak of memory so far; where the system refuses, the peak told is too high.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The peak of memory, in GiB.
fn peak() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / f64::from(1 << 20))
}

/// Solves the whole market with one share offered, and says what it took.
fn whole(offered: i64, repeat: usize) -> Result<Row> {
    let market = market(WHOLE, offered, 1)?;
    forget_peak();
    let mut row = Row {
        case: format!("dense {} x {}, {offered} % offered", short(WHOLE.0), short(WHOLE.1)),
        size: format!("{} pairs", short(WHOLE.0 * WHOLE.1)),
        ..Row::default()
    };
    let mut checks = Times::default();
    let mut first = None;
    for _ in 0..repeat.max(1) {
        let (found, spent, check) = solve(&market, 2)?;
        row.ours.add(spent);
        checks.add(check);
        ensure!(*first.get_or_insert_with(|| found.clone()) == found, "two solves of the same market differ");
    }
    let found = first.context("nothing ran")?;
    let gib = peak();
    let work = found.work;
    row.note = format!(
        "2 threads; {} uncovered, {} unit-kilometres; {} columns built in {} rounds and {} pivots; the last pricing looked \
         at {} pairs one by one, a bound decided the other {}; the check by other code took {}",
        found.objectives[0],
        found.objectives[1],
        work.columns,
        work.rounds,
        work.pivots,
        work.one_by_one,
        work.by_bound,
        checks.least().map_or_else(String::new, time)
    );
    let bar = |unit: &str, wanted, got| Bar { unit: unit.to_owned(), wanted, stretch: None, sense: Sense::AtMost, got };
    row.bars.push(bar("s", SECONDS, row.ours.least().map(|spent| spent.as_secs_f64())));
    row.bars.push(bar("GiB at the peak", GIB, gib));
    Ok(row)
}

/// The market with every pair written down, as a peer needs it; and the price of an uncovered unit.
fn written<T: Fn(u32, u32) -> i64 + Sync>(market: &Market<T>) -> (Problem, i64) {
    let mut problem = Problem::new();
    let supplies: Vec<u32> = market.supplies.iter().map(|units| problem.node(*units)).collect();
    let demands: Vec<u32> = market.demands.iter().map(|demand| problem.node(-demand.units)).collect();
    let mut dearest = 0;
    for (from, (place, units)) in supplies.iter().zip(market.space.supplies.iter().zip(&market.supplies)) {
        for (to, (other, demand)) in demands.iter().zip(market.space.demands.iter().zip(&market.demands)) {
            let km = i64::from(place.distance_km(other));
            dearest = km.max(dearest);
            problem.arc(*from, *to, km, demand.units.min(*units));
        }
    }
    let penalty = i64::from(index(demands.len())) * dearest + 1;
    for (node, units) in supplies.iter().zip(&market.supplies) {
        problem.arc(*node, 0, 0, *units);
    }
    for (node, demand) in demands.iter().zip(&market.demands) {
        problem.arc(0, *node, penalty, demand.units);
    }
    (problem, penalty)
}

/// A market of the peer: ours, and its own time where it has one.
fn beside(size: (usize, usize), driver: &mut Driver, folder: &Path) -> Result<Row> {
    let market = market(size, OFFERED[0], 1)?;
    let mut row = Row {
        case: format!("dense {} x {}", short(size.0), short(size.1)),
        size: format!("{} pairs", short(size.0 * size.1)),
        ..Row::default()
    };
    let mut objectives = Vec::new();
    for _ in 0..3 {
        let (found, spent, _) = solve(&market, 2)?;
        row.ours.add(spent);
        objectives = found.objectives;
    }
    let (problem, penalty) = written(&market);
    let path = folder.join("dense.bin");
    problem.write(&path).context("the instance cannot be written")?;
    drop(problem);
    let mut rival = Rival { name: Peer::OrTools.name().to_owned(), times: Times::default(), note: None };
    match driver.load(&path).and_then(|()| driver.run("solve", CAP)) {
        Ok(answer) => {
            let ours = i128::from(penalty) * objectives[0] + objectives[1];
            if answer.value != ours {
                row.faults.push(format!("{} found {}, ours {ours}", rival.name, answer.value));
            }
            rival.times.add(answer.spent);
        }
        Err(reason) => rival.note = Some(reason),
    }
    fs::remove_file(&path).context("the instance cannot be removed")?;
    row.rivals.push(rival);
    Ok(row)
}

/// The exponent with which times grow with sizes, and the time at another size: least squares of the logarithms.
fn fitted(points: &[(f64, f64)], size: f64) -> Option<(f64, f64)> {
    let count = f64::from(index(points.len()));
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let (up, across) =
        logs.iter().fold((0.0, 0.0), |(up, across), p| (up + (p.0 - x) * (p.1 - y), across + (p.0 - x).powi(2)));
    let exponent = up / across;
    (points.len() > 1 && exponent.is_finite()).then(|| (exponent, (y + exponent * (size.ln() - x)).exp()))
}

/// What the peer would take for the whole market if it could hold it, in words and as a bar-less ratio.
fn scaled(rows: &[Row], ours: &Row) -> String {
    let points: Vec<(f64, f64)> = rows
        .iter()
        .zip(OF_PEER)
        .filter_map(|(row, size)| Some(((size.0 as f64) * (size.1 as f64), row.rival("OR-tools")?.as_secs_f64())))
        .collect();
    let size = (WHOLE.0 as f64) * (WHOLE.1 as f64);
    match fitted(&points, size).zip(ours.ours.least()) {
        Some(((exponent, seconds), own)) => format!(
            "Not measured but scaled: OR-tools takes time as pairs to the power of {exponent:.2} over the {} markets it \
             solved, which is {} for {} pairs, {} times ours.",
            points.len(),
            time(Duration::from_secs_f64(seconds)),
            short(WHOLE.0 * WHOLE.1),
            number(seconds / own.as_secs_f64())
        ),
        None => "The peer solved too few markets to scale its times.".to_owned(),
    }
}

/// Runs all of it, prints it, and fails when an objective differs.
pub fn run(setup: &Setup) -> Result<()> {
    let folder = setup.peers.join("instances");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let driver = Driver::start(Peer::OrTools, &setup.peers);
    let versions: Vec<String> = driver.iter().map(|driver| driver.version.clone()).collect();
    let machine = machine::describe(&versions);
    machine.iter().for_each(|line| println!("{line}"));
    let print = |row: &Row| println!("\n{}\n{}", row.line(), results::details(row));
    let mut table = Vec::new();
    for offered in OFFERED {
        table.push(whole(offered, setup.repeat)?);
        table.last().iter().for_each(|row| print(row));
    }
    let mut small = Vec::new();
    let mut missing = None;
    match driver {
        Ok(mut driver) => {
            for size in OF_PEER {
                small.push(beside(size, &mut driver, &folder)?);
                small.last().iter().for_each(|row| print(row));
            }
        }
        Err(reason) => missing = Some(format!("{reason}; it is not measured")),
    }
    let scaled = scaled(&small, &table[0]);
    println!("\n{scaled}");
    if let Some(file) = &setup.write {
        let before = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let lines: Vec<String> = machine.into_iter().chain(missing).collect();
        let after = placed(&before, (BEGIN, END), &section(&lines, &table, &small, &scaled));
        fs::write(file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    let faults: Vec<&str> = table.iter().chain(&small).flat_map(|row| &row.faults).map(String::as_str).collect();
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

fn section(machine: &[String], table: &[Row], small: &[Row], scaled: &str) -> String {
    let mut lines = vec![
        format!("{BEGIN}\n## Markets too large to write down"),
        "`cargo run --release -p bench -- dense --write` measures and writes this section. Supplies and demands lie at random \
         between 36 and 60 degrees north, 10 west and 30 east; every pair may trade at its kilometres on the sphere. Uncovered \
         units come first, then unit-kilometres, then a hash of the pair, so that one result is the right one. Our time \
         holds everything from points to a proved optimum; the check by other code stands beside it. Memory is the peak of \
         the process (`VmHWM`). The peer is given every pair of smaller markets, in one cost with uncovered units at a price \
         above any way through the network; its objective must be ours, and its time is that of its solve call alone, \
         measured once."
            .to_owned(),
        String::new(),
    ];
    lines.extend(machine.iter().map(|line| format!("- {line}")));
    lines.push(String::new());
    let told = |row: &Row| {
        format!(
            "- {}. {}; {}.",
            row.line().split_whitespace().collect::<Vec<_>>().join(" "),
            crate::report::spread(&row.ours),
            row.note
        )
    };
    lines.extend(table.iter().map(told));
    lines.push("\n| market | size | ours, 2 threads | OR-tools | ratio |\n|---|---|---|---|---|".to_owned());
    for row in small {
        let theirs = row.rival("OR-tools");
        let note = row.rivals.iter().find_map(|rival| rival.note.clone()).unwrap_or_else(|| "-".to_owned());
        let ratio = theirs.zip(row.ours.least()).map(|(theirs, ours)| number(crate::report::ratio(theirs, ours)));
        lines.push(format!(
            "| {} | {} | {} | {} | {} |",
            row.case,
            row.size,
            crate::report::spread(&row.ours),
            theirs.map_or(note, time),
            ratio.unwrap_or_else(|| "-".to_owned())
        ));
    }
    lines.push(format!("\n{scaled}\n{END}"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_grow_with_a_power_are_scaled_by_it() {
        let points = [(10.0, 2.0 * 10_f64.powf(1.5)), (100.0, 2.0 * 100_f64.powf(1.5)), (1e3, 2.0 * 1e3_f64.powf(1.5))];
        let (exponent, time) = fitted(&points, 1e4).unwrap();
        assert!((exponent - 1.5).abs() < 1e-9 && (time - 2e6).abs() < 1.0, "{exponent} {time}");
        assert!(fitted(&points[..1], 1e4).is_none());
    }

    #[test]
    fn a_written_market_has_every_pair_and_is_the_same_problem() {
        let market = market((7, 5), 100, 1).unwrap();
        let (problem, _) = written(&market);
        assert_eq!(problem.arcs(), 7 * 5 + 7 + 5);
        assert_eq!(problem.supply.iter().sum::<i64>(), 0);
        assert!(solve(&market, 1).is_ok());
    }
}
