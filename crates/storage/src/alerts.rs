//! Saved questions that tell when their threshold is met. When each was looked at is in [`looks`].

use domain::{
    alert::{Alert, AlertOf, AlertState, AlertTerms},
    event::{CREATED, Subject},
    ids::{AlertId, OrganisationId, PersonId},
    time::{Day, Instant},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    bulk,
    dialect::{self, Turn},
    entity::alert::{self, Column, Entity},
    error::StoreError,
    events, json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

pub mod looks;

/// Adds an alert at which nobody has looked.
///
/// # Errors
/// [`StoreError::Constraint`] when its organisation or person does not exist.
pub async fn insert(tx: &Tx, alert: &Alert) -> Result<(), StoreError> {
    let row = alert::Model {
        id: alert.id.0,
        organisation_id: alert.organisation.map(|id| id.0),
        name: String::new(),
        asks: alert.terms.of.as_str().to_owned(),
        question: String::new(),
        weeks: i16::from(alert.terms.weeks),
        threshold: String::new(),
        made_by: alert.made_by.map(|id| id.0),
        state: alert.state.as_str().to_owned(),
        since: alert.since.micros(),
        met: "[]".to_owned(),
        more: 0,
        as_of: None,
        fault: None,
        created_at: alert.created_at.micros(),
        looked_at: 0,
        looked_on: Day::MIN.number(),
        looked_event: looks::NEVER,
        taken_until: 0,
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await?;
    put(tx, alert).await?;
    tell(tx, alert, CREATED, alert.created_at);
    Ok(())
}

/// Writes what an alert asks and how it stands.
async fn put(tx: &Tx, alert: &Alert) -> Result<(), StoreError> {
    let AlertTerms { name, of, question, weeks, threshold } = &alert.terms;
    let question = json::to_text(question)?;
    for (column, text) in [("alerts.name", name), ("alerts.question", &question)] {
        json::storable(column, text)?;
    }
    let more = i32::try_from(alert.more).unwrap_or(i32::MAX);
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(name.clone()))
        .col_expr(Column::Asks, Expr::value(of.as_str()))
        .col_expr(Column::Question, Expr::value(question))
        .col_expr(Column::Weeks, Expr::value(i16::from(*weeks)))
        .col_expr(Column::Threshold, Expr::value(json::to_text(threshold)?))
        .col_expr(Column::State, Expr::value(alert.state.as_str()))
        .col_expr(Column::Since, Expr::value(alert.since.micros()))
        .col_expr(Column::Met, Expr::value(json::to_text(&alert.rows)?))
        .col_expr(Column::More, Expr::value(more))
        .col_expr(Column::AsOf, Expr::value(alert.as_of.map(Instant::micros)))
        .col_expr(Column::Fault, Expr::value(alert.fault.clone()))
        .filter(Column::Id.eq(alert.id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Replaces what an alert that is locked asks and how it stands, and says what happened to it.
pub async fn update(tx: &Tx, alert: &Alert, what: &str, at: Instant) -> Result<(), StoreError> {
    put(tx, alert).await?;
    tell(tx, alert, what, at);
    Ok(())
}

/// Deletes an alert.
pub async fn remove(tx: &Tx, alert: &Alert, at: Instant) -> Result<(), StoreError> {
    Entity::delete_by_id(alert.id.0).exec(tx.connection()).await?;
    tell(tx, alert, events::REMOVED, at);
    Ok(())
}

/// It is for its owner alone; of the operator's own nobody else reads.
fn tell(tx: &Tx, alert: &Alert, what: &str, at: Instant) {
    events::record(tx, Subject::Alert, alert.id.0, what, alert.organisation.as_slice(), at);
}

/// One alert.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: AlertId) -> Result<Alert, StoreError> {
    let query = Entity::find_by_id(id.0).filter(scope.over(&[Column::OrganisationId]));
    stored(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// As [`get`], and whoever else would change it waits until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, scope: Scope, id: AlertId) -> Result<Alert, StoreError> {
    let query = Entity::find_by_id(id.0).filter(scope.over(&[Column::OrganisationId])).lock_exclusive();
    stored(query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A page of alerts.
pub async fn page(reader: &impl Reads, scope: Scope, request: PageRequest) -> Result<Page<Alert>, StoreError> {
    let query = Entity::find().filter(scope.over(&[Column::OrganisationId]));
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// How many alerts an organisation, or the operator, has; nobody else adds one until the transaction ends.
pub async fn count_to_add(tx: &Tx, owner: Option<OrganisationId>) -> Result<u64, StoreError> {
    dialect::take_turn(tx.connection(), Turn::Alert).await?;
    Ok(Entity::find().filter(of(owner)).count(tx.connection()).await?)
}

fn of(owner: Option<OrganisationId>) -> Condition {
    Condition::all().add(match owner {
        Some(id) => Column::OrganisationId.eq(id.0),
        None => Column::OrganisationId.is_null(),
    })
}

/// Gives the alerts of one organisation to another, as if nobody had looked at them: what the one saw the other may not.
pub(crate) async fn merge(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<u64, StoreError> {
    let theirs = Entity::find().filter(Column::OrganisationId.eq(from)).order_by_asc(Column::Id).lock_exclusive();
    let rows = theirs.all(tx.connection()).await?;
    let count = rows.len() as u64;
    for row in rows {
        let alert = stored(row)?.quiet(at);
        let alert = Alert { organisation: Some(OrganisationId(into)), fault: None, ..alert };
        let moved = Entity::update_many().col_expr(Column::OrganisationId, Expr::value(into));
        moved.filter(Column::Id.eq(alert.id.0)).exec(tx.connection()).await?;
        looks::again(tx, alert.id).await?;
        update(tx, &alert, events::MOVED, at).await?;
    }
    Ok(count)
}

fn stored(row: alert::Model) -> Result<Alert, StoreError> {
    let broken = |error: std::num::TryFromIntError| StoreError::Internal(Box::new(error));
    Ok(Alert {
        id: AlertId(row.id),
        organisation: row.organisation_id.map(OrganisationId),
        terms: AlertTerms {
            name: row.name,
            of: json::word("alerts.asks", &row.asks, AlertOf::parse)?,
            question: json::from_text("alerts.question", &row.question)?,
            weeks: u8::try_from(row.weeks).map_err(broken)?,
            threshold: json::from_text("alerts.threshold", &row.threshold)?,
        },
        made_by: row.made_by.map(PersonId),
        state: json::word("alerts.state", &row.state, AlertState::parse)?,
        since: json::instant("alerts.since", row.since)?,
        rows: json::from_text("alerts.met", &row.met)?,
        more: u32::try_from(row.more).map_err(broken)?,
        as_of: row.as_of.map(|at| json::instant("alerts.as_of", at)).transpose()?,
        fault: row.fault,
        created_at: json::instant("alerts.created_at", row.created_at)?,
    })
}
