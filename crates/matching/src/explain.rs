//! Explanations as data: for a need, what covers it, what stays uncovered and what would change that;
//! for an offer and a need, why or why not. One structure for API, command line and pages, computed
//! from the market as its reader may see it.

use domain::{
    code::ProductCode,
    eligibility::{CostTerms, Eligible, NeedView, OfferView, Predicate, Rules, SiteDemands, Standing},
    ids::{InstalmentId, NeedId, OfferId},
    market::Market,
    need::{Instalment, Need},
    time::Day,
};
use serde::Serialize;

use crate::{
    allocate::{Control, MatchingError, allocate},
    audience::{Audience, Projection, project},
    counterfactual::{Change, LeftOut, Plan, Short, TierUnits, Tried, WhyLeftOut, gains},
    outcome::{FunnelStep, Outcome},
    related::related,
};

mod choice;
mod pair;
mod trace;
mod used;

pub use choice::{Alternative, Choice, explain_choice};
pub use pair::{Because, PairAnswer, PairExplanation, Server, explain_pair};
pub use trace::{Asked, Fact, Measured, Value, Verdict, trace};
pub(crate) use trace::{available, caveat};
pub use used::Used;
use used::{Usage, funnel, ranked};

/// Solves that a request spends on what could be otherwise, unless it says so.
pub const USUAL_SOLVES: u32 = 8;
/// The most solves that a request may ask for.
pub const MOST_SOLVES: u32 = 32;
/// Eligible offers that an uncovered instalment lists; the rest is counted.
const LISTED_OFFERS: usize = 10;

/// A quantity that a run gave an instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// The offer.
    pub offer: OfferId,
    /// The instalment.
    pub instalment: InstalmentId,
    /// Base units.
    pub units: i64,
}

/// What is asked about a need, or about a need and an offer.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The need.
    pub need: NeedId,
    /// Who asks.
    pub audience: Audience,
    /// Solves that may be spent on what could be otherwise, at most [`MOST_SOLVES`].
    pub budget: u32,
    /// What the run gave the need; an allocation now where absent.
    pub matched: Option<&'q [Matched]>,
}

/// What a run did for a need, why, and what would change it. Quantities are in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The need.
    pub need: NeedId,
    /// Its product.
    pub product: ProductCode,
    /// The tier it ranks at.
    pub tier: u8,
    /// The day that the run decided on.
    pub day: Day,
    /// Whether everything but what the run gave the need is reckoned as if no other buyer wanted
    /// anything, because the reader may not know what others want.
    pub before_competition: bool,
    /// What it asks for in all.
    pub demand: i64,
    /// What is held or agreed.
    pub promised: i64,
    /// What the run matched.
    pub matched: i64,
    /// What stays uncovered.
    pub uncovered: i64,
    /// Its instalments, by due date.
    pub instalments: Vec<InstalmentExplanation>,
    /// What the buyer could do otherwise, each with the units gained.
    pub counterfactuals: Vec<Tried>,
    /// What one more unit, or one more day, is worth.
    pub worth: Vec<Tried>,
    /// What was not tried, and why.
    pub left_out: Vec<LeftOut>,
    /// Solves spent on what could be otherwise.
    pub solves: u32,
}

/// An instalment and what the run did for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstalmentExplanation {
    /// The instalment.
    pub instalment: InstalmentId,
    /// Its due date.
    pub due: Day,
    /// What it asks for.
    pub demand: i64,
    /// What is held or agreed.
    pub promised: i64,
    /// What the run matched.
    pub matched: i64,
    /// What stays uncovered.
    pub uncovered: i64,
    /// What would be covered if nobody else wanted anything, where that is what is reckoned.
    pub alone: Option<i64>,
    /// Offers of the product, or of what may stand for it.
    pub offers: u32,
    /// How many of them may serve it.
    pub eligible_offers: u32,
    /// First failing predicates of the others; with `eligible_offers` they add up to `offers`.
    pub funnel: Vec<FunnelStep>,
    /// What the run matched, cheapest first.
    pub lines: Vec<LineExplanation>,
    /// Where something stays uncovered: the largest eligible offers, and what used them up.
    pub used_up: Vec<Used>,
    /// What took from all its eligible offers, by tier; the need's own matches are not counted.
    pub taken_by: Vec<TierUnits>,
}

/// A match and why it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineExplanation {
    /// The offer, under the name by which the reader knows it; `None` if he may not know it.
    pub offer: Option<OfferId>,
    /// Base units.
    pub units: i64,
    /// How the pair passed, as far as the reader may know; `None` where that does not tell.
    pub how: Option<How>,
    /// 1 for the cheapest eligible offer of the instalment.
    pub rank: Option<u32>,
    /// Each predicate with the numbers it looked at; empty where the offer is not known.
    pub trace: Vec<Asked>,
}

/// How a pair passed every predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct How {
    /// By when the goods must exist.
    pub cutoff: Day,
    /// Days on the way.
    pub transit_days: i32,
    /// Kilometres, where both places are known.
    pub distance_km: Option<u32>,
    /// Whether only stock counts, since output cannot be ordered in time.
    pub stock_only: bool,
    /// How the grade stands to what is asked.
    pub standing: Standing,
    /// What the offer has by the cut-off.
    pub available: i64,
    /// The parts of the cost, in points per base unit.
    pub cost: CostTerms,
    /// Their sum.
    pub cost_total: i64,
}

impl How {
    fn of(rules: &Rules<'_>, offer: &OfferView<'_>, eligible: Eligible) -> Self {
        Self {
            available: available(rules, offer, &eligible),
            cost_total: eligible.cost.total(),
            cutoff: eligible.cutoff,
            transit_days: eligible.transit_days,
            distance_km: eligible.distance_km,
            stock_only: eligible.stock_only,
            standing: eligible.standing,
            cost: eligible.cost,
        }
    }
}

/// The part of the market that bears on a need, as its reader may see it.
struct Part<'a> {
    projection: Projection<'a>,
    market: Market,
}

impl<'a> Part<'a> {
    /// `None` where the need takes no part in runs, or the audience may not ask about it.
    fn of(rules: &Rules<'a>, need: NeedId, audience: Audience) -> Option<Self> {
        let need = rules.market.need(need).filter(|n| n.is_matchable() && audience.may_ask(n))?;
        let projection = project(rules, audience);
        let mut market = related(&Rules { market: &projection.market, ..*rules }, &need.terms.product);
        match audience {
            Audience::Operator => {}
            // Whether an owner refuses this very buyer is the owner's to tell: the offer is not there.
            Audience::Buyer(_) => market.offers.retain(|o| !projection.market.refusals.contains(&(o.id, need.id))),
        }
        Some(Self { projection, market })
    }

    fn rules<'b>(&'b self, of: &Rules<'b>) -> Rules<'b> {
        Rules { market: &self.market, ..*of }
    }
}

/// The offers of a need's product and of what may stand for it.
fn candidates<'b>(rules: &Rules<'b>, need: &Need) -> Vec<OfferView<'b>> {
    let product = &need.terms.product;
    let all = rules.parameters.without_predicates.contains(&Predicate::Product);
    let stand_ins = rules.catalogue.stand_ins(product);
    let of_it = |p: &ProductCode| all || p == product || stand_ins.contains(p);
    rules.market.offers.iter().filter(|o| of_it(&o.terms.product)).filter_map(|o| rules.offer_view(o)).collect()
}

/// Explains a need; `None` if it takes no part in runs, or is not the audience's to ask about.
///
/// Gains are exact: each equals an allocation of the whole market with the change less one without it,
/// as far as the audience sees the market.
///
/// # Errors
/// As [`allocate`].
pub fn explain_need(
    rules: &Rules<'_>,
    question: &Question<'_>,
    control: &Control<'_>,
) -> Result<Option<Explanation>, MatchingError> {
    let Some(part) = Part::of(rules, question.need, question.audience) else { return Ok(None) };
    let rules = &part.rules(rules);
    let base = allocate(rules, control)?;
    let demands = rules.site_demands();
    let Some(view) = rules.market.need(question.need).and_then(|n| rules.need_view(n, &demands)) else {
        return Ok(None);
    };
    let offers = candidates(rules, view.need);
    let told = Told { rules, part: &part, question, base: &base, view: &view, offers: &offers };
    let mut explanation = told.explanation();
    told.try_changes(&demands, &mut explanation, control)?;
    Ok(Some(explanation))
}

/// What an explanation is made of.
struct Told<'t, 'n> {
    rules: &'t Rules<'t>,
    part: &'t Part<'t>,
    question: &'t Question<'t>,
    base: &'t Outcome,
    view: &'t NeedView<'n>,
    offers: &'t [OfferView<'t>],
}

impl Told<'_, '_> {
    fn explanation(&self) -> Explanation {
        let need = self.view.need;
        let usage = Usage::of(self.rules, self.base);
        let mut instalments: Vec<_> = need.instalments.iter().map(|i| self.instalment(i, &usage)).collect();
        instalments.sort_by_key(|i| (i.due, i.instalment));
        let sum = |of: fn(&InstalmentExplanation) -> i64| instalments.iter().map(of).fold(0, i64::saturating_add);
        Explanation {
            need: need.id,
            product: need.terms.product.clone(),
            tier: need.tier(self.rules.market.day),
            day: self.rules.market.day,
            before_competition: self.before_competition(),
            demand: sum(|i| i.demand),
            promised: sum(|i| i.promised),
            matched: sum(|i| i.matched),
            uncovered: sum(|i| i.uncovered),
            instalments,
            counterfactuals: Vec::new(),
            worth: Vec::new(),
            left_out: Vec::new(),
            solves: 0,
        }
    }

    fn before_competition(&self) -> bool {
        match self.question.audience {
            Audience::Operator => false,
            Audience::Buyer(_) => true,
        }
    }

    fn instalment(&self, instalment: &Instalment, usage: &Usage<'_>) -> InstalmentExplanation {
        let demand = instalment.measure.quantity.units();
        let promised = promised(self.rules.market, instalment.id);
        let here = given(self.question, self.part, self.base, instalment.id);
        let matched = here.iter().map(|(_, units)| *units).fold(0, i64::saturating_add);
        let uncovered = (demand - promised - matched).max(0);
        let ranked = ranked(self.rules, self.view, self.offers, instalment);
        let mut lines: Vec<LineExplanation> =
            here.into_iter().map(|(offer, units)| self.line(instalment, offer, units, &ranked)).collect();
        lines.sort_by_key(|l| (l.rank.unwrap_or(u32::MAX), l.offer, l.units));
        let alone: i64 = in_outcome(self.base, instalment.id).map(|(_, units)| units).sum();
        let (mut used_up, mut taken_by) = (Vec::new(), Vec::new());
        if uncovered > 0 {
            let eligible = ranked.iter().map(|(at, how)| (&self.offers[*at], how));
            used_up = eligible.map(|(o, how)| usage.of_offer(self.rules, o, how, self.view.need.id)).collect();
            taken_by = used::by_tier(&used_up);
            used_up.sort_by_key(|u| (std::cmp::Reverse(u.available), u.offer));
            used_up.truncate(LISTED_OFFERS);
        }
        InstalmentExplanation {
            instalment: instalment.id,
            due: instalment.due,
            demand,
            promised,
            matched,
            uncovered,
            alone: self.before_competition().then(|| (promised + alone).min(demand)),
            offers: u32::try_from(self.offers.len()).unwrap_or(u32::MAX),
            eligible_offers: u32::try_from(ranked.len()).unwrap_or(u32::MAX),
            funnel: funnel(self.rules, self.view, self.offers, instalment),
            lines,
            used_up,
            taken_by,
        }
    }

    fn line(
        &self,
        instalment: &Instalment,
        offer: Option<OfferId>,
        units: i64,
        ranked: &[(usize, Eligible)],
    ) -> LineExplanation {
        let known = offer.and_then(|id| self.offers.iter().position(|o| o.offer.id == id));
        let place = known.and_then(|at| ranked.iter().position(|(other, _)| *other == at));
        let how = known.zip(place.and_then(|p| ranked.get(p)));
        LineExplanation {
            offer,
            units,
            how: how.map(|(at, (_, eligible))| How::of(self.rules, &self.offers[at], eligible.clone())),
            rank: place.and_then(|p| u32::try_from(p + 1).ok()),
            trace: known.map(|at| trace(self.rules, &self.offers[at], self.view, instalment)).unwrap_or_default(),
        }
    }

    /// Tries what could be otherwise for what the allocation leaves uncovered, as far as the budget goes.
    fn try_changes(
        &self,
        demands: &SiteDemands,
        explanation: &mut Explanation,
        control: &Control<'_>,
    ) -> Result<(), MatchingError> {
        let need = self.view.need.id;
        let short = self.base.shortages.iter().filter(|s| s.need == need && s.uncovered > 0);
        let short: Vec<Short> = short.map(|s| Short { instalment: s.instalment, uncovered: s.uncovered }).collect();
        let mut scarce: Vec<&Used> = explanation.instalments.iter().flat_map(|i| &i.used_up).collect();
        scarce.sort_by_key(|u| (u.left, std::cmp::Reverse(u.available), u.offer));
        let mut used_up: Vec<OfferId> = scarce.into_iter().map(|u| u.offer).collect();
        let mut seen = std::collections::BTreeSet::new();
        used_up.retain(|offer| seen.insert(*offer));
        let plan = Plan::make(self.rules, self.view, demands, self.offers, &short, &used_up);
        let budget = usize::try_from(self.question.budget.min(MOST_SOLVES)).unwrap_or(usize::MAX);
        let mut candidates = plan.candidates.into_iter();
        for candidate in candidates.by_ref().take(budget) {
            let gains = gains(self.rules, self.base, need, &candidate.change, control)?;
            let tried = Tried { change: candidate.change, opens: candidate.opens, gains };
            explanation.solves += 1;
            match tried.change {
                Change::MoreStock { .. } | Change::ShorterLead { .. } | Change::Later { days: 1 } => {
                    explanation.worth.push(tried);
                }
                Change::AcceptGrade { .. }
                | Change::AcceptSubstitute { .. }
                | Change::PreferFeature { .. }
                | Change::AcceptPending
                | Change::CertificateStatus { .. }
                | Change::Verification { .. }
                | Change::AcceptTransfer { .. }
                | Change::AnyRegion
                | Change::MaxDistance { .. }
                | Change::PriceCap { .. }
                | Change::Later { .. }
                | Change::Suppliers { .. } => explanation.counterfactuals.push(tried),
            }
        }
        // What helps most first; of equals in the order in which they were tried.
        explanation.counterfactuals.sort_by_key(|t| std::cmp::Reverse(t.gains.need));
        let rest = candidates.map(|c| LeftOut { change: c.change, why: WhyLeftOut::Budget });
        explanation.left_out = rest.chain(plan.idle).collect();
        Ok(())
    }
}

/// What is held or agreed for an instalment.
fn promised(market: &Market, instalment: InstalmentId) -> i64 {
    let of = market.commitments.iter().filter(|c| c.instalment == instalment);
    of.map(|c| c.covered().units()).fold(0, i64::saturating_add)
}

/// What the run that is asked about gives an instalment, by the names under which the reader knows offers.
fn given(
    question: &Question<'_>,
    part: &Part<'_>,
    base: &Outcome,
    instalment: InstalmentId,
) -> Vec<(Option<OfferId>, i64)> {
    match question.matched {
        Some(run) => {
            let here = run.iter().filter(|m| m.instalment == instalment);
            here.map(|m| (part.projection.name(m.offer), m.units)).collect()
        }
        None => in_outcome(base, instalment).map(|(offer, units)| (Some(offer), units)).collect(),
    }
}

/// What an allocation gives an instalment, by offer.
fn in_outcome(outcome: &Outcome, instalment: InstalmentId) -> impl Iterator<Item = (OfferId, i64)> {
    outcome.lines.iter().filter(move |l| l.instalment == instalment).map(|l| (l.offer, l.quantity.units()))
}
