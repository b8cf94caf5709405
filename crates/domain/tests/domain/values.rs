//! Numbers and quantities: exact from the digits typed to the base units counted (NUM-01 to NUM-08).

use domain::{
    code::UnitCode,
    decimal::{Decimal, DecimalError},
    quantity::{Fabric, MeasureInput, Quantity, Zero, measure},
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};
use proptest::prelude::*;

use crate::world::units;

fn input(value: &str, unit: Option<&str>) -> MeasureInput {
    let value = value.parse().unwrap();
    MeasureInput { value, unit: unit.map(str::to_owned), pack_size: None, pack_unit: None }
}

/// Base units, or pointers and codes of the faults.
fn counted(input: &MeasureInput, base: BaseUnit, fabric: Option<Fabric>) -> Result<i64, Vec<(String, &'static str)>> {
    measure("/q", input, base, Zero::Refused, &units(), fabric)
        .map(|m| m.quantity.units())
        .map_err(|faults| faults.into_vec().into_iter().map(|v| (v.pointer, v.code)).collect())
}

fn fault(pointer: &str, code: &'static str) -> Result<i64, Vec<(String, &'static str)>> {
    Err(vec![(pointer.to_owned(), code)])
}

#[test]
fn num_01_a_number_is_read_as_json_writes_it() {
    for (typed, shown) in [("10.000", "10"), ("1e3", "1000"), ("1E-3", "0.001"), ("0.10", "0.1"), ("-1.50", "-1.5")] {
        assert_eq!(typed.parse::<Decimal>().unwrap().to_string(), shown);
    }
    for typed in ["1.355,90", "1,234", "1 000", "1'000", "1.000.000", "1e+-5", "1e++5", "--1", "1e", "٣", "１"] {
        assert_eq!(typed.parse::<Decimal>(), Err(DecimalError::NotANumber), "{typed}");
    }
    assert_eq!("1e99999999999999999999".parse::<Decimal>(), Err(DecimalError::TooLong));
}

#[test]
fn num_02_faults_of_a_package_point_at_its_own_fields() {
    let boxes = |size: &str, of: Option<&str>| MeasureInput {
        pack_size: Some(size.parse().unwrap()),
        pack_unit: of.map(str::to_owned),
        ..input("10", Some("XBX"))
    };
    let piece = BaseUnit::Piece;
    assert_eq!(counted(&boxes("100", None), piece, None), Ok(1_000));
    assert_eq!(counted(&boxes("50", Some("PR")), piece, None), Ok(1_000));
    assert_eq!(counted(&boxes("0", None), piece, None), fault("/q/pack_size", "not_positive"));
    assert_eq!(counted(&boxes("0.5", None), piece, None), fault("/q/pack_size", "fractional"));
    assert_eq!(counted(&boxes("1e13", None), piece, None), fault("/q/pack_size", "too_large"));
    assert_eq!(counted(&boxes("5", Some("parsec")), piece, None), fault("/q/pack_unit", "unknown_unit"));
    assert_eq!(counted(&boxes("5", Some("LTR")), piece, None), fault("/q/pack_unit", "wrong_dimension"));
    assert_eq!(counted(&boxes("5", Some("XBX")), piece, None), fault("/q/pack_unit", "wrong_dimension"));
    assert_eq!(counted(&boxes("1e12", None), piece, None), fault("/q/value", "too_large"));
    let both = MeasureInput { pack_size: Some(Decimal::whole(-1)), ..input("-1", Some("XBX")) };
    assert_eq!(counted(&both, piece, None).unwrap_err().len(), 2);
    assert_eq!(counted(&input("3", Some("WEE")), piece, None), fault("/q/unit", "wrong_dimension"));
}

#[test]
fn a_roll_of_fabric_is_length_area_or_mass_once_width_and_weight_are_stated() {
    let fabric = Some(Fabric { width_mm: 1_600, gsm: 25 });
    let rolls = MeasureInput {
        pack_size: Some(Decimal::whole(1_000)),
        pack_unit: Some("MTR".to_owned()),
        ..input("3", Some("XRO"))
    };
    assert_eq!(counted(&rolls, BaseUnit::Gram, fabric), Ok(120_000));
    assert_eq!(counted(&rolls, BaseUnit::Gram, None), fault("/q/pack_unit", "wrong_dimension"));
    assert_eq!(counted(&input("40", Some("KGM")), BaseUnit::Millimetre, fabric), Ok(1_000_000));
    assert_eq!(counted(&input("1600", Some("MTK")), BaseUnit::Gram, fabric), Ok(40_000));
    // One metre of such fabric is 40 grams; a millimetre is no whole number of them.
    assert_eq!(counted(&input("0.001", Some("MTR")), BaseUnit::Gram, fabric), fault("/q/value", "fractional"));
}

#[test]
fn the_widest_fabric_there_can_be_does_not_overflow() {
    let fabric = Some(Fabric { width_mm: Quantity::LIMIT, gsm: Quantity::LIMIT });
    for value in ["1", "1e12", "1e29", "0.000000000001", "999999999999999999.999999999999"] {
        for unit in ["MTR", "MTK", "KGM"] {
            for base in [BaseUnit::Gram, BaseUnit::Millimetre, BaseUnit::SquareCentimetre] {
                let _ = counted(&input(value, Some(unit)), base, fabric);
            }
        }
    }
}

#[test]
fn units_with_impossible_factors_are_refused() {
    for (numerator, denominator) in [(0, 1), (1, 0), (-2, 1), (1, i64::MIN), (i64::MAX, 1)] {
        let meaning = UnitMeaning::Fixed { base: BaseUnit::Piece, numerator, denominator };
        let code = UnitCode::new("XX");
        let unit = Unit { code, name: "xx".to_owned(), meaning, synonyms: vec![], deprecated_note: None };
        assert!(UnitTable::new(vec![unit]).unwrap_err().contains("XX"));
    }
}

proptest! {
    #[test]
    fn no_text_breaks_a_number(typed in any::<String>()) {
        let _ = typed.parse::<Decimal>();
    }

    #[test]
    fn a_number_is_shown_as_it_was_read(typed in "-?[0-9]{1,12}(\\.[0-9]{1,12})?([eE][+-]?[0-9])?") {
        if let Ok(number) = typed.parse::<Decimal>() {
            prop_assert_eq!(number.to_string().parse::<Decimal>(), Ok(number));
            let (top, bottom) = number.fraction();
            prop_assert_eq!(number.is_zero(), top == 0);
            prop_assert_eq!(number.is_negative(), top < 0);
            prop_assert_eq!(number.scaled_to_whole(bottom, 1), Some(top));
        }
    }

    /// Beyond 2^53 a float would lose the last digits.
    #[test]
    fn every_digit_counts(whole in 0_i64..=i64::MAX, digits in 0_u32..=12) {
        let text = match 10_i64.pow(digits) {
            1 => whole.to_string(),
            unit => format!("{}.{:0width$}", whole / unit, whole % unit, width = usize::try_from(digits).unwrap()),
        };
        let number: Decimal = text.parse().unwrap();
        prop_assert_eq!(number.scaled_to_whole(10_i128.pow(digits), 1), Some(i128::from(whole)));
    }

    #[test]
    fn a_quantity_is_exactly_what_its_digits_say(
        whole in 0_i64..=2_000_000_000_000,
        digits in 0_u32..=4,
        unit in prop::sample::select(vec![("H87", BaseUnit::Piece, 1_i128), ("PR", BaseUnit::Piece, 2),
            ("MIL", BaseUnit::Piece, 1_000), ("KGM", BaseUnit::Gram, 1_000), ("LTR", BaseUnit::Millilitre, 1_000),
            ("MTK", BaseUnit::SquareCentimetre, 10_000)]),
    ) {
        let (code, base, factor) = unit;
        let bottom = 10_i64.pow(digits);
        let typed = format!("{whole}e-{digits}");
        let product = i128::from(whole) * factor;
        let found = counted(&input(&typed, Some(code)), base, None);
        if whole == 0 {
            prop_assert_eq!(found, fault("/q/value", "not_positive"));
        } else if product > i128::from(Quantity::LIMIT) * i128::from(bottom) {
            prop_assert_eq!(found, fault("/q/value", "too_large"));
        } else if product % i128::from(bottom) != 0 {
            prop_assert_eq!(found, fault("/q/value", "fractional"));
        } else {
            prop_assert_eq!(found.map(i128::from), Ok(product / i128::from(bottom)));
        }
    }

    #[test]
    fn no_measure_breaks_the_reader(
        value in "-?[0-9]{1,18}(\\.[0-9]{1,12})?(e[0-9]{1,2})?",
        unit in prop::option::of("[A-Za-z0-9]{0,4}|XBX|MTR|KGM|MTK|XRO|WEE"),
        pack in prop::option::of("-?[0-9]{1,15}(\\.[0-9]{1,3})?"),
        pack_unit in prop::option::of("MTR|KGM|XBX|PR|nonsense"),
        width_mm in -1_i64..=Quantity::LIMIT,
        gsm in -1_i64..=Quantity::LIMIT,
    ) {
        let Ok(value) = value.parse() else { return Ok(()) };
        let stated = MeasureInput { value, unit, pack_size: pack.and_then(|p| p.parse().ok()), pack_unit };
        for base in BaseUnit::ALL {
            for zero in [Zero::Legal, Zero::Refused] {
                let found = measure("/q", &stated, base, zero, &units(), Some(Fabric { width_mm, gsm }));
                match found {
                    Ok(m) => prop_assert!(zero == Zero::Legal || m.quantity.units() > 0 || value.is_zero()),
                    Err(faults) => prop_assert!(!faults.is_empty()),
                }
            }
        }
    }
}
