//! Dense numbers for things that stand in many rows, and slots for things that stand in few.

use std::{collections::HashMap, hash::Hash};

use crate::memory::{map_bytes, vec_bytes};

/// No number: what a column holds where there is nothing.
pub(crate) const NONE: u32 = u32::MAX;

/// The number of a place in a list; lists longer than 2^32 - 1 do not fit into the memory of this index.
pub(crate) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}

/// Each distinct thing once, by a dense number that it keeps.
#[derive(Debug, Clone)]
pub(crate) struct Interner<T> {
    items: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { items: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The number of a thing, a new one where it is new.
    pub(crate) fn intern(&mut self, item: &T) -> u32 {
        if let Some(known) = self.numbers.get(item) {
            return *known;
        }
        let new = number(self.items.len());
        self.items.push(item.clone());
        self.numbers.insert(item.clone(), new);
        new
    }

    /// The number of a thing, where it has one.
    pub(crate) fn find<Q: Eq + Hash + ?Sized>(&self, item: &Q) -> Option<u32>
    where
        T: std::borrow::Borrow<Q>,
    {
        self.numbers.get(item).copied()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(number as usize)
    }

    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    pub(crate) fn shrink(&mut self) {
        self.items.shrink_to_fit();
        self.numbers.shrink_to_fit();
    }

    /// Bytes of the list and the map, with what each thing holds elsewhere, once.
    pub(crate) fn bytes(&self, held: impl Fn(&T) -> usize) -> usize {
        vec_bytes(&self.items) + map_bytes(&self.numbers) + self.items.iter().map(held).sum::<usize>()
    }
}

/// Slots that are used again once they are free.
#[derive(Debug, Clone)]
pub(crate) struct Slots<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub(crate) fn put(&mut self, item: T) -> u32 {
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.items.get_mut(slot as usize)
        {
            *place = Some(item);
            return slot;
        }
        self.items.push(Some(item));
        number(self.items.len() - 1)
    }

    pub(crate) fn take(&mut self, slot: u32) -> Option<T> {
        let taken = self.items.get_mut(slot as usize)?.take();
        if taken.is_some() {
            self.free.push(slot);
        }
        taken
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.items.get(slot as usize)?.as_ref()
    }

    pub(crate) fn shrink(&mut self) {
        self.items.shrink_to_fit();
    }

    pub(crate) fn bytes(&self, held: impl Fn(&T) -> usize) -> usize {
        vec_bytes(&self.items) + vec_bytes(&self.free) + self.items.iter().flatten().map(held).sum::<usize>()
    }
}
