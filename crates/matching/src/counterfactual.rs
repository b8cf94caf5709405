//! What would be covered if something were otherwise: one edit of the market, allocated anew.

use std::collections::{BTreeMap, HashMap};

use domain::{
    certificate::CertificateStatus,
    code::{FeatureCode, GradeCode, ProductCode},
    eligibility::Rules,
    feature::Demand,
    ids::{InstalmentId, NeedId, OfferId},
    market::Market,
    need::{Need, Substitution},
    offer::Transfer,
    organisation::Verification,
    price::Price,
    quantity::Quantity,
};
use serde::Serialize;

use crate::{
    allocate::{Control, MatchingError, allocate},
    outcome::Outcome,
};

mod plan;

pub use plan::{LeftOut, WhyLeftOut};
pub(crate) use plan::{Plan, Short, worth_at};

/// One thing that could be otherwise: with the need, or with an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// The buyer also accepts a grade of the product, or every grade.
    AcceptGrade {
        /// The grade; every one where `None`.
        grade: Option<GradeCode>,
    },
    /// The buyer opts into a substitution.
    AcceptSubstitute {
        /// The product that may stand in.
        product: ProductCode,
        /// Its grade; any where `None`.
        grade: Option<GradeCode>,
        /// What the rule says to keep in mind.
        caveat: String,
    },
    /// A required feature is only preferred.
    PreferFeature {
        /// The feature.
        feature: FeatureCode,
    },
    /// Pending certificates will do.
    AcceptPending,
    /// Demanded certificates need to be checked less far.
    CertificateStatus {
        /// This far.
        to: CertificateStatus,
    },
    /// Somebody closer may have vouched for the supplier, or nobody.
    Verification {
        /// This far.
        to: Verification,
    },
    /// Goods may also change hands in another way.
    AcceptTransfer {
        /// That way.
        transfer: Transfer,
    },
    /// Goods may come from any region.
    AnyRegion,
    /// Goods may come from farther.
    MaxDistance {
        /// From at most so many kilometres; from anywhere where `None`.
        km: Option<u32>,
    },
    /// Goods may cost more.
    PriceCap {
        /// The most per base unit.
        to: Price,
    },
    /// All instalments are due later.
    Later {
        /// By so many calendar days.
        days: u16,
    },
    /// An instalment may be split among more suppliers.
    Suppliers {
        /// At most so many.
        to: u16,
    },
    /// An offer has more in stock.
    MoreStock {
        /// The offer.
        offer: OfferId,
        /// So many base units more.
        units: i64,
    },
    /// An offer's lead time is shorter.
    ShorterLead {
        /// The offer.
        offer: OfferId,
        /// By so many days.
        days: u16,
    },
}

impl Change {
    /// The stable name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AcceptGrade { .. } => "accept_grade",
            Self::AcceptSubstitute { .. } => "accept_substitute",
            Self::PreferFeature { .. } => "prefer_feature",
            Self::AcceptPending => "accept_pending",
            Self::CertificateStatus { .. } => "certificate_status",
            Self::Verification { .. } => "verification",
            Self::AcceptTransfer { .. } => "accept_transfer",
            Self::AnyRegion => "any_region",
            Self::MaxDistance { .. } => "max_distance",
            Self::PriceCap { .. } => "price_cap",
            Self::Later { .. } => "later",
            Self::Suppliers { .. } => "suppliers",
            Self::MoreStock { .. } => "more_stock",
            Self::ShorterLead { .. } => "shorter_lead",
        }
    }

    /// The offer it is about; `None` where it is about the need.
    pub fn offer(&self) -> Option<OfferId> {
        match self {
            Self::MoreStock { offer, .. } | Self::ShorterLead { offer, .. } => Some(*offer),
            Self::AcceptGrade { .. }
            | Self::AcceptSubstitute { .. }
            | Self::PreferFeature { .. }
            | Self::AcceptPending
            | Self::CertificateStatus { .. }
            | Self::Verification { .. }
            | Self::AcceptTransfer { .. }
            | Self::AnyRegion
            | Self::MaxDistance { .. }
            | Self::PriceCap { .. }
            | Self::Later { .. }
            | Self::Suppliers { .. } => None,
        }
    }

    /// In words, as what is done or granted: "accept FFP2", "let it come 7 days later".
    pub fn words(&self) -> String {
        match self {
            Self::AcceptGrade { grade: Some(grade) } => format!("accept {grade}"),
            Self::AcceptGrade { grade: None } => "accept every grade".to_owned(),
            Self::AcceptSubstitute { product, grade: Some(grade), .. } => {
                format!("accept {product} {grade} as a substitute")
            }
            Self::AcceptSubstitute { product, grade: None, .. } => format!("accept {product} as a substitute"),
            Self::PreferFeature { feature } => format!("prefer {feature} instead of requiring it"),
            Self::AcceptPending => "accept pending certificates".to_owned(),
            Self::CertificateStatus { to } => format!("accept certificates that are {}", to.as_str()),
            Self::Verification { to: Verification::None } => "accept suppliers that nobody verified".to_owned(),
            Self::Verification { to } => format!("accept suppliers verified by their {}", to.as_str()),
            Self::AcceptTransfer { transfer } => format!("take it as a {}", transfer.as_str()),
            Self::AnyRegion => "drop the limit on regions".to_owned(),
            Self::MaxDistance { km: Some(km) } => format!("let it come from up to {km} km"),
            Self::MaxDistance { km: None } => "drop the limit on distance".to_owned(),
            Self::PriceCap { to } => {
                let (whole, part) = (to.micros / 1_000_000, to.micros % 1_000_000);
                let part = format!("{part:06}");
                format!("pay up to {whole}.{} {} a unit", padded(part.trim_end_matches('0')), to.currency.as_str())
            }
            Self::Later { days: 1 } => "let it come 1 day later".to_owned(),
            Self::Later { days } => format!("let it come {days} days later"),
            Self::Suppliers { to } => format!("take it from up to {to} suppliers"),
            Self::MoreStock { units: 1, .. } => "one more base unit in stock at the offer".to_owned(),
            Self::MoreStock { units, .. } => format!("{units} more base units in stock at the offer"),
            Self::ShorterLead { days: 1, .. } => "one day less lead time at the offer".to_owned(),
            Self::ShorterLead { days, .. } => format!("{days} days less lead time at the offer"),
        }
    }

    /// Makes the need as it would be; changes of offers leave it as it is.
    pub(crate) fn edit_need(&self, need: &mut Need) {
        let terms = &mut need.terms;
        match self {
            Self::AcceptGrade { grade: Some(grade) } => terms.grades.push(grade.clone()),
            Self::AcceptGrade { grade: None } => terms.grades.clear(),
            Self::AcceptSubstitute { product, grade, .. } => {
                terms.substitutions.push(Substitution { product: product.clone(), grade: grade.clone() });
                terms.substitutions.sort();
            }
            Self::PreferFeature { feature } => {
                for requirement in terms.requirements.iter_mut().filter(|r| r.feature == *feature) {
                    requirement.demand = Demand::Preferred;
                }
            }
            Self::AcceptPending => terms.accept_pending = true,
            Self::CertificateStatus { to } => terms.certificate_status = *to,
            Self::Verification { to } => terms.verification = *to,
            Self::AcceptTransfer { transfer } => {
                terms.transfers.insert(*transfer);
            }
            Self::AnyRegion => terms.regions.clear(),
            Self::MaxDistance { km } => terms.max_distance_km = *km,
            Self::PriceCap { to } => terms.price_cap = Some(*to),
            Self::Later { days } => {
                for instalment in &mut need.instalments {
                    instalment.due = instalment.due.plus(i32::from(*days));
                }
            }
            Self::Suppliers { to } => terms.max_suppliers = Some(*to),
            Self::MoreStock { .. } | Self::ShorterLead { .. } => {}
        }
    }

    /// Makes the market as it would be. What is held and agreed stays, with its stored cut-offs.
    pub fn apply(&self, market: &mut Market, need: NeedId) {
        match self.offer() {
            None => {
                for need in market.needs.iter_mut().filter(|n| n.id == need) {
                    self.edit_need(need);
                }
            }
            Some(id) => {
                for offer in market.offers.iter_mut().filter(|o| o.id == id) {
                    let terms = &mut offer.terms;
                    match self {
                        Self::MoreStock { units, .. } => {
                            // The engine reads base units alone; how the owner typed them stays.
                            let stock = &mut terms.profile.stock.quantity;
                            let more = stock.units().saturating_add(*units).min(Quantity::LIMIT);
                            *stock = Quantity::new(more).unwrap_or(*stock);
                        }
                        Self::ShorterLead { days, .. } => terms.lead_days = terms.lead_days.saturating_sub(*days),
                        Self::AcceptGrade { .. }
                        | Self::AcceptSubstitute { .. }
                        | Self::PreferFeature { .. }
                        | Self::AcceptPending
                        | Self::CertificateStatus { .. }
                        | Self::Verification { .. }
                        | Self::AcceptTransfer { .. }
                        | Self::AnyRegion
                        | Self::MaxDistance { .. }
                        | Self::PriceCap { .. }
                        | Self::Later { .. }
                        | Self::Suppliers { .. } => {}
                    }
                }
            }
        }
    }
}

/// Two decimals at least.
fn padded(decimals: &str) -> String {
    format!("{decimals:0<2}")
}

/// Units of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TierUnits {
    /// 1 to 4.
    pub tier: u8,
    /// Base units; of different products they add up only as a rough size.
    pub units: i64,
}

/// What a change does to what is covered, in base units: an allocation of the changed market less an
/// allocation of the market as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gains {
    /// For the need; less than 0 where the change would take from it.
    pub need: i64,
    /// For other needs that gain, together.
    pub others_gained: i64,
    /// For other needs that lose, together; at least 0.
    pub others_lost: i64,
    /// By tier over all needs, where anything changes.
    pub tiers: Vec<TierUnits>,
    /// Cost points of the whole allocation, those of moved suggestions among them; `None` where the run has no cost level.
    pub cost: Option<i128>,
}

/// A change that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The change.
    pub change: Change,
    /// How many offers that may not serve the need could then, whoever else wants them.
    pub opens: u32,
    /// What it does.
    pub gains: Gains,
}

/// Allocates the market with a change and says what it does. `market` may be the [`related`] part,
/// which gives the same answer as the whole.
///
/// [`related`]: crate::related
///
/// # Errors
/// As [`allocate`].
pub fn gains(
    rules: &Rules<'_>,
    before: &Outcome,
    need: NeedId,
    change: &Change,
    control: &Control<'_>,
) -> Result<Gains, MatchingError> {
    let mut market = rules.market.clone();
    change.apply(&mut market, need);
    let after = allocate(&Rules { market: &market, ..*rules }, control)?;
    Ok(difference(rules.market, before, &after, need))
}

fn difference(market: &Market, before: &Outcome, after: &Outcome, need: NeedId) -> Gains {
    let uncovered = |outcome: &Outcome| -> HashMap<InstalmentId, i64> {
        outcome.shortages.iter().map(|s| (s.instalment, s.uncovered)).collect()
    };
    let (was, is) = (uncovered(before), uncovered(after));
    let mut gains = Gains { need: 0, others_gained: 0, others_lost: 0, tiers: Vec::new(), cost: None };
    let mut tiers: BTreeMap<u8, i64> = BTreeMap::new();
    for of in market.needs.iter().filter(|n| n.is_matchable()) {
        let at = |map: &HashMap<InstalmentId, i64>| -> i64 {
            of.instalments.iter().map(|i| map.get(&i.id).copied().unwrap_or(0)).sum()
        };
        let gained = at(&was) - at(&is);
        *tiers.entry(of.tier(market.day)).or_default() += gained;
        match gained {
            _ if of.id == need => gains.need = gained,
            0.. => gains.others_gained += gained,
            ..0 => gains.others_lost -= gained,
        }
    }
    gains.tiers = tiers.into_iter().filter(|(_, u)| *u != 0).map(|(tier, units)| TierUnits { tier, units }).collect();
    let cost = |outcome: &Outcome| outcome.levels.iter().find(|l| l.name == "cost").map(|l| l.value);
    gains.cost = cost(after).zip(cost(before)).map(|(after, before)| after - before);
    gains
}
