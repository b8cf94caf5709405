//! Pages of lists: limits, cursors, and the shape of the answer.

use app::{Actor, App, Order, PageRequest};
use axum::{
    Json,
    http::Uri,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::{
    cursor, limits,
    problem::Problem,
    sort::{ByCreation, Sort},
};

/// Entries of a page where nothing is asked.
pub const USUAL: u32 = 50;
/// The most entries of a page.
pub const MOST: u32 = 200;

/// How many entries to give: 1 to [`MOST`], whatever is asked.
pub fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(USUAL).clamp(1, MOST)
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Send it as `cursor` with the same filters for what follows; null on the last page.
    pub next: Option<String>,
    /// How many entries all pages have together, at this moment; only there with `total=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<u64>,
}

/// Which part of a list is asked for, as typed.
#[derive(Debug, Default)]
pub struct Part<'a> {
    /// At most so many entries.
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub cursor: Option<&'a str>,
    /// Which end comes first.
    pub order: Order,
    /// Whether all entries are counted.
    pub total: bool,
}

/// The query of a list that nothing narrows.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlainQuery {
    /// What the list is sorted by: `created_at` (where absent), `-created_at` for the last first.
    #[param(value_type = Option<String>, example = "-created_at")]
    sort: Option<Sort<ByCreation>>,
    /// Whether the answer has the `total` of all pages too.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    total: bool,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

impl PlainQuery {
    /// The part that it asks for.
    pub fn part(&self) -> Part<'_> {
        let order = self.sort.map_or_else(Order::default, |sort| sort.order);
        Part { limit: self.limit, cursor: self.cursor.as_deref(), order, total: self.total }
    }
}

/// A question for a part of a list.
#[derive(Debug)]
pub struct Listing {
    question: String,
    /// What to ask of the use case.
    pub request: PageRequest,
}

impl Listing {
    /// `filters` is everything that narrows or sorts the list, in one text: a cursor answers only the very
    /// list, filters, order and caller it was made for.
    pub fn new(app: &App, caller: Actor, (list, filters): (&str, String), part: Part<'_>) -> Result<Self, Problem> {
        let Part { limit: asked, cursor, order, total } = part;
        let question = format!("{list} {caller:?} {filters} {order:?}");
        let after = cursor.map(|c| cursor::to_key(&app.keys, &question, c)).transpose()?;
        Ok(Self { question, request: PageRequest { after, limit: limit(asked), order, total } })
    }

    /// The answer.
    pub fn answer<T, U>(&self, app: &App, page: app::Page<T>, view: impl FnMut(T) -> U) -> Paged<U> {
        let next = page.next.map(|key| cursor::of_key(&app.keys, &self.question, key));
        Paged(Page { items: page.items.into_iter().map(view).collect(), next, total: page.total })
    }
}

/// A part of a list on its way out; where more follows, the answer gets a `Link` to it.
#[derive(Debug)]
pub struct Paged<T>(pub Page<T>);

/// The cursor of what follows, for the layer that knows the address.
#[derive(Debug, Clone)]
pub struct Following(String);

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let next = self.0.next.clone();
        before(&self.0, next)
    }
}

/// Something with a page in it on its way out, before what `next` leads to.
pub fn before(part: &impl Serialize, next: Option<String>) -> Response {
    let mut response = Json(part).into_response();
    if let Some(following) = next.map(Following) {
        response.extensions_mut().insert(following);
    }
    response
}

impl Following {
    /// The `Link` (RFC 8288) to what follows, from the address of the page before it.
    pub fn link(&self, address: &Uri) -> String {
        let pairs = form_urlencoded::parse(address.query().unwrap_or_default().as_bytes());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.filter(|(name, _)| name != "cursor")).append_pair("cursor", &self.0);
        format!("<{}?{}>; rel=\"next\"", address.path(), query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_keeps_all_but_the_cursor() {
        let address: Uri = "/api/v1/offers?state=paused&cursor=old&limit=2".parse().unwrap();
        let link = Following("new_-".to_owned()).link(&address);
        assert_eq!(link, "</api/v1/offers?state=paused&limit=2&cursor=new_->; rel=\"next\"");
        let bare: Uri = "/api/v1/offers".parse().unwrap();
        assert_eq!(Following("c".to_owned()).link(&bare), "</api/v1/offers?cursor=c>; rel=\"next\"");
    }
}
