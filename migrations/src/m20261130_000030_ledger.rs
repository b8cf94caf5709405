//! The ledger: what matches draw from offers and cover of instalments, entry by entry; and what their sides say.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let (by_hand, guard) = match manager.get_database_backend() {
            DbBackend::Postgres => (BY_HAND_OF_POSTGRES, GUARD_OF_POSTGRES),
            _ => (BY_HAND_OF_SQLITE, GUARD_OF_SQLITE),
        };
        connection.execute_unprepared(by_hand).await?;
        connection.execute_unprepared(SCHEMA).await?;
        connection.execute_unprepared(guard).await.map(drop)
    }
}

// A match that was put by hand comes of no run.
const BY_HAND_OF_POSTGRES: &str = "ALTER TABLE matches ALTER COLUMN run_id DROP NOT NULL";

// SQLite takes no NOT NULL away. Its documentation allows to write the schema for this, since no row changes; what
// follows makes tables, by which other connections notice.
const BY_HAND_OF_SQLITE: &str = "
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'run_id uuid NOT NULL', 'run_id uuid')
    WHERE type = 'table' AND name = 'matches';
PRAGMA writable_schema = RESET;
";

// `drawn` counts against the offer, `covered` against the instalment; both are the sums of the entries. Entries of what
// was promised before there was a ledger are written from where the matches stand. What was held then had no deadline;
// it gets one in the past, so that nothing is held for ever.
const SCHEMA: &str = "
ALTER TABLE matches ADD COLUMN drawn bigint NOT NULL DEFAULT 0 CHECK (drawn >= 0);
ALTER TABLE matches ADD COLUMN covered bigint NOT NULL DEFAULT 0 CHECK (covered >= 0);
ALTER TABLE matches ADD COLUMN deadline bigint;
ALTER TABLE matches ADD COLUMN terms text;
ALTER TABLE matches ADD COLUMN sample text CHECK (sample IN ('requested', 'approved', 'refused'));
ALTER TABLE matches ADD COLUMN recalled_at bigint;
UPDATE matches SET drawn = proposed, covered = proposed, deadline = updated_at
    WHERE state IN ('proposed', 'accepted_by_supplier', 'accepted_by_buyer');
UPDATE matches SET drawn = agreed, covered = agreed - rejected WHERE state IN ('agreed', 'in_delivery');
UPDATE matches SET drawn = shipped, covered = accepted WHERE state IN ('fulfilled', 'cancelled');
CREATE INDEX matches_drawn ON matches (offer_id) WHERE drawn > 0;
CREATE INDEX matches_covered ON matches (instalment_id) WHERE covered > 0;
CREATE INDEX matches_deadline ON matches (deadline);

CREATE TABLE ledger_entries (
    match_id uuid NOT NULL,
    ordinal integer NOT NULL,
    offer_id uuid NOT NULL,
    kind text NOT NULL,
    units bigint NOT NULL,
    details text,
    at bigint NOT NULL,
    PRIMARY KEY (match_id, ordinal),
    FOREIGN KEY (match_id) REFERENCES matches (id),
    FOREIGN KEY (offer_id) REFERENCES offers (id),
    CHECK (kind IN ('hold', 'agree', 'release', 'lapse', 'ship', 'accept', 'reject', 'lose', 'restate')),
    CHECK (ordinal >= 1),
    CHECK (units BETWEEN 1 AND 1000000000000)
);
CREATE INDEX ledger_entries_offer ON ledger_entries (offer_id, kind);
INSERT INTO ledger_entries (match_id, ordinal, offer_id, kind, units, at)
    SELECT id, 1, offer_id, 'hold', CASE WHEN agreed > 0 THEN agreed ELSE drawn END, updated_at
    FROM matches WHERE drawn > 0 OR agreed > 0;
INSERT INTO ledger_entries (match_id, ordinal, offer_id, kind, units, at)
    SELECT id, 2, offer_id, 'agree', agreed, updated_at FROM matches WHERE agreed > 0;
INSERT INTO ledger_entries (match_id, ordinal, offer_id, kind, units, at)
    SELECT id, 3, offer_id, 'ship', shipped, updated_at FROM matches WHERE shipped > 0;
INSERT INTO ledger_entries (match_id, ordinal, offer_id, kind, units, at)
    SELECT id, 4, offer_id, 'accept', accepted, updated_at FROM matches WHERE accepted > 0;
INSERT INTO ledger_entries (match_id, ordinal, offer_id, kind, units, at)
    SELECT id, 5, offer_id, 'reject', rejected, updated_at FROM matches WHERE rejected > 0;
INSERT INTO ledger_entries (match_id, ordinal, offer_id, kind, units, at)
    SELECT id, 6, offer_id, 'release', agreed - shipped, updated_at
    FROM matches WHERE state = 'cancelled' AND agreed > shipped;
INSERT INTO ledger_entries (match_id, ordinal, offer_id, kind, units, at)
    SELECT id, 7, offer_id, 'lose', shipped - received, updated_at
    FROM matches WHERE state = 'cancelled' AND shipped > received;

CREATE TABLE match_messages (
    id uuid NOT NULL,
    match_id uuid NOT NULL,
    side text NOT NULL,
    body text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (match_id) REFERENCES matches (id),
    CHECK (side IN ('supplier', 'buyer'))
);
CREATE INDEX match_messages_page ON match_messages (match_id, created_at, id);
";

const GUARD_OF_POSTGRES: &str = "
CREATE FUNCTION ledger_entries_stay() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''the ledger is append-only''; END';
CREATE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_entries_stay();
";

const GUARD_OF_SQLITE: &str = "
CREATE TRIGGER ledger_entries_stay_unchanged BEFORE UPDATE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
";
