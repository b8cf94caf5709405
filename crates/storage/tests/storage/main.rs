//! Storage on both databases; tests are named after the field case they stand for.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod audit;
mod catalogue;
mod durability;
mod events;
mod imports;
mod keys;
mod market;
mod merging;
mod migrations;
mod numbers;
mod pages;
mod places;
mod runs;
mod scopes;
mod seed;
mod snapshots;
mod text;
mod time;
mod writing;
