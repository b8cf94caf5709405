//! From what people typed to the terms of an offer, with every fault found at once.

use std::{collections::BTreeSet, sync::Arc};

use super::{OfferTerms, Role, Transfer, Visibility};
use crate::{
    calendar::{Span, WorkingCalendar},
    capacity::{CapacityKind, CapacityProfile, Conversion},
    catalogue::{Catalogue, Product},
    certificate::{Certificate, CertificateStatus},
    code::{FeatureCode, GradeCode, RegionCode},
    decimal::Decimal,
    feature::{Feature, FeatureKind, FeatureValue},
    ids::LineId,
    price::Price,
    quantity::{Fabric, Measure, MeasureInput, Quantity, Zero, measure},
    rate::{Period, Rate},
    region::{RegionTable, Resolved},
    text,
    time::{Day, weekday_number},
    violation::Violations,
};

/// What input is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    /// Products, grades, units.
    pub catalogue: &'a Catalogue,
    /// Regions and countries.
    pub regions: &'a RegionTable,
    /// The day of the check.
    pub today: Day,
}

/// A quantity per period as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateInput {
    /// The quantity.
    pub measure: MeasureInput,
    /// `day`, `week`, `month` or `year`.
    pub per: String,
}

/// Convertible capacity as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversionInput {
    /// The rate once converted.
    pub rate: RateInput,
    /// Calendar days from decision to first output.
    pub days: i64,
    /// Working days to the full rate.
    pub ramp_days: i64,
    /// The day of the decision, once taken.
    pub decided_on: Option<String>,
}

/// A working calendar as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarInput {
    /// English weekday names; Monday to Friday when empty.
    pub working_days: Vec<String>,
    /// First and last day of each closure.
    pub closures: Vec<(String, String)>,
}

/// A feature's value as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureInput {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(Decimal),
    /// A word.
    Text(String),
    /// Several words.
    List(Vec<String>),
}

/// A price as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceInput {
    /// Per base unit.
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: String,
}

/// A certificate as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateInput {
    /// A kind of the catalogue.
    pub kind: String,
    /// A rung of the ladder up to `documented`; `claimed` where absent.
    pub status: Option<String>,
    /// The number on it.
    pub number: Option<String>,
    /// The notified body's number.
    pub notified_body: Option<String>,
    /// Grades it covers.
    pub grades: Vec<String>,
    /// First day it holds.
    pub valid_from: Option<String>,
    /// Last day it holds.
    pub valid_until: Option<String>,
    /// When a pending one is expected.
    pub expected_on: Option<String>,
}

/// An offer as typed, from a request, a form or a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OfferInput {
    /// A product code, name or synonym.
    pub product: String,
    /// Grades by code or name.
    pub grades: Vec<String>,
    /// Features by code.
    pub features: Vec<(String, FeatureInput)>,
    /// What lies ready.
    pub stock: Option<MeasureInput>,
    /// What is made now.
    pub running: Option<RateInput>,
    /// What is made at full stretch.
    pub maximum: Option<RateInput>,
    /// Working days from the window's start to the full rate.
    pub ramp_days: i64,
    /// What could be made after a conversion.
    pub convertible: Option<ConversionInput>,
    /// The site's working days.
    pub calendar: CalendarInput,
    /// First day of the window; today where absent.
    pub from: Option<String>,
    /// Last day of the window.
    pub until: Option<String>,
    /// The date the figures stand for; today where absent.
    pub as_of: Option<String>,
    /// Days from order to goods not in stock.
    pub lead_days: i64,
    /// The smallest order.
    pub min_order: Option<MeasureInput>,
    /// The farthest delivery.
    pub max_distance_km: Option<i64>,
    /// Where it delivers.
    pub regions: Vec<String>,
    /// Border rules it is authorised under.
    pub authorisations: Vec<String>,
    /// Certificates.
    pub certificates: Vec<CertificateInput>,
    /// `sale`, `donation`, `loan`; sale where empty.
    pub transfers: Vec<String>,
    /// Price of a sale.
    pub price: Option<PriceInput>,
    /// `maker` (where absent) or `trader`.
    pub role: Option<String>,
    /// `market` (where absent), `clusters` or `authorities`.
    pub visibility: Option<String>,
    /// A shared line.
    pub line: Option<LineId>,
    /// Words.
    pub note: String,
}

impl OfferInput {
    /// Checks everything and returns the terms, with the reason to quarantine them if they are
    /// implausible; or every fault at once, each with a pointer below the offer.
    pub fn check(&self, at: &Reference<'_>) -> Result<(OfferTerms, Option<String>), Violations> {
        let mut faults = Violations::new();
        let Some((product, implied)) = faults.keep(product(&self.product, at.catalogue)) else {
            // Nothing that counts in units can be checked without the product.
            faults.keep(self.window(at));
            return Err(faults);
        };
        let grades = faults.keep(grades("/grades", product, &self.grades, implied, at.catalogue));
        let features = faults.keep(features_stated(product, &self.features, at.catalogue));
        let fabric = features.as_deref().and_then(fabric);
        let profile = self.profile(product, fabric, at, &mut faults);
        let min_order = self.min_order.as_ref().and_then(|m| {
            faults.keep(measure("/min_order", m, product.base_unit, Zero::Refused, at.catalogue.unit_table(), fabric))
        });
        if let (Some(p), Some(m)) = (&profile, &min_order) {
            faults.keep(min_order_within_reach(p, m));
        }
        let lead_days = faults.keep(whole("/lead_days", self.lead_days, 0, 730));
        let max_distance_km = self.max_distance_km.map(|km| faults.keep(whole("/max_distance_km", km, 1, 20_100)));
        let regions = faults.keep(region_list("/regions", &self.regions, at.regions));
        let authorisations = faults.keep(authorisations(&self.authorisations, at.catalogue));
        let certificates = faults.keep(certificates(product, &self.certificates, at.catalogue));
        let transfers = faults.keep(transfers("/transfers", &self.transfers));
        let price = self.price.as_ref().map(|p| faults.keep(Price::parse("/price", p.amount, &p.currency)));
        let role = faults.keep(choose("/role", self.role.as_deref(), Role::Maker, &Role::ALL, Role::as_str));
        let visibility = faults.keep(choose(
            "/visibility",
            self.visibility.as_deref(),
            Visibility::Market,
            &Visibility::ALL,
            Visibility::as_str,
        ));
        let note = faults.keep(text::note("/note", &self.note));
        faults.into_result()?;
        let terms = (|| {
            Some(OfferTerms {
                product: product.code.clone(),
                grades: grades?,
                features: features?,
                profile: profile?,
                line: self.line,
                min_order,
                lead_days: u16::try_from(lead_days?).ok()?,
                max_distance_km: max_distance_km.flatten().and_then(|km| u32::try_from(km).ok()),
                regions: regions?,
                authorisations: authorisations?,
                certificates: certificates?,
                transfers: transfers?,
                price: price.flatten(),
                role: role?,
                visibility: visibility?,
                note: note?,
            })
        })();
        // With no fault every part is there; the error says so rather than panicking.
        let terms = terms.ok_or_else(|| Violations::one("", "incomplete", "could not be read; check every field"))?;
        let quarantine = implausible(product, &terms);
        Ok((terms, quarantine))
    }

    fn window(&self, at: &Reference<'_>) -> Result<(Day, Option<Day>, Day), Violations> {
        let mut faults = Violations::new();
        let as_of = faults.keep(optional_day("/as_of", self.as_of.as_deref()));
        if let Some(Some(d)) = as_of.filter(|d| d.is_some_and(|d| d > at.today)) {
            faults.push(
                "/as_of",
                "in_future",
                format!("{d} is after today ({}); figures stand for a day that has come", at.today),
            );
        }
        let as_of = as_of.flatten().unwrap_or(at.today);
        let from = faults.keep(optional_day("/from", self.from.as_deref()));
        let from = from.flatten().unwrap_or(as_of);
        let until = faults.keep(optional_day("/until", self.until.as_deref())).flatten();
        if let Some(u) = until.filter(|u| *u < from) {
            faults.push(
                "/until",
                "before_start",
                format!("{u} is before the window starts ({from}); swap or correct them"),
            );
        } else if let Some(u) = until.filter(|u| *u < at.today) {
            faults.push("/until", "in_past", format!("{u} is over; write today ({}) or a later day", at.today));
        }
        faults.into_result()?;
        Ok((from, until, as_of))
    }

    fn profile(
        &self,
        product: &Product,
        fabric: Option<Fabric>,
        at: &Reference<'_>,
        faults: &mut Violations,
    ) -> Option<CapacityProfile> {
        let base = product.base_unit;
        let units = at.catalogue.unit_table();
        let window = faults.keep(self.window(at));
        let calendar = faults.keep(calendar(&self.calendar));
        let rate = |pointer: &str, r: &RateInput, faults: &mut Violations| {
            let measure = faults.keep(measure(pointer, &r.measure, base, Zero::Legal, units, fabric));
            let period = Period::parse(&r.per);
            if period.is_none() {
                faults.push(
                    format!("{pointer}/per"),
                    "unknown_period",
                    format!("{:?} is no period; write day, week, month or year", r.per),
                );
            }
            Some(Rate { measure: measure?, period: period? })
        };
        let stock = match &self.stock {
            Some(m) => faults.keep(measure("/stock", m, base, Zero::Legal, units, fabric)),
            None => Some(Measure::of(Quantity::ZERO, base)),
        };
        let running = self.running.as_ref().map(|r| rate("/running", r, faults));
        let maximum = self.maximum.as_ref().map(|r| rate("/maximum", r, faults));
        let ramp_days = faults.keep(whole("/ramp_days", self.ramp_days, 0, 730));
        let convertible = self.convertible.as_ref().map(|c| {
            let rate = rate("/convertible", &c.rate, faults);
            let days = faults.keep(whole("/convertible/days", c.days, 0, 1_095));
            let ramp = faults.keep(whole("/convertible/ramp_days", c.ramp_days, 0, 730));
            let decided = faults.keep(optional_day("/convertible/decided_on", c.decided_on.as_deref()));
            Some(Conversion {
                rate: rate?,
                days: u16::try_from(days?).ok()?,
                ramp_days: u16::try_from(ramp?).ok()?,
                decided_on: decided?,
            })
        });
        let calendar = calendar?;
        if let (Some(Some(low)), Some(Some(high))) = (&running, &maximum)
            && !low.at_most(high, &calendar)
        {
            faults.push(
                "/maximum",
                "below_running",
                "is less than the running rate; both are levels, so maximum includes running",
            );
        }
        let positive = |r: &Option<Option<Rate>>| {
            r.as_ref().is_some_and(|r| r.as_ref().is_none_or(|r| !r.measure.quantity.is_zero()))
        };
        let any = stock.as_ref().is_none_or(|s| !s.quantity.is_zero())
            || positive(&running)
            || positive(&maximum)
            || convertible.as_ref().is_some_and(|c| c.as_ref().is_none_or(|c| !c.rate.measure.quantity.is_zero()));
        if !any {
            faults.push(
                "",
                "no_capacity",
                "offers nothing; state a stock, a running, maximum or convertible rate above zero",
            );
        }
        let (from, until, as_of) = window?;
        Some(CapacityProfile {
            calendar: Arc::new(calendar),
            from,
            until,
            as_of,
            stock: stock?,
            running: flat(running)?,
            maximum: flat(maximum)?,
            ramp_days: u16::try_from(ramp_days?).ok()?,
            convertible: flat(convertible)?,
        })
    }
}

/// `None` when a stated part was faulty; `Some(None)` when it was not stated.
#[expect(clippy::option_option, reason = "absent and faulty are two things here")]
fn flat<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(None) => None,
        Some(some) => Some(some),
    }
}

/// The product a text names, with the grade it implies.
pub(crate) fn product<'a>(
    typed: &str,
    catalogue: &'a Catalogue,
) -> Result<(&'a Product, Option<GradeCode>), Violations> {
    if let Some(p) = catalogue.product(typed) {
        return Ok((p, None));
    }
    let known = |hit: &crate::catalogue::Hit| catalogue.product(hit.product.as_str()).map(|p| (p, hit.grade.clone()));
    let (code, detail) = match catalogue.identify(typed) {
        Ok(hit) => match known(&hit) {
            Some(found) => return Ok(found),
            None => ("unknown_product", format!("{typed:?} is no known product")),
        },
        Err(hits) if hits.is_empty() => (
            "unknown_product",
            format!("{typed:?} is no known product; search GET /api/v1/products?q= or `muster products search`"),
        ),
        Err(hits) => {
            let names: Vec<&str> = hits.iter().take(5).map(|h| h.product.as_str()).collect();
            let very: usize = hits.iter().filter(|h| h.score == 100).count();
            let code = if very > 1 { "ambiguous_product" } else { "unknown_product" };
            (code, format!("{typed:?} is no one product; write one of: {}", names.join(", ")))
        }
    };
    Err(Violations::one("/product", code, detail))
}

/// Grades of a product by code, name or synonym; the implied one when none is typed.
pub(crate) fn grades(
    pointer: &str,
    product: &Product,
    typed: &[String],
    implied: Option<GradeCode>,
    catalogue: &Catalogue,
) -> Result<Vec<GradeCode>, Violations> {
    let mut faults = Violations::new();
    let mut found: Vec<GradeCode> = Vec::new();
    for (i, word) in typed.iter().enumerate() {
        match catalogue.identify_grade(&product.code, word) {
            Some(g) if found.contains(&g.code) => {}
            Some(g) => found.push(g.code.clone()),
            None => {
                let legal: Vec<&str> = catalogue
                    .parts()
                    .grades
                    .iter()
                    .filter(|g| g.products.contains(&product.code))
                    .map(|g| g.code.as_str())
                    .collect();
                let remedy = if legal.is_empty() {
                    "it has none; leave the field out".to_owned()
                } else {
                    format!("write one of: {}", legal.join(", "))
                };
                faults.push(
                    format!("{pointer}/{i}"),
                    "unknown_grade",
                    format!("{word:?} is no grade of {}; {remedy}", product.code),
                );
            }
        }
    }
    faults.into_result()?;
    if found.is_empty() {
        found.extend(implied);
    }
    Ok(found)
}

/// Features of a product, each of its own kind and with a legal value, sorted by code.
pub(crate) fn features_stated(
    product: &Product,
    typed: &[(String, FeatureInput)],
    catalogue: &Catalogue,
) -> Result<Vec<(FeatureCode, FeatureValue)>, Violations> {
    let mut faults = Violations::new();
    let mut found: Vec<(FeatureCode, FeatureValue)> = Vec::new();
    for (name, value) in typed {
        let pointer = format!("/features/{name}");
        let legal = product.features.iter().find(|(code, _)| code.as_str() == name);
        let Some((feature, values)) =
            legal.and_then(|(code, values)| Some((catalogue.feature(code.as_str())?, values)))
        else {
            let known: Vec<&str> = product.features.iter().map(|(c, _)| c.as_str()).collect();
            let remedy =
                if known.is_empty() { "it has none".to_owned() } else { format!("it has: {}", known.join(", ")) };
            faults.push(&pointer, "unknown_feature", format!("{name:?} is no feature of {}; {remedy}", product.code));
            continue;
        };
        let values = if values.is_empty() { &feature.values } else { values };
        match feature_value(feature, values, value) {
            Ok(value) if found.iter().any(|(c, v)| *c == feature.code && *v != value) => {
                faults.push(&pointer, "stated_twice", format!("{name} is stated twice with different values"));
            }
            Ok(value) => found.push((feature.code.clone(), value)),
            Err(detail) => faults.push(&pointer, "bad_feature_value", detail),
        }
    }
    faults.into_result()?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn feature_value(feature: &Feature, values: &[String], typed: &FeatureInput) -> Result<FeatureValue, String> {
    let pick = |word: &String| {
        let hit = values.iter().find(|v| text::squeeze(v) == text::squeeze(word)).cloned();
        hit.ok_or_else(|| format!("{word:?} is no value of {}; write one of: {}", feature.code, values.join(", ")))
    };
    match (feature.kind, typed) {
        (FeatureKind::Flag, FeatureInput::Flag(b)) => Ok(FeatureValue::Flag(*b)),
        (FeatureKind::Flag, _) => Err(format!("{} is yes or no; write true or false", feature.code)),
        (FeatureKind::Integer, FeatureInput::Number(n)) => n
            .scaled_to_whole(1, 1)
            .and_then(|n| i64::try_from(n).ok())
            .filter(|n| (0..=Quantity::LIMIT).contains(n))
            .map(FeatureValue::Integer)
            .ok_or_else(|| {
                format!("{n} is no value of {}; write a whole number of {} from 0", feature.code, feature.unit)
            }),
        (FeatureKind::Integer, _) => {
            Err(format!("{} is a number; write a whole number of {}", feature.code, feature.unit))
        }
        (FeatureKind::Choice, FeatureInput::Text(word)) => pick(word).map(FeatureValue::Choice),
        (FeatureKind::Choice, _) => Err(format!("{} is one word; write one of: {}", feature.code, values.join(", "))),
        (FeatureKind::Sizes, FeatureInput::Text(word)) => Ok(FeatureValue::Sizes(BTreeSet::from([pick(word)?]))),
        (FeatureKind::Sizes, FeatureInput::List(words)) if !words.is_empty() => {
            words.iter().map(pick).collect::<Result<_, _>>().map(FeatureValue::Sizes)
        }
        (FeatureKind::Sizes, _) => {
            Err(format!("{} is a list of sizes; write some of: {}", feature.code, values.join(", ")))
        }
    }
}

fn fabric(features: &[(FeatureCode, FeatureValue)]) -> Option<Fabric> {
    let number = |name: &str| {
        features.iter().find_map(|(c, v)| match v {
            FeatureValue::Integer(n) if c.as_str() == name => Some(*n),
            _ => None,
        })
    };
    Some(Fabric { width_mm: number("width_mm")?, gsm: number("gsm")? })
}

fn calendar(typed: &CalendarInput) -> Result<WorkingCalendar, Violations> {
    let mut faults = Violations::new();
    let mut mask: u8 = 0;
    for (i, name) in typed.working_days.iter().enumerate() {
        match weekday_number(name) {
            Some(n) => mask |= 1 << n,
            None => faults.push(
                format!("/calendar/working_days/{i}"),
                "unknown_weekday",
                format!("{name:?} is no weekday; write monday to sunday"),
            ),
        }
    }
    let mut closures = Vec::new();
    for (i, (from, until)) in typed.closures.iter().enumerate() {
        let at = format!("/calendar/closures/{i}");
        let from = faults.keep(optional_day(&format!("{at}/from"), Some(from))).flatten();
        let until = faults.keep(optional_day(&format!("{at}/until"), Some(until))).flatten();
        if let (Some(from), Some(until)) = (from, until) {
            if until < from {
                faults.push(
                    format!("{at}/until"),
                    "before_start",
                    format!("{until} is before the closure starts ({from})"),
                );
            }
            closures.push(Span { from, until });
        }
    }
    faults.into_result()?;
    let mask = if mask == 0 { WorkingCalendar::default().weekdays() } else { mask };
    WorkingCalendar::new(mask, closures)
        .ok_or_else(|| Violations::one("/calendar", "no_working_day", "has no working day"))
}

fn min_order_within_reach(profile: &CapacityProfile, min_order: &Measure) -> Result<(), Violations> {
    // The most the window could yield: full stretch, and any conversion decided at once.
    let mut hopeful = profile.clone();
    if let Some(c) = hopeful.convertible.as_mut() {
        c.decided_on.get_or_insert(hopeful.as_of);
    }
    let last = profile.until.unwrap_or_else(|| profile.from.plus(3_653));
    let most = hopeful.curve(CapacityKind::Maximum).by(last);
    if most < min_order.quantity.units() {
        let detail = format!(
            "{} is more than the window yields until {last} ({most}); lower it or widen the window",
            min_order.quantity
        );
        return Err(Violations::one("/min_order", "unreachable", detail));
    }
    Ok(())
}

fn authorisations(typed: &[String], catalogue: &Catalogue) -> Result<BTreeSet<String>, Violations> {
    let mut faults = Violations::new();
    let known = &catalogue.parts().border_rules;
    for (i, code) in typed.iter().enumerate().filter(|(_, c)| !known.iter().any(|r| r.code == **c)) {
        let codes: Vec<&str> = known.iter().map(|r| r.code.as_str()).collect();
        faults.push(
            format!("/authorisations/{i}"),
            "unknown_border_rule",
            format!("{code:?} is no border rule; write one of: {}", codes.join(", ")),
        );
    }
    faults.into_result()?;
    Ok(typed.iter().cloned().collect())
}

fn certificates(
    product: &Product,
    typed: &[CertificateInput],
    catalogue: &Catalogue,
) -> Result<Vec<Certificate>, Violations> {
    let mut faults = Violations::new();
    let mut found = Vec::new();
    for (i, c) in typed.iter().enumerate() {
        match certificate(product, c, catalogue) {
            Ok(certificate) => found.push(certificate),
            Err(part) => faults.extend_below(&format!("/certificates/{i}"), part),
        }
    }
    faults.into_result()?;
    Ok(found)
}

fn certificate(product: &Product, typed: &CertificateInput, catalogue: &Catalogue) -> Result<Certificate, Violations> {
    let mut faults = Violations::new();
    let kind = catalogue.certificate_kind(&typed.kind);
    if kind.is_none() {
        let kinds: Vec<&str> = catalogue.parts().certificate_kinds.iter().map(|k| k.code.as_str()).collect();
        faults.push(
            "/kind",
            "unknown_certificate_kind",
            format!("{:?} is no kind of certificate; write one of: {}", typed.kind, kinds.join(", ")),
        );
    }
    let ladder = [
        CertificateStatus::Applied,
        CertificateStatus::InTesting,
        CertificateStatus::Claimed,
        CertificateStatus::Documented,
    ];
    let status = faults.keep(choose(
        "/status",
        typed.status.as_deref(),
        CertificateStatus::Claimed,
        &ladder,
        CertificateStatus::as_str,
    ));
    let number = typed.number.as_deref().and_then(|n| faults.keep(text::name("/number", n)));
    let notified_body = typed.notified_body.as_deref().map(str::trim).map(str::to_owned);
    if let Some(b) = notified_body.as_deref().filter(|b| b.len() != 4 || !b.bytes().all(|x| x.is_ascii_digit())) {
        faults.push(
            "/notified_body",
            "bad_notified_body",
            format!("{b:?} is no notified body; write its four digits, e.g. 2797"),
        );
    }
    let grades = faults.keep(grades("/grades", product, &typed.grades, None, catalogue));
    let valid_from = faults.keep(optional_day("/valid_from", typed.valid_from.as_deref()));
    let valid_until = faults.keep(optional_day("/valid_until", typed.valid_until.as_deref()));
    let expected_on = faults.keep(optional_day("/expected_on", typed.expected_on.as_deref()));
    if let (Some(Some(from)), Some(Some(until))) = (valid_from, valid_until)
        && until < from
    {
        faults.push("/valid_until", "before_start", format!("{until} is before it starts to hold ({from})"));
    }
    let held = status.is_some_and(CertificateStatus::is_held);
    if held && typed.valid_until.is_none() && kind.is_some_and(|k| k.expires == Some(true)) {
        faults.push(
            "/valid_until",
            "missing",
            format!("is missing; a {} always runs out, so write its last day", typed.kind),
        );
    }
    faults.into_result()?;
    match (kind, status, grades) {
        (Some(kind), Some(status), Some(grades)) => Ok(Certificate {
            kind: kind.code.clone(),
            status,
            number,
            notified_body,
            grades,
            valid_from: valid_from.flatten(),
            valid_until: valid_until.flatten(),
            expected_on: expected_on.flatten(),
        }),
        (_, _, _) => Err(Violations::one("", "incomplete", "could not be read; check every field")),
    }
}

/// Ways of changing hands by name; a sale when none is typed.
pub(crate) fn transfers(pointer: &str, typed: &[String]) -> Result<BTreeSet<Transfer>, Violations> {
    let mut faults = Violations::new();
    let mut found = BTreeSet::new();
    for (i, word) in typed.iter().enumerate() {
        found.extend(faults.keep(choose(
            &format!("{pointer}/{i}"),
            Some(word),
            Transfer::Sale,
            &Transfer::ALL,
            Transfer::as_str,
        )));
    }
    faults.into_result()?;
    if found.is_empty() {
        found.insert(Transfer::Sale);
    }
    Ok(found)
}

/// Regions by code or name; a retired code that was split stands for all its parts.
pub(crate) fn region_list(
    pointer: &str,
    typed: &[String],
    regions: &RegionTable,
) -> Result<Vec<RegionCode>, Violations> {
    let mut faults = Violations::new();
    let mut found: Vec<RegionCode> = Vec::new();
    for (i, word) in typed.iter().enumerate() {
        found.extend(faults.keep(country_or_region(&format!("{pointer}/{i}"), word, regions)).unwrap_or_default());
    }
    faults.into_result()?;
    found.sort();
    found.dedup();
    Ok(found)
}

/// One typed region: the region, or the parts of a retired one.
pub(crate) fn country_or_region(
    pointer: &str,
    typed: &str,
    regions: &RegionTable,
) -> Result<Vec<RegionCode>, Violations> {
    match regions.resolve(typed) {
        Resolved::One(code) => Ok(vec![code]),
        Resolved::Split(parts) => Ok(parts),
        Resolved::Unknown(near) => {
            let remedy = if near.is_empty() {
                "write a NUTS 2024 code such as DE21 or a country such as GR".to_owned()
            } else {
                format!("did you mean: {}", near.join(", "))
            };
            Err(Violations::one(pointer, "unknown_region", format!("{typed:?} is no known region; {remedy}")))
        }
    }
}

/// One of a list of names, or the default where nothing is typed.
pub(crate) fn choose<T: Copy>(
    pointer: &str,
    typed: Option<&str>,
    default: T,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Violations> {
    let Some(word) = typed else { return Ok(default) };
    let folded = word.trim().to_lowercase();
    all.iter().copied().find(|t| name(*t) == folded).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|t| name(*t)).collect();
        Violations::one(pointer, "unknown_value", format!("{word:?} is not one of: {}", names.join(", ")))
    })
}

/// A whole number inside a range.
pub(crate) fn whole(pointer: &str, value: i64, least: i64, most: i64) -> Result<i64, Violations> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Violations::one(
        pointer,
        "out_of_range",
        format!("{value} is out of range; write a whole number from {least} to {most}"),
    ))
}

/// A day, where one is typed.
pub(crate) fn optional_day(pointer: &str, typed: Option<&str>) -> Result<Option<Day>, Violations> {
    typed.map(Day::parse).transpose().map_err(|detail| Violations::one(pointer, "bad_date", detail))
}

/// Why an offer must wait for a reviewer, if it must.
fn implausible(product: &Product, terms: &OfferTerms) -> Option<String> {
    let p = &terms.profile;
    let ceiling = product.weekly_ceiling;
    let stock = p.stock.quantity.units();
    if stock > ceiling {
        return Some(format!("stock of {stock} {} is above the plausible {ceiling} for one site", product.base_unit));
    }
    let weekly = |rate: &Rate| {
        let (top, bottom) = rate.per_working_day(&p.calendar);
        top * i128::from(p.calendar.days_per_week()) / bottom
    };
    let rates = [p.running.as_ref(), p.maximum.as_ref(), p.convertible.as_ref().map(|c| &c.rate)];
    let most = rates.into_iter().flatten().map(weekly).max().unwrap_or(0);
    (most > i128::from(ceiling))
        .then(|| format!("{most} {} a week is above the plausible {ceiling} for one site", product.base_unit))
}
