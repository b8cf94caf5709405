//! The predicates' questions answered by views of an offer and a need.

use super::{
    NeedView, OfferView, Predicate, Reason, Rules,
    checks::{border, features, missed, share_a_cluster, visible, within},
    pair::{Listing, Pair},
    papers::{Paper, certificates, checked, papers_span, reaches},
    standing::Stand,
};
use crate::{
    certificate::Certificate, code::CertificateKindCode, offer::Offer, organisation::Verification, price::Price,
    time::Day,
};

/// An offer and a need under some rules, for what is due on a day in a size.
#[derive(Clone, Copy)]
pub(super) struct Viewed<'v, 'n> {
    pub(super) rules: &'v Rules<'v>,
    pub(super) o: &'v OfferView<'v>,
    pub(super) n: &'v NeedView<'n>,
    pub(super) due: Day,
    pub(super) size: Option<&'v str>,
}

impl<'v, 'n> Viewed<'v, 'n> {
    /// The certificates of a kind that count, and cover a grade which may be delivered for the need.
    #[inline]
    fn of_kind<'k>(&'k self, kind: &'k CertificateKindCode) -> impl Iterator<Item = Paper> + use<'k, 'v, 'n> {
        let terms = &self.o.offer.terms;
        let serves = |grade| self.rules.serves((&terms.product, grade), self.n);
        let covers = move |c: &Certificate| {
            c.grades.is_empty() || terms.grades.iter().any(|g| c.grades.contains(g) && serves(g))
        };
        let of_kind = terms.certificates.iter().filter(move |c| c.kind == *kind && self.counts(c) && covers(c));
        of_kind.map(Paper::of)
    }

    /// Whether a certificate can count at all: nobody must look at it first, it holds where the goods go, and the times
    /// permit what it rests on.
    fn counts(&self, c: &Certificate) -> bool {
        let reaches = |territory: &[_]| reaches(territory, self.n.country, &self.n.lineage);
        let permits = self.rules.market.mode.permits_derogations();
        c.doubt.is_none()
            && (c.territory.is_empty() || reaches(&c.territory))
            && c.derogation.as_ref().is_none_or(|d| permits && reaches(&d.territory))
    }

    fn span(&self) -> (Day, Day) {
        papers_span(self.o.offer.terms.profile.from, self.rules.market.day, self.due)
    }
}

pub(super) fn listing(offer: &Offer, day: Day) -> Listing {
    Listing {
        state: offer.state,
        over: offer.is_over(day),
        suspended: offer.suspended,
        quarantined: offer.quarantine.is_some(),
    }
}

impl<'v> Pair for Viewed<'v, '_> {
    type Stand = Stand<'v>;
    type Why = Reason;

    #[inline(always)]
    fn because(&self, reason: Reason) -> Reason {
        reason
    }

    #[inline(always)]
    fn listing(&self) -> Listing {
        listing(self.o.offer, self.rules.market.day)
    }

    #[inline(always)]
    fn is_product(&self) -> bool {
        let product = &self.o.offer.terms.product;
        *product == self.n.need.terms.product || self.n.stand_ins.contains(product)
    }

    #[inline(always)]
    fn is_only_convertible(&self) -> bool {
        self.o.only_convertible
    }

    #[inline(always)]
    fn is_incomplete(&self) -> bool {
        self.o.incomplete
    }

    #[inline(always)]
    fn same(&self) -> Stand<'v> {
        Stand::Same
    }

    #[inline(always)]
    fn stand(&self) -> Result<Stand<'v>, Reason> {
        let terms = &self.o.offer.terms;
        self.rules.stand(&terms.product, &terms.grades, self.n)
    }

    #[inline(always)]
    fn is_substitute(stand: Stand<'v>) -> bool {
        matches!(stand, Stand::Substitute { .. })
    }

    #[inline(always)]
    fn features(&self) -> Result<(), Reason> {
        features(&self.o.offer.terms.features, &self.n.need.terms, self.size)
    }

    #[inline(always)]
    fn missed(&self) -> i64 {
        missed(&self.o.offer.terms.features, &self.n.need.terms)
    }

    #[inline(always)]
    fn certificates(&self) -> Result<bool, Reason> {
        Ok(certificates(&self.n.need.terms, self.span(), |kind| self.of_kind(kind))?)
    }

    #[inline(always)]
    fn checked(&self) -> Result<(), Reason> {
        Ok(checked(&self.n.need.terms, self.span(), |kind| self.of_kind(kind))?)
    }

    #[inline(always)]
    fn is_transferred(&self) -> bool {
        self.o.transfers & self.n.transfers != 0
    }

    #[inline(always)]
    fn is_taken_from(&self) -> bool {
        self.n.takes_from(&self.o.lineage, self.o.known)
    }

    #[inline(always)]
    fn is_delivered_to(&self) -> bool {
        within(&self.n.lineage, &self.o.areas)
    }

    #[inline(always)]
    fn border(&self) -> Result<(), Reason> {
        border(&self.o.leaving, self.o.country, &self.o.offer.terms.authorisations, self.n)
    }

    #[inline(always)]
    fn is_abroad(&self) -> bool {
        self.o.country != self.n.country
    }

    #[inline(always)]
    fn distance_km(&self) -> Option<u32> {
        self.o.distance_km(self.n)
    }

    #[inline(always)]
    fn farthest(&self) -> (Option<u32>, Option<u32>) {
        (self.n.need.terms.max_distance_km, self.o.offer.terms.max_distance_km)
    }

    #[inline(always)]
    fn is_visible(&self) -> bool {
        visible(self.o.offer.terms.visibility, self.n.organisation.kind, || self.share_a_cluster())
    }

    #[inline(always)]
    fn share_a_cluster(&self) -> bool {
        let (supplier, buyer) = (self.o.organisation, self.n.organisation);
        share_a_cluster((supplier.id, &supplier.clusters), (buyer.id, &buyer.clusters))
    }

    #[inline(always)]
    fn verification(&self) -> (Verification, Verification) {
        (self.o.organisation.verification, self.n.need.terms.verification)
    }

    #[inline(always)]
    fn first_day(&self) -> Option<Day> {
        self.o.first_day
    }

    #[inline(always)]
    fn first_stock_day(&self) -> Option<Day> {
        self.o.first_stock_day
    }

    #[inline(always)]
    fn orderable_from(&self) -> Day {
        self.o.orderable_from
    }

    #[inline(always)]
    fn is_large_enough(&self) -> bool {
        let least = self.o.offer.terms.min_order.as_ref();
        least.is_none_or(|least| least.quantity.units() <= self.n.site_demand)
    }

    #[inline(always)]
    fn price(&self) -> (Option<Price>, Option<Price>) {
        (self.o.offer.terms.price, self.n.need.terms.price_cap)
    }

    #[inline(always)]
    fn is_own(&self) -> bool {
        self.o.offer.organisation == self.n.need.organisation
    }

    #[inline(always)]
    fn is_refused(&self) -> bool {
        self.o.refused.contains(&self.n.need.id)
    }

    #[inline(always)]
    fn is_stale(&self) -> bool {
        self.o.offer.is_stale(self.rules.market.day)
    }
}

impl Rules<'_> {
    /// Whether the certificates of an offer meet what a need demands of them for what is due on a day, and the offer
    /// waits for no reviewer: what an open match rests on, and what may end while it is open.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn trusts(&self, o: &OfferView<'_>, n: &NeedView<'_>, due: Day) -> Result<(), Reason> {
        if o.offer.quarantine.is_some() {
            return Err(Reason::OfferQuarantined);
        }
        let viewed = Viewed { rules: self, o, n, due, size: None };
        viewed.certificates()?;
        viewed.checked()
    }

    pub(super) fn is_off(&self, predicate: Predicate) -> bool {
        self.parameters.without_predicates.contains(&predicate)
    }
}
