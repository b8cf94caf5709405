//! What leaves the program: data on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use exchange::safe_csv::{Cell, SafeWriter};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// The widest a table gets when nobody says how wide the terminal is.
const WIDTH: u16 = 100;

/// Writes data to standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Writes one JSON document.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}

/// Writes rows as CSV that no spreadsheet runs as formulas.
pub(crate) fn print_csv(header: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<()> {
    let mut bytes = Vec::new();
    let mut writer = SafeWriter::new(&mut bytes, header)?;
    for row in rows {
        writer.row(&row)?;
    }
    writer.finish()?;
    print(&String::from_utf8_lossy(&bytes))
}

/// Says something to whoever runs the program. Nobody may be there to read it, which is no fault.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether a fault is that the reader of the output went away.
pub(crate) fn is_closed_pipe(fault: &anyhow::Error) -> bool {
    let closed = |e: &(dyn std::error::Error + 'static)| {
        e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    fault.chain().any(closed)
}

/// A table for people: at most as wide as the terminal, and never above a hundred columns without
/// one. Columns named in `right` hold numbers.
pub(crate) fn table(header: &[&str], right: &[usize], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    let width = if io::stdout().is_terminal() { table.width().map_or(WIDTH, |w| w.min(WIDTH)) } else { WIDTH };
    table.set_width(width).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for at in right {
        if let Some(column) = table.column_mut(*at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    // A table without a frame at its sides needs no blanks there.
    let lines = table.lines().map(|l| l.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// A whole number with separators for thousands.
pub(crate) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// A share in thousandths as a percentage with one decimal.
pub(crate) fn percent(per_mille: i64) -> String {
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}

/// Text broken into lines of at most a hundred columns, the later ones set in.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let most = usize::from(WIDTH);
    let mut lines: Vec<String> = Vec::new();
    let mut line = " ".repeat(indent);
    for word in text.split_whitespace() {
        let empty = line.trim().is_empty();
        if !empty && line.chars().count() + 1 + word.chars().count() > most {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        if !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}

/// A bar on standard error that is there on a terminal only.
pub(crate) fn progress(what: &str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(what.to_owned());
    // A template of ours that does not parse falls back to the library's own.
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {human_pos}/{human_len}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(percent(1_000), "100.0 %");
        assert_eq!(percent(7), "0.7 %");
    }

    #[test]
    fn tables_and_text_stay_inside_a_hundred_columns() {
        let long = "a rather long sentence about a product that nobody can make in time ".repeat(4);
        let shown = table(&["one", "two"], &[1], [vec![long.clone(), "1".to_owned()]]);
        assert!(shown.lines().all(|l| l.chars().count() <= 100), "{shown}");
        let text = wrapped(&long, 4);
        assert!(text.lines().all(|l| l.chars().count() <= 100 && l.starts_with("    ")), "{text}");
    }
}
