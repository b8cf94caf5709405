//! What both may have: a membership, a role of a person, an identifier. Of two that are the same one stays.

use std::collections::BTreeMap;

use domain::person::Role;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{identifier, membership, role},
    error::StoreError,
    json,
};

/// Moves memberships, on either side; nobody becomes a member of himself.
pub(super) async fn memberships<C: ConnectionTrait>(connection: &C, from: Uuid, into: Uuid) -> Result<u64, StoreError> {
    use membership::Column;
    let of = |id: Uuid| Condition::any().add(Column::ClusterId.eq(id)).add(Column::MemberId.eq(id));
    let theirs = membership::Entity::find().filter(of(from)).all(connection).await?;
    let own = membership::Entity::find().filter(of(into)).all(connection).await?;
    membership::Entity::delete_many().filter(of(from)).exec(connection).await?;
    let instead = |id: Uuid| if id == from { into } else { id };
    let moved: Vec<_> = theirs
        .into_iter()
        .map(|row| membership::Model { cluster_id: instead(row.cluster_id), member_id: instead(row.member_id), ..row })
        .filter(|row| row.cluster_id != row.member_id)
        .filter(|row| !own.iter().any(|o| (o.cluster_id, o.member_id) == (row.cluster_id, row.member_id)))
        .collect();
    let count = moved.len() as u64;
    bulk::insert::<membership::Entity, _>(connection, moved).await?;
    Ok(count)
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
