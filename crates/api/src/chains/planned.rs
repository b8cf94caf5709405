//! The chains of the whole market.

use app::chains::{ChainPlan, StageChain, StageLeg, StageLegOf, TierStages, made_of_plan};
use domain::{catalogue::Catalogue, ids::OfferId, market::Market, violation::Violations};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::search::ChainToHold;
use crate::problem::Problem;

/// Chains that are told where nothing is asked, and at most.
const USUAL_TOP: u32 = 50;
const MOST_TOP: u32 = 200;

/// How much is told.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PlanQuery {
    /// At most so many chains, 1 to 200; 50 where absent.
    #[param(minimum = 1, maximum = 200)]
    top: Option<u32>,
}

impl PlanQuery {
    pub(super) fn top(&self) -> Result<usize, Problem> {
        match self.top.unwrap_or(USUAL_TOP) {
            top @ 1..=MOST_TOP => Ok(usize::try_from(top).unwrap_or(usize::MAX)),
            top => {
                let detail = format!("{top} is out of range; write 1 to {MOST_TOP}");
                Err(Problem::invalid_query(Violations::one("/top", "out_of_range", detail)))
            }
        }
    }
}

/// What a run would come to if makers made what they can of what others bring.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChainPlan)]
pub struct ChainPlanView {
    /// Whether any offer lacks a thing that another could bring; if not, all that follows is empty.
    found: bool,
    /// What needs that this bears on leave uncovered, tier by tier.
    tiers: Vec<TierView>,
    /// Whether every tier stands at its bound, so that no plan leaves less uncovered.
    proved: bool,
    /// Whether makers of a product take what they lack in one ratio. If not, the bound counts all with the most favourable.
    one_ratio: bool,
    /// Makers with whom they supply and who supplies them, the most units first. Each is held as a whole, or not at all.
    chains: Vec<PlannedChainView>,
    /// How many more there are.
    more: usize,
    /// Offers that lack something and take no part.
    left_out: Vec<LeftOutView>,
}

/// Units of a tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TierWithChains)]
struct TierView {
    /// 1 to 4.
    tier: u8,
    /// Base units that stay uncovered without chains.
    alone: i64,
    /// Base units that stay uncovered with them.
    uncovered: i64,
    /// No plan leaves fewer that leaves no more of the tiers before in any part of the market.
    bound: i64,
}

/// A chain of the plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedChain)]
struct PlannedChainView {
    /// Base units that needs get.
    units: i64,
    /// Who takes part.
    legs: Vec<PlannedLegView>,
    /// What `POST /chains` takes to hold it; null where it cannot be held as it is.
    hold: Option<ChainToHold>,
    /// Why it cannot: `too_many_legs` (more than 12), `small_order` (what it brings somebody is below the smallest order) or
    /// `implausible` (what a maker lacks is more than is plausible for one need).
    not_held: Option<&'static str>,
}

/// What somebody makes or brings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedLeg)]
struct PlannedLegView {
    /// The offer.
    offer: Uuid,
    /// Whose it is.
    organisation: Option<Uuid>,
    /// What it is.
    product: Option<String>,
    /// Base units.
    units: i64,
    /// The UN/ECE code of the base unit.
    unit: Option<String>,
    /// By when it has to exist.
    #[schema(format = Date)]
    cutoff: String,
    /// The need that gets it.
    need: Option<Uuid>,
    /// The instalment.
    instalment: Option<Uuid>,
    /// Or the offer that lacks it.
    brings_to: Option<Uuid>,
    /// By when it has to be there.
    #[schema(format = Date)]
    due: Option<String>,
}

/// An offer that lacks something and takes no part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoStage)]
struct LeftOutView {
    /// The offer.
    offer: Uuid,
    /// `several_inputs` (chains with it are searched for one need at a time), `shared_line`, `circle` where what it lacks is
    /// made of what it makes, `ratio` where more than 100,000 go into one or come of it, or `too_many` where there are so many of its
    /// kind that only those who make most are planned.
    why: &'static str,
}

impl ChainPlanView {
    /// What was planned, at most `top` chains of it.
    pub fn of(plan: &ChainPlan, top: usize, catalogue: &Catalogue) -> Self {
        let ChainPlan { market, stages } = plan;
        let (found, left_out) = (stages.plan.as_ref(), &stages.left_out);
        let chains = found.map_or(&[][..], |found| &found.chains);
        Self {
            found: found.is_some(),
            tiers: found.iter().flat_map(|found| &found.tiers).map(TierView::of).collect(),
            proved: found.is_some_and(|found| found.is_proved()),
            one_ratio: found.is_none_or(|found| found.one_ratio),
            chains: chains.iter().take(top).map(|chain| PlannedChainView::of(chain, market, catalogue)).collect(),
            more: chains.len().saturating_sub(top),
            left_out: left_out.iter().map(|(offer, why)| LeftOutView { offer: offer.0, why: why.as_str() }).collect(),
        }
    }
}

impl TierView {
    fn of(tier: &TierStages) -> Self {
        let TierStages { tier, alone, uncovered, bound } = *tier;
        Self { tier, alone, uncovered, bound }
    }
}

impl PlannedChainView {
    fn of(chain: &StageChain, market: &Market, catalogue: &Catalogue) -> Self {
        let held = made_of_plan(market, catalogue, chain);
        Self {
            units: chain.units,
            legs: chain.legs.iter().map(|leg| PlannedLegView::of(leg, market, catalogue)).collect(),
            not_held: held.as_ref().err().map(|why| why.as_str()),
            hold: held.ok().map(ChainToHold::of),
        }
    }
}

impl PlannedLegView {
    fn of(leg: &StageLeg, market: &Market, catalogue: &Catalogue) -> Self {
        let offer = market.offer(leg.offer);
        let product = offer.map(|offer| &offer.terms.product);
        let (need, instalment, brings_to, due) = match leg.of {
            StageLegOf::Need { need, instalment } => (Some(need.0), Some(instalment.0), None, None),
            StageLegOf::Maker { offer: OfferId(offer), due } => (None, None, Some(offer), Some(due.to_string())),
        };
        let unit = product.and_then(|product| catalogue.product(product.as_str()));
        Self {
            offer: leg.offer.0,
            organisation: offer.map(|offer| offer.organisation.0),
            product: product.map(ToString::to_string),
            units: leg.units,
            unit: unit.map(|product| product.base_unit.unit_code().to_owned()),
            cutoff: leg.cutoff.to_string(),
            need,
            instalment,
            brings_to,
            due,
        }
    }
}
