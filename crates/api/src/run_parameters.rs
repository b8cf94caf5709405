//! The parameters of a run on the wire.

use domain::parameters::{Fairness, Parameters, ParametersInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::limits;

/// What a run shall do; `{}` for the usual. What is left out is that of the mode.
#[derive(Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = RunInput, example = json!({"mode": "near", "weights": {"border": 0}, "limits": {"nodes": 200}}))]
pub struct ParametersBody {
    /// A published set with its own order of levels: `standard` (where absent), `near`, `fair` or `balanced`.
    #[validate(length(max = limits::WORD))]
    mode: Option<String>,
    /// What it counts on: `running` capacity (where absent), or `maximum`, full stretch.
    #[validate(length(max = limits::WORD))]
    capacity: Option<String>,
    /// How the units of a tier are shared out.
    #[validate(nested)]
    fairness: Option<FairnessBody>,
    /// What things cost.
    weights: Option<WeightsBody>,
    /// How long goods travel.
    transit: Option<TransitBody>,
    /// Where the search stops.
    limits: Option<LimitsBody>,
}

/// How the units of a tier are shared out before cost is looked at.
#[derive(Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = FairnessInput)]
struct FairnessBody {
    /// `max_min`: no group of a tier and product has less than it must, by its covered share; `shares`: the largest sum of
    /// covered shares of needs; `off`.
    #[validate(length(max = limits::WORD))]
    rule: Option<String>,
    /// Whose shares `max_min` compares: `region` of delivery (NUTS 2), `organisation` or `need`.
    #[validate(length(max = limits::WORD))]
    by: Option<String>,
    /// How much of its fair share each group of `max_min` is sure of, in thousandths, 0 to 1000.
    dial: Option<i64>,
}

/// Cost in points per base unit; a point is a kilometre by default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeightsInput)]
struct WeightsBody {
    /// Per kilometre, 0 to 1000.
    kilometre: Option<i64>,
    /// When goods cross a border.
    border: Option<i64>,
    /// When supplier and buyer share no cluster.
    cluster: Option<i64>,
    /// When a substitution the buyer opted into is used.
    substitution: Option<i64>,
    /// When nobody vouched for the supplier.
    unverified: Option<i64>,
    /// When the offer's figures are stale.
    aging: Option<i64>,
    /// For each preferred feature the offer lacks.
    preference: Option<i64>,
    /// When goods rest on a pending certificate.
    pending: Option<i64>,
    /// Per thousandth of the currency that a unit costs, where prices compare; 0 to 1000.
    price: Option<i64>,
    /// Per delivery, whatever its size. Above 0 the level of cost is searched, and its gap reported.
    delivery: Option<i64>,
    /// What a base unit that the run before suggested must save before it is moved. At 0, and where a delivery has a price,
    /// none is moved to save points.
    moved: Option<i64>,
}

/// Transit takes `handling_days + ceil(km / km_per_day)` calendar days.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TransitInput)]
struct TransitBody {
    /// Days to pack, load and unload.
    handling_days: Option<i64>,
    /// Kilometres a lorry covers a day.
    km_per_day: Option<i64>,
    /// The distance assumed where a place is unknown.
    unknown_km: Option<i64>,
}

/// Counted limits, so that a run can be replayed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LimitsInput)]
struct LimitsBody {
    /// Pivots per part of the market and solve; no limit where absent. The best answer so far is given, with its gap.
    pivots: Option<i64>,
    /// Solves per part of the market that look for better ways to keep smallest orders and numbers of suppliers.
    nodes: Option<i64>,
}

impl ParametersBody {
    /// What is stated.
    pub fn input(self) -> ParametersInput {
        let fairness = self.fairness.unwrap_or_default();
        let transit = self.transit.unwrap_or_default();
        let limits = self.limits.unwrap_or_default();
        let w = self.weights.unwrap_or_default();
        let named = [
            ("kilometre", w.kilometre),
            ("border", w.border),
            ("cluster", w.cluster),
            ("substitution", w.substitution),
            ("unverified", w.unverified),
            ("aging", w.aging),
            ("preference", w.preference),
            ("pending", w.pending),
            ("price", w.price),
            ("delivery", w.delivery),
            ("moved", w.moved),
        ];
        ParametersInput {
            mode: self.mode,
            capacity: self.capacity,
            weights: named.into_iter().filter_map(|(name, points)| Some((name.to_owned(), points?))).collect(),
            handling_days: transit.handling_days,
            km_per_day: transit.km_per_day,
            unknown_km: transit.unknown_km,
            fairness: fairness.rule,
            by: fairness.by,
            dial: fairness.dial,
            pivots: limits.pivots,
            nodes: limits.nodes,
        }
    }
}

/// The parameters of a run, all of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunParameters)]
pub struct ParametersView {
    /// `standard`, `near`, `fair` or `balanced`.
    mode: &'static str,
    /// `running` or `maximum` capacity.
    capacity: &'static str,
    /// How the units of a tier are shared out.
    fairness: FairnessView,
    /// Points by what they are for.
    weights: std::collections::BTreeMap<&'static str, u32>,
    /// How long goods travel.
    transit: TransitView,
    /// Where the search stops.
    limits: LimitsView,
}

/// How the units of a tier are shared out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunFairness)]
struct FairnessView {
    /// `off`, `max_min` or `shares`.
    rule: &'static str,
    /// `region`, `organisation` or `need`, with `max_min`.
    by: Option<&'static str>,
    /// Thousandths of its fair share that each group is sure of, with `max_min`.
    dial: Option<u16>,
}

/// How long goods travel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunTransit)]
struct TransitView {
    /// Days to pack, load and unload.
    handling_days: u16,
    /// Kilometres a lorry covers a day.
    km_per_day: u32,
    /// The distance assumed where a place is unknown.
    unknown_km: u32,
}

/// Where the search stops.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunLimits)]
struct LimitsView {
    /// Pivots at most.
    pivots: Option<u64>,
    /// Solves at most.
    nodes: u32,
}

impl ParametersView {
    /// On the wire.
    pub fn of(p: &Parameters) -> Self {
        let fairness = match p.fairness {
            Fairness::Off => FairnessView { rule: "off", by: None, dial: None },
            Fairness::MaxMin { by, dial } => FairnessView { rule: "max_min", by: Some(by.as_str()), dial: Some(dial) },
            Fairness::Shares => FairnessView { rule: "shares", by: None, dial: None },
        };
        Self {
            mode: p.mode.as_str(),
            capacity: p.capacity.as_str(),
            fairness,
            weights: p.weights.named().into_iter().map(|(name, points, _)| (name, points)).collect(),
            transit: TransitView {
                handling_days: p.transit.handling_days,
                km_per_day: p.transit.km_per_day,
                unknown_km: p.transit.unknown_km,
            },
            limits: LimitsView { pivots: p.limits.pivots, nodes: p.limits.nodes },
        }
    }
}
