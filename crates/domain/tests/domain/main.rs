//! The rules of the market as data: bad input, who may serve whom, curves, texts, places.

#![expect(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod bad_needs;
mod bad_offers;
mod certificates;
mod curves;
mod distances;
mod order;
mod reasons;
mod regions;
mod substitutions;
mod texts;
mod values;
mod weeks;
mod world;
