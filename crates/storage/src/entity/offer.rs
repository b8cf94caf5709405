//! Rows of `offers`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub site_id: Uuid,
    pub line_id: Option<Uuid>,
    pub product: String,
    pub state: String,
    pub confirm_by: i32,
    pub window_from: i32,
    pub window_until: Option<i32>,
    pub suspended: bool,
    pub quarantine: Option<String>,
    pub terms: String,
    pub source: Option<String>,
    pub external_id: Option<String>,
    pub content_hash: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
