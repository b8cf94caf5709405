//! A market whose regions are to be served fairly.

use matching::flow::{Ask, Group, ShareProblem, UNBOUNDED};

use crate::{
    instances::{Market, SIDE, Shape, market},
    problem::{Problem, index},
};

/// 10,000 offers, most of them in the west, that reach up to 50 of 5,000 needs within 120 km: regions
/// differ in what they can get.
pub fn market_of_regions() -> Market {
    let (degree, reach) = (Some(50), Some(120));
    market(&Shape { offers: 10_000, needs: 5_000, products: 1, degree, reach, west: true, periods: 1, seed: 1 })
}

/// The columns of the stage: nodes are the offers, then the needs; groups are 9 by 3 cells of the plane.
pub struct Shares {
    supply: Vec<i64>,
    from: Vec<u32>,
    to: Vec<u32>,
    room: Vec<i64>,
    capacity: Vec<i64>,
    asks: Vec<Ask>,
    tiers: Vec<Vec<Group>>,
}

impl Shares {
    /// The stage of a market of one period.
    pub fn of(market: &Market) -> Self {
        let offers = market.offers.len();
        let made = market.offers.iter().map(|offer| offer.output.iter().sum());
        let supply: Vec<i64> = made.chain(market.needs.iter().map(|_| 0)).collect();
        let asks: Vec<Ask> =
            (offers..).zip(&market.needs).map(|(node, need)| Ask { node: index(node), units: need.quantity }).collect();
        let mut groups: Vec<Group> = (0..27).map(|_| Group { demand: 0, promised: 0, members: Vec::new() }).collect();
        for (need, ask) in market.needs.iter().zip(&asks) {
            let (east, north) = (need.at.0 * 9 / (SIDE + 1), need.at.1 * 3 / (SIDE + 1));
            if let Some(group) = usize::try_from(east * 3 + north).ok().and_then(|at| groups.get_mut(at)) {
                group.demand += ask.units;
                group.members.push(*ask);
            }
        }
        groups.retain(|group| group.demand > 0);
        let pairs = || market.pairs.iter();
        Self {
            from: pairs().map(|&(offer, ..)| index(offer)).collect(),
            to: pairs().map(|&(_, need, ..)| index(offers + need)).collect(),
            room: pairs().map(|&(offer, need, ..)| supply[offer].min(market.needs[need].quantity)).collect(),
            capacity: vec![UNBOUNDED; market.pairs.len()],
            supply,
            asks,
            tiers: vec![groups],
        }
    }

    /// The stage as the engine takes it.
    pub fn problem(&self) -> ShareProblem<'_> {
        ShareProblem {
            supply: &self.supply,
            from: &self.from,
            to: &self.to,
            capacity: &self.capacity,
            promised: &[],
            tiers: &self.tiers,
            dial: 1_000,
        }
    }

    /// The maximum flow from node 0 to the node returned: how much can be covered in all.
    pub fn maximum_flow(&self) -> (Problem, u32) {
        let mut problem = Problem::new();
        let nodes: Vec<u32> = self.supply.iter().map(|_| problem.node(0)).collect();
        let sink = problem.node(0);
        for (&node, &supply) in nodes.iter().zip(&self.supply).filter(|(_, supply)| **supply > 0) {
            problem.arc(0, node, 0, supply);
        }
        for ((&from, &to), &room) in self.from.iter().zip(&self.to).zip(&self.room) {
            problem.arc(nodes[from as usize], nodes[to as usize], 0, room);
        }
        for ask in &self.asks {
            problem.arc(nodes[ask.node as usize], sink, 0, ask.units);
        }
        (problem, sink)
    }
}
