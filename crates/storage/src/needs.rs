//! Needs and their instalments.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    event::Subject,
    ids::{NeedId, OrganisationId, SiteId},
    need::{Instalment, Need, NeedState, Urgency},
    time::{Day, Instant},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    bulk,
    dialect::TO_CHANGE,
    entity::{instalment, need},
    error::StoreError,
    events::{self, CHANGED, CREATED},
    json,
    offers::MOST_TWINS,
    origin::{self, ImportKey, Imported, Known, Origin, Saved, Stored},
    page::{self, Page, PageRequest},
    reviews,
    scope::Scope,
    sites,
    store::{Reads, Tx},
};

mod cover;
pub(crate) mod instalments;

pub use cover::covered;

/// Which needs a page is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeedFilter {
    /// Only those of this organisation.
    pub organisation: Option<OrganisationId>,
    /// Only this product, by its code.
    pub product: Option<String>,
    /// Only these states, of which no other is stored than the owner's and the clock's: what is covered is read from the
    /// matches. Any where empty.
    pub states: Vec<NeedState>,
    /// Only these urgencies as stated by the buyer; any where empty.
    pub urgencies: Vec<Urgency>,
}

/// Adds a need with its instalments.
///
/// # Errors
/// [`StoreError::Conflict`] when its id or that of an instalment is taken, [`StoreError::Constraint`]
/// when its organisation or site does not exist, or the site is another organisation's.
pub async fn insert(tx: &Tx, need: &Need, at: Instant) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(need), at).await
}

/// As [`crate::offers::twin`], of a need.
pub async fn twin(tx: &Tx, need: &Need, since: Instant) -> Result<Option<NeedId>, StoreError> {
    use need::Column;
    sites::get_to_change(tx, Scope::Operator, need.site).await?;
    let query = need::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::OrganisationId.eq(need.organisation.0))
        .filter(Column::SiteId.eq(need.site.0))
        .filter(Column::Product.eq(need.terms.product.as_str()))
        .filter(Column::CreatedAt.gte(since.micros()))
        .filter(Column::State.is_in([NeedState::Draft, NeedState::Open].map(NeedState::as_str)))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(MOST_TWINS);
    let ids: Vec<Uuid> = query.into_tuple().all(tx.connection()).await?;
    let found = get_many(tx, Scope::Operator, ids.into_iter().map(NeedId)).await?;
    let mut alike = found.into_iter().filter(|stored| need.repeats(&stored.record));
    Ok(alike.next().map(|stored| stored.record.id))
}

/// Adds needs with their instalments.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Tx, needs: &[Need], at: Instant) -> Result<(), StoreError> {
    let rows: Result<Vec<_>, _> = needs.iter().map(|need| row(need, at)).collect();
    bulk::insert::<need::Entity, _>(tx.connection(), rows?).await?;
    let mut parts = Vec::new();
    for need in needs {
        for (ordinal, part) in need.instalments.iter().enumerate() {
            parts.push(instalments::row(need.id.0, ordinal, part)?);
        }
    }
    bulk::insert::<instalment::Entity, _>(tx.connection(), parts).await?;
    for need in needs {
        events::record(tx, Subject::Need, need.id.0, CREATED, &[need.organisation], at);
    }
    reviews::settle_needs(tx.connection(), needs, at).await
}

/// What an update from its source leaves alone, because it was decided here.
#[derive(Debug, Clone)]
struct Kept {
    state: String,
    urgency_granted: bool,
    closing: Option<String>,
    created_at: i64,
}

/// Stores imported needs: new ones are added, changed ones replaced, unchanged ones left alone. The
/// answers stand in the order of the records. A need that stands twice counts as it stood last.
///
/// A changed need keeps its id and its date of creation, a granted urgency, and stays closed where it became so here. Its instalments keep their ids by their place in the list.
///
/// # Errors
/// As [`insert`], and [`StoreError::Conflict`] when an instalment would go that open matches promise.
pub async fn save_imported(tx: &Tx, records: &[Imported<Need>], at: Instant) -> Result<Vec<Saved<NeedId>>, StoreError> {
    let connection = tx.connection();
    let known = known(connection, records).await?;
    let plan = origin::plan(records, &known, |need| (need.id.0, need.organisation.0));
    let kept: BTreeMap<Uuid, &Kept> = known.values().map(|(id, known)| (*id, &known.kept)).collect();
    let mut needs = Vec::with_capacity(plan.writes.len());
    for (id, index) in &plan.writes {
        let Some(imported) = records.get(*index) else { continue };
        let mut record = Need { id: NeedId(*id), ..imported.record.clone() };
        if let Some(kept) = kept.get(id) {
            record.urgency_granted |= kept.urgency_granted;
            match json::word("needs.state", &kept.state, NeedState::parse)? {
                NeedState::Closed => record.state = NeedState::Closed,
                NeedState::Draft | NeedState::Open | NeedState::Covered | NeedState::Expired => {}
            }
        }
        needs.push(record);
    }
    reviews::let_needs_through(tx, &mut needs).await?;
    let mut rows = Vec::with_capacity(needs.len());
    let mut lists = BTreeMap::new();
    for (record, (id, index)) in needs.iter().zip(&plan.writes) {
        let Some(imported) = records.get(*index) else { continue };
        let mut row = row(record, at)?;
        json::storable("needs.source", &imported.origin.source)?;
        json::storable("needs.external_id", &imported.origin.external_id)?;
        row.source = Some(imported.origin.source.clone());
        row.external_id = Some(imported.origin.external_id.clone());
        row.content_hash = Some(imported.content.0.clone());
        if let Some(kept) = kept.get(id) {
            row.created_at = kept.created_at;
            if record.state == NeedState::Closed {
                row.closing.clone_from(&kept.closing);
            }
        }
        rows.push(row);
        lists.insert(*id, record.instalments.as_slice());
    }
    for row in &rows {
        let what = if kept.contains_key(&row.id) { CHANGED } else { CREATED };
        events::record(tx, Subject::Need, row.id, what, &[OrganisationId(row.organisation_id)], at);
    }
    bulk::upsert::<need::Entity, _>(connection, rows).await?;
    instalments::replace(connection, &lists).await?;
    reviews::settle_needs(connection, &needs, at).await?;
    Ok(plan.outcomes.into_iter().map(|saved| saved.map(NeedId)).collect())
}

/// Which of some needs wait for a reviewer.
pub async fn waiting(tx: &Tx, ids: impl IntoIterator<Item = NeedId>) -> Result<BTreeSet<NeedId>, StoreError> {
    use need::Column;
    let mut found = BTreeSet::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = need::Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(list));
        let ids: Vec<Uuid> = query.filter(Column::Quarantine.is_not_null()).into_tuple().all(tx.connection()).await?;
        found.extend(ids.into_iter().map(NeedId));
    }
    Ok(found)
}

async fn known<C: ConnectionTrait>(
    connection: &C,
    records: &[Imported<Need>],
) -> Result<BTreeMap<ImportKey, (Uuid, Known<Kept>)>, StoreError> {
    use need::Column;
    let sources: BTreeSet<&str> = records.iter().map(|imported| imported.origin.source.as_str()).collect();
    let mut known = BTreeMap::new();
    for source in sources {
        let owners = records.iter().filter(|i| i.origin.source == source).map(|i| i.record.organisation.0);
        for list in bulk::id_lists(owners) {
            type Row = (Uuid, Uuid, Option<String>, Option<String>, String, bool, Option<String>, i64);
            let rows: Vec<Row> = need::Entity::find()
                .select_only()
                .columns([Column::Id, Column::OrganisationId, Column::ExternalId, Column::ContentHash])
                .columns([Column::State, Column::UrgencyGranted, Column::Closing, Column::CreatedAt])
                .filter(Column::Source.eq(source))
                .filter(Column::OrganisationId.is_in(list))
                // Locked in one order: what its owner decides meanwhile must not be overwritten.
                .order_by_asc(Column::Id)
                .lock(TO_CHANGE)
                .into_tuple()
                .all(connection)
                .await?;
            for (id, organisation, external_id, content, state, urgency_granted, closing, created_at) in rows {
                let key = (organisation, source.to_owned(), external_id.unwrap_or_default());
                let kept = Kept { state, urgency_granted, closing, created_at };
                known.insert(key, (id, Known { content: content.unwrap_or_default(), kept }));
            }
        }
    }
    Ok(known)
}

/// Lets every open need of an organisation wait for a reviewer, unless it does already, and answers which.
pub async fn quarantine_all(
    tx: &Tx,
    organisation: OrganisationId,
    reason: &str,
    at: Instant,
) -> Result<Vec<NeedId>, StoreError> {
    use need::Column;
    let which = Condition::all()
        .add(Column::OrganisationId.eq(organisation.0))
        .add(Column::State.eq(NeedState::Open.as_str()))
        .add(Column::Quarantine.is_null());
    let open = need::Entity::find().select_only().column(Column::Id).filter(which.clone()).order_by_asc(Column::Id);
    let ids: Vec<Uuid> = open.lock(TO_CHANGE).into_tuple().all(tx.connection()).await?;
    need::Entity::update_many()
        .col_expr(Column::Quarantine, Expr::value(reason))
        .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
        .filter(which)
        .exec(tx.connection())
        .await?;
    for id in &ids {
        events::record(tx, Subject::Need, *id, CHANGED, &[organisation], at);
    }
    let ids: Vec<NeedId> = ids.into_iter().map(NeedId).collect();
    let held = get_many(tx, Scope::Operator, ids.iter().copied()).await?;
    let held: Vec<Need> = held.into_iter().map(|stored| stored.record).collect();
    reviews::settle_needs(tx.connection(), &held, at).await?;
    Ok(ids)
}

/// Open needs that are not covered, and none of whose instalments is due on a day or later: at most so many, those of the least ids after one.
pub async fn past(
    reader: &impl Reads,
    today: Day,
    after: Option<NeedId>,
    most: u64,
) -> Result<Vec<NeedId>, StoreError> {
    use instalment::Column as Part;
    let ahead = instalment::Entity::find().select_only().column(Part::NeedId);
    let ahead = ahead.filter(Part::Withdrawn.eq(false)).filter(Part::Due.gte(today.number()));
    let query = need::Entity::find()
        .select_only()
        .column(need::Column::Id)
        .filter(cover::is_in(NeedState::Open))
        .filter(need::Column::Id.not_in_subquery(ahead.into_query()))
        .order_by_asc(need::Column::Id)
        .limit(most);
    let query = match after {
        Some(id) => query.filter(need::Column::Id.gt(id.0)),
        None => query,
    };
    let ids: Vec<Uuid> = query.into_tuple().all(reader.connection()).await?;
    Ok(ids.into_iter().map(NeedId).collect())
}

/// Replaces a need by what it has become; origin and date of creation stay, and its instalments
/// keep their ids by their place in the list.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of its id and organisation inside the scope, else as
/// [`save_imported`].
pub async fn update(tx: &Tx, scope: Scope, need: &Need, at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    let before = one(find(scope, need.id).lock(TO_CHANGE), connection).await?;
    if before.organisation_id != need.organisation.0 {
        return Err(StoreError::NotFound);
    }
    let mut row = row(need, at)?;
    row.created_at = before.created_at;
    row.source = before.source;
    row.external_id = before.external_id;
    row.content_hash = before.content_hash;
    let what = if before.state == row.state { CHANGED } else { need.state.as_str() };
    events::record(tx, Subject::Need, need.id.0, what, &[need.organisation], at);
    bulk::upsert::<need::Entity, _>(connection, vec![row]).await?;
    instalments::replace(connection, &BTreeMap::from([(need.id.0, need.instalments.as_slice())])).await?;
    reviews::settle_needs(connection, std::slice::from_ref(need), at).await
}

/// One need.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: NeedId) -> Result<Stored<Need>, StoreError> {
    let row = one(find(scope, id), reader.connection()).await?;
    whole(row, reader.connection()).await
}

/// One need that is about to change: others who would change it wait until the transaction ends, so
/// that none of them overwrites what it has not seen.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, scope: Scope, id: NeedId) -> Result<Stored<Need>, StoreError> {
    let row = one(find(scope, id).lock(TO_CHANGE), tx.connection()).await?;
    whole(row, tx.connection()).await
}

async fn whole<C: ConnectionTrait>(row: need::Model, connection: &C) -> Result<Stored<Need>, StoreError> {
    let mut parts = instalments::of_needs(connection, [row.id]).await?;
    stored(row, &mut parts)
}

fn find(scope: Scope, id: NeedId) -> Select<need::Entity> {
    need::Entity::find_by_id(id.0).filter(scope.over(&[need::Column::OrganisationId]))
}

async fn one<C: ConnectionTrait>(query: Select<need::Entity>, connection: &C) -> Result<need::Model, StoreError> {
    query.one(connection).await?.ok_or(StoreError::NotFound)
}

/// Those needs of a list that are inside the scope, sorted by id.
pub async fn get_many(
    reader: &impl Reads,
    scope: Scope,
    ids: impl IntoIterator<Item = NeedId>,
) -> Result<Vec<Stored<Need>>, StoreError> {
    let connection = reader.connection();
    let mut needs = Vec::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let mut parts = instalments::of_needs(connection, list.iter().copied()).await?;
        let rows = need::Entity::find()
            .filter(scope.over(&[need::Column::OrganisationId]))
            .filter(need::Column::Id.is_in(list))
            .all(connection)
            .await?;
        for row in rows {
            needs.push(stored(row, &mut parts)?);
        }
    }
    needs.sort_by_key(|need| need.record.id);
    Ok(needs)
}

/// The open needs of a site that wait for no reviewer, sorted by id.
pub async fn open_at(reader: &impl Reads, site: SiteId) -> Result<Vec<Need>, StoreError> {
    use need::Column;
    let connection = reader.connection();
    let query = need::Entity::find().filter(Column::SiteId.eq(site.0)).filter(Column::Quarantine.is_null());
    let rows =
        query.filter(Column::State.eq(NeedState::Open.as_str())).order_by_asc(Column::Id).all(connection).await?;
    let mut parts = instalments::of_needs(connection, rows.iter().map(|row| row.id)).await?;
    rows.into_iter().map(|row| Ok(stored(row, &mut parts)?.record)).collect()
}

/// A page of needs.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    filter: &NeedFilter,
    request: PageRequest,
) -> Result<Page<Stored<Need>>, StoreError> {
    use need::Column;
    let connection = reader.connection();
    let mut query = need::Entity::find().filter(scope.over(&[Column::OrganisationId]));
    if let Some(id) = filter.organisation {
        query = query.filter(Column::OrganisationId.eq(id.0));
    }
    if let Some(product) = &filter.product {
        query = query.filter(Column::Product.eq(product.as_str()));
    }
    if !filter.states.is_empty() {
        let any = filter.states.iter().fold(Condition::any(), |any, state| any.add(cover::is_in(*state)));
        query = query.filter(any);
    }
    if !filter.urgencies.is_empty() {
        query = query.filter(Column::Urgency.is_in(filter.urgencies.iter().map(|urgency| urgency.as_str())));
    }
    let rows = page::fetch(query, (Column::CreatedAt, Column::Id), request, connection, Ok).await?;
    let mut parts = instalments::of_needs(connection, rows.items.iter().map(|row| row.id)).await?;
    let items: Result<Vec<_>, _> = rows.items.into_iter().map(|row| stored(row, &mut parts)).collect();
    Ok(Page { items: items?, next: rows.next, total: rows.total })
}

fn row(need: &Need, at: Instant) -> Result<need::Model, StoreError> {
    if let Some(reason) = &need.quarantine {
        json::storable("needs.quarantine", reason)?;
    }
    Ok(need::Model {
        id: need.id.0,
        organisation_id: need.organisation.0,
        site_id: need.site.0,
        product: need.terms.product.as_str().to_owned(),
        state: need.state.as_str().to_owned(),
        urgency: need.terms.urgency.as_str().to_owned(),
        urgency_granted: need.urgency_granted,
        quarantine: need.quarantine.clone(),
        closing: need.closing.as_ref().map(json::to_text).transpose()?,
        terms: json::to_text(&need.terms)?,
        source: None,
        external_id: None,
        content_hash: None,
        created_at: at.micros(),
        updated_at: at.micros(),
    })
}

/// A row with its instalments, which are taken out of the list.
pub(crate) fn stored(
    row: need::Model,
    parts: &mut BTreeMap<Uuid, Vec<Instalment>>,
) -> Result<Stored<Need>, StoreError> {
    let record = Need {
        id: NeedId(row.id),
        organisation: OrganisationId(row.organisation_id),
        site: SiteId(row.site_id),
        terms: json::from_text("needs.terms", &row.terms)?,
        instalments: parts.remove(&row.id).unwrap_or_default(),
        state: json::word("needs.state", &row.state, NeedState::parse)?,
        urgency_granted: row.urgency_granted,
        quarantine: row.quarantine,
        closing: row.closing.map(|text| json::from_text("needs.closing", &text)).transpose()?,
    };
    Ok(Stored {
        record,
        origin: Origin::of_row(row.source, row.external_id),
        created_at: json::instant("needs.created_at", row.created_at)?,
        updated_at: json::instant("needs.updated_at", row.updated_at)?,
    })
}
