//! How totals of competitors are told.
//!
//! A total may be told where at least three organisations share in it and none has more than 70 percent of it. One such
//! total is harmless; two that differ by one firm are not. So the things that are added up are cut, once and for all
//! readers and questions, into **atoms** that do not overlap, and nothing is ever told but the figures of whole atoms in
//! whole weeks, the **cells**. Whatever is asked is answered by a sum of cells, hence whatever can be worked out from any
//! answers is a combination of cells, each of which may be told.
//!
//! Atoms begin as fine as they can be told apart. One that does not [stand](Shares::stands) is merged with those beside it
//! that do not either, then on the next stage with more of them; what does not stand in the end is never told. Which things
//! make an atom depends on the contents and the day, not on the question and not on the reader. A cell is told only where it
//! may be told to each who shares in it and takes his own part off, since somebody may ask as several. Of it a reader is
//! told what is not his own or shown to him as rows, if that by itself may be told. Organisations that nobody vouches for are
//! in no atom: anybody can register as many as he likes. A week of an atom in which one figure may
//! not be told is withheld as a whole, since figures follow from one another; differences that anybody would form are
//! judged like figures.
//!
//! Cutting everything once, and not anew for each reader, is what makes it hold between readers too: the published
//! [lattice](crate::Lattice) is made of the same cells.

use std::collections::BTreeMap;

use crate::intern::NONE;

/// For how many whole ISO weeks, beginning with that of the day, cells are told.
pub(crate) const HORIZON: i32 = 26;

/// How many organisations must share in a figure.
pub(crate) const FEWEST: u32 = 3;

/// Whether one's share of a figure is at most 70 percent.
fn is_shared(top: i128, total: i128) -> bool {
    top * 10 <= total * 7
}

/// Things that organisations have, with `K` figures for each week of the horizon.
pub(crate) trait Holdings<const K: usize> {
    /// Whose a thing is.
    fn organisation(&self, item: u32) -> u32;

    /// What things of one organisation come to, week by week.
    fn weekly(&mut self, items: &[u32], out: &mut [[i128; K]]);
}

/// How a figure is shared.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    total: i128,
    /// By size, whatever its sign.
    size: i128,
    largest: i128,
    second: i128,
    holders: u32,
}

impl Share {
    fn add(&mut self, figure: i128) {
        if figure == 0 {
            return;
        }
        let size = figure.abs();
        self.total += figure;
        self.size += size;
        self.holders += 1;
        if size > self.largest {
            (self.largest, self.second) = (size, self.largest);
        } else {
            self.second = self.second.max(size);
        }
    }

    /// Whether the figure may be told to somebody who knows nothing of it. Nothing at all is no figure of anybody.
    fn may_be_told(&self) -> bool {
        self.size == 0 || (self.holders >= FEWEST && is_shared(self.largest, self.size))
    }

    /// Whether it may be told even to whoever shares in it and takes his own part off.
    fn may_be_told_to_holders(&self) -> bool {
        let without = |one: i128, largest: i128| is_shared(largest, self.size - one);
        self.size == 0
            || (self.may_be_told()
                && self.holders > FEWEST
                && without(self.largest, self.second)
                && without(self.second, self.largest))
    }
}

/// How the figures of an atom are shared, week by week.
pub(crate) struct Shares<const K: usize> {
    organisations: u32,
    weeks: Vec<[Share; K]>,
}

impl<const K: usize> Shares<K> {
    /// Of nothing yet.
    pub(crate) fn none() -> Self {
        Self { organisations: 0, weeks: vec![[Share::default(); K]; weeks()] }
    }

    /// Of some things, in any order.
    pub(crate) fn of(items: &[u32], holdings: &mut impl Holdings<K>) -> Self {
        let mut shares = Self::none();
        each_organisation(items, holdings, |_, figures| shares.add(figures));
        shares
    }

    /// Adds what one organisation has.
    pub(crate) fn add(&mut self, figures: &[[i128; K]]) {
        self.organisations += 1;
        for (week, figures) in self.weeks.iter_mut().zip(figures) {
            for (share, figure) in week.iter_mut().zip(figures) {
                share.add(*figure);
            }
        }
    }

    /// Whether a week may be told.
    fn tells(&self, week: &[Share; K]) -> bool {
        self.organisations >= FEWEST && week.iter().all(Share::may_be_told)
    }

    /// Of some things that are [worth telling](Self::stands) as they are; nothing where they are not.
    pub(crate) fn standing(items: &[u32], holdings: &mut impl Holdings<K>) -> Option<Self> {
        if has_few(items, holdings) {
            return None;
        }
        Some(Self::of(items, holdings)).filter(Self::stands)
    }

    /// Whether it is worth telling as it is: three organisations, and of the weeks that have anything at least half may be
    /// told even to whoever shares in them.
    fn stands(&self) -> bool {
        let some = self.weeks.iter().filter(|week| week.iter().any(|share| share.size > 0));
        let tells = |week: &[Share; K]| self.tells(week) && week.iter().all(Share::may_be_told_to_holders);
        let (some, told) = some.fold((0, 0), |(some, told), week| (some + 1, told + usize::from(tells(week))));
        self.organisations >= FEWEST && 2 * told >= some
    }

    /// The weeks that have anything and may be told, with their figures. A week of nothing is left out like one that is
    /// withheld, since a total of nothing tells of each that he has nothing.
    pub(crate) fn told(&self) -> impl Iterator<Item = (usize, [i128; K])> {
        let some = |week: &[Share; K]| week.iter().any(|share| share.size > 0);
        let told = self.weeks.iter().enumerate().filter(move |(_, week)| some(week) && self.tells(week));
        told.map(|(at, week)| (at, std::array::from_fn(|k| week[k].total)))
    }

    /// The weeks that may be told even to whoever shares in them.
    pub(crate) fn told_to_holders(&self) -> impl Iterator<Item = (usize, [i128; K])> {
        let safe = |at: usize| self.weeks.get(at).is_some_and(|week| week.iter().all(Share::may_be_told_to_holders));
        self.told().filter(move |(at, _)| safe(*at))
    }
}

/// How many weeks cells are told for.
pub(crate) fn weeks() -> usize {
    usize::try_from(HORIZON).unwrap_or(0)
}

/// Adds up things by whose they are.
pub(crate) fn each_organisation<const K: usize>(
    items: &[u32],
    holdings: &mut impl Holdings<K>,
    mut each: impl FnMut(u32, &[[i128; K]]),
) {
    let mut sorted = items.to_vec();
    sorted.sort_unstable_by_key(|item| (holdings.organisation(*item), *item));
    let mut figures = vec![[0; K]; weeks()];
    let mut rest = sorted.as_slice();
    while let Some(first) = rest.first() {
        let owner = holdings.organisation(*first);
        let (own, others) = rest.split_at(rest.partition_point(|item| holdings.organisation(*item) == owner));
        figures.fill([0; K]);
        holdings.weekly(own, &mut figures);
        each(owner, &figures);
        rest = others;
    }
}

/// What remains of figures to whoever knows what some of the organisations have: a cluster knows it of its members.
pub(crate) struct Remains<const K: usize> {
    whole: Shares<K>,
    /// The largest figures by week with whose they are, the largest first.
    largest: Vec<[[(i128, u32); MOST_LARGEST]; K]>,
    /// What is known to each cluster, by week: sizes, and of how many organisations.
    known: BTreeMap<u32, Vec<[(i128, u32); K]>>,
}

/// How many of the largest figures are remembered.
const MOST_LARGEST: usize = 4;

impl<const K: usize> Remains<K> {
    /// Of things whose figures are shared in some way; `clusters` tells those that know what an organisation has.
    pub(crate) fn of<C: Iterator<Item = u32>>(
        whole: Shares<K>,
        items: &[u32],
        holdings: &mut impl Holdings<K>,
        clusters: impl Fn(u32) -> C,
    ) -> Self {
        let (mut largest, mut known) = (vec![[[(0, NONE); MOST_LARGEST]; K]; weeks()], BTreeMap::new());
        each_organisation(items, holdings, |owner, figures| {
            for (largest, figures) in largest.iter_mut().zip(figures) {
                for (largest, figure) in largest.iter_mut().zip(figures) {
                    rank(largest, (figure.abs(), owner));
                }
            }
            for cluster in clusters(owner) {
                let known = known.entry(cluster).or_insert_with(|| vec![[(0, 0); K]; weeks()]);
                for ((size, holders), figure) in known.iter_mut().flatten().zip(figures.iter().flatten()) {
                    *size += figure.abs();
                    *holders += u32::from(*figure != 0);
                }
            }
        });
        Self { whole, largest, known }
    }

    /// Whether a week may be told to each cluster: what it does not know of each figure is nothing, or may be told itself.
    /// `knows` says whether a cluster knows what an organisation has, and `others` gives the largest size in a week, by
    /// figure, that it does not know, where the largest are all known to it.
    pub(crate) fn may_be_told(
        &self,
        week: usize,
        knows: impl Fn(u32, u32) -> bool,
        mut others: impl FnMut(u32, usize) -> [i128; K],
    ) -> bool {
        let (Some(whole), Some(largest)) = (self.whole.weeks.get(week), self.largest.get(week)) else { return false };
        self.known.iter().all(|(cluster, known)| {
            let Some(known) = known.get(week) else { return false };
            (0..K).all(|k| {
                let (size, holders) = (whole[k].size - known[k].0, whole[k].holders - known[k].1);
                if size == 0 {
                    return true;
                }
                let unknown = largest[k].iter().find(|(_, owner)| *owner != NONE && !knows(*cluster, *owner));
                let top = unknown.map_or_else(|| others(*cluster, week)[k], |(size, _)| *size);
                holders >= FEWEST && is_shared(top, size)
            })
        })
    }
}

/// Puts a figure among the largest, if it is one.
fn rank(largest: &mut [(i128, u32); MOST_LARGEST], figure: (i128, u32)) {
    if largest.last().is_some_and(|least| least.0 >= figure.0) {
        return;
    }
    let at = largest.partition_point(|other| other.0 >= figure.0);
    if let Some(behind) = largest.get_mut(at..) {
        behind.rotate_right(1);
        behind.first_mut().into_iter().for_each(|place| *place = figure);
    }
}

/// Some things under the key of the stage at which they stand, with what was found of them.
#[derive(Debug)]
pub(crate) struct Atom<Key, T> {
    pub(crate) key: Key,
    pub(crate) items: Vec<u32>,
    pub(crate) found: T,
}

/// Cuts things into atoms. Each thing has a key for each stage; equal keys of a stage have equal keys on later ones. What
/// stands at a stage is asked with its number, the key and the things in ascending order.
pub(crate) fn cut<Key: Ord + Copy, const S: usize, T>(
    mut left: Vec<([Key; S], u32)>,
    mut stands: impl FnMut(usize, Key, &[u32]) -> Option<T>,
) -> Vec<Atom<Key, T>> {
    let mut atoms = Vec::new();
    for stage in 0..S {
        left.sort_unstable_by_key(|(keys, item)| (keys[stage], *item));
        let mut alone = Vec::new();
        for group in left.chunk_by(|(one, _), (other, _)| one[stage] == other[stage]) {
            let Some((keys, _)) = group.first() else { continue };
            let items: Vec<u32> = group.iter().map(|(_, item)| *item).collect();
            match stands(stage, keys[stage], &items) {
                Some(found) => atoms.push(Atom { key: keys[stage], items, found }),
                None => alone.extend_from_slice(group),
            }
        }
        left = alone;
    }
    atoms
}

/// Whether things are of fewer organisations than may share in a figure; said without reading any figure.
pub(crate) fn has_few<const K: usize>(items: &[u32], holdings: &impl Holdings<K>) -> bool {
    let mut found: [Option<u32>; 2] = [None, None];
    for item in items {
        let owner = holdings.organisation(*item);
        if found.contains(&Some(owner)) {
            continue;
        }
        match found.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(owner),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
