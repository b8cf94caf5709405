//! Every way a need can be wrong: where, by which code, and in words that name value and remedy.

use domain::{
    need::{InstalmentInput, NeedInput, NeedTerms, RequirementInput, Substitution},
    offer::{FeatureInput, PriceInput},
    quantity::MeasureInput,
    violation::Violation,
};

use crate::{
    bad_offers::{amount, has_remedy, number, words},
    world::{code, grade, reference},
};

fn instalment(quantity: Option<MeasureInput>, due: &str) -> InstalmentInput {
    InstalmentInput { quantity, due: due.to_owned(), size: None }
}

fn good() -> NeedInput {
    NeedInput {
        product: "ffp2".to_owned(),
        instalments: vec![instalment(Some(amount("5000", "H87")), "2020-04-20")],
        ..NeedInput::default()
    }
}

fn faults(input: &NeedInput) -> Vec<Violation> {
    input.check(&reference()).map_or_else(|faults| faults.into_vec(), |_| vec![])
}

fn quantity(n: &mut NeedInput, value: &str, unit: &str) {
    n.instalments[0].quantity = Some(amount(value, unit));
}

type Spoil = fn(&mut NeedInput);

const CASES: &[(&str, &str, &str, Spoil)] = &[
    ("/product", "unknown_product", "tank", |n| n.product = "tank".to_owned()),
    ("/grades/0", "unknown_grade", "TYPE-I", |n| n.grades = words(&["TYPE-I"])),
    ("/substitutions/0/product", "unknown_product", "tank", |n| {
        n.substitutions = vec![(Some("tank".to_owned()), None)];
    }),
    ("/substitutions/0/grade", "unknown_grade", "TYPE-I", |n| {
        n.substitutions = vec![(None, Some("TYPE-I".to_owned()))];
    }),
    ("/substitutions/1", "no_such_substitution", "gown", |n| {
        n.substitutions = vec![(None, Some("N95".to_owned())), (Some("gown".to_owned()), None)];
    }),
    ("/features/sterile", "unknown_feature", "sterile", |n| {
        n.requirements = vec![requirement("sterile", FeatureInput::Flag(true))];
    }),
    ("/features/valve", "bad_feature_value", "true or false", |n| {
        n.requirements = vec![requirement("valve", FeatureInput::Number(number("1")))];
    }),
    ("/certificates/0", "unknown_certificate_kind", "ISO", |n| n.certificates = words(&["ISO"])),
    ("/certificate_status", "unknown_value", "rejected", |n| n.certificate_status = Some("rejected".to_owned())),
    ("/verification", "unknown_value", "none, cluster, operator", |n| n.verification = Some("police".to_owned())),
    ("/transfers/1", "unknown_value", "theft", |n| n.transfers = words(&["sale", "theft"])),
    ("/price_cap/currency", "unknown_currency", "€", |n| {
        n.price_cap = Some(PriceInput { amount: number("1"), currency: "€".to_owned() });
    }),
    ("/price_cap/amount", "bad_price", "1000000000.1", |n| {
        n.price_cap = Some(PriceInput { amount: number("1000000000.1"), currency: "EUR".to_owned() });
    }),
    ("/regions/0", "unknown_region", "Atlantis", |n| n.regions = words(&["Atlantis"])),
    ("/max_distance_km", "out_of_range", "-5", |n| n.max_distance_km = Some(-5)),
    ("/max_suppliers", "out_of_range", "0", |n| n.max_suppliers = Some(0)),
    ("/max_suppliers", "out_of_range", "from 1 to 1000", |n| n.max_suppliers = Some(1_001)),
    ("/max_suppliers", "out_of_range", "-9223372036854775808", |n| n.max_suppliers = Some(i64::MIN)),
    ("/urgency", "unknown_value", "critical, high, normal, low", |n| n.urgency = Some("asap".to_owned())),
    ("/instalments", "missing", "how much by when", |n| n.instalments.clear()),
    ("/instalments", "too_many", "201", |n| {
        n.instalments = vec![instalment(Some(amount("1", "H87")), "2020-04-20"); 201];
    }),
    ("/instalments/0/quantity", "missing", "how many", |n| n.instalments[0].quantity = None),
    ("/instalments/0/quantity/value", "not_positive", "0", |n| quantity(n, "0", "H87")),
    ("/instalments/0/quantity/value", "not_positive", "0", |n| quantity(n, "-0", "H87")),
    ("/instalments/0/quantity/value", "not_positive", "-1", |n| quantity(n, "-1", "H87")),
    ("/instalments/0/quantity/value", "fractional", "0.0000001", |n| quantity(n, "0.0000001", "H87")),
    ("/instalments/0/quantity/value", "too_large", "199999999999998", |n| quantity(n, "199999999999998", "H87")),
    ("/instalments/0/quantity/unit", "unknown_unit", "parsec", |n| quantity(n, "1", "parsec")),
    ("/instalments/0/quantity/unit", "wrong_dimension", "KGM", |n| quantity(n, "1", "KGM")),
    ("/instalments/0/quantity/pack_size", "pack_size_missing", "XBX", |n| quantity(n, "1", "XBX")),
    ("/instalments/0/due", "in_past", "2020-04-05", |n| n.instalments[0].due = "2020-04-05".to_owned()),
    ("/instalments/0/due", "bad_date", "2027-02-29", |n| n.instalments[0].due = "2027-02-29".to_owned()),
    ("/instalments/0/due", "bad_date", "", |n| n.instalments[0].due = String::new()),
    ("/instalments/0/due", "too_far_ahead", "2199-12-31", |n| n.instalments[0].due = "2199-12-31".to_owned()),
    ("/instalments/0/size", "unknown_size", "S, M, L", |n| n.instalments[0].size = Some("XXL".to_owned())),
    ("/instalments/0/size", "unknown_size", "gown", |n| {
        n.product = "gown".to_owned();
        n.instalments[0].size = Some("M".to_owned());
    }),
    ("/note", "control_character", "U+0000", |n| n.note = "a\u{0}b".to_owned()),
];

fn requirement(feature: &str, value: FeatureInput) -> RequirementInput {
    RequirementInput { feature: feature.to_owned(), value, preferred: false }
}

#[test]
fn a_good_need_has_no_fault() {
    let (terms, instalments, quarantine) = good().check(&reference()).unwrap();
    assert_eq!((terms.product, terms.grades), (code("ffp"), vec![grade("FFP2")]));
    assert_eq!((instalments.len(), quarantine, terms.max_suppliers), (1, None, None));
    for most in [1, 1_000] {
        let (terms, _, _) = NeedInput { max_suppliers: Some(most), ..good() }.check(&reference()).unwrap();
        assert_eq!(terms.max_suppliers.map(i64::from), Some(most));
    }
}

/// Terms are stored as JSON, and those of before the limit lack it.
#[test]
fn terms_stored_without_a_number_of_suppliers_have_no_limit() {
    let (terms, _, _) = NeedInput { max_suppliers: Some(3), ..good() }.check(&reference()).unwrap();
    let mut stored = serde_json::to_value(&terms).unwrap();
    let read = |value: &serde_json::Value| serde_json::from_value::<NeedTerms>(value.clone()).unwrap();
    assert_eq!(read(&stored), terms);
    stored.as_object_mut().unwrap().remove("max_suppliers");
    assert_eq!(read(&stored).max_suppliers, None);
}

#[test]
fn each_fault_is_named_once_with_its_value_and_its_remedy() {
    for (pointer, fault, named, spoil) in CASES {
        let mut input = good();
        spoil(&mut input);
        let found = faults(&input);
        assert_eq!(found.len(), 1, "{fault} at {pointer}: {found:?}");
        assert_eq!((found[0].pointer.as_str(), found[0].code), (*pointer, *fault));
        assert!(found[0].detail.contains(named), "{}", found[0].detail);
        assert!(has_remedy(&found[0].detail), "{}", found[0].detail);
    }
}

#[test]
fn six_faults_are_six_violations() {
    let mut input = good();
    input.urgency = Some("asap".to_owned());
    input.regions = words(&["Atlantis"]);
    input.max_distance_km = Some(0);
    input.instalments = vec![instalment(Some(amount("-1", "H87")), "2020-04-05"), instalment(None, "2020-04-20")];
    let found: Vec<_> = faults(&input).into_iter().map(|v| v.pointer).collect();
    let expected = [
        "/regions/0",
        "/max_distance_km",
        "/urgency",
        "/instalments/0/quantity/value",
        "/instalments/0/due",
        "/instalments/1/quantity",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_unknown_product_hides_no_other_fault() {
    let mut input = good();
    input.product = "tank".to_owned();
    input.urgency = Some("asap".to_owned());
    input.certificates = words(&["ISO"]);
    input.instalments = vec![instalment(Some(amount("0", "parsec")), "yesterday"), instalment(None, "2020-04-20")];
    let found: Vec<_> = faults(&input).into_iter().map(|v| v.pointer).collect();
    let expected = [
        "/product",
        "/certificates/0",
        "/urgency",
        "/instalments/0/quantity/value",
        "/instalments/0/quantity/unit",
        "/instalments/0/due",
        "/instalments/1/quantity",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_grade_typed_as_the_product_opts_into_that_grade_alone() {
    let with = |product: Option<&str>, of: Option<&str>| {
        let one = (product.map(str::to_owned), of.map(str::to_owned));
        good_substitutions(NeedInput { substitutions: vec![one], ..good() })
    };
    let ffp = |g: Option<&str>| vec![Substitution { product: code("ffp"), grade: g.map(grade) }];
    assert_eq!(with(Some("N95"), None), ffp(Some("N95")));
    assert_eq!(with(None, Some("n95")), ffp(Some("N95")));
    assert_eq!(with(Some("ffp"), None), ffp(None));
    assert_eq!(with(Some("ffp"), Some("N95")), ffp(Some("N95")));
}

fn good_substitutions(input: NeedInput) -> Vec<Substitution> {
    input.check(&reference()).unwrap().0.substitutions
}

#[test]
fn num_04_a_need_above_the_ceiling_is_kept_for_review() {
    let mut input = good();
    input.instalments = vec![instalment(Some(amount("50000001", "H87")), "2020-04-20"); 2];
    let (_, _, quarantine) = input.check(&reference()).unwrap();
    assert!(quarantine.unwrap().contains("100000002"));
}

#[test]
fn tim_02_a_need_may_be_due_on_the_very_day() {
    let mut input = good();
    input.instalments[0].due = "2020-04-06".to_owned();
    assert_eq!(faults(&input), []);
}

#[test]
fn a_size_is_read_in_any_spelling() {
    let mut input = good();
    input.instalments[0].size = Some(" m ".to_owned());
    let (_, instalments, _) = input.check(&reference()).unwrap();
    assert_eq!(instalments[0].2.as_deref(), Some("M"));
}

#[test]
fn a_need_of_a_product_and_nothing_else_reads_as_the_plain_terms() {
    let plain = NeedInput { product: "ffp".to_owned(), instalments: good().instalments, ..NeedInput::default() };
    let (terms, _, _) = plain.check(&reference()).unwrap();
    assert_eq!(terms, domain::need::NeedTerms::plain(terms.product.clone()));
}
