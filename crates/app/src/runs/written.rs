//! A result as the texts that are stored of it, the same bytes for the same result.

use domain::{
    ids::{MatchId, NeedId},
    quantity::Quantity,
    time::Instant,
};
use matching::Outcome;
use serde::Serialize;
use storage::{
    runs::{FinishedRun, NewMatch, NewShortage, Seen},
    snapshots::{Snapshot, SnapshotKind},
};

use super::{Computed, Retention};
use crate::{
    App,
    error::{AppError, AppResult},
};

/// The texts of a result; matches and shortages in its own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) engine: String,
    pub(super) figures: String,
    pub(super) levels: String,
    pub(super) shares: String,
    pub(super) proof: String,
    pub(super) matches: Vec<String>,
    pub(super) shortages: Vec<String>,
}

impl Written {
    pub(super) fn of(outcome: &Outcome) -> Result<Self, serde_json::Error> {
        // Taken apart in full, so that a field added later cannot stay unstored.
        let Outcome { engine, day: _, lines, shortages, levels, shares, figures, proof } = outcome;
        Ok(Self {
            engine: engine.clone(),
            figures: serde_json::to_string(figures)?,
            levels: serde_json::to_string(levels)?,
            shares: serde_json::to_string(shares)?,
            proof: serde_json::to_string(proof)?,
            matches: texts(lines)?,
            shortages: texts(shortages)?,
        })
    }
}

fn texts<T: Serialize>(list: &[T]) -> Result<Vec<String>, serde_json::Error> {
    list.iter().map(serde_json::to_string).collect()
}

/// What is stored of a computed run.
pub(super) fn finished(app: &App, computed: &Computed, now: Instant) -> AppResult<FinishedRun> {
    let outcome = &computed.outcome;
    let written = Written::of(outcome).map_err(AppError::internal)?;
    let tier = |need: NeedId| computed.market.need(need).map_or(4, |need| need.tier(computed.market.day));
    let matches = outcome.lines.iter().zip(written.matches).map(|(line, explanation_json)| NewMatch {
        id: MatchId(app.ids.next(now)),
        offer: line.offer,
        need: line.need,
        instalment: line.instalment,
        tier: tier(line.need),
        quantity: line.quantity,
        cutoff: line.eligible.cutoff,
        explanation_json,
    });
    let quantity =
        |units: i64| Quantity::new(units).ok_or_else(|| AppError::internal(format!("{units} is no quantity")));
    let shortages = outcome.shortages.iter().zip(written.shortages).map(|(s, explanation_json)| {
        Ok(NewShortage {
            need: s.need,
            instalment: s.instalment,
            tier: s.tier,
            demand: quantity(s.demand)?,
            covered: quantity(s.covered)?,
            explanation_json,
        })
    });
    let seen = Seen {
        market: Snapshot::of(SnapshotKind::Market, computed.market.as_ref())?,
        tables: Snapshot::of(SnapshotKind::Tables, computed.tables.as_ref())?,
    };
    Ok(FinishedRun {
        engine: written.engine,
        figures_json: written.figures,
        levels_json: written.levels,
        shares_json: written.shares,
        proof_hash: outcome.proof.hash.clone(),
        proof_json: written.proof,
        matches: matches.collect(),
        shortages: shortages.collect::<AppResult<_>>()?,
        seen: Some(seen),
        forget_before: match app.retention {
            Retention::All => None,
            Retention::Days(days) => Some(now.plus_micros(-i64::from(days) * 86_400_000_000)),
        },
    })
}
