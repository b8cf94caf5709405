//! The eligibility index: which offers may serve which instalments, and the funnel of the rest.

use std::collections::{BTreeMap, HashMap};

use domain::{
    code::ProductCode,
    eligibility::{NeedView, OfferView, Predicate, Reason, Rules},
    need::{Instalment, Need},
    offer::Offer,
    time::Day,
};

use crate::outcome::FunnelStep;

/// An instalment that takes part, with its place in the market.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub need: &'a Need,
    pub instalment: &'a Instalment,
    /// Position of the need's view.
    pub view: usize,
}

/// A pair that passed, in the compact form the network is built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Position of the offer's view.
    pub offer: u32,
    /// Position of the slot.
    pub slot: u32,
    /// By when the goods must exist.
    pub cutoff: Day,
    /// Whether only stock counts.
    pub stock_only: bool,
    /// Cost points per base unit.
    pub cost: i64,
}

/// Everything that passed, and why the rest did not.
pub(crate) struct Pairs<'a> {
    pub offers: Vec<OfferView<'a>>,
    pub needs: Vec<NeedView<'a>>,
    pub slots: Vec<Slot<'a>>,
    /// Sorted by slot, then offer.
    pub pairs: Vec<Pair>,
    /// Per slot, first reasons with their counts, in the order of the predicates.
    pub funnels: Vec<Vec<FunnelStep>>,
}

impl<'a> Pairs<'a> {
    /// Judges every offer for every instalment. Offers of unrelated products are counted, not
    /// judged one by one: their first reason is the same for every need.
    pub fn find(rules: &Rules<'a>, mut step: impl FnMut(usize, usize)) -> Self {
        let demands = rules.site_demands();
        let offers: Vec<OfferView<'a>> = rules.market.offers.iter().filter_map(|o| rules.offer_view(o)).collect();
        let matchable = rules.market.needs.iter().filter(|n| n.is_matchable());
        let needs: Vec<NeedView<'a>> = matchable.filter_map(|n| rules.need_view(n, &demands)).collect();
        let index = ProductIndex::new(rules, &offers);
        let mut found = Self { offers, needs, slots: Vec::new(), pairs: Vec::new(), funnels: Vec::new() };
        for (view, need) in found.needs.iter().enumerate() {
            step(view, found.needs.len());
            let candidates = index.candidates(rules, &need.need.terms.product);
            for instalment in &need.need.instalments {
                let slot = u32::try_from(found.slots.len()).unwrap_or(u32::MAX);
                let mut reasons = index.unrelated(&candidates);
                for &at in &candidates {
                    let offer = u32::try_from(at).unwrap_or(u32::MAX);
                    match rules.judge(&found.offers[at], need, instalment) {
                        Ok(e) => found.pairs.push(Pair {
                            offer,
                            slot,
                            cutoff: e.cutoff,
                            stock_only: e.stock_only,
                            cost: e.cost.total(),
                        }),
                        Err(reason) => *reasons.entry(reason).or_default() += 1,
                    }
                }
                found.slots.push(Slot { need: need.need, instalment, view });
                found.funnels.push(reasons.into_iter().map(|(reason, offers)| FunnelStep { reason, offers }).collect());
            }
        }
        found
    }

    /// The pairs of a slot.
    pub fn of_slot(&self, slot: usize) -> &[Pair] {
        let slot = u32::try_from(slot).unwrap_or(u32::MAX);
        let start = self.pairs.partition_point(|p| p.slot < slot);
        let end = self.pairs.partition_point(|p| p.slot <= slot);
        &self.pairs[start..end]
    }
}

/// Offers by product, and what the first predicates say of each.
struct ProductIndex {
    by_product: HashMap<ProductCode, Vec<usize>>,
    all: Vec<usize>,
    /// The first reason of each offer for a need of an unrelated product.
    apart: Vec<Reason>,
    totals: BTreeMap<Reason, u32>,
    product_is_off: bool,
}

impl ProductIndex {
    fn new(rules: &Rules<'_>, offers: &[OfferView<'_>]) -> Self {
        let mut by_product: HashMap<ProductCode, Vec<usize>> = HashMap::new();
        let mut totals = BTreeMap::new();
        let mut apart = Vec::with_capacity(offers.len());
        for (i, view) in offers.iter().enumerate() {
            by_product.entry(view.offer.terms.product.clone()).or_default().push(i);
            let reason = reason_apart(rules, view.offer);
            *totals.entry(reason.clone()).or_default() += 1;
            apart.push(reason);
        }
        let product_is_off = rules.parameters.without_predicates.contains(&Predicate::Product);
        Self { by_product, all: (0..offers.len()).collect(), apart, totals, product_is_off }
    }

    /// Offers of the product and of those that some rule lets stand for it, in market order.
    fn candidates(&self, rules: &Rules<'_>, product: &ProductCode) -> Vec<usize> {
        if self.product_is_off {
            return self.all.clone();
        }
        let products = std::iter::once(product).chain(rules.catalogue.stand_ins(product));
        let mut found: Vec<usize> = products.filter_map(|p| self.by_product.get(p)).flatten().copied().collect();
        found.sort_unstable();
        found
    }

    /// First reasons of all offers but the candidates.
    fn unrelated(&self, candidates: &[usize]) -> BTreeMap<Reason, u32> {
        let mut counts = self.totals.clone();
        for &i in candidates {
            if let Some(count) = counts.get_mut(&self.apart[i]) {
                *count -= 1;
            }
        }
        counts.retain(|_, count| *count > 0);
        counts
    }
}

/// The first reason of an offer for a need of a product it has nothing to do with: the predicates
/// before the product, which look at the offer alone, or the product itself.
fn reason_apart(rules: &Rules<'_>, offer: &Offer) -> Reason {
    rules.judge_offer_alone(offer).err().unwrap_or(Reason::OtherProduct)
}
