//! API keys of machines: what they may do, for how long, and the hash that tells a right one.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// A key without an organisation is the operator's. Revoked keys stay, so that what they did can be told.
const SCHEMA: &str = "
CREATE TABLE api_keys (
    id uuid NOT NULL,
    organisation_id uuid,
    name text NOT NULL,
    prefix text NOT NULL,
    hash text NOT NULL,
    scopes text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_used_at bigint,
    revoked_at bigint,
    PRIMARY KEY (id),
    UNIQUE (prefix),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CHECK (expires_at > created_at)
);
CREATE INDEX api_keys_page ON api_keys (created_at, id);
CREATE INDEX api_keys_owner ON api_keys (organisation_id, created_at, id);
";
