//! The parameters of a run: what counts, how goods travel, what things cost.

mod input;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use input::ParametersInput;

use crate::{capacity::CapacityKind, eligibility::Predicate, violation::Violations};

/// How long goods travel: `handling_days + ceil(km / km_per_day)` calendar days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transit {
    /// Days to pack, load and unload.
    pub handling_days: u16,
    /// Kilometres a lorry covers a day; at least 1.
    pub km_per_day: u32,
    /// The distance assumed where a place is unknown.
    pub unknown_km: u32,
}

impl Transit {
    /// Calendar days for a distance in kilometres.
    pub fn days(&self, km: u32) -> i32 {
        let travel = km.div_ceil(self.km_per_day.max(1));
        i32::try_from(travel).unwrap_or(i32::MAX / 2).saturating_add(i32::from(self.handling_days))
    }
}

/// Cost per base unit, in points; a point is a kilometre of transit by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Per kilometre.
    pub kilometre: u32,
    /// When the goods cross a border.
    pub border: u32,
    /// When supplier and buyer share no cluster.
    pub cluster: u32,
    /// When a substitution the buyer opted into is used.
    pub substitution: u32,
    /// When nobody vouched for the supplier.
    pub unverified: u32,
    /// When the offer's figures are stale.
    pub aging: u32,
    /// For each preferred feature the offer lacks.
    pub preference: u32,
    /// When the goods rest on a pending certificate.
    pub pending: u32,
    /// Per thousandth of the currency that a base unit costs, to the nearest, where prices compare; prices above
    /// 1,000,000 a unit count alike.
    pub price: u32,
    /// Per delivery, whatever its size; when not 0, the cost level is searched and no longer proved.
    #[serde(default)]
    pub delivery: u32,
    /// What a base unit that the run before suggested must save before it is moved; at 0 none is moved to save
    /// points. See [`Parameters::move_points`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved: u32,
}

/// Runs of before the weight did not know it, and their bytes stay what they were.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(points: &u32) -> bool {
    *points == 0
}

impl Weights {
    /// Every weight with its name and the most it may be, in points.
    pub fn named(&self) -> [(&'static str, u32, u32); 11] {
        [
            ("kilometre", self.kilometre, 1_000),
            ("border", self.border, 1_000_000),
            ("cluster", self.cluster, 1_000_000),
            ("substitution", self.substitution, 1_000_000),
            ("unverified", self.unverified, 1_000_000),
            ("aging", self.aging, 1_000_000),
            ("preference", self.preference, 1_000_000),
            ("pending", self.pending, 1_000_000),
            ("price", self.price, 1_000),
            ("delivery", self.delivery, 1_000_000_000),
            ("moved", self.moved, 1_000_000),
        ]
    }

    /// A weight by its name.
    pub fn named_mut(&mut self, name: &str) -> Option<&mut u32> {
        match name {
            "kilometre" => Some(&mut self.kilometre),
            "border" => Some(&mut self.border),
            "cluster" => Some(&mut self.cluster),
            "substitution" => Some(&mut self.substitution),
            "unverified" => Some(&mut self.unverified),
            "aging" => Some(&mut self.aging),
            "preference" => Some(&mut self.preference),
            "pending" => Some(&mut self.pending),
            "price" => Some(&mut self.price),
            "delivery" => Some(&mut self.delivery),
            "moved" => Some(&mut self.moved),
            _ => None,
        }
    }
}

/// A published set of parameters, each with its own order of levels; every weight can still be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Urgency, the fairest shares between regions, cost with a price of what is moved, fewer deliveries, ties.
    #[default]
    Standard,
    /// As standard without fairness: the shortest ways.
    Near,
    /// As standard, with the largest sum of covered shares of needs in place of shares between regions.
    Fair,
    /// As near, with a price per delivery inside the cost level: whole orders over few ways. Stability stands before it.
    Balanced,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Near, Self::Fair, Self::Balanced];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Near => "near",
            Self::Fair => "fair",
            Self::Balanced => "balanced",
        }
    }

    /// A mode by its name on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// Whose covered shares are held against each other; needs of one product and tier only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FairnessGroup {
    /// The NUTS 2 region of delivery, or the region as far as it is known.
    Region,
    /// The buyer.
    Organisation,
    /// Each need for itself.
    Need,
}

impl FairnessGroup {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Organisation => "organisation",
            Self::Need => "need",
        }
    }

    /// A group by its name on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Region, Self::Organisation, Self::Need].into_iter().find(|group| group.as_str() == text)
    }
}

/// How a tier's units are shared out before cost is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Fairness {
    /// Not at all.
    Off,
    /// Lexicographic max-min of the covered share over groups.
    MaxMin {
        /// The groups.
        by: FairnessGroup,
        /// How much of its fair share each group is sure of, in thousandths.
        dial: u16,
    },
    /// The largest sum over needs of the covered share.
    Shares,
}

/// Where a run stops searching; counted, so that a run can be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Pivots of the network simplex per component and solve; none where absent.
    pub pivots: Option<u64>,
    /// Solves per component that look for better ways to keep smallest orders, numbers of suppliers and
    /// few deliveries; at least 1.
    pub nodes: u32,
}

/// The levels of the objective after eligibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Tiers are covered one after the other; without it all needs count alike.
    Urgency,
    /// A tier's units are shared out fairly, as the parameters say.
    Fairness,
    /// What was suggested before is kept: at a price inside the cost level, or before it.
    Stability,
    /// The sum of cost points is least.
    Cost,
    /// Fewer deliveries where all before is equal; a heuristic.
    Deliveries,
    /// Equal solutions are told apart by a hash of the pair, not by the order of input.
    Ties,
}

impl Level {
    /// All levels, in order.
    pub const ALL: [Level; 6] =
        [Self::Urgency, Self::Fairness, Self::Stability, Self::Cost, Self::Deliveries, Self::Ties];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Fairness => "fairness",
            Self::Stability => "stability",
            Self::Cost => "cost",
            Self::Deliveries => "deliveries",
            Self::Ties => "ties",
        }
    }
}

/// Everything a run depends on besides the market itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// The published set these began as.
    #[serde(default)]
    pub mode: Mode,
    /// How a tier's units are shared out.
    #[serde(default = "no_fairness")]
    pub fairness: Fairness,
    /// Where the search stops.
    #[serde(default = "usual_limits")]
    pub limits: Limits,
    /// Running capacity, or full stretch.
    pub capacity: CapacityKind,
    /// How goods travel.
    pub transit: Transit,
    /// What things cost.
    pub weights: Weights,
    /// Predicates left out, to see what they do; a run with any is a trial and never published.
    pub without_predicates: BTreeSet<Predicate>,
    /// Levels left out, to see what they do; likewise a trial.
    pub without_levels: BTreeSet<Level>,
}

/// What runs of before fairness did.
fn no_fairness() -> Fairness {
    Fairness::Off
}

fn usual_limits() -> Limits {
    Limits { pivots: None, nodes: 16 }
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            mode: Mode::Standard,
            fairness: Fairness::MaxMin { by: FairnessGroup::Region, dial: 1_000 },
            limits: usual_limits(),
            capacity: CapacityKind::Running,
            transit: Transit { handling_days: 1, km_per_day: 600, unknown_km: 1_000 },
            weights: Weights {
                kilometre: 1,
                border: 50,
                cluster: 20,
                substitution: 200,
                unverified: 100,
                aging: 100,
                preference: 100,
                pending: 150,
                price: 1,
                delivery: 0,
                moved: 50,
            },
            without_predicates: BTreeSet::new(),
            without_levels: BTreeSet::new(),
        }
    }
}

impl Parameters {
    /// The published set of a mode.
    pub fn of(mode: Mode) -> Self {
        let standard = Self { mode, ..Self::default() };
        match mode {
            Mode::Standard => standard,
            Mode::Near => Self { fairness: Fairness::Off, ..standard },
            Mode::Fair => Self { fairness: Fairness::Shares, ..standard },
            Mode::Balanced => {
                Self { fairness: Fairness::Off, weights: Weights { delivery: 18_000, ..standard.weights }, ..standard }
            }
        }
    }

    /// Points inside the cost level for each base unit that the run before suggested and that is moved; 0 where a level
    /// of its own, before that of cost, keeps what was suggested. Where a delivery has a price it does: the plans of
    /// deliveries do not look at what was suggested.
    pub fn move_points(&self) -> i64 {
        let without = |level| self.without_levels.contains(&level);
        let apart = self.weights.delivery > 0 || without(Level::Cost) || without(Level::Stability);
        if apart { 0 } else { i64::from(self.weights.moved) }
    }

    /// Whether results of a run with these may be published.
    pub fn is_trial(&self) -> bool {
        !self.without_predicates.is_empty() || !self.without_levels.is_empty()
    }

    /// Refuses what no run can use, every fault at once: a speed of 0, weights beyond their largest, a dial above
    /// 1,000, and limits outside their ranges.
    pub fn check(&self) -> Result<(), Violations> {
        let mut faults = Violations::new();
        if self.transit.km_per_day == 0 {
            faults.push("/transit/km_per_day", "out_of_range", "0 is no speed; write at least 1");
        }
        if self.transit.unknown_km > 20_100 {
            faults.push("/transit/unknown_km", "out_of_range", "is farther than the Earth allows; write at most 20100");
        }
        if let Fairness::MaxMin { dial, .. } = self.fairness
            && dial > 1_000
        {
            let detail = format!("{dial} is more than the whole; write 0 to 1000 thousandths");
            faults.push("/fairness/dial", "out_of_range", detail);
        }
        if !(1..=100_000).contains(&self.limits.nodes) {
            let detail = format!("{} is no number of solves; write 1 to 100000", self.limits.nodes);
            faults.push("/limits/nodes", "out_of_range", detail);
        }
        if self.limits.pivots == Some(0) {
            faults.push("/limits/pivots", "out_of_range", "0 pivots solve nothing; leave it out for no limit");
        }
        for (name, value, most) in self.weights.named().into_iter().filter(|(_, v, most)| v > most) {
            faults.push(
                format!("/weights/{name}"),
                "out_of_range",
                format!("{value} is too much; write at most {most} points"),
            );
        }
        faults.into_result()
    }
}
