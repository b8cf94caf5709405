//! Products, schemes, grades, features, and what stands for what.

use std::collections::HashMap;

use domain::{
    catalogue::{Grade, GradeRule, Product, ProductKind, Scheme, Verdict},
    code::{FeatureCode, GradeCode, ProductCode, SchemeCode},
    feature::{Comparison, Feature, FeatureKind},
    unit::BaseUnit,
};

use super::words::{codes, listed, narrow, position};
use crate::{
    entity::{feature, grade, grade_rule, product, product_feature, scheme},
    error::StoreError,
    json,
};

/// What the key holds where a rule means any grade, since a key column cannot be null.
const ANY_GRADE: &str = "";

pub(super) fn product_rows(list: &[Product]) -> Result<Vec<product::Model>, StoreError> {
    let row = |(index, p): (usize, &Product)| {
        Ok(product::Model {
            code: p.code.as_str().to_owned(),
            position: position(index)?,
            kind: p.kind.as_str().to_owned(),
            family: p.family.clone(),
            base_unit: p.base_unit.as_str().to_owned(),
            trade_unit: p.trade_unit.clone(),
            names: listed(&p.names)?,
            synonyms: listed(&p.synonyms)?,
            classifications: json::to_text(&p.classifications)?,
            frames: listed(&p.frames)?,
            class: p.class.clone(),
            schemes: listed(&p.schemes)?,
            weekly_ceiling: p.weekly_ceiling,
            order_ceiling: p.order_ceiling,
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn product_feature_rows(list: &[Product]) -> Result<Vec<product_feature::Model>, StoreError> {
    let pairs = list.iter().flat_map(|p| p.features.iter().enumerate().map(move |(index, f)| (p, index, f)));
    pairs
        .map(|(product, index, (feature, choices))| {
            Ok(product_feature::Model {
                product: product.code.as_str().to_owned(),
                feature: feature.as_str().to_owned(),
                position: position(index)?,
                choices: listed(choices)?,
            })
        })
        .collect()
}

pub(super) fn products(
    rows: Vec<product::Model>,
    features: Vec<product_feature::Model>,
) -> Result<Vec<Product>, StoreError> {
    let mut stated: HashMap<String, Vec<(FeatureCode, Vec<String>)>> = HashMap::new();
    for row in features {
        let choices = json::from_text("product_features.choices", &row.choices)?;
        stated.entry(row.product).or_default().push((FeatureCode::new(&row.feature), choices));
    }
    rows.into_iter()
        .map(|row| {
            Ok(Product {
                features: stated.remove(&row.code).unwrap_or_default(),
                code: ProductCode::new(&row.code),
                kind: json::word("products.kind", &row.kind, ProductKind::parse)?,
                family: row.family,
                base_unit: json::word("products.base_unit", &row.base_unit, BaseUnit::parse)?,
                trade_unit: row.trade_unit,
                names: json::from_text("products.names", &row.names)?,
                synonyms: json::from_text("products.synonyms", &row.synonyms)?,
                classifications: json::from_text("products.classifications", &row.classifications)?,
                frames: json::from_text("products.frames", &row.frames)?,
                class: row.class,
                schemes: json::from_text("products.schemes", &row.schemes)?,
                weekly_ceiling: row.weekly_ceiling,
                order_ceiling: row.order_ceiling,
            })
        })
        .collect()
}

pub(super) fn scheme_rows(list: &[Scheme]) -> Result<Vec<scheme::Model>, StoreError> {
    let row = |(index, s): (usize, &Scheme)| {
        Ok(scheme::Model {
            code: s.code.as_str().to_owned(),
            position: position(index)?,
            standard: s.standard.clone(),
            name: s.name.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn schemes(rows: Vec<scheme::Model>) -> Vec<Scheme> {
    rows.into_iter()
        .map(|row| Scheme { code: SchemeCode::new(&row.code), standard: row.standard, name: row.name })
        .collect()
}

pub(super) fn grade_rows(list: &[Grade]) -> Result<Vec<grade::Model>, StoreError> {
    let row = |(index, g): (usize, &Grade)| {
        Ok(grade::Model {
            code: g.code.as_str().to_owned(),
            position: position(index)?,
            scheme: g.scheme.as_str().to_owned(),
            name: g.name.clone(),
            rank: g.rank.map(i16::from),
            products: codes(&g.products)?,
            threshold: g.threshold.clone(),
            synonyms: listed(&g.synonyms)?,
            source: g.source.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn grades(rows: Vec<grade::Model>) -> Result<Vec<Grade>, StoreError> {
    rows.into_iter()
        .map(|row| {
            Ok(Grade {
                code: GradeCode::new(&row.code),
                scheme: SchemeCode::new(&row.scheme),
                name: row.name,
                rank: row.rank.map(|rank| narrow("grades.rank", rank)).transpose()?,
                products: json::from_text("grades.products", &row.products)?,
                threshold: row.threshold,
                synonyms: json::from_text("grades.synonyms", &row.synonyms)?,
                source: row.source,
            })
        })
        .collect()
}

pub(super) fn grade_rule_rows(list: &[GradeRule]) -> Result<Vec<grade_rule::Model>, StoreError> {
    let grade = |code: &Option<GradeCode>| code.as_ref().map_or(ANY_GRADE, GradeCode::as_str).to_owned();
    let row = |(index, r): (usize, &GradeRule)| {
        Ok(grade_rule::Model {
            need_product: r.need_product.as_str().to_owned(),
            need_grade: grade(&r.need_grade),
            offer_product: r.offer_product.as_str().to_owned(),
            offer_grade: grade(&r.offer_grade),
            position: position(index)?,
            verdict: r.verdict.as_str().to_owned(),
            unless_feature: r.unless_feature.as_ref().map(|code| code.as_str().to_owned()),
            caveat: r.caveat.clone(),
            source: r.source.clone(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn grade_rules(rows: Vec<grade_rule::Model>) -> Result<Vec<GradeRule>, StoreError> {
    let grade = |code: &str| (code != ANY_GRADE).then(|| GradeCode::new(code));
    rows.into_iter()
        .map(|row| {
            Ok(GradeRule {
                need_product: ProductCode::new(&row.need_product),
                need_grade: grade(&row.need_grade),
                offer_product: ProductCode::new(&row.offer_product),
                offer_grade: grade(&row.offer_grade),
                verdict: json::word("grade_rules.verdict", &row.verdict, Verdict::parse)?,
                unless_feature: row.unless_feature.as_deref().map(FeatureCode::new),
                caveat: row.caveat,
                source: row.source,
            })
        })
        .collect()
}

fn kind_word(kind: FeatureKind) -> &'static str {
    match kind {
        FeatureKind::Flag => "flag",
        FeatureKind::Choice => "choice",
        FeatureKind::Integer => "integer",
        FeatureKind::Sizes => "sizes",
    }
}

fn comparison_word(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "equal",
        Comparison::AtLeast => "at_least",
        Comparison::AtMost => "at_most",
        Comparison::Includes => "includes",
    }
}

pub(super) fn feature_rows(list: &[Feature]) -> Result<Vec<feature::Model>, StoreError> {
    let row = |(index, f): (usize, &Feature)| {
        Ok(feature::Model {
            code: f.code.as_str().to_owned(),
            position: position(index)?,
            name: f.name.clone(),
            kind: kind_word(f.kind).to_owned(),
            unit: f.unit.clone(),
            choices: listed(&f.values)?,
            comparison: comparison_word(f.comparison).to_owned(),
        })
    };
    list.iter().enumerate().map(row).collect()
}

pub(super) fn features(rows: Vec<feature::Model>) -> Result<Vec<Feature>, StoreError> {
    let kinds = [FeatureKind::Flag, FeatureKind::Choice, FeatureKind::Integer, FeatureKind::Sizes];
    let comparisons = [Comparison::Equal, Comparison::AtLeast, Comparison::AtMost, Comparison::Includes];
    let kind = |word: &str| kinds.into_iter().find(|kind| kind_word(*kind) == word);
    let comparison = |word: &str| comparisons.into_iter().find(|c| comparison_word(*c) == word);
    rows.into_iter()
        .map(|row| {
            Ok(Feature {
                code: FeatureCode::new(&row.code),
                name: row.name,
                kind: json::word("features.kind", &row.kind, kind)?,
                unit: row.unit,
                values: json::from_text("features.choices", &row.choices)?,
                comparison: json::word("features.comparison", &row.comparison, comparison)?,
            })
        })
        .collect()
}
