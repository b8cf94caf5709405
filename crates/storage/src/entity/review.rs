//! Rows of `reviews`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reviews")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub organisation_id: Uuid,
    pub offer_id: Option<Uuid>,
    pub need_id: Option<Uuid>,
    pub certificate_id: Option<Uuid>,
    pub reason: String,
    pub state: String,
    pub created_at: i64,
    pub decided_by: Option<String>,
    pub note: Option<String>,
    pub decided_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
