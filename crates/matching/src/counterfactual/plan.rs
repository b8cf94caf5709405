//! Which changes are worth a solve: they follow from the reasons for which offers fail.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    certificate::CertificateStatus,
    eligibility::{Eligible, NeedView, OfferView, Reason, Rules, SiteDemands},
    ids::{InstalmentId, OfferId},
    need::Need,
    organisation::Verification,
    price::Price,
};
use serde::Serialize;

use super::Change;
use crate::explain::{available, caveat};

/// Days that are always tried where more time helps.
const USUAL_DAYS: [u16; 2] = [7, 14];
/// The farthest that due dates are moved.
const MOST_DAYS: u16 = 28;
/// Used-up offers whose next unit is priced.
const PRICED_OFFERS: usize = 2;

/// Why a change was not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyLeftOut {
    /// The budget of the request was spent.
    Budget,
    /// No offer could serve the need for it alone: those that fail for this fail for something else too.
    OpensNothing,
}

impl WhyLeftOut {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::OpensNothing => "opens_nothing",
        }
    }
}

/// A change that was not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The change.
    pub change: Change,
    /// Why.
    pub why: WhyLeftOut,
}

/// An instalment with an uncovered part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short {
    pub instalment: InstalmentId,
    pub uncovered: i64,
}

/// A change with what it could do at best.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub change: Change,
    /// Offers it opens.
    pub opens: u32,
    /// Base units that they, or all, could add in time if nobody else wanted them.
    supply: i64,
}

/// What is tried, best first, and what is known to be idle.
pub(crate) struct Plan {
    pub candidates: Vec<Candidate>,
    pub idle: Vec<LeftOut>,
}

/// What a need, changed or not, could draw on, and from whom.
struct Reach {
    /// Per offer that is eligible for a short instalment, the most it has by the latest cut-off.
    units: BTreeMap<usize, i64>,
    how: BTreeMap<usize, Eligible>,
}

struct Planner<'p> {
    rules: &'p Rules<'p>,
    need: &'p Need,
    demands: &'p SiteDemands,
    offers: &'p [OfferView<'p>],
    short: &'p [Short],
    now: Reach,
    /// Offers by the first reason for which they fail an uncovered instalment.
    failing: BTreeMap<Reason, BTreeSet<usize>>,
}

impl Plan {
    /// Lists what could be tried for a need with uncovered instalments: round by round the best change
    /// of each kind, so that a small budget tries one of every kind.
    ///
    /// `offers` are those of the product and of what may stand for it, `used_up` those eligible ones
    /// whose next unit may be worth something, the likeliest first.
    pub(crate) fn make(
        rules: &Rules<'_>,
        need: &NeedView<'_>,
        demands: &SiteDemands,
        offers: &[OfferView<'_>],
        short: &[Short],
        used_up: &[OfferId],
    ) -> Self {
        if short.is_empty() {
            return Self { candidates: Vec::new(), idle: Vec::new() };
        }
        let mut failing: BTreeMap<Reason, BTreeSet<usize>> = BTreeMap::new();
        for instalment in need.need.instalments.iter().filter(|i| short.iter().any(|s| s.instalment == i.id)) {
            for (at, offer) in offers.iter().enumerate() {
                if let Err(reason) = rules.judge(offer, need, instalment) {
                    failing.entry(reason).or_default().insert(at);
                }
            }
        }
        let now = reach(rules, need, offers, short);
        let planner = Planner { rules, need: need.need, demands, offers, short, now, failing };
        let (mut kinds, mut idle): (BTreeMap<&'static str, Vec<Candidate>>, Vec<LeftOut>) = Default::default();
        let mut seen: Vec<Change> = Vec::new();
        for change in planner.widenings() {
            let Some(candidate) = planner.weigh(change) else { continue };
            if seen.contains(&candidate.change) {
                continue;
            }
            seen.push(candidate.change.clone());
            if candidate.opens == 0 {
                idle.push(LeftOut { change: candidate.change, why: WhyLeftOut::OpensNothing });
            } else {
                kinds.entry(candidate.change.kind()).or_default().push(candidate);
            }
        }
        for list in kinds.values_mut() {
            list.sort_by_key(|c| std::cmp::Reverse(c.supply));
        }
        let mut rounds: Vec<Vec<Candidate>> = kinds.into_values().collect();
        rounds.push(planner.later());
        rounds.extend(planner.suppliers().map(|c| vec![c]));
        // Kinds that could bring most come first in each round.
        rounds.sort_by_key(|list| list.first().map(|c| std::cmp::Reverse(c.supply)));
        rounds.push(planner.worth(used_up));
        Self { candidates: interleave(rounds), idle }
    }
}

fn interleave(rounds: Vec<Vec<Candidate>>) -> Vec<Candidate> {
    let mut lists: Vec<_> = rounds.into_iter().map(Vec::into_iter).collect();
    let mut found = Vec::new();
    loop {
        let before = found.len();
        found.extend(lists.iter_mut().filter_map(Iterator::next));
        if found.len() == before {
            return found;
        }
    }
}

fn reach(rules: &Rules<'_>, need: &NeedView<'_>, offers: &[OfferView<'_>], short: &[Short]) -> Reach {
    let mut found = Reach { units: BTreeMap::new(), how: BTreeMap::new() };
    for instalment in need.need.instalments.iter().filter(|i| short.iter().any(|s| s.instalment == i.id)) {
        for (at, offer) in offers.iter().enumerate() {
            if let Ok(how) = rules.judge(offer, need, instalment) {
                let units = found.units.entry(at).or_default();
                *units = (*units).max(available(rules, offer, &how));
                found.how.entry(at).or_insert(how);
            }
        }
    }
    found
}

impl Planner<'_> {
    fn uncovered(&self) -> i64 {
        self.short.iter().map(|s| s.uncovered).fold(0, i64::saturating_add)
    }

    /// What the changed need could draw on.
    fn reach(&self, change: &Change) -> Option<Reach> {
        let mut need = self.need.clone();
        change.edit_need(&mut need);
        let rules = *self.rules;
        let view = rules.need_view(&need, self.demands)?;
        Some(reach(&rules, &view, self.offers, self.short))
    }

    /// How much more than now, of each offer on its own.
    fn added(&self, then: &Reach) -> i64 {
        let more =
            then.units.iter().map(|(at, units)| units - self.now.units.get(at).copied().unwrap_or(0).min(*units));
        more.fold(0, i64::saturating_add)
    }

    fn weigh(&self, change: Change) -> Option<Candidate> {
        let then = self.reach(&change)?;
        let opened: Vec<usize> = then.units.keys().filter(|at| !self.now.units.contains_key(at)).copied().collect();
        let change = match change {
            Change::AcceptSubstitute { product, grade, caveat: _ } => {
                let said = opened.first().and_then(|at| caveat(&then.how.get(at)?.standing));
                Change::AcceptSubstitute { product, grade, caveat: said.unwrap_or_default().to_owned() }
            }
            other => other,
        };
        Some(Candidate { change, opens: u32::try_from(opened.len()).unwrap_or(u32::MAX), supply: self.added(&then) })
    }

    /// What would let offers in that fail.
    fn widenings(&self) -> Vec<Change> {
        let mut found = Vec::new();
        for (reason, offers) in &self.failing {
            match reason {
                Reason::GradeTooLow => found.extend(self.grades(offers)),
                Reason::SubstitutionNotAccepted => found.extend(self.substitutes(offers)),
                Reason::FeatureMissing(feature) => found.push(Change::PreferFeature { feature: feature.clone() }),
                Reason::CertificatePending(_) => found.push(Change::AcceptPending),
                Reason::CertificateUnchecked(_) => found.extend(self.certificate_status()),
                Reason::SupplierUnverified => found.extend(self.verification(offers)),
                Reason::TransferNotOffered => {
                    let offered: BTreeSet<_> =
                        offers.iter().flat_map(|at| &self.offers[*at].offer.terms.transfers).copied().collect();
                    found.extend(offered.into_iter().map(|transfer| Change::AcceptTransfer { transfer }));
                }
                Reason::SourceRegionExcluded => found.push(Change::AnyRegion),
                Reason::TooFarForBuyer => found.extend(self.distances(offers)),
                Reason::PlaceUnknown if self.need.terms.max_distance_km.is_some() => {
                    found.push(Change::MaxDistance { km: None });
                }
                Reason::PriceAboveCap => found.extend(self.prices(offers)),
                // Not in the buyer's hands, or a matter of time and of the smallest order alone.
                Reason::NotPublished
                | Reason::OfferExpired
                | Reason::OfferSuspended
                | Reason::OfferQuarantined
                | Reason::OtherProduct
                | Reason::ConversionUndecided
                | Reason::InputMissing
                | Reason::SizeMissing
                | Reason::CertificateMissing(_)
                | Reason::CertificateExpired(_)
                | Reason::DeliveryRegionExcluded
                | Reason::BorderClosed
                | Reason::ExportAuthorisationMissing
                | Reason::TooFarForSupplier
                | Reason::PlaceUnknown
                | Reason::NotVisibleToBuyer
                | Reason::NothingByDueDate
                | Reason::LeadTimeTooLong
                | Reason::TransitTooLong
                | Reason::BelowMinimumOrder
                | Reason::CurrencyDiffers
                | Reason::SameOrganisation
                | Reason::Refused => {}
            }
        }
        found
    }

    fn grades(&self, failing: &BTreeSet<usize>) -> Vec<Change> {
        let of_product = failing.iter().map(|at| &self.offers[*at].offer.terms);
        let mut grades = BTreeSet::new();
        for terms in of_product.filter(|t| t.product == self.need.terms.product) {
            grades.extend(terms.grades.iter().cloned().map(Some));
            if terms.grades.is_empty() {
                grades.insert(None);
            }
        }
        grades.into_iter().map(|grade| Change::AcceptGrade { grade }).collect()
    }

    fn substitutes(&self, failing: &BTreeSet<usize>) -> Vec<Change> {
        let mut sides = BTreeSet::new();
        for terms in failing.iter().map(|at| &self.offers[*at].offer.terms) {
            sides.extend(terms.grades.iter().map(|g| (terms.product.clone(), Some(g.clone()))));
            if terms.grades.is_empty() {
                sides.insert((terms.product.clone(), None));
            }
        }
        let change = |(product, grade)| Change::AcceptSubstitute { product, grade, caveat: String::new() };
        sides.into_iter().map(change).collect()
    }

    /// The highest rung that lets an offer in, and the lowest.
    fn certificate_status(&self) -> Vec<Change> {
        let rungs = [CertificateStatus::Checked, CertificateStatus::Documented, CertificateStatus::Claimed];
        let below = rungs.into_iter().filter(|to| *to < self.need.terms.certificate_status);
        self.first_and_last(below.map(|to| Change::CertificateStatus { to }))
    }

    fn verification(&self, failing: &BTreeSet<usize>) -> Vec<Change> {
        let had: BTreeSet<Verification> = failing.iter().map(|at| self.offers[*at].organisation.verification).collect();
        self.first_and_last(had.into_iter().rev().map(|to| Change::Verification { to }))
    }

    /// Of changes that each include those before it: the first that lets an offer in, and the last.
    fn first_and_last(&self, widening: impl Iterator<Item = Change>) -> Vec<Change> {
        let all: Vec<Change> = widening.collect();
        let opens = |change: &&Change| self.weigh((*change).clone()).is_some_and(|c| c.opens > 0);
        let first = all.iter().find(opens).cloned();
        let mut found: Vec<Change> = first.into_iter().chain(all.last().cloned()).collect();
        found.dedup();
        found
    }

    /// The nearest distance that lets an offer in, and the nearest whose offers could cover what is
    /// missing, or else the farthest.
    fn distances(&self, failing: &BTreeSet<usize>) -> Vec<Change> {
        let rules = *self.rules;
        let Some(view) = rules.need_view(self.need, self.demands) else { return Vec::new() };
        let kilometres: BTreeSet<u32> = failing.iter().filter_map(|at| self.offers[*at].distance_km(&view)).collect();
        self.smallest(kilometres.into_iter().map(|km| Change::MaxDistance { km: Some(km) }).collect())
    }

    fn prices(&self, failing: &BTreeSet<usize>) -> Vec<Change> {
        let prices: BTreeSet<Price> = failing.iter().filter_map(|at| self.offers[*at].offer.terms.price).collect();
        self.smallest(prices.into_iter().map(|to| Change::PriceCap { to }).collect())
    }

    /// Of changes that each include those before it: the first that lets an offer in, and the first that
    /// could bring all that is missing, or else the last. Found by halving, since what a change lets in
    /// only grows along them.
    fn smallest(&self, widening: Vec<Change>) -> Vec<Change> {
        let opens = |change: &Change| self.weigh(change.clone()).is_some_and(|c| c.opens > 0);
        let enough = |change: &Change| self.weigh(change.clone()).is_some_and(|c| c.supply >= self.uncovered());
        let first = widening.partition_point(|c| !opens(c));
        let full = widening.partition_point(|c| !enough(c)).min(widening.len().saturating_sub(1));
        let mut found: Vec<Change> = [first, full].iter().filter_map(|at| widening.get(*at)).cloned().collect();
        // Where none lets anybody in, one stands for all.
        found.extend(widening.last().filter(|_| first == widening.len()).cloned());
        found.dedup();
        found
    }

    /// Days by which the due dates could move: the usual ones, the fewest that add any supply and the
    /// fewest that could add all that is missing.
    fn later(&self) -> Vec<Candidate> {
        let wanted = self.uncovered();
        let mut found: Vec<Candidate> = Vec::new();
        let (mut any, mut enough) = (false, false);
        for days in 1..=MOST_DAYS {
            let usual = USUAL_DAYS.contains(&days);
            if any && enough && !usual {
                continue;
            }
            let Some(candidate) = self.weigh(Change::Later { days }) else { continue };
            let (first, full) = (!any && candidate.supply > 0, !enough && candidate.supply >= wanted);
            any |= first;
            enough |= full;
            if first || full || (usual && candidate.supply > 0) {
                found.push(candidate);
            }
        }
        // A week tells most; a day is the worth of one more day.
        found.sort_by_key(|c| match c.change {
            Change::Later { days } => (days != USUAL_DAYS[0], days),
            _ => (true, u16::MAX),
        });
        found
    }

    /// One more supplier, where the need limits them and eligible offers are left.
    fn suppliers(&self) -> Option<Candidate> {
        let most = self.need.terms.max_suppliers?;
        let suppliers: BTreeSet<_> = self.now.units.keys().map(|at| self.offers[*at].organisation.id).collect();
        let more = suppliers.len() > usize::from(most);
        let supply = self.now.units.values().copied().fold(0, i64::saturating_add).min(self.uncovered());
        more.then(|| Candidate { change: Change::Suppliers { to: most.saturating_add(1) }, opens: 0, supply })
    }

    /// One more unit and one more week's output at offers that are used up, one more day of the due
    /// dates, and one day less of lead time.
    fn worth(&self, used_up: &[OfferId]) -> Vec<Candidate> {
        let mut found = Vec::new();
        for offer in used_up.iter().take(PRICED_OFFERS) {
            let Some(view) = self.offers.iter().find(|v| v.offer.id == *offer) else { continue };
            found.extend(worth_at(self.rules, view).into_iter().map(|change| Candidate {
                change,
                opens: 0,
                supply: 0,
            }));
        }
        found
    }
}

/// One more unit, a week's output more, and a day less of lead time at an offer.
pub(crate) fn worth_at(rules: &Rules<'_>, view: &OfferView<'_>) -> Vec<Change> {
    let (offer, day) = (view.offer.id, rules.market.day);
    let mut found = vec![Change::MoreStock { offer, units: 1 }];
    let week = view.curve.by(day.plus(7)) - view.curve.by(day);
    if week > 1 {
        found.push(Change::MoreStock { offer, units: week });
    }
    if view.offer.terms.lead_days > 0 {
        found.push(Change::ShorterLead { offer, days: 1 });
    }
    found
}
