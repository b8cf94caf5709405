//! What a firm lacks to make what it offers: materials and services that others bring.

use serde::{Deserialize, Serialize};

use super::Reference;
use crate::{
    catalogue::{Product, ProductKind},
    code::ProductCode,
    decimal::Decimal,
    quantity::{MeasureInput, Quantity, Zero, measure},
    typed,
    violation::Violations,
};

/// What an offer's output lacks, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MissingInputInput {
    /// A material or a service: a product code, name or synonym.
    pub product: String,
    /// How much of it is needed.
    pub quantity: Option<MeasureInput>,
    /// For so many base units of what is offered; 1 where absent.
    pub per: Option<i64>,
    /// `before` or `after` the offer's own work; as its product says where absent.
    pub when: Option<String>,
}

/// When a missing input is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before anything can be made: a material, a part, work on them.
    Before,
    /// On what was made: sterilisation, a test, packing.
    After,
}

impl When {
    /// Both.
    pub const ALL: [When; 2] = [Self::Before, Self::After];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }

    /// When a product is usually needed: a service on what was made, all else before.
    pub fn of(kind: ProductKind) -> Self {
        match kind {
            ProductKind::Service => Self::After,
            ProductKind::Finished | ProductKind::Intermediate | ProductKind::Equipment => Self::Before,
        }
    }
}

/// What an offer's output lacks: so much of a material or service for so much of what is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingInput {
    /// The material or service.
    pub product: ProductCode,
    /// Base units of it.
    pub units: Quantity,
    /// Base units of what is offered.
    pub per: Quantity,
    /// When it is needed.
    pub when: When,
}

impl MissingInput {
    /// Base units of it for an amount of what is offered, a part of one as one.
    pub fn needed_for(&self, units: i64) -> i64 {
        let (wanted, per) = (i128::from(units) * i128::from(self.units.units()), i128::from(self.per.units()).max(1));
        i64::try_from((wanted + per - 1) / per).unwrap_or(i64::MAX)
    }
}

/// Checks what is said to be missing, each below `/missing_inputs/N`.
///
/// # Errors
/// Every fault.
pub(super) fn check(
    of: Option<&Product>,
    stated: &[MissingInputInput],
    at: &Reference<'_>,
) -> Result<Vec<MissingInput>, Violations> {
    let (mut faults, mut found) = (Violations::new(), Vec::<MissingInput>::new());
    for (place, input) in stated.iter().enumerate() {
        let pointer = format!("/missing_inputs/{place}");
        let mut part = Violations::new();
        let product = part.keep(typed::product(&input.product, at.catalogue).map(|(product, _)| product));
        let units = match (&input.quantity, product) {
            (Some(quantity), Some(product)) => {
                let units = at.catalogue.unit_table();
                part.keep(measure("/quantity", quantity, product.base_unit, Zero::Refused, units, None))
            }
            (None, _) => {
                let detail = "is missing; write how much of it is needed for `per` base units of what is offered";
                part.push("/quantity", "missing_field", detail);
                None
            }
            (Some(_), None) => None,
        };
        let per = part.keep(typed::whole("/per", input.per.unwrap_or(1), 1, Quantity::LIMIT));
        let usual = product.map_or(When::Before, |product| When::of(product.kind));
        let when = part.keep(typed::choose("/when", input.when.as_deref(), usual, &When::ALL, When::as_str));
        if let Some(product) = product {
            if of.is_some_and(|of| of.code == product.code) {
                part.push("/product", "own_product", "is what is offered itself; name what is lacking to make it");
            } else if found.iter().any(|other| other.product == product.code) {
                part.push("/product", "stated_twice", format!("{} stands twice; write it once", product.code));
            }
        }
        faults.extend_below(&pointer, part);
        let read = || {
            let per = Quantity::new(per?)?;
            Some(MissingInput { product: product?.code.clone(), units: units?.quantity, per, when: when? })
        };
        found.extend(read());
    }
    faults.into_result()?;
    Ok(found)
}

/// One of a thing, for tests and tools that state no quantity.
impl MissingInputInput {
    /// So many base units of a product for one of what is offered.
    pub fn each(product: &str, units: i64) -> Self {
        let quantity = MeasureInput { value: Decimal::whole(units), unit: None, pack_size: None, pack_unit: None };
        Self { product: product.to_owned(), quantity: Some(quantity), per: None, when: None }
    }
}
