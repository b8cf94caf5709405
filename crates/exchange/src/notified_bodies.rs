//! The operator's list of notified bodies: a CSV with the columns `number`, `name`, `country`, `frames` and `until`.
//!
//! `frames` are codes of laws as the catalogue has them (`PPE-2016-425;MDR-2017-745`), `until` the last day of a
//! designation that ended. Columns are found by header in any order; those that are not there are blank, others are
//! passed over. No list is shipped: the Commission's may be copied by whoever runs the service.

use std::collections::{BTreeMap, BTreeSet};

use domain::{code::CountryCode, notified_body::NotifiedBody, region::RegionTable, text, time::Day};

use crate::{
    encoding::decode,
    tables::{
        FileError, RowFault,
        fault::{part, shown},
        sheet,
    },
};

const COLUMNS: [&str; 5] = ["number", "name", "country", "frames", "until"];

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BodyFile {
    /// The good rows, by number.
    pub bodies: Vec<NotifiedBody>,
    /// The faults of the others.
    pub faults: Vec<RowFault>,
}

/// What is found wrong with a cell: its column, a code, and reason and remedy.
type Wrong = (usize, &'static str, String);

/// Reads a file, each row checked against the codes of laws and the countries that there are.
///
/// # Errors
/// When it is no table. Faulty rows stand in what is returned.
pub fn read(bytes: &[u8], frames: &BTreeSet<&str>, regions: &RegionTable) -> Result<BodyFile, FileError> {
    let text = decode(bytes, None).map_err(FileError::from)?;
    let sheet = sheet::split(&text, None)?;
    let named = |column: &str| sheet.header.cells.iter().position(|cell| cell.trim().eq_ignore_ascii_case(column));
    let at = COLUMNS.map(named);
    let mut file = BodyFile::default();
    let mut found: BTreeMap<String, (NotifiedBody, u32)> = BTreeMap::new();
    for record in sheet.rows.iter().filter(|row| !row.is_blank()) {
        let cells = at.map(|at| at.and_then(|at| record.cells.get(at)).map_or("", |cell| cell.trim()));
        let read = body(cells, frames, regions).and_then(|body| match found.get(&body.number) {
            Some((_, line)) => Err((0, "stated_twice", format!("stands on line {line} already; keep one of the two"))),
            None => Ok(body),
        });
        match read {
            Ok(body) => {
                found.insert(body.number.clone(), (body, record.line));
            }
            Err((column, code, detail)) => {
                let (reason, remedy) = part(&detail);
                let (line, name, value) = (record.line, COLUMNS[column].to_owned(), shown(cells[column]));
                file.faults.push(RowFault { line, column: name, value, code, reason, remedy });
            }
        }
    }
    file.bodies = found.into_values().map(|(body, _)| body).collect();
    Ok(file)
}

fn body(cells: [&str; 5], frames: &BTreeSet<&str>, regions: &RegionTable) -> Result<NotifiedBody, Wrong> {
    let [number, name, country, named, until] = cells;
    if number.len() != 4 || !number.bytes().all(|b| b.is_ascii_digit()) {
        let detail = format!("{number:?} is no notified body; write its four digits, e.g. 2797");
        return Err((0, "bad_notified_body", detail));
    }
    let name = text::name("", name).map_err(|faults| {
        let fault = faults.as_slice().first().map(|fault| (fault.code, fault.detail.clone()));
        let (code, detail) = fault.unwrap_or_default();
        (1, code, detail)
    })?;
    let country: Option<CountryCode> = match country {
        "" => None,
        typed => match regions.country(typed) {
            Some(found) => Some(found.code.clone()),
            None => {
                return Err((2, "unknown_country", format!("{typed:?} is no country; write its ISO code, such as DE")));
            }
        },
    };
    let mut laws = BTreeSet::new();
    for code in named.split([';', '|']).map(str::trim).filter(|code| !code.is_empty()) {
        if !frames.contains(code) {
            let known = frames.iter().copied().collect::<Vec<_>>().join(", ");
            return Err((3, "unknown_frame", format!("{code:?} is no law of the catalogue; write some of: {known}")));
        }
        laws.insert(code.to_owned());
    }
    let until = match until {
        "" => None,
        typed => Some(Day::parse(typed).map_err(|detail| (4, "bad_date", detail))?),
    };
    Ok(NotifiedBody { number: number.to_owned(), name, country, frames: laws, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_faults_name_line_column_and_remedy() {
        let (_, regions) = crate::seeds::tables().unwrap();
        let frames = BTreeSet::from(["PPE-2016-425", "MDR-2017-745"]);
        let text = "Name;number;frames;country;until\nFirst;2797;PPE-2016-425|MDR-2017-745;NL;\nOld;0123;;Germany;2019-12-31\n";
        let file = read(text.as_bytes(), &frames, &regions).unwrap();
        assert_eq!(file.faults, []);
        let told: Vec<String> = file
            .bodies
            .iter()
            .map(|b| format!("{} {} {:?} {:?} {:?}", b.number, b.name, b.country, b.frames.len(), b.until.is_some()))
            .collect();
        assert_eq!(told[1], "2797 First Some(CountryCode(\"NL\")) 2 false");
        assert!(told[0].starts_with("0123 Old Some(CountryCode(\"DE\")) 0 true"), "{told:?}");
        let bad = "number,name,country,frames,until\n1,A,,,\n2797,,,,\n2797,A,Atlantis,,\n2797,A,,PPE,\n2797,A,,,soon\n2797,A,,,\n2797,B,,,\n";
        let file = read(bad.as_bytes(), &frames, &regions).unwrap();
        let told: Vec<String> = file.faults.iter().map(|f| format!("{} {} {}", f.line, f.column, f.code)).collect();
        assert_eq!(
            told,
            [
                "2 number bad_notified_body",
                "3 name blank",
                "4 country unknown_country",
                "5 frames unknown_frame",
                "6 until bad_date",
                "8 number stated_twice",
            ]
        );
        assert!(read(b"", &frames, &regions).is_err());
    }
}
