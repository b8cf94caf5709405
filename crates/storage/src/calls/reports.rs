//! The reports that close calls. They are written once.

use domain::{call::report::Report, ids::CallId, time::Instant};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};

use crate::{
    bulk,
    entity::call_report::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Writes the report of a call.
///
/// # Errors
/// [`StoreError::Conflict`] when it has one.
pub async fn insert(tx: &Tx, report: &Report) -> Result<(), StoreError> {
    let row = call_report::Model {
        call_id: report.call.0,
        report: json::to_text(report)?,
        created_at: report.closed_at.micros(),
        read_at: None,
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// The report of a call.
///
/// # Errors
/// [`StoreError::NotFound`] when it has none.
pub async fn get(reader: &impl Reads, call: CallId) -> Result<Report, StoreError> {
    let row = Entity::find_by_id(call.0).one(reader.connection()).await?.ok_or(StoreError::NotFound)?;
    json::from_text("call_reports.report", &row.report)
}

/// Whether the issuer of a call has read its report; whoever else asks waits until the transaction ends.
pub async fn is_read(tx: &Tx, call: CallId) -> Result<bool, StoreError> {
    let row = Entity::find_by_id(call.0).lock_exclusive().one(tx.connection()).await?.ok_or(StoreError::NotFound)?;
    Ok(row.read_at.is_some())
}

/// Notes that the issuer of a call has read its report.
pub async fn note_read(tx: &Tx, call: CallId, at: Instant) -> Result<(), StoreError> {
    let update = Entity::update_many().col_expr(Column::ReadAt, Expr::value(at.micros()));
    update.filter(Column::CallId.eq(call.0)).filter(Column::ReadAt.is_null()).exec(tx.connection()).await?;
    Ok(())
}
