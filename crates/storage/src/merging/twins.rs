//! Records that one source put to both organisations. One organisation cannot have a record of a source twice: the
//! one that promised nothing leaves the market and gives up its origin, so that the next import finds the other.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    event::Subject,
    ids::{NeedId, OfferId, OrganisationId},
    need::NeedState,
    offer::OfferState,
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::MergeError;
use crate::{
    bulk,
    entity::{match_row, need, offer},
    error::StoreError,
    events::{self, CHANGED},
    json,
    store::{Reads, Tx},
};

/// What left the market.
pub(super) struct Yielded {
    pub(super) offers: Vec<OfferId>,
    pub(super) needs: Vec<NeedId>,
}

/// A record with its origin.
type Row = (Uuid, Uuid, String, String);

/// Settles which of two records of one origin stays.
pub(super) async fn yielded(
    tx: &Tx,
    from: OrganisationId,
    into: OrganisationId,
    at: Instant,
) -> Result<Yielded, MergeError> {
    let (both, connection) = ([from.0, into.0], tx.connection());
    let offers = offer::Entity::find()
        .filter(offer::Column::OrganisationId.is_in(both))
        .filter(offer::Column::Source.is_not_null())
        .order_by_asc(offer::Column::Id)
        .lock_exclusive()
        .all(connection)
        .await
        .map_err(StoreError::from)?;
    let rows = offers.iter().filter_map(|o| row(o.id, o.organisation_id, o.source.as_ref(), o.external_id.as_ref()));
    let gone = yielding(connection, match_row::Column::OfferId, &rows.collect::<Vec<_>>(), from.0).await?;
    let mut withdrawn = Vec::new();
    for offer in offers.into_iter().filter(|offer| gone.contains(&offer.id)) {
        use offer::Column;
        let state = json::word("offers.state", &offer.state, OfferState::parse)?;
        let leaves = state.may_become(OfferState::Withdrawn);
        let state = if leaves { OfferState::Withdrawn } else { state };
        offer::Entity::update_many()
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::Source, Expr::value(None::<String>))
            .col_expr(Column::ExternalId, Expr::value(None::<String>))
            .col_expr(Column::ContentHash, Expr::value(None::<String>))
            .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
            .filter(Column::Id.eq(offer.id))
            .exec(connection)
            .await
            .map_err(StoreError::from)?;
        let what = if leaves { OfferState::Withdrawn.as_str() } else { CHANGED };
        events::record(tx, Subject::Offer, offer.id, what, &[into], at);
        withdrawn.extend(leaves.then_some(OfferId(offer.id)));
    }
    let needs = need::Entity::find()
        .filter(need::Column::OrganisationId.is_in(both))
        .filter(need::Column::Source.is_not_null())
        .order_by_asc(need::Column::Id)
        .lock_exclusive()
        .all(connection)
        .await
        .map_err(StoreError::from)?;
    let rows = needs.iter().filter_map(|n| row(n.id, n.organisation_id, n.source.as_ref(), n.external_id.as_ref()));
    let gone = yielding(connection, match_row::Column::NeedId, &rows.collect::<Vec<_>>(), from.0).await?;
    let mut closed = Vec::new();
    for need in needs.into_iter().filter(|need| gone.contains(&need.id)) {
        use need::Column;
        let state = json::word("needs.state", &need.state, NeedState::parse)?;
        let leaves = state.may_become(NeedState::Closed);
        let state = if leaves { NeedState::Closed } else { state };
        need::Entity::update_many()
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::Source, Expr::value(None::<String>))
            .col_expr(Column::ExternalId, Expr::value(None::<String>))
            .col_expr(Column::ContentHash, Expr::value(None::<String>))
            .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
            .filter(Column::Id.eq(need.id))
            .exec(connection)
            .await
            .map_err(StoreError::from)?;
        let what = if leaves { NeedState::Closed.as_str() } else { CHANGED };
        events::record(tx, Subject::Need, need.id, what, &[into], at);
        closed.extend(leaves.then_some(NeedId(need.id)));
    }
    Ok(Yielded { offers: withdrawn, needs: closed })
}

fn row(id: Uuid, owner: Uuid, source: Option<&String>, external_id: Option<&String>) -> Option<Row> {
    Some((id, owner, source?.clone(), external_id?.clone()))
}

/// Of each two records of one origin the one that gives way: that of the organisation that goes, unless it alone
/// has promised something.
async fn yielding<C: ConnectionTrait>(
    connection: &C,
    column: match_row::Column,
    rows: &[Row],
    from: Uuid,
) -> Result<BTreeSet<Uuid>, MergeError> {
    let own = rows.iter().filter(|(_, owner, ..)| *owner != from);
    let own: BTreeMap<_, Uuid> = own.map(|(id, _, source, external_id)| ((source, external_id), *id)).collect();
    let theirs = rows.iter().filter(|(_, owner, ..)| *owner == from);
    let twin = |(id, _, source, external_id): &'_ Row| Some((*id, *own.get(&(source, external_id))?));
    let twins: Vec<(Uuid, Uuid, &Row)> =
        theirs.filter_map(|row| twin(row).map(|(theirs, own)| (theirs, own, row))).collect();
    let mut promised = BTreeSet::new();
    let counts = || Condition::any().add(match_row::Column::Drawn.gt(0)).add(match_row::Column::Covered.gt(0));
    for list in bulk::id_lists(twins.iter().flat_map(|(theirs, own, ..)| [*theirs, *own])) {
        let query = match_row::Entity::find().select_only().column(column).filter(column.is_in(list));
        let query = query.filter(counts());
        promised.extend(query.into_tuple::<Uuid>().all(connection).await.map_err(StoreError::from)?);
    }
    let mut gone = BTreeSet::new();
    for (theirs, own, (.., source, external_id)) in twins {
        gone.insert(match (promised.contains(&theirs), promised.contains(&own)) {
            (false, _) => theirs,
            (true, false) => own,
            (true, true) => {
                let (source_name, external_id) = (source.clone(), external_id.clone());
                return Err(MergeError::BothPromised { source_name, external_id });
            }
        });
    }
    Ok(gone)
}
