//! An offer as people type it, in a request, a form or a file.

use std::{collections::BTreeMap, fmt};

use super::missing::MissingInputInput;
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
#[derive(Clone, PartialEq, Eq, Default)]
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
    /// In whose name it is.
    pub holder: Option<String>,
    /// `manufacturer` or `importer`.
    pub holder_role: Option<String>,
    /// The module of conformity assessment.
    pub module: Option<String>,
    /// Models or lots it covers.
    pub models: Vec<String>,
    /// Where it holds.
    pub territory: Vec<String>,
    /// The derogation that it is, or rests on.
    pub derogation: Option<DerogationInput>,
}

/// Whether an imported row changed is told by this text: it stays what it was before certificates had holders.
impl fmt::Debug for CertificateInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = f.debug_struct("CertificateInput");
        parts.field("kind", &self.kind).field("status", &self.status).field("number", &self.number);
        parts.field("notified_body", &self.notified_body).field("grades", &self.grades);
        parts.field("valid_from", &self.valid_from).field("valid_until", &self.valid_until);
        parts.field("expected_on", &self.expected_on);
        for (name, value) in [("holder", &self.holder), ("holder_role", &self.holder_role), ("module", &self.module)] {
            if let Some(value) = value {
                parts.field(name, value);
            }
        }
        for (name, list) in [("models", &self.models), ("territory", &self.territory)] {
            if !list.is_empty() {
                parts.field(name, list);
            }
        }
        if let Some(derogation) = &self.derogation {
            parts.field("derogation", derogation);
        }
        parts.finish()
    }
}

/// A derogation as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DerogationInput {
    /// Who gave it.
    pub authority: String,
    /// Its number.
    pub number: String,
    /// Where it holds.
    pub territory: Vec<String>,
    /// Its last day.
    pub until: String,
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
    /// What its output lacks.
    pub missing_inputs: Vec<MissingInputInput>,
    /// Groups of fields shown beyond the default, by audience.
    pub disclosure: BTreeMap<String, Vec<String>>,
    /// A shared line.
    pub line: Option<LineId>,
    /// Words.
    pub note: String,
    /// Whether it is not to be in the market yet: then its window may be over.
    pub draft: bool,
}
