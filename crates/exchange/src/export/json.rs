//! The three formats of JSON. A row is a line in each, so that they can be cut and compared by line.

use domain::geo::Point;
use serde::Serialize;
use serde_json::Number;

use super::{
    Column, ExportError,
    about::{About, Head},
    cell::Row,
};

/// How objects are put around the rows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Objects {
    Json,
    Ndjson,
    GeoJson,
}

impl Objects {
    pub(super) fn start(self, about: &About, columns: &[Column]) -> Result<Vec<u8>, ExportError> {
        let (mut bytes, member) = match self {
            Self::Ndjson => return Ok(Vec::new()),
            Self::Json => (serde_json::to_vec(&Head::new(about, columns))?, "rows"),
            Self::GeoJson => (serde_json::to_vec(&Collection::new(about, columns))?, "features"),
        };
        // The head stays open for the rows, its last member.
        bytes.pop();
        bytes.extend_from_slice(format!(",\"{member}\":[").as_bytes());
        Ok(bytes)
    }

    /// A row that has `before` others before it.
    pub(super) fn record(self, row: &Row<'_>, before: u64) -> Result<Vec<u8>, ExportError> {
        let mut bytes = match (self, before) {
            (Self::Ndjson, _) => Vec::new(),
            (Self::Json | Self::GeoJson, 0) => b"\n".to_vec(),
            (Self::Json | Self::GeoJson, 1..) => b",\n".to_vec(),
        };
        match self {
            Self::Json | Self::Ndjson => serde_json::to_writer(&mut bytes, row)?,
            Self::GeoJson => serde_json::to_writer(&mut bytes, &Feature::new(row)?)?,
        }
        match self {
            Self::Json | Self::GeoJson => {}
            Self::Ndjson => bytes.push(b'\n'),
        }
        Ok(bytes)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Json | Self::GeoJson => b"\n]}\n".to_vec(),
            Self::Ndjson => Vec::new(),
        }
    }
}

/// The head of a FeatureCollection; what it is about are foreign members (RFC 7946, 6.1).
#[derive(Serialize)]
struct Collection<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    head: Head<'a>,
}

impl<'a> Collection<'a> {
    fn new(about: &'a About, columns: &'a [Column]) -> Self {
        Self { r#type: "FeatureCollection", head: Head::new(about, columns) }
    }
}

#[derive(Serialize)]
struct Feature<'a> {
    r#type: &'static str,
    geometry: Option<Geometry>,
    properties: &'a Row<'a>,
}

#[derive(Serialize)]
struct Geometry {
    r#type: &'static str,
    /// Longitude first (RFC 7946, 3.1.1).
    coordinates: [Number; 2],
}

impl<'a> Feature<'a> {
    fn new(row: &'a Row<'a>) -> Result<Self, ExportError> {
        let geometry = row.point.map(geometry).transpose()?;
        Ok(Self { r#type: "Feature", geometry, properties: row })
    }
}

fn geometry(point: Point) -> Result<Geometry, ExportError> {
    Ok(Geometry { r#type: "Point", coordinates: [degrees(point.lon_e6)?, degrees(point.lat_e6)?] })
}

/// Decimal degrees of micro-degrees, digit by digit.
fn degrees(e6: i32) -> Result<Number, ExportError> {
    let (sign, size) = (if e6 < 0 { "-" } else { "" }, e6.unsigned_abs());
    let digits = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
    Ok(serde_json::from_str(digits.trim_end_matches('0').trim_end_matches('.'))?)
}
