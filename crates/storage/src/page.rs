//! Pages by key: every row that exists throughout a walk is seen exactly once, whatever else
//! comes and goes (field cases PAG-01, PAG-02).

use domain::time::Instant;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use uuid::Uuid;

use crate::error::StoreError;

/// The place of a row in the order of pages: when it was created, and its id where instants are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    /// When the row was created.
    pub created_at: Instant,
    /// Its id.
    pub id: Uuid,
}

/// Which end of time a walk begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// The first created first.
    #[default]
    OldestFirst,
    /// The last created first.
    NewestFirst,
}

/// What part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows beyond this key; from the start where `None`.
    pub after: Option<PageKey>,
    /// At most this many rows, 1 to [`PageRequest::MOST`]; other numbers are held to that range.
    pub limit: u32,
    /// The direction.
    pub order: Order,
}

impl PageRequest {
    /// The most rows of one page.
    pub const MOST: u32 = 1_000;

    /// The first page, oldest first.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit, order: Order::OldestFirst }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The key of the last row when more follow; never set on the last page.
    pub next: Option<PageKey>,
}

/// Runs a query page by page over the two columns of the key.
pub(crate) async fn fetch<E, C, T>(
    query: Select<E>,
    (created_at, id): (E::Column, E::Column),
    request: PageRequest,
    connection: &C,
    convert: impl Fn(E::Model) -> Result<(PageKey, T), StoreError>,
) -> Result<Page<T>, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let limit = request.limit.clamp(1, PageRequest::MOST);
    let mut query = query;
    let columns = || Expr::tuple([Expr::col(created_at.as_column_ref()), Expr::col(id.as_column_ref())]);
    if let Some(key) = request.after {
        let edge = Expr::tuple([Expr::value(key.created_at.micros()), Expr::value(key.id)]);
        query = query.filter(match request.order {
            Order::OldestFirst => columns().gt(edge),
            Order::NewestFirst => columns().lt(edge),
        });
    }
    query = match request.order {
        Order::OldestFirst => query.order_by_asc(created_at).order_by_asc(id),
        Order::NewestFirst => query.order_by_desc(created_at).order_by_desc(id),
    };
    // One row more than asked tells whether anything follows, so that no walk ends on an empty page.
    let rows = query.limit(u64::from(limit) + 1).all(connection).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    let mut next = None;
    let mut items = Vec::with_capacity(rows.len().min(wanted));
    for row in rows.into_iter().take(wanted) {
        let (key, item) = convert(row)?;
        next = Some(key);
        items.push(item);
    }
    Ok(Page { items, next: next.filter(|_| more) })
}
