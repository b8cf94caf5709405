//! Features and certificates on the wire.

use std::borrow::Cow;

use crate::limits;
use domain::{
    certificate::{Certificate, Derogation, Finding, HolderRole},
    feature::FeatureValue,
    offer::{CertificateInput, DerogationInput, FeatureInput},
    time::Day,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema, schema::Type},
};
use uuid::Uuid;
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
#[schema(as = CertificateInput, example = json!({"kind": "eu-type-examination", "number": "DE-4711", "notified_body": "2797",
    "module": "B", "holder": "Atelier", "grades": ["FFP2"], "valid_from": "2019-05-01", "valid_until": "2024-04-30"}))]
pub struct CertificateBody {
    /// A kind of the catalogue.
    #[validate(length(max = limits::WORD))]
    pub kind: String,
    /// `applied`, `in_testing`, `claimed` (where absent) or `documented`, which needs a paper filed as evidence; nobody sets
    /// more for himself.
    #[validate(length(max = limits::WORD))]
    pub status: Option<String>,
    /// The number on it, in the shape that the kind says.
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
    /// In whose name it is: of a maker its own, of a trader the manufacturer's or the importer's.
    #[validate(length(max = limits::WORD))]
    pub holder: Option<String>,
    /// As what the holder stands in it: `manufacturer` or `importer`.
    #[validate(length(max = limits::WORD))]
    pub holder_role: Option<String>,
    /// The module of conformity assessment: `A` to `H1` (Decision No 768/2008/EC).
    #[validate(length(max = limits::WORD))]
    pub module: Option<String>,
    /// Models or lots it covers; all goods of the offer where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    pub models: Vec<String>,
    /// Where it holds: codes or names of regions and countries; everywhere where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    pub territory: Vec<String>,
    /// The derogation that it is, or rests on. It counts while the market's mode permits it, in its territory.
    #[validate(nested)]
    pub derogation: Option<DerogationBody>,
}

/// Leave of an authority to let goods without the usual papers into its territory.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = Derogation)]
pub struct DerogationBody {
    /// Who gave it.
    #[validate(length(max = limits::WORD))]
    pub authority: String,
    /// Its number.
    #[validate(length(max = limits::WORD))]
    pub number: String,
    /// Where it holds: codes or names of regions and countries.
    #[validate(custom(function = limits::words))]
    pub territory: Vec<String>,
    /// Its last day, which counts.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    pub until: String,
}

impl DerogationBody {
    fn of(derogation: &Derogation) -> Self {
        Self {
            authority: derogation.authority.clone(),
            number: derogation.number.clone(),
            territory: derogation.territory.iter().map(ToString::to_string).collect(),
            until: derogation.until.to_string(),
        }
    }

    fn input(self) -> DerogationInput {
        let Self { authority, number, territory, until } = self;
        DerogationInput { authority, number, territory, until }
    }
}

impl CertificateBody {
    /// A checked certificate as its owner states it; what others found of it is not his to state.
    pub fn of(c: &Certificate) -> Self {
        Self {
            kind: c.kind.to_string(),
            status: Some(c.status.as_stated().as_str().to_owned()),
            number: c.number.clone(),
            notified_body: c.notified_body.clone(),
            grades: c.grades.iter().map(ToString::to_string).collect(),
            valid_from: c.valid_from.map(|d| d.to_string()),
            valid_until: c.valid_until.map(|d| d.to_string()),
            expected_on: c.expected_on.map(|d| d.to_string()),
            holder: c.holder.clone(),
            holder_role: c.holder_role.map(|role| role.as_str().to_owned()),
            module: c.module.clone(),
            models: c.models.clone(),
            territory: c.territory.iter().map(ToString::to_string).collect(),
            derogation: c.derogation.as_ref().map(DerogationBody::of),
        }
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
            holder: self.holder,
            holder_role: self.holder_role,
            module: self.module,
            models: self.models,
            territory: self.territory,
            derogation: self.derogation.map(DerogationBody::input),
        }
    }
}

/// A certificate as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Certificate)]
pub struct CertificateView {
    /// Its id.
    pub id: Option<Uuid>,
    /// Its kind.
    pub kind: String,
    /// How far it was checked: `applied`, `in_testing`, `claimed`, `documented`, `checked`, `confirmed`, `rejected`, or
    /// `expired` once its last day is over.
    pub status: &'static str,
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
    /// In whose name it is, where that was said.
    pub holder: Option<String>,
    /// `manufacturer` or `importer`.
    pub holder_role: Option<&'static str>,
    /// The module of conformity assessment.
    pub module: Option<String>,
    /// Models or lots it covers; all goods of the offer where empty.
    pub models: Vec<String>,
    /// Where it holds; everywhere where empty.
    pub territory: Vec<String>,
    /// The derogation that it is, or rests on.
    pub derogation: Option<DerogationBody>,
    /// What a reviewer found.
    pub finding: Option<FindingView>,
    /// Why a reviewer must look at it before it counts, if one must.
    pub doubt: Option<String>,
}

/// What a reviewer found of a certificate; the status says what.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingView {
    /// Who looked: `cluster`, `authority` or `operator`.
    pub by: &'static str,
    /// When.
    #[schema(format = Date)]
    pub on: String,
    /// What there is to say.
    pub note: String,
}

impl CertificateView {
    /// A checked certificate as it stands on a day.
    pub fn of(c: &Certificate, on: Day) -> Self {
        let body = CertificateBody::of(c);
        let finding = |f: &Finding| FindingView { by: f.by.as_str(), on: f.on.to_string(), note: f.note.clone() };
        Self {
            id: c.id.map(|id| id.0),
            kind: body.kind,
            status: c.status_on(on).as_str(),
            number: body.number,
            notified_body: body.notified_body,
            grades: body.grades,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            expected_on: body.expected_on,
            holder: body.holder,
            holder_role: c.holder_role.map(HolderRole::as_str),
            module: body.module,
            models: body.models,
            territory: body.territory,
            derogation: body.derogation,
            finding: c.finding.as_ref().map(finding),
            doubt: c.doubt.clone(),
        }
    }
}
