//! What a run gives back: matches, shortages with their causes, the value of each level, the proof.

use domain::{
    code::ProductCode,
    eligibility::{Eligible, Reason},
    ids::{InstalmentId, LineId, MatchId, NeedId, OfferId},
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
    /// Whether it was closed to this instalment, because its smallest order would not be met or the
    /// instalment has suppliers enough; then it may have goods left.
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
    /// `promised`, `tier 1` to `tier 4` or `demand`, `order rules`, `fairness` or `shares 1` to
    /// `shares 4`, `stability`, `cost`, `deliveries`, `ties`.
    pub name: String,
    /// What the level counts: units uncovered, cost points, tie points.
    pub unit: String,
    /// The value reached; smaller is better.
    pub value: i128,
    /// A proven bound: no allocation is better; none for a heuristic, or where a limit ended the run
    /// before the level was begun.
    pub bound: Option<i128>,
    /// `value - bound`; 0 means proven optimal.
    pub gap: Option<i128>,
    /// Whether potentials prove that no allocation with the same decisions on orders (what was closed, what
    /// was raised) is better. Where nothing was decided, that is a gap of 0.
    #[serde(default)]
    pub optimal_as_decided: bool,
    /// Whether it is a level of the flow network.
    pub flow: bool,
}

/// What a fairness group is sure of and what it got: needs of one tier and product, by region, buyer or need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The tier; none in a trial that counts all alike.
    pub tier: Option<u8>,
    /// The product.
    pub product: ProductCode,
    /// The region's code, or the id of organisation or need.
    pub group: String,
    /// What its needs ask for in all, in base units.
    pub demand: i64,
    /// What is held or agreed of it.
    pub promised: i64,
    /// What is newly matched.
    pub matched: i64,
    /// The largest share of its demand that it can be sure of while no group has less without need:
    /// numerator and denominator of the rational max-min.
    pub level: (i64, i64),
    /// Units it is sure of besides what is promised: the whole part of dial x level x demand.
    pub floor: i64,
    /// The round of the max-min that fixed its level, from 1.
    pub round: u32,
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
    /// What may stay uncovered of a fairness group that is sure of some units.
    Share {
        /// The first instalment of the group.
        instalment: InstalmentId,
    },
}

/// The potentials of one node, one per level of the objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Potentials {
    /// The node.
    pub label: NodeLabel,
    /// Shortest residual distance from the root at each level, up to the last one proven.
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

/// An offer closed to an instalment, because its smallest order would not be met, or because the
/// instalment has suppliers enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Closed {
    /// The offer.
    pub offer: OfferId,
    /// The instalment.
    pub instalment: InstalmentId,
}

/// Units of a pair, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PairUnits {
    /// The offer.
    pub offer: OfferId,
    /// The instalment.
    pub instalment: InstalmentId,
    /// Base units.
    pub units: i64,
}

/// The round at which a node enters the cut that proves a tier's fair shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cut {
    /// The tier; none when all count alike.
    pub tier: Option<u8>,
    /// The node.
    pub node: NodeLabel,
    /// The round, from 1.
    pub round: u32,
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
    /// Offers closed to instalments.
    pub closed: Vec<Closed>,
    /// Units forced on pairs so that smallest orders are met.
    pub raised: Vec<PairUnits>,
    /// What pairs were thought to carry when deliveries were priced by their size.
    pub estimates: Vec<PairUnits>,
    /// Instalments of parts in which the search for fewer deliveries found none and was left out.
    pub plain: Vec<InstalmentId>,
    /// Cuts that show that no group's share can be larger without another's being smaller.
    pub cuts: Vec<Cut>,
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
    /// What fairness groups are sure of and got, sorted by tier, product and group; empty unless shares
    /// are held against each other.
    pub shares: Vec<Share>,
    /// Key figures.
    pub figures: Figures,
    /// The proof.
    pub proof: Proof,
}
