//! Columns that hold what only the domain reads, as JSON text (ADR 0011).

use domain::time::{Day, Instant};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::StoreError;

/// A value as the text of a column.
pub(crate) fn to_text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(Box::new(error)))
}

/// A column's text as a value. A text that does not parse is a defect, and the error says where it stands.
pub(crate) fn from_text<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::internal(format!("{column} holds unreadable JSON: {error}")))
}

/// A column's name of an enum as its value.
pub(crate) fn word<T>(column: &str, text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    parse(text).ok_or_else(|| StoreError::internal(format!("{column} holds the unknown word {text:?}")))
}

/// A column's microseconds as an instant.
pub(crate) fn instant(column: &str, micros: i64) -> Result<Instant, StoreError> {
    Instant::from_micros(micros).ok_or_else(|| StoreError::internal(format!("{column} holds {micros}, no instant")))
}

/// A column's number as a day.
pub(crate) fn day(column: &str, number: i32) -> Result<Day, StoreError> {
    Day::from_number(number).ok_or_else(|| StoreError::internal(format!("{column} holds {number}, no day")))
}

/// Refuses text that PostgreSQL cannot store, on both databases alike (field case DB-10).
pub(crate) fn storable(column: &str, text: &str) -> Result<(), StoreError> {
    if text.contains('\0') {
        return Err(StoreError::Constraint(format!("{column} holds the character NUL")));
    }
    Ok(())
}
