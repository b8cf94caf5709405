//! What offers and needs were before and after each change, beside the entry of the audit log that tells who changed them.
//! Free text is left out, since it may name people and no entry is ever changed.

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
CREATE TABLE record_versions (
    entry_id uuid NOT NULL,
    record_id uuid NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    PRIMARY KEY (entry_id),
    FOREIGN KEY (entry_id) REFERENCES audit_entries (id)
);
CREATE INDEX record_versions_record ON record_versions (record_id);
";
