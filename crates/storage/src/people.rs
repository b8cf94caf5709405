//! People: the one table that holds what tells who somebody is.

use domain::{email::EmailAddress, ids::PersonId, person::Person, time::Instant};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use crate::{
    bulk,
    dialect::{self, Turn},
    entity::person::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Adds a person without a password.
///
/// # Errors
/// [`StoreError::Conflict`] when the id or the address is taken.
pub async fn insert(tx: &Tx, person: &Person) -> Result<(), StoreError> {
    json::storable("people.name", &person.name)?;
    let row = person::Model {
        id: person.id.0,
        email: Some(person.email.as_str().to_owned()),
        name: Some(person.name.clone()),
        password: None,
        operator: person.operator,
        created_at: person.created_at.micros(),
        active_at: person.active_at.map(Instant::micros),
        erased_at: None,
    };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// The person of an address, with the hash of the password where one is set. It is asked before anybody is
/// known, by who claims to be that person.
pub async fn claimed(
    reader: &impl Reads,
    email: &EmailAddress,
) -> Result<Option<(Person, Option<String>)>, StoreError> {
    let row = Entity::find().filter(Column::Email.eq(email.as_str())).one(reader.connection()).await?;
    row.map(|row| Ok((stored(&row)?, row.password))).transpose()
}

/// As [`claimed`], and others who ask wait until the transaction ends, so that no two make one account.
pub async fn claim(tx: &Tx, email: &EmailAddress) -> Result<Option<Person>, StoreError> {
    dialect::take_turn(tx.connection(), Turn::Register).await?;
    Ok(claimed(tx, email).await?.map(|(person, _)| person))
}

/// One person, with the hash of the password where one is set.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none, or no longer.
pub async fn get(reader: &impl Reads, id: PersonId) -> Result<(Person, Option<String>), StoreError> {
    let query = Entity::find_by_id(id.0).filter(Column::ErasedAt.is_null());
    let row = query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?;
    Ok((stored(&row)?, row.password))
}

/// As [`get`], and whoever else would change the person waits until the transaction ends.
pub async fn get_to_change(tx: &Tx, id: PersonId) -> Result<(Person, Option<String>), StoreError> {
    let query = Entity::find_by_id(id.0).filter(Column::ErasedAt.is_null()).lock_exclusive();
    let row = query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?;
    Ok((stored(&row)?, row.password))
}

/// Sets the hash of a password, by somebody whose address is proven with it.
pub async fn set_password(tx: &Tx, id: PersonId, hash: &str, at: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Password, Expr::value(hash))
        .col_expr(Column::ActiveAt, Expr::col(Column::ActiveAt).if_null(at.micros()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::ErasedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Sets the name.
pub async fn rename(tx: &Tx, id: PersonId, name: &str) -> Result<(), StoreError> {
    json::storable("people.name", name)?;
    let renamed = Entity::update_many().col_expr(Column::Name, Expr::value(name));
    renamed.filter(Column::Id.eq(id.0)).filter(Column::ErasedAt.is_null()).exec(tx.connection()).await?;
    Ok(())
}

/// Makes a person one who runs the service.
pub async fn make_operator(tx: &Tx, id: PersonId) -> Result<(), StoreError> {
    let made = Entity::update_many().col_expr(Column::Operator, Expr::value(true));
    made.filter(Column::Id.eq(id.0)).filter(Column::ErasedAt.is_null()).exec(tx.connection()).await?;
    Ok(())
}

/// Empties a person's row; the id stays for what refers to it.
pub async fn erase(tx: &Tx, id: PersonId, at: Instant) -> Result<(), StoreError> {
    let nothing = || Expr::value(None::<String>);
    Entity::update_many()
        .col_expr(Column::Email, nothing())
        .col_expr(Column::Name, nothing())
        .col_expr(Column::Password, nothing())
        .col_expr(Column::Operator, Expr::value(false))
        .col_expr(Column::ErasedAt, Expr::value(at.micros()))
        .filter(Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// How many people run the service and can sign in.
pub async fn operators(reader: &impl Reads) -> Result<u64, StoreError> {
    let query = Entity::find().filter(Column::Operator.eq(true)).filter(Column::Password.is_not_null());
    Ok(query.count(reader.connection()).await?)
}

/// Those who run the service and can sign in.
pub async fn who_operate(reader: &impl Reads) -> Result<Vec<PersonId>, StoreError> {
    let query = Entity::find().filter(Column::Operator.eq(true)).filter(Column::Password.is_not_null());
    let rows = query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(reader.connection()).await?;
    Ok(rows.into_iter().map(|row| PersonId(row.id)).collect())
}

/// A person of a row that was not erased.
pub(crate) fn stored(row: &person::Model) -> Result<Person, StoreError> {
    let (Some(email), Some(name)) = (&row.email, &row.name) else { return Err(StoreError::NotFound) };
    Ok(Person {
        id: PersonId(row.id),
        email: json::word("people.email", email, |text| EmailAddress::parse("", text).ok())?,
        name: name.clone(),
        operator: row.operator,
        created_at: json::instant("people.created_at", row.created_at)?,
        active_at: row.active_at.map(|at| json::instant("people.active_at", at)).transpose()?,
    })
}
