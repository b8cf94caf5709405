//! CSV in UTF-8, with `,` and CRLF as RFC 4180 has it, row by row.

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};

use super::{Column, ExportError, cell::Row};

/// The header.
pub(super) fn start(columns: &[Column]) -> Result<Vec<u8>, ExportError> {
    line(columns.iter().map(|column| column.name.as_bytes()))
}

/// A row.
pub(super) fn record(row: &Row<'_>) -> Result<Vec<u8>, ExportError> {
    let cells: Vec<_> = row.iter().map(|(_, cell)| cell.in_csv()).collect();
    line(cells.iter().map(|cell| cell.as_bytes()))
}

/// Each line has a writer of its own, since one gives its bytes only at the end.
fn line<'a>(cells: impl Iterator<Item = &'a [u8]>) -> Result<Vec<u8>, ExportError> {
    let mut rules = WriterBuilder::new();
    rules.quote_style(QuoteStyle::Necessary).terminator(Terminator::CRLF).buffer_capacity(1024);
    let mut writer: Writer<Vec<u8>> = rules.from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| ExportError::Csv(error.into_error().into()))
}
