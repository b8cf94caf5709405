//! The market as one run sees it.

use std::collections::BTreeMap;

use domain::{
    ids::{NeedId, OfferId},
    market::{Commitment, Market},
    matches::MatchState,
    quantity::Quantity,
    time::Day,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    entity::{instalment, line, match_row, membership, need, offer, organisation, refusal, site},
    error::StoreError,
    lines, matches, needs, offers, organisations, sites,
    store::{Reads, Store},
};

/// Everything a run on a day looks at, in one state of the database: what commits while it is being
/// read is either wholly in it or not at all. It is for the engine, so it takes no scope.
///
/// A commitment always names an instalment of the snapshot, since storage keeps instalments that
/// matches promise to cover.
pub async fn snapshot(store: &Store, day: Day) -> Result<Market, StoreError> {
    store.read_one_state(move |tx| async move { read(tx.connection(), day).await }).await
}

async fn read<C: ConnectionTrait>(connection: &C, day: Day) -> Result<Market, StoreError> {
    let mut market = Market::new(day);

    let mut clusters: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let memberships = membership::Entity::find().order_by_asc(membership::Column::ClusterId);
    for row in memberships.all(connection).await? {
        clusters.entry(row.member_id).or_default().push(domain::ids::OrganisationId(row.cluster_id));
    }
    for row in organisation::Entity::find().all(connection).await? {
        let organisation = organisations::stored(row, &clusters)?.record;
        market.organisations.insert(organisation.id, organisation);
    }
    for row in site::Entity::find().all(connection).await? {
        let site = sites::stored(row)?.record;
        market.sites.insert(site.id, site);
    }
    for row in line::Entity::find().all(connection).await? {
        let line = lines::record(row)?;
        market.lines.insert(line.id, line);
    }
    for row in offer::Entity::find().all(connection).await? {
        market.offers.push(offers::stored(row)?.record);
    }

    let mut parts = BTreeMap::new();
    let instalments = instalment::Entity::find()
        .filter(instalment::Column::Withdrawn.eq(false))
        .order_by_asc(instalment::Column::NeedId)
        .order_by_asc(instalment::Column::Ordinal);
    needs::instalments::gather(instalments.all(connection).await?, &mut parts)?;
    for row in need::Entity::find().all(connection).await? {
        market.needs.push(needs::stored(row, &mut parts)?.record);
    }

    let taking = MatchState::ALL.into_iter().filter(|state| state.takes_capacity()).map(MatchState::as_str);
    let open = match_row::Entity::find().filter(match_row::Column::State.is_in(taking));
    for row in open.all(connection).await? {
        let row = matches::record(row)?;
        let taken = Quantity::new(row.quantities.taken_from_offer(row.state)).unwrap_or_default();
        if !taken.is_zero() {
            market.commitments.push(Commitment {
                match_id: row.id,
                offer: row.offer,
                instalment: row.instalment,
                quantity: taken,
                cutoff: row.cutoff,
            });
        }
    }
    for row in refusal::Entity::find().all(connection).await? {
        market.refusals.insert((OfferId(row.offer_id), NeedId(row.need_id)));
    }
    market.sort();
    Ok(market)
}
