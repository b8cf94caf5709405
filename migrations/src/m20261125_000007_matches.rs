//! Matches, standing refusals, and what stayed uncovered.

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
CREATE TABLE matches (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    need_id uuid NOT NULL,
    instalment_id uuid NOT NULL,
    offer_organisation_id uuid NOT NULL,
    need_organisation_id uuid NOT NULL,
    state text NOT NULL,
    tier smallint NOT NULL,
    proposed bigint NOT NULL,
    agreed bigint NOT NULL,
    shipped bigint NOT NULL,
    received bigint NOT NULL,
    accepted bigint NOT NULL,
    rejected bigint NOT NULL,
    cutoff integer NOT NULL,
    explanation text NOT NULL,
    closing_reason text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (run_id) REFERENCES runs (id),
    FOREIGN KEY (offer_id) REFERENCES offers (id),
    FOREIGN KEY (instalment_id, need_id) REFERENCES instalments (id, need_id),
    FOREIGN KEY (offer_organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (need_organisation_id) REFERENCES organisations (id),
    CHECK (state IN ('suggested', 'proposed', 'accepted_by_supplier', 'accepted_by_buyer', 'agreed',
        'in_delivery', 'fulfilled', 'declined', 'expired', 'cancelled')),
    CHECK (tier BETWEEN 1 AND 4),
    CHECK (proposed BETWEEN 1 AND 1000000000000),
    CHECK (agreed BETWEEN 0 AND proposed),
    CHECK (shipped BETWEEN 0 AND agreed),
    CHECK (received BETWEEN 0 AND shipped),
    CHECK (accepted >= 0 AND rejected >= 0 AND accepted + rejected = received)
);
CREATE INDEX matches_page ON matches (created_at, id);
CREATE INDEX matches_run ON matches (run_id, created_at, id);
CREATE INDEX matches_supplier ON matches (offer_organisation_id, created_at, id);
CREATE INDEX matches_buyer ON matches (need_organisation_id, created_at, id);
CREATE INDEX matches_offer ON matches (offer_id);
CREATE INDEX matches_instalment ON matches (instalment_id);
CREATE INDEX matches_need ON matches (need_id);
CREATE INDEX matches_state ON matches (state);

CREATE TABLE refusals (
    offer_id uuid NOT NULL,
    need_id uuid NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (offer_id, need_id),
    FOREIGN KEY (offer_id) REFERENCES offers (id),
    FOREIGN KEY (need_id) REFERENCES needs (id)
);
CREATE INDEX refusals_need ON refusals (need_id);

CREATE TABLE shortages (
    run_id uuid NOT NULL,
    instalment_id uuid NOT NULL,
    need_id uuid NOT NULL,
    need_organisation_id uuid NOT NULL,
    product text NOT NULL,
    tier smallint NOT NULL,
    demand bigint NOT NULL,
    covered bigint NOT NULL,
    uncovered bigint NOT NULL,
    explanation text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (run_id, instalment_id),
    FOREIGN KEY (run_id) REFERENCES runs (id),
    FOREIGN KEY (instalment_id, need_id) REFERENCES instalments (id, need_id),
    FOREIGN KEY (need_organisation_id) REFERENCES organisations (id),
    CHECK (tier BETWEEN 1 AND 4),
    CHECK (demand BETWEEN 1 AND 1000000000000),
    CHECK (covered BETWEEN 0 AND demand),
    CHECK (uncovered = demand - covered)
);
CREATE INDEX shortages_run ON shortages (run_id, created_at, instalment_id);
CREATE INDEX shortages_need ON shortages (need_id);
";
