//! The modes of the market, one row for each change; the last one counts.

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
CREATE TABLE market_modes (
    since bigint NOT NULL,
    mode text NOT NULL,
    reason text NOT NULL,
    set_by uuid,
    PRIMARY KEY (since),
    FOREIGN KEY (set_by) REFERENCES people (id),
    CHECK (mode IN ('normal', 'vigilance', 'emergency'))
);
";
