//! Pages for people who program: the API reference and the error codes. Plain HTML of our own, no
//! script, nothing from elsewhere.

use std::sync::Arc;

use app::App;
use axum::{
    Router,
    body::Bytes,
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::Value;

use crate::{
    codes::{self, Code},
    html,
    path_id::PathId,
    problem::Problem,
};

mod reference;

/// The pages, with the reference of a document.
pub fn router(document: Value) -> Router<App> {
    let page = Arc::new(reference::body(&document));
    let document = Bytes::from(document.to_string());
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/docs/api") }))
        .route("/docs", get(|| async { Redirect::temporary("/docs/api") }))
        .route("/docs/api", get(move || async move { html::page("Muster API", &page) }))
        .route("/docs/errors", get(|| async { errors() }))
        .route("/docs/errors/{code}", get(error))
        .route("/docs/style.css", get(style))
        .route(
            "/api/v1/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], document) }),
        )
}

async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("docs/style.css")).into_response()
}

fn errors() -> Response {
    let rows = |whole: bool| -> String { codes::ALL.iter().filter(|c| c.status.is_some() == whole).map(row).collect() };
    let body = format!(
        "<header><p><a href=\"/docs/api\">Muster API</a></p><h1>Error codes</h1></header><main>\
         <h2>Of a whole answer</h2><table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th></tr></thead>\
         <tbody>{}</tbody></table>\
         <h2>Of one field, inside a 422</h2><table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th></tr></thead>\
         <tbody>{}</tbody></table></main>",
        rows(true),
        rows(false)
    );
    html::page("Error codes of the Muster API", &body)
}

fn row(code: &Code) -> String {
    let status = code.status.map_or(String::new(), |s| s.as_u16().to_string());
    format!(
        "<tr><td><a href=\"{}\"><code>{}</code></a></td><td>{status}</td><td>{}</td></tr>",
        html::text(&codes::page(code.code)),
        html::text(code.code),
        html::text(code.title)
    )
}

async fn error(PathId(code): PathId<String>) -> Result<Response, Problem> {
    let code = codes::find(&code).ok_or_else(|| Problem::not_found("error code"))?;
    let place = match code.status {
        Some(status) => format!("An answer with status {status}."),
        None => "A fault of one field: it stands in the <code>errors</code> of a 422.".to_owned(),
    };
    let body = format!(
        "<header><p><a href=\"/docs/api\">Muster API</a> / <a href=\"/docs/errors\">Error codes</a></p>\
         <h1><code>{}</code></h1></header><main><p><strong>{}.</strong></p>{}<p>{place}</p></main>",
        html::text(code.code),
        html::text(code.title),
        html::prose(code.remedy)
    );
    Ok(html::page(&format!("{}: {}", code.code, code.title), &body))
}
