//! How much there is: offers that a reader sees are summed exactly, all others enter through atoms.

use std::collections::BTreeSet;

use domain::{code::ProductCode, offer::Role};

use crate::{
    answer::{CapacityAnswer, LeftOut, Row},
    bounds::Shared,
    figures::Meter,
    filter::{Filter, Seen},
    groups::{Free, Grouping, Groups, Key},
    intern::{NONE, number},
    query::CapacityQuery,
    reader::{Eyes, Reader},
    shard::{Flag, Shard},
    store::{Index, OfferRow},
};

/// A row while it is summed up: of the answer's rows, or of its totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Row(u32),
    Total(u32),
}

/// An answer while it is summed up.
struct Tally<'a> {
    index: &'a Index,
    grouping: Grouping,
    rows: Groups,
    totals: Groups,
    shared: Shared<Slot>,
    slots: Vec<Slot>,
}

impl Index {
    /// How much there is of what, where and by when, as a reader may know it.
    pub fn capacity(&self, query: &CapacityQuery, reader: &Reader) -> CapacityAnswer {
        let (eyes, filter) = (Eyes::new(self, reader), Filter::new(self, query));
        let (ends, weeks) = (query.weeks.ends(), query.weeks.buckets().to_vec());
        let mut meter = Meter::new(self, &ends, query.weeks.on());
        let mut tally = Tally::new(self, query, ends.len());
        let mut left_out = BTreeSet::new();
        match &eyes {
            Eyes::Public => drop(left_out.insert(LeftOut::PublicReader)),
            Eyes::Operator | Eyes::Party(_) => {
                for product in self.asked(query.products.as_ref()) {
                    tally.scan(product, &eyes, &filter, &mut meter);
                }
                if !eyes.sees_all() {
                    left_out = self.network_gaps(query);
                    for product in self.asked(query.products.as_ref()) {
                        tally.network(product, query, &eyes, &filter);
                    }
                }
            }
        }
        let free_is_upper_bound = !tally.shared.is_empty() || !eyes.sees_all();
        let complete = !tally.rows.is_full();
        let (rows, totals) = if complete { tally.rows(&meter) } else { (Vec::new(), Vec::new()) };
        CapacityAnswer {
            as_of_event: self.as_of_event(),
            on: query.weeks.on(),
            weeks,
            overlapping: query.group_by.contains(&crate::Group::Cluster),
            rows,
            totals,
            complete,
            free_is_upper_bound,
            left_out,
        }
    }

    /// The numbers of the products that are asked for.
    pub(crate) fn asked(&self, products: Option<&BTreeSet<ProductCode>>) -> Vec<u32> {
        match products {
            Some(wanted) => wanted.iter().filter_map(|code| self.products.find(code)).collect(),
            None => (0..number(self.products.items().len())).collect(),
        }
    }

    pub(crate) fn shard(&self, product: u32) -> Option<&Shard> {
        self.shards.get(product as usize)
    }
}

impl<'a> Tally<'a> {
    fn new(index: &'a Index, query: &CapacityQuery, weeks: usize) -> Self {
        let (rows, totals) = (Groups::new(weeks), Groups::new(weeks));
        Self { index, grouping: Grouping::new(query), rows, totals, shared: Shared::new(), slots: Vec::new() }
    }

    /// Sums up what the reader sees as rows.
    fn scan(&mut self, product: u32, eyes: &Eyes<'_>, filter: &Filter<'_>, meter: &mut Meter<'_>) {
        let (index, on) = (self.index, meter.on());
        let Some(shard) = index.shard(product) else { return };
        for row in shard.rows() {
            if !filter.may_pass(product, row.traits) {
                continue;
            }
            let Some(region) = index.in_market(row.traits, on) else { continue };
            let sees = eyes.sees(product, row.traits);
            let seen = Seen { product, traits: row.traits, region, sees };
            let has = |meter: &mut Meter<'_>| meter.read(row).last().is_some_and(|by| filter.wants_level(by));
            if sees.row() && filter.passes(&seen) && (!filter.asks_level() || has(meter)) {
                self.add(product, row, &seen, meter);
            }
        }
    }

    fn add(&mut self, product: u32, row: OfferRow<'_>, seen: &Seen<'_>, meter: &mut Meter<'_>) {
        let grouping = self.grouping;
        let named = seen.sees.named();
        let mut key = grouping.key(self.index, product, row.traits.grades, seen.region(&self.index.regions));
        if grouping.holder && named {
            key.holder = Some(if row.traits.is(Flag::Trader) { Role::Trader } else { Role::Maker });
        }
        let clusters: &[u32] =
            if grouping.cluster && named { self.index.parties.clusters_of(row.traits.origin.clusters) } else { &[] };
        self.slots.clear();
        if grouping.cluster {
            self.slots.push(Slot::Total(self.totals.number(Key::total(key.unit))));
        }
        for cluster in clusters {
            self.slots.push(Slot::Row(self.rows.number(Key { cluster: *cluster, ..key })));
        }
        if clusters.is_empty() {
            self.slots.push(Slot::Row(self.rows.number(Key { cluster: NONE, ..key })));
        }
        // Which offers share a line tells that they are of one owner.
        let free = if named && Shared::<Slot>::binds(meter, row) { Free::OfLine } else { Free::Own };
        let by = meter.read(row);
        for slot in &self.slots {
            let (groups, at) = match slot {
                Slot::Row(at) => (&mut self.rows, *at),
                Slot::Total(at) => (&mut self.totals, *at),
            };
            groups.offer(at, by, free);
            groups.note(at, named.then_some(row.traits.organisation), row.curve.as_of);
            match free {
                Free::Own => {}
                Free::OfLine => self.shared.add(*slot, row, by),
            }
        }
        // Where rows do not overlap, totals are their sums, but for lines, which bound rows each by itself.
        if let (Free::OfLine, false) = (free, grouping.cluster) {
            let total = self.totals.number(Key::total(key.unit));
            self.shared.add(Slot::Total(total), row, by);
        }
    }

    /// Adds the totals that lie wholly inside the filters.
    fn network(&mut self, product: u32, query: &CapacityQuery, eyes: &Eyes<'_>, filter: &Filter<'_>) {
        for cell in self.index.cells_inside(product, query, eyes, filter) {
            let key = self.grouping.key(self.index, product, cell.grades, cell.region);
            let row = self.rows.number(key);
            self.rows.network(row, cell.week, &cell.figures);
        }
    }

    fn rows(self, meter: &Meter<'_>) -> (Vec<Row>, Vec<Row>) {
        let Self { index, grouping, mut rows, mut totals, shared, slots: _ } = self;
        if !grouping.cluster {
            totals.absorb(&rows);
        }
        shared.settle(meter, |slot, week, free| match slot {
            Slot::Row(at) => rows.free(at, week, free),
            Slot::Total(at) => totals.free(at, week, free),
        });
        (rows.rows(index, &grouping), totals.rows(index, &grouping))
    }
}
