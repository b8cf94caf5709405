//! Questions that are kept: names and values of parameters, read by the very routes that answer them.

use std::collections::BTreeMap;

use app::alerts::Question;
use domain::{alert::AlertOf, violation::Violations};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::SchemaType, schema::Type},
};

use crate::{board, capacity, query};

/// Parameters that an alert has no use for, and why.
const LEFT_OUT: [(&str, &str); 3] = [
    ("from", "an alert begins on the day it is looked at; leave it out"),
    ("until", "an alert looks `weeks` ahead; leave it out, and write weeks"),
    ("facets", "an alert counts no offers; leave it out"),
];

/// Reads a kept question as its route reads it; whatever is wrong with it is named at the parameter.
///
/// # Errors
/// `does_not_apply` for days and facets, and what the route says of the rest.
pub fn read(of: AlertOf, typed: &BTreeMap<String, String>) -> Result<Question, Violations> {
    let mut faults = Violations::new();
    for (name, why) in LEFT_OUT.iter().filter(|(name, _)| typed.contains_key(*name)) {
        faults.push(format!("/{name}"), "does_not_apply", *why);
    }
    let kept = typed.iter().filter(|(name, _)| LEFT_OUT.iter().all(|(left, _)| left != name));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    let question = faults.keep(match of {
        AlertOf::Capacity => query::kept(&query).and_then(capacity::question).map(Question::Capacity),
        AlertOf::Shortages => query::kept(&query).and_then(board::question).map(Question::Shortages),
    });
    match question {
        Some(question) if faults.is_empty() => Ok(question),
        Some(_) | None => Err(faults),
    }
}

/// The value of a parameter as it stands in an address: a text, a number, or true or false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParameterValue(pub String);

impl<'de> Deserialize<'de> for ParameterValue {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Value::deserialize(d)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            Value::Bool(yes) => Ok(Self(yes.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let found = de::Unexpected::Other("list, object or null");
                Err(de::Error::invalid_type(found, &"a text, a number, true or false, as in an address"))
            }
        }
    }
}

impl Serialize for ParameterValue {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl PartialSchema for ParameterValue {
    fn schema() -> RefOr<Schema> {
        let kinds = SchemaType::Array(vec![Type::String, Type::Number, Type::Boolean]);
        let words = "The value of a query parameter, as it stands in an address.";
        ObjectBuilder::new().schema_type(kinds).description(Some(words)).into()
    }
}

impl ToSchema for ParameterValue {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(of: AlertOf, typed: &[(&str, &str)], expected: &[&str]) {
        let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let found = match read(of, &typed) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.as_slice().iter().map(|v| format!("{} {}", v.pointer, v.code)).collect(),
        };
        assert_eq!(found, expected, "{typed:?}");
    }

    #[test]
    fn a_kept_question_is_read_as_its_route_reads_it() {
        let (capacity, shortages) = (AlertOf::Capacity, AlertOf::Shortages);
        check(capacity, &[("product", "ffp,apron"), ("group_by", "nuts2,week"), ("certified", "true")], &[]);
        check(shortages, &[("product", "ffp"), ("level", "2")], &[]);
        check(shortages, &[], &[]);
        check(shortages, &[("grade", "FFP2")], &["/grade unknown_parameter"]);
        check(shortages, &[("level", "two")], &["/level bad_value"]);
        check(capacity, &[("lat", "48"), ("lon", "x")], &["/radius_km missing", "/lon bad_value"]);
        let days = [("from", "2020-04-06"), ("until", "x"), ("facets", "true"), ("group_by", "planet")];
        let expected =
            ["/from does_not_apply", "/until does_not_apply", "/facets does_not_apply", "/group_by bad_value"];
        check(capacity, &days, &expected);
    }

    #[test]
    fn values_are_what_stands_in_an_address() {
        let read = |json: &str| serde_json::from_str::<ParameterValue>(json).map(|value| value.0).ok();
        assert_eq!(read("\"ffp\"").as_deref(), Some("ffp"));
        assert_eq!(read("45.460").as_deref(), Some("45.460"));
        assert_eq!(read("true").as_deref(), Some("true"));
        assert_eq!((read("[1]"), read("null"), read("{}")), (None, None, None));
    }
}
