//! XLSX: the rows on the first sheet, what they are about on the second, packed while the rows come.
//!
//! Written by hand, part by part, rather than with the library of [`crate::reports`]. That one holds a sheet in memory,
//! some gigabytes of it for a full one, or writes it to a temporary file and panics where there is no room for one, as under
//! a read-only root. Formats of this kind do not change any more, and the tests read it with code of others.

mod about;
mod pack;
mod parts;
mod value;
mod xml;

use std::borrow::Cow;

use self::{pack::Pack, value::Value, xml::Style};
use super::{Column, ExportError, about::About, cell::Row};

pub use self::value::LONGEST_TEXT;

/// Rows that a sheet holds below its header: 2^20 with it.
pub const MOST_ROWS: u32 = 1_048_575;

/// A sheet that is being written.
#[derive(Debug)]
pub(super) struct Sheet {
    pack: Pack,
    /// `A`, `B`, ... of the columns.
    letters: Vec<String>,
    rows: u32,
    /// Numbers that stand as text.
    numbers_as_text: u64,
    /// Texts that were cut.
    cut: u64,
}

impl Sheet {
    pub(super) fn start(about: &About, columns: &[Column]) -> Result<(Self, Vec<u8>), ExportError> {
        let mut pack = Pack::new();
        pack.part("[Content_Types].xml", parts::CONTENT_TYPES)?;
        pack.part("_rels/.rels", parts::PACKAGE_LINKS)?;
        pack.part("xl/_rels/workbook.xml.rels", parts::WORKBOOK_LINKS)?;
        pack.part("xl/styles.xml", parts::STYLES)?;
        pack.part("docProps/core.xml", &parts::core(about))?;
        let letters: Vec<String> = (0..columns.len()).map(xml::letters).collect();
        let mut head = parts::sheet_start(&columns.iter().map(parts::width).collect::<Vec<_>>());
        let header = letters.iter().zip(columns).map(|(letters, column)| {
            let name = Value::Text { text: Cow::Borrowed(column.name), risky: false, cut: false };
            (letters.as_str(), Style::Header, name)
        });
        xml::row(&mut head, 1, header);
        pack.begin("xl/worksheets/sheet1.xml")?;
        pack.write(&head)?;
        let bytes = pack.take();
        Ok((Self { pack, letters, rows: 0, numbers_as_text: 0, cut: 0 }, bytes))
    }

    pub(super) fn record(&mut self, row: &Row<'_>) -> Result<Vec<u8>, ExportError> {
        if self.rows >= MOST_ROWS {
            return Err(ExportError::TooManyRows);
        }
        let values: Vec<Value<'_>> = row.iter().map(|(_, cell)| Value::of(cell)).collect();
        for value in &values {
            match value {
                Value::Digits(_) => self.numbers_as_text += 1,
                Value::Text { cut: true, .. } => self.cut += 1,
                Value::Text { .. }
                | Value::Blank
                | Value::Number(_)
                | Value::Day(_)
                | Value::Time(_)
                | Value::Flag(_) => {}
            }
        }
        self.rows += 1;
        let mut text = String::new();
        let cells = self.letters.iter().zip(values);
        xml::row(&mut text, self.rows + 1, cells.map(|(letters, value)| (letters.as_str(), Style::of(&value), value)));
        self.pack.write(&text)?;
        Ok(self.pack.take())
    }

    pub(super) fn finish(mut self, about: &About, columns: &[Column]) -> Result<Vec<u8>, ExportError> {
        let last = self.letters.last().map_or("A", String::as_str);
        self.pack.write(&parts::sheet_end(last, self.rows + 1))?;
        self.pack.part("xl/worksheets/sheet2.xml", &about::sheet(&about::lines(about, columns, &self)))?;
        self.pack.part("xl/workbook.xml", &parts::workbook(last, self.rows + 1))?;
        self.pack.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::cell::Cell;
    use domain::time::Instant;

    #[test]
    fn a_full_sheet_takes_no_more_rows_and_can_be_finished() {
        let at = Instant::parse("2020-04-20T12:00:00Z").unwrap();
        let (title, source, licence) = ("Offers".to_owned(), String::new(), String::new());
        let about = About { title, source, filter: vec![], as_of: at, licence, version: 1, notes: vec![] };
        let columns = [Column { name: "fresh", kind: crate::export::Kind::Flag }];
        let (mut sheet, _) = Sheet::start(&about, &columns).unwrap();
        sheet.rows = MOST_ROWS - 1;
        let row = Row { columns: &columns, cells: &[Cell::Flag(true)], provenance: &[], point: None };
        sheet.record(&row).unwrap();
        let refused = sheet.record(&row).unwrap_err();
        assert!(matches!(refused, ExportError::TooManyRows) && refused.to_string().contains("CSV"), "{refused}");
        assert!(!sheet.finish(&about, &columns).unwrap().is_empty());
    }
}
