//! Reviews, numbers of certificates, evidence files, notified bodies, and who granted an urgency.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// What waited for a reviewer before there were reviews waits with the id of its record. Of records that are out of the
// market for good nothing is to be decided.
const SCHEMA: &str = "
CREATE TABLE reviews (
    id uuid NOT NULL,
    kind text NOT NULL,
    organisation_id uuid NOT NULL,
    offer_id uuid,
    need_id uuid,
    certificate_id uuid,
    reason text NOT NULL,
    state text NOT NULL,
    created_at bigint NOT NULL,
    decided_by text,
    note text,
    decided_at bigint,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (offer_id) REFERENCES offers (id),
    FOREIGN KEY (need_id) REFERENCES needs (id),
    CHECK (kind IN ('offer', 'need', 'certificate')),
    CHECK ((kind = 'need') = (offer_id IS NULL)),
    CHECK ((kind = 'need') = (need_id IS NOT NULL)),
    CHECK ((kind = 'certificate') = (certificate_id IS NOT NULL)),
    CHECK (state IN ('open', 'released', 'confirmed', 'lapsed')),
    CHECK (decided_by IN ('cluster', 'operator')),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CHECK ((decided_by IS NULL) = (note IS NULL)),
    CHECK (state NOT IN ('released', 'confirmed') OR decided_at IS NOT NULL)
);
CREATE INDEX reviews_page ON reviews (created_at, id);
CREATE INDEX reviews_owner ON reviews (organisation_id, created_at, id);
CREATE INDEX reviews_offer ON reviews (offer_id);
CREATE INDEX reviews_need ON reviews (need_id);

INSERT INTO reviews (id, kind, organisation_id, offer_id, reason, state, created_at)
    SELECT id, 'offer', organisation_id, id, quarantine, 'open', updated_at FROM offers
    WHERE quarantine IS NOT NULL AND state IN ('draft', 'published', 'paused');
INSERT INTO reviews (id, kind, organisation_id, need_id, reason, state, created_at)
    SELECT id, 'need', organisation_id, id, quarantine, 'open', updated_at FROM needs
    WHERE quarantine IS NOT NULL AND state IN ('draft', 'open', 'covered');

CREATE TABLE certificate_numbers (
    certificate_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    number text NOT NULL,
    PRIMARY KEY (certificate_id),
    FOREIGN KEY (offer_id) REFERENCES offers (id)
);
CREATE INDEX certificate_numbers_number ON certificate_numbers (number);
CREATE INDEX certificate_numbers_offer ON certificate_numbers (offer_id);

CREATE TABLE evidence_files (
    id uuid NOT NULL,
    offer_id uuid NOT NULL,
    certificate_id uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    bytes bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (certificate_id, sha256),
    FOREIGN KEY (offer_id) REFERENCES offers (id),
    CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg')),
    CHECK (size > 0)
);
CREATE INDEX evidence_files_offer ON evidence_files (offer_id);

CREATE TABLE notified_bodies (
    number text NOT NULL,
    name text NOT NULL,
    country text,
    frames text NOT NULL,
    until_day integer,
    PRIMARY KEY (number)
);

CREATE TABLE urgency_grants (
    need_id uuid NOT NULL,
    organisation_id uuid,
    reason text NOT NULL,
    granted_at bigint NOT NULL,
    PRIMARY KEY (need_id),
    FOREIGN KEY (need_id) REFERENCES needs (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id)
);
CREATE INDEX urgency_grants_organisation ON urgency_grants (organisation_id);

ALTER TABLE mails ADD COLUMN record_id uuid;
";
