//! The cheapest offers for one need, out of very many held in memory.
//!
//! Offers lie in cells: one product, one square of the map. A cell knows where it lies and how far it
//! reaches, so that one distance bounds the cost of all its offers from below. The search is best first:
//! whatever could be cheapest is looked at next, be it a cell, of which the offers that cost least
//! whoever buys are taken out, an offer, which is judged, or one judged before, which is the next in the
//! answer. The answer is that of judging all and sorting.

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
    price::Price,
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
    /// Points that its offers cost at least, whoever buys.
    floor: i64,
    /// Positions of its offers.
    offers: Range<usize>,
}

/// What rules an offer out without judging it.
struct Row {
    /// Points that it costs whoever buys.
    floor: i64,
    id: OfferId,
    place: Option<Place>,
    /// The first cut-off of an order for any of it.
    orderable: Day,
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
        let named: HashSet<_> = rules.market.organisations.values().flat_map(|o| o.clusters.iter().copied()).collect();
        let ready = threads::spread(&parts, threads::count(threads), |_, part| {
            let made = part.iter().filter_map(|offer| {
                let view = rules.offer_view(offer)?;
                Some((key(&view), Row::of(rules, &view, &named), view))
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
                index.open_cell(&key, &view, row.floor);
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

    fn open_cell(&mut self, (product, _): &CellKey, first: &OfferView<'_>, floor: i64) {
        let (at, start) = (self.cells.len(), self.rows.len());
        let (country, centre) = (Some(first.country().clone()), first.place());
        self.cells.push(Cell { country, centre, reach_km: 0, floor, offers: start..start });
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
        let demanded = kinds(&rules, need.need.terms.certificates.iter());
        let (cells, queue) = (Vec::new(), BinaryHeap::new());
        let mut search = Search { index: self, need: &need, instalment, demanded, cells, queue };
        search.run(top)
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
    /// `named` are the organisations that others call their cluster.
    fn of(rules: &Rules<'_>, view: &OfferView<'_>, named: &HashSet<OrganisationId>) -> Self {
        let w = &rules.parameters.weights;
        let when = |yes: bool, weight: u32| if yes { i64::from(weight) } else { 0 };
        // One that is in no cluster, and is none, shares none with anybody.
        let alone = view.organisation.clusters.is_empty() && !named.contains(&view.organisation.id);
        let floor = when(view.organisation.verification == Verification::None, w.unverified)
            + when(view.offer.is_stale(rules.market.day), w.aging)
            + when(alone, w.cluster);
        Self {
            floor,
            id: view.offer.id,
            place: view.place(),
            orderable: view.first_orderable().unwrap_or(Day::MAX),
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

/// What waits in the queue, at equal cost in this order, so that an answer comes after all that could come
/// before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// What is left of a cell, by its place.
    Cell,
    /// An offer that is not judged yet, by its position.
    Offer,
    /// An offer that passed, by its place among those.
    Passed,
}

/// The least that something could cost, and what it is; at equal cost by stage, then id.
type Waiting = Reverse<(i64, Stage, OfferId, usize)>;

/// What is left of a cell.
struct Rest<'s> {
    cell: &'s Cell,
    /// Points that distance and border cost all its offers at least.
    least: i64,
    next: usize,
}

/// One question to the index.
struct Search<'s, 'a> {
    index: &'s OfferIndex<'a>,
    need: &'s NeedView<'s>,
    instalment: &'s Instalment,
    /// A bit per kind of certificate that is asked for.
    demanded: u64,
    cells: Vec<Rest<'s>>,
    queue: BinaryHeap<Waiting>,
}

/// A cell as it waits.
fn waiting(bound: i64, cell: usize) -> Waiting {
    Reverse((bound, Stage::Cell, OfferId(Uuid::nil()), cell))
}

impl<'s> Search<'s, '_> {
    fn run(&mut self, top: usize) -> Vec<Ranked> {
        let index = self.index;
        let cells = index.cells_for(&self.need.need.terms.product).into_iter();
        self.cells = cells.map(|cell| Rest { cell, least: self.least(cell), next: cell.offers.start }).collect();
        let whole = |(at, Rest { cell, least, .. }): (usize, &Rest<'_>)| waiting(least + cell.floor, at);
        self.queue = self.cells.iter().enumerate().map(whole).collect();
        let (mut passed, mut best) = (Vec::new(), Vec::with_capacity(top.min(index.len())));
        while best.len() < top
            && let Some(Reverse((_, stage, offer, at))) = self.queue.pop()
        {
            match stage {
                Stage::Cell => self.take_out(at),
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

    /// The points that distance and border cost at least for the offers of a cell.
    fn least(&self, cell: &Cell) -> i64 {
        // A stated distance stands before what places say, and may be any.
        let stated = !self.index.rules.market.distances.is_empty();
        let km = match self.need.place().zip(cell.centre) {
            _ if stated => 0,
            // One more kilometre stands for rounding.
            Some((here, centre)) => here.at_least_km(&centre).saturating_sub(cell.reach_km + 1),
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

    /// Takes the offers out of a cell that cost the least whoever buys; those that may pass wait to be judged.
    fn take_out(&mut self, at: usize) {
        let Rest { cell, least, next } = self.cells[at];
        let rows = &self.index.rows[next..cell.offers.end];
        let alike = rows.iter().take_while(|row| row.floor == rows[0].floor).count();
        let border = self.border(cell);
        for (at, row) in (next..).zip(&rows[..alike]) {
            if let Some(bound) = self.bound(at, row) {
                self.queue.push(Reverse((bound + border, Stage::Offer, row.id, at)));
            }
        }
        self.cells[at].next += alike;
        if let Some(row) = rows.get(alike) {
            self.queue.push(waiting(least + row.floor, at));
        }
    }

    /// What an offer costs at least, the border apart; none if it cannot pass.
    fn bound(&self, at: usize, row: &Row) -> Option<i64> {
        let (rules, wants) = (&self.index.rules, &self.need.need.terms);
        let strict = rules.parameters.without_predicates.is_empty();
        let due = self.instalment.due;
        let lacks = row.orderable > due || row.min_order > self.need.site_demand || self.demanded & !row.kinds != 0;
        if strict && lacks {
            return None;
        }
        let apart = match rules.market.distances.is_empty() {
            true => self.need.place().zip(row.place).map(|(here, there)| here.at_least_km(&there)),
            false => self.index.views[at].distance_km(self.need),
        };
        let km = apart.unwrap_or(rules.parameters.transit.unknown_km);
        if strict && row.orderable > due.plus(-rules.parameters.transit.days(km)) {
            return None;
        }
        let mut bound = self.way(km) + row.floor;
        if let (Some(price), Some(cap)) = (row.price, wants.price_cap)
            && price.currency == cap.currency
        {
            bound += (price.micros / 1_000).min(1_000_000) * i64::from(rules.parameters.weights.price);
        }
        Some(bound)
    }
}
