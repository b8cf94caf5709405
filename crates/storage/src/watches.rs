//! When each offer is looked at next, and what was told of it last: so that a job finds the few whose day has come, and
//! tells everything once.

use domain::{
    freshness::Freshness,
    ids::{OfferId, OrganisationId},
    offer::OfferState,
    time::Day,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        offer,
        offer_watch::{self, Column, Entity},
    },
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// What was told of an offer last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Which stage.
    pub stage: Freshness,
    /// With which last day of fresh figures.
    pub of: Day,
}

/// Offers in the market or paused whose day to be looked at has come, or that were never looked at, with whose they
/// are: at most so many, those of one organisation together.
pub async fn due(reader: &impl Reads, today: Day, most: u64) -> Result<Vec<(OrganisationId, OfferId)>, StoreError> {
    let later = Entity::find().select_only().column(Column::OfferId).filter(Column::LookOn.gt(today.number()));
    let alive = [OfferState::Published.as_str(), OfferState::Paused.as_str()];
    let query = offer::Entity::find()
        .select_only()
        .columns([offer::Column::OrganisationId, offer::Column::Id])
        .filter(offer::Column::State.is_in(alive))
        .filter(offer::Column::Id.not_in_subquery(later.into_query()))
        .order_by_asc(offer::Column::OrganisationId)
        .order_by_asc(offer::Column::Id)
        .limit(most);
    let rows: Vec<(Uuid, Uuid)> = query.into_tuple().all(reader.connection()).await?;
    Ok(rows.into_iter().map(|(organisation, id)| (OrganisationId(organisation), OfferId(id))).collect())
}

/// What was told of an offer last, if anything was, and the day on which it is looked at next.
pub async fn get(tx: &Tx, id: OfferId) -> Result<Option<(Day, Option<Told>)>, StoreError> {
    let Some(row) = Entity::find_by_id(id.0).one(tx.connection()).await? else { return Ok(None) };
    let told = match (row.told, row.told_of) {
        (Some(stage), Some(of)) => Some(Told {
            stage: json::word("offer_watches.told", &stage, Freshness::parse)?,
            of: json::day("offer_watches.told_of", of)?,
        }),
        (_, _) => None,
    };
    Ok(Some((json::day("offer_watches.look_on", row.look_on)?, told)))
}

/// Notes what was told of an offer, and when it is looked at next.
pub async fn put(tx: &Tx, id: OfferId, look_on: Day, told: Option<Told>) -> Result<(), StoreError> {
    let row = offer_watch::Model {
        offer_id: id.0,
        look_on: look_on.number(),
        told: told.map(|told| told.stage.as_str().to_owned()),
        told_of: told.map(|told| told.of.number()),
    };
    bulk::upsert::<Entity, _>(tx.connection(), vec![row]).await
}

/// Lets offers be looked at again at once, since their dates changed. What was told stays told.
pub(crate) async fn look_again<C: ConnectionTrait>(
    connection: &C,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<(), StoreError> {
    for list in bulk::id_lists(ids) {
        let now = Entity::update_many().col_expr(Column::LookOn, Expr::value(Day::MIN.number()));
        now.filter(Column::OfferId.is_in(list)).exec(connection).await?;
    }
    Ok(())
}

/// Looks again at every offer: the mode of the market changed.
pub async fn look_again_at_all(tx: &Tx) -> Result<(), StoreError> {
    let now = Entity::update_many().col_expr(Column::LookOn, Expr::value(Day::MIN.number()));
    now.exec(tx.connection()).await?;
    Ok(())
}
