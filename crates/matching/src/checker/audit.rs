//! Arcs held against the published potentials, and what they cost.

use std::collections::HashMap;

use super::{cuts::Cuts, shortest::Shortest};
use crate::outcome::{NodeLabel, Outcome, Potentials};

/// Levels there can be: promised, raised, four tiers, four of shares or one of floors, stability, cost,
/// deliveries, ties.
pub(super) const MOST_LEVELS: usize = 14;

/// Costs of an arc by level, 0 beyond the last.
pub(super) type Costs = [i64; MOST_LEVELS];

/// A node by its place among the published ones; `None` is the root.
pub(super) type Node = Option<usize>;

/// An arc with its flow.
pub(super) struct Arc {
    pub from: Node,
    pub to: Node,
    pub flow: i128,
    /// Unlimited where `None`.
    pub capacity: Option<i128>,
    pub costs: Costs,
}

impl Arc {
    /// An arc without limit and without cost.
    pub fn free(from: Node, to: Node, flow: i128) -> Self {
        Self { from, to, flow, capacity: None, costs: [0; MOST_LEVELS] }
    }
}

/// Where each kind of level stands.
pub(super) struct Places {
    pub promised: Option<usize>,
    pub raised: Option<usize>,
    pub fairness: Option<usize>,
    pub stability: Option<usize>,
    pub cost: Option<usize>,
    pub deliveries: Option<usize>,
    pub ties: Option<usize>,
    /// Tier 1 to 4, or all at 0 when tiers count alike.
    pub tiers: [Option<usize>; 5],
    pub shares: [Option<usize>; 5],
}

/// Holds arcs against the published potentials, and adds up what they cost.
pub(super) struct Audit<'a> {
    pub levels: &'a [String],
    nodes: &'a [Potentials],
    /// The potentials of the root, 0 at every level.
    root: Vec<i64>,
    /// Where each published node stands.
    pub place: HashMap<NodeLabel, usize>,
    /// What the flow is worth at each level.
    pub values: [i128; MOST_LEVELS],
    pub places: Places,
    /// Nodes seen at either end of an arc.
    seen: Vec<bool>,
    /// The cuts of fair shares.
    pub cuts: Cuts,
    /// Whether potentials are shortest distances.
    pub shortest: Shortest,
}

impl<'a> Audit<'a> {
    pub fn new(outcome: &'a Outcome) -> Result<Self, String> {
        let (levels, nodes) = (&outcome.proof.levels, &outcome.proof.potentials);
        let place: HashMap<NodeLabel, usize> = nodes.iter().enumerate().map(|(i, p)| (p.label, i)).collect();
        if levels.len() > MOST_LEVELS {
            return Err(format!("{} levels are more than there can be", levels.len()));
        }
        // So that a reduced cost fits 64 bits.
        let far = |n: &Potentials| n.values.iter().any(|v| v.unsigned_abs() >= 1 << 60);
        if nodes.iter().any(far) {
            return Err("a potential is out of range".to_owned());
        }
        if place.len() != nodes.len() || nodes.iter().any(|n| n.values.len() > levels.len()) {
            return Err("a node has two potentials, or too many".to_owned());
        }
        let at = |name: &str| levels.iter().position(|l| l == name);
        let by_tier = |all: &str, one: &str| {
            std::array::from_fn(|tier| if tier == 0 { at(all) } else { at(&format!("{one} {tier}")) })
        };
        let places = Places {
            promised: at("promised"),
            raised: at("raised"),
            fairness: at("fairness"),
            stability: at("stability"),
            cost: at("cost"),
            deliveries: at("deliveries"),
            ties: at("ties"),
            tiers: by_tier("demand", "tier"),
            shares: by_tier("shares", "shares"),
        };
        let seen = vec![false; nodes.len()];
        let mut cuts = Cuts::new(nodes.len());
        for cut in &outcome.proof.cuts {
            let node = place.get(&cut.node).copied().filter(|_| cut.round > 0);
            if node.is_none_or(|node| !cuts.enter(cut.tier, node, cut.round)) {
                return Err(format!("the cut names {:?} wrongly", cut.node));
            }
        }
        Ok(Self {
            levels,
            nodes,
            root: vec![0; levels.len()],
            place,
            values: [0; MOST_LEVELS],
            places,
            seen,
            cuts,
            shortest: Shortest::new(nodes.len()),
        })
    }

    /// A published node.
    pub fn node(&self, label: NodeLabel) -> Result<Node, String> {
        match self.place.get(&label) {
            Some(at) => Ok(Some(*at)),
            None => Err(format!("{label:?} has no potential")),
        }
    }

    /// A published node, if it is one.
    pub fn known(&self, label: NodeLabel) -> Node {
        self.place.get(&label).copied()
    }

    pub fn label(&self, node: Node) -> String {
        node.map_or_else(|| "the root".to_owned(), |at| format!("{:?}", self.nodes[at].label))
    }

    /// How many levels are proven for every node.
    pub fn proven(&self) -> usize {
        self.nodes.iter().map(|n| n.values.len()).min().unwrap_or(self.levels.len())
    }

    /// Checks the bounds of an arc, and each proven level up to the first that decides its flow.
    pub fn arc(&mut self, arc: &Arc) -> Result<(), String> {
        for at in [arc.from, arc.to].into_iter().flatten() {
            self.seen[at] = true;
        }
        if arc.flow < 0 || arc.capacity.is_some_and(|most| arc.flow > most) {
            let (from, to) = (self.label(arc.from), self.label(arc.to));
            return Err(format!("the flow of {} from {from} to {to} is out of bounds", arc.flow));
        }
        if let (Some(from), Some(to)) = (arc.from, arc.to) {
            match self.nodes[from].label {
                // What stays uncovered of a group is no supply.
                NodeLabel::Share { .. } => self.cuts.join(from, to),
                _ => self.cuts.arc(from, to, arc.capacity)?,
            }
        }
        if arc.flow > 0 {
            for (value, cost) in self.values.iter_mut().zip(arc.costs) {
                *value += arc.flow * i128::from(cost);
            }
        }
        let values = |node: Node| node.map_or(&self.root[..], |at| self.nodes[at].values.as_slice());
        let (from, to) = (values(arc.from), values(arc.to));
        let mut tight = true;
        // The root has a potential of 0 at every level; a node at which a limit ended the run has fewer.
        for (level, ((cost, from), to)) in arc.costs.iter().zip(from).zip(to).enumerate() {
            let reduced = cost + from - to;
            if reduced == 0 {
                continue;
            }
            let sound = if reduced > 0 { arc.flow == 0 } else { arc.capacity == Some(arc.flow) };
            if !sound {
                let (from, to) = (self.label(arc.from), self.label(arc.to));
                return Err(format!("level {} is not optimal: see the flow from {from} to {to}", self.levels[level]));
            }
            tight = false;
            break;
        }
        self.shortest.arc(arc, tight);
        Ok(())
    }

    /// Every published node belongs to the network.
    pub fn all_seen(&self) -> Result<(), String> {
        match self.seen.iter().position(|seen| !seen) {
            Some(at) => Err(format!("{} is no node of the network", self.label(Some(at)))),
            None => Ok(()),
        }
    }
}
