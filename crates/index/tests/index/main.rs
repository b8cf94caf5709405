//! The index against a naive reckoning, against itself rebuilt, and against readers who want to know more.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod attacks;
mod candidates;
mod cases;
mod changes;
mod draw;
mod exact;
mod kept;
mod oracle;
mod places;
mod shortages;
mod world;
