//! `units.csv`: UN/ECE Recommendation 20 units, and packages of Recommendation 21.

use std::collections::HashMap;

use domain::{
    code::UnitCode,
    text,
    unit::{BaseUnit, Unit, UnitMeaning, UnitTable},
};

use super::{cells::Cells, fault::SeedErrors, sheet::Sheet};

pub(super) const COLUMNS: &[&str] =
    &["code", "list", "name_en", "dimension", "base_unit", "numerator", "denominator", "policy", "synonyms", "note"];

const DIMENSIONS: [(&str, Option<BaseUnit>); 9] = [
    ("count", Some(BaseUnit::Piece)),
    ("mass", Some(BaseUnit::Gram)),
    ("volume", Some(BaseUnit::Millilitre)),
    ("length", Some(BaseUnit::Millimetre)),
    ("area", Some(BaseUnit::SquareCentimetre)),
    ("test", Some(BaseUnit::Test)),
    ("labour", Some(BaseUnit::Minute)),
    ("time", None),
    ("package", None),
];

/// How a unit may be written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Policy {
    /// In and out.
    Accept,
    /// In only.
    InputOnly,
    /// In, with the better code in the note.
    Deprecated,
    /// In, with a pack size.
    NeedsPackSize,
}

const POLICIES: [(&str, Policy); 4] = [
    ("accept", Policy::Accept),
    ("input_only", Policy::InputOnly),
    ("deprecated", Policy::Deprecated),
    ("needs_pack_size", Policy::NeedsPackSize),
];

/// The table of units. A word that two units claim is a fault of the later one.
pub(super) fn units(sheet: &Sheet, faults: &mut SeedErrors) -> UnitTable {
    let mut claimed: HashMap<String, &str> = HashMap::new();
    let mut units = Vec::new();
    for row in sheet.rows() {
        let code = row.text("code");
        let synonyms = row.words("synonyms", faults);
        for (column, word) in std::iter::once(("code", code)).chain(synonyms.iter().map(|s| ("synonyms", s.as_str()))) {
            if let Some(other) = claimed.insert(text::fold(word), code).filter(|other| *other != code) {
                row.fault(faults, column, format!("{word:?} means {other} already; remove it from one of them"));
            }
        }
        row.one_of("list", &[("rec20", ()), ("rec21", ())], faults);
        let policy = row.one_of("policy", &POLICIES, faults);
        let note = row.text("note");
        units.push(Unit {
            code: UnitCode::new(code),
            name: row.required("name_en", faults).to_owned(),
            meaning: meaning(row, policy, faults),
            synonyms,
            deprecated_note: (policy == Some(Policy::Deprecated)).then(|| note.to_owned()),
        });
    }
    // Claims are checked above, with their lines.
    UnitTable::new(units).unwrap_or_default()
}

fn meaning(row: Cells<'_>, policy: Option<Policy>, faults: &mut SeedErrors) -> UnitMeaning {
    let dimension = row.one_of("dimension", &DIMENSIONS, faults);
    let factor = ["base_unit", "numerator", "denominator"];
    let is_period = row.text("dimension") == "time";
    if is_period || policy == Some(Policy::NeedsPackSize) {
        for column in factor.into_iter().filter(|c| !row.text(c).is_empty()) {
            let kind = if is_period { "a period of time" } else { "a package" };
            row.fault(faults, column, format!("{:?} means nothing for {kind}; leave it blank", row.text(column)));
        }
        return if is_period { UnitMeaning::Period } else { UnitMeaning::Package };
    }
    let bases = BaseUnit::ALL.map(|u| (u.as_str(), u));
    let base = row.one_of("base_unit", &bases, faults);
    if let (Some(dimension), Some(base)) = (dimension, base)
        && dimension != Some(base)
    {
        let reason =
            format!("{base} does not measure {}; write the base unit of that dimension", row.text("dimension"));
        row.fault(faults, "base_unit", reason);
    }
    UnitMeaning::Fixed {
        base: base.unwrap_or(BaseUnit::Piece),
        numerator: row.whole("numerator", 1, 1_000_000_000, faults),
        denominator: row.whole("denominator", 1, 1_000_000_000, faults),
    }
}
