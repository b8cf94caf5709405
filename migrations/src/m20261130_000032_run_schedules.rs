//! When runs begin of themselves, one row for each change of the setting, of which the last one counts; and up to which
//! event the changes of the market were there when a run was queued or begun.

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
CREATE TABLE run_schedules (
    since bigint NOT NULL,
    every_minutes integer,
    on_change boolean NOT NULL,
    quiet_seconds integer NOT NULL,
    parameters text,
    set_by uuid,
    PRIMARY KEY (since),
    FOREIGN KEY (set_by) REFERENCES people (id),
    CHECK (every_minutes BETWEEN 1 AND 10080),
    CHECK (quiet_seconds BETWEEN 0 AND 3600)
);
ALTER TABLE runs ADD COLUMN after_event bigint;
";
