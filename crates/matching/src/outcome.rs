//! What a run gives back: matches, shortages with their causes, the value of each level, the proof.

use domain::{
    eligibility::{Eligible, Reason},
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId, OrganisationId, SiteId},
    quantity::Quantity,
    time::Day,
};
use serde::{Deserialize, Serialize};

/// A quantity of an offer for an instalment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchLine {
    /// The offer.
    pub offer: OfferId,
    /// The need.
    pub need: NeedId,
    /// The instalment of it.
    pub instalment: InstalmentId,
    /// How much, in base units.
    pub quantity: Quantity,
    /// How the pair passed: cut-off, transit, distance, cost terms, standing of the grade.
    pub eligible: Eligible,
    /// 1 for the cheapest eligible offer of this instalment.
    pub rank: u32,
    /// How many offers are eligible for this instalment.
    pub eligible_offers: u32,
}

/// How many offers a first failing predicate took out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunnelStep {
    /// The first reason.
    pub reason: Reason,
    /// How many offers fail for it first.
    pub offers: u32,
}

/// Whom an offer supplies instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The instalment supplied.
    pub instalment: InstalmentId,
    /// Its tier.
    pub tier: u8,
    /// How much.
    pub quantity: i64,
}

/// An eligible offer whose capacity went elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedUp {
    /// The offer.
    pub offer: OfferId,
    /// What it has by the cut-off for this instalment, in base units.
    pub available: i64,
    /// What is held or agreed already.
    pub committed: i64,
    /// The largest takers in this run.
    pub taken_by: Vec<Taken>,
    /// Whether it was closed to this buyer's site, because its smallest order would not be met; then it
    /// may have goods left.
    #[serde(default)]
    pub closed: bool,
}

/// An instalment that stays partly or wholly uncovered, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    /// The need.
    pub need: NeedId,
    /// The instalment.
    pub instalment: InstalmentId,
    /// The tier it ranks at.
    pub tier: u8,
    /// What it asks for, in base units.
    pub demand: i64,
    /// What is held, agreed or newly matched.
    pub covered: i64,
    /// The rest.
    pub uncovered: i64,
    /// First failing predicates of the offers that are not eligible; with `eligible_offers` they
    /// add up to all offers of the market.
    pub funnel: Vec<FunnelStep>,
    /// How many offers are eligible and used up.
    pub eligible_offers: u32,
    /// The largest of them, at most five.
    pub used_up: Vec<UsedUp>,
}

/// The value of one level of the objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelReport {
    /// `promised`, `tier 1` to `tier 4` or `demand`, `minimum orders`, `cost`, `ties`.
    pub name: String,
    /// What the level counts: units uncovered, cost points, tie points.
    pub unit: String,
    /// The value reached; smaller is better.
    pub value: i128,
    /// A proven bound: no allocation is better.
    pub bound: i128,
    /// `value - bound`; 0 means proven optimal.
    pub gap: i128,
    /// Whether it is a level of the flow network, where the gap is always 0.
    pub flow: bool,
}

/// Key figures of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Offers in the snapshot.
    pub offers: u32,
    /// Needs that took part.
    pub needs: u32,
    /// Their instalments.
    pub instalments: u32,
    /// Pairs that passed every predicate.
    pub eligible_pairs: u64,
    /// Parts of the market solved apart.
    pub components: u32,
    /// Matches found.
    pub lines: u32,
    /// Units asked for; different products add up only as a rough size.
    pub demand: i64,
    /// Units held, agreed or matched.
    pub covered: i64,
}

/// A node of the flow network, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "node", rename_all = "snake_case")]
pub enum NodeLabel {
    /// Stock of an offer.
    Stock {
        /// The offer.
        offer: OfferId,
    },
    /// Output of an offer by a cut-off.
    Output {
        /// The offer.
        offer: OfferId,
        /// The cut-off.
        by: Day,
    },
    /// Time of a line in the period that ends on a day.
    Line {
        /// The line.
        line: LineId,
        /// The last day of the period.
        by: Day,
    },
    /// An instalment's open quantity.
    Instalment {
        /// The instalment.
        instalment: InstalmentId,
    },
    /// A held or agreed quantity.
    Commitment {
        /// The match.
        match_id: MatchId,
    },
}

/// The potentials of one node, one per level of the objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Potentials {
    /// The node.
    pub label: NodeLabel,
    /// Shortest residual distance from the root at each level.
    pub values: Vec<i64>,
}

/// What an offer makes on a shared line in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineOutput {
    /// The line.
    pub line: LineId,
    /// The offer.
    pub offer: OfferId,
    /// The last day of the period.
    pub by: Day,
    /// Base units.
    pub quantity: i64,
}

/// An offer closed to a buyer's site because the smallest order would not be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Closed {
    /// The offer.
    pub offer: OfferId,
    /// The buyer.
    pub organisation: OrganisationId,
    /// Its site.
    pub site: SiteId,
}

/// Everything the checker needs besides the market and the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// SHA-256, in hex, of engine, market, parameters, lines, levels and all that follows.
    pub hash: String,
    /// The names of the flow levels, in order of the potentials.
    pub levels: Vec<String>,
    /// Potentials by node, sorted by label.
    pub potentials: Vec<Potentials>,
    /// What offers make on shared lines.
    pub line_outputs: Vec<LineOutput>,
    /// Held or agreed quantities that the market can no longer serve; empty in a sound ledger.
    pub unserved: Vec<(MatchId, i64)>,
    /// Offers closed to buyers for their smallest order.
    pub closed: Vec<Closed>,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The engine's name and version.
    pub engine: String,
    /// The decision day.
    pub day: Day,
    /// Matches, sorted by need, instalment, offer.
    pub lines: Vec<MatchLine>,
    /// What stays uncovered, sorted by need and instalment.
    pub shortages: Vec<Shortage>,
    /// The levels, in order.
    pub levels: Vec<LevelReport>,
    /// Key figures.
    pub figures: Figures,
    /// The proof.
    pub proof: Proof,
}
