//! New identifiers: UUIDs of version 7 from the injected clock and the injected randomness.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use domain::time::Instant;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use uuid::Uuid;

/// Makes identifiers; the same seed and instants give the same ones.
pub struct Ids(Mutex<ChaCha20Rng>);

impl Ids {
    /// From the operating system's randomness.
    pub fn random() -> Self {
        Self(Mutex::new(rand::make_rng()))
    }

    /// From a seed, for tests and the demo.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }

    /// A new identifier, made at an instant. Those of one millisecond do not sort by age.
    pub fn next(&self, at: Instant) -> Uuid {
        let mut random = [0; 10];
        self.fill(&mut random);
        let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Random bytes.
    pub(crate) fn fill(&self, bytes: &mut [u8]) {
        // A panic elsewhere leaves a generator that is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Day;

    use super::*;

    #[test]
    fn a_seed_repeats_and_time_sorts() {
        let early = Instant::start_of(Day::parse("2020-04-06").unwrap());
        let late = early.plus_micros(1_000);
        let (a, b) = (Ids::seeded(7), Ids::seeded(7));
        let (first, second) = (a.next(early), a.next(late));
        assert_eq!((first, second), (b.next(early), b.next(late)));
        assert!(first < second);
        assert_eq!(first.get_version_num(), 7);
        assert_ne!(Ids::random().next(early), Ids::random().next(early));
    }
}
