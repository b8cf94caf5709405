//! Why a cell of the board of shortages is red: what holds offers of the product there back, and where some is free.

use std::collections::BTreeMap;

use domain::{
    code::{ProductCode, RegionCode},
    offer::OfferState,
    time::Day,
    unit::BaseUnit,
};

use crate::{
    figures::Meter,
    places::COARSE,
    query::{CapacityQuery, Group},
    reader::{Eyes, Reader},
    shard::Flag,
    store::{Index, OfferRow},
    weeks::Weeks,
};

/// How many regions are told at most.
const NEAREST: usize = 5;

/// A cell of the board, and on which day it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseQuery {
    /// The product.
    pub product: ProductCode,
    /// The region of the cell.
    pub region: RegionCode,
    /// The period up to the end of the cell's week, and the day it is asked about.
    pub weeks: Weeks,
}

/// What holds an offer back; the first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Its owner took it out of the market, or its window is over; told to whoever knows whose it is, as are the next two.
    NotPublished,
    /// It waits for a reviewer.
    Quarantined,
    /// It was unconfirmed too long.
    Suspended,
    /// Only a conversion that nobody decided could make it.
    OnlyConvertible,
    /// Nothing of it exists by the end of the week.
    LaterWindow,
    /// All that exists of it by then is held or agreed.
    UsedUp,
}

/// Offers that something holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeldBack {
    /// How many.
    pub offers: u32,
    /// In base units, what they make now in the cell's ISO week; of those that are only convertible, what they would have
    /// made by its end were it decided on the day; of those of which something is free, what is.
    pub units: i128,
}

/// Free running capacity in another region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeRegion {
    /// The region.
    pub region: RegionCode,
    /// Kilometres between the points of both.
    pub km: u32,
    /// What is free there by the end of the week, in base units.
    pub free: i128,
}

/// Why a cell is short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Causes {
    /// The number of the event that it reflects.
    pub as_of_event: i64,
    /// The base unit of its figures.
    pub unit: BaseUnit,
    /// Offers of the product in the region of which the reader sees rows and nothing is free by the end of the week, by
    /// what holds them back.
    pub held_back: BTreeMap<Cause, HeldBack>,
    /// Offers there of which he sees rows and something is free, but no certificate that holds on the day is checked.
    pub uncertified: HeldBack,
    /// Where else there is free running capacity by then as [`Index::capacity`] tells it, the nearest first; five at most,
    /// of the level of the cell's region.
    pub nearest: Vec<FreeRegion>,
}

impl Index {
    /// Why a cell is short, as a reader may know it; nothing of a product or a region that the index does not know.
    ///
    /// What is told one by one is of offers that he sees rows of. Regions elsewhere are rows of [`Index::capacity`], and
    /// so follow its rule on who is told what.
    pub fn causes(&self, query: &CauseQuery, reader: &Reader) -> Option<Causes> {
        let (product, region) = (self.products.find(&query.product)?, self.regions.find(&query.region)?);
        let mut causes = Causes {
            as_of_event: self.as_of_event(),
            unit: self.unit(product),
            held_back: BTreeMap::new(),
            uncertified: HeldBack::default(),
            nearest: self.nearest(query, region, reader),
        };
        self.hold_back(query, product, &Eyes::new(self, reader), &mut causes);
        Some(causes)
    }

    /// Asks each offer there that the reader sees a row of.
    fn hold_back(&self, query: &CauseQuery, product: u32, eyes: &Eyes<'_>, causes: &mut Causes) {
        let (on, (_, end)) = (query.weeks.on(), query.weeks.span());
        let inside = self.regions.within(&[query.region.clone()].into());
        let ends = [end.monday().plus(-1), end, end.monday().plus(6)];
        let mut meter = Meter::new(self, &ends, on);
        let Some(shard) = self.shard(product) else { return };
        for row in shard.rows() {
            let sees = eyes.sees(product, row.traits);
            let known = row.traits.origin.known();
            let Some((_, place)) = known.filter(|_| sees.row()) else { continue };
            // A reader finds an offer no finer than he knows its place.
            let place = if sees.exact() { place } else { self.regions.at_level(place, COARSE) };
            let listed = self.in_market(row.traits, on).is_some();
            if !inside.get(place as usize).copied().unwrap_or(false) || !listed && !sees.named() {
                continue;
            }
            let [before, by, after] = match meter.read(row) {
                [before, by, after] => [*before, *by, *after],
                _ => continue,
            };
            let [_, _, convertible, _, _, free, _] = by;
            let cause = if listed && free > 0 { None } else { Some(self.cause(row, by[0], on)) };
            let weekly = i128::from(after[0]) - i128::from(before[0]);
            let (held, units) = match cause {
                None if self.papers.certified(row.traits.papers, on, self.mode()) => continue,
                None => (&mut causes.uncertified, free.into()),
                Some(Cause::OnlyConvertible) => {
                    (causes.held_back.entry(Cause::OnlyConvertible).or_default(), convertible.into())
                }
                Some(cause) => (causes.held_back.entry(cause).or_default(), weekly),
            };
            held.offers += 1;
            held.units += units;
        }
    }

    /// What holds an offer back of which nothing is free.
    fn cause(&self, row: OfferRow<'_>, exists: i64, on: Day) -> Cause {
        if row.traits.state() != OfferState::Published || row.traits.until < on {
            Cause::NotPublished
        } else if row.traits.is(Flag::Quarantined) {
            Cause::Quarantined
        } else if row.traits.is(Flag::Suspended) || self.kept_until(row.traits) < on {
            Cause::Suspended
        } else if row.traits.is(Flag::OnlyConvertible) {
            Cause::OnlyConvertible
        } else if exists == 0 {
            Cause::LaterWindow
        } else {
            Cause::UsedUp
        }
    }

    /// Regions of the same level with free running capacity, the nearest first.
    fn nearest(&self, query: &CauseQuery, region: u32, reader: &Reader) -> Vec<FreeRegion> {
        let (Some(here), Some(level)) = (self.regions.place(region), self.regions.level(region)) else {
            return Vec::new();
        };
        let mut capacity = CapacityQuery::new(query.weeks.clone());
        capacity.products = Some([query.product.clone()].into());
        capacity.group_by = [Group::Region(level.min(2))].into();
        let rows = self.capacity(&capacity, reader).rows.into_iter();
        let mut found: Vec<FreeRegion> = rows
            .filter_map(|row| {
                let code = row.region.filter(|code| *code != query.region)?;
                let place = self.regions.place(self.regions.find(&code)?)?;
                let free = row.figures.iter().map(|figures| figures.free).sum::<i128>();
                (free > 0).then(|| FreeRegion { km: here.distance_km(&place), region: code, free })
            })
            .collect();
        found.sort_by(|a, b| (a.km, &a.region).cmp(&(b.km, &b.region)));
        found.truncate(NEAREST);
        found
    }
}
