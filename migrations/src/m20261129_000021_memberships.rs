//! The life of memberships and clusters, mandates, firms that others entered, and claims to them.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let kinds = match manager.get_database_backend() {
            DbBackend::Postgres => KINDS_OF_POSTGRES,
            _ => KINDS_OF_SQLITE,
        };
        connection.execute_unprepared(kinds).await?;
        connection.execute_unprepared(SCHEMA).await.map(drop)
    }
}

const KINDS_OF_POSTGRES: &str = "
ALTER TABLE organisations DROP CONSTRAINT organisations_kind_check;
ALTER TABLE organisations ADD CONSTRAINT organisations_kind_check
    CHECK (kind IN ('firm', 'cluster', 'authority', 'portal'));
";

// SQLite changes no CHECK. Its documentation allows to write the schema for this, since no row changes; what follows
// makes tables, by which other connections notice.
const KINDS_OF_SQLITE: &str = "
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, '''authority'')', '''authority'', ''portal'')')
    WHERE type = 'table' AND name = 'organisations';
PRAGMA writable_schema = RESET;
";

// Of a pair there is one row, whose state tells how it stands; what was before is in the audit log. A cluster without
// a row in clusters is permanent and open.
const SCHEMA: &str = "
ALTER TABLE memberships ADD COLUMN state text NOT NULL DEFAULT 'active'
    CHECK (state IN ('requested', 'active', 'ended'));
ALTER TABLE memberships ADD COLUMN began_at bigint;
ALTER TABLE memberships ADD COLUMN ended_at bigint;
ALTER TABLE memberships ADD COLUMN vouched_at bigint;
UPDATE memberships SET began_at = created_at;
UPDATE memberships SET vouched_at = created_at
    WHERE member_id IN (SELECT id FROM organisations WHERE verification = 'cluster' AND kind = 'firm')
    AND cluster_id IN (SELECT id FROM organisations WHERE verification = 'operator' AND kind = 'cluster');
UPDATE organisations SET verification = 'none'
    WHERE verification = 'cluster' AND id NOT IN (SELECT member_id FROM memberships WHERE vouched_at IS NOT NULL);
CREATE INDEX memberships_page_cluster ON memberships (cluster_id, created_at, member_id);
CREATE INDEX memberships_page_member ON memberships (member_id, created_at, cluster_id);

CREATE TABLE clusters (
    organisation_id uuid NOT NULL,
    form text NOT NULL,
    sponsor_id uuid,
    purpose text NOT NULL,
    ends_on integer,
    closed_at bigint,
    PRIMARY KEY (organisation_id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (sponsor_id) REFERENCES organisations (id),
    CHECK (form IN ('permanent', 'temporary', 'virtual')),
    CHECK ((form = 'permanent') = (sponsor_id IS NULL)),
    CHECK ((form = 'permanent') = (ends_on IS NULL))
);
CREATE INDEX clusters_sponsor ON clusters (sponsor_id);

ALTER TABLE organisations ADD COLUMN entered_by uuid REFERENCES organisations (id);
ALTER TABLE organisations ADD COLUMN confirmed_at bigint;

CREATE TABLE mandates (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    holder_id uuid NOT NULL,
    scopes text NOT NULL,
    signatory_id uuid,
    created_at bigint NOT NULL,
    confirmed_at bigint,
    ends_on integer NOT NULL,
    ended_at bigint,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (holder_id) REFERENCES organisations (id),
    FOREIGN KEY (signatory_id) REFERENCES people (id),
    CHECK (organisation_id <> holder_id)
);
CREATE UNIQUE INDEX mandates_open ON mandates (organisation_id, holder_id) WHERE ended_at IS NULL;
CREATE INDEX mandates_holder ON mandates (holder_id, created_at, id);
CREATE INDEX mandates_page ON mandates (organisation_id, created_at, id);
CREATE INDEX mandates_signatory ON mandates (signatory_id);

CREATE TABLE claims (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    person_id uuid NOT NULL,
    evidence text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (organisation_id, person_id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (person_id) REFERENCES people (id)
);
CREATE INDEX claims_page ON claims (organisation_id, created_at, id);
CREATE INDEX claims_person ON claims (person_id);

ALTER TABLE audit_entries ADD COLUMN mandate_id uuid;
";
