//! What would help most with what is short.

use app::explanations::{
    CertificateLack, Relaxation, RemediesTold, Remedy, RemedyLeftOut, RemedyQuestion, TriedRemedy,
};
use domain::catalogue::Catalogue;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{capacity::days, limits, problem::Problem, query::WordList};

/// Changes that are solved where nothing is asked.
pub(crate) const USUAL_SOLVES: u32 = 12;

/// What is short.
#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RemediesQuery {
    /// The product, by code or name; a grade's name will do where it means one product.
    #[param(example = "ffp")]
    #[validate(length(max = limits::WORD))]
    product: String,
    /// Only what is needed in these regions, by code or name, with commas between them.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "IT")]
    region: WordList,
    /// The first day on which it is due; the day of the run where absent.
    #[param(value_type = Option<String>, format = Date, example = "2020-04-06")]
    #[validate(length(max = limits::WORD))]
    from: Option<String>,
    /// The last day on which it is due; the Sunday of the twelfth week where absent.
    #[param(value_type = Option<String>, format = Date, example = "2020-06-28")]
    #[validate(length(max = limits::WORD))]
    until: Option<String>,
    /// How many changes may be solved, 0 to 64; 12 where absent. Each costs an allocation of a part of the market; what is not
    /// solved is listed.
    #[validate(range(max = 64))]
    #[param(maximum = 64)]
    solves: Option<u32>,
}

impl RemediesQuery {
    pub(super) fn question(self) -> Result<RemedyQuestion, Problem> {
        let (from, until) = days(&self.from, &self.until).map_err(Problem::invalid_query)?;
        let solves = self.solves.unwrap_or(USUAL_SOLVES);
        Ok(RemedyQuestion { product: self.product, regions: self.region.0, from, until, solves })
    }
}

/// The single changes that would cover most of what is short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Remedies)]
pub struct RemediesView {
    /// The product.
    product: String,
    /// The UN/ECE code of its base unit, in which all figures are.
    unit: String,
    /// The regions in question; everywhere where empty.
    regions: Vec<String>,
    /// The first day.
    #[schema(format = Date)]
    from: String,
    /// The last day.
    #[schema(format = Date)]
    until: String,
    /// Needs with anything due in the period, the covered ones too.
    needs: u32,
    /// What they ask for in it.
    asked: i64,
    /// What of it the run leaves uncovered.
    uncovered: i64,
    /// Whether needs of others were not seen, so that all is before competition.
    before_competition: bool,
    /// The changes that were solved, the most units first.
    remedies: Vec<RemedyView>,
    /// The changes that bring nothing, and those that were not solved.
    left_out: Vec<RemedyLeftOutView>,
    /// How many allocations were computed.
    solves: u32,
}

/// A change that somebody could make, and what it would cover.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Remedy)]
struct RemedyView {
    /// What it is.
    #[serde(flatten)]
    what: RemedyName,
    /// The product of the offer.
    product: Option<String>,
    /// Where the offer is made, as coarsely as NUTS 2.
    region: Option<String>,
    /// How many offers that may serve none of what is short could then.
    opens: u32,
    /// Base units more that would be covered of what is in question.
    units: i64,
    /// Base units more that would be covered of everything else.
    others_gained: i64,
    /// Base units less that would be covered of everything else.
    others_lost: i64,
    /// Of the units, those of each tier, 1 to 4, where any changes.
    tiers: Vec<TierUnitsView>,
}

/// Units of a tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RemedyTier)]
struct TierUnitsView {
    /// 1 to 4.
    tier: u8,
    /// Base units.
    units: i64,
}

/// A change that brings nothing, or was not solved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RemedyLeftOut)]
struct RemedyLeftOutView {
    /// What it is.
    #[serde(flatten)]
    what: RemedyName,
    /// Base units that it could bring at best if nobody else wanted them.
    at_best: i64,
    /// `budget` where `solves` were spent before it, `opens_nothing` where it was solved and brings nothing.
    why: &'static str,
}

/// A change by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RemedyName)]
struct RemedyName {
    /// Of the buyers in question: `accept_grade`, `accept_substitute`, `prefer_feature`, `without_certificate`, `accept_pending`,
    /// `unchecked_certificates`, `unverified_suppliers`, `accept_transfer`, `any_origin`, `no_price_cap`, `later`,
    /// `more_suppliers`; of an authority: `lift_border`; of an offer: `convert`, `bring_inputs`, `full_stretch`, `certificate`, `verify`, `review`,
    /// `confirm`, `small_orders`, `deliver_farther`, `open_to_market`.
    kind: &'static str,
    /// In words, as what is done.
    words: String,
    /// Who can do it: `buyers`, `authority`, `supplier`, `certifier` or `operator`.
    actor: &'static str,
    /// The offer that it is about, as explanations name it.
    offer: Option<Uuid>,
    /// The certificate that it is about.
    certificate: Option<String>,
    /// What the certificate lacks: `missing`, `pending`, `expired` or `unchecked`.
    lack: Option<&'static str>,
    /// The code of the border rule.
    border_rule: Option<String>,
    /// Days: until the first output after a conversion, or by which it may come later.
    days: Option<u16>,
}

impl RemedyName {
    fn of(remedy: &Remedy) -> Self {
        let (certificate, lack, days) = match remedy {
            Remedy::Certificate { certificate, lack, .. } => (Some(certificate), Some(*lack), None),
            Remedy::Relax { rule: Relaxation::WithoutCertificate { certificate } } => (Some(certificate), None, None),
            Remedy::Convert { days, .. } | Remedy::Relax { rule: Relaxation::Later { days } } => {
                (None, None, Some(*days))
            }
            Remedy::Relax { .. }
            | Remedy::LiftBorder { .. }
            | Remedy::BringInputs { .. }
            | Remedy::FullStretch { .. }
            | Remedy::Verify { .. }
            | Remedy::Review { .. }
            | Remedy::Confirm { .. }
            | Remedy::SmallOrders { .. }
            | Remedy::DeliverFarther { .. }
            | Remedy::OpenToMarket { .. } => (None, None, None),
        };
        let border_rule = match remedy {
            Remedy::LiftBorder { rule } => Some(rule.clone()),
            _ => None,
        };
        Self {
            kind: remedy.kind(),
            words: remedy.words(),
            actor: remedy.actor(),
            offer: remedy.offer().map(|offer| offer.0),
            certificate: certificate.map(ToString::to_string),
            lack: lack.map(CertificateLack::as_str),
            border_rule,
            days,
        }
    }
}

impl RemediesView {
    /// What was found.
    pub fn of(told: &RemediesTold, catalogue: &Catalogue) -> Self {
        let RemediesTold { scope, remedies: found } = told;
        let unit = catalogue.product(scope.product.as_str()).map_or("", |product| product.base_unit.unit_code());
        Self {
            product: scope.product.to_string(),
            unit: unit.to_owned(),
            regions: scope.regions.iter().map(ToString::to_string).collect(),
            from: scope.from.to_string(),
            until: scope.until.to_string(),
            needs: found.needs,
            asked: found.asked,
            uncovered: found.uncovered,
            before_competition: found.before_competition,
            remedies: found.tried.iter().map(RemedyView::of).collect(),
            left_out: found.left_out.iter().map(RemedyLeftOutView::of).collect(),
            solves: found.solves,
        }
    }
}

impl RemedyView {
    fn of(tried: &TriedRemedy) -> Self {
        let tiers = tried.covered.tiers.iter().map(|of| TierUnitsView { tier: of.tier, units: of.units });
        Self {
            what: RemedyName::of(&tried.remedy),
            product: tried.product.as_ref().map(ToString::to_string),
            region: tried.region.as_ref().map(ToString::to_string),
            opens: tried.opens,
            units: tried.covered.units,
            others_gained: tried.covered.others_gained,
            others_lost: tried.covered.others_lost,
            tiers: tiers.collect(),
        }
    }
}

impl RemedyLeftOutView {
    fn of(left: &RemedyLeftOut) -> Self {
        Self { what: RemedyName::of(&left.remedy), at_best: left.at_best, why: left.why.as_str() }
    }
}
