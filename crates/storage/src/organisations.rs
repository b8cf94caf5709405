//! Organisations and who belongs to which cluster.

use std::collections::{BTreeMap, HashMap};

use domain::{
    code::CountryCode,
    event::Subject,
    ids::OrganisationId,
    membership::Membership,
    organisation::{Organisation, OrganisationKind, Verification},
    text,
    time::{Day, Instant},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    bulk,
    dialect::{self, Turn},
    entity::{cluster, membership, organisation},
    error::StoreError,
    events::{self, ACTIVE, CHANGED, CREATED, VERIFIED, VOUCHED},
    json,
    memberships::{self, Clusters},
    merging,
    origin::{Origin, Stored},
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// Which organisations a page is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganisationFilter {
    /// Only this kind.
    pub kind: Option<OrganisationKind>,
    /// Only names that hold these words, whatever their case, accents and punctuation.
    pub query: Option<String>,
}

/// Adds an organisation.
///
/// # Errors
/// [`StoreError::Conflict`] when its id or its origin is taken, [`StoreError::Constraint`] when a
/// cluster of it does not exist.
pub async fn insert(
    tx: &Tx,
    organisation: &Organisation,
    origin: Option<&Origin>,
    at: Instant,
) -> Result<(), StoreError> {
    insert_many(tx, &[(organisation.clone(), origin.cloned())], at).await
}

/// Adds organisations. A cluster may stand anywhere in the list; the clusters of one that a cluster vouches for all
/// vouch for it.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(
    tx: &Tx,
    organisations: &[(Organisation, Option<Origin>)],
    at: Instant,
) -> Result<(), StoreError> {
    let connection = tx.connection();
    let rows: Result<Vec<_>, _> = organisations.iter().map(|(o, origin)| row(o, origin.as_ref(), at)).collect();
    bulk::insert::<organisation::Entity, _>(connection, rows?).await?;
    for (organisation, _) in organisations {
        events::record(tx, Subject::Organisation, organisation.id.0, CREATED, &[organisation.id], at);
        for cluster in &organisation.clusters {
            events::of_membership(tx, (cluster.0, organisation.id.0), ACTIVE, at);
        }
    }
    let memberships = organisations.iter().flat_map(|(member, _)| {
        let vouched = (member.verification == Verification::Cluster).then_some(at);
        let begun = move |cluster: &OrganisationId| Membership::requested(*cluster, member.id, at).begun(at);
        let begun = move |cluster| Membership { vouched_at: vouched, ..begun(cluster) };
        member.clusters.iter().map(move |cluster| memberships::row(&begun(cluster)))
    });
    bulk::insert::<membership::Entity, _>(connection, memberships.collect()).await
}

/// Makes an organisation a member of a cluster; nothing happens when it is one.
///
/// # Errors
/// [`StoreError::Constraint`] when one of the two does not exist, or both are the same.
pub async fn join(tx: &Tx, member: OrganisationId, cluster: OrganisationId, at: Instant) -> Result<(), StoreError> {
    memberships::put(tx, &Membership::requested(cluster, member, at).begun(at), at).await
}

/// One organisation.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: OrganisationId) -> Result<Stored<Organisation>, StoreError> {
    let connection = reader.connection();
    let row = organisation::Entity::find_by_id(id.0)
        .filter(scope.over(&[organisation::Column::Id]))
        .one(connection)
        .await?
        .ok_or(StoreError::NotFound)?;
    let clusters = memberships::live_of(connection, [id.0]).await?;
    stored(row, &clusters)
}

/// Those organisations of a list that are inside the scope, sorted by id.
pub async fn get_many(
    reader: &impl Reads,
    scope: Scope,
    ids: impl IntoIterator<Item = OrganisationId>,
) -> Result<Vec<Organisation>, StoreError> {
    use organisation::Column;
    let (connection, mut found) = (reader.connection(), Vec::new());
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = organisation::Entity::find().filter(scope.over(&[Column::Id])).filter(Column::Id.is_in(list));
        let rows = query.all(connection).await?;
        let clusters = memberships::live_of(connection, rows.iter().map(|row| row.id)).await?;
        for row in rows {
            found.push(stored(row, &clusters)?.record);
        }
    }
    found.sort_by_key(|organisation| organisation.id);
    Ok(found)
}

/// As [`get`], and whoever else would change it, or registers another, waits until the transaction ends.
pub async fn get_to_change(tx: &Tx, scope: Scope, id: OrganisationId) -> Result<Stored<Organisation>, StoreError> {
    let connection = tx.connection();
    // In the order of who registers and who merges: first the turn, then the row.
    dialect::take_turn(connection, Turn::Register).await?;
    let query = organisation::Entity::find_by_id(id.0).filter(scope.over(&[organisation::Column::Id]));
    let row = query.lock_exclusive().one(connection).await?.ok_or(StoreError::NotFound)?;
    let clusters = memberships::live_of(connection, [id.0]).await?;
    stored(row, &clusters)
}

/// Writes name, country and verification of an organisation as they have become.
pub async fn update(tx: &Tx, organisation: &Organisation, at: Instant) -> Result<(), StoreError> {
    use organisation::Column;
    let row = row(organisation, None, at)?;
    // Who vouches for it is written with what tells of it.
    set_verification(tx, organisation.id, organisation.verification, at).await?;
    changed(tx, organisation.id, at);
    organisation::Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name))
        .col_expr(Column::NameFolded, Expr::value(row.name_folded))
        .col_expr(Column::Country, Expr::value(row.country))
        .col_expr(Column::UpdatedAt, Expr::value(row.updated_at))
        .filter(Column::Id.eq(row.id))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Whether an organisation is there.
pub async fn is_there(reader: &impl Reads, id: OrganisationId) -> Result<bool, StoreError> {
    let query = organisation::Entity::find_by_id(id.0).select_only().column(organisation::Column::Id);
    Ok(query.into_tuple::<Uuid>().one(reader.connection()).await?.is_some())
}

/// A page of organisations.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    filter: &OrganisationFilter,
    request: PageRequest,
) -> Result<Page<Stored<Organisation>>, StoreError> {
    use organisation::Column;
    let connection = reader.connection();
    let mut query = organisation::Entity::find().filter(scope.over(&[Column::Id]));
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind.as_str()));
    }
    if let Some(typed) = &filter.query {
        // Folding leaves letters, digits and single spaces, so no wildcard of LIKE gets through.
        let folded = text::fold(typed);
        if folded.is_empty() {
            return Ok(Page::empty(request));
        }
        query = query.filter(Column::NameFolded.contains(folded));
    }
    let rows = page::fetch(query, (Column::CreatedAt, Column::Id), request, connection, Ok).await?;
    let clusters = memberships::live_of(connection, rows.items.iter().map(|row| row.id)).await?;
    let items: Result<Vec<_>, _> = rows.items.into_iter().map(|row| stored(row, &clusters)).collect();
    Ok(Page { items: items?, next: rows.next, total: rows.total })
}

/// The organisations of a source by their identifiers there; identifiers unknown here are left out.
pub async fn find_by_external_ids(
    reader: &impl Reads,
    scope: Scope,
    source: &str,
    external_ids: &[String],
) -> Result<HashMap<String, OrganisationId>, StoreError> {
    let rows = of_source(reader, scope, Some(source)).await?;
    let mut known: HashMap<String, OrganisationId> =
        rows.into_iter().filter_map(|row| Some((row.external_id?, OrganisationId(row.id)))).collect();
    Ok(external_ids.iter().filter_map(|id| known.remove_entry(id)).collect())
}

/// The organisations that were entered here or came from a source, by the folded form of their names,
/// each with its country; names unknown there are left out. The first created stands first, and of
/// those created at once the one whose country's code comes first, so that the same file finds the
/// same organisations whatever was added since.
pub async fn find_by_names(
    reader: &impl Reads,
    scope: Scope,
    source: &str,
    names: &[String],
) -> Result<HashMap<String, Vec<(CountryCode, OrganisationId)>>, StoreError> {
    let mut rows = of_source(reader, scope, None).await?;
    rows.extend(of_source(reader, scope, Some(source)).await?);
    rows.sort_by(|a, b| (a.created_at, &a.country, a.id).cmp(&(b.created_at, &b.country, b.id)));
    let mut known: HashMap<String, Vec<(CountryCode, OrganisationId)>> = HashMap::new();
    for row in rows {
        known.entry(row.name_folded).or_default().push((CountryCode::new(&row.country), OrganisationId(row.id)));
    }
    for (name, country, id) in merging::of_source(reader, scope, source).await? {
        known.entry(name).or_default().push((country, id));
    }
    Ok(names.iter().filter_map(|name| known.remove_entry(&text::fold(name))).collect())
}

async fn of_source(
    reader: &impl Reads,
    scope: Scope,
    source: Option<&str>,
) -> Result<Vec<organisation::Model>, StoreError> {
    use organisation::Column;
    let from = match source {
        Some(source) => Column::Source.eq(source),
        None => Column::Source.is_null(),
    };
    let query = organisation::Entity::find().filter(scope.over(&[Column::Id])).filter(from);
    Ok(query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(reader.connection()).await?)
}

/// Waits until nobody else registers an organisation, or changes what one is known by, and keeps others waiting until
/// the transaction ends.
pub async fn take_turn(tx: &Tx) -> Result<(), StoreError> {
    Ok(dialect::take_turn(tx.connection(), Turn::Register).await?)
}

/// The organisation of a country that has a name, in whatever spelling and wherever it came from; the
/// first created where several do. Others who ask wait until the transaction ends, so that no two
/// register one name at once.
pub async fn claim_name(tx: &Tx, name: &str, country: &CountryCode) -> Result<Option<OrganisationId>, StoreError> {
    use organisation::Column;
    dialect::take_turn(tx.connection(), Turn::Register).await?;
    let id: Option<Uuid> = organisation::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::NameFolded.eq(text::fold(name)))
        .filter(Column::Country.eq(country.as_str()))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .into_tuple()
        .one(tx.connection())
        .await?;
    match id {
        Some(id) => Ok(Some(OrganisationId(id))),
        None => merging::claimed(tx.connection(), name, country).await,
    }
}

/// Writes who vouches for an organisation, and answers who did before; others who would change it wait until the
/// transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such organisation.
pub async fn set_verification(
    tx: &Tx,
    id: OrganisationId,
    verification: Verification,
    at: Instant,
) -> Result<Verification, StoreError> {
    use organisation::Column;
    let found = organisation::Entity::find_by_id(id.0).lock_exclusive().one(tx.connection()).await?;
    let before = found.ok_or(StoreError::NotFound)?.verification;
    let before = json::word("organisations.verification", &before, Verification::parse)?;
    if before != verification {
        organisation::Entity::update_many()
            .col_expr(Column::Verification, Expr::value(verification.as_str()))
            .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
            .filter(Column::Id.eq(id.0))
            .exec(tx.connection())
            .await?;
        let operator = [before, verification].contains(&Verification::Operator);
        let what = if operator { VERIFIED } else { VOUCHED };
        events::record(tx, Subject::Organisation, id.0, what, &[id], at);
    }
    Ok(before)
}

/// Notes that something changed that is shown of an organisation.
pub(crate) fn changed(tx: &Tx, id: OrganisationId, at: Instant) {
    events::record(tx, Subject::Organisation, id.0, CHANGED, &[id], at);
}

/// Lets whoever else would change an organisation wait until the transaction ends.
pub async fn lock(tx: &Tx, id: OrganisationId) -> Result<(), StoreError> {
    organisation::Entity::find_by_id(id.0).lock_exclusive().one(tx.connection()).await?;
    Ok(())
}

/// Notes that something of an organisation changes; whoever else would change it waits until the transaction ends.
pub async fn touch(tx: &Tx, id: OrganisationId, at: Instant) -> Result<(), StoreError> {
    use organisation::Column;
    let update = organisation::Entity::update_many().col_expr(Column::UpdatedAt, Expr::value(at.micros()));
    update.filter(Column::Id.eq(id.0)).exec(tx.connection()).await?;
    Ok(())
}

/// The names of organisations by id.
pub(crate) async fn names<C: ConnectionTrait>(
    connection: &C,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, String>, StoreError> {
    use organisation::Column;
    let mut names = BTreeMap::new();
    for list in bulk::id_lists(ids) {
        let query = organisation::Entity::find().select_only().columns([Column::Id, Column::Name]);
        let rows: Vec<(Uuid, String)> = query.filter(Column::Id.is_in(list)).into_tuple().all(connection).await?;
        names.extend(rows);
    }
    Ok(names)
}

/// A page of the verified clusters that are not over, and of the verified portals: whom an organisation can join or
/// mandate.
pub async fn directory(
    reader: &impl Reads,
    kind: Option<OrganisationKind>,
    today: Day,
    request: PageRequest,
) -> Result<Page<Stored<Organisation>>, StoreError> {
    use organisation::Column;
    let kinds = [OrganisationKind::Cluster, OrganisationKind::Portal];
    let kinds = kinds.into_iter().filter(|k| kind.is_none_or(|only| only == *k)).map(OrganisationKind::as_str);
    let over =
        Condition::any().add(cluster::Column::ClosedAt.is_not_null()).add(cluster::Column::EndsOn.lt(today.number()));
    let over = Query::select().column(cluster::Column::OrganisationId).from(cluster::Entity).cond_where(over).take();
    let query = organisation::Entity::find()
        .filter(Column::Kind.is_in(kinds))
        .filter(Column::Verification.eq(Verification::Operator.as_str()))
        .filter(Column::Id.not_in_subquery(over));
    let none = Clusters::new();
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), |row| stored(row, &none)).await
}

/// Who entered an organisation that has no account of its own, and whether it stands by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entry {
    /// The cluster that entered it; `None` where it registered itself, or the operator or a file did.
    pub by: Option<OrganisationId>,
    /// When the organisation confirmed it.
    pub confirmed_at: Option<Instant>,
}

/// Who entered organisations; those that nobody else did are left out.
pub async fn entries(
    reader: &impl Reads,
    ids: impl IntoIterator<Item = OrganisationId>,
) -> Result<BTreeMap<OrganisationId, Entry>, StoreError> {
    use organisation::Column;
    let mut found = BTreeMap::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = organisation::Entity::find()
            .select_only()
            .columns([Column::Id, Column::EnteredBy, Column::ConfirmedAt])
            .filter(Column::Id.is_in(list))
            .filter(Column::EnteredBy.is_not_null());
        let rows: Vec<(Uuid, Option<Uuid>, Option<i64>)> = query.into_tuple().all(reader.connection()).await?;
        for (id, by, confirmed) in rows {
            let confirmed_at = confirmed.map(|at| json::instant("organisations.confirmed_at", at)).transpose()?;
            found.insert(OrganisationId(id), Entry { by: by.map(OrganisationId), confirmed_at });
        }
    }
    Ok(found)
}

/// Notes who entered an organisation, or that it stands by that.
pub async fn set_entry(tx: &Tx, id: OrganisationId, entry: Entry, at: Instant) -> Result<(), StoreError> {
    use organisation::Column;
    organisation::Entity::update_many()
        .col_expr(Column::EnteredBy, Expr::value(entry.by.map(|by| by.0)))
        .col_expr(Column::ConfirmedAt, Expr::value(entry.confirmed_at.map(Instant::micros)))
        .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
        .filter(Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    changed(tx, id, at);
    Ok(())
}

fn row(o: &Organisation, origin: Option<&Origin>, at: Instant) -> Result<organisation::Model, StoreError> {
    json::storable("organisations.name", &o.name)?;
    json::storable("organisations.country", o.country.as_str())?;
    if let Some(origin) = origin {
        json::storable("organisations.source", &origin.source)?;
        json::storable("organisations.external_id", &origin.external_id)?;
    }
    Ok(organisation::Model {
        id: o.id.0,
        kind: o.kind.as_str().to_owned(),
        name: o.name.clone(),
        name_folded: text::fold(&o.name),
        country: o.country.as_str().to_owned(),
        verification: o.verification.as_str().to_owned(),
        source: origin.map(|origin| origin.source.clone()),
        external_id: origin.map(|origin| origin.external_id.clone()),
        created_at: at.micros(),
        updated_at: at.micros(),
        entered_by: None,
        confirmed_at: None,
    })
}

pub(crate) fn stored(row: organisation::Model, clusters: &Clusters) -> Result<Stored<Organisation>, StoreError> {
    let clusters = clusters.get(&row.id).map(Vec::as_slice).unwrap_or_default();
    let record = Organisation {
        id: OrganisationId(row.id),
        kind: json::word("organisations.kind", &row.kind, OrganisationKind::parse)?,
        name: row.name,
        country: CountryCode::new(&row.country),
        verification: json::word("organisations.verification", &row.verification, Verification::parse)?,
        clusters: clusters.iter().map(|(cluster, _)| *cluster).collect(),
    };
    Ok(Stored {
        record,
        origin: Origin::of_row(row.source, row.external_id),
        created_at: json::instant("organisations.created_at", row.created_at)?,
        updated_at: json::instant("organisations.updated_at", row.updated_at)?,
    })
}
