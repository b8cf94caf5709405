//! What everybody is told of the market: one row for each day, written once and the same for every reader of that day.

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
CREATE TABLE public_figures (
    on_day integer NOT NULL,
    reckoned_at bigint NOT NULL,
    cells text NOT NULL,
    PRIMARY KEY (on_day)
);
";
