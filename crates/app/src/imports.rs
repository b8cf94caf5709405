//! Imports of files: all rows or none unless asked otherwise, and twice the same file changes nothing.

use std::collections::BTreeSet;

use domain::{
    audit::{Act, Change, RecordKind},
    ids::{ImportId, OrganisationId},
    mode::MarketMode,
    need::Need,
    offer::{Offer, Reference},
    organisation::OrganisationKind,
    time::Instant,
    violation::Violations,
};
use exchange::tables::{
    self, FileError, ImportReport, Kind, Mapping, NeedRecord, OfferRecord, OrganisationRecord, Outcome, ParsedFile,
    ParsedRow, RowOutcome, SiteRecord,
};
use sha2::{Digest, Sha256};
use storage::{
    ContentHash, Imported, Origin, Saved, StoreError, Tx,
    imports::{self as store, ImportCounts, ImportKind, ImportRow},
};
use uuid::Uuid;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    certificates::{self, Stated},
    error::{AppError, AppResult},
    needs, offers,
    policy::Actor,
    reference,
};

mod owners;

use owners::{Owner, Owners};

/// The source of files whose mapping names none.
pub const PLAIN_SOURCE: &str = "file";

/// A file to import.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// Its name, for the record.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// Report what would happen, and store nothing.
    pub dry_run: bool,
    /// Store the good rows although others are rejected.
    pub valid_rows_only: bool,
}

/// Imports offers. When rows are rejected, and not `valid_rows_only`, nothing is stored and the
/// report says what would have become of the others.
///
/// # Errors
/// `Invalid` when the file as a whole cannot be read: encoding, delimiter, columns.
pub async fn offers(
    app: &App,
    caller: &Caller,
    file: ImportFile,
    mapping: &Mapping,
    options: ImportOptions,
) -> AppResult<ImportReport> {
    import(app, caller, file, mapping.clone(), options, Offers).await
}

/// Imports needs; as [`offers()`].
///
/// # Errors
/// As [`offers()`].
pub async fn needs(
    app: &App,
    caller: &Caller,
    file: ImportFile,
    mapping: &Mapping,
    options: ImportOptions,
) -> AppResult<ImportReport> {
    import(app, caller, file, mapping.clone(), options, Needs).await
}

/// What the import of offers and that of needs do each in its own way.
trait Resource: Copy + Send + Sync + 'static {
    type Record: Clone + Send + Sync + 'static;
    type Stored: Send + Sync + 'static;
    const KIND: ImportKind;
    const RECORD: RecordKind;
    const USUAL_OWNER: OrganisationKind;
    fn parse(bytes: &[u8], mapping: &Mapping, at: &Reference<'_>) -> Result<ParsedFile<Self::Record>, FileError>;
    fn parties(record: &Self::Record) -> (Option<&OrganisationRecord>, &SiteRecord);
    fn is_quarantined(record: &Self::Record) -> bool;
    /// What the file says, apart from what depends on the day it is read.
    fn content(record: &Self::Record, mapping: &Mapping) -> String;
    fn build(app: &App, by: (Actor, MarketMode), owner: Owner, record: Self::Record) -> Self::Stored;
    /// Why a certificate of the record cannot be that of its owner, who is called so, if it cannot.
    fn misheld(record: &Self::Record, name: &str) -> Option<String>;
    /// Lets what something speaks against wait for a reviewer.
    fn look_into(
        app: &App,
        tx: &Tx,
        records: &mut [Imported<Self::Stored>],
    ) -> impl Future<Output = AppResult<()>> + Send;
    /// Which of some stored records wait for a reviewer.
    fn waiting(tx: &Tx, ids: Vec<Uuid>) -> impl Future<Output = Result<BTreeSet<Uuid>, StoreError>> + Send;
    fn owner(record: &Self::Stored) -> OrganisationId;
    fn save(
        tx: &Tx,
        records: &[Imported<Self::Stored>],
        at: Instant,
    ) -> impl Future<Output = Result<Vec<Saved<Uuid>>, StoreError>> + Send;
}

#[derive(Clone, Copy)]
struct Offers;

impl Resource for Offers {
    type Record = OfferRecord;
    type Stored = Offer;
    const KIND: ImportKind = ImportKind::Offers;
    const RECORD: RecordKind = RecordKind::Offer;
    const USUAL_OWNER: OrganisationKind = OrganisationKind::Firm;

    fn parse(bytes: &[u8], mapping: &Mapping, at: &Reference<'_>) -> Result<ParsedFile<OfferRecord>, FileError> {
        tables::offers(bytes, mapping, at)
    }

    fn parties(record: &OfferRecord) -> (Option<&OrganisationRecord>, &SiteRecord) {
        (record.organisation.as_ref(), &record.site)
    }

    fn is_quarantined(record: &OfferRecord) -> bool {
        record.quarantine.is_some()
    }

    fn content(record: &OfferRecord, mapping: &Mapping) -> String {
        let mut input = record.input.clone();
        if mapping.today.is_none() && mapping.as_of_days.is_some() {
            input.as_of = None;
        }
        // No file says what is missing; texts of before there was such a field stay what they were.
        let input = format!("{input:?}").replace(" missing_inputs: [],", "");
        format!("{:?} {:?} {input}", record.organisation, record.site)
    }

    fn build(app: &App, (_, mode): (Actor, MarketMode), owner: Owner, record: OfferRecord) -> Offer {
        let now = app.clock.now();
        let id = domain::ids::OfferId(app.ids.next(now));
        let mut offer =
            offers::published(id, (owner.organisation, owner.site), (record.terms, record.quarantine), mode);
        offers::identify(app, &mut offer, now);
        // A file brings no paper: until one is filed here, what it calls documented is claimed.
        offer.terms.certificates.iter_mut().for_each(|certificate| certificate.follow_evidence(false));
        offer
    }

    fn misheld(record: &OfferRecord, name: &str) -> Option<String> {
        let terms = &record.terms;
        terms.certificates.iter().find_map(|certificate| certificates::misheld(name, terms.role, certificate))
    }

    async fn look_into(app: &App, tx: &Tx, records: &mut [Imported<Offer>]) -> AppResult<()> {
        let mut stated: Vec<Stated<'_>> = Vec::new();
        for Imported { record: offer, .. } in records.iter_mut().filter(|i| !i.record.terms.certificates.is_empty()) {
            let places = (0..offer.terms.certificates.len()).collect();
            stated.push(Stated { offer, places });
        }
        certificates::doubt(tx, &app.tables(), app.today(), &mut stated).await
    }

    async fn waiting(tx: &Tx, ids: Vec<Uuid>) -> Result<BTreeSet<Uuid>, StoreError> {
        let waiting = storage::offers::waiting(tx, ids.into_iter().map(domain::ids::OfferId)).await?;
        Ok(waiting.into_iter().map(|id| id.0).collect())
    }

    fn owner(record: &Offer) -> OrganisationId {
        record.organisation
    }

    async fn save(tx: &Tx, records: &[Imported<Offer>], at: Instant) -> Result<Vec<Saved<Uuid>>, StoreError> {
        Ok(storage::offers::save_imported(tx, records, at).await?.into_iter().map(|s| plain(s, |id| id.0)).collect())
    }
}

#[derive(Clone, Copy)]
struct Needs;

impl Resource for Needs {
    type Record = NeedRecord;
    type Stored = Need;
    const KIND: ImportKind = ImportKind::Needs;
    const RECORD: RecordKind = RecordKind::Need;
    const USUAL_OWNER: OrganisationKind = OrganisationKind::Authority;

    fn parse(bytes: &[u8], mapping: &Mapping, at: &Reference<'_>) -> Result<ParsedFile<NeedRecord>, FileError> {
        tables::needs(bytes, mapping, at)
    }

    fn parties(record: &NeedRecord) -> (Option<&OrganisationRecord>, &SiteRecord) {
        (record.organisation.as_ref(), &record.site)
    }

    fn is_quarantined(record: &NeedRecord) -> bool {
        record.quarantine.is_some()
    }

    fn content(record: &NeedRecord, mapping: &Mapping) -> String {
        let mut input = record.input.clone();
        if mapping.today.is_none() && mapping.due_days.is_some() {
            input.instalments.iter_mut().for_each(|i| i.due.clear());
        }
        format!("{:?} {:?} {input:?}", record.organisation, record.site)
    }

    fn build(app: &App, (actor, _): (Actor, MarketMode), owner: Owner, record: NeedRecord) -> Need {
        let content = (record.terms, record.instalments);
        let mut need = needs::opened(app, actor, (owner.organisation, owner.site), content, app.clock.now());
        need.quarantine = record.quarantine;
        need
    }

    fn misheld(_record: &NeedRecord, _name: &str) -> Option<String> {
        None
    }

    async fn look_into(_app: &App, _tx: &Tx, _records: &mut [Imported<Need>]) -> AppResult<()> {
        Ok(())
    }

    async fn waiting(tx: &Tx, ids: Vec<Uuid>) -> Result<BTreeSet<Uuid>, StoreError> {
        let waiting = storage::needs::waiting(tx, ids.into_iter().map(domain::ids::NeedId)).await?;
        Ok(waiting.into_iter().map(|id| id.0).collect())
    }

    fn owner(record: &Need) -> OrganisationId {
        record.organisation
    }

    async fn save(tx: &Tx, records: &[Imported<Need>], at: Instant) -> Result<Vec<Saved<Uuid>>, StoreError> {
        Ok(storage::needs::save_imported(tx, records, at).await?.into_iter().map(|s| plain(s, |id| id.0)).collect())
    }
}

fn plain<I>(saved: Saved<I>, id: impl Fn(I) -> Uuid) -> Saved<Uuid> {
    match saved {
        Saved::Created(i) => Saved::Created(id(i)),
        Saved::Unchanged(i) => Saved::Unchanged(id(i)),
        Saved::Updated(i) => Saved::Updated(id(i)),
    }
}

async fn import<R: Resource>(
    app: &App,
    caller: &Caller,
    file: ImportFile,
    mapping: Mapping,
    options: ImportOptions,
    _resource: R,
) -> AppResult<ImportReport> {
    let (actor, pen) = (caller.actor, Pen::of(app, caller));
    let (bytes, tables, today, read_by) = (file.bytes.clone(), app.tables(), app.today(), mapping.clone());
    let parsed = tokio::task::spawn_blocking(move || R::parse(&bytes, &read_by, &reference(&tables, today)));
    let mut parsed =
        parsed.await.map_err(AppError::internal)?.map_err(|e| Violations::one("", e.code(), e.to_string()))?;
    owners::refuse_foreign::<R>(app, actor, &mut parsed).await?;
    let rejected = parsed.rows.iter().any(|row| row.record.is_err());
    let store_it = !options.dry_run && (options.valid_rows_only || !rejected);
    let (app, kind) = (app.clone(), parsed.kind);
    let blank = parsed.blank_rows;
    let id = ImportId(app.ids.next(app.clock.now()));
    let result = app
        .store
        .clone()
        .write(move |tx| async move {
            let outcomes = save::<R>(&app, (actor, &pen, id), &tx, &parsed, &mapping).await?;
            let waiting = R::waiting(&tx, outcomes.iter().flatten().map(|saved| saved.id()).collect()).await?;
            let report = report::<R>((kind, blank), &parsed, &outcomes, &waiting);
            if !store_it {
                // The transaction is rolled back; the report is all that stays of it.
                return Err(Stop::Dry(report));
            }
            if report.counts.created + report.counts.updated + report.counts.quarantined > 0 {
                let row = record_of::<R>(&app, (actor, id), &file, &mapping, &report, &outcomes);
                store::insert(&tx, &row).await?;
                pen.note(&tx, [imported(&row)]).await?;
            }
            Ok(report)
        })
        .await;
    match result {
        Ok(report) | Err(Stop::Dry(report)) => Ok(report),
        Err(Stop::App(error)) => Err(error),
    }
}

/// Why the transaction of an import ends without a commit.
enum Stop {
    Dry(ImportReport),
    App(AppError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<AppError> for Stop {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

/// A row to store: its place in the file, the row, its record.
type GoodRow<'a, T> = (usize, &'a ParsedRow<T>, &'a T);

/// Stores the good rows; the answers stand in the order of the file's records, with what became of
/// each and whether it was written.
async fn save<R: Resource>(
    app: &App,
    (actor, pen, import): (Actor, &Pen, ImportId),
    tx: &Tx,
    parsed: &ParsedFile<R::Record>,
    mapping: &Mapping,
) -> AppResult<Vec<Option<Saved<Uuid>>>> {
    let source = parsed.source.clone().unwrap_or_else(|| PLAIN_SOURCE.to_owned());
    let now = app.clock.now();
    let good: Vec<GoodRow<'_, R::Record>> = parsed
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.duplicate_of.is_none())
        .filter_map(|(i, row)| Some((i, row, row.record.as_ref().ok()?)))
        .collect();
    let parties = good.iter().map(|(_, _, record)| R::parties(record));
    let owners = Owners::find_or_add(app, (actor, pen), tx, &source, R::USUAL_OWNER, parties.collect()).await?;
    let mode = storage::modes::current(tx).await?;
    let mut imported = Vec::with_capacity(good.len());
    for ((_, row, record), owner) in good.iter().zip(owners.0) {
        imported.push(Imported {
            record: R::build(app, (actor, mode), owner, (*record).clone()),
            origin: Origin { source: source.clone(), external_id: row.key.clone() },
            content: ContentHash::of(&R::content(record, mapping))?,
        });
    }
    R::look_into(app, tx, &mut imported).await?;
    let saved = R::save(tx, &imported, now).await?;
    let deeds = imported.iter().zip(&saved).filter_map(|(row, saved)| {
        let (act, id) = match saved {
            Saved::Created(id) => (Act::Create, *id),
            Saved::Updated(id) => (Act::Update, *id),
            Saved::Unchanged(_) => return None,
        };
        let changes = vec![Change::to("import", import)];
        Some(Deed { act, record: R::RECORD, id, owner: Some(R::owner(&row.record)), changes })
    });
    pen.note(tx, deeds.collect::<Vec<_>>()).await?;
    let mut outcomes = vec![None; parsed.rows.len()];
    for ((i, ..), saved) in good.iter().zip(saved) {
        if let Some(place) = outcomes.get_mut(*i) {
            *place = Some(saved);
        }
    }
    Ok(outcomes)
}

fn report<R: Resource>(
    (kind, blank): (Kind, u32),
    parsed: &ParsedFile<R::Record>,
    outcomes: &[Option<Saved<Uuid>>],
    waiting: &BTreeSet<Uuid>,
) -> ImportReport {
    let rows = parsed.rows.iter().zip(outcomes).flat_map(|(row, saved)| -> Vec<RowOutcome> {
        // What a reviewer let through before does not wait again.
        let still = saved.is_some_and(|saved| waiting.contains(&saved.id()));
        let waits = still && row.record.as_ref().is_ok_and(R::is_quarantined);
        row.outcomes(match saved {
            Some(Saved::Created(_) | Saved::Updated(_)) if waits => Outcome::Quarantined,
            Some(Saved::Created(_)) => Outcome::Created,
            Some(Saved::Updated(_)) => Outcome::Updated,
            Some(Saved::Unchanged(_)) | None => Outcome::Unchanged,
        })
    });
    ImportReport::new(kind, blank, rows.collect())
}

/// That a file was imported.
fn imported(row: &ImportRow) -> Deed {
    let ImportCounts { created, updated, unchanged, rejected, quarantined } = row.counts;
    let counts = [
        ("created", created),
        ("updated", updated),
        ("unchanged", unchanged),
        ("rejected", rejected),
        ("quarantined", quarantined),
    ];
    let changes = counts.into_iter().map(|(name, rows)| Change::to(name, rows)).collect();
    Deed { act: Act::Create, record: RecordKind::Import, id: row.id.0, owner: row.organisation, changes }
}

fn record_of<R: Resource>(
    app: &App,
    (actor, id): (Actor, ImportId),
    file: &ImportFile,
    mapping: &Mapping,
    report: &ImportReport,
    outcomes: &[Option<Saved<Uuid>>],
) -> ImportRow {
    let now = app.clock.now();
    let count = |wanted: fn(&Saved<Uuid>) -> bool| {
        u32::try_from(outcomes.iter().flatten().filter(|s| wanted(s)).count()).unwrap_or(u32::MAX)
    };
    ImportRow {
        id,
        organisation: actor.organisation(),
        kind: R::KIND,
        source: mapping.source.clone().unwrap_or_else(|| PLAIN_SOURCE.to_owned()),
        file_name: file.name.clone(),
        file_hash: Sha256::digest(&file.bytes).iter().map(|b| format!("{b:02x}")).collect(),
        counts: ImportCounts {
            created: count(|s| matches!(s, Saved::Created(_))),
            updated: count(|s| matches!(s, Saved::Updated(_))),
            unchanged: report.counts.unchanged,
            rejected: report.counts.rejected,
            quarantined: report.counts.quarantined,
        },
        at: now,
    }
}
