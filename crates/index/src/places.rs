//! Regions as numbers: the way up from each, its point, and which lie in which.

use std::collections::BTreeSet;

use domain::{
    code::{CountryCode, RegionCode},
    geo::Place,
    region::RegionTable,
};

use crate::{
    intern::{Interner, NONE, number},
    memory::vec_bytes,
};

/// The finest level that anybody sees of a place that is not shown to him exactly.
pub(crate) const COARSE: usize = 2;

/// The tree of regions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Regions {
    codes: Interner<RegionCode>,
    parents: Vec<u32>,
    levels: Vec<u8>,
    /// By level 0 to 3 the region around it, or itself where it is coarser than that.
    around: Vec<[u32; 4]>,
    places: Vec<Option<Place>>,
    /// Whether its point may stand for a place in it.
    spots: Vec<bool>,
    /// Numbers of countries, which organisations have as well.
    pub(crate) countries: Interner<CountryCode>,
    countries_of: Vec<u32>,
}

impl Regions {
    pub(crate) fn new(table: &RegionTable) -> Self {
        let mut regions = Self::default();
        for region in table.all() {
            regions.codes.intern(&region.code);
        }
        let at = |codes: &Interner<RegionCode>, code: &RegionCode| codes.find(code).unwrap_or(NONE);
        for region in table.all() {
            regions.parents.push(region.parent.as_ref().map_or(NONE, |p| at(&regions.codes, p)));
            regions.levels.push(region.level);
            regions.places.push(region.point.map(Place::new));
            regions.spots.push(table.spot(&region.code).is_some());
            let country = regions.countries.intern(&region.country);
            regions.countries_of.push(country);
            let level = |level| table.at_level(&region.code, level).map_or(NONE, |r| at(&regions.codes, &r.code));
            regions.around.push([level(0), level(1), level(2), level(3)]);
        }
        regions
    }

    pub(crate) fn find(&self, code: &RegionCode) -> Option<u32> {
        self.codes.find(code)
    }

    pub(crate) fn code(&self, region: u32) -> Option<&RegionCode> {
        self.codes.get(region)
    }

    pub(crate) fn level(&self, region: u32) -> Option<u8> {
        self.levels.get(region as usize).copied()
    }

    /// The region of a level around a region, or itself where it is coarser; nothing of nothing.
    #[inline]
    pub(crate) fn at_level(&self, region: u32, level: usize) -> u32 {
        self.around.get(region as usize).and_then(|levels| levels.get(level)).copied().unwrap_or(NONE)
    }

    /// The country of a region.
    #[inline]
    pub(crate) fn country(&self, region: u32) -> Option<u32> {
        self.countries_of.get(region as usize).copied()
    }

    pub(crate) fn place(&self, region: u32) -> Option<Place> {
        self.places.get(region as usize).copied().flatten()
    }

    /// The place that stands for one of which no more than the region is known; none where that is a large one.
    pub(crate) fn spot(&self, region: u32) -> Option<Place> {
        self.spots.get(region as usize).filter(|may| **may).and_then(|_| self.place(region))
    }

    pub(crate) fn len(&self) -> usize {
        self.parents.len()
    }

    /// For each region whether it is one of these or lies in one, by the tree and never by how codes are spelled.
    pub(crate) fn within(&self, wanted: &BTreeSet<RegionCode>) -> Vec<bool> {
        let outer: BTreeSet<u32> = wanted.iter().filter_map(|code| self.find(code)).collect();
        let up = |region: &u32| self.parents.get(*region as usize).copied().filter(|parent| *parent != NONE);
        (0..number(self.len())).map(|r| std::iter::successors(Some(r), up).any(|r| outer.contains(&r))).collect()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.codes.bytes(|code| code.as_str().len() + 16)
            + vec_bytes(&self.parents)
            + vec_bytes(&self.levels)
            + vec_bytes(&self.around)
            + vec_bytes(&self.places)
            + vec_bytes(&self.spots)
            + self.countries.bytes(|code| code.as_str().len() + 16)
            + vec_bytes(&self.countries_of)
    }
}
