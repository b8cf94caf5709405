//! Two runs that are done, held against each other: what the second suggested otherwise than the first.

use std::collections::BTreeMap;

use domain::{
    ids::{InstalmentId, NeedId, OfferId, RunId},
    quantity::Quantity,
};
use serde::Deserialize;
use storage::{Page, PageRequest};

use super::{RunRow, RunState, get, part_of};
use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// A run held against another.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The first.
    pub from: RunRow,
    /// The second.
    pub to: RunRow,
    /// How many pairs there are of each kind.
    pub counts: PairCounts,
    /// A page of the pairs that differ, by need, instalment and offer.
    pub pairs: Page<PairChange>,
}

impl Comparison {
    /// Whether both saw the same market; `None` where one was stored without what it saw.
    pub fn same_market(&self) -> Option<bool> {
        self.from.market_hash.as_ref().zip(self.to.market_hash.as_ref()).map(|(a, b)| a == b)
    }

    /// Whether both went by the same catalogue and regions; likewise.
    pub fn same_tables(&self) -> Option<bool> {
        self.from.tables_hash.as_ref().zip(self.to.tables_hash.as_ref()).map(|(a, b)| a == b)
    }
}

/// How many pairs of offer and instalment two runs suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairCounts {
    /// The second alone.
    pub added: u64,
    /// The first alone.
    pub removed: u64,
    /// Both, in other quantities.
    pub changed: u64,
    /// Both, in the same quantity.
    pub unchanged: u64,
}

/// A pair of offer and instalment that two runs judged otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairChange {
    /// The need.
    pub need: NeedId,
    /// The instalment of it.
    pub instalment: InstalmentId,
    /// The offer.
    pub offer: OfferId,
    /// What the first suggested, in base units; 0 where nothing.
    pub from: i64,
    /// What the second suggested; likewise.
    pub to: i64,
}

/// What a run suggested, as it wrote it down.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Line {
    need: NeedId,
    instalment: InstalmentId,
    offer: OfferId,
    quantity: Quantity,
}

/// Holds the run `to` against the run `from`. Both by what they wrote down with each match, which is what their proofs
/// count: neither what the sides made of a match since, nor what was promised before a run, is in it.
///
/// # Errors
/// `Forbidden` for all but the operator, since it tells of the whole market; `NotFound`; `Conflict` when one of them is
/// not done.
pub async fn compare(
    app: &App,
    caller: &Caller,
    (from, to): (RunId, RunId),
    request: PageRequest,
) -> AppResult<Comparison> {
    require(caller, Action::Write, Resource::Runs)?;
    let (from, to) = (done(app, caller, from).await?, done(app, caller, to).await?);
    let before = storage::matches::explanations_of(&app.store, from.id).await?;
    let after = storage::matches::explanations_of(&app.store, to.id).await?;
    // Reading tens of thousands of JSON texts is no work for the threads that answer requests.
    let compared = tokio::task::spawn_blocking(move || Ok::<_, AppError>(changes(&lines(&before)?, &lines(&after)?)));
    let (counts, all) = compared.await.map_err(AppError::internal)??;
    Ok(Comparison { from, to, counts, pairs: part_of(all, request) })
}

async fn done(app: &App, caller: &Caller, id: RunId) -> AppResult<RunRow> {
    let run = get(app, caller, id).await?;
    match run.state {
        RunState::Done => Ok(run),
        RunState::Queued | RunState::Running | RunState::Failed => {
            let state = run.state.as_str();
            let detail = format!("the run {id} is {state}; name two runs that are done");
            Err(AppError::Conflict { code: "wrong_state", detail })
        }
    }
}

fn lines(texts: &[String]) -> AppResult<Vec<Line>> {
    texts.iter().map(|text| serde_json::from_str(text).map_err(AppError::internal)).collect()
}

/// The pairs that differ, and how many there are of each kind.
fn changes(before: &[Line], after: &[Line]) -> (PairCounts, Vec<PairChange>) {
    let mut pairs: BTreeMap<(NeedId, InstalmentId, OfferId), (i64, i64)> = BTreeMap::new();
    for line in before {
        pairs.entry((line.need, line.instalment, line.offer)).or_default().0 += line.quantity.units();
    }
    for line in after {
        pairs.entry((line.need, line.instalment, line.offer)).or_default().1 += line.quantity.units();
    }
    let (mut counts, mut changes) = (PairCounts::default(), Vec::new());
    for ((need, instalment, offer), (from, to)) in pairs {
        let count = match (from, to) {
            (0, _) => &mut counts.added,
            (_, 0) => &mut counts.removed,
            (from, to) if from == to => &mut counts.unchanged,
            (_, _) => &mut counts.changed,
        };
        *count += 1;
        if from != to {
            changes.push(PairChange { need, instalment, offer, from, to });
        }
    }
    (counts, changes)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn line(need: u128, offer: u128, units: i64) -> Line {
        let id = Uuid::from_u128;
        let quantity = Quantity::new(units).unwrap();
        Line { need: NeedId(id(need)), instalment: InstalmentId(id(need)), offer: OfferId(id(offer)), quantity }
    }

    #[test]
    fn each_pair_is_counted_once_and_those_that_differ_are_listed() {
        let before = [line(1, 1, 10), line(1, 2, 20), line(2, 1, 30)];
        let after = [line(2, 3, 5), line(2, 1, 30), line(1, 1, 15)];
        let (counts, changes) = changes(&before, &after);
        assert_eq!(counts, PairCounts { added: 1, removed: 1, changed: 1, unchanged: 1 });
        let told: Vec<_> = changes.iter().map(|c| (c.need.0.as_u128(), c.offer.0.as_u128(), c.from, c.to)).collect();
        assert_eq!(told, [(1, 1, 10, 15), (1, 2, 20, 0), (2, 3, 0, 5)]);
    }
}
