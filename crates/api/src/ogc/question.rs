//! What is asked of a collection. Everything that is wrong is a 400, as the standard has it, with every fault at once.

use app::shown::Bounds;
use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use domain::{
    decimal::Decimal,
    geo::Point,
    time::{Day, Instant},
    violation::Violations,
};
use serde::Deserialize;
use validator::Validate;

use super::collection::Collection;
use crate::{
    limits,
    problem::Problem,
    query::{Parameters, WordList},
};

/// Items of a page where nothing is asked.
pub(super) const USUAL: u64 = 100;
/// The most items of a page.
pub(super) const MOST: u64 = 1_000;

/// The form of an answer, of which there is one.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct FormQuery {
    #[serde(default)]
    #[expect(dead_code, reason = "it is checked, and says nothing that is not so anyway")]
    f: Option<FormName>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormName {
    Json,
    GeoJson,
}

/// A request that asks for nothing but a form.
#[derive(Debug)]
pub(super) struct Form;

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = Parameters::<FormQuery>::from_request_parts(parts, state).await;
        asked.map(|_| Self).map_err(Problem::of_bad_query)
    }
}

/// The parameters of items as typed.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct ItemsQuery {
    limit: Option<u64>,
    #[validate(length(max = limits::WORD))]
    bbox: Option<String>,
    #[validate(length(max = limits::WORD))]
    datetime: Option<String>,
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "it is checked, and says nothing that is not so anyway")]
    f: Option<FormName>,
    product: Option<WordList>,
    grade: Option<WordList>,
    region: Option<WordList>,
    level: Option<u8>,
}

/// A request for items.
#[derive(Debug)]
pub(super) struct Items {
    query: ItemsQuery,
    address: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Items {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = Parameters::<ItemsQuery>::from_request_parts(parts, state).await;
        let Parameters(query) = asked.map_err(Problem::of_bad_query)?;
        Ok(Self { query, address: parts.uri.clone() })
    }
}

/// What is asked, read.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) most: usize,
    pub(super) bounds: Option<Bounds>,
    pub(super) from: Option<Day>,
    pub(super) until: Option<Day>,
    /// The id of the item before the first.
    pub(super) after: Option<String>,
    pub(super) products: Vec<String>,
    pub(super) grades: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) level: u8,
}

impl Items {
    /// Reads it for a collection.
    pub(super) fn question(&self, collection: Collection) -> Result<Question, Problem> {
        let query = &self.query;
        let own = collection.own_parameters();
        let given = [
            ("product", query.product.is_some()),
            ("grade", query.grade.is_some()),
            ("region", query.region.is_some()),
            ("level", query.level.is_some()),
        ];
        if let Some((name, _)) = given.iter().find(|(name, given)| *given && !own.contains(name)) {
            let detail = format!("{} take no parameter {name:?}; they take {}", collection.name(), own.join(", "));
            return Err(Problem::unknown_parameter(Violations::one(format!("/{name}"), "unknown_parameter", detail)));
        }
        let mut faults = Violations::new();
        if query.limit == Some(0) {
            faults.push("/limit", "out_of_range", format!("0 is no number of items; write 1 to {MOST}"));
        }
        if query.level.is_some_and(|level| level > 2) {
            faults.push("/level", "out_of_range", "is no level; write 0 for countries, 1 or 2 for NUTS");
        }
        let bounds = query.bbox.as_deref().and_then(|typed| faults.keep(bounds(typed)));
        let period = query.datetime.as_deref().and_then(|typed| faults.keep(period(typed)));
        faults.into_result().map_err(|faults| Problem::of_bad_query(Problem::invalid_query(faults)))?;
        let (from, until) = period.unwrap_or_default();
        let words = |list: &Option<WordList>| list.as_ref().map_or_else(Vec::new, |list| list.0.clone());
        let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
        Ok(Question {
            most: usize::try_from(limit).unwrap_or(1),
            bounds,
            from,
            until,
            after: query.cursor.clone(),
            products: words(&query.product),
            grades: words(&query.grade),
            regions: words(&query.region),
            level: query.level.unwrap_or(2),
        })
    }

    /// The address of this question below `/ogc`, going on after an item where one is named.
    pub(super) fn path(&self, path: &str, after: Option<&str>) -> String {
        let pairs = form_urlencoded::parse(self.address.query().unwrap_or_default().as_bytes());
        let mut query = form_urlencoded::Serializer::new(String::new());
        match after {
            None => query.extend_pairs(pairs),
            Some(id) => query.extend_pairs(pairs.filter(|(name, _)| name != "cursor")).append_pair("cursor", id),
        };
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// A text as a part of a path.
pub(super) fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Four numbers, or six of which the heights say nothing: west, south, (bottom,) east, north (, top).
fn bounds(typed: &str) -> Result<Bounds, Violations> {
    let wrong = |detail: String| Violations::one("/bbox", "bad_value", detail);
    let remedy = "write west,south,east,north in decimal degrees, such as 5.9,45.8,10.5,47.8";
    let numbers: Option<Vec<i32>> = typed.split(',').map(|part| micro(part.trim())).collect();
    let corners = match numbers.as_deref() {
        Some([west, south, east, north] | [west, south, _, east, north, _]) => [*west, *south, *east, *north],
        Some(_) | None => return Err(wrong(format!("{typed:?} is no box; {remedy}"))),
    };
    let [west, south, east, north] = corners;
    if south > north {
        return Err(wrong(format!("{typed:?} has its southern edge north of its northern one; {remedy}")));
    }
    let ends = Point::new(south, west).zip(Point::new(north, east));
    let outside = || wrong(format!("{typed:?} leaves the globe; longitudes are -180 to 180, latitudes -90 to 90"));
    ends.map(|(from, to)| Bounds { from, to }).ok_or_else(outside)
}

/// Millionths of a degree.
fn micro(typed: &str) -> Option<i32> {
    let (top, bottom) = typed.parse::<Decimal>().ok()?.fraction();
    i32::try_from(top.checked_mul(1_000_000)? / bottom).ok()
}

/// First and last day: an instant or a day, or two of them with `/` between, of which one may be `..` or nothing.
fn period(typed: &str) -> Result<(Option<Day>, Option<Day>), Violations> {
    let wrong = || {
        let remedy =
            "write an instant such as 2020-04-06T00:00:00Z, or a period such as 2020-04-06/2020-05-03 or 2020-04-06/..";
        Violations::one("/datetime", "bad_value", format!("{typed:?} is no time; {remedy}"))
    };
    let end = |text: &str| match text.trim() {
        "" | ".." => Some(None),
        text => day(text).map(Some),
    };
    match typed.split_once('/') {
        None => day(typed.trim()).map(|day| (Some(day), Some(day))).ok_or_else(wrong),
        Some((from, until)) => match end(from).zip(end(until)) {
            None | Some((None, None)) => Err(wrong()),
            Some((Some(from), Some(until))) if until < from => Err(wrong()),
            Some(ends) => Ok(ends),
        },
    }
}

fn day(text: &str) -> Option<Day> {
    Day::parse(text).ok().or_else(|| Instant::parse(text).ok().map(|instant| instant.day()))
}
