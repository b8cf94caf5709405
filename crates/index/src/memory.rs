//! How many bytes the index holds, counted from the capacities of its lists and maps.

use std::collections::HashMap;

/// Bytes of the index by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// The columns of offers: what filters and curves read.
    pub offers: usize,
    /// The columns of needs with their instalments.
    pub needs: usize,
    /// Held and agreed quantities with the lists by offer and instalment.
    pub promises: usize,
    /// Organisations and sites.
    pub parties: usize,
    /// Sets of grades, features and certificates, calendars, rare shapes of capacity, lines, regions, products.
    pub tables: usize,
    /// From identifiers of offers to rows.
    pub identifiers: usize,
    /// Atoms of the products that somebody asked for, which are kept until something changes.
    pub atoms: usize,
}

impl Memory {
    /// All of it.
    pub fn total(&self) -> usize {
        self.offers + self.needs + self.promises + self.parties + self.tables + self.identifiers + self.atoms
    }
}

/// What a list has reserved.
pub(crate) fn vec_bytes<T>(list: &Vec<T>) -> usize {
    list.capacity() * size_of::<T>()
}

/// What a map has reserved: the standard map keeps one byte for each place beside key and value, and fills at most seven
/// places in eight, of a power of two.
pub(crate) fn map_bytes<K, V>(map: &HashMap<K, V>) -> usize {
    if map.capacity() == 0 {
        return 0;
    }
    let places = (map.capacity() * 8).div_ceil(7).next_power_of_two();
    places * (size_of::<(K, V)>() + 1)
}
