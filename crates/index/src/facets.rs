//! How many offers there are for each value of a filter, under all others.

use std::collections::BTreeMap;

use domain::{
    code::{CertificateKindCode, GradeCode, ProductCode, RegionCode},
    ids::OrganisationId,
    organisation::Verification,
};

use crate::{
    figures::Meter,
    filter::{Filter, Part, Seen},
    intern::number,
    query::CapacityQuery,
    reader::{Eyes, Reader},
    store::Index,
};

/// Counts of offers that the reader sees as rows, by value; values of no offer are absent. Each facet leaves out its own
/// filter and no other. Offers that are only told in totals are never counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// By product.
    pub products: BTreeMap<ProductCode, u32>,
    /// By each grade that an offer holds.
    pub grades: BTreeMap<GradeCode, u32>,
    /// By region of level 0, 1 and 2; of a place that is known more coarsely, none at finer levels.
    pub regions: [BTreeMap<RegionCode, u32>; 3],
    /// By each cluster of the owner, where the reader knows whose an offer is.
    pub clusters: BTreeMap<OrganisationId, u32>,
    /// By each kind of certificate, however it stands.
    pub certificates: BTreeMap<CertificateKindCode, u32>,
    /// By who vouches for the owner.
    pub verification: BTreeMap<Verification, u32>,
}

/// Counts by number.
struct Counts {
    products: Vec<u32>,
    /// By set of grades and by set of certificates, since many offers share one.
    grades: Vec<u32>,
    kinds: Vec<u32>,
    regions: Vec<u32>,
    clusters: BTreeMap<u32, u32>,
    verification: BTreeMap<Verification, u32>,
}

fn count(counts: &mut [u32], at: u32) {
    if let Some(count) = counts.get_mut(at as usize) {
        *count += 1;
    }
}

impl Index {
    /// How many offers there are for each value of a query's filters.
    pub fn facets(&self, query: &CapacityQuery, reader: &Reader) -> Facets {
        let (eyes, filter, on) = (Eyes::new(self, reader), Filter::new(self, query), query.weeks.on());
        let ends = query.weeks.ends();
        let mut meter = Meter::new(self, &ends, on);
        let mut counts = Counts {
            products: vec![0; self.products.items().len()],
            grades: vec![0; self.grades.items().len()],
            kinds: vec![0; self.papers.kinds.items().len()],
            regions: vec![0; self.regions.len()],
            clusters: BTreeMap::new(),
            verification: BTreeMap::new(),
        };
        let asked = self.asked(query.products.as_ref());
        for product in 0..number(self.shards.len()) {
            let wanted = asked.contains(&product);
            for row in self.shard(product).into_iter().flat_map(|shard| shard.rows()) {
                let Some(region) = self.in_market(row.traits, on) else { continue };
                let sees = eyes.sees(product, row.traits);
                let seen = Seen { product, traits: row.traits, region, sees };
                if !sees.row() {
                    continue;
                }
                let has = |meter: &mut Meter<'_>| meter.read(row).last().is_some_and(|by| filter.wants_level(by));
                let levels = if filter.asks_level() && !has(&mut meter) { Part::Other as u8 } else { 0 };
                match (filter.failed(&seen) | levels, wanted) {
                    (0, false) => count(&mut counts.products, product),
                    (failed, true) => self.count(&mut counts, product, &seen, failed),
                    (_, false) => {}
                }
            }
        }
        self.facets_of(&counts)
    }

    /// Counts an offer of a wanted product in each facet of which the other filters let it pass.
    fn count(&self, counts: &mut Counts, product: u32, seen: &Seen<'_>, failed: u8) {
        let passes = |part: Part| failed & !(part as u8) == 0;
        if failed == 0 {
            count(&mut counts.products, product);
        }
        if passes(Part::Grade) {
            count(&mut counts.grades, seen.traits.grades);
        }
        if passes(Part::Papers) {
            let mut kinds: Vec<u32> = self.papers.get(seen.traits.papers).iter().map(|paper| paper.kind).collect();
            kinds.dedup();
            kinds.into_iter().for_each(|kind| count(&mut counts.kinds, kind));
        }
        if passes(Part::Region) {
            count(&mut counts.regions, self.regions.at_level(seen.region(&self.regions), 2));
        }
        if passes(Part::Cluster) && seen.sees.named() {
            for cluster in self.parties.clusters_of(seen.traits.origin.clusters) {
                *counts.clusters.entry(*cluster).or_default() += 1;
            }
        }
        if passes(Part::Verification) {
            let vouched = seen.traits.vouched();
            *counts.verification.entry(vouched).or_default() += 1;
        }
    }

    fn facets_of(&self, counts: &Counts) -> Facets {
        let mut facets = Facets::default();
        let some = |counts: &[u32]| -> Vec<(u32, u32)> {
            (0..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect()
        };
        for (product, count) in some(&counts.products) {
            facets.products.extend(self.products.get(product).map(|code| (code.clone(), count)));
        }
        for (set, count) in some(&counts.grades) {
            for grade in self.grades.get(set).into_iter().flat_map(|set| set.iter()) {
                *facets.grades.entry(grade.clone()).or_default() += count;
            }
        }
        for (kind, count) in some(&counts.kinds) {
            facets.certificates.extend(self.papers.kinds.get(kind).map(|code| (code.clone(), count)));
        }
        for (region, count) in some(&counts.regions) {
            for (level, regions) in facets.regions.iter_mut().enumerate() {
                let at = self.regions.at_level(region, level);
                // A region that is coarser than the level stands at its own.
                if self.regions.level(at).map(usize::from) == Some(level) {
                    let code = self.regions.code(at).into_iter();
                    code.for_each(|code| *regions.entry(code.clone()).or_default() += count);
                }
            }
        }
        for (cluster, count) in &counts.clusters {
            facets.clusters.extend(self.parties.id(*cluster).map(|id| (id, *count)));
        }
        facets.verification.clone_from(&counts.verification);
        facets
    }
}
