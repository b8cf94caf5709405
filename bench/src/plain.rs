//! Our plain solve of a problem: split, build, solve part by part on some threads, and prove.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use matching::flow::{Control, Network, Solution, solve, verify};

use crate::problem::{Part, Problem};

/// A problem made ready.
pub struct Plain {
    /// One network per part, the largest first.
    pub networks: Vec<Network>,
    /// How long finding the parts took.
    pub split: Duration,
    /// How long handing the arcs out to the parts, building the networks and checking them took.
    pub build: Duration,
}

/// Applies `work` to all items on some threads, in the order given, and returns the results in it.
pub fn spread<T: Send, R: Send>(items: Vec<T>, threads: usize, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let run = || {
        while let Some((item, slot)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).zip(results.get(at))
        } {
            if let Some(item) = item.lock().unwrap_or_else(PoisonError::into_inner).take() {
                let result = work(item);
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    results.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// The parts, the largest first, so that the last thread is not left with the longest one.
fn handed_out(problem: &Problem, found: &(Vec<u32>, u32)) -> Vec<Part> {
    let mut parts = problem.split(found);
    parts.sort_by_key(|part| std::cmp::Reverse(part.arcs()));
    parts
}

/// Splits and builds.
pub fn prepare(problem: &Problem, threads: usize) -> Result<Plain> {
    let start = Instant::now();
    let found = problem.parts();
    let split = start.elapsed();
    let start = Instant::now();
    let networks = spread(handed_out(problem, &found), threads, Part::build).into_iter().collect::<Result<_, _>>()?;
    Ok(Plain { networks, split, build: start.elapsed() })
}

/// Solves all parts.
pub fn solve_all(networks: &[Network], threads: usize) -> Result<(Vec<Solution>, Duration)> {
    let start = Instant::now();
    let solved = spread(networks.iter().collect(), threads, |network| solve(network, &mut Control::default()));
    let spent = start.elapsed();
    Ok((solved.into_iter().collect::<Result<_, _>>()?, spent))
}

/// The sum over the parts of the objective of the only level.
pub fn objective(solutions: &[Solution]) -> Result<i128> {
    ensure!(solutions.iter().all(Solution::is_optimal), "a part was not solved to its optimum");
    Ok(solutions.iter().flat_map(|solution| &solution.levels).map(|level| level.objective).sum())
}

/// Proves all parts and returns the objective that the proofs state.
pub fn prove(networks: &[Network], solutions: &[Solution], threads: usize) -> Result<(i128, Duration)> {
    let start = Instant::now();
    let pairs = networks.iter().zip(solutions).collect();
    let proofs = spread(pairs, threads, |(network, solution): (&Network, &Solution)| {
        verify(network, &solution.flows, &solution.potentials())
    });
    let spent = start.elapsed();
    let mut sum = 0;
    for proof in proofs {
        sum += proof.context("a certificate does not hold")?.objectives.iter().sum::<i128>();
    }
    Ok((sum, spent))
}

/// Everything from the problem to the proved objective, timed as one.
pub fn whole(problem: &Problem, threads: usize) -> Result<(i128, Duration)> {
    let start = Instant::now();
    let parts = handed_out(problem, &problem.parts());
    let results = spread(parts, threads, |part| -> Result<i128> {
        let network = part.build()?;
        let solution = solve(&network, &mut Control::default())?;
        let proof = verify(&network, &solution.flows, &solution.potentials())?;
        Ok(proof.objectives.iter().sum())
    });
    let spent = start.elapsed();
    let sum = results.into_iter().sum::<Result<i128>>()?;
    Ok((sum, spent))
}
