//! One CSV file: header, lines and keys, with the place of every cell.

use std::collections::{BTreeMap, HashMap};

use domain::text;

use super::{cells::Cells, fault::SeedErrors, files::SeedFiles};

/// A file whose header was understood, or which has no usable lines.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) file: String,
    /// The file's name alone, as reasons cite it.
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    lines: Vec<Line>,
    /// Whether every column is there; without one no line is checked.
    whole: bool,
    at: HashMap<&'static str, usize>,
}

#[derive(Debug)]
struct Line {
    number: usize,
    cells: Vec<String>,
    /// As many cells as the header has columns, and all of them clean text.
    sound: bool,
}

/// The keys that a sheet defines, with the line that defines each.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) lines: BTreeMap<String, usize>,
    /// What one of them is, e.g. `product`.
    pub(super) what: &'static str,
    /// The file that lists them.
    pub(super) name: &'static str,
    /// Whether the key column was there; else nothing can be said about references.
    pub(super) known: bool,
}

impl Keys {
    /// The same keys and further ones.
    pub(super) fn with<'a>(&self, what: &'static str, further: impl Iterator<Item = &'a str>) -> Self {
        let mut lines = self.lines.clone();
        lines.extend(further.map(|key| (key.to_owned(), 0)));
        Self { lines, what, name: self.name, known: self.known }
    }

    /// Whether a key is defined; any is where the key column is missing.
    pub(super) fn has(&self, key: &str) -> bool {
        !self.known || self.lines.contains_key(key)
    }
}

impl Sheet {
    /// Reads a file of the given columns. Faults: missing file, header that lacks a column, has one
    /// twice or an unknown one, lines with too many or too few cells, broken text.
    pub(super) fn read(
        files: &SeedFiles,
        path: &'static str,
        columns: &'static [&'static str],
        faults: &mut SeedErrors,
    ) -> Self {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let mut sheet =
            Self { file: files.shown(path), name, columns, lines: Vec::new(), whole: false, at: HashMap::new() };
        let Some(content) = files.get(path) else {
            faults.push(&sheet.file, 0, "", "is missing");
            return sheet;
        };
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content.as_bytes());
        let mut place = Place { content, offset: 0, line: 1 };
        let mut width = None;
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    faults.push(&sheet.file, place.line, "", format!("cannot be read from here on: {error}"));
                    break;
                }
            };
            let number = place.line_of(record.position().map_or(0, csv::Position::byte));
            match width {
                None => {
                    sheet.header(number, &record, faults);
                    width = Some(record.len());
                }
                Some(width) => sheet.line(number, width, &record, faults),
            }
        }
        if width.is_none() {
            faults.push(&sheet.file, 1, "", format!("is empty; write the header {}", columns.join(",")));
        }
        sheet
    }

    fn header(&mut self, number: usize, record: &csv::StringRecord, faults: &mut SeedErrors) {
        let mut sound = true;
        for (i, cell) in record.iter().enumerate() {
            let name = cell.trim();
            match self.columns.iter().find(|c| **c == name) {
                Some(column) if self.at.contains_key(column) => {
                    faults.push(&self.file, number, column, "stands twice in the header; remove one");
                    sound = false;
                }
                Some(column) => {
                    self.at.insert(column, i);
                }
                None if record.len() == 1 && name.contains(';') => {
                    faults.push(&self.file, number, "", "is separated by semicolons; save it separated by commas");
                    return;
                }
                None => {
                    let reason = format!("is no column of this file; it has: {}", self.columns.join(", "));
                    faults.push(&self.file, number, name, reason);
                    sound = false;
                }
            }
        }
        for column in self.columns.iter().filter(|c| !self.at.contains_key(*c)) {
            faults.push(&self.file, number, column, "is missing from the header; add the column");
            sound = false;
        }
        self.whole = sound;
    }

    fn line(&mut self, number: usize, width: usize, record: &csv::StringRecord, faults: &mut SeedErrors) {
        let mut sound = record.len() == width;
        if !sound {
            let reason = format!(
                "has {} cells where the header has {width}; put a cell that holds a comma in quotes",
                record.len()
            );
            faults.push(&self.file, number, "", reason);
        }
        let mut cells = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            let raw = self.at.get(column).and_then(|i| record.get(*i)).unwrap_or_default();
            let clean = if raw.contains(['\n', '\r']) {
                Err("holds a line break; look for a quote that is not closed".to_owned())
            } else {
                text::note("", raw).map_err(|v| v.as_slice().first().map_or_else(String::new, |v| v.detail.clone()))
            };
            cells.push(clean.unwrap_or_else(|reason| {
                faults.push(&self.file, number, column, reason);
                sound = false;
                String::new()
            }));
        }
        self.lines.push(Line { number, cells, sound });
    }

    /// The lines whose cells can be checked.
    pub(super) fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        let sound = self.lines.iter().filter(|l| l.sound && self.whole);
        sound.map(|l| Cells { sheet: self, line: l.number, cells: &l.cells })
    }

    /// Something of each row by its code; of the first one where a code is listed twice.
    pub(super) fn by_code<'a, T>(&'a self, of: impl Fn(Cells<'a>) -> T) -> HashMap<&'a str, T> {
        let mut found = HashMap::new();
        for row in self.rows() {
            found.entry(row.text("code")).or_insert_with(|| of(row));
        }
        found
    }

    /// The keys of a column. A blank key, one with blanks or signs in it, and one listed twice are
    /// faults.
    pub(super) fn keys(&self, column: &'static str, what: &'static str, faults: &mut SeedErrors) -> Keys {
        let known = self.at.contains_key(column);
        let mut keys = Keys { lines: BTreeMap::new(), what, name: self.name, known };
        for line in self.lines.iter().filter(|_| known) {
            let cells = Cells { sheet: self, line: line.number, cells: &line.cells };
            let key = cells.text(column);
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if key.is_empty() {
                if line.sound {
                    cells.fault(faults, column, format!("is blank; write the code of the {what}"));
                }
            } else if !key.chars().all(legal) {
                let reason = format!("{key:?} is no code; write letters, digits, hyphens, underscores and dots only");
                cells.fault(faults, column, reason);
            } else if let Some(first) = keys.lines.get(key) {
                cells.fault(faults, column, format!("{key:?} is listed on line {first} already; remove one"));
                continue;
            }
            keys.lines.insert(key.to_owned(), line.number);
        }
        keys
    }
}

/// Counts physical lines up to a record, past the blank lines before it.
struct Place<'a> {
    content: &'a str,
    offset: usize,
    line: usize,
}

impl Place<'_> {
    fn line_of(&mut self, byte: u64) -> usize {
        let bytes = self.content.as_bytes();
        let mut to = usize::try_from(byte).unwrap_or(0).clamp(self.offset, bytes.len());
        while bytes.get(to).is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            to += 1;
        }
        self.line += bytes[self.offset..to].iter().filter(|b| **b == b'\n').count();
        self.offset = to;
        self.line
    }
}
