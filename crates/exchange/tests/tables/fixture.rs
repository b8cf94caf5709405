//! The shipped reference data, and readings of a text with it.

use std::sync::OnceLock;

use domain::{catalogue::Catalogue, offer::Reference, region::RegionTable, time::Day};
use exchange::tables::{
    self, FileError, ImportReport, Kind, Mapping, NeedRecord, OfferRecord, Outcome, ParsedFile, ParsedRow, RowFault,
};

pub fn today() -> Day {
    Day::parse("2020-04-20").unwrap()
}

pub fn reference() -> Reference<'static> {
    static TABLES: OnceLock<(Catalogue, RegionTable)> = OnceLock::new();
    let (catalogue, regions) = TABLES.get_or_init(|| exchange::seeds::tables().unwrap());
    Reference { catalogue, regions, today: today() }
}

pub fn mapping(toml: &str) -> Mapping {
    Mapping::parse(toml).unwrap()
}

pub fn offers(text: impl AsRef<[u8]>) -> Result<ParsedFile<OfferRecord>, FileError> {
    tables::offers(text.as_ref(), &Mapping::plain(Kind::Offers), &reference())
}

pub fn offers_by(toml: &str, text: impl AsRef<[u8]>) -> Result<ParsedFile<OfferRecord>, FileError> {
    tables::offers(text.as_ref(), &mapping(toml), &reference())
}

pub fn needs(text: impl AsRef<[u8]>) -> Result<ParsedFile<NeedRecord>, FileError> {
    tables::needs(text.as_ref(), &Mapping::plain(Kind::Needs), &reference())
}

/// The stock of each row in base units, or the code of its first fault.
pub fn stocks(file: &ParsedFile<OfferRecord>) -> Vec<Result<i64, &'static str>> {
    let stock = |r: &ParsedRow<OfferRecord>| match &r.record {
        Ok(record) => Ok(record.terms.profile.stock.quantity.units()),
        Err(faults) => Err(faults[0].code),
    };
    file.rows.iter().map(stock).collect()
}

/// Line, column, value and code of each fault.
pub fn faults<T>(file: &ParsedFile<T>) -> Vec<(u32, &str, &str, &str)> {
    let all = file.rows.iter().filter_map(|r| r.record.as_ref().err()).flatten();
    all.map(|f: &RowFault| (f.line, f.column.as_str(), f.value.as_str(), f.code)).collect()
}

/// The report of a first import into an empty market.
pub fn report<T>(file: &ParsedFile<T>, quarantined: impl Fn(&T) -> bool) -> ImportReport {
    let became = |r: &ParsedRow<T>| match &r.record {
        Ok(record) if quarantined(record) => Outcome::Quarantined,
        _ => Outcome::Created,
    };
    let rows = file.rows.iter().flat_map(|r| r.outcomes(became(r))).collect();
    ImportReport::new(file.kind, file.blank_rows, rows)
}
