//! Rows of `matches`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "matches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub run_id: Option<Uuid>,
    pub offer_id: Uuid,
    pub need_id: Uuid,
    pub instalment_id: Uuid,
    pub offer_organisation_id: Uuid,
    pub need_organisation_id: Uuid,
    pub state: String,
    pub tier: i16,
    pub proposed: i64,
    pub agreed: i64,
    pub shipped: i64,
    pub received: i64,
    pub accepted: i64,
    pub rejected: i64,
    pub drawn: i64,
    pub covered: i64,
    pub cutoff: i32,
    pub deadline: Option<i64>,
    pub terms: Option<String>,
    pub sample: Option<String>,
    pub recalled_at: Option<i64>,
    pub at_risk_since: Option<i64>,
    pub chain_id: Option<Uuid>,
    pub chain_step: Option<i16>,
    pub explanation: String,
    pub closing_reason: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
