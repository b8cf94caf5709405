//! The audit log: who did what to which record, append-only.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(SCHEMA).await?;
        let guard = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES_GUARD,
            _ => SQLITE_GUARD,
        };
        connection.execute_unprepared(guard).await.map(drop)
    }
}

// Without an acting organisation it was the operator, without an owner the record is nobody's own. It names no
// person, and refers to nothing by key: what is erased elsewhere leaves it as it is.
const SCHEMA: &str = "
CREATE TABLE audit_entries (
    id uuid NOT NULL,
    at bigint NOT NULL,
    acting_id uuid,
    credential text NOT NULL,
    credential_id uuid,
    act text NOT NULL,
    record text NOT NULL,
    record_id uuid NOT NULL,
    owner_id uuid,
    changes text NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX audit_entries_page ON audit_entries (at, id);
CREATE INDEX audit_entries_owner ON audit_entries (owner_id, at, id);
CREATE INDEX audit_entries_acting ON audit_entries (acting_id, at, id);
CREATE INDEX audit_entries_record ON audit_entries (record_id, at, id);
";

const POSTGRES_GUARD: &str = "
CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''the audit log is append-only''; END';
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entries_stay();
";

const SQLITE_GUARD: &str = "
CREATE TRIGGER audit_entries_stay_unchanged BEFORE UPDATE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
";
