//! Who may serve whom: ordered predicates, of which each failing pair has exactly one first reason.
//!
//! The engine and its independent checker share this module and nothing else.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    capacity::SupplyCurve,
    catalogue::{Area, BorderRule, Catalogue, Verdict},
    certificate::Certificate,
    code::{CertificateKindCode, CountryCode, FeatureCode, GradeCode, ProductCode},
    feature::{Demand, FeatureValue},
    geo::Point,
    ids::{OrganisationId, SiteId},
    market::Market,
    need::{Instalment, Need},
    offer::{Offer, OfferState, Visibility},
    organisation::{Organisation, OrganisationKind, Site, Verification},
    parameters::Parameters,
    region::RegionTable,
    time::Day,
};

/// A predicate, in the order they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicate {
    /// The offer is published.
    Published,
    /// It is neither expired nor suspended as unconfirmed.
    Fresh,
    /// It waits for no reviewer.
    Quarantine,
    /// It is the product, or one that a rule lets stand for it.
    Product,
    /// It runs, lies ready, or its conversion is decided.
    Producing,
    /// A grade is among the accepted ones, or stands for one.
    Grade,
    /// Required features are stated and met.
    Features,
    /// Demanded certificates hold.
    Certificates,
    /// Sale, donation or loan as asked.
    Transfer,
    /// The buyer takes goods from there.
    SourceRegion,
    /// The supplier delivers there.
    DeliveryRegion,
    /// No rule on goods leaving an area forbids it.
    Border,
    /// Within the distance either side allows.
    Distance,
    /// The owner lets this buyer be matched.
    Visibility,
    /// The supplier and its papers are checked as far as the buyer demands.
    Verification,
    /// Something exists by the due date.
    Window,
    /// Something that can still be ordered exists by the due date.
    LeadTime,
    /// It exists early enough to travel.
    TransitTime,
    /// The buyer's site asks for at least the smallest order.
    MinimumOrder,
    /// The price is within the cap.
    PriceCap,
    /// Buyer and supplier are two organisations.
    SelfSupply,
    /// Neither side has refused the other for this.
    Refusal,
}

impl Predicate {
    /// All predicates in order.
    pub const ALL: [Predicate; 22] = [
        Self::Published,
        Self::Fresh,
        Self::Quarantine,
        Self::Product,
        Self::Producing,
        Self::Grade,
        Self::Features,
        Self::Certificates,
        Self::Transfer,
        Self::SourceRegion,
        Self::DeliveryRegion,
        Self::Border,
        Self::Distance,
        Self::Visibility,
        Self::Verification,
        Self::Window,
        Self::LeadTime,
        Self::TransitTime,
        Self::MinimumOrder,
        Self::PriceCap,
        Self::SelfSupply,
        Self::Refusal,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Fresh => "fresh",
            Self::Quarantine => "quarantine",
            Self::Product => "product",
            Self::Producing => "producing",
            Self::Grade => "grade",
            Self::Features => "features",
            Self::Certificates => "certificates",
            Self::Transfer => "transfer",
            Self::SourceRegion => "source_region",
            Self::DeliveryRegion => "delivery_region",
            Self::Border => "border",
            Self::Distance => "distance",
            Self::Visibility => "visibility",
            Self::Verification => "verification",
            Self::Window => "window",
            Self::LeadTime => "lead_time",
            Self::TransitTime => "transit_time",
            Self::MinimumOrder => "minimum_order",
            Self::PriceCap => "price_cap",
            Self::SelfSupply => "self_supply",
            Self::Refusal => "refusal",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }
}

/// Why a pair cannot be: the first predicate that fails, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "code", content = "of", rename_all = "snake_case")]
pub enum Reason {
    /// The offer is a draft, paused or withdrawn.
    NotPublished,
    /// Its window is over.
    OfferExpired,
    /// It was unconfirmed too long.
    OfferSuspended,
    /// It waits for a reviewer.
    OfferQuarantined,
    /// It is another product.
    OtherProduct,
    /// Only a conversion nobody decided could make it.
    ConversionUndecided,
    /// No grade of it is accepted or stands for an accepted one.
    GradeTooLow,
    /// It would do by a rule that the buyer did not opt into.
    SubstitutionNotAccepted,
    /// A required feature is not met.
    FeatureMissing(FeatureCode),
    /// It does not come in the size asked for.
    SizeMissing,
    /// A demanded certificate is not there, or covers other grades.
    CertificateMissing(CertificateKindCode),
    /// It is only applied for or in testing.
    CertificatePending(CertificateKindCode),
    /// It does not hold from production to delivery.
    CertificateExpired(CertificateKindCode),
    /// Not for sale, donation or loan as asked.
    TransferNotOffered,
    /// The buyer takes no goods from there.
    SourceRegionExcluded,
    /// The supplier does not deliver there.
    DeliveryRegionExcluded,
    /// A rule forbids goods to leave.
    BorderClosed,
    /// A rule asks for an authorisation that the offer does not state.
    ExportAuthorisationMissing,
    /// Farther than the buyer allows.
    TooFarForBuyer,
    /// Farther than the supplier delivers.
    TooFarForSupplier,
    /// A distance is limited and a place unknown.
    PlaceUnknown,
    /// The owner keeps it to its clusters or to authorities.
    NotVisibleToBuyer,
    /// Nobody vouched for the supplier as far as the buyer demands.
    SupplierUnverified,
    /// A demanded certificate is not checked as far as the buyer demands.
    CertificateUnchecked(CertificateKindCode),
    /// Nothing exists by the due date.
    NothingByDueDate,
    /// What exists by then cannot be ordered in time.
    LeadTimeTooLong,
    /// What exists by then cannot travel in time.
    TransitTooLong,
    /// The buyer's site asks for less than the smallest order.
    BelowMinimumOrder,
    /// It costs more than the cap.
    PriceAboveCap,
    /// Price and cap are in different currencies.
    CurrencyDiffers,
    /// Buyer and supplier are one organisation.
    SameOrganisation,
    /// One side refused the other.
    Refused,
}

impl Reason {
    /// The codes of all reasons, in the order of the predicates.
    pub const CODES: [&'static str; 32] = [
        "not_published",
        "offer_expired",
        "offer_suspended",
        "offer_quarantined",
        "other_product",
        "conversion_undecided",
        "grade_too_low",
        "substitution_not_accepted",
        "feature_missing",
        "size_missing",
        "certificate_missing",
        "certificate_pending",
        "certificate_expired",
        "transfer_not_offered",
        "source_region_excluded",
        "delivery_region_excluded",
        "border_closed",
        "export_authorisation_missing",
        "too_far_for_buyer",
        "too_far_for_supplier",
        "place_unknown",
        "not_visible_to_buyer",
        "supplier_unverified",
        "certificate_unchecked",
        "nothing_by_due_date",
        "lead_time_too_long",
        "transit_too_long",
        "below_minimum_order",
        "price_above_cap",
        "currency_differs",
        "same_organisation",
        "refused",
    ];

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPublished => "not_published",
            Self::OfferExpired => "offer_expired",
            Self::OfferSuspended => "offer_suspended",
            Self::OfferQuarantined => "offer_quarantined",
            Self::OtherProduct => "other_product",
            Self::ConversionUndecided => "conversion_undecided",
            Self::GradeTooLow => "grade_too_low",
            Self::SubstitutionNotAccepted => "substitution_not_accepted",
            Self::FeatureMissing(_) => "feature_missing",
            Self::SizeMissing => "size_missing",
            Self::CertificateMissing(_) => "certificate_missing",
            Self::CertificatePending(_) => "certificate_pending",
            Self::CertificateExpired(_) => "certificate_expired",
            Self::TransferNotOffered => "transfer_not_offered",
            Self::SourceRegionExcluded => "source_region_excluded",
            Self::DeliveryRegionExcluded => "delivery_region_excluded",
            Self::BorderClosed => "border_closed",
            Self::ExportAuthorisationMissing => "export_authorisation_missing",
            Self::TooFarForBuyer => "too_far_for_buyer",
            Self::TooFarForSupplier => "too_far_for_supplier",
            Self::PlaceUnknown => "place_unknown",
            Self::NotVisibleToBuyer => "not_visible_to_buyer",
            Self::SupplierUnverified => "supplier_unverified",
            Self::CertificateUnchecked(_) => "certificate_unchecked",
            Self::NothingByDueDate => "nothing_by_due_date",
            Self::LeadTimeTooLong => "lead_time_too_long",
            Self::TransitTooLong => "transit_too_long",
            Self::BelowMinimumOrder => "below_minimum_order",
            Self::PriceAboveCap => "price_above_cap",
            Self::CurrencyDiffers => "currency_differs",
            Self::SameOrganisation => "same_organisation",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Reason {
    /// A plain sentence part about the offers it counts, e.g. "are another product".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPublished => f.write_str("are not published"),
            Self::OfferExpired => f.write_str("are over"),
            Self::OfferSuspended => f.write_str("were unconfirmed for too long"),
            Self::OfferQuarantined => f.write_str("wait for a reviewer"),
            Self::OtherProduct => f.write_str("are another product"),
            Self::ConversionUndecided => f.write_str("would need a conversion nobody has decided"),
            Self::GradeTooLow => f.write_str("do not reach the grade"),
            Self::SubstitutionNotAccepted => f.write_str("would do only as a substitute the buyer did not accept"),
            Self::FeatureMissing(feature) => write!(f, "lack the feature {feature}"),
            Self::SizeMissing => f.write_str("do not come in the size"),
            Self::CertificateMissing(kind) => write!(f, "lack the certificate {kind}"),
            Self::CertificatePending(kind) => write!(f, "have the certificate {kind} only pending"),
            Self::CertificateExpired(kind) => write!(f, "have a certificate {kind} that does not hold until delivery"),
            Self::TransferNotOffered => f.write_str("are not offered as sale, donation or loan as asked"),
            Self::SourceRegionExcluded => f.write_str("lie outside the regions the buyer accepts"),
            Self::DeliveryRegionExcluded => f.write_str("do not deliver to the region"),
            Self::BorderClosed => f.write_str("may not leave their area by a border rule"),
            Self::ExportAuthorisationMissing => f.write_str("lack an export authorisation"),
            Self::TooFarForBuyer => f.write_str("are farther than the buyer allows"),
            Self::TooFarForSupplier => f.write_str("do not deliver that far"),
            Self::PlaceUnknown => f.write_str("cannot show that they are near enough"),
            Self::NotVisibleToBuyer => f.write_str("are kept to other buyers by their owner"),
            Self::SupplierUnverified => f.write_str("come from suppliers not verified as demanded"),
            Self::CertificateUnchecked(kind) => write!(f, "have a certificate {kind} not checked as demanded"),
            Self::NothingByDueDate => f.write_str("have nothing ready by the due date"),
            Self::LeadTimeTooLong => f.write_str("need a longer lead time"),
            Self::TransitTooLong => f.write_str("would arrive too late"),
            Self::BelowMinimumOrder => f.write_str("ask for a larger order"),
            Self::PriceAboveCap => f.write_str("cost more than the cap"),
            Self::CurrencyDiffers => f.write_str("are priced in another currency"),
            Self::SameOrganisation => f.write_str("are the buyer's own"),
            Self::Refused => f.write_str("were refused by one side"),
        }
    }
}

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
    country: Option<CountryCode>,
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
    /// What the buyer's site asks for of this product in all, in base units.
    pub site_demand: i64,
    point: Option<Point>,
    country: Option<CountryCode>,
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
        Some(OfferView {
            organisation: self.market.organisations.get(&offer.organisation)?,
            curve: profile.curve(self.parameters.capacity),
            point: self.point(site),
            country: self.country(site),
            offer,
            site,
        })
    }

    /// A need made ready, with what [`Self::site_demands`] found.
    pub fn need_view(&self, need: &'a Need, demands: &SiteDemands) -> Option<NeedView<'a>> {
        let site = self.market.sites.get(&need.site)?;
        let key = (need.organisation, need.site, need.terms.product.clone());
        let site_demand = demands.get(&key).copied().unwrap_or_default();
        Some(NeedView {
            organisation: self.market.organisations.get(&need.organisation)?,
            point: self.point(site),
            country: self.country(site),
            need,
            site,
            site_demand,
        })
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

    fn country(&self, site: &Site) -> Option<CountryCode> {
        Some(self.regions.get(site.region.as_ref()?)?.country.clone())
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
                let same =
                    terms.product == wants.product || self.catalogue.stand_ins(&wants.product).contains(&terms.product);
                pass(same, Reason::OtherProduct)
            }
            Predicate::Producing => pass(!terms.profile.is_only_convertible(), Reason::ConversionUndecided),
            Predicate::Grade => {
                found.standing = self.standing(o, n)?;
                Ok(())
            }
            Predicate::Features => features(offer, need, instalment),
            Predicate::Certificates => {
                found.pending = certificates(offer, need, day, instalment.due)?;
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
            Predicate::Verification => verified(o, n),
            Predicate::Window => pass(o.curve.by(instalment.due) > 0, Reason::NothingByDueDate),
            Predicate::LeadTime => {
                pass(o.curve.orderable_by(instalment.due, day, self.lead_days(offer)) > 0, Reason::LeadTimeTooLong)
            }
            Predicate::TransitTime => {
                let days =
                    self.parameters.transit.days(found.distance_km.unwrap_or(self.parameters.transit.unknown_km));
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
        let same_product = offer.product == need.product;
        if !same_product && need.grades.is_empty() && !self.catalogue.stand_ins(&need.product).contains(&offer.product)
        {
            // Only a trial without the product predicate asks this.
            return Ok(Standing::Same);
        }
        let accepted: Vec<Option<&GradeCode>> =
            if need.grades.is_empty() { vec![None] } else { need.grades.iter().map(Some).collect() };
        let offered: Vec<Option<&GradeCode>> =
            if offer.grades.is_empty() { vec![None] } else { offer.grades.iter().map(Some).collect() };
        if same_product && (need.grades.is_empty() || offer.grades.iter().any(|g| need.grades.contains(g))) {
            return Ok(Standing::Same);
        }
        let mut best = Err(Reason::GradeTooLow);
        for wanted in &accepted {
            for has in &offered {
                let Some(rule) = self.catalogue.rule((&need.product, *wanted), (&offer.product, *has)) else {
                    continue;
                };
                let tightened = rule
                    .unless_feature
                    .as_ref()
                    .is_some_and(|f| need.requirements.iter().any(|r| r.feature == *f && r.demand == Demand::Required));
                let verdict =
                    if tightened && rule.verdict == Verdict::Satisfies { Verdict::OptIn } else { rule.verdict };
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
        let (Some(from), Some(to)) = (&o.country, &n.country) else { return Ok(()) };
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
        let shared = o.organisation.clusters.iter().any(|c| n.organisation.clusters.contains(c));
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
                border: when(o.country.is_some() && n.country.is_some() && o.country != n.country, w.border),
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

fn features(offer: &Offer, need: &Need, instalment: &Instalment) -> Result<(), Reason> {
    for r in need.terms.requirements.iter().filter(|r| r.demand == Demand::Required) {
        if !r.met_by(offer.terms.feature(&r.feature)) {
            return Err(Reason::FeatureMissing(r.feature.clone()));
        }
    }
    if let Some(size) = &instalment.size {
        let comes = offer.terms.features.iter().any(|(_, v)| matches!(v, FeatureValue::Sizes(s) if s.contains(size)));
        if !comes {
            return Err(Reason::SizeMissing);
        }
    }
    Ok(())
}

/// Whether the pair rests on a pending certificate, or the first kind that fails.
fn certificates(offer: &Offer, need: &Need, day: Day, due: Day) -> Result<bool, Reason> {
    let start = offer.terms.profile.from.max(day);
    let mut pending = false;
    for kind in &need.terms.certificates {
        let covers = |c: &&Certificate| {
            c.kind == *kind && (c.grades.is_empty() || offer.terms.grades.iter().any(|g| c.grades.contains(g)))
        };
        let of_kind: Vec<&Certificate> = offer.terms.certificates.iter().filter(covers).collect();
        if of_kind.iter().any(|c| c.status.is_held() && c.holds_over(start.min(due), due)) {
            continue;
        }
        if of_kind.iter().any(|c| c.status.is_pending() && c.expected_on.is_none_or(|d| d <= due)) {
            if !need.terms.accept_pending {
                return Err(Reason::CertificatePending(kind.clone()));
            }
            pending = true;
            continue;
        }
        let held = of_kind.iter().any(|c| !matches!(c.status, crate::certificate::CertificateStatus::Rejected));
        return Err(if held {
            Reason::CertificateExpired(kind.clone())
        } else {
            Reason::CertificateMissing(kind.clone())
        });
    }
    Ok(pending)
}

fn visible(o: &OfferView<'_>, n: &NeedView<'_>) -> bool {
    let authority = n.organisation.kind == OrganisationKind::Authority;
    match o.offer.terms.visibility {
        Visibility::Market => true,
        Visibility::Authorities => authority,
        Visibility::Clusters => {
            authority || o.organisation.clusters.iter().any(|c| n.organisation.clusters.contains(c))
        }
    }
}

fn verified(o: &OfferView<'_>, n: &NeedView<'_>) -> Result<(), Reason> {
    let wants = &n.need.terms;
    if o.organisation.verification < wants.verification {
        return Err(Reason::SupplierUnverified);
    }
    for kind in &wants.certificates {
        let held = o.offer.terms.certificates.iter().filter(|c| c.kind == *kind && c.status.is_held());
        // A pending one passed only because the buyer accepts pending ones.
        let best = held.map(|c| c.status).max();
        if best.is_some_and(|s| s < wants.certificate_status) {
            return Err(Reason::CertificateUnchecked(kind.clone()));
        }
    }
    Ok(())
}
