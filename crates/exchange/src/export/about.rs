//! What an export is about: where it is from, as of when, and under which licence.

use std::borrow::Cow;

use domain::time::Instant;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Number;

use super::{Column, Kind, cell::Cell};

/// The columns behind the view's own, in each row of each format.
pub const PROVENANCE: [Column; 4] = [
    Column { name: "as_of", kind: Kind::Time },
    Column { name: "source", kind: Kind::Text },
    Column { name: "licence", kind: Kind::Text },
    Column { name: "columns_version", kind: Kind::Integer },
];

/// What an export is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What a reader would call it.
    pub title: String,
    /// The absolute address that was asked, with the filter in it.
    pub source: String,
    /// What was asked for, by parameter; one that was given twice stands twice.
    pub filter: Vec<(String, String)>,
    /// The time that it holds for.
    pub as_of: Instant,
    /// What a reader may do with it.
    pub licence: String,
    /// The version of the columns, raised when one changes its name, its place or its meaning.
    pub version: u32,
    /// What a reader should know, such as why something may be missing.
    pub notes: Vec<String>,
}

impl About {
    /// The cells of [`PROVENANCE`].
    pub(super) fn provenance(&self) -> [Cell<'static>; PROVENANCE.len()] {
        [
            Cell::Time(self.as_of),
            Cell::words(Cow::Owned(self.source.clone())),
            Cell::words(Cow::Owned(self.licence.clone())),
            Cell::Number(Number::from(self.version)),
        ]
    }
}

/// What stands at the top of JSON and GeoJSON.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    title: &'a str,
    source: &'a str,
    filter: Filter<'a>,
    as_of: Instant,
    licence: &'a str,
    columns_version: u32,
    notes: &'a [String],
    columns: &'a [Column],
}

impl<'a> Head<'a> {
    pub(super) fn new(about: &'a About, columns: &'a [Column]) -> Self {
        Self {
            title: &about.title,
            source: &about.source,
            filter: Filter(&about.filter),
            as_of: about.as_of,
            licence: &about.licence,
            columns_version: about.version,
            notes: &about.notes,
            columns,
        }
    }
}

/// An object of the parameters; one that was given several times has an array, since keys of an object are unique.
struct Filter<'a>(&'a [(String, String)]);

impl Serialize for Filter<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        for (at, (name, _)) in self.0.iter().enumerate() {
            if self.0[..at].iter().any(|(earlier, _)| earlier == name) {
                continue;
            }
            let values: Vec<&str> = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect();
            match values.as_slice() {
                [one] => map.serialize_entry(name, one)?,
                several => map.serialize_entry(name, several)?,
            }
        }
        map.end()
    }
}
