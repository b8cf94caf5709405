//! What every request passes: its id, its span, its time limit, and the one place that writes errors.

use std::{any::Any, time::Duration};

use app::App;
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::cors::{self, CorsLayer};
use tracing::Instrument;

use crate::{page::Following, problem::Problem, version};

/// The header with the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long a request may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The outermost layer: gives the request its id and span, and writes whatever error comes back.
pub async fn outermost(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request_id(&request).unwrap_or_else(|| app.ids.next(app.clock.now()).to_string());
    // The path alone: query strings and headers may hold what a log must not.
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = request.uri().path());
    let (is_page, is_api) = (request.uri().path().starts_with("/docs"), request.uri().path().starts_with("/api/"));
    let (method, address) = (request.method().clone(), request.uri().clone());
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect::<Vec<_>>();
    async move {
        let mut response = next.run(request).await;
        if let Some(following) = response.extensions_mut().remove::<Following>()
            && let Ok(link) = HeaderValue::from_str(&following.link(&address))
        {
            response.headers_mut().insert(header::LINK, link);
        }
        if method != Method::HEAD && response.status().is_success() && is_api {
            response = version::tagged(response, (method == Method::GET).then_some(&*known)).await;
        }
        let problem = response.extensions_mut().remove::<Problem>();
        let mut response = match problem {
            Some(problem) => problem.render(response, &id),
            // A layer or axum itself answered: the same shape, by its status.
            None if response.status().is_client_error() || response.status().is_server_error() => {
                Problem::of_status(response.status()).render(response, &id)
            }
            None => response,
        };
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, value);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        let policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        // A file of strangers comes with a stricter one.
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
        if !is_page {
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        tracing::info!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await
}

/// The caller's own id, where it is short and plain.
fn request_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (!id.is_empty() && id.len() <= 64 && id.bytes().all(plain)).then(|| id.to_owned())
}

/// Ends a request that takes too long; a change under way is still made whole or not at all.
pub async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIME_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("the request took more than {} seconds; try again", TIME_LIMIT.as_secs());
            Problem::new("timeout", detail).into_response()
        }
    }
}

/// Lets pages of any origin read what is public; nothing else has an answer to them.
pub fn open_to_pages() -> CorsLayer {
    let shown = [header::ETAG, header::LINK, REQUEST_ID];
    CorsLayer::new().allow_origin(cors::Any).allow_methods([Method::GET, Method::HEAD]).expose_headers(shown)
}

/// What a panic becomes.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let cause = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned());
    Problem::from(app::error::AppError::Internal { cause }).into_response()
}

/// What an unknown address answers.
pub async fn no_such_route() -> Problem {
    Problem::new("no_such_route", "there is nothing at this address; /docs/api lists every one")
}

/// What a known address answers to a method it does not take.
pub async fn method_not_allowed() -> Response {
    let problem = Problem::new("method_not_allowed", "this address does not take this method; see the Allow header");
    debug_assert_eq!(problem.status(), StatusCode::METHOD_NOT_ALLOWED, "the code's status");
    problem.into_response()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_that_keeps_its_words_to_itself() {
        for panic in [Box::new("secret") as Box<dyn Any + Send>, Box::new("secret".to_owned()), Box::new(5)] {
            let mut response = panicked(panic);
            let problem = response.extensions_mut().remove::<Problem>().unwrap();
            let response = problem.render(response, "id");
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains("\"code\":\"internal\"") && !body.contains("secret"), "{body}");
        }
    }
}
