//! Schema changes, one timestamped file each, never edited once landed.
//!
//! They are written in the SQL that SQLite and PostgreSQL share: `uuid`, `text`, `bigint`, `integer`,
//! `smallint` and `boolean`, with named words instead of native enums (field case DB-07). Quantities
//! are bounded by `CHECK`, instants are microseconds and days are numbers (ADR 0003). There is no way
//! down: a backup is.

#![expect(elided_lifetimes_in_paths, reason = "the migration trait elides them, and an implementation must match")]

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

mod m20261125_000001_catalogue;
mod m20261125_000002_regions;
mod m20261125_000003_organisations;
mod m20261125_000004_offers;
mod m20261125_000005_needs;
mod m20261125_000006_runs;
mod m20261125_000007_matches;
mod m20261125_000008_imports;
mod m20261125_000009_snapshots;
mod m20261125_000010_api_keys;
mod m20261125_000011_idempotency;
mod m20261129_000012_run_progress;
mod m20261129_000013_audit;
mod m20261129_000014_people;
mod m20261129_000015_confirm_by;
mod m20261129_000016_postcodes;
mod m20261129_000017_identifiers;
mod m20261129_000018_former_organisations;
mod m20261129_000021_memberships;
mod m20261130_000022_market_modes;
mod m20261130_000023_events;
mod m20261130_000024_calls;
mod m20261130_000026_life;
mod m20261130_000027_history;
mod m20261130_000028_trust;
mod m20261130_000029_match_risks;
mod m20261130_000030_ledger;
mod m20261130_000031_chains;
mod m20261130_000032_run_schedules;
mod m20261130_000033_public_figures;
mod m20261130_000034_alerts;
mod m20261130_000035_abilities;

/// Every schema change, in order.
#[derive(Debug)]
pub struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_000001_catalogue::Migration),
            Box::new(m20261125_000002_regions::Migration),
            Box::new(m20261125_000003_organisations::Migration),
            Box::new(m20261125_000004_offers::Migration),
            Box::new(m20261125_000005_needs::Migration),
            Box::new(m20261125_000006_runs::Migration),
            Box::new(m20261125_000007_matches::Migration),
            Box::new(m20261125_000008_imports::Migration),
            Box::new(m20261125_000009_snapshots::Migration),
            Box::new(m20261125_000010_api_keys::Migration),
            Box::new(m20261125_000011_idempotency::Migration),
            Box::new(m20261129_000012_run_progress::Migration),
            Box::new(m20261129_000013_audit::Migration),
            Box::new(m20261129_000014_people::Migration),
            Box::new(m20261129_000015_confirm_by::Migration),
            Box::new(m20261129_000016_postcodes::Migration),
            Box::new(m20261129_000017_identifiers::Migration),
            Box::new(m20261129_000018_former_organisations::Migration),
            Box::new(m20261129_000021_memberships::Migration),
            Box::new(m20261130_000022_market_modes::Migration),
            Box::new(m20261130_000023_events::Migration),
            Box::new(m20261130_000024_calls::Migration),
            Box::new(m20261130_000026_life::Migration),
            Box::new(m20261130_000027_history::Migration),
            Box::new(m20261130_000028_trust::Migration),
            Box::new(m20261130_000029_match_risks::Migration),
            Box::new(m20261130_000030_ledger::Migration),
            Box::new(m20261130_000031_chains::Migration),
            Box::new(m20261130_000032_run_schedules::Migration),
            Box::new(m20261130_000033_public_figures::Migration),
            Box::new(m20261130_000034_alerts::Migration),
            Box::new(m20261130_000035_abilities::Migration),
        ]
    }
}
