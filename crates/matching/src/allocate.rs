//! The run: judge, split, solve part by part on all cores, put the result together.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use domain::{eligibility::Rules, market::Market};

use crate::{
    assemble::assemble,
    components::Prepared,
    earlier::{Compared, Earlier, TakenOver},
    flow::{LateError, NetworkError, ShareError, SolveError},
    levels::FlowLevel,
    outcome::Outcome,
    pairs::{Pairs, Views},
    proof,
    settle::{Hooks, Settled, settle},
    threads,
};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Judging needs: done, of all.
    Judging(usize, usize),
    /// Solving components level by level: done, of all, each level of a component counted by its pairs.
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

    fn cancelled(&self) -> bool {
        self.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed))
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
    /// The fair shares of a component cannot be computed.
    #[error("the fair shares: {0}")]
    Shares(#[from] ShareError),
    /// Costs computed on the way do not fit.
    #[error("the flow problem has no optimum: {0}")]
    Late(#[from] LateError),
    /// The caller ended the run.
    #[error("the run was cancelled")]
    Cancelled,
}

/// Decides who should supply whom.
///
/// Same market, parameters and engine version: the same outcome, byte for byte.
pub fn allocate(rules: &Rules<'_>, control: &Control<'_>) -> Result<Outcome, MatchingError> {
    let threads = threads::count(control.threads);
    let prepared = prepared(rules, None, control)?.0;
    let levels = FlowLevel::of(rules);
    let none = prepared.parts.iter().map(|_| None).collect();
    let (seen, settled) =
        threads::both(threads, || proof::seen(rules), || settle_all(&prepared, &levels, none, control));
    Ok(assemble(&prepared, &levels, settled?, (&seen, threads)))
}

/// A run, and what it leaves for the next one.
pub struct Allocated {
    /// The outcome, with the bytes that [`allocate`] gives.
    pub outcome: Outcome,
    /// What it leaves.
    pub earlier: Earlier,
    /// What it took over.
    pub taken_over: TakenOver,
}

/// As [`allocate`], with what a run before has judged and settled where nothing changed that bears on it: after one
/// offer or need came, changed or went, one part of the market is solved and the rest is taken over. The outcome has the
/// same bytes. `rules` must be of `market`.
pub fn allocate_again(
    rules: &Rules<'_>,
    market: &Arc<Market>,
    earlier: Option<&Earlier>,
    control: &Control<'_>,
) -> Result<Allocated, MatchingError> {
    let threads = threads::count(control.threads);
    let levels = FlowLevel::of(rules);
    let (seen, solved) = threads::both(
        threads,
        || proof::seen(rules),
        || {
            let (prepared, compared) = prepared(rules, earlier, control)?;
            let known = match &compared {
                Some(compared) => compared.settled(&prepared),
                None => prepared.parts.iter().map(|_| None).collect(),
            };
            let taken_over = TakenOver {
                needs: compared.map_or(0, |compared| compared.needs()),
                parts: known.iter().flatten().count(),
            };
            Ok::<_, MatchingError>((settle_all(&prepared, &levels, known, control)?, prepared, taken_over))
        },
    );
    let (settled, prepared, taken_over) = solved?;
    let outcome = assemble(&prepared, &levels, settled.clone(), (&seen, threads));
    Ok(Allocated { outcome, earlier: Earlier::of(rules, market, prepared, settled), taken_over })
}

/// Judges and splits.
fn prepared<'a>(
    rules: &Rules<'a>,
    earlier: Option<&'a Earlier>,
    control: &Control<'_>,
) -> Result<(Prepared<'a>, Option<Compared<'a>>), MatchingError> {
    let judging = |done, all| {
        control.report(Step::Judging(done, all));
        !control.cancelled()
    };
    let views = Views::of(rules);
    let compared = earlier.and_then(|earlier| Compared::of(earlier, rules, &views));
    let pairs = Pairs::find(rules, views, compared.as_ref(), threads::count(control.threads), judging);
    Ok((Prepared::new(rules, pairs.ok_or(MatchingError::Cancelled)?), compared))
}

/// Solves the parts that are not known.
fn settle_all(
    prepared: &Prepared<'_>,
    levels: &[FlowLevel],
    mut known: Vec<Option<Settled>>,
    control: &Control<'_>,
) -> Result<Vec<Settled>, MatchingError> {
    let parts = &prepared.parts;
    let mut order: Vec<usize> = (0..parts.len()).filter(|part| known[*part].is_none()).collect();
    // Largest first, so that the last thread is not left with the longest part.
    order.sort_by_key(|i| std::cmp::Reverse(parts[*i].pairs.len()));
    let all = order.iter().map(|part| parts[*part].pairs.len()).sum::<usize>() * levels.len();
    let done = AtomicUsize::new(0);
    let settled = threads::spread(&order, threads::count(control.threads), |_, part| {
        let reached = Cell::new(0);
        // Decisions that are tried anew begin again at the first level, which is no step back.
        let level = |level: usize| {
            if let Some(more @ 1..) = level.checked_sub(reached.get()) {
                reached.set(level);
                let more = more * parts[*part].pairs.len();
                control.report(Step::Solving(done.fetch_add(more, Ordering::Relaxed) + more, all));
            }
        };
        let settled = settle(prepared, &parts[*part], levels, Hooks { cancel: control.cancel, level: &level });
        if settled.is_ok() {
            level(levels.len());
        }
        (*part, settled)
    });
    for (part, settled) in settled {
        known[part] = Some(settled?);
    }
    Ok(known.into_iter().flatten().collect())
}
