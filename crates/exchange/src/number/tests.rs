use super::*;

fn read(text: &str, locale: Locale) -> Result<String, &'static str> {
    parse(text, locale).map(|d| d.to_string()).map_err(|e| e.code())
}

#[test]
fn num_01_separators_follow_the_declared_format() {
    let cases = [
        ("10.000", Err("ambiguous_number"), Ok("10"), Ok("10000")),
        ("1.355,90", Ok("1355.9"), Err("bad_separators"), Ok("1355.9")),
        ("1,234", Err("ambiguous_number"), Ok("1234"), Ok("1.234")),
        ("1 000", Ok("1000"), Ok("1000"), Ok("1000")),
        ("1'000", Ok("1000"), Ok("1000"), Ok("1000")),
        ("1.000.000", Ok("1000000"), Err("bad_separators"), Ok("1000000")),
        ("1,000,000", Ok("1000000"), Ok("1000000"), Err("bad_separators")),
        ("3.000", Err("ambiguous_number"), Ok("3"), Ok("3000")),
        ("1'000.50", Ok("1000.5"), Ok("1000.5"), Err("bad_separators")),
        ("1\u{202f}234\u{202f}567,5", Ok("1234567.5"), Err("bad_separators"), Ok("1234567.5")),
        ("1234.567", Ok("1234.567"), Ok("1234.567"), Err("bad_separators")),
        ("0.500", Ok("0.5"), Ok("0.5"), Err("bad_separators")),
        ("12.5", Ok("12.5"), Ok("12.5"), Err("bad_separators")),
        ("12,5", Ok("12.5"), Err("bad_separators"), Ok("12.5")),
        ("456 000", Ok("456000"), Ok("456000"), Ok("456000")),
        ("-18", Ok("-18"), Ok("-18"), Ok("-18")),
        ("0", Ok("0"), Ok("0"), Ok("0")),
        (" 42\u{a0}", Ok("42"), Ok("42"), Ok("42")),
        ("1.23.456", Err("bad_separators"), Err("bad_separators"), Err("bad_separators")),
        ("1 00", Err("bad_separators"), Err("bad_separators"), Err("bad_separators")),
        ("1'000 000", Err("bad_separators"), Err("bad_separators"), Err("bad_separators")),
        ("5.", Err("bad_separators"), Err("bad_separators"), Err("bad_separators")),
    ];
    for (text, none, dot, comma) in cases {
        assert_eq!(read(text, Locale::None), none.map(str::to_owned), "{text:?} undeclared");
        assert_eq!(read(text, Locale::Dot), dot.map(str::to_owned), "{text:?} dot");
        assert_eq!(read(text, Locale::Comma), comma.map(str::to_owned), "{text:?} comma");
    }
}

#[test]
fn num_01_the_error_shows_both_readings() {
    let error = parse("10.000", Locale::None).unwrap_err();
    assert_eq!(error.to_string(), "\"10.000\" is 10 or 10000; state the locale: dot (1,234.5) or comma (1.234,5)");
}

#[test]
fn num_07_ranges_and_estimates_are_errors_with_the_cell_text() {
    let cases = [
        ("5-10k/day", "range"),
        ("5\u{2013}10", "range"),
        ("5 to 10", "range"),
        ("50+", "open_ended"),
        (">500", "open_ended"),
        ("~500", "approximate"),
        ("ca. 500", "approximate"),
        ("n/a", "not_stated"),
        ("k.A.", "not_stated"),
        ("-", "not_stated"),
        ("?", "not_stated"),
        ("1E+05", "exponent"),
        ("1e14", "exponent"),
        ("\u{bd}", "vulgar_fraction"),
        ("1/2", "vulgar_fraction"),
        ("50%", "percent"),
        ("500 pcs", "not_a_number"),
        ("5k", "not_a_number"),
        ("many", "not_a_number"),
        ("", "blank"),
        ("   ", "blank"),
        ("--5", "not_a_number"),
        ("+5", "open_ended"),
    ];
    for (text, code) in cases {
        for locale in Locale::ALL {
            let error = parse(text, locale).unwrap_err();
            assert_eq!(error.code(), code, "{text:?}");
            assert!(text.trim().is_empty() || error.to_string().contains(text), "{error}");
        }
    }
}

#[test]
fn num_08_dates_of_a_spreadsheet_are_named_as_such() {
    for text in ["05-Oct", "1-Mar", "Mar-01", "2020-04-20", "20.04.2020", "4/20/2020", "20-Apr-2020"] {
        for locale in Locale::ALL {
            assert_eq!(read(text, locale), Err("date_in_number"), "{text:?}");
        }
    }
}

#[test]
fn digits_beyond_any_quantity_are_refused() {
    assert_eq!(read(&"9".repeat(31), Locale::None), Err("too_long"));
    assert_eq!(read("0.0000000000001", Locale::None), Err("too_long"));
    let error = parse(&"x".repeat(10_000), Locale::None).unwrap_err();
    assert!(error.to_string().len() < 200);
}

#[test]
fn languages_name_their_format() {
    for (word, locale) in [
        ("none", Some(Locale::None)),
        ("dot", Some(Locale::Dot)),
        ("Comma", Some(Locale::Comma)),
        ("de", Some(Locale::Comma)),
        ("de_CH", Some(Locale::Dot)),
        ("fr-CH", Some(Locale::Comma)),
        ("en-GB", Some(Locale::Dot)),
        ("klingon", None),
    ] {
        assert_eq!(Locale::parse(word), locale, "{word}");
    }
}
