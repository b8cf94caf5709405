//! The modes of the market; it is normal until somebody says otherwise.

use domain::{
    ids::PersonId,
    mode::{MarketMode, ModeChange},
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};

use crate::{
    bulk,
    entity::market_mode::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// The mode that the market runs in.
pub async fn current(reader: &impl Reads) -> Result<MarketMode, StoreError> {
    current_on(reader.connection()).await
}

pub(crate) async fn current_on<C: ConnectionTrait>(connection: &C) -> Result<MarketMode, StoreError> {
    Ok(last_on(connection).await?.map(|change| change.mode).unwrap_or_default())
}

/// The last change of the mode, if it ever changed.
pub async fn last(reader: &impl Reads) -> Result<Option<ModeChange>, StoreError> {
    last_on(reader.connection()).await
}

async fn last_on<C: ConnectionTrait>(connection: &C) -> Result<Option<ModeChange>, StoreError> {
    let row = Entity::find().order_by_desc(Column::Since).one(connection).await?;
    row.map(stored).transpose()
}

/// Puts the market into another mode.
pub async fn set(tx: &Tx, change: &ModeChange) -> Result<(), StoreError> {
    json::storable("market_modes.reason", &change.reason)?;
    let row = market_mode::Model {
        since: change.since.micros(),
        mode: change.mode.as_str().to_owned(),
        reason: change.reason.clone(),
        set_by: change.set_by.map(|id| id.0),
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

fn stored(row: market_mode::Model) -> Result<ModeChange, StoreError> {
    Ok(ModeChange {
        mode: json::word("market_modes.mode", &row.mode, MarketMode::parse)?,
        reason: row.reason,
        set_by: row.set_by.map(PersonId),
        since: json::instant("market_modes.since", row.since)?,
    })
}
