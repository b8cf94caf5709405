//! XLSX: the rows on the first sheet, what they are about on the second.

mod about;
mod value;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

pub use self::value::LONGEST_TEXT;
use self::value::Value;
use super::{Column, ExportError, about::About, cell::Row};

/// Rows that a sheet holds below its header: 2^20 with it.
pub const MOST_ROWS: u32 = 1_048_575;

const NAME: &str = "rows";
/// Widths in characters: what is longer is cut on the screen, not in the cell.
const WIDEST: usize = 60;
/// Beside a header, for the arrow of its filter.
const ARROW: usize = 3;

/// A sheet that is being written. Rows go to a temporary file without a name, so that memory does not grow with them.
#[derive(Debug)]
pub(super) struct Sheet {
    book: Book,
    styles: Styles,
    widths: Vec<usize>,
    rows: u32,
    /// Numbers that stand as text.
    numbers_as_text: u64,
    /// Texts that were cut.
    cut: u64,
}

struct Book(Workbook);

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workbook")
    }
}

#[derive(Debug)]
struct Styles {
    header: Format,
    day: Format,
    time: Format,
    /// Shown as it is, and still a text for whoever edits the cell.
    quoted: Format,
}

impl Sheet {
    pub(super) fn start(about: &About, columns: &[Column]) -> Result<Self, ExportError> {
        // The library makes the same file, and panics where it cannot.
        tempfile::tempfile().map_err(ExportError::TemporaryFile)?;
        let styles = Styles {
            header: Format::new().set_bold(),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            quoted: Format::new().set_quote_prefix(),
        };
        let mut book = Workbook::new();
        guarded(|| {
            // As of the data, so that the same export is the same file.
            let made = ExcelDateTime::from_timestamp(about.as_of.micros().div_euclid(1_000_000))?;
            book.set_properties(&DocProperties::new().set_title(&about.title).set_creation_datetime(&made));
            let sheet = book.add_worksheet_with_constant_memory();
            sheet.set_name(NAME)?;
            sheet.set_freeze_panes(1, 0)?;
            for (at, column) in (0_u16..).zip(columns) {
                sheet.write_string_with_format(0, at, column.name, &styles.header)?;
            }
            Ok(())
        })?;
        let widths = columns.iter().map(|column| column.name.len() + ARROW).collect();
        Ok(Self { book: Book(book), styles, widths, rows: 0, numbers_as_text: 0, cut: 0 })
    }

    pub(super) fn record(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        if self.rows >= MOST_ROWS {
            return Err(ExportError::TooManyRows);
        }
        let line = self.rows + 1;
        guarded(|| {
            let sheet = self.book.0.worksheet_from_index(0)?;
            for ((at, width), (_, cell)) in (0_u16..).zip(&mut self.widths).zip(row.iter()) {
                let value = Value::of(cell);
                *width = value.width().max(*width);
                match value {
                    Value::Blank => {}
                    Value::Text { text, risky, cut } => {
                        self.cut += u64::from(cut);
                        write_text(sheet, (line, at), &text, risky.then_some(&self.styles.quoted))?;
                    }
                    Value::Digits(digits) => {
                        self.numbers_as_text += 1;
                        write_text(sheet, (line, at), digits, None)?;
                    }
                    Value::Number { number, digits: _ } => {
                        sheet.write_number(line, at, number)?;
                    }
                    Value::Day(serial) => {
                        sheet.write_number_with_format(line, at, serial, &self.styles.day)?;
                    }
                    Value::Time(serial) => {
                        sheet.write_number_with_format(line, at, serial, &self.styles.time)?;
                    }
                    Value::Flag(yes) => {
                        sheet.write_boolean(line, at, yes)?;
                    }
                }
            }
            Ok(())
        })?;
        self.rows = line;
        Ok(())
    }

    pub(super) fn finish(mut self, about: &About, columns: &[Column]) -> Result<Vec<u8>, ExportError> {
        let lines = about::lines(about, columns, &self);
        guarded(|| {
            let sheet = self.book.0.worksheet_from_index(0)?;
            for (at, width) in (0_u16..).zip(&self.widths) {
                // In whole characters, a few dozen at most.
                sheet.set_column_width(at, u32::try_from((*width).min(WIDEST)).map_or(0.0, f64::from))?;
            }
            if let Some(last) = columns.len().checked_sub(1).and_then(|last| u16::try_from(last).ok()) {
                sheet.autofilter(0, 0, self.rows, last)?;
            }
            about::write(self.book.0.add_worksheet(), &lines, &self.styles)?;
            self.book.0.save_to_buffer()
        })
    }
}

/// Writes a text as a text: neither a formula nor a link, whatever it looks like.
fn write_text(
    sheet: &mut Worksheet,
    (line, at): (u32, u16),
    text: &str,
    style: Option<&Format>,
) -> Result<(), XlsxError> {
    match style {
        Some(style) => sheet.write_string_with_format(line, at, text, style)?,
        None => sheet.write_string(line, at, text)?,
    };
    Ok(())
}

/// Runs a step of the library, which panics where its temporary file cannot be written: a full disk is an error of ours.
/// The workbook is not touched again after one.
fn guarded<T>(step: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, ExportError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(done) => Ok(done?),
        Err(_) => Err(ExportError::TemporaryFile(io::Error::other("writing stopped in the middle"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_library_is_an_error() {
        let failed = guarded::<()>(|| panic!("no space left on device"));
        assert!(matches!(failed, Err(ExportError::TemporaryFile(_))), "{failed:?}");
    }
}
