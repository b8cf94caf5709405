//! One need or offer comes, changes or goes: the optimum kept beside a solve of the whole.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{
    instances::{Shape, problem, short},
    plain,
    problem::{Problem, index},
    report::{Bar, Row, Sense, Times, time},
    section::placed,
};
use matching::flow::{
    Control, UNBOUNDED, solve,
    warm::{Link, Warm},
};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::index::sample};

use crate::{machine, results};

const BEGIN: &str = "<!-- instant: written by `bench -- instant --write` -->";
const END: &str = "<!-- instant: end -->";

/// How to run it.
pub struct Setup {
    /// Write the results into this file, between its marks.
    pub write: Option<PathBuf>,
    /// Needs, offers and quantities that change, each by itself.
    pub events: usize,
    /// Repetitions of the solve of the whole.
    pub repeat: usize,
}

/// A market, the threads of the solve of the whole, and the bars of an arriving need by percentile.
struct Case {
    name: &'static str,
    shape: Shape,
    threads: usize,
    bars: &'static [(usize, f64)],
}

fn cases() -> [Case; 3] {
    let shape = |offers, needs, products, degree| Shape {
        offers,
        needs,
        products,
        degree: Some(degree),
        reach: None,
        west: false,
        periods: 1,
        seed: 1,
    };
    [
        Case {
            name: "10k x 5k, one component",
            shape: shape(10_000, 5_000, 1, 50),
            threads: 1,
            bars: &[(50, 50.0), (99, 25.0)],
        },
        Case { name: "10k x 5k, 20 products", shape: shape(10_000, 5_000, 20, 50), threads: 2, bars: &[] },
        Case {
            name: "100k x 20k, 20 products",
            shape: shape(100_000, 20_000, 20, 31),
            threads: 2,
            bars: &[(50, 50.0)],
        },
    ]
}

/// A problem whose optimum is kept, and what its nodes came with.
struct Kept<'p> {
    problem: &'p Problem,
    warm: Warm,
    /// Arcs by node, the root's left out.
    arcs: Vec<Vec<usize>>,
}

impl<'p> Kept<'p> {
    fn of(problem: &'p Problem) -> Result<Self> {
        let nodes = problem.supply.len();
        let mut whole = vec![1; nodes];
        whole[0] = 0;
        let part = problem.split(&(whole, 2)).pop().context("no part")?;
        let network = part.build()?;
        let solution = solve(&network, &mut Control::default())?;
        let mut arcs = vec![Vec::new(); nodes];
        for (arc, (from, to)) in problem.from.iter().zip(&problem.to).enumerate() {
            for end in [from, to].into_iter().filter(|end| **end != 0) {
                arcs[*end as usize].push(arc);
            }
        }
        Ok(Self { problem, warm: Warm::of(&network, &solution)?, arcs })
    }

    fn links(&self, node: u32) -> Vec<Link> {
        let link = |arc: &usize| {
            let (from, to) = (self.problem.from[*arc], self.problem.to[*arc]);
            let other = if from == node { to } else { from };
            Link { node: other, capacity: UNBOUNDED, costs: vec![self.problem.cost[*arc]] }
        };
        self.arcs[node as usize].iter().map(link).collect()
    }

    /// Takes a node out and puts it back: how long each took.
    fn goes_and_comes(&mut self, node: u32) -> Result<(Duration, Duration)> {
        let (units, links) = (self.problem.supply[node as usize], self.links(node));
        let start = Instant::now();
        self.warm.leave(&[node])?;
        let went = start.elapsed();
        ensure!(self.warm.is_optimal(), "the rest is not at its optimum without node {node}");
        let start = Instant::now();
        let (number, _) = if units < 0 { self.warm.demand(-units, &links) } else { self.warm.supply(units, &links) }?;
        let came = start.elapsed();
        ensure!(number == node, "node {node} came back as {number}");
        Ok((went, came))
    }

    /// Adds a tenth to a node's quantity, and takes it away again.
    fn changes(&mut self, node: u32) -> Result<Duration> {
        let more = (self.problem.supply[node as usize] / 10).abs().max(1);
        let start = Instant::now();
        self.warm.change(node, -more)?;
        let spent = start.elapsed();
        ensure!(self.warm.is_optimal(), "the market is not at its optimum after node {node} changed");
        self.warm.change(node, more)?;
        Ok(spent)
    }

    fn is_at(&self, objective: i128) -> Result<()> {
        ensure!(self.warm.is_optimal(), "an arc could carry more at a gain");
        let value = self.warm.value();
        ensure!(value == Some(objective), "kept at {value:?}, solved anew {objective}");
        Ok(())
    }
}

/// Times of one kind of change.
struct Kind {
    name: &'static str,
    times: Vec<Duration>,
}

impl Kind {
    fn new(name: &'static str) -> Self {
        Self { name, times: Vec::new() }
    }

    /// What so many of a hundred stay below.
    fn within(&self, percent: usize) -> Option<Duration> {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied()
    }
}

/// Measures a case; every change is held against the solve of the whole.
fn measured(case: &Case, setup: &Setup) -> Result<(Row, Vec<Kind>)> {
    let problem = problem(&case.shape);
    let mut cold = Times::default();
    let mut objective = 0;
    for _ in 0..setup.repeat.max(1) {
        let ready = plain::prepare(&problem, case.threads)?;
        let (solutions, spent) = plain::solve_all(&ready.networks, case.threads)?;
        objective = plain::objective(&solutions)?;
        cold.add(ready.split + spent);
    }
    let mut kept = Kept::of(&problem)?;
    kept.is_at(objective)?;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (offers, needs) = (case.shape.offers, case.shape.needs);
    let drawn = |random: &mut ChaCha8Rng, of: usize| sample(random, of, setup.events.min(of)).into_vec();
    let mut kinds = [
        Kind::new("a need comes"),
        Kind::new("a need goes"),
        Kind::new("an offer comes"),
        Kind::new("an offer goes"),
        Kind::new("a quantity changes"),
    ];
    // Offers stand first, then needs; node 0 is the root.
    for at in drawn(&mut random, needs) {
        let (went, came) = kept.goes_and_comes(index(1 + offers + at))?;
        kept.is_at(objective)?;
        kinds[0].times.push(came);
        kinds[1].times.push(went);
    }
    for at in drawn(&mut random, offers) {
        let (went, came) = kept.goes_and_comes(index(1 + at))?;
        kept.is_at(objective)?;
        kinds[2].times.push(came);
        kinds[3].times.push(went);
    }
    for at in drawn(&mut random, offers + needs) {
        kinds[4].times.push(kept.changes(index(1 + at))?);
        kept.is_at(objective)?;
    }
    let usual = cold.median().context("nothing ran")?;
    let mut row = Row {
        case: case.name.to_owned(),
        size: format!("{} arcs", short(problem.arcs())),
        ours: kinds[0].times.iter().copied().collect(),
        note: format!("the solve of the whole on {} threads takes {}", case.threads, time(usual)),
        ..Row::default()
    };
    let ratio = |percent| kinds[0].within(percent).map(|own| usual.as_secs_f64() / own.as_secs_f64());
    for &(percent, wanted) in case.bars {
        let unit = format!("x at p{percent}");
        row.bars.push(Bar { unit, wanted, stretch: None, sense: Sense::AtLeast, got: ratio(percent) });
    }
    Ok((row, kinds.into()))
}

/// Runs all cases, prints them, writes them where asked, and fails when a kept optimum is none.
pub fn run(setup: &Setup) -> Result<()> {
    let machine = machine::describe(&[]);
    machine.iter().for_each(|line| println!("{line}"));
    let mut table = Vec::new();
    for case in cases() {
        let (row, kinds) = measured(&case, setup)?;
        println!("\n{}\n{}", row.line(), results::details(&row));
        let lines = lines(&row, &kinds);
        lines.iter().for_each(|line| println!("{line}"));
        table.push((row, lines));
    }
    if let Some(file) = &setup.write {
        let before = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let after = placed(&before, (BEGIN, END), &section(&machine, &table));
        fs::write(file, after).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn lines(row: &Row, kinds: &[Kind]) -> Vec<String> {
    let line = |kind: &Kind| {
        let told = |percent| kind.within(percent).map_or_else(String::new, time);
        format!("| {} | {} | {} | {} | {} | {} |", row.case, kind.name, kind.times.len(), told(50), told(99), told(100))
    };
    kinds.iter().map(line).collect()
}

fn section(machine: &[String], table: &[(Row, Vec<String>)]) -> String {
    let mut lines = vec![
        format!("{BEGIN}\n## One need comes"),
        "`cargo run --release -p bench -- instant --write` measures and writes this section. The optimum is kept \
         (`flow::warm`) while a need or an offer of the market goes and comes back, or a tenth of its quantity, one after \
         the other; each time the whole must be at its optimum by every arc, and worth what a solve of the whole is worth \
         to the unit. The bar is about the need that comes, its arcs put in included, on one thread. The solve of the whole \
         is our own on the same problem, finding its parts included and building its networks not."
            .to_owned(),
        String::new(),
    ];
    lines.extend(machine.iter().map(|line| format!("- {line}")));
    lines.push(String::new());
    for (row, _) in table {
        lines.push(format!("- {}. {}.", row.line().split_whitespace().collect::<Vec<_>>().join(" "), row.note));
    }
    lines.push("\n| market | change | changes | median | p99 | largest |\n|---|---|---|---|---|---|".to_owned());
    lines.extend(table.iter().flat_map(|(_, kinds)| kinds.iter().cloned()));
    lines.push(END.to_owned());
    lines.join("\n")
}
