//! Answers in JSON that are written once and told several times.

use std::sync::Arc;

use app::AppError;
use axum::{
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::problem::Problem;

/// An answer in JSON.
pub(crate) fn written(answer: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(answer).map_err(|error| AppError::internal(error).into())
}

/// What was written, as a response; nothing of it is copied.
pub(crate) fn json(written: Arc<[u8]>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Bytes::from_owner(written)).into_response()
}
