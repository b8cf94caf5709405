use serde_json::json;

use super::{super::*, file, read_back::check, record};

const COLUMNS: [Column; 3] = [
    Column { name: "firm", kind: Kind::Text },
    Column { name: "codes", kind: Kind::List },
    Column { name: "longitude", kind: Kind::Decimal },
];

const NAMES: [&str; 23] = [
    "=HYPERLINK(\"http://x.example\",\"ok\")",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1",
    "\n=1",
    "+49 30 1234",
    "-3.7",
    "＝1+1",
    "'=already quoted",
    "''-twice",
    "'t Hooft BV",
    "O'Neill, \"Ltd\"",
    "two\nlines\r\nand three",
    "nul \u{0} bell \u{7} escape \u{1b} delete \u{7f} next \u{85}",
    "_x0041_ _x005F_x0000_",
    "\u{fffe}\u{ffff}\u{feff}",
    "🧵😷 👩‍🔬",
    "\u{202e}מפעל العربية\u{200f}",
    "https://x.example/?a=1&b=<2>",
    "mailto:a@x.example",
    "  spaces  ",
    "001",
    "1e5",
];

fn rows() -> Vec<Record> {
    NAMES.map(|name| record(vec![json!(name), json!([name, "ok"]), json!("-3.7")])).to_vec()
}

#[test]
fn imp_13_every_format_gives_the_names_back() {
    for format in Format::ALL {
        check(format, &COLUMNS, &rows());
    }
}

#[test]
fn imp_13_no_cell_of_csv_runs_and_numbers_stay_numbers() {
    let written = file(Format::Csv, &COLUMNS, &rows());
    let mut reader = csv::Reader::from_reader(written.as_slice());
    for row in reader.records() {
        let row = row.unwrap();
        for words in [&row[0], &row[1]] {
            assert!(!words.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{words:?} would run");
        }
        assert_eq!(&row[2], "-3.7");
    }
}

#[test]
fn imp_13_sheets_show_names_as_they_are_and_hold_numbers() {
    use calamine::{Data, Reader};

    let written = file(Format::Xlsx, &COLUMNS, &rows());
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(written)).unwrap();
    let range = book.worksheet_range("rows").unwrap();
    assert_eq!(range.get_value((1, 0)), Some(&Data::String(NAMES[0].to_owned())));
    assert_eq!(range.get_value((1, 2)), Some(&Data::Float(-3.7)));
    // What stands on the second sheet is text as well.
    let about = book.worksheet_range("About").unwrap();
    assert!(about.rows().any(|row| row[1] == Data::String("=Offers of others are totals".to_owned())));
}

#[test]
fn imp_13_what_only_claims_to_be_a_number_is_refused() {
    for format in Format::ALL {
        for claim in ["-1+cmd|' /C calc'!A0", "=1", " 1", "1 ", "+1", "0x10", "NaN", "", "1,5"] {
            let mut writer = Writer::new(format, super::about(), &COLUMNS);
            writer.start().unwrap();
            let refused = writer.record(&record(vec![json!("x"), json!([]), json!(claim)]));
            assert!(matches!(refused, Err(ExportError::NotOfKind { row: 1, .. })), "{format:?} {claim:?}");
        }
    }
}
