//! The run: judge, split, solve part by part on all cores, put the result together.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use domain::eligibility::Rules;

use crate::{
    assemble::assemble,
    components::Prepared,
    flow::{LateError, NetworkError, ShareError, SolveError},
    levels::FlowLevel,
    outcome::Outcome,
    pairs::Pairs,
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
    let judging = |done, all| {
        control.report(Step::Judging(done, all));
        !control.cancelled()
    };
    let pairs = Pairs::find(rules, threads, judging).ok_or(MatchingError::Cancelled)?;
    let prepared = Prepared::new(rules, pairs);
    let levels = FlowLevel::of(rules);
    let (seen, settled) = threads::both(threads, || proof::seen(rules), || settle_all(&prepared, &levels, control));
    Ok(assemble(&prepared, &levels, settled?, (&seen, threads)))
}

fn settle_all(
    prepared: &Prepared<'_>,
    levels: &[FlowLevel],
    control: &Control<'_>,
) -> Result<Vec<Settled>, MatchingError> {
    let parts = &prepared.parts;
    // Largest first, so that the last thread is not left with the longest part.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(parts[*i].pairs.len()));
    let (done, all) = (AtomicUsize::new(0), prepared.pairs.pairs.len() * levels.len());
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
    let mut in_order: Vec<_> = settled;
    in_order.sort_by_key(|(part, _)| *part);
    in_order.into_iter().map(|(_, settled)| settled).collect()
}
