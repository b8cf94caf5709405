//! Quantities, rates and prices on the wire.

use crate::limits;
use domain::{
    capacity::Conversion,
    decimal::Decimal,
    offer::{ConversionInput, PriceInput, RateInput},
    price::Price,
    quantity::{Measure, MeasureInput},
    rate::Rate,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::number::Number;

/// A quantity as people state it.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = QuantityInput, example = json!({"value": 120, "unit": "XBX", "pack_size": 50, "pack_unit": "H87"}))]
pub struct MeasureBody {
    /// A JSON number; all its digits count. It must come to a whole number of base units.
    #[schema(value_type = f64, example = 120)]
    pub value: Number,
    /// A UN/ECE Rec 20 code (`H87` pieces, `KGM` kilograms), or a Rec 21 package with `X` before it (`XBX`). The
    /// product's base unit where absent.
    #[validate(length(max = limits::WORD))]
    pub unit: Option<String>,
    /// How much one package holds; needed for packages, refused otherwise.
    #[schema(value_type = Option<f64>)]
    pub pack_size: Option<Number>,
    /// The unit of the pack size; the product's base unit where absent.
    #[validate(length(max = limits::WORD))]
    pub pack_unit: Option<String>,
}

impl MeasureBody {
    /// A checked measure as it was typed, its package in base units.
    pub fn of(measure: &Measure) -> Self {
        Self {
            value: Number(measure.value),
            unit: Some(measure.unit.as_str().to_owned()),
            pack_size: measure.pack.map(|pack| Number(Decimal::whole(pack.units()))),
            pack_unit: None,
        }
    }

    /// As the domain checks it.
    pub fn input(self) -> MeasureInput {
        MeasureInput {
            value: self.value.0,
            unit: self.unit,
            pack_size: self.pack_size.map(|n| n.0),
            pack_unit: self.pack_unit,
        }
    }
}

/// A quantity per period.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = RateInput, example = json!({"value": 50000, "unit": "H87", "per": "week"}))]
pub struct RateBody {
    /// A JSON number; 0 is legal.
    #[schema(value_type = f64, example = 50000)]
    pub value: Number,
    /// As in a quantity.
    #[validate(length(max = limits::WORD))]
    pub unit: Option<String>,
    /// As in a quantity.
    #[schema(value_type = Option<f64>)]
    pub pack_size: Option<Number>,
    /// As in a quantity.
    #[validate(length(max = limits::WORD))]
    pub pack_unit: Option<String>,
    /// `day` (a working day), `week`, `month` or `year`.
    #[schema(example = "week")]
    #[validate(length(max = limits::WORD))]
    pub per: String,
}

impl RateBody {
    /// A checked rate as it was typed.
    pub fn of(rate: &Rate) -> Self {
        let MeasureBody { value, unit, pack_size, pack_unit } = MeasureBody::of(&rate.measure);
        Self { value, unit, pack_size, pack_unit, per: rate.period.as_str().to_owned() }
    }

    /// As the domain checks it.
    pub fn input(self) -> RateInput {
        let measure =
            MeasureBody { value: self.value, unit: self.unit, pack_size: self.pack_size, pack_unit: self.pack_unit };
        RateInput { measure: measure.input(), per: self.per }
    }
}

/// What could be made after a conversion.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversionInput, example = json!({"value": 20000, "per": "week", "days": 21, "ramp_days": 10}))]
pub struct ConversionBody {
    /// The rate once converted, a JSON number; absent, with `per`, where convertible figures of weeks say it.
    #[schema(value_type = Option<f64>)]
    pub value: Option<Number>,
    /// As in a quantity.
    #[validate(length(max = limits::WORD))]
    pub unit: Option<String>,
    /// As in a quantity.
    #[schema(value_type = Option<f64>)]
    pub pack_size: Option<Number>,
    /// As in a quantity.
    #[validate(length(max = limits::WORD))]
    pub pack_unit: Option<String>,
    /// `day`, `week`, `month` or `year`.
    #[validate(length(max = limits::WORD))]
    pub per: Option<String>,
    /// Calendar days from the decision to the first output, 0 to 1095.
    #[schema(example = 21)]
    pub days: i64,
    /// Working days from the first output to the full rate, 0 to 730.
    #[serde(default)]
    pub ramp_days: i64,
    /// The day the conversion was decided; while absent nothing of it counts.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    pub decided_on: Option<String>,
}

impl ConversionBody {
    /// A checked conversion as it was typed.
    pub fn of(conversion: &Conversion) -> Self {
        let (mut value, mut unit, mut pack_size, mut pack_unit, mut per) = (None, None, None, None, None);
        if let Some(rate) = &conversion.rate {
            let typed = RateBody::of(rate);
            (value, unit, pack_size, pack_unit) = (Some(typed.value), typed.unit, typed.pack_size, typed.pack_unit);
            per = Some(typed.per);
        }
        let (days, ramp_days) = (conversion.days.into(), conversion.ramp_days.into());
        let decided_on = conversion.decided_on.map(|day| day.to_string());
        Self { value, unit, pack_size, pack_unit, per, days, ramp_days, decided_on }
    }

    /// As the domain checks it.
    pub fn input(self) -> ConversionInput {
        // A period without a number is no rate, and a rate without a period is refused by the domain, which names them.
        let rate = self.value.map(|value| {
            let (unit, pack_size, pack_unit) = (self.unit, self.pack_size, self.pack_unit);
            RateBody { value, unit, pack_size, pack_unit, per: self.per.unwrap_or_default() }.input()
        });
        let (days, ramp_days) = (self.days, self.ramp_days);
        ConversionInput { rate, days, ramp_days, decided_on: self.decided_on }
    }
}

/// A price per base unit.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Price, example = json!({"amount": 0.35, "currency": "EUR"}))]
pub struct PriceBody {
    /// Per base unit, with at most 6 decimals.
    #[schema(value_type = f64, example = 0.35)]
    pub amount: Number,
    /// ISO 4217.
    #[schema(example = "EUR")]
    #[validate(length(max = limits::WORD))]
    pub currency: String,
}

impl PriceBody {
    /// As the domain checks it.
    pub fn input(self) -> PriceInput {
        PriceInput { amount: self.amount.0, currency: self.currency }
    }

    /// A checked price.
    pub fn of(price: &Price) -> Self {
        let micros = format!("{}e-6", price.micros);
        // An i64 of millionths always reads as a decimal.
        let amount = micros.parse().unwrap_or(Decimal::whole(0));
        Self { amount: Number(amount), currency: price.currency.as_str().to_owned() }
    }
}

/// A quantity as understood, with what was typed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Quantity, example = json!({"value": 6000, "unit": "H87", "typed": {"value": 120, "unit": "XBX", "pack_size": 50}}))]
pub struct MeasureView {
    /// A whole number of base units.
    pub value: i64,
    /// The code of the base unit.
    pub unit: String,
    /// As it was stated.
    pub typed: TypedView,
}

/// A quantity as it was stated.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TypedQuantity)]
pub struct TypedView {
    /// The number as stated.
    #[schema(value_type = f64)]
    pub value: Number,
    /// The unit's code.
    pub unit: String,
    /// Base units in one package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack_size: Option<i64>,
}

impl MeasureView {
    /// A checked measure of a product with that base unit's code.
    pub fn of(measure: &Measure, base: &str) -> Self {
        Self {
            value: measure.quantity.units(),
            unit: base.to_owned(),
            typed: TypedView {
                value: Number(measure.value),
                unit: measure.unit.as_str().to_owned(),
                pack_size: measure.pack.map(domain::quantity::Quantity::units),
            },
        }
    }
}

/// A rate as understood, with what was typed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Rate)]
pub struct RateView {
    /// Base units per period.
    pub value: i64,
    /// The code of the base unit.
    pub unit: String,
    /// `day`, `week`, `month` or `year`.
    pub per: String,
    /// As it was stated.
    pub typed: TypedView,
}

impl RateView {
    /// A checked rate of a product with that base unit's code.
    pub fn of(rate: &Rate, base: &str) -> Self {
        let MeasureView { value, unit, typed } = MeasureView::of(&rate.measure, base);
        Self { value, unit, per: rate.period.as_str().to_owned(), typed }
    }
}
