//! The engine against an oracle that enumerates, against its checker, and against itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod enumeration;
mod guide;
mod mutations;
mod rules;
mod small_markets;
mod stability;
mod suppliers;
mod trials;
