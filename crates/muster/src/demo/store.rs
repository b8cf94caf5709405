//! Putting the demo market into a database: once, whole or not at all, and never beside another.

use anyhow::{Result, anyhow, bail};
use app::{App, access::Caller, matches::Move, policy::Actor};
use domain::{
    eligibility::{Eligible, OfferView, Rules},
    ids::{OfferId, RunId},
    market::{Commitment, Market},
    matches::MatchState,
    mode::ModeChange,
    need::Need,
    parameters::Parameters,
    time::Instant,
};
use matching::{Figures, MatchLine};
use storage::{
    Scope, Store, StoreError,
    matches::MatchRow,
    runs::{FinishedRun, NewMatch, NewRun},
};

use super::{MARK, dice::Dice};
use crate::service;

/// What was in the database before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Empty,
    /// This very demo, perhaps with records that people added to it.
    ThisDemo,
}

/// Looks what the database holds.
///
/// Errors when it holds something else: another market, or the demo of another seed.
pub async fn before(store: &Store, market: &Market) -> Result<Before> {
    let held = storage::market::snapshot(store, market.day, domain::time::Instant::start_of(market.day))
        .await
        .map_err(fault)?;
    if held.organisations.is_empty() && held.offers.is_empty() && held.needs.is_empty() {
        return Ok(Before::Empty);
    }
    if market.organisations.keys().all(|id| held.organisations.contains_key(id)) {
        return Ok(Before::ThisDemo);
    }
    let remedy = "name a fresh folder with --data, or a fresh database with --database";
    if held.organisations.values().any(|o| o.name.ends_with(MARK)) {
        bail!("this folder holds the demo of another seed or version; take that seed, or {remedy}");
    }
    bail!("this folder holds a market that is no demo, and the demo never mixes with one; {remedy}")
}

/// Stores the market where it is not there.
pub async fn store(store: &Store, before: Before, market: &Market) -> Result<()> {
    match before {
        Before::Empty => records(store, market).await,
        Before::ThisDemo => Ok(()),
    }
}

fn fault(fault: StoreError) -> anyhow::Error {
    match fault {
        StoreError::Conflict(_) => anyhow!("another program filled the same database meanwhile; run the demo again"),
        fault => anyhow!("the demo cannot be stored: {fault}"),
    }
}

/// Everything but the promises, in one transaction.
async fn records(store: &Store, market: &Market) -> Result<()> {
    let at = Instant::start_of(market.day);
    let market = market.clone();
    let work = move |tx: storage::Tx| async move {
        let organisations: Vec<_> = market.organisations.into_values().map(|o| (o, None)).collect();
        storage::organisations::insert_many(&tx, &organisations, at).await?;
        let sites: Vec<_> = market.sites.into_values().collect();
        storage::sites::insert_many(&tx, &sites, at).await?;
        let lines: Vec<_> = market.lines.into_values().collect();
        storage::lines::insert_many(&tx, &lines, at).await?;
        storage::offers::insert_many(&tx, &market.offers, at).await?;
        storage::needs::insert_many(&tx, &market.needs, at).await?;
        let reason = "The demo plays April 2020.".to_owned();
        storage::modes::set(&tx, &ModeChange { mode: market.mode, reason, set_by: None, since: at }).await?;
        for (offer, need) in market.refusals {
            storage::matches::refuse(&tx, offer, need, at).await?;
        }
        Ok::<_, StoreError>(())
    };
    store.write(work).await.map_err(fault)
}

/// What sides agreed before the demo begins, as the matches of a run of its own: the operator puts each to both sides, and
/// both accept. A program that was killed goes on where it stopped.
pub async fn promises(app: &App, seed: u64, rules: &Rules<'_>) -> Result<()> {
    let market = rules.market;
    let Some(first) = market.commitments.first() else { return Ok(()) };
    match storage::matches::get(&app.store, Scope::Operator, first.match_id).await {
        Ok(_) => {}
        Err(StoreError::NotFound) => suggest(&app.store, seed, rules).await?,
        Err(other) => return Err(fault(other)),
    }
    for commitment in &market.commitments {
        let id = commitment.match_id;
        let mut row = storage::matches::get(&app.store, Scope::Operator, id).await.map_err(fault)?;
        while let Some((caller, what)) = next(&row) {
            row = app::matches::make(app, &caller, id, what).await.map_err(service::app_fault)?.row;
        }
    }
    Ok(())
}

/// Who moves next, and how, until a match is agreed.
fn next(row: &MatchRow) -> Option<(Caller, Move)> {
    let side = |own| Caller { actor: Actor::Organisation(own), ..Caller::command_line() };
    match row.state {
        MatchState::Suggested => Some((Caller::command_line(), Move::Propose(None))),
        MatchState::Proposed => Some((side(row.supplier), Move::Accept(None))),
        MatchState::AcceptedBySupplier => Some((side(row.buyer), Move::Accept(None))),
        MatchState::AcceptedByBuyer => Some((side(row.supplier), Move::Accept(None))),
        MatchState::Agreed | MatchState::InDelivery | MatchState::Fulfilled => None,
        MatchState::Declined | MatchState::Expired | MatchState::Cancelled => None,
    }
}

/// The run of a seed that suggests what was agreed.
pub async fn suggest(store: &Store, seed: u64, rules: &Rules<'_>) -> Result<()> {
    let run = RunId(Dice::new(!seed).id());
    let at = Instant::start_of(rules.market.day);
    let finished = finished(rules)?;
    let new = NewRun {
        id: run,
        requested_by: None,
        day: rules.market.day,
        parameters_json: serde_json::to_string(rules.parameters)?,
        at,
    };
    match storage::runs::get(store, Scope::Operator, run).await {
        Ok(_) => {}
        Err(StoreError::NotFound) => {
            let work = move |tx: storage::Tx| async move { storage::runs::enqueue(&tx, &new).await };
            store.write(work).await.map_err(fault)?;
        }
        Err(other) => return Err(fault(other)),
    }
    // The day's start lies before any lease of a program that was killed could end, so the claim is
    // made at the day's end.
    let now = at.plus_micros(86_400_000_000 - 1);
    let claimed = storage::runs::claim(store, "demo", now, app::runs::LEASE).await.map_err(fault)?;
    match claimed.filter(|c| c.id == run) {
        Some(claimed) => storage::runs::finish(store, &claimed, finished, at).await.map_err(fault),
        None => bail!("another program works on this folder; stop it and start the demo again"),
    }
}

fn finished(rules: &Rules<'_>) -> Result<FinishedRun> {
    let market = rules.market;
    let offers: Vec<OfferView<'_>> = market.offers.iter().filter_map(|o| rules.offer_view(o)).collect();
    let mut matches = Vec::new();
    for commitment in &market.commitments {
        let need = market.needs.iter().find(|n| n.instalments.iter().any(|i| i.id == commitment.instalment));
        let need = need.ok_or_else(|| anyhow!("a promise of the demo names no need"))?;
        let line = line(rules, &offers, need, commitment)?;
        matches.push(NewMatch {
            id: commitment.match_id,
            offer: commitment.offer,
            need: need.id,
            instalment: commitment.instalment,
            tier: need.tier(market.day),
            quantity: commitment.quantity,
            cutoff: commitment.cutoff,
            explanation_json: serde_json::to_string(&line)?,
        });
    }
    let figures = Figures { lines: u32::try_from(matches.len())?, ..Figures::default() };
    Ok(FinishedRun {
        engine: "none: agreed before the demo begins".to_owned(),
        figures_json: serde_json::to_string(&figures)?,
        levels_json: "[]".to_owned(),
        shares_json: "[]".to_owned(),
        // People decided, so there is nothing to prove.
        proof_hash: "agreed before the demo begins".to_owned(),
        proof_json: "{}".to_owned(),
        matches,
        shortages: Vec::new(),
        seen: None,
        forget_before: None,
    })
}

/// How a promised pair stands among all that were possible.
fn line(rules: &Rules<'_>, offers: &[OfferView<'_>], need: &Need, of: &Commitment) -> Result<MatchLine> {
    let possible = possible(rules, offers, need, of)?;
    let own = possible.iter().find(|(id, _)| *id == of.offer);
    let (_, eligible) = own.ok_or_else(|| anyhow!("a promise of the demo is between a pair that may not be"))?;
    let cheaper = possible.iter().filter(|(_, e)| e.cost.total() < eligible.cost.total()).count();
    Ok(MatchLine {
        offer: of.offer,
        need: need.id,
        instalment: of.instalment,
        quantity: of.quantity,
        rank: u32::try_from(cheaper)? + 1,
        eligible_offers: u32::try_from(possible.len())?,
        eligible: eligible.clone(),
    })
}

fn possible(
    rules: &Rules<'_>,
    offers: &[OfferView<'_>],
    need: &Need,
    of: &Commitment,
) -> Result<Vec<(OfferId, Eligible)>> {
    let demands = rules.site_demands();
    let view = rules.need_view(need, &demands).ok_or_else(|| anyhow!("a need of the demo has no site"))?;
    let instalment = need.instalments.iter().find(|i| i.id == of.instalment);
    let instalment = instalment.ok_or_else(|| anyhow!("a promise of the demo names no instalment"))?;
    let judged = offers.iter().filter_map(|o| Some((o.offer.id, rules.judge(o, &view, instalment).ok()?)));
    Ok(judged.collect())
}

/// The parameters that the demo's promises were agreed under.
pub fn parameters() -> Parameters {
    Parameters::default()
}
