//! Offers that a reader sees no rows of: their atoms, and what of them lies inside a question.

use std::{collections::BTreeSet, sync::Arc};

use domain::{organisation::Verification, time::Day};

use crate::{
    answer::{FIGURES, LeftOut, Sums},
    atoms::{HORIZON, Holdings, Remains, Shares, each_organisation, has_few},
    bounds::Shared,
    cuts::Cut,
    figures::{FREE, Meter},
    filter::Filter,
    groups::{Grouping, MERGED},
    intern::NONE,
    places::COARSE,
    query::{CapacityQuery, Certified, Freshness},
    reader::{Eyes, Sees},
    shard::{Flag, Shard},
    store::Index,
    weeks::Weeks,
};

/// The figures and the differences that anybody would form: what maximum adds to running, what promises took of each, and
/// what those of later took beyond what is held and agreed.
pub(crate) const CHECKED: usize = FIGURES + 5;

/// What atoms of offers are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AtomKey {
    /// Whether every buyer may be matched with them; the others are never in the lattice.
    pub(crate) open: bool,
    /// Whether at least one certificate is checked or better and holds on the day.
    pub(crate) certified: bool,
    pub(crate) region: u32,
    pub(crate) grades: u32,
}

/// Figures of an atom in a week, as some reader is told them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) grades: u32,
    pub(crate) region: u32,
    /// The place of the week in the query.
    pub(crate) week: usize,
    pub(crate) figures: Sums,
}

/// The offers of a product as things that are held.
pub(crate) struct OfferHoldings<'a> {
    shard: &'a Shard,
    meter: Meter<'a>,
    by: Vec<Sums>,
}

impl<'a> OfferHoldings<'a> {
    /// Over weeks that end on some days, as things stand on a day.
    pub(crate) fn new(index: &'a Index, shard: &'a Shard, (on, ends): (Day, &'a [Day])) -> Self {
        Self { shard, meter: Meter::new(index, ends, on), by: vec![[0; FIGURES]; ends.len()] }
    }
}

impl Holdings<CHECKED> for OfferHoldings<'_> {
    fn organisation(&self, item: u32) -> u32 {
        self.shard.traits.get(item as usize).map_or(NONE, |traits| traits.organisation)
    }

    fn weekly(&mut self, items: &[u32], out: &mut [[i128; CHECKED]]) {
        self.by.fill([0; FIGURES]);
        let mut shared: Shared<()> = Shared::new();
        for row in items.iter().filter_map(|item| self.shard.row(*item)) {
            let of_line = Shared::<()>::binds(&self.meter, row);
            let by = self.meter.read(row);
            for (sums, by) in self.by.iter_mut().zip(by) {
                for (sum, by) in sums.iter_mut().zip(by) {
                    *sum += i128::from(*by);
                }
                if of_line {
                    FREE.into_iter().for_each(|(place, _)| sums[place] -= i128::from(by[place]));
                }
            }
            if of_line {
                shared.add((), row, by);
            }
        }
        let sums = &mut self.by;
        shared.settle(&self.meter, |(), week, free| {
            if let Some(sums) = sums.get_mut(week) {
                FREE.into_iter().zip(free).for_each(|((place, _), free)| sums[place] += free);
            }
        });
        let mut before = [0; FIGURES];
        for (week, by) in out.iter_mut().zip(&self.by) {
            let grown: Sums = std::array::from_fn(|at| by[at] - before[at]);
            let [running, maximum, _, held, agreed, free, free_maximum] = grown;
            let (taken, taken_maximum) = (running - free, maximum - free_maximum);
            let later = [taken - held - agreed, taken_maximum - held - agreed];
            week[..FIGURES].copy_from_slice(&grown);
            week[FIGURES..].copy_from_slice(&[maximum - running, taken, taken_maximum, later[0], later[1]]);
            before = *by;
        }
    }
}

impl Index {
    /// The atoms of a product's offers on a day: cut by product, visibility, certified or not, grades and NUTS 2 region; then
    /// over NUTS 1, over the country, and over all grades of the country.
    pub(crate) fn cut(&self, product: u32, on: Day) -> Option<Arc<Cut<AtomKey, FIGURES>>> {
        self.cuts.of(product, on, |before| {
            let shard = self.shard(product)?;
            let mut left = Vec::new();
            for (item, row) in (0..).zip(shard.rows()) {
                let Some(place) = self.in_market(row.traits, on) else { continue };
                // Anybody can register firms: who is nobody's word hides no other.
                if row.traits.vouched() == Verification::None {
                    continue;
                }
                let (open, grades) = (row.traits.is(Flag::Market), row.traits.grades);
                let certified = self.papers.certified(row.traits.papers, on, self.mode());
                let key =
                    |level, grades| AtomKey { open, certified, region: self.regions.at_level(place, level), grades };
                left.push(([key(COARSE, grades), key(1, grades), key(0, grades), key(0, MERGED)], item));
            }
            let ends = Weeks::whole(on, HORIZON).ends();
            let mut holdings = OfferHoldings::new(self, shard, (on, &ends));
            let changed = |item: u32| shard.changed.get(item as usize).copied().unwrap_or(u64::MAX);
            Some(Cut::new((on, self.revision), left, (before, changed), |items| {
                let shares = Shares::standing(items, &mut holdings)?;
                Some(self.for_everybody(items, shares, &mut holdings).into())
            }))
        })
    }

    /// The weeks of an atom that may be told, whoever shares in them and takes his own part off, and whichever cluster knows
    /// the parts of its members: nobody asks as a single one alone.
    fn for_everybody(
        &self,
        items: &[u32],
        shares: Shares<CHECKED>,
        holdings: &mut OfferHoldings<'_>,
    ) -> Vec<(usize, Sums)> {
        let told: Vec<_> = shares.told_to_holders().collect();
        if told.is_empty() {
            return Vec::new();
        }
        // A cluster's own offers are known to it as its members' are.
        let knows = |cluster, owner| cluster == owner || self.parties.clusters(owner).contains(&cluster);
        let owners = items.iter().map(|item| holdings.organisation(*item));
        let asking: BTreeSet<u32> = owners.flat_map(|owner| self.parties.clusters(owner)).copied().collect();
        let knowing = |owner| self.parties.clusters(owner).iter().copied().chain(asking.get(&owner).copied());
        let remains = Remains::of(shares, items, holdings, knowing);
        let mut others = |cluster, week| {
            let mut largest = [0_i128; CHECKED];
            each_organisation(items, holdings, |owner, figures| {
                if let Some(figures) = figures.get(week).filter(|_| !knows(cluster, owner)) {
                    largest
                        .iter_mut()
                        .zip(figures)
                        .for_each(|(most, figure): (&mut i128, &i128)| *most = figure.abs().max(*most));
                }
            });
            largest
        };
        let safe = |(week, _): &(usize, _)| remains.may_be_told(*week, knows, &mut others);
        told.into_iter().filter(safe).map(|(week, figures)| (week, published(&figures))).collect()
    }

    /// Cells that lie wholly inside a question, as a reader is told them; none where it asks for what atoms are not made
    /// of.
    pub(crate) fn cells_inside(
        &self,
        product: u32,
        query: &CapacityQuery,
        eyes: &Eyes<'_>,
        filter: &Filter<'_>,
    ) -> Vec<Told> {
        if has_other_filters(query) || has_other_groups(query) {
            return Vec::new();
        }
        let on = query.weeks.on();
        let (Some(shard), Some(cut)) = (self.shard(product), self.cut(product, on)) else { return Vec::new() };
        let ends = Weeks::whole(on, HORIZON).ends();
        let mut holdings = OfferHoldings::new(self, shard, (on, &ends));
        let hidden = |item: &u32| {
            let traits = shard.traits.get(*item as usize);
            traits.is_some_and(|traits| eyes.sees(product, traits) == Sees::TotalsOnly)
        };
        let mut cells = Vec::new();
        for atom in cut.atoms.iter().filter(|atom| inside((product, &atom.key), query, filter)) {
            let AtomKey { grades, region, open: _, certified: _ } = atom.key;
            let mut tell = |(week, figures): (usize, Sums)| {
                if let Some(week) = ends.get(week).and_then(|end| query.weeks.place(*end)) {
                    cells.push(Told { grades, region, week, figures });
                }
            };
            if atom.items.iter().all(hidden) {
                atom.found.iter().copied().for_each(&mut tell);
                continue;
            }
            let items: Vec<u32> = atom.items.iter().copied().filter(hidden).collect();
            if !has_few(&items, &holdings) {
                let shares = Shares::of(&items, &mut holdings);
                let open = |week: usize| atom.found.binary_search_by_key(&week, |(week, _)| *week).is_ok();
                let told = shares.told().filter(|(week, _)| open(*week));
                told.for_each(|(week, figures)| tell((week, published(&figures))));
            }
        }
        cells
    }

    /// Why some of what is only told in totals may not be in an answer, from the question alone.
    pub(crate) fn network_gaps(&self, query: &CapacityQuery) -> BTreeSet<LeftOut> {
        let last = query.weeks.on().monday().plus(7 * HORIZON - 1);
        let buckets = query.weeks.buckets();
        let fine = |code| self.regions.find(code).and_then(|r| self.regions.level(r)).is_some_and(|level| level > 2);
        let gaps = [
            (LeftOut::SmallTotals, true),
            (LeftOut::Filter, has_other_filters(query)),
            (LeftOut::Grouping, has_other_groups(query)),
            (LeftOut::PartialWeek, buckets.iter().any(|bucket| bucket.until < bucket.monday.plus(6))),
            (LeftOut::BeyondHorizon, buckets.iter().any(|bucket| bucket.until > last)),
            (LeftOut::FinerRegion, query.regions.iter().flatten().any(fine)),
        ];
        gaps.into_iter().filter(|(_, is)| *is).map(|(gap, _)| gap).collect()
    }
}

/// The figures without the differences.
pub(crate) fn published(figures: &[i128; CHECKED]) -> Sums {
    std::array::from_fn(|at| figures[at])
}

/// Whether an atom lies wholly inside the filters that atoms are made of.
fn inside((product, key): (u32, &AtomKey), query: &CapacityQuery, filter: &Filter<'_>) -> bool {
    let certified = match query.certified {
        Certified::Any => true,
        Certified::Checked => key.certified,
    };
    // Of merged grades nobody is told which they are.
    let grades = match key.grades {
        MERGED => filter.wants_any_grade(product),
        set => filter.wants_grades(product, set),
    };
    certified && grades && filter.wants_region(key.region)
}

/// Whether a question asks for what atoms are not told apart by.
fn has_other_filters(query: &CapacityQuery) -> bool {
    let CapacityQuery {
        weeks: _,
        products: _,
        grades: _,
        substitutes: _,
        regions: _,
        certified: _,
        group_by: _,
        levels,
        features,
        near,
        clusters,
        papers,
        verification,
        freshness,
        min_order_at_most,
        lead_days_at_most,
        transfers,
    } = query;
    !levels.is_empty()
        || !features.is_empty()
        || near.is_some()
        || clusters.is_some()
        || papers.is_some()
        || *verification != Verification::None
        || *freshness != Freshness::Any
        || min_order_at_most.is_some()
        || lead_days_at_most.is_some()
        || !transfers.is_empty()
}

/// Whether rows are told apart by what atoms are not.
fn has_other_groups(query: &CapacityQuery) -> bool {
    let grouping = Grouping::new(query);
    grouping.cluster || grouping.holder
}
