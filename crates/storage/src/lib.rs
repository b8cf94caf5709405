//! The market in SQLite or PostgreSQL: one schema, one set of queries, domain types in and out.
//!
//! A [`Store`] is a pool. Changes go through [`Store::write`], which runs to its end on a task of its
//! own, so that a caller who hangs up cannot leave a transaction open. Every find takes a
//! [`Scope`]; what is outside of it does not exist. Entities and database errors stay in here.

mod bulk;
mod dialect;
mod entity;
mod error;
mod json;
mod origin;
mod page;
mod scope;
mod store;
mod url;

pub mod abilities;
pub mod alerts;
pub mod api_keys;
pub mod audit;
pub mod boundaries;
pub mod calls;
pub mod catalogue;
pub mod certificates;
pub mod chains;
pub mod claims;
pub mod clusters;
pub mod events;
pub mod evidence;
pub mod facts;
pub mod idempotency;
pub mod identifiers;
pub mod imports;
pub mod ledger;
pub mod lines;
pub mod links;
pub mod mails;
pub mod mandates;
pub mod market;
pub mod matches;
pub mod memberships;
pub mod merging;
pub mod messages;
pub mod modes;
pub mod needs;
pub mod notified_bodies;
pub mod offers;
pub mod organisations;
pub mod people;
pub mod place_loads;
pub mod postcodes;
pub mod public_figures;
pub mod reviews;
pub mod risks;
pub mod roles;
pub mod run_schedules;
pub mod runs;
pub mod sessions;
pub mod shortages;
pub mod sites;
pub mod snapshots;
pub mod urgency_grants;
pub mod versions;
pub mod watches;

pub use error::StoreError;
pub use origin::{ContentHash, Imported, Origin, Saved, Stored};
pub use page::{Order, Page, PageKey, PageRequest};
pub use scope::Scope;
pub use store::{PoolSize, Reads, Schema, Store, Tx};
pub use url::{DatabaseKind, DatabaseUrl};
