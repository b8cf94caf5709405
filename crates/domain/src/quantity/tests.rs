use super::*;
use crate::unit::Unit;

fn units() -> UnitTable {
    let fixed = |code: &str, base, numerator, denominator| Unit {
        code: UnitCode::new(code),
        name: code.to_owned(),
        meaning: UnitMeaning::Fixed { base, numerator, denominator },
        synonyms: vec![],
        deprecated_note: None,
    };
    let package = |code: &str| Unit { meaning: UnitMeaning::Package, ..fixed(code, BaseUnit::Piece, 1, 1) };
    UnitTable::new(vec![
        fixed("H87", BaseUnit::Piece, 1, 1),
        fixed("PR", BaseUnit::Piece, 2, 1),
        fixed("MIL", BaseUnit::Piece, 1000, 1),
        fixed("LTR", BaseUnit::Millilitre, 1000, 1),
        fixed("KGM", BaseUnit::Gram, 1000, 1),
        fixed("MTR", BaseUnit::Millimetre, 1000, 1),
        package("XBX"),
        package("XBO"),
    ])
    .unwrap()
}

fn base_units(
    value: &str,
    unit: &str,
    pack: Option<(&str, Option<&str>)>,
    base: BaseUnit,
) -> Result<i64, &'static str> {
    let input = MeasureInput {
        value: value.parse().unwrap(),
        unit: Some(unit.to_owned()),
        pack_size: pack.map(|p| p.0.parse().unwrap()),
        pack_unit: pack.and_then(|p| p.1).map(str::to_owned),
    };
    measure("/q", &input, base, Zero::Refused, &units(), None)
        .map(|m| m.quantity.units())
        .map_err(|v| v.as_slice()[0].code)
}

#[test]
fn num_02_packs_pairs_and_litres_are_explicit() {
    let piece = BaseUnit::Piece;
    assert_eq!(base_units("10", "XBX", Some(("100", None)), piece), Ok(1000));
    assert_eq!(base_units("1", "xbx", Some(("50", Some("PR"))), piece), Ok(100));
    assert_eq!(base_units("500", "PR", None, piece), Ok(1000));
    assert_eq!(base_units("1700000", "XBO", Some(("0.3", Some("LTR"))), BaseUnit::Millilitre), Ok(510_000_000));
    assert_eq!(base_units("10", "XBX", None, piece), Err("pack_size_missing"));
    assert_eq!(base_units("10", "XBX", Some(("2", Some("XBX"))), piece), Err("wrong_dimension"));
    assert_eq!(base_units("10", "LTR", None, piece), Err("wrong_dimension"));
    assert_eq!(base_units("10", "PR", Some(("2", None)), piece), Err("pack_size_unexpected"));
}

#[test]
fn num_04_num_05_and_db_11_limits_hold() {
    let piece = BaseUnit::Piece;
    for zero in ["0", "-0", "-1", "-5"] {
        assert_eq!(base_units(zero, "H87", None, piece), Err("not_positive"), "{zero}");
    }
    for big in ["199999999999998", "1000000000001", "9223372036854775808", "1e29"] {
        assert_eq!(base_units(big, "H87", None, piece), Err("too_large"), "{big}");
    }
    assert_eq!(base_units("1000000000", "MIL", None, piece), Ok(Quantity::LIMIT));
    assert_eq!(base_units("0.0000001", "H87", None, piece), Err("fractional"));
    assert_eq!(base_units("12.5", "KGM", None, BaseUnit::Gram), Ok(12_500));
    assert_eq!(base_units("1.0", "H87", None, piece), Ok(1));
    assert_eq!(base_units("1", "parsec", None, piece), Err("unknown_unit"));
}

#[test]
fn zero_is_legal_only_where_the_field_says_so() {
    let zero = MeasureInput { value: Decimal::whole(0), unit: None, pack_size: None, pack_unit: None };
    assert!(measure("/stock", &zero, BaseUnit::Piece, Zero::Legal, &units(), None).is_ok());
    assert!(measure("/stock", &zero, BaseUnit::Piece, Zero::Refused, &units(), None).is_err());
}

#[test]
fn every_fault_is_reported_at_once() {
    let input = MeasureInput {
        value: "-1".parse().unwrap(),
        unit: Some("parsec".to_owned()),
        pack_size: None,
        pack_unit: None,
    };
    let faults = measure("/q", &input, BaseUnit::Piece, Zero::Refused, &units(), None).unwrap_err();
    let codes: Vec<_> = faults.as_slice().iter().map(|v| v.code).collect();
    assert_eq!(codes, ["not_positive", "unknown_unit"]);
}

#[test]
fn fabric_converts_only_with_width_and_weight() {
    let roll =
        MeasureInput { value: Decimal::whole(1000), unit: Some("MTR".to_owned()), pack_size: None, pack_unit: None };
    let fabric = Fabric { width_mm: 1600, gsm: 25 };
    let grams = |f| measure("/q", &roll, BaseUnit::Gram, Zero::Refused, &units(), f);
    assert_eq!(grams(Some(fabric)).unwrap().quantity.units(), 40_000);
    assert_eq!(grams(None).unwrap_err().as_slice()[0].code, "wrong_dimension");
}
