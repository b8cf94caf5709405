//! What everybody is told: product x NUTS 0 or 1 x week.
//!
//! It is made of [atoms](crate::atoms) of offers that every buyer may be matched with. A cell enters only where it may be
//! told even to those who know a part of it and take it off: each organisation that shares in it, and each cluster whose
//! members do. What is left must be nothing, or be shared as a total must be. Buyers, who see all such offers of a product
//! or none, learn nothing new.
//!
//! Cells of the lattice do not overlap. A country's cell is what could only be told over the whole country, and so stands
//! beside those of its NUTS 1 regions and is not their sum; what is told of a country is the sum of all of them. Nothing
//! that is withheld is in any sum, so none can be told from a sum less its parts.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    code::{ProductCode, RegionCode},
    time::Day,
    unit::BaseUnit,
};

use crate::{
    answer::{FIGURES, Figures, Sums},
    atoms::{HORIZON, Shares, each_organisation, weeks},
    cuts::CutAtom,
    intern::number,
    network::{CHECKED, OfferHoldings, published},
    store::Index,
    weeks::Weeks,
};

/// A cell of the lattice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatticeCell {
    /// The product.
    pub product: ProductCode,
    /// The base unit of its figures.
    pub unit: BaseUnit,
    /// A NUTS 1 region; or a country, for what is told of no region in it; `None` for what has no known place.
    pub region: Option<RegionCode>,
    /// The Monday that names the week.
    pub week: Day,
    /// What becomes available in it; the first week holds all that lies ready.
    pub figures: Figures,
}

/// All that the public is told on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lattice {
    /// The number of the event that it reflects.
    pub as_of_event: i64,
    /// The day.
    pub on: Day,
    /// The cells by product, region and week.
    pub cells: Vec<LatticeCell>,
}

impl Index {
    /// Reckons the lattice of a day, over half a year from its week on. It takes as long as reading every offer; whoever
    /// keeps the index does so once a day.
    pub fn lattice(&self, on: Day) -> Lattice {
        let horizon = Weeks::whole(on, HORIZON);
        let ends = horizon.ends();
        let mut cells = Vec::new();
        for product in 0..number(self.shards.len()) {
            let (Some(shard), Some(cut)) = (self.shard(product), self.cut(product, on)) else { continue };
            let mut holdings = OfferHoldings::new(self, shard, (on, &ends));
            let mut sums: BTreeMap<(Option<RegionCode>, usize), Sums> = BTreeMap::new();
            for atom in cut.atoms.iter().filter(|atom| atom.key.open) {
                let region = self.regions.code(self.regions.at_level(atom.key.region, 1)).cloned();
                for (week, figures) in self.for_everybody(atom, &mut holdings) {
                    let sum = sums.entry((region.clone(), week)).or_insert([0; FIGURES]);
                    sum.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
                }
            }
            let Some(code) = self.products.get(product) else { continue };
            for ((region, week), sums) in sums {
                let Some(week) = horizon.buckets().get(week).map(|bucket| bucket.monday) else { continue };
                let (product, unit, figures) = (code.clone(), self.unit(product), Figures::of(sums));
                cells.push(LatticeCell { product, unit, region, week, figures });
            }
        }
        cells.sort_by(|a, b| (&a.product, &a.region, a.week).cmp(&(&b.product, &b.region, b.week)));
        Lattice { as_of_event: self.as_of_event(), on, cells }
    }

    /// The weeks of an atom that may be told to everybody, whoever shares in them.
    fn for_everybody(&self, atom: &CutAtom, holdings: &mut OfferHoldings<'_>) -> Vec<(usize, Sums)> {
        let shares = Shares::of(&atom.items, holdings);
        let told: Vec<_> = shares.told_to_holders().collect();
        if told.is_empty() {
            return Vec::new();
        }
        let mut owners: Vec<(u32, Vec<[i128; CHECKED]>)> = Vec::new();
        each_organisation(&atom.items, holdings, |owner, figures| owners.push((owner, figures.to_vec())));
        let mut clusters: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (owner, _) in &owners {
            for cluster in self.parties.clusters(*owner) {
                // A cluster's own offers are known to it as its members' are.
                clusters.entry(*cluster).or_insert_with(|| BTreeSet::from([*cluster])).insert(*owner);
            }
        }
        let mut safe = vec![true; weeks()];
        for known in clusters.values().collect::<BTreeSet<_>>() {
            let unknown = owners.iter().filter(|(owner, _)| !known.contains(owner));
            let mut rest = Shares::none();
            unknown.for_each(|(_, figures)| rest.add(figures));
            safe.iter_mut().zip(rest.leaves()).for_each(|(safe, leaves)| *safe &= leaves);
        }
        let safe = |week: &usize| safe.get(*week).copied().unwrap_or(false);
        told.into_iter().filter(|(week, _)| safe(week)).map(|(week, figures)| (week, published(&figures))).collect()
    }
}
