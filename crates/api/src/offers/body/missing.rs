//! What an offer's output lacks, as its owner states it.

use app::Tables;
use domain::{
    decimal::Decimal,
    offer::{MissingInput, MissingInputInput},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::{limits, measure::MeasureBody, number::Number};

/// What is lacking, and how much of it goes into what is offered.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = MissingInputBody, example = json!({"product": "meltblown", "quantity": {"value": 750, "unit": "GRM"}, "per": 1000}))]
pub struct MissingInputBody {
    /// A material, a part or a service: a product's code, name or synonym.
    #[validate(length(max = limits::WORD))]
    product: String,
    /// How much of it is needed.
    #[validate(nested)]
    quantity: Option<MeasureBody>,
    /// For so many base units of what is offered; 1 where absent.
    per: Option<i64>,
    /// `before` or `after` the offer's own work; where absent, `after` for services and `before` for all else.
    #[validate(length(max = limits::WORD))]
    when: Option<String>,
}

impl MissingInputBody {
    /// A checked one, in base units.
    pub fn of(input: &MissingInput, tables: &Tables) -> Self {
        let unit = tables.catalogue.product(input.product.as_str()).map(|p| p.base_unit.unit_code().to_owned());
        let value = Number(Decimal::whole(input.units.units()));
        Self {
            product: input.product.to_string(),
            quantity: Some(MeasureBody { value, unit, pack_size: None, pack_unit: None }),
            per: Some(input.per.units()),
            when: Some(input.when.as_str().to_owned()),
        }
    }

    /// As the domain checks it.
    pub fn input(self) -> MissingInputInput {
        MissingInputInput {
            product: self.product,
            quantity: self.quantity.map(MeasureBody::input),
            per: self.per,
            when: self.when,
        }
    }
}
