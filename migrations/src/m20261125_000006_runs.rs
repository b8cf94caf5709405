//! The queue of runs, and the proofs of finished ones.

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
CREATE TABLE runs (
    id uuid NOT NULL,
    state text NOT NULL,
    requested_by uuid,
    day integer NOT NULL,
    parameters text NOT NULL,
    worker text,
    attempts integer NOT NULL,
    lease_until bigint,
    queued_at bigint NOT NULL,
    started_at bigint,
    finished_at bigint,
    error text,
    engine text,
    figures text,
    levels text,
    proof_hash text,
    PRIMARY KEY (id),
    FOREIGN KEY (requested_by) REFERENCES organisations (id),
    CHECK (state IN ('queued', 'running', 'done', 'failed')),
    CHECK (attempts >= 0),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((state = 'done') = (proof_hash IS NOT NULL))
);
CREATE INDEX runs_page ON runs (queued_at, id);
CREATE INDEX runs_queue ON runs (state, queued_at, id);

CREATE TABLE proofs (
    run_id uuid NOT NULL,
    proof text NOT NULL,
    PRIMARY KEY (run_id),
    FOREIGN KEY (run_id) REFERENCES runs (id)
);
";
