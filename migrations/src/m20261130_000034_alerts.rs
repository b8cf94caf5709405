//! Alerts: saved questions with their thresholds, how they stand, and when they were looked at.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// One of nobody is the operator's own. `looked_at`, `looked_on` and `looked_event` are when it was looked at last, and up
// to which event that saw the market; `taken_until` is for how long a process has it for itself.
const SCHEMA: &str = "
CREATE TABLE alerts (
    id uuid NOT NULL,
    organisation_id uuid,
    name text NOT NULL,
    asks text NOT NULL,
    question text NOT NULL,
    weeks smallint NOT NULL,
    threshold text NOT NULL,
    made_by uuid,
    state text NOT NULL,
    since bigint NOT NULL,
    met text NOT NULL,
    more integer NOT NULL,
    as_of bigint,
    fault text,
    created_at bigint NOT NULL,
    looked_at bigint NOT NULL,
    looked_on integer NOT NULL,
    looked_event bigint NOT NULL,
    taken_until bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (made_by) REFERENCES people (id),
    CHECK (asks IN ('capacity', 'shortages')),
    CHECK (weeks BETWEEN 1 AND 26),
    CHECK (state IN ('quiet', 'firing')),
    CHECK (more >= 0)
);
CREATE INDEX alerts_organisation ON alerts (organisation_id);
CREATE INDEX alerts_page ON alerts (created_at, id);
CREATE INDEX alerts_looked ON alerts (looked_at, id);
";
