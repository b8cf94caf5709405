//! Text into records: the delimiter found outside quotes, each record with the line it starts on.
//!
//! Written by hand rather than with a CSV library because those accept what must be refused here:
//! a quote that never closes swallows the rest of a file without a word (field case IMP-19).

use super::FileError;

/// A record: its cells, and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Physical line it starts on, 1 for the first of the file.
    pub line: u32,
    /// The cells, quotes undone.
    pub cells: Vec<String>,
    /// The first cell (from 0) with text behind its closing quote, if any.
    pub stray_quote: Option<usize>,
}

impl Record {
    /// Whether nothing stands in it, as in the `;;;;` rows that spreadsheets leave at the end.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|c| c.trim().is_empty())
    }
}

/// The records of a file, the header first.
pub(crate) struct Sheet {
    pub header: Record,
    pub rows: Vec<Record>,
}

const CANDIDATES: [char; 3] = [',', ';', '\t'];
/// Records looked at to tell delimiters apart.
const SAMPLE: usize = 20;

/// Splits a file. Blank lines before the header are passed over; a first line `sep=;` names the
/// delimiter, as does `declared`.
pub(crate) fn split(text: &str, declared: Option<char>) -> Result<Sheet, FileError> {
    let (named, body, skipped) = separator_line(text);
    let delimiter = match declared.or(named) {
        Some(d) => d,
        None => detect(body)?,
    };
    let mut records = Scanner::new(body, delimiter, skipped + 1);
    let header = loop {
        match records.next_record()? {
            Some(r) if r.is_blank() => {}
            Some(r) => break r,
            None => return Err(FileError::Empty),
        }
    };
    let mut rows = Vec::new();
    while let Some(record) = records.next_record().map_err(|e| e.after_rows(rows.len()))? {
        rows.push(record);
    }
    Ok(Sheet { header, rows })
}

/// The delimiter of a leading `sep=` line, the text behind it, and how many lines it took.
fn separator_line(text: &str) -> (Option<char>, &str, u32) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let bare = first.trim_end_matches('\r').trim_matches('"');
    let named = bare.get(..4).filter(|p| p.eq_ignore_ascii_case("sep=")).and_then(|_| bare.get(4..));
    match named.map(|n| (n.chars().next(), n.chars().count())) {
        Some((Some(d), 1)) => (Some(d), rest, 1),
        _ => (None, text, 0),
    }
}

/// The candidate that makes columns: all sampled records with as many cells as the header before
/// others, then the one with more columns. A tie is refused; a file without any is one column.
fn detect(text: &str) -> Result<char, FileError> {
    let mut best: Vec<(bool, usize, char)> = Vec::new();
    for delimiter in CANDIDATES {
        let mut scanner = Scanner::new(text, delimiter, 1);
        let mut widths = Vec::new();
        // A faulty quote is reported by the real reading, with its line.
        while let Ok(Some(record)) = scanner.next_record() {
            if !record.is_blank() {
                widths.push(record.cells.len());
            }
            if widths.len() == SAMPLE {
                break;
            }
        }
        let width = widths.first().copied().unwrap_or(0);
        if width > 1 {
            best.push((widths.iter().all(|w| *w == width), width, delimiter));
        }
    }
    best.sort_unstable_by_key(|b| std::cmp::Reverse((b.0, b.1)));
    match best.as_slice() {
        [] => Ok(','),
        [first, second, ..] if (first.0, first.1) == (second.0, second.1) => {
            Err(FileError::AmbiguousDelimiter { one: first.2, other: second.2 })
        }
        [first, ..] => Ok(first.2),
    }
}

struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    delimiter: char,
    line: u32,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, delimiter: char, line: u32) -> Self {
        Self { rest: text.chars().peekable(), delimiter, line }
    }

    fn next_record(&mut self) -> Result<Option<Record>, FileError> {
        if self.rest.peek().is_none() {
            return Ok(None);
        }
        let mut record = Record { line: self.line, cells: Vec::new(), stray_quote: None };
        loop {
            let (cell, stray) = self.cell()?;
            if stray && record.stray_quote.is_none() {
                record.stray_quote = Some(record.cells.len());
            }
            record.cells.push(cell);
            match self.rest.next() {
                Some(c) if c == self.delimiter => {}
                Some('\r') => {
                    self.rest.next_if_eq(&'\n');
                    self.line = self.line.saturating_add(1);
                    return Ok(Some(record));
                }
                Some(_) => {
                    self.line = self.line.saturating_add(1);
                    return Ok(Some(record));
                }
                None => return Ok(Some(record)),
            }
        }
    }

    /// One cell up to its delimiter, and whether text stood behind its closing quote.
    fn cell(&mut self) -> Result<(String, bool), FileError> {
        let mut cell = String::new();
        if self.rest.peek() != Some(&'"') {
            self.plain(&mut cell);
            return Ok((cell, false));
        }
        self.rest.next();
        let opened = self.line;
        loop {
            match self.rest.next() {
                Some('"') if self.rest.next_if_eq(&'"').is_some() => cell.push('"'),
                Some('"') => break,
                Some(c) => {
                    let lone_return = c == '\r' && self.rest.peek() != Some(&'\n');
                    self.line = self.line.saturating_add(u32::from(c == '\n' || lone_return));
                    cell.push(c);
                }
                None => return Err(FileError::UnclosedQuote { line: opened, rows: 0 }),
            }
        }
        let length = cell.len();
        self.plain(&mut cell);
        let stray = cell.len() > length && !cell[length..].trim().is_empty();
        if stray && self.line > opened {
            // The quote ran over several lines and closed in the middle of text: rows are lost in it.
            return Err(FileError::UnclosedQuote { line: opened, rows: 0 });
        }
        if !stray {
            cell.truncate(length);
        }
        Ok((cell, stray))
    }

    fn plain(&mut self, cell: &mut String) {
        while let Some(c) = self.rest.next_if(|c| *c != self.delimiter && *c != '\n' && *c != '\r') {
            cell.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u32, Vec<String>)> {
        split(text, None).unwrap().rows.into_iter().map(|r| (r.line, r.cells)).collect()
    }

    #[test]
    fn lines_are_physical() {
        let text = "\n a;b\r\n1;\"x\r\ny\"\r\n\r\n2;\"say \"\"hi\"\"\"\n";
        let rows = lines(text);
        assert_eq!(rows[0], (3, vec!["1".to_owned(), "x\r\ny".to_owned()]));
        assert_eq!(rows[1].0, 5);
        assert_eq!(rows[2], (6, vec!["2".to_owned(), "say \"hi\"".to_owned()]));
        assert_eq!(lines("a,b\r1,2\r3,4")[1].0, 3, "old Mac line ends");
    }

    #[test]
    fn delimiters_are_found_outside_quotes() {
        assert_eq!(detect("\"a;b;c\",d\n\"1;2;3\",4").unwrap(), ',');
        assert_eq!(detect("a;b\n1,5;2\n").unwrap(), ';');
        assert_eq!(detect("a\tb\n1,5\t2,5").unwrap(), '\t');
        assert_eq!(detect("amount (net, gross);b\n1;2").unwrap(), ';');
        assert_eq!(detect("product\nFFP2").unwrap(), ',');
        assert!(matches!(detect("a,b;c"), Err(FileError::AmbiguousDelimiter { .. })));
        let sheet = split("sep=|\na|b\n1|2", None).unwrap();
        assert_eq!((sheet.header.line, sheet.rows[0].line, sheet.rows[0].cells.len()), (2, 3, 2));
    }

    #[test]
    fn quotes_inside_plain_cells_are_text() {
        assert_eq!(lines("a;b\nMaske 5\" breit;1")[0].1[0], "Maske 5\" breit");
        let sheet = split("a;b\n\"Maske 5\" breit;1\n2;3", None).unwrap();
        assert_eq!((sheet.rows[0].stray_quote, sheet.rows.len()), (Some(0), 2));
    }
}
