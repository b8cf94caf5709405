//! Rows of `products`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "products")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub position: i32,
    pub kind: String,
    pub family: String,
    pub base_unit: String,
    pub trade_unit: String,
    pub names: String,
    pub synonyms: String,
    pub classifications: String,
    pub frames: String,
    pub class: String,
    pub schemes: String,
    pub weekly_ceiling: i64,
    pub order_ceiling: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
