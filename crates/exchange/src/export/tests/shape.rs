use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use super::{super::*, COLUMNS, about, file, read_back::check, record, records};

#[test]
fn all_formats_have_the_same_columns_and_values() {
    for format in Format::ALL {
        check(format, &COLUMNS, &records());
        check(format, &COLUMNS, &[]);
        check(format, &[], &[record(vec![])]);
    }
}

#[test]
fn a_file_is_written_as_shown() {
    let csv = String::from_utf8(file(Format::Csv, &COLUMNS, &records()[..2])).unwrap();
    let source = about().source;
    let behind = format!("2020-04-20T12:00:00.000000Z,{source},CC-BY-4.0,3\r\n");
    let wanted = [
        "name,offers,longitude,from,changed,fresh,grades,as_of,source,licence,columns_version\r\n",
        "\"Näherei \"\"Süd\"\", GmbH\",12,-3.70,2020-04-20,2020-04-20T12:30:00.250000Z,true,ffp2 ffp3,",
        &behind,
        ",,,,,,,",
        &behind,
    ];
    assert_eq!(csv, wanted.concat());
    let ndjson = String::from_utf8(file(Format::Ndjson, &COLUMNS, &records()[1..2])).unwrap();
    let wanted = format!(
        "{}{}\"{source}\",\"licence\":\"CC-BY-4.0\",\"columns_version\":3}}\n",
        r#"{"name":null,"offers":null,"longitude":null,"from":null,"changed":null,"fresh":null,"grades":null,"#,
        r#""as_of":"2020-04-20T12:00:00.000000Z","source":"#
    );
    assert_eq!(ndjson, wanted);
}

#[test]
fn json_and_geojson_say_what_they_are_about() {
    for (format, rows) in [(Format::Json, "rows"), (Format::GeoJson, "features")] {
        let mut found: Value = serde_json::from_slice(&file(format, &COLUMNS[..1], &[])).unwrap();
        let r#type = found.as_object_mut().unwrap().remove("type");
        assert_eq!(r#type, (format == Format::GeoJson).then(|| json!("FeatureCollection")));
        let wanted = json!({
            "title": "Offers near you",
            "source": about().source,
            "filter": {"grade": ["ffp2", "ffp3"], "region": "DE1"},
            "as_of": "2020-04-20T12:00:00.000000Z",
            "licence": "CC-BY-4.0",
            "columns_version": 3,
            "notes": ["=Offers of others are totals"],
            "columns": [
                {"name": "name", "kind": "text"},
                {"name": "as_of", "kind": "time"},
                {"name": "source", "kind": "text"},
                {"name": "licence", "kind": "text"},
                {"name": "columns_version", "kind": "integer"},
            ],
            rows: [],
        });
        assert_eq!(found, wanted);
    }
    let found: Value = serde_json::from_slice(&file(Format::GeoJson, &COLUMNS, &records())).unwrap();
    let [first, second] = [&found["features"][0], &found["features"][1]];
    let digits = first["geometry"]["coordinates"].to_string();
    assert_eq!((&first["geometry"]["type"], digits.as_str()), (&json!("Point"), "[-3.70379,40.416775]"));
    assert_eq!((&second["type"], &second["geometry"]), (&json!("Feature"), &Value::Null));
}

fn book(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap()
}

/// The second sheet by line.
fn about_sheet(bytes: Vec<u8>) -> Vec<String> {
    let range = book(bytes).worksheet_range("About").unwrap();
    range.rows().map(|row| format!("{}={}", row[0], row[1])).collect()
}

#[test]
fn a_workbook_says_what_it_is_about() {
    let found = about_sheet(file(Format::Xlsx, &COLUMNS[..1], &[record(vec![json!("x")])]));
    let source = format!("source={}", about().source);
    let wanted = [
        "field=value",
        "title=Offers near you",
        &source,
        "filter: grade=ffp2",
        "filter: grade=ffp3",
        "filter: region=DE1",
        "as_of=2020-04-20T12:00:00.000000Z",
        "licence=CC-BY-4.0",
        "columns_version=3",
        "rows=1",
        "note==Offers of others are totals",
        "note=Times are in UTC. An empty cell is not known, and never 0.",
        "column: name=text",
        "column: as_of=time",
        "column: source=text",
        "column: licence=text",
        "column: columns_version=integer",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn what_a_sheet_cannot_hold_is_told() {
    let columns = [COLUMNS[0], COLUMNS[1]];
    let long = "😷".repeat(LONGEST_TEXT / 2 + 1);
    let fits = "x".repeat(LONGEST_TEXT);
    let rows = [
        record(vec![json!(long), json!("9007199254740993")]),
        record(vec![json!(fits), json!("-9007199254740992")]),
        record(vec![json!("x".repeat(LONGEST_TEXT + 1)), json!(0)]),
    ];
    let bytes = file(Format::Xlsx, &columns, &rows);
    let range = book(bytes.clone()).worksheet_range("rows").unwrap();
    let text = |row| range.get_value((row, 0)).unwrap().to_string();
    assert_eq!(text(1), format!("{}…", "😷".repeat(LONGEST_TEXT / 2)), "in UTF-16 it is full");
    assert_eq!(text(2), fits);
    assert_eq!(text(3), format!("{}…", "x".repeat(LONGEST_TEXT - 1)));
    assert_eq!(range.get_value((1, 1)), Some(&Data::String("9007199254740993".to_owned())));
    assert_eq!(range.get_value((2, 1)), Some(&Data::Float(-9_007_199_254_740_992.0)));
    let notes = about_sheet(bytes).join("\n");
    assert!(notes.contains("would round them: 1.") && notes.contains("all that a cell holds: 2."), "{notes}");
    check(Format::Csv, &columns, &rows);
}

#[test]
fn the_same_export_is_the_same_file() {
    for format in Format::ALL {
        assert!(file(format, &COLUMNS, &records()) == file(format, &COLUMNS, &records()), "{format:?}");
    }
}

#[test]
fn rows_come_with_their_call() {
    for format in [Format::Json, Format::Ndjson, Format::Csv, Format::GeoJson] {
        let mut writer = Writer::new(format, about(), &COLUMNS);
        writer.start().unwrap();
        for row in records() {
            let bytes = String::from_utf8(writer.record(&row).unwrap()).unwrap();
            assert!(bytes.contains("CC-BY-4.0"), "{format:?} {bytes}");
        }
        assert!(writer.finish().unwrap().len() <= 4);
    }
}

#[test]
fn faulty_rows_are_errors_and_leave_the_file_whole() {
    let wrong = [("offers", 1, json!(1.5)), ("from", 3, json!("20.4.2020")), ("changed", 4, json!("2020-04-20T12:00"))];
    let more =
        [("name", 0, json!(1)), ("fresh", 5, json!("yes")), ("grades", 6, json!("ffp2")), ("grades", 6, json!([1]))];
    for format in Format::ALL {
        let mut writer = Writer::new(format, about(), &COLUMNS);
        let mut bytes = writer.start().unwrap();
        for width in [6, 8] {
            let refused = writer.record(&record(vec![Value::Null; width]));
            assert!(matches!(refused, Err(ExportError::Width { row: 1, expected: 7, found }) if found == width));
        }
        for (name, at, value) in wrong.iter().chain(&more) {
            let mut cells = vec![Value::Null; 7];
            cells[*at] = value.clone();
            let refused = writer.record(&record(cells));
            assert!(
                matches!(&refused, Err(ExportError::NotOfKind { row: 1, column }) if column.name == *name),
                "{format:?} {name} {refused:?}"
            );
        }
        bytes.extend(writer.record(&records()[0]).unwrap());
        bytes.extend(writer.finish().unwrap());
        assert!(bytes == file(format, &COLUMNS, &records()[..1]), "{format:?}");
    }
}

#[test]
fn the_order_of_calls_and_the_names_are_held() {
    for format in Format::ALL {
        let mut writer = Writer::new(format, about(), &[]);
        assert!(matches!(writer.record(&record(vec![])), Err(ExportError::OutOfOrder)));
        assert!(writer.start().is_ok());
        assert!(matches!(writer.start(), Err(ExportError::OutOfOrder)));
        assert!(matches!(Writer::new(format, about(), &[]).finish(), Err(ExportError::OutOfOrder)));
        for columns in [vec![COLUMNS[0], COLUMNS[0]], vec![Column { name: "as_of", kind: Kind::Time }]] {
            let refused = Writer::new(format, about(), &columns).start();
            assert!(matches!(refused, Err(ExportError::SameName { .. })), "{refused:?}");
        }
    }
}

#[test]
fn formats_are_found_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::from_extension(&format.extension().to_uppercase()), Some(format));
        assert_eq!(Format::of_media_type(format.media_type()), Some(format));
    }
    assert_eq!(Format::of_media_type("Text/CSV;charset=utf-8"), Some(Format::Csv));
    assert_eq!(Format::of_media_type("application/jsonl"), Some(Format::Ndjson));
    assert_eq!((Format::from_extension("xls"), Format::of_media_type("*/*")), (None, None));
}

#[test]
fn a_writer_moves_between_threads() {
    fn moves<T: Send>() {}
    moves::<Writer>();
}
