//! The ledger: what matches draw from offers and cover of instalments, as entries that are never edited.
//!
//! Whoever promises locks what is promised from first, in one order for all: lines, offers, needs, instalments, chains,
//! matches. So two that promise the same goods come one after the other, from whichever process, and the second sees what
//! the first did.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    event::Subject,
    ids::{InstalmentId, LineId, MatchId, OfferId},
    line::Line,
    matches::{Account, Entry, EntryKind, Refusal, Step},
    need::Instalment,
    offer::Offer,
    time::{Day, Instant},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    bulk, chains,
    dialect::TO_CHANGE,
    entity::{instalment, ledger_entry, line, match_row, need, offer},
    error::StoreError,
    events, json, lines,
    matches::{self, MatchRow},
    needs::instalments,
    offers,
    scope::Scope,
    store::{Reads, Tx},
};

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The match it belongs to.
    pub of_match: MatchId,
    /// Its place among the entries of the match, from 1.
    pub ordinal: i32,
    /// What it says.
    pub entry: Entry,
    /// What was said with it, such as lots, as JSON.
    pub details_json: Option<String>,
    /// When it was written.
    pub at: Instant,
}

/// What a match draws from an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// The match.
    pub of_match: MatchId,
    /// The offer.
    pub offer: OfferId,
    /// By when the goods must exist.
    pub cutoff: Day,
    /// How much.
    pub units: i64,
    /// Whether it is a leg of a chain, so that others bring what the offer lacks.
    pub in_chain: bool,
}

/// Why a step was not written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The match does not take it.
    #[error("the match does not take the step")]
    Refused(Refusal),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is locked for a promise, as it stands.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// The lines of the offers.
    pub lines: BTreeMap<LineId, Line>,
    /// The offers, and those that share a line with one of them.
    pub offers: BTreeMap<OfferId, Offer>,
    /// The instalments; a withdrawn one is not among them.
    pub instalments: BTreeMap<InstalmentId, Instalment>,
    /// What was held past its deadline, and is let go.
    pub expired: Vec<MatchRow>,
}

/// Locks offers with their lines, and instalments with their needs, until the transaction ends, and lets go of what is
/// held for them past its deadline.
///
/// # Errors
/// [`StoreError::NotFound`] when an offer is not there; [`StoreError::Busy`] when an offer has just moved to another line.
pub async fn lock(
    tx: &Tx,
    wanted: &BTreeSet<OfferId>,
    asked: &BTreeSet<InstalmentId>,
    now: Instant,
) -> Result<Books, StoreError> {
    let connection = tx.connection();
    let mut books = Books::default();
    let of = lines_of(connection, wanted).await?;
    for list in bulk::id_lists(of.iter().copied()) {
        let query = line::Entity::find().filter(line::Column::Id.is_in(list)).order_by_asc(line::Column::Id);
        for row in query.lock_exclusive().all(connection).await? {
            let line = lines::record(row)?;
            books.lines.insert(line.id, line);
        }
    }
    let mut ids: BTreeSet<Uuid> = wanted.iter().map(|id| id.0).collect();
    for list in bulk::id_lists(of) {
        let shared = offer::Entity::find().select_only().column(offer::Column::Id);
        ids.extend(shared.filter(offer::Column::LineId.is_in(list)).into_tuple::<Uuid>().all(connection).await?);
    }
    for list in bulk::id_lists(ids) {
        let query = offer::Entity::find().filter(offer::Column::Id.is_in(list)).order_by_asc(offer::Column::Id);
        for row in query.lock(TO_CHANGE).all(connection).await? {
            let offer = offers::stored(row)?.record;
            if offer.terms.line.is_some_and(|line| !books.lines.contains_key(&line)) {
                return Err(StoreError::Busy("an offer has just moved to another line".to_owned()));
            }
            books.offers.insert(offer.id, offer);
        }
    }
    if !wanted.iter().all(|id| books.offers.contains_key(id)) {
        return Err(StoreError::NotFound);
    }
    // Whoever closes or changes a need locks it before its instalments, and sees what is promised of it.
    let mut needs = BTreeSet::new();
    for list in bulk::id_lists(asked.iter().map(|id| id.0)) {
        let query = instalment::Entity::find().select_only().column(instalment::Column::NeedId);
        needs.extend(query.filter(instalment::Column::Id.is_in(list)).into_tuple::<Uuid>().all(connection).await?);
    }
    for list in bulk::id_lists(needs) {
        let query = need::Entity::find().select_only().column(need::Column::Id).filter(need::Column::Id.is_in(list));
        query.order_by_asc(need::Column::Id).lock(TO_CHANGE).into_tuple::<Uuid>().all(connection).await?;
    }
    for list in bulk::id_lists(asked.iter().map(|id| id.0)) {
        let query = instalment::Entity::find().filter(instalment::Column::Id.is_in(list));
        let rows = query.order_by_asc(instalment::Column::Id).lock(TO_CHANGE).all(connection).await?;
        for row in rows.into_iter().filter(|row| !row.withdrawn) {
            let instalment = instalments::instalment(row)?;
            books.instalments.insert(instalment.id, instalment);
        }
    }
    let offers: BTreeSet<OfferId> = books.offers.keys().copied().collect();
    let overdue = overdue(connection, &offers, asked, now).await?;
    chains::lock_all(tx, &overdue).await?;
    for id in overdue {
        books.expired.extend(expire(tx, id, now).await?);
    }
    Ok(books)
}

/// Locks a line with the offers that share it, before its output changes, as [`lock`] does.
///
/// # Errors
/// As [`lock`]; [`StoreError::NotFound`] when there is no such line.
pub async fn lock_line(tx: &Tx, id: LineId, now: Instant) -> Result<Books, StoreError> {
    let connection = tx.connection();
    let row = line::Entity::find_by_id(id.0).lock_exclusive().one(connection).await?.ok_or(StoreError::NotFound)?;
    let of_line = offer::Entity::find().select_only().column(offer::Column::Id);
    let of_line = of_line.filter(offer::Column::LineId.eq(id.0)).into_tuple::<Uuid>().all(connection).await?;
    let mut books = lock(tx, &of_line.into_iter().map(OfferId).collect(), &BTreeSet::new(), now).await?;
    let line = lines::record(row)?;
    books.lines.insert(line.id, line);
    Ok(books)
}

async fn lines_of<C: ConnectionTrait>(connection: &C, offers: &BTreeSet<OfferId>) -> Result<Vec<Uuid>, StoreError> {
    let mut found = BTreeSet::new();
    for list in bulk::id_lists(offers.iter().map(|id| id.0)) {
        let query = offer::Entity::find().select_only().column(offer::Column::LineId);
        let query = query.filter(offer::Column::Id.is_in(list)).filter(offer::Column::LineId.is_not_null());
        found.extend(query.into_tuple::<Uuid>().all(connection).await?);
    }
    Ok(found.into_iter().collect())
}

/// The matches of offers or instalments that are held past their deadline.
async fn overdue<C: ConnectionTrait>(
    connection: &C,
    offers: &BTreeSet<OfferId>,
    instalments: &BTreeSet<InstalmentId>,
    now: Instant,
) -> Result<BTreeSet<MatchId>, StoreError> {
    use match_row::Column;
    let mut found = BTreeSet::new();
    let sides = [
        (Column::OfferId, offers.iter().map(|id| id.0).collect::<Vec<_>>()),
        (Column::InstalmentId, instalments.iter().map(|id| id.0).collect()),
    ];
    for (column, ids) in sides {
        for list in bulk::id_lists(ids) {
            let query = match_row::Entity::find().select_only().column(Column::Id).filter(column.is_in(list));
            let query = query.filter(Column::Deadline.lte(now.micros()));
            found.extend(query.into_tuple::<Uuid>().all(connection).await?.into_iter().map(MatchId));
        }
    }
    Ok(found)
}

/// Matches that are held past their deadline, the longest first.
pub async fn due(reader: &impl Reads, now: Instant, limit: u64) -> Result<Vec<MatchId>, StoreError> {
    use match_row::Column;
    let query = match_row::Entity::find().select_only().column(Column::Id).filter(Column::Deadline.lte(now.micros()));
    let query = query.order_by_asc(Column::Deadline).order_by_asc(Column::Id).limit(limit);
    Ok(query.into_tuple::<Uuid>().all(reader.connection()).await?.into_iter().map(MatchId).collect())
}

/// Lets a match go whose hold is over, and with it what stands and falls with it in a chain; nothing where somebody was
/// quicker. Answers those that ended.
pub async fn expire(tx: &Tx, id: MatchId, now: Instant) -> Result<Vec<MatchRow>, StoreError> {
    // Of which chain it is a leg does not change while it is held.
    let chain = chains::lock_of(tx, &matches::get(tx, Scope::Operator, id).await?).await?;
    let row = matches::get_to_change(tx, Scope::Operator, id).await?;
    if !row.account().is_over(now) {
        return Ok(Vec::new());
    }
    let mut ended = vec![post_own(tx, &row, &Step::Expire, now).await?];
    if let Some(chain) = chain {
        ended.extend(chains::fail(tx, &chain, id, now).await?);
    }
    Ok(ended)
}

/// Writes a step that a match takes wherever it stands, by which nobody is refused anything.
pub(crate) async fn post_own(tx: &Tx, row: &MatchRow, step: &Step, now: Instant) -> Result<MatchRow, StoreError> {
    post(tx, row, step, None, now).await.map_err(|error| match error {
        LedgerError::Store(error) => error,
        LedgerError::Refused(refusal) => StoreError::internal(format!("{} does not {step:?}: {refusal:?}", row.id)),
    })
}

/// Locks a match and writes a step of it.
///
/// # Errors
/// As [`post`]; [`StoreError::NotFound`] when there is none of that id.
pub async fn step(tx: &Tx, id: MatchId, step: &Step, now: Instant) -> Result<MatchRow, LedgerError> {
    let row = matches::get_to_change(tx, Scope::Operator, id).await?;
    post(tx, &row, step, None, now).await
}

/// Writes a step of a match that is locked: its entries, and where it stands then.
///
/// # Errors
/// [`LedgerError::Refused`] where the match does not take it; nothing is written then.
pub async fn post(
    tx: &Tx,
    row: &MatchRow,
    step: &Step,
    details_json: Option<&str>,
    now: Instant,
) -> Result<MatchRow, LedgerError> {
    let (next, entries) = row.account().take(step, now).map_err(LedgerError::Refused)?;
    let reason = match step {
        Step::Decline(reason) | Step::Cancel(reason) => Some(reason.clone()),
        Step::Propose { .. } | Step::Accept { .. } | Step::Expire | Step::Ship(_) => row.closing_reason.clone(),
        Step::Receive { .. } | Step::Restate => row.closing_reason.clone(),
    };
    if *step == Step::Restate && entries.is_empty() {
        return Ok(row.clone());
    }
    let after = MatchRow {
        state: next.state,
        quantities: next.quantities,
        drawn: next.drawn,
        covered: next.covered,
        deadline: next.deadline,
        closing_reason: reason,
        updated_at: now,
        ..row.clone()
    };
    matches::update(tx, row.state, &after).await?;
    // Whether a need is covered is read from its matches.
    if row.account().firm() != after.account().firm() {
        events::record(tx, Subject::Need, row.need.0, events::CHANGED, &[row.buyer], now);
    }
    append(tx.connection(), row, &entries, details_json, now).await?;
    Ok(after)
}

/// Writes the entries with which a match begins.
pub(crate) async fn append<C: ConnectionTrait>(
    connection: &C,
    row: &MatchRow,
    entries: &[Entry],
    details_json: Option<&str>,
    now: Instant,
) -> Result<(), StoreError> {
    use ledger_entry::Column;
    let last: Option<Option<i32>> = ledger_entry::Entity::find()
        .select_only()
        .column_as(Column::Ordinal.max(), "last")
        .filter(Column::MatchId.eq(row.id.0))
        .into_tuple()
        .one(connection)
        .await?;
    if let Some(details) = details_json {
        json::storable("ledger_entries.details", details)?;
    }
    let first = last.flatten().unwrap_or(0) + 1;
    let rows = (first..).zip(entries).map(|(ordinal, entry)| ledger_entry::Model {
        match_id: row.id.0,
        ordinal,
        offer_id: row.offer.0,
        kind: entry.kind.as_str().to_owned(),
        units: entry.units,
        details: details_json.map(str::to_owned),
        at: now.micros(),
    });
    bulk::insert::<ledger_entry::Entity, _>(connection, rows.collect()).await
}

/// What is drawn from offers, the earliest cut-off first.
pub async fn drawn(reader: &impl Reads, offers: impl IntoIterator<Item = OfferId>) -> Result<Vec<Drawn>, StoreError> {
    use match_row::Column;
    let mut found = Vec::new();
    for list in bulk::id_lists(offers.into_iter().map(|id| id.0)) {
        let query = match_row::Entity::find()
            .select_only()
            .columns([Column::Id, Column::OfferId, Column::Cutoff, Column::Drawn, Column::ChainId])
            .filter(Column::OfferId.is_in(list))
            .filter(Column::Drawn.gt(0));
        let rows: Vec<(Uuid, Uuid, i32, i64, Option<Uuid>)> = query.into_tuple().all(reader.connection()).await?;
        for (id, offer, cutoff, units, chain) in rows {
            let cutoff = json::day("matches.cutoff", cutoff)?;
            let (of_match, offer, in_chain) = (MatchId(id), OfferId(offer), chain.is_some());
            found.push(Drawn { of_match, offer, cutoff, units, in_chain });
        }
    }
    found.sort_by_key(|d| (d.cutoff, d.of_match));
    Ok(found)
}

/// What is covered of instalments; those of which nothing is are not among them.
pub async fn covered(
    reader: &impl Reads,
    instalments: impl IntoIterator<Item = InstalmentId>,
) -> Result<BTreeMap<InstalmentId, i64>, StoreError> {
    use match_row::Column;
    let mut found = BTreeMap::new();
    for list in bulk::id_lists(instalments.into_iter().map(|id| id.0)) {
        let query = match_row::Entity::find()
            .select_only()
            .columns([Column::InstalmentId, Column::Covered])
            .filter(Column::InstalmentId.is_in(list))
            .filter(Column::Covered.gt(0));
        let rows: Vec<(Uuid, i64)> = query.into_tuple().all(reader.connection()).await?;
        for (id, units) in rows {
            *found.entry(InstalmentId(id)).or_default() += units;
        }
    }
    Ok(found)
}

/// The entries of a match, in their order.
pub async fn entries(reader: &impl Reads, id: MatchId) -> Result<Vec<LedgerEntry>, StoreError> {
    let query = ledger_entry::Entity::find().filter(ledger_entry::Column::MatchId.eq(id.0));
    let rows = query.order_by_asc(ledger_entry::Column::Ordinal).all(reader.connection()).await?;
    rows.into_iter().map(stored).collect()
}

/// The entries of one kind that matches of an offer have, oldest match first.
pub async fn entries_of_offer(
    reader: &impl Reads,
    offer: OfferId,
    kind: EntryKind,
) -> Result<Vec<LedgerEntry>, StoreError> {
    use ledger_entry::Column;
    let query = ledger_entry::Entity::find().filter(Column::OfferId.eq(offer.0)).filter(Column::Kind.eq(kind.as_str()));
    let query = query.order_by_asc(Column::MatchId).order_by_asc(Column::Ordinal);
    query.all(reader.connection()).await?.into_iter().map(stored).collect()
}

fn stored(row: ledger_entry::Model) -> Result<LedgerEntry, StoreError> {
    let kind = json::word("ledger_entries.kind", &row.kind, EntryKind::parse)?;
    Ok(LedgerEntry {
        of_match: MatchId(row.match_id),
        ordinal: row.ordinal,
        entry: Entry { kind, units: row.units },
        details_json: row.details,
        at: json::instant("ledger_entries.at", row.at)?,
    })
}

/// The ledger in one state of the database, to be checked.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Every match: its offer, its instalment, where it stands, whether it is a leg of a chain.
    pub matches: Vec<(MatchId, OfferId, InstalmentId, Account, bool)>,
    /// Per match the entries in their order.
    pub entries: BTreeMap<MatchId, Vec<LedgerEntry>>,
    /// What is drawn from and covered, whatever its state.
    pub books: Books,
}

/// Reads the whole ledger in one state of the database.
pub async fn read(store: &crate::Store) -> Result<Ledger, StoreError> {
    let read = |tx: Tx| async move {
        let connection = tx.connection();
        let mut ledger = Ledger::default();
        for row in match_row::Entity::find().order_by_asc(match_row::Column::Id).all(connection).await? {
            let row = matches::record(row)?;
            ledger.matches.push((row.id, row.offer, row.instalment, row.account(), row.leg.is_some()));
        }
        let query = ledger_entry::Entity::find().order_by_asc(ledger_entry::Column::MatchId);
        for row in query.order_by_asc(ledger_entry::Column::Ordinal).all(connection).await? {
            let entry = stored(row)?;
            ledger.entries.entry(entry.of_match).or_default().push(entry);
        }
        for row in line::Entity::find().all(connection).await? {
            let line = lines::record(row)?;
            ledger.books.lines.insert(line.id, line);
        }
        for row in offer::Entity::find().all(connection).await? {
            let offer = offers::stored(row)?.record;
            ledger.books.offers.insert(offer.id, offer);
        }
        for row in instalment::Entity::find().all(connection).await? {
            let instalment = instalments::instalment(row)?;
            ledger.books.instalments.insert(instalment.id, instalment);
        }
        Ok(ledger)
    };
    store.read_one_state(read).await
}

/// The matches of an offer that draw on it, locked, so that its figures can be restated.
pub async fn drawing(tx: &Tx, offer: OfferId) -> Result<Vec<MatchRow>, StoreError> {
    use match_row::Column;
    let query = match_row::Entity::find().filter(Column::OfferId.eq(offer.0)).filter(Column::Drawn.gt(0));
    let rows = query.order_by_asc(Column::Id).lock_exclusive().all(tx.connection()).await?;
    rows.into_iter().map(matches::record).collect()
}
