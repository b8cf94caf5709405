//! `products.csv`, `features.csv` and `product_features.csv`.

use std::collections::{HashMap, HashSet};

use domain::{
    catalogue::{Classifications, Product, ProductKind},
    code::{FeatureCode, FrameCode, ProductCode, SchemeCode},
    feature::{Comparison, Feature, FeatureKind},
    quantity::Quantity,
    unit::BaseUnit,
};

use super::{
    CatalogueKeys, Sheets,
    cells::{Cells, NACE_SHAPE, is_nace},
    fault::SeedErrors,
    sheet::Sheet,
};

pub(super) const PRODUCT_COLUMNS: &[&str] = &[
    "code",
    "kind",
    "family",
    "base_unit",
    "trade_unit",
    "name_en",
    "name_fr",
    "name_de",
    "name_es",
    "name_it",
    "name_pl",
    "cpv",
    "hs",
    "nace2",
    "nace21",
    "emdn",
    "frames",
    "class",
    "schemes",
    "weekly_ceiling",
    "order_ceiling",
    "synonyms",
];

pub(super) const FEATURE_COLUMNS: &[&str] =
    &["code", "kind", "unit", "values", "comparison", "name_en", "name_fr", "name_de", "note"];

pub(super) const PRODUCT_FEATURE_COLUMNS: &[&str] = &["product", "feature", "values"];

const KINDS: [(&str, FeatureKind); 4] = [
    ("flag", FeatureKind::Flag),
    ("choice", FeatureKind::Choice),
    ("integer", FeatureKind::Integer),
    ("sizes", FeatureKind::Sizes),
];

const COMPARISONS: [(&str, Comparison); 4] = [
    ("equal", Comparison::Equal),
    ("at_least", Comparison::AtLeast),
    ("at_most", Comparison::AtMost),
    ("includes", Comparison::Includes),
];

/// Products with their features, in the order of the file.
pub(super) fn products(sheets: &Sheets, keys: &CatalogueKeys, faults: &mut SeedErrors) -> Vec<Product> {
    let kinds = ProductKind::ALL.map(|k| (k.as_str(), k));
    let bases = BaseUnit::ALL.map(|u| (u.as_str(), u));
    let mut features = product_features(sheets, keys, faults);
    let mut products = Vec::new();
    for row in sheets.products.rows() {
        let code = ProductCode::new(row.text("code"));
        let names = ["name_en", "name_fr", "name_de", "name_es", "name_it", "name_pl"];
        products.push(Product {
            kind: row.one_of("kind", &kinds, faults).unwrap_or(ProductKind::Finished),
            family: row.required("family", faults).to_owned(),
            base_unit: row.one_of("base_unit", &bases, faults).unwrap_or(BaseUnit::Piece),
            trade_unit: row.required_reference("trade_unit", &keys.units, faults).to_owned(),
            names: names.map(|column| row.required(column, faults).to_owned()),
            synonyms: row.words("synonyms", faults),
            classifications: classifications(row, faults),
            frames: row.references("frames", &keys.frames, faults).into_iter().map(FrameCode::new).collect(),
            class: row.text("class").to_owned(),
            schemes: row.references("schemes", &keys.schemes, faults).into_iter().map(SchemeCode::new).collect(),
            weekly_ceiling: row.whole("weekly_ceiling", 1, Quantity::LIMIT, faults),
            order_ceiling: row.whole("order_ceiling", 1, Quantity::LIMIT, faults),
            features: features.remove(code.as_str()).unwrap_or_default(),
            code,
        });
    }
    products
}

fn classifications(row: Cells<'_>, faults: &mut SeedErrors) -> Classifications {
    let digits = |t: &str, length: usize| t.len() == length && t.bytes().all(|b| b.is_ascii_digit());
    let emdn = |t: &str| {
        t.starts_with(|c: char| c.is_ascii_uppercase()) && t.len() > 1 && t.bytes().skip(1).all(|b| b.is_ascii_digit())
    };
    Classifications {
        cpv: row.shaped("cpv", "a CPV code of eight digits, without the check digit", |t| digits(t, 8), faults),
        hs: row.shaped("hs", "an HS code of six digits", |t| digits(t, 6), faults),
        nace2: row.shaped("nace2", NACE_SHAPE, is_nace, faults),
        nace21: row.shaped("nace21", NACE_SHAPE, is_nace, faults),
        emdn: row.shaped("emdn", "an EMDN code, a letter and digits", emdn, faults),
    }
}

/// Features, in the order of the file.
pub(super) fn features(sheet: &Sheet, faults: &mut SeedErrors) -> Vec<Feature> {
    let mut features = Vec::new();
    for row in sheet.rows() {
        let kind = row.one_of("kind", &KINDS, faults).unwrap_or(FeatureKind::Flag);
        let comparison = row.one_of("comparison", &COMPARISONS, faults).unwrap_or(Comparison::Equal);
        let legal: &[&str] = match kind {
            FeatureKind::Flag => &["equal"],
            FeatureKind::Choice => &["equal", "includes"],
            FeatureKind::Integer => &["equal", "at_least", "at_most"],
            FeatureKind::Sizes => &["includes"],
        };
        let (kind_word, comparison_word) = (row.text("kind"), row.text("comparison"));
        if COMPARISONS.iter().any(|(w, _)| *w == comparison_word) && !legal.contains(&comparison_word) {
            let reason =
                format!("{comparison_word:?} does not compare a {kind_word}; write one of: {}", legal.join(", "));
            row.fault(faults, "comparison", reason);
        }
        let values = row.words("values", faults);
        let listed = matches!(kind, FeatureKind::Choice | FeatureKind::Sizes);
        if listed && values.is_empty() {
            row.fault(faults, "values", format!("is blank; list the legal values of the {kind_word}"));
        }
        if !listed && !values.is_empty() {
            row.fault(faults, "values", format!("a {kind_word} has no list of values; leave it blank"));
        }
        let unit = match kind {
            FeatureKind::Integer => row.required("unit", faults),
            FeatureKind::Flag | FeatureKind::Choice | FeatureKind::Sizes => {
                if !row.text("unit").is_empty() {
                    row.fault(faults, "unit", format!("a {kind_word} has no unit; leave it blank"));
                }
                ""
            }
        };
        features.push(Feature {
            code: FeatureCode::new(row.text("code")),
            name: row.required("name_en", faults).to_owned(),
            kind,
            unit: unit.to_owned(),
            values,
            comparison,
        });
    }
    features
}

type FeaturesOf = HashMap<String, Vec<(FeatureCode, Vec<String>)>>;

/// The features of each product, with the values legal for it; the feature's own where none.
fn product_features(sheets: &Sheets, keys: &CatalogueKeys, faults: &mut SeedErrors) -> FeaturesOf {
    let legal = sheets.features.by_code(|row| row.entries("values"));
    let mut seen = HashSet::new();
    let mut found = FeaturesOf::new();
    for row in sheets.product_features.rows() {
        let product = row.required_reference("product", &keys.products, faults);
        let feature = row.required_reference("feature", &keys.features, faults);
        if !seen.insert((product, feature)) {
            row.fault(faults, "feature", format!("{product} has {feature} on an earlier line already; remove one"));
        }
        let values = row.words("values", faults);
        if let Some(legal) = legal.get(feature) {
            for value in values.iter().filter(|v| !v.is_empty() && !legal.contains(&v.as_str())) {
                let reason = if legal.is_empty() {
                    format!("{value:?}: {feature} has no list of values; leave it blank")
                } else {
                    format!("{value:?} is no value of {feature}; it has: {}", legal.join(", "))
                };
                row.fault(faults, "values", reason);
            }
        }
        found.entry(product.to_owned()).or_default().push((FeatureCode::new(feature), values));
    }
    found
}
