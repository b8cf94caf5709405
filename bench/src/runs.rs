//! Whole runs on a random market, timed.

use std::time::Instant;

use anyhow::{Context, Result};
use domain::{eligibility::Rules, parameters::Parameters};
use matching::{Control, allocate, verify};

use crate::{
    market,
    report::{Times, spread},
};

/// Prints the counts, and the times of the run and of its check.
pub fn run(size: &market::Size, repeat: usize, threads: usize) -> Result<()> {
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let market = market::random(size, &catalogue, &regions)?;
    let parameters = Parameters::default();
    let rules = Rules { market: &market, catalogue: &catalogue, regions: &regions, parameters: &parameters };
    let control = Control { threads, ..Control::default() };
    let (mut runs, mut checks) = (Times::default(), Times::default());
    let mut figures = None;
    for _ in 0..repeat {
        let start = Instant::now();
        let outcome = allocate(&rules, &control)?;
        runs.add(start.elapsed());
        let start = Instant::now();
        verify(&rules, &outcome).map_err(|fault| anyhow::anyhow!("the check failed: {fault}"))?;
        checks.add(start.elapsed());
        figures = Some(outcome.figures);
    }
    let figures = figures.context("nothing ran")?;
    println!(
        "{} offers, {} instalments, {} eligible pairs, {} components, {} matches, {} of {} covered",
        figures.offers,
        figures.instalments,
        figures.eligible_pairs,
        figures.components,
        figures.lines,
        figures.covered,
        figures.demand
    );
    println!("least (median): run {}, check {}", spread(&runs), spread(&checks));
    Ok(())
}
