//! Quantity phrases of 2020, read with the units of the catalogue and turned into base units.

use std::collections::BTreeSet;

use domain::{
    decimal::Decimal,
    need::{InstalmentInput, NeedInput},
    offer::Reference,
    quantity::{MeasureInput, Zero, measure},
    time::Day,
    unit::BaseUnit,
};
use exchange::{
    number::Locale,
    phrase::{self, Bound, PhraseFault},
};

use crate::shared::{lines, shared, tables};

const PHRASES: &str = include_str!("../data/quantity_phrases.csv");
const REFUSED: &str = "qty=1e14, 98765432, -18, 0";

#[test]
fn num_07_the_phrases_of_2020_are_read_as_they_were_meant() {
    let units = tables().0.unit_table();
    for row in lines(PHRASES) {
        let locale = Locale::parse(&row["locale"]).unwrap();
        let readings = phrase::read(&row["raw_text"], locale, units).unwrap_or_else(|e| panic!("{row:?}: {e:?}"));
        let at: usize = row["reading"].parse().unwrap();
        let reading = &readings[at - 1];
        let text = |d: Option<Decimal>| d.map_or(String::new(), |d| d.to_string());
        let pack = reading.pack.as_ref();
        let bound = match reading.bound {
            Bound::Exact => "exact",
            Bound::UpTo => "up_to",
            Bound::About => "about",
        };
        let found = [
            ("quantity", text(reading.quantity)),
            ("unit", reading.unit.clone().unwrap_or_default()),
            ("pack_size", text(pack.map(|p| p.size))),
            ("pack_unit", pack.and_then(|p| p.unit.clone()).unwrap_or_default()),
            ("per", reading.per.map_or("", |p| p.as_str()).to_owned()),
            ("bound", bound.to_owned()),
            ("product_words", reading.product_words.clone()),
        ];
        for (column, value) in found {
            assert_eq!(value, row[column], "{column} of {:?}", row["raw_text"]);
        }
        // Where only a unit or a package is stated, one of it.
        let one = phrase::Reading { quantity: reading.quantity.or(Some(Decimal::whole(1))), ..reading.clone() };
        let base = BaseUnit::parse(&row["base_unit"]).unwrap();
        let input = one.measure_input().unwrap();
        let in_base = measure("", &input, base, Zero::Refused, units, None).unwrap_or_else(|v| panic!("{row:?}: {v}"));
        assert_eq!(in_base.quantity.to_string(), row["base_quantity"], "{:?}", row["raw_text"]);
    }
}

#[test]
fn each_phrase_has_as_many_readings_as_it_has_quantities() {
    let rows = lines(PHRASES);
    for row in &rows {
        let expected = rows.iter().filter(|r| r["raw_text"] == row["raw_text"]).count();
        let locale = Locale::parse(&row["locale"]).unwrap();
        let found = phrase::read(&row["raw_text"], locale, tables().0.unit_table()).unwrap();
        assert_eq!(found.len(), expected, "{found:?}");
    }
}

#[test]
fn num_01_a_thousand_dot_needs_a_declared_format() {
    let units = tables().0.unit_table();
    for row in lines(PHRASES).iter().filter(|r| r["locale"] == "comma") {
        let errors = phrase::read(&row["raw_text"], Locale::None, units).unwrap_err();
        assert!(matches!(&errors[0].fault, PhraseFault::Number(e) if e.code() == "ambiguous_number"), "{errors:?}");
    }
}

#[test]
fn single_use_equivalents_are_shown_and_never_counted() {
    let text = "456 000 masks/day = 3.5 M single-use equivalents";
    let readings = phrase::read(text, Locale::None, tables().0.unit_table()).unwrap();
    let expected = (Decimal::whole(3_500_000), "single-use equivalents".to_owned());
    assert_eq!(readings[0].equivalent, Some(expected));
}

#[test]
fn a_label_that_contradicts_the_unit_is_a_doubt() {
    let text = "Hand Sanitizer reportunit \"pieces\", unitOfMeasure Liters";
    let readings = phrase::read(text, Locale::None, tables().0.unit_table()).unwrap();
    assert_eq!(
        readings[0].doubts,
        ["the report counts \"pieces\", the goods are measured in \"Liters\"; the latter is taken"]
    );
}

#[test]
fn num_04_and_num_05_impossible_quantities_are_refused_and_implausible_ones_held_back() {
    let (catalogue, regions) = tables();
    let errors = phrase::read(REFUSED, Locale::None, catalogue.unit_table()).unwrap_err();
    let texts: Vec<&str> = errors.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(texts, ["1e14", "-18", "0"]);
    // The fourth is a number like any other; what is plausible, the product says.
    let today = Day::parse("2020-04-20").unwrap();
    let quantity = phrase::read("98765432", Locale::None, catalogue.unit_table()).unwrap()[0].measure_input();
    let need = |product: &str, quantity: Option<MeasureInput>| NeedInput {
        product: product.to_owned(),
        instalments: vec![InstalmentInput { quantity, due: "2020-05-20".to_owned(), size: None }],
        ..NeedInput::default()
    };
    let at = Reference { catalogue, regions, today };
    let (_, _, quarantine) = need("ffp", quantity.clone()).check(&at).unwrap();
    assert!(quarantine.unwrap().contains("98765432 piece is above the plausible"));
    for refused in ["1e14", "-18", "0"] {
        let quantity = quantity.clone().map(|m| MeasureInput { value: refused.parse().unwrap(), ..m });
        assert!(need("ffp", quantity).check(&at).is_err(), "{refused}");
    }
}

#[test]
fn the_phrases_are_the_published_ones() {
    let Some(published) = shared("own/quantity_text_pitfalls.csv") else { return };
    let own: BTreeSet<String> =
        lines(PHRASES).into_iter().map(|r| r["raw_text"].clone()).chain([REFUSED.to_owned()]).collect();
    let published: BTreeSet<String> = published.into_iter().map(|r| r["raw_text"].clone()).collect();
    assert_eq!(own, published);
}
