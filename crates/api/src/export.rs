//! Views and lists as files: rows in the format that is asked for, by the end of the address or by `Accept`.
//!
//! The columns of a view are the fields of its rows in JSON, in every format; those of a list are told in `lists`.

use std::{io, sync::Arc};

use app::{App, Tables};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, HeaderValue, Request, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{code::RegionCode, geo::Point, time::Instant};
use exchange::export::{About, ExportError, Record, Writer};
use http_body_util::channel::{Channel, Sender};
use serde::Serialize;
use serde_json::Value;

pub use exchange::export::{Column, Format, Kind};

use crate::problem::Problem;

/// The views and lists that there are as files.
pub(crate) const VIEWS: [&str; 9] = [
    "/api/v1/capacity",
    "/api/v1/shortages",
    "/api/v1/candidates",
    "/api/v1/dependence",
    "/api/v1/hidden-capacity",
    "/api/v1/public/capacity",
    "/api/v1/offers",
    "/api/v1/needs",
    "/api/v1/matches",
];
/// The views that there are as pictures.
pub(crate) const PICTURES: [&str; 5] =
    ["/api/v1/capacity", "/api/v1/shortages", "/api/v1/public/capacity", "/api/v1/map", "/api/v1/public/map"];

/// The media type of pictures.
pub(crate) const SVG: &str = "image/svg+xml";
/// Pieces that wait for a slow reader before nothing more is made for him.
const BUFFERED: usize = 2;
/// Rows that are written at once.
const AT_ONCE: usize = 500;

mod lists;

pub(crate) use lists::{list, whole_list};

/// A view whose rows are told as files.
pub trait Tabled: Serialize {
    /// What its files are called.
    const NAME: &'static str;
    /// What people call it.
    const TITLE: &'static str;
    /// Raised when a column changes its name, its place or its meaning.
    const VERSION: u32;
    /// The columns: the fields of a row, in their order.
    const COLUMNS: &'static [Column];

    /// The region where a row lies.
    fn region(&self) -> Option<&str>;
}

/// What an answer is asked for as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The usual JSON.
    Usual,
    /// A file of rows.
    File(Format),
    /// A picture.
    Picture,
}

/// What an answer is asked for as, with the address that was asked.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// In which shape.
    pub shape: Shape,
    /// Path and query as they came.
    pub address: String,
}

/// The end of an address that was taken off it.
#[derive(Debug, Clone)]
struct Ending(Shape, String);

/// Takes the end off the address of a view, so that it is found by its name. Any other address is left as it is.
pub(crate) fn take_ending<B>(mut request: Request<B>) -> Request<B> {
    let address = request.uri().clone();
    let Some((path, ending)) = address.path().rsplit_once('.') else { return request };
    let shape = match Format::from_extension(ending) {
        Some(format) if VIEWS.contains(&path) => Shape::File(format),
        None if ending.eq_ignore_ascii_case("svg") && PICTURES.contains(&path) => Shape::Picture,
        Some(_) | None => return request,
    };
    let bare = match address.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    if let Ok(bare) = bare.parse() {
        *request.uri_mut() = bare;
        request.extensions_mut().insert(Ending(shape, address.to_string()));
    }
    request
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(match parts.extensions.get::<Ending>() {
            Some(Ending(shape, address)) => Self { shape: *shape, address: address.clone() },
            None => {
                // Inside of a router the path is what is left of it.
                let address = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(whole)| whole);
                Self { shape: accepted(&parts.headers, address.path()), address: address.to_string() }
            }
        })
    }
}

/// The shape that `Accept` likes best of those there are; the usual one where it likes none.
fn accepted(headers: &HeaderMap, path: &str) -> Shape {
    let fields = headers.get_all(header::ACCEPT).iter().filter_map(|field| field.to_str().ok());
    let (mut best, mut weight) = (Shape::Usual, 0.0);
    for kind in fields.flat_map(|field| field.split(',')) {
        let mut parts = kind.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let shape = match name.as_str() {
            "*/*" | "application/*" | "application/json" => Shape::Usual,
            SVG if PICTURES.contains(&path) => Shape::Picture,
            other => match Format::of_media_type(other) {
                Some(format) if VIEWS.contains(&path) => Shape::File(format),
                Some(_) | None => continue,
            },
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
        if let Some(quality) = quality.filter(|quality| *quality > weight) {
            (best, weight) = (shape, quality);
        }
    }
    best
}

/// What a file says of itself.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The time that it holds for.
    pub(crate) as_of: Instant,
    /// What a reader may do with it.
    pub(crate) licence: String,
    /// Why something may be missing.
    pub(crate) left_out: Vec<&'static str>,
}

/// A file of rows, written while it is read.
pub(crate) fn file<R>(app: &App, (format, address): (Format, &str), facts: Facts, rows: Vec<R>) -> Response
where
    R: Tabled + Send + Sync + 'static,
{
    let (mut out, response) = Outgoing::new::<R>(app, (format, address), &facts);
    tokio::spawn(async move {
        let written = async {
            let mut reads = out.start().await?;
            for part in rows.chunks(AT_ONCE) {
                if reads {
                    reads = out.rows(part).await?;
                }
            }
            if reads { out.finish().await } else { Ok(()) }
        };
        if let Err(fault) = written.await {
            out.abort(fault);
        }
    });
    response
}

/// A file on its way to its reader.
struct Outgoing {
    writer: Writer,
    sender: Sender<Bytes, io::Error>,
    tables: Arc<Tables>,
}

impl Outgoing {
    /// A file of rows of a kind, with the answer that it goes out in.
    fn new<R: Tabled>(app: &App, (format, address): (Format, &str), facts: &Facts) -> (Self, Response) {
        let name = format!("{}-{}.{}", R::NAME, facts.as_of.day(), format.extension());
        let (sender, body) = Channel::<Bytes, io::Error>::new(BUFFERED);
        let writer = Writer::new(format, about::<R>(app, address, facts), R::COLUMNS);
        let placed = match format {
            Format::Json | Format::GeoJson => "inline",
            Format::Ndjson | Format::Csv | Format::Xlsx => "attachment",
        };
        let mut response = Body::new(body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
        if let Ok(named) = HeaderValue::from_str(&format!("{placed}; filename=\"{name}\"")) {
            headers.insert(header::CONTENT_DISPOSITION, named);
        }
        (Self { writer, sender, tables: app.tables() }, response)
    }

    /// What stands before the rows. False where the reader went away.
    async fn start(&mut self) -> Result<bool, String> {
        let bytes = self.writer.start().map_err(words)?;
        self.send(bytes).await
    }

    /// Rows. False where the reader went away: nothing more needs to be written.
    async fn rows<R: Tabled>(&mut self, rows: &[R]) -> Result<bool, String> {
        let mut bytes = Vec::new();
        for row in rows {
            let point = row.region().and_then(|code| self.tables.regions.get(&RegionCode::new(code))?.point);
            let record = record(row, point).map_err(|fault| fault.to_string())?;
            bytes.extend(self.writer.record(&record).map_err(words)?);
        }
        self.send(bytes).await
    }

    /// What stands behind the rows.
    async fn finish(&mut self) -> Result<(), String> {
        let bytes = self.writer.finish().map_err(words)?;
        // Who went away before the last piece misses it.
        self.send(bytes).await.map(|_| ())
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<bool, String> {
        Ok(bytes.is_empty() || self.sender.send_data(Bytes::from(bytes)).await.is_ok())
    }

    /// What was sent is no whole file, and the reader sees that.
    fn abort(self, fault: String) {
        tracing::error!(%fault, "a file could not be written to its end");
        self.sender.abort(io::Error::other(fault));
    }
}

fn words(fault: ExportError) -> String {
    fault.to_string()
}

/// All of a file at once.
///
/// # Errors
/// What of a row does not go into a file, in words.
pub fn whole<R: Tabled>(
    app: &App,
    (format, address): (Format, &str),
    as_of: Instant,
    rows: &[R],
) -> Result<Vec<u8>, String> {
    let facts = Facts { as_of, licence: app.licence.to_string(), left_out: Vec::new() };
    let mut writer = Writer::new(format, about::<R>(app, address, &facts), R::COLUMNS);
    let tables = app.tables();
    let mut bytes = writer.start().map_err(words)?;
    for row in rows {
        let point = row.region().and_then(|code| tables.regions.get(&RegionCode::new(code))?.point);
        bytes.extend(writer.record(&record(row, point).map_err(|fault| fault.to_string())?).map_err(words)?);
    }
    bytes.extend(writer.finish().map_err(words)?);
    Ok(bytes)
}

fn about<R: Tabled>(app: &App, address: &str, facts: &Facts) -> About {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let query = form_urlencoded::parse(query.as_bytes());
    About {
        title: R::TITLE.to_owned(),
        source: format!("{}{address}", app.public_url),
        filter: query.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        as_of: facts.as_of,
        licence: facts.licence.clone(),
        version: R::VERSION,
        notes: facts.left_out.iter().map(|why| crate::capacity::explained(why).to_owned()).collect(),
    }
}

/// A row as cells, by the names of the columns.
fn record<R: Tabled>(row: &R, point: Option<Point>) -> Result<Record, serde_json::Error> {
    let mut fields = match serde_json::to_value(row)? {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let cells = R::COLUMNS.iter().map(|column| fields.remove(column.name).unwrap_or(Value::Null)).collect();
    Ok(Record { cells, point })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(accept: &'static str, path: &str) -> Shape {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        accepted(&headers, path)
    }

    #[test]
    fn accept_is_weighed() {
        let csv = Shape::File(Format::Csv);
        assert_eq!(shape("text/csv", "/api/v1/capacity"), csv);
        assert_eq!(shape("application/json, text/csv", "/api/v1/capacity"), Shape::Usual);
        assert_eq!(shape("application/json;q=0.5, text/csv", "/api/v1/capacity"), csv);
        assert_eq!(shape("text/csv;q=0, */*", "/api/v1/capacity"), Shape::Usual);
        assert_eq!(shape("text/html, image/svg+xml;q=0.9, */*;q=0.8", "/api/v1/map"), Shape::Picture);
        assert_eq!(shape("text/csv", "/api/v1/offers"), csv);
        assert_eq!(shape("text/csv", "/api/v1/sites"), Shape::Usual);
        assert_eq!(shape("nonsense", "/api/v1/capacity"), Shape::Usual);
    }

    #[test]
    fn only_views_have_endings() {
        let after = |address: &str| take_ending(Request::builder().uri(address).body(()).unwrap()).uri().to_string();
        assert_eq!(after("/api/v1/capacity.csv?product=ffp"), "/api/v1/capacity?product=ffp");
        assert_eq!(after("/api/v1/map.SVG"), "/api/v1/map");
        for other in [
            "/api/v1/sites.csv",
            "/api/v1/offers/1.csv",
            "/api/v1/capacity.exe",
            "/api/v1/openapi.json",
            "/api/v1/map.csv",
        ] {
            assert_eq!(after(other), other);
        }
    }
}
