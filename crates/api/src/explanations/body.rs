//! Explanations on the wire and in the JSON of the command line.

use app::explanations as told;
use domain::{
    catalogue::Catalogue,
    eligibility::{CostTerms, Predicate, Standing},
    ids::RunId,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a run did for a need, why, and what would change it. Quantities are in base units.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeedExplanation {
    /// The run; null where it was computed for this answer alone.
    run: Option<Uuid>,
    /// The need.
    need: Uuid,
    /// The product's code.
    product: String,
    /// The UN/ECE code of the base unit.
    unit: String,
    /// The tier it ranks at.
    tier: u8,
    /// The day that the run decided on.
    #[schema(format = Date)]
    day: String,
    /// Whether everything but what the run gave the need is reckoned as if no other buyer wanted anything: you may not
    /// know what others want.
    before_competition: bool,
    /// What it asks for in all.
    demand: i64,
    /// What is held or agreed.
    promised: i64,
    /// What the run matched.
    matched: i64,
    /// What stays uncovered.
    uncovered: i64,
    /// Its instalments, by due date.
    instalments: Vec<ExplainedInstalment>,
    /// What the buyer could do otherwise and what that would gain, the most helpful first.
    counterfactuals: Vec<Counterfactual>,
    /// What one more unit, or one more day, is worth.
    worth: Vec<Counterfactual>,
    /// What was not computed.
    left_out: Vec<NotTried>,
    /// How many allocations were spent on what could be otherwise.
    solves: u32,
}

/// An instalment and what the run did for it.
#[derive(Debug, Serialize, ToSchema)]
struct ExplainedInstalment {
    /// The instalment.
    instalment: Uuid,
    /// The day at whose end it must have arrived.
    #[schema(format = Date)]
    due: String,
    /// What it asks for.
    demand: i64,
    /// What is held or agreed.
    promised: i64,
    /// What the run matched.
    matched: i64,
    /// What stays uncovered.
    uncovered: i64,
    /// What would be covered if nobody else wanted anything, where that is what is reckoned.
    alone: Option<i64>,
    /// Offers of the product, or of what may stand for it.
    offers: u32,
    /// How many of them may serve it.
    eligible_offers: u32,
    /// For which first reason the others may not; with `eligible_offers` they add up to `offers`.
    funnel: Vec<FailingOffers>,
    /// What the run matched, cheapest first.
    lines: Vec<ExplainedLine>,
    /// Where something stays uncovered: the largest eligible offers, at most ten, and what used them up.
    used_up: Vec<UsedOffer>,
    /// What other needs took from all its eligible offers, by tier.
    taken_by: Vec<UnitsOfTier>,
}

/// How many offers fail for a first reason.
#[derive(Debug, Serialize, ToSchema)]
struct FailingOffers {
    /// The reason's code.
    reason: &'static str,
    /// In words: the offers "... do not reach the grade".
    words: String,
    /// How many.
    offers: u32,
}

/// A match and why it was made.
#[derive(Debug, Serialize, ToSchema)]
struct ExplainedLine {
    /// The offer: its id, or for the buyer the name that explanations give it; null if you may not know of it.
    offer: Option<Uuid>,
    /// Base units.
    quantity: i64,
    /// 1 where no eligible offer is cheaper, as far as you may know.
    rank: Option<u32>,
    /// How the pair passed, as far as you may know.
    how: Option<PassedHow>,
    /// Each predicate in order.
    trace: Vec<AskedPredicate>,
}

/// How a pair passed every predicate.
#[derive(Debug, Serialize, ToSchema)]
struct PassedHow {
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
    cost: CostParts,
}

/// The parts of a pair's cost, in points per base unit.
#[derive(Debug, Serialize, ToSchema)]
struct CostParts {
    /// Distance.
    distance: i64,
    /// A border is crossed.
    border: i64,
    /// No cluster is shared.
    cluster: i64,
    /// A substitution is used.
    substitution: i64,
    /// Nobody vouched for the supplier.
    unverified: i64,
    /// The figures are stale.
    aging: i64,
    /// Preferred features are missing.
    preference: i64,
    /// A certificate is pending.
    pending: i64,
    /// Price.
    price: i64,
    /// Their sum.
    total: i64,
}

/// What a predicate said.
#[derive(Debug, Serialize, ToSchema)]
struct AskedPredicate {
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
struct LookedAt {
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
enum LookedAtValue {
    /// A number.
    Number(i64),
    /// A text or a date.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// Units of a tier.
#[derive(Debug, Serialize, ToSchema)]
struct UnitsOfTier {
    /// 1 to 4.
    tier: u8,
    /// Base units; of different products they add up only as a rough size.
    quantity: i64,
}

/// An offer that may serve, and what used it up, in base units.
#[derive(Debug, Serialize, ToSchema)]
struct UsedOffer {
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
struct Counterfactual {
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
struct ChangeView {
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
struct NotTried {
    /// The change.
    change: ChangeView,
    /// `budget`, or `opens_nothing` when no offer could serve the need for it alone.
    why: &'static str,
}

/// An offer held against a need. Quantities are in base units.
#[derive(Debug, Serialize, ToSchema)]
pub struct PairExplanation {
    /// The run; null where it was computed for this answer alone.
    run: Option<Uuid>,
    /// The need.
    need: Uuid,
    /// The offer.
    offer: Uuid,
    /// The day that the run decided on.
    #[schema(format = Date)]
    day: String,
    /// Whether it is reckoned as if no other buyer wanted anything: you may not know what others want.
    before_competition: bool,
    /// Instalment by instalment, by due date.
    instalments: Vec<PairAnswer>,
    /// What more of this offer, or one more day, would be worth.
    worth: Vec<Counterfactual>,
    /// What was not computed.
    left_out: Vec<NotTried>,
}

/// An offer held against an instalment.
#[derive(Debug, Serialize, ToSchema)]
struct PairAnswer {
    /// The instalment.
    instalment: Uuid,
    /// The day at whose end it must have arrived.
    #[schema(format = Date)]
    due: String,
    /// What it asks for.
    demand: i64,
    /// What stays uncovered of it.
    uncovered: i64,
    /// What it gets of this offer.
    matched: i64,
    /// In a word: `matched`, `not_eligible`, `covered_by_others`, `used_up`, `smallest_order`, `most_suppliers`,
    /// `shared_line`, `search_stopped`.
    because: &'static str,
    /// The first reason why the offer may not serve it.
    reason: Option<&'static str>,
    /// The same in words: the offer "... is farther than the buyer allows" of several offers.
    reason_words: Option<String>,
    /// How it passed, where it did.
    how: Option<PassedHow>,
    /// Its place by cost among the eligible offers.
    rank: Option<u32>,
    /// How many offers may serve the instalment.
    eligible_offers: u32,
    /// Where the offer's capacity goes.
    used: Option<UsedOffer>,
    /// Who serves the instalment, cheapest first, at most five.
    served_by: Vec<ServingOffer>,
    /// Each predicate in order.
    trace: Vec<AskedPredicate>,
}

/// An offer that serves an instalment.
#[derive(Debug, Serialize, ToSchema)]
struct ServingOffer {
    /// The offer.
    offer: Uuid,
    /// Base units.
    quantity: i64,
    /// Its place by cost among the eligible offers.
    rank: u32,
    /// Cost points per base unit.
    cost: i64,
}

impl NeedExplanation {
    /// An explanation as it is written down.
    pub fn of(e: told::Explanation, run: Option<RunId>, catalogue: &Catalogue) -> Self {
        let unit = catalogue.product(e.product.as_str()).map_or("", |p| p.base_unit.unit_code());
        Self {
            run: run.map(|r| r.0),
            need: e.need.0,
            product: e.product.to_string(),
            unit: unit.to_owned(),
            tier: e.tier,
            day: e.day.to_string(),
            before_competition: e.before_competition,
            demand: e.demand,
            promised: e.promised,
            matched: e.matched,
            uncovered: e.uncovered,
            instalments: e.instalments.into_iter().map(ExplainedInstalment::of).collect(),
            counterfactuals: e.counterfactuals.into_iter().map(Counterfactual::of).collect(),
            worth: e.worth.into_iter().map(Counterfactual::of).collect(),
            left_out: e.left_out.into_iter().map(NotTried::of).collect(),
            solves: e.solves,
        }
    }
}

impl ExplainedInstalment {
    fn of(i: told::InstalmentExplanation) -> Self {
        let funnel = i.funnel.into_iter().map(|step| FailingOffers {
            reason: step.reason.code(),
            words: step.reason.to_string(),
            offers: step.offers,
        });
        Self {
            instalment: i.instalment.0,
            due: i.due.to_string(),
            demand: i.demand,
            promised: i.promised,
            matched: i.matched,
            uncovered: i.uncovered,
            alone: i.alone,
            offers: i.offers,
            eligible_offers: i.eligible_offers,
            funnel: funnel.collect(),
            lines: i.lines.into_iter().map(ExplainedLine::of).collect(),
            used_up: i.used_up.into_iter().map(UsedOffer::of).collect(),
            taken_by: tiers(i.taken_by),
        }
    }
}

impl ExplainedLine {
    fn of(line: told::LineExplanation) -> Self {
        Self {
            offer: line.offer.map(|o| o.0),
            quantity: line.units,
            rank: line.rank,
            how: line.how.map(PassedHow::of),
            trace: trace(line.trace),
        }
    }
}

impl PassedHow {
    fn of(how: told::How) -> Self {
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
            cost: CostParts::of(&how.cost),
        }
    }
}

impl CostParts {
    fn of(c: &CostTerms) -> Self {
        Self {
            distance: c.distance,
            border: c.border,
            cluster: c.cluster,
            substitution: c.substitution,
            unverified: c.unverified,
            aging: c.aging,
            preference: c.preference,
            pending: c.pending,
            price: c.price,
            total: c.total(),
        }
    }
}

fn trace(asked: Vec<told::Asked>) -> Vec<AskedPredicate> {
    let of = |a: told::Asked| AskedPredicate {
        predicate: Predicate::as_str(a.predicate),
        verdict: a.verdict.as_str(),
        reason: a.reason.map(|r| r.code()),
        facts: a.facts.into_iter().map(LookedAt::of).collect(),
    };
    asked.into_iter().map(of).collect()
}

impl LookedAt {
    fn of(fact: told::Fact) -> Self {
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

fn tiers(units: Vec<told::TierUnits>) -> Vec<UnitsOfTier> {
    units.into_iter().map(|t| UnitsOfTier { tier: t.tier, quantity: t.units }).collect()
}

impl UsedOffer {
    fn of(used: told::Used) -> Self {
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
    fn of(tried: told::Tried) -> Self {
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
    fn of(left: told::LeftOut) -> Self {
        Self { change: ChangeView::of(left.change), why: left.why.as_str() }
    }
}

impl ChangeView {
    fn of(change: told::Change) -> Self {
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

impl PairExplanation {
    /// An answer as it is written down.
    pub fn of(e: told::PairExplanation, run: Option<RunId>) -> Self {
        Self {
            run: run.map(|r| r.0),
            need: e.need.0,
            offer: e.offer.0,
            day: e.day.to_string(),
            before_competition: e.before_competition,
            instalments: e.instalments.into_iter().map(PairAnswer::of).collect(),
            worth: e.worth.into_iter().map(Counterfactual::of).collect(),
            left_out: e.left_out.into_iter().map(NotTried::of).collect(),
        }
    }
}

impl PairAnswer {
    fn of(a: told::PairAnswer) -> Self {
        let server =
            |s: told::Server| ServingOffer { offer: s.offer.0, quantity: s.units, rank: s.rank, cost: s.cost_total };
        Self {
            instalment: a.instalment.0,
            due: a.due.to_string(),
            demand: a.demand,
            uncovered: a.uncovered,
            matched: a.matched,
            because: a.because.as_str(),
            reason: a.reason.as_ref().map(|r| r.code()),
            reason_words: a.reason.map(|r| r.to_string()),
            how: a.how.map(PassedHow::of),
            rank: a.rank,
            eligible_offers: a.eligible_offers,
            used: a.used.map(UsedOffer::of),
            served_by: a.served_by.into_iter().map(server).collect(),
            trace: trace(a.trace),
        }
    }
}
