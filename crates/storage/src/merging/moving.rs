//! What a merge tells of the records that move: each is another organisation's from now on, and whoever saw it as the
//! cluster of the one that goes may see it no longer.

use std::collections::BTreeSet;

use domain::{event::Subject, ids::OrganisationId, time::Instant};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::parts::MERGED;
use crate::{
    entity::{match_row, need, offer, site},
    error::StoreError,
    events::{self, CHANGED, lookers},
    organisations,
    store::{Reads, Tx},
};

/// Notes what is about to move, and answers the offers of it.
pub(super) async fn tell(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<Vec<Uuid>, StoreError> {
    let (connection, owner) = (tx.connection(), OrganisationId(into));
    let sites = of::<site::Entity, _>(connection, (site::Column::Id, site::Column::OrganisationId), from).await?;
    let offers = of::<offer::Entity, _>(connection, (offer::Column::Id, offer::Column::OrganisationId), from).await?;
    let needs = of::<need::Entity, _>(connection, (need::Column::Id, need::Column::OrganisationId), from).await?;
    for (subject, ids) in [(Subject::Site, &sites), (Subject::Offer, &offers), (Subject::Need, &needs)] {
        for id in ids {
            events::record(tx, subject, *id, CHANGED, &[owner], at);
        }
    }
    use match_row::Column;
    let either = Column::OfferOrganisationId.eq(from).or(Column::NeedOrganisationId.eq(from));
    for row in match_row::Entity::find().filter(either).order_by_asc(Column::Id).all(connection).await? {
        let instead = |id: Uuid| OrganisationId(if id == from { into } else { id });
        let sides = [row.offer_organisation_id, row.need_organisation_id].map(instead);
        events::record(tx, Subject::Match, row.id, CHANGED, &sides, at);
    }
    events::record(tx, Subject::Organisation, from, MERGED, &[OrganisationId(from)], at);
    organisations::changed(tx, owner, at);
    Ok(offers)
}

/// Notes which clusters no longer see the offers that moved.
pub(super) async fn hide(
    tx: &Tx,
    (into, offers): (Uuid, &[Uuid]),
    before: &BTreeSet<Uuid>,
    at: Instant,
) -> Result<(), StoreError> {
    let after = lookers(tx.connection(), [into], at).await?.remove(&into).unwrap_or_default();
    let gone: Vec<OrganisationId> = before.difference(&after).copied().map(OrganisationId).collect();
    for id in offers {
        events::hidden(tx, *id, &gone, at);
    }
    Ok(())
}

async fn of<E, C>(connection: &C, (id, owner): (E::Column, E::Column), from: Uuid) -> Result<Vec<Uuid>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let query = E::find().select_only().column(id).filter(owner.eq(from)).order_by_asc(id);
    Ok(query.into_tuple().all(connection).await?)
}
