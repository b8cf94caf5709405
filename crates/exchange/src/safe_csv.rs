//! CSV that no spreadsheet runs as formulas, and that reads back as it was (field case IMP-13).
//!
//! A text cell that starts with `=`, `+`, `-`, `@`, a tab or a carriage return gets a `'` in front,
//! which spreadsheets take as "this is text". Numbers stay numbers, negative ones too. So that
//! [`restore`] can undo it, a text cell that itself starts with `'` and one of those signs (or with
//! more `'` before it) gets one more.

use csv::{QuoteStyle, Terminator, WriterBuilder};

/// A cell to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words that people typed, or codes.
    Text(String),
    /// Digits of ours, such as `-3.7`; written as they are.
    Number(String),
    /// Nothing.
    Blank,
}

impl Cell {
    /// A number that prints itself in digits.
    pub fn number(value: impl Into<i128>) -> Self {
        Self::Number(value.into().to_string())
    }

    /// Words.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }
}

impl From<domain::decimal::Decimal> for Cell {
    fn from(value: domain::decimal::Decimal) -> Self {
        Self::Number(value.to_string())
    }
}

impl From<Option<String>> for Cell {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Blank, Self::Text)
    }
}

/// A writer of CSV in UTF-8, with `,` and CRLF as RFC 4180 has it.
#[derive(Debug)]
pub struct SafeWriter<W: std::io::Write> {
    inner: csv::Writer<W>,
}

impl<W: std::io::Write> SafeWriter<W> {
    /// Starts with the header.
    pub fn new(to: W, header: &[&str]) -> std::io::Result<Self> {
        let mut inner =
            WriterBuilder::new().quote_style(QuoteStyle::Necessary).terminator(Terminator::CRLF).from_writer(to);
        inner.write_record(header.iter().map(|h| neutral(h))).map_err(std::io::Error::from)?;
        Ok(Self { inner })
    }

    /// Writes a row; one with another number of cells than the header is refused.
    pub fn row(&mut self, cells: &[Cell]) -> std::io::Result<()> {
        let written = cells.iter().map(|cell| match cell {
            Cell::Text(text) => neutral(text),
            Cell::Number(digits) if is_number(digits) => digits.clone(),
            // What only claims to be a number is text.
            Cell::Number(other) => neutral(other),
            Cell::Blank => String::new(),
        });
        self.inner.write_record(written).map_err(std::io::Error::from)
    }

    /// Writes out what is buffered and gives the target back.
    pub fn finish(self) -> std::io::Result<W> {
        self.inner.into_inner().map_err(|e| std::io::Error::other(e.error().to_string()))
    }
}

/// A text cell as it is written.
pub fn neutral(text: &str) -> String {
    if is_risky(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

/// A cell as it was before [`neutral`]; other cells are left as they are.
pub fn restore(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_risky(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn is_risky(text: &str) -> bool {
    // Full-width signs run as formulas in Japanese and Chinese versions.
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

fn is_number(digits: &str) -> bool {
    digits.parse::<domain::decimal::Decimal>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imp_13_formulas_are_text_and_numbers_stay_numbers() {
        let names = [
            "=HYPERLINK(\"http://x.example\",\"ok\")",
            "@SUM(1+1)",
            "\t=1+1",
            "\r=1",
            "-Firm",
            "+49 30 1234",
            "'=already quoted",
            "''-twice",
            "'t Hooft BV",
            "O'Neill, Ltd",
            "two\nlines",
            "",
        ];
        let mut out = SafeWriter::new(Vec::new(), &["name", "longitude"]).unwrap();
        for name in names {
            out.row(&[Cell::text(name), Cell::Number("-3.7".to_owned())]).unwrap();
        }
        out.row(&[Cell::text("x"), Cell::Number("-1+cmd|' /C calc'!A0".to_owned())]).unwrap();
        assert!(out.row(&[Cell::Blank]).is_err(), "another width");
        let written = String::from_utf8(out.finish().unwrap()).unwrap();
        assert!(written.contains("'@SUM(1+1),-3.7\r\n"));
        assert!(written.contains("'t Hooft BV,-3.7\r\n"));

        let mut back = csv::Reader::from_reader(written.as_bytes());
        let rows: Vec<(String, String)> = back.deserialize().map(Result::unwrap).collect();
        for (name, (cell, longitude)) in names.iter().zip(&rows) {
            assert!(!is_risky(cell), "{cell:?} would run");
            assert_eq!((restore(cell), longitude.as_str()), (*name, "-3.7"));
        }
        assert!(rows[names.len()].1.starts_with('\''));
    }
}
