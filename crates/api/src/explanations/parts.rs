//! What explanations of needs and of pairs share on the wire.

use app::explanations as told;
use domain::eligibility::{Predicate, Standing};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::cost::CostView;

/// How a pair passed every predicate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PassedHow {
    /// The last day on which the goods must exist.
    #[schema(format = Date)]
    cutoff: String,
    /// Calendar days on the way.
    transit_days: i32,
    /// Kilometres, where both places are known.
    distance_km: Option<u32>,
    /// Whether only stock counts, since output cannot be ordered in time.
    stock_only: bool,
    /// How the offered grade stands to what is asked: `same`, `satisfies`, or `substitute`.
    grade: &'static str,
    /// What to know before relying on another grade.
    caveat: Option<String>,
    /// Base units that the offer has by the cut-off.
    available: i64,
    /// The parts of the cost.
    cost: CostView,
}

/// What a predicate said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AskedPredicate {
    /// The predicate.
    predicate: &'static str,
    /// `passed`, `failed`, `left_out` of a trial, or `not_asked` since it hangs on one that failed.
    verdict: &'static str,
    /// Why it failed: a reason's code.
    reason: Option<&'static str>,
    /// What it looked at.
    facts: Vec<LookedAt>,
}

/// A value that a predicate looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LookedAt {
    /// Its stable name.
    name: &'static str,
    /// The value; a date is a text.
    value: LookedAtValue,
    /// What a number counts: `base_units`, `kilometres`, `days`, `micros` (millionths of the currency per base unit).
    unit: Option<&'static str>,
}

/// A number, a text, or yes and no.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum LookedAtValue {
    /// A number.
    Number(i64),
    /// A text or a date.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// Units of a tier.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnitsOfTier {
    /// 1 to 4.
    tier: u8,
    /// Base units; of different products they add up only as a rough size.
    quantity: i64,
}

/// An offer that may serve, and what used it up, in base units.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsedOffer {
    /// The offer: its id, or for the buyer the name that explanations give it.
    offer: Uuid,
    /// What it has by the cut-off for the instalment.
    available: i64,
    /// What was held or agreed of it before.
    promised: i64,
    /// What goes to the need itself, in any of its instalments.
    to_need: i64,
    /// What goes to other needs, by tier.
    taken_by: Vec<UnitsOfTier>,
    /// The most that is left of it by the cut-off; a line that it shares may leave less.
    left: i64,
    /// Whether it shares a line with other offers.
    shares_line: bool,
    /// Its smallest order.
    smallest_order: Option<i64>,
}

/// Something that could be otherwise, and what it would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Counterfactual {
    /// What would be otherwise.
    change: ChangeView,
    /// How many offers that may not serve the need could then, whoever else wants them.
    opens: u32,
    /// Base units that the need would gain.
    gains: i64,
    /// Base units that other needs would gain, together.
    others_gain: i64,
    /// Base units that other needs would lose, together.
    others_lose: i64,
    /// Base units gained by tier over all needs, where anything changes.
    tiers: Vec<UnitsOfTier>,
    /// Cost points of the whole allocation more, in digits, since it may be larger than others read.
    cost: Option<String>,
}

/// A change. What does not belong to its kind is null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(super) struct ChangeView {
    /// `accept_grade`, `accept_substitute`, `prefer_feature`, `accept_pending`, `certificate_status`, `verification`,
    /// `accept_transfer`, `any_region`, `max_distance`, `price_cap`, `later`, `suppliers`, `more_stock`, `shorter_lead`.
    kind: &'static str,
    /// In words: "let it come 7 days later".
    words: String,
    /// The product that may stand in.
    product: Option<String>,
    /// The grade; null also where every grade would do.
    grade: Option<String>,
    /// What to know before relying on it.
    caveat: Option<String>,
    /// The feature, status, verification, transfer or currency, by code.
    of: Option<String>,
    /// Kilometres, days, suppliers, base units, or millionths of the currency per base unit.
    to: Option<i64>,
    /// The offer it is about.
    offer: Option<Uuid>,
}

/// A change that was not computed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotTried {
    /// The change.
    change: ChangeView,
    /// `budget`, or `opens_nothing` when no offer could serve the need for it alone.
    why: &'static str,
}

impl PassedHow {
    /// As it is written down.
    pub(crate) fn of(how: told::How) -> Self {
        let (grade, caveat) = match how.standing {
            Standing::Same => ("same", None),
            Standing::Satisfies { caveat } => ("satisfies", Some(caveat)),
            Standing::Substitute { caveat } => ("substitute", Some(caveat)),
        };
        Self {
            cutoff: how.cutoff.to_string(),
            transit_days: how.transit_days,
            distance_km: how.distance_km,
            stock_only: how.stock_only,
            grade,
            caveat: caveat.filter(|c| !c.is_empty()),
            available: how.available,
            cost: CostView::of(&how.cost),
        }
    }
}

pub(super) fn trace(asked: Vec<told::Asked>) -> Vec<AskedPredicate> {
    let of = |a: told::Asked| AskedPredicate {
        predicate: Predicate::as_str(a.predicate),
        verdict: a.verdict.as_str(),
        reason: a.reason.map(|r| r.code()),
        facts: a.facts.into_iter().map(LookedAt::of).collect(),
    };
    asked.into_iter().map(of).collect()
}

impl LookedAt {
    pub(super) fn of(fact: told::Fact) -> Self {
        let value = match fact.value {
            told::Value::Number(number) => LookedAtValue::Number(number),
            told::Value::Day(day) => LookedAtValue::Text(day.to_string()),
            told::Value::Text(text) => LookedAtValue::Text(text),
            told::Value::Flag(flag) => LookedAtValue::Flag(flag),
        };
        let unit = match fact.unit {
            told::Measured::Nothing => None,
            told::Measured::BaseUnits | told::Measured::Kilometres | told::Measured::Days | told::Measured::Micros => {
                Some(fact.unit.as_str())
            }
        };
        Self { name: fact.name, value, unit }
    }
}

pub(super) fn tiers(units: Vec<told::TierUnits>) -> Vec<UnitsOfTier> {
    units.into_iter().map(|t| UnitsOfTier { tier: t.tier, quantity: t.units }).collect()
}

impl UsedOffer {
    /// As it is written down.
    pub(crate) fn of(used: told::Used) -> Self {
        Self {
            offer: used.offer.0,
            available: used.available,
            promised: used.promised,
            to_need: used.to_need,
            taken_by: tiers(used.taken_by),
            left: used.left,
            shares_line: used.shares_line,
            smallest_order: used.smallest_order,
        }
    }
}

impl Counterfactual {
    pub(super) fn of(tried: told::Tried) -> Self {
        let told::Gains { need, others_gained, others_lost, tiers: by_tier, cost } = tried.gains;
        Self {
            change: ChangeView::of(tried.change),
            opens: tried.opens,
            gains: need,
            others_gain: others_gained,
            others_lose: others_lost,
            tiers: tiers(by_tier),
            cost: cost.map(|c| c.to_string()),
        }
    }
}

impl NotTried {
    pub(super) fn of(left: told::LeftOut) -> Self {
        Self { change: ChangeView::of(left.change), why: left.why.as_str() }
    }
}

impl ChangeView {
    pub(super) fn of(change: told::Change) -> Self {
        use told::Change;
        let plain = Self {
            kind: change.kind(),
            words: change.words(),
            product: None,
            grade: None,
            caveat: None,
            of: None,
            to: None,
            offer: change.offer().map(|o| o.0),
        };
        let of = |code: &str| Some(code.to_owned());
        match change {
            Change::AcceptGrade { grade } => Self { grade: grade.map(|g| g.to_string()), ..plain },
            Change::AcceptSubstitute { product, grade, caveat } => Self {
                product: of(product.as_str()),
                grade: grade.map(|g| g.to_string()),
                caveat: Some(caveat).filter(|c| !c.is_empty()),
                ..plain
            },
            Change::PreferFeature { feature } => Self { of: of(feature.as_str()), ..plain },
            Change::AcceptPending | Change::AnyRegion => plain,
            Change::CertificateStatus { to } => Self { of: of(to.as_str()), ..plain },
            Change::Verification { to } => Self { of: of(to.as_str()), ..plain },
            Change::AcceptTransfer { transfer } => Self { of: of(transfer.as_str()), ..plain },
            Change::MaxDistance { km } => Self { to: km.map(i64::from), ..plain },
            Change::PriceCap { to } => Self { of: of(to.currency.as_str()), to: Some(to.micros), ..plain },
            Change::Later { days } | Change::ShorterLead { days, .. } => Self { to: Some(i64::from(days)), ..plain },
            Change::Suppliers { to } => Self { to: Some(i64::from(to)), ..plain },
            Change::MoreStock { units, .. } => Self { to: Some(units), ..plain },
        }
    }
}
