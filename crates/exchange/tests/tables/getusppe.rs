//! The public files of the time, as people typed them, end to end. They lie beside the repository,
//! not in it; without them these tests say so and pass.

use std::collections::BTreeMap;

use domain::offer::Reference;
use exchange::tables::{self, Counts, Mapping, Outcome, ParsedFile, RowOutcome};

use crate::fixture::{reference, report};

/// The bytes of a file of the shelf, or `None` with a word on standard error.
fn shelf(file: &str) -> Option<Vec<u8>> {
    let path = format!("{}/../../../shared/data/reference/getusppe/{file}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("SKIPPED: {path} is not there, so the import of {file} is not tested");
    }
    bytes
}

/// A day long after the files, as an import today has it.
fn late() -> Reference<'static> {
    Reference { today: domain::time::Day::parse("2026-03-01").unwrap(), ..reference() }
}

fn mapping(name: &str) -> Mapping {
    Mapping::parse(Mapping::shipped(name).unwrap()).unwrap()
}

/// How often each code of a fault or flag occurs.
fn codes<'a>(rows: impl Iterator<Item = &'a RowOutcome>) -> BTreeMap<&'static str, usize> {
    let mut found = BTreeMap::new();
    for row in rows {
        let all = row.faults.iter().map(|f| f.code).chain(row.flags.iter().map(|f| f.code));
        all.for_each(|code| *found.entry(code).or_default() += 1);
    }
    found
}

fn adds_up(c: Counts) -> bool {
    c.created + c.updated + c.unchanged + c.rejected + c.quarantined == c.rows
}

fn quantity_at_line(bytes: &[u8], column: &str) -> BTreeMap<u32, f64> {
    let mut reader = csv::Reader::from_reader(bytes);
    let at = reader.headers().unwrap().iter().position(|h| h == column).unwrap();
    let rows = reader.records().map(Result::unwrap);
    rows.map(|r| (u32::try_from(r.position().unwrap().line()).unwrap(), r[at].parse().unwrap())).collect()
}

#[test]
fn con_04_num_04_num_05_the_4966_offers_lose_no_row() {
    let Some(bytes) = shelf("getusppe_retro_all_offers.csv") else { return };
    let file = tables::offers(&bytes, &mapping("getusppe_offers"), &late()).unwrap();
    let report = report(&file, |r| r.quarantine.is_some());
    let c = report.counts;
    eprintln!("{c:?}\n{:?}", codes(report.rows.iter()));
    assert!(adds_up(c));
    assert_eq!((c.rows, c.blank), (4_966, 0));

    let typed = quantity_at_line(&bytes, "qty");
    assert_eq!(typed.len(), report.rows.len());
    for row in &report.rows {
        let quantity = typed[&row.line];
        if quantity <= 0.0 {
            assert_eq!(row.outcome, Outcome::Rejected, "line {} of {quantity}", row.line);
        }
        if row.outcome == Outcome::Rejected {
            let fine = quantity <= 0.0 || quantity > 1e12 || row.faults.iter().all(|f| f.code == "refused_value");
            assert!(fine, "line {}: {:?}", row.line, row.faults);
        }
        // A hundred million of anything on this list is nobody's.
        if quantity >= 100_000_000.0 {
            assert!(matches!(row.outcome, Outcome::Rejected | Outcome::Quarantined), "line {}", row.line);
        }
    }
    let found = codes(report.rows.iter());
    assert_eq!(found.get("no_capacity").copied().unwrap_or(0) + found["negative"], 370);
    assert_eq!(found["refused_value"], 4);
    assert_eq!(found["unknown_place"], 12 + 2 + 1);
    // Times to the second tell 17 sure twins; the others share a rounded time.
    assert_eq!((found["twin"], found["possible_twin"]), (17, 267));
    assert_eq!(found["duplicate"], 5);
    let keys: std::collections::BTreeSet<&str> =
        file.rows.iter().filter(|r| r.duplicate_of.is_none()).map(|r| r.key.as_str()).collect();
    assert_eq!(keys.len() + usize::try_from(c.unchanged).unwrap(), 4_966 - duplicates_among_rejected(&file));
}

/// Rows that stand twice and are rejected both times are rejected, not unchanged.
fn duplicates_among_rejected<T>(file: &ParsedFile<T>) -> usize {
    file.rows.iter().filter(|r| r.duplicate_of.is_some() && r.record.is_err()).count()
}

#[test]
fn every_spelling_of_a_state_is_a_region_or_reported() {
    let Some(bytes) = shelf("getusppe_retro_all_offers.csv") else { return };
    let file = tables::offers(&bytes, &mapping("getusppe_offers"), &late()).unwrap();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for row in &file.rows {
        let typed = row.source.cell(&tables::Field::Region, 0).1;
        let Ok(record) = &row.record else { continue };
        let region = record.site.region.as_ref().map_or("-".to_owned(), ToString::to_string);
        let former = seen.insert(typed.clone(), region.clone());
        assert!(former.is_none_or(|f| f == region), "{typed}");
        let flagged = row.flags.iter().any(|f| f.code == "unknown_place");
        assert_eq!(region == "-" && !typed.is_empty(), flagged, "{typed}");
    }
    for (typed, region) in [
        ("CA", "US-CA"),
        ("ca", "US-CA"),
        ("Fl", "US-FL"),
        ("albama", "US-AL"),
        ("Ohio", "US-OH"),
        ("DE", "US-DE"),
        ("IN", "US-IN"),
        ("Ontario", "CA-ON"),
        ("Greece", "EL"),
        ("Martinique", "FRY2"),
        ("Kowloon", "HK"),
        ("Friesland", "NL12"),
        ("Galway", "IE042"),
        ("", "-"),
        ("pb", "-"),
    ] {
        assert_eq!(seen.get(typed).map(String::as_str), Some(region), "{typed}");
    }
    eprintln!("{seen:?}");
}

#[test]
fn the_1658_donations_of_ppe_match_are_read() {
    let Some(bytes) = shelf("getusppe_anon_donors.csv") else { return };
    let file = tables::offers(&bytes, &mapping("getusppe_donors.toml"), &late()).unwrap();
    let report = report(&file, |r| r.quarantine.is_some());
    let c = report.counts;
    eprintln!("{c:?}\n{:?}", codes(report.rows.iter()));
    assert!(adds_up(c));
    assert_eq!(c.rows, 1_658);
    // 10^14 wipes; everything else was filtered by those who published it.
    assert_eq!(c.rejected, 1, "{:?}", report.faults().collect::<Vec<_>>());
    let ids: std::collections::BTreeSet<&str> = file.rows.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(ids.len(), 1_658);
}

#[test]
fn the_31202_requests_of_ppe_match_are_read() {
    let Some(bytes) = shelf("getusppe_anon_recipients.csv") else { return };
    let file = tables::needs(&bytes, &mapping("getusppe_recipients"), &late()).unwrap();
    let report = report(&file, |r| r.quarantine.is_some());
    let c = report.counts;
    eprintln!("{c:?}\n{:?}", codes(report.rows.iter()));
    assert!(adds_up(c));
    assert_eq!((c.rows, c.rejected), (31_202, 0), "{:?}", report.faults().take(3).collect::<Vec<_>>());
    assert_eq!(file.today.to_string(), "2020-07-20");
    let dues: std::collections::BTreeSet<String> =
        file.rows.iter().map(|r| r.record.as_ref().unwrap().instalments[0].1.to_string()).collect();
    assert_eq!(dues.into_iter().collect::<Vec<_>>(), ["2020-08-19"]);
}
