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
        let size = figure.abs();
        self.total += figure;
        self.size += size;
        if size > 0 {
            self.holders += 1;
        }
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

    /// Week by week, whether figures may be told that leave these unknown: each is nothing, or may be told itself.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = bool> {
        self.weeks.iter().map(|week| week.iter().all(Share::may_be_told))
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

/// Some things under the key of the stage at which they stand.
pub(crate) struct Atom<Key> {
    pub(crate) key: Key,
    pub(crate) items: Vec<u32>,
}

/// Cuts things into atoms. Each thing has a key for each stage; equal keys of a stage have equal keys on later ones.
pub(crate) fn cut<Key: Ord + Copy, const S: usize, const K: usize>(
    mut left: Vec<([Key; S], u32)>,
    holdings: &mut impl Holdings<K>,
) -> Vec<Atom<Key>> {
    let mut atoms = Vec::new();
    for stage in 0..S {
        left.sort_unstable_by_key(|(keys, item)| (keys[stage], *item));
        let mut alone = Vec::new();
        for group in left.chunk_by(|(one, _), (other, _)| one[stage] == other[stage]) {
            let items: Vec<u32> = group.iter().map(|(_, item)| *item).collect();
            match group.first() {
                Some((keys, _)) if !has_few(&items, holdings) && Shares::of(&items, holdings).stands() => {
                    atoms.push(Atom { key: keys[stage], items });
                }
                Some(_) | None => alone.extend_from_slice(group),
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
