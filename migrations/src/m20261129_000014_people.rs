//! People, their roles and sessions, the links that are mailed to them, and the mails to send.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

// What tells who somebody is stands in the row of people alone: erasing empties it, and everything else names
// the id. Of tokens and links only the hash is kept.
const SCHEMA: &str = "
CREATE TABLE people (
    id uuid NOT NULL,
    email text,
    name text,
    password text,
    operator boolean NOT NULL,
    created_at bigint NOT NULL,
    active_at bigint,
    erased_at bigint,
    PRIMARY KEY (id),
    UNIQUE (email),
    CHECK ((email IS NULL) = (erased_at IS NOT NULL)),
    CHECK ((name IS NULL) = (erased_at IS NOT NULL)),
    CHECK (erased_at IS NULL OR password IS NULL),
    CHECK (password IS NULL OR active_at IS NOT NULL)
);
CREATE INDEX people_page ON people (created_at, id);

CREATE TABLE roles (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    role text NOT NULL,
    granted_at bigint NOT NULL,
    accepted_at bigint,
    PRIMARY KEY (person_id, organisation_id),
    UNIQUE (id),
    FOREIGN KEY (person_id) REFERENCES people (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    CHECK (role IN ('member', 'editor', 'admin'))
);
CREATE INDEX roles_page ON roles (organisation_id, granted_at, id);

CREATE TABLE sessions (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    organisation_id uuid,
    origin text NOT NULL,
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (id),
    FOREIGN KEY (person_id) REFERENCES people (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id)
);
CREATE INDEX sessions_page ON sessions (person_id, created_at, id);

CREATE TABLE refresh_tokens (
    hash text NOT NULL,
    session_id uuid NOT NULL,
    issued_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (hash),
    FOREIGN KEY (session_id) REFERENCES sessions (id)
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE links (
    hash text NOT NULL,
    purpose text NOT NULL,
    person_id uuid,
    organisation_id uuid,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (hash),
    FOREIGN KEY (person_id) REFERENCES people (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id)
);
CREATE INDEX links_person ON links (person_id);

CREATE TABLE mails (
    id uuid NOT NULL,
    kind text NOT NULL,
    person_id uuid NOT NULL,
    organisation_id uuid,
    about_id uuid,
    created_at bigint NOT NULL,
    due_at bigint NOT NULL,
    attempts integer NOT NULL,
    sent_at bigint,
    failure text,
    PRIMARY KEY (id),
    FOREIGN KEY (person_id) REFERENCES people (id),
    FOREIGN KEY (organisation_id) REFERENCES organisations (id),
    FOREIGN KEY (about_id) REFERENCES people (id)
);
CREATE INDEX mails_due ON mails (due_at, id);
CREATE INDEX mails_person ON mails (person_id);

ALTER TABLE audit_entries ADD COLUMN person_id uuid;
ALTER TABLE audit_entries ADD COLUMN alone boolean NOT NULL DEFAULT false;
CREATE INDEX audit_entries_person ON audit_entries (person_id, at, id);
";
