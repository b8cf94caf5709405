//! What people are in organisations.

use std::collections::BTreeMap;

use domain::{
    ids::{OrganisationId, PersonId, RoleId},
    person::{Person, Role, RoleOf},
    time::Instant,
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        organisation, person,
        role::{self, Column, Entity},
    },
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    people,
    store::{Reads, Tx},
};

/// Gives a role, in place of the one that the person has there.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such person or organisation.
pub async fn put(tx: &Tx, role: &RoleOf) -> Result<(), StoreError> {
    let row = role::Model {
        id: role.id.0,
        person_id: role.person.0,
        organisation_id: role.organisation.0,
        role: role.role.as_str().to_owned(),
        granted_at: role.granted_at.micros(),
        accepted_at: role.accepted_at.map(Instant::micros),
    };
    bulk::upsert::<Entity, _>(tx.connection(), vec![row]).await
}

/// A role in an organisation; whoever else would change it waits until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id there.
pub async fn get_to_change(tx: &Tx, organisation: OrganisationId, id: RoleId) -> Result<RoleOf, StoreError> {
    let query = Entity::find().filter(Column::Id.eq(id.0)).filter(Column::OrganisationId.eq(organisation.0));
    stored(&query.lock_exclusive().one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A person's role in an organisation; whoever else would change it waits until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none.
pub async fn of(tx: &Tx, organisation: OrganisationId, person: PersonId) -> Result<RoleOf, StoreError> {
    let query = Entity::find_by_id((person.0, organisation.0)).lock_exclusive();
    stored(&query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// Notes that a person took a role.
pub async fn accept(tx: &Tx, organisation: OrganisationId, person: PersonId, at: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::AcceptedAt, Expr::value(at.micros()))
        .filter(Column::PersonId.eq(person.0))
        .filter(Column::OrganisationId.eq(organisation.0))
        .filter(Column::AcceptedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Takes a role away.
pub async fn remove(tx: &Tx, organisation: OrganisationId, person: PersonId) -> Result<(), StoreError> {
    Entity::delete_by_id((person.0, organisation.0)).exec(tx.connection()).await?;
    Ok(())
}

/// Takes every role of a person away.
pub async fn remove_all(tx: &Tx, person: PersonId) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::PersonId.eq(person.0)).exec(tx.connection()).await?;
    Ok(())
}

/// How many people other than one are admins of an organisation and took the role. Rows are locked, so that two
/// admins cannot remove each other at once.
pub async fn other_admins(tx: &Tx, organisation: OrganisationId, person: PersonId) -> Result<u64, StoreError> {
    let query = Entity::find()
        .filter(Column::OrganisationId.eq(organisation.0))
        .filter(Column::Role.eq(Role::Admin.as_str()))
        .filter(Column::AcceptedAt.is_not_null());
    let rows = query.order_by_asc(Column::PersonId).lock_exclusive().all(tx.connection()).await?;
    Ok(rows.iter().map(|row| u64::from(row.person_id != person.0)).sum())
}

/// Whether anybody is an admin of an organisation and took the role.
pub async fn has_admin(reader: &impl Reads, organisation: OrganisationId) -> Result<bool, StoreError> {
    let query = Entity::find()
        .filter(Column::OrganisationId.eq(organisation.0))
        .filter(Column::Role.eq(Role::Admin.as_str()))
        .filter(Column::AcceptedAt.is_not_null());
    Ok(query.count(reader.connection()).await? > 0)
}

/// The admins of an organisation who took the role.
pub async fn admins(reader: &impl Reads, organisation: OrganisationId) -> Result<Vec<PersonId>, StoreError> {
    let query = Entity::find()
        .filter(Column::OrganisationId.eq(organisation.0))
        .filter(Column::Role.eq(Role::Admin.as_str()))
        .filter(Column::AcceptedAt.is_not_null())
        .order_by_asc(Column::PersonId);
    Ok(query.all(reader.connection()).await?.into_iter().map(|row| PersonId(row.person_id)).collect())
}

/// A page of the people who have a role in an organisation, those who were asked first first.
pub async fn page(
    reader: &impl Reads,
    organisation: OrganisationId,
    request: PageRequest,
) -> Result<Page<(RoleOf, Person)>, StoreError> {
    let query = Entity::find().filter(Column::OrganisationId.eq(organisation.0));
    let connection = reader.connection();
    let key = (Column::GrantedAt, Column::Id);
    let rows = page::fetch(query, key, request, connection, |row| stored(&row)).await?;
    let mut known: BTreeMap<Uuid, Person> = BTreeMap::new();
    for list in bulk::id_lists(rows.items.iter().map(|role| role.person.0)) {
        for row in person::Entity::find().filter(person::Column::Id.is_in(list)).all(connection).await? {
            known.insert(row.id, people::stored(&row)?);
        }
    }
    let with = |role: RoleOf| known.get(&role.person.0).cloned().map(|person| (role, person));
    Ok(Page { items: rows.items.into_iter().filter_map(with).collect(), next: rows.next, total: rows.total })
}

/// Roles that were offered with firms which clusters entered, before an instant, and that nobody took or refused.
pub async fn silent(reader: &impl Reads, before: Instant) -> Result<Vec<RoleOf>, StoreError> {
    let entered = Query::select()
        .column(organisation::Column::Id)
        .from(organisation::Entity)
        .and_where(organisation::Column::EnteredBy.is_not_null())
        .and_where(organisation::Column::ConfirmedAt.is_null())
        .take();
    let query = Entity::find()
        .filter(Column::AcceptedAt.is_null())
        .filter(Column::GrantedAt.lt(before.micros()))
        .filter(Column::OrganisationId.in_subquery(entered));
    let rows = query.order_by_asc(Column::GrantedAt).order_by_asc(Column::Id).all(reader.connection()).await?;
    rows.iter().map(stored).collect()
}

/// The roles of a person, each with the organisation's name.
pub async fn of_person(reader: &impl Reads, person: PersonId) -> Result<Vec<(RoleOf, String)>, StoreError> {
    let connection = reader.connection();
    let query = Entity::find().filter(Column::PersonId.eq(person.0));
    let rows = query.order_by_asc(Column::GrantedAt).order_by_asc(Column::OrganisationId).all(connection).await?;
    let ids = rows.iter().map(|row| row.organisation_id);
    let named = organisation::Entity::find().filter(organisation::Column::Id.is_in(ids)).all(connection).await?;
    let names: BTreeMap<Uuid, String> = named.into_iter().map(|row| (row.id, row.name)).collect();
    let with = |row: &role::Model| Ok((stored(row)?, names.get(&row.organisation_id).cloned().unwrap_or_default()));
    rows.iter().map(with).collect()
}

fn stored(row: &role::Model) -> Result<RoleOf, StoreError> {
    Ok(RoleOf {
        id: RoleId(row.id),
        person: PersonId(row.person_id),
        organisation: OrganisationId(row.organisation_id),
        role: json::word("roles.role", &row.role, Role::parse)?,
        granted_at: json::instant("roles.granted_at", row.granted_at)?,
        accepted_at: row.accepted_at.map(|at| json::instant("roles.accepted_at", at)).transpose()?,
    })
}
