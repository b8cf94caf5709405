//! A whole run on a market with all the semantics, against the plain solve of the same pairs.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{floor, instances::short, plain, problem::Problem};
use domain::{
    eligibility::{Eligible, NeedView, OfferView, Rules},
    parameters::Parameters,
    time::Day,
};
use matching::{Control, allocate, verify};

use crate::{
    market,
    report::{Bar, Row, Sense, number, ratio, time},
};

/// What may be asked of a run.
pub struct Limits {
    /// At most this often the plain solve; wanted and hoped for. Told and not judged if none.
    pub ratio: Option<(f64, f64)>,
    /// At most this long.
    pub spent: Duration,
}

/// Times whole runs: judging, all levels, explanations, proof, and the check that publishing waits for.
pub fn row(name: &str, size: &market::Size, repeat: usize, limits: &Limits) -> Result<Row> {
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let market = market::random(size, &catalogue, &regions)?;
    let parameters = Parameters::default();
    let rules = Rules { market: &market, catalogue: &catalogue, regions: &regions, parameters: &parameters };
    let problem = problem(&rules);
    let control = Control::default();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut row = Row { case: name.to_owned(), ..Row::default() };
    let (mut solve, mut run, mut check) = (None, None, None);
    let least = |kept: &mut Option<Duration>, spent: Duration| *kept = Some(kept.map_or(spent, |k| k.min(spent)));
    let mut hash = None;
    for _ in 0..repeat.max(1) {
        let ready = plain::prepare(&problem, threads)?;
        let (solutions, spent) = plain::solve_all(&ready.networks, threads)?;
        plain::objective(&solutions)?;
        least(&mut solve, ready.split + spent);
        row.floor = row.floor.into_iter().chain([floor::pass(&ready.networks, &solutions)]).min();
        let start = Instant::now();
        let outcome = allocate(&rules, &control)?;
        let ran = start.elapsed();
        verify(&rules, &outcome).map_err(|fault| anyhow::anyhow!("the check failed: {fault}"))?;
        row.ours.add(start.elapsed());
        least(&mut run, ran);
        least(&mut check, start.elapsed() - ran);
        row.size = format!("{} pairs", short(usize::try_from(outcome.figures.eligible_pairs)?));
        let first = hash.get_or_insert_with(|| outcome.proof.hash.clone());
        ensure!(*first == outcome.proof.hash, "two runs on the same market differ");
    }
    let said = |spent: Option<Duration>| spent.map_or_else(|| "-".to_owned(), time);
    row.note = format!(
        "{threads} threads; run {}, check {}, plain solve of the same pairs {}",
        said(run),
        said(check),
        said(solve)
    );
    let got = row.ours.least().zip(solve).map(|(ours, plain)| ratio(ours, plain));
    match limits.ratio {
        Some((wanted, stretch)) => row.bars.push(Bar {
            unit: "x our plain solve".to_owned(),
            wanted,
            stretch: Some(stretch),
            sense: Sense::AtMost,
            got,
        }),
        None => row.note.extend(got.map(|got| format!(", {} times that", number(got)))),
    }
    row.bars.push(Bar {
        unit: "s".to_owned(),
        wanted: limits.spent.as_secs_f64(),
        stretch: None,
        sense: Sense::AtMost,
        got: row.ours.least().map(|ours| ours.as_secs_f64()),
    });
    Ok(row)
}

/// Uncovered units and cost alone, on the pairs that the rules let pass: no tiers, no fairness, no ties.
fn problem(rules: &Rules<'_>) -> Problem {
    let demands = rules.site_demands();
    let offers: Vec<OfferView<'_>> = rules.market.offers.iter().filter_map(|o| rules.offer_view(o)).collect();
    let needs: Vec<NeedView<'_>> = rules.market.needs.iter().filter_map(|n| rules.need_view(n, &demands)).collect();
    let mut pairs: Vec<(usize, usize, i64, Eligible)> = Vec::new();
    let mut asked: Vec<i64> = Vec::new();
    for need in &needs {
        for instalment in &need.need.instalments {
            let units = instalment.measure.quantity.units();
            let passed = offers.iter().enumerate().filter_map(|(o, view)| {
                (view.offer.terms.product == need.need.terms.product)
                    .then(|| rules.judge(view, need, instalment).ok())
                    .flatten()
                    .map(|eligible| (o, asked.len(), units, eligible))
            });
            pairs.extend(passed);
            asked.push(units);
        }
    }
    let mut days: Vec<BTreeSet<Day>> = vec![BTreeSet::new(); offers.len()];
    for (offer, .., eligible) in &pairs {
        days[*offer].insert(eligible.cutoff);
    }
    let mut problem = Problem::new();
    let chains: Vec<Chain> = offers.iter().zip(&days).map(|(view, days)| chain(&mut problem, view, days)).collect();
    let ends: Vec<u32> = asked.iter().map(|units| problem.node(-units)).collect();
    let mut dearest = 0;
    for (offer, slot, units, eligible) in &pairs {
        let chain = &chains[*offer];
        let tail = if eligible.stock_only { Some(chain.stock) } else { chain.output.get(&eligible.cutoff).copied() };
        let cost = eligible.cost.total();
        dearest = cost.max(dearest);
        if let Some(tail) = tail {
            problem.arc(tail, ends[*slot], cost, *units);
        }
    }
    let penalty = i64::try_from(asked.len()).unwrap_or(i64::MAX).saturating_mul(dearest) + 1;
    for (&node, &units) in ends.iter().zip(&asked) {
        let arc = problem.arc(0, node, penalty, units);
        problem.hang(node, arc);
    }
    problem
}

/// Where the pairs of an offer hang.
struct Chain {
    stock: u32,
    output: BTreeMap<Day, u32>,
}

fn chain(problem: &mut Problem, view: &OfferView<'_>, days: &BTreeSet<Day>) -> Chain {
    let last = days.last().copied();
    let stock_units = last.map_or(0, |day| view.curve.stock_by(day));
    let stock = problem.node(stock_units);
    let mut before = 0;
    let nodes: Vec<(Day, u32)> = days
        .iter()
        .map(|&day| {
            let by = view.curve.by(day) - view.curve.stock_by(day);
            let node = problem.node(by - before);
            before = by;
            (day, node)
        })
        .collect();
    let made = stock_units + before;
    for (at, &(_, node)) in nodes.iter().enumerate() {
        let next = nodes.get(at + 1).map_or(0, |&(_, next)| next);
        let arc = problem.arc(node, next, 0, made);
        problem.hang(node, arc);
    }
    let arc = problem.arc(stock, nodes.first().map_or(0, |&(_, node)| node), 0, stock_units);
    problem.hang(stock, arc);
    Chain { stock, output: nodes.into_iter().collect() }
}
