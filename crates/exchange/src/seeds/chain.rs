//! `process_steps.csv` and `conversions.csv`.

use std::collections::HashSet;

use domain::{
    catalogue::{ConversionPath, ProcessStep},
    code::ProductCode,
};

use super::{
    CatalogueKeys,
    cells::{CONFIDENCE, NACE_SHAPE, is_nace},
    fault::SeedErrors,
    sheet::Sheet,
};

pub(super) const STEP_COLUMNS: &[&str] =
    &["product", "step", "name", "inputs", "equipment", "nace2", "bottleneck", "source"];

pub(super) const CONVERSION_COLUMNS: &[&str] = &[
    "capability",
    "nace2",
    "product",
    "days_min",
    "days_max",
    "basis",
    "bottleneck",
    "certificate_path",
    "example",
    "source",
    "confidence",
];

/// Longest conversion anybody records, in days.
const LONGEST: i64 = 3_650;

/// Process steps, in the order of the file.
pub(super) fn steps(sheet: &Sheet, keys: &CatalogueKeys, faults: &mut SeedErrors) -> Vec<ProcessStep> {
    let mut seen = HashSet::new();
    let mut steps = Vec::new();
    for row in sheet.rows() {
        let product = row.required_reference("product", &keys.products, faults);
        let step = row.whole("step", 1, 99, faults);
        if !seen.insert((product, step)) {
            row.fault(faults, "step", format!("{product} has a step {step} on an earlier line; number them 1, 2, 3"));
        }
        let nace2 = row.text("nace2");
        if !nace2.is_empty() && !is_nace(nace2) {
            row.fault(faults, "nace2", format!("{nace2:?} is not {NACE_SHAPE}"));
        }
        steps.push(ProcessStep {
            product: ProductCode::new(product),
            step: u8::try_from(step).unwrap_or(1),
            name: row.required("name", faults).to_owned(),
            inputs: row.words("inputs", faults),
            equipment: row.words("equipment", faults),
            nace2: nace2.to_owned(),
            bottleneck: row.text("bottleneck").to_owned(),
            source: row.required("source", faults).to_owned(),
        });
    }
    steps
}

/// Conversions, in the order of the file.
pub(super) fn conversions(sheet: &Sheet, keys: &CatalogueKeys, faults: &mut SeedErrors) -> Vec<ConversionPath> {
    let bases = [("reported", ()), ("press", ()), ("paper", ()), ("estimate", ())];
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for row in sheet.rows() {
        let capability = row.required("capability", faults);
        let product = row.required_reference("product", &keys.products, faults);
        if !seen.insert((capability, product)) {
            let reason = format!("{capability:?} converts to {product} on an earlier line already; remove one");
            row.fault(faults, "capability", reason);
        }
        let (least, most) = (row.whole("days_min", 0, LONGEST, faults), row.whole("days_max", 0, LONGEST, faults));
        if most < least {
            row.fault(faults, "days_max", format!("{most} is less than days_min, {least}"));
        }
        row.one_of("basis", &bases, faults);
        row.one_of("confidence", &CONFIDENCE, faults);
        found.push(ConversionPath {
            capability: capability.to_owned(),
            nace2: row.shaped("nace2", NACE_SHAPE, is_nace, faults),
            product: ProductCode::new(product),
            days_min: u16::try_from(least).unwrap_or(0),
            days_max: u16::try_from(most).unwrap_or(0),
            basis: row.text("basis").to_owned(),
            bottleneck: row.text("bottleneck").to_owned(),
            certificate_path: row.text("certificate_path").to_owned(),
            example: row.text("example").to_owned(),
            source: row.required("source", faults).to_owned(),
        });
    }
    found
}
