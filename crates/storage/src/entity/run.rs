//! Rows of `runs`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub state: String,
    pub requested_by: Option<Uuid>,
    pub day: i32,
    pub parameters: String,
    pub worker: Option<String>,
    pub attempts: i32,
    pub lease_until: Option<i64>,
    pub queued_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub error: Option<String>,
    pub engine: Option<String>,
    pub figures: Option<String>,
    pub levels: Option<String>,
    pub proof_hash: Option<String>,
    pub shares: Option<String>,
    pub market_hash: Option<String>,
    pub tables_hash: Option<String>,
    pub progress: Option<String>,
    pub after_event: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
