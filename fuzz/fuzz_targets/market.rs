//! Bytes become a market and parameters; the run is verified, and the ledger is added up.
#![no_main]

#[path = "../../crates/matching/tests/shared/audit.rs"]
mod audit;
#[path = "../../crates/matching/tests/shared/choices.rs"]
mod choices;
#[path = "../../crates/matching/tests/shared/markets.rs"]
mod markets;
#[path = "../../crates/matching/tests/shared/runs.rs"]
mod runs;
#[path = "../../crates/matching/tests/shared/world.rs"]
mod world;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    runs::check(bytes);
});
