//! Tables of postcodes and the regions they lie in: a CSV with the columns `country`, `postcode` and `nuts3`.
//!
//! A row may hold the beginning of postcodes (`F12` of Ireland) as well as whole ones; a look-up takes the longest that
//! fits. Columns are found by header in any order, others are passed over.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use domain::{
    code::{CountryCode, RegionCode},
    postcode::Postcode,
    region::RegionTable,
};

use crate::{
    encoding::decode,
    tables::{
        FileError, RowFault,
        fault::{part, shown},
        sheet::{self, Record},
    },
};

/// Faults that are kept with their rows; more are counted.
const MOST_FAULTS: usize = 1_000;

const COLUMNS: [&str; 3] = ["country", "postcode", "nuts3"];

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostcodeFile {
    /// The good rows by country, each postcode once, in their order.
    pub countries: BTreeMap<CountryCode, Vec<(Postcode, RegionCode)>>,
    /// Rows without the header and blank ones.
    pub rows: u64,
    /// Rows with faults.
    pub rejected: u64,
    /// The faults of the first of those rows, at most 1,000.
    pub faults: Vec<RowFault>,
}

/// Why a file of postcodes cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum PostcodeFileError {
    /// It is no table.
    #[error(transparent)]
    File(#[from] FileError),
    /// A column is not there, or there twice.
    #[error("the file has {found} columns {column:?}; its header must be country,postcode,nuts3 in any order")]
    Column {
        /// The column.
        column: &'static str,
        /// How many there are.
        found: usize,
    },
}

/// Reads a file, each row checked against the regions.
///
/// # Errors
/// When it is no table of these columns. Faulty rows stand in what is returned.
pub fn read(bytes: &[u8], regions: &RegionTable) -> Result<PostcodeFile, PostcodeFileError> {
    let text = decode(bytes, None).map_err(FileError::from)?;
    let sheet = sheet::split(&text, None)?;
    let at = columns(&sheet.header)?;
    let mut reading = Reading { regions, at, places: HashMap::new(), found: BTreeMap::new() };
    let mut file = PostcodeFile::default();
    for record in sheet.rows.iter().filter(|r| !r.is_blank()) {
        file.rows += 1;
        if let Err(fault) = reading.row(record) {
            file.rejected += 1;
            if file.faults.len() < MOST_FAULTS {
                file.faults.push(fault);
            }
        }
    }
    for ((country, postcode), (region, _)) in reading.found {
        file.countries.entry(country).or_default().push((postcode, region));
    }
    Ok(file)
}

/// Where each of [`COLUMNS`] stands.
fn columns(header: &Record) -> Result<[usize; 3], PostcodeFileError> {
    let mut at = [0; 3];
    for (slot, column) in at.iter_mut().zip(COLUMNS) {
        let named = |cell: &String| cell.trim().eq_ignore_ascii_case(column);
        let mut places = (0..).zip(&header.cells).filter(|(_, cell)| named(cell)).map(|(i, _)| i);
        *slot = match (places.next(), places.count()) {
            (Some(place), 0) => place,
            (first, more) => {
                return Err(PostcodeFileError::Column { column, found: usize::from(first.is_some()) + more });
            }
        };
    }
    Ok(at)
}

/// What is found wrong with a cell: its column, a code, reason and remedy.
type Wrong = (usize, &'static str, String, String);

struct Reading<'a> {
    regions: &'a RegionTable,
    at: [usize; 3],
    /// What each pair of country and region meant, since files repeat them thousands of times.
    places: HashMap<(String, String), Result<(CountryCode, RegionCode), Wrong>>,
    /// Postcodes with their regions and the lines they stand on.
    found: BTreeMap<(CountryCode, Postcode), (RegionCode, u32)>,
}

impl Reading<'_> {
    fn row(&mut self, record: &Record) -> Result<(), RowFault> {
        let [country, postcode, region] = self.at.map(|i| record.cells.get(i).map_or("", |cell| cell.trim()));
        self.cells(record.line, country, postcode, region).map_err(|(column, code, reason, remedy)| RowFault {
            line: record.line,
            column: COLUMNS[column].to_owned(),
            value: shown([country, postcode, region][column]),
            code,
            reason,
            remedy,
        })
    }

    fn cells(&mut self, line: u32, country: &str, typed: &str, region: &str) -> Result<(), Wrong> {
        let regions = self.regions;
        let place = self.places.entry((country.to_owned(), region.to_owned()));
        let (country, region) = place.or_insert_with(|| place_of(regions, country, region)).clone()?;
        let postcode = Postcode::parse("", &country, typed).map_err(|faults| {
            let (code, detail) = faults.as_slice().first().map_or(("bad_postcode", ""), |v| (v.code, &v.detail));
            let (reason, remedy) = part(detail);
            (1, code, reason, remedy)
        })?;
        match self.found.entry((country, postcode)) {
            Entry::Vacant(free) => {
                free.insert((region, line));
            }
            Entry::Occupied(taken) => {
                let (other, first) = taken.get();
                if *other != region {
                    let reason = format!("stands on line {first} already, in {other}");
                    return Err((1, "stated_twice", reason, "keep one of the two rows".to_owned()));
                }
            }
        }
        Ok(())
    }
}

fn place_of(regions: &RegionTable, country: &str, region: &str) -> Result<(CountryCode, RegionCode), Wrong> {
    let Some(land) = regions.country(country).filter(|_| !country.is_empty()) else {
        let remedy = "write its ISO code, such as FR".to_owned();
        return Err((0, "unknown_country", format!("{country:?} is no country"), remedy));
    };
    let code = RegionCode::new(&region.to_uppercase());
    if regions.get(&code).is_none() {
        let became = regions.retired(code.as_str()).map(|r| r.successors.iter().map(RegionCode::as_str));
        let remedy = match became {
            Some(successors) => {
                format!("it went out of use; write one of: {}", successors.collect::<Vec<_>>().join(", "))
            }
            None => "write a code of NUTS 2024 such as FRL04".to_owned(),
        };
        return Err((2, "unknown_region", format!("{region:?} is no region in use"), remedy));
    }
    if !regions.lies_in(&code, &land.region) {
        let reason = format!("{code} does not lie in {}", land.code);
        return Err((2, "region_elsewhere", reason, "correct the country or the region".to_owned()));
    }
    Ok((land.code.clone(), code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> PostcodeFile {
        let (_, regions) = crate::seeds::tables().unwrap();
        super::read(text.as_bytes(), &regions).unwrap()
    }

    #[test]
    fn spellings_of_countries_and_postcodes_are_one() {
        let file = read(
            "nuts3;Postcode;country;version\nDE300;10115;DE;1\nEL303;105 55;EL;1\nEL303;10555;GR;1\n\n\
             LV00A;LV-1010;LV;1\nFRY10;97110;GP;1\nFRY10;97110;FR;1\n",
        );
        assert_eq!((file.rows, file.rejected), (6, 0), "{:?}", file.faults);
        let found: Vec<String> = file
            .countries
            .iter()
            .flat_map(|(country, rows)| rows.iter().map(move |(p, r)| format!("{country} {p} {r}")))
            .collect();
        let expected = ["DE 10115 DE300", "FR 97110 FRY10", "GP 97110 FRY10", "GR 10555 EL303", "LV 1010 LV00A"];
        assert_eq!(found, expected);
    }

    #[test]
    fn faults_name_line_column_and_remedy() {
        let file = read(
            "country,postcode,nuts3\nDE,10115,DE300\nXX,1,DE300\nDE,10 115,DE212\nDE,10.1,DE300\nDE,99099,DEG0B\n\
             AT,1010,DE300\nFR,13000\n,1,DE300\n",
        );
        let said: Vec<String> = file.faults.iter().map(|f| format!("{} {} {}", f.line, f.column, f.code)).collect();
        assert_eq!(
            said,
            [
                "3 country unknown_country",
                "4 postcode stated_twice",
                "5 postcode bad_postcode",
                "6 nuts3 unknown_region",
                "7 nuts3 region_elsewhere",
                "8 nuts3 unknown_region",
                "9 country unknown_country",
            ]
        );
        assert!(file.faults[3].remedy.contains("DEG0Q"), "{:?}", file.faults[3]);
        assert_eq!((file.rows, file.rejected), (8, 7));
    }

    #[test]
    fn a_file_of_other_columns_is_refused() {
        let (_, regions) = crate::seeds::tables().unwrap();
        for text in ["country,zip,nuts3\n", "country,postcode,nuts3,Country\n", ""] {
            assert!(super::read(text.as_bytes(), &regions).is_err(), "{text}");
        }
    }
}
