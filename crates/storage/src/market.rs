//! The market as one run sees it.

use std::collections::BTreeMap;

use domain::{
    ids::{NeedId, OfferId, OrganisationId},
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
    let rows = store.read_one_state(|tx| async move { Rows::read(tx.connection()).await }).await?;
    // Reading tens of thousands of JSON texts is no work for the threads that answer requests.
    let market = tokio::task::spawn_blocking(move || rows.market(day)).await;
    market.map_err(|error| StoreError::Internal(Box::new(error)))?
}

/// The rows of a market as they lie in the database.
struct Rows {
    memberships: Vec<membership::Model>,
    organisations: Vec<organisation::Model>,
    sites: Vec<site::Model>,
    lines: Vec<line::Model>,
    offers: Vec<offer::Model>,
    needs: Vec<need::Model>,
    instalments: Vec<instalment::Model>,
    promises: Vec<match_row::Model>,
    refusals: Vec<refusal::Model>,
}

impl Rows {
    async fn read<C: ConnectionTrait>(connection: &C) -> Result<Self, StoreError> {
        let taking = MatchState::ALL.into_iter().filter(|state| state.takes_capacity()).map(MatchState::as_str);
        let promised = match_row::Entity::find().filter(match_row::Column::State.is_in(taking));
        let asked = instalment::Entity::find()
            .filter(instalment::Column::Withdrawn.eq(false))
            .order_by_asc(instalment::Column::NeedId)
            .order_by_asc(instalment::Column::Ordinal);
        let memberships = membership::Entity::find().order_by_asc(membership::Column::ClusterId);
        Ok(Self {
            memberships: memberships.all(connection).await?,
            organisations: organisation::Entity::find().all(connection).await?,
            sites: site::Entity::find().all(connection).await?,
            lines: line::Entity::find().all(connection).await?,
            offers: offer::Entity::find().all(connection).await?,
            needs: need::Entity::find().all(connection).await?,
            instalments: asked.all(connection).await?,
            promises: promised.all(connection).await?,
            refusals: refusal::Entity::find().all(connection).await?,
        })
    }

    fn market(self, day: Day) -> Result<Market, StoreError> {
        let mut market = Market::new(day);
        let mut clusters: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in self.memberships {
            clusters.entry(row.member_id).or_default().push(OrganisationId(row.cluster_id));
        }
        for row in self.organisations {
            let organisation = organisations::stored(row, &clusters)?.record;
            market.organisations.insert(organisation.id, organisation);
        }
        for row in self.sites {
            let site = sites::stored(row)?.record;
            market.sites.insert(site.id, site);
        }
        for row in self.lines {
            let line = lines::record(row)?;
            market.lines.insert(line.id, line);
        }
        for row in self.offers {
            market.offers.push(offers::stored(row)?.record);
        }
        let mut parts = BTreeMap::new();
        needs::instalments::gather(self.instalments, &mut parts)?;
        for row in self.needs {
            market.needs.push(needs::stored(row, &mut parts)?.record);
        }
        for row in self.promises {
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
        for row in self.refusals {
            market.refusals.insert((OfferId(row.offer_id), NeedId(row.need_id)));
        }
        market.sort();
        Ok(market)
    }
}
