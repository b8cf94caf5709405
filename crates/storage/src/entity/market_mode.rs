//! Rows of `market_modes`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "market_modes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub since: i64,
    pub mode: String,
    pub reason: String,
    pub set_by: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
