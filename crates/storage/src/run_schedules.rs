//! When runs begin of themselves; never until somebody says so.

use domain::{
    ids::PersonId,
    schedule::{RunSchedule, ScheduleChange},
};
use sea_orm::{EntityTrait, QueryOrder};

use crate::{
    bulk,
    entity::run_schedule::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// The last change of the schedule, if it ever changed.
pub async fn last(reader: &impl Reads) -> Result<Option<ScheduleChange>, StoreError> {
    let row = Entity::find().order_by_desc(Column::Since).one(reader.connection()).await?;
    row.map(stored).transpose()
}

/// Sets the schedule.
pub async fn set(tx: &Tx, change: &ScheduleChange) -> Result<(), StoreError> {
    let RunSchedule { every_minutes, on_change, quiet_seconds, parameters } = &change.schedule;
    let number = |n: u32| i32::try_from(n).map_err(|error| StoreError::Internal(Box::new(error)));
    let row = run_schedule::Model {
        since: change.since.micros(),
        every_minutes: every_minutes.map(number).transpose()?,
        on_change: *on_change,
        quiet_seconds: number(*quiet_seconds)?,
        parameters: parameters.as_ref().map(json::to_text).transpose()?,
        set_by: change.set_by.map(|id| id.0),
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

fn stored(row: run_schedule::Model) -> Result<ScheduleChange, StoreError> {
    let number = |n: i32| u32::try_from(n).map_err(|error| StoreError::Internal(Box::new(error)));
    let parameters = row.parameters.as_deref();
    Ok(ScheduleChange {
        schedule: RunSchedule {
            every_minutes: row.every_minutes.map(number).transpose()?,
            on_change: row.on_change,
            quiet_seconds: number(row.quiet_seconds)?,
            parameters: parameters.map(|text| json::from_text("run_schedules.parameters", text)).transpose()?,
        },
        set_by: row.set_by.map(PersonId),
        since: json::instant("run_schedules.since", row.since)?,
    })
}
