//! What a merge tells of the records that move: each is another organisation's from now on, and whoever saw it as the
//! cluster of the one that goes may see it no longer.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    event::{Named, Subject},
    ids::OrganisationId,
    time::Instant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::parts::MERGED;
use crate::{
    certificates,
    chains::LEFT,
    entity::{chain, match_row, need, offer, site},
    error::StoreError,
    events::{self, CHANGED, MOVED, lookers},
    organisations,
    store::{Reads, Tx},
};

/// Notes what is about to move, and answers the offers and certificates of it.
pub(super) async fn tell(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<Vec<Named>, StoreError> {
    let (connection, owner) = (tx.connection(), OrganisationId(into));
    let sites = of::<site::Entity, _>(connection, (site::Column::Id, site::Column::OrganisationId), from).await?;
    let offers = of::<offer::Entity, _>(connection, (offer::Column::Id, offer::Column::OrganisationId), from).await?;
    let needs = of::<need::Entity, _>(connection, (need::Column::Id, need::Column::OrganisationId), from).await?;
    for (subject, ids) in [(Subject::Site, &sites), (Subject::Offer, &offers), (Subject::Need, &needs)] {
        for id in ids {
            events::record(tx, subject, *id, CHANGED, &[owner], at);
        }
    }
    let mut goods: Vec<Named> =
        offers.iter().map(|id| Named { subject: Subject::Offer, id: *id, within: None }).collect();
    for (key, shown) in certificates::of_owner(connection, from).await? {
        events::of_certificate(tx, key, CHANGED, owner, at);
        goods.extend(shown.then(|| events::certificate(key)));
    }
    let led = of::<chain::Entity, _>(connection, (chain::Column::Id, chain::Column::LeadOrganisationId), from).await?;
    for id in led {
        events::record(tx, Subject::Chain, id, MOVED, &[owner], at);
    }
    use match_row::Column;
    let either = Column::OfferOrganisationId.eq(from).or(Column::NeedOrganisationId.eq(from));
    for row in match_row::Entity::find().filter(either).order_by_asc(Column::Id).all(connection).await? {
        let instead = |id: Uuid| OrganisationId(if id == from { into } else { id });
        let sides = [row.offer_organisation_id, row.need_organisation_id].map(instead);
        events::record(tx, Subject::Match, row.id, CHANGED, &sides, at);
        // Of the others on the chain nobody is shown who is on its legs.
        if let Some(id) = row.chain_id.filter(|_| !LEFT.iter().any(|left| left.as_str() == row.state)) {
            let chain = Named { subject: Subject::Chain, id, within: None };
            events::some(tx, chain, MOVED, BTreeMap::from([(owner, false)]), at);
        }
    }
    events::record(tx, Subject::Organisation, from, MERGED, &[OrganisationId(from)], at);
    organisations::changed(tx, owner, at);
    Ok(goods)
}

/// Notes which clusters no longer see the offers and certificates that moved.
pub(super) async fn hide(
    tx: &Tx,
    (into, goods): (Uuid, &[Named]),
    before: &BTreeSet<Uuid>,
    at: Instant,
) -> Result<(), StoreError> {
    let after = lookers(tx.connection(), [into], at).await?.remove(&into).unwrap_or_default();
    let gone: Vec<OrganisationId> = before.difference(&after).copied().map(OrganisationId).collect();
    for record in goods {
        events::hidden(tx, *record, &gone, at);
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
