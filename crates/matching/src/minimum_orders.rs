//! Smallest orders, which count on the sum over one offer, one buyer and one delivery site.
//!
//! They make the problem NP-hard, so this is a repair and says so: the flow without them is the
//! bound; then, offer by offer, the least order below the limit is closed and the component solved
//! again, until every order left is large enough. The gap to the bound is reported.

use std::collections::BTreeMap;

use domain::eligibility::{Predicate, Rules};

use crate::{
    outcome::Closed,
    pairs::{Pair, Pairs},
};

/// Whose order a pair belongs to.
pub(crate) fn order_of(pairs: &Pairs<'_>, pair: &Pair) -> Closed {
    let need = pairs.slots[pair.slot as usize].need;
    Closed { offer: pairs.offers[pair.offer as usize].offer.id, organisation: need.organisation, site: need.site }
}

/// Of each offer with orders below its limit, the least such order.
pub(crate) fn to_close(rules: &Rules<'_>, pairs: &Pairs<'_>, part: &[Pair], flows: &[i64]) -> Vec<Closed> {
    if rules.parameters.without_predicates.contains(&Predicate::MinimumOrder) {
        return Vec::new();
    }
    let mut sums: BTreeMap<Closed, (i64, i64)> = BTreeMap::new();
    for (pair, flow) in part.iter().zip(flows).filter(|(_, f)| **f > 0) {
        let Some(limit) = &pairs.offers[pair.offer as usize].offer.terms.min_order else { continue };
        let sum = sums.entry(order_of(pairs, pair)).or_insert((0, limit.quantity.units()));
        sum.0 += flow;
    }
    let mut least: BTreeMap<_, (i64, Closed)> = BTreeMap::new();
    for (order, (sum, limit)) in sums {
        if sum < limit && least.get(&order.offer).is_none_or(|(other, _)| sum < *other) {
            least.insert(order.offer, (sum, order));
        }
    }
    least.into_values().map(|(_, order)| order).collect()
}
