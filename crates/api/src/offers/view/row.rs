//! An offer as a row of a file.

use std::collections::BTreeMap;

use domain::{ids::SiteId, organisation::Site};
use serde::Serialize;
use uuid::Uuid;

use super::OfferView;
use crate::{
    export::{Column, Kind, Tabled},
    measure::{PriceBody, RateView},
    number::Number,
};

/// An offer in one row: figures in base units, certificates by their kinds. What it says week by week is not in it.
#[derive(Debug, Serialize)]
pub struct OfferRow {
    id: Uuid,
    organisation: Uuid,
    site: Uuid,
    site_name: Option<String>,
    region: Option<String>,
    state: &'static str,
    product: String,
    grades: Vec<String>,
    unit: String,
    stock: i64,
    running: Option<i64>,
    running_per: Option<String>,
    maximum: Option<i64>,
    maximum_per: Option<String>,
    convertible: Option<i64>,
    convertible_per: Option<String>,
    conversion_days: Option<u16>,
    conversion_decided_on: Option<String>,
    has_weeks: bool,
    from: String,
    until: Option<String>,
    as_of_day: String,
    lead_days: u16,
    min_order: Option<i64>,
    max_distance_km: Option<u32>,
    regions: Vec<String>,
    missing_inputs: Vec<String>,
    certificates: Vec<String>,
    transfers: Vec<&'static str>,
    price: Option<Number>,
    currency: Option<String>,
    role: &'static str,
    visibility: &'static str,
    line: Option<Uuid>,
    confirm_by: String,
    stale: bool,
    suspended: bool,
    quarantine: Option<String>,
    note: String,
    source_name: Option<String>,
    external_id: Option<String>,
    created_at: String,
    updated_at: String,
}

impl OfferRow {
    /// The row of an offer, as its owner and the operator see it.
    pub fn of(offer: OfferView, sites: &BTreeMap<SiteId, Site>) -> Self {
        let site = sites.get(&SiteId(offer.site));
        let capacity = offer.capacity;
        let has_weeks = !capacity.weeks.is_empty();
        let (conversion_days, conversion_decided_on, convertible) = match capacity.convertible {
            Some(conversion) => (Some(conversion.days), conversion.decided_on, conversion.rate),
            None => (None, None, None),
        };
        let parts = |rate: Option<RateView>| rate.map(|rate| (rate.value, rate.per)).unzip();
        let (running, running_per) = parts(capacity.running);
        let (maximum, maximum_per) = parts(capacity.maximum);
        let (convertible, convertible_per) = parts(convertible);
        let (price, currency) = offer.price.map(|PriceBody { amount, currency }| (amount, currency)).unzip();
        let (source_name, external_id) = offer.source.map(|source| (source.name, source.external_id)).unzip();
        Self {
            id: offer.id,
            organisation: offer.organisation,
            site: offer.site,
            site_name: site.map(|site| site.name.clone()),
            region: site.and_then(|site| site.region.as_ref()).map(ToString::to_string),
            state: offer.state,
            product: offer.product,
            grades: offer.grades,
            unit: capacity.stock.unit,
            stock: capacity.stock.value,
            running,
            running_per,
            maximum,
            maximum_per,
            convertible,
            convertible_per,
            conversion_days,
            conversion_decided_on,
            has_weeks,
            from: capacity.from,
            until: capacity.until,
            as_of_day: capacity.as_of,
            lead_days: offer.lead_days,
            min_order: offer.min_order.map(|measure| measure.value),
            max_distance_km: offer.max_distance_km,
            regions: offer.regions,
            missing_inputs: offer.missing_inputs.into_iter().map(|input| input.product).collect(),
            certificates: offer.certificates.into_iter().map(|c| format!("{}:{}", c.kind, c.status)).collect(),
            transfers: offer.transfers,
            price,
            currency,
            role: offer.role,
            visibility: offer.visibility,
            line: offer.line,
            confirm_by: offer.confirm_by,
            stale: offer.stale,
            suspended: offer.suspended,
            quarantine: offer.quarantine,
            note: offer.note,
            source_name,
            external_id,
            created_at: offer.created_at,
            updated_at: offer.updated_at,
        }
    }
}

impl Tabled for OfferRow {
    const NAME: &'static str = "offers";
    const TITLE: &'static str = "Offers";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "id", kind: Kind::Text },
        Column { name: "organisation", kind: Kind::Text },
        Column { name: "site", kind: Kind::Text },
        Column { name: "site_name", kind: Kind::Text },
        Column { name: "region", kind: Kind::Text },
        Column { name: "state", kind: Kind::Text },
        Column { name: "product", kind: Kind::Text },
        Column { name: "grades", kind: Kind::List },
        Column { name: "unit", kind: Kind::Text },
        Column { name: "stock", kind: Kind::Integer },
        Column { name: "running", kind: Kind::Integer },
        Column { name: "running_per", kind: Kind::Text },
        Column { name: "maximum", kind: Kind::Integer },
        Column { name: "maximum_per", kind: Kind::Text },
        Column { name: "convertible", kind: Kind::Integer },
        Column { name: "convertible_per", kind: Kind::Text },
        Column { name: "conversion_days", kind: Kind::Integer },
        Column { name: "conversion_decided_on", kind: Kind::Date },
        Column { name: "has_weeks", kind: Kind::Flag },
        Column { name: "from", kind: Kind::Date },
        Column { name: "until", kind: Kind::Date },
        Column { name: "as_of_day", kind: Kind::Date },
        Column { name: "lead_days", kind: Kind::Integer },
        Column { name: "min_order", kind: Kind::Integer },
        Column { name: "max_distance_km", kind: Kind::Integer },
        Column { name: "regions", kind: Kind::List },
        Column { name: "missing_inputs", kind: Kind::List },
        Column { name: "certificates", kind: Kind::List },
        Column { name: "transfers", kind: Kind::List },
        Column { name: "price", kind: Kind::Decimal },
        Column { name: "currency", kind: Kind::Text },
        Column { name: "role", kind: Kind::Text },
        Column { name: "visibility", kind: Kind::Text },
        Column { name: "line", kind: Kind::Text },
        Column { name: "confirm_by", kind: Kind::Date },
        Column { name: "stale", kind: Kind::Flag },
        Column { name: "suspended", kind: Kind::Flag },
        Column { name: "quarantine", kind: Kind::Text },
        Column { name: "note", kind: Kind::Text },
        Column { name: "source_name", kind: Kind::Text },
        Column { name: "external_id", kind: Kind::Text },
        Column { name: "created_at", kind: Kind::Time },
        Column { name: "updated_at", kind: Kind::Time },
    ];

    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}
