//! Countries, regions, and codes that went out of use.

use domain::{
    code::{CountryCode, RegionCode},
    geo::Point,
    region::{Country, Region, Retired},
};

use super::words::{day, listed, narrow, number, position};
use crate::{
    entity::{country, region, retired_region},
    error::StoreError,
    json,
};

pub(super) fn country_rows(list: &[Country]) -> Result<Vec<country::Model>, StoreError> {
    let row = |(index, c): (usize, &Country)| {
        Ok(country::Model {
            code: c.code.as_str().to_owned(),
            position: position(index)?,
            name: c.name.clone(),
            aliases: listed(&c.aliases)?,
            region: c.region.as_str().to_owned(),
            eu_from: number(c.eu_from),
            eu_until: number(c.eu_until),
            efta: c.efta,
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn countries(rows: Vec<country::Model>) -> Result<Vec<Country>, StoreError> {
    rows.into_iter()
        .map(|row| {
            Ok(Country {
                code: CountryCode::new(&row.code),
                name: row.name,
                aliases: json::from_text("countries.aliases", &row.aliases)?,
                region: RegionCode::new(&row.region),
                eu_from: day("countries.eu_from", row.eu_from)?,
                eu_until: day("countries.eu_until", row.eu_until)?,
                efta: row.efta,
            })
        })
        .collect()
}

pub(super) fn region_rows(list: &[Region]) -> Result<Vec<region::Model>, StoreError> {
    let row = |(index, r): (usize, &Region)| {
        Ok(region::Model {
            code: r.code.as_str().to_owned(),
            position: position(index)?,
            level: r.level.into(),
            parent: r.parent.as_ref().map(|code| code.as_str().to_owned()),
            name: r.name.clone(),
            country: r.country.as_str().to_owned(),
            lat_e6: r.point.map(|point| point.lat_e6),
            lon_e6: r.point.map(|point| point.lon_e6),
            aliases: listed(&r.aliases)?,
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn regions(rows: Vec<region::Model>) -> Result<Vec<Region>, StoreError> {
    rows.into_iter()
        .map(|row| {
            Ok(Region {
                code: RegionCode::new(&row.code),
                level: narrow("regions.level", row.level)?,
                parent: row.parent.as_deref().map(RegionCode::new),
                name: row.name,
                country: CountryCode::new(&row.country),
                point: row.lat_e6.zip(row.lon_e6).and_then(|(lat, lon)| Point::new(lat, lon)),
                aliases: json::from_text("regions.aliases", &row.aliases)?,
            })
        })
        .collect()
}

pub(super) fn retired_rows(list: &[Retired]) -> Result<Vec<retired_region::Model>, StoreError> {
    let row = |(index, r): (usize, &Retired)| {
        Ok(retired_region::Model {
            code: r.code.clone(),
            position: position(index)?,
            version: r.version.clone(),
            successors: listed(&r.successors)?,
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn retired(rows: Vec<retired_region::Model>) -> Result<Vec<Retired>, StoreError> {
    rows.into_iter()
        .map(|row| {
            Ok(Retired {
                code: row.code,
                version: row.version,
                successors: json::from_text("retired_regions.successors", &row.successors)?,
            })
        })
        .collect()
}
