//! Rows of `conversions`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub capability: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    pub position: i32,
    pub nace2: String,
    pub days_min: Option<i32>,
    pub days_max: Option<i32>,
    pub basis: String,
    pub bottleneck: String,
    pub certificate_path: String,
    pub example: String,
    pub source: String,
    pub confidence: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
