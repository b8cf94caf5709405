//! Every way an offer can be wrong: where, by which code, and in words that name value and remedy.

use domain::{
    decimal::Decimal,
    offer::{CalendarInput, CertificateInput, ConversionInput, FeatureInput, OfferInput, PriceInput, RateInput},
    quantity::MeasureInput,
    violation::Violation,
};

use crate::world::{code, grade, reference};

pub fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn amount(value: &str, unit: &str) -> MeasureInput {
    MeasureInput { value: number(value), unit: Some(unit.to_owned()), pack_size: None, pack_unit: None }
}

pub fn rate(value: &str, per: &str) -> RateInput {
    RateInput { measure: amount(value, "H87"), per: per.to_owned() }
}

pub fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

pub fn good() -> OfferInput {
    OfferInput { product: "FFP2".to_owned(), running: Some(rate("1000", "week")), ..OfferInput::default() }
}

fn faults(input: &OfferInput) -> Vec<Violation> {
    input.check(&reference()).map_or_else(|faults| faults.into_vec(), |_| vec![])
}

fn paper(kind: &str) -> CertificateInput {
    CertificateInput { kind: kind.to_owned(), ..CertificateInput::default() }
}

type Spoil = fn(&mut OfferInput);

/// A fault, where it is, its code, and what its message must name.
const CASES: &[(&str, &str, &str, Spoil)] = &[
    ("/product", "unknown_product", "tank", |o| o.product = "tank".to_owned()),
    ("/product", "unknown_product", "\"\"", |o| o.product = String::new()),
    ("/grades/0", "unknown_grade", "TYPE-IIR", |o| o.grades = words(&["TYPE-IIR"])),
    ("/grades/1", "unknown_grade", "write one of: FFP1", |o| o.grades = words(&["FFP2", "FFP9"])),
    ("/features/sterile", "unknown_feature", "write one of: valve", |o| {
        o.features = vec![("sterile".to_owned(), FeatureInput::Flag(true))];
    }),
    ("/features/a~1b~0c", "unknown_feature", "a/b~c", |o| {
        o.features = vec![("a/b~c".to_owned(), FeatureInput::Flag(true))];
    }),
    ("/features/valve", "bad_feature_value", "true or false", |o| {
        o.features = vec![("valve".to_owned(), FeatureInput::Text("maybe".to_owned()))];
    }),
    ("/features/shelf_life", "bad_feature_value", "1.5", |o| {
        o.features = vec![("shelf_life".to_owned(), FeatureInput::Number(number("1.5")))];
    }),
    ("/features/shelf_life", "bad_feature_value", "-1", |o| {
        o.features = vec![("shelf_life".to_owned(), FeatureInput::Number(number("-1")))];
    }),
    ("/features/strap", "bad_feature_value", "ear loop, head band", |o| {
        o.features = vec![("strap".to_owned(), FeatureInput::Text("glue".to_owned()))];
    }),
    ("/features/size", "bad_feature_value", "S, M, L", |o| {
        o.features = vec![("size".to_owned(), FeatureInput::List(words(&["M", "XXL"])))];
    }),
    ("/features/size", "bad_feature_value", "S, M, L", |o| {
        o.features = vec![("size".to_owned(), FeatureInput::List(vec![]))];
    }),
    ("/features/valve", "stated_twice", "keep one", |o| {
        let valve = |yes| ("valve".to_owned(), FeatureInput::Flag(yes));
        o.features = vec![valve(true), valve(false)];
    }),
    ("/stock/value", "negative", "-1", |o| o.stock = Some(amount("-1", "H87"))),
    ("/stock/value", "fractional", "0.5", |o| o.stock = Some(amount("0.5", "H87"))),
    ("/stock/value", "too_large", "1000000000001", |o| o.stock = Some(amount("1000000000001", "H87"))),
    ("/stock/unit", "unknown_unit", "parsec", |o| o.stock = Some(amount("1", "parsec"))),
    ("/stock/unit", "wrong_dimension", "KGM", |o| o.stock = Some(amount("1", "KGM"))),
    ("/stock/pack_size", "pack_size_missing", "XBX", |o| o.stock = Some(amount("1", "XBX"))),
    ("/stock/pack_size", "pack_size_unexpected", "H87", |o| {
        o.stock = Some(MeasureInput { pack_size: Some(number("5")), ..amount("1", "H87") });
    }),
    ("/running/value", "negative", "-5", |o| o.running = Some(rate("-5", "week"))),
    ("/running/per", "unknown_period", "fortnight", |o| o.running = Some(rate("5", "fortnight"))),
    ("/maximum", "below_running", "999 a week", |o| o.maximum = Some(rate("999", "week"))),
    ("/maximum", "below_running", "199 a day", |o| o.maximum = Some(rate("199", "day"))),
    ("", "no_capacity", "state a stock", |o| o.running = None),
    ("", "no_capacity", "state a stock", |o| o.running = Some(rate("0", "week"))),
    ("/ramp_days", "out_of_range", "-1", |o| o.ramp_days = -1),
    ("/ramp_days", "out_of_range", "731", |o| o.ramp_days = 731),
    ("/convertible/days", "out_of_range", "-3", |o| o.convertible = Some(conversion(-3, 0, None))),
    ("/convertible/ramp_days", "out_of_range", "9999", |o| o.convertible = Some(conversion(3, 9_999, None))),
    ("/convertible/decided_on", "bad_date", "soon", |o| o.convertible = Some(conversion(3, 0, Some("soon")))),
    ("/convertible/decided_on", "in_future", "2020-04-07", |o| {
        o.convertible = Some(conversion(3, 0, Some("2020-04-07")));
    }),
    ("/calendar/working_days/1", "unknown_weekday", "caturday", |o| {
        o.calendar.working_days = words(&["mon", "caturday"]);
    }),
    ("/calendar/closures/0/until", "before_start", "2020-04-01", |o| {
        o.calendar.closures = vec![("2020-04-02".to_owned(), "2020-04-01".to_owned())];
    }),
    ("/calendar/closures/0/from", "bad_date", "Easter", |o| {
        o.calendar.closures = vec![("Easter".to_owned(), "2020-04-13".to_owned())];
    }),
    ("/calendar/closures", "too_many", "201", |o| {
        o.calendar.closures = vec![("2020-04-02".to_owned(), "2020-04-03".to_owned()); 201];
    }),
    ("/from", "bad_date", "2020-4-6", |o| o.from = Some("2020-4-6".to_owned())),
    ("/from", "bad_date", "9999-12-31", |o| o.from = Some("9999-12-31".to_owned())),
    ("/until", "before_start", "2020-05-01", |o| {
        o.from = Some("2020-05-02".to_owned());
        o.until = Some("2020-05-01".to_owned());
    }),
    ("/until", "in_past", "2020-04-05", |o| {
        o.from = Some("2020-03-01".to_owned());
        o.until = Some("2020-04-05".to_owned());
    }),
    ("/as_of", "in_future", "2020-04-07", |o| o.as_of = Some("2020-04-07".to_owned())),
    ("/as_of", "bad_date", "0001-01-01", |o| o.as_of = Some("0001-01-01".to_owned())),
    ("/lead_days", "out_of_range", "-1", |o| o.lead_days = -1),
    ("/lead_days", "out_of_range", "9223372036854775807", |o| o.lead_days = i64::MAX),
    ("/min_order/value", "not_positive", "0", |o| o.min_order = Some(amount("0", "H87"))),
    ("/min_order/value", "not_positive", "-5", |o| o.min_order = Some(amount("-5", "H87"))),
    ("/min_order", "unreachable", "5001", |o| {
        // Five weeks of a thousand.
        o.until = Some("2020-05-10".to_owned());
        o.min_order = Some(amount("5001", "H87"));
    }),
    ("/max_distance_km", "out_of_range", "0", |o| o.max_distance_km = Some(0)),
    ("/max_distance_km", "out_of_range", "1000000000", |o| o.max_distance_km = Some(1_000_000_000)),
    ("/regions/1", "unknown_region", "XX9", |o| o.regions = words(&["DE", "XX9"])),
    ("/authorisations/0", "unknown_border_rule", "PERMIT", |o| o.authorisations = words(&["NOPE"])),
    ("/certificates/0/kind", "unknown_certificate_kind", "Certificate of Compliance ISO", |o| {
        o.certificates = vec![paper("Certificate of Compliance ISO")];
    }),
    ("/certificates/0/valid_until", "missing", "type-examination", |o| {
        o.certificates = vec![paper("type-examination")];
    }),
    ("/certificates/0/valid_until", "before_start", "2020-01-01", |o| {
        let dates = (Some("2020-02-01".to_owned()), Some("2020-01-01".to_owned()));
        o.certificates = vec![CertificateInput { valid_from: dates.0, valid_until: dates.1, ..paper("test-report") }];
    }),
    ("/certificates/0/notified_body", "bad_notified_body", "CE", |o| {
        o.certificates = vec![CertificateInput { notified_body: Some("CE".to_owned()), ..paper("test-report") }];
    }),
    ("/certificates/0/status", "unknown_value", "documented", |o| {
        o.certificates = vec![CertificateInput { status: Some("confirmed".to_owned()), ..paper("test-report") }];
    }),
    ("/certificates/0/grades/0", "unknown_grade", "TYPE-I", |o| {
        o.certificates = vec![CertificateInput { grades: words(&["TYPE-I"]), ..paper("test-report") }];
    }),
    ("/certificates/0/number", "control_character", "U+0000", |o| {
        o.certificates = vec![CertificateInput { number: Some("1\u{0}2".to_owned()), ..paper("test-report") }];
    }),
    ("/certificates/0/expected_on", "bad_date", "Friday", |o| {
        let expected_on = Some("Friday".to_owned());
        let status = Some("applied".to_owned());
        o.certificates = vec![CertificateInput { expected_on, status, ..paper("type-examination") }];
    }),
    ("/transfers/0", "unknown_value", "gift", |o| o.transfers = words(&["gift"])),
    ("/price/currency", "unknown_currency", "Euro", |o| {
        o.price = Some(PriceInput { amount: number("1"), currency: "Euro".to_owned() });
    }),
    ("/price/amount", "bad_price", "-1", |o| {
        o.price = Some(PriceInput { amount: number("-1"), currency: "EUR".to_owned() });
    }),
    ("/price/amount", "bad_price", "0.0000001", |o| {
        o.price = Some(PriceInput { amount: number("0.0000001"), currency: "EUR".to_owned() });
    }),
    ("/role", "unknown_value", "maker, trader", |o| o.role = Some("boss".to_owned())),
    ("/visibility", "unknown_value", "market, clusters, authorities", |o| o.visibility = Some("all".to_owned())),
    ("/note", "control_character", "U+202E", |o| o.note = "see \u{202e}gnp.exe".to_owned()),
    ("/note", "too_long", "4001", |o| o.note = "x".repeat(4_001)),
];

fn conversion(days: i64, ramp_days: i64, decided_on: Option<&str>) -> ConversionInput {
    ConversionInput { rate: Some(rate("500", "week")), days, ramp_days, decided_on: decided_on.map(str::to_owned) }
}

#[test]
fn a_good_offer_has_no_fault() {
    let (terms, quarantine) = good().check(&reference()).unwrap();
    assert_eq!((terms.product, terms.grades), (code("ffp"), vec![grade("FFP2")]));
    assert_eq!(quarantine, None);
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

/// Whether a message tells what to do.
pub fn has_remedy(detail: &str) -> bool {
    let verbs = [
        "write",
        "leave",
        "remove",
        "search",
        "round",
        "check",
        "state",
        "swap",
        "lower",
        "shorten",
        "keep",
        "not one of:",
        "figures stand for",
        "did you mean",
        "write an earlier",
    ];
    verbs.iter().any(|verb| detail.contains(verb))
}

#[test]
fn six_faults_are_six_violations() {
    let mut input = good();
    input.stock = Some(amount("-1", "parsec"));
    input.lead_days = -1;
    input.regions = words(&["XX9"]);
    input.until = Some("2020-04-01".to_owned());
    input.transfers = words(&["gift"]);
    let found: Vec<_> = faults(&input).into_iter().map(|v| (v.pointer, v.code)).collect();
    let expected = [
        ("/until", "before_start"),
        ("/stock/value", "negative"),
        ("/stock/unit", "unknown_unit"),
        ("/lead_days", "out_of_range"),
        ("/regions/0", "unknown_region"),
        ("/transfers/0", "unknown_value"),
    ];
    assert_eq!(found, expected.map(|(p, c)| (p.to_owned(), c)));
}

#[test]
fn an_unknown_product_hides_no_other_fault() {
    let mut input = good();
    input.product = "tank".to_owned();
    input.stock = Some(amount("-1", "H87"));
    input.running = Some(rate("5", "fortnight"));
    input.min_order = Some(amount("1", "XBX"));
    input.lead_days = -1;
    input.regions = words(&["XX9"]);
    input.certificates = vec![paper("nonsense"), paper("declaration")];
    input.calendar = CalendarInput { working_days: words(&["caturday"]), closures: vec![] };
    input.note = "\u{0}".to_owned();
    let found: Vec<String> = faults(&input).into_iter().map(|v| v.pointer).collect();
    let expected = [
        "/product",
        "/calendar/working_days/0",
        "/stock/value",
        "/running/per",
        "/min_order/pack_size",
        "/lead_days",
        "/regions/0",
        "/certificates/0/kind",
        "/note",
    ];
    assert_eq!(found, expected);
    // A unit of another dimension may be right once the product is.
    let only = OfferInput { product: "tank".to_owned(), stock: Some(amount("1", "KGM")), ..OfferInput::default() };
    assert_eq!(faults(&only).len(), 1);
}

#[test]
fn num_04_what_is_implausible_is_kept_for_review() {
    let mut input = good();
    input.stock = Some(amount("10000001", "H87"));
    let (_, quarantine) = input.check(&reference()).unwrap();
    assert!(quarantine.unwrap().contains("10000001"));
    let mut fast = good();
    fast.running = Some(rate("2000001", "day"));
    let (_, quarantine) = fast.check(&reference()).unwrap();
    assert!(quarantine.unwrap().contains("10000005"));
}

#[test]
fn num_05_zero_is_legal_for_stock_and_running() {
    let mut input = good();
    input.stock = Some(amount("0", "H87"));
    assert_eq!(faults(&input), []);
    input.running = Some(rate("-0", "week"));
    input.stock = Some(amount("1", "H87"));
    assert_eq!(faults(&input), []);
}

#[test]
fn cer_04_a_last_day_is_asked_only_of_papers_that_run_out() {
    let with = |paper: CertificateInput| faults(&OfferInput { certificates: vec![paper], ..good() }).len();
    assert_eq!(with(paper("declaration")), 0);
    assert_eq!(with(paper("test-report")), 0);
    assert_eq!(with(paper("type-examination")), 1);
    let applied = CertificateInput { status: Some("applied".to_owned()), ..paper("type-examination") };
    assert_eq!(with(applied), 0);
    // CER-01: blanks around four digits are no fault, anything else is.
    let body = |b: &str| CertificateInput { notified_body: Some(b.to_owned()), ..paper("declaration") };
    for (typed, expected) in [(" 0123 ", 0), ("1282", 0), ("CE 1282", 1), ("12825", 1), ("", 1), ("١٢٣٤", 1)] {
        assert_eq!(with(body(typed)), expected, "{typed}");
    }
}

#[test]
fn a_retired_region_that_was_split_stands_for_its_parts() {
    let input = OfferInput { regions: words(&["PT16", "Hellas", "GB", "PT19"]), ..good() };
    let (terms, _) = input.check(&reference()).unwrap();
    let codes: Vec<&str> = terms.regions.iter().map(|r| r.as_str()).collect();
    assert_eq!(codes, ["EL", "PT19", "PT1D", "UK"]);
}

#[test]
fn a_smallest_order_may_wait_for_a_conversion_but_not_for_ever() {
    let mut input = good();
    input.until = Some("2020-05-03".to_owned());
    input.convertible = Some(conversion(7, 0, None));
    // Four weeks of 1,000 and three of 500.
    input.min_order = Some(amount("5500", "H87"));
    assert_eq!(faults(&input), []);
    input.min_order = Some(amount("5501", "H87"));
    assert_eq!(faults(&input)[0].code, "unreachable");
}
