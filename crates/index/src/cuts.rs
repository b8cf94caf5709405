//! Atoms, cut once and kept until something changes that they depend on.
//!
//! Cutting reads every record of a product several times, and comes to the same for all readers and questions of a day. So
//! the last cut of each product is kept beside the columns, with what was found of each atom. After a change only groups
//! that hold a changed record are read again. It says nothing that the columns do not say.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::time::Day;

use crate::{
    atoms::{Atom, cut},
    memory::vec_bytes,
};

/// What is told of a group, week by week of the horizon.
pub(crate) type Told<const N: usize> = Arc<[(usize, [i128; N])]>;

/// A stage and the key of a group at it.
type Place<Key> = (usize, Key);

/// The records of a product in atoms, as they stand on a day.
#[derive(Debug)]
pub(crate) struct Cut<Key, const N: usize> {
    on: Day,
    /// Up to which change of a record it was cut.
    revision: u64,
    pub(crate) atoms: Vec<Atom<Key, Told<N>>>,
    /// Where atoms are, by stage and key.
    places: BTreeMap<Place<Key>, usize>,
    /// What did not stand, by stage and key, with its records.
    alone: BTreeMap<Place<Key>, Box<[u32]>>,
}

impl<Key: Ord + Copy, const N: usize> Cut<Key, N> {
    /// Cuts records, each with its keys by stage. A group of the same records as before, none of which changed since, is as
    /// it was found; of others is asked what is told of them, nothing where they do not stand.
    pub(crate) fn new<const S: usize>(
        (on, revision): (Day, u64),
        left: Vec<([Key; S], u32)>,
        (before, changed): (Option<&Self>, impl Fn(u32) -> u64),
        mut found: impl FnMut(&[u32]) -> Option<Told<N>>,
    ) -> Self {
        let (mut places, mut alone) = (BTreeMap::new(), BTreeMap::new());
        let atoms = cut(left, |stage, key, items| {
            let known = before.and_then(|before| before.known((stage, key), items, &changed));
            let found = known.unwrap_or_else(|| found(items));
            match &found {
                Some(_) => drop(places.insert((stage, key), places.len())),
                None => drop(alone.insert((stage, key), Box::from(items))),
            }
            found
        });
        Self { on, revision, atoms, places, alone }
    }

    fn known(&self, place: Place<Key>, items: &[u32], changed: impl Fn(u32) -> u64) -> Option<Option<Told<N>>> {
        let same = |before: &[u32]| before == items && items.iter().all(|item| changed(*item) <= self.revision);
        if let Some(atom) = self.places.get(&place).and_then(|at| self.atoms.get(*at)) {
            return same(&atom.items).then(|| Some(Arc::clone(&atom.found)));
        }
        same(self.alone.get(&place)?).then_some(None)
    }

    fn bytes(&self) -> usize {
        let atom = |atom: &Atom<Key, Told<N>>| vec_bytes(&atom.items) + size_of_val(&*atom.found);
        let alone = |items: &[u32]| size_of::<(Place<Key>, Box<[u32]>)>() + size_of_val(items);
        vec_bytes(&self.atoms)
            + self.atoms.iter().map(atom).sum::<usize>()
            + self.places.len() * size_of::<(Place<Key>, usize)>()
            + self.alone.values().map(|items| alone(items)).sum::<usize>()
    }
}

/// A cut that was made, and whether all still is as it was then.
#[derive(Debug)]
struct Kept<Key, const N: usize> {
    cut: Arc<Cut<Key, N>>,
    fresh: bool,
}

type Slot<Key, const N: usize> = Mutex<Option<Kept<Key, N>>>;

/// The last cut of each product.
#[derive(Debug)]
pub(crate) struct Cuts<Key, const N: usize>(Vec<Slot<Key, N>>);

impl<Key, const N: usize> Default for Cuts<Key, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<Key: Ord + Copy, const N: usize> Clone for Cuts<Key, N> {
    /// Keeps none: they are cut anew when they are asked for.
    fn clone(&self) -> Self {
        Self::new(self.0.len())
    }
}

impl<Key: Ord + Copy, const N: usize> Cuts<Key, N> {
    pub(crate) fn new(products: usize) -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(products).collect())
    }

    /// The cut of a product on a day, made at the first question, from the one before.
    pub(crate) fn of(
        &self,
        product: u32,
        on: Day,
        make: impl FnOnce(Option<&Cut<Key, N>>) -> Option<Cut<Key, N>>,
    ) -> Option<Arc<Cut<Key, N>>> {
        // Whoever else asks meanwhile waits for it, rather than cutting the same.
        let mut place = self.0.get(product as usize)?.lock().unwrap_or_else(PoisonError::into_inner);
        let before = place.take().filter(|kept| kept.cut.on == on);
        let cut = match &before {
            Some(Kept { cut, fresh: true }) => Arc::clone(cut),
            Some(Kept { cut, fresh: false }) => Arc::new(make(Some(cut))?),
            None => Arc::new(make(None)?),
        };
        *place = Some(Kept { cut: Arc::clone(&cut), fresh: true });
        Some(cut)
    }

    /// Notes that some records of a product changed, each of which says so itself.
    pub(crate) fn outdate(&mut self, product: u32) {
        let place = self.0.get_mut(product as usize);
        let kept = place.and_then(|place| place.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut());
        kept.into_iter().for_each(|kept| kept.fresh = false);
    }

    /// Forgets all of them.
    pub(crate) fn forget_all(&mut self) {
        for place in &mut self.0 {
            *place.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let cut = |place: &Slot<Key, N>| {
            place.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |kept| kept.cut.bytes())
        };
        vec_bytes(&self.0) + self.0.iter().map(cut).sum::<usize>()
    }
}
