//! Pages of lists: limits, cursors, and the shape of the answer.

use app::{Actor, App, Order, PageKey, PageRequest};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{cursor, problem::Problem};

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
}

/// A question for a part of a list.
#[derive(Debug)]
pub struct Listing {
    question: String,
    /// What to ask of the use case.
    pub request: PageRequest,
}

impl Listing {
    /// `filters` is everything that narrows the list, in one text: a cursor answers only the very
    /// list, filters and caller it was made for.
    pub fn new(
        app: &App,
        caller: Actor,
        (list, filters): (&str, String),
        (limit_asked, cursor): (Option<u32>, Option<&str>),
    ) -> Result<Self, Problem> {
        let question = format!("{list} {caller:?} {filters}");
        let key = cursor.map(|c| cursor::to_key(&app.keys, &question, c)).transpose()?;
        let after = key.map(|(created_at, id)| PageKey { created_at, id });
        let request = PageRequest { after, limit: limit(limit_asked), order: Order::OldestFirst };
        Ok(Self { question, request })
    }

    /// The answer.
    pub fn answer<T, U>(&self, app: &App, page: app::Page<T>, view: impl FnMut(T) -> U) -> Json<Page<U>> {
        let next = page.next.map(|key| cursor::of_key(&app.keys, &self.question, (key.created_at, key.id)));
        Json(Page { items: page.items.into_iter().map(view).collect(), next })
    }
}
