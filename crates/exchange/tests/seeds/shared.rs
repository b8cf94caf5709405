//! Reference files that are read where they lie, and never copied into the project.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use domain::{catalogue::Catalogue, region::RegionTable};
use exchange::seeds;

/// A line of a CSV file by column.
pub type Line = BTreeMap<String, String>;

/// Catalogue and regions as shipped.
pub fn tables() -> &'static (Catalogue, RegionTable) {
    static TABLES: OnceLock<(Catalogue, RegionTable)> = OnceLock::new();
    TABLES.get_or_init(|| seeds::tables().unwrap_or_else(|faults| panic!("{faults}")))
}

/// Lines of a reference file below the shared data folder (`MUSTER_SHARED`, else `../shared` beside
/// the workspace); `None`, said loudly, where it is not there.
pub fn shared(path: &str) -> Option<Vec<Line>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("MUSTER_SHARED").map_or(beside, PathBuf::from);
    let file = folder.join("data").join(path);
    if !file.exists() {
        eprintln!("SKIPPED: {} is not there; set MUSTER_SHARED to compare with it", file.display());
        return None;
    }
    Some(lines(&std::fs::read_to_string(file).unwrap()))
}

/// Lines of a CSV text.
pub fn lines(text: &str) -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let line = |record: csv::StringRecord| {
        header.iter().zip(record.iter()).map(|(h, c)| (h.to_owned(), c.to_owned())).collect()
    };
    reader.records().map(|r| line(r.unwrap())).collect()
}
