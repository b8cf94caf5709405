//! The cells of one line, read into values. A cell that is wrong adds a fault and yields a stand-in
//! that nobody sees, since a load with any fault is refused as a whole.

pub(super) use domain::catalogue::is_nace;
use domain::{decimal::Decimal, geo::Point, time::Day};

use super::{
    fault::SeedErrors,
    sheet::{Keys, Sheet},
};

/// One line of a sheet.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) line: usize,
    pub(super) cells: &'a [String],
}

impl<'a> Cells<'a> {
    /// Adds a fault of a cell of this line.
    pub(super) fn fault(&self, faults: &mut SeedErrors, column: &str, reason: impl Into<String>) {
        faults.push(&self.sheet.file, self.line, column, reason);
    }

    /// The cell as it stands, trimmed; empty for a blank one.
    pub(super) fn text(&self, column: &str) -> &'a str {
        let at = self.sheet.columns.iter().position(|c| *c == column);
        at.and_then(|i| self.cells.get(i)).map_or("", String::as_str)
    }

    /// The cell, which must not be blank.
    pub(super) fn required(&self, column: &str, faults: &mut SeedErrors) -> &'a str {
        let text = self.text(column);
        if text.is_empty() {
            self.fault(faults, column, "is blank; fill it in");
        }
        text
    }

    /// The entries of a list that are there, for looking up; their faults are told elsewhere.
    pub(super) fn entries(&self, column: &str) -> Vec<&'a str> {
        self.text(column).split(';').map(str::trim).filter(|e| !e.is_empty()).collect()
    }

    /// The entries of a list, none of them blank; no entry for a blank cell.
    pub(super) fn list(&self, column: &str, faults: &mut SeedErrors) -> Vec<&'a str> {
        let text = self.text(column);
        if text.is_empty() {
            return Vec::new();
        }
        let entries: Vec<&str> = text.split(';').map(str::trim).collect();
        if entries.iter().any(|e| e.is_empty()) {
            self.fault(faults, column, format!("{text:?} has an empty entry; remove the extra semicolon"));
        }
        entries
    }

    /// The same, as owned texts.
    pub(super) fn words(&self, column: &str, faults: &mut SeedErrors) -> Vec<String> {
        self.list(column, faults).into_iter().map(str::to_owned).collect()
    }

    /// The entries of a list, each of which must have a shape.
    pub(super) fn shaped(
        &self,
        column: &str,
        shape: &str,
        fits: impl Fn(&str) -> bool,
        faults: &mut SeedErrors,
    ) -> Vec<String> {
        let entries = self.words(column, faults);
        for entry in entries.iter().filter(|e| !fits(e)) {
            self.fault(faults, column, format!("{entry:?} is not {shape}"));
        }
        entries
    }

    /// A whole number between two limits.
    pub(super) fn whole(&self, column: &str, least: i64, most: i64, faults: &mut SeedErrors) -> i64 {
        let text = self.text(column);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<i64>().ok().filter(|n| digits && (least..=most).contains(n)) {
            Some(n) => n,
            None => {
                let reason = format!("{text:?} is not a whole number from {least} to {most}, in digits only");
                self.fault(faults, column, reason);
                least
            }
        }
    }

    /// One of a list of words, each with its meaning; the first one's meaning where it is none.
    pub(super) fn one_of<T: Copy>(&self, column: &str, words: &[(&str, T)], faults: &mut SeedErrors) -> Option<T> {
        let text = self.text(column);
        let hit = words.iter().find(|(w, _)| *w == text);
        if hit.is_none() {
            let names: Vec<&str> = words.iter().map(|(w, _)| if w.is_empty() { "(blank)" } else { *w }).collect();
            self.fault(faults, column, format!("{text:?} is not one of: {}", names.join(", ")));
        }
        hit.map(|(_, meaning)| *meaning)
    }

    /// A day, if one is written.
    pub(super) fn day(&self, column: &str, faults: &mut SeedErrors) -> Option<Day> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        match Day::parse(text) {
            Ok(day) => Some(day),
            Err(reason) => {
                self.fault(faults, column, reason);
                None
            }
        }
    }

    /// First and last day; the last must not be before the first.
    pub(super) fn span(&self, from: &str, until: &str, faults: &mut SeedErrors) -> (Option<Day>, Option<Day>) {
        let span = (self.day(from, faults), self.day(until, faults));
        if let (Some(first), Some(last)) = span
            && last < first
        {
            self.fault(faults, until, format!("{last} is before {first}; write the last day on which it applies"));
        }
        span
    }

    /// A point from the columns `lat` and `lon`; `None` if both are blank.
    pub(super) fn point(&self, faults: &mut SeedErrors) -> Option<Point> {
        let (lat, lon) = (self.text("lat"), self.text("lon"));
        if lat.is_empty() && lon.is_empty() {
            return None;
        }
        let mut degrees = |column: &str, text: &str| match text.parse::<Decimal>() {
            Ok(number) => Some(number),
            Err(error) => {
                self.fault(faults, column, format!("{text:?} {error}; write decimal degrees, e.g. 52.5"));
                None
            }
        };
        let (lat, lon) = (degrees("lat", lat), degrees("lon", lon));
        match Point::from_degrees("", lat?, lon?) {
            Ok(point) => Some(point),
            Err(violations) => {
                for v in violations.as_slice() {
                    let column = if v.pointer.is_empty() { "lat" } else { v.pointer.trim_start_matches('/') };
                    self.fault(faults, column, v.detail.clone());
                }
                None
            }
        }
    }

    /// A key of another sheet, or nothing where the cell is blank.
    pub(super) fn reference(&self, column: &str, keys: &Keys, faults: &mut SeedErrors) -> Option<&'a str> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        self.check_key(column, text, keys, faults);
        Some(text)
    }

    /// A key of another sheet, which must be there.
    pub(super) fn required_reference(&self, column: &str, keys: &Keys, faults: &mut SeedErrors) -> &'a str {
        let text = self.required(column, faults);
        if !text.is_empty() {
            self.check_key(column, text, keys, faults);
        }
        text
    }

    /// Keys of another sheet, each once.
    pub(super) fn references(&self, column: &str, keys: &Keys, faults: &mut SeedErrors) -> Vec<&'a str> {
        let entries = self.list(column, faults);
        for (i, entry) in entries.iter().enumerate().filter(|(_, e)| !e.is_empty()) {
            self.check_key(column, entry, keys, faults);
            if entries[..i].contains(entry) {
                self.fault(faults, column, format!("names {entry:?} twice; remove one"));
            }
        }
        entries
    }

    fn check_key(&self, column: &str, key: &str, keys: &Keys, faults: &mut SeedErrors) {
        if !keys.has(key) {
            let reason = format!("{key:?} is no {} of {}; correct it or add it there", keys.what, keys.name);
            self.fault(faults, column, reason);
        }
    }
}

/// How sure the source of a row is; checked, and kept in the files only but for conversions.
pub(super) const CONFIDENCE: [(&str, ()); 3] = [("high", ()), ("medium", ()), ("low", ())];

/// What [`is_nace`] takes, in words.
pub(super) const NACE_SHAPE: &str = "a NACE code such as 14.13";
