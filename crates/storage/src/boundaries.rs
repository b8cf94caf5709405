//! Boundaries of regions, as the operator loaded them: one row for each polygon, with the box around it.

use domain::{area::Area, code::RegionCode, geo::Point};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    bulk,
    entity::boundary::{Column, Entity, Model},
    error::StoreError,
    json,
    place_loads::{self, PlaceLoad, PlaceTable},
    store::{Reads, Tx},
};

/// Puts a country's boundaries in the place of those it had.
pub async fn replace(tx: &Tx, load: &PlaceLoad, regions: &[(RegionCode, Vec<Area>)]) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Country.eq(load.country.as_str())).exec(tx.connection()).await?;
    let mut rows = Vec::new();
    for (region, areas) in regions {
        for (part, area) in (0..).zip(areas) {
            rows.push(row(load, region, part, area)?);
        }
    }
    bulk::insert::<Entity, _>(tx.connection(), rows).await?;
    place_loads::note(tx, PlaceTable::Boundaries, load).await
}

/// The areas whose boxes reach within so many micro-degrees of a point, each with its region.
pub async fn near(reader: &impl Reads, point: Point, margin_e6: i32) -> Result<Vec<(RegionCode, Area)>, StoreError> {
    let rows = Entity::find()
        .filter(Column::SouthE6.lte(point.lat_e6 + margin_e6))
        .filter(Column::NorthE6.gte(point.lat_e6 - margin_e6))
        .filter(Column::WestE6.lte(point.lon_e6 + margin_e6))
        .filter(Column::EastE6.gte(point.lon_e6 - margin_e6))
        .order_by_asc(Column::Region)
        .order_by_asc(Column::Part)
        .all(reader.connection())
        .await?;
    rows.into_iter().map(|row| Ok((RegionCode::new(&row.region), area(&row.rings)?))).collect()
}

fn row(load: &PlaceLoad, region: &RegionCode, part: i32, area: &Area) -> Result<Model, StoreError> {
    let bounds = area.bounds();
    let corners = |ring: &Vec<Point>| ring.iter().map(|p| (p.lat_e6, p.lon_e6)).collect::<Vec<_>>();
    Ok(Model {
        region: region.as_str().to_owned(),
        part,
        country: load.country.as_str().to_owned(),
        south_e6: bounds.south_west.lat_e6,
        west_e6: bounds.south_west.lon_e6,
        north_e6: bounds.north_east.lat_e6,
        east_e6: bounds.north_east.lon_e6,
        rings: json::to_text(&area.rings().iter().map(corners).collect::<Vec<_>>())?,
    })
}

fn area(text: &str) -> Result<Area, StoreError> {
    let rings: Vec<Vec<(i32, i32)>> = json::from_text("boundaries.rings", text)?;
    let corners = |ring: Vec<(i32, i32)>| ring.into_iter().map(|(lat, lon)| Point::new(lat, lon)).collect();
    let rings: Option<Vec<Vec<Point>>> = rings.into_iter().map(corners).collect();
    rings.and_then(Area::new).ok_or_else(|| StoreError::internal("boundaries.rings holds no area"))
}
