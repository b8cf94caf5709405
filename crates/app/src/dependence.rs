//! What hangs on how few: products of which most is made at one place, and intermediates that several products need.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    catalogue::{Catalogue, ProductKind},
    code::ProductCode,
    time::{Day, Instant},
    unit::BaseUnit,
    violation::Violations,
};
use index::Weeks;

pub use index::Dependence;

use crate::{
    App,
    access::Caller,
    capacity::{products_of, reader, regions_of, span},
    error::{AppError, AppResult},
    kept,
};

/// What is asked, as typed.
#[derive(Debug, Clone, Default)]
pub struct DependenceQuestion {
    /// Products, each by its code, its family, a public code or a name; all where empty.
    pub products: Vec<String>,
    /// Regions by code or name, with all that lies in them.
    pub regions: Vec<String>,
    /// The first day; today where absent.
    pub from: Option<Day>,
    /// The last day; the Sunday of the twelfth week where absent.
    pub until: Option<Day>,
}

/// How a product depends on places and on other products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductDependence {
    /// The product.
    pub product: ProductCode,
    /// What sort of thing it is.
    pub kind: ProductKind,
    /// The base unit of its figures.
    pub unit: BaseUnit,
    /// What there is of it; `None` where the caller sees no offer.
    pub found: Option<Dependence>,
    /// Products of the catalogue that go into it, by its process steps.
    pub inputs: BTreeSet<ProductCode>,
    /// Those of its inputs of which the caller sees no offer.
    pub inputs_without_offers: BTreeSet<ProductCode>,
    /// Products of which the caller sees offers that it goes into.
    pub needed_for: BTreeSet<ProductCode>,
}

/// What depends on what.
#[derive(Debug, Clone)]
pub struct DependenceTold {
    /// First and last day.
    pub span: (Day, Day),
    /// By product.
    pub rows: Vec<ProductDependence>,
    /// When it was asked.
    pub as_of: Instant,
}

/// What depends on what, of all offers that the caller sees one by one: products of which there are any, and intermediates
/// that such products need whether there are any or not.
///
/// # Errors
/// `Invalid` with every fault, each at the parameter's name.
pub async fn tell(app: &App, caller: &Caller, question: &DependenceQuestion) -> AppResult<DependenceTold> {
    let (tables, as_of) = (app.tables(), app.clock.now());
    let mut faults = Violations::new();
    let (from, until) = span(as_of.day(), question.from, question.until);
    let weeks = faults.keep(Weeks::new(as_of.day(), from, until));
    let (mut products, mut regions) = (BTreeSet::new(), BTreeSet::new());
    for typed in &question.products {
        products.extend(faults.keep(products_of(&tables.catalogue, typed)).into_iter().flat_map(|(found, _)| found));
    }
    for typed in &question.regions {
        regions.extend(faults.keep(regions_of(&tables.regions, typed)).unwrap_or_default());
    }
    faults.into_result()?;
    let weeks = weeks.ok_or_else(|| AppError::internal("no faults, no weeks"))?;
    let regions = Some(regions).filter(|list: &BTreeSet<_>| !list.is_empty());
    let reader = reader(app, caller).await?;
    let found = kept::ask(app, move |index| index.dependence(&weeks, None, regions.as_ref(), &reader)).await?;
    let wanted = Some(products).filter(|list: &BTreeSet<_>| !list.is_empty());
    Ok(DependenceTold { span: (from.max(as_of.day()), until), rows: rows(&tables.catalogue, found, wanted), as_of })
}

fn rows(
    catalogue: &Catalogue,
    found: Vec<Dependence>,
    wanted: Option<BTreeSet<ProductCode>>,
) -> Vec<ProductDependence> {
    let found: BTreeMap<ProductCode, Dependence> = found.into_iter().map(|row| (row.product.clone(), row)).collect();
    let (mut inputs, mut needed_for): (BTreeMap<_, BTreeSet<_>>, BTreeMap<_, BTreeSet<_>>) = Default::default();
    for step in &catalogue.parts().steps {
        for input in step.inputs.iter().filter_map(|input| catalogue.product(input)) {
            inputs.entry(step.product.clone()).or_default().insert(input.code.clone());
            if found.contains_key(&step.product) {
                needed_for.entry(input.code.clone()).or_default().insert(step.product.clone());
            }
        }
    }
    let listed = |code: &ProductCode| {
        let asked = wanted.as_ref().is_none_or(|wanted| wanted.contains(code));
        asked && (found.contains_key(code) || needed_for.contains_key(code) || wanted.is_some())
    };
    let row = |product: &domain::catalogue::Product| {
        let inputs = inputs.get(&product.code).cloned().unwrap_or_default();
        ProductDependence {
            product: product.code.clone(),
            kind: product.kind,
            unit: product.base_unit,
            found: found.get(&product.code).cloned(),
            inputs_without_offers: inputs.iter().filter(|input| !found.contains_key(*input)).cloned().collect(),
            inputs,
            needed_for: needed_for.get(&product.code).cloned().unwrap_or_default(),
        }
    };
    let mut rows: Vec<ProductDependence> =
        catalogue.products().iter().filter(|product| listed(&product.code)).map(row).collect();
    rows.sort_by(|a, b| a.product.cmp(&b.product));
    rows
}
