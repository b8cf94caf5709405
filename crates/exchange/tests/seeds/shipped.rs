//! The seed files of the repository load, whole.

use std::path::Path;

use domain::{catalogue::ProductKind, unit::UnitMeaning};
use exchange::seeds::{self, SeedFiles};

use crate::shared::tables;

#[test]
fn the_shipped_seeds_load_without_a_fault() {
    let (catalogue, regions) = tables();
    assert!(catalogue.products().len() >= 47);
    for kind in ProductKind::ALL {
        assert!(catalogue.products().iter().any(|p| p.kind == kind), "{kind:?}");
    }
    assert!(regions.countries().len() >= 249);
    for level in 0..=3 {
        assert!(regions.all().iter().any(|r| r.level == level), "level {level}");
    }
    assert!(catalogue.unit_table().find("masks").is_none());
    let pair = catalogue.unit_table().find("Paar").unwrap();
    assert!(matches!(pair.meaning, UnitMeaning::Fixed { numerator: 2, .. }));
}

#[test]
fn a_folder_of_the_operator_reads_as_the_embedded_files_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../seeds");
    let edited = SeedFiles::from_folder(&folder).unwrap();
    for path in seeds::CATALOGUE_FILES.iter().chain(&seeds::REGION_FILES) {
        assert_eq!(edited.get(path), seeds::files().get(path), "{path}");
    }
    seeds::load(&edited).unwrap();
}

#[test]
fn a_folder_without_files_names_each_of_them() {
    let faults = SeedFiles::from_folder(Path::new("no/such/folder")).unwrap_err();
    assert_eq!(faults.as_slice().len(), 18);
    assert!(faults.to_string().starts_with("no/such/folder/catalogue/products.csv: cannot be read"));
}

#[test]
fn columns_are_found_by_their_header_in_any_order() {
    let text = seeds::files().get("regions/subdivisions.csv").unwrap().to_owned();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in reader.records() {
        let record = record.unwrap();
        writer.write_record(record.iter().rev()).unwrap();
    }
    let turned = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    let turned = format!("\u{feff}{}", turned.replace('\n', "\r\n"));
    let files = seeds::files().with("regions/subdivisions.csv", Some(&turned));
    let (before, after) = (seeds::regions(&seeds::files()).unwrap(), seeds::regions(&files).unwrap());
    assert_eq!(before.regions, after.regions);
}
