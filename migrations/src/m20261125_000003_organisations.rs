//! Organisations, their memberships, sites and lines.

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
CREATE TABLE organisations (
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_folded text NOT NULL,
    country text NOT NULL,
    verification text NOT NULL,
    source text,
    external_id text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (id),
    CHECK (kind IN ('firm', 'cluster', 'authority')),
    CHECK (verification IN ('none', 'cluster', 'operator')),
    CHECK ((source IS NULL) = (external_id IS NULL)),
    UNIQUE (source, external_id)
);
CREATE INDEX organisations_page ON organisations (created_at, id);
CREATE INDEX organisations_name ON organisations (name_folded);

CREATE TABLE memberships (
    cluster_id uuid NOT NULL,
    member_id uuid NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (cluster_id, member_id),
    FOREIGN KEY (cluster_id) REFERENCES organisations (id),
    FOREIGN KEY (member_id) REFERENCES organisations (id),
    CHECK (cluster_id <> member_id)
);
CREATE INDEX memberships_member ON memberships (member_id);

CREATE TABLE sites (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    name text NOT NULL,
    name_folded text NOT NULL,
    region text,
    lat_e6 integer,
    lon_e6 integer,
    zone text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    UNIQUE (id, organisation_id),
    CHECK ((lat_e6 IS NULL) = (lon_e6 IS NULL)),
    CHECK (lat_e6 BETWEEN -90000000 AND 90000000),
    CHECK (lon_e6 BETWEEN -180000000 AND 180000000)
);
CREATE INDEX sites_page ON sites (organisation_id, created_at, id);
CREATE INDEX sites_name ON sites (organisation_id, name_folded);
CREATE INDEX sites_created ON sites (created_at, id);

CREATE TABLE lines (
    id uuid NOT NULL,
    site_id uuid NOT NULL,
    name text NOT NULL,
    profile text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX lines_site ON lines (site_id);
";
