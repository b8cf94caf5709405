//! Rows of `needs`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "needs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub site_id: Uuid,
    pub product: String,
    pub state: String,
    pub urgency: String,
    pub urgency_granted: bool,
    pub quarantine: Option<String>,
    pub closing: Option<String>,
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
