//! Postcodes and the regions they lie in, as the operator loaded them.

use domain::{
    code::{CountryCode, RegionCode},
    postcode::Postcode,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    bulk,
    entity::postcode::{Column, Entity, Model},
    error::StoreError,
    place_loads::{self, PlaceLoad, PlaceTable},
    store::{Reads, Tx},
};

/// Puts a country's postcodes in the place of those it had.
pub async fn replace(tx: &Tx, load: &PlaceLoad, rows: &[(Postcode, RegionCode)]) -> Result<(), StoreError> {
    let country = load.country.as_str();
    Entity::delete_many().filter(Column::Country.eq(country)).exec(tx.connection()).await?;
    let row = |(postcode, region): &(Postcode, RegionCode)| Model {
        country: country.to_owned(),
        postcode: postcode.as_str().to_owned(),
        region: region.as_str().to_owned(),
    };
    bulk::insert::<Entity, _>(tx.connection(), rows.iter().map(row).collect()).await?;
    place_loads::note(tx, PlaceTable::Postcodes, load).await
}

/// The region of a postcode, and the row that it was found by: the longest that the postcode begins with.
pub async fn find(
    reader: &impl Reads,
    country: &CountryCode,
    postcode: &Postcode,
) -> Result<Option<(String, RegionCode)>, StoreError> {
    let rows = Entity::find()
        .filter(Column::Country.eq(country.as_str()))
        .filter(Column::Postcode.is_in(postcode.prefixes()))
        .all(reader.connection())
        .await?;
    let longest = rows.into_iter().max_by_key(|row| row.postcode.len());
    Ok(longest.map(|row| (row.postcode, RegionCode::new(&row.region))))
}
