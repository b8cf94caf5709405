//! Rows of offers.

use std::{fmt, sync::LazyLock};

use domain::{
    code::CountryCode,
    identifier::{Identifier, IdentifierKind, VatFormats},
    offer::{
        CalendarInput, CertificateInput, ConversionInput, DerogationInput, MissingInputInput, OfferInput, OfferTerms,
        RateInput, Reference,
    },
    organisation::OrganisationKind,
    quantity::MeasureInput,
    time::Instant,
    violation::Violations,
};

use crate::seeds;

use super::{
    Candidate, Field, SiteRecord, Source,
    place::{Place, Places},
    reader::Reader,
};

/// The organisation a row names.
#[derive(Clone, PartialEq, Eq)]
pub struct OrganisationRecord {
    /// Its name, in NFC.
    pub name: String,
    /// What it is, where the row says.
    pub kind: Option<OrganisationKind>,
    /// Its country, where known.
    pub country: Option<CountryCode>,
    /// Its VAT number, where the row says.
    pub vat: Option<Identifier>,
}

/// Whether a row changed is told by this text: it stays what it was before rows had VAT numbers.
impl fmt::Debug for OrganisationRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = f.debug_struct("OrganisationRecord");
        parts.field("name", &self.name).field("kind", &self.kind).field("country", &self.country);
        if let Some(vat) = &self.vat {
            parts.field("vat", vat);
        }
        parts.finish()
    }
}

/// An offer as a row states it, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRecord {
    /// Whose it is; `None` where the file does not say, so that it is the importer's own.
    pub organisation: Option<OrganisationRecord>,
    /// Where it is.
    pub site: SiteRecord,
    /// When it was entered in the system it comes from.
    pub created_at: Option<Instant>,
    /// What was typed.
    pub input: OfferInput,
    /// What it means.
    pub terms: OfferTerms,
    /// Why it must wait for a reviewer, if it must.
    pub quarantine: Option<String>,
}

/// Organisation and site of a row, which offers and needs state alike.
pub(crate) fn parties(
    row: &mut Reader<'_>,
    places: &mut Places<'_>,
) -> (Option<OrganisationRecord>, SiteRecord, Option<Instant>) {
    let unknown = row.unknown_region();
    let Place { country, region, point } = places.read(row, unknown);
    let name = row.name(&Field::Organisation);
    if row.has_column(&Field::Organisation) && row.text(&Field::Organisation).is_none() {
        // Never the importer's own by an oversight.
        row.push(&Field::Organisation, "blank", "is blank", "write whose it is, or leave the column out");
    }
    let kind = row.text(&Field::OrganisationKind).and_then(|typed| {
        let kind = OrganisationKind::parse(typed.trim().to_lowercase().as_str());
        if kind.is_none() {
            let names = OrganisationKind::ALL.map(OrganisationKind::as_str).join(", ");
            let reason = format!("{typed:?} is no kind of organisation");
            row.push(&Field::OrganisationKind, "unknown_value", &reason, &format!("write one of: {names}"));
        }
        kind
    });
    let vat = vat(row, country.as_ref());
    let organisation = name.map(|name| OrganisationRecord { name, kind, country: country.clone(), vat });
    let site = SiteRecord { name: row.name(&Field::Site), country, region, point };
    (organisation, site, row.instant(&Field::CreatedAt))
}

/// The VAT number of a row in its one form. Without a country only one with its prefix is understood.
fn vat(row: &mut Reader<'_>, country: Option<&CountryCode>) -> Option<Identifier> {
    static FORMATS: LazyLock<VatFormats> = LazyLock::new(|| seeds::vat_formats().unwrap_or_default());
    let typed = row.text(&Field::Vat)?;
    let unknown = CountryCode::new("ZZ");
    let parsed = Identifier::parse("", IdentifierKind::Vat, &typed, country.unwrap_or(&unknown), &FORMATS);
    match parsed {
        Ok(vat) => Some(vat),
        Err(faults) => {
            let reason = faults.to_string();
            let remedy = "write it as on an invoice, with its prefix, or leave it out";
            row.push(&Field::Vat, "bad_identifier", reason.trim_start_matches(": "), remedy);
            None
        }
    }
}

/// Reads and checks one row.
pub(crate) fn read(
    row: &mut Reader<'_>,
    places: &mut Places<'_>,
    source: &Source,
    at: &Reference<'_>,
) -> Option<OfferRecord> {
    let (organisation, site, created_at) = parties(row, places);
    let input = input(row, source, at);
    let checked = row.keep(input.check(at));
    let (terms, quarantine) = checked?;
    row.faults.is_empty().then_some(OfferRecord { organisation, site, created_at, input, terms, quarantine })
}

fn input(row: &mut Reader<'_>, source: &Source, at: &Reference<'_>) -> OfferInput {
    let days_before = |days: i32| at.today.plus(-days).to_string();
    let as_of = row.day(&Field::AsOf).or_else(|| source.layout.mapping.as_of_days.map(days_before));
    OfferInput {
        product: row.product(),
        grades: row.list(&Field::Grade),
        features: row.features(false, at),
        stock: row.measure(&Field::Quantity),
        running: rate(row, &Field::Running),
        maximum: rate(row, &Field::Maximum),
        ramp_days: row.whole(&Field::RampDays).unwrap_or(0),
        convertible: convertible(row),
        weeks: Vec::new(),
        calendar: CalendarInput { working_days: row.list(&Field::WorkingDays), closures: Vec::new() },
        from: row.day(&Field::From),
        until: row.day(&Field::Until),
        as_of,
        lead_days: row.whole(&Field::LeadDays).unwrap_or(0),
        min_order: row.measure(&Field::MinOrder),
        max_distance_km: row.whole(&Field::MaxDistanceKm),
        regions: row.list(&Field::Regions),
        authorisations: Vec::new(),
        missing_inputs: missing_inputs(row),
        certificates: certificates(row, source),
        transfers: row.list(&Field::Transfer),
        price: row.price(&Field::Price),
        role: row.text(&Field::Role),
        visibility: row.text(&Field::Visibility),
        // Said where the offer is shown, not where it is kept.
        disclosure: std::collections::BTreeMap::new(),
        line: None,
        note: row.text(&Field::Note).unwrap_or_default(),
        draft: false,
    }
}

fn rate(row: &mut Reader<'_>, field: &Field) -> Option<RateInput> {
    let measure = row.measure(field)?;
    // A rate without a period is refused by the domain, which names the periods.
    Some(RateInput { measure, per: row.text(&Field::Per).unwrap_or_default() })
}

fn convertible(row: &mut Reader<'_>) -> Option<ConversionInput> {
    let rate = rate(row, &Field::Convertible)?;
    match row.whole(&Field::ConversionDays) {
        Some(days) => Some(ConversionInput { rate: Some(rate), days, ramp_days: 0, decided_on: None }),
        None => {
            if row.text(&Field::ConversionDays).is_none() {
                let reason = "is blank beside a convertible rate";
                row.push(&Field::ConversionDays, "missing", reason, "write the days from decision to first output");
            }
            None
        }
    }
}

/// `product|quantity|unit|per|when`, separated by `;`; everything behind the quantity may be left out.
fn missing_inputs(row: &mut Reader<'_>) -> Vec<MissingInputInput> {
    let Some(typed) = row.text(&Field::MissingInputs) else { return Vec::new() };
    let mut found = Vec::new();
    for one in typed.split([';', '\n']).map(str::trim).filter(|c| !c.is_empty()) {
        let parts: Vec<&str> = one.split('|').map(str::trim).collect();
        let part = |i: usize| parts.get(i).copied().filter(|p| !p.is_empty());
        let quantity = part(1).and_then(|text| text.parse().ok());
        let per = part(3).map(str::parse).transpose();
        let (Some(value), Ok(per), 2..=5) = (quantity, per, parts.len()) else {
            let reason = format!("{one:?} is not understood");
            row.push(
                &Field::MissingInputs,
                "bad_value",
                &reason,
                "write product|quantity|unit|per, such as meltblown|2|GRM|1",
            );
            continue;
        };
        let quantity = MeasureInput { value, unit: part(2).map(str::to_owned), pack_size: None, pack_unit: None };
        let product = part(0).unwrap_or_default().to_owned();
        found.push(MissingInputInput { product, quantity: Some(quantity), per, when: part(4).map(str::to_owned) });
    }
    found
}

/// `kind|number|status|valid_until|notified_body|holder|authority|territory`, separated by `;`; everything but the kind may
/// be left out. The last two make it a derogation of that number, until that day; commas part the territory.
fn certificates(row: &mut Reader<'_>, source: &Source) -> Vec<CertificateInput> {
    let Some(typed) = row.text(&Field::Certificates) else { return Vec::new() };
    let mut found = Vec::new();
    for one in typed.split([';', '\n']).map(str::trim).filter(|c| !c.is_empty()) {
        let parts: Vec<&str> = one.split('|').map(str::trim).collect();
        if parts.len() > 8 {
            let reason = format!("{one:?} has {} parts", parts.len());
            row.push(
                &Field::Certificates,
                "bad_certificate",
                &reason,
                "write kind|number|status|valid_until|notified_body|holder",
            );
            continue;
        }
        let part = |i: usize| parts.get(i).filter(|p| !p.is_empty()).map(|p| (*p).to_owned());
        let valid_until = match part(3).map(|d| source.layout.mapping.dates.day(&d)) {
            Some(Err(detail)) => {
                let one = Violations::one("", "bad_date", detail);
                row.push_violations(&Field::Certificates, &one);
                None
            }
            Some(Ok(day)) => Some(day.to_string()),
            None => None,
        };
        let derogation = (part(6).is_some() || part(7).is_some()).then(|| DerogationInput {
            authority: part(6).unwrap_or_default(),
            number: part(1).unwrap_or_default(),
            territory: part(7).iter().flat_map(|list| list.split(',')).map(|code| code.trim().to_owned()).collect(),
            until: valid_until.clone().unwrap_or_default(),
        });
        found.push(CertificateInput {
            kind: part(0).unwrap_or_default(),
            number: part(1),
            status: part(2),
            valid_until,
            notified_body: part(4),
            holder: part(5),
            derogation,
            ..CertificateInput::default()
        });
    }
    found
}

/// What twins of an offer are told by, where its row has a time and an organisation.
pub(crate) fn candidate(record: &OfferRecord, line: u32) -> Option<Candidate> {
    let profile = &record.terms.profile;
    let rate = profile.running.as_ref().or(profile.maximum.as_ref());
    Some(Candidate {
        line,
        organisation: record.organisation.as_ref()?.name.clone(),
        product: super::product_key(&record.terms.product, &record.terms.grades),
        quantity: profile.stock.quantity.units() + rate.map_or(0, |r| r.measure.quantity.units()),
        region: record.site.region.as_ref().map(|r| r.as_str().to_owned()),
        at: record.created_at?,
    })
}
