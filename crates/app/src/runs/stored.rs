//! A finished run as it lies in the database, put together again.

use std::collections::{BTreeMap, HashMap};

use domain::{
    ids::{InstalmentId, OrganisationId, RunId},
    market::Market,
    matches::MatchState,
    parameters::Parameters,
    quantity::Quantity,
};
use matching::Outcome;
use serde::de::DeserializeOwned;
use storage::{
    StoreError,
    matches::MatchRow,
    runs::{RunRow, RunState, StoredResult},
    shortages::ShortageRow,
    snapshots::Snapshot,
};

use super::written::Written;
use crate::{
    App, Tables,
    error::{AppError, AppResult},
};

/// A run that is done, with what it saw.
pub(super) struct Stored {
    pub(super) run: RunRow,
    market: Snapshot,
    tables: Snapshot,
    matches: Vec<MatchRow>,
    shortages: Vec<ShortageRow>,
    /// What organisations became that were merged into others since.
    became: BTreeMap<OrganisationId, OrganisationId>,
    /// The texts as they lie there; those of matches once their order is known.
    pub(super) written: Written,
}

impl Stored {
    /// Reads a run.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the run is not done, or what it saw is not there.
    pub(super) async fn read(app: &App, id: RunId) -> AppResult<Self> {
        let StoredResult { mut run, proof_json, matches, shortages, market, tables, became } =
            storage::runs::result(&app.store, id).await.map_err(|e| match e {
                StoreError::NotFound => AppError::NotFound { what: "run" },
                other => other.into(),
            })?;
        let conflict = |code, detail| Err(AppError::Conflict { code, detail });
        match run.state {
            RunState::Done => {}
            RunState::Queued | RunState::Running => {
                return conflict(
                    "wrong_state",
                    format!("the run {id} is {}; wait until it is done", run.state.as_str()),
                );
            }
            RunState::Failed => {
                let reason = run.error.unwrap_or_default();
                return conflict("wrong_state", format!("the run {id} failed and has no result: {reason}"));
            }
        }
        if run.market_hash.is_none() || run.tables_hash.is_none() {
            let detail = format!(
                "what the run {id} saw was not stored: a version before snapshots made it, or no engine did, as with \
                 the promises of the demo; start a new run, which can be checked"
            );
            return conflict("no_snapshot", detail);
        }
        let (Some(market), Some(tables)) = (market, tables) else {
            let detail = format!(
                "what the run {id} saw is no longer kept (setting keep_snapshots, now {}); take a newer run",
                app.retention
            );
            return conflict("no_snapshot", detail);
        };
        let written = Written {
            engine: run.engine.take().unwrap_or_default(),
            figures: run.figures_json.take().unwrap_or_default(),
            levels: run.levels_json.take().unwrap_or_default(),
            shares: run.shares_json.take().unwrap_or_default(),
            proof: proof_json.unwrap_or_default(),
            matches: Vec::new(),
            shortages: shortages.iter().map(|s| s.explanation_json.clone()).collect(),
        };
        Ok(Self { run, market, tables, matches, shortages, became, written })
    }

    /// What the run saw; the error says in words what is wrong with it. Brings the matches into the
    /// order of a result: by need, by instalment as they stand in the need, by offer.
    pub(super) fn seen(&mut self) -> Result<(Market, Tables, Parameters), String> {
        let market: Market = self.market.open()?;
        let tables: Tables = self.tables.open()?;
        let parameters: Parameters = parsed("the parameters", &self.run.parameters_json)?;
        as_written("the parameters", &self.run.parameters_json, serde_json::to_string(&parameters))?;
        if market.day != self.run.day {
            return Err(format!("the run is of {}, its snapshot of {}", self.run.day, market.day));
        }
        let asked = market.needs.iter().flat_map(|n| n.instalments.iter().enumerate());
        let place: HashMap<InstalmentId, usize> = asked.map(|(place, i)| (i.id, place)).collect();
        self.matches.sort_by_key(|m| (m.need, place.get(&m.instalment).copied(), m.offer, m.id));
        self.written.matches = self.matches.iter().map(|m| m.explanation_json.clone()).collect();
        Ok((market, tables, parameters))
    }

    /// The result; the error says in words which text cannot be read or was changed.
    pub(super) fn outcome(&self) -> Result<Outcome, String> {
        let written = &self.written;
        let matches = self.matches.iter().map(|m| parsed(&explanation(m), &m.explanation_json));
        let shortages = self.shortages.iter().map(|s| parsed(&cause(s), &s.explanation_json));
        let outcome = Outcome {
            engine: written.engine.clone(),
            day: self.run.day,
            lines: matches.collect::<Result<_, _>>()?,
            shortages: shortages.collect::<Result<_, _>>()?,
            levels: parsed("the levels", &written.levels)?,
            shares: parsed("the shares", &written.shares)?,
            figures: parsed("the figures", &written.figures)?,
            proof: parsed("the proof", &written.proof)?,
        };
        let again = Written::of(&outcome).map_err(|e| e.to_string())?;
        let same = |what: &str, stored: &str, again: &str| as_written(what, stored, Ok(again.to_owned()));
        same("the levels", &written.levels, &again.levels)?;
        same("the shares", &written.shares, &again.shares)?;
        same("the figures", &written.figures, &again.figures)?;
        same("the proof", &written.proof, &again.proof)?;
        for (m, text) in self.matches.iter().zip(&again.matches) {
            same(&explanation(m), &m.explanation_json, text)?;
        }
        for (s, text) in self.shortages.iter().zip(&again.shortages) {
            same(&cause(s), &s.explanation_json, text)?;
        }
        if self.run.proof_hash.as_ref() != Some(&outcome.proof.hash) {
            let named = self.run.proof_hash.as_deref().unwrap_or("none");
            return Err(format!("the run names the hash {named}, its proof {}", outcome.proof.hash));
        }
        Ok(outcome)
    }

    /// Whether the columns that people and later runs go by say what the explanations say.
    pub(super) fn rows_agree(&self, market: &Market, outcome: &Outcome) -> Result<(), String> {
        // Rows name whose they are now, the snapshot whose they were.
        let now = |was: OrganisationId| self.became.get(&was).copied().unwrap_or(was);
        for (row, line) in self.matches.iter().zip(&outcome.lines) {
            let need = market.need(line.need).ok_or_else(|| format!("{} is in no snapshot", line.need))?;
            let supplier = market.offer(line.offer).map(|o| now(o.organisation));
            let pairs = [
                ("offer", row.offer.to_string(), line.offer.to_string()),
                ("need", row.need.to_string(), line.need.to_string()),
                ("instalment", row.instalment.to_string(), line.instalment.to_string()),
                ("supplier", row.supplier.to_string(), supplier.map(|s| s.to_string()).unwrap_or_default()),
                ("buyer", row.buyer.to_string(), now(need.organisation).to_string()),
                ("tier", row.tier.to_string(), need.tier(market.day).to_string()),
                ("cut-off", row.cutoff.to_string(), line.eligible.cutoff.to_string()),
            ];
            agree(&format!("the match {}", row.id), pairs)?;
            // Once sides have put it to each other, the quantity is theirs to change.
            if row.state == MatchState::Suggested {
                let units = |q: Quantity| q.units().to_string();
                let quantity = ("quantity", units(row.quantities.proposed), units(line.quantity));
                agree(&format!("the match {}", row.id), [quantity])?;
            }
        }
        for (row, shortage) in self.shortages.iter().zip(&outcome.shortages) {
            let need = market.need(shortage.need).ok_or_else(|| format!("{} is in no snapshot", shortage.need))?;
            let pairs = [
                ("need", row.need.to_string(), shortage.need.to_string()),
                ("instalment", row.instalment.to_string(), shortage.instalment.to_string()),
                ("buyer", row.buyer.to_string(), now(need.organisation).to_string()),
                ("product", row.product.clone(), need.terms.product.to_string()),
                ("tier", row.tier.to_string(), shortage.tier.to_string()),
                ("demand", row.demand.units().to_string(), shortage.demand.to_string()),
                ("covered quantity", row.covered.units().to_string(), shortage.covered.to_string()),
                ("uncovered quantity", row.uncovered.units().to_string(), shortage.uncovered.to_string()),
            ];
            agree(&format!("the shortage of {}", row.instalment), pairs)?;
        }
        Ok(())
    }
}

fn explanation(row: &MatchRow) -> String {
    format!("the explanation of the match {}", row.id)
}

fn cause(row: &ShortageRow) -> String {
    format!("the explanation of the shortage of {}", row.instalment)
}

fn agree<const N: usize>(what: &str, pairs: [(&str, String, String); N]) -> Result<(), String> {
    match pairs.into_iter().find(|(_, row, explained)| row != explained) {
        Some((name, row, explained)) => Err(format!("{what} has the {name} {row}, its explanation {explained}")),
        None => Ok(()),
    }
}

fn parsed<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{what} cannot be read: {error}"))
}

/// What reads well may still hold more than is read.
fn as_written(what: &str, stored: &str, again: Result<String, serde_json::Error>) -> Result<(), String> {
    match again.map_err(|error| error.to_string())? == stored {
        true => Ok(()),
        false => Err(format!("{what}: the stored text is not the one that was written")),
    }
}
