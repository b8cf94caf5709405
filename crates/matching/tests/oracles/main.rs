//! The engine against solvers nobody here wrote, and instances of theirs.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

#[path = "../shared/choices.rs"]
mod choices;
#[path = "../shared/markets.rs"]
mod markets;
#[path = "../shared/world.rs"]
mod world;

mod networks;
mod published;
mod python;
mod whole_markets;
