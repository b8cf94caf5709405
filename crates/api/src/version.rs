//! Versions of what is read (RFC 9110): an `ETag` on every JSON answer, 304 to who has it already, and changes
//! that hold for the version that was read.

use std::convert::Infallible;

use app::{AppError, AppResult};
use axum::{
    body::{Body, to_bytes},
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use domain::digest::Digest;
use serde::Serialize;

use crate::problem::Problem;

/// How many digits of the SHA-256 tell versions apart; 128 bits.
const DIGITS: usize = 32;

/// An answer with its `ETag`; to a GET, 304 without a body if one of its `If-None-Match` fields names it. Whoever
/// keeps it asks again before each use, and keeps it for one reader alone.
pub async fn tagged(response: Response, asked: Option<&[HeaderValue]>) -> Response {
    let (mut head, body) = response.into_parts();
    let json = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/json");
    let secret = head.headers.contains_key(header::CACHE_CONTROL);
    if !json || secret {
        return Response::from_parts(head, body);
    }
    // Answers are whole in memory already.
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(cause) => return Problem::from(AppError::internal(cause)).into_response(),
    };
    let tag = tag(&bytes);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        head.headers.insert(header::ETAG, tag);
    }
    let Some(known) = asked else { return Response::from_parts(head, Body::from(bytes)) };
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    head.headers.append(header::VARY, HeaderValue::from_static("authorization"));
    if !listed(known).any(|one| one == "*" || one.trim_start_matches("W/") == tag) {
        return Response::from_parts(head, Body::from(bytes));
    }
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::empty())
}

/// The tag of a body: of whatever it shows, so that nothing has to be counted.
fn tag(body: &[u8]) -> String {
    let mut digits = Digest::of_bytes(body).to_string();
    digits.truncate(DIGITS);
    format!("\"{digits}\"")
}

/// The entries of header fields that are lists of tags. Ours hold no comma.
fn listed(fields: &[HeaderValue]) -> impl Iterator<Item = &str> {
    fields.iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim)
}

/// The versions of a record that a change was written for: those of its `If-Match`, or any.
#[derive(Debug)]
pub struct IfMatch(Option<Vec<HeaderValue>>);

impl IfMatch {
    /// Whatever it is by now.
    pub fn any() -> Self {
        Self(None)
    }

    /// Of a request.
    pub fn of(headers: &HeaderMap) -> Self {
        let fields: Vec<HeaderValue> = headers.get_all(header::IF_MATCH).iter().cloned().collect();
        Self((!fields.is_empty()).then_some(fields))
    }

    /// Refuses a request without one.
    pub fn required(self) -> Result<Self, Problem> {
        if self.0.is_some() {
            return Ok(self);
        }
        let detail = "send the `ETag` that you read the record with as `If-Match`, or `If-Match: *` to change whatever \
                      it is by now";
        Err(Problem::new("precondition_required", detail))
    }

    /// Refuses a change of a record that is no longer what the caller saw. `view` is what a GET would show him.
    pub fn holds(&self, view: &impl Serialize) -> AppResult<()> {
        let Some(fields) = &self.0 else { return Ok(()) };
        let tag = tag(&serde_json::to_vec(view).map_err(AppError::internal)?);
        // A weak tag never matches: it does not promise the same bytes.
        if listed(fields).any(|one| one == "*" || one == tag) {
            return Ok(());
        }
        let detail = "the record is no longer what you read; read it again, and repeat the change with its new `ETag`";
        Err(AppError::Conflict { code: "stale", detail: detail.to_owned() })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[&str], expected: bool) {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::IF_MATCH, field.parse().unwrap());
        }
        assert_eq!(IfMatch::of(&headers).holds(&"seen").is_ok(), expected, "{fields:?}");
    }

    #[test]
    fn a_change_is_for_the_very_version_that_was_seen() {
        let tag = tag(b"\"seen\"");
        check(&[], true);
        check(&["*"], true);
        check(&[&tag], true);
        check(&[&format!("\"other\", {tag}")], true);
        check(&["\"other\"", &tag], true);
        check(&["\"other\""], false);
        check(&[&format!("W/{tag}")], false);
        check(&[tag.trim_matches('"')], false);
        check(&[""], false);
        assert!(IfMatch::of(&HeaderMap::new()).required().is_err());
    }
}
