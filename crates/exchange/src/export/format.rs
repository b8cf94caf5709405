//! The formats, and what they are called.

/// A format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One object: what it is about, then `rows`.
    Json,
    /// An object a line, nothing around them.
    Ndjson,
    /// RFC 4180 in UTF-8, with a header.
    Csv,
    /// A workbook: the rows on the first sheet, what it is about on the second.
    Xlsx,
    /// A FeatureCollection (RFC 7946) with what it is about as foreign members.
    GeoJson,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 5] = [Self::Json, Self::Ndjson, Self::Csv, Self::Xlsx, Self::GeoJson];

    /// What stands in `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::GeoJson => "application/geo+json",
        }
    }

    /// The end of a file's name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::GeoJson => "geojson",
        }
    }

    /// The format of an extension, in small or capital letters.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension().eq_ignore_ascii_case(extension))
    }

    /// The format of one media type, whatever its parameters. Weighing a list of them is the caller's.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let bare = |text: &str| text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let asked = bare(media_type);
        let known = Self::ALL.into_iter().find(|format| bare(format.media_type()) == asked);
        // Nobody registered a type for lines of JSON, so three names are about.
        let lines = ["application/ndjson", "application/jsonl"].contains(&asked.as_str());
        known.or_else(|| lines.then_some(Self::Ndjson))
    }
}
