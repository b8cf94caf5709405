//! An alert as it is sent.

use std::collections::BTreeMap;

use app::alerts::AlertInput;
use domain::{
    alert::{Alert, Bound, Threshold, ThresholdInput},
    ids::OrganisationId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::question::ParameterValue;
use crate::limits;

/// A question to save, and when to tell.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertInput, example = json!({"name": "FFP short in Lombardy", "of": "shortages",
    "question": {"product": "ffp", "region": "ITC4", "level": 2}, "weeks": 8,
    "threshold": {"figure": "gap", "at_least": 10000}}))]
pub(super) struct AlertBody {
    /// Whose alert it is; the caller's own where absent.
    #[schema(value_type = Option<Uuid>)]
    organisation: Option<OrganisationId>,
    /// Its name, at most 200 characters.
    #[validate(length(max = limits::WORD))]
    name: String,
    /// What it asks: `capacity` for the capacity map, or `shortages` for the shortage board.
    #[schema(pattern = "^(capacity|shortages)$")]
    #[validate(length(max = limits::WORD))]
    of: String,
    /// The question, by the names and values of the parameters of `GET /api/v1/capacity` or `GET /api/v1/shortages`, each of
    /// at most 4,000 characters; without `from`, `until` and `facets`. All there is where absent.
    #[serde(default)]
    #[validate(custom(function = values))]
    question: BTreeMap<String, ParameterValue>,
    /// How many weeks it looks ahead from the day it is looked at, that week among them, 1 to 26; 12 where absent.
    #[schema(minimum = 1, maximum = 26)]
    weeks: Option<i64>,
    /// When it tells.
    #[validate(nested)]
    threshold: ThresholdBody,
}

/// When an alert tells: a `figure` with `below` or `at_least`, or a `colour` of the board.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertThresholdInput)]
pub(super) struct ThresholdBody {
    /// Of the capacity map `running`, `maximum`, `convertible`, `held`, `agreed`, `free` or `free_maximum`; of the shortage
    /// board `gap`.
    #[validate(length(max = limits::WORD))]
    figure: Option<String>,
    /// It is below so many base units, from 1 on; of the capacity map alone.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    below: Option<i64>,
    /// It is so many base units or more, from 1 on.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    at_least: Option<i64>,
    /// `rows` (where absent) for the figure of any row, or `total` for that of the totals; of the capacity map alone.
    #[validate(length(max = limits::WORD))]
    over: Option<String>,
    /// In the place of a figure: a row of the board is `red`, or at least `orange`.
    #[validate(length(max = limits::WORD))]
    colour: Option<String>,
}

/// Refuses a name or a value that is longer than any route takes.
fn values(question: &BTreeMap<String, ParameterValue>) -> Result<(), ValidationError> {
    let long = |text: &str| u64::try_from(text.chars().count()).is_ok_and(|count| count > limits::NOTE);
    match question.iter().any(|(name, value)| long(name) || long(&value.0)) {
        false => Ok(()),
        true => {
            let mut error = ValidationError::new("length");
            error.params.insert("max".into(), limits::NOTE.into());
            Err(error)
        }
    }
}

impl AlertBody {
    /// The body that would save an alert as it stands.
    pub(super) fn of(alert: &Alert) -> Self {
        let terms = &alert.terms;
        let typed = terms.question.iter().map(|(name, value)| (name.clone(), ParameterValue(value.clone())));
        Self {
            organisation: alert.organisation,
            name: terms.name.clone(),
            of: terms.of.as_str().to_owned(),
            question: typed.collect(),
            weeks: Some(terms.weeks.into()),
            threshold: ThresholdBody::of(terms.threshold),
        }
    }

    /// As the use case checks it.
    pub(super) fn input(self) -> AlertInput {
        let ThresholdBody { figure, below, at_least, over, colour } = self.threshold;
        AlertInput {
            organisation: self.organisation,
            name: self.name,
            of: self.of,
            question: self.question.into_iter().map(|(name, value)| (name, value.0)).collect(),
            weeks: self.weeks,
            threshold: ThresholdInput { figure, below, at_least, over, colour },
        }
    }
}

impl ThresholdBody {
    fn of(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Colour(hue) => {
                let colour = Some(hue.as_str().to_owned());
                Self { figure: None, below: None, at_least: None, over: None, colour }
            }
            Threshold::Figure { figure, bound, over } => {
                let (below, at_least) = sides(bound);
                let (figure, over) = (Some(figure.as_str().to_owned()), Some(over.as_str().to_owned()));
                Self { figure, below, at_least, over, colour: None }
            }
        }
    }
}

/// The number of a bound, on its side.
pub(super) fn sides(bound: Bound) -> (Option<i64>, Option<i64>) {
    match bound {
        Bound::Below(units) => (Some(units), None),
        Bound::AtLeast(units) => (None, Some(units)),
    }
}
