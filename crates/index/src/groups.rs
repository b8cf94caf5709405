//! The rows of an answer while they are summed up.

use std::collections::HashMap;

use domain::{offer::Role, time::Day, unit::BaseUnit};

use crate::{
    answer::{FIGURES, Figures, Grades, Row, Sums},
    figures::FREE,
    intern::{NONE, number},
    query::{CapacityQuery, Group},
    store::Index,
};

/// The number that stands for grades that were merged.
pub(crate) const MERGED: u32 = NONE - 1;

/// What rows are told apart by, as numbers; none where they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) unit: BaseUnit,
    pub(crate) product: u32,
    pub(crate) grades: u32,
    pub(crate) region: u32,
    pub(crate) cluster: u32,
    pub(crate) holder: Option<Role>,
}

impl Key {
    /// Of everything in a base unit.
    pub(crate) fn total(unit: BaseUnit) -> Self {
        Self { unit, product: NONE, grades: NONE, region: NONE, cluster: NONE, holder: None }
    }
}

/// What a query tells rows apart by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grouping {
    pub(crate) product: bool,
    pub(crate) grades: bool,
    pub(crate) level: Option<usize>,
    pub(crate) cluster: bool,
    pub(crate) holder: bool,
    pub(crate) week: bool,
}

impl Grouping {
    pub(crate) fn new(query: &CapacityQuery) -> Self {
        let by = |group| query.group_by.contains(&group);
        Self {
            product: by(Group::Product),
            grades: by(Group::Grade),
            level: query.level(),
            cluster: by(Group::Cluster),
            holder: by(Group::Holder),
            week: by(Group::Week),
        }
    }

    /// The key of a product, a set of grades and a region.
    pub(crate) fn key(&self, index: &Index, product: u32, grades: u32, region: u32) -> Key {
        Key {
            product: if self.product { product } else { NONE },
            grades: if self.grades { grades } else { NONE },
            region: self.level.map_or(NONE, |level| index.regions.at_level(region, level)),
            ..Key::total(index.unit(product))
        }
    }
}

/// A row's sums.
#[derive(Debug, Clone)]
struct Sum {
    /// By week, summed up from the beginning.
    by: Vec<Sums>,
    offers: u32,
    nameless: u32,
    oldest: Option<Day>,
    with_network: bool,
}

/// The most figures of an answer: rows, each as often as it has weeks.
const MOST: usize = 200_000;

/// All rows.
pub(crate) struct Groups {
    weeks: usize,
    /// Whether there would be more than an answer holds.
    full: bool,
    numbers: HashMap<Key, u32>,
    sums: Vec<Sum>,
    /// Which organisation has offers in which row, with repetitions.
    holders: Vec<(u32, u32)>,
}

impl Groups {
    pub(crate) fn new(weeks: usize) -> Self {
        Self { weeks, full: false, numbers: HashMap::new(), sums: Vec::new(), holders: Vec::new() }
    }

    /// Whether there would be more rows than an answer holds.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// The number of a row, a new one where it is new, and of none where there are too many.
    pub(crate) fn number(&mut self, key: Key) -> u32 {
        let new = number(self.sums.len());
        self.full |= self.sums.len() * self.weeks > MOST;
        if self.full {
            return NONE;
        }
        let found = *self.numbers.entry(key).or_insert(new);
        if found == new {
            let by = vec![[0; FIGURES]; self.weeks];
            self.sums.push(Sum { by, offers: 0, nameless: 0, oldest: None, with_network: false });
        }
        found
    }

    /// Adds an offer to a row; its free figures only where they go by no line.
    pub(crate) fn offer(&mut self, row: u32, by: &[[i64; FIGURES]], free: Free) {
        let Some(sum) = self.sums.get_mut(row as usize) else { return };
        sum.offers += 1;
        for (sums, by) in sum.by.iter_mut().zip(by) {
            for (sum, by) in sums.iter_mut().zip(by) {
                *sum += i128::from(*by);
            }
            match free {
                Free::Own => {}
                Free::OfLine => FREE.into_iter().for_each(|(place, _)| sums[place] -= i128::from(by[place])),
            }
        }
    }

    /// Adds to a row what the offers of a line can give together.
    pub(crate) fn free(&mut self, row: u32, week: usize, free: [i128; FREE.len()]) {
        let Some(by) = self.sums.get_mut(row as usize).and_then(|sum| sum.by.get_mut(week)) else { return };
        for ((place, _), free) in FREE.into_iter().zip(free) {
            by[place] += free;
        }
    }

    /// Notes whose an offer is, and of when its figures are; of nobody where it is nameless.
    pub(crate) fn note(&mut self, row: u32, organisation: Option<u32>, as_of: Day) {
        let Some(sum) = self.sums.get_mut(row as usize) else { return };
        sum.oldest = Some(sum.oldest.map_or(as_of, |oldest| oldest.min(as_of)));
        match organisation {
            Some(organisation) => self.holders.push((row, organisation)),
            None => sum.nameless += 1,
        }
    }

    /// Adds to a row totals that become available in a week.
    pub(crate) fn network(&mut self, row: u32, week: usize, figures: &Sums) {
        let Some(sum) = self.sums.get_mut(row as usize) else { return };
        sum.with_network = true;
        for sums in sum.by.iter_mut().skip(week) {
            for (sum, figure) in sums.iter_mut().zip(figures) {
                *sum += figure;
            }
        }
    }

    /// Adds rows that do not overlap to the totals of their base units.
    pub(crate) fn absorb(&mut self, rows: &Self) {
        let mut into = vec![NONE; rows.sums.len()];
        for (key, at) in &rows.numbers {
            let total = self.number(Key::total(key.unit));
            let (Some(sum), Some(row)) = (self.sums.get_mut(total as usize), rows.sums.get(*at as usize)) else {
                continue;
            };
            for (sums, by) in sum.by.iter_mut().zip(&row.by) {
                sums.iter_mut().zip(by).for_each(|(sum, by)| *sum += by);
            }
            sum.offers += row.offers;
            sum.nameless += row.nameless;
            sum.oldest = sum.oldest.into_iter().chain(row.oldest).min();
            sum.with_network |= row.with_network;
            into.get_mut(*at as usize).into_iter().for_each(|place| *place = total);
        }
        let owner = |(row, owner): &(u32, u32)| into.get(*row as usize).map(|total| (*total, *owner));
        self.holders.extend(rows.holders.iter().filter_map(owner));
    }

    /// The rows in the order of what they are told apart by.
    pub(crate) fn rows(mut self, index: &Index, grouping: &Grouping) -> Vec<Row> {
        self.holders.sort_unstable();
        self.holders.dedup();
        let mut organisations = vec![0u32; self.sums.len()];
        for (row, _) in &self.holders {
            if let Some(count) = organisations.get_mut(*row as usize) {
                *count += 1;
            }
        }
        let mut rows = Vec::with_capacity(self.sums.len());
        for (key, at) in &self.numbers {
            let (Some(sum), Some(organisations)) = (self.sums.get(*at as usize), organisations.get(*at as usize))
            else {
                continue;
            };
            rows.push(Row {
                product: index.products.get(key.product).cloned(),
                unit: key.unit,
                grades: match key.grades {
                    NONE => None,
                    MERGED => Some(Grades::Merged),
                    set => Some(Grades::Set(index.grades.get(set).map_or(Vec::new(), |set| set.to_vec()))),
                },
                region: index.regions.code(key.region).cloned(),
                cluster: index.parties.id(key.cluster),
                holder: key.holder,
                figures: figures(&sum.by, grouping),
                offers: sum.offers,
                organisations: *organisations,
                nameless: sum.nameless,
                oldest: sum.oldest,
                with_network: sum.with_network,
            });
        }
        let order = |row: &Row| {
            (row.product.clone(), row.unit, row.grades.clone(), row.region.clone(), row.cluster, row.holder)
        };
        rows.sort_by_cached_key(order);
        rows
    }
}

/// Whether an offer's free figures are its own or its line's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Free {
    Own,
    OfLine,
}

/// From sums to what becomes available in each week, or in all of them.
fn figures(by: &[Sums], grouping: &Grouping) -> Vec<Figures> {
    if !grouping.week {
        return by.last().map(|sums| Figures::of(*sums)).into_iter().collect();
    }
    let mut before = [0; FIGURES];
    let grown = |sums: &Sums| {
        let grown = std::array::from_fn(|at| sums[at] - before[at]);
        before = *sums;
        Figures::of(grown)
    };
    by.iter().map(grown).collect()
}
