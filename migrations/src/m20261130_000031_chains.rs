//! Chains of matches: their lead, their steps, and which match is a leg of which step.

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
CREATE TABLE chains (
    id uuid NOT NULL,
    lead_organisation_id uuid NOT NULL,
    name text NOT NULL,
    steps text NOT NULL,
    agreed_at bigint,
    dissolved_at bigint,
    closing_reason text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (lead_organisation_id) REFERENCES organisations (id),
    CHECK ((dissolved_at IS NULL) = (closing_reason IS NULL))
);
CREATE INDEX chains_lead ON chains (lead_organisation_id);
CREATE INDEX chains_page ON chains (created_at, id);

ALTER TABLE matches ADD COLUMN chain_id uuid REFERENCES chains (id);
ALTER TABLE matches ADD COLUMN chain_step smallint;
CREATE INDEX matches_chain ON matches (chain_id) WHERE chain_id IS NOT NULL;
";
