//! An alert as it is shown.

use std::collections::BTreeMap;

use domain::alert::{Alert, Met, Threshold};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::sides;

/// A saved question with its threshold, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub(crate) struct AlertView {
    /// Its id.
    id: Uuid,
    /// Whose alert it is; null where it is the operator's own.
    organisation: Option<Uuid>,
    /// Its name.
    name: String,
    /// What it asks: `capacity` or `shortages`.
    of: &'static str,
    /// The question, by the names and values of its route's parameters.
    question: BTreeMap<String, String>,
    /// How many weeks it looks ahead.
    weeks: u8,
    /// When it tells.
    threshold: ThresholdView,
    /// The person who made it, to whom it is mailed; null where a machine made it.
    made_by: Option<Uuid>,
    /// `quiet` or `firing`.
    state: &'static str,
    /// Since when it stands so.
    #[schema(format = DateTime)]
    since: String,
    /// When the rows were so; null while it is quiet.
    #[schema(format = DateTime)]
    as_of: Option<String>,
    /// The rows that met the threshold, as you may see them: the earliest weeks first, at most 20; those of when it fired, and
    /// then of the first look of each day.
    rows: Vec<MetView>,
    /// How many more rows did.
    more: u32,
    /// Why the question cannot be answered any more, such as a product that the catalogue has no longer; null where it can. It
    /// stands as it stood until you change it.
    fault: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// When an alert tells.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertThreshold)]
struct ThresholdView {
    /// The figure; null where it waits for a colour.
    figure: Option<&'static str>,
    /// The number of base units that the figure is below; null where it waits for something else.
    below: Option<i64>,
    /// The number of base units that the figure reaches; null where it waits for something else.
    at_least: Option<i64>,
    /// `rows` or `total`; null where it waits for a colour.
    over: Option<&'static str>,
    /// `red` or `orange`; null where it waits for a figure.
    colour: Option<&'static str>,
}

/// A row that met a threshold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRow)]
struct MetView {
    /// The product; null where rows are not told apart by it.
    product: Option<String>,
    /// The region; null where rows are not told apart by it, or where it is not known.
    region: Option<String>,
    /// The first of its days.
    #[schema(format = Date)]
    from: String,
    /// The last of its days.
    #[schema(format = Date)]
    until: String,
    /// Of the capacity map the figure, of the shortage board the gap; in base units.
    #[schema(value_type = i64)]
    figure: i128,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
}

impl AlertView {
    /// An alert as its owner reads it.
    pub(crate) fn of(alert: Alert) -> Self {
        let terms = alert.terms;
        Self {
            id: alert.id.0,
            organisation: alert.organisation.map(|id| id.0),
            name: terms.name,
            of: terms.of.as_str(),
            question: terms.question,
            weeks: terms.weeks,
            threshold: ThresholdView::of(terms.threshold),
            made_by: alert.made_by.map(|id| id.0),
            state: alert.state.as_str(),
            since: alert.since.to_string(),
            as_of: alert.as_of.map(|at| at.to_string()),
            rows: alert.rows.iter().map(MetView::of).collect(),
            more: alert.more,
            fault: alert.fault,
            created_at: alert.created_at.to_string(),
        }
    }
}

impl ThresholdView {
    fn of(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Colour(hue) => {
                Self { figure: None, below: None, at_least: None, over: None, colour: Some(hue.as_str()) }
            }
            Threshold::Figure { figure, bound, over } => {
                let (below, at_least) = sides(bound);
                let (figure, over) = (Some(figure.as_str()), Some(over.as_str()));
                Self { figure, below, at_least, over, colour: None }
            }
        }
    }
}

impl MetView {
    fn of(met: &Met) -> Self {
        Self {
            product: met.product.as_ref().map(ToString::to_string),
            region: met.region.as_ref().map(ToString::to_string),
            from: met.from.to_string(),
            until: met.until.to_string(),
            figure: met.figure,
            unit: met.unit.unit_code(),
        }
    }
}
