//! What would help most: single changes that an authority, a reviewer, a cluster or a firm could make, by the units that
//! they would cover of what is short of a product, in a region, in a period.
//!
//! Each change that is told was solved: its units are those of an allocation of the changed market less those of the
//! market as it is. Which changes are solved first follows from what they could bring at best, if nobody else wanted it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    code::{ProductCode, RegionCode},
    eligibility::Rules,
    ids::{InstalmentId, NeedId, OfferId},
    market::Market,
    time::Day,
};
use serde::Serialize;

use crate::{
    allocate::{Control, MatchingError, allocate},
    audience::{Audience, project},
    counterfactual::{TierUnits, WhyLeftOut},
    outcome::Outcome,
    related::related,
};

mod plan;
mod remedy;

pub use remedy::{CertificateLack, Relaxation, Remedy};

use plan::candidates;

/// What is short, of which somebody asks what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The product that needs ask for.
    pub product: ProductCode,
    /// Needs delivered in any of these regions, or in what lies in them; everywhere where empty.
    pub regions: Vec<RegionCode>,
    /// Instalments due on this day or later.
    pub from: Day,
    /// Instalments due on this day or earlier.
    pub until: Day,
}

/// What a remedy does, in base units of the product: an allocation of the changed market less one of the market as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Of the instalments in question, together; less than 0 where the change would take from them.
    pub units: i64,
    /// Of all other instalments that gain, together; of products that stand in for each other.
    pub others_gained: i64,
    /// Of all others that lose, together; at least 0.
    pub others_lost: i64,
    /// Of those in question by tier, where anything changes.
    pub tiers: Vec<TierUnits>,
}

/// A remedy that was solved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriedRemedy {
    /// The remedy.
    pub remedy: Remedy,
    /// The product of the offer that it is about; `None` where it is about the needs or a rule.
    pub product: Option<ProductCode>,
    /// Where that offer is made, as coarsely as NUTS 2.
    pub region: Option<RegionCode>,
    /// How many offers that may serve none of what is short could then.
    pub opens: u32,
    /// What it does.
    pub covered: Covered,
}

/// A remedy that brings nothing, or was not solved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemedyLeftOut {
    /// The remedy.
    pub remedy: Remedy,
    /// What it could bring at best if nobody else wanted it, in base units.
    pub at_best: i64,
    /// Why.
    pub why: WhyLeftOut,
}

/// What would help most, the most units first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedies {
    /// Needs with anything in question, the covered ones too.
    pub needs: u32,
    /// What they ask for in the period, in base units.
    pub asked: i64,
    /// What of it the allocation leaves uncovered.
    pub uncovered: i64,
    /// Whether needs of others were not seen, so that all is before competition.
    pub before_competition: bool,
    /// Those that were solved: by units covered, then by what others lose, then by name.
    pub tried: Vec<TriedRemedy>,
    /// The others: those that bring nothing, and those that the budget left out, with what they could bring at best.
    pub left_out: Vec<RemedyLeftOut>,
    /// How many allocations were computed, the first one included.
    pub solves: u32,
}

/// What would help most with what is short in a scope, as far as the audience sees the market: the operator all of it, a
/// buyer its own needs and the offers that it may be matched with. At most `budget` remedies are solved; `solved` hears of
/// each, and of how many there will be.
///
/// # Errors
/// As [`allocate`].
pub fn remedies(
    rules: &Rules<'_>,
    scope: &Scope,
    (audience, budget): (Audience, u32),
    control: &Control<'_>,
    solved: impl Fn(u32, u32),
) -> Result<Remedies, MatchingError> {
    let projection = project(rules, audience);
    let mut part = related(&Rules { market: &projection.market, ..*rules }, &scope.product);
    match audience {
        Audience::Operator => {}
        // Whether an owner refuses this very buyer is the owner's to tell: the offer is not there.
        Audience::Buyer(_) => {
            let refusing: BTreeSet<OfferId> = part.refusals.iter().map(|(offer, _)| *offer).collect();
            part.offers.retain(|offer| !refusing.contains(&offer.id));
        }
    }
    let rules = &Rules { market: &part, ..*rules };
    let base = allocate(rules, control)?;
    let question = InQuestion::of(rules, scope, &base);
    let mut told = Remedies {
        needs: u32::try_from(question.needs.len()).unwrap_or(u32::MAX),
        asked: question.asked,
        uncovered: question.short.values().copied().fold(0, i64::saturating_add),
        before_competition: audience != Audience::Operator,
        tried: Vec::new(),
        left_out: Vec::new(),
        solves: 1,
    };
    let candidates = candidates(rules, &question);
    let most = budget.min(u32::try_from(candidates.len()).unwrap_or(u32::MAX));
    for candidate in candidates {
        if told.solves > most {
            let (remedy, at_best) = (candidate.remedy, candidate.supply);
            told.left_out.push(RemedyLeftOut { remedy, at_best, why: WhyLeftOut::Budget });
            continue;
        }
        solved(told.solves - 1, most);
        let after = candidate.remedy.solved(rules, &question.needs, control)?;
        told.solves += 1;
        let covered = question.covered(rules.market, &base, &after);
        if candidate.supply == 0 && covered.units == 0 {
            let remedy = candidate.remedy;
            told.left_out.push(RemedyLeftOut { remedy, at_best: 0, why: WhyLeftOut::OpensNothing });
            continue;
        }
        let offer = candidate.remedy.offer().and_then(|id| part.offer(id));
        let site = offer.and_then(|offer| part.sites.get(&offer.site)?.region.as_ref());
        told.tried.push(TriedRemedy {
            covered,
            product: offer.map(|offer| offer.terms.product.clone()),
            region: site.and_then(|region| rules.regions.at_level(region, 2)).map(|region| region.code.clone()),
            opens: candidate.opens,
            remedy: candidate.remedy,
        });
    }
    told.tried.sort_by_cached_key(|t| {
        (std::cmp::Reverse(t.covered.units), t.covered.others_lost, t.remedy.kind(), t.remedy.offer(), t.remedy.words())
    });
    Ok(told)
}

/// The needs and instalments that are in question.
struct InQuestion {
    needs: BTreeSet<NeedId>,
    instalments: BTreeSet<InstalmentId>,
    asked: i64,
    /// Uncovered base units, where there are any.
    short: BTreeMap<InstalmentId, i64>,
}

impl InQuestion {
    fn of(rules: &Rules<'_>, scope: &Scope, base: &Outcome) -> Self {
        let mut found = Self { needs: BTreeSet::new(), instalments: BTreeSet::new(), asked: 0, short: BTreeMap::new() };
        let uncovered = uncovered(base);
        let within = |region: &RegionCode| scope.regions.iter().any(|outer| rules.regions.lies_in(region, outer));
        let of_product = rules.market.needs.iter().filter(|n| n.is_matchable() && n.terms.product == scope.product);
        for need in of_product {
            let region = rules.market.sites.get(&need.site).and_then(|site| site.region.as_ref());
            if !scope.regions.is_empty() && !region.is_some_and(within) {
                continue;
            }
            for instalment in need.instalments.iter().filter(|i| (scope.from..=scope.until).contains(&i.due)) {
                found.needs.insert(need.id);
                found.instalments.insert(instalment.id);
                found.asked = found.asked.saturating_add(instalment.measure.quantity.units());
                if let Some(units @ 1..) = uncovered.get(&instalment.id) {
                    found.short.insert(instalment.id, *units);
                }
            }
        }
        found
    }

    fn covered(&self, market: &Market, before: &Outcome, after: &Outcome) -> Covered {
        let (was, is) = (uncovered(before), uncovered(after));
        let mut tiers: BTreeMap<u8, i64> = BTreeMap::new();
        let mut covered = Covered { units: 0, others_gained: 0, others_lost: 0, tiers: Vec::new() };
        for need in market.needs.iter().filter(|n| n.is_matchable()) {
            for id in need.instalments.iter().map(|i| i.id) {
                let gained = was.get(&id).copied().unwrap_or(0) - is.get(&id).copied().unwrap_or(0);
                if self.instalments.contains(&id) {
                    covered.units += gained;
                    *tiers.entry(need.tier(market.day)).or_default() += gained;
                } else if gained > 0 {
                    covered.others_gained += gained;
                } else {
                    covered.others_lost -= gained;
                }
            }
        }
        let changed = tiers.into_iter().filter(|(_, units)| *units != 0);
        covered.tiers = changed.map(|(tier, units)| TierUnits { tier, units }).collect();
        covered
    }
}

fn uncovered(outcome: &Outcome) -> HashMap<InstalmentId, i64> {
    outcome.shortages.iter().map(|s| (s.instalment, s.uncovered)).collect()
}

impl Remedy {
    /// The allocation of a market with the remedy.
    fn solved(
        &self,
        rules: &Rules<'_>,
        needs: &BTreeSet<NeedId>,
        control: &Control<'_>,
    ) -> Result<Outcome, MatchingError> {
        let mut market = rules.market.clone();
        self.apply(&mut market, needs);
        match self.catalogue(rules.catalogue) {
            Some(catalogue) => allocate(&Rules { market: &market, catalogue: &catalogue, ..*rules }, control),
            None => allocate(&Rules { market: &market, ..*rules }, control),
        }
    }

    /// The offer that it is about; `None` where it is about the needs or a rule.
    pub fn offer(&self) -> Option<OfferId> {
        match self {
            Self::Relax { .. } | Self::LiftBorder { .. } => None,
            Self::Convert { offer, .. }
            | Self::BringInputs { offer }
            | Self::FullStretch { offer }
            | Self::Certificate { offer, .. }
            | Self::Verify { offer }
            | Self::Review { offer }
            | Self::Confirm { offer }
            | Self::SmallOrders { offer }
            | Self::DeliverFarther { offer }
            | Self::OpenToMarket { offer } => Some(*offer),
        }
    }
}
