//! Which region a postcode or a point lies in, by the tables that the operator loaded. Nothing is guessed: what no
//! table says stays unsaid, with the reason.

use std::collections::BTreeSet;

use domain::{
    area::Area,
    code::{CountryCode, RegionCode},
    geo::Point,
    organisation::RegionFrom,
    postcode::Postcode,
    region::Region,
};
use storage::{
    Reads, boundaries,
    place_loads::{self, PlaceTable},
    postcodes,
};

use crate::{App, Tables, error::AppResult};

/// Boundaries are drawn roughly and harbours lie beside them: about 5 km around a point count as well when it is held
/// against a region that was stated.
const MARGIN_E6: i32 = 50_000;

/// A region that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The region.
    pub region: Region,
    /// How it was found.
    pub from: RegionFrom,
    /// The row of the table that the postcode begins with.
    pub matched: Option<String>,
    /// What the operator calls the table's source.
    pub source: String,
}

/// Why no region was found, as a sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    /// No postcodes of the country are loaded.
    #[error(
        "no postcodes of {0} are loaded; state the region, or ask the operator to load them with `muster regions \
         postcodes`"
    )]
    NoPostcodes(CountryCode),
    /// No row fits.
    #[error("{postcode} is no postcode of {country} in {rows} rows of {of}; correct it, or state the region")]
    UnknownPostcode {
        /// The country.
        country: CountryCode,
        /// The postcode.
        postcode: Postcode,
        /// How many rows were looked through.
        rows: u64,
        /// Their source.
        of: String,
    },
    /// No boundaries are loaded.
    #[error(
        "no boundaries are loaded; state the region, or ask the operator to load them with `muster regions boundaries`"
    )]
    NoBoundaries,
    /// The point lies in none of them.
    #[error("the point lies in none of the {0} regions whose boundaries are loaded; correct it, or state the region")]
    OutsideBoundaries(u64),
}

/// The regions in and around a point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Around {
    /// The finest that holds it.
    pub at: Option<RegionCode>,
    /// All that hold it or a point about 5 km from it.
    pub near: BTreeSet<RegionCode>,
}

/// The region of a postcode.
///
/// # Errors
/// Those of the database; that there is no such region is an answer.
pub async fn of_postcode(app: &App, country: &CountryCode, postcode: &Postcode) -> AppResult<Result<Located, Miss>> {
    postcode_in((&app.store, &app.tables()), country, postcode).await
}

/// As [`of_postcode`], as a transaction sees it.
pub(crate) async fn postcode_in(
    (reader, tables): (&impl Reads, &Tables),
    country: &CountryCode,
    postcode: &Postcode,
) -> AppResult<Result<Located, Miss>> {
    let Some(load) = place_loads::get(reader, PlaceTable::Postcodes, country).await? else {
        return Ok(Err(Miss::NoPostcodes(country.clone())));
    };
    let found = postcodes::find(reader, country, postcode).await?;
    let region = found.and_then(|(row, code)| Some((row, tables.regions.get(&code)?.clone())));
    Ok(match region {
        Some((row, region)) => {
            Ok(Located { region, from: RegionFrom::Postcode, matched: Some(row), source: load.source })
        }
        None => Err(Miss::UnknownPostcode {
            country: country.clone(),
            postcode: postcode.clone(),
            rows: load.count,
            of: load.source,
        }),
    })
}

/// The region of a point.
///
/// # Errors
/// Those of the database; that there is no such region is an answer.
pub async fn of_point(app: &App, point: Point) -> AppResult<Result<Located, Miss>> {
    let tables = app.tables();
    let at = around((&app.store, &tables), point).await?.at;
    let loads = place_loads::all(&app.store, PlaceTable::Boundaries).await?;
    let Some(region) = at.and_then(|code| tables.regions.get(&code)) else {
        let regions = loads.iter().map(|load| load.count).sum();
        return Ok(Err(if loads.is_empty() { Miss::NoBoundaries } else { Miss::OutsideBoundaries(regions) }));
    };
    let country = tables.regions.ancestors(&region.code).last().map(|r| &r.country);
    let source = loads.into_iter().find(|load| Some(&load.country) == country).map(|load| load.source);
    let (region, source) = (region.clone(), source.unwrap_or_default());
    Ok(Ok(Located { region, from: RegionFrom::Coordinates, matched: None, source }))
}

/// The regions in and around a point; none where no boundaries are loaded.
pub(crate) async fn around((reader, tables): (&impl Reads, &Tables), point: Point) -> AppResult<Around> {
    let areas = boundaries::near(reader, point, MARGIN_E6).await?;
    let level = |code: &RegionCode| tables.regions.get(code).map(|region| region.level);
    let holding = |at: Point| areas.iter().filter(move |(_, area): &&(RegionCode, Area)| area.holds(at));
    let steps = [-MARGIN_E6, 0, MARGIN_E6];
    let points = steps.iter().flat_map(|lat| steps.iter().map(move |lon| (*lat, *lon)));
    let points = points.filter_map(|(lat, lon)| Point::new(point.lat_e6 + lat, point.lon_e6 + lon));
    Ok(Around {
        at: holding(point).map(|(code, _)| code).max_by_key(|code| level(code)).cloned(),
        near: points.flat_map(holding).map(|(code, _)| code.clone()).collect(),
    })
}
