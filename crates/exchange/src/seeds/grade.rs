//! `schemes.csv`, `grades.csv` and `grade_rules.csv`.

use std::collections::HashMap;

use domain::{
    catalogue::{Grade, GradeRule, Scheme, Verdict},
    code::{FeatureCode, GradeCode, ProductCode, SchemeCode},
};

use super::{
    CatalogueKeys, Sheets,
    cells::{CONFIDENCE, Cells},
    fault::SeedErrors,
    sheet::Sheet,
};

pub(super) const SCHEME_COLUMNS: &[&str] = &["code", "standard", "order", "name"];

pub(super) const GRADE_COLUMNS: &[&str] = &[
    "code",
    "scheme",
    "name",
    "rank",
    "products",
    "metric",
    "threshold",
    "also_requires",
    "synonyms",
    "source",
    "confidence",
];

pub(super) const RULE_COLUMNS: &[&str] = &[
    "need_product",
    "need_grade",
    "offer_product",
    "offer_grade",
    "verdict",
    "unless_feature",
    "caveat",
    "source",
    "confidence",
    "case",
];

/// Schemes, in the order of the file.
pub(super) fn schemes(sheet: &Sheet, faults: &mut SeedErrors) -> Vec<Scheme> {
    let mut schemes = Vec::new();
    for row in sheet.rows() {
        row.one_of("order", &[("total", ()), ("partial", ()), ("none", ())], faults);
        schemes.push(Scheme {
            code: SchemeCode::new(row.text("code")),
            standard: row.required("standard", faults).to_owned(),
            name: row.required("name", faults).to_owned(),
        });
    }
    schemes
}

/// Grades, in the order of the file. A grade has a rank exactly where its scheme is in total order.
pub(super) fn grades(sheets: &Sheets, keys: &CatalogueKeys, faults: &mut SeedErrors) -> Vec<Grade> {
    let total = sheets.schemes.by_code(|row| row.text("order") == "total");
    let schemes_of = sheets.products.by_code(|row| row.entries("schemes"));
    let mut grades = Vec::new();
    for row in sheets.grades.rows() {
        let scheme = row.required_reference("scheme", &keys.schemes, faults);
        let products = row.references("products", &keys.products, faults);
        if products.is_empty() {
            row.fault(faults, "products", "is blank; list the products it is a grade of");
        }
        for product in &products {
            if schemes_of.get(product).is_some_and(|s| !s.contains(&scheme)) {
                let reason = format!("{product} does not list the scheme {scheme} in products.csv; add it there");
                row.fault(faults, "products", reason);
            }
        }
        row.one_of("confidence", &CONFIDENCE, faults);
        grades.push(Grade {
            code: GradeCode::new(row.text("code")),
            scheme: SchemeCode::new(scheme),
            name: row.required("name", faults).to_owned(),
            rank: rank(row, scheme, total.get(scheme).copied(), faults),
            products: products.into_iter().map(ProductCode::new).collect(),
            threshold: threshold(row, faults),
            synonyms: row.words("synonyms", faults),
            source: row.required("source", faults).to_owned(),
        });
    }
    grades
}

fn rank(row: Cells<'_>, scheme: &str, total: Option<bool>, faults: &mut SeedErrors) -> Option<u8> {
    match (row.text("rank"), total) {
        ("", Some(true)) => {
            row.fault(faults, "rank", format!("is blank, and {scheme} is in total order; write the place in it"));
            None
        }
        ("", Some(false) | None) => None,
        (written, Some(false)) => {
            row.fault(faults, "rank", format!("{written:?}, but {scheme} is in no total order; leave it blank"));
            None
        }
        (_, Some(true) | None) => u8::try_from(row.whole("rank", 1, 255, faults)).ok(),
    }
}

/// What is measured, where the line is, and what else is asked: `dP: <40 Pa/cm2; also: ...`.
fn threshold(row: Cells<'_>, faults: &mut SeedErrors) -> String {
    let mut text = format!("{}: {}", row.required("metric", faults), row.required("threshold", faults));
    let also = row.text("also_requires");
    if !also.is_empty() {
        text.push_str("; also: ");
        text.push_str(also);
    }
    text
}

/// Rules, in the order of the file.
pub(super) fn rules(sheets: &Sheets, keys: &CatalogueKeys, faults: &mut SeedErrors) -> Vec<GradeRule> {
    let verdicts = Verdict::ALL.map(|v| (v.as_str(), v));
    let products_of = sheets.grades.by_code(|row| row.entries("products"));
    let mut seen: HashMap<[&str; 4], usize> = HashMap::new();
    let mut rules = Vec::new();
    for row in sheets.grade_rules.rows() {
        let mut side = |product_column: &str, grade_column: &str| {
            let product = row.required_reference(product_column, &keys.products, faults);
            let grade = row.reference(grade_column, &keys.grades, faults);
            if let Some(grade) = grade
                && products_of.get(grade).is_some_and(|of| !of.contains(&product))
            {
                row.fault(faults, grade_column, format!("{grade} is no grade of {product}; see grades.csv"));
            }
            (product, grade)
        };
        let (need, offer) = (side("need_product", "need_grade"), side("offer_product", "offer_grade"));
        if need == offer {
            row.fault(faults, "offer_grade", "is what is needed already; such a rule says nothing, remove it");
        }
        let key = [need.0, need.1.unwrap_or_default(), offer.0, offer.1.unwrap_or_default()];
        if let Some(first) = seen.insert(key, row.line) {
            row.fault(faults, "offer_grade", format!("line {first} rules on this pair already; remove one"));
        }
        row.one_of("confidence", &CONFIDENCE, faults);
        if !row.text("case").is_empty() {
            row.whole("case", 1, 999, faults);
        }
        rules.push(GradeRule {
            need_product: ProductCode::new(need.0),
            need_grade: need.1.map(GradeCode::new),
            offer_product: ProductCode::new(offer.0),
            offer_grade: offer.1.map(GradeCode::new),
            verdict: row.one_of("verdict", &verdicts, faults).unwrap_or(Verdict::DoesNotSatisfy),
            unless_feature: row.reference("unless_feature", &keys.features, faults).map(FeatureCode::new),
            caveat: row.text("caveat").to_owned(),
            source: row.required("source", faults).to_owned(),
        });
    }
    rules
}
