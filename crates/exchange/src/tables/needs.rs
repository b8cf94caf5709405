//! Rows of needs; rows of one external id are instalments of one need.

use domain::{
    need::{CheckedInstalments, InstalmentInput, NeedInput, NeedTerms, RequirementInput},
    offer::Reference,
    time::Instant,
};

use super::{
    Candidate, Field, Kind, OrganisationRecord, SiteRecord, Source, column_of, offers::parties, place::Places,
    reader::Reader,
};

/// A need as its rows state it, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedRecord {
    /// Whose it is; `None` where the file does not say, so that it is the importer's own.
    pub organisation: Option<OrganisationRecord>,
    /// Where it must arrive.
    pub site: SiteRecord,
    /// When it was entered in the system it comes from.
    pub created_at: Option<Instant>,
    /// What was typed; one instalment a row.
    pub input: NeedInput,
    /// What it means.
    pub terms: NeedTerms,
    /// The instalments, in the order of the rows.
    pub instalments: CheckedInstalments,
    /// Why it must wait for a reviewer, if it must.
    pub quarantine: Option<String>,
}

/// Columns that may differ between the rows of one need.
const OF_INSTALMENT: [Field; 7] =
    [Field::Quantity, Field::Unit, Field::PackSize, Field::PackUnit, Field::Due, Field::Size, Field::CreatedAt];

/// Reads and checks the rows of one need; the first states what they share.
pub(crate) fn read(
    rows: &mut [Reader<'_>],
    places: &mut Places<'_>,
    source: &Source,
    at: &Reference<'_>,
) -> Option<NeedRecord> {
    let instalments: Vec<InstalmentInput> = rows.iter_mut().map(|row| instalment(row, source, at)).collect();
    let (first, others) = rows.split_first_mut()?;
    for row in &mut *others {
        refuse_differences(first, row, source);
    }
    let (organisation, site, created_at) = parties(first, places);
    let input = input(first, instalments, at);
    let checked = match input.check(at) {
        Ok(checked) => Some(checked),
        Err(violations) => {
            let known: Vec<usize> = std::iter::once(&*first).chain(&*others).map(|r| r.faults.len()).collect();
            for v in violations.into_vec() {
                // Each instalment is a row, and a fault of it belongs there.
                let (_, at) = column_of(&v, Kind::Needs);
                let known = known.get(at).copied().unwrap_or(0);
                match at.checked_sub(1).and_then(|i| others.get_mut(i)) {
                    Some(row) => row.keep_violation(&v, known),
                    None => first.keep_violation(&v, known),
                }
            }
            None
        }
    };
    let (terms, instalments, quarantine) = checked?;
    rows.iter().all(|r| r.faults.is_empty()).then_some(NeedRecord {
        organisation,
        site,
        created_at,
        input,
        terms,
        instalments,
        quarantine,
    })
}

fn instalment(row: &mut Reader<'_>, source: &Source, at: &Reference<'_>) -> InstalmentInput {
    let quantity = row.measure(&Field::Quantity);
    let due = match row.text(&Field::Due) {
        Some(typed) => row.day(&Field::Due).unwrap_or(typed),
        // A blank date is for the domain to refuse.
        None => source.layout.mapping.due_days.map(|d| at.today.plus(d).to_string()).unwrap_or_default(),
    };
    InstalmentInput { quantity, due, size: row.text(&Field::Size) }
}

/// A later row of a need may leave shared columns blank or repeat them, and nothing else.
fn refuse_differences(first: &Reader<'_>, row: &mut Reader<'_>, source: &Source) {
    let shared: Vec<Field> =
        source.layout.columns.fields().map(|(f, _)| f.clone()).filter(|f| !OF_INSTALMENT.contains(f)).collect();
    for field in shared {
        let (one, other) = (first.text(&field), row.text(&field));
        if row.is_stated(&field) && one != other {
            let reason = format!(
                "{:?} differs from {:?} on line {}, and both rows are instalments of one need",
                other.unwrap_or_default(),
                one.unwrap_or_default(),
                first.line
            );
            row.push(&field, "differs", &reason, "write the same in both rows, or another external id");
        }
    }
}

fn input(row: &mut Reader<'_>, instalments: Vec<InstalmentInput>, at: &Reference<'_>) -> NeedInput {
    let mut requirements = Vec::new();
    for preferred in [false, true] {
        let stated = row.features(preferred, at).into_iter();
        requirements.extend(stated.map(|(feature, value)| RequirementInput { feature, value, preferred }));
    }
    NeedInput {
        product: row.product(),
        grades: row.list(&Field::Grade),
        substitutions: row.list(&Field::Substitutions).iter().map(|s| substitution(s)).collect(),
        requirements,
        certificates: row.list(&Field::Certificates),
        accept_pending: row.flag_value(&Field::AcceptPending).unwrap_or(false),
        certificate_status: None,
        verification: None,
        transfers: row.list(&Field::Transfer),
        price_cap: row.price(&Field::PriceCap),
        regions: row.list(&Field::Regions),
        max_distance_km: row.whole(&Field::MaxDistanceKm),
        max_suppliers: row.whole(&Field::MaxSuppliers),
        urgency: row.text(&Field::Urgency),
        instalments,
        stock: None,
        stock_as_of: None,
        daily_use: None,
        note: row.text(&Field::Note).unwrap_or_default(),
        draft: false,
    }
}

/// `product`, `product/grade` or `/grade`.
fn substitution(typed: &str) -> (Option<String>, Option<String>) {
    let part = |s: &str| Some(s.trim().to_owned()).filter(|s| !s.is_empty());
    match typed.split_once('/') {
        Some((product, grade)) => (part(product), part(grade)),
        None => (part(typed), None),
    }
}

/// What twins of a need are told by, where its row has a time and an organisation.
pub(crate) fn candidate(record: &NeedRecord, line: u32) -> Option<Candidate> {
    Some(Candidate {
        line,
        organisation: record.organisation.as_ref()?.name.clone(),
        product: super::product_key(&record.terms.product, &record.terms.grades),
        quantity: record.instalments.iter().map(|(m, _, _)| m.quantity.units()).sum(),
        region: record.site.region.as_ref().map(|r| r.as_str().to_owned()),
        at: record.created_at?,
    })
}
