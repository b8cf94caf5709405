//! Who sees a chain of which something is told: found as events get their numbers, when its legs are what they are.

use std::collections::{BTreeMap, BTreeSet};

use domain::{event::Subject, matches::MatchState};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::MOVED;
use crate::{
    bulk,
    chains::LEFT,
    entity::{chain, event, event_reader, match_row},
    error::StoreError,
};

/// Adds whoever leads a chain of a batch or is on a leg of it. Who has just left it stands there already. That a chain is
/// another organisation's is for that one alone, since no other is shown whose it is.
pub(super) async fn add<C: ConnectionTrait>(connection: &C, rows: &[event::Model]) -> Result<(), StoreError> {
    let chain = Subject::Chain.as_str();
    let events = || rows.iter().filter(|row| row.subject == chain && row.what != MOVED);
    let mut known: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for list in bulk::id_lists(events().map(|row| row.record_id)) {
        for row in chain::Entity::find().filter(chain::Column::Id.is_in(list.iter().copied())).all(connection).await? {
            known.entry(row.id).or_default().insert(row.lead_organisation_id);
        }
        use match_row::Column;
        let legs = match_row::Entity::find()
            .select_only()
            .columns([Column::ChainId, Column::OfferOrganisationId, Column::NeedOrganisationId])
            .filter(Column::ChainId.is_in(list))
            .filter(Column::State.is_not_in(LEFT.map(MatchState::as_str)));
        for (chain, supplier, buyer) in legs.into_tuple::<(Uuid, Uuid, Uuid)>().all(connection).await? {
            known.entry(chain).or_default().extend([supplier, buyer]);
        }
    }
    let readers = events().flat_map(|row| {
        let all = known.get(&row.record_id).into_iter().flatten().copied();
        let others = all.filter(|id| row.organisation_id != Some(*id));
        others.map(|organisation_id| event_reader::Model { event_id: row.id, organisation_id, onlooker: false })
    });
    bulk::upsert::<event_reader::Entity, _>(connection, readers.collect()).await
}
