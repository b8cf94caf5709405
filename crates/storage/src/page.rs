//! Pages by key: every row that exists throughout a walk is seen exactly once, whatever else
//! comes and goes (field cases PAG-01, PAG-02).

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Value,
    sea_query::{self, Expr},
};
use uuid::Uuid;

use crate::error::StoreError;

/// The place of a row in the order of pages: what the list is sorted by, and the row's id where that is equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    /// The value that the list is sorted by: microseconds of an instant, or the number of a day.
    pub at: i64,
    /// The row's id.
    pub id: Uuid,
}

/// Which end a walk begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// The smallest first, of instants the oldest.
    #[default]
    Ascending,
    /// The largest first, of instants the newest.
    Descending,
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
    /// Whether all rows are counted, which reads each of them.
    pub total: bool,
}

impl PageRequest {
    /// The most rows of one page.
    pub const MOST: u32 = 1_000;

    /// The first page, the smallest first, uncounted.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit, order: Order::Ascending, total: false }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The key of the last row when more follow; never set on the last page.
    pub next: Option<PageKey>,
    /// How many rows there are on all pages, where that was asked.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// A list without rows.
    pub fn empty(request: PageRequest) -> Self {
        Self { items: Vec::new(), next: None, total: request.total.then_some(0) }
    }

    /// The same part of the list, each row told as none, one or several.
    pub fn map<U, L: IntoIterator<Item = U>>(self, tell: impl FnMut(T) -> L) -> Page<U> {
        Page { items: self.items.into_iter().flat_map(tell).collect(), next: self.next, total: self.total }
    }
}

/// Runs a query page by page, sorted by a column of whole numbers and then by the id.
pub(crate) async fn fetch<E, C, T>(
    query: Select<E>,
    (sorted, id): (E::Column, E::Column),
    request: PageRequest,
    connection: &C,
    convert: impl Fn(E::Model) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E>,
    C: ConnectionTrait,
{
    let limit = request.limit.clamp(1, PageRequest::MOST);
    let total = if request.total { Some(count(query.clone(), id, connection).await?) } else { None };
    let mut query = query;
    let columns = || Expr::tuple([Expr::col(sorted.as_column_ref()), Expr::col(id.as_column_ref())]);
    if let Some(key) = request.after {
        let edge = Expr::tuple([Expr::value(key.at), Expr::value(key.id)]);
        query = query.filter(match request.order {
            Order::Ascending => columns().gt(edge),
            Order::Descending => columns().lt(edge),
        });
    }
    query = match request.order {
        Order::Ascending => query.order_by_asc(sorted).order_by_asc(id),
        Order::Descending => query.order_by_desc(sorted).order_by_desc(id),
    };
    // One row more than asked tells whether anything follows, so that no walk ends on an empty page.
    let rows = query.limit(u64::from(limit) + 1).all(connection).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    let mut next = None;
    let mut items = Vec::with_capacity(rows.len().min(wanted));
    for row in rows.into_iter().take(wanted) {
        next = Some(PageKey { at: number(row.get(sorted))?, id: value(row.get(id))? });
        items.push(convert(row)?);
    }
    Ok(Page { items, next: next.filter(|_| more), total })
}

async fn count<E, C>(query: Select<E>, id: E::Column, connection: &C) -> Result<u64, StoreError>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let counted: Option<i64> = query.select_only().column_as(id.count(), "total").into_tuple().one(connection).await?;
    u64::try_from(counted.unwrap_or(0)).map_err(|error| StoreError::Internal(Box::new(error)))
}

fn number(of: Value) -> Result<i64, StoreError> {
    match of {
        Value::Int(_) => Ok(value::<i32>(of)?.into()),
        other => value(other),
    }
}

fn value<T: sea_query::ValueType>(of: Value) -> Result<T, StoreError> {
    <T as sea_query::ValueType>::try_from(of).map_err(|error| StoreError::Internal(Box::new(error)))
}
