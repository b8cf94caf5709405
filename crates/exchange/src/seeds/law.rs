//! `certificate_kinds.csv`, `product_certificates.csv`, `legal_frames.csv` and `border_rules.csv`.

use std::collections::HashSet;

use domain::{
    catalogue::{Area, BorderEffect, BorderRule, Frame},
    certificate::CertificateKind,
    code::{CertificateKindCode, CountryCode, FrameCode, ProductCode},
    time::Day,
};

use super::{
    CatalogueKeys, Sheets,
    cells::{CONFIDENCE, Cells},
    fault::SeedErrors,
    sheet::Sheet,
};

pub(super) const KIND_COLUMNS: &[&str] =
    &["code", "name", "proves", "id_pattern", "example", "register", "red_flags", "expires", "source", "confidence"];

pub(super) const PRODUCT_CERTIFICATE_COLUMNS: &[&str] = &["product", "frame", "kind", "required"];

pub(super) const FRAME_COLUMNS: &[&str] = &["code", "name", "from", "until", "act", "note"];

pub(super) const BORDER_COLUMNS: &[&str] =
    &["code", "frame", "products", "from_area", "to_area", "from", "until", "effect", "excepted", "source"];

/// Certificate kinds, in the order of the file.
pub(super) fn certificate_kinds(sheet: &Sheet, faults: &mut SeedErrors) -> Vec<CertificateKind> {
    let expires = [("yes", Some(true)), ("no", Some(false)), ("optional", None)];
    let mut kinds = Vec::new();
    for row in sheet.rows() {
        row.required("source", faults);
        row.one_of("confidence", &CONFIDENCE, faults);
        kinds.push(CertificateKind {
            code: CertificateKindCode::new(row.text("code")),
            name: row.required("name", faults).to_owned(),
            proves: row.required("proves", faults).to_owned(),
            id_pattern: row.text("id_pattern").to_owned(),
            example: row.text("example").to_owned(),
            register: row.text("register").to_owned(),
            red_flags: row.text("red_flags").to_owned(),
            source: row.text("source").to_owned(),
            expires: row.one_of("expires", &expires, faults).flatten(),
        });
    }
    kinds
}

/// Kinds a buyer normally demands of a product under a frame, and whether one of several will do.
pub(super) fn product_certificates(
    sheets: &Sheets,
    keys: &CatalogueKeys,
    faults: &mut SeedErrors,
) -> Vec<(ProductCode, FrameCode, CertificateKindCode, bool)> {
    let frames_of = sheets.products.by_code(|row| row.entries("frames"));
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for row in sheets.product_certificates.rows() {
        let product = row.required_reference("product", &keys.products, faults);
        // Blank where custom asks for the paper, not law.
        let frame = row.reference("frame", &keys.frames, faults).unwrap_or_default();
        let kind = row.required_reference("kind", &keys.kinds, faults);
        if !frame.is_empty() && keys.frames.has(frame) && frames_of.get(product).is_some_and(|of| !of.contains(&frame))
        {
            row.fault(
                faults,
                "frame",
                format!("{product} does not list the frame {frame} in products.csv; add it there"),
            );
        }
        if !seen.insert((product, frame, kind)) {
            row.fault(faults, "kind", format!("{product} has {kind} under {frame} on an earlier line; remove one"));
        }
        let one_of_several = row.one_of("required", &[("yes", false), ("alternative", true)], faults);
        found.push((
            ProductCode::new(product),
            FrameCode::new(frame),
            CertificateKindCode::new(kind),
            one_of_several.unwrap_or(false),
        ));
    }
    found
}

/// Legal frames, in the order of the file.
pub(super) fn frames(sheet: &Sheet, faults: &mut SeedErrors) -> Vec<Frame> {
    let mut frames = Vec::new();
    for row in sheet.rows() {
        let (from, until) = row.span("from", "until", faults);
        frames.push(Frame {
            code: FrameCode::new(row.text("code")),
            name: row.required("name", faults).to_owned(),
            act: row.required("act", faults).to_owned(),
            from,
            until,
            note: row.text("note").to_owned(),
        });
    }
    frames
}

/// Border rules, in the order of the file.
pub(super) fn border_rules(sheet: &Sheet, keys: &CatalogueKeys, faults: &mut SeedErrors) -> Vec<BorderRule> {
    let effects =
        [("authorisation_required", BorderEffect::AuthorisationRequired), ("forbidden", BorderEffect::Forbidden)];
    sheet.keys("code", "border rule", faults);
    let mut rules = Vec::new();
    for row in sheet.rows() {
        row.required_reference("frame", &keys.frames, faults);
        row.required("source", faults);
        let products = row.references("products", &keys.products, faults);
        if products.is_empty() {
            row.fault(faults, "products", "is blank; list the products it covers");
        }
        let (from, until) = row.span("from", "until", faults);
        if row.text("from").is_empty() {
            row.fault(faults, "from", "is blank; write its first day as YYYY-MM-DD");
        }
        let from_area = area(row, "from_area", keys, faults);
        if row.text("from_area") == "*" {
            row.fault(faults, "from_area", "\"*\" is no area to leave; write EU or a country code");
        }
        rules.push(BorderRule {
            code: row.text("code").to_owned(),
            products: products.into_iter().map(ProductCode::new).collect(),
            from_area: from_area.unwrap_or(Area::Eu),
            to_area: area(row, "to_area", keys, faults),
            from: from.unwrap_or(Day::MIN),
            until,
            effect: row.one_of("effect", &effects, faults).unwrap_or(BorderEffect::Forbidden),
            excepted: row.references("excepted", &keys.countries, faults).into_iter().map(CountryCode::new).collect(),
            source: row.text("source").to_owned(),
        });
    }
    rules
}

/// `EU`, a country's ISO code, or `*` for anywhere.
fn area(row: Cells<'_>, column: &str, keys: &CatalogueKeys, faults: &mut SeedErrors) -> Option<Area> {
    match row.text(column) {
        "*" => None,
        "EU" => Some(Area::Eu),
        code if !code.is_empty() && keys.countries.has(code) => Some(Area::Country(CountryCode::new(code))),
        other => {
            let reason = format!("{other:?} is no area; write EU, a country code of countries.csv, or * for anywhere");
            row.fault(faults, column, reason);
            None
        }
    }
}
