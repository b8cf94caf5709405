//! Computing a stored run again and holding the two against each other, byte by byte.

use std::collections::{BTreeMap, BTreeSet};

use domain::{digest::Digest, eligibility::Rules, ids::RunId};
use matching::{Control, LevelReport, Outcome};
use serde::Serialize;

use super::{stored::Stored, written::Written};
use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// What became of a run that was computed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The run.
    pub run: RunId,
    /// The engine that made it.
    pub engine: String,
    /// The hash of its proof.
    pub hash: String,
    /// What differs, nothing where all is equal to the byte; or why it cannot be computed.
    pub result: Result<Vec<Difference>, String>,
}

/// Something that is not as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is, in words.
    pub what: String,
    /// As it is stored; `None` where there is no such thing.
    pub stored: Option<String>,
    /// As it is computed now; `None` where there is no such thing.
    pub now: Option<String>,
}

/// Computes a stored run again from what it saw, and compares.
///
/// # Errors
/// As for `verify`; `Conflict` when another version of the engine made it, unless `other_engine`.
pub async fn replay(app: &App, caller: &Caller, id: RunId, other_engine: bool) -> AppResult<Replayed> {
    require(caller, Action::Write, Resource::Runs)?;
    let mut stored = Stored::read(app, id).await?;
    let engine = stored.written.engine.clone();
    if engine != matching::ENGINE && !other_engine {
        let detail = format!(
            "the run {id} was made by {engine}, this program is {}; take that version for the same bytes, or see \
             with --other-engine what differs",
            matching::ENGINE
        );
        return Err(AppError::Conflict { code: "other_engine", detail });
    }
    let hash = stored.run.proof_hash.clone().unwrap_or_default();
    let result = tokio::task::spawn_blocking(move || again(&mut stored)).await.map_err(AppError::internal)?;
    Ok(Replayed { run: id, engine, hash, result })
}

fn again(stored: &mut Stored) -> Result<Vec<Difference>, String> {
    let (market, tables, parameters) = stored.seen()?;
    let rules =
        Rules { market: &market, catalogue: &tables.catalogue, regions: &tables.regions, parameters: &parameters };
    let outcome = matching::allocate(&rules, &Control::default()).map_err(|e| format!("the engine: {e}"))?;
    let now = Written::of(&outcome).map_err(|e| e.to_string())?;
    Ok(differences(&stored.written, &now, &outcome))
}

fn differences(stored: &Written, now: &Written, outcome: &Outcome) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |what: String, stored: Option<&str>, now: Option<&str>| {
        if stored != now {
            found.push(Difference { what, stored: stored.map(str::to_owned), now: now.map(str::to_owned) });
        }
    };
    note("the engine".to_owned(), Some(&stored.engine), Some(&now.engine));
    match serde_json::from_str::<Vec<LevelReport>>(&stored.levels) {
        Ok(levels) if levels != outcome.levels => {
            let text = |l: &LevelReport| {
                let of = |n: Option<i128>| n.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
                format!("{}: {} {}, bound {}, gap {}", l.name, l.value, l.unit, of(l.bound), of(l.gap))
            };
            for i in 0..levels.len().max(outcome.levels.len()) {
                let (was, is) = (levels.get(i).map(text), outcome.levels.get(i).map(text));
                note(format!("level {}", i + 1), was.as_deref(), is.as_deref());
            }
        }
        // Equal, or no levels at all: then the texts say what is the matter.
        Ok(_) | Err(_) => note("the levels".to_owned(), Some(&stored.levels), Some(&now.levels)),
    }
    note("the shares".to_owned(), Some(&stored.shares), Some(&now.shares));
    note("the figures".to_owned(), Some(&stored.figures), Some(&now.figures));
    compare("the match of", &named(&stored.matches), &named(&now.matches), &mut note);
    compare("the shortage of", &named(&stored.shortages), &named(&now.shortages), &mut note);
    if stored.proof != now.proof {
        // A proof names every node of the network, which is nothing to print.
        let short = |text: &str| format!("{} bytes with the hash {}", text.len(), Digest::of_bytes(text.as_bytes()));
        note("the proof".to_owned(), Some(&short(&stored.proof)), Some(&short(&now.proof)));
    }
    found
}

/// Texts by the offer and instalment that they name.
fn named(texts: &[String]) -> BTreeMap<String, String> {
    let name = |text: &String| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let word = |key: &str| json.get(key).and_then(serde_json::Value::as_str).map(|id| format!("{key} {id}"));
        let words = [word("offer"), word("instalment")];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for text in texts {
        // Two of one name are a fault, and both are shown.
        all.entry(name(text)).or_default().push_str(text);
    }
    all
}

fn compare(
    what: &str,
    stored: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
    note: &mut impl FnMut(String, Option<&str>, Option<&str>),
) {
    let names: BTreeSet<&String> = stored.keys().chain(now.keys()).collect();
    for name in names {
        note(format!("{what} {name}"), stored.get(name).map(String::as_str), now.get(name).map(String::as_str));
    }
}
