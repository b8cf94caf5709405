//! Answers to what was made.

use axum::{
    Json,
    http::{HeaderName, StatusCode, header},
};

/// 201 or 202, where to read it, and the record.
pub type Created<T> = (StatusCode, [(HeaderName, String); 1], Json<T>);

/// A record that was made, with its address.
pub fn created<T>(address: String, view: T) -> Created<T> {
    (StatusCode::CREATED, [(header::LOCATION, address)], Json(view))
}

/// Work that was queued, with the address that tells how it stands.
pub fn accepted<T>(address: String, view: T) -> Created<T> {
    (StatusCode::ACCEPTED, [(header::LOCATION, address)], Json(view))
}
