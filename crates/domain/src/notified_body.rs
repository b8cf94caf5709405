//! Notified bodies: who may assess what, as the operator's list says.

use std::collections::BTreeSet;

use crate::{code::CountryCode, time::Day};

/// An entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifiedBody {
    /// Its number, four digits.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub country: Option<CountryCode>,
    /// Codes of the laws that it is designated for, as the catalogue has them.
    pub frames: BTreeSet<String>,
    /// The last day of its designation, if it ended.
    pub until: Option<Day>,
}
