//! REST: routes, wire types, extractors, problem details, and the OpenAPI document they make.
//!
//! A handler extracts, converts, calls one use case and wraps its answer. Wire types are neither
//! entities nor domain types. No SQL, no rules of the market.

use std::sync::Arc;

use app::App;
use axum::{Router, middleware};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, normalize_path::NormalizePath};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

mod abilities;
mod acting_for;
pub mod alerts;
mod api_keys;
mod audit;
pub mod board;
mod body;
mod calls;
mod candidates;
mod capacity;
mod certificates;
pub mod chains;
mod changes;
mod claims;
pub mod client;
pub mod codes;
mod cost;
mod created;
mod cursor;
mod dependence;
mod directory;
mod docs;
mod evaluations;
mod event_stream;
mod evidence;
pub mod explanations;
pub mod export;
mod feature;
mod health;
mod hidden_capacity;
mod history;
mod html;
mod idempotency;
mod json;
mod jwks;
mod layers;
mod limits;
mod lines;
mod link_page;
mod mandates;
mod map;
mod market;
mod matches;
mod measure;
mod memberships;
mod needs;
mod number;
mod offers;
mod ogc;
mod openapi;
mod openings;
mod organisations;
mod page;
mod passwords;
mod patch;
mod path_id;
mod people;
pub mod pictures;
pub mod problem;
mod products;
mod public_figures;
mod query;
mod questionnaire;
pub mod rates;
mod regions;
mod reviews;
mod roles;
mod run_parameters;
mod run_schedule;
mod runs;
mod serve;
mod sessions;
mod setup;
mod signed_in;
mod sites;
mod sort;
mod strict;
mod units;
mod version;

pub use board::rows as shortage_rows;
pub use capacity::weekly_or_whole as capacity_rows;
pub use client::Peer;
pub use hidden_capacity::{CouldMakeView, rows as hidden_rows};
pub use layers::{REQUEST_ID, TIME_LIMIT};
pub use page::{MOST as MOST_ENTRIES, USUAL as USUAL_ENTRIES};
pub use rates::{Limits, Rates};
pub use serve::{GRACE, HEADER_LIMIT, Patience, serve, serve_with};

fn routes() -> OpenApiRouter<App> {
    let open = OpenApiRouter::new()
        .merge(products::router())
        .merge(units::router())
        .merge(regions::router())
        .merge(public_figures::router());
    let open = open.merge(map::public_router());
    let v1 = OpenApiRouter::new()
        .merge(open.layer(layers::open_to_pages()))
        .merge(organisations::router())
        .merge(directory::router())
        .merge(memberships::router())
        .merge(mandates::router())
        .merge(claims::router())
        .merge(people::router())
        .merge(passwords::router())
        .merge(sessions::router())
        .merge(roles::router())
        .merge(setup::router())
        .merge(api_keys::router())
        .merge(audit::router())
        .merge(market::router())
        .merge(sites::router())
        .merge(abilities::router())
        .merge(lines::router())
        .merge(offers::router())
        .merge(certificates::router())
        .merge(evidence::router())
        .merge(reviews::router())
        .merge(needs::router())
        .merge(capacity::router())
        .merge(board::router())
        .merge(map::router())
        .merge(dependence::router())
        .merge(hidden_capacity::router())
        .merge(questionnaire::router())
        .merge(candidates::router())
        .merge(alerts::router())
        .merge(calls::router())
        .merge(history::router())
        .merge(runs::router())
        .merge(run_schedule::router())
        .merge(explanations::router())
        .merge(matches::router())
        .merge(chains::router())
        .merge(evaluations::router())
        .merge(openings::router())
        .merge(changes::router());
    OpenApiRouter::with_openapi(openapi::frame()).merge(health::router()).merge(jwks::router()).nest("/api/v1", v1)
}

/// The OpenAPI document of what the router serves.
pub fn openapi() -> OpenApi {
    openapi::complete(routes().into_openapi())
}

/// Everything that is served, to each as much as he asks for.
pub fn router(app: App) -> Router {
    router_with(app, None)
}

/// Everything that is served, within the limits of `rates`.
pub fn router_with(app: App, rates: Option<Rates>) -> Router {
    let (routes, document) = routes().split_for_parts();
    let document = serde_json::to_value(openapi::complete(document)).unwrap_or_default();
    let inward = ServiceBuilder::new()
        .layer(middleware::from_fn(layers::time_limit))
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::layer));
    let outward = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(app.clone(), layers::outermost))
        .layer(CatchPanicLayer::custom(layers::panicked));
    let mut inner = routes
        .merge(docs::router(document))
        .merge(link_page::router())
        .merge(ogc::router())
        .fallback(layers::no_such_route)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(inward);
    if let Some(rates) = rates {
        let state = (app.clone(), Arc::new(rates));
        inner = inner.layer(middleware::from_fn_with_state(state, rates::layer));
    }
    let inner = inner.layer(outward).with_state(app);
    // Outside of the routes, since it changes the path that they are chosen by.
    let named =
        ServiceBuilder::new().map_request(export::take_ending).service(inner.into_service::<axum::body::Body>());
    Router::new().fallback_service(NormalizePath::trim_trailing_slash(named))
}
