//! One row, read column by column; every fault is collected, none ends the reading.

use std::collections::BTreeMap;

use domain::{
    decimal::Decimal,
    feature::FeatureKind,
    offer::{FeatureInput, PriceInput, Reference},
    quantity::MeasureInput,
    text,
    violation::{Violation, Violations},
};

use super::{
    Field, Replacement, RowFault, RowFlag, Source, UnknownRegion, column_of,
    date::instant,
    fault::{of_violation, part, shown},
};
use crate::{
    number::{self, Fault},
    safe_csv,
};

/// A row being read.
pub(crate) struct Reader<'a> {
    source: &'a Source,
    index: usize,
    pub line: u32,
    /// Words of a column's own table of values.
    own: BTreeMap<Field, String>,
    /// Words that another column's value brings with it.
    implied: BTreeMap<Field, String>,
    /// Why a column's value stands for nothing known.
    unknown: BTreeMap<Field, String>,
    /// Headers of columns whose cell is faulty whatever it should hold: one fault of it is enough.
    spoiled: Vec<String>,
    pub faults: Vec<RowFault>,
    pub flags: Vec<RowFlag>,
}

impl<'a> Reader<'a> {
    /// Starts on a row of a source; what is wrong with cells whatever they hold is found at once.
    pub(crate) fn new(source: &'a Source, index: usize) -> Self {
        let row = &source.rows[index];
        let mut reader = Self {
            source,
            index,
            line: row.line,
            own: BTreeMap::new(),
            implied: BTreeMap::new(),
            unknown: BTreeMap::new(),
            spoiled: Vec::new(),
            faults: Vec::new(),
            flags: Vec::new(),
        };
        reader.check_shape();
        if reader.faults.is_empty() {
            reader.check_cells();
            reader.replace();
            reader.spoiled = reader.faults.iter().map(|f| f.column.clone()).collect();
        }
        reader
    }

    /// Whether the row has the cells of the header, so that columns mean anything.
    pub(crate) fn has_shape(&self) -> bool {
        !self.faults.iter().any(|f| matches!(f.code, "wrong_cell_count" | "stray_quote"))
    }

    fn check_shape(&mut self) {
        let row = &self.source.rows[self.index];
        let columns = &self.source.layout.columns;
        if let Some(at) = row.stray_quote {
            let cell = row.cells.get(at).map(String::as_str).unwrap_or_default();
            let column = columns.header(at).unwrap_or_default().to_owned();
            let reason = format!("{:?} has text behind its closing quote", shown(cell));
            self.push_named(column, cell, "stray_quote", &reason, "write a quote inside a quoted cell twice");
            return;
        }
        let surplus = row.cells.iter().skip(columns.count()).any(|c| !c.trim().is_empty());
        if row.cells.len() < columns.count() || surplus {
            let reason = format!("the row has {} cells, the header {}", row.cells.len(), columns.count());
            let remedy = "quote cells that contain the delimiter, and write every cell even if it is empty";
            let last = row.cells.last().map(String::as_str).unwrap_or_default();
            self.push_named(String::new(), last, "wrong_cell_count", &reason, remedy);
        }
    }

    fn check_cells(&mut self) {
        let row = &self.source.rows[self.index];
        let columns = &self.source.layout.columns;
        for at in columns.used() {
            let Some(cell) = row.cells.get(at) else { continue };
            let column = || columns.header(at).unwrap_or_default().to_owned();
            // Breaks and tabs are for the column to judge: a note may hold them, a name may not.
            if let Some(c) = cell.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                let reason = format!("holds the invisible character U+{:04X}", u32::from(c));
                self.push_named(column(), cell, "control_character", &reason, "remove it");
            } else if is_spreadsheet_error(cell.trim()) {
                let reason = format!("{:?} is a spreadsheet's error", cell.trim());
                self.push_named(column(), cell, "spreadsheet_error", &reason, "mend the formula and export again");
            }
        }
    }

    fn replace(&mut self) {
        for (field, table) in &self.source.layout.mapping.values {
            let Some(cell) = self.cell(field) else { continue };
            match table.get(&text::fold(&cell)) {
                None => {}
                Some(Replacement::Words(words)) => {
                    for (to, word) in words {
                        let map = if to == field { &mut self.own } else { &mut self.implied };
                        map.insert(to.clone(), word.clone());
                    }
                }
                Some(Replacement::Unknown(reason)) => {
                    self.unknown.insert(field.clone(), reason.clone());
                }
                Some(Replacement::Refuse(reason)) => {
                    let reason = format!("{cell:?} is {reason}");
                    self.push(field, "refused_value", &reason, "remove the row, or correct the cell");
                }
            }
        }
    }

    /// The cell of a column as it stands, trimmed and without the mark of [`safe_csv`]; `None` where blank.
    fn cell(&self, field: &Field) -> Option<String> {
        let at = self.source.layout.columns.at(field)?;
        let cell = safe_csv::restore(self.source.rows[self.index].cells.get(at)?).trim();
        (!cell.is_empty()).then(|| cell.to_owned())
    }

    /// What a column says: its word in the mapping, its cell, what another column implies, or the
    /// constant; `None` where none of them says anything.
    pub(crate) fn text(&self, field: &Field) -> Option<String> {
        if self.unknown.contains_key(field) || self.is_spoiled(field) {
            return None;
        }
        let mapping = &self.source.layout.mapping;
        let cell = || {
            let cell = self.cell(field)?;
            Some(mapping.prefixes.get(field).map_or_else(|| cell.clone(), |p| format!("{p}{cell}")))
        };
        self.own
            .get(field)
            .cloned()
            .or_else(cell)
            .or_else(|| self.implied.get(field).cloned())
            .or_else(|| mapping.constants.get(field).cloned())
    }

    /// Whether the file has a column, whatever stands in it.
    pub(crate) fn has_column(&self, field: &Field) -> bool {
        self.source.layout.columns.at(field).is_some()
    }

    fn is_spoiled(&self, field: &Field) -> bool {
        !self.spoiled.is_empty() && self.spoiled.contains(&self.source.layout.columns.name(field))
    }

    /// Whether the row itself, not a constant, says what a column holds.
    pub(crate) fn is_stated(&self, field: &Field) -> bool {
        self.cell(field).is_some()
    }

    /// Why the mapping says that a column's value stands for nothing known.
    pub(crate) fn unknown(&self, field: &Field) -> Option<&str> {
        self.unknown.get(field).map(String::as_str)
    }

    /// A name, as the domain keeps names.
    pub(crate) fn name(&mut self, field: &Field) -> Option<String> {
        let typed = self.text(field)?;
        match text::name("", &typed) {
            Ok(name) => {
                if text::mixes_scripts(&name) {
                    self.flag(
                        field,
                        "mixed_scripts",
                        "mixes letters of look-alike scripts; somebody should look at it",
                    );
                }
                Some(name)
            }
            Err(faults) => {
                self.push_violations(field, &faults);
                None
            }
        }
    }

    /// A number, by the declared format.
    pub(crate) fn number(&mut self, field: &Field) -> Option<Decimal> {
        let typed = self.text(field)?;
        // Constants and the mapping's own words are ours, not theirs.
        let theirs = self.is_stated(field) && !self.own.contains_key(field);
        let format = if theirs { self.source.layout.mapping.locale } else { number::Locale::Dot };
        match number::parse(&typed, format) {
            Ok(number) => Some(number),
            Err(error) => {
                let (reason, remedy) = part(&error.to_string());
                self.push(field, error.code(), &reason, &remedy);
                None
            }
        }
    }

    /// A whole number, e.g. of days or kilometres.
    pub(crate) fn whole(&mut self, field: &Field) -> Option<i64> {
        let number = self.number(field)?;
        let whole = number.scaled_to_whole(1, 1).and_then(|n| i64::try_from(n).ok());
        if whole.is_none() {
            self.push(field, "fractional", &format!("{number} is no whole number here"), "round it");
        }
        whole
    }

    /// A day as `YYYY-MM-DD`.
    pub(crate) fn day(&mut self, field: &Field) -> Option<String> {
        let typed = self.text(field)?;
        match self.source.layout.mapping.dates.day(&typed) {
            Ok(day) => Some(day.to_string()),
            Err(detail) => {
                let (reason, remedy) = part(&detail);
                self.push(field, "bad_date", &reason, &remedy);
                None
            }
        }
    }

    /// An instant.
    pub(crate) fn instant(&mut self, field: &Field) -> Option<domain::time::Instant> {
        let typed = self.text(field)?;
        instant(&typed)
            .map_err(|detail| {
                let (reason, remedy) = part(&detail);
                self.push(field, "bad_instant", &reason, &remedy);
            })
            .ok()
    }

    /// Yes or no, in the words of several languages.
    pub(crate) fn flag_value(&mut self, field: &Field) -> Option<bool> {
        let typed = self.text(field)?;
        let value = yes_or_no(&typed);
        if value.is_none() {
            self.push(field, "bad_flag", &format!("{typed:?} is neither yes nor no"), "write yes or no");
        }
        value
    }

    /// Words separated by `;`, `|` or line breaks.
    pub(crate) fn list(&self, field: &Field) -> Vec<String> {
        self.text(field).map(|t| words(&t)).unwrap_or_default()
    }

    /// A quantity in the unit and pack size of the row.
    pub(crate) fn measure(&mut self, field: &Field) -> Option<MeasureInput> {
        let value = self.number(field)?;
        let pack_size = self.text(&Field::PackSize).and_then(|_| self.pack_size());
        Some(MeasureInput { value, unit: self.text(&Field::Unit), pack_size, pack_unit: self.text(&Field::PackUnit) })
    }

    fn pack_size(&mut self) -> Option<Decimal> {
        // Several quantities share it; its fault is one.
        let known = self.faults.len();
        let size = self.number(&Field::PackSize);
        if self.faults[..known].iter().any(|f| f.column == self.source.layout.columns.name(&Field::PackSize)) {
            self.faults.truncate(known);
        }
        size
    }

    /// An amount of money in the currency of the row.
    pub(crate) fn price(&mut self, field: &Field) -> Option<PriceInput> {
        let amount = self.number(field)?;
        Some(PriceInput { amount, currency: self.text(&Field::Currency).unwrap_or_default() })
    }

    /// A product's word, unless a spreadsheet made a date of it.
    pub(crate) fn product(&mut self) -> String {
        let typed = self.text(&Field::Product).unwrap_or_default();
        if typed.is_empty() {
            self.push(&Field::Product, "blank", "is blank", "write a product code or name");
        } else if number::parse(&typed, number::Locale::None).is_err_and(|e| e.fault == Fault::Date) {
            let reason = format!("{typed:?} is a date");
            self.push(&Field::Product, "date_in_text", &reason, "format the cell as text and write the product again");
        }
        typed
    }

    /// The values of all feature columns of one prefix, read as the catalogue's kind of feature says.
    pub(crate) fn features(&mut self, preferred: bool, at: &Reference<'_>) -> Vec<(String, FeatureInput)> {
        let mapping = &self.source.layout.mapping;
        let columns = self.source.layout.columns.fields().map(|(f, _)| f);
        let mut fields: Vec<Field> =
            columns.chain(mapping.constants.keys()).chain(self.implied.keys()).cloned().collect();
        fields.sort();
        fields.dedup();
        let mut found = Vec::new();
        for field in fields {
            let code = match &field {
                Field::Feature(code) if !preferred => code.clone(),
                Field::Prefer(code) if preferred => code.clone(),
                _ => continue,
            };
            let Some(typed) = self.text(&field) else { continue };
            let value = match at.catalogue.feature(&code).map(|f| f.kind) {
                Some(FeatureKind::Flag) => self.flag_value(&field).map(FeatureInput::Flag),
                Some(FeatureKind::Integer) => self.number(&field).map(FeatureInput::Number),
                Some(FeatureKind::Sizes) => Some(FeatureInput::List(words(&typed))),
                // An unknown one is for the domain to refuse, with the product's own list.
                Some(FeatureKind::Choice) | None => Some(FeatureInput::Text(typed)),
            };
            found.extend(value.map(|v| (code, v)));
        }
        found
    }

    /// The header of a column and what stands in it, or what the mapping puts there.
    fn shown_cell(&self, field: &Field) -> (String, String) {
        let (column, value) = self.source.cell(field, self.index);
        match self.source.layout.columns.at(field) {
            Some(_) => (column, value),
            None => (column, self.text(field).unwrap_or(value)),
        }
    }

    /// Adds a fault of a column.
    pub(crate) fn push(&mut self, field: &Field, code: &'static str, reason: &str, remedy: &str) {
        if !self.is_spoiled(field) {
            let (column, value) = self.shown_cell(field);
            self.push_named(column, &value, code, reason, remedy);
        }
    }

    fn push_named(&mut self, column: String, value: &str, code: &'static str, reason: &str, remedy: &str) {
        self.faults.push(RowFault {
            line: self.line,
            column,
            value: shown(value),
            code,
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        });
    }

    /// Adds the faults that the domain found with a column.
    pub(crate) fn push_violations(&mut self, field: &Field, violations: &Violations) {
        for v in violations.as_slice() {
            let (column, value) = self.shown_cell(field);
            self.faults.push(of_violation(v, self.line, column, &value));
        }
    }

    /// Keeps what a check of the domain gave, or its faults, each at its column.
    pub(crate) fn keep<T>(&mut self, checked: Result<T, Violations>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(violations) => {
                let known = self.faults.len();
                violations.as_slice().iter().for_each(|v| self.keep_violation(v, known));
                None
            }
        }
    }

    /// Adds a fault that the domain found, unless the cell it points at is among the first `known`
    /// faults: a quantity that could not be read is not missing as well.
    pub(crate) fn keep_violation(&mut self, v: &Violation, known: usize) {
        let unread = self.faults.get(..known).unwrap_or_default();
        let (mut field, _) = column_of(v, self.source.layout.mapping.kind);
        let columns = &self.source.layout.columns;
        if let Field::Feature(code) = &field
            && columns.at(&field).is_none()
            && columns.at(&Field::Prefer(code.clone())).is_some()
        {
            field = Field::Prefer(code.clone());
        }
        if v.code == "no_capacity" {
            let quantities = [Field::Quantity, Field::Running, Field::Maximum, Field::Convertible];
            if unread.iter().any(|f| quantities.iter().any(|q| columns.name(q) == f.column)) {
                return;
            }
            field = quantities.into_iter().find(|q| columns.at(q).is_some()).unwrap_or(field);
        }
        let (column, value) = self.shown_cell(&field);
        if !unread.iter().any(|f| f.column == column) {
            self.faults.push(of_violation(v, self.line, column, &value));
        }
    }

    /// What the mapping says of a region that cannot be read.
    pub(crate) fn unknown_region(&self) -> UnknownRegion {
        self.source.layout.mapping.unknown_region
    }

    /// Adds a remark on a column.
    pub(crate) fn flag(&mut self, field: &Field, code: &'static str, reason: &str) {
        let (column, value) = self.shown_cell(field);
        self.flags.push(RowFlag { line: self.line, column, value: shown(&value), code, reason: reason.to_owned() });
    }
}

/// Words separated by `;`, `|` or line breaks.
fn words(text: &str) -> Vec<String> {
    text.split([';', '|', '\n']).map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn yes_or_no(typed: &str) -> Option<bool> {
    match text::fold(typed).as_str() {
        "yes" | "y" | "true" | "1" | "x" | "ja" | "j" | "wahr" | "oui" | "o" | "vrai" | "si" | "tak" => Some(true),
        "no" | "n" | "false" | "0" | "nein" | "falsch" | "non" | "faux" | "nie" => Some(false),
        _ => None,
    }
}

/// What spreadsheets leave where a formula failed, in English and German.
fn is_spreadsheet_error(cell: &str) -> bool {
    let known =
        ["#N/A", "#NV", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#ZAHL!"];
    known.iter().any(|k| k.eq_ignore_ascii_case(cell))
}
