//! The seed files: the catalogue and the regions as CSV that people read and edit, checked cell by
//! cell before anything is loaded.
//!
//! A load reports every fault at once, each with file, line, column and reason. Columns are found by
//! their header, in any order; lists inside a cell are separated by `;`; blank lines are skipped.

use domain::{
    catalogue::{Catalogue, CatalogueParts},
    identifier::VatFormats,
    region::{Country, Region, RegionTable, Retired},
};

mod cells;
mod chain;
mod fault;
mod files;
mod grade;
mod identifier;
mod law;
mod place;
mod product;
mod sheet;
mod unit;

pub use fault::{SeedError, SeedErrors};
pub use files::{CATALOGUE_FILES, REGION_FILES, SeedFiles, files};

use sheet::Sheet;

/// What the region files say: countries, regions in use with their points, and codes out of use.
#[derive(Debug, Clone, Default)]
pub struct RegionParts {
    /// Every country of ISO 3166-1, and Kosovo.
    pub countries: Vec<Country>,
    /// NUTS levels 0 to 3 in the order of the file, then the countries outside NUTS (level 0), then
    /// the subdivisions (level 1).
    pub regions: Vec<Region>,
    /// NUTS codes of earlier versions.
    pub retired: Vec<Retired>,
}

/// Reads the catalogue. Countries named by border rules are looked up in `regions/countries.csv`.
pub fn catalogue(files: &SeedFiles) -> Result<CatalogueParts, SeedErrors> {
    let mut faults = SeedErrors::default();
    let parts = read_catalogue(files, &mut faults);
    faults.or(parts)
}

/// Reads the regions, and works out their points: countries, subdivisions and level 2 as typed;
/// level 1 the mean of its children in micro-degrees, the country's point where it is all of it, and
/// none where its children lie oceans apart; level 3 as the level 2 it lies in.
pub fn regions(files: &SeedFiles) -> Result<RegionParts, SeedErrors> {
    let mut faults = SeedErrors::default();
    let parts = place::read(files, &mut faults);
    faults.or(parts)
}

/// The formats of VAT numbers, which come with the program.
pub fn vat_formats() -> Result<VatFormats, SeedErrors> {
    let mut faults = SeedErrors::default();
    let formats =
        identifier::vat(&Sheet::read(&files(), files::VAT_FILE, identifier::VAT_COLUMNS, &mut faults), &mut faults);
    faults.or(formats)
}

/// The embedded catalogue and regions, indexed.
pub fn tables() -> Result<(Catalogue, RegionTable), SeedErrors> {
    load(&files())
}

/// Catalogue and regions of a set of seed files, indexed; or all faults of both.
pub fn load(files: &SeedFiles) -> Result<(Catalogue, RegionTable), SeedErrors> {
    let mut faults = SeedErrors::default();
    let catalogue = read_catalogue(files, &mut faults);
    let regions = place::read(files, &mut faults);
    let (parts, places) = faults.or((catalogue, regions))?;
    // What the readers let pass, the indexes take; if ever not, the load fails all the same.
    let whole = |folder: &str| {
        let file = files.shown(folder);
        move |reason: String| SeedErrors::one(SeedError { file, line: 0, column: String::new(), reason })
    };
    let catalogue = Catalogue::new(parts).map_err(whole("catalogue"))?;
    let table = RegionTable::new(places.countries, places.regions, places.retired).map_err(whole("regions"))?;
    Ok((catalogue, table))
}

fn read_catalogue(files: &SeedFiles, faults: &mut SeedErrors) -> CatalogueParts {
    let sheets = Sheets::read(files, faults);
    let keys = sheets.keys(faults);
    CatalogueParts {
        units: unit::units(&sheets.units, faults),
        schemes: grade::schemes(&sheets.schemes, faults),
        features: product::features(&sheets.features, faults),
        products: product::products(&sheets, &keys, faults),
        grades: grade::grades(&sheets, &keys, faults),
        rules: grade::rules(&sheets, &keys, faults),
        certificate_kinds: law::certificate_kinds(&sheets.certificate_kinds, faults),
        frames: law::frames(&sheets.legal_frames, faults),
        product_certificates: law::product_certificates(&sheets, &keys, faults),
        border_rules: law::border_rules(&sheets.border_rules, &keys, faults),
        steps: chain::steps(&sheets.process_steps, &keys, faults),
        conversions: chain::conversions(&sheets.conversions, &keys, faults),
        activities: chain::activities(&sheets.activities, faults),
    }
}

/// The sheets of the catalogue, before their cells are checked.
struct Sheets {
    products: Sheet,
    schemes: Sheet,
    grades: Sheet,
    grade_rules: Sheet,
    units: Sheet,
    features: Sheet,
    product_features: Sheet,
    certificate_kinds: Sheet,
    product_certificates: Sheet,
    legal_frames: Sheet,
    border_rules: Sheet,
    process_steps: Sheet,
    conversions: Sheet,
    activities: Sheet,
    countries: Sheet,
}

impl Sheets {
    fn read(files: &SeedFiles, faults: &mut SeedErrors) -> Self {
        let mut sheet = |file, columns| Sheet::read(files, file, columns, faults);
        Self {
            products: sheet("catalogue/products.csv", product::PRODUCT_COLUMNS),
            schemes: sheet("catalogue/schemes.csv", grade::SCHEME_COLUMNS),
            grades: sheet("catalogue/grades.csv", grade::GRADE_COLUMNS),
            grade_rules: sheet("catalogue/grade_rules.csv", grade::RULE_COLUMNS),
            units: sheet("catalogue/units.csv", unit::COLUMNS),
            features: sheet("catalogue/features.csv", product::FEATURE_COLUMNS),
            product_features: sheet("catalogue/product_features.csv", product::PRODUCT_FEATURE_COLUMNS),
            certificate_kinds: sheet("catalogue/certificate_kinds.csv", law::KIND_COLUMNS),
            product_certificates: sheet("catalogue/product_certificates.csv", law::PRODUCT_CERTIFICATE_COLUMNS),
            legal_frames: sheet("catalogue/legal_frames.csv", law::FRAME_COLUMNS),
            border_rules: sheet("catalogue/border_rules.csv", law::BORDER_COLUMNS),
            process_steps: sheet("catalogue/process_steps.csv", chain::STEP_COLUMNS),
            conversions: sheet("catalogue/conversions.csv", chain::CONVERSION_COLUMNS),
            activities: sheet("catalogue/activities.csv", chain::ACTIVITY_COLUMNS),
            // Its faults are told by the reader of regions; here only its codes matter.
            countries: Sheet::read(files, "regions/countries.csv", place::COUNTRY_COLUMNS, &mut SeedErrors::default()),
        }
    }

    fn keys(&self, faults: &mut SeedErrors) -> CatalogueKeys {
        CatalogueKeys {
            products: self.products.keys("code", "product", faults),
            schemes: self.schemes.keys("code", "scheme", faults),
            grades: self.grades.keys("code", "grade", faults),
            features: self.features.keys("code", "feature", faults),
            units: self.units.keys("code", "unit", faults),
            kinds: self.certificate_kinds.keys("code", "certificate kind", faults),
            frames: self.legal_frames.keys("code", "legal frame", faults),
            countries: self.countries.keys("iso2", "country", &mut SeedErrors::default()),
        }
    }
}

/// The codes each sheet defines, those of faulty rows included, so that one fault is told once.
struct CatalogueKeys {
    products: sheet::Keys,
    schemes: sheet::Keys,
    grades: sheet::Keys,
    features: sheet::Keys,
    units: sheet::Keys,
    kinds: sheet::Keys,
    frames: sheet::Keys,
    countries: sheet::Keys,
}
