//! Where the seed files come from: inside the program, or a folder the operator edits.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use rust_embed::RustEmbed;

use super::{SeedError, SeedErrors};

#[derive(RustEmbed)]
#[folder = "../../seeds/catalogue"]
struct EmbeddedCatalogue;

#[derive(RustEmbed)]
#[folder = "../../seeds/regions"]
struct EmbeddedRegions;

#[derive(RustEmbed)]
#[folder = "../../seeds/identifiers"]
struct EmbeddedIdentifiers;

/// The formats of VAT numbers, which come with the program alone.
pub(super) const VAT_FILE: &str = "identifiers/vat.csv";

/// The files of the catalogue, below the seed folder.
pub const CATALOGUE_FILES: [&str; 14] = [
    "catalogue/products.csv",
    "catalogue/schemes.csv",
    "catalogue/grades.csv",
    "catalogue/grade_rules.csv",
    "catalogue/units.csv",
    "catalogue/features.csv",
    "catalogue/product_features.csv",
    "catalogue/certificate_kinds.csv",
    "catalogue/product_certificates.csv",
    "catalogue/legal_frames.csv",
    "catalogue/border_rules.csv",
    "catalogue/process_steps.csv",
    "catalogue/conversions.csv",
    "catalogue/activities.csv",
];

/// The files of the regions, below the seed folder.
pub const REGION_FILES: [&str; 4] =
    ["regions/countries.csv", "regions/regions.csv", "regions/successors.csv", "regions/subdivisions.csv"];

/// Seed files by their path below the seed folder, e.g. `catalogue/products.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFiles {
    origin: String,
    texts: BTreeMap<String, String>,
}

/// The seed files inside the program.
pub fn files() -> SeedFiles {
    let texts = CATALOGUE_FILES.iter().chain(&REGION_FILES).chain(&[VAT_FILE]).filter_map(|path| {
        let (folder, name) = path.split_once('/')?;
        let file = match folder {
            "catalogue" => EmbeddedCatalogue::get(name),
            "identifiers" => EmbeddedIdentifiers::get(name),
            _ => EmbeddedRegions::get(name),
        }?;
        let text = match file.data {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        };
        Some(((*path).to_owned(), text))
    });
    SeedFiles { origin: "seeds".to_owned(), texts: texts.collect() }
}

impl SeedFiles {
    /// Reads `catalogue/*.csv` and `regions/*.csv` below a folder. A file that is missing, cannot be
    /// read or is not UTF-8 is a fault.
    pub fn from_folder(folder: &Path) -> Result<Self, SeedErrors> {
        let mut faults = SeedErrors::default();
        let mut found = Self { origin: folder.display().to_string(), texts: BTreeMap::new() };
        for path in CATALOGUE_FILES.iter().chain(&REGION_FILES) {
            let shown = found.shown(path);
            match std::fs::read(folder.join(path)).map(String::from_utf8) {
                Ok(Ok(text)) => {
                    found.texts.insert((*path).to_owned(), text);
                }
                Ok(Err(bad)) => {
                    let valid = bad.utf8_error().valid_up_to();
                    let line = 1 + bad.as_bytes()[..valid].iter().filter(|b| **b == b'\n').count();
                    faults.push(&shown, line, "", "is not UTF-8 here; save the file as UTF-8");
                }
                Err(error) => faults.push(&shown, 0, "", format!("cannot be read: {error}")),
            }
        }
        faults.or(found)
    }

    /// The text of a file; `None` if there is no such file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// The same files with one replaced, added or, with `None`, removed.
    pub fn with(mut self, path: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.texts.insert(path.to_owned(), text.to_owned()),
            None => self.texts.remove(path),
        };
        self
    }

    /// How a path is shown in errors.
    pub(super) fn shown(&self, path: &str) -> String {
        format!("{}/{path}", self.origin)
    }
}

impl From<SeedError> for SeedErrors {
    fn from(fault: SeedError) -> Self {
        Self::one(fault)
    }
}
