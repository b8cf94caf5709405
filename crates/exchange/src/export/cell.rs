//! Cells that are what their column says, however they are written.

use std::borrow::Cow;

use domain::{
    geo::Point,
    time::{Day, Instant},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Number, Value};

use super::{Column, Kind, list::join_list};
use crate::safe_csv;

/// A cell, read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Blank,
    Text(Cow<'a, str>),
    /// With the digits that it came with.
    Number(Number),
    Date(Day),
    Time(Instant),
    Flag(bool),
    /// At least one item, none of them empty.
    List(Vec<&'a str>),
}

impl<'a> Cell<'a> {
    /// A value as a cell of a column; `None` where it is not of its kind.
    pub(super) fn read(column: Column, value: &'a Value) -> Option<Self> {
        if value.is_null() {
            return Some(Self::Blank);
        }
        match column.kind {
            Kind::Text => value.as_str().map(|text| Self::words(Cow::Borrowed(text))),
            Kind::Integer => number(value).filter(is_whole).map(Self::Number),
            Kind::Decimal => number(value).map(Self::Number),
            Kind::Date => value.as_str().and_then(|text| Day::parse(text).ok()).map(Self::Date),
            Kind::Time => value.as_str().and_then(|text| Instant::parse(text).ok()).map(Self::Time),
            Kind::Flag => value.as_bool().map(Self::Flag),
            Kind::List => {
                let items: Vec<&str> = value.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
                let items: Vec<&str> = items.into_iter().filter(|item| !item.is_empty()).collect();
                Some(if items.is_empty() { Self::Blank } else { Self::List(items) })
            }
        }
    }

    /// Words, or nothing.
    pub(super) fn words(text: Cow<'a, str>) -> Self {
        if text.is_empty() { Self::Blank } else { Self::Text(text) }
    }

    /// The cell in CSV, before quotes.
    pub(super) fn in_csv(&self) -> Cow<'_, str> {
        match self {
            Self::Blank => Cow::Borrowed(""),
            Self::Text(text) => Cow::Owned(safe_csv::neutral(text)),
            // Digits that were parsed run as nothing, so a minus stays in front.
            Self::Number(number) => Cow::Borrowed(number.as_str()),
            Self::Date(day) => Cow::Owned(day.to_string()),
            Self::Time(at) => Cow::Owned(at.to_string()),
            Self::Flag(true) => Cow::Borrowed("true"),
            Self::Flag(false) => Cow::Borrowed("false"),
            Self::List(items) => Cow::Owned(safe_csv::neutral(&join_list(items.iter().copied()))),
        }
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Blank => to.serialize_unit(),
            Self::Text(text) => to.serialize_str(text),
            Self::Number(number) => number.serialize(to),
            Self::Date(day) => day.serialize(to),
            Self::Time(at) => at.serialize(to),
            Self::Flag(yes) => to.serialize_bool(*yes),
            Self::List(items) => items.serialize(to),
        }
    }
}

/// A number, from itself or from its digits as JSON writes them.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(digits) if digits.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            serde_json::from_str(digits).ok().filter(|number: &Number| number.as_str().len() == digits.len())
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_whole(number: &Number) -> bool {
    number.as_str().bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
}

/// A row: the view's cells and those of provenance, under all columns.
pub(super) struct Row<'a> {
    pub columns: &'a [Column],
    pub cells: &'a [Cell<'a>],
    pub provenance: &'a [Cell<'static>],
    pub point: Option<Point>,
}

impl<'a> Row<'a> {
    /// Each cell under its column.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a Column, &'a Cell<'a>)> {
        self.columns.iter().zip(self.cells.iter().chain(self.provenance))
    }
}

impl Serialize for Row<'_> {
    /// As an object whose keys stand in the order of the columns.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.columns.len()))?;
        for (column, cell) in self.iter() {
            map.serialize_entry(column.name, cell)?;
        }
        map.end()
    }
}
