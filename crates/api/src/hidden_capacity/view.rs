//! What a site could make, as it is told.

use std::collections::BTreeSet;

use domain::conversion::{Cited, Estimate, Part, Prospect, StepAt};
use serde::Serialize;
use utoipa::ToSchema;

/// How long a conversion takes, with what that rests on and the row that says so.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversionEstimate)]
pub struct EstimateView {
    /// What the days rest on: `reported` (by who converted), `press`, `paper` or `estimate`.
    basis: &'static str,
    /// Fewest calendar days that the row tells; null where it tells none: unknown.
    days_min: Option<u16>,
    /// Most.
    days_max: Option<u16>,
    /// How the site goes with it: `activity` (that of the row), `broader_activity` (stated more coarsely than the row's), `steps`
    /// (it has machines for steps of the product or does some), `anybody` (the row is for whoever begins from nothing).
    fit: &'static str,
    /// The row's capability; with `steps` the names of the steps.
    capability: String,
    /// The row's codes of NACE Rev. 2.
    nace2: Vec<String>,
    /// A real case.
    example: Option<String>,
    /// Where the row is from. Files have `source` for the address that was asked.
    cites: String,
    /// How sure the row is: `high`, `medium` or `low`; null for steps.
    confidence: Option<&'static str>,
    /// What usually holds it up.
    bottleneck: Option<String>,
    /// Certificates on the way.
    certificate_path: Option<String>,
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl EstimateView {
    /// Of an estimate.
    pub(super) fn of(estimate: &Estimate<'_>) -> Self {
        let (days_min, days_max) = (estimate.days.map(|days| days.0), estimate.days.map(|days| days.1));
        let (basis, fit) = (estimate.basis.as_str(), estimate.fit.as_str());
        let row = match &estimate.cites {
            Cited::Conversion(row) => Some(row),
            Cited::Steps(_) => None,
        };
        let nace2 = match &estimate.cites {
            Cited::Conversion(row) => row.nace2.clone(),
            Cited::Steps(steps) => {
                let codes: BTreeSet<&str> = steps.iter().map(|step| step.nace2.as_str()).collect();
                codes.into_iter().filter(|code| !code.is_empty()).map(str::to_owned).collect()
            }
        };
        Self {
            basis,
            days_min,
            days_max,
            fit,
            capability: estimate.capability(),
            nace2,
            example: row.and_then(|row| some(&row.example)),
            cites: estimate.source(),
            confidence: row.map(|row| row.confidence.as_str()),
            bottleneck: some(&estimate.bottleneck()),
            certificate_path: row.and_then(|row| some(&row.certificate_path)),
        }
    }
}

/// A machine or an input of a step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StepPart)]
struct PartView {
    /// As the step names it.
    name: String,
    /// The product of the catalogue that it is, which can be asked for as a need; null where there is none.
    product: Option<String>,
    /// Whether the site has it.
    there: bool,
}

impl PartView {
    fn of(part: &Part<'_>) -> Self {
        let product = part.product.map(|product| product.code.to_string());
        Self { name: part.name.to_owned(), product, there: part.there }
    }
}

/// A process step of a product, and how it stands at the site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StepAtSite)]
struct StepView {
    /// Its number.
    step: u8,
    /// What is done.
    name: String,
    /// How it stands: `declared` (the site does it), `machine` (it has a machine of the step), `activity` (its activity is that of
    /// who does it), `unstated` (the step names neither), `missing`.
    standing: &'static str,
    /// Its machines; whether one of them will do, the catalogue does not say.
    machines: Vec<PartView>,
    /// Its inputs.
    inputs: Vec<PartView>,
    /// What held it up in 2020.
    bottleneck: Option<String>,
    /// Where the step is from.
    source: String,
}

impl StepView {
    fn of(at: &StepAt<'_>) -> Self {
        Self {
            step: at.step.step,
            name: at.step.name.clone(),
            standing: at.standing.as_str(),
            machines: at.machines.iter().map(PartView::of).collect(),
            inputs: at.inputs.iter().map(PartView::of).collect(),
            bottleneck: some(&at.step.bottleneck),
            source: at.step.source.clone(),
        }
    }
}

/// A product that a site could convert to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Prospect)]
pub struct ProspectView {
    /// The product.
    product: String,
    /// Its English name.
    name: String,
    /// What that rests on, the best first; at least one.
    estimates: Vec<EstimateView>,
    /// The product's steps; none where the catalogue has none.
    steps: Vec<StepView>,
    /// Steps that the site could not take as it is, by their numbers and names.
    missing_steps: Vec<String>,
    /// Machines of those steps.
    missing_machines: Vec<String>,
    /// Inputs of all steps that it has not in house.
    missing_inputs: Vec<String>,
}

/// Steps that a site could not take as it is, by their numbers and names.
pub(super) fn missing_steps(prospect: &Prospect<'_>) -> Vec<String> {
    prospect.missing_steps().map(|at| format!("{} {}", at.step.step, at.step.name)).collect()
}

/// The names of parts.
pub(super) fn names(parts: &[&Part<'_>]) -> Vec<String> {
    parts.iter().map(|part| part.name.to_owned()).collect()
}

impl ProspectView {
    /// Of a prospect.
    pub fn of(prospect: &Prospect<'_>) -> Self {
        Self {
            product: prospect.product.code.to_string(),
            name: prospect.product.name().to_owned(),
            estimates: prospect.estimates.iter().map(EstimateView::of).collect(),
            steps: prospect.steps.iter().map(StepView::of).collect(),
            missing_steps: missing_steps(prospect),
            missing_machines: names(&prospect.missing_machines()),
            missing_inputs: names(&prospect.missing_inputs()),
        }
    }
}
