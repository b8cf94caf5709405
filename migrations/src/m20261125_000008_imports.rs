//! Imports of files.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

const SCHEMA: &str = "
CREATE TABLE imports (
    id uuid NOT NULL,
    organisation_id uuid,
    kind text NOT NULL,
    source text NOT NULL,
    file_name text NOT NULL,
    file_hash text NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    unchanged bigint NOT NULL,
    rejected bigint NOT NULL,
    quarantined bigint NOT NULL,
    imported_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CHECK (kind IN ('offers', 'needs')),
    CHECK (created >= 0 AND updated >= 0 AND unchanged >= 0 AND rejected >= 0 AND quarantined >= 0)
);
CREATE INDEX imports_page ON imports (imported_at, id);
";
