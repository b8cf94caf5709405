//! What a run did for a need, on the wire and in the JSON of the command line.

use app::explanations as told;
use domain::{catalogue::Catalogue, ids::RunId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parts::{AskedPredicate, Counterfactual, NotTried, PassedHow, UnitsOfTier, UsedOffer, tiers, trace};

/// What a run did for a need, why, and what would change it. Quantities are in base units.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeedExplanation {
    /// The run; null where it was computed for this answer alone.
    run: Option<Uuid>,
    /// The need.
    need: Uuid,
    /// The product's code.
    product: String,
    /// The UN/ECE code of the base unit.
    unit: String,
    /// The tier it ranks at.
    tier: u8,
    /// The day that the run decided on.
    #[schema(format = Date)]
    day: String,
    /// Whether everything but what the run gave the need is reckoned as if no other buyer wanted anything: you may not
    /// know what others want.
    before_competition: bool,
    /// What it asks for in all.
    demand: i64,
    /// What is held or agreed.
    promised: i64,
    /// What the run matched.
    matched: i64,
    /// What stays uncovered.
    uncovered: i64,
    /// Its instalments, by due date.
    instalments: Vec<ExplainedInstalment>,
    /// What the buyer could do otherwise and what that would gain, the most helpful first.
    counterfactuals: Vec<Counterfactual>,
    /// What one more unit, or one more day, is worth.
    worth: Vec<Counterfactual>,
    /// What was not computed.
    left_out: Vec<NotTried>,
    /// How many allocations were spent on what could be otherwise.
    solves: u32,
}

/// An instalment and what the run did for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedInstalment {
    /// The instalment.
    instalment: Uuid,
    /// The day at whose end it must have arrived.
    #[schema(format = Date)]
    due: String,
    /// What it asks for.
    demand: i64,
    /// What is held or agreed.
    promised: i64,
    /// What the run matched.
    matched: i64,
    /// What stays uncovered.
    uncovered: i64,
    /// What would be covered if nobody else wanted anything, where that is what is reckoned.
    alone: Option<i64>,
    /// Offers of the product, or of what may stand for it.
    offers: u32,
    /// How many of them may serve it.
    eligible_offers: u32,
    /// For which first reason the others may not; with `eligible_offers` they add up to `offers`.
    funnel: Vec<FailingOffers>,
    /// What the run matched, cheapest first.
    lines: Vec<ExplainedLine>,
    /// Where something stays uncovered: the largest eligible offers, at most ten, and what used them up.
    used_up: Vec<UsedOffer>,
    /// What other needs took from all its eligible offers, by tier.
    taken_by: Vec<UnitsOfTier>,
}

/// How many offers fail for a first reason.
#[derive(Debug, Serialize, ToSchema)]
struct FailingOffers {
    /// The reason's code.
    reason: &'static str,
    /// In words: the offers "... do not reach the grade".
    words: String,
    /// How many.
    offers: u32,
}

/// A match and why it was made.
#[derive(Debug, Serialize, ToSchema)]
struct ExplainedLine {
    /// The offer: its id, or for the buyer the name that explanations give it; null if you may not know of it.
    offer: Option<Uuid>,
    /// Base units.
    quantity: i64,
    /// 1 where no eligible offer is cheaper, as far as you may know.
    rank: Option<u32>,
    /// How the pair passed, as far as you may know.
    how: Option<PassedHow>,
    /// Each predicate in order.
    trace: Vec<AskedPredicate>,
}

impl NeedExplanation {
    /// An explanation as it is written down.
    pub fn of(e: told::Explanation, run: Option<RunId>, catalogue: &Catalogue) -> Self {
        let unit = catalogue.product(e.product.as_str()).map_or("", |p| p.base_unit.unit_code());
        Self {
            run: run.map(|r| r.0),
            need: e.need.0,
            product: e.product.to_string(),
            unit: unit.to_owned(),
            tier: e.tier,
            day: e.day.to_string(),
            before_competition: e.before_competition,
            demand: e.demand,
            promised: e.promised,
            matched: e.matched,
            uncovered: e.uncovered,
            instalments: e.instalments.into_iter().map(ExplainedInstalment::of).collect(),
            counterfactuals: e.counterfactuals.into_iter().map(Counterfactual::of).collect(),
            worth: e.worth.into_iter().map(Counterfactual::of).collect(),
            left_out: e.left_out.into_iter().map(NotTried::of).collect(),
            solves: e.solves,
        }
    }
}

impl ExplainedInstalment {
    /// As it is written down.
    pub(crate) fn of(i: told::InstalmentExplanation) -> Self {
        let funnel = i.funnel.into_iter().map(|step| FailingOffers {
            reason: step.reason.code(),
            words: step.reason.to_string(),
            offers: step.offers,
        });
        Self {
            instalment: i.instalment.0,
            due: i.due.to_string(),
            demand: i.demand,
            promised: i.promised,
            matched: i.matched,
            uncovered: i.uncovered,
            alone: i.alone,
            offers: i.offers,
            eligible_offers: i.eligible_offers,
            funnel: funnel.collect(),
            lines: i.lines.into_iter().map(ExplainedLine::of).collect(),
            used_up: i.used_up.into_iter().map(UsedOffer::of).collect(),
            taken_by: tiers(i.taken_by),
        }
    }
}

impl ExplainedLine {
    fn of(line: told::LineExplanation) -> Self {
        Self {
            offer: line.offer.map(|o| o.0),
            quantity: line.units,
            rank: line.rank,
            how: line.how.map(PassedHow::of),
            trace: trace(line.trace),
        }
    }
}
