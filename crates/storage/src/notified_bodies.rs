//! The operator's list of notified bodies.

use std::collections::BTreeMap;

use domain::{code::CountryCode, notified_body::NotifiedBody, time::Day};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::{
    bulk,
    entity::notified_body::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Puts a list in place of the one that was there.
pub async fn replace(tx: &Tx, bodies: &[NotifiedBody]) -> Result<(), StoreError> {
    Entity::delete_many().exec(tx.connection()).await?;
    let mut rows = Vec::with_capacity(bodies.len());
    for body in bodies {
        json::storable("notified_bodies.name", &body.name)?;
        rows.push(notified_body::Model {
            number: body.number.clone(),
            name: body.name.clone(),
            country: body.country.as_ref().map(|country| country.as_str().to_owned()),
            frames: json::to_text(&body.frames)?,
            until_day: body.until.map(Day::number),
        });
    }
    bulk::insert::<Entity, _>(tx.connection(), rows).await
}

/// The whole list, by number.
pub async fn all(reader: &impl Reads) -> Result<Vec<NotifiedBody>, StoreError> {
    Entity::find().order_by_asc(Column::Number).all(reader.connection()).await?.into_iter().map(stored).collect()
}

/// Those of the list that have one of these numbers; `None` where there is no list, so that it tells nothing.
pub async fn listed(
    reader: &impl Reads,
    numbers: impl IntoIterator<Item = String>,
) -> Result<Option<BTreeMap<String, NotifiedBody>>, StoreError> {
    if Entity::find().count(reader.connection()).await? == 0 {
        return Ok(None);
    }
    // There are at most as many numbers as four digits make.
    let numbers: std::collections::BTreeSet<String> = numbers.into_iter().collect();
    let rows = Entity::find().filter(Column::Number.is_in(numbers)).all(reader.connection()).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let body = stored(row)?;
        found.insert(body.number.clone(), body);
    }
    Ok(Some(found))
}

fn stored(row: notified_body::Model) -> Result<NotifiedBody, StoreError> {
    Ok(NotifiedBody {
        number: row.number,
        name: row.name,
        country: row.country.map(|code| CountryCode::new(&code)),
        frames: json::from_text("notified_bodies.frames", &row.frames)?,
        until: row.until_day.map(|day| json::day("notified_bodies.until_day", day)).transpose()?,
    })
}
