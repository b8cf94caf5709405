//! Versions of what is read (RFC 9110): an `ETag` on every JSON answer, and 304 to who has it already.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::digest::Digest;

use crate::problem::Problem;

/// How many digits of the SHA-256 tell versions apart; 128 bits.
const DIGITS: usize = 32;

/// An answer with its `ETag`, or 304 without a body if one of the `If-None-Match` fields names it. Whoever
/// keeps it asks again before each use, and keeps it for one reader alone.
pub async fn conditional(response: Response, known: &[HeaderValue]) -> Response {
    let (mut head, body) = response.into_parts();
    let json = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/json");
    let secret = head.headers.contains_key(header::CACHE_CONTROL);
    if !json || secret {
        return Response::from_parts(head, body);
    }
    // Answers are whole in memory already.
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(cause) => return Problem::from(app::AppError::internal(cause)).into_response(),
    };
    let mut digits = Digest::of_bytes(&bytes).to_string();
    digits.truncate(DIGITS);
    let tag = format!("\"{digits}\"");
    let seen = known.iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    let fresh = seen.map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        head.headers.insert(header::ETAG, tag);
    }
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    head.headers.append(header::VARY, HeaderValue::from_static("authorization"));
    if !fresh {
        return Response::from_parts(head, Body::from(bytes));
    }
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::empty())
}
