//! The life of offers and needs: why a need was closed, and when the next stage of an offer's freshness is looked for.

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
ALTER TABLE needs ADD COLUMN closing text;

CREATE TABLE offer_watches (
    offer_id uuid NOT NULL,
    look_on integer NOT NULL,
    told text,
    told_of integer,
    PRIMARY KEY (offer_id),
    FOREIGN KEY (offer_id) REFERENCES offers (id) ON DELETE CASCADE,
    CHECK (told IN ('fresh', 'due', 'stale', 'suspended'))
);
CREATE INDEX offer_watches_look_on ON offer_watches (look_on);
CREATE INDEX instalments_due ON instalments (due);
";
