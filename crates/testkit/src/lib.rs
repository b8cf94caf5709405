//! What tests share: databases, a clock, ids, and records to fill a market with.
//!
//! Each test has a database of its own. [`on_both!`] runs one body on SQLite and on PostgreSQL.

#[cfg(feature = "app")]
pub mod app;
pub mod builders;
pub mod clock;
#[cfg(feature = "app")]
pub mod conformance;
pub mod database;
pub mod ids;
#[cfg(feature = "app")]
pub mod issuer;
pub mod people;
#[cfg(feature = "app")]
pub mod post;
pub mod postgres;

#[cfg(feature = "app")]
pub use app::{Answer, Org, TestApp};
pub use builders::Builder;
pub use clock::TestClock;
pub use database::TestDb;
pub use ids::SeededIds;
