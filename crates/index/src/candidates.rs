//! Who may serve a need, out of all offers of its product: the cheapest of those that pass the predicates of
//! [`domain::eligibility`], those that nearly do, and where the others fail.
//!
//! Every row is asked, by the same code as [`Rules::judge`]. Distances that somebody states between two sites are of
//! replays alone, and are not known here.

use std::{cell::OnceCell, collections::BinaryHeap};

use domain::{
    eligibility::{Findings, Predicate, Rules, SiteDemands, ask, cost},
    ids::OfferId,
    market::Market,
    need::Instalment,
};

mod answer;
mod asking;
mod free;
mod funnel;
mod locality;
mod near;
mod query;
mod row;
mod verdict;

pub use answer::{Candidate, Candidates, Change, Failed, Funnel, InstalmentCandidates, NearMiss, SeenRow};
pub use query::{CandidateQuery, Fitting, Which};

use asking::{Asking, At, Shelf};
use free::{free, is_used_up};
use funnel::Counts;
use locality::Locality;
use near::{Nearest, change};
use row::{PriceTag, RowPair};

use crate::{
    intern::number,
    reader::{Eyes, Reader, Sees},
    shard::{Flag, Traits},
    store::Index,
};

/// How many rows ahead certificates are fetched.
const BLOCK: usize = 64;

/// An eligible offer by what it costs and its id, and where it stands.
type Ranked = (i64, OfferId, u32, u32);

/// The cheapest of a kind, of which the dearest is on top.
struct Cheapest {
    most: usize,
    heap: BinaryHeap<Ranked>,
}

impl Cheapest {
    fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::new() }
    }

    fn offer(&mut self, cost: i64, (shelf, row): (&Shelf<'_>, u32)) {
        let dearest = self.heap.peek().filter(|_| self.heap.len() >= self.most);
        if self.most == 0 || dearest.is_some_and(|(dearest, ..)| *dearest < cost) {
            return;
        }
        if let Some(id) = shelf.shard.ids.get(row as usize) {
            self.heap.push((cost, *id, shelf.product, row));
            if self.heap.len() > self.most {
                self.heap.pop();
            }
        }
    }
}

impl Index {
    /// Who may serve a need, as a reader may know it. Nobody, where the index knows no product of that name.
    pub fn candidates(&self, query: &CandidateQuery<'_>, reader: &Reader) -> Candidates {
        let mut market = Market { mode: self.mode(), ..Market::new(query.day) };
        market.organisations.insert(query.need.organisation, query.organisation.clone());
        market.sites.insert(query.need.site, query.site.clone());
        let (catalogue, regions, parameters) = (query.catalogue, query.regions, query.parameters);
        let rules = Rules { market: &market, catalogue, regions, parameters };
        let eyes = Eyes::new(self, reader);
        let wanted = |instalment: &&Instalment| match query.which {
            Which::All => true,
            Which::One(id) => instalment.id == id,
        };
        let mut instalments = Vec::new();
        if let Some(need) = rules.need_view(query.need, &SiteDemands::new()) {
            for instalment in query.need.instalments.iter().filter(wanted) {
                let asking = Asking::new((self, query), (&rules, &need), instalment);
                instalments.push(Search::new(&asking, &eyes).run());
            }
        }
        Candidates { as_of_event: self.as_of_event(), on: query.day, instalments }
    }
}

/// Whether nothing of an eligible offer is free, its line left aside.
#[inline]
fn is_taken<S>(asking: &Asking<'_, '_>, (shelf, row): (&Shelf<'_>, u32), found: &Findings<S>) -> bool {
    let (shard, by) = (shelf.shard, (found.cutoff, found.stock_only));
    if asking.untimely {
        // Of what passed in a trial alone nothing may exist.
        let of_it = |offer| free(asking.index, offer, asking.kind, by, Sees::Nameless);
        return shard.row(row).is_some_and(|offer| of_it(offer).units == 0);
    }
    let promised = shard.promised.get(row as usize);
    let as_of = || shard.traits.get(row as usize).map_or(found.cutoff, |traits| traits.as_of);
    promised.is_some_and(|promised| is_used_up(promised, asking.kind, by, as_of()))
}

/// A look through the offers for one instalment.
struct Search<'s, 'q, 'n> {
    asking: &'s Asking<'q, 'n>,
    eyes: &'s Eyes<'s>,
    counts: Counts,
    nearest: Nearest,
    top: Cheapest,
    used_up: Cheapest,
}

impl<'s, 'q, 'n> Search<'s, 'q, 'n> {
    fn new(asking: &'s Asking<'q, 'n>, eyes: &'s Eyes<'s>) -> Self {
        let query = asking.query;
        Self {
            asking,
            eyes,
            counts: Counts::new(),
            nearest: Nearest::new(query.near),
            top: Cheapest::new(query.top),
            used_up: Cheapest::new(query.top),
        }
    }

    fn run(mut self) -> InstalmentCandidates {
        let shelves: Vec<Shelf<'q>> = match self.eyes {
            Eyes::Public => Vec::new(),
            Eyes::Operator | Eyes::Party(_) => self.products().filter_map(|at| self.asking.shelf(at)).collect(),
        };
        for shelf in &shelves {
            self.scan(shelf);
        }
        self.answer(&shelves)
    }

    /// The product and those that may stand for it; all of them where a trial leaves the product out.
    fn products(&self) -> impl Iterator<Item = u32> + use<'q> {
        let (index, query) = (self.asking.index, self.asking.query);
        let wanted = &query.need.terms.product;
        let all = query.parameters.without_predicates.contains(&Predicate::Product);
        let numbers: Vec<u32> = if all {
            (0..number(index.products.items().len())).collect()
        } else {
            let codes = std::iter::once(wanted).chain(query.catalogue.stand_ins(wanted));
            codes.filter_map(|code| index.products.find(code)).collect()
        };
        numbers.into_iter()
    }

    fn scan(&mut self, shelf: &Shelf<'q>) {
        let (asking, index) = (self.asking, self.asking.index);
        let (at, nothing_priced) = (At::plain(asking.instalment), asking.query.need.terms.price_cap.is_none());
        let question = asking.question(at.due, at.besides);
        let mut last: Option<Locality> = None;
        let mut ahead = shelf.shard.traits.chunks(BLOCK);
        for (row, traits) in (0..).zip(&shelf.shard.traits) {
            if (row as usize).is_multiple_of(BLOCK) {
                asking.fetch(ahead.next().unwrap_or_default());
            }
            let known = traits.origin.known();
            let Some((vouched, region)) = known else { continue };
            let sees = self.eyes.sees(shelf.product, traits);
            // What is not in the market is nobody else's to know of.
            if !sees.named() && index.in_market(traits, asking.query.day).is_none() {
                continue;
            }
            let price = if nothing_priced || !traits.is_priced() { PriceTag::Hidden } else { self.price(traits) };
            if !last.as_ref().is_some_and(|locality| locality.holds(traits, region)) {
                last = Some(Locality::new(asking, shelf, traits, region));
            }
            let Some(locality) = &last else { continue };
            let pair = RowPair { asking, shelf, traits, row, locality, price, at };
            match ask(&pair, &question) {
                Ok(_) if !self.shows(sees) => self.counts.hidden(traits.organisation, vouched, None),
                Ok(found) => {
                    self.counts.eligible();
                    let cost = cost(&pair, &found, asking.parameters()).total();
                    if is_taken(asking, (shelf, row), &found) {
                        self.counts.used_up();
                        self.used_up.offer(cost, (shelf, row));
                    } else {
                        self.top.offer(cost, (shelf, row));
                    }
                }
                Err((predicate, why)) if sees.row() => {
                    self.counts.failed(predicate, why);
                    self.nearest.offer(&pair, predicate, why);
                }
                Err((predicate, _)) => {
                    // Whether anything is made now is a figure, of which nobody is told whose row he does not see.
                    let (failed, besides) = (Some(predicate), Some(Predicate::Producing));
                    let failed = if failed == besides {
                        let pair = RowPair { at: At { besides, ..at }, ..pair };
                        ask(&pair, &asking.question(at.due, besides)).err().map(|(predicate, _)| predicate)
                    } else {
                        failed
                    };
                    self.counts.hidden(traits.organisation, vouched, failed);
                }
            }
        }
    }

    /// Whether the reader is shown a row that fits.
    fn shows(&self, sees: Sees) -> bool {
        match self.asking.query.fitting {
            Fitting::AsSeen => sees.row(),
            Fitting::Nameless => true,
        }
    }

    fn price(&self, traits: &Traits) -> PriceTag {
        if self.eyes.sees_price(traits) { PriceTag::Shown } else { PriceTag::Hidden }
    }

    /// A row again, with what the reader sees of it.
    fn again<'r>(
        &'r self,
        shelves: &'r [Shelf<'q>],
        (product, row): (u32, u32),
        locality: &'r OnceCell<Locality>,
    ) -> Option<(RowPair<'r, 'q, 'n>, Sees)> {
        let shelf = shelves.iter().find(|shelf| shelf.product == product)?;
        let traits = shelf.shard.traits.get(row as usize)?;
        let (_, region) = traits.origin.known()?;
        let (asking, at) = (self.asking, At::plain(self.asking.instalment));
        let locality = locality.get_or_init(|| Locality::new(asking, shelf, traits, region));
        let pair = RowPair { asking, shelf, traits, row, locality, price: self.price(traits), at };
        let sees = match self.eyes.sees(product, traits) {
            Sees::TotalsOnly | Sees::Nothing if traits.is(Flag::BuyerPlace) => Sees::NamelessExact,
            Sees::TotalsOnly | Sees::Nothing => Sees::Nameless,
            sees => sees,
        };
        Some((pair, sees))
    }

    fn seen(&self, pair: &RowPair<'_, 'q, 'n>, sees: Sees) -> Option<SeenRow> {
        let index = self.asking.index;
        Some(SeenRow {
            offer: *pair.shelf.shard.ids.get(pair.row as usize)?,
            sees,
            organisation: index.parties.id(pair.traits.organisation).filter(|_| sees.named()),
            product: pair.shelf.code.clone(),
            region: index.regions.code(pair.region_for(sees)).cloned(),
        })
    }

    fn answer(mut self, shelves: &[Shelf<'q>]) -> InstalmentCandidates {
        let (asking, index) = (self.asking, self.asking.index);
        let heaps = [&mut self.top, &mut self.used_up].map(|cheapest| std::mem::take(&mut cheapest.heap));
        let nearest = std::mem::replace(&mut self.nearest, Nearest::new(0));
        let mut bound = !self.eyes.sees_all();
        let mut candidate = |(_, _, product, row): Ranked| {
            let locality = OnceCell::new();
            let (pair, sees) = self.again(shelves, (product, row), &locality)?;
            let (eligible, offer) = (pair.explain()?, pair.shelf.shard.row(row)?);
            let free = free(index, offer, asking.kind, (eligible.cutoff, eligible.stock_only), sees);
            bound |= free.of_line;
            let covers = free.units >= asking.instalment.measure.quantity.units();
            let row = self.seen(&pair, sees)?;
            Some(Candidate { row, eligible, free: free.units, covers, running: free.running })
        };
        let [top, used_up] = heaps.map(|heap| {
            let ranked = heap.into_sorted_vec().into_iter();
            ranked.filter_map(&mut candidate).collect::<Vec<_>>()
        });
        let miss = |(predicate, near): (Predicate, near::Near)| {
            let locality = OnceCell::new();
            let (pair, sees) = self.again(shelves, (near.product, near.row), &locality)?;
            let (reason, change) = change(&pair, predicate, near.due, sees)?;
            let besides = (near.due == pair.at.due).then_some(predicate);
            let changed = RowPair { at: At { due: near.due, besides }, ..pair };
            Some(NearMiss { row: self.seen(&pair, sees)?, predicate, reason, change, eligible: changed.explain()? })
        };
        let near = nearest.all().filter_map(miss).collect();
        InstalmentCandidates {
            instalment: asking.instalment.id,
            top,
            used_up,
            near,
            funnel: self.counts.tell(),
            free_is_upper_bound: bound,
        }
    }
}
