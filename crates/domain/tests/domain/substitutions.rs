//! Grades that stand for others: by rule only, across schemes only where the buyer opted in (MAT-01).

use domain::{
    code::FeatureCode,
    eligibility::Standing,
    feature::{Comparison, Demand, FeatureValue, Requirement},
    need::Substitution,
};

use crate::world::{Pair, code, grade};

fn offering(product: &str, grades: &[&str], wanted: &[&str]) -> Pair {
    let mut pair = Pair::good();
    pair.terms().product = code(product);
    pair.terms().grades = grades.iter().map(|g| grade(g)).collect();
    pair.wants().grades = wanted.iter().map(|g| grade(g)).collect();
    pair
}

fn opt_in(pair: &mut Pair, product: &str, of: Option<&str>) {
    pair.wants().substitutions.push(Substitution { product: code(product), grade: of.map(grade) });
}

#[test]
fn mat_01_grades_stand_for_others_only_by_rule() {
    for (offered, wanted, expected) in [
        ("FFP2", "FFP2", "eligible"),
        ("FFP3", "FFP2", "eligible"),
        ("FFP1", "FFP2", "grade_too_low"),
        ("N95", "FFP2", "substitution_not_accepted"),
        ("N95", "P95", "grade_too_low"),
        // No rule is drawn from two others: FFP3 for FFP2 and FFP2 for FFP1 do not give FFP3 for FFP1.
        ("FFP3", "FFP1", "grade_too_low"),
    ] {
        assert_eq!(offering("ffp", &[offered], &[wanted]).code(), expected, "{offered} for {wanted}");
    }
}

#[test]
fn the_best_of_several_grades_counts() {
    assert_eq!(offering("ffp", &["FFP1", "N95", "FFP3"], &["FFP2"]).code(), "eligible");
    assert_eq!(offering("ffp", &["FFP1", "N95"], &["FFP2"]).code(), "substitution_not_accepted");
    assert_eq!(offering("ffp", &["N95"], &["P95", "FFP2"]).code(), "substitution_not_accepted");
    assert_eq!(offering("ffp", &[], &["FFP2"]).code(), "grade_too_low");
    assert_eq!(offering("ffp", &["P95"], &[]).code(), "eligible");
}

#[test]
fn an_opt_in_counts_for_the_very_grade_and_shows_its_caveat() {
    let mut pair = offering("ffp", &["N95"], &["FFP2"]);
    opt_in(&mut pair, "ffp", Some("FFP3"));
    assert_eq!(pair.code(), "substitution_not_accepted");
    opt_in(&mut pair, "ffp", Some("N95"));
    let how = pair.judge().unwrap();
    assert_eq!(how.standing, Standing::Substitute { caveat: "N95 for FFP2".to_owned() });
    assert!(how.cost.substitution > 0);
    // An opt-in does not lift a rule that says no.
    let mut never = offering("ffp", &["N95"], &["P95"]);
    opt_in(&mut never, "ffp", None);
    assert_eq!(never.code(), "grade_too_low");
}

#[test]
fn a_required_feature_tightens_a_rule() {
    let mut pair = offering("ffp", &["FFP3"], &["FFP2"]);
    pair.terms().features = vec![(FeatureCode::new("valve"), FeatureValue::Flag(false))];
    let valve = |demand| Requirement {
        feature: FeatureCode::new("valve"),
        value: FeatureValue::Flag(false),
        comparison: Comparison::Equal,
        demand,
    };
    pair.wants().requirements = vec![valve(Demand::Preferred)];
    assert_eq!(pair.code(), "eligible");
    pair.wants().requirements = vec![valve(Demand::Required)];
    assert_eq!(pair.code(), "substitution_not_accepted");
    opt_in(&mut pair, "ffp", Some("FFP3"));
    assert_eq!(pair.code(), "eligible");
}

#[test]
fn another_product_stands_in_only_where_opted_in() {
    let masks = |grades: &[&str]| {
        let mut pair = offering("ffp", &["FFP2"], grades);
        pair.wants().product = code("medical-mask");
        pair
    };
    assert_eq!(masks(&["TYPE-IIR"]).code(), "substitution_not_accepted");
    assert_eq!(masks(&["TYPE-I"]).code(), "grade_too_low");
    // Whoever takes any grade takes the one that the rule is about.
    let mut any = masks(&[]);
    assert_eq!(any.code(), "substitution_not_accepted");
    opt_in(&mut any, "ffp", Some("FFP2"));
    assert_eq!(any.code(), "eligible");
    // The rule has one direction.
    let mut back = offering("medical-mask", &["TYPE-IIR"], &["FFP2"]);
    opt_in(&mut back, "medical-mask", None);
    assert_eq!(back.code(), "other_product");
}
