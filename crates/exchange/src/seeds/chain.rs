//! `process_steps.csv`, `conversions.csv` and `activities.csv`.

use std::collections::HashSet;

use domain::{
    catalogue::{Activity, Basis, Confidence, ConversionPath, ProcessStep},
    code::ProductCode,
    text,
};

use super::{
    CatalogueKeys,
    cells::{Cells, NACE_SHAPE, is_nace},
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

pub(super) const ACTIVITY_COLUMNS: &[&str] = &["word", "language", "nace2", "source"];

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
    let bases = Basis::ALL.map(|basis| (basis.as_str(), basis));
    let sure = Confidence::ALL.map(|confidence| (confidence.as_str(), confidence));
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for row in sheet.rows() {
        let capability = row.required("capability", faults);
        let product = row.required_reference("product", &keys.products, faults);
        if !seen.insert((capability, product)) {
            let reason = format!("{capability:?} converts to {product} on an earlier line already; remove one");
            row.fault(faults, "capability", reason);
        }
        let (days_min, days_max) = days(&row, faults);
        found.push(ConversionPath {
            capability: capability.to_owned(),
            nace2: row.shaped("nace2", NACE_SHAPE, is_nace, faults),
            product: ProductCode::new(product),
            days_min,
            days_max,
            basis: row.one_of("basis", &bases, faults).unwrap_or(Basis::Estimate),
            bottleneck: row.text("bottleneck").to_owned(),
            certificate_path: row.text("certificate_path").to_owned(),
            example: row.text("example").to_owned(),
            source: row.required("source", faults).to_owned(),
            confidence: row.one_of("confidence", &sure, faults).unwrap_or_default(),
        });
    }
    found
}

/// Fewest and most days; both cells are blank where the source does not say.
fn days(row: &Cells<'_>, faults: &mut SeedErrors) -> (Option<u16>, Option<u16>) {
    if row.text("days_min").is_empty() && row.text("days_max").is_empty() {
        return (None, None);
    }
    let (least, most) = (row.whole("days_min", 0, LONGEST, faults), row.whole("days_max", 0, LONGEST, faults));
    if most < least {
        row.fault(faults, "days_max", format!("{most} is less than days_min, {least}"));
    }
    (u16::try_from(least).ok(), u16::try_from(most).ok())
}

/// Words for what firms do, in the order of the file.
pub(super) fn activities(sheet: &Sheet, faults: &mut SeedErrors) -> Vec<Activity> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for row in sheet.rows() {
        let word = row.required("word", faults);
        let folded = text::fold(word);
        if !word.is_empty() && folded.is_empty() {
            row.fault(faults, "word", format!("{word:?} has no letter or digit; write a word"));
        }
        if !seen.insert(folded) {
            row.fault(faults, "word", format!("{word:?} stands on an earlier line already; put all codes there"));
        }
        let nace2 = row.shaped("nace2", NACE_SHAPE, is_nace, faults);
        if nace2.is_empty() {
            row.fault(faults, "nace2", format!("is blank; write {NACE_SHAPE}"));
        }
        found.push(Activity {
            word: word.to_owned(),
            language: row.required("language", faults).to_owned(),
            nace2,
            source: row.required("source", faults).to_owned(),
        });
    }
    found
}
