//! The rows on flow problems: ours and the peers on the same instance, run by run in turn.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{
    floor,
    instances::{Shape, problem, short},
    plain,
    problem::Problem,
};

use crate::{
    peers::{Driver, Peer},
    report::{Bar, Rival, Row, Sense, Times, ratio, time},
};

/// Passes over the arcs for the floor.
const PASSES: usize = 15;

/// What our time of a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ours {
    /// Splitting and solving; building the networks stands apart, as it does for LEMON.
    Solve,
    /// Splitting, building, solving and proving.
    Whole,
}

/// A demand: which contender, how often faster, and the stretch.
pub type Demand = (&'static str, f64, Option<f64>);

/// One flow row.
pub struct Case {
    /// Its name.
    pub name: String,
    /// Its market.
    pub shape: Shape,
    /// Threads for ours and for LEMON on the split problem.
    pub threads: usize,
    /// What our time holds.
    pub ours: Ours,
    /// Repetitions.
    pub repeat: usize,
    /// Peers that take part, each with the longest a run of it may take.
    pub peers: Vec<(Peer, Duration)>,
    /// From a run of this length on, one is enough.
    pub long: Duration,
    /// The demands.
    pub demands: Vec<Demand>,
}

/// LEMON given the same parts and as many threads.
pub const LEMON_SPLIT: &str = "LEMON split";

struct Contender {
    /// Position among the drivers.
    driver: usize,
    request: String,
    cap: Duration,
    rival: Rival,
    done: bool,
}

/// Runs a row.
pub fn run(case: &Case, drivers: &mut [Driver], folder: &Path) -> Result<Row> {
    let problem = problem(&case.shape);
    let path = folder.join("instance.bin");
    problem.write(&path).context("the instance cannot be written")?;
    let mut contenders = contenders(case, drivers, &path);
    let mut row = Row {
        case: case.name.clone(),
        size: format!("{} arcs", short(problem.arcs())),
        arcs: u32::try_from(problem.arcs()).ok(),
        ..Row::default()
    };
    let (mut split, mut build) = (Times::default(), Times::default());
    let mut least = None;
    let (mut value, mut floor) = (None, None);
    for round in 0..case.repeat.max(1) {
        let ready = plain::prepare(&problem, case.threads)?;
        let (solutions, solve) = plain::solve_all(&ready.networks, case.threads)?;
        let objective = plain::objective(&solutions)?;
        ensure!(*value.get_or_insert(objective) == objective, "two solves of the same problem differ");
        if round == 0 {
            let (proved, _) = plain::prove(&ready.networks, &solutions, case.threads)?;
            ensure!(proved == objective, "the certificate states {proved}, the solve {objective}");
            floor = (0..PASSES).map(|_| floor::pass(&ready.networks, &solutions)).min();
        }
        drop(solutions);
        split.add(ready.split);
        build.add(ready.build);
        least = least.min(Some(solve)).or(Some(solve));
        row.ours.add(match case.ours {
            Ours::Solve => ready.split + solve,
            Ours::Whole => whole(&problem, case.threads, objective)?,
        });
        drop(ready);
        for contender in &mut contenders {
            turn(contender, &mut drivers[contender.driver], (objective, case.long), &mut row.faults);
        }
    }
    row.floor = floor;
    row.note = note(case, [split.least(), build.least(), least]);
    row.rivals = contenders.into_iter().map(|contender| contender.rival).collect();
    for &(name, wanted, stretch) in &case.demands {
        row.against(name, wanted, stretch);
    }
    Ok(row)
}

fn contenders(case: &Case, drivers: &mut [Driver], path: &Path) -> Vec<Contender> {
    let mut list = Vec::new();
    for (driver, running) in drivers.iter_mut().enumerate() {
        let Some(&(peer, cap)) = case.peers.iter().find(|(peer, _)| *peer == running.peer) else { continue };
        let loaded = running.load(path);
        let mut add = |name: &str, request: String| {
            let note = loaded.as_ref().err().cloned();
            let rival = Rival { name: name.to_owned(), times: Times::default(), note };
            list.push(Contender { driver, request, cap, rival, done: loaded.is_err() });
        };
        add(peer.name(), "solve".to_owned());
        if peer == Peer::Lemon && case.shape.products > 1 {
            add(LEMON_SPLIT, format!("split {}", case.threads));
        }
    }
    list
}

fn turn(contender: &mut Contender, driver: &mut Driver, (objective, long): (i128, Duration), faults: &mut Vec<String>) {
    if contender.done {
        return;
    }
    match driver.run(&contender.request, contender.cap) {
        Ok(answer) => {
            if answer.value != objective {
                faults.push(format!("{} found {}, ours {objective}", contender.rival.name, answer.value));
            }
            contender.rival.times.add(answer.spent);
            contender.done = answer.spent > long;
        }
        Err(reason) => {
            contender.rival.note = Some(reason);
            contender.done = true;
        }
    }
}

fn whole(problem: &Problem, threads: usize, objective: i128) -> Result<Duration> {
    let (proved, spent) = plain::whole(problem, threads)?;
    ensure!(proved == objective, "the certificate states {proved}, the solve {objective}");
    Ok(spent)
}

fn note(case: &Case, [split, build, solve]: [Option<Duration>; 3]) -> String {
    let threads = if case.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", case.threads) };
    let said = |spent: Option<Duration>| spent.map_or_else(|| "-".to_owned(), time);
    let (split, build, solve) = (said(split), said(build), said(solve));
    match case.ours {
        Ours::Solve => format!("{threads}; solve {solve} and split {split}, beside it building {build}"),
        Ours::Whole => format!("{threads}; split {split}, building {build}, solve {solve}, and the certificate"),
    }
}

/// The certificate of a large market, in passes over its arcs.
pub fn certificate(shape: &Shape, repeat: usize, wanted: f64, stretch: f64) -> Result<Row> {
    let problem = problem(shape);
    let ready = plain::prepare(&problem, 2)?;
    let (solutions, _) = plain::solve_all(&ready.networks, 2)?;
    let objective = plain::objective(&solutions)?;
    let mut row = Row {
        case: format!("certificate at {} arcs", short(problem.arcs())),
        size: format!("{} arcs", short(problem.arcs())),
        note: "1 thread, as is the pass".to_owned(),
        ..Row::default()
    };
    let mut passes = Times::default();
    for _ in 0..repeat.max(5) {
        let start = Instant::now();
        let (proved, _) = plain::prove(&ready.networks, &solutions, 1)?;
        row.ours.add(start.elapsed());
        ensure!(proved == objective, "the certificate states {proved}, the solve {objective}");
        passes.add(floor::pass(&ready.networks, &solutions));
    }
    row.floor = passes.least();
    row.bars.push(Bar {
        unit: "passes".to_owned(),
        wanted,
        stretch: Some(stretch),
        sense: Sense::AtMost,
        got: row.ours.least().zip(row.floor).map(|(ours, pass)| ratio(ours, pass)),
    });
    Ok(row)
}
