//! Why an offer serves a need, or why not.

use std::collections::BTreeSet;

use domain::{
    eligibility::{NeedView, OfferView, Reason, Rules},
    ids::{InstalmentId, NeedId, OfferId},
    need::Instalment,
    time::Day,
};
use serde::Serialize;

use super::{
    Asked, How, MOST_SOLVES, Part, Question, candidates, given, in_outcome, promised,
    trace::trace,
    used::{Usage, Used, ranked},
};
use crate::{
    allocate::{Control, MatchingError, allocate},
    audience::Audience,
    counterfactual::{Change, LeftOut, Tried, WhyLeftOut, gains, worth_at},
    outcome::Outcome,
};

/// Offers that a covered instalment lists as those that serve it instead.
const LISTED_SERVERS: usize = 5;

/// In a word, why a pair is or is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It is matched.
    Matched,
    /// The offer may not serve the instalment.
    NotEligible,
    /// Others cover the whole instalment at less cost for the market as a whole.
    CoveredByOthers,
    /// Nothing is left of the offer by the cut-off.
    UsedUp,
    /// Something is left, and the offer's smallest order would not be met.
    SmallestOrder,
    /// Something is left, and the instalment has as many suppliers as it may have.
    MostSuppliers,
    /// Something is left, and the line that it shares has no time.
    SharedLine,
    /// Something is left, and the search for the best choice stopped at its limit.
    SearchStopped,
    /// It would serve, or others would, if no other buyer wanted anything.
    OtherNeeds,
    /// This version of the engine would decide otherwise than the run did.
    DecidedOtherwise,
}

impl Because {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::NotEligible => "not_eligible",
            Self::CoveredByOthers => "covered_by_others",
            Self::UsedUp => "used_up",
            Self::SmallestOrder => "smallest_order",
            Self::MostSuppliers => "most_suppliers",
            Self::SharedLine => "shared_line",
            Self::SearchStopped => "search_stopped",
            Self::OtherNeeds => "other_needs",
            Self::DecidedOtherwise => "decided_otherwise",
        }
    }
}

/// An offer that serves an instalment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Server {
    /// The offer, under the name by which the reader knows it.
    pub offer: OfferId,
    /// Base units.
    pub units: i64,
    /// Its place among the eligible offers by cost.
    pub rank: u32,
    /// Cost points per base unit.
    pub cost_total: i64,
}

/// A pair of offer and instalment. Quantities are in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairAnswer {
    /// The instalment.
    pub instalment: InstalmentId,
    /// Its due date.
    pub due: Day,
    /// What it asks for.
    pub demand: i64,
    /// What stays uncovered of it.
    pub uncovered: i64,
    /// What the run gives it of this offer.
    pub matched: i64,
    /// In a word, why.
    pub because: Because,
    /// The first reason why the offer may not serve it.
    pub reason: Option<Reason>,
    /// How it passed, where it did.
    pub how: Option<How>,
    /// Its place among the eligible offers by cost, 1 for the cheapest.
    pub rank: Option<u32>,
    /// How many offers may serve the instalment.
    pub eligible_offers: u32,
    /// Where the offer's capacity goes, where it may serve.
    pub used: Option<Used>,
    /// Who serves the instalment, cheapest first, at most five.
    pub served_by: Vec<Server>,
    /// Each predicate with the numbers it looked at.
    pub trace: Vec<Asked>,
}

/// An offer held against a need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairExplanation {
    /// The need.
    pub need: NeedId,
    /// The offer, under the name by which the reader knows it.
    pub offer: OfferId,
    /// The offer of somebody else behind the name, which is not the reader's to know.
    #[serde(skip)]
    pub behind: Option<OfferId>,
    /// The day that the allocation decides on.
    pub day: Day,
    /// Whether all but what the run gave the need is reckoned as if no other buyer wanted anything, because the
    /// reader may not know.
    pub before_competition: bool,
    /// Instalment by instalment, by due date.
    pub instalments: Vec<PairAnswer>,
    /// What one more unit or one more day of this offer is worth, and one more day for the need.
    pub worth: Vec<Tried>,
    /// What was not tried for want of budget.
    pub left_out: Vec<LeftOut>,
}

/// Holds an offer against a need; `None` if either is not in the market as the audience sees it. A buyer
/// names an offer of somebody else as explanations name it.
///
/// # Errors
/// As [`allocate`].
pub fn explain_pair(
    rules: &Rules<'_>,
    question: &Question<'_>,
    offer: OfferId,
    control: &Control<'_>,
) -> Result<Option<PairExplanation>, MatchingError> {
    let Question { need, audience, budget, matched: _ } = *question;
    let Some(part) = Part::of(rules, need, audience) else { return Ok(None) };
    let before_competition = match audience {
        Audience::Operator => false,
        Audience::Buyer(_) => true,
    };
    let seen = Rules { market: &part.projection.market, ..*rules };
    // An offer of an unrelated product is in the market, but not in the part that is solved; one that
    // refuses the reader is in neither.
    let related = part.market.offer(offer).is_some();
    let refused = before_competition && seen.market.refusals.contains(&(offer, need));
    let asked = seen.market.offer(offer).filter(|_| !refused).and_then(|o| seen.offer_view(o));
    let Some(asked) = asked else { return Ok(None) };
    let rules = &part.rules(rules);
    let base = allocate(rules, control)?;
    let demands = rules.site_demands();
    let Some(view) = rules.market.need(need).and_then(|n| rules.need_view(n, &demands)) else { return Ok(None) };
    let offers = candidates(rules, view.need);
    let pair = Pair { rules, part: &part, question, base: &base, view: &view, offers: &offers, asked: &asked };
    let usage = Usage::of(rules, &base);
    let mut instalments: Vec<_> = view.need.instalments.iter().map(|i| pair.answer(i, &usage)).collect();
    instalments.sort_by_key(|i| (i.due, i.instalment));
    let mut found = PairExplanation {
        need,
        offer,
        behind: part.projection.behind(offer),
        day: rules.market.day,
        before_competition,
        instalments,
        worth: Vec::new(),
        left_out: Vec::new(),
    };
    // More of an offer that may not serve the need is worth nothing to it.
    let serves = found.instalments.iter().any(|i| i.how.is_some());
    let changes = if related && serves { worth_at(rules, &asked) } else { Vec::new() };
    let later = serves.then_some(Change::Later { days: 1 });
    for (spent, change) in (0_u32..).zip(changes.into_iter().chain(later)) {
        if spent < budget.min(MOST_SOLVES) {
            let gains = gains(rules, &base, need, &change, control)?;
            found.worth.push(Tried { change, opens: 0, gains });
        } else {
            found.left_out.push(LeftOut { change, why: WhyLeftOut::Budget });
        }
    }
    Ok(Some(found))
}

/// What an allocation gives an instalment, in base units.
#[derive(Clone, Copy)]
struct Got {
    /// Of the offer that is asked about.
    matched: i64,
    uncovered: i64,
}

struct Pair<'p, 'n> {
    rules: &'p Rules<'p>,
    part: &'p Part<'p>,
    question: &'p Question<'p>,
    base: &'p Outcome,
    view: &'p NeedView<'n>,
    offers: &'p [OfferView<'p>],
    asked: &'p OfferView<'p>,
}

impl Pair<'_, '_> {
    fn answer(&self, instalment: &Instalment, usage: &Usage<'_>) -> PairAnswer {
        let offer = self.asked.offer.id;
        let ranked = ranked(self.rules, self.view, self.offers, instalment);
        let place = |id: OfferId| {
            let at = ranked.iter().position(|(at, _)| self.offers[*at].offer.id == id)?;
            Some((u32::try_from(at + 1).unwrap_or(u32::MAX), &ranked[at].1))
        };
        let demand = instalment.measure.quantity.units();
        let promised = promised(self.rules.market, instalment.id);
        let here = given(self.question, self.part, self.base, instalment.id);
        let lines: Vec<(OfferId, i64)> = in_outcome(self.base, instalment.id).collect();
        let got = |from: &mut dyn Iterator<Item = (Option<OfferId>, i64)>| {
            let (mut all, mut of_it) = (0, 0);
            for (id, units) in from {
                all += units;
                of_it += if id == Some(offer) { units } else { 0 };
            }
            Got { matched: of_it, uncovered: (demand - promised - all).max(0) }
        };
        let run = got(&mut here.iter().copied());
        let now = got(&mut lines.iter().map(|(id, units)| (Some(*id), *units)));
        let judged = self.rules.judge(self.asked, self.view, instalment);
        let used = judged.as_ref().ok().map(|how| usage.of_offer(self.rules, self.asked, how, self.view.need.id));
        let mut served_by: Vec<Server> = here
            .iter()
            .filter_map(|(id, units)| {
                let id = (*id)?;
                let (rank, how) = place(id)?;
                Some(Server { offer: id, units: *units, rank, cost_total: how.cost.total() })
            })
            .collect();
        served_by.sort_by_key(|s| s.rank);
        served_by.truncate(LISTED_SERVERS);
        PairAnswer {
            instalment: instalment.id,
            due: instalment.due,
            demand,
            uncovered: run.uncovered,
            matched: run.matched,
            because: self.because(run, now, used.as_ref(), self.suppliers(instalment.id, &lines)),
            reason: judged.as_ref().err().cloned(),
            how: judged.ok().map(|how| How::of(self.rules, self.asked, how)),
            rank: place(offer).map(|(rank, _)| rank),
            eligible_offers: u32::try_from(ranked.len()).unwrap_or(u32::MAX),
            used,
            served_by,
            trace: trace(self.rules, self.asked, self.view, instalment),
        }
    }

    /// How many organisations supply an instalment or are promised to.
    fn suppliers(&self, instalment: InstalmentId, lines: &[(OfferId, i64)]) -> usize {
        let promised = self
            .rules
            .market
            .commitments
            .iter()
            .filter(|c| c.instalment == instalment && !c.covered().is_zero())
            .map(|c| c.offer);
        let offers = lines.iter().map(|(id, _)| *id).chain(promised);
        let owners: BTreeSet<_> = offers.filter_map(|id| self.rules.market.offer(id)).map(|o| o.organisation).collect();
        owners.len()
    }

    /// Why the run gave what it did, `now` being what the allocation gives that the rest is reckoned from.
    fn because(&self, run: Got, now: Got, used: Option<&Used>, suppliers: usize) -> Because {
        if run.matched > 0 {
            return Because::Matched;
        }
        let Some(used) = used else { return Because::NotEligible };
        if run.uncovered == 0 {
            return Because::CoveredByOthers;
        }
        if now.matched > 0 || now.uncovered == 0 {
            return match self.question.audience {
                Audience::Operator => Because::DecidedOtherwise,
                Audience::Buyer(_) => Because::OtherNeeds,
            };
        }
        if used.left == 0 {
            return Because::UsedUp;
        }
        let most = self.view.need.terms.max_suppliers.map(usize::from);
        if most.is_some_and(|most| suppliers >= most) {
            return Because::MostSuppliers;
        }
        if used.shares_line {
            return Because::SharedLine;
        }
        if used.smallest_order.is_some() { Because::SmallestOrder } else { Because::SearchStopped }
    }
}
