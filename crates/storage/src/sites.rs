//! Sites of organisations.

use domain::{
    code::RegionCode,
    event::Subject,
    geo::Point,
    ids::{OrganisationId, SiteId},
    organisation::{RegionFrom, Site},
    text,
    time::Instant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::{
    bulk,
    entity::{need, offer, site},
    error::StoreError,
    events::{self, CHANGED, CREATED},
    json,
    origin::{Origin, Stored},
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// Adds a site.
///
/// # Errors
/// [`StoreError::Conflict`] when its id is taken, [`StoreError::Constraint`] when its organisation does not exist.
pub async fn insert(tx: &Tx, site: &Site, at: Instant) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(site), at).await
}

/// Adds sites.
///
/// # Errors
/// As [`insert`].
pub async fn insert_many(tx: &Tx, sites: &[Site], at: Instant) -> Result<(), StoreError> {
    let rows: Result<Vec<_>, _> = sites.iter().map(|site| row(site, at)).collect();
    bulk::insert::<site::Entity, _>(tx.connection(), rows?).await?;
    for site in sites {
        events::record(tx, Subject::Site, site.id.0, CREATED, &[site.organisation], at);
    }
    Ok(())
}

/// One site.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: SiteId) -> Result<Stored<Site>, StoreError> {
    stored(one(find(scope, id), reader.connection()).await?)
}

/// One site that is about to change: others who would change it wait until the transaction ends, so
/// that none of them overwrites what it has not seen.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, scope: Scope, id: SiteId) -> Result<Stored<Site>, StoreError> {
    stored(one(find(scope, id).lock_exclusive(), tx.connection()).await?)
}

/// Where records at a site come from, if one of them was imported.
pub async fn source_of(reader: &impl Reads, id: SiteId) -> Result<Option<Origin>, StoreError> {
    let connection = reader.connection();
    let imported =
        offer::Entity::find().filter(offer::Column::SiteId.eq(id.0)).filter(offer::Column::Source.is_not_null());
    if let Some(row) = imported.order_by_asc(offer::Column::Id).one(connection).await? {
        return Ok(Origin::of_row(row.source, row.external_id));
    }
    let imported =
        need::Entity::find().filter(need::Column::SiteId.eq(id.0)).filter(need::Column::Source.is_not_null());
    let row = imported.order_by_asc(need::Column::Id).one(connection).await?;
    Ok(row.and_then(|row| Origin::of_row(row.source, row.external_id)))
}

/// Replaces a site by what it has become; its date of creation stays.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of its id and organisation inside the scope.
pub async fn update(tx: &Tx, scope: Scope, site: &Site, at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    let before = one(find(scope, site.id).lock_exclusive(), connection).await?;
    if before.organisation_id != site.organisation.0 {
        return Err(StoreError::NotFound);
    }
    let mut row = row(site, at)?;
    row.created_at = before.created_at;
    bulk::upsert::<site::Entity, _>(connection, vec![row]).await?;
    events::record(tx, Subject::Site, site.id.0, CHANGED, &[site.organisation], at);
    Ok(())
}

fn find(scope: Scope, id: SiteId) -> Select<site::Entity> {
    site::Entity::find_by_id(id.0).filter(scope.over(&[site::Column::OrganisationId]))
}

async fn one<C: ConnectionTrait>(query: Select<site::Entity>, connection: &C) -> Result<site::Model, StoreError> {
    query.one(connection).await?.ok_or(StoreError::NotFound)
}

/// A page of sites, of one organisation where one is named.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    organisation: Option<OrganisationId>,
    request: PageRequest,
) -> Result<Page<Stored<Site>>, StoreError> {
    use site::Column;
    let mut query = site::Entity::find().filter(scope.over(&[Column::OrganisationId]));
    if let Some(id) = organisation {
        query = query.filter(Column::OrganisationId.eq(id.0));
    }
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// Those sites of a list that are inside the scope.
pub async fn get_many(
    reader: &impl Reads,
    scope: Scope,
    ids: impl IntoIterator<Item = SiteId>,
) -> Result<Vec<Stored<Site>>, StoreError> {
    use site::Column;
    let mut sites = Vec::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = site::Entity::find().filter(scope.over(&[Column::OrganisationId])).filter(Column::Id.is_in(list));
        for row in query.all(reader.connection()).await? {
            sites.push(stored(row)?);
        }
    }
    Ok(sites)
}

/// Every site of some organisations, oldest first.
pub async fn of_organisations(
    reader: &impl Reads,
    scope: Scope,
    organisations: &[OrganisationId],
) -> Result<Vec<Stored<Site>>, StoreError> {
    use site::Column;
    let mut sites = Vec::new();
    for list in bulk::id_lists(organisations.iter().map(|id| id.0)) {
        let rows = site::Entity::find()
            .filter(scope.over(&[Column::OrganisationId]))
            .filter(Column::OrganisationId.is_in(list))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(reader.connection())
            .await?;
        for row in rows {
            sites.push(stored(row)?);
        }
    }
    Ok(sites)
}

fn row(site: &Site, at: Instant) -> Result<site::Model, StoreError> {
    json::storable("sites.name", &site.name)?;
    json::storable("sites.zone", &site.zone)?;
    Ok(site::Model {
        id: site.id.0,
        organisation_id: site.organisation.0,
        name: site.name.clone(),
        name_folded: text::fold(&site.name),
        region: site.region.as_ref().map(|region| region.as_str().to_owned()),
        region_from: site.region.as_ref().map(|_| site.region_from.as_str().to_owned()),
        lat_e6: site.point.map(|point| point.lat_e6),
        lon_e6: site.point.map(|point| point.lon_e6),
        zone: site.zone.clone(),
        created_at: at.micros(),
        updated_at: at.micros(),
    })
}

pub(crate) fn stored(row: site::Model) -> Result<Stored<Site>, StoreError> {
    let region_from = row.region_from.as_deref().map(|w| json::word("sites.region_from", w, RegionFrom::parse));
    let record = Site {
        id: SiteId(row.id),
        organisation: OrganisationId(row.organisation_id),
        name: row.name,
        region: row.region.as_deref().map(RegionCode::new),
        region_from: region_from.transpose()?.unwrap_or_default(),
        point: row.lat_e6.zip(row.lon_e6).and_then(|(lat, lon)| Point::new(lat, lon)),
        zone: row.zone,
    };
    Ok(Stored {
        record,
        origin: None,
        created_at: json::instant("sites.created_at", row.created_at)?,
        updated_at: json::instant("sites.updated_at", row.updated_at)?,
    })
}
