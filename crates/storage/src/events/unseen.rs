//! What changed since a run looked.

use domain::{
    event::Subject,
    schedule::{Bearing, Unseen, bearing},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect};

use crate::{
    entity::event::{Column, Entity},
    error::StoreError,
    json,
    store::Reads,
};

/// The first and the last change after a number that bears on what runs find; `None` where there is none. What has no
/// number yet is not looked at.
pub async fn unseen(reader: &impl Reads, after: i64) -> Result<Option<Unseen>, StoreError> {
    let mut bears = Condition::any();
    for subject in Subject::ALL {
        let of_it = Column::Subject.eq(subject.as_str());
        bears = match bearing(subject) {
            Bearing::Never => bears,
            Bearing::AllBut([]) => bears.add(of_it),
            Bearing::AllBut(words) => bears.add(of_it.and(Column::What.is_not_in(words.iter().copied()))),
            Bearing::Only(words) => bears.add(of_it.and(Column::What.is_in(words.iter().copied()))),
        };
    }
    let query = Entity::find()
        .select_only()
        .column_as(Column::At.min(), "first")
        .column_as(Column::At.max(), "last")
        .filter(Column::Number.gt(after))
        .filter(bears);
    let found: Option<(Option<i64>, Option<i64>)> = query.into_tuple().one(reader.connection()).await?;
    let Some((Some(first), Some(last))) = found else { return Ok(None) };
    let instant = |at: i64| json::instant("events.at", at);
    Ok(Some(Unseen { first: instant(first)?, last: instant(last)? }))
}
