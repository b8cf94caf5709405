//! Hidden capacity: what sites can do besides what they offer, words for what firms do, and conversions whose days nobody
//! told.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// SQLite lets no column become nullable, so the table is made anew. Rows of before are as sure as the least until the
// catalogue is loaded again, which says of each how sure it is.
const SCHEMA: &str = "
CREATE TABLE abilities (
    site_id uuid NOT NULL,
    terms text NOT NULL,
    stated_at bigint NOT NULL,
    PRIMARY KEY (site_id),
    FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE TABLE activities (
    word text NOT NULL,
    position integer NOT NULL,
    language text NOT NULL,
    nace2 text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (word)
);
ALTER TABLE conversions RENAME TO conversions_before;
CREATE TABLE conversions (
    capability text NOT NULL,
    product text NOT NULL,
    position integer NOT NULL,
    nace2 text NOT NULL,
    days_min integer,
    days_max integer,
    basis text NOT NULL,
    bottleneck text NOT NULL,
    certificate_path text NOT NULL,
    example text NOT NULL,
    source text NOT NULL,
    confidence text NOT NULL,
    PRIMARY KEY (capability, product),
    FOREIGN KEY (product) REFERENCES products (code),
    CHECK ((days_min IS NULL) = (days_max IS NULL)),
    CHECK (days_min BETWEEN 0 AND days_max),
    CHECK (basis IN ('reported', 'press', 'paper', 'estimate')),
    CHECK (confidence IN ('high', 'medium', 'low'))
);
INSERT INTO conversions (capability, product, position, nace2, days_min, days_max, basis, bottleneck, certificate_path,
    example, source, confidence)
SELECT capability, product, position, nace2, days_min, days_max, basis, bottleneck, certificate_path, example, source, 'low'
FROM conversions_before;
DROP TABLE conversions_before;
";
