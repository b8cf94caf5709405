//! Every choice of the demo market comes from one seeded stream, by integer arithmetic alone, so
//! that a seed gives the same bytes on every machine and with every version of the libraries.

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use uuid::Uuid;

/// A seeded stream of choices.
#[derive(Debug)]
pub(super) struct Dice(ChaCha20Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// A number below `n`; 0 when `n` is 0. The product of 128 bits keeps the bias below 2^-32.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * u128::from(n);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(width)).unwrap_or(0))
    }

    /// True in that many of a hundred cases.
    pub(super) fn percent(&mut self, of_hundred: u32) -> bool {
        self.below(100) < u64::from(of_hundred)
    }

    /// A number from `low` to `high` of which most are small, as sizes of firms are, rounded to the
    /// two leading digits that people state.
    pub(super) fn skewed(&mut self, low: i64, high: i64) -> i64 {
        let share = i128::from(self.between(0, 1_000));
        let span = i128::from(high.saturating_sub(low));
        let value = i128::from(low) + span * share * share / 1_000_000;
        two_digits(i64::try_from(value).unwrap_or(low)).max(1)
    }

    /// One of a list by weight; `None` when all weigh nothing.
    pub(super) fn pick<'a, T>(&mut self, list: impl Iterator<Item = (&'a T, u32)> + Clone) -> Option<&'a T> {
        let total: u64 = list.clone().map(|(_, weight)| u64::from(weight)).sum();
        let mut left = self.below(total);
        for (item, weight) in list {
            if left < u64::from(weight) {
                return Some(item);
            }
            left -= u64::from(weight);
        }
        None
    }

    /// One of a list, each as likely.
    pub(super) fn one_of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(list.len()).unwrap_or(0));
        list.get(usize::try_from(at).unwrap_or(0))
    }

    /// An identifier of UUID version 8, whose bits are the maker's own.
    pub(super) fn id(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.next_u64().to_be_bytes());
        bytes[8..].copy_from_slice(&self.0.next_u64().to_be_bytes());
        Uuid::new_v8(bytes)
    }
}

/// Keeps the two leading digits of a number.
fn two_digits(value: i64) -> i64 {
    let mut unit = 1;
    while value / unit >= 100 {
        unit *= 10;
    }
    value / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_stream_everywhere() {
        let mut dice = Dice::new(1);
        let drawn: Vec<i64> = (0..6).map(|_| dice.between(1, 100)).collect();
        let mut again = Dice::new(1);
        assert_eq!(drawn, (0..6).map(|_| again.between(1, 100)).collect::<Vec<_>>());
        assert_ne!(drawn, {
            let mut other = Dice::new(2);
            (0..6).map(|_| other.between(1, 100)).collect::<Vec<_>>()
        });
    }

    #[test]
    fn draws_stay_inside_their_bounds() {
        let mut dice = Dice::new(7);
        for _ in 0..2_000 {
            assert!((3..=9).contains(&dice.between(3, 9)));
            assert!((500..=90_000).contains(&dice.skewed(500, 90_000)));
        }
        assert_eq!(two_digits(123_456), 120_000);
        assert_eq!(two_digits(7), 7);
        assert_eq!(dice.pick(std::iter::empty::<(&u8, u32)>()), None);
        assert!(!dice.percent(0) && dice.percent(100));
    }

    #[test]
    fn ids_are_of_version_8() {
        assert_eq!(Dice::new(3).id().get_version_num(), 8);
    }
}
