//! Properties of drawn markets and networks, with shrinking, and the corpus that fuzzing kept.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot unwrap has failed")]

#[path = "../shared/audit.rs"]
mod audit;
#[path = "../shared/choices.rs"]
mod choices;
#[path = "../shared/markets.rs"]
mod markets;
#[path = "../shared/networks.rs"]
mod networks;
#[path = "../shared/runs.rs"]
mod runs;
#[path = "../shared/world.rs"]
mod world;

mod again;
mod corpus;
mod covered;
mod independence;
mod ledger;

use markets::Kind;
use proptest::{collection::vec, prelude::*, test_runner::RngSeed};

/// Markets whose every level but the fewest deliveries is a flow.
const FLOW: Kind = Kind { offers: 10, needs: 10, units: 15, limits: false, odd: false };
/// The same with smallest orders and numbers of suppliers.
const LIMITED: Kind = Kind { limits: true, ..FLOW };

/// Bytes that a market or a network is read from.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..700)
}

/// That many cases, the same at every run; what shrinking finds is printed, not written into the tree.
fn cases(count: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(4_711);
    ProptestConfig { cases: count, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}
