//! Which needs are covered: a reading of the matches, which say what they cover, and nothing that is stored beside them.

use std::collections::BTreeSet;

use domain::{ids::NeedId, matches::MatchState, need::NeedState};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, SelectStatement},
};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{instalment, match_row, need},
    error::StoreError,
    store::Reads,
};

/// Those of some needs that are open, and of which matches that are agreed, or were delivered, cover every instalment.
pub async fn covered(
    reader: &impl Reads,
    ids: impl IntoIterator<Item = NeedId>,
) -> Result<BTreeSet<NeedId>, StoreError> {
    let mut found = BTreeSet::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = need::Entity::find().select_only().column(need::Column::Id).filter(need::Column::Id.is_in(list));
        let ids: Vec<Uuid> = query.filter(is_in(NeedState::Covered)).into_tuple().all(reader.connection()).await?;
        found.extend(ids.into_iter().map(NeedId));
    }
    Ok(found)
}

/// A need that stands in a state: as stored, but that what is open and covered is covered.
pub(super) fn is_in(state: NeedState) -> Condition {
    let stored = |state: NeedState| Condition::all().add(need::Column::State.eq(state.as_str()));
    match state {
        NeedState::Open => stored(state).add(Expr::exists(lacking())),
        NeedState::Covered => stored(NeedState::Open).add(Expr::exists(lacking()).not()),
        NeedState::Draft | NeedState::Closed | NeedState::Expired => stored(state),
    }
}

/// The instalments of the need at hand that are not covered whole. What is only held may end at its deadline, and does
/// not count.
fn lacking() -> SelectStatement {
    use match_row::Column as Match;
    let held = MatchState::ALL.into_iter().filter(|state| state.is_held()).map(MatchState::as_str);
    let brought = match_row::Entity::find()
        .select_only()
        .expr(Func::coalesce([match_row::Column::Covered.sum(), Expr::value(0)]))
        .filter(
            Expr::col((match_row::Entity, Match::InstalmentId)).equals((instalment::Entity, instalment::Column::Id)),
        )
        .filter(Match::State.is_not_in(held))
        .into_query();
    instalment::Entity::find()
        .select_only()
        .column(instalment::Column::Id)
        .filter(Expr::col((instalment::Entity, instalment::Column::NeedId)).equals((need::Entity, need::Column::Id)))
        .filter(instalment::Column::Withdrawn.eq(false))
        .filter(Expr::col((instalment::Entity, instalment::Column::Quantity)).gt(brought))
        .into_query()
}
