//! What hangs on how few: of each product how much there is, at how many places, and how much of it at the largest.

use std::collections::{BTreeSet, HashMap};

use domain::{
    code::{ProductCode, RegionCode},
    unit::BaseUnit,
};

use crate::{
    figures::Meter,
    filter::{Filter, Seen},
    query::CapacityQuery,
    reader::{Eyes, Reader, Sees},
    store::Index,
    weeks::Weeks,
};

/// How a product depends on places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependence {
    /// The product.
    pub product: ProductCode,
    /// The base unit of its figures.
    pub unit: BaseUnit,
    /// Offers that the reader sees one by one.
    pub offers: u32,
    /// At how many places they are: sites where he knows them, else organisations, else each offer for itself.
    pub places: u32,
    /// What becomes available in the weeks at the running level.
    pub running: i128,
    /// What of it can still be promised.
    pub free: i128,
    /// What of the running figure is at the place that has most of it.
    pub largest: i128,
}

/// Where an offer is, as far as somebody may tell it from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Site(u32),
    Organisation(u32),
    Alone(u32),
}

impl Index {
    /// How products depend on places, of all offers that a reader sees one by one; a product without any has no row.
    pub fn dependence(
        &self,
        weeks: &Weeks,
        products: Option<&BTreeSet<ProductCode>>,
        regions: Option<&BTreeSet<RegionCode>>,
        reader: &Reader,
    ) -> Vec<Dependence> {
        let mut query = CapacityQuery::new(weeks.clone());
        query.regions = regions.cloned();
        let (eyes, filter, ends) = (Eyes::new(self, reader), Filter::new(self, &query), weeks.ends());
        let mut meter = Meter::new(self, &ends, weeks.on());
        let mut found = Vec::new();
        for product in self.asked(products) {
            let (Some(shard), Some(code)) = (self.shards.get(product as usize), self.products.get(product)) else {
                continue;
            };
            let (mut places, mut free, mut offers) = (HashMap::<Place, i128>::new(), 0, 0);
            for (at, row) in (0..).zip(shard.rows()) {
                let market = || self.in_market(row.traits, weeks.on());
                let Some(region) = filter.may_pass(product, row.traits).then(market).flatten() else { continue };
                let sees = eyes.sees(product, row.traits);
                let seen = Seen { product, traits: row.traits, region, sees };
                if !sees.row() || !filter.passes(&seen) {
                    continue;
                }
                let place = match sees {
                    Sees::Whole | Sees::NamelessExact => Place::Site(row.traits.site),
                    Sees::Named => Place::Organisation(row.traits.organisation),
                    Sees::Nameless | Sees::TotalsOnly | Sees::Nothing => Place::Alone(at),
                };
                let Some([running, _, _, _, _, left, _]) = meter.read(row).last().copied() else { continue };
                *places.entry(place).or_default() += i128::from(running);
                free += i128::from(left);
                offers += 1;
            }
            if offers == 0 {
                continue;
            }
            found.push(Dependence {
                product: code.clone(),
                unit: self.unit(product),
                offers,
                places: u32::try_from(places.values().filter(|figure| **figure > 0).count()).unwrap_or(u32::MAX),
                running: places.values().sum(),
                free,
                largest: places.values().copied().max().unwrap_or(0),
            });
        }
        found.sort_by(|a, b| a.product.cmp(&b.product));
        found
    }
}
