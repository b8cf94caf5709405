//! Identifiers of organisations in registers.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// One that nobody confirmed may stand at two organisations that came by different ways; a confirmed one is unique.
const SCHEMA: &str = "
CREATE TABLE identifiers (
    organisation_id uuid NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    created_at bigint NOT NULL,
    confirmed_at bigint,
    PRIMARY KEY (organisation_id, kind, value),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CHECK (kind IN ('vat', 'lei', 'euid', 'gln', 'national'))
);
CREATE INDEX identifiers_value ON identifiers (kind, value);
CREATE UNIQUE INDEX identifiers_confirmed ON identifiers (kind, value) WHERE confirmed_at IS NOT NULL;
";
