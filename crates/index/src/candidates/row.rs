//! A row of the columns as the predicates ask it.

use domain::{
    eligibility::{Eligible, Findings, Listing, Pair, Reason, Standing, ask, cost, visible},
    offer::OfferState,
    organisation::Verification,
    price::Price,
    time::Day,
};

use super::{
    asking::{Asking, At, Shelf},
    locality::Locality,
    verdict::{Verdict, Why},
};
use crate::{
    places::COARSE,
    shard::{Flag, Traits},
};

/// Whether the reader may know the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriceTag {
    Shown,
    Hidden,
}

/// An offer of the columns and the need.
#[derive(Clone, Copy)]
pub(crate) struct RowPair<'r, 'q, 'n> {
    pub(crate) asking: &'r Asking<'q, 'n>,
    pub(crate) shelf: &'r Shelf<'q>,
    pub(crate) traits: &'r Traits,
    /// The row's place in the columns.
    pub(crate) row: u32,
    /// What it has in common with others of its grades and its region.
    pub(crate) locality: &'r Locality,
    pub(crate) price: PriceTag,
    pub(crate) at: At,
}

impl RowPair<'_, '_, '_> {
    /// Whether buyers may know its place exactly.
    #[inline]
    fn is_exact(&self) -> bool {
        self.traits.is(Flag::BuyerPlace)
    }

    /// The last day on which its figures are fresh.
    #[inline]
    fn fresh_until(&self) -> Day {
        self.asking.index.fresh_until(self.traits)
    }

    /// The price, where there is one and the reader may know it.
    #[inline]
    pub(crate) fn own_price(&self) -> Option<Price> {
        match self.price {
            PriceTag::Shown => self.asking.index.prices.get(self.traits.price).copied(),
            PriceTag::Hidden => None,
        }
    }

    /// How it passes, in full.
    pub(crate) fn explain(&self) -> Option<Eligible> {
        let (asking, shelf) = (self.asking, self.shelf);
        let found = ask(self, &asking.question(self.at.due, self.at.besides)).ok()?;
        let cost = cost(self, &found, asking.parameters());
        let grades = asking.index.wordings.get(self.traits.wording).map_or(&[][..], |wording| &wording.grades);
        let standing = asking.rules.standing(shelf.code, grades, asking.need).unwrap_or(Standing::Same);
        let Findings { stand: _, distance_km, transit_days, cutoff, stock_only, pending: _ } = found;
        Some(Eligible { cutoff, transit_days, distance_km, stock_only, cost, standing })
    }
}

impl Pair for RowPair<'_, '_, '_> {
    type Stand = Verdict;
    type Why = Why;

    #[inline(always)]
    fn because(&self, reason: Reason) -> Why {
        Why::of(&reason)
    }

    #[inline(always)]
    fn listing(&self) -> Listing {
        let (index, traits, day) = (self.asking.index, self.traits, self.asking.query.day);
        let stored = traits.state();
        let over = traits.until < day || stored == OfferState::Expired;
        Listing {
            state: if over { stored.once_over() } else { stored },
            over,
            suspended: traits.is(Flag::Suspended) || index.kept_until(traits) < day,
            quarantined: traits.is(Flag::Quarantined),
        }
    }

    #[inline(always)]
    fn is_product(&self) -> bool {
        self.shelf.is_product
    }

    #[inline(always)]
    fn is_only_convertible(&self) -> bool {
        self.traits.is(Flag::OnlyConvertible)
    }

    #[inline(always)]
    fn is_incomplete(&self) -> bool {
        self.traits.is(Flag::Incomplete)
    }

    #[inline(always)]
    fn same(&self) -> Verdict {
        Verdict::PASSED
    }

    #[inline(always)]
    fn stand(&self) -> Result<Verdict, Why> {
        self.locality.stand.passed()
    }

    #[inline(always)]
    fn is_substitute(stand: Verdict) -> bool {
        stand == Verdict::BARELY
    }

    #[inline(always)]
    fn features(&self) -> Result<(), Why> {
        self.asking.features(self.traits).passed().map(|_| ())
    }

    #[inline(always)]
    fn missed(&self) -> i64 {
        self.asking.missed(self.traits)
    }

    #[inline(always)]
    fn certificates(&self) -> Result<bool, Why> {
        let found = self.asking.trust(self.shelf, self.traits, self.at).held.passed()?;
        Ok(found == Verdict::BARELY)
    }

    #[inline(always)]
    fn checked(&self) -> Result<(), Why> {
        self.asking.trust(self.shelf, self.traits, self.at).checked.passed().map(|_| ())
    }

    #[inline(always)]
    fn is_transferred(&self) -> bool {
        self.traits.transfers_by(self.asking.transfers)
    }

    #[inline(always)]
    fn is_taken_from(&self) -> bool {
        if self.is_exact() { self.locality.taken_from_exactly } else { self.locality.taken_from }
    }

    #[inline(always)]
    fn is_delivered_to(&self) -> bool {
        self.asking.is_delivered_to(self.traits)
    }

    #[inline(always)]
    fn border(&self) -> Result<(), Why> {
        let bound = || {
            let wording = self.asking.index.wordings.get(self.traits.wording)?;
            Some(self.asking.border_with(self.shelf, self.locality.country, &wording.authorisations))
        };
        let found = if self.traits.is(Flag::Authorised) { bound() } else { None };
        found.unwrap_or(self.locality.border).passed().map(|_| ())
    }

    #[inline(always)]
    fn is_abroad(&self) -> bool {
        self.locality.country != self.asking.country
    }

    #[inline(always)]
    fn distance_km(&self) -> Option<u32> {
        if self.is_exact() { self.asking.exact_km(self.traits).or(self.locality.km_exactly) } else { self.locality.km }
    }

    #[inline(always)]
    fn farthest(&self) -> (Option<u32>, Option<u32>) {
        (self.asking.query.need.terms.max_distance_km, self.traits.max_distance_km())
    }

    #[inline(always)]
    fn is_visible(&self) -> bool {
        visible(self.traits.visibility(), self.asking.need.organisation.kind, || self.share_a_cluster())
    }

    #[inline(always)]
    fn share_a_cluster(&self) -> bool {
        self.asking.share_a_cluster(self.traits)
    }

    #[inline(always)]
    fn verification(&self) -> (Verification, Verification) {
        let vouched = self.traits.vouched();
        (vouched, self.asking.query.need.terms.verification)
    }

    #[inline(always)]
    fn first_day(&self) -> Option<Day> {
        let (asking, kind) = (self.asking, self.asking.kind);
        if !asking.reshaped {
            return self.traits.first_day(kind);
        }
        let curve = self.shelf.shard.curves.get(self.row as usize)?;
        let stated = asking.index.curves.profile(curve, self.traits.from)?;
        asking.rules.profile(&stated).curve(kind).first_day()
    }

    #[inline(always)]
    fn first_stock_day(&self) -> Option<Day> {
        self.traits.first_stock_day()
    }

    #[inline(always)]
    fn orderable_from(&self) -> Day {
        if self.traits.is(Flag::Incomplete) { Day::MAX } else { self.asking.orderable_from(self.traits.lead_days) }
    }

    #[inline(always)]
    fn is_large_enough(&self) -> bool {
        self.traits.min_order <= self.asking.query.site_demand
    }

    #[inline(always)]
    fn price(&self) -> (Option<Price>, Option<Price>) {
        let own = if self.traits.is_priced() { self.own_price() } else { None };
        (own, self.asking.query.need.terms.price_cap)
    }

    #[inline(always)]
    fn is_own(&self) -> bool {
        self.traits.organisation == self.asking.buyer
    }

    #[inline(always)]
    fn is_refused(&self) -> bool {
        let (refused, ids) = (self.asking.query.refused, &self.shelf.shard.ids);
        !refused.is_empty() && ids.get(self.row as usize).is_some_and(|id| refused.contains(id))
    }

    #[inline(always)]
    fn is_stale(&self) -> bool {
        self.fresh_until() < self.asking.query.day
    }
}

impl RowPair<'_, '_, '_> {
    /// The region as finely as a reader may know it.
    pub(crate) fn region_for(&self, sees: crate::reader::Sees) -> u32 {
        if sees.exact() {
            self.locality.region
        } else {
            self.asking.index.regions.at_level(self.locality.region, COARSE)
        }
    }
}
