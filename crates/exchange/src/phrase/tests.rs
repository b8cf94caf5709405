use domain::{
    code::UnitCode,
    unit::{BaseUnit, Unit, UnitMeaning},
};

use super::*;

fn units() -> UnitTable {
    let fixed = |base, numerator| UnitMeaning::Fixed { base, numerator, denominator: 1 };
    let rows = [
        ("H87", fixed(BaseUnit::Piece, 1), "pcs;piece;pieces;units"),
        ("PR", fixed(BaseUnit::Piece, 2), "pair;pairs;par"),
        ("LTR", fixed(BaseUnit::Millilitre, 1_000), "l;litres;liters"),
        ("MLT", fixed(BaseUnit::Millilitre, 1), "ml"),
        ("MTR", fixed(BaseUnit::Millimetre, 1_000), "m;metres"),
        ("HUR", fixed(BaseUnit::Minute, 60), "h;hour;hours"),
        ("XBX", UnitMeaning::Package, "box;boxes"),
        ("XPK", UnitMeaning::Package, "pack;package;packages"),
        ("XBO", UnitMeaning::Package, "bottle;bottles"),
        ("DAY", UnitMeaning::Period, "d;day;days;jour;tag"),
        ("WEE", UnitMeaning::Period, "w;week;weeks;woche"),
        ("MON", UnitMeaning::Period, "month;months"),
        ("ANN", UnitMeaning::Period, "a;y;year;years"),
    ];
    let rows = rows.map(|(code, meaning, words)| Unit {
        code: UnitCode::new(code),
        name: code.to_owned(),
        meaning,
        synonyms: words.split(';').map(str::to_owned).collect(),
        deprecated_note: None,
    });
    UnitTable::new(rows.to_vec()).unwrap()
}

/// Each reading as `quantity unit[xsize unit]/period bound words`.
fn shown(text: &str, locale: Locale) -> Vec<String> {
    match read(text, locale, &units()) {
        Err(errors) => errors.iter().map(|e| format!("! {e}")).collect(),
        Ok(readings) => readings
            .iter()
            .map(|r| {
                let pack = r.pack.as_ref().map(|p| format!("x{}{}", p.size, p.unit.as_deref().unwrap_or("")));
                let per = r.per.map(|p| format!("/{}", p.as_str()));
                let parts = [
                    r.quantity.map_or("?".to_owned(), |q| q.to_string()),
                    r.unit.clone().unwrap_or("-".to_owned()) + &pack.unwrap_or_default() + &per.unwrap_or_default(),
                    format!("{:?}", r.bound),
                    r.product_words.clone(),
                ];
                parts.join(" ").trim_end().to_owned()
            })
            .collect(),
    }
}

#[test]
fn counts_units_and_periods() {
    let cases = [
        (
            "4 million surgical masks per week and 10 million FFP2 masks per year",
            vec!["4000000 -/week Exact surgical masks", "10000000 -/year Exact FFP2 masks"],
        ),
        ("5000 masques par jour", vec!["5000 -/day Exact masques"]),
        ("5000 par jour", vec!["5000 -/day Exact"]),
        ("2 pairs of gloves", vec!["2 PR Exact gloves"]),
        ("bis zu 3 Mio. OP-Masken pro Woche", vec!["3000000 -/week UpTo OP-Masken"]),
        ("5k/day", vec!["5000 -/day Exact"]),
        ("Daily capacity: 500 gowns", vec!["500 -/day Exact capacity gowns"]),
        ("500 gowns/day max", vec!["500 -/day UpTo gowns"]),
        ("max. 500 gowns", vec!["500 - UpTo gowns"]),
        ("~ 500 gowns", vec!["500 - About gowns"]),
        ("50 boxes of 100 gloves", vec!["50 XBXx100 Exact gloves"]),
        ("10 bottles of 500 ml hand gel", vec!["10 XBOx500MLT Exact hand gel"]),
        ("50 x 100 masks", vec!["50 XPKx100 Exact masks"]),
        ("200 l ethanol, 300 masks", vec!["200 LTR Exact ethanol", "300 - Exact masks"]),
        ("masks 300, gowns 20", vec!["300 - Exact masks", "20 - Exact gowns"]),
        ("300 masks, surgical", vec!["300 - Exact masks surgical"]),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text, Locale::None), expected, "{text}");
    }
}

#[test]
fn numbers_of_names_are_no_quantities() {
    let cases = [
        ("500 FFP 2 masks", "500 - Exact FFP 2 masks"),
        ("500 3-ply masks", "500 - Exact 3-ply masks"),
        ("20 3D printed visors", "20 - Exact 3D printed visors"),
        ("500 masks EN 14683 Type 2R", "500 - Exact masks EN 14683 Type 2R"),
        ("40 KN95 masks", "40 - Exact KN95 masks"),
        ("200 l of 70% ethanol", "200 LTR Exact 70% ethanol"),
        ("hand gel 75 % 200 l", "200 LTR Exact hand gel 75 %"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text, Locale::None), [expected], "{text}");
    }
}

#[test]
fn num_07_what_states_no_one_number_is_an_error() {
    let cases = [
        ("5-10k/day", "\"5-10\" is a range"),
        ("5 to 10 masks", "\"5 to 10\" is a range"),
        ("50+ masks", "\"50+\" has no upper end"),
        ("at least 500 masks", "\"at least 500\" has no upper end"),
        ("1E+05 masks", "\"1E+05\" may have lost digits"),
        ("\u{bd} box", "is a fraction"),
        ("3.000 masks per day", "\"3.000\" is 3 or 3000"),
        ("2 billion masks", "\"billion\" means different things"),
        ("300m elastic", "\"m\" means different things"),
        ("300 m", "\"m\" means different things"),
        ("500 masks per hour", "is a rate per hour"),
        ("500 masks/h", "is a rate per h"),
        ("500 masks per 2 weeks", "is a rate per 2 weeks"),
        ("500 masks per shift", "is a rate per shift"),
        ("500 an hour", "is a rate per hour"),
        ("500 par personne", "\"par\" means different things"),
        ("25 ml/piece", "is a rate per piece"),
        ("0 masks", "\"0\" is not a quantity"),
        ("-18 masks", "\"-18\" is not a quantity"),
        ("n/a", "states no quantity"),
        ("many masks", "states no quantity"),
        ("", "states no quantity"),
    ];
    for (text, part) in cases {
        let found = shown(text, Locale::None);
        assert!(found.len() == 1 && found[0].starts_with("! ") && found[0].contains(part), "{text}: {found:?}");
    }
}

#[test]
fn every_fault_of_a_phrase_is_told() {
    assert_eq!(shown("qty=1e14, 98765432, -18, 0", Locale::None).len(), 3);
}

#[test]
fn a_package_must_agree_with_its_multiplier() {
    let found = shown("Gloves, reportunit pairs, multiplier 50, \"Box of 60\"", Locale::None);
    assert!(found[0].contains("a package of 60 is not 50 pairs"), "{found:?}");
}

#[test]
fn a_time_or_a_date_beside_a_quantity_is_not_counted() {
    let phrases = [
        ("500 masks within 10 days", "10 days"),
        ("500 masks by 20 April 2020", "20 April 2020"),
        ("500 masks from April 20", "April 20"),
        ("500 masks made in 2020", "in 2020"),
    ];
    for (text, left_out) in phrases {
        let readings = read(text, Locale::None, &units()).unwrap();
        assert_eq!(readings.len(), 1, "{text}");
        assert_eq!(readings[0].quantity, Some(Decimal::whole(500)));
        assert!(readings[0].doubts[0].starts_with(&format!("{left_out:?} is a")), "{:?}", readings[0].doubts);
    }
}

#[test]
fn any_text_is_read_without_harm() {
    let pieces = [
        "5",
        "1.5",
        "1'",
        "½",
        "-",
        "–",
        "+",
        "/",
        "=",
        "~",
        "é",
        "of",
        "x",
        "per",
        "day",
        "M",
        "m",
        " ",
        ",",
        "😀",
        "\u{a0}",
        "box",
        "e",
        "9999999999999999999999999999999",
    ];
    let mut state = 1_usize;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) % pieces.len()]);
        }
        for locale in Locale::ALL {
            match read(&text, locale, &units()) {
                Ok(readings) => assert!(!readings.is_empty(), "{text:?}"),
                Err(errors) => assert!(!errors.is_empty(), "{text:?}"),
            }
        }
    }
    assert!(read(&"masks ".repeat(1_000), Locale::None, &units()).is_err());
}
