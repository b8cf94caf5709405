//! What a need looks like to its owner.

use std::collections::BTreeMap;

use app::{Stored, Tables};
use domain::{feature::Demand, matches::ClosingReason, need::Need, time::Day};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

mod row;

pub use row::NeedRow;

use crate::{
    feature::FeatureBody,
    measure::{MeasureView, PriceBody},
    offers::SourceView,
};

/// A need, as its owner and the operator see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Need)]
pub struct NeedView {
    /// Its id.
    id: Uuid,
    /// Whose it is.
    organisation: Uuid,
    /// The site it must arrive at.
    site: Uuid,
    /// `draft`, `open`, `covered`, `closed` or `expired`.
    state: &'static str,
    /// Why it waits for a reviewer, if it does; runs leave it out meanwhile.
    quarantine: Option<String>,
    /// How urgent the buyer says it is.
    urgency: &'static str,
    /// The tier it ranks at, 1 to 4: `critical` is tier 1 only once granted, or where stock and daily use prove it.
    tier: u8,
    /// The product's code.
    product: String,
    /// Accepted grades; every grade where empty.
    grades: Vec<String>,
    /// Substitutions opted into.
    substitutions: Vec<SubstitutionView>,
    /// Features required or preferred, by code.
    features: BTreeMap<String, RequirementView>,
    /// Certificate kinds demanded.
    certificates: Vec<String>,
    /// Whether pending certificates will do.
    accept_pending: bool,
    /// How far certificates must have been checked.
    certificate_status: &'static str,
    /// Who must have vouched for the supplier.
    verification: &'static str,
    /// How goods may change hands.
    transfers: Vec<&'static str>,
    /// The most it may cost.
    price_cap: Option<PriceBody>,
    /// Where it may come from; anywhere where empty.
    regions: Vec<String>,
    /// How far it may come, in kilometres.
    max_distance_km: Option<u32>,
    /// Of how many suppliers at most each instalment may come; of any number where null.
    max_suppliers: Option<u16>,
    /// What lies at the site, where that was stated.
    stock: Option<MeasureView>,
    /// The day that the stock stands for.
    #[schema(format = Date)]
    stock_as_of: Option<String>,
    /// What the site uses up in a day.
    daily_use: Option<MeasureView>,
    /// How many whole days what is left today lasts: stock over daily use, less the days since the stock was counted.
    days_of_supply: Option<i64>,
    /// How much by when.
    instalments: Vec<InstalmentView>,
    /// Why it was closed, where it was.
    closing: Option<ClosingView>,
    /// What else there is to say.
    note: String,
    /// Where it came from, if it was imported.
    source: Option<SourceView>,
    /// When it was opened.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Why a need was closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Closing)]
struct ClosingView {
    /// The reason.
    reason: &'static str,
    /// In words, where the reason is `other`.
    text: Option<String>,
}

/// A product or grade that may stand in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Substitution)]
struct SubstitutionView {
    /// The product.
    product: String,
    /// Its grade; any where null.
    grade: Option<String>,
}

/// What is asked of a feature.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Requirement)]
struct RequirementView {
    /// The value asked for.
    value: FeatureBody,
    /// Whether it is only preferred.
    preferred: bool,
}

/// A quantity and the day it is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Instalment)]
struct InstalmentView {
    /// Its id.
    id: Uuid,
    /// How much.
    quantity: MeasureView,
    /// The day at whose end it must have arrived, in the zone of the site.
    #[schema(format = Date)]
    due: String,
    /// The one size it must be.
    size: Option<String>,
}

impl NeedView {
    /// A stored need, as it stands today.
    pub fn of(stored: Stored<Need>, tables: &Tables, today: Day) -> Self {
        let source = SourceView::of(&stored);
        let Stored { record: need, created_at, updated_at, .. } = stored;
        let tier = need.tier(today);
        let terms = need.terms;
        let unit = tables.catalogue.product(terms.product.as_str()).map_or("", |p| p.base_unit.unit_code());
        let substitution = |s: domain::need::Substitution| SubstitutionView {
            product: s.product.to_string(),
            grade: s.grade.map(|g| g.to_string()),
        };
        let requirement = |r: &domain::feature::Requirement| {
            let view = RequirementView { value: FeatureBody::of(&r.value), preferred: r.demand == Demand::Preferred };
            (r.feature.to_string(), view)
        };
        let instalment = |i: domain::need::Instalment| InstalmentView {
            id: i.id.0,
            quantity: MeasureView::of(&i.measure, unit),
            due: i.due.to_string(),
            size: i.size,
        };
        Self {
            id: need.id.0,
            organisation: need.organisation.0,
            site: need.site.0,
            state: need.state.as_str(),
            quarantine: need.quarantine,
            urgency: terms.urgency.as_str(),
            tier,
            product: terms.product.to_string(),
            grades: terms.grades.iter().map(ToString::to_string).collect(),
            substitutions: terms.substitutions.into_iter().map(substitution).collect(),
            features: terms.requirements.iter().map(requirement).collect(),
            certificates: terms.certificates.iter().map(ToString::to_string).collect(),
            accept_pending: terms.accept_pending,
            certificate_status: terms.certificate_status.as_str(),
            verification: terms.verification.as_str(),
            transfers: terms.transfers.iter().map(|t| t.as_str()).collect(),
            price_cap: terms.price_cap.as_ref().map(PriceBody::of),
            regions: terms.regions.iter().map(ToString::to_string).collect(),
            max_distance_km: terms.max_distance_km,
            max_suppliers: terms.max_suppliers,
            stock: terms.supply.as_ref().map(|supply| MeasureView::of(&supply.stock, unit)),
            stock_as_of: terms.supply.as_ref().map(|supply| supply.as_of.to_string()),
            daily_use: terms.supply.as_ref().map(|supply| MeasureView::of(&supply.daily_use, unit)),
            days_of_supply: terms.supply.as_ref().map(|supply| supply.days_left(today)),
            instalments: need.instalments.into_iter().map(instalment).collect(),
            closing: need.closing.as_ref().map(closing),
            note: terms.note,
            source,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

fn closing(why: &ClosingReason) -> ClosingView {
    ClosingView { reason: why.code(), text: why.words().map(str::to_owned) }
}
