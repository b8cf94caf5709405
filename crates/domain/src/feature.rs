//! Typed features of products: what an offer states and what a need requires or prefers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::code::FeatureCode;

/// What values a feature takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// Yes or no.
    Flag,
    /// One of a list.
    Choice,
    /// A whole number in the feature's unit.
    Integer,
    /// A set of sizes; an instalment asks for one.
    Sizes,
}

/// How an offered value is held against a required one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same value.
    Equal,
    /// At least as much.
    AtLeast,
    /// At most as much.
    AtMost,
    /// Every required size is among the offered ones.
    Includes,
}

/// A feature of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Its code.
    pub code: FeatureCode,
    /// English name.
    pub name: String,
    /// What values it takes.
    pub kind: FeatureKind,
    /// The unit of an integer, e.g. `g/m2`.
    pub unit: String,
    /// The legal values of a choice or of sizes.
    pub values: Vec<String>,
    /// How offered and required values compare.
    pub comparison: Comparison,
}

/// A value of a feature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FeatureValue {
    /// Of a flag.
    Flag(bool),
    /// Of an integer feature, at least 0.
    Integer(i64),
    /// Of a choice.
    Choice(String),
    /// Of sizes, never empty.
    Sizes(BTreeSet<String>),
}

/// Whether a buyer insists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// An offer without it is out.
    Required,
    /// An offer without it costs more.
    Preferred,
}

/// What a need asks of a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// The feature.
    pub feature: FeatureCode,
    /// The value asked for.
    pub value: FeatureValue,
    /// The feature's own comparison.
    pub comparison: Comparison,
    /// Required or preferred.
    pub demand: Demand,
}

impl Requirement {
    /// Whether a stated value meets it; a feature that is not stated meets nothing.
    pub fn met_by(&self, stated: Option<&FeatureValue>) -> bool {
        let Some(stated) = stated else { return false };
        match (self.comparison, stated, &self.value) {
            (Comparison::AtLeast, FeatureValue::Integer(has), FeatureValue::Integer(wants)) => has >= wants,
            (Comparison::AtMost, FeatureValue::Integer(has), FeatureValue::Integer(wants)) => has <= wants,
            (Comparison::Includes, FeatureValue::Sizes(has), FeatureValue::Sizes(wants)) => has.is_superset(wants),
            (_, has, wants) => has == wants,
        }
    }
}
