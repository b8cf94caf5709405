//! An offer as people type it, in a request, a form or a file.

use std::collections::BTreeMap;

use crate::{
    catalogue::Catalogue, decimal::Decimal, ids::LineId, quantity::MeasureInput, region::RegionTable, time::Day,
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
    /// The rate once converted; absent where the weeks say what is made then.
    pub rate: Option<RateInput>,
    /// Calendar days from decision to first output.
    pub days: i64,
    /// Working days to the full rate.
    pub ramp_days: i64,
    /// The day of the decision, once taken.
    pub decided_on: Option<String>,
}

/// Figures of one week as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WeekInput {
    /// Its Monday, or `YYYY-Www`.
    pub week: String,
    /// What runs in it.
    pub running: Option<MeasureInput>,
    /// What it yields at full stretch.
    pub maximum: Option<MeasureInput>,
    /// What it would yield after the conversion.
    pub convertible: Option<MeasureInput>,
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
    /// Figures week by week, in the place of `running` and `maximum`.
    pub weeks: Vec<WeekInput>,
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
    /// Groups of fields shown beyond the default, by audience.
    pub disclosure: BTreeMap<String, Vec<String>>,
    /// A shared line.
    pub line: Option<LineId>,
    /// Words.
    pub note: String,
    /// Whether it is not to be in the market yet: then its window may be over.
    pub draft: bool,
}
