//! Features and certificates on the wire.

use std::borrow::Cow;

use crate::limits;
use domain::{
    certificate::Certificate,
    feature::FeatureValue,
    offer::{CertificateInput, FeatureInput},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema, schema::Type},
};
use validator::Validate;

use crate::number::Number;

/// The value of a feature: yes or no, a whole number, a word, or a list of sizes.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum FeatureBody {
    /// Yes or no.
    Flag(bool),
    /// A number in the feature's unit.
    Number(Number),
    /// A word.
    Text(String),
    /// Sizes.
    List(Vec<String>),
}

impl PartialSchema for FeatureBody {
    fn schema() -> RefOr<Schema> {
        let of = |kind: Type, words: &str| ObjectBuilder::new().schema_type(kind).description(Some(words));
        let words = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String));
        OneOfBuilder::new()
            .item(of(Type::Boolean, "Yes or no."))
            .item(of(Type::Number, "A whole number in the feature's unit."))
            .item(of(Type::String, "A word."))
            .item(words.description(Some("Sizes.")))
            .description(Some("The value of a feature, of the kind that the product says."))
            .examples([serde_json::json!(true)])
            .into()
    }
}

impl ToSchema for FeatureBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FeatureValue")
    }
}

impl<'de> Deserialize<'de> for FeatureBody {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        // By hand: buffering for an untagged enum would lose the digits of numbers.
        match Value::deserialize(d)? {
            Value::Bool(b) => Ok(Self::Flag(b)),
            Value::Number(n) => {
                n.as_str().parse().map(|d| Self::Number(Number(d))).map_err(|e| de::Error::custom(format!("{n} {e}")))
            }
            Value::String(s) => Ok(Self::Text(s)),
            Value::Array(list) => list
                .into_iter()
                .map(|item| match item {
                    Value::String(s) => Ok(s),
                    other => Err(wrong(&other, "a list of sizes in quotes")),
                })
                .collect::<Result<_, _>>()
                .map(Self::List),
            other @ (Value::Null | Value::Object(_)) => Err(wrong(&other, "true, false, a number, a word or a list")),
        }
    }
}

fn wrong<E: de::Error>(found: &Value, expected: &str) -> E {
    E::custom(format!("invalid type: {found}, expected {expected}"))
}

impl FeatureBody {
    /// As the domain checks it.
    pub fn input(self) -> FeatureInput {
        match self {
            Self::Flag(b) => FeatureInput::Flag(b),
            Self::Number(n) => FeatureInput::Number(n.0),
            Self::Text(s) => FeatureInput::Text(s),
            Self::List(l) => FeatureInput::List(l),
        }
    }

    /// A checked value.
    pub fn of(value: &FeatureValue) -> Self {
        match value {
            FeatureValue::Flag(b) => Self::Flag(*b),
            FeatureValue::Integer(n) => Self::Number(Number(domain::decimal::Decimal::whole(*n))),
            FeatureValue::Choice(s) => Self::Text(s.clone()),
            FeatureValue::Sizes(s) => Self::List(s.iter().cloned().collect()),
        }
    }
}

/// A certificate of the goods.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = CertificateInput, example = json!({"kind": "eu-type-examination", "status": "documented",
    "notified_body": "2797", "grades": ["FFP2"], "valid_from": "2019-05-01", "valid_until": "2024-04-30"}))]
pub struct CertificateBody {
    /// A kind of the catalogue.
    #[validate(length(max = limits::WORD))]
    pub kind: String,
    /// `applied`, `in_testing`, `claimed` (where absent) or `documented`; nobody sets more for himself.
    #[validate(length(max = limits::WORD))]
    pub status: Option<String>,
    /// The number on it.
    #[validate(length(max = limits::WORD))]
    pub number: Option<String>,
    /// The notified body's four digits.
    #[validate(length(max = limits::WORD))]
    pub notified_body: Option<String>,
    /// Grades it covers; all of the offer's where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    pub grades: Vec<String>,
    /// First day it holds.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    pub valid_from: Option<String>,
    /// Last day it holds; that day counts.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    pub valid_until: Option<String>,
    /// When a pending one is expected.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    pub expected_on: Option<String>,
}

impl CertificateBody {
    /// A checked certificate as its owner states it; what others found of it is not his to state.
    pub fn of(certificate: &Certificate) -> Self {
        let stated = Certificate { status: certificate.status.as_stated(), ..certificate.clone() };
        let CertificateView { kind, status, number, notified_body, grades, valid_from, valid_until, expected_on } =
            CertificateView::of(&stated);
        Self { kind, status: Some(status), number, notified_body, grades, valid_from, valid_until, expected_on }
    }

    /// As the domain checks it.
    pub fn input(self) -> CertificateInput {
        CertificateInput {
            kind: self.kind,
            status: self.status,
            number: self.number,
            notified_body: self.notified_body,
            grades: self.grades,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            expected_on: self.expected_on,
        }
    }
}

/// A certificate as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Certificate)]
pub struct CertificateView {
    /// Its kind.
    pub kind: String,
    /// How far it was checked.
    pub status: String,
    /// The number on it.
    pub number: Option<String>,
    /// The notified body's number.
    pub notified_body: Option<String>,
    /// Grades it covers; all of the offer's where empty.
    pub grades: Vec<String>,
    /// First day it holds.
    #[schema(format = Date)]
    pub valid_from: Option<String>,
    /// Last day it holds.
    #[schema(format = Date)]
    pub valid_until: Option<String>,
    /// When a pending one is expected.
    #[schema(format = Date)]
    pub expected_on: Option<String>,
}

impl CertificateView {
    /// A checked certificate.
    pub fn of(c: &Certificate) -> Self {
        Self {
            kind: c.kind.to_string(),
            status: c.status.as_str().to_owned(),
            number: c.number.clone(),
            notified_body: c.notified_body.clone(),
            grades: c.grades.iter().map(ToString::to_string).collect(),
            valid_from: c.valid_from.map(|d| d.to_string()),
            valid_until: c.valid_until.map(|d| d.to_string()),
            expected_on: c.expected_on.map(|d| d.to_string()),
        }
    }
}
