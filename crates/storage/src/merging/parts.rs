//! What both may have: a membership, a role of a person, an identifier. Of two that are the same one stays.

use std::collections::BTreeMap;

use domain::{
    event::Subject,
    ids::OrganisationId,
    link::{LinkPurpose, MailKind},
    membership::MembershipState,
    person::Role,
    time::Instant,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{claim, cluster, identifier, link, mail, mandate, membership, organisation, role},
    error::StoreError,
    events::{self, ACTIVE, CHANGED},
    json, mandates, organisations,
    store::{Reads, Tx},
};

/// What happened to a record that another took the place of.
pub(super) const MERGED: &str = "merged";

/// Moves memberships, on either side; nobody becomes a member of himself. Of two in one cluster the one that stands
/// stays.
pub(super) async fn memberships(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<u64, StoreError> {
    use membership::Column;
    let connection = tx.connection();
    let of = |id: Uuid| Condition::any().add(Column::ClusterId.eq(id)).add(Column::MemberId.eq(id));
    let theirs = membership::Entity::find().filter(of(from)).all(connection).await?;
    let own = membership::Entity::find().filter(of(into)).all(connection).await?;
    membership::Entity::delete_many().filter(of(from)).exec(connection).await?;
    let instead = |id: Uuid| if id == from { into } else { id };
    let stands = |row: &membership::Model| {
        let state = json::word("memberships.state", &row.state, MembershipState::parse)?;
        Ok::<_, StoreError>(match state {
            MembershipState::Ended => 0,
            MembershipState::Requested => 1,
            MembershipState::Active => 2,
        })
    };
    let mut moved = Vec::new();
    for row in theirs {
        events::of_membership(tx, (row.cluster_id, row.member_id), MERGED, at);
        let row = membership::Model { cluster_id: instead(row.cluster_id), member_id: instead(row.member_id), ..row };
        let same = own.iter().find(|o| (o.cluster_id, o.member_id) == (row.cluster_id, row.member_id));
        let better = match same {
            None => true,
            Some(own) => stands(&row)? > stands(own)?,
        };
        if row.cluster_id != row.member_id && better {
            let active = row.state == MembershipState::Active.as_str();
            let what = if active { ACTIVE } else { CHANGED };
            events::of_membership(tx, (row.cluster_id, row.member_id), what, at);
            moved.push(row);
        }
    }
    let count = moved.len() as u64;
    bulk::upsert::<membership::Entity, _>(connection, moved).await?;
    Ok(count)
}

/// Ends what a cluster alone says of an organisation that it entered: to merge must not make it true of another. Mandate
/// and membership of its own word, the role that it offered, and the link that would confirm them.
pub(super) async fn unconfirmed(tx: &Tx, from: &organisation::Model, at: Instant) -> Result<(), StoreError> {
    let Some(by) = from.entered_by.filter(|_| from.confirmed_at.is_none()) else { return Ok(()) };
    let connection = tx.connection();
    mandates::end_between(tx, OrganisationId(from.id), OrganisationId(by), at).await?;
    events::of_membership(tx, (by, from.id), MERGED, at);
    let membership = membership::Entity::delete_many().filter(membership::Column::MemberId.eq(from.id));
    membership.filter(membership::Column::ClusterId.eq(by)).exec(connection).await?;
    let offered = role::Entity::delete_many().filter(role::Column::OrganisationId.eq(from.id));
    offered.filter(role::Column::AcceptedAt.is_null()).exec(connection).await?;
    let links = link::Entity::delete_many().filter(link::Column::OrganisationId.eq(from.id));
    links.filter(link::Column::Purpose.eq(LinkPurpose::Entry.as_str())).exec(connection).await?;
    let mails = mail::Entity::delete_many().filter(mail::Column::OrganisationId.eq(from.id));
    mails.filter(mail::Column::Kind.eq(MailKind::Entry.as_str())).exec(connection).await?;
    Ok(())
}

/// Moves mandates, on either side; nobody mandates himself. Of two that stand between the same two, the one of the
/// organisation that stays stands on.
pub(super) async fn mandates(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<u64, StoreError> {
    use mandate::Column;
    let connection = tx.connection();
    let of = |id: Uuid| Condition::any().add(Column::OrganisationId.eq(id)).add(Column::HolderId.eq(id));
    let theirs = mandate::Entity::find().filter(of(from)).all(connection).await?;
    let own = mandate::Entity::find().filter(of(into)).filter(Column::EndedAt.is_null()).all(connection).await?;
    mandate::Entity::delete_many().filter(of(from)).exec(connection).await?;
    let instead = |id: Uuid| if id == from { into } else { id };
    let mut moved = Vec::new();
    for row in theirs {
        let (organisation_id, holder_id) = (instead(row.organisation_id), instead(row.holder_id));
        let twice = own.iter().any(|o| (o.organisation_id, o.holder_id) == (organisation_id, holder_id));
        let ended_at = row.ended_at.or_else(|| twice.then(|| at.micros()));
        let (what, sides) = match organisation_id == holder_id {
            true => (MERGED, vec![OrganisationId(into)]),
            false => (CHANGED, [organisation_id, holder_id].map(OrganisationId).to_vec()),
        };
        events::record(tx, Subject::Mandate, row.id, what, &sides, at);
        if organisation_id != holder_id {
            moved.push(mandate::Model { organisation_id, holder_id, ended_at, ..row });
        }
    }
    let count = moved.len() as u64;
    bulk::insert::<mandate::Entity, _>(connection, moved).await?;
    Ok(count)
}

/// Moves claims. Of two of one person the one to the organisation that stays is kept.
pub(super) async fn claims<C: ConnectionTrait>(connection: &C, from: Uuid, into: Uuid) -> Result<(), StoreError> {
    use claim::Column;
    let theirs = claim::Entity::find().filter(Column::OrganisationId.eq(from)).all(connection).await?;
    let own = claim::Entity::find().filter(Column::OrganisationId.eq(into)).all(connection).await?;
    claim::Entity::delete_many().filter(Column::OrganisationId.eq(from)).exec(connection).await?;
    let moved = theirs.into_iter().filter(|row| !own.iter().any(|own| own.person_id == row.person_id));
    let moved = moved.map(|row| claim::Model { organisation_id: into, ..row }).collect();
    bulk::insert::<claim::Entity, _>(connection, moved).await
}

/// Moves what an organisation sponsors and entered. Form, sponsor and end of the cluster that stays are its own; none is
/// entered by itself.
pub(super) async fn clusters(tx: &Tx, from: Uuid, into: Uuid, at: Instant) -> Result<(), StoreError> {
    use cluster::Column;
    let connection = tx.connection();
    for row in cluster::Entity::find().filter(Column::SponsorId.eq(from)).all(connection).await? {
        organisations::changed(tx, OrganisationId(row.organisation_id), at);
    }
    let sponsored = cluster::Entity::update_many().col_expr(Column::SponsorId, Expr::value(into));
    sponsored.filter(Column::SponsorId.eq(from)).exec(connection).await?;
    cluster::Entity::delete_by_id(from).exec(connection).await?;
    use organisation::Column as Of;
    for row in organisation::Entity::find().filter(Of::EnteredBy.eq(from)).all(connection).await? {
        organisations::changed(tx, OrganisationId(row.id), at);
    }
    let entered = organisation::Entity::update_many().col_expr(Of::EnteredBy, Expr::value(into));
    entered.filter(Of::EnteredBy.eq(from)).exec(connection).await?;
    let by_itself = organisation::Entity::update_many().col_expr(Of::EnteredBy, Expr::value(None::<Uuid>));
    by_itself.filter(Of::Id.eq(into)).filter(Of::EnteredBy.eq(into)).exec(connection).await?;
    Ok(())
}

/// Moves roles. Of two of one person the higher stays, but one that was taken before one that was only offered:
/// to merge must not give anybody what nobody took.
pub(super) async fn roles<C: ConnectionTrait>(connection: &C, from: Uuid, into: Uuid) -> Result<u64, StoreError> {
    use role::Column;
    let rank = |row: &role::Model| {
        Ok::<_, StoreError>((row.accepted_at.is_some(), json::word("roles.role", &row.role, Role::parse)?))
    };
    let theirs = role::Entity::find().filter(Column::OrganisationId.eq(from)).all(connection).await?;
    let own = role::Entity::find().filter(Column::OrganisationId.eq(into)).all(connection).await?;
    let own: BTreeMap<Uuid, role::Model> = own.into_iter().map(|row| (row.person_id, row)).collect();
    let mut moved = Vec::new();
    for row in theirs {
        let better = match own.get(&row.person_id) {
            None => true,
            Some(own) => rank(&row)? > rank(own)?,
        };
        if better {
            moved.push(role::Model { organisation_id: into, ..row });
        }
    }
    role::Entity::delete_many().filter(Column::OrganisationId.eq(from)).exec(connection).await?;
    let count = moved.len() as u64;
    bulk::upsert::<role::Entity, _>(connection, moved).await?;
    Ok(count)
}

/// Moves identifiers. Of two that are the same the confirmed one stays.
pub(super) async fn identifiers<C: ConnectionTrait>(connection: &C, from: Uuid, into: Uuid) -> Result<u64, StoreError> {
    use identifier::Column;
    let theirs = identifier::Entity::find().filter(Column::OrganisationId.eq(from)).all(connection).await?;
    let own = identifier::Entity::find().filter(Column::OrganisationId.eq(into)).all(connection).await?;
    identifier::Entity::delete_many().filter(Column::OrganisationId.eq(from)).exec(connection).await?;
    let worse = |row: &identifier::Model| {
        let same = own.iter().find(|own| (&own.kind, &own.value) == (&row.kind, &row.value));
        same.is_none_or(|own| own.confirmed_at.is_none() && row.confirmed_at.is_some())
    };
    let moved = theirs.into_iter().filter(worse).map(|row| identifier::Model { organisation_id: into, ..row });
    let moved: Vec<_> = moved.collect();
    let count = moved.len() as u64;
    bulk::upsert::<identifier::Entity, _>(connection, moved).await?;
    Ok(count)
}
