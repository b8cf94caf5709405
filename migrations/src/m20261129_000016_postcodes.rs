//! Tables that the operator loads to find regions by, and how each site's region was found.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// Regions are named without a key: hundreds of thousands of rows would pay for it, and no region ever leaves its
// table.
const SCHEMA: &str = "
CREATE TABLE postcodes (
    country text NOT NULL,
    postcode text NOT NULL,
    region text NOT NULL,
    PRIMARY KEY (country, postcode)
);

CREATE TABLE boundaries (
    region text NOT NULL,
    part integer NOT NULL,
    country text NOT NULL,
    south_e6 integer NOT NULL,
    west_e6 integer NOT NULL,
    north_e6 integer NOT NULL,
    east_e6 integer NOT NULL,
    rings text NOT NULL,
    PRIMARY KEY (region, part)
);
CREATE INDEX boundaries_country ON boundaries (country);
CREATE INDEX boundaries_box ON boundaries (south_e6, north_e6, west_e6, east_e6);

CREATE TABLE place_loads (
    kind text NOT NULL,
    country text NOT NULL,
    source text NOT NULL,
    count bigint NOT NULL,
    loaded_at bigint NOT NULL,
    PRIMARY KEY (kind, country),
    CHECK (kind IN ('postcodes', 'boundaries')),
    CHECK (count >= 0)
);

ALTER TABLE sites ADD COLUMN region_from text CHECK (region_from IN ('stated', 'postcode', 'coordinates'));
UPDATE sites SET region_from = 'stated' WHERE region IS NOT NULL;
";
