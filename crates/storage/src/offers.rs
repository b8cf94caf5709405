//! Offers.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    certificate::{self, Certificate},
    event::Subject,
    ids::{CertificateId, OfferId, OrganisationId, SiteId},
    offer::{Offer, OfferState, OfferTerms},
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    bulk, certificates,
    dialect::TO_CHANGE,
    entity::offer,
    error::StoreError,
    events::{self, CHANGED, CREATED},
    evidence, json,
    origin::{self, ImportKey, Imported, Known, Origin, Saved, Stored},
    page::{self, Page, PageRequest},
    reviews,
    scope::Scope,
    sites,
    store::{Reads, Tx},
    watches,
};

/// How many records back one is looked for that says the same.
pub(crate) const MOST_TWINS: u64 = 20;

/// Which offers a page is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferFilter {
    /// Only those of this organisation.
    pub organisation: Option<OrganisationId>,
    /// Only this product, by its code.
    pub product: Option<String>,
    /// Only these states; any where empty.
    pub states: Vec<OfferState>,
}

/// What a page of offers is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OfferSort {
    /// When it was created.
    #[default]
    CreatedAt,
    /// The day after which its figures are stale.
    ConfirmBy,
}

impl OfferSort {
    /// All of them.
    pub const ALL: [OfferSort; 2] = [Self::CreatedAt, Self::ConfirmBy];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::ConfirmBy => "confirm_by",
        }
    }
}

/// Adds an offer.
///
/// # Errors
/// [`StoreError::Conflict`] when its id is taken, [`StoreError::Constraint`] when its organisation,
/// site or line does not exist, or the site is another organisation's.
pub async fn insert(tx: &Tx, offer: &Offer, at: Instant) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(offer), at).await
}

/// The offer that says the same as one which is about to be added, among the last that its site made of the product since an
/// instant. The site is locked, so that nobody adds another meanwhile.
pub async fn twin(tx: &Tx, offer: &Offer, since: Instant) -> Result<Option<OfferId>, StoreError> {
    use offer::Column;
    sites::get_to_change(tx, Scope::Operator, offer.site).await?;
    let query = offer::Entity::find()
        .filter(Column::OrganisationId.eq(offer.organisation.0))
        .filter(Column::SiteId.eq(offer.site.0))
        .filter(Column::Product.eq(offer.terms.product.as_str()))
        .filter(Column::CreatedAt.gte(since.micros()))
        // What was taken back counts no more.
        .filter(
            Column::State.is_in([OfferState::Draft, OfferState::Published, OfferState::Paused].map(OfferState::as_str)),
        )
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(MOST_TWINS);
    for row in query.all(tx.connection()).await? {
        let other = stored(row)?.record;
        if offer.repeats(&other) {
            return Ok(Some(other.id));
        }
    }
    Ok(None)
}

/// Adds offers.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Tx, offers: &[Offer], at: Instant) -> Result<(), StoreError> {
    let rows: Result<Vec<_>, _> = offers.iter().map(|offer| row(offer, at)).collect();
    bulk::insert::<offer::Entity, _>(tx.connection(), rows?).await?;
    for offer in offers {
        events::record(tx, Subject::Offer, offer.id.0, CREATED, &[offer.organisation], at);
    }
    settle(tx, &BTreeMap::new(), offers, at).await
}

/// Brings what hangs on offers in line with what they are by now, and were before.
async fn settle(tx: &Tx, before: &BTreeMap<Uuid, Offer>, offers: &[Offer], at: Instant) -> Result<(), StoreError> {
    for offer in offers {
        certificates::tell(tx, before.get(&offer.id.0), offer, at);
    }
    certificates::settle(tx.connection(), offers).await?;
    reviews::settle_offers(tx.connection(), offers, at).await
}

/// What an update from its source leaves alone, because it was decided here.
#[derive(Debug, Clone)]
struct Kept {
    state: String,
    suspended: bool,
    created_at: i64,
}

/// Stores imported offers: new ones are added, changed ones replaced, unchanged ones left alone. The
/// answers stand in the order of the records. An offer that stands twice counts as it stood last.
///
/// A changed offer keeps its id and its date of creation, stays suspended where it was, stays paused or withdrawn
/// where its owner did that here, and shows to whom what its owner said here.
///
/// # Errors
/// As [`insert`].
pub async fn save_imported(
    tx: &Tx,
    records: &[Imported<Offer>],
    at: Instant,
) -> Result<Vec<Saved<OfferId>>, StoreError> {
    let connection = tx.connection();
    let known = known(connection, records).await?;
    let plan = origin::plan(records, &known, |offer| (offer.id.0, offer.organisation.0));
    let kept: BTreeMap<Uuid, &Kept> = known.values().map(|(id, known)| (*id, &known.kept)).collect();
    let replaced = plan.writes.iter().map(|(id, _)| *id).filter(|id| kept.contains_key(id));
    let before = before(connection, replaced).await?;
    let filed = evidence::filed(tx, before.keys().copied().map(OfferId)).await?;
    let mut offers = Vec::with_capacity(plan.writes.len());
    for (id, index) in &plan.writes {
        let Some(imported) = records.get(*index) else { continue };
        let mut record = Offer { id: OfferId(*id), ..imported.record.clone() };
        follow(&mut record, before.get(id), &filed);
        if let Some(kept) = kept.get(id) {
            record.suspended |= kept.suspended;
            match json::word("offers.state", &kept.state, OfferState::parse)? {
                state @ (OfferState::Paused | OfferState::Withdrawn) => record.state = state,
                OfferState::Draft | OfferState::Published | OfferState::Expired => {}
            }
        }
        offers.push(record);
    }
    reviews::let_offers_through(tx, &mut offers).await?;
    let mut rows = Vec::with_capacity(offers.len());
    for (record, (id, index)) in offers.iter().zip(&plan.writes) {
        let Some(imported) = records.get(*index) else { continue };
        let mut row = row(record, at)?;
        json::storable("offers.source", &imported.origin.source)?;
        json::storable("offers.external_id", &imported.origin.external_id)?;
        row.source = Some(imported.origin.source.clone());
        row.external_id = Some(imported.origin.external_id.clone());
        row.content_hash = Some(imported.content.0.clone());
        if let Some(kept) = kept.get(id) {
            row.created_at = kept.created_at;
        }
        rows.push(row);
    }
    for row in &rows {
        let what = if kept.contains_key(&row.id) { CHANGED } else { CREATED };
        events::record(tx, Subject::Offer, row.id, what, &[OrganisationId(row.organisation_id)], at);
    }
    let changed: Vec<Uuid> = kept.keys().copied().collect();
    bulk::upsert::<offer::Entity, _>(connection, rows).await?;
    watches::look_again(connection, changed).await?;
    settle(tx, &before, &offers, at).await?;
    Ok(plan.outcomes.into_iter().map(|saved| saved.map(OfferId)).collect())
}

/// An imported offer as it follows the one that it replaces: what is said here of it stays, and papers that were there
/// are the same papers.
fn follow(offer: &mut Offer, before: Option<&Offer>, filed: &BTreeSet<CertificateId>) {
    let terms = &mut offer.terms;
    terms.disclosure = before.map(|before| before.terms.disclosure.clone()).unwrap_or_default();
    let mut fresh: Vec<_> = terms.certificates.iter().rev().map(|certificate| certificate.id).collect();
    let known = before.map(|before| before.terms.certificates.as_slice()).unwrap_or_default();
    let mut place = 0;
    let next = || {
        place += 1;
        fresh.pop().flatten().unwrap_or_else(|| Certificate::id_of_place(offer.id, place - 1))
    };
    certificate::recognise(known, &mut terms.certificates, next);
    for certificate in &mut terms.certificates {
        certificate.follow_evidence(certificate.id.is_some_and(|id| filed.contains(&id)));
    }
}

/// Offers as they stand, by id.
async fn before<C: ConnectionTrait>(
    connection: &C,
    ids: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, Offer>, StoreError> {
    let mut found = BTreeMap::new();
    for list in bulk::id_lists(ids) {
        for row in offer::Entity::find().filter(offer::Column::Id.is_in(list)).all(connection).await? {
            found.insert(row.id, stored(row)?.record);
        }
    }
    Ok(found)
}

/// Which of some offers wait for a reviewer.
pub async fn waiting(tx: &Tx, ids: impl IntoIterator<Item = OfferId>) -> Result<BTreeSet<OfferId>, StoreError> {
    use offer::Column;
    let mut found = BTreeSet::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = offer::Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(list));
        let ids: Vec<Uuid> = query.filter(Column::Quarantine.is_not_null()).into_tuple().all(tx.connection()).await?;
        found.extend(ids.into_iter().map(OfferId));
    }
    Ok(found)
}

async fn known<C: ConnectionTrait>(
    connection: &C,
    records: &[Imported<Offer>],
) -> Result<BTreeMap<ImportKey, (Uuid, Known<Kept>)>, StoreError> {
    use offer::Column;
    let sources: BTreeSet<&str> = records.iter().map(|imported| imported.origin.source.as_str()).collect();
    let mut known = BTreeMap::new();
    for source in sources {
        let owners = records.iter().filter(|i| i.origin.source == source).map(|i| i.record.organisation.0);
        for list in bulk::id_lists(owners) {
            type Row = (Uuid, Uuid, Option<String>, Option<String>, String, bool, i64);
            let rows: Vec<Row> = offer::Entity::find()
                .select_only()
                .columns([Column::Id, Column::OrganisationId, Column::ExternalId, Column::ContentHash])
                .columns([Column::State, Column::Suspended, Column::CreatedAt])
                .filter(Column::Source.eq(source))
                .filter(Column::OrganisationId.is_in(list))
                // Locked in one order: what its owner decides meanwhile must not be overwritten.
                .order_by_asc(Column::Id)
                .lock(TO_CHANGE)
                .into_tuple()
                .all(connection)
                .await?;
            for (id, organisation, external_id, content, state, suspended, created_at) in rows {
                let key = (organisation, source.to_owned(), external_id.unwrap_or_default());
                let kept = Kept { state, suspended, created_at };
                known.insert(key, (id, Known { content: content.unwrap_or_default(), kept }));
            }
        }
    }
    Ok(known)
}

/// Lets every open offer of an organisation wait for a reviewer, unless it does already, and answers which.
pub async fn quarantine_all(
    tx: &Tx,
    organisation: OrganisationId,
    reason: &str,
    at: Instant,
) -> Result<Vec<OfferId>, StoreError> {
    use offer::Column;
    let which = Condition::all()
        .add(Column::OrganisationId.eq(organisation.0))
        .add(Column::State.is_in([OfferState::Published.as_str(), OfferState::Paused.as_str()]))
        .add(Column::Quarantine.is_null());
    let open = offer::Entity::find().select_only().column(Column::Id).filter(which.clone()).order_by_asc(Column::Id);
    let ids: Vec<Uuid> = open.lock(TO_CHANGE).into_tuple().all(tx.connection()).await?;
    offer::Entity::update_many()
        .col_expr(Column::Quarantine, Expr::value(reason))
        .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
        .filter(which)
        .exec(tx.connection())
        .await?;
    for id in &ids {
        events::record(tx, Subject::Offer, *id, CHANGED, &[organisation], at);
    }
    let ids: Vec<OfferId> = ids.into_iter().map(OfferId).collect();
    let held = get_many(tx, Scope::Operator, ids.iter().copied()).await?;
    let held: Vec<Offer> = held.into_iter().map(|stored| stored.record).collect();
    reviews::settle_offers(tx.connection(), &held, at).await?;
    Ok(ids)
}

/// Replaces an offer by what it has become; origin and date of creation stay.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of its id and organisation inside the scope, else as [`insert`].
pub async fn update(tx: &Tx, scope: Scope, offer: &Offer, at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    let before = one(find(scope, offer.id).lock(TO_CHANGE), connection).await?;
    if before.organisation_id != offer.organisation.0 {
        return Err(StoreError::NotFound);
    }
    let was = stored(before.clone())?.record;
    let mut row = row(offer, at)?;
    row.created_at = before.created_at;
    row.source = before.source;
    row.external_id = before.external_id;
    row.content_hash = before.content_hash;
    let what = if before.state == row.state { CHANGED } else { offer.state.as_str() };
    bulk::upsert::<offer::Entity, _>(connection, vec![row]).await?;
    events::record(tx, Subject::Offer, offer.id.0, what, &[offer.organisation], at);
    watches::look_again(connection, [offer.id.0]).await?;
    settle(tx, &BTreeMap::from([(offer.id.0, was)]), std::slice::from_ref(offer), at).await
}

/// One offer.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: OfferId) -> Result<Stored<Offer>, StoreError> {
    stored(one(find(scope, id), reader.connection()).await?)
}

/// One offer that is about to change: others who would change it wait until the transaction ends, so
/// that none of them overwrites what it has not seen.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, scope: Scope, id: OfferId) -> Result<Stored<Offer>, StoreError> {
    stored(one(find(scope, id).lock(TO_CHANGE), tx.connection()).await?)
}

fn find(scope: Scope, id: OfferId) -> Select<offer::Entity> {
    offer::Entity::find_by_id(id.0).filter(scope.over(&[offer::Column::OrganisationId]))
}

async fn one<C: ConnectionTrait>(query: Select<offer::Entity>, connection: &C) -> Result<offer::Model, StoreError> {
    query.one(connection).await?.ok_or(StoreError::NotFound)
}

/// Those offers of a list that are inside the scope, sorted by id.
pub async fn get_many(
    reader: &impl Reads,
    scope: Scope,
    ids: impl IntoIterator<Item = OfferId>,
) -> Result<Vec<Stored<Offer>>, StoreError> {
    let mut offers = Vec::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let rows = offer::Entity::find()
            .filter(scope.over(&[offer::Column::OrganisationId]))
            .filter(offer::Column::Id.is_in(list))
            .all(reader.connection())
            .await?;
        for row in rows {
            offers.push(stored(row)?);
        }
    }
    offers.sort_by_key(|offer| offer.record.id);
    Ok(offers)
}

/// A page of offers.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    filter: &OfferFilter,
    sort: OfferSort,
    request: PageRequest,
) -> Result<Page<Stored<Offer>>, StoreError> {
    use offer::Column;
    let mut query = offer::Entity::find().filter(scope.over(&[Column::OrganisationId]));
    if let Some(id) = filter.organisation {
        query = query.filter(Column::OrganisationId.eq(id.0));
    }
    if let Some(product) = &filter.product {
        query = query.filter(Column::Product.eq(product.as_str()));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    let sorted = match sort {
        OfferSort::CreatedAt => Column::CreatedAt,
        OfferSort::ConfirmBy => Column::ConfirmBy,
    };
    page::fetch(query, (sorted, Column::Id), request, reader.connection(), stored).await
}

fn row(offer: &Offer, at: Instant) -> Result<offer::Model, StoreError> {
    if let Some(reason) = &offer.quarantine {
        json::storable("offers.quarantine", reason)?;
    }
    Ok(offer::Model {
        id: offer.id.0,
        organisation_id: offer.organisation.0,
        site_id: offer.site.0,
        line_id: offer.terms.line.map(|line| line.0),
        product: offer.terms.product.as_str().to_owned(),
        state: offer.state.as_str().to_owned(),
        confirm_by: offer.confirm_by.number(),
        window_from: offer.terms.profile.from.number(),
        window_until: offer.terms.profile.until.map(domain::time::Day::number),
        suspended: offer.suspended,
        quarantine: offer.quarantine.clone(),
        terms: json::to_text(&offer.terms)?,
        source: None,
        external_id: None,
        content_hash: None,
        created_at: at.micros(),
        updated_at: at.micros(),
    })
}

pub(crate) fn stored(row: offer::Model) -> Result<Stored<Offer>, StoreError> {
    let mut terms: OfferTerms = json::from_text("offers.terms", &row.terms)?;
    certificate::number(OfferId(row.id), &mut terms.certificates);
    let record = Offer {
        id: OfferId(row.id),
        organisation: OrganisationId(row.organisation_id),
        site: SiteId(row.site_id),
        terms,
        state: json::word("offers.state", &row.state, OfferState::parse)?,
        confirm_by: json::day("offers.confirm_by", row.confirm_by)?,
        suspended: row.suspended,
        quarantine: row.quarantine,
    };
    Ok(Stored {
        record,
        origin: Origin::of_row(row.source, row.external_id),
        created_at: json::instant("offers.created_at", row.created_at)?,
        updated_at: json::instant("offers.updated_at", row.updated_at)?,
    })
}
