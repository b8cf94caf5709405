//! The market as one run sees it.

use std::collections::{BTreeMap, HashSet};

use domain::{
    ids::{InstalmentId, NeedId, OfferId},
    market::{Market, Suggestion},
    matches::MatchState,
    mode::MarketMode,
    need::Need,
    offer::Offer,
    quantity::Quantity,
    time::{Day, Instant},
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    entity::{cluster, instalment, line, match_row, membership, need, offer, organisation, refusal, site},
    error::StoreError,
    facts, lines, matches, memberships, modes, needs, offers, organisations,
    scope::Scope,
    sites,
    store::{Reads, Store, Tx},
};

/// Everything a run on a day looks at, in one state of the database: what commits while it is being
/// read is either wholly in it or not at all. It is for the engine, so it takes no scope.
///
/// `now` tells what is held past its deadline, which counts no more. A commitment that covers something names an
/// instalment of the snapshot, since storage keeps instalments that matches promise to cover. A suggestion does too: what
/// was suggested for an instalment that has since been withdrawn is left out.
pub async fn snapshot(store: &Store, day: Day, now: Instant) -> Result<Market, StoreError> {
    let rows = store.read_one_state(|tx| async move { Rows::read(tx.connection()).await }).await?;
    // Reading tens of thousands of JSON texts is no work for the threads that answer requests.
    let market = tokio::task::spawn_blocking(move || rows.market(day, now)).await;
    market.map_err(|error| StoreError::Internal(Box::new(error)))?
}

/// A market of one offer and one need, on which the predicates judge them: with the sites, organisations and line that
/// they name and a refusal between them, and without what is promised.
pub async fn of_pair(tx: &Tx, offer: &Offer, need: &Need, day: Day) -> Result<Market, StoreError> {
    let mut market = Market::new(day);
    market.mode = modes::current(tx).await?;
    for id in [offer.organisation, need.organisation] {
        market.organisations.insert(id, organisations::get(tx, Scope::Operator, id).await?.record);
    }
    for id in [offer.site, need.site] {
        market.sites.insert(id, sites::get(tx, Scope::Operator, id).await?.record);
    }
    if let Some(id) = offer.terms.line {
        market.lines.insert(id, lines::get(tx, Scope::Operator, id).await?);
    }
    if matches::is_refused(tx, offer.id, need.id).await? {
        market.refusals.insert((offer.id, need.id));
    }
    market.offers.push(offer.clone());
    market.needs.push(need.clone());
    Ok(market)
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
    async fn read<C: ConnectionTrait>(connection: &C) -> Result<Self, StoreError> {
        let counts = Condition::any().add(match_row::Column::Drawn.gt(0)).add(match_row::Column::Covered.gt(0));
        let promised = match_row::Entity::find().filter(counts);
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
            mode: modes::current_on(connection).await?,
        })
    }

    fn market(self, day: Day, now: Instant) -> Result<Market, StoreError> {
        let mut market = Market::new(day);
        market.mode = self.mode;
        let clusters = facts::live(self.memberships, &self.clusters, day);
        for row in self.organisations {
            let organisation = facts::standing(row, &clusters)?;
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
            market.offers.push(offers::stored(row)?.record.aged(self.mode, day));
        }
        let mut parts = BTreeMap::new();
        needs::instalments::gather(self.instalments, &mut parts)?;
        for row in self.needs {
            market.needs.push(needs::stored(row, &mut parts)?.record);
        }
        for row in self.promises {
            let row = matches::record(row)?;
            // What is held past its deadline holds nothing, whether or not that is written yet.
            let row = row.at(now);
            if row.drawn > 0 || row.covered > 0 {
                market.commitments.push(facts::commitment(&row));
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
