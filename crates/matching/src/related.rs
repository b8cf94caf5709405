//! The part of a market that can bear on one need.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    code::ProductCode,
    eligibility::{Predicate, Rules},
    ids::{InstalmentId, LineId, NeedId, OfferId, OrganisationId, SiteId},
    market::{Market, StatedDistance},
};

/// The market without whatever cannot bear on needs of a product.
///
/// Products belong together when one may stand for the other by some rule, when two may stand for a
/// third, when offers of them share a line, or when one was promised to a need of the other. Offers, needs and
/// lines of these products stay, with their promises, suggestions, refusals, organisations, sites and distances. Components, fairness groups and
/// smallest orders never reach beyond, so an allocation of the part gives every instalment in it what
/// an allocation of the whole market gives it, and so it does after an edit of its offers and needs.
/// Where a trial leaves the product out, everything belongs together.
pub fn related(rules: &Rules<'_>, product: &ProductCode) -> Market {
    related_to(rules, std::slice::from_ref(product))
}

/// As [`related`], of several products together.
pub(crate) fn related_to(rules: &Rules<'_>, of: &[ProductCode]) -> Market {
    let market = rules.market;
    if rules.parameters.without_predicates.contains(&Predicate::Product) {
        return market.clone();
    }
    let products = products(rules, of);
    let mut part = Market::new(market.day);
    part.mode = market.mode;
    part.offers = market.offers.iter().filter(|o| products.contains(&o.terms.product)).cloned().collect();
    part.needs = market.needs.iter().filter(|n| products.contains(&n.terms.product)).cloned().collect();
    let offers: BTreeSet<OfferId> = part.offers.iter().map(|o| o.id).collect();
    let needs: BTreeSet<NeedId> = part.needs.iter().map(|n| n.id).collect();
    let instalments: BTreeSet<InstalmentId> = part.needs.iter().flat_map(|n| &n.instalments).map(|i| i.id).collect();
    // A promise takes from its offer and from its instalment, whichever of the two is in the part.
    let taken = market.commitments.iter();
    part.commitments =
        taken.filter(|c| offers.contains(&c.offer) || instalments.contains(&c.instalment)).cloned().collect();
    let kept = market.suggestions.iter();
    part.suggestions =
        kept.filter(|s| offers.contains(&s.offer) || instalments.contains(&s.instalment)).cloned().collect();
    let refused = market.refusals.iter();
    part.refusals = refused.filter(|(o, n)| offers.contains(o) && needs.contains(n)).copied().collect();
    let lines: BTreeSet<LineId> = part.offers.iter().filter_map(|o| o.terms.line).collect();
    part.lines = market.lines.iter().filter(|(id, _)| lines.contains(id)).map(|(id, l)| (*id, l.clone())).collect();
    let places = part.offers.iter().map(|o| o.site).chain(part.needs.iter().map(|n| n.site));
    let sites: BTreeSet<SiteId> = places.chain(part.lines.values().map(|l| l.site)).collect();
    part.sites = market.sites.iter().filter(|(id, _)| sites.contains(id)).map(|(id, s)| (*id, s.clone())).collect();
    let both = |d: &&StatedDistance| sites.contains(&d.from) && sites.contains(&d.to);
    part.distances = market.distances.iter().filter(both).cloned().collect();
    let owners = part.offers.iter().map(|o| o.organisation).chain(part.needs.iter().map(|n| n.organisation));
    let owners: BTreeSet<OrganisationId> = owners.collect();
    let organisations = market.organisations.iter().filter(|(id, _)| owners.contains(id));
    part.organisations = organisations.map(|(id, o)| (*id, o.clone())).collect();
    part
}

/// The closure of products over what may stand for what and over shared lines.
pub(crate) fn products(rules: &Rules<'_>, of: &[ProductCode]) -> BTreeSet<ProductCode> {
    let asked: BTreeSet<&ProductCode> = rules.market.needs.iter().map(|n| &n.terms.product).collect();
    let mut of_line: BTreeMap<LineId, BTreeSet<&ProductCode>> = BTreeMap::new();
    for offer in &rules.market.offers {
        if let Some(line) = offer.terms.line.filter(|line| rules.market.lines.contains_key(line)) {
            of_line.entry(line).or_default().insert(&offer.terms.product);
        }
    }
    let with_stand_ins = |asked: &ProductCode| -> BTreeSet<ProductCode> {
        std::iter::once(asked).chain(rules.catalogue.stand_ins(asked)).cloned().collect()
    };
    let mut groups: Vec<BTreeSet<ProductCode>> = asked.into_iter().map(with_stand_ins).collect();
    groups.extend(of_line.into_values().map(|products| products.into_iter().cloned().collect()));
    groups.extend(promised(rules.market));
    let mut found: BTreeSet<ProductCode> = of.iter().flat_map(with_stand_ins).collect();
    loop {
        let before = found.len();
        for group in &groups {
            if !group.is_disjoint(&found) {
                found.extend(group.iter().cloned());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The products of the two sides of each promise: what was agreed stays, whatever became of the offer, and
/// its supplier counts where a need limits their number.
fn promised(market: &Market) -> impl Iterator<Item = BTreeSet<ProductCode>> {
    let asked: BTreeMap<InstalmentId, &ProductCode> =
        market.needs.iter().flat_map(|n| n.instalments.iter().map(|i| (i.id, &n.terms.product))).collect();
    market.commitments.iter().filter_map(move |c| {
        let (offered, asked) = (&market.offer(c.offer)?.terms.product, *asked.get(&c.instalment)?);
        (offered != asked).then(|| BTreeSet::from([offered.clone(), asked.clone()]))
    })
}
