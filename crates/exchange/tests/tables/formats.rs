//! Encodings, delimiters, quotes, numbers and dates.

use exchange::tables::FileError;

use crate::fixture::{faults, needs, offers, offers_by, stocks};

const GERMAN: &str = "kind = \"offers\"\nlocale = \"de\"";

#[test]
fn imp_01_a_byte_order_mark_is_no_part_of_the_first_header() {
    let file = offers("\u{FEFF}product,quantity\nFFP2 mask,1000\n").unwrap();
    assert_eq!(stocks(&file), [Ok(1000)]);
    assert_eq!(file.rows[0].record.as_ref().unwrap().terms.product.as_str(), "ffp");
}

#[test]
fn imp_02_semicolons_and_decimal_commas_are_read() {
    // 1500.5 m, not 15005 m: a million and a half millimetres of elastic.
    for text in [
        "Produkt;Menge;Einheit;Lieferzeit\near-loop;1500,5;m;14",
        "sep=;\nProdukt;Menge;Einheit;Lieferzeit\r\near-loop;1500,5;m;14\r\n",
        "Produkt\tMenge\tEinheit\tLieferzeit\near-loop\t1500,5\tm\t14",
    ] {
        let file = offers_by(GERMAN, text).unwrap();
        assert_eq!(stocks(&file), [Ok(1_500_500)], "{text:?}");
        assert_eq!(file.rows[0].record.as_ref().unwrap().terms.lead_days, 14);
    }
}

#[test]
fn imp_04_every_encoding_is_read_right_or_refused() {
    let text = "site,product,quantity\nMüller – Süd,ffp,1000\n";
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let markless = &utf16[2..];
    let windows: Vec<u8> = text
        .chars()
        .map(|c| match c {
            '–' => 0x96,
            c => u8::try_from(u32::from(c)).unwrap(),
        })
        .collect();
    let declared = "kind = \"offers\"\nencoding = \"windows-1252\"";
    for file in [offers(text), offers(&utf16), offers_by(declared, &windows)] {
        let file = file.unwrap();
        assert_eq!(file.rows[0].record.as_ref().unwrap().site.name.as_deref(), Some("Müller – Süd"));
    }
    for (file, said) in [
        (offers(&windows), "byte 23 (line 2) is 0xFC"),
        (offers(markless), "UTF-16 without a byte order mark"),
        (offers_by(declared, text), "Windows-1252 is declared"),
    ] {
        let error = file.unwrap_err();
        assert_eq!(error.code(), "bad_encoding");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn imp_19_an_unclosed_quote_is_named_with_its_line() {
    let good = "Maske;1000\n".repeat(100);
    let blanks = ";;;;\n".repeat(20);
    let text = format!("product;quantity\nOP-Maske;10\n\"Maske 5 breit;1000\n{good}{blanks}");
    assert_eq!(offers(&text).unwrap_err(), FileError::UnclosedQuote { line: 3, rows: 1 });
    // A later quote closes it in the middle of a row.
    let text = format!("product;quantity\nOP-Maske;10\n\"Maske 5 breit;1000\n{good}\"OP-Maske\";7\n");
    assert_eq!(offers(&text).unwrap_err(), FileError::UnclosedQuote { line: 3, rows: 1 });
    // Text behind a closing quote spoils its row only.
    let text = format!("product;quantity\n\"Maske 5\" breit;1000\nOP-Maske;10\n{blanks}");
    let file = offers(&text).unwrap();
    assert_eq!(stocks(&file), [Err("stray_quote"), Ok(10)]);
    assert_eq!(file.blank_rows, 20);
}

#[test]
fn num_01_ten_thousand_is_not_ten() {
    let text = |cell: &str| format!("product;quantity\nffp;\"{cell}\"\n");
    let read = |locale: &str, cell: &str| {
        let file = offers_by(&format!("kind = \"offers\"\nlocale = \"{locale}\""), text(cell)).unwrap();
        stocks(&file)[0]
    };
    for (cell, de, en, none) in [
        ("10.000", Ok(10_000), Ok(10), Err("ambiguous_number")),
        ("1,234", Err("fractional"), Ok(1_234), Err("ambiguous_number")),
        ("1 000", Ok(1_000), Ok(1_000), Ok(1_000)),
        ("1'000", Ok(1_000), Ok(1_000), Ok(1_000)),
        ("1.000.000", Ok(1_000_000), Err("bad_separators"), Ok(1_000_000)),
        ("1.355,90", Err("fractional"), Err("bad_separators"), Err("fractional")),
        ("20.0", Err("bad_separators"), Ok(20), Ok(20)),
    ] {
        assert_eq!((read("de", cell), read("en", cell), read("none", cell)), (de, en, none), "{cell}");
    }
}

#[test]
fn num_07_ranges_and_estimates_are_row_errors_with_the_cell() {
    let cells = ["5-10k/day", "50+", "~500", "n/a", "1E+05", "½", "ca. 500", "k.A.", "#N/A", "=500*2"];
    let rows: String = cells.iter().map(|c| format!("ffp,{c}\n")).collect();
    let file = offers(format!("product,quantity\n{rows}ffp,7\n")).unwrap();
    let found = faults(&file);
    for (i, cell) in cells.iter().enumerate() {
        let line = u32::try_from(i).unwrap() + 2;
        let of_line: Vec<_> = found.iter().filter(|f| f.0 == line).collect();
        assert_eq!(of_line.len(), 1, "one fault for {cell}: {of_line:?}");
        assert_eq!((of_line[0].1, of_line[0].2), ("quantity", *cell));
    }
    assert_eq!(stocks(&file).last(), Some(&Ok(7)));
}

#[test]
fn num_08_dates_in_number_and_product_columns_are_row_errors() {
    let file = offers("product,quantity\nffp,05-Oct\nffp,1-Mar\n1-Mar,100\nffp,2020-04-20\n").unwrap();
    assert_eq!(
        stocks(&file),
        [Err("date_in_number"), Err("date_in_number"), Err("date_in_text"), Err("date_in_number")]
    );
}

#[test]
fn tim_02_dates_stand_for_the_day_they_say() {
    let rows = "product,quantity,due\nffp,10,2020-05-14\nffp,10,14.05.2020\nffp,10,43965\nffp,10,2020-04-19\nffp,10,\n";
    let file = needs(rows).unwrap();
    let need = file.rows[0].record.as_ref().unwrap();
    assert_eq!(need.instalments[0].1.to_string(), "2020-05-14");
    assert_eq!(
        faults(&file),
        [
            (3, "due", "14.05.2020", "bad_date"),
            (4, "due", "43965", "bad_date"),
            (5, "due", "2020-04-19", "in_past"),
            (6, "due", "", "bad_date"),
        ]
    );
}
