//! The demo market: April 2020 as it could have been registered, drawn from tables that people can
//! edit (`seeds/demo`). Products, regions, conversion times and quantities are of the time; every
//! organisation is invented and says so in its name.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use domain::{catalogue::Catalogue, market::Market, region::RegionTable, time::Day};

mod demand;
mod dice;
mod draft;
mod promises;
mod situations;
pub mod store;
mod supply;
mod tables;

use draft::Draft;
use tables::Tables;

/// The seed used when nobody names one.
pub const DEFAULT_SEED: u64 = 2020;

/// The last words of the name of everything the demo invents.
pub const MARK: &str = "(demo)";

/// The Monday on which the demo decides: 2020-04-06.
pub fn decision_day() -> Day {
    // A day of the calendar, so the fallback is never taken.
    Day::from_ymd(2020, 4, 6).unwrap_or(Day::MIN)
}

/// Builds the market of a seed on [`decision_day`]. The same seed, tables and catalogue give the
/// same market, byte by byte. Every offer and need passed the checks that typed input passes.
///
/// Errors name the table and the row that does not fit the catalogue or the regions.
pub fn build(seed: u64, catalogue: &Catalogue, regions: &RegionTable) -> Result<Market> {
    let tables = Tables::embedded()?;
    let mut draft = Draft::new(seed, &tables, catalogue, regions);
    draft.clusters()?;
    draft.buyers()?;
    draft.supply()?;
    draft.demand()?;
    draft.situations()?;
    draft.age();
    draft.promises()?;
    let mut market = draft.finish();
    market.sort();
    Ok(market)
}

/// How many products, countries, organisations of each kind a market has, for people to see.
pub fn figures(market: &Market) -> Result<BTreeMap<&'static str, usize>> {
    let products: std::collections::BTreeSet<_> = market.offers.iter().map(|o| &o.terms.product).collect();
    let countries: std::collections::BTreeSet<_> = market
        .offers
        .iter()
        .map(|o| market.organisations.get(&o.organisation).map(|org| &org.country))
        .collect::<Option<_>>()
        .ok_or_else(|| anyhow!("an offer belongs to no organisation of the market"))?;
    Ok(BTreeMap::from([
        ("offers", market.offers.len()),
        ("needs", market.needs.len()),
        ("instalments", market.needs.iter().map(|n| n.instalments.len()).sum()),
        ("organisations", market.organisations.len()),
        ("sites", market.sites.len()),
        ("lines", market.lines.len()),
        ("products", products.len()),
        ("countries", countries.len()),
        ("promises", market.commitments.len()),
        ("refusals", market.refusals.len()),
    ]))
}
