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

use std::collections::BTreeMap;

use domain::{
    code::{ProductCode, RegionCode},
    time::Day,
    unit::BaseUnit,
};

use crate::{
    answer::{FIGURES, Figures, Sums},
    atoms::HORIZON,
    intern::number,
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
    /// keeps the index does so once a day, or product by product by [`Index::lattice_of`].
    pub fn lattice(&self, on: Day) -> Lattice {
        let mut cells: Vec<LatticeCell> =
            (0..number(self.shards.len())).flat_map(|product| self.lattice_cells(product, on)).collect();
        cells.sort_by(|a, b| (&a.product, &a.region, a.week).cmp(&(&b.product, &b.region, b.week)));
        Lattice { as_of_event: self.as_of_event(), on, cells }
    }

    /// The cells of one product, by region and week.
    pub fn lattice_of(&self, product: &ProductCode, on: Day) -> Vec<LatticeCell> {
        self.products.find(product).map_or_else(Vec::new, |product| self.lattice_cells(product, on))
    }

    fn lattice_cells(&self, product: u32, on: Day) -> Vec<LatticeCell> {
        let Some((cut, code)) = self.cut(product, on).zip(self.products.get(product)) else { return Vec::new() };
        let horizon = Weeks::whole(on, HORIZON);
        let mut sums: BTreeMap<(Option<RegionCode>, usize), Sums> = BTreeMap::new();
        for atom in cut.atoms.iter().filter(|atom| atom.key.open) {
            let region = self.regions.code(self.regions.at_level(atom.key.region, 1)).cloned();
            for (week, figures) in atom.found.iter() {
                let sum = sums.entry((region.clone(), *week)).or_insert([0; FIGURES]);
                sum.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
            }
        }
        let cell = |((region, week), sums): ((_, usize), Sums)| {
            let week = horizon.buckets().get(week)?.monday;
            let (product, unit, figures) = (code.clone(), self.unit(product), Figures::of(sums));
            Some(LatticeCell { product, unit, region, week, figures })
        };
        sums.into_iter().filter_map(cell).collect()
    }
}
