//! `muster demo`.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use app::runs::Computed;
use domain::{
    catalogue::Catalogue, eligibility::Rules, market::Market, parameters::Parameters, region::RegionTable, time::Day,
};
use exchange::seeds;
use matching::Outcome;
use serde::Serialize;
use storage::{Scope, Store, catalogue::RegionLists};

use super::{
    matching::{allocate, print_coverage},
    serve,
};
use crate::{
    Ended,
    cli::{Demo, Format},
    config::Settings,
    data_folder::DataFolder,
    demo,
    output::{self, grouped},
    report::{Report, render},
    service::{self, Service, app_fault},
};

/// Said wherever the demo is shown.
const LABEL: &str = "DEMO: April 2020 as it could have been. Every organisation is invented; names end in (demo).";
/// Where its facts come from.
const SOURCES: &str = "seeds/demo/SOURCES.md";

/// Where the time went, in milliseconds; the one part of the result that differs between two runs.
#[derive(Debug, Clone, Copy, Serialize)]
struct Timing {
    market_ms: u64,
    catalogue_ms: u64,
    storing_ms: u64,
    matching_ms: u64,
    total_ms: u64,
}

#[derive(Debug, Serialize)]
struct Document {
    demo: bool,
    note: &'static str,
    sources: &'static str,
    seed: u64,
    offers: usize,
    needs: usize,
    instalments: usize,
    organisations: usize,
    sites: usize,
    shared_lines: usize,
    promises: usize,
    refusals: usize,
    countries: usize,
    products: usize,
    #[serde(flatten)]
    report: Report,
    timing: Timing,
}

/// Builds, stores, matches, prints, serves.
pub(super) async fn run(settings: &Settings, flags: &Demo, format: Format) -> Result<Ended> {
    let started = Instant::now();
    // A wrong address is told before the work, not after it.
    settings.socket()?;
    let folder = DataFolder::open(&settings.data)?;
    let store = service::open_store(settings).await?;
    let (service, market, mut timing) = prepare(settings, flags.seed, &folder, store).await?;
    let matching = Instant::now();
    let computed = matched(&service).await?;
    timing.matching_ms = millis(matching.elapsed());
    let tables = service.app.tables();
    let report = Report::new(&computed.market, &computed.outcome, &tables, &Parameters::default());
    timing.total_ms = millis(started.elapsed());
    print(flags.seed, &market, report, timing, format)?;
    if flags.no_serve {
        service.app.store.close().await.map_err(|fault| anyhow!("the database did not close in order: {fault}"))?;
        return Ok(Ended::Done);
    }
    let listener = serve::bind(settings).await?;
    let signal = serve::stop_signal();
    let at = listener.local_addr()?;
    let data = settings.data.display();
    output::complain(&format!(
        "\nServing the demo on http://{at} until Ctrl-C. Open http://{at}/docs/api in a browser, or try:\n  \
         curl 'http://{at}/api/v1/products?q=OP-Maske'\n  \
         muster token create --data {data} --operator     # a token to write with"
    ));
    serve::until_stopped(settings, service.app, listener, signal).await
}

/// Catalogue, market and app of a seed, stored where they are not yet.
async fn prepare(
    settings: &Settings,
    seed: u64,
    folder: &DataFolder,
    store: Store,
) -> Result<(Service, Market, Timing)> {
    let started = Instant::now();
    let broken = |faults: seeds::SeedErrors| anyhow!("the seed files are broken: {faults}");
    let files = service::seed_files(settings)?;
    let parts = seeds::catalogue(&files).map_err(broken)?;
    let places = seeds::regions(&files).map_err(broken)?;
    let lists = RegionLists {
        countries: places.countries.clone(),
        regions: places.regions.clone(),
        retired: places.retired.clone(),
    };
    let catalogue = Catalogue::new(parts.clone()).map_err(anyhow::Error::msg)?;
    let regions = RegionTable::new(places.countries, places.regions, places.retired).map_err(anyhow::Error::msg)?;
    let market = demo::build(seed, &catalogue, &regions)?;
    let before = demo::store::before(&store, &market).await?;
    let market_ms = millis(started.elapsed());
    let syncing = Instant::now();
    storage::catalogue::sync(&store, &parts, &lists)
        .await
        .map_err(|fault| anyhow!("the catalogue cannot be stored: {fault}"))?;
    let catalogue_ms = millis(syncing.elapsed());
    let storing = Instant::now();
    let mark = folder.mark_demo(seed, demo::decision_day())?;
    let parameters = demo::store::parameters();
    let rules = Rules { market: &market, catalogue: &catalogue, regions: &regions, parameters: &parameters };
    demo::store::store(&store, before, &market).await?;
    let mut service = Service::on(folder, store, folder.clock()?).await?;
    service.app.retention = settings.keep_snapshots;
    service.app.keep_events = settings.keep_events;
    if mark.seed != seed {
        let data = settings.data.display();
        return Err(anyhow!("{data} belongs to the demo of seed {}; name a fresh folder with --data", mark.seed));
    }
    demo::store::promises(&service.app, seed, &rules).await?;
    let storing_ms = millis(storing.elapsed());
    let timing = Timing { market_ms, catalogue_ms, storing_ms, matching_ms: 0, total_ms: 0 };
    Ok((service, market, timing))
}

/// Matches the stored market. A result that the latest run has already is not stored again; what it
/// suggested is part of the market by then, so the hashes cannot tell.
async fn matched(service: &Service) -> Result<Computed> {
    let latest = storage::runs::latest_done(&service.app.store, Scope::Operator).await;
    let latest = latest.map_err(|fault| app_fault(fault.into()))?;
    let known = latest.filter(|run| run.engine.as_deref() == Some(matching::ENGINE)).and_then(|run| run.figures_json);
    if let Some(known) = known {
        let (_, computed) = allocate(service, Parameters::default(), true).await?;
        let Outcome { lines, figures, .. } = computed.outcome.as_ref();
        let found: BTreeSet<_> = lines.iter().map(|l| (l.offer, l.instalment, l.quantity)).collect();
        let suggested = computed.market.suggestions.iter().map(|s| (s.offer, s.instalment, s.quantity));
        if serde_json::to_string(figures)? == known && suggested.eq(found) {
            return Ok(computed);
        }
    }
    Ok(allocate(service, Parameters::default(), false).await?.1)
}

fn print(seed: u64, market: &Market, report: Report, timing: Timing, format: Format) -> Result<()> {
    let figures = demo::figures(market)?;
    let figure = |name: &str| figures.get(name).copied().with_context(|| format!("{name} is no figure of the demo"));
    match format {
        Format::Csv => print_coverage(&report),
        Format::Json => output::print_json(&Document {
            demo: true,
            note: LABEL,
            sources: SOURCES,
            seed,
            offers: figure("offers")?,
            needs: figure("needs")?,
            instalments: figure("instalments")?,
            organisations: figure("organisations")?,
            sites: figure("sites")?,
            shared_lines: figure("lines")?,
            promises: figure("promises")?,
            refusals: figure("refusals")?,
            countries: figure("countries")?,
            products: figure("products")?,
            report,
            timing,
        }),
        Format::Table => {
            let day: Day = report.day;
            let count = |name: &str| figure(name).map(|n| grouped(i128::try_from(n).unwrap_or(0)));
            let head = format!(
                "{LABEL}\n{} offers and {} needs of {} organisations in {} countries, {} products.\n\
                 Seed {seed}, as of {day}. Sources: {SOURCES}.\n",
                count("offers")?,
                count("needs")?,
                count("organisations")?,
                count("countries")?,
                count("products")?,
            );
            let time = format!(
                "Time in ms: market {}, catalogue {}, storing {}, matching and checking {}, in all {}",
                timing.market_ms, timing.catalogue_ms, timing.storing_ms, timing.matching_ms, timing.total_ms
            );
            output::print(&format!("{head}\n{}{time}", render(&report)))
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
