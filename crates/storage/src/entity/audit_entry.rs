//! Rows of `audit_entries`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: i64,
    pub acting_id: Option<Uuid>,
    pub alone: bool,
    pub person_id: Option<Uuid>,
    pub credential: String,
    pub credential_id: Option<Uuid>,
    pub act: String,
    pub record: String,
    pub record_id: Uuid,
    pub owner_id: Option<Uuid>,
    pub changes: String,
    pub mandate_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
