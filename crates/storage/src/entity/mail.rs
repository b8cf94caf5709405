//! Rows of `mails`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mails")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub person_id: Uuid,
    pub organisation_id: Option<Uuid>,
    pub about_id: Option<Uuid>,
    pub call_id: Option<Uuid>,
    pub record_id: Option<Uuid>,
    pub created_at: i64,
    pub due_at: i64,
    pub attempts: i32,
    pub sent_at: Option<i64>,
    pub failure: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
