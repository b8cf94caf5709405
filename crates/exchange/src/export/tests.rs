mod imp_13;
mod properties;
mod read_back;
mod shape;

use serde_json::{Value, json};

use super::*;
use domain::time::Instant;

/// A column of each kind.
const COLUMNS: [Column; 7] = [
    Column { name: "name", kind: Kind::Text },
    Column { name: "offers", kind: Kind::Integer },
    Column { name: "longitude", kind: Kind::Decimal },
    Column { name: "from", kind: Kind::Date },
    Column { name: "changed", kind: Kind::Time },
    Column { name: "fresh", kind: Kind::Flag },
    Column { name: "grades", kind: Kind::List },
];

fn about() -> About {
    About {
        title: "Offers near you".to_owned(),
        source: "https://muster.example/api/v1/offers?grade=ffp2&grade=ffp3&region=DE1".to_owned(),
        filter: [("grade", "ffp2"), ("grade", "ffp3"), ("region", "DE1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        as_of: Instant::parse("2020-04-20T12:00:00Z").unwrap(),
        licence: "CC-BY-4.0".to_owned(),
        version: 3,
        notes: vec!["=Offers of others are totals".to_owned()],
    }
}

fn record(cells: Vec<Value>) -> Record {
    Record { cells, point: None }
}

/// A usual row, a blank one, and one of the ends of the ranges.
fn records() -> Vec<Record> {
    vec![
        Record {
            cells: vec![
                json!("Näherei \"Süd\", GmbH"),
                json!(12),
                json!("-3.70"),
                json!("2020-04-20"),
                json!("2020-04-20T14:30:00.25+02:00"),
                json!(true),
                json!(["ffp2", "ffp3"]),
            ],
            point: Point::new(40_416_775, -3_703_790),
        },
        record(vec![Value::Null; 7]),
        record(vec![
            json!("مصنع 🧵\nline\r\ntwo\u{0}\u{1b}_x0041_"),
            json!("-9007199254740993"),
            json!("0.30000000000000004"),
            json!("1900-01-01"),
            json!("2199-12-31T23:59:59.999999Z"),
            json!(false),
            json!(["two words", "100%", "%20"]),
        ]),
    ]
}

/// All bytes of a file.
fn file(format: Format, columns: &[Column], records: &[Record]) -> Vec<u8> {
    let mut writer = Writer::new(format, about(), columns);
    let mut bytes = writer.start().unwrap();
    for record in records {
        bytes.extend(writer.record(record).unwrap());
    }
    bytes.extend(writer.finish().unwrap());
    bytes
}
