//! The second sheet: what the first is about.

use std::borrow::Cow;

use super::{
    MOST_ROWS, Sheet, parts,
    value::Value,
    xml::{self, Style},
};
use crate::export::{Column, about::About};

/// Its lines: a field and its value.
pub(super) fn lines(about: &About, columns: &[Column], sheet: &Sheet) -> Vec<(String, String)> {
    let line = |field: &str, value: &str| (field.to_owned(), value.to_owned());
    let mut lines = vec![line("title", &about.title), line("source", &about.source)];
    lines.extend(about.filter.iter().map(|(name, value)| (format!("filter: {name}"), value.clone())));
    lines.push(line("as_of", &about.as_of.to_string()));
    lines.push(line("licence", &about.licence));
    lines.push(line("columns_version", &about.version.to_string()));
    lines.push(line("rows", &sheet.rows.to_string()));
    lines.extend(about.notes.iter().map(|note| line("note", note)));
    lines.push(line("note", "Times are in UTC. An empty cell is not known, and never 0."));
    if sheet.numbers_as_text > 0 {
        let count = sheet.numbers_as_text;
        lines.push((
            "note".to_owned(),
            format!("Numbers that stand as text, since a sheet would round them: {count}. It keeps 15 digits."),
        ));
    }
    if sheet.cut > 0 {
        let count = sheet.cut;
        lines.push((
            "note".to_owned(),
            format!("Texts that were cut after 32,767 characters, all that a cell holds: {count}. CSV has them whole."),
        ));
    }
    lines.extend(columns.iter().map(|column| {
        let kind = serde_json::to_value(column.kind).ok();
        let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        (format!("column: {}", column.name), kind.to_owned())
    }));
    lines
}

/// The sheet of them.
pub(super) fn sheet(lines: &[(String, String)]) -> String {
    let mut sheet = parts::sheet_start(&[26, 100]);
    let text = |text| Value::Text { text: Cow::Borrowed(text), risky: false, cut: false };
    let header = [("A", Style::Header, text("field")), ("B", Style::Header, text("value"))];
    xml::row(&mut sheet, 1, header.into_iter());
    for (line, (field, value)) in (2..=MOST_ROWS).zip(lines) {
        let cells = [("A", field), ("B", value)].map(|(letters, text)| {
            let value = Value::text(Cow::Borrowed(text));
            (letters, Style::of(&value), value)
        });
        xml::row(&mut sheet, line, cells.into_iter());
    }
    sheet.push_str("</sheetData></worksheet>");
    sheet
}
