//! What a reader has not seen, and what is too old to keep.

use domain::{
    event::{Event, Named, Subject},
    ids::OrganisationId,
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};

use crate::{
    entity::{
        event::{self, Column, Entity},
        event_reader,
    },
    error::StoreError,
    json,
    scope::Scope,
    store::{Reads, Tx},
};

/// The last number; 0 where there is none.
pub async fn last(reader: &impl Reads) -> Result<i64, StoreError> {
    let query = Entity::find().select_only().column(Column::Number).filter(Column::Number.is_not_null());
    let last: Option<Option<i64>> =
        query.order_by_desc(Column::Number).limit(1).into_tuple().one(reader.connection()).await?;
    Ok(last.flatten().unwrap_or(0))
}

/// Which events somebody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter {
    /// About these.
    pub subjects: Vec<Subject>,
    /// Also what is for the reader's own people alone: records of members that it looks at as their cluster, and what no
    /// mandate lets anybody know.
    pub onlooker: bool,
}

/// Events in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub items: Vec<Event>,
    /// Up to which number nothing is left out.
    pub reached: i64,
    /// Whether there are more.
    pub more: bool,
}

/// The events after a number in whose view the reader stood; `None` where some of them may be gone already, or where
/// that number was not given yet, as after a backup was restored.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    filter: &EventFilter,
    after: i64,
    limit: u32,
) -> Result<Option<EventPage>, StoreError> {
    let connection = reader.connection();
    let last = last(reader).await?;
    let mut query = Entity::find().filter(Column::Number.gt(after)).filter(Column::Number.lte(last));
    if filter.subjects.len() < Subject::ALL.len() {
        query = query.filter(Column::Subject.is_in(filter.subjects.iter().map(|subject| subject.as_str())));
    }
    query = match scope {
        Scope::Operator => query,
        Scope::Nobody => query.filter(scope.over(&[Column::OrganisationId])),
        Scope::Organisation(own) => {
            use event_reader::Column as Of;
            let mut standing = Query::select();
            standing.expr(Expr::value(1)).from(event_reader::Entity);
            standing.and_where(Expr::col(Of::EventId.as_column_ref()).equals(Column::Id.as_column_ref()));
            standing.and_where(Of::OrganisationId.eq(own.0));
            if !filter.onlooker {
                standing.and_where(Of::Onlooker.eq(false));
            }
            // Whoever reads anything reads of runs, which are nobody's.
            let of_runs = Column::Subject.eq(Subject::Run.as_str());
            let own = Condition::any().add(Column::OrganisationId.eq(own.0)).add(of_runs);
            query.filter(own.add(Expr::exists(standing)))
        }
    };
    let rows = query.order_by_asc(Column::Number).limit(u64::from(limit) + 1).all(connection).await?;
    // Asked after they were read: what is dropped meanwhile is noticed.
    let first = Entity::find().select_only().column(Column::Number).filter(Column::Number.is_not_null());
    let first: Option<Option<i64>> = first.order_by_asc(Column::Number).limit(1).into_tuple().one(connection).await?;
    if after > last || first.flatten().is_some_and(|first| after + 1 < first) {
        return Ok(None);
    }
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    let items: Vec<Event> = rows.into_iter().take(wanted).map(stored).collect::<Result<_, _>>()?;
    let reached = items.last().filter(|_| more).map_or(last, |event| event.number);
    Ok(Some(EventPage { items, reached, more }))
}

fn stored(row: event::Model) -> Result<Event, StoreError> {
    let subject = json::word("events.subject", &row.subject, Subject::parse)?;
    Ok(Event {
        number: row.number.ok_or_else(|| StoreError::internal("an event without a number was read"))?,
        at: json::instant("events.at", row.at)?,
        record: Named { subject, id: row.record_id, within: row.within_id },
        what: row.what,
        owner: row.organisation_id.map(OrganisationId),
    })
}

/// Drops the first events that are older than an instant, at most so many, and says how many they were. The last one
/// stays, since numbers go on from it; none is dropped before those with lower numbers.
pub async fn forget(tx: &Tx, before: Instant, most: u32) -> Result<usize, StoreError> {
    let connection = tx.connection();
    let last = last(tx).await?;
    let query = Entity::find().select_only().columns([Column::Id, Column::At]).filter(Column::Number.lt(last));
    let rows: Vec<(i64, i64)> =
        query.order_by_asc(Column::Number).limit(u64::from(most)).into_tuple().all(connection).await?;
    let old: Vec<i64> = rows.into_iter().take_while(|(_, at)| *at < before.micros()).map(|(id, _)| id).collect();
    event_reader::Entity::delete_many()
        .filter(event_reader::Column::EventId.is_in(old.iter().copied()))
        .exec(connection)
        .await?;
    Entity::delete_many().filter(Column::Id.is_in(old.iter().copied())).exec(connection).await?;
    Ok(old.len())
}
