//! A need as rows of a file.

use std::collections::BTreeMap;

use domain::{ids::SiteId, organisation::Site};
use serde::Serialize;
use uuid::Uuid;

use super::NeedView;
use crate::{
    export::{Column, Kind, Tabled},
    number::Number,
};

/// An instalment of a need, with what its need says: figures in base units.
#[derive(Debug, Serialize)]
pub struct NeedRow {
    id: Uuid,
    instalment: Uuid,
    organisation: Uuid,
    site: Uuid,
    site_name: Option<String>,
    region: Option<String>,
    state: &'static str,
    urgency: &'static str,
    tier: u8,
    product: String,
    grades: Vec<String>,
    unit: String,
    quantity: i64,
    due: String,
    size: Option<String>,
    substitutions: Vec<String>,
    certificates: Vec<String>,
    certificate_status: &'static str,
    accept_pending: bool,
    verification: &'static str,
    transfers: Vec<&'static str>,
    price_cap: Option<Number>,
    currency: Option<String>,
    regions: Vec<String>,
    max_distance_km: Option<u32>,
    max_suppliers: Option<u16>,
    stock: Option<i64>,
    stock_as_of: Option<String>,
    daily_use: Option<i64>,
    days_of_supply: Option<i64>,
    quarantine: Option<String>,
    closing_reason: Option<&'static str>,
    closing_text: Option<String>,
    note: String,
    source_name: Option<String>,
    external_id: Option<String>,
    created_at: String,
    updated_at: String,
}

impl NeedRow {
    /// The rows of a need, one for each instalment, as its owner and the operator see it.
    pub fn all(need: &NeedView, sites: &BTreeMap<SiteId, Site>) -> Vec<Self> {
        let site = sites.get(&SiteId(need.site));
        let stands_in = |s: &super::SubstitutionView| match &s.grade {
            Some(grade) => format!("{}:{grade}", s.product),
            None => s.product.clone(),
        };
        let one = |instalment: &super::InstalmentView| Self {
            id: need.id,
            instalment: instalment.id,
            organisation: need.organisation,
            site: need.site,
            site_name: site.map(|site| site.name.clone()),
            region: site.and_then(|site| site.region.as_ref()).map(ToString::to_string),
            state: need.state,
            urgency: need.urgency,
            tier: need.tier,
            product: need.product.clone(),
            grades: need.grades.clone(),
            unit: instalment.quantity.unit.clone(),
            quantity: instalment.quantity.value,
            due: instalment.due.clone(),
            size: instalment.size.clone(),
            substitutions: need.substitutions.iter().map(stands_in).collect(),
            certificates: need.certificates.clone(),
            certificate_status: need.certificate_status,
            accept_pending: need.accept_pending,
            verification: need.verification,
            transfers: need.transfers.clone(),
            price_cap: need.price_cap.as_ref().map(|price| price.amount),
            currency: need.price_cap.as_ref().map(|price| price.currency.clone()),
            regions: need.regions.clone(),
            max_distance_km: need.max_distance_km,
            max_suppliers: need.max_suppliers,
            stock: need.stock.as_ref().map(|measure| measure.value),
            stock_as_of: need.stock_as_of.clone(),
            daily_use: need.daily_use.as_ref().map(|measure| measure.value),
            days_of_supply: need.days_of_supply,
            quarantine: need.quarantine.clone(),
            closing_reason: need.closing.as_ref().map(|closing| closing.reason),
            closing_text: need.closing.as_ref().and_then(|closing| closing.text.clone()),
            note: need.note.clone(),
            source_name: need.source.as_ref().map(|source| source.name.clone()),
            external_id: need.source.as_ref().map(|source| source.external_id.clone()),
            created_at: need.created_at.clone(),
            updated_at: need.updated_at.clone(),
        };
        need.instalments.iter().map(one).collect()
    }
}

impl Tabled for NeedRow {
    const NAME: &'static str = "needs";
    const TITLE: &'static str = "Needs";
    const VERSION: u32 = 1;
    const COLUMNS: &'static [Column] = &[
        Column { name: "id", kind: Kind::Text },
        Column { name: "instalment", kind: Kind::Text },
        Column { name: "organisation", kind: Kind::Text },
        Column { name: "site", kind: Kind::Text },
        Column { name: "site_name", kind: Kind::Text },
        Column { name: "region", kind: Kind::Text },
        Column { name: "state", kind: Kind::Text },
        Column { name: "urgency", kind: Kind::Text },
        Column { name: "tier", kind: Kind::Integer },
        Column { name: "product", kind: Kind::Text },
        Column { name: "grades", kind: Kind::List },
        Column { name: "unit", kind: Kind::Text },
        Column { name: "quantity", kind: Kind::Integer },
        Column { name: "due", kind: Kind::Date },
        Column { name: "size", kind: Kind::Text },
        Column { name: "substitutions", kind: Kind::List },
        Column { name: "certificates", kind: Kind::List },
        Column { name: "certificate_status", kind: Kind::Text },
        Column { name: "accept_pending", kind: Kind::Flag },
        Column { name: "verification", kind: Kind::Text },
        Column { name: "transfers", kind: Kind::List },
        Column { name: "price_cap", kind: Kind::Decimal },
        Column { name: "currency", kind: Kind::Text },
        Column { name: "regions", kind: Kind::List },
        Column { name: "max_distance_km", kind: Kind::Integer },
        Column { name: "max_suppliers", kind: Kind::Integer },
        Column { name: "stock", kind: Kind::Integer },
        Column { name: "stock_as_of", kind: Kind::Date },
        Column { name: "daily_use", kind: Kind::Integer },
        Column { name: "days_of_supply", kind: Kind::Integer },
        Column { name: "quarantine", kind: Kind::Text },
        Column { name: "closing_reason", kind: Kind::Text },
        Column { name: "closing_text", kind: Kind::Text },
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
