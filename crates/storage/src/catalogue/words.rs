//! Columns of the catalogue that hold lists, days, places in a list, and words of enums.

use domain::{code::ProductCode, time::Day};
use serde::Serialize;

use crate::{error::StoreError, json};

/// The place of a row in its list.
pub(super) fn position(index: usize) -> Result<i32, StoreError> {
    i32::try_from(index).map_err(|error| StoreError::Internal(Box::new(error)))
}

/// A list as JSON.
pub(super) fn listed<T: Serialize>(list: &[T]) -> Result<String, StoreError> {
    json::to_text(&list)
}

/// Codes of products as JSON.
pub(super) fn codes(list: &[ProductCode]) -> Result<String, StoreError> {
    listed(list)
}

/// A day as a number, if there is one.
pub(super) fn number(day: Option<Day>) -> Option<i32> {
    day.map(Day::number)
}

/// A number as a day, if there is one.
pub(super) fn day(column: &str, number: Option<i32>) -> Result<Option<Day>, StoreError> {
    number.map(|number| json::day(column, number)).transpose()
}

/// A number of a narrower type; the schema bounds it.
pub(super) fn narrow<A: Copy + std::fmt::Display, B: TryFrom<A>>(column: &str, number: A) -> Result<B, StoreError> {
    B::try_from(number).map_err(|_| StoreError::internal(format!("{column} holds {number}")))
}
