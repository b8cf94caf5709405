//! Organisations that were merged into others: what they were called, and where they came from.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// A file that names such an organisation again means the one that it became (ADR 0025).
const SCHEMA: &str = "
CREATE TABLE former_organisations (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    name_folded text NOT NULL,
    country text NOT NULL,
    source text,
    external_id text,
    merged_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CHECK (id <> organisation_id),
    CHECK ((source IS NULL) = (external_id IS NULL)),
    UNIQUE (source, external_id)
);
CREATE INDEX former_organisations_into ON former_organisations (organisation_id);
CREATE INDEX former_organisations_name ON former_organisations (name_folded);
";
