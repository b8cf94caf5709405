//! Atoms of offers, cut once and kept until something changes that they depend on.
//!
//! Cutting reads every offer of a product several times, and comes to the same for all readers and questions of a day. So
//! the last cut of each product is kept beside the columns, with what is told of each atom to somebody who sees none of its
//! offers. It says nothing that the columns do not say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{organisation::Verification, time::Day};

use crate::{
    answer::Sums,
    atoms::{Atom, HORIZON, Shares, cut, each_organisation, weeks},
    groups::MERGED,
    memory::vec_bytes,
    network::{AtomKey, CHECKED, OfferHoldings, published},
    places::COARSE,
    shard::Flag,
    store::Index,
    weeks::Weeks,
};

/// The offers of a product in atoms, as they stand on a day.
#[derive(Debug)]
pub(crate) struct Cut {
    on: Day,
    pub(crate) atoms: Vec<CutAtom>,
}

/// An atom.
#[derive(Debug)]
pub(crate) struct CutAtom {
    pub(crate) key: AtomKey,
    /// Rows of the product's columns.
    pub(crate) items: Vec<u32>,
    /// By week of the horizon, what may be told to whoever sees none of them.
    pub(crate) told: Vec<(usize, Sums)>,
}

/// The last cut of each product.
#[derive(Debug, Default)]
pub(crate) struct Cuts(Vec<Mutex<Option<Arc<Cut>>>>);

impl Clone for Cuts {
    /// Keeps none: they are cut anew when they are asked for.
    fn clone(&self) -> Self {
        Self::new(self.0.len())
    }
}

impl Cuts {
    pub(crate) fn new(products: usize) -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(products).collect())
    }

    /// Forgets the cut of a product.
    pub(crate) fn forget(&mut self, product: u32) {
        if let Some(place) = self.0.get_mut(product as usize) {
            *place.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Forgets all of them.
    pub(crate) fn forget_all(&mut self) {
        for place in &mut self.0 {
            *place.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let atom = |atom: &CutAtom| vec_bytes(&atom.items) + vec_bytes(&atom.told);
        let cut = |place: &Mutex<Option<Arc<Cut>>>| {
            let kept = place.lock().unwrap_or_else(PoisonError::into_inner);
            kept.as_ref().map_or(0, |cut| vec_bytes(&cut.atoms) + cut.atoms.iter().map(atom).sum::<usize>())
        };
        vec_bytes(&self.0) + self.0.iter().map(cut).sum::<usize>()
    }
}

impl Index {
    /// The atoms of a product's offers on a day, cut at the first question.
    pub(crate) fn cut(&self, product: u32, on: Day) -> Option<Arc<Cut>> {
        // Whoever else asks meanwhile waits for it, rather than cutting the same.
        let mut place = self.cuts.0.get(product as usize)?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = place.as_ref().filter(|cut| cut.on == on) {
            return Some(Arc::clone(kept));
        }
        let ends = Weeks::whole(on, HORIZON).ends();
        let made = Arc::new(self.cut_anew(product, (on, &ends))?);
        *place = Some(Arc::clone(&made));
        Some(made)
    }

    /// Cuts by product, visibility, certified or not, grades and NUTS 2 region; then over NUTS 1, over the country, and over
    /// all grades of the country.
    fn cut_anew(&self, product: u32, (on, ends): (Day, &[Day])) -> Option<Cut> {
        let shard = self.shard(product)?;
        let mut left = Vec::new();
        for (item, row) in (0..).zip(shard.rows()) {
            let Some(place) = self.in_market(row.traits, on) else { continue };
            // Anybody can register firms: who is nobody's word hides no other.
            if self.parties.vouched(row.traits.organisation) == Some(Verification::None) {
                continue;
            }
            let (open, grades) = (row.traits.is(Flag::Market), row.traits.grades);
            let certified = self.papers.certified(row.traits.papers, on, self.mode());
            let key = |level, grades| AtomKey { open, certified, region: self.regions.at_level(place, level), grades };
            left.push(([key(COARSE, grades), key(1, grades), key(0, grades), key(0, MERGED)], item));
        }
        let mut holdings = OfferHoldings::new(self, shard, (on, ends));
        let atoms = cut(left, &mut holdings);
        let mut told = |Atom { key, mut items }: Atom<AtomKey>| {
            items.shrink_to_fit();
            let told = self.for_everybody(&items, &mut holdings);
            CutAtom { key, items, told }
        };
        Some(Cut { on, atoms: atoms.into_iter().map(&mut told).collect() })
    }

    /// The weeks of an atom that may be told, whoever shares in them and takes his own part off, and whichever cluster knows
    /// the parts of its members: nobody asks as a single one alone.
    pub(crate) fn for_everybody(&self, items: &[u32], holdings: &mut OfferHoldings<'_>) -> Vec<(usize, Sums)> {
        let shares = Shares::of(items, holdings);
        let told: Vec<_> = shares.told_to_holders().collect();
        if told.is_empty() {
            return Vec::new();
        }
        let mut owners: Vec<(u32, Vec<[i128; CHECKED]>)> = Vec::new();
        each_organisation(items, holdings, |owner, figures| owners.push((owner, figures.to_vec())));
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
