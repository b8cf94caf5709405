//! Production lines that offers share.

use domain::{
    event::Subject,
    ids::{LineId, OrganisationId, SiteId},
    line::Line,
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{line, offer, site},
    error::StoreError,
    events, json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// Adds a line.
///
/// # Errors
/// [`StoreError::Conflict`] when its id is taken, [`StoreError::Constraint`] when its site does not exist.
pub async fn insert(tx: &Tx, line: &Line, at: Instant) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(line), at).await
}

/// Adds lines.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Tx, lines: &[Line], at: Instant) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        json::storable("lines.name", &line.name)?;
        rows.push(line::Model {
            id: line.id.0,
            site_id: line.site.0,
            name: line.name.clone(),
            profile: json::to_text(&line.profile)?,
            created_at: at.micros(),
        });
    }
    bulk::insert::<line::Entity, _>(tx.connection(), rows).await
}

/// One line.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: LineId) -> Result<Line, StoreError> {
    let query = line::Entity::find_by_id(id.0).filter(inside(scope));
    record(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// One line that somebody is about to share: it does not change until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id.
pub async fn get_to_share(tx: &Tx, id: LineId) -> Result<Line, StoreError> {
    let query = line::Entity::find_by_id(id.0).lock_shared();
    record(query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A page of lines, of one site where one is named.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    site: Option<SiteId>,
    request: PageRequest,
) -> Result<Page<Line>, StoreError> {
    use line::Column;
    let mut query = line::Entity::find().filter(inside(scope));
    if let Some(site) = site {
        query = query.filter(Column::SiteId.eq(site.0));
    }
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), record).await
}

/// Replaces name and output of a line that is locked ([`crate::ledger::lock_line`]). What its offers can promise changes
/// with it.
pub async fn update(tx: &Tx, line: &Line, at: Instant) -> Result<(), StoreError> {
    json::storable("lines.name", &line.name)?;
    line::Entity::update_many()
        .col_expr(line::Column::Name, Expr::value(line.name.clone()))
        .col_expr(line::Column::Profile, Expr::value(json::to_text(&line.profile)?))
        .filter(line::Column::Id.eq(line.id.0))
        .exec(tx.connection())
        .await?;
    let shared = offer::Entity::find().select_only().columns([offer::Column::Id, offer::Column::OrganisationId]);
    let shared = shared.filter(offer::Column::LineId.eq(line.id.0));
    for (id, owner) in shared.into_tuple::<(Uuid, Uuid)>().all(tx.connection()).await? {
        events::record(tx, Subject::Offer, id, events::CHANGED, &[OrganisationId(owner)], at);
    }
    Ok(())
}

/// The lines of a site, oldest first.
pub async fn of_site(reader: &impl Reads, scope: Scope, site: SiteId) -> Result<Vec<Line>, StoreError> {
    let rows = line::Entity::find()
        .filter(line::Column::SiteId.eq(site.0))
        .filter(inside(scope))
        .order_by_asc(line::Column::CreatedAt)
        .order_by_asc(line::Column::Id)
        .all(reader.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// A line belongs to whom its site belongs to.
fn inside(scope: Scope) -> sea_orm::Condition {
    match scope {
        Scope::Operator => sea_orm::Condition::all(),
        Scope::Organisation(_) | Scope::Nobody => {
            let own = site::Entity::find()
                .select_only()
                .column(site::Column::Id)
                .filter(scope.over(&[site::Column::OrganisationId]));
            sea_orm::Condition::all().add(line::Column::SiteId.in_subquery(sea_orm::QueryTrait::into_query(own)))
        }
    }
}

pub(crate) fn record(row: line::Model) -> Result<Line, StoreError> {
    Ok(Line {
        id: LineId(row.id),
        site: SiteId(row.site_id),
        name: row.name,
        profile: json::from_text("lines.profile", &row.profile)?,
    })
}
