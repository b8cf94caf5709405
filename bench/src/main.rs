//! Benchmarks: how long the parts of a run take on random markets of a stated size.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod getusppe;
mod market;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use domain::{eligibility::Rules, parameters::Parameters};
use matching::{Control, allocate, verify};

#[derive(Parser)]
#[command(about = "Benchmarks of Muster")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Times a whole run (judging, all levels, explanations, proof) and the independent check.
    ///
    /// Example: cargo run --release -p bench -- engine --offers 1100 --needs 500 --products 30
    Engine {
        /// Offers in the market.
        #[arg(long, default_value_t = 1_100)]
        offers: usize,
        /// Needs, with one instalment each.
        #[arg(long, default_value_t = 500)]
        needs: usize,
        /// Products they spread over.
        #[arg(long, default_value_t = 30)]
        products: usize,
        /// Days over which instalments are due.
        #[arg(long, default_value_t = 56)]
        days: i32,
        /// Seed of the market.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Repetitions; the least and the median are printed.
        #[arg(long, default_value_t = 5)]
        repeat: usize,
        /// Threads; all cores when 0.
        #[arg(long, default_value_t = 0)]
        threads: usize,
    },
    /// Imports the public GetUsPPE files with the program itself, matches them, and prints the
    /// counts as Markdown.
    ///
    /// Example: cargo run --release -p bench -- getusppe ../shared/data/reference/getusppe
    Getusppe {
        /// The folder of the files.
        files: PathBuf,
        /// The program.
        #[arg(long, default_value = "target/release/muster")]
        muster: PathBuf,
        /// A folder to make for the databases.
        #[arg(long, default_value = "target/getusppe")]
        data: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Engine { offers, needs, products, days, seed, repeat, threads } => {
            engine(&market::Size { offers, needs, products, days, seed }, repeat.max(1), threads)
        }
        Command::Getusppe { files, muster, data } => getusppe::run(&getusppe::Setup { muster, files, data }),
    }
}

fn engine(size: &market::Size, repeat: usize, threads: usize) -> Result<()> {
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let market = market::random(size, &catalogue, &regions)?;
    let parameters = Parameters::default();
    let rules = Rules { market: &market, catalogue: &catalogue, regions: &regions, parameters: &parameters };
    let control = Control { threads, ..Control::default() };
    let (mut runs, mut checks) = (Vec::new(), Vec::new());
    let mut figures = None;
    for _ in 0..repeat {
        let start = Instant::now();
        let outcome = allocate(&rules, &control)?;
        runs.push(start.elapsed());
        let start = Instant::now();
        verify(&rules, &outcome).map_err(|fault| anyhow::anyhow!("the check failed: {fault}"))?;
        checks.push(start.elapsed());
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
    println!("run    {}", spread(&mut runs));
    println!("check  {}", spread(&mut checks));
    Ok(())
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    format!("least {:.1?}, median {:.1?} of {}", times[0], times[times.len() / 2], times.len())
}
