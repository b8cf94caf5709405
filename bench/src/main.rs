//! Benchmarks: the engine against peers and bounds, and the real exchange of 2020.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod chains;
mod churn;
mod dense;
mod engine;
mod equity;
mod fairness;
mod getusppe;
mod growth;
mod hidden;
mod instant;
mod market;
mod peers;
mod pipeline;
mod rank;
mod replay;
mod results;
mod rows;
mod runs;
mod stages;

use std::path::PathBuf;

use anyhow::Result;
use bench::{machine, plot, report};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Benchmarks of Muster")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every row of the speed table beside the peers, and says PASS or FALL SHORT with its ratio.
    ///
    /// `bench/peers.sh` installs the peers; without them ours and the floor are still measured.
    ///
    /// Example: cargo run --release -p bench -- engine --quick
    Engine {
        /// Under a minute: the large rows are left out.
        #[arg(long)]
        quick: bool,
        /// Write the results into bench/RESULTS.md and the plot beside it.
        #[arg(long)]
        write: bool,
        /// Only rows whose name holds this; `growth` names the growth table.
        #[arg(long)]
        only: Option<String>,
        /// Repetitions of each contender; one that takes over 20 s runs once.
        #[arg(long, default_value_t = 5)]
        repeat: usize,
        /// Where the peers are installed.
        #[arg(long, default_value = "target/peers")]
        peers: PathBuf,
    },
    /// Proves the optimum of 20,000 x 10,000 with all 200 million pairs, beside a peer on smaller markets.
    ///
    /// Example: cargo run --release -p bench -- dense
    Dense {
        /// Write the results into bench/RESULTS.md.
        #[arg(long)]
        write: bool,
        /// Repetitions of ours.
        #[arg(long, default_value_t = 3)]
        repeat: usize,
        /// Where the peers are installed.
        #[arg(long, default_value = "target/peers")]
        peers: PathBuf,
    },
    /// Times the search for chains among up to 20,000 offers a stage.
    ///
    /// Example: cargo run --release -p bench -- chains
    Chains {
        /// Write the results into bench/RESULTS.md.
        #[arg(long)]
        write: bool,
    },
    /// Changes one record in a hundred, and one alone: what stays, what that costs, how long the next run takes.
    ///
    /// Example: cargo run --release -p bench -- churn
    Churn {
        /// Write the results into bench/RESULTS.md.
        #[arg(long)]
        write: bool,
    },
    /// Times judging who could convert to what, among up to 20,000 sites.
    ///
    /// Example: cargo run --release -p bench -- hidden
    Hidden {
        /// Write the results into bench/RESULTS.md.
        #[arg(long)]
        write: bool,
    },
    /// Times a need, an offer or a quantity that comes, goes or changes, beside a solve of the whole.
    ///
    /// Example: cargo run --release -p bench -- instant --events 100
    Instant {
        /// Write the results into bench/RESULTS.md.
        #[arg(long)]
        write: bool,
        /// Changes of each kind.
        #[arg(long, default_value_t = 1_000)]
        events: usize,
        /// Repetitions of the solve of the whole.
        #[arg(long, default_value_t = 5)]
        repeat: usize,
    },
    /// Plans the whole market with stages, beside the bound and beside a run without them.
    ///
    /// Example: cargo run --release -p bench -- stages
    Stages {
        /// Write the results into bench/RESULTS.md.
        #[arg(long)]
        write: bool,
    },
    /// Times a whole run (judging, all levels, explanations, proof) and the independent check.
    ///
    /// Example: cargo run --release -p bench -- runs --offers 1100 --needs 500 --products 30
    Runs {
        /// Offers in the market.
        #[arg(long, default_value_t = 1_100)]
        offers: usize,
        /// Needs, with one instalment each.
        #[arg(long, default_value_t = 500)]
        needs: usize,
        /// Products they spread over.
        #[arg(long, default_value_t = 30)]
        products: usize,
        /// Goods are due on so many days, a week apart.
        #[arg(long, default_value_t = 8)]
        weeks: i32,
        /// NUTS 2 regions that sites lie in; all when 0.
        #[arg(long, default_value_t = 0)]
        regions: usize,
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
    /// Replays the exchange of 2020 week by week in the framework of ppe-match, our modes beside its authors'
    /// strategies; `bench/replay/install.sh` installs it.
    ///
    /// Example: cargo run --release -p bench -- replay --authors
    Replay {
        /// Where the peers are installed.
        #[arg(long, default_value = "target/peers")]
        peers: PathBuf,
        /// The authors' strategies as well; minutes.
        #[arg(long)]
        authors: bool,
        /// The mode balanced with other prices of a delivery as well, for the plot.
        #[arg(long)]
        sweep: bool,
        /// Write the results into bench/RESULTS.md and the plot beside it.
        #[arg(long)]
        write: bool,
    },
    /// Decides one week of the replay; the framework calls it.
    #[command(hide = true)]
    ReplayBatch {
        /// Donors, recipients and distances.
        folder: PathBuf,
        /// The day of the run.
        #[arg(long)]
        day: String,
        /// A mode, or a mode, a colon and the points of a delivery.
        #[arg(long)]
        mode: String,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Engine { quick, write, only, repeat, peers } => {
            let write = write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md")));
            engine::run(&engine::Setup { quick, write, only, repeat, peers })
        }
        Command::Dense { write, repeat, peers } => {
            let write = write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md")));
            dense::run(&dense::Setup { write, repeat, peers })
        }
        Command::Chains { write } => {
            chains::run(write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md"))))
        }
        Command::Churn { write } => {
            churn::run(write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md"))))
        }
        Command::Hidden { write } => {
            hidden::run(write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md"))))
        }
        Command::Instant { write, events, repeat } => {
            let write = write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md")));
            instant::run(&instant::Setup { write, events, repeat })
        }
        Command::Stages { write } => {
            stages::run(write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md"))))
        }
        Command::Runs { offers, needs, products, weeks, regions, seed, repeat, threads } => {
            runs::run(&market::Size { offers, needs, products, weeks, regions, seed }, repeat.max(1), threads)
        }
        Command::Replay { peers, authors, sweep, write } => {
            let write = write.then(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md")));
            replay::run(&replay::Setup { peers, authors, sweep, write })
        }
        Command::ReplayBatch { folder, day, mode } => replay::batch::run(&replay::batch::Batch { folder, day, mode }),
        Command::Getusppe { files, muster, data } => getusppe::run(&getusppe::Setup { muster, files, data }),
    }
}
