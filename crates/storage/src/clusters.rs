//! What clusters have beside their organisation: form, sponsor, purpose, end. One without a row is permanent and open.

use std::collections::BTreeMap;

use domain::{
    cluster::{Cluster, ClusterForm},
    event::Subject,
    ids::OrganisationId,
    time::{Day, Instant},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Query, SelectStatement},
};

use crate::{
    bulk,
    entity::cluster::{self, Column, Entity},
    error::StoreError,
    events, json, organisations,
    store::{Reads, Tx},
};

/// Writes what a cluster is, in place of what it was.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such organisation or sponsor, or the form and the rest do not fit.
pub async fn put(tx: &Tx, id: OrganisationId, cluster: &Cluster, at: Instant) -> Result<(), StoreError> {
    json::storable("clusters.purpose", &cluster.purpose)?;
    let row = cluster::Model {
        organisation_id: id.0,
        form: cluster.form.as_str().to_owned(),
        sponsor_id: cluster.sponsor.map(|id| id.0),
        purpose: cluster.purpose.clone(),
        ends_on: cluster.ends_on.map(Day::number),
        closed_at: cluster.closed_at.map(Instant::micros),
    };
    match cluster.closed_at {
        Some(_) => events::record(tx, Subject::Organisation, id.0, events::CLOSED, &[id], at),
        None => organisations::changed(tx, id, at),
    }
    bulk::upsert::<Entity, _>(tx.connection(), vec![row]).await
}

/// What a cluster is.
pub async fn get(reader: &impl Reads, id: OrganisationId) -> Result<Cluster, StoreError> {
    let row = Entity::find_by_id(id.0).one(reader.connection()).await?;
    row.map_or_else(|| Ok(Cluster::default()), stored)
}

/// What clusters are; those without a row are left out.
pub async fn of(
    reader: &impl Reads,
    ids: impl IntoIterator<Item = OrganisationId>,
) -> Result<BTreeMap<OrganisationId, Cluster>, StoreError> {
    let mut found = BTreeMap::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        for row in Entity::find().filter(Column::OrganisationId.is_in(list)).all(reader.connection()).await? {
            found.insert(OrganisationId(row.organisation_id), stored(row)?);
        }
    }
    Ok(found)
}

/// The clusters whose last day is past and that are not closed.
pub async fn past(reader: &impl Reads, today: Day) -> Result<Vec<OrganisationId>, StoreError> {
    let query = Entity::find().filter(Column::ClosedAt.is_null()).filter(Column::EndsOn.lt(today.number()));
    let rows = query.order_by_asc(Column::OrganisationId).all(reader.connection()).await?;
    Ok(rows.into_iter().map(|row| OrganisationId(row.organisation_id)).collect())
}

/// The ids of clusters that are over at an instant.
pub(crate) fn over(at: Instant) -> SelectStatement {
    let past = Condition::any().add(Column::ClosedAt.is_not_null()).add(Column::EndsOn.lt(at.day().number()));
    Query::select().column(Column::OrganisationId).from(Entity).cond_where(past).take()
}

fn stored(row: cluster::Model) -> Result<Cluster, StoreError> {
    Ok(Cluster {
        form: json::word("clusters.form", &row.form, ClusterForm::parse)?,
        sponsor: row.sponsor_id.map(OrganisationId),
        purpose: row.purpose,
        ends_on: row.ends_on.map(|day| json::day("clusters.ends_on", day)).transpose()?,
        closed_at: row.closed_at.map(|at| json::instant("clusters.closed_at", at)).transpose()?,
    })
}
