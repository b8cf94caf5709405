//! Countries, regions, and codes that went out of use.

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
CREATE TABLE countries (
    code text NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    aliases text NOT NULL,
    region text NOT NULL,
    eu_from integer,
    eu_until integer,
    efta boolean NOT NULL,
    PRIMARY KEY (code),
    CHECK (eu_until >= eu_from)
);

CREATE TABLE regions (
    code text NOT NULL,
    position integer NOT NULL,
    level smallint NOT NULL,
    parent text,
    name text NOT NULL,
    country text NOT NULL,
    lat_e6 integer,
    lon_e6 integer,
    aliases text NOT NULL,
    PRIMARY KEY (code),
    FOREIGN KEY (country) REFERENCES countries (code),
    CHECK (level BETWEEN 0 AND 3),
    CHECK ((lat_e6 IS NULL) = (lon_e6 IS NULL))
);

CREATE TABLE retired_regions (
    code text NOT NULL,
    position integer NOT NULL,
    version text NOT NULL,
    successors text NOT NULL,
    PRIMARY KEY (code)
);
";
