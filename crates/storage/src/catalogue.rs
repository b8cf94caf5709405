//! The catalogue and the regions: tables filled from seed files, extendable by the operator.

use std::{collections::HashMap, hash::Hash};

use domain::{
    catalogue::CatalogueParts,
    region::{Country, Region, Retired},
};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};

use crate::{
    bulk,
    entity::{
        activity, border_rule, certificate_kind, conversion, country, feature, grade, grade_rule, legal_frame,
        process_step, product, product_certificate, product_feature, region, retired_region, scheme, unit,
    },
    error::StoreError,
    store::{Reads, Store, Tx},
};

mod law;
mod making;
mod places;
mod products;
mod words;

/// Countries, regions and codes that went out of use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegionLists {
    /// Countries.
    pub countries: Vec<Country>,
    /// Regions.
    pub regions: Vec<Region>,
    /// Codes that went out of use.
    pub retired: Vec<Retired>,
}

/// What a sync did, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct SyncCounts {
    /// Rows that were new.
    pub created: usize,
    /// Rows that said something else before.
    pub changed: usize,
    /// Rows that stand as they stood.
    pub unchanged: usize,
}

/// Brings the tables in line with the lists, in one transaction. Rows that the lists do not have
/// stay: the operator may have added them.
///
/// # Errors
/// [`StoreError::Constraint`] when a row names something that no list and no table has.
pub async fn sync(store: &Store, parts: &CatalogueParts, regions: &RegionLists) -> Result<SyncCounts, StoreError> {
    let (parts, regions) = (parts.clone(), regions.clone());
    store
        .write(move |tx| async move {
            let mut counts = SyncCounts::default();
            sync_parts(&tx, &parts, &mut counts).await?;
            sync_regions(&tx, &regions, &mut counts).await?;
            Ok(counts)
        })
        .await
}

/// What is referred to comes before what refers to it.
async fn sync_parts(tx: &Tx, parts: &CatalogueParts, counts: &mut SyncCounts) -> Result<(), StoreError> {
    let at = tx.connection();
    list::<product::Entity, _, _>(at, products::product_rows(&parts.products)?, |r| r.code.clone(), counts).await?;
    list::<scheme::Entity, _, _>(at, products::scheme_rows(&parts.schemes)?, |r| r.code.clone(), counts).await?;
    list::<grade::Entity, _, _>(at, products::grade_rows(&parts.grades)?, |r| r.code.clone(), counts).await?;
    list::<feature::Entity, _, _>(at, products::feature_rows(&parts.features)?, |r| r.code.clone(), counts).await?;
    let rows = products::product_feature_rows(&parts.products)?;
    list::<product_feature::Entity, _, _>(at, rows, |r| (r.product.clone(), r.feature.clone()), counts).await?;
    let key = |r: &grade_rule::Model| {
        (r.need_product.clone(), r.need_grade.clone(), r.offer_product.clone(), r.offer_grade.clone())
    };
    list::<grade_rule::Entity, _, _>(at, products::grade_rule_rows(&parts.rules)?, key, counts).await?;
    list::<unit::Entity, _, _>(at, making::unit_rows(parts.units.all())?, |r| r.code.clone(), counts).await?;
    let rows = law::kind_rows(&parts.certificate_kinds)?;
    list::<certificate_kind::Entity, _, _>(at, rows, |r| r.code.clone(), counts).await?;
    list::<legal_frame::Entity, _, _>(at, law::frame_rows(&parts.frames)?, |r| r.code.clone(), counts).await?;
    let key = |r: &product_certificate::Model| (r.product.clone(), r.frame.clone(), r.kind.clone());
    let rows = law::product_certificate_rows(&parts.product_certificates)?;
    list::<product_certificate::Entity, _, _>(at, rows, key, counts).await?;
    list::<border_rule::Entity, _, _>(at, law::border_rule_rows(&parts.border_rules)?, |r| r.code.clone(), counts)
        .await?;
    list::<process_step::Entity, _, _>(at, making::step_rows(&parts.steps)?, |r| (r.product.clone(), r.step), counts)
        .await?;
    let key = |r: &conversion::Model| (r.capability.clone(), r.product.clone());
    list::<conversion::Entity, _, _>(at, making::conversion_rows(&parts.conversions)?, key, counts).await?;
    list::<activity::Entity, _, _>(at, making::activity_rows(&parts.activities)?, |r| r.word.clone(), counts).await
}

async fn sync_regions(tx: &Tx, lists: &RegionLists, counts: &mut SyncCounts) -> Result<(), StoreError> {
    let at = tx.connection();
    list::<country::Entity, _, _>(at, places::country_rows(&lists.countries)?, |r| r.code.clone(), counts).await?;
    list::<region::Entity, _, _>(at, places::region_rows(&lists.regions)?, |r| r.code.clone(), counts).await?;
    list::<retired_region::Entity, _, _>(at, places::retired_rows(&lists.retired)?, |r| r.code.clone(), counts).await
}

/// Writes those rows of a list that are new or say something else than the table does.
async fn list<E, C, K>(
    connection: &C,
    wanted: Vec<E::Model>,
    key: impl Fn(&E::Model) -> K,
    counts: &mut SyncCounts,
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + PartialEq,
    C: ConnectionTrait,
    K: Eq + Hash,
{
    let stored: HashMap<K, E::Model> =
        E::find().all(connection).await?.into_iter().map(|row| (key(&row), row)).collect();
    let mut rows = Vec::new();
    for row in wanted {
        match stored.get(&key(&row)) {
            None => counts.created += 1,
            Some(same) if *same == row => {
                counts.unchanged += 1;
                continue;
            }
            Some(_) => counts.changed += 1,
        }
        rows.push(row);
    }
    bulk::upsert::<E, C>(connection, rows).await
}

/// What the tables hold, in the order in which people should see it.
pub async fn load(store: &Store) -> Result<(CatalogueParts, RegionLists), StoreError> {
    store
        .read_one_state(move |tx| async move {
            let at = tx.connection();
            let features = ordered::<product_feature::Entity, _>(at, product_feature::Column::Position).await?;
            let products = ordered::<product::Entity, _>(at, product::Column::Position).await?;
            let grades = ordered::<grade::Entity, _>(at, grade::Column::Position).await?;
            let rules = ordered::<grade_rule::Entity, _>(at, grade_rule::Column::Position).await?;
            let kinds = ordered::<certificate_kind::Entity, _>(at, certificate_kind::Column::Position).await?;
            let demanded = ordered::<product_certificate::Entity, _>(at, product_certificate::Column::Position).await?;
            let borders = ordered::<border_rule::Entity, _>(at, border_rule::Column::Position).await?;
            let steps = ordered::<process_step::Entity, _>(at, process_step::Column::Position).await?;
            let conversions = ordered::<conversion::Entity, _>(at, conversion::Column::Position).await?;
            let activities = ordered::<activity::Entity, _>(at, activity::Column::Position).await?;
            let parts = CatalogueParts {
                products: products::products(products, features)?,
                schemes: products::schemes(ordered::<scheme::Entity, _>(at, scheme::Column::Position).await?),
                grades: products::grades(grades)?,
                rules: products::grade_rules(rules)?,
                features: products::features(ordered::<feature::Entity, _>(at, feature::Column::Position).await?)?,
                units: making::units(ordered::<unit::Entity, _>(at, unit::Column::Position).await?)?,
                certificate_kinds: law::kinds(kinds),
                product_certificates: law::product_certificates(demanded),
                frames: law::frames(ordered::<legal_frame::Entity, _>(at, legal_frame::Column::Position).await?)?,
                border_rules: law::border_rules(borders)?,
                steps: making::steps(steps)?,
                conversions: making::conversions(conversions)?,
                activities: making::activities(activities)?,
            };
            let retired = ordered::<retired_region::Entity, _>(at, retired_region::Column::Position).await?;
            let lists = RegionLists {
                countries: places::countries(ordered::<country::Entity, _>(at, country::Column::Position).await?)?,
                regions: places::regions(ordered::<region::Entity, _>(at, region::Column::Position).await?)?,
                retired: places::retired(retired)?,
            };
            Ok((parts, lists))
        })
        .await
}

/// A table in the order of its positions, and of its key where those are equal.
async fn ordered<E: EntityTrait, C: ConnectionTrait>(
    connection: &C,
    position: E::Column,
) -> Result<Vec<E::Model>, StoreError> {
    use sea_orm::{Iterable, PrimaryKeyToColumn, QueryOrder};
    let mut query = E::find().order_by_asc(position);
    for key in E::PrimaryKey::iter() {
        query = query.order_by_asc(key.into_column());
    }
    Ok(query.all(connection).await?)
}
