//! What was answered to requests that carry an `Idempotency-Key`.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// `credential` is a hash, so that no token stands here. Without a status the request is being worked on.
const SCHEMA: &str = "
CREATE TABLE idempotent_requests (
    credential text NOT NULL,
    idempotency_key text NOT NULL,
    request text NOT NULL,
    status smallint,
    location text,
    body text,
    created_at bigint NOT NULL,
    PRIMARY KEY (credential, idempotency_key),
    CHECK (status BETWEEN 200 AND 499)
);
CREATE INDEX idempotent_requests_age ON idempotent_requests (created_at);
";
