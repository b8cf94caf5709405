//! When each alert is looked at: after events that bear on it, and with each day; by one process at a time.

use domain::{
    alert::{Alert, PAUSE, bears},
    event::Subject,
    ids::AlertId,
    time::{Day, Instant},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::stored;
use crate::{
    entity::{
        alert::{Column, Entity},
        event,
    },
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Before every event.
pub(super) const NEVER: i64 = -1;

/// For whom an alert is due: how far the market has changed, and what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The last event that bears on alerts.
    pub event: i64,
    /// Now.
    pub now: Instant,
}

/// An alert that a process has for itself until an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The alert.
    pub alert: Alert,
    /// The day of the last look, if there was one.
    pub last: Option<Day>,
    /// Until when nobody else takes it.
    pub until: Instant,
}

/// The number of the last event that bears on alerts; 0 where there is none.
pub async fn last_event(reader: &impl Reads) -> Result<i64, StoreError> {
    let subjects = Subject::ALL.into_iter().filter(|subject| bears(*subject)).map(Subject::as_str);
    let query = event::Entity::find()
        .select_only()
        .column(event::Column::Number)
        .filter(event::Column::Number.is_not_null())
        .filter(event::Column::Subject.is_in(subjects))
        .order_by_desc(event::Column::Number)
        .limit(1);
    let last: Option<Option<i64>> = query.into_tuple().one(reader.connection()).await?;
    Ok(last.flatten().unwrap_or(0))
}

/// Whether any alert is due.
pub async fn any_due(reader: &impl Reads, moment: Moment) -> Result<bool, StoreError> {
    let query = Entity::find().select_only().column(Column::Id).filter(due(moment)).limit(1);
    Ok(query.into_tuple::<uuid::Uuid>().one(reader.connection()).await?.is_some())
}

/// Takes the alert at which nobody has looked for longest of those that are due.
pub async fn take(tx: &Tx, moment: Moment, until: Instant) -> Result<Option<Taken>, StoreError> {
    let first = Entity::find().filter(due(moment)).order_by_asc(Column::LookedAt).order_by_asc(Column::Id);
    let Some(row) = first.limit(1).lock_exclusive().one(tx.connection()).await? else { return Ok(None) };
    let taken = Entity::update_many().col_expr(Column::TakenUntil, Expr::value(until.micros()));
    taken.filter(Column::Id.eq(row.id)).exec(tx.connection()).await?;
    let last = (row.looked_at > 0).then(|| json::day("alerts.looked_on", row.looked_on)).transpose()?;
    Ok(Some(Taken { alert: stored(row)?, last, until }))
}

fn due(Moment { event, now }: Moment) -> Condition {
    let news = Column::LookedEvent.lt(event).or(Column::LookedEvent.eq(NEVER));
    Condition::all()
        .add(Column::LookedAt.lte(now.micros() - PAUSE))
        .add(Column::TakenUntil.lte(now.micros()))
        .add(news.or(Column::LookedOn.lt(now.day().number())))
}

/// Notes that an alert was looked at and gives it back: as the market was after an event. Answers the alert as it is by
/// now, which is locked; `None` where it is gone, was taken by another since, or asks something else by now.
pub async fn done(tx: &Tx, taken: &Taken, event: i64, at: Instant) -> Result<Option<Alert>, StoreError> {
    let query = Entity::find_by_id(taken.alert.id.0).filter(Column::TakenUntil.eq(taken.until.micros()));
    let Some(row) = query.lock_exclusive().one(tx.connection()).await? else { return Ok(None) };
    let alert = stored(row)?;
    let same = alert.organisation == taken.alert.organisation && alert.terms.asks_as(&taken.alert.terms);
    Entity::update_many()
        .col_expr(Column::TakenUntil, Expr::value(0_i64))
        .col_expr(Column::LookedAt, Expr::value(at.micros()))
        .col_expr(Column::LookedOn, Expr::value(at.day().number()))
        .col_expr(Column::LookedEvent, Expr::value(if same { event } else { NEVER }))
        .filter(Column::Id.eq(alert.id.0))
        .exec(tx.connection())
        .await?;
    Ok(same.then_some(alert))
}

/// Lets an alert be looked at again, since it asks something else by now.
pub async fn again(tx: &Tx, id: AlertId) -> Result<(), StoreError> {
    let again = Entity::update_many().col_expr(Column::LookedEvent, Expr::value(NEVER));
    again.filter(Column::Id.eq(id.0)).exec(tx.connection()).await?;
    Ok(())
}
