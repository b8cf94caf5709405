//! Who is invited to answer which call.

use std::collections::BTreeMap;

use domain::{
    call::{CallState, Invitation},
    event::{Named, Subject},
    ids::{CallId, OrganisationId},
    time::Instant,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        call,
        call_invitation::{self, Column, Entity},
    },
    error::StoreError,
    events::{self, INVITED, REMINDED},
    json,
    page::{self, Page, PageRequest},
    store::{Reads, Tx},
};

/// Invites organisations; who is invited already stays as he was.
pub async fn insert(tx: &Tx, invitations: &[Invitation]) -> Result<(), StoreError> {
    let rows = invitations.iter().map(|invitation| call_invitation::Model {
        call_id: invitation.call.0,
        organisation_id: invitation.organisation.0,
        through_id: invitation.through.map(|id| id.0),
        invited_at: invitation.invited_at.micros(),
        reminded_at: invitation.reminded_at.map(Instant::micros),
    });
    let known: Vec<Uuid> = match invitations.first() {
        None => return Ok(()),
        Some(first) => of(tx, first.call).await?.into_iter().map(|invitation| invitation.organisation.0).collect(),
    };
    let rows: Vec<_> = rows.filter(|row| !known.contains(&row.organisation_id)).collect();
    if let (Some(first), false) = (invitations.first(), rows.is_empty()) {
        let whom: Vec<OrganisationId> = rows.iter().map(|row| OrganisationId(row.organisation_id)).collect();
        tell(tx, INVITED, first.call, &whom, first.invited_at).await?;
    }
    bulk::insert::<Entity, _>(tx.connection(), rows).await
}

/// Notes what was done to invitations to a call, to its issuer's own people; to who is invited too, once it is no draft.
/// The members of a cluster that is invited are found when the event gets its number.
async fn tell(tx: &Tx, what: &str, id: CallId, whom: &[OrganisationId], at: Instant) -> Result<(), StoreError> {
    let call = call::Entity::find_by_id(id.0).one(tx.connection()).await?.ok_or(StoreError::NotFound)?;
    let mut readers = BTreeMap::new();
    if what == INVITED && call.state != CallState::Draft.as_str() {
        readers.extend(whom.iter().map(|id| (*id, false)));
    }
    readers.insert(OrganisationId(call.organisation_id), true);
    events::some(tx, Named { subject: Subject::Call, id: id.0, within: None }, what, readers, at);
    Ok(())
}

/// All invitations to a call, in the order of the organisations' ids.
pub async fn of(reader: &impl Reads, call: CallId) -> Result<Vec<Invitation>, StoreError> {
    let query = Entity::find().filter(Column::CallId.eq(call.0)).order_by_asc(Column::OrganisationId);
    query.all(reader.connection()).await?.into_iter().map(stored).collect()
}

/// A page of the invitations to a call.
pub async fn page(reader: &impl Reads, call: CallId, request: PageRequest) -> Result<Page<Invitation>, StoreError> {
    let query = Entity::find().filter(Column::CallId.eq(call.0));
    page::fetch(query, (Column::InvitedAt, Column::OrganisationId), request, reader.connection(), stored).await
}

/// Notes that organisations were reminded.
pub async fn remind(tx: &Tx, call: CallId, whom: &[OrganisationId], at: Instant) -> Result<(), StoreError> {
    if !whom.is_empty() {
        tell(tx, REMINDED, call, whom, at).await?;
    }
    for list in bulk::id_lists(whom.iter().map(|id| id.0)) {
        Entity::update_many()
            .col_expr(Column::RemindedAt, Expr::value(at.micros()))
            .filter(Column::CallId.eq(call.0))
            .filter(Column::OrganisationId.is_in(list))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

pub(super) async fn merge<C: ConnectionTrait>(
    connection: &C,
    from: Uuid,
    into: Uuid,
    own: &[Uuid],
) -> Result<(), StoreError> {
    let through = Entity::update_many().col_expr(Column::ThroughId, Expr::value(into));
    through.filter(Column::ThroughId.eq(from)).exec(connection).await?;
    let theirs = Entity::find().filter(Column::OrganisationId.eq(from)).all(connection).await?;
    Entity::delete_many().filter(Column::OrganisationId.eq(from)).exec(connection).await?;
    let moved = theirs.into_iter().map(|row| call_invitation::Model { organisation_id: into, ..row });
    let rows: Vec<call_invitation::ActiveModel> = moved.map(Into::into).collect();
    for row in rows {
        let mut twice = OnConflict::columns([Column::CallId, Column::OrganisationId]);
        twice.do_nothing();
        Entity::insert(row).on_conflict(twice).exec_without_returning(connection).await?;
    }
    for list in bulk::id_lists(own.iter().copied()) {
        let self_asked = Entity::delete_many().filter(Column::OrganisationId.eq(into));
        self_asked.filter(Column::CallId.is_in(list)).exec(connection).await?;
    }
    Ok(())
}

fn stored(row: call_invitation::Model) -> Result<Invitation, StoreError> {
    let reminded = row.reminded_at.map(|at| json::instant("call_invitations.reminded_at", at)).transpose()?;
    Ok(Invitation {
        call: CallId(row.call_id),
        organisation: OrganisationId(row.organisation_id),
        through: row.through_id.map(OrganisationId),
        invited_at: json::instant("call_invitations.invited_at", row.invited_at)?,
        reminded_at: reminded,
    })
}
