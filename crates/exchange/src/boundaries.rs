//! Boundaries of regions as GeoJSON (RFC 7946), in the shape of Eurostat's `NUTS_RG_*_4326.geojson`: features with a
//! property `NUTS_ID`, polygons or multipolygons in degrees. Coordinates become whole micro-degrees as they are read.
//!
//! Of each country the finest level is kept, since coarser ones are made of it. Codes that are not in use are passed
//! over and named: a file of another version of NUTS has some, and the others are still right.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    area::Area,
    code::{CountryCode, RegionCode},
    decimal::Decimal,
    geo::Point,
    region::RegionTable,
};
use serde::{Deserialize, Deserializer, de};
use serde_json::Number;

/// Regions of a country, each with its polygons.
pub type RegionAreas = Vec<(RegionCode, Vec<Area>)>;

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoundaryFile {
    /// By country its regions of the finest level, each with its polygons.
    pub countries: BTreeMap<CountryCode, RegionAreas>,
    /// How many features it has.
    pub features: u64,
    /// Codes that are not in use.
    pub passed_over: BTreeSet<String>,
}

/// Why a file of boundaries cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BoundaryFileError {
    /// It is no GeoJSON of polygons.
    #[error(
        "it is no GeoJSON of regions: {0}; write a FeatureCollection of polygons in degrees (EPSG:4326) with the \
         property NUTS_ID"
    )]
    Form(#[from] serde_json::Error),
    /// A region stands there twice, or a polygon of it has less than three corners.
    #[error("feature {feature} ({region}) {reason}")]
    Feature {
        /// The feature, 1 for the first of the file.
        feature: u64,
        /// Its region.
        region: String,
        /// What is wrong, and the remedy.
        reason: &'static str,
    },
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "NUTS_ID")]
    region: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Polygon),
    MultiPolygon(Vec<Polygon>),
}

type Polygon = Vec<Vec<Position>>;

/// A point as GeoJSON writes it: longitude, latitude, and whatever follows.
struct Position(Point);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers: Vec<Number> = Vec::deserialize(deserializer)?;
        let (Some(lon), Some(lat)) = (numbers.first(), numbers.get(1)) else {
            return Err(de::Error::custom("a position of less than two numbers"));
        };
        let point = micro(lat).zip(micro(lon)).and_then(|(lat, lon)| Point::new(lat, lon));
        point
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("{lon}, {lat} is no longitude and latitude in degrees")))
    }
}

/// Whole micro-degrees of a number's digits; the rest of them, below 11 cm, is cut off.
fn micro(number: &Number) -> Option<i32> {
    let (top, bottom) = number.to_string().parse::<Decimal>().ok()?.fraction();
    i32::try_from(top.checked_mul(1_000_000)? / bottom).ok()
}

/// Reads a file against the regions in use.
///
/// # Errors
/// When it is no GeoJSON of the shape above; nothing of it is taken then.
pub fn read(bytes: &[u8], regions: &RegionTable) -> Result<BoundaryFile, BoundaryFileError> {
    let collection: Collection = serde_json::from_slice(bytes)?;
    let mut file = BoundaryFile::default();
    let mut found: BTreeMap<RegionCode, Vec<Area>> = BTreeMap::new();
    for feature in collection.features {
        file.features += 1;
        let code = RegionCode::new(&feature.properties.region);
        if regions.get(&code).is_none() {
            file.passed_over.insert(feature.properties.region);
            continue;
        }
        let wrong = |reason| BoundaryFileError::Feature { feature: file.features, region: code.to_string(), reason };
        let polygons = match feature.geometry {
            Geometry::Polygon(polygon) => vec![polygon],
            Geometry::MultiPolygon(polygons) => polygons,
        };
        let areas: Option<Vec<Area>> = polygons.into_iter().map(area).collect();
        let areas = areas.ok_or_else(|| wrong("has a ring of less than three corners; mend or remove it"))?;
        if found.contains_key(&code) {
            return Err(wrong("stands there twice; remove one"));
        }
        found.insert(code, areas);
    }
    file.countries = finest(regions, found);
    Ok(file)
}

fn area(polygon: Polygon) -> Option<Area> {
    let ring = |ring: Vec<Position>| ring.into_iter().map(|position| position.0).collect();
    Area::new(polygon.into_iter().map(ring).collect())
}

/// The regions of the finest level of each country, which is that of their region of level 0.
fn finest(regions: &RegionTable, found: BTreeMap<RegionCode, Vec<Area>>) -> BTreeMap<CountryCode, RegionAreas> {
    let mut levels: BTreeMap<CountryCode, (u8, RegionAreas)> = BTreeMap::new();
    for (code, areas) in found {
        let Some((region, country)) = regions.get(&code).zip(regions.ancestors(&code).last()) else { continue };
        let kept = levels.entry(country.country.clone()).or_insert((region.level, Vec::new()));
        if region.level > kept.0 {
            *kept = (region.level, Vec::new());
        }
        if region.level == kept.0 {
            kept.1.push((code, areas));
        }
    }
    levels.into_iter().map(|(country, (_, regions))| (country, regions)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BoundaryFile, BoundaryFileError> {
        let (_, regions) = crate::seeds::tables().unwrap();
        super::read(text.as_bytes(), &regions)
    }

    fn feature(region: &str, kind: &str, coordinates: &str) -> String {
        format!(
            "{{\"type\": \"Feature\", \"id\": \"{region}\", \"properties\": {{\"NUTS_ID\": \"{region}\", \
             \"LEVL_CODE\": 3}}, \"geometry\": {{\"type\": \"{kind}\", \"coordinates\": {coordinates}}}}}"
        )
    }

    fn collection(features: &[String]) -> String {
        format!("{{\"type\": \"FeatureCollection\", \"crs\": null, \"features\": [{}]}}", features.join(","))
    }

    const RING: &str = "[[[13.0, 52.3], [13.8, 52.3], [13.8, 52.7, 34.5], [13.0, 52.7], [13.0, 52.3]]]";

    #[test]
    fn the_finest_level_of_each_country_is_kept() {
        let many = format!("[{RING}, {RING}]");
        let text = collection(&[
            feature("DE", "Polygon", RING),
            feature("DE300", "MultiPolygon", &many),
            feature("DE3", "Polygon", RING),
            feature("FRY10", "Polygon", RING),
            feature("EL30", "Polygon", RING),
            feature("DEG0B", "Polygon", RING),
        ]);
        let file = read(&text).unwrap();
        let kept: Vec<String> = file
            .countries
            .iter()
            .flat_map(|(country, rows)| rows.iter().map(move |(r, areas)| format!("{country} {r} {}", areas.len())))
            .collect();
        assert_eq!(kept, ["DE DE300 2", "FR FRY10 1", "GR EL30 1"]);
        assert_eq!((file.features, file.passed_over.into_iter().collect::<Vec<_>>()), (6, vec!["DEG0B".to_owned()]));
        let corner = file.countries[&CountryCode::new("DE")][0].1[0].rings()[0][0];
        assert_eq!((corner.lat_e6, corner.lon_e6), (52_300_000, 13_000_000));
    }

    #[test]
    fn other_coordinates_and_shapes_are_refused() {
        let metres = "[[[4321000, 3210000], [4322000, 3210000], [4322000, 3211000]]]";
        let short = "[[[13.0, 52.3], [13.8, 52.3], [13.0, 52.3]]]";
        for (features, word) in [
            (vec![feature("DE300", "Polygon", metres)], "EPSG:4326"),
            (vec![feature("DE300", "Polygon", short)], "three corners"),
            (vec![feature("DE300", "Point", "[13.0, 52.3]")], "Point"),
            (vec![feature("DE300", "Polygon", RING), feature("DE300", "Polygon", RING)], "twice"),
        ] {
            let fault = read(&collection(&features)).unwrap_err().to_string();
            assert!(fault.contains(word), "{fault}");
        }
        assert!(read("{\"type\": \"FeatureCollection\"}").is_err() && read("[]").is_err() && read("PK").is_err());
    }
}
