//! Keys of machines. Of the key itself only the hash is stored.

use domain::{
    api_key::{AccessScopes, ApiKey},
    ids::{ApiKeyId, OrganisationId},
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use crate::{
    bulk,
    entity::api_key,
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// Adds a key with the SHA-256 of its text in hexadecimal digits.
///
/// # Errors
/// [`StoreError::Conflict`] when its id or prefix is taken, [`StoreError::Constraint`] when its organisation
/// does not exist.
pub async fn insert(tx: &Tx, key: &ApiKey, hash: &str) -> Result<(), StoreError> {
    json::storable("api_keys.name", &key.name)?;
    let row = api_key::Model {
        id: key.id.0,
        organisation_id: key.organisation.map(|id| id.0),
        name: key.name.clone(),
        prefix: key.prefix.clone(),
        hash: hash.to_owned(),
        scopes: key.scopes.to_string(),
        created_at: key.created_at.micros(),
        expires_at: key.expires_at.micros(),
        last_used_at: key.last_used_at.map(Instant::micros),
        revoked_at: key.revoked_at.map(Instant::micros),
    };
    bulk::insert::<api_key::Entity, _>(tx.connection(), vec![row]).await
}

/// The key of a prefix with its hash, whosever it is: it is asked before anybody is known, by who claims to
/// hold it.
pub async fn claimed(reader: &impl Reads, prefix: &str) -> Result<Option<(ApiKey, String)>, StoreError> {
    let query = api_key::Entity::find().filter(api_key::Column::Prefix.eq(prefix));
    let Some(row) = query.one(reader.connection()).await? else { return Ok(None) };
    let hash = row.hash.clone();
    Ok(Some((stored(row)?, hash)))
}

/// One key.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: ApiKeyId) -> Result<ApiKey, StoreError> {
    let query = api_key::Entity::find_by_id(id.0).filter(scope.over(&[api_key::Column::OrganisationId]));
    stored(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A page of keys, revoked and expired ones among them.
pub async fn page(reader: &impl Reads, scope: Scope, request: PageRequest) -> Result<Page<ApiKey>, StoreError> {
    use api_key::Column;
    let query = api_key::Entity::find().filter(scope.over(&[Column::OrganisationId]));
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), stored).await
}

/// Revokes a key; one that is revoked stays revoked when it was.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn revoke(tx: &Tx, scope: Scope, id: ApiKeyId, at: Instant) -> Result<ApiKey, StoreError> {
    use api_key::Column;
    let key = get(tx, scope, id).await?;
    api_key::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(at.micros()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(ApiKey { revoked_at: key.revoked_at.or(Some(at)), ..key })
}

/// Notes that a key was used, unless it was noted at `since` or later.
pub async fn used(tx: &Tx, id: ApiKeyId, at: Instant, since: Instant) -> Result<(), StoreError> {
    use api_key::Column;
    let older = Expr::col(Column::LastUsedAt).is_null().or(Expr::col(Column::LastUsedAt).lt(since.micros()));
    api_key::Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(at.micros()))
        .filter(Column::Id.eq(id.0))
        .filter(older)
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn stored(row: api_key::Model) -> Result<ApiKey, StoreError> {
    let instant = |column: &str, micros: Option<i64>| micros.map(|m| json::instant(column, m)).transpose();
    Ok(ApiKey {
        id: ApiKeyId(row.id),
        organisation: row.organisation_id.map(OrganisationId),
        name: row.name,
        prefix: row.prefix,
        scopes: json::word("api_keys.scopes", &row.scopes, AccessScopes::parse)?,
        created_at: json::instant("api_keys.created_at", row.created_at)?,
        expires_at: json::instant("api_keys.expires_at", row.expires_at)?,
        last_used_at: instant("api_keys.last_used_at", row.last_used_at)?,
        revoked_at: instant("api_keys.revoked_at", row.revoked_at)?,
    })
}
