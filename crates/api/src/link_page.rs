//! The page that mailed links lead to. It reads the part of the address behind the `#`, which no browser sends,
//! and asks for what the link is for.

use app::App;
use axum::{
    Router,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::html;

/// The page and its script.
pub fn router() -> Router<App> {
    Router::new().route("/link", get(|| async { page() })).route("/link.js", get(script))
}

fn page() -> Response {
    html::page("Muster", include_str!("link_page/page.html"))
}

async fn script() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("link_page/link.js")).into_response()
}
