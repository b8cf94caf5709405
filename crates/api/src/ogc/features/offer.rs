//! An offer on the map: flat, since map clients show columns.

use app::shown::ShownOffer;
use domain::{catalogue::Catalogue, offer::OfferTerms, rate::Rate};
use serde::Serialize;
use uuid::Uuid;

/// The properties of an offer. Quantities are base units.
#[derive(Debug, Serialize)]
pub(super) struct OfferFeature {
    /// The product.
    product: String,
    /// The UN/ECE code of the base unit.
    unit: &'static str,
    /// The grades.
    grades: Vec<String>,
    /// What lay ready on the as-of date.
    stock: i64,
    /// What is made now, per what.
    running: Option<i64>,
    running_per: Option<&'static str>,
    /// What is made at full stretch, per what.
    maximum: Option<i64>,
    maximum_per: Option<&'static str>,
    /// What its output lacks; nothing of it can be had then but the stock.
    missing_inputs: Vec<String>,
    /// The smallest order.
    min_order: Option<i64>,
    /// Days from an order to its output.
    lead_days: u16,
    /// The window.
    from: String,
    until: Option<String>,
    /// The day that the figures stand for.
    oldest_figures: String,
    /// NUTS 2, or finer where its owner shows the exact place.
    region: Option<String>,
    /// Kinds of certificates, each with how far it was checked, as in `CE:checked`.
    certificates: Vec<String>,
    /// Who vouches for the owner.
    verification: &'static str,
    /// Whose it is: yours, or, to whoever runs the service, anybody's; null elsewhere.
    organisation: Option<Uuid>,
    /// The offer, to the same.
    offer: Option<Uuid>,
}

impl OfferFeature {
    pub(super) fn of(shown: &ShownOffer, catalogue: &Catalogue) -> Self {
        let terms = &shown.sight.offer.terms;
        let OfferTerms { product, grades, min_order, lead_days, certificates, .. } = terms;
        // Of what lacks something only what lies ready can be had.
        let profile = terms.ready_profile();
        let unit = catalogue.product(product.as_str()).map_or("", |product| product.base_unit.unit_code());
        let units = |rate: &Option<Rate>| rate.as_ref().map(|rate| rate.measure.quantity.units());
        let per = |rate: &Option<Rate>| rate.as_ref().map(|rate| rate.period.as_str());
        Self {
            product: product.to_string(),
            unit,
            grades: grades.iter().map(ToString::to_string).collect(),
            stock: profile.stock.quantity.units(),
            running: units(&profile.running),
            running_per: per(&profile.running),
            maximum: units(&profile.maximum),
            maximum_per: per(&profile.maximum),
            missing_inputs: terms.missing_inputs.iter().map(|input| input.product.to_string()).collect(),
            min_order: min_order.as_ref().map(|least| least.quantity.units()),
            lead_days: *lead_days,
            from: profile.from.to_string(),
            until: profile.until.map(|day| day.to_string()),
            oldest_figures: profile.as_of.to_string(),
            region: shown.sight.site.region.as_ref().map(ToString::to_string),
            certificates: certificates.iter().map(|c| format!("{}:{}", c.kind, c.status.as_str())).collect(),
            verification: shown.sight.organisation.verification.as_str(),
            organisation: shown.organisation.map(|id| id.0),
            offer: shown.organisation.map(|_| shown.id.0),
        }
    }
}
