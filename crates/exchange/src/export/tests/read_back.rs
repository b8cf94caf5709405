//! Reads each format with code of others, and brings cells back to the values that a row had.

use std::io::Cursor;

use calamine::{Data, DataType, Reader, Xlsx};
use domain::{
    decimal::Decimal,
    time::{Day, Instant},
};
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::{Number, Value, json};

use super::super::*;
use crate::safe_csv::restore;

/// Header and rows of a file.
pub type Read = (Vec<String>, Vec<Vec<Value>>);

/// An object with its keys in their order.
struct Ordered(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Ordered;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        from.deserialize_map(Keys)
    }
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<Ordered>,
}

#[derive(Deserialize)]
struct Features {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Ordered,
}

pub fn read(format: Format, bytes: &[u8], columns: &[Column]) -> Read {
    let all: Vec<Column> = columns.iter().chain(&PROVENANCE).copied().collect();
    match format {
        Format::Json => objects(serde_json::from_slice::<Rows>(bytes).unwrap().rows, &all),
        Format::Ndjson => {
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            objects(lines.map(|line| serde_json::from_slice(line).unwrap()).collect(), &all)
        }
        Format::GeoJson => {
            let features = serde_json::from_slice::<Features>(bytes).unwrap().features;
            objects(features.into_iter().map(|feature| feature.properties).collect(), &all)
        }
        Format::Csv => of_csv(bytes, &all),
        Format::Xlsx => of_xlsx(bytes, &all),
    }
}

fn objects(rows: Vec<Ordered>, all: &[Column]) -> Read {
    let names: Vec<String> = all.iter().map(|column| column.name.to_owned()).collect();
    let rows = rows.into_iter().map(|row| {
        let (keys, values): (Vec<String>, Vec<Value>) = row.0.into_iter().unzip();
        assert_eq!(keys, names);
        values
    });
    let rows = rows.collect();
    (names, rows)
}

fn number(digits: &str) -> Value {
    Value::Number(serde_json::from_str::<Number>(digits).unwrap())
}

fn of_csv(bytes: &[u8], all: &[Column]) -> Read {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        assert_eq!(row.len(), all.len());
        all.iter().zip(&row).map(|(column, cell)| of_text(column.kind, cell)).collect()
    });
    let rows = rows.collect();
    (header, rows)
}

/// A cell of CSV, or a text of a sheet.
fn of_text(kind: Kind, cell: &str) -> Value {
    if cell.is_empty() {
        return Value::Null;
    }
    match kind {
        Kind::Text => json!(restore(cell)),
        Kind::Integer | Kind::Decimal => number(cell),
        Kind::Date | Kind::Time => json!(cell),
        Kind::Flag => json!(cell.parse::<bool>().unwrap()),
        Kind::List => json!(split_list(restore(cell))),
    }
}

fn of_xlsx(bytes: &[u8], all: &[Column]) -> Read {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["rows", "About"]);
    assert!(book.worksheet_formula("rows").unwrap().is_empty(), "a formula");
    assert!(book.worksheet_formula("About").unwrap().is_empty(), "a formula");
    let links = b"worksheets/_rels";
    assert!(!bytes.windows(links.len()).any(|part| part == links), "a link");
    let range = book.worksheet_range("rows").unwrap();
    let mut lines = range.rows();
    let header = lines.next().unwrap().iter().map(|cell| cell.get_string().unwrap().to_owned()).collect();
    let rows = lines.map(|line| {
        assert_eq!(line.len(), all.len());
        all.iter().zip(line).map(|(column, cell)| of_sheet(column.kind, cell)).collect()
    });
    let rows = rows.collect();
    (header, rows)
}

fn of_sheet(kind: Kind, cell: &Data) -> Value {
    match (kind, cell) {
        (_, Data::Empty) => Value::Null,
        (Kind::Text | Kind::List | Kind::Integer | Kind::Decimal, Data::String(text)) => of_text(kind, text),
        (Kind::Integer | Kind::Decimal, Data::Float(float)) => number(&float.to_string()),
        (Kind::Integer | Kind::Decimal, Data::Int(int)) => number(&int.to_string()),
        (Kind::Flag, Data::Bool(yes)) => json!(yes),
        (Kind::Date, Data::DateTime(serial)) => json!(at(serial.as_f64()).day().to_string()),
        (Kind::Time, Data::DateTime(serial)) => json!(at(serial.as_f64()).to_string()),
        other => panic!("{other:?}"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a few thousand days")]
fn at(serial: f64) -> Instant {
    let (days, rest) = (serial.floor() as i32, serial.fract());
    let day = Day::from_number(days - 25_569 + i32::from(days < 60)).unwrap();
    Instant::start_of(day).plus_micros((rest * 86_400e6).round() as i64)
}

/// What a row is to read as: blank is null, times are in UTC, and the columns of provenance stand behind.
pub fn expected(columns: &[Column], cells: &[Value]) -> Vec<Value> {
    let own = columns.iter().zip(cells).map(|(column, value)| match (column.kind, value) {
        (_, Value::Null) => Value::Null,
        (Kind::Text, value) if value == "" => Value::Null,
        (Kind::Integer | Kind::Decimal, Value::String(digits)) => number(digits),
        (Kind::Time, value) => json!(Instant::parse(value.as_str().unwrap()).unwrap()),
        (Kind::List, Value::Array(items)) => {
            let items: Vec<&Value> = items.iter().filter(|item| *item != "").collect();
            if items.is_empty() { Value::Null } else { json!(items) }
        }
        (Kind::Text | Kind::Integer | Kind::Decimal | Kind::Date | Kind::Flag | Kind::List, value) => value.clone(),
    });
    let about = super::about();
    own.chain([json!(about.as_of), json!(about.source), json!(about.licence), number(&about.version.to_string())])
        .collect()
}

/// Whether two cells mean the same: in a sheet 1.50 is 1.5, and a time is good to a microsecond.
pub fn same(format: Format, kind: Kind, one: &Value, other: &Value) -> bool {
    match (format, kind, one, other) {
        (Format::Xlsx, Kind::Integer | Kind::Decimal, Value::Number(one), Value::Number(other)) => {
            let exact = |number: &Number| number.as_str().parse::<Decimal>().ok();
            one == other || (exact(one).is_some() && exact(one) == exact(other))
        }
        (Format::Xlsx, Kind::Time, Value::String(one), Value::String(other)) => {
            let micros = |text: &str| Instant::parse(text).unwrap().micros();
            micros(one).abs_diff(micros(other)) <= 1
        }
        (_, _, one, other) => one == other,
    }
}

/// Writes rows in a format, reads them back and holds them to what they were.
pub fn check(format: Format, columns: &[Column], records: &[Record]) {
    let (header, rows) = read(format, &super::file(format, columns, records), columns);
    let all: Vec<&Column> = columns.iter().chain(&PROVENANCE).collect();
    assert_eq!(header, all.iter().map(|column| column.name).collect::<Vec<_>>(), "{format:?}");
    assert_eq!(rows.len(), records.len(), "{format:?}");
    for (row, record) in rows.iter().zip(records) {
        for ((column, found), wanted) in all.iter().zip(row).zip(expected(columns, &record.cells)) {
            let name = column.name;
            assert!(same(format, column.kind, found, &wanted), "{format:?} {name}: {found:?}, not {wanted:?}");
        }
    }
}
