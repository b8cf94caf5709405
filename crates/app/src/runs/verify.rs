//! Checking a stored run from the database alone: nothing is computed anew.

use domain::{eligibility::Rules, ids::RunId, time::Day};
use matching::LevelReport;
use serde::Serialize;

use super::stored::Stored;
use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// What the check of a stored run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The run.
    pub run: RunId,
    /// The engine that made it.
    pub engine: String,
    /// What is proved, or what is wrong first.
    pub result: Result<Proved, String>,
}

/// What is proved of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// The day it decides on.
    pub day: Day,
    /// SHA-256 over all that it saw, decided and proved, in hex.
    pub hash: String,
    /// The hash of the market it saw.
    pub market_hash: String,
    /// The hash of the catalogue and regions it went by.
    pub tables_hash: String,
    /// Offers in that market.
    pub offers: u64,
    /// Instalments that took part.
    pub instalments: u64,
    /// Pairs of the two, each judged again.
    pub judged_pairs: u64,
    /// Those that passed every predicate.
    pub eligible_pairs: u64,
    /// Matches, each held against offer, need and explanation.
    pub matches: u64,
    /// Shortages, likewise.
    pub shortages: u64,
    /// The levels of the objective, in order.
    pub levels: Vec<LevelReport>,
}

/// Checks a stored run.
///
/// # Errors
/// `Forbidden` for all but the operator, since it names the whole market; `NotFound`; `Conflict` when
/// the run is not done, or what it saw is not there.
pub async fn verify(app: &App, caller: &Caller, id: RunId) -> AppResult<Checked> {
    require(caller, Action::Write, Resource::Runs)?;
    let mut stored = Stored::read(app, id).await?;
    let engine = stored.written.engine.clone();
    let result = tokio::task::spawn_blocking(move || proved(&mut stored)).await.map_err(AppError::internal)?;
    let result = result.map_err(|fault| match engine == matching::ENGINE {
        true => fault,
        false => format!("{fault} (the run was made by {engine}, and this program checks {})", matching::ENGINE),
    });
    Ok(Checked { run: id, engine, result })
}

fn proved(stored: &mut Stored) -> Result<Proved, String> {
    let (market, tables, parameters) = stored.seen()?;
    let outcome = stored.outcome()?;
    stored.rows_agree(&market, &outcome)?;
    let rules =
        Rules { market: &market, catalogue: &tables.catalogue, regions: &tables.regions, parameters: &parameters };
    matching::verify(&rules, &outcome)?;
    let asked = market.needs.iter().filter(|n| n.is_matchable()).map(|n| n.instalments.len() as u64);
    let (offers, instalments) = (market.offers.len() as u64, asked.sum::<u64>());
    Ok(Proved {
        day: outcome.day,
        hash: outcome.proof.hash,
        market_hash: stored.run.market_hash.clone().unwrap_or_default(),
        tables_hash: stored.run.tables_hash.clone().unwrap_or_default(),
        offers,
        instalments,
        judged_pairs: offers.saturating_mul(instalments),
        eligible_pairs: outcome.figures.eligible_pairs,
        matches: outcome.lines.len() as u64,
        shortages: outcome.shortages.len() as u64,
        levels: outcome.levels,
    })
}
