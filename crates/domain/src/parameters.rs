//! The parameters of a run: what counts, how goods travel, what things cost.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

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
    /// Per thousandth of the currency a unit costs, where prices compare.
    pub price: u32,
}

/// The levels of the objective after eligibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Tiers are covered one after the other; without it all needs count alike.
    Urgency,
    /// The sum of cost points is least.
    Cost,
    /// Equal solutions are told apart by a hash of the pair, not by the order of input.
    Ties,
}

impl Level {
    /// All levels, in order.
    pub const ALL: [Level; 3] = [Self::Urgency, Self::Cost, Self::Ties];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Cost => "cost",
            Self::Ties => "ties",
        }
    }
}

/// Everything a run depends on besides the market itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
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

impl Default for Parameters {
    fn default() -> Self {
        Self {
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
            },
            without_predicates: BTreeSet::new(),
            without_levels: BTreeSet::new(),
        }
    }
}

impl Parameters {
    /// Whether results of a run with these may be published.
    pub fn is_trial(&self) -> bool {
        !self.without_predicates.is_empty() || !self.without_levels.is_empty()
    }

    /// Refuses speeds of 0 and weights above a million points.
    pub fn check(&self) -> Result<(), Violations> {
        let mut faults = Violations::new();
        if self.transit.km_per_day == 0 {
            faults.push("/transit/km_per_day", "out_of_range", "0 is no speed; write at least 1");
        }
        if self.transit.unknown_km > 20_100 {
            faults.push("/transit/unknown_km", "out_of_range", "is farther than the Earth allows; write at most 20100");
        }
        let w = &self.weights;
        let named = [
            ("kilometre", w.kilometre, 1_000),
            ("border", w.border, 1_000_000),
            ("cluster", w.cluster, 1_000_000),
            ("substitution", w.substitution, 1_000_000),
            ("unverified", w.unverified, 1_000_000),
            ("aging", w.aging, 1_000_000),
            ("preference", w.preference, 1_000_000),
            ("pending", w.pending, 1_000_000),
            ("price", w.price, 1_000),
        ];
        for (name, value, most) in named.into_iter().filter(|(_, v, most)| v > most) {
            faults.push(
                format!("/weights/{name}"),
                "out_of_range",
                format!("{value} is too much; write at most {most} points"),
            );
        }
        faults.into_result()
    }
}
