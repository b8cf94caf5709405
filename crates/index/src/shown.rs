//! The offers that a reader sees one by one, as a list in the order of their ids.

use std::collections::{BTreeSet, BinaryHeap};

use domain::{code::ProductCode, geo::Point, ids::OfferId, time::Day};

use crate::{
    intern::number,
    places::COARSE,
    reader::{Eyes, Reader, Sees},
    shard::Traits,
    store::Index,
};

/// Which offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownQuery {
    /// In the market on this day.
    pub on: Day,
    /// Of these products; of all where absent.
    pub products: Option<BTreeSet<ProductCode>>,
    /// Inside these bounds, as far as the reader knows places; those of no known place are always inside.
    pub bounds: Option<Bounds>,
    /// Whose window is not over before this day.
    pub open_on: Option<Day>,
    /// Whose id comes after this one.
    pub after: Option<OfferId>,
    /// The first so many.
    pub most: usize,
}

/// A part of the globe between two parallels and two meridians, edges included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The south-western corner.
    pub from: Point,
    /// The north-eastern one; where it lies west of the other, they meet across 180 degrees.
    pub to: Point,
}

impl Bounds {
    /// Whether a point lies inside.
    pub fn holds(&self, point: Point) -> bool {
        let (west, east) = (self.from.lon_e6, self.to.lon_e6);
        let spans = |lon: i32| if west <= east { west <= lon && lon <= east } else { west <= lon || lon <= east };
        // The 180th meridian is that of -180 degrees as well.
        let along = spans(point.lon_e6) || (point.lon_e6.abs() == HALF_ROUND && spans(-point.lon_e6));
        along && (self.from.lat_e6..=self.to.lat_e6).contains(&point.lat_e6)
    }
}

/// The meridian opposite to Greenwich, in millionths of a degree.
const HALF_ROUND: i32 = 180_000_000;

/// An offer in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// Which one.
    pub offer: OfferId,
    /// What the reader sees of it.
    pub sees: Sees,
}

impl Index {
    /// The offers that a reader sees one by one and how many there are, whatever comes before or after.
    pub fn shown(&self, query: &ShownQuery, reader: &Reader) -> (Vec<Shown>, usize) {
        let eyes = Eyes::new(self, reader);
        let mut first: BinaryHeap<Shown> = BinaryHeap::with_capacity(query.most + 1);
        let mut matched = 0;
        for product in (0..number(self.shards.len())).filter(|product| self.wants(*product, query)) {
            let Some(shard) = self.shards.get(product as usize) else { continue };
            for row in shard.rows() {
                let Some(region) = self.in_market(row.traits, query.on) else { continue };
                let sees = eyes.sees(product, row.traits);
                let open = query.open_on.is_none_or(|day| row.traits.until >= day);
                if !sees.row() || !open || !self.lies_inside(query, (row.traits, region), sees) {
                    continue;
                }
                matched += 1;
                let next = query.after.is_none_or(|after| row.id > after);
                let wanted = first.len() < query.most || first.peek().is_some_and(|last| row.id < last.offer);
                if next && wanted && query.most > 0 {
                    first.push(Shown { offer: row.id, sees });
                    if first.len() > query.most {
                        first.pop();
                    }
                }
            }
        }
        (first.into_sorted_vec(), matched)
    }

    fn wants(&self, product: u32, query: &ShownQuery) -> bool {
        let code = self.products.get(product);
        query.products.as_ref().is_none_or(|wanted| code.is_some_and(|code| wanted.contains(code)))
    }

    fn lies_inside(&self, query: &ShownQuery, (traits, region): (&Traits, u32), sees: Sees) -> bool {
        let Some(bounds) = query.bounds else { return true };
        let exact = sees.exact().then(|| self.parties.place(traits.site)).flatten();
        let coarse = || self.regions.spot(self.regions.at_level(region, COARSE));
        exact.or_else(coarse).is_none_or(|place| bounds.holds(place.point()))
    }
}
