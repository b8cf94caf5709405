//! Offers.

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
CREATE TABLE offers (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    site_id uuid NOT NULL,
    line_id uuid,
    product text NOT NULL,
    state text NOT NULL,
    confirm_by integer NOT NULL,
    window_from integer NOT NULL,
    window_until integer,
    suspended boolean NOT NULL,
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
    FOREIGN KEY (line_id) REFERENCES lines (id),
    UNIQUE (organisation_id, source, external_id),
    CHECK (state IN ('draft', 'published', 'paused', 'withdrawn', 'expired')),
    CHECK (window_until >= window_from),
    CHECK ((source IS NULL) = (external_id IS NULL)),
    CHECK ((source IS NULL) = (content_hash IS NULL))
);
CREATE INDEX offers_page ON offers (created_at, id);
CREATE INDEX offers_owner ON offers (organisation_id, created_at, id);
CREATE INDEX offers_product ON offers (product, created_at, id);
CREATE INDEX offers_site ON offers (site_id);
CREATE INDEX offers_line ON offers (line_id);
";
