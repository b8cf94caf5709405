//! What the operator loaded to find regions by: of each country its postcodes and its boundaries.

use domain::{code::CountryCode, time::Instant};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    bulk,
    entity::place_load::{Column, Entity, Model},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// What a table finds regions by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceTable {
    /// Postcodes.
    Postcodes,
    /// Boundaries, for points.
    Boundaries,
}

impl PlaceTable {
    /// Its name in the table.
    fn as_str(self) -> &'static str {
        match self {
            Self::Postcodes => "postcodes",
            Self::Boundaries => "boundaries",
        }
    }
}

/// A country's rows of a table, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceLoad {
    /// The country.
    pub country: CountryCode,
    /// What the operator calls the source, e.g. the file's name.
    pub source: String,
    /// How many rows: postcodes, or regions with boundaries.
    pub count: u64,
    /// When they were loaded.
    pub loaded_at: Instant,
}

/// What is loaded, in the order of the countries' codes.
pub async fn all(reader: &impl Reads, of: PlaceTable) -> Result<Vec<PlaceLoad>, StoreError> {
    let query = Entity::find().filter(Column::Kind.eq(of.as_str())).order_by_asc(Column::Country);
    query.all(reader.connection()).await?.into_iter().map(load).collect()
}

/// What is loaded of one country.
pub async fn get(reader: &impl Reads, of: PlaceTable, country: &CountryCode) -> Result<Option<PlaceLoad>, StoreError> {
    let query = Entity::find_by_id((of.as_str().to_owned(), country.as_str().to_owned()));
    query.one(reader.connection()).await?.map(load).transpose()
}

/// Notes a load in the transaction that makes it, in place of the one before.
pub(crate) async fn note(tx: &Tx, of: PlaceTable, load: &PlaceLoad) -> Result<(), StoreError> {
    json::storable("place_loads.source", &load.source)?;
    let row = Model {
        kind: of.as_str().to_owned(),
        country: load.country.as_str().to_owned(),
        source: load.source.clone(),
        count: i64::try_from(load.count).unwrap_or(i64::MAX),
        loaded_at: load.loaded_at.micros(),
    };
    bulk::upsert::<Entity, _>(tx.connection(), vec![row]).await
}

fn load(row: Model) -> Result<PlaceLoad, StoreError> {
    Ok(PlaceLoad {
        country: CountryCode::new(&row.country),
        source: row.source,
        count: u64::try_from(row.count).unwrap_or(0),
        loaded_at: json::instant("place_loads.loaded_at", row.loaded_at)?,
    })
}
