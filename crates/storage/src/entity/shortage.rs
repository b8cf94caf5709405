//! Rows of `shortages`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shortages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub instalment_id: Uuid,
    pub need_id: Uuid,
    pub need_organisation_id: Uuid,
    pub product: String,
    pub tier: i16,
    pub demand: i64,
    pub covered: i64,
    pub uncovered: i64,
    pub explanation: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
