//! What a need looks like when it is typed.

use std::collections::BTreeMap;

use domain::{
    feature::{Demand, Requirement},
    ids::{OrganisationId, SiteId},
    need::{Instalment, InstalmentInput, Need, NeedInput, NeedState, RequirementInput, Substitution},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::{
    feature::FeatureBody,
    limits,
    measure::{MeasureBody, PriceBody},
};

/// A need to open.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = NeedInput, example = json!({
    "site": "018f0000-0000-7000-8000-000000000001", "product": "FFP2",
    "features": {"valve": {"value": false}}, "urgency": "high",
    "instalments": [
        {"quantity": {"value": 20000}, "due": "2020-04-20"},
        {"quantity": {"value": 400, "unit": "XBX", "pack_size": 20}, "due": "2020-05-04"}]}))]
pub struct NeedBody {
    /// Whose need it is; the caller's own where absent. The operator names it.
    #[schema(value_type = Option<Uuid>)]
    pub organisation: Option<OrganisationId>,
    /// The site it must arrive at.
    #[schema(value_type = Uuid)]
    pub site: SiteId,
    /// A product's code, name or synonym; a grade's name will do where it means one product.
    #[validate(length(max = limits::WORD))]
    product: String,
    /// Accepted grades, any of which will do; every grade where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    grades: Vec<String>,
    /// Substitutions opted into; only those that a rule of the product allows.
    #[serde(default)]
    #[validate(nested)]
    substitutions: Vec<SubstitutionBody>,
    /// Features required or preferred, by code.
    #[serde(default)]
    features: BTreeMap<String, RequirementBody>,
    /// Certificate kinds demanded, all of them.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    certificates: Vec<String>,
    /// Whether pending certificates will do.
    #[serde(default)]
    accept_pending: bool,
    /// How far certificates must have been checked: `claimed` (where absent), `documented`, `checked`, `confirmed`.
    #[validate(length(max = limits::WORD))]
    certificate_status: Option<String>,
    /// Who must have vouched for the supplier: `none` (where absent), `cluster`, `operator`.
    #[validate(length(max = limits::WORD))]
    verification: Option<String>,
    /// How goods may change hands: `sale`, `donation`, `loan`; a sale or donation where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    transfers: Vec<String>,
    /// The most it may cost.
    #[validate(nested)]
    price_cap: Option<PriceBody>,
    /// Where it may come from; anywhere where empty.
    #[serde(default)]
    #[validate(custom(function = limits::words))]
    regions: Vec<String>,
    /// How far it may come, in kilometres.
    max_distance_km: Option<i64>,
    /// Of how many suppliers at most each instalment may come, 1 to 1000; of any number where absent.
    /// An organisation counts once, whatever it offers, and so does one that holds a match already.
    #[schema(minimum = 1, maximum = 1000)]
    max_suppliers: Option<i64>,
    /// `critical`, `high`, `normal` (where absent) or `low`.
    #[validate(length(max = limits::WORD))]
    urgency: Option<String>,
    /// What lies at the site, together with `daily_use`.
    #[validate(nested)]
    stock: Option<MeasureBody>,
    /// The day that the stock stands for; today in the zone of the site where absent.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    stock_as_of: Option<String>,
    /// What the site uses up in a day, weekends among them.
    #[validate(nested)]
    daily_use: Option<MeasureBody>,
    /// How much by when; at least one, at most 200.
    #[validate(nested)]
    instalments: Vec<InstalmentBody>,
    /// What else there is to say, at most 4000 characters.
    #[serde(default)]
    #[validate(length(max = limits::NOTE))]
    note: String,
    /// Whether it is kept as a draft, which takes no part in the market and whose days may be over, until it is opened.
    #[serde(default)]
    draft: bool,
}

/// A product or grade that may stand in.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = SubstitutionInput, example = json!({"grade": "KN95"}))]
struct SubstitutionBody {
    /// The product that may stand in; the need's own where absent.
    #[validate(length(max = limits::WORD))]
    product: Option<String>,
    /// Its grade; any where absent.
    #[validate(length(max = limits::WORD))]
    grade: Option<String>,
}

/// What is asked of a feature.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = RequirementInput, example = json!({"value": true, "preferred": false}))]
struct RequirementBody {
    /// The value asked for.
    value: FeatureBody,
    /// Whether it is only preferred.
    #[serde(default)]
    preferred: bool,
}

/// A quantity and the day it is due.
#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = InstalmentInput, example = json!({"quantity": {"value": 20000}, "due": "2020-04-20"}))]
struct InstalmentBody {
    /// How much; required, and never guessed.
    #[schema(nullable = false)]
    #[validate(nested)]
    quantity: Option<MeasureBody>,
    /// The day at whose end it must have arrived, in the zone of the site.
    #[schema(format = Date)]
    #[validate(length(max = limits::WORD))]
    due: String,
    /// The one size it must be, where the product has sizes.
    #[validate(length(max = limits::WORD))]
    size: Option<String>,
}

impl NeedBody {
    /// The body that would open a need as it stands: quantities as they were typed, all else in codes.
    pub fn of(need: &Need) -> Self {
        let terms = &need.terms;
        let substitution = |s: &Substitution| SubstitutionBody {
            product: Some(s.product.to_string()),
            grade: s.grade.as_ref().map(ToString::to_string),
        };
        let requirement = |r: &Requirement| {
            let body = RequirementBody { value: FeatureBody::of(&r.value), preferred: r.demand == Demand::Preferred };
            (r.feature.to_string(), body)
        };
        let instalment = |i: &Instalment| InstalmentBody {
            quantity: Some(MeasureBody::of(&i.measure)),
            due: i.due.to_string(),
            size: i.size.clone(),
        };
        Self {
            organisation: Some(need.organisation),
            site: need.site,
            product: terms.product.to_string(),
            grades: terms.grades.iter().map(ToString::to_string).collect(),
            substitutions: terms.substitutions.iter().map(substitution).collect(),
            features: terms.requirements.iter().map(requirement).collect(),
            certificates: terms.certificates.iter().map(ToString::to_string).collect(),
            accept_pending: terms.accept_pending,
            certificate_status: Some(terms.certificate_status.as_str().to_owned()),
            verification: Some(terms.verification.as_str().to_owned()),
            transfers: terms.transfers.iter().map(|t| t.as_str().to_owned()).collect(),
            price_cap: terms.price_cap.as_ref().map(PriceBody::of),
            regions: terms.regions.iter().map(ToString::to_string).collect(),
            max_distance_km: terms.max_distance_km.map(i64::from),
            max_suppliers: terms.max_suppliers.map(i64::from),
            urgency: Some(terms.urgency.as_str().to_owned()),
            stock: terms.supply.as_ref().map(|supply| MeasureBody::of(&supply.stock)),
            stock_as_of: terms.supply.as_ref().map(|supply| supply.as_of.to_string()),
            daily_use: terms.supply.as_ref().map(|supply| MeasureBody::of(&supply.daily_use)),
            instalments: need.instalments.iter().map(instalment).collect(),
            note: terms.note.clone(),
            draft: need.state == NeedState::Draft,
        }
    }

    /// As the domain checks it.
    pub fn input(self) -> NeedInput {
        let requirement = |(feature, r): (String, RequirementBody)| RequirementInput {
            feature,
            value: r.value.input(),
            preferred: r.preferred,
        };
        let instalment = |i: InstalmentBody| InstalmentInput {
            quantity: i.quantity.map(MeasureBody::input),
            due: i.due,
            size: i.size,
        };
        NeedInput {
            product: self.product,
            grades: self.grades,
            substitutions: self.substitutions.into_iter().map(|s| (s.product, s.grade)).collect(),
            requirements: self.features.into_iter().map(requirement).collect(),
            certificates: self.certificates,
            accept_pending: self.accept_pending,
            certificate_status: self.certificate_status,
            verification: self.verification,
            transfers: self.transfers,
            price_cap: self.price_cap.map(PriceBody::input),
            regions: self.regions,
            max_distance_km: self.max_distance_km,
            max_suppliers: self.max_suppliers,
            urgency: self.urgency,
            stock: self.stock.map(MeasureBody::input),
            stock_as_of: self.stock_as_of,
            daily_use: self.daily_use.map(MeasureBody::input),
            instalments: self.instalments.into_iter().map(instalment).collect(),
            note: self.note,
            draft: self.draft,
        }
    }
}
