//! The chains of the whole market: what makers that lack one thing would make of what others bring, every unit counted once.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    catalogue::Catalogue,
    chain::MOST_STEPS,
    code::ProductCode,
    eligibility::Rules,
    ids::{OfferId, RunId, SiteId},
    market::Market,
    parameters::Parameters,
    quantity::Quantity,
};
use matching::{Outcome, StageChain, StageLegOf, Stages};

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
        let mut parts = found.plan.iter().flat_map(|plan| &plan.parts);
        let check = |(market, outcome): &(Market, Outcome)| matching::verify(&Rules { market, ..*rules }, outcome);
        let checked = parts.try_for_each(check);
        Ok(Some((found, checked)))
    });
    let (stages, checked) = found.await?;
    checked.map_err(|e| AppError::internal(format!("the independent check refuses the plan: {e}")))?;
    let tiers = stages.plan.iter().flat_map(|plan| &plan.tiers);
    if let Some(tier) = tiers.filter(|tier| tier.bound > tier.uncovered).max_by_key(|tier| tier.tier) {
        return Err(AppError::internal(format!("the plan covers more of tier {} than its bound allows", tier.tier)));
    }
    Ok(ChainPlan { market, stages })
}

/// Why a planned chain cannot be held as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNotHeld {
    /// It has more legs than a chain has steps.
    TooManyLegs,
    /// What it makes for a buyer is below the maker's smallest order; with what lies ready there it would not be.
    SmallOrder,
    /// What a maker lacks is more than is plausible for one need.
    Implausible,
}

impl WhyNotHeld {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooManyLegs => "too_many_legs",
            Self::SmallOrder => "small_order",
            Self::Implausible => "implausible",
        }
    }

    /// In words, as what is the matter with it.
    pub fn words(self) -> String {
        match self {
            Self::TooManyLegs => format!("it has more than {MOST_STEPS} legs"),
            Self::SmallOrder => "what it brings somebody is below the smallest order".to_owned(),
            Self::Implausible => "what a maker lacks is more than is plausible for one need".to_owned(),
        }
    }
}

/// What makes a planned chain: the maker that supplies most leads it, and what makers lack is entered as their needs.
///
/// # Errors
/// Why it cannot be held.
pub fn made_of_plan(market: &Market, catalogue: &Catalogue, chain: &StageChain) -> Result<NewChain, WhyNotHeld> {
    if chain.legs.len() > MOST_STEPS {
        return Err(WhyNotHeld::TooManyLegs);
    }
    let offer = |id: OfferId| market.offer(id).ok_or(WhyNotHeld::TooManyLegs);
    let mut alike: BTreeMap<&str, u32> = BTreeMap::new();
    let mut orders: BTreeMap<(OfferId, SiteId), i64> = BTreeMap::new();
    let mut lacking: BTreeMap<(SiteId, &ProductCode), i64> = BTreeMap::new();
    let mut legs = Vec::with_capacity(chain.legs.len());
    for leg in &chain.legs {
        let goods = offer(leg.offer)?;
        let quantity = Quantity::new(leg.units).ok_or(WhyNotHeld::Implausible)?;
        let (site, of) = match leg.of {
            StageLegOf::Need { need, instalment } => {
                let site = market.need(need).map_or(goods.site, |need| need.site);
                (site, LegOf::ByHand(ByHand { offer: leg.offer, need, instalment, quantity }))
            }
            StageLegOf::Maker { offer: maker, due } => {
                let site = offer(maker)?.site;
                *lacking.entry((site, &goods.terms.product)).or_default() += leg.units;
                let to = chain.legs.iter().position(|other| other.offer == maker).ok_or(WhyNotHeld::TooManyLegs)?;
                (site, LegOf::Brought(Brought { offer: leg.offer, to, quantity, due: due.to_string() }))
            }
        };
        *orders.entry((leg.offer, site)).or_default() += leg.units;
        let name = goods.terms.product.as_str();
        let count = alike.entry(name).or_default();
        *count += 1;
        let step = if *count == 1 { name.to_owned() } else { format!("{name} {count}") };
        legs.push(NewLeg { step, of });
    }
    for ((id, _), units) in &orders {
        let least = offer(*id)?.terms.min_order.as_ref().map_or(0, |least| least.quantity.units());
        if *units < least {
            return Err(WhyNotHeld::SmallOrder);
        }
    }
    let ceiling = |product: &ProductCode| catalogue.product(product.as_str()).map_or(i64::MAX, |p| p.order_ceiling);
    if lacking.iter().any(|((_, product), units)| *units > ceiling(product)) {
        return Err(WhyNotHeld::Implausible);
    }
    let to_needs = chain.legs.iter().filter(|leg| matches!(leg.of, StageLegOf::Need { .. }));
    let largest = to_needs.max_by_key(|leg| leg.units).ok_or(WhyNotHeld::SmallOrder)?;
    let first = offer(largest.offer)?;
    Ok(NewChain { lead: Some(first.organisation), name: format!("{} together", first.terms.product), legs })
}
