//! Answers that do not end: server-sent events.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use http_body_util::channel::{Channel, Sender};

/// How often a sign of life is sent where nothing happens; as often it is asked whether the reader still may read.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// Pieces that wait for a slow reader before nothing more is read for him.
const BUFFERED: usize = 1;
const KIND: &str = "text/event-stream";

/// Whether a request asks for a stream.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|text| text.split([',', ';']).any(|kind| kind.trim() == KIND)))
}

/// A stream, and what writes to it; it ends when that is dropped.
pub fn open() -> (Sender<Bytes>, Response) {
    let (sender, body) = Channel::<Bytes>::new(BUFFERED);
    // A proxy that gathers an answer before it passes it on would never pass on this one.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(KIND));
    (sender, ([kind, unbuffered], Body::new(body)).into_response())
}
