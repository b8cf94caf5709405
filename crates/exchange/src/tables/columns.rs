//! Which column holds what: by header, never by place (field case IMP-16).

use std::collections::BTreeMap;

use domain::text;

use super::{Field, FileError, Kind, Mapping, sheet::Record};

/// The columns of a file that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    headers: Vec<String>,
    at: BTreeMap<Field, usize>,
    external_id: Vec<usize>,
}

impl Columns {
    /// Finds the columns of a header: first those the mapping names, then by our names and
    /// synonyms. Duplicate and unknown columns are refused unless the mapping leaves them out.
    pub(crate) fn find(header: &Record, rows: &[Record], mapping: &Mapping) -> Result<Self, FileError> {
        let mut headers: Vec<String> = header.cells.iter().map(|c| c.trim().to_owned()).collect();
        // Spreadsheets leave nameless, empty columns at the right.
        while headers.last().is_some_and(String::is_empty)
            && !mapping_names(mapping, "")
            && rows.iter().all(|r| r.cells.get(headers.len() - 1).is_none_or(|c| c.trim().is_empty()))
        {
            headers.pop();
        }
        let named = |word: &str| -> Vec<usize> {
            let wanted = bare(word);
            (0..headers.len()).filter(|i| bare(&headers[*i]) == wanted).collect()
        };
        let ignored: Vec<usize> = mapping.ignore.iter().flat_map(|h| named(h)).collect();
        // Nameless columns are unknown ones, unless the mapping means one of them.
        let nameless = |i: &usize| headers[*i].is_empty() && !mapping_names(mapping, "");
        let passed_over: Vec<usize> = (0..headers.len()).filter(|i| ignored.contains(i) || nameless(i)).collect();
        refuse_duplicates(&headers, &passed_over)?;
        let mut at: BTreeMap<Field, usize> = BTreeMap::new();
        let mut missing = Vec::new();
        for (field, header) in &mapping.columns {
            match named(header).first() {
                Some(i) => _ = at.insert(field.clone(), *i),
                None => missing.push(format!("{header:?} ({field})")),
            }
        }
        let mut external_id = Vec::new();
        for header in &mapping.external_id {
            match named(header).first() {
                Some(i) => external_id.push(*i),
                None => missing.push(format!("{header:?} (external_id)")),
            }
        }
        if !missing.is_empty() {
            return Err(FileError::MappedColumnMissing { missing: missing.join(", "), present: list(&headers) });
        }
        let mut unknown = Vec::new();
        for (i, header) in headers.iter().enumerate() {
            if ignored.contains(&i) || external_id.contains(&i) || at.values().any(|x| *x == i) {
                continue;
            }
            match Field::of_header(header, mapping.kind) {
                Some(field) if !mapping.columns.contains_key(&field) => {
                    if let Some(other) = at.insert(field.clone(), i) {
                        return Err(FileError::DuplicateColumn {
                            column: field.code(),
                            first: place(&headers, other),
                            second: place(&headers, i),
                        });
                    }
                }
                _ if mapping.ignore_unknown => {}
                _ => unknown.push((header.clone(), Field::nearest(header, mapping.kind))),
            }
        }
        if !unknown.is_empty() {
            return Err(FileError::UnknownColumns(unknown));
        }
        if external_id.is_empty() {
            external_id.extend(at.get(&Field::ExternalId).copied());
        }
        let columns = Self { headers, at, external_id };
        columns.require(mapping)?;
        Ok(columns)
    }

    fn require(&self, mapping: &Mapping) -> Result<(), FileError> {
        let has = |f: &Field| self.at.contains_key(f) || mapping.constants.contains_key(f);
        let mut missing = Vec::new();
        if !has(&Field::Product) {
            missing.push("product".to_owned());
        }
        match mapping.kind {
            Kind::Offers => {
                let any = [Field::Quantity, Field::Running, Field::Maximum, Field::Convertible];
                if !any.iter().any(has) {
                    missing.push("quantity (or running, maximum, convertible)".to_owned());
                }
            }
            Kind::Needs => {
                if !has(&Field::Quantity) {
                    missing.push("quantity".to_owned());
                }
                if !has(&Field::Due) && mapping.due_days.is_none() {
                    missing.push("due".to_owned());
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(FileError::ColumnMissing { missing: missing.join(" and "), present: list(&self.headers) })
    }

    /// How many cells a row has.
    pub fn count(&self) -> usize {
        self.headers.len()
    }

    /// The header at a place.
    pub fn header(&self, at: usize) -> Option<&str> {
        self.headers.get(at).map(String::as_str)
    }

    /// Where a column of ours stands.
    pub fn at(&self, field: &Field) -> Option<usize> {
        self.at.get(field).copied()
    }

    /// The header of a column of ours, or its own name where the file lacks it.
    pub fn name(&self, field: &Field) -> String {
        match self.at(field).and_then(|i| self.header(i)) {
            Some(header) if !header.is_empty() => header.to_owned(),
            _ => field.code(),
        }
    }

    /// The columns of ours that the file has.
    pub fn fields(&self) -> impl Iterator<Item = (&Field, usize)> {
        self.at.iter().map(|(f, i)| (f, *i))
    }

    /// The columns that together are the external id.
    pub fn external_id(&self) -> &[usize] {
        &self.external_id
    }

    /// The columns that are read at all, in the order of the file.
    pub fn used(&self) -> Vec<usize> {
        let mut used: Vec<usize> = self.at.values().chain(&self.external_id).copied().collect();
        used.sort_unstable();
        used.dedup();
        used
    }
}

fn mapping_names(mapping: &Mapping, header: &str) -> bool {
    let headers = mapping.columns.values().chain(&mapping.external_id).chain(&mapping.ignore);
    headers.into_iter().any(|h| bare(h) == header)
}

/// A header without case, accents, blanks and signs; one of nothing but signs as it stands.
fn bare(header: &str) -> String {
    let squeezed = text::squeeze(header);
    if squeezed.is_empty() { header.trim().to_owned() } else { squeezed }
}

fn refuse_duplicates(headers: &[String], ignored: &[usize]) -> Result<(), FileError> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (i, header) in headers.iter().enumerate().filter(|(i, _)| !ignored.contains(i)) {
        if let Some(other) = seen.insert(bare(header), i) {
            return Err(FileError::DuplicateColumn {
                column: header.clone(),
                first: place(headers, other),
                second: place(headers, i),
            });
        }
    }
    Ok(())
}

fn place(headers: &[String], at: usize) -> String {
    let letter = u8::try_from(at).ok().filter(|i| *i < 26).map(|i| char::from(b'A' + i));
    match letter {
        Some(letter) => format!("{} (column {letter})", headers[at]),
        None => format!("{} (column {})", headers[at], at + 1),
    }
}

fn list(headers: &[String]) -> String {
    headers.iter().map(|h| format!("{h:?}")).collect::<Vec<_>>().join(", ")
}
