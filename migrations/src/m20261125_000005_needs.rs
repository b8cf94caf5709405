//! Needs and their instalments.

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
CREATE TABLE needs (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    site_id uuid NOT NULL,
    product text NOT NULL,
    state text NOT NULL,
    urgency text NOT NULL,
    urgency_granted boolean NOT NULL,
    quarantine text,
    terms text NOT NULL,
    source text,
    external_id text,
    content_hash text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (site_id, organisation_id) REFERENCES sites (id, organisation_id),
    UNIQUE (organisation_id, source, external_id),
    CHECK (state IN ('draft', 'open', 'covered', 'closed', 'expired')),
    CHECK (urgency IN ('critical', 'high', 'normal', 'low')),
    CHECK ((source IS NULL) = (external_id IS NULL)),
    CHECK ((source IS NULL) = (content_hash IS NULL))
);
CREATE INDEX needs_page ON needs (created_at, id);
CREATE INDEX needs_owner ON needs (organisation_id, created_at, id);
CREATE INDEX needs_product ON needs (product, created_at, id);
CREATE INDEX needs_site ON needs (site_id);

CREATE TABLE instalments (
    id uuid NOT NULL,
    need_id uuid NOT NULL,
    ordinal integer NOT NULL,
    quantity bigint NOT NULL,
    due integer NOT NULL,
    size text,
    measure text NOT NULL,
    withdrawn boolean NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (need_id) REFERENCES needs (id),
    UNIQUE (id, need_id),
    UNIQUE (need_id, ordinal),
    CHECK (ordinal >= 0),
    CHECK (quantity BETWEEN 1 AND 1000000000000)
);
";
