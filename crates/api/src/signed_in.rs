//! Who is calling: an extractor that a handler cannot do without.

use app::{App, policy::Actor};
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use crate::problem::Problem;

/// A caller with a valid token.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn(pub Actor);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
            return Err(Problem::unauthenticated("send the header `Authorization: Bearer TOKEN`", None));
        };
        let token = value.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = token else {
            return Err(Problem::unauthenticated(
                "the Authorization header is no bearer token",
                Some("invalid_request"),
            ));
        };
        let actor = app.keys.verify(token, app.clock.now());
        actor.map(Self).map_err(|e| Problem::unauthenticated(&e.to_string(), Some("invalid_token")))
    }
}
