//! What sites can do besides what they offer.

use std::collections::BTreeMap;

use domain::{
    ability::Abilities,
    event::Subject,
    ids::{OrganisationId, SiteId},
    organisation::{Organisation, Site},
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::{
    bulk,
    entity::{ability, site},
    error::StoreError,
    events::{self, DESCRIBED},
    json, organisations,
    scope::Scope,
    sites,
    store::{Reads, Store, Tx},
};

/// What a site can do, and when its owner said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The site.
    pub site: SiteId,
    /// What it can do.
    pub abilities: Abilities,
    /// When that was said last.
    pub stated_at: Instant,
}

/// What a site can do; `None` where nobody said it, or the site is outside of the scope.
pub async fn get(reader: &impl Reads, scope: Scope, site: SiteId) -> Result<Option<Stated>, StoreError> {
    let query = ability::Entity::find_by_id(site.0).filter(inside(scope));
    query.one(reader.connection()).await?.map(stated).transpose()
}

/// A site that somebody said something of, with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbleSite {
    /// The site.
    pub site: Site,
    /// Whose it is.
    pub owner: Organisation,
    /// What it can do.
    pub abilities: Abilities,
    /// When that was said last.
    pub stated_at: Instant,
}

/// What all sites inside the scope can do, by the ids of the sites, in one state of the database.
pub async fn all(store: &Store, scope: Scope) -> Result<Vec<AbleSite>, StoreError> {
    let work = move |tx: Tx| async move {
        let query = ability::Entity::find().filter(inside(scope)).order_by_asc(ability::Column::SiteId);
        let rows = query.all(tx.connection()).await?;
        let found = sites::get_many(&tx, scope, rows.iter().map(|row| SiteId(row.site_id))).await?;
        let found: BTreeMap<SiteId, Site> = found.into_iter().map(|stored| (stored.record.id, stored.record)).collect();
        let owners = found.values().map(|site| site.organisation);
        let owners = organisations::get_many(&tx, scope, owners).await?;
        let owners: BTreeMap<OrganisationId, Organisation> =
            owners.into_iter().map(|owner| (owner.id, owner)).collect();
        let mut able = Vec::with_capacity(rows.len());
        for row in rows {
            let Stated { site, abilities, stated_at } = stated(row)?;
            let Some(site) = found.get(&site) else { continue };
            let Some(owner) = owners.get(&site.organisation) else { continue };
            able.push(AbleSite { site: site.clone(), owner: owner.clone(), abilities, stated_at });
        }
        Ok(able)
    };
    store.read_one_state(work).await
}

/// Puts what a site of an owner can do in the place of what was said before.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such site.
pub async fn put(
    tx: &Tx,
    (site, owner): (SiteId, OrganisationId),
    abilities: &Abilities,
    at: Instant,
) -> Result<(), StoreError> {
    let row = ability::Model { site_id: site.0, terms: json::to_text(abilities)?, stated_at: at.micros() };
    bulk::upsert::<ability::Entity, _>(tx.connection(), vec![row]).await?;
    events::record(tx, Subject::Site, site.0, DESCRIBED, &[owner], at);
    Ok(())
}

/// They belong to whom their site belongs to.
fn inside(scope: Scope) -> sea_orm::Condition {
    match scope {
        Scope::Operator => sea_orm::Condition::all(),
        Scope::Organisation(_) | Scope::Nobody => {
            let own = site::Entity::find()
                .select_only()
                .column(site::Column::Id)
                .filter(scope.over(&[site::Column::OrganisationId]));
            sea_orm::Condition::all().add(ability::Column::SiteId.in_subquery(own.into_query()))
        }
    }
}

fn stated(row: ability::Model) -> Result<Stated, StoreError> {
    Ok(Stated {
        site: SiteId(row.site_id),
        abilities: json::from_text("abilities.terms", &row.terms)?,
        stated_at: json::instant("abilities.stated_at", row.stated_at)?,
    })
}
