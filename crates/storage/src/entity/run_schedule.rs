//! Rows of `run_schedules`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run_schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub since: i64,
    pub every_minutes: Option<i32>,
    pub on_change: bool,
    pub quiet_seconds: i32,
    pub parameters: Option<String>,
    pub set_by: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
