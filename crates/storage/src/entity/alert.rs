//! Rows of `alerts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alerts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Option<Uuid>,
    pub name: String,
    pub asks: String,
    pub question: String,
    pub weeks: i16,
    pub threshold: String,
    pub made_by: Option<Uuid>,
    pub state: String,
    pub since: i64,
    pub met: String,
    pub more: i32,
    pub as_of: Option<i64>,
    pub fault: Option<String>,
    pub created_at: i64,
    pub looked_at: i64,
    pub looked_on: i32,
    pub looked_event: i64,
    pub taken_until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
