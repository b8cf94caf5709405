//! Ids that are the same in every run of a test.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Makes ids that are the same in every run, differ between seeds, and do not sort in the order in
/// which they were made, as ids of one instant do not either.
#[derive(Debug)]
pub struct SeededIds {
    seed: u64,
    made: AtomicU64,
}

impl SeededIds {
    /// A sequence of its own for every seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, made: AtomicU64::new(0) }
    }

    /// The next id, wrapped: `ids.next(OfferId)`.
    pub fn next<I>(&self, wrap: impl FnOnce(Uuid) -> I) -> I {
        let count = self.made.fetch_add(1, Ordering::SeqCst);
        // An odd factor permutes the numbers of 64 bits, so no two ids of a seed are equal; the
        // version stands in bits of the seed's half.
        let mixed = count.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let [a, b, c, d, e, f, g, h] = mixed.to_be_bytes();
        let [s, t, u, v, w, x, y, z] = self.seed.to_be_bytes();
        // Version and variant overwrite parts of bytes 6 and 8, which hold nothing of the count.
        wrap(Uuid::new_v8([a, b, c, d, e, f, z, g, y, h, x, w, v, u, t, s]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_repeat_and_differ() {
        let ids = |seed| {
            let made = SeededIds::new(seed);
            (0..1_000).map(|_| made.next(|id| id)).collect::<Vec<_>>()
        };
        assert_eq!(ids(1), ids(1));
        assert_eq!(ids(1).into_iter().chain(ids(2)).collect::<BTreeSet<_>>().len(), 2_000);
        assert!(!ids(1).is_sorted());
    }
}
