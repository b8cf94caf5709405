//! The cheapest offers for one need, out of very many held in memory.
//!
//! Offers lie in cells: one product, one square of the map; and cells in blocks of squares. Both know where
//! they lie and how far they reach, so that one distance bounds the cost of all their offers from below. The
//! search is best first: whatever could be cheapest is looked at next, be it a block, a cell, of which the
//! offers that cost least whoever buys are taken out, an offer, which is judged, or one judged before, which
//! is the next in the answer. The answer is that of judging all and sorting.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    ops::Range,
};

use domain::{
    code::{CertificateKindCode, CountryCode, ProductCode},
    eligibility::{Eligible, NeedView, OfferView, Predicate, Rules, SiteDemands},
    geo::{Place, Point},
    ids::{OfferId, OrganisationId},
    need::{Instalment, Need},
    organisation::Verification,
    time::Day,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

/// The side of a block in cells.
const BLOCK: i32 = 8;

/// A square of the map, by its block and inside it; offers of no known place are in one of their own.
type Square = Option<[(i32, i32); 2]>;

/// Offers near each other, of one product.
struct Area {
    /// The country that all of them leave, if it is one, by its place in the index.
    country: Option<usize>,
    /// The place of its first offer, where it is known.
    centre: Option<Place>,
    /// How far the others lie from there, in whole kilometres, rounded up.
    reach_km: u32,
    /// Points that its offers cost at least, whoever buys.
    floor: u32,
    /// Positions of the cells of a block, of the offers of a cell.
    inside: Range<usize>,
}

/// What rules an offer out without judging it; of a line of memory, since most are looked at no further.
#[repr(align(64))]
struct Row {
    id: OfferId,
    /// Where it is made; anywhere in a cell without a place.
    place: Place,
    /// A bit per kind of certificate that it holds or awaits.
    kinds: u32,
    /// Base units, held to 32 bits.
    min_order: u32,
    /// The first cut-off of an order for any of it.
    orderable: Day,
    /// Points that it costs whoever buys, held to 32 bits.
    floor: u32,
}

/// The offers of a market, laid out for ranking.
pub struct OfferIndex<'a> {
    rules: Rules<'a>,
    demands: SiteDemands,
    /// Cell by cell; inside a cell by floor, then id.
    rows: Vec<Row>,
    /// In the order of the rows.
    views: Vec<OfferView<'a>>,
    /// Block by block.
    cells: Vec<Area>,
    blocks: Vec<Area>,
    /// Positions of each product's blocks.
    of_product: HashMap<ProductCode, Range<usize>>,
    /// Places of countries, so that they can be compared without looking them up.
    countries: HashMap<CountryCode, usize>,
}

impl<'a> OfferIndex<'a> {
    /// Lays out every offer that could be eligible for anybody under the rules, on so many threads; on
    /// all cores when 0.
    pub fn new(rules: &Rules<'a>, threads: usize) -> Self {
        let offers: Vec<_> = rules.market.offers.iter().filter(|o| rules.judge_offer_alone(o).is_ok()).collect();
        let parts: Vec<_> = offers.chunks(1_024).collect();
        let named: HashSet<_> = rules.market.organisations.values().flat_map(|o| o.clusters.iter().copied()).collect();
        let ready = threads::spread(&parts, threads::count(threads), |_, part| {
            let made = part.iter().filter_map(|offer| {
                let view = rules.offer_view(offer)?;
                let place = view.place();
                let row = Row::of(rules, &view, place, &named);
                // A code of its own, so that sorting looks at nothing far away.
                Some((offer.terms.product.clone(), place.map(square), row, view))
            });
            made.collect::<Vec<_>>()
        });
        let mut ready: Vec<(ProductCode, Square, Row, OfferView<'a>)> = ready.into_iter().flatten().collect();
        ready.sort_unstable_by(|(product, square, row, _), (other, there, than, _)| {
            (product, square, row.floor, row.id).cmp(&(other, there, than.floor, than.id))
        });
        let mut index = Self {
            rules: *rules,
            demands: rules.site_demands(),
            rows: Vec::with_capacity(ready.len()),
            views: Vec::with_capacity(ready.len()),
            cells: Vec::new(),
            blocks: Vec::new(),
            of_product: HashMap::new(),
            countries: HashMap::new(),
        };
        let mut last: Option<(ProductCode, Square)> = None;
        for (product, square, row, view) in ready {
            let block = |square: Square| square.map(|[block, _]| block);
            let in_block = last.as_ref().is_some_and(|(of, there)| *of == product && block(*there) == block(square));
            let in_cell = in_block && last.as_ref().is_some_and(|(_, there)| *there == square);
            let next = index.countries.len();
            let country = *index.countries.entry(view.country().clone()).or_insert(next);
            let area = |inside: usize| Area {
                country: Some(country),
                centre: view.place(),
                reach_km: 0,
                floor: row.floor,
                inside: inside..inside,
            };
            if !in_block {
                let at = index.blocks.len();
                index.blocks.push(area(index.cells.len()));
                index.of_product.entry(product.clone()).or_insert(at..at).end = at + 1;
            }
            if !in_cell {
                index.cells.push(area(index.rows.len()));
            }
            let (floor, cells) = (row.floor, index.cells.len());
            index.rows.push(row);
            for (areas, end) in [(&mut index.blocks, cells), (&mut index.cells, index.rows.len())] {
                if let Some(area) = areas.last_mut() {
                    area.take_in(view.place(), country, floor, end);
                }
            }
            index.views.push(view);
            last = Some((product, square));
        }
        index
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
        let open = need.is_matchable();
        let asked = need.instalments.iter().map(|i| i.measure.quantity.units()).fold(0, i64::saturating_add);
        let Some(mut need) = rules.need_view(need, &self.demands) else { return Vec::new() };
        if !open {
            // What a draft asks for is not among what its site asks for yet.
            need.site_demand = need.site_demand.saturating_add(asked);
        }
        let demanded = kinds(&rules, need.need.terms.certificates.iter());
        let (country, queue) = (self.countries.get(need.country()).copied(), BinaryHeap::new());
        let mut search = Search { index: self, need: &need, instalment, demanded, country, queue };
        search.run(top)
    }

    /// Positions of the blocks whose offers may serve a need.
    fn blocks_for(&self, product: &ProductCode) -> Vec<usize> {
        if self.rules.parameters.without_predicates.contains(&Predicate::Product) {
            return (0..self.blocks.len()).collect();
        }
        let products = std::iter::once(product).chain(self.rules.catalogue.stand_ins(product));
        products.filter_map(|p| self.of_product.get(p)).flat_map(Clone::clone).collect()
    }
}

impl Area {
    fn take_in(&mut self, place: Option<Place>, country: usize, floor: u32, end: usize) {
        let away = self.centre.zip(place).map_or(0, |(centre, place)| centre.distance_km(&place));
        self.reach_km = self.reach_km.max(away);
        self.country = self.country.filter(|own| *own == country);
        self.floor = self.floor.min(floor);
        self.inside.end = end;
    }
}

impl Row {
    /// `named` are the organisations that others call their cluster.
    fn of(rules: &Rules<'_>, view: &OfferView<'_>, place: Option<Place>, named: &HashSet<OrganisationId>) -> Self {
        let w = &rules.parameters.weights;
        let when = |yes: bool, weight: u32| if yes { weight } else { 0 };
        // One that is in no cluster, and is none, shares none with anybody.
        let alone = view.organisation.clusters.is_empty() && !named.contains(&view.organisation.id);
        let floor = when(view.organisation.verification == Verification::None, w.unverified)
            .saturating_add(when(view.offer.is_stale(rules.market.day), w.aging))
            .saturating_add(when(alone, w.cluster));
        let min_order = view.offer.terms.min_order.as_ref().map_or(0, |least| least.quantity.units());
        Self {
            id: view.offer.id,
            place: place.unwrap_or_else(|| Place::new(Point { lat_e6: 0, lon_e6: 0 })),
            kinds: kinds(rules, view.offer.terms.certificates.iter().map(|c| &c.kind)),
            min_order: u32::try_from(min_order).unwrap_or(u32::MAX),
            orderable: view.first_orderable().unwrap_or(Day::MAX),
            floor,
        }
    }
}

/// A bit per kind of certificate; kinds past the 32nd of the catalogue have none, and rule nothing out.
fn kinds<'k>(rules: &Rules<'_>, named: impl Iterator<Item = &'k CertificateKindCode>) -> u32 {
    let all = &rules.catalogue.parts().certificate_kinds;
    let bit = |kind: &CertificateKindCode| all.iter().take(32).position(|k| k.code == *kind).map_or(0, |at| 1u32 << at);
    named.fold(0, |bits, kind| bits | bit(kind))
}

/// The block and the cell of a place.
fn square(place: Place) -> [(i32, i32); 2] {
    let point = place.point();
    let (lat, lon) = (point.lat_e6.div_euclid(SIDE_E6), point.lon_e6.div_euclid(SIDE_E6));
    [(lat.div_euclid(BLOCK), lon.div_euclid(BLOCK)), (lat, lon)]
}

/// What waits in the queue, at equal cost in this order, so that an answer comes after all that could come
/// before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// A block, by its position.
    Block,
    /// A cell, by its position, and the first of its offers that was not taken out yet.
    Cell(usize),
    /// An offer that is not judged yet, by its position.
    Offer,
    /// An offer that passed, by its place among those.
    Passed,
}

/// The least that something could cost, and what it is; at equal cost by stage, then id.
type Waiting = Reverse<(i64, Stage, OfferId, usize)>;

/// An area as it waits.
fn area(bound: i64, stage: Stage, at: usize) -> Waiting {
    Reverse((bound, stage, OfferId(Uuid::nil()), at))
}

/// One question to the index.
struct Search<'s, 'a> {
    index: &'s OfferIndex<'a>,
    need: &'s NeedView<'s>,
    instalment: &'s Instalment,
    /// A bit per kind of certificate that is asked for.
    demanded: u32,
    /// The need's country, if any offer leaves it.
    country: Option<usize>,
    queue: BinaryHeap<Waiting>,
}

impl Search<'_, '_> {
    fn run(&mut self, top: usize) -> Vec<Ranked> {
        let index = self.index;
        let blocks = index.blocks_for(&self.need.need.terms.product).into_iter();
        self.queue = blocks.map(|at| area(self.bound(&index.blocks[at]), Stage::Block, at)).collect();
        let (mut passed, mut best) = (Vec::new(), Vec::with_capacity(top.min(index.len())));
        while best.len() < top
            && let Some(Reverse((_, stage, offer, at))) = self.queue.pop()
        {
            match stage {
                Stage::Block => {
                    for cell in index.blocks[at].inside.clone() {
                        let bound = self.bound(&index.cells[cell]);
                        self.queue.push(area(bound, Stage::Cell(index.cells[cell].inside.start), cell));
                    }
                }
                Stage::Cell(next) => self.take_out(at, next),
                Stage::Offer => {
                    if let Ok(eligible) = index.rules.judge(&index.views[at], self.need, self.instalment) {
                        self.queue.push(Reverse((eligible.cost.total(), Stage::Passed, offer, passed.len())));
                        passed.push(eligible);
                    }
                }
                Stage::Passed => best.push(Ranked { offer, eligible: passed[at].clone() }),
            }
        }
        best
    }

    /// What the offers of an area cost at least.
    fn bound(&self, area: &Area) -> i64 {
        self.least(area) + i64::from(area.floor)
    }

    /// The points that distance and border cost at least for the offers of an area.
    fn least(&self, area: &Area) -> i64 {
        // A stated distance stands before what places say, and may be any.
        let stated = !self.index.rules.market.distances.is_empty();
        let km = match self.need.place().zip(area.centre) {
            _ if stated => 0,
            // One more kilometre stands for rounding.
            Some((here, centre)) => here.at_least_km(&centre).saturating_sub(area.reach_km + 1),
            None => self.index.rules.parameters.transit.unknown_km,
        };
        self.way(km) + self.border(area)
    }

    fn way(&self, km: u32) -> i64 {
        i64::from(km) * i64::from(self.index.rules.parameters.weights.kilometre)
    }

    /// What the border costs all offers of an area.
    fn border(&self, area: &Area) -> i64 {
        let crossed = area.country.is_some() && area.country != self.country;
        if crossed { i64::from(self.index.rules.parameters.weights.border) } else { 0 }
    }

    /// Takes the offers out of a cell that cost the least whoever buys; those that may pass wait to be judged.
    fn take_out(&mut self, at: usize, next: usize) {
        let cell = &self.index.cells[at];
        let border = self.border(cell);
        let rows = &self.index.rows[next..cell.inside.end];
        let alike = rows.iter().take_while(|row| row.floor == rows[0].floor).count();
        for (offer, row) in (next..).zip(&rows[..alike]) {
            if let Some(way) = self.way_of(cell, offer, row) {
                let bound = way + border + i64::from(row.floor);
                self.queue.push(Reverse((bound, Stage::Offer, row.id, offer)));
            }
        }
        if let Some(row) = rows.get(alike) {
            self.queue.push(area(self.least(cell) + i64::from(row.floor), Stage::Cell(next + alike), at));
        }
    }

    /// What the way from an offer costs at least; none if the offer cannot pass.
    fn way_of(&self, cell: &Area, at: usize, row: &Row) -> Option<i64> {
        let rules = &self.index.rules;
        let strict = rules.parameters.without_predicates.is_empty();
        let due = self.instalment.due;
        let too_large = i64::from(row.min_order) > self.need.site_demand;
        if strict && (row.orderable > due || too_large || self.demanded & !row.kinds != 0) {
            return None;
        }
        let apart = match rules.market.distances.is_empty() {
            true => self.need.place().filter(|_| cell.centre.is_some()).map(|here| here.at_least_km(&row.place)),
            false => self.index.views[at].distance_km(self.need),
        };
        let km = apart.unwrap_or(rules.parameters.transit.unknown_km);
        if strict && row.orderable > due.plus(-rules.parameters.transit.days(km)) {
            return None;
        }
        Some(self.way(km))
    }
}
