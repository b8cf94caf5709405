//! Calls, who is invited to answer them, answers with their offers, and the reports that close them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// Whose offers an answer names is written at the offers alone. Of an organisation there is one answer of its own, and one
// of each who may speak for it.
const SCHEMA: &str = "
CREATE TABLE calls (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    state text NOT NULL,
    visibility text NOT NULL,
    answer_by bigint NOT NULL,
    terms text NOT NULL,
    opened_at bigint,
    ended_at bigint,
    reminders smallint NOT NULL,
    reminded_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CHECK (state IN ('draft', 'open', 'closed', 'cancelled')),
    CHECK (visibility IN ('invited', 'clusters', 'market'))
);
CREATE INDEX calls_issuer ON calls (organisation_id);
CREATE INDEX calls_page ON calls (created_at, id);
CREATE INDEX calls_due ON calls (state, answer_by);

CREATE TABLE call_invitations (
    call_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    through_id uuid,
    invited_at bigint NOT NULL,
    reminded_at bigint,
    PRIMARY KEY (call_id, organisation_id),
    FOREIGN KEY (call_id) REFERENCES calls (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (through_id) REFERENCES organisations (id)
);
CREATE INDEX call_invitations_organisation ON call_invitations (organisation_id);
CREATE INDEX call_invitations_through ON call_invitations (through_id);
CREATE INDEX call_invitations_page ON call_invitations (call_id, invited_at, organisation_id);

CREATE TABLE call_answers (
    id uuid NOT NULL,
    call_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    by_id uuid NOT NULL,
    kind text NOT NULL,
    content text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (call_id, organisation_id, by_id),
    FOREIGN KEY (call_id) REFERENCES calls (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (by_id) REFERENCES organisations (id),
    CHECK (kind IN ('offers', 'nothing_to_offer', 'refused'))
);
CREATE INDEX call_answers_page ON call_answers (call_id, created_at, id);
CREATE INDEX call_answers_organisation ON call_answers (organisation_id);
CREATE INDEX call_answers_by ON call_answers (by_id);

CREATE TABLE call_offers (
    answer_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    PRIMARY KEY (answer_id, offer_id),
    FOREIGN KEY (answer_id) REFERENCES call_answers (id),
    FOREIGN KEY (offer_id) REFERENCES offers (id)
);
CREATE INDEX call_offers_offer ON call_offers (offer_id);

CREATE TABLE call_reports (
    call_id uuid NOT NULL,
    report text NOT NULL,
    created_at bigint NOT NULL,
    read_at bigint,
    PRIMARY KEY (call_id),
    FOREIGN KEY (call_id) REFERENCES calls (id)
);

ALTER TABLE mails ADD COLUMN call_id uuid REFERENCES calls (id);
";
