//! `Idempotency-Key`: a POST that is sent again gets the answer of the first, and nothing is made twice.
//!
//! An answer of success is kept for 24 hours by credential and key. After a refusal nothing was done, and the
//! key is free again. Where the service failed or stopped amid the work nobody can tell what was done: the key
//! then stays taken, and the answer says so, rather than to make something twice. What hands out a secret
//! or names people keeps no answer.

use app::{
    App,
    idempotency::{self, Claim, Claimed, KeptAnswer},
};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::digest::Digest;
use tracing::Instrument;

use crate::{body, problem::Problem, signed_in::Calling};

/// The header with the key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that tells a kept answer from a new one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The longest key, in characters.
const LONGEST: usize = 255;
/// Where secrets are handed out, or people are named: what is kept there would outlive its erasure.
const EXEMPT: [&str; 10] = [
    "candidates",
    "chains/search",
    "api-keys",
    "sessions",
    "passwords",
    "people",
    "setup",
    "organisations/ask",
    "organisations/confirm",
    "organisations/refuse",
];

/// Whether answers of an address are kept.
pub fn keeps(path: &str) -> bool {
    let path = path.trim_start_matches("/api/v1/");
    let under = |list: &str| path == list || path.strip_prefix(list).is_some_and(|rest| rest.starts_with('/'));
    let roles = path.strip_prefix("organisations/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest);
    // The same file is filed once, key or not.
    if path.starts_with("offers/") && path.ends_with("/evidence") {
        return false;
    }
    !EXEMPT.into_iter().any(under) && !roles.is_some_and(|rest| rest == "roles" || rest.starts_with("roles/"))
}

/// Answers a POST with a key as its first one was answered.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = match key_of(request.headers()) {
        Ok(Some(key)) if *request.method() == Method::POST && keeps(request.uri().path()) => key,
        Ok(_) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    };
    let (mut head, body) = request.into_parts();
    // Whoever has no credential that still holds is turned away: neither does he learn what was answered, nor
    // does anything of his reach the database.
    let caller = match Calling::from_request_parts(&mut head, &app).await {
        Ok(Calling(caller)) => caller,
        Err(problem) => return problem.into_response(),
    };
    // A person's tokens change every few minutes; the person does not.
    let credential = match (caller.credential, caller.person) {
        (_, Some(person)) => format!("person {person} {:?}", caller.actor),
        (by, None) => format!("{by:?} {:?}", caller.actor),
    };
    let credential = Digest::of_bytes(credential.as_bytes());
    let bytes = match body::collect(body).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let (address, content) = (Digest::of_bytes(head.uri.to_string().as_bytes()), Digest::of_bytes(&bytes));
    let request = Digest::of_bytes(format!("{address}{content}").as_bytes());
    let claim = Claim { credential: credential.to_string(), key, request: request.to_string() };
    match idempotency::claim(&app, &claim).await {
        Err(error) => Problem::from(error).into_response(),
        Ok(Claimed::Other) => {
            let detail = "another request was sent with this Idempotency-Key; take a new key for a new request";
            Problem::new("idempotency_mismatch", detail).into_response()
        }
        Ok(Claimed::Running) => {
            let detail = "the request with this Idempotency-Key is being worked on, or the service stopped amid it; \
                          look whether it was made before you send it with a new key";
            Problem::new("idempotency_running", detail).into_response()
        }
        Ok(Claimed::Answered(kept)) => replayed(kept),
        Ok(Claimed::First) => {
            // To its end also when the caller hangs up, or the key would stay taken for nothing.
            let work = first(app, claim, Request::from_parts(head, Body::from(bytes)), next);
            match tokio::spawn(work.in_current_span()).await {
                Ok(response) => response,
                Err(cause) => Problem::from(app::AppError::internal(cause)).into_response(),
            }
        }
    }
}

/// Works on a request, and keeps or frees its key.
async fn first(app: App, claim: Claim, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    // A busy service did nothing. After any other failure, a lost database among them, it is not known.
    let busy = response.extensions().get::<Problem>().is_some_and(Problem::did_nothing);
    if status.is_server_error() && !busy {
        return response;
    }
    if !status.is_success() {
        if let Err(error) = idempotency::release(&app, claim).await {
            tracing::warn!(%error, "an idempotency key could not be freed");
        }
        return response;
    }
    let (head, body) = response.into_parts();
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(cause) => return Problem::from(app::AppError::internal(cause)).into_response(),
    };
    let location = head.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let answer = KeptAnswer { status: status.as_u16(), location, body };
    if let Err(error) = idempotency::keep(&app, claim, answer).await {
        tracing::warn!(%error, "an answer could not be kept for its idempotency key");
    }
    Response::from_parts(head, Body::from(bytes))
}

fn replayed(kept: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(location) = kept.location.and_then(|place| HeaderValue::from_str(&place).ok()) {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// The key of a request: 1 to 255 visible ASCII characters, once.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().ok().filter(|text| (1..=LONGEST).contains(&text.len()) && keys.next().is_none());
    let plain = text.filter(|text| text.bytes().all(|b| b.is_ascii_graphic()));
    plain.map(|text| Some(text.to_owned())).ok_or_else(|| {
        let detail = "the Idempotency-Key is not one of 1 to 255 visible ASCII characters; a UUID will do";
        Problem::new("bad_idempotency_key", detail)
    })
}
