//! What is wrong with an installation, in plain words and with what to do; looking changes nothing.

use std::{collections::BTreeSet, fmt::Display};

use domain::{ids::OrganisationId, time::Instant};
use storage::{
    DatabaseKind, Order, PageRequest, Schema, Scope, Store, StoreError,
    audit::{self, AuditFilter},
    events, mails, merging, organisations, people, runs,
};

use crate::{catalogue, mails::MOST_ATTEMPTS, outside::OutsideIssuer};

/// How far the clock may lie behind what another process noted, in microseconds: a minute.
const DRIFT: i64 = 60_000_000;
/// How long a run may wait for a worker, in microseconds: 5 minutes.
const PATIENCE: i64 = 300_000_000;
/// The oldest PostgreSQL that is supported.
const OLDEST_POSTGRES: u32 = 15;

/// What a check came to, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Sound,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work, or not safely.
    Fault,
}

impl Verdict {
    /// The word for people and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "ok",
            Self::Warning => "warning",
            Self::Fault => "FAULT",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked, in a word or two.
    pub check: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen.
    pub detail: String,
    /// What to do; nothing where all is well.
    pub remedy: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn sound(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Sound, detail: detail.into(), remedy: None }
    }

    /// Somebody should look at it.
    pub fn warning(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    /// It does not work, or not safely.
    pub fn fault(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fault, detail: detail.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at a database, which [`Store::open_to_look`] opens for it. What needs tables is looked at only where the
/// schema is of this version.
pub async fn examine(store: &Store, issuers: &[&OutsideIssuer], now: Instant) -> Vec<Finding> {
    let mut found = vec![version(store).await, integrity(store).await];
    let (schema, usable) = schema(store).await;
    found.push(schema);
    if usable {
        found.push(catalogue(store).await);
        found.push(operators(store).await);
        found.push(mail(store).await);
        found.push(runs(store, now).await);
        found.push(changes(store, now).await);
        found.push(clock(store, now).await);
        if !issuers.is_empty() {
            found.push(mapped(store, issuers).await);
        }
    }
    found
}

/// A look that failed.
fn unread(check: &'static str, fault: &impl Display) -> Finding {
    Finding::fault(check, format!("cannot be read: {fault}"), "read the lines above; if they are ok, report this one")
}

async fn version(store: &Store) -> Finding {
    let check = "database";
    match store.server_version().await {
        Err(fault) => unread(check, &fault),
        Ok(version) if is_too_old(store.kind(), &version) => {
            Finding::fault(check, format!("{version} is too old"), format!("use PostgreSQL {OLDEST_POSTGRES} or later"))
        }
        Ok(version) => Finding::sound(check, format!("{version} answers")),
    }
}

fn is_too_old(kind: DatabaseKind, version: &str) -> bool {
    let major = version.split([' ', '.']).nth(1).and_then(|number| number.parse::<u32>().ok());
    match kind {
        // The library is inside the program.
        DatabaseKind::Sqlite => false,
        DatabaseKind::Postgres => major.is_some_and(|major| major < OLDEST_POSTGRES),
    }
}

async fn integrity(store: &Store) -> Finding {
    let check = "integrity";
    match (store.faults().await, store.kind()) {
        (Err(fault), _) => unread(check, &fault),
        (Ok(faults), _) if !faults.is_empty() => {
            let (count, first) = (faults.len(), faults.first().map_or("", String::as_str));
            let remedy = "stop the service, keep a copy of the file, and restore the last backup";
            Finding::fault(check, format!("{count} faults in the database file, the first: {first}"), remedy)
        }
        (Ok(_), DatabaseKind::Sqlite) => Finding::sound(check, "every page and every reference of the file is sound"),
        (Ok(_), DatabaseKind::Postgres) => Finding::sound(check, "PostgreSQL looks after its own files"),
    }
}

/// How the schema stands, and whether its tables can be looked at.
async fn schema(store: &Store) -> (Finding, bool) {
    let check = "schema";
    match store.schema().await {
        Err(fault) => (unread(check, &fault), false),
        Ok(Schema::Current) => (Finding::sound(check, "is that of this version"), true),
        Ok(Schema::Behind(changes)) => {
            let detail = format!("lacks {changes} changes that this version needs");
            (Finding::fault(check, detail, "back up, then run `muster migrate`"), false)
        }
        Ok(Schema::Newer) => {
            let remedy = "use the later version, or restore the backup that was made before it";
            (Finding::fault(check, "was changed by a later version of Muster", remedy), false)
        }
    }
}

async fn catalogue(store: &Store) -> Finding {
    let check = "catalogue";
    match catalogue::load(store).await {
        Err(fault) => {
            let remedy = "mend the row that is named, or run `muster migrate` to load the shipped rows again";
            Finding::fault(check, format!("cannot be loaded: {fault}"), remedy)
        }
        Ok(tables) => match tables.catalogue.products().len() {
            0 => Finding::fault(check, "holds no product", "run `muster migrate`, which loads it"),
            products => Finding::sound(check, format!("{products} products are loaded")),
        },
    }
}

async fn operators(store: &Store) -> Finding {
    let check = "operators";
    match people::operators(store).await {
        Err(fault) => unread(check, &fault),
        Ok(0) => {
            let remedy = "open the link that `muster serve` prints when it starts, or run `muster admin create`";
            Finding::warning(check, "nobody runs this service: no operator has set a password", remedy)
        }
        Ok(1) => Finding::sound(check, "one person runs this service"),
        Ok(several) => Finding::sound(check, format!("{several} people run this service")),
    }
}

/// Whether the organisations are there that tokens of outside issuers act for.
async fn mapped(store: &Store, issuers: &[&OutsideIssuer]) -> Finding {
    let check = "outside mapping";
    let became = match merging::became(store).await {
        Err(fault) => return unread(check, &fault),
        Ok(became) => became,
    };
    let named: BTreeSet<OrganisationId> = issuers.iter().flat_map(|issuer| issuer.organisations()).collect();
    let mut gone = Vec::new();
    for id in &named {
        match organisations::is_there(store, *id).await {
            Err(fault) => return unread(check, &fault),
            Ok(true) => {}
            Ok(false) => gone.push(match became.get(id) {
                Some(into) => format!("{id}, which became {into}"),
                None => id.to_string(),
            }),
        }
    }
    match gone.first() {
        None => Finding::sound(check, format!("{} organisations are mapped, and all are here", named.len())),
        Some(first) => {
            let detail = format!("{} organisations are mapped that are not here, such as {first}", gone.len());
            let remedy = "correct outside_issuers in muster.toml by `muster org list`, and start the service again";
            Finding::fault(check, detail, remedy)
        }
    }
}

async fn mail(store: &Store) -> Finding {
    let check = "mail queue";
    let queue = match mails::queue(store, MOST_ATTEMPTS).await {
        Err(fault) => return unread(check, &fault),
        Ok(queue) => queue,
    };
    let failure = queue.failure.as_deref().map_or_else(String::new, |word| format!("; the last failed as {word}"));
    let detail = format!("{} mails wait, {} were given up{failure}", queue.waiting, queue.given_up);
    match (queue.given_up, &queue.failure) {
        (0, None) => Finding::sound(check, detail),
        (_, _) => {
            let remedy = "check MUSTER_MAIL and MUSTER_MAIL_FROM and the mail server's log; people whose mail was \
                          given up ask for it again";
            Finding::warning(check, detail, remedy)
        }
    }
}

async fn changes(store: &Store, now: Instant) -> Finding {
    let check = "change feed";
    let waiting = match events::waiting(store).await {
        Err(fault) => return unread(check, &fault),
        Ok(waiting) => waiting,
    };
    let late = waiting.since.is_some_and(|since| now.micros() - since.micros() > PATIENCE);
    let detail = format!("{} events wait for their number", waiting.events);
    if late {
        let detail = format!("{detail}, some for more than 5 minutes, so nobody reads them");
        return Finding::warning(check, detail, "start `muster serve`, which gives numbers, or read its log");
    }
    Finding::sound(check, detail)
}

async fn runs(store: &Store, now: Instant) -> Finding {
    let check = "runs";
    let queue = match runs::standing(store, now).await {
        Err(fault) => return unread(check, &fault),
        Ok(queue) => queue,
    };
    let waits = queue.waiting_since.is_some_and(|since| now.micros() - since.micros() > PATIENCE);
    let detail = format!("{} wait, {} are under way", queue.queued, queue.running);
    if queue.silent > 0 {
        let detail = format!("{detail}, {} of them without a sign of life from their worker", queue.silent);
        let remedy = "start `muster serve`, which takes them over, or cancel them; look into the log of the worker";
        return Finding::warning(check, detail, remedy);
    }
    match waits {
        true => Finding::warning(check, format!("{detail}, one for more than 5 minutes"), "start `muster serve`"),
        false => Finding::sound(check, detail),
    }
}

async fn clock(store: &Store, now: Instant) -> Finding {
    let check = "clock";
    let newest = match newest(store).await {
        Err(fault) => return unread(check, &fault),
        Ok(newest) => newest,
    };
    match newest {
        Some(at) if at.micros() - now.micros() > DRIFT => {
            let detail = format!("says {now}, which is before the newest entry of the audit log, {at}");
            Finding::fault(check, detail, "set the clock of this machine by a time server, then start again")
        }
        Some(_) | None => Finding::sound(check, format!("says {now}, not before what was noted last")),
    }
}

/// When the newest entry of the audit log was written.
async fn newest(store: &Store) -> Result<Option<Instant>, StoreError> {
    let request = PageRequest { order: Order::Descending, ..PageRequest::first(1) };
    let page = audit::page(store, Scope::Operator, &AuditFilter::default(), request).await?;
    Ok(page.items.first().map(|entry| entry.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_told_from_a_new_one() {
        let cases = [("PostgreSQL 14.9", true), ("PostgreSQL 15.8", false), ("PostgreSQL 17beta1", false)];
        for (version, old) in cases {
            assert_eq!(is_too_old(DatabaseKind::Postgres, version), old, "{version}");
        }
        assert!(!is_too_old(DatabaseKind::Sqlite, "SQLite 3.51.3"));
    }
}
