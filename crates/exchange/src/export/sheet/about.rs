//! The second sheet: what the first is about.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::{MOST_ROWS, Sheet, Styles, value::Value, write_text};
use crate::export::{Column, about::About, cell::Cell};

const NAME: &str = "About";

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

/// Writes them.
pub(super) fn write(sheet: &mut Worksheet, lines: &[(String, String)], styles: &Styles) -> Result<(), XlsxError> {
    sheet.set_name(NAME)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_column_width(0, 26)?;
    sheet.set_column_width(1, 100)?;
    sheet.write_string_with_format(0, 0, "field", &styles.header)?;
    sheet.write_string_with_format(0, 1, "value", &styles.header)?;
    for (line, (field, value)) in (1..=MOST_ROWS).zip(lines) {
        for (at, text) in [(0, field), (1, value)] {
            match Value::of(&Cell::words(text.into())) {
                Value::Text { text, risky, cut: _ } => {
                    write_text(sheet, (line, at), &text, risky.then_some(&styles.quoted))?;
                }
                Value::Blank
                | Value::Digits(_)
                | Value::Number { .. }
                | Value::Day(_)
                | Value::Time(_)
                | Value::Flag(_) => {}
            }
        }
    }
    Ok(())
}
