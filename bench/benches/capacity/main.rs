//! The market in memory against the same questions in SQL: capacity by region and week, the board of a country, candidates
//! for a need; what it takes to build and to keep; and the same over HTTP.
//!
//! `cargo bench -p bench --bench capacity -- --write` writes the section of bench/RESULTS.md; `--quick` stops at 10,000
//! offers and writes nothing. Every answer of the peer is held against ours, and a difference ends the run.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints its figures, and stops where it fails"
)]

mod cases;
mod market;
mod peer;
mod results;
mod service;

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, Result};
use index::{Builder, Index};
use testkit::postgres::{Cluster, find_binaries};

use crate::{
    cases::Case,
    market::{Market, Size},
};

/// What the site of each need asks for in all, base units.
pub const SITE_DEMAND: i64 = 10_000;

/// Offers of the markets.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// What was measured of a market.
pub struct Measured {
    pub offers: usize,
    pub cases: Vec<Case>,
    pub memory: index::Memory,
}

pub fn built(market: &Market<'_>) -> Index {
    let mut builder = Builder::new(market.catalogue, market.regions);
    for n in 0..market.organisations() {
        builder.organisation(&market.organisation(n));
        builder.site(&market.site(n));
    }
    (0..market.size.offers).for_each(|n| builder.offer(&market.offer(n)));
    (0..market.size.needs).for_each(|n| builder.need(&market.need(n)));
    for (promise, standing, _) in (0..market.size.promises).filter_map(|n| market.promise(n)) {
        builder.commitment(&promise, standing);
    }
    builder.build(1)
}

fn main() -> Result<()> {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let (quick, write) = (asked("--quick"), asked("--write"));
    let (catalogue, regions) = exchange::seeds::tables().context("the seeds do not load")?;
    let binaries = find_binaries().context("PostgreSQL is not installed")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let machine = bench::machine::describe(&[]);
    let mut measured = Vec::new();
    for offers in SIZES.into_iter().filter(|offers| !quick || *offers <= 10_000) {
        let market = Market::new(Size::of(offers), &catalogue, &regions);
        let began = Instant::now();
        let index = built(&market);
        println!(
            "{offers} offers: {} MiB in columns, drawn and built in {:?}",
            index.memory().total() >> 20,
            began.elapsed()
        );
        // Room for all tables in its own memory, beside that of the system.
        let cluster = Cluster::start_with_settings(&binaries, &["shared_buffers=2GB", "max_wal_size=8GB"])?;
        cluster.create_database("peer", None)?;
        let began = Instant::now();
        let cases = runtime.block_on(async {
            let mut peer = peer::Peer::fill(&cluster.url("peer"), &market).await?;
            println!("  PostgreSQL filled in {:?}", began.elapsed());
            cases::run(&market, &index, &mut peer).await
        })?;
        cases.iter().for_each(|case| println!("  {}", case.line()));
        measured.push(Measured { offers, cases, memory: index.memory() });
    }
    let size = Size::of(if quick { 10_000 } else { 1_000_000 });
    let service = runtime.block_on(service::run(&Market::new(size, &catalogue, &regions)))?;
    let section = results::section(&machine, &measured, &service);
    println!("\n{section}");
    if write && !quick {
        let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md"));
        results::write(&file, &section, &measured)?;
    }
    Ok(())
}
