//! Calls, invitations and answers of an organisation that becomes another.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    call::CallState,
    event::{Named, Subject},
    ids::OrganisationId,
    time::Instant,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{answers, invitations};
use crate::{
    bulk,
    entity::{
        call::{self, Column, Entity},
        call_answer, call_invitation,
    },
    error::StoreError,
    events::{self, ANSWERED, CHANGED, INVITED, MOVED},
    store::{Reads, Tx},
};

/// Moves calls, invitations and answers of one organisation to another. Nobody is invited to his own call, and of two
/// invitations or answers that are the same the one of the organisation that stays is kept.
pub(crate) async fn merge(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    tell(tx, from, into, at).await?;
    let issued = Entity::update_many().col_expr(Column::OrganisationId, Expr::value(into));
    issued.filter(Column::OrganisationId.eq(from)).exec(connection).await?;
    let query = Entity::find().select_only().column(Column::Id).filter(Column::OrganisationId.eq(into));
    let own: Vec<Uuid> = query.into_tuple().all(connection).await?;
    invitations::merge(connection, from, into, &own).await?;
    answers::merge(connection, from, into, &own).await
}

/// Notes what is about to move: a call to whoever sees it, since it says who issued it; an invitation or an answer to the
/// issuer and to the one whose it is from now on.
async fn tell(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    let asked = |column: call_invitation::Column| {
        let query = call_invitation::Entity::find().select_only().column(call_invitation::Column::CallId);
        query.filter(column.eq(from)).into_tuple::<Uuid>().all(connection)
    };
    let (invited, through) =
        (asked(call_invitation::Column::OrganisationId).await?, asked(call_invitation::Column::ThroughId).await?);
    let by = Query::select()
        .column(call_answer::Column::CallId)
        .from(call_answer::Entity)
        .and_where(call_answer::Column::OrganisationId.eq(from).or(call_answer::Column::ById.eq(from)))
        .take();
    let query = Entity::find().select_only().column(Column::Id).filter(Column::Id.in_subquery(by));
    let answered: BTreeSet<Uuid> = query.into_tuple::<Uuid>().all(connection).await?.into_iter().collect();
    let invited: BTreeSet<Uuid> = invited.into_iter().collect();
    let touched = bulk::id_lists(invited.iter().chain(&through).chain(&answered).copied());
    let mut calls: BTreeMap<Uuid, call::Model> = BTreeMap::new();
    for list in touched {
        let query = Entity::find().filter(Column::Id.is_in(list)).order_by_asc(Column::Id);
        calls.extend(query.all(connection).await?.into_iter().map(|call| (call.id, call)));
    }
    let query = Entity::find().filter(Column::OrganisationId.eq(from)).order_by_asc(Column::Id);
    let issued = query.all(connection).await?;
    for call in issued {
        let what = if call.state == CallState::Draft.as_str() { CHANGED } else { MOVED };
        events::record(tx, Subject::Call, call.id, what, &[OrganisationId(into)], at);
        calls.remove(&call.id);
    }
    for (id, call) in calls.into_iter().filter(|(_, call)| call.organisation_id != into) {
        let mut readers = BTreeMap::from([(OrganisationId(call.organisation_id), true)]);
        if call.state != CallState::Draft.as_str() && (invited.contains(&id) || answered.contains(&id)) {
            readers.insert(OrganisationId(into), !invited.contains(&id));
        }
        let what = if answered.contains(&id) { ANSWERED } else { INVITED };
        events::some(tx, Named { subject: Subject::Call, id, within: None }, what, readers, at);
    }
    Ok(())
}
