//! What runs saw and how they shared out, so that they can be checked and repeated later.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// The hashes of a run outlive its snapshots, which are let go in time, so nothing refers to them.
// SQLite stores bytes as bytes in a column of any type.
const SCHEMA: &str = "
CREATE TABLE snapshots (
    hash text NOT NULL,
    kind text NOT NULL,
    bytes bytea NOT NULL,
    size bigint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (hash),
    CHECK (kind IN ('market', 'tables')),
    CHECK (size >= 0)
);
ALTER TABLE runs ADD COLUMN shares text;
ALTER TABLE runs ADD COLUMN market_hash text;
ALTER TABLE runs ADD COLUMN tables_hash text;
CREATE INDEX runs_snapshots ON runs (finished_at, market_hash, tables_hash);
";
