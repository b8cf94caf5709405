//! Offers and needs made ready: what the predicates ask of each alone is found once, not per pair.

use std::{borrow::Cow, collections::BTreeMap, sync::OnceLock};

use uuid::Uuid;

use super::{Predicate, Rules, checks::within, pair::first_orderable, papers::reaches, standing::Standings};
use crate::{
    capacity::{CapacityProfile, SupplyCurve},
    catalogue::{Area, BorderRule, Catalogue},
    code::{CountryCode, ProductCode, RegionCode},
    disclosure::{Audience, FieldGroup},
    geo::{Place, Precision},
    ids::{NeedId, OrganisationId, SiteId},
    market::StatedDistance,
    need::Need,
    offer::{Offer, Transfer},
    organisation::{Organisation, Site},
    time::Day,
};

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
    /// The first day by which anything exists, and the first with stock.
    pub(super) first_day: Option<Day>,
    pub(super) first_stock_day: Option<Day>,
    /// The first day at which output of an order placed on the day of the run counts.
    pub(super) orderable_from: Day,
    pub(super) only_convertible: bool,
    /// Whether its output lacks what others would have to bring.
    pub(super) incomplete: bool,
    /// How exactly buyers may know its place, so that it is judged by that.
    pub(super) known: Precision,
    pub(super) place: Option<Place>,
    /// Distances stated from its site.
    stated: &'a [StatedDistance],
    pub(super) country: &'a CountryCode,
    /// The region it is judged by, the one around it, and so on.
    pub(super) lineage: Vec<&'a RegionCode>,
    /// Where it delivers, as coarsely as needs are judged.
    pub(super) areas: Vec<&'a RegionCode>,
    /// Border rules of the day on such goods leaving this country.
    pub(super) leaving: Vec<&'a BorderRule>,
    /// A bit per kind of transfer.
    pub(super) transfers: u8,
    /// Needs of standing refusals.
    pub(super) refused: Vec<NeedId>,
}

impl OfferView<'_> {
    /// The first day by which anything exists.
    pub fn first_day(&self) -> Option<Day> {
        self.first_day
    }

    /// The first day on which an order could be cut off and draw on anything: stock, or output outside the
    /// lead time.
    pub fn first_orderable(&self) -> Option<Day> {
        first_orderable(self.first_day, self.first_stock_day, self.orderable_from)
    }

    /// Where distances from it begin: the point of its NUTS 2 region, or where it is made if buyers may know that.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The region that it is judged by.
    pub fn region(&self) -> Option<&RegionCode> {
        self.lineage.first().copied()
    }

    /// Whole kilometres to where a need must arrive: what is stated, or between the places where both
    /// are known.
    #[inline]
    pub fn distance_km(&self, need: &NeedView<'_>) -> Option<u32> {
        if !self.stated.is_empty()
            && let Ok(at) = self.stated.binary_search_by_key(&need.site.id, |d| d.to)
        {
            return Some(self.stated[at].km);
        }
        self.place.zip(need.place).map(|(a, b)| a.distance_km(&b))
    }

    /// The country goods leave: the site's, or its organisation's where no region is known.
    pub fn country(&self) -> &CountryCode {
        self.country
    }
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
    pub(super) stand_ins: &'a [ProductCode],
    pub(super) place: Option<Place>,
    pub(super) country: &'a CountryCode,
    /// Whether that country is in the European Union on the day of the run.
    pub(super) in_eu: bool,
    /// The region it is judged by, the one around it, and so on.
    pub(super) lineage: Vec<&'a RegionCode>,
    /// Where its goods may come from: as stated, and as coarsely as offers are judged whose exact place buyers may
    /// not know.
    pub(super) regions: Vec<&'a RegionCode>,
    pub(super) areas: Vec<&'a RegionCode>,
    /// A bit per kind of transfer.
    pub(super) transfers: u8,
    pub(super) catalogue: &'a Catalogue,
    /// What the rules on grades say for it, once somebody asks.
    pub(super) standings: OnceLock<Standings<'a>>,
}

impl NeedView<'_> {
    /// Where distances to it end: the point of its NUTS 2 region.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The region that it is judged by.
    pub fn region(&self) -> Option<&RegionCode> {
        self.lineage.first().copied()
    }

    /// The country goods reach: the site's, or its organisation's where no region is known.
    pub fn country(&self) -> &CountryCode {
        self.country
    }

    /// The regions that it is judged by: its own, the one around it, and so on.
    pub fn lineage(&self) -> &[&RegionCode] {
        &self.lineage
    }

    /// Whether it takes goods from a site of some regions, which are known so exactly.
    pub fn takes_from(&self, lineage: &[&RegionCode], known: Precision) -> bool {
        let accepted = match known {
            Precision::Exact => &self.regions,
            Precision::Region | Precision::Unknown => &self.areas,
        };
        within(lineage, accepted)
    }

    /// Whether a supplier delivers to it that delivers to these regions.
    pub fn lies_within(&self, regions: &[RegionCode], rules: &Rules<'_>) -> bool {
        within(&self.lineage, &rules.coarse(regions))
    }

    /// Whether a territory reaches it, by its country and the regions around it.
    pub fn is_reached_by(&self, territory: &[RegionCode]) -> bool {
        reaches(territory, self.country, &self.lineage)
    }
}

fn transfer_bits<'t>(transfers: impl IntoIterator<Item = &'t Transfer>) -> u8 {
    transfers.into_iter().fold(0, |bits, transfer| {
        bits | match transfer {
            Transfer::Sale => 1,
            Transfer::Donation => 2,
            Transfer::Loan => 4,
        }
    })
}

impl<'a> Rules<'a> {
    /// A profile as predicates see it, which a trial without some of them changes.
    pub fn profile<'p>(&self, stated: &'p CapacityProfile) -> Cow<'p, CapacityProfile> {
        let mut profile = Cow::Borrowed(stated);
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
        profile
    }

    /// The first day at which output of an order placed on the day of the run counts.
    pub fn orderable_from(&self, lead_days: u16) -> Day {
        let lead_days = if self.is_off(Predicate::LeadTime) { 0 } else { lead_days };
        self.market.day.plus(i32::from(lead_days))
    }

    /// An offer made ready; `None` if its organisation or site is not in the market.
    pub fn offer_view(&self, offer: &'a Offer) -> Option<OfferView<'a>> {
        let site = self.market.sites.get(&offer.site)?;
        let profile = self.profile(&offer.terms.profile);
        let organisation = self.market.organisations.get(&offer.organisation)?;
        let mut curve = profile.curve(self.parameters.capacity);
        // Without the predicate, others brought what is lacking.
        let mut incomplete = offer.terms.is_incomplete() && !self.is_off(Predicate::Producing);
        // Whether anything lies ready is asked of what is stated; how much of it is left, of the curve.
        let mut first = [curve.first_day(), curve.first_stock_day()];
        if incomplete {
            let assured = self.market.assured.get(&offer.id);
            incomplete = assured.is_none();
            curve = curve.assured(assured.cloned().unwrap_or_else(|| self.market.promised_of(offer)));
            first = if incomplete { [first[1]; 2] } else { [curve.first_day(), curve.first_stock_day()] };
        }
        let country = self.country(site, organisation);
        let exact = offer.terms.disclosure.sees(Audience::Buyer, FieldGroup::ExactPlace);
        let known = if exact { Precision::Exact } else { Precision::Region };
        let refusals = (offer.id, NeedId(Uuid::nil()))..=(offer.id, NeedId(Uuid::max()));
        Some(OfferView {
            organisation,
            first_day: first[0],
            first_stock_day: first[1],
            // What is made of what others bring, nobody can order.
            orderable_from: if incomplete { Day::MAX } else { self.orderable_from(offer.terms.lead_days) },
            incomplete,
            only_convertible: !offer.terms.is_incomplete() && offer.terms.profile.is_only_convertible(),
            curve,
            known,
            place: if exact { self.place(site) } else { self.coarse_place(site) },
            stated: self.market.distances_from(site.id),
            country,
            lineage: self.lineage(site.region.as_ref(), known),
            areas: self.coarse(&offer.terms.regions),
            leaving: self.leaving(country, &offer.terms.product),
            transfers: transfer_bits(&offer.terms.transfers),
            refused: self.market.refusals.range(refusals).map(|(_, need)| *need).collect(),
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
        let country = self.country(site, organisation);
        Some(NeedView {
            organisation,
            // What a buyer's exact place is, no supplier finds out by limits of his own.
            place: self.coarse_place(site),
            country,
            in_eu: self.regions.in_eu(country, self.market.day),
            lineage: self.lineage(site.region.as_ref(), Precision::Region),
            regions: need.terms.regions.iter().collect(),
            areas: self.coarse(&need.terms.regions),
            transfers: transfer_bits(&need.terms.transfers),
            need,
            site,
            site_demand,
            stand_ins: self.catalogue.stand_ins(&need.terms.product),
            catalogue: self.catalogue,
            standings: OnceLock::new(),
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

    fn place(&self, site: &Site) -> Option<Place> {
        let point = site.point.or_else(|| self.regions.get(site.region.as_ref()?)?.point);
        point.map(Place::new)
    }

    /// The place of a site to strangers: the point of its NUTS 2 region, or of the coarser one where no finer is
    /// known. A site whose region nobody knows has none, whatever point it states (ADR 0027).
    fn coarse_place(&self, site: &Site) -> Option<Place> {
        self.regions.at_level(site.region.as_ref()?, 2)?.point.map(Place::new)
    }

    /// The country goods leave or reach: the site's, or its organisation's where no region is known.
    fn country(&self, site: &Site, organisation: &'a Organisation) -> &'a CountryCode {
        let region = site.region.as_ref().and_then(|r| self.regions.get(r));
        region.map_or(&organisation.country, |r| &r.country)
    }

    /// The regions that a site is judged by whose region is known so exactly: its own, the one around it, and so on; to
    /// strangers from NUTS 2 on.
    pub fn lineage(&self, region: Option<&RegionCode>, known: Precision) -> Vec<&'a RegionCode> {
        let own = region.and_then(|code| match known {
            Precision::Exact => self.regions.get(code),
            Precision::Region | Precision::Unknown => self.regions.at_level(code, 2),
        });
        own.into_iter().flat_map(|r| self.regions.ancestors(&r.code)).map(|r| &r.code).collect()
    }

    /// Regions as coarsely as strangers are judged: a limit that is finer than NUTS 2 stands for the region around it.
    fn coarse<'r>(&self, regions: &'r [RegionCode]) -> Vec<&'r RegionCode>
    where
        'a: 'r,
    {
        regions.iter().map(|code| self.regions.at_level(code, 2).map_or(code, |r| &r.code)).collect()
    }

    /// The border rules of the day on goods of a product that leave a country.
    pub fn leaving(&self, country: &CountryCode, product: &ProductCode) -> Vec<&'a BorderRule> {
        let day = self.market.day;
        let leaves = |area: &Area| match area {
            Area::Eu => self.regions.in_eu(country, day),
            Area::Country(code) => code == country,
        };
        let on_day = |r: &&BorderRule| r.from <= day && r.until.is_none_or(|u| day <= u);
        let rules = self.catalogue.parts().border_rules.iter().filter(on_day);
        rules.filter(|r| r.products.contains(product) && leaves(&r.from_area)).collect()
    }
}
