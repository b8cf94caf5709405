//! What the catalogue of the small world says of grades and borders.

use domain::{
    catalogue::{Area, BorderEffect, BorderRule, CatalogueParts, Grade, GradeRule, Scheme, Verdict},
    code::{CountryCode, FeatureCode, GradeCode, ProductCode, SchemeCode},
    feature::{Comparison, Feature, FeatureKind},
};

use crate::world::today;

fn grade(code: &str) -> Grade {
    Grade {
        code: GradeCode::new(code),
        scheme: SchemeCode::new("any"),
        name: code.to_owned(),
        rank: None,
        products: ["mask", "gown", "gel"].map(ProductCode::new).into(),
        threshold: String::new(),
        synonyms: vec![],
        source: String::new(),
    }
}

fn rule(need: (&str, &str), offer: (&str, &str), verdict: Verdict) -> GradeRule {
    let some = |code: &str| (!code.is_empty()).then(|| GradeCode::new(code));
    GradeRule {
        need_product: ProductCode::new(need.0),
        need_grade: some(need.1),
        offer_product: ProductCode::new(offer.0),
        offer_grade: some(offer.1),
        verdict,
        unless_feature: (verdict == Verdict::Satisfies).then(|| FeatureCode::new("valve")),
        caveat: format!("{offer:?} for {need:?}"),
        source: String::new(),
    }
}

fn border(code: &str, product: &str, effect: BorderEffect, to: Option<Area>, days: (i32, i32)) -> BorderRule {
    let day = |ahead: i32| today().plus(ahead);
    BorderRule {
        code: code.to_owned(),
        products: vec![ProductCode::new(product)],
        from_area: Area::Eu,
        to_area: to,
        from: day(days.0),
        until: Some(day(days.1)),
        effect,
        excepted: vec![CountryCode::new("NO")],
        source: String::new(),
    }
}

/// Grades, rules on them, features and border rules.
pub fn parts() -> CatalogueParts {
    let fiji = || Some(Area::Country(CountryCode::new("FJ")));
    CatalogueParts {
        schemes: vec![Scheme { code: SchemeCode::new("any"), standard: String::new(), name: String::new() }],
        grades: ["FFP2", "FFP3", "KN95"].map(grade).into(),
        rules: vec![
            rule(("mask", "FFP2"), ("mask", "FFP3"), Verdict::Satisfies),
            rule(("mask", "FFP2"), ("mask", "KN95"), Verdict::OptIn),
            rule(("mask", "FFP3"), ("mask", "KN95"), Verdict::DoesNotSatisfy),
            rule(("mask", ""), ("gown", "FFP2"), Verdict::SubstituteOnly),
            rule(("mask", "FFP3"), ("gown", ""), Verdict::OptIn),
            rule(("gown", "KN95"), ("gown", "FFP2"), Verdict::Satisfies),
            rule(("gown", "KN95"), ("gown", "FFP3"), Verdict::Satisfies),
        ],
        features: vec![Feature {
            code: FeatureCode::new("valve"),
            name: "valve".to_owned(),
            kind: FeatureKind::Flag,
            unit: String::new(),
            values: vec![],
            comparison: Comparison::Equal,
        }],
        border_rules: vec![
            border("OVER", "mask", BorderEffect::Forbidden, None, (-30, -1)),
            border("PERMIT", "mask", BorderEffect::AuthorisationRequired, None, (-1, 30)),
            border("BAN", "gown", BorderEffect::Forbidden, fiji(), (0, 9)),
        ],
        ..CatalogueParts::default()
    }
}
