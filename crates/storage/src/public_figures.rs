//! What everybody is told of the market: reckoned once a day, and the same for all who read it that day, whatever process
//! answers.

use domain::{
    code::{ProductCode, RegionCode},
    time::{Day, Instant},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use serde::{Deserialize, Serialize};

use crate::{
    entity::public_figure::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// What becomes available of a product in a region in a week, in base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicCell {
    /// The product.
    pub product: ProductCode,
    /// A NUTS 1 region; or a country, for what is told of no region in it; `None` for what has no known place.
    pub region: Option<RegionCode>,
    /// The Monday that names the week.
    pub week: Day,
    /// Running, maximum, convertible, held, agreed, free, and free at full stretch.
    pub figures: [i128; 7],
}

/// The figures of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicFigures {
    /// The day.
    pub on: Day,
    /// When they were reckoned.
    pub reckoned_at: Instant,
    /// By product, region and week.
    pub cells: Vec<PublicCell>,
}

/// The figures of a day, if they are reckoned.
pub async fn of(reader: &impl Reads, on: Day) -> Result<Option<PublicFigures>, StoreError> {
    let row = Entity::find_by_id(on.number()).one(reader.connection()).await?;
    row.map(|row| {
        Ok(PublicFigures {
            on,
            reckoned_at: json::instant("public_figures.reckoned_at", row.reckoned_at)?,
            cells: json::from_text("public_figures.cells", &row.cells)?,
        })
    })
    .transpose()
}

/// Keeps the figures of a day and forgets those of the days before. Where another process was first, its figures stand.
pub async fn keep(tx: &Tx, figures: &PublicFigures) -> Result<(), StoreError> {
    let on_day = figures.on.number();
    let row = public_figure::Model {
        on_day,
        reckoned_at: figures.reckoned_at.micros(),
        cells: json::to_text(&figures.cells)?,
    };
    let first = OnConflict::column(Column::OnDay).do_nothing().to_owned();
    Entity::insert(public_figure::ActiveModel::from(row))
        .on_conflict(first)
        .exec_without_returning(tx.connection())
        .await?;
    Entity::delete_many().filter(Column::OnDay.lt(on_day)).exec(tx.connection()).await?;
    Ok(())
}
