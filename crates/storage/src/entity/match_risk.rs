//! What rows of `matches` tell of their risk; the rest of them is in `match_row`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "matches")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub offer_id: Uuid,
    pub need_id: Uuid,
    pub instalment_id: Uuid,
    pub offer_organisation_id: Uuid,
    pub need_organisation_id: Uuid,
    pub state: String,
    pub at_risk_since: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
