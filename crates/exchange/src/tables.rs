//! Files of offers and needs, as spreadsheets and other systems write them, into checked records.
//!
//! Nothing is guessed and nothing is lost: the encoding is sure or the file is refused; columns are
//! found by header; a cell that can be read in two ways is a fault of its row; and every row of the
//! file ends up as a record, as part of one, or in the report with line, column, value, reason and
//! remedy. The reading is pure: bytes, a [`Mapping`] and the reference data in, records out.
//!
//! ```text
//! bytes -> encoding -> sheet (records with their lines) -> columns (by header) -> reader (one row)
//!       -> place, offers | needs -> domain checks -> twins -> ParsedFile
//! ```

use std::{collections::HashMap, fmt, sync::Arc};

use domain::{
    code::{CountryCode, GradeCode, ProductCode, RegionCode},
    geo::Point,
    offer::Reference,
    time::Day,
    violation::Violation,
};
use serde::{Deserialize, Serialize};

use crate::encoding::decode;

mod columns;
mod date;
pub(crate) mod fault;
mod field;
mod mapping;
mod needs;
mod offers;
mod place;
mod reader;
mod report;
pub(crate) mod sheet;
mod source;
mod twins;

pub use columns::Columns;
pub use date::DateFormat;
pub use fault::{FileError, RowFault, RowFlag};
pub use field::Field;
pub use mapping::{Mapping, Repeated, Replacement, SHIPPED, UnknownRegion};
pub use needs::NeedRecord;
pub use offers::{OfferRecord, OrganisationRecord};
pub use report::{Counts, ImportReport, Outcome, RowOutcome};
pub use source::{Source, fault_of};
pub use twins::{Candidate, Twin, twins};

use place::Places;
use reader::Reader;
use sheet::Record;
use source::Layout;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Offers.
    Offers,
    /// Needs.
    Needs,
}

impl Kind {
    /// The name in mappings and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offers => "offers",
            Self::Needs => "needs",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The site a row names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteRecord {
    /// Its name, in NFC; `None` where the file does not name sites.
    pub name: Option<String>,
    /// The country, where known.
    pub country: Option<CountryCode>,
    /// The region, as finely as known; `None` where not even the country is.
    pub region: Option<RegionCode>,
    /// The stated point.
    pub point: Option<Point>,
}

/// A record of a file: one row of offers, or the rows of one need.
#[derive(Debug, Clone)]
pub struct ParsedRow<T> {
    /// The rows as they stand.
    pub source: Source,
    /// What names it for good, with the mapping's source: its external id, or where the file has
    /// none a hash of its cells (`cells-` and 32 hexadecimal digits).
    pub key: String,
    /// Its external id, where the file has one.
    pub external_id: Option<String>,
    /// The record, or everything that is wrong with its rows.
    pub record: Result<T, Vec<RowFault>>,
    /// Remarks on rows that are kept.
    pub flags: Vec<RowFlag>,
    /// The line of the very same row earlier in the file; such a row changes nothing.
    pub duplicate_of: Option<u32>,
}

impl<T> ParsedRow<T> {
    /// The line of its first row.
    pub fn line(&self) -> u32 {
        self.source.rows.first().map_or(0, |r| r.line)
    }

    /// The report of its rows, once it is known what became of the record; what that is does not
    /// matter for rows with faults and for duplicates.
    pub fn outcomes(&self, became: Outcome) -> Vec<RowOutcome> {
        let outcome = match (&self.record, self.duplicate_of) {
            (Err(_), _) => Outcome::Rejected,
            (Ok(_), Some(_)) => Outcome::Unchanged,
            (Ok(_), None) => became,
        };
        let faults = self.record.as_ref().err().map(Vec::as_slice).unwrap_or_default();
        let row = |line: u32| RowOutcome {
            line,
            external_id: self.external_id.clone(),
            outcome,
            faults: faults.iter().filter(|f| f.line == line).cloned().collect(),
            flags: self.flags.iter().filter(|f| f.line == line).cloned().collect(),
        };
        self.source.rows.iter().map(|r| row(r.line)).collect()
    }
}

/// A file, read.
#[derive(Debug, Clone)]
pub struct ParsedFile<T> {
    /// Offers or needs.
    pub kind: Kind,
    /// The system it comes from, if the mapping says.
    pub source: Option<String>,
    /// The day it was checked against: the mapping's, else the caller's.
    pub today: Day,
    /// Its records, in the order of their first rows.
    pub rows: Vec<ParsedRow<T>>,
    /// Rows with nothing in them.
    pub blank_rows: u32,
}

/// Reads offers. `at.today` is the day of the check unless the mapping states one.
pub fn offers(bytes: &[u8], mapping: &Mapping, at: &Reference<'_>) -> Result<ParsedFile<OfferRecord>, FileError> {
    let read = |source: &Source, places: &mut Places<'_>, at: &Reference<'_>| {
        let mut row = Reader::new(source, 0);
        let record = row.has_shape().then(|| offers::read(&mut row, places, source, at)).flatten();
        (record, row.faults, row.flags)
    };
    let mut file = parse(bytes, Kind::Offers, mapping, at, read)?;
    quarantine_twins(&mut file, offers::candidate, |record, reason| {
        record.quarantine.get_or_insert(reason);
    });
    Ok(file)
}

/// Reads needs. `at.today` is the day of the check unless the mapping states one.
pub fn needs(bytes: &[u8], mapping: &Mapping, at: &Reference<'_>) -> Result<ParsedFile<NeedRecord>, FileError> {
    let read = |source: &Source, places: &mut Places<'_>, at: &Reference<'_>| {
        let mut rows: Vec<Reader<'_>> = (0..source.rows.len()).map(|i| Reader::new(source, i)).collect();
        let whole = rows.iter().all(Reader::has_shape);
        let record = whole.then(|| needs::read(&mut rows, places, source, at)).flatten();
        let mut faults = Vec::new();
        let mut flags = Vec::new();
        for row in rows {
            faults.extend(row.faults);
            flags.extend(row.flags);
        }
        (record, faults, flags)
    };
    let mut file = parse(bytes, Kind::Needs, mapping, at, read)?;
    quarantine_twins(&mut file, needs::candidate, |record, reason| {
        record.quarantine.get_or_insert(reason);
    });
    Ok(file)
}

type Read<T> = (Option<T>, Vec<RowFault>, Vec<RowFlag>);

fn parse<T>(
    bytes: &[u8],
    kind: Kind,
    mapping: &Mapping,
    at: &Reference<'_>,
    read: impl Fn(&Source, &mut Places<'_>, &Reference<'_>) -> Read<T>,
) -> Result<ParsedFile<T>, FileError> {
    if mapping.kind != kind {
        return Err(FileError::WrongKind { mapping: mapping.kind.as_str(), asked: kind.as_str() });
    }
    let text = decode(bytes, mapping.encoding)?;
    let sheet = sheet::split(&text, mapping.delimiter)?;
    let (blank, filled): (Vec<Record>, Vec<Record>) = sheet.rows.into_iter().partition(Record::is_blank);
    let columns = Columns::find(&sheet.header, &filled, mapping)?;
    let layout = Arc::new(Layout { columns, mapping: mapping.clone() });
    let at = &Reference { today: mapping.today.unwrap_or(at.today), ..*at };
    let mut places = Places::new(at.regions);
    let rows = group(filled, &layout)
        .into_iter()
        .map(|group| {
            let (record, mut faults, flags) = read(&group.source, &mut places, at);
            faults.extend(group.faults);
            faults.sort();
            let record = match record {
                Some(record) if faults.is_empty() => Ok(record),
                _ => Err(faults_of_all_rows(faults, &group.source)),
            };
            ParsedRow {
                source: group.source,
                key: group.key,
                external_id: group.external_id,
                record,
                flags: flags.into_iter().chain(group.flags).collect(),
                duplicate_of: group.duplicate_of,
            }
        })
        .collect();
    let blank_rows = u32::try_from(blank.len()).unwrap_or(u32::MAX);
    Ok(ParsedFile { kind, source: mapping.source.clone(), today: at.today, rows, blank_rows })
}

/// A rejected need rejects all its rows, and each of them says why.
fn faults_of_all_rows(mut faults: Vec<RowFault>, source: &Source) -> Vec<RowFault> {
    let Some(first) = faults.first().map(|f| f.line) else {
        // A record is refused for a reason; this sentence stands in should there be none.
        return vec![RowFault {
            line: source.rows.first().map_or(0, |r| r.line),
            column: String::new(),
            value: String::new(),
            code: "incomplete",
            reason: "could not be read".to_owned(),
            remedy: "check every cell".to_owned(),
        }];
    };
    for row in &source.rows {
        if !faults.iter().any(|f| f.line == row.line) {
            let (column, value) = source.external_id(row);
            faults.push(RowFault {
                line: row.line,
                column,
                value,
                code: "same_need_rejected",
                reason: format!("is an instalment of a need whose line {first} is rejected"),
                remedy: format!("mend line {first}"),
            });
        }
    }
    faults.sort();
    faults
}

/// Rows that are one record, and what is already known about them.
struct Group {
    source: Source,
    key: String,
    external_id: Option<String>,
    faults: Vec<RowFault>,
    flags: Vec<RowFlag>,
    duplicate_of: Option<u32>,
}

/// A distinct row of an external id: its cells, its line, and the group it went to.
struct Seen {
    content: Vec<String>,
    line: u32,
    group: usize,
}

/// Puts rows of one external id together as the mapping says. The id is unique within one
/// organisation, so the organisation's cell belongs to it.
fn group(rows: Vec<Record>, layout: &Arc<Layout>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // By organisation and id.
    let mut known: HashMap<(String, String), Vec<Seen>> = HashMap::new();
    for row in rows {
        let source = Source { layout: Arc::clone(layout), rows: vec![row] };
        let row = &source.rows[0];
        let content = source.content(row);
        let (id, id_faults) = source.read_external_id(row);
        let key = id.clone().unwrap_or_else(|| format!("cells-{}", source.hash(row)));
        let organisation = source.cell(&Field::Organisation, 0).1;
        let former = known.entry((organisation, key.clone())).or_default();
        let mut group =
            Group { key, external_id: id, faults: id_faults, flags: Vec::new(), duplicate_of: None, source };
        let line = group.source.rows[0].line;
        if let Some(Seen { line: first, .. }) = former.iter().find(|s| s.content == content) {
            group.duplicate_of = Some(*first);
            let (column, value) = group.source.external_id(&group.source.rows[0]);
            let reason = format!("the very same row stands on line {first}; nothing is changed by it");
            group.flags.push(RowFlag { line, column, value, code: "duplicate", reason });
        } else if let Some((first, at)) = former.first().map(|s| (s.line, s.group)) {
            match layout.mapping.repeated {
                Repeated::Instalments => {
                    former.push(Seen { content, line, group: at });
                    groups[at].source.rows.append(&mut group.source.rows);
                    groups[at].faults.append(&mut group.faults);
                    continue;
                }
                Repeated::Number => {
                    let numbered = format!("{}#{}", group.key, former.len() + 1);
                    group.key.clone_from(&numbered);
                    group.external_id = Some(numbered);
                    former.push(Seen { content, line, group: groups.len() });
                }
                Repeated::Refuse => {
                    let (column, value) = group.source.external_id(&group.source.rows[0]);
                    group.faults.push(RowFault {
                        line,
                        column,
                        value,
                        code: "repeated_id",
                        reason: format!("the external id stands on line {first} with other content"),
                        remedy: "give each record its own id, or remove one of the rows".to_owned(),
                    });
                    former.push(Seen { content, line, group: groups.len() });
                }
            }
        } else {
            former.push(Seen { content, line, group: groups.len() });
        }
        groups.push(group);
    }
    groups
}

/// Flags the later ones of each group of twins, and quarantines those that surely are.
fn quarantine_twins<T>(
    file: &mut ParsedFile<T>,
    candidate: impl Fn(&T, u32) -> Option<Candidate>,
    quarantine: impl Fn(&mut T, String),
) {
    let standing = file.rows.iter().filter(|r| r.duplicate_of.is_none());
    let candidates: Vec<Candidate> = standing.filter_map(|r| candidate(r.record.as_ref().ok()?, r.line())).collect();
    let found: HashMap<u32, Twin> = twins(&candidates).into_iter().map(|t| (t.line, t)).collect();
    for row in &mut file.rows {
        let line = row.line();
        let Some(twin) = found.get(&line) else { continue };
        let Ok(record) = &mut row.record else { continue };
        let first = twin.first;
        let alike = "the same product, quantity and region";
        let (code, reason) = if twin.sure {
            ("twin", format!("twin of line {first}: {alike} entered within 2 seconds under another name"))
        } else {
            let reason = format!(
                "perhaps a twin of line {first}: {alike} under another name, at a time that may be rounded; kept"
            );
            ("possible_twin", reason)
        };
        let (column, value) = row.source.cell(&Field::Organisation, 0);
        row.flags.push(RowFlag { line, column, value, code, reason: reason.clone() });
        if twin.sure {
            quarantine(record, reason);
        }
    }
}

/// Product and grades as one word, by which twins are compared.
fn product_key(product: &ProductCode, grades: &[GradeCode]) -> String {
    let mut codes: Vec<&str> = grades.iter().map(GradeCode::as_str).collect();
    codes.sort_unstable();
    format!("{product} {}", codes.join(" "))
}

/// Where a violation of the domain points: the column, and which instalment's row.
fn column_of(v: &Violation, kind: Kind) -> (Field, usize) {
    let mut parts = v.pointer.split('/').skip(1);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let inner = |value: Field, part: &str| match part {
        "unit" => Field::Unit,
        "pack_size" => Field::PackSize,
        "pack_unit" => Field::PackUnit,
        "per" => Field::Per,
        _ => value,
    };
    let field = match first {
        "product" => Field::Product,
        "grades" => Field::Grade,
        "features" => Field::Feature(second.to_owned()),
        "stock" => inner(Field::Quantity, second),
        "running" => inner(Field::Running, second),
        "maximum" => inner(Field::Maximum, second),
        "min_order" => inner(Field::MinOrder, second),
        "convertible" => match second {
            "days" | "ramp_days" | "decided_on" => Field::ConversionDays,
            part => inner(Field::Convertible, part),
        },
        "ramp_days" => Field::RampDays,
        "calendar" => Field::WorkingDays,
        "from" => Field::From,
        "until" => Field::Until,
        "as_of" => Field::AsOf,
        "lead_days" => Field::LeadDays,
        "max_distance_km" => Field::MaxDistanceKm,
        "max_suppliers" => Field::MaxSuppliers,
        "regions" => Field::Regions,
        "certificates" => Field::Certificates,
        "missing_inputs" => Field::MissingInputs,
        "transfers" => Field::Transfer,
        "price" if second == "currency" => Field::Currency,
        "price" => Field::Price,
        "price_cap" if second == "currency" => Field::Currency,
        "price_cap" => Field::PriceCap,
        "role" => Field::Role,
        "visibility" => Field::Visibility,
        "note" => Field::Note,
        "substitutions" => Field::Substitutions,
        "urgency" => Field::Urgency,
        "instalments" => {
            let at = second.parse().unwrap_or(0);
            let (part, last) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            return match part {
                "due" => (Field::Due, at),
                "size" => (Field::Size, at),
                _ => (inner(Field::Quantity, last), at),
            };
        }
        // The record as a whole (it offers nothing), and whatever no column holds.
        _ => match kind {
            Kind::Offers | Kind::Needs => Field::Quantity,
        },
    };
    (field, 0)
}
