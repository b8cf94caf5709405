//! Rows of `grade_rules`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grade_rules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub need_product: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub need_grade: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_product: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_grade: String,
    pub position: i32,
    pub verdict: String,
    pub unless_feature: Option<String>,
    pub caveat: String,
    pub source: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
