//! What the stage is asked, and what it refuses.

use super::super::max_flow::Cancelled;

/// Demands, and sums of asks and of what is promised, stay below this: products of a numerator and a
/// demand then fit 128 bits.
const LARGEST_TOTAL: i128 = 1 << 61;

/// Nodes (groups and pools included) and arcs (asks included) stay below this.
const LARGEST_COUNT: usize = 1 << 31;

/// Supplies, arcs and asks; quantities in base units.
///
/// Nodes are positions in `supply`. The three columns of arcs have one length. A node carries one ask
/// at most, in `promised` or in one group of one tier, and may pass units on besides.
#[derive(Debug, Clone, Copy)]
pub struct ShareProblem<'a> {
    /// Units each node has; 0 for one that only passes on or asks.
    pub supply: &'a [i64],
    /// The node each arc leaves.
    pub from: &'a [u32],
    /// The node each arc enters.
    pub to: &'a [u32],
    /// The units each arc takes at most; [`UNBOUNDED`](super::super::UNBOUNDED) where there is no limit.
    pub capacity: &'a [i64],
    /// What is held or agreed, served before all else.
    pub promised: &'a [Ask],
    /// Groups by tier, in strict order.
    pub tiers: &'a [Vec<Group>],
    /// How much of its fair share each group is sure of, in thousandths, at most 1000.
    pub dial: u16,
}

/// Units that a node asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The node.
    pub node: u32,
    /// The units, 0 or more.
    pub units: i64,
}

/// Members whose covered share counts as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The units its share is measured by, above 0: its whole reviewed demand.
    pub demand: i64,
    /// Units of it that are held or agreed already, 0 or more.
    pub promised: i64,
    /// What is still open.
    pub members: Vec<Ask>,
}

/// Why a problem has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// The computation was stopped from elsewhere.
    #[error("the fair shares were cancelled")]
    Cancelled,
    /// The columns of arcs differ in length.
    #[error("the columns of arcs have {from}, {to} and {capacity} entries: give each arc one in each")]
    UnequalColumns {
        /// Tails given.
        from: usize,
        /// Heads given.
        to: usize,
        /// Capacities given.
        capacity: usize,
    },
    /// More nodes or arcs than an index names.
    #[error(
        "groups and asks included there are {nodes} nodes and {arcs} arcs; each must be below {LARGEST_COUNT}: split the problem"
    )]
    TooLarge {
        /// Nodes, with groups and pools.
        nodes: usize,
        /// Arcs, with asks.
        arcs: usize,
    },
    /// An arc or an ask names a node that does not exist.
    #[error("node {node} is named but there are {nodes}: give it a supply, 0 if it has none")]
    UnknownNode {
        /// The missing node.
        node: u32,
        /// How many there are.
        nodes: usize,
    },
    /// A supply, a capacity, an ask or a promise below zero.
    #[error("{field} of {at} is {units}: give zero or more")]
    Negative {
        /// Which quantity.
        field: &'static str,
        /// Position of the node, arc or group (within its tier).
        at: usize,
        /// The value given.
        units: i64,
    },
    /// A group without demand has no share.
    #[error("the demand of group {group} of tier {tier} is {demand}: give one or more, or leave the group out")]
    NoDemand {
        /// Position of the tier.
        tier: usize,
        /// Position of the group in it.
        group: usize,
        /// The value given.
        demand: i64,
    },
    /// A node with two asks.
    #[error("node {node} asks twice: give each ask a node of its own")]
    AsksTwice {
        /// The node.
        node: u32,
    },
    /// Demands, asks or promises add up to more than the arithmetic carries.
    #[error("{field} add up to {total}; they must stay below {LARGEST_TOTAL}: use a coarser unit or split the problem")]
    TotalTooLarge {
        /// What was added up.
        field: &'static str,
        /// The sum.
        total: i128,
    },
    /// A dial of more than the whole.
    #[error("the dial is {dial} thousandths: give 0 to 1000")]
    Dial {
        /// The value given.
        dial: u16,
    },
}

impl From<Cancelled> for ShareError {
    fn from(Cancelled: Cancelled) -> Self {
        Self::Cancelled
    }
}

fn not_negative(field: &'static str, units: &[i64]) -> Result<(), ShareError> {
    match units.iter().position(|&units| units < 0) {
        Some(at) => Err(ShareError::Negative { field, at, units: units[at] }),
        None => Ok(()),
    }
}

/// Checks all that the computation relies on; the number of nodes with groups and pools.
pub(super) fn check(problem: &ShareProblem<'_>) -> Result<u32, ShareError> {
    let ShareProblem { supply, from, to, capacity, promised, tiers, dial } = *problem;
    if dial > 1000 {
        return Err(ShareError::Dial { dial });
    }
    if from.len() != to.len() || to.len() != capacity.len() {
        return Err(ShareError::UnequalColumns { from: from.len(), to: to.len(), capacity: capacity.len() });
    }
    let groups = || tiers.iter().flatten();
    let count = supply.len() + 1 + tiers.len() + groups().count();
    let asks = promised.len() + groups().map(|group| group.members.len() + 1).sum::<usize>();
    let arcs = from.len() + asks;
    let nodes = match u32::try_from(count) {
        Ok(nodes) if count < LARGEST_COUNT && arcs < LARGEST_COUNT => nodes,
        Ok(_) | Err(_) => return Err(ShareError::TooLarge { nodes: count, arcs }),
    };
    not_negative("the supply", supply)?;
    not_negative("the capacity", capacity)?;
    let unknown = |node: u32| ShareError::UnknownNode { node, nodes: supply.len() };
    // The largest name first: a plain maximum is one quick pass over each column.
    let largest = from.iter().max().max(to.iter().max());
    if let Some(&node) = largest.filter(|&&v| v as usize >= supply.len()) {
        return Err(unknown(node));
    }
    let mut asks = vec![false; supply.len()];
    for (at, ask) in promised.iter().chain(groups().flat_map(|group| &group.members)).enumerate() {
        if ask.units < 0 {
            return Err(ShareError::Negative { field: "the quantity of the ask", at, units: ask.units });
        }
        let asked = asks.get_mut(ask.node as usize).ok_or_else(|| unknown(ask.node))?;
        if std::mem::replace(asked, true) {
            return Err(ShareError::AsksTwice { node: ask.node });
        }
    }
    for (tier, groups) in tiers.iter().enumerate() {
        for (at, group) in groups.iter().enumerate() {
            if group.demand <= 0 {
                return Err(ShareError::NoDemand { tier, group: at, demand: group.demand });
            }
            if group.promised < 0 {
                return Err(ShareError::Negative { field: "the promised quantity", at, units: group.promised });
            }
        }
        below_limit("the demands of a tier", groups.iter().map(|group| group.demand))?;
        let taken = groups.iter().flat_map(|g| g.members.iter().map(|ask| ask.units).chain([g.promised]));
        below_limit("open and promised quantities of a tier", taken)?;
    }
    let all = promised.iter().chain(groups().flat_map(|group| &group.members));
    below_limit("the quantities asked for", all.map(|ask| ask.units))?;
    Ok(nodes)
}

fn below_limit(field: &'static str, units: impl Iterator<Item = i64>) -> Result<(), ShareError> {
    let total: i128 = units.map(i128::from).sum();
    if total >= LARGEST_TOTAL { Err(ShareError::TotalTooLarge { field, total }) } else { Ok(()) }
}
