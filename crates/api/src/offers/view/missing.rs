//! What an offer's output lacks, as its owner reads it.

use app::Tables;
use domain::offer::MissingInput;
use serde::Serialize;
use utoipa::ToSchema;

/// So much of a material or service for so much of what is offered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissingInput)]
pub struct MissingInputView {
    /// The product's code.
    pub(super) product: String,
    /// Base units of it.
    value: i64,
    /// The code of its base unit.
    unit: String,
    /// Base units of what is offered.
    per: i64,
    /// `before` or `after` the offer's own work.
    when: &'static str,
}

impl MissingInputView {
    /// Of a checked one.
    pub fn of(input: &MissingInput, tables: &Tables) -> Self {
        let unit = tables.catalogue.product(input.product.as_str()).map_or("", |p| p.base_unit.unit_code());
        Self {
            product: input.product.to_string(),
            value: input.units.units(),
            unit: unit.to_owned(),
            per: input.per.units(),
            when: input.when.as_str(),
        }
    }
}
