//! Who may serve whom: ordered predicates, of which each failing pair has exactly one first reason.
//!
//! The engine and its independent checker share this module and nothing else.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{
    capacity::SupplyCurve,
    catalogue::{Area, BorderRule, Catalogue, Verdict},
    code::{CountryCode, GradeCode, ProductCode},
    feature::Demand,
    geo::Point,
    ids::{OrganisationId, SiteId},
    market::Market,
    need::{Instalment, Need},
    offer::{Offer, OfferState},
    organisation::{Organisation, Site, Verification},
    parameters::Parameters,
    region::RegionTable,
    time::Day,
};

mod checks;
mod reason;

pub use reason::{Predicate, Reason};

use checks::{certificates, features, share_a_cluster, verified, visible};

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

/// An offer with what the predicates need at hand.
#[derive(Debug)]
pub struct OfferView<'a> {
    /// The offer.
    pub offer: &'a Offer,
    /// Whose it is.
    pub organisation: &'a Organisation,
    /// Where it is made.
    pub site: &'a Site,
    /// Its supply curve under the run's kind of capacity.
    pub curve: SupplyCurve,
    point: Option<Point>,
    country: CountryCode,
}

/// Base units asked for by buyer, delivery site and product.
pub type SiteDemands = BTreeMap<(OrganisationId, SiteId, ProductCode), i64>;

/// A need with what the predicates need at hand.
#[derive(Debug)]
pub struct NeedView<'a> {
    /// The need.
    pub need: &'a Need,
    /// Whose it is.
    pub organisation: &'a Organisation,
    /// Where it must arrive.
    pub site: &'a Site,
    /// What the buyer's site asks for of this product, and of those that one offer might serve as well,
    /// in base units: the most that an order could come to.
    pub site_demand: i64,
    /// Other products that some rule lets stand for what it asks.
    stand_ins: &'a [ProductCode],
    point: Option<Point>,
    country: CountryCode,
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
    /// An offer made ready; `None` if its organisation or site is not in the market.
    pub fn offer_view(&self, offer: &'a Offer) -> Option<OfferView<'a>> {
        let site = self.market.sites.get(&offer.site)?;
        let mut profile = Cow::Borrowed(&offer.terms.profile);
        if self.is_off(Predicate::Window) {
            // Without the window, the site makes its goods from the day of the run for ever.
            let open = profile.to_mut();
            open.from = open.from.min(self.market.day);
            open.until = None;
        }
        if self.is_off(Predicate::Producing) && profile.is_only_convertible() {
            // Without the decision, the site converts from the day of the run on.
            if let Some(conversion) = profile.to_mut().convertible.as_mut() {
                conversion.decided_on = Some(self.market.day);
            }
        }
        let organisation = self.market.organisations.get(&offer.organisation)?;
        Some(OfferView {
            organisation,
            curve: profile.curve(self.parameters.capacity),
            point: self.point(site),
            country: self.country(site, organisation),
            offer,
            site,
        })
    }

    /// A need made ready, with what [`Self::site_demands`] found.
    pub fn need_view(&self, need: &'a Need, demands: &SiteDemands) -> Option<NeedView<'a>> {
        let site = self.market.sites.get(&need.site)?;
        let first = (need.organisation, need.site, ProductCode::new(""));
        let of_site = demands.range(first..).take_while(|((o, s, _), _)| (*o, *s) == (need.organisation, need.site));
        let alike = of_site.filter(|((_, _, product), _)| self.may_share_an_offer(&need.terms.product, product));
        let site_demand = alike.map(|(_, units)| *units).fold(0, i64::saturating_add);
        let organisation = self.market.organisations.get(&need.organisation)?;
        Some(NeedView {
            organisation,
            point: self.point(site),
            country: self.country(site, organisation),
            need,
            site,
            site_demand,
            stand_ins: self.catalogue.stand_ins(&need.terms.product),
        })
    }

    /// Whether one offer might serve needs of both products, as itself or by a rule.
    fn may_share_an_offer(&self, a: &ProductCode, b: &ProductCode) -> bool {
        let serves =
            |offer: &ProductCode, need: &ProductCode| offer == need || self.catalogue.stand_ins(need).contains(offer);
        std::iter::once(a).chain(self.catalogue.stand_ins(a)).any(|offer| serves(offer, b))
    }

    /// What each buyer's site asks for in all its matchable needs of a product, in base units.
    pub fn site_demands(&self) -> SiteDemands {
        let mut demands = SiteDemands::new();
        for need in self.market.needs.iter().filter(|n| n.is_matchable()) {
            let asked = need.instalments.iter().map(|i| i.measure.quantity.units()).fold(0, i64::saturating_add);
            let key = (need.organisation, need.site, need.terms.product.clone());
            let total = demands.entry(key).or_default();
            *total = total.saturating_add(asked);
        }
        demands
    }

    fn is_off(&self, predicate: Predicate) -> bool {
        self.parameters.without_predicates.contains(&predicate)
    }

    fn lead_days(&self, offer: &Offer) -> u16 {
        if self.is_off(Predicate::LeadTime) { 0 } else { offer.terms.lead_days }
    }

    fn point(&self, site: &Site) -> Option<Point> {
        site.point.or_else(|| self.regions.get(site.region.as_ref()?)?.point)
    }

    /// The country goods leave or reach: the site's, or its organisation's where no region is known.
    fn country(&self, site: &Site, organisation: &Organisation) -> CountryCode {
        let region = site.region.as_ref().and_then(|r| self.regions.get(r));
        region.map_or_else(|| organisation.country.clone(), |r| r.country.clone())
    }

    /// Judges an offer for one instalment of a need: eligible and how, or the first reason why not.
    pub fn judge(&self, o: &OfferView<'_>, n: &NeedView<'_>, instalment: &Instalment) -> Result<Eligible, Reason> {
        let mut found = Findings::default();
        for predicate in Predicate::ALL {
            if let Err(reason) = self.ask(predicate, o, n, instalment, &mut found)
                && !self.is_off(predicate)
            {
                return Err(reason);
            }
        }
        Ok(self.price_pair(o, n, instalment, found))
    }

    /// Asks the predicates before the product, which look at the offer alone.
    pub fn judge_offer_alone(&self, offer: &Offer) -> Result<(), Reason> {
        let alone = [Predicate::Published, Predicate::Fresh, Predicate::Quarantine];
        alone.into_iter().filter(|p| !self.is_off(*p)).try_for_each(|p| self.ask_offer(p, offer))
    }

    fn ask_offer(&self, predicate: Predicate, offer: &Offer) -> Result<(), Reason> {
        let pass = |ok: bool, reason: Reason| if ok { Ok(()) } else { Err(reason) };
        match predicate {
            Predicate::Published => {
                pass(matches!(offer.state, OfferState::Published | OfferState::Expired), Reason::NotPublished)
            }
            Predicate::Fresh => {
                pass(!offer.is_over(self.market.day), Reason::OfferExpired)?;
                pass(!offer.suspended, Reason::OfferSuspended)
            }
            Predicate::Quarantine => pass(offer.quarantine.is_none(), Reason::OfferQuarantined),
            _ => Ok(()),
        }
    }

    fn ask(
        &self,
        predicate: Predicate,
        o: &OfferView<'_>,
        n: &NeedView<'_>,
        instalment: &Instalment,
        found: &mut Findings,
    ) -> Result<(), Reason> {
        let (offer, need, day) = (o.offer, n.need, self.market.day);
        let (terms, wants) = (&offer.terms, &need.terms);
        let pass = |ok: bool, reason: Reason| if ok { Ok(()) } else { Err(reason) };
        match predicate {
            Predicate::Published | Predicate::Fresh | Predicate::Quarantine => self.ask_offer(predicate, offer),
            Predicate::Product => {
                let same = terms.product == wants.product || n.stand_ins.contains(&terms.product);
                pass(same, Reason::OtherProduct)
            }
            Predicate::Producing => pass(!terms.profile.is_only_convertible(), Reason::ConversionUndecided),
            Predicate::Grade => {
                found.standing = self.standing(o, n)?;
                Ok(())
            }
            Predicate::Features => features(offer, need, instalment),
            Predicate::Certificates => {
                let serves = |grade: &GradeCode| self.serves(o, n, grade);
                found.pending = certificates(offer, need, day, instalment.due, &serves)?;
                Ok(())
            }
            Predicate::Transfer => pass(!terms.transfers.is_disjoint(&wants.transfers), Reason::TransferNotOffered),
            Predicate::SourceRegion => pass(self.within(o.site, &wants.regions), Reason::SourceRegionExcluded),
            Predicate::DeliveryRegion => pass(self.within(n.site, &terms.regions), Reason::DeliveryRegionExcluded),
            Predicate::Border => self.border(o, n),
            Predicate::Distance => {
                found.distance_km = o.point.zip(n.point).map(|(a, b)| a.distance_km(b));
                match found.distance_km {
                    Some(km) => {
                        pass(wants.max_distance_km.is_none_or(|most| km <= most), Reason::TooFarForBuyer)?;
                        pass(terms.max_distance_km.is_none_or(|most| km <= most), Reason::TooFarForSupplier)
                    }
                    None => {
                        pass(wants.max_distance_km.is_none() && terms.max_distance_km.is_none(), Reason::PlaceUnknown)
                    }
                }
            }
            Predicate::Visibility => pass(visible(o, n), Reason::NotVisibleToBuyer),
            Predicate::Verification => {
                let serves = |grade: &GradeCode| self.serves(o, n, grade);
                verified(o, n, day, instalment.due, &serves)
            }
            Predicate::Window => pass(o.curve.by(instalment.due) > 0, Reason::NothingByDueDate),
            Predicate::LeadTime => {
                pass(o.curve.orderable_by(instalment.due, day, self.lead_days(offer)) > 0, Reason::LeadTimeTooLong)
            }
            Predicate::TransitTime => {
                let km = found.distance_km.unwrap_or(self.parameters.transit.unknown_km);
                // Without transit, goods are there the day they are made.
                let days = if self.is_off(predicate) { 0 } else { self.parameters.transit.days(km) };
                let cutoff = instalment.due.plus(-days);
                found.transit_days = days;
                let there = cutoff >= day && o.curve.orderable_by(cutoff, day, self.lead_days(offer)) > 0;
                pass(there, Reason::TransitTooLong)
            }
            Predicate::MinimumOrder => pass(
                terms.min_order.as_ref().is_none_or(|m| m.quantity.units() <= n.site_demand),
                Reason::BelowMinimumOrder,
            ),
            Predicate::PriceCap => match (&terms.price, &wants.price_cap) {
                (Some(price), Some(cap)) if price.currency != cap.currency => Err(Reason::CurrencyDiffers),
                (Some(price), Some(cap)) => pass(price.micros <= cap.micros, Reason::PriceAboveCap),
                (_, _) => Ok(()),
            },
            Predicate::SelfSupply => pass(offer.organisation != need.organisation, Reason::SameOrganisation),
            Predicate::Refusal => pass(!self.market.refusals.contains(&(offer.id, need.id)), Reason::Refused),
        }
    }

    /// The best standing of any offered grade to any accepted one.
    fn standing(&self, o: &OfferView<'_>, n: &NeedView<'_>) -> Result<Standing, Reason> {
        let (offer, need) = (&o.offer.terms, &n.need.terms);
        if self.needs_no_rule(o, n)
            || (offer.product == need.product && offer.grades.iter().any(|g| need.grades.contains(g)))
        {
            return Ok(Standing::Same);
        }
        let offered: Vec<Option<&GradeCode>> =
            if offer.grades.is_empty() { vec![None] } else { offer.grades.iter().map(Some).collect() };
        self.standing_by_rule(o, n, &offered)
    }

    /// Whether every grade of the offer will do as it is: any grade of the product was asked for, or
    /// the trial leaves the product out.
    fn needs_no_rule(&self, o: &OfferView<'_>, n: &NeedView<'_>) -> bool {
        let (offer, need) = (&o.offer.terms, &n.need.terms);
        need.grades.is_empty() && (offer.product == need.product || !n.stand_ins.contains(&offer.product))
    }

    /// Whether one of the offer's grades may be delivered for the need; what certificates cover other
    /// grades says nothing about.
    fn serves(&self, o: &OfferView<'_>, n: &NeedView<'_>, grade: &GradeCode) -> bool {
        let (offer, need) = (&o.offer.terms, &n.need.terms);
        self.is_off(Predicate::Grade)
            || self.needs_no_rule(o, n)
            || (offer.product == need.product && need.grades.contains(grade))
            || self.standing_by_rule(o, n, &[Some(grade)]).is_ok()
    }

    /// The best that the rules say of some offered grades.
    fn standing_by_rule(
        &self,
        o: &OfferView<'_>,
        n: &NeedView<'_>,
        offered: &[Option<&GradeCode>],
    ) -> Result<Standing, Reason> {
        let (offer, need) = (&o.offer.terms, &n.need.terms);
        let accepted: Vec<Option<&GradeCode>> = if need.grades.is_empty() {
            // Every grade is accepted, so a rule on any of them counts.
            let of_product = self.catalogue.parts().grades.iter().filter(|g| g.products.contains(&need.product));
            std::iter::once(None).chain(of_product.map(|g| Some(&g.code))).collect()
        } else {
            need.grades.iter().map(Some).collect()
        };
        let mut best = Err(Reason::GradeTooLow);
        for wanted in &accepted {
            for has in offered {
                let Some(rule) = self.catalogue.rule((&need.product, *wanted), (&offer.product, *has)) else {
                    continue;
                };
                let tightened = rule
                    .unless_feature
                    .as_ref()
                    .is_some_and(|f| need.requirements.iter().any(|r| r.feature == *f && r.demand == Demand::Required));
                let verdict = match (rule.verdict, tightened) {
                    (Verdict::Satisfies, true) => Verdict::OptIn,
                    (Verdict::OptIn, true) => Verdict::DoesNotSatisfy,
                    (verdict, _) => verdict,
                };
                let caveat = || rule.caveat.clone();
                match verdict {
                    Verdict::Satisfies => return Ok(Standing::Satisfies { caveat: caveat() }),
                    Verdict::OptIn | Verdict::SubstituteOnly if n.need.opted_in(&offer.product, *has) => {
                        best = Ok(Standing::Substitute { caveat: caveat() });
                    }
                    Verdict::OptIn | Verdict::SubstituteOnly if best.is_err() => {
                        best = Err(Reason::SubstitutionNotAccepted)
                    }
                    Verdict::OptIn | Verdict::SubstituteOnly | Verdict::DoesNotSatisfy => {}
                }
            }
        }
        best
    }

    fn within(&self, site: &Site, areas: &[crate::code::RegionCode]) -> bool {
        areas.is_empty() || site.region.as_ref().is_some_and(|r| areas.iter().any(|area| self.regions.lies_in(r, area)))
    }

    fn border(&self, o: &OfferView<'_>, n: &NeedView<'_>) -> Result<(), Reason> {
        let (from, to) = (&o.country, &n.country);
        if from == to {
            return Ok(());
        }
        let day = self.market.day;
        let applies = |r: &&BorderRule| {
            r.products.contains(&o.offer.terms.product)
                && r.from <= day
                && r.until.is_none_or(|u| day <= u)
                && self.in_area(from, &r.from_area)
                && !self.in_area(to, &r.from_area)
                && r.to_area.as_ref().is_none_or(|area| self.in_area(to, area))
                && !r.excepted.contains(to)
        };
        for rule in self.catalogue.parts().border_rules.iter().filter(applies) {
            match rule.effect {
                crate::catalogue::BorderEffect::Forbidden => return Err(Reason::BorderClosed),
                crate::catalogue::BorderEffect::AuthorisationRequired => {
                    if !o.offer.terms.authorisations.contains(&rule.code) {
                        return Err(Reason::ExportAuthorisationMissing);
                    }
                }
            }
        }
        Ok(())
    }

    fn in_area(&self, country: &CountryCode, area: &Area) -> bool {
        match area {
            Area::Eu => self.regions.in_eu(country, self.market.day),
            Area::Country(code) => code == country,
        }
    }

    fn price_pair(&self, o: &OfferView<'_>, n: &NeedView<'_>, instalment: &Instalment, found: Findings) -> Eligible {
        let w = &self.parameters.weights;
        let day = self.market.day;
        let terms = &o.offer.terms;
        let when = |yes: bool, weight: u32| if yes { i64::from(weight) } else { 0 };
        let km = found.distance_km.unwrap_or(self.parameters.transit.unknown_km);
        let shared = share_a_cluster(o, n);
        let missed = n
            .need
            .terms
            .requirements
            .iter()
            .filter(|r| r.demand == Demand::Preferred && !r.met_by(terms.feature(&r.feature)))
            .count();
        let comparable = n.need.terms.price_cap.map(|cap| cap.currency);
        let price = terms.price.filter(|p| Some(p.currency) == comparable).map_or(0, |p| p.micros / 1_000);
        let cutoff = instalment.due.plus(-found.transit_days);
        Eligible {
            cutoff,
            transit_days: found.transit_days,
            distance_km: found.distance_km,
            stock_only: cutoff < day.plus(i32::from(self.lead_days(o.offer))),
            cost: CostTerms {
                distance: i64::from(km) * i64::from(w.kilometre),
                border: when(o.country != n.country, w.border),
                cluster: when(!shared, w.cluster),
                substitution: when(matches!(found.standing, Standing::Substitute { .. }), w.substitution),
                unverified: when(o.organisation.verification == Verification::None, w.unverified),
                aging: when(o.offer.is_stale(day), w.aging),
                preference: i64::try_from(missed).unwrap_or(i64::from(u16::MAX)) * i64::from(w.preference),
                pending: when(found.pending, w.pending),
                price: price.min(1_000_000) * i64::from(w.price),
            },
            standing: found.standing,
        }
    }
}

/// What the predicates found on the way.
struct Findings {
    standing: Standing,
    distance_km: Option<u32>,
    transit_days: i32,
    pending: bool,
}

impl Default for Findings {
    fn default() -> Self {
        Self { standing: Standing::Same, distance_km: None, transit_days: 0, pending: false }
    }
}
