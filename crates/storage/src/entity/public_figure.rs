//! Rows of `public_figures`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "public_figures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub on_day: i32,
    pub reckoned_at: i64,
    pub cells: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
