//! The run: judge, split, solve part by part on all cores, repair, explain, prove.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use domain::{eligibility::Rules, quantity::Quantity};

use crate::{
    ENGINE,
    flow::{self, NetworkError, SolveError},
    minimum_orders,
    model::{self, Component, FlowLevel, Model},
    outcome::{Closed, Figures, LevelReport, LineOutput, MatchLine, Outcome, Potentials, Proof},
    pairs::{Pair, Pairs},
    proof, shortage,
};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Judging needs: done, of all.
    Judging(usize, usize),
    /// Solving components: done, of all.
    Solving(usize, usize),
}

/// Hooks and limits of a run.
#[derive(Default, Clone, Copy)]
pub struct Control<'a> {
    /// Threads to solve on; all cores when 0. The result is the same bytes whatever it is.
    pub threads: usize,
    /// Set from elsewhere to end the run with [`MatchingError::Cancelled`].
    pub cancel: Option<&'a AtomicBool>,
    /// Called as the run goes on, from any thread.
    pub progress: Option<&'a (dyn Fn(Step) + Sync)>,
}

impl Control<'_> {
    fn report(&self, step: Step) {
        if let Some(progress) = self.progress {
            progress(step);
        }
    }
}

/// Why a run gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchingError {
    /// The market is too large or its costs too high for exact 64-bit arithmetic.
    #[error("the market does not fit exact arithmetic: {0}")]
    Network(#[from] NetworkError),
    /// The flow has no optimum; a fault of the engine.
    #[error("the flow problem has no optimum: {0}")]
    Solve(#[from] SolveError),
    /// The caller ended the run.
    #[error("the run was cancelled")]
    Cancelled,
}

/// A component with its solution.
struct Solved {
    pairs: Vec<Pair>,
    flows: Vec<i64>,
    values: Vec<i128>,
    /// Uncovered units before smallest orders were enforced.
    relaxed: i128,
    potentials: Vec<Potentials>,
    line_outputs: Vec<LineOutput>,
    unserved: Vec<(domain::ids::MatchId, i64)>,
    closed: Vec<Closed>,
}

/// Decides who should supply whom.
///
/// Same market, parameters and engine version: the same outcome, byte for byte.
pub fn allocate(rules: &Rules<'_>, control: &Control<'_>) -> Result<Outcome, MatchingError> {
    let pairs = Pairs::find(rules, |done, total| control.report(Step::Judging(done, total)));
    let open = model::open_quantities(&pairs, &rules.market.commitments);
    let parts = model::components(rules, &pairs, &open);
    let levels = FlowLevel::of(rules);
    let solved = solve_all(rules, &pairs, &open, &levels, &parts, control)?;
    Ok(assemble(rules, &pairs, &open, &levels, solved))
}

fn solve_all(
    rules: &Rules<'_>,
    pairs: &Pairs<'_>,
    open: &[i64],
    levels: &[FlowLevel],
    parts: &[Component<'_>],
    control: &Control<'_>,
) -> Result<Vec<Solved>, MatchingError> {
    // Largest first, so that the last thread is not left with the longest part.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(parts[*i].pairs.len()));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = if control.threads == 0 { cores } else { control.threads }.min(parts.len()).max(1);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Vec<Mutex<Option<Result<Solved, MatchingError>>>> = parts.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some(&i) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let solved = settle(rules, pairs, open, levels, &parts[i], control);
            *results[i].lock().unwrap_or_else(PoisonError::into_inner) = Some(solved);
            control.report(Step::Solving(done.fetch_add(1, Ordering::Relaxed) + 1, parts.len()));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let taken = results.into_iter().map(|r| r.into_inner().unwrap_or_else(PoisonError::into_inner));
    taken.map(|r| r.unwrap_or(Err(MatchingError::Cancelled))).collect()
}

/// Solves one component, closing orders below their limit until none is left.
fn settle(
    rules: &Rules<'_>,
    pairs: &Pairs<'_>,
    open: &[i64],
    levels: &[FlowLevel],
    whole: &Component<'_>,
    control: &Control<'_>,
) -> Result<Solved, MatchingError> {
    let mut part = Component {
        offers: whole.offers.clone(),
        slots: whole.slots.clone(),
        commitments: whole.commitments.clone(),
        lines: whole.lines.clone(),
        pairs: whole.pairs.clone(),
    };
    let mut closed: BTreeSet<Closed> = BTreeSet::new();
    let mut relaxed = None;
    loop {
        let model = model::build(rules, pairs, &part, open, levels)?;
        let mut hooks = flow::Control { cancel: control.cancel, ..flow::Control::default() };
        let solution = flow::solve(&model.network, &mut hooks)?;
        if solution.stop.is_some() {
            return Err(MatchingError::Cancelled);
        }
        let uncovered: i128 = levels
            .iter()
            .zip(&solution.levels)
            .filter(|(kind, _)| matches!(kind, FlowLevel::Tier(_)))
            .map(|(_, l)| l.objective)
            .sum();
        let relaxed = *relaxed.get_or_insert(uncovered);
        let flows: Vec<i64> = model.pair_arcs.iter().map(|a| solution.flows[*a as usize]).collect();
        let closing = minimum_orders::to_close(rules, pairs, &part.pairs, &flows);
        if closing.is_empty() {
            return Ok(finish(&model, &solution, part, flows, relaxed, closed));
        }
        part.pairs.retain(|p| !closing.contains(&minimum_orders::order_of(pairs, p)));
        closed.extend(closing);
    }
}

fn finish(
    model: &Model,
    solution: &flow::Solution,
    part: Component<'_>,
    flows: Vec<i64>,
    relaxed: i128,
    closed: BTreeSet<Closed>,
) -> Solved {
    let potentials = model.labels.iter().enumerate().map(|(i, label)| Potentials {
        label: *label,
        values: solution.levels.iter().map(|l| l.potentials[i + 1]).collect(),
    });
    let outputs = model.line_arcs.iter().map(|(line, offer, by, arc)| LineOutput {
        line: *line,
        offer: *offer,
        by: *by,
        quantity: solution.flows[*arc as usize],
    });
    let unserved = part.commitments.iter().zip(&model.unserved_arcs);
    Solved {
        potentials: potentials.collect(),
        line_outputs: outputs.filter(|o| o.quantity > 0).collect(),
        unserved: unserved
            .map(|(c, arc)| (c.match_id, solution.flows[*arc as usize]))
            .filter(|(_, units)| *units > 0)
            .collect(),
        values: solution.levels.iter().map(|l| l.objective).collect(),
        relaxed,
        pairs: part.pairs,
        flows,
        closed: closed.into_iter().collect(),
    }
}

fn assemble(rules: &Rules<'_>, pairs: &Pairs<'_>, open: &[i64], levels: &[FlowLevel], solved: Vec<Solved>) -> Outcome {
    let components = u32::try_from(solved.len()).unwrap_or(u32::MAX);
    let mut flows: Vec<(Pair, i64)> = solved
        .iter()
        .flat_map(|s| s.pairs.iter().copied().zip(s.flows.iter().copied()).filter(|(_, f)| *f > 0))
        .collect();
    flows.sort_by_key(|(p, _)| (p.slot, p.offer));
    let lines: Vec<MatchLine> = flows.iter().filter_map(|(p, f)| match_line(rules, pairs, p, *f)).collect();
    let closed: BTreeSet<Closed> = solved.iter().flat_map(|s| &s.closed).copied().collect();
    let shortages = shortage::find(rules, pairs, open, &flows, &closed);
    let mut reports = level_reports(pairs, open, levels, &solved);
    reports.sort_by_key(|r| r.0);
    let mut proof = Proof {
        hash: String::new(),
        levels: levels.iter().map(|l| l.name()).collect(),
        potentials: Vec::new(),
        line_outputs: Vec::new(),
        unserved: Vec::new(),
        closed: closed.into_iter().collect(),
    };
    for s in solved {
        proof.potentials.extend(s.potentials);
        proof.line_outputs.extend(s.line_outputs);
        proof.unserved.extend(s.unserved);
    }
    proof.potentials.sort_unstable_by_key(|p| p.label);
    proof.line_outputs.sort_unstable();
    proof.unserved.sort_unstable();
    let figures = figures(rules, pairs, components, &lines, &shortages);
    let mut outcome = Outcome {
        engine: ENGINE.to_owned(),
        day: rules.market.day,
        lines,
        shortages,
        levels: reports.into_iter().map(|(_, r)| r).collect(),
        figures,
        proof,
    };
    outcome.proof.hash = proof::hash(rules, &outcome);
    outcome
}

fn match_line(rules: &Rules<'_>, pairs: &Pairs<'_>, pair: &Pair, flow: i64) -> Option<MatchLine> {
    let slot = &pairs.slots[pair.slot as usize];
    let view = &pairs.offers[pair.offer as usize];
    let rivals = pairs.of_slot(pair.slot as usize);
    let cheaper = rivals.iter().filter(|p| (p.cost, p.offer) < (pair.cost, pair.offer)).count();
    Some(MatchLine {
        offer: view.offer.id,
        need: slot.need.id,
        instalment: slot.instalment.id,
        quantity: Quantity::new(flow)?,
        // Judged before and eligible, so this is `Some`.
        eligible: rules.judge(view, &pairs.needs[slot.view], slot.instalment).ok()?,
        rank: u32::try_from(cheaper + 1).unwrap_or(u32::MAX),
        eligible_offers: u32::try_from(rivals.len()).unwrap_or(u32::MAX),
    })
}

/// The levels with their place in the order; smallest orders stand after the tiers they cost.
fn level_reports(
    pairs: &Pairs<'_>,
    open: &[i64],
    levels: &[FlowLevel],
    solved: &[Solved],
) -> Vec<(usize, LevelReport)> {
    // Instalments without any eligible offer are in no component: they stay uncovered whatever is done.
    let hopeless = |tier: Option<u8>| -> i128 {
        let slots = pairs.slots.iter().enumerate().filter(|(_, s)| tier.is_none_or(|t| s.need.tier() == t));
        slots.filter(|(i, _)| pairs.of_slot(*i).is_empty()).map(|(i, _)| i128::from(open[i])).sum()
    };
    let report = |name: String, unit: &str, value: i128, bound: i128, flow: bool| LevelReport {
        name,
        unit: unit.to_owned(),
        value,
        bound,
        gap: value - bound,
        flow,
    };
    let mut reports = Vec::new();
    let mut after_tiers = 0;
    for (i, kind) in levels.iter().enumerate() {
        let mut value: i128 = solved.iter().map(|s| s.values[i]).sum();
        if let FlowLevel::Tier(tier) = kind {
            value += hopeless(*tier);
            after_tiers = 2 * i + 1;
        }
        reports.push((2 * i, report(kind.name(), kind.unit(), value, value, true)));
    }
    let is_tier = |kind: &FlowLevel| matches!(kind, FlowLevel::Tier(_));
    let tiers = levels.iter().enumerate().filter(|(_, k)| is_tier(k)).map(|(i, _)| i);
    let value: i128 = tiers.map(|i| solved.iter().map(|s| s.values[i]).sum::<i128>()).sum();
    let bound: i128 = solved.iter().map(|s| s.relaxed).sum();
    let base = hopeless(None);
    reports.push((
        after_tiers,
        report("minimum orders".to_owned(), "base units uncovered", value + base, bound + base, false),
    ));
    reports
}

fn figures(
    rules: &Rules<'_>,
    pairs: &Pairs<'_>,
    components: u32,
    lines: &[MatchLine],
    shortages: &[crate::outcome::Shortage],
) -> Figures {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let asked = pairs.slots.iter().map(|s| s.instalment.measure.quantity.units());
    let demand = asked.fold(0, i64::saturating_add);
    let uncovered = shortages.iter().map(|s| s.uncovered).fold(0, i64::saturating_add);
    Figures {
        offers: number(rules.market.offers.len()),
        needs: number(pairs.needs.len()),
        instalments: number(pairs.slots.len()),
        eligible_pairs: u64::try_from(pairs.pairs.len()).unwrap_or(u64::MAX),
        components,
        lines: number(lines.len()),
        demand,
        covered: demand - uncovered,
    }
}
