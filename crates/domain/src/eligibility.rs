//! Who may serve whom: ordered predicates, of which each failing pair has exactly one first reason.
//!
//! The engine and its independent checker share this module and nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    catalogue::Catalogue,
    code::GradeCode,
    feature::Demand,
    market::Market,
    need::Instalment,
    offer::{Offer, OfferState},
    organisation::Verification,
    parameters::Parameters,
    region::RegionTable,
    time::Day,
};

mod checks;
mod reason;
mod standing;
mod views;

pub use reason::{Predicate, Reason};
pub use views::{NeedView, OfferView, SiteDemands};

use checks::{Papers, border, certificates, checked, distance, features, share_a_cluster, visible, vouched, within};
use standing::Stand;

/// How an offered grade stands to what is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Standing {
    /// The very grade, or none asked.
    Same,
    /// Another grade that counts without asking.
    Satisfies {
        /// What to know about it.
        caveat: String,
    },
    /// A substitution the buyer opted into.
    Substitute {
        /// What to know about it.
        caveat: String,
    },
}

/// A pair that passed every predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligible {
    /// By when the goods must exist: due date less transit.
    pub cutoff: Day,
    /// Days of transit.
    pub transit_days: i32,
    /// Distance in kilometres, where both places are known.
    pub distance_km: Option<u32>,
    /// Whether output cannot be ordered in time, so that only stock counts.
    pub stock_only: bool,
    /// Cost terms in points per base unit.
    pub cost: CostTerms,
    /// How the grade stands.
    pub standing: Standing,
}

/// The parts of a pair's cost, in points per base unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CostTerms {
    /// Distance.
    pub distance: i64,
    /// A border is crossed.
    pub border: i64,
    /// No cluster is shared.
    pub cluster: i64,
    /// A substitution is used.
    pub substitution: i64,
    /// Nobody vouched for the supplier.
    pub unverified: i64,
    /// The figures are stale.
    pub aging: i64,
    /// Preferred features are missing.
    pub preference: i64,
    /// A certificate is pending.
    pub pending: i64,
    /// Price.
    pub price: i64,
}

impl CostTerms {
    /// Their sum.
    pub fn total(&self) -> i64 {
        self.distance
            + self.border
            + self.cluster
            + self.substitution
            + self.unverified
            + self.aging
            + self.preference
            + self.pending
            + self.price
    }
}

/// What a network is built from, of a pair that passed every predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighed {
    /// By when the goods must exist: due date less transit.
    pub cutoff: Day,
    /// Whether output cannot be ordered in time, so that only stock counts.
    pub stock_only: bool,
    /// The sum of the cost terms, in points per base unit.
    pub cost: i64,
}

/// Market, tables and parameters, as the predicates see them.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The market.
    pub market: &'a Market,
    /// Products, grades, rules.
    pub catalogue: &'a Catalogue,
    /// Regions.
    pub regions: &'a RegionTable,
    /// Parameters of the run.
    pub parameters: &'a Parameters,
}

impl<'a> Rules<'a> {
    fn is_off(&self, predicate: Predicate) -> bool {
        self.parameters.without_predicates.contains(&predicate)
    }

    /// A failed predicate's reason, unless the trial leaves the predicate out.
    fn fail(&self, predicate: Predicate, reason: Reason) -> Result<(), Reason> {
        if self.is_off(predicate) { Ok(()) } else { Err(reason) }
    }

    /// Judges an offer for one instalment of a need: eligible and how, or the first reason why not.
    /// Both views must come from these rules.
    pub fn judge(&self, o: &OfferView<'_>, n: &NeedView<'_>, instalment: &Instalment) -> Result<Eligible, Reason> {
        let found = self.ask(o, n, instalment)?;
        Ok(Eligible {
            cutoff: found.cutoff,
            transit_days: found.transit_days,
            distance_km: found.distance_km,
            stock_only: found.cutoff < o.orderable_from,
            cost: self.cost(o, n, &found),
            standing: found.stand.into(),
        })
    }

    /// Judges as [`Self::judge`] does, without what only an explanation shows: for millions of pairs.
    pub fn weigh(&self, o: &OfferView<'_>, n: &NeedView<'_>, instalment: &Instalment) -> Result<Weighed, Reason> {
        let found = self.ask(o, n, instalment)?;
        Ok(Weighed {
            cutoff: found.cutoff,
            stock_only: found.cutoff < o.orderable_from,
            cost: self.cost(o, n, &found).total(),
        })
    }

    /// Asks the predicates before the product, which look at the offer alone.
    pub fn judge_offer_alone(&self, offer: &Offer) -> Result<(), Reason> {
        if !matches!(offer.state, OfferState::Published | OfferState::Expired) {
            self.fail(Predicate::Published, Reason::NotPublished)?;
        }
        if offer.is_over(self.market.day) {
            self.fail(Predicate::Fresh, Reason::OfferExpired)?;
        }
        if offer.suspended {
            self.fail(Predicate::Fresh, Reason::OfferSuspended)?;
        }
        if offer.quarantine.is_some() {
            self.fail(Predicate::Quarantine, Reason::OfferQuarantined)?;
        }
        Ok(())
    }

    fn papers<'p>(&self, o: &'p OfferView<'_>, n: &'p NeedView<'_>, due: Day) -> Papers<'p> {
        let (offer, wants, country, lineage) = (o.offer, &n.need.terms, n.country, n.lineage.as_slice());
        Papers { offer, wants, country, lineage, mode: self.market.mode, day: self.market.day, due }
    }

    /// Whether the certificates of an offer meet what a need demands of them for what is due on a day, and the offer
    /// waits for no reviewer: what an open match rests on, and what may end while it is open.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn trusts(&self, o: &OfferView<'_>, n: &NeedView<'_>, due: Day) -> Result<(), Reason> {
        if o.offer.quarantine.is_some() {
            return Err(Reason::OfferQuarantined);
        }
        let papers = self.papers(o, n, due);
        let serves = |grade: &GradeCode| self.serves(o, n, grade);
        certificates(papers, serves)?;
        checked(papers, serves)
    }

    /// Asks the predicates in the order of [`Predicate::ALL`].
    #[inline(always)]
    fn ask<'v>(
        &self,
        o: &'v OfferView<'_>,
        n: &'v NeedView<'_>,
        instalment: &Instalment,
    ) -> Result<Findings<'v>, Reason> {
        let (offer, need, due) = (o.offer, n.need, instalment.due);
        let (terms, wants) = (&offer.terms, &need.terms);
        self.judge_offer_alone(offer)?;
        if terms.product != wants.product && !n.stand_ins.contains(&terms.product) {
            self.fail(Predicate::Product, Reason::OtherProduct)?;
        }
        if o.only_convertible {
            self.fail(Predicate::Producing, Reason::ConversionUndecided)?;
        }
        let mut stand = Stand::Same;
        match self.stand(o, n) {
            Ok(found) => stand = found,
            Err(reason) => self.fail(Predicate::Grade, reason)?,
        }
        features(offer, need, instalment).or_else(|reason| self.fail(Predicate::Features, reason))?;
        let serves = |grade: &GradeCode| self.serves(o, n, grade);
        let mut pending = false;
        let papers = self.papers(o, n, due);
        match certificates(papers, serves) {
            Ok(found) => pending = found,
            Err(reason) => self.fail(Predicate::Certificates, reason)?,
        }
        if o.transfers & n.transfers == 0 {
            self.fail(Predicate::Transfer, Reason::TransferNotOffered)?;
        }
        if !within(&o.lineage, if o.exact { &n.regions } else { &n.areas }) {
            self.fail(Predicate::SourceRegion, Reason::SourceRegionExcluded)?;
        }
        if !within(&n.lineage, &o.areas) {
            self.fail(Predicate::DeliveryRegion, Reason::DeliveryRegionExcluded)?;
        }
        border(o, n).or_else(|reason| self.fail(Predicate::Border, reason))?;
        let distance_km = o.distance_km(n);
        distance(distance_km, offer, need).or_else(|reason| self.fail(Predicate::Distance, reason))?;
        if !visible(o, n) {
            self.fail(Predicate::Visibility, Reason::NotVisibleToBuyer)?;
        }
        let trusted = vouched(o, n).and_then(|()| checked(papers, serves));
        trusted.or_else(|reason| self.fail(Predicate::Verification, reason))?;
        if o.first_day.is_none_or(|first| due < first) {
            self.fail(Predicate::Window, Reason::NothingByDueDate)?;
        }
        if !o.has_orderable(due) {
            self.fail(Predicate::LeadTime, Reason::LeadTimeTooLong)?;
        }
        let mut transit_days = self.parameters.transit.days(distance_km.unwrap_or(self.parameters.transit.unknown_km));
        let mut cutoff = due.plus(-transit_days);
        if cutoff < self.market.day || !o.has_orderable(cutoff) {
            self.fail(Predicate::TransitTime, Reason::TransitTooLong)?;
        }
        if self.is_off(Predicate::TransitTime) {
            // Without transit, goods are there the day they are made.
            (transit_days, cutoff) = (0, due);
        }
        if terms.min_order.as_ref().is_some_and(|least| n.site_demand < least.quantity.units()) {
            self.fail(Predicate::MinimumOrder, Reason::BelowMinimumOrder)?;
        }
        if let (Some(price), Some(cap)) = (&terms.price, &wants.price_cap) {
            if price.currency != cap.currency {
                self.fail(Predicate::PriceCap, Reason::CurrencyDiffers)?;
            } else if price.micros > cap.micros {
                self.fail(Predicate::PriceCap, Reason::PriceAboveCap)?;
            }
        }
        if offer.organisation == need.organisation {
            self.fail(Predicate::SelfSupply, Reason::SameOrganisation)?;
        }
        if o.refused.contains(&need.id) {
            self.fail(Predicate::Refusal, Reason::Refused)?;
        }
        Ok(Findings { stand, distance_km, transit_days, cutoff, pending })
    }

    #[inline(always)]
    fn cost(&self, o: &OfferView<'_>, n: &NeedView<'_>, found: &Findings<'_>) -> CostTerms {
        let w = &self.parameters.weights;
        let (terms, wants) = (&o.offer.terms, &n.need.terms);
        let when = |yes: bool, weight: u32| if yes { i64::from(weight) } else { 0 };
        let km = found.distance_km.unwrap_or(self.parameters.transit.unknown_km);
        let preferred = wants.requirements.iter().filter(|r| r.demand == Demand::Preferred);
        let missed = preferred.filter(|r| !r.met_by(terms.feature(&r.feature))).count();
        let comparable = wants.price_cap.map(|cap| cap.currency);
        let price =
            terms.price.filter(|p| Some(p.currency) == comparable).map_or(0, |p| p.micros.saturating_add(500) / 1_000);
        CostTerms {
            distance: i64::from(km) * i64::from(w.kilometre),
            border: when(o.country != n.country, w.border),
            cluster: when(!share_a_cluster(o, n), w.cluster),
            substitution: when(matches!(found.stand, Stand::Substitute { .. }), w.substitution),
            unverified: when(o.organisation.verification == Verification::None, w.unverified),
            aging: when(o.offer.is_stale(self.market.day), w.aging),
            preference: i64::try_from(missed).unwrap_or(i64::from(u16::MAX)) * i64::from(w.preference),
            pending: when(found.pending, w.pending),
            price: price.min(MOST_PRICE) * i64::from(w.price),
        }
    }
}

/// The most thousandths of the currency per base unit that count as cost, so that sums stay exact in 64 bits; with
/// the largest weights a part of a very large market may still be refused.
const MOST_PRICE: i64 = 1_000_000_000;

/// What the predicates found on the way.
struct Findings<'v> {
    stand: Stand<'v>,
    distance_km: Option<u32>,
    transit_days: i32,
    cutoff: Day,
    pending: bool,
}
