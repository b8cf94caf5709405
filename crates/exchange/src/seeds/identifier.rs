//! `identifiers/vat.csv`: how VAT numbers look.

use domain::{
    code::CountryCode,
    identifier::{VatFormat, VatFormats},
};

use super::{fault::SeedErrors, sheet::Sheet};

pub(super) const VAT_COLUMNS: &[&str] = &["prefix", "country", "structure", "pattern"];

/// The formats, in the order of the file.
pub(super) fn vat(sheet: &Sheet, faults: &mut SeedErrors) -> VatFormats {
    let mut formats = Vec::new();
    for row in sheet.rows() {
        let prefix = row.required("prefix", faults);
        let country = CountryCode::new(row.required("country", faults));
        let structure = row.required("structure", faults);
        match VatFormat::new(prefix, country, structure, row.required("pattern", faults)) {
            Ok(format) => formats.push(format),
            Err(reason) => row.fault(faults, "pattern", reason),
        }
    }
    VatFormats(formats)
}
