//! Regions: search and look-up, open to everybody; codes out of use answer with their successors.

use domain::{
    code::{CountryCode, RegionCode},
    region::{Region, Resolved},
    text,
};

use crate::{
    App,
    error::{AppError, AppResult},
};

mod lookup;

pub(crate) use lookup::{Around, around, postcode_in};
pub use lookup::{Located, Miss, of_point, of_postcode};

/// What narrows a list of regions; an empty filter lists all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegionFilter {
    /// A part of code, name or alias, in any spelling.
    pub question: Option<String>,
    /// 0 for countries to 3.
    pub level: Option<u8>,
    /// Only what lies in this region.
    pub within: Option<RegionCode>,
    /// Only this country.
    pub country: Option<CountryCode>,
}

/// What a code or name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A region in use.
    InUse(Region),
    /// A code out of use, the version it was last part of, and what it became.
    Retired {
        /// The old code.
        code: String,
        /// The version of NUTS it was last part of.
        version: String,
        /// The regions in use that it became.
        successors: Vec<Region>,
    },
}

/// Regions after a code in the order of codes, at most `limit` and one more to tell whether any follow.
pub fn search(app: &App, filter: &RegionFilter, after: Option<&str>, limit: usize) -> Vec<Region> {
    let tables = app.tables();
    let question = filter.question.as_deref().map(text::squeeze);
    // Exact words first would break paging by code; short answers are the caller's limit to set.
    let matches = |r: &Region| {
        let words = || [r.code.as_str(), r.name.as_str()].into_iter().chain(r.aliases.iter().map(String::as_str));
        filter.level.is_none_or(|l| r.level == l)
            && filter.country.as_ref().is_none_or(|c| r.country == *c)
            && filter.within.as_ref().is_none_or(|w| r.code != *w && tables.regions.lies_in(&r.code, w))
            && question.as_ref().is_none_or(|q| !q.is_empty() && words().any(|w| text::squeeze(w).contains(q)))
    };
    let mut found: Vec<&Region> = tables
        .regions
        .all()
        .iter()
        .filter(|r| after.is_none_or(|a| r.code.as_str() > a))
        .filter(|r| matches(r))
        .collect();
    found.sort_by(|a, b| a.code.cmp(&b.code));
    found.into_iter().take(limit.saturating_add(1)).cloned().collect()
}

/// The region of a code or name, as people type it.
///
/// # Errors
/// `NotFound`.
pub fn get(app: &App, typed: &str) -> AppResult<Found> {
    let tables = app.tables();
    let upper = typed.trim().to_uppercase();
    // `UK` went out of use as a code and is what people type for the country all the same.
    if let Some(retired) = tables.regions.retired(&upper).filter(|_| tables.regions.country(typed).is_none()) {
        let successors = retired.successors.iter().filter_map(|code| tables.regions.get(code).cloned()).collect();
        return Ok(Found::Retired { code: retired.code.clone(), version: retired.version.clone(), successors });
    }
    match tables.regions.resolve(typed) {
        Resolved::One(code) => tables.regions.get(&code).cloned().map(Found::InUse),
        Resolved::Split(_) | Resolved::Unknown(_) => None,
    }
    .ok_or(AppError::NotFound { what: "region" })
}
