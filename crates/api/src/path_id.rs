//! Identifiers and codes in paths; what is none, or no UTF-8, names nothing, so it is not found.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

use uuid::Uuid;

use crate::problem::Problem;

/// The one identifier or code of a path.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<S, T> FromRequestParts<S> for PathId<T>
where
    S: Send + Sync,
    T: FromStr,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let id = text.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(|| Problem::not_found("record"))
    }
}

/// The ids of a path, in order; what is none names nothing, so it is not found.
#[derive(Debug, Clone, Copy)]
pub struct PathIds<const N: usize>(pub [Uuid; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for PathIds<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let texts = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let ids = texts.ok().and_then(|Path(texts)| {
            let ids: Option<Vec<Uuid>> = texts.iter().map(|(_, text)| text.parse().ok()).collect();
            <[Uuid; N]>::try_from(ids?).ok()
        });
        ids.map(Self).ok_or_else(|| Problem::not_found("record"))
    }
}
