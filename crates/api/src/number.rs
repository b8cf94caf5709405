//! Numbers of the wire, read from their literal digits and never through a float.

use domain::decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::SchemaType, schema::Type},
};

/// A JSON number with all its digits. Text is refused: `"12"` is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub Decimal);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(d)?;
        let digits = number.as_str();
        digits.parse().map(Self).map_err(|e| de::Error::custom(format!("{digits} {e}; write at most 30 digits")))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let number: serde_json::Number = self.0.to_string().parse().map_err(ser::Error::custom)?;
        number.serialize(s)
    }
}

impl PartialSchema for Number {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Number)).into()
    }
}

impl ToSchema for Number {}
