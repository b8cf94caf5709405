//! The cheapest offers for one need, out of very many held in memory.
//!
//! Offers lie in cells: one product, one square of the map. A cell knows where it lies and how far it reaches, so that one distance bounds the cost of all its offers from below. Cells
//! are looked at in the order of that bound, offers of a cell in the order of what each costs
//! whoever buys, and only offers that may still be among the best are judged. The search ends when
//! the next bound is above the last of the best: the answer is that of judging all and sorting.

use std::{
    collections::{BinaryHeap, HashMap},
    ops::Range,
};

use domain::{
    code::{CertificateKindCode, CountryCode, ProductCode},
    eligibility::{Eligible, NeedView, OfferView, Predicate, Rules, SiteDemands},
    geo::{Place, Point},
    ids::OfferId,
    need::{Instalment, Need},
    organisation::Verification,
    price::Price,
    time::Day,
};
use serde::{Deserialize, Serialize};

use crate::threads;

#[cfg(test)]
mod tests;

/// The side of a cell in millionths of a degree: about 111 km from south to north.
const SIDE_E6: i32 = 1_000_000;

/// An offer that may serve an instalment, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// The offer.
    pub offer: OfferId,
    /// How it passed, and what it costs in points per base unit.
    pub eligible: Eligible,
}

/// What a cell is told apart by; the offers of no known place are a cell of their own.
type CellKey = (ProductCode, Option<(i32, i32)>);

/// Offers near each other, of one product.
struct Cell {
    /// The country that all of them leave, if it is one.
    country: Option<CountryCode>,
    /// The place of its first offer, where it is known.
    centre: Option<Place>,
    /// How far the others lie from there, in whole kilometres, rounded up.
    reach_km: u32,
    /// Positions of its offers.
    offers: Range<usize>,
}

/// What rules an offer out without judging it.
struct Row {
    /// Points that it costs whoever buys.
    floor: i64,
    id: OfferId,
    place: Option<Place>,
    /// The first day by which anything of it exists.
    first_day: Day,
    min_order: i64,
    price: Option<Price>,
    /// A bit per kind of certificate that it holds or awaits.
    kinds: u64,
}

/// The offers of a market, laid out for ranking.
pub struct OfferIndex<'a> {
    rules: Rules<'a>,
    demands: SiteDemands,
    /// Cell by cell; inside a cell by floor, then id.
    rows: Vec<Row>,
    /// In the order of the rows.
    views: Vec<OfferView<'a>>,
    cells: Vec<Cell>,
    /// Positions of each product's cells.
    of_product: HashMap<ProductCode, Range<usize>>,
}

impl<'a> OfferIndex<'a> {
    /// Lays out every offer that could be eligible for anybody under the rules, on so many threads; on
    /// all cores when 0.
    pub fn new(rules: &Rules<'a>, threads: usize) -> Self {
        let offers: Vec<_> = rules.market.offers.iter().filter(|o| rules.judge_offer_alone(o).is_ok()).collect();
        let parts: Vec<_> = offers.chunks(1_024).collect();
        let ready = threads::spread(&parts, threads::count(threads), |_, part| {
            let made = part.iter().filter_map(|offer| {
                let view = rules.offer_view(offer)?;
                Some((key(&view), Row::of(rules, &view), view))
            });
            made.collect::<Vec<_>>()
        });
        let mut ready: Vec<(CellKey, Row, OfferView<'a>)> = ready.into_iter().flatten().collect();
        ready.sort_unstable_by(|(key, row, _), (other, than, _)| {
            (key, row.floor, row.id).cmp(&(other, than.floor, than.id))
        });
        let mut index = Self {
            rules: *rules,
            demands: rules.site_demands(),
            rows: Vec::with_capacity(ready.len()),
            views: Vec::with_capacity(ready.len()),
            cells: Vec::new(),
            of_product: HashMap::new(),
        };
        let mut last: Option<CellKey> = None;
        for (key, row, view) in ready {
            if last.as_ref() != Some(&key) {
                index.open_cell(&key, &view);
            }
            if let Some(cell) = index.cells.last_mut() {
                let away = cell.centre.zip(view.place()).map_or(0, |(centre, place)| centre.distance_km(&place));
                cell.reach_km = cell.reach_km.max(away);
                cell.country = cell.country.take().filter(|country| country == view.country());
                cell.offers.end += 1;
            }
            index.rows.push(row);
            index.views.push(view);
            last = Some(key);
        }
        index
    }

    fn open_cell(&mut self, (product, _): &CellKey, first: &OfferView<'_>) {
        let (at, start) = (self.cells.len(), self.rows.len());
        let (country, centre) = (Some(first.country().clone()), first.place());
        self.cells.push(Cell { country, centre, reach_km: 0, offers: start..start });
        self.of_product.entry(product.clone()).or_insert(at..at).end = at + 1;
    }

    /// How many offers it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The `top` cheapest eligible offers for an instalment of a need, by cost and then by id, each
    /// as [`Rules::judge`] explains it. Empty if the need's site or organisation is not in the market.
    ///
    /// Whether the need takes part in runs is not asked: its draft may be ranked too.
    pub fn rank(&self, need: &Need, instalment: &Instalment, top: usize) -> Vec<Ranked> {
        let rules: Rules<'_> = self.rules;
        let Some(need) = rules.need_view(need, &self.demands) else { return Vec::new() };
        let mut search = Search { index: self, need: &need, instalment, top, best: BinaryHeap::new() };
        search.run();
        let best = search.best.into_sorted_vec();
        let explained = best.into_iter().filter_map(|(_, offer, at)| {
            let eligible = rules.judge(&self.views[at], &need, instalment).ok()?;
            Some(Ranked { offer, eligible })
        });
        explained.collect()
    }

    /// The cells whose offers may serve a need.
    fn cells_for(&self, product: &ProductCode) -> Vec<&Cell> {
        if self.rules.parameters.without_predicates.contains(&Predicate::Product) {
            return self.cells.iter().collect();
        }
        let products = std::iter::once(product).chain(self.rules.catalogue.stand_ins(product));
        products.filter_map(|p| self.of_product.get(p)).flat_map(|at| &self.cells[at.clone()]).collect()
    }
}

impl Row {
    fn of(rules: &Rules<'_>, view: &OfferView<'_>) -> Self {
        let w = &rules.parameters.weights;
        let when = |yes: bool, weight: u32| if yes { i64::from(weight) } else { 0 };
        let floor = when(view.organisation.verification == Verification::None, w.unverified)
            + when(view.offer.is_stale(rules.market.day), w.aging);
        Self {
            floor,
            id: view.offer.id,
            place: view.place(),
            first_day: view.first_day().unwrap_or(Day::MAX),
            min_order: view.offer.terms.min_order.as_ref().map_or(0, |least| least.quantity.units()),
            price: view.offer.terms.price,
            kinds: kinds(rules, view.offer.terms.certificates.iter().map(|c| &c.kind)),
        }
    }
}

/// A bit per kind of certificate; kinds past the 64th of the catalogue have none, and rule nothing out.
fn kinds<'k>(rules: &Rules<'_>, named: impl Iterator<Item = &'k CertificateKindCode>) -> u64 {
    let all = &rules.catalogue.parts().certificate_kinds;
    let bit = |kind: &CertificateKindCode| all.iter().take(64).position(|k| k.code == *kind).map_or(0, |at| 1u64 << at);
    named.fold(0, |bits, kind| bits | bit(kind))
}

fn key(view: &OfferView<'_>) -> CellKey {
    let square = |p: Point| (p.lat_e6.div_euclid(SIDE_E6), p.lon_e6.div_euclid(SIDE_E6));
    (view.offer.terms.product.clone(), view.place().map(|place| square(place.point())))
}

/// One question to the index.
struct Search<'s, 'a> {
    index: &'s OfferIndex<'a>,
    need: &'s NeedView<'s>,
    instalment: &'s Instalment,
    top: usize,
    /// The best so far by cost, id and position, the last of them on top.
    best: BinaryHeap<(i64, OfferId, usize)>,
}

impl Search<'_, '_> {
    fn run(&mut self) {
        if self.top == 0 {
            return;
        }
        let cells = self.index.cells_for(&self.need.need.terms.product);
        let bounded = cells.into_iter().map(|cell| (self.least(cell) + self.index.rows[cell.offers.start].floor, cell));
        let mut bounded: Vec<(i64, &Cell)> = bounded.collect();
        bounded.sort_unstable_by_key(|(bound, cell)| (*bound, cell.offers.start));
        for (bound, cell) in bounded {
            if !self.may_enter(bound) {
                return;
            }
            self.look_through(cell);
        }
    }

    /// Whether something that costs so much or more may still be among the best.
    fn may_enter(&self, cost: i64) -> bool {
        !self.is_full() || self.best.peek().is_none_or(|last| cost <= last.0)
    }

    fn is_full(&self) -> bool {
        self.best.len() >= self.top
    }

    /// The points that distance and border cost at least for the offers of a cell.
    fn least(&self, cell: &Cell) -> i64 {
        // A stated distance stands before what places say, and may be any.
        let stated = !self.index.rules.market.distances.is_empty();
        let km = match self.need.place().zip(cell.centre) {
            _ if stated => 0,
            Some((here, centre)) if cell.reach_km == 0 => here.distance_km(&centre),
            // Both distances are rounded up, and one more kilometre stands for rounding inside them.
            Some((here, centre)) => here.distance_km(&centre).saturating_sub(cell.reach_km + 1),
            None => self.index.rules.parameters.transit.unknown_km,
        };
        self.way(km) + self.border(cell)
    }

    fn way(&self, km: u32) -> i64 {
        i64::from(km) * i64::from(self.index.rules.parameters.weights.kilometre)
    }

    /// What the border costs all offers of a cell.
    fn border(&self, cell: &Cell) -> i64 {
        let crossed = cell.country.as_ref().is_some_and(|country| country != self.need.country());
        if crossed { i64::from(self.index.rules.parameters.weights.border) } else { 0 }
    }

    /// Judges the offers of a cell that may still be among the best.
    fn look_through(&mut self, cell: &Cell) {
        let (rules, index) = (self.index.rules, self.index);
        let (least, border) = (self.least(cell), self.border(cell));
        let strict = rules.parameters.without_predicates.is_empty();
        let wants = &self.need.need.terms;
        let demanded = kinds(&rules, wants.certificates.iter());
        for at in cell.offers.clone() {
            let row = &index.rows[at];
            let first = (least + row.floor, row.id);
            if self.is_full() && self.best.peek().is_some_and(|(cost, id, _)| first > (*cost, *id)) {
                // Those after it cost as much or more whoever buys, and have later ids.
                return;
            }
            let apart = match rules.market.distances.is_empty() {
                true => self.need.place().zip(row.place).map(|(here, there)| here.distance_km(&there)),
                false => index.views[at].distance_km(self.need),
            };
            let km = apart.unwrap_or(rules.parameters.transit.unknown_km);
            let mut bound = self.way(km) + border + row.floor;
            if let (Some(price), Some(cap)) = (row.price, wants.price_cap)
                && price.currency == cap.currency
            {
                bound += (price.micros / 1_000).min(1_000_000) * i64::from(rules.parameters.weights.price);
            }
            let latest = self.instalment.due.plus(-rules.parameters.transit.days(km));
            let hopeless =
                row.first_day > latest || row.min_order > self.need.site_demand || demanded & !row.kinds != 0;
            if !self.may_enter(bound) || (strict && hopeless) {
                continue;
            }
            let Ok(weighed) = rules.weigh(&index.views[at], self.need, self.instalment) else { continue };
            let found = (weighed.cost, row.id, at);
            if !self.is_full() {
                self.best.push(found);
            } else if let Some(mut last) = self.best.peek_mut()
                && found < *last
            {
                *last = found;
            }
        }
    }
}
