//! The chains of the whole market: what makers that lack one thing would make of what others bring, every unit counted once.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    ids::{OfferId, RunId},
    market::Market,
    parameters::Parameters,
    quantity::Quantity,
};
use matching::{StageChain, StageLegOf, Stages};

use super::{Brought, LegOf, NewChain, NewLeg};
use crate::{
    App,
    access::Caller,
    error::{AppError, AppResult},
    explanations::Work,
    matches::ByHand,
    policy::{Action, Resource, require},
};

/// What was planned, and of which market.
#[derive(Debug, Clone)]
pub struct ChainPlan {
    /// The market.
    pub market: Arc<Market>,
    /// What comes of its stages; the independent checker has accepted it.
    pub stages: Stages,
}

/// The chains of the market that a run saw.
///
/// # Errors
/// `Forbidden` for all but the operator; `NotFound` when there is no such run; `Conflict` when it is not done, or what it
/// saw is no longer kept; `Overloaded`.
pub async fn planned(app: &App, caller: &Caller, run: RunId) -> AppResult<ChainPlan> {
    require(caller, Action::Write, Resource::Runs)?;
    of(Work::of_run(app, caller, run).await?).await
}

/// The chains of the market as it is.
///
/// # Errors
/// `Forbidden` for all but the operator; `Invalid` where the parameters are out of range.
pub async fn planned_now(app: &App, caller: &Caller, parameters: Parameters) -> AppResult<ChainPlan> {
    of(Work::now(app, caller, parameters).await?).await
}

async fn of(work: Work) -> AppResult<ChainPlan> {
    let market = Arc::clone(&work.market);
    let found = work.run(|rules, control| {
        let found = matching::stages(rules, control)?;
        let checked = found.plan.as_ref().map(|plan| {
            let rules = domain::eligibility::Rules { market: &plan.market, ..*rules };
            matching::verify(&rules, &plan.outcome)
        });
        Ok(Some((found, checked.unwrap_or(Ok(())))))
    });
    let (stages, checked) = found.await?;
    checked.map_err(|e| AppError::internal(format!("the independent check refuses the plan: {e}")))?;
    Ok(ChainPlan { market, stages })
}

/// What makes a planned chain: the maker that supplies most leads it, and what makers lack is entered as their needs. `None`
/// where it has more legs than a chain can have steps.
pub fn made_of_plan(market: &Market, chain: &StageChain) -> Option<NewChain> {
    let product = |offer: OfferId| market.offer(offer).map(|offer| offer.terms.product.as_str());
    let mut alike: BTreeMap<&str, u32> = BTreeMap::new();
    let mut legs = Vec::with_capacity(chain.legs.len());
    for leg in &chain.legs {
        let quantity = Quantity::new(leg.units)?;
        let of = match leg.of {
            StageLegOf::Need { need, instalment } => {
                LegOf::ByHand(ByHand { offer: leg.offer, need, instalment, quantity })
            }
            StageLegOf::Maker { offer, due } => LegOf::Brought(Brought {
                offer: leg.offer,
                to: chain.legs.iter().position(|other| other.offer == offer)?,
                quantity,
                due: due.to_string(),
            }),
        };
        let name = product(leg.offer)?;
        let count = alike.entry(name).or_default();
        *count += 1;
        let step = if *count == 1 { name.to_owned() } else { format!("{name} {count}") };
        legs.push(NewLeg { step, of });
    }
    let to_needs = chain.legs.iter().filter(|leg| matches!(leg.of, StageLegOf::Need { .. }));
    let first = to_needs.max_by_key(|leg| leg.units)?.offer;
    let lead = market.offer(first)?.organisation;
    let fits = legs.len() <= domain::chain::MOST_STEPS;
    fits.then(|| NewChain { lead: Some(lead), name: format!("{} together", product(first).unwrap_or("goods")), legs })
}
