//! The market as one run sees it.

use std::collections::{BTreeMap, HashSet};

use domain::{
    ids::{InstalmentId, NeedId, OfferId},
    market::{Commitment, Market, Suggestion},
    matches::MatchState,
    mode::MarketMode,
    organisation::Verification,
    quantity::Quantity,
    time::Day,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    entity::{cluster, instalment, line, match_row, membership, need, offer, organisation, refusal, site},
    error::StoreError,
    lines, matches, memberships, modes, needs, offers, organisations, sites,
    store::{Reads, Store},
};

/// Everything a run on a day looks at, in one state of the database: what commits while it is being
/// read is either wholly in it or not at all. It is for the engine, so it takes no scope.
///
/// A commitment always names an instalment of the snapshot, since storage keeps instalments that
/// matches promise to cover. A suggestion does too: what was suggested for an instalment that has
/// since been withdrawn is left out.
pub async fn snapshot(store: &Store, day: Day) -> Result<Market, StoreError> {
    let rows = store.read_one_state(|tx| async move { Rows::read(&tx).await }).await?;
    // Reading tens of thousands of JSON texts is no work for the threads that answer requests.
    let market = tokio::task::spawn_blocking(move || rows.market(day)).await;
    market.map_err(|error| StoreError::Internal(Box::new(error)))?
}

/// The rows of a market as they lie in the database.
struct Rows {
    memberships: Vec<membership::Model>,
    clusters: Vec<cluster::Model>,
    organisations: Vec<organisation::Model>,
    sites: Vec<site::Model>,
    lines: Vec<line::Model>,
    offers: Vec<offer::Model>,
    needs: Vec<need::Model>,
    instalments: Vec<instalment::Model>,
    promises: Vec<match_row::Model>,
    /// Offer, instalment and quantity of what the latest run suggested.
    suggestions: Vec<(Uuid, Uuid, i64)>,
    refusals: Vec<refusal::Model>,
    mode: MarketMode,
}

impl Rows {
    async fn read(reader: &impl Reads) -> Result<Self, StoreError> {
        let connection = reader.connection();
        let taking = MatchState::ALL.into_iter().filter(|state| state.takes_capacity()).map(MatchState::as_str);
        let promised = match_row::Entity::find().filter(match_row::Column::State.is_in(taking));
        // A run that is done expires what others suggested, so these are of one run.
        let suggested = match_row::Entity::find()
            .select_only()
            .columns([match_row::Column::OfferId, match_row::Column::InstalmentId, match_row::Column::Proposed])
            .filter(match_row::Column::State.eq(MatchState::Suggested.as_str()));
        let asked = instalment::Entity::find()
            .filter(instalment::Column::Withdrawn.eq(false))
            .order_by_asc(instalment::Column::NeedId)
            .order_by_asc(instalment::Column::Ordinal);
        let members = membership::Entity::find().filter(memberships::active());
        Ok(Self {
            memberships: members.all(connection).await?,
            clusters: cluster::Entity::find().all(connection).await?,
            organisations: organisation::Entity::find().all(connection).await?,
            sites: site::Entity::find().all(connection).await?,
            lines: line::Entity::find().all(connection).await?,
            offers: offer::Entity::find().all(connection).await?,
            needs: need::Entity::find().all(connection).await?,
            instalments: asked.all(connection).await?,
            promises: promised.all(connection).await?,
            suggestions: suggested.into_tuple().all(connection).await?,
            refusals: refusal::Entity::find().all(connection).await?,
            mode: modes::current(reader).await?,
        })
    }

    fn market(self, day: Day) -> Result<Market, StoreError> {
        let mut market = Market { mode: self.mode, ..Market::new(day) };
        let is_over = |row: &cluster::Model| row.closed_at.is_some() || row.ends_on.is_some_and(|d| d < day.number());
        let over: Vec<_> = self.clusters.into_iter().filter(is_over).collect();
        let clusters = memberships::live(self.memberships, &over);
        for row in self.organisations {
            let mut organisation = organisations::stored(row, &clusters)?.record;
            let vouched = clusters.get(&organisation.id.0).is_some_and(|list| list.iter().any(|(_, vouched)| *vouched));
            // The last cluster that vouched may be over since midnight, and not closed yet.
            if organisation.verification == Verification::Cluster && !vouched {
                organisation.verification = Verification::None;
            }
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
        let asked: HashSet<InstalmentId> = market.needs.iter().flat_map(|n| &n.instalments).map(|i| i.id).collect();
        for (offer, instalment, units) in self.suggestions {
            let (offer, instalment) = (OfferId(offer), InstalmentId(instalment));
            let quantity = Quantity::new(units)
                .ok_or_else(|| StoreError::internal(format!("a match of {offer} holds {units} units")))?;
            if asked.contains(&instalment) {
                market.suggestions.push(Suggestion { offer, instalment, quantity });
            }
        }
        for row in self.refusals {
            market.refusals.insert((OfferId(row.offer_id), NeedId(row.need_id)));
        }
        market.sort();
        Ok(market)
    }
}
