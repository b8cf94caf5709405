//! The eligibility index: which offers may serve which instalments, and the funnel of the rest.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use domain::{
    code::ProductCode,
    eligibility::{NeedView, OfferView, Predicate, Reason, Rules, Weighed},
    need::{Instalment, Need},
    offer::Offer,
    time::Day,
};

use crate::{earlier::Compared, outcome::FunnelStep, threads};

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

/// Offers and needs that take part, made ready to be judged.
pub(crate) struct Views<'a> {
    pub offers: Vec<OfferView<'a>>,
    pub needs: Vec<NeedView<'a>>,
}

impl<'a> Views<'a> {
    pub fn of(rules: &Rules<'a>) -> Self {
        let demands = rules.site_demands();
        let matchable = rules.market.needs.iter().filter(|n| n.is_matchable());
        Self {
            offers: rules.market.offers.iter().filter_map(|o| rules.offer_view(o)).collect(),
            needs: matchable.filter_map(|n| rules.need_view(n, &demands)).collect(),
        }
    }
}

impl Pair {
    /// The pair of an offer and the first slot.
    pub fn of(offer: usize, Weighed { cutoff, stock_only, cost }: Weighed) -> Self {
        Self { offer: u32::try_from(offer).unwrap_or(u32::MAX), slot: 0, cutoff, stock_only, cost }
    }
}

impl<'a> Pairs<'a> {
    /// Judges every offer for every instalment. Offers of unrelated products are counted, not
    /// judged one by one: their first reason is the same for every need. What an earlier run judged is taken over where
    /// it would be judged alike. `go_on` hears of each need that is judged, and of all, and says whether to; `None` where
    /// it did not.
    pub fn find(
        rules: &Rules<'_>,
        Views { offers, needs }: Views<'a>,
        earlier: Option<&Compared<'_>>,
        threads: usize,
        go_on: impl Fn(usize, usize) -> bool + Sync,
    ) -> Option<Self> {
        let index = ProductIndex::new(rules, &offers);
        let done = AtomicUsize::new(0);
        let ended = AtomicBool::new(false);
        let judged = threads::spread(&needs, threads, |view, need| {
            if ended.load(Ordering::Relaxed) {
                return Vec::new();
            }
            let known = earlier.and_then(|e| e.judged(rules, (&index, &offers), (view, need)));
            let of_need = known.unwrap_or_else(|| index.judge(rules, &offers, need));
            if !go_on(done.fetch_add(1, Ordering::Relaxed) + 1, needs.len()) {
                ended.store(true, Ordering::Relaxed);
            }
            of_need
        });
        if ended.into_inner() {
            return None;
        }
        let mut found = Self { offers, needs, slots: Vec::new(), pairs: Vec::new(), funnels: Vec::new() };
        for (view, of_need) in judged.into_iter().enumerate() {
            let need = found.needs[view].need;
            for (instalment, (pairs, funnel)) in need.instalments.iter().zip(of_need) {
                let slot = u32::try_from(found.slots.len()).unwrap_or(u32::MAX);
                found.pairs.extend(pairs.into_iter().map(|pair| Pair { slot, ..pair }));
                found.slots.push(Slot { need, instalment, view });
                found.funnels.push(funnel);
            }
        }
        Some(found)
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
pub(crate) struct ProductIndex {
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

    /// Judges the candidates of a need: per instalment, the pairs that pass and the funnel of the rest.
    fn judge(
        &self,
        rules: &Rules<'_>,
        offers: &[OfferView<'_>],
        need: &NeedView<'_>,
    ) -> Vec<(Vec<Pair>, Vec<FunnelStep>)> {
        let candidates = self.candidates(rules, &need.need.terms.product);
        let of_instalment = |instalment: &Instalment| {
            let (mut pairs, mut reasons) = (Vec::new(), self.unrelated(&candidates));
            for &at in &candidates {
                match rules.weigh(&offers[at], need, instalment) {
                    Ok(weighed) => pairs.push(Pair::of(at, weighed)),
                    Err(reason) => *reasons.entry(reason).or_default() += 1,
                }
            }
            let funnel = reasons.into_iter().map(|(reason, offers)| FunnelStep { reason, offers });
            (pairs, funnel.collect())
        };
        need.need.instalments.iter().map(of_instalment).collect()
    }

    /// What [`Self::judge`] finds of one offer, which need not be among those it was made of.
    pub fn first_reason(
        &self,
        rules: &Rules<'_>,
        offer: &OfferView<'_>,
        need: &NeedView<'_>,
        instalment: &Instalment,
    ) -> Result<Weighed, Reason> {
        let (offered, asked) = (&offer.offer.terms.product, &need.need.terms.product);
        let related = self.product_is_off || offered == asked || rules.catalogue.stand_ins(asked).contains(offered);
        if related { rules.weigh(offer, need, instalment) } else { Err(reason_apart(rules, offer.offer)) }
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
