//! Identifiers of organisations in registers.

use std::collections::BTreeMap;

use domain::{
    identifier::{Identifier, IdentifierKind},
    ids::OrganisationId,
    time::Instant,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder};

use crate::{
    bulk,
    entity::identifier::{self, Column, Entity},
    error::StoreError,
    json, organisations,
    store::{Reads, Tx},
};

/// An identifier of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The identifier.
    pub identifier: Identifier,
    /// When somebody other than the organisation confirmed it.
    pub confirmed_at: Option<Instant>,
}

/// Adds identifiers of an organisation.
///
/// # Errors
/// [`StoreError::Conflict`] when one of them is confirmed and another organisation has it confirmed.
pub async fn insert(tx: &Tx, of: OrganisationId, identifiers: &[Held], at: Instant) -> Result<(), StoreError> {
    let row = |held: &Held| {
        json::storable("identifiers.value", &held.identifier.value)?;
        Ok(identifier::Model {
            organisation_id: of.0,
            kind: held.identifier.kind.as_str().to_owned(),
            value: held.identifier.value.clone(),
            created_at: at.micros(),
            confirmed_at: held.confirmed_at.map(Instant::micros),
        })
    };
    let rows = identifiers.iter().map(row).collect::<Result<Vec<_>, StoreError>>()?;
    if !rows.is_empty() {
        organisations::changed(tx, of, at);
    }
    bulk::insert::<Entity, _>(tx.connection(), rows).await
}

/// Lets go of the identifiers of an organisation that are not among these, and adds those that are new.
///
/// # Errors
/// As [`insert`].
pub async fn replace(tx: &Tx, of: OrganisationId, identifiers: &[Held], at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    let rows = Entity::find().filter(Column::OrganisationId.eq(of.0)).all(connection).await?;
    let before = rows.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
    for gone in before.iter().filter(|held| !identifiers.contains(held)) {
        let Identifier { kind, value } = &gone.identifier;
        let key = (of.0, kind.as_str().to_owned(), value.clone());
        Entity::delete_by_id(key).exec(connection).await?;
        organisations::changed(tx, of, at);
    }
    let new: Vec<Held> = identifiers.iter().filter(|held| !before.contains(held)).cloned().collect();
    insert(tx, of, &new, at).await
}

/// The organisations that have one of these identifiers, whosever they are: it is asked before something is
/// registered twice.
pub async fn holders(
    reader: &impl Reads,
    identifiers: &[Identifier],
) -> Result<Vec<(Identifier, OrganisationId)>, StoreError> {
    if identifiers.is_empty() {
        return Ok(Vec::new());
    }
    let any = identifiers.iter().fold(Condition::any(), |any, id| {
        any.add(Column::Kind.eq(id.kind.as_str()).and(Column::Value.eq(id.value.as_str())))
    });
    let query = Entity::find().filter(any).order_by_asc(Column::CreatedAt).order_by_asc(Column::OrganisationId);
    let rows = query.all(reader.connection()).await?;
    rows.into_iter().map(|row| Ok((stored(&row)?.identifier, OrganisationId(row.organisation_id)))).collect()
}

/// As [`holders`], of those that somebody other than the organisation confirmed.
pub async fn confirmed_holders(
    reader: &impl Reads,
    identifiers: &[Identifier],
) -> Result<Vec<(Identifier, OrganisationId)>, StoreError> {
    let holders = holders(reader, identifiers).await?;
    let held = of(reader, holders.iter().map(|(_, id)| *id)).await?;
    let confirmed = |(identifier, id): &(Identifier, OrganisationId)| {
        let one = held.get(id).into_iter().flatten().find(|held| held.identifier == *identifier);
        one.is_some_and(|held| held.confirmed_at.is_some())
    };
    Ok(holders.into_iter().filter(confirmed).collect())
}

/// The identifiers of each of the organisations, which the caller may see.
pub async fn of(
    reader: &impl Reads,
    organisations: impl IntoIterator<Item = OrganisationId>,
) -> Result<BTreeMap<OrganisationId, Vec<Held>>, StoreError> {
    let mut found: BTreeMap<OrganisationId, Vec<Held>> = BTreeMap::new();
    for list in bulk::id_lists(organisations.into_iter().map(|id| id.0)) {
        let query = Entity::find().filter(Column::OrganisationId.is_in(list));
        for row in query.order_by_asc(Column::Kind).order_by_asc(Column::Value).all(reader.connection()).await? {
            found.entry(OrganisationId(row.organisation_id)).or_default().push(stored(&row)?);
        }
    }
    Ok(found)
}

fn stored(row: &identifier::Model) -> Result<Held, StoreError> {
    Ok(Held {
        identifier: Identifier {
            kind: json::word("identifiers.kind", &row.kind, IdentifierKind::parse)?,
            value: row.value.clone(),
        },
        confirmed_at: row.confirmed_at.map(|at| json::instant("identifiers.confirmed_at", at)).transpose()?,
    })
}
