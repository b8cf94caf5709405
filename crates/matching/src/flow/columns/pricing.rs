//! Prices all pairs of a market at once: the cheapest ones, or those below zero by the potentials of a solution.

use std::ops::Range;

use super::balls::{Balls, Query, Worths};
use super::{Column, ColumnsError, Draft, MOST_POINTS, Space, Spot, place};
use crate::threads;

/// Points of which a thread takes care at a time.
const STRETCH: usize = 64;

/// Trees over the supplies and the demands of a draft.
pub(super) struct Pricing {
    pub(super) supplies: Balls,
    pub(super) demands: Balls,
    threads: usize,
}

/// Pairs that were looked for.
pub(super) struct Found {
    pub columns: Vec<Column>,
    /// Pairs that were looked at one by one.
    pub one_by_one: u128,
}

/// Levels packed into one number: what the first level that is not zero says, the packed number says.
struct Packed {
    /// What a point of cost counts; a tie point counts 1.
    cost: i128,
    /// What each node of the network adds.
    nodes: Vec<i128>,
}

impl Packed {
    /// Each level weighs more than all reduced costs of the levels after it together can.
    fn new(potentials: &[&[i64]]) -> Result<Self, ColumnsError> {
        let last = potentials.len().saturating_sub(1);
        let mut weights = vec![1_i128; potentials.len()];
        // The most that the levels after the one at work add up to.
        let mut below = 0_i128;
        for (level, potential) in potentials.iter().enumerate().rev() {
            let ends = potential.iter().min().zip(potential.iter().max());
            let span = ends.map_or(0, |(least, most)| i128::from(*most) - i128::from(*least));
            let most = span + if level + 1 >= last { i128::from(MOST_POINTS) } else { 0 };
            weights[level] = below + 1;
            let all = most.checked_mul(weights[level]).and_then(|own| own.checked_add(below));
            below = all.filter(|all| *all < 1 << 125).ok_or(ColumnsError::TooLarge)?;
        }
        let node = |at: usize| potentials.iter().zip(&weights).map(|(p, weight)| i128::from(p[at]) * weight).sum();
        let nodes = potentials.first().map_or(0, |p| p.len());
        Ok(Self { cost: weights[last.saturating_sub(1)], nodes: (0..nodes).map(node).collect() })
    }
}

impl Pricing {
    pub(super) fn new<S: Space>(draft: &Draft<'_, S>, threads: usize) -> Self {
        let supply = |at| Spot::Supply(draft.supply(at));
        let demand = |at| Spot::Demand(draft.demand(at));
        let (supplies, demands) = threads::both(
            threads,
            || Balls::new(place(draft.supplies.len()), |a, b| draft.space.apart(supply(a), supply(b))),
            || Balls::new(place(draft.demands.len()), |a, b| draft.space.apart(demand(a), demand(b))),
        );
        Self { supplies, demands, threads }
    }

    /// The lowest pairs of each supply and of each demand by some potentials; some pairs twice.
    pub(super) fn lowest<S: Space>(
        &self,
        draft: &Draft<'_, S>,
        potentials: &[&[i64]],
        most: usize,
    ) -> Result<Vec<Column>, ColumnsError> {
        let packed = Packed::new(potentials)?;
        let worths = self.supplies.worths(|supply| packed.nodes[1 + supply as usize]);
        let of_demands = self.spread(draft.demands.len(), |demand| {
            self.of_demand(draft, (&packed, &worths), demand, (i128::MAX, most))
        })?;
        let worths = self.demands.worths(|demand| -packed.nodes[draft.demand_node(demand as usize)]);
        let of_supplies = self.spread(draft.supplies.len(), |supply| {
            let at = Spot::Supply(draft.supply(supply));
            let query = Query {
                apart: |demand| draft.space.apart(at, Spot::Demand(draft.demand(demand))),
                floor: |apart| draft.space.floor(apart),
                unit: packed.cost,
                own: packed.nodes[1 + supply as usize],
                limit: i128::MAX,
                most,
            };
            search(draft, (&self.demands, &worths), &query, |demand| (supply, demand))
        })?;
        let mut columns = of_demands.columns;
        columns.extend(of_supplies.columns);
        Ok(columns)
    }

    /// Pairs below zero by some potentials, the lowest of each demand; none at all if no pair is.
    pub(super) fn below_zero<S: Space>(
        &self,
        draft: &Draft<'_, S>,
        potentials: &[&[i64]],
        most: usize,
    ) -> Result<Found, ColumnsError> {
        let packed = Packed::new(potentials)?;
        let worths = self.supplies.worths(|supply| packed.nodes[1 + supply as usize]);
        let most = most.max(1);
        self.spread(draft.demands.len(), |demand| self.of_demand(draft, (&packed, &worths), demand, (0, most)))
    }

    fn of_demand<S: Space>(
        &self,
        draft: &Draft<'_, S>,
        (packed, worths): (&Packed, &Worths),
        demand: u32,
        (limit, most): (i128, usize),
    ) -> Result<Found, ColumnsError> {
        let at = Spot::Demand(draft.demand(demand));
        let query = Query {
            apart: |supply| draft.space.apart(Spot::Supply(draft.supply(supply)), at),
            floor: |apart| draft.space.floor(apart),
            unit: packed.cost,
            own: -packed.nodes[draft.demand_node(demand as usize)],
            limit,
            most,
        };
        search(draft, (&self.supplies, worths), &query, |supply| (supply, demand))
    }

    /// Searches from each of so many points, on all threads.
    fn spread(
        &self,
        points: usize,
        search: impl Fn(u32) -> Result<Found, ColumnsError> + Sync,
    ) -> Result<Found, ColumnsError> {
        let stretches: Vec<Range<usize>> =
            (0..points).step_by(STRETCH).map(|start| start..points.min(start + STRETCH)).collect();
        let found: Vec<Result<Found, ColumnsError>> = threads::spread(&stretches, self.threads, |_, stretch| {
            let mut all = Found { columns: Vec::new(), one_by_one: 0 };
            for point in stretch.clone() {
                let found = search(place(point))?;
                all.columns.extend(found.columns);
                all.one_by_one += found.one_by_one;
            }
            Ok(all)
        });
        let mut all = Found { columns: Vec::new(), one_by_one: 0 };
        for found in found {
            let found = found?;
            all.columns.extend(found.columns);
            all.one_by_one += found.one_by_one;
        }
        Ok(all)
    }
}

/// Searches a tree from one point; `pair` says which supply and demand a point of the tree makes with it.
fn search<S: Space, A: Fn(u32) -> i64, F: Fn(i64) -> i64>(
    draft: &Draft<'_, S>,
    (tree, worths): (&Balls, &Worths),
    query: &Query<A, F>,
    pair: impl Fn(u32) -> (u32, u32),
) -> Result<Found, ColumnsError> {
    let mut one_by_one = 0;
    let mut fault = None;
    let found = tree.least(worths, query, |point, worth, limit| {
        one_by_one += 1;
        let (supply, demand) = pair(point);
        let (s, d) = (draft.supply(supply), draft.demand(demand));
        if query.at_least(draft.space.glance(s, d), worth) > limit {
            return None;
        }
        let cost = draft.space.cost(s, d)?;
        if cost < 0 || query.at_least(cost, worth) <= limit {
            let column = Column { demand, supply, cost, tie: draft.space.tie(s, d) };
            match draft.legal(&column) {
                Ok(()) => return Some(query.at_least(cost, worth) + i128::from(column.tie)),
                Err(illegal) => fault = Some(illegal),
            }
        }
        None
    });
    if let Some(fault) = fault {
        return Err(fault);
    }
    let columns = found.into_iter().filter_map(|(_, point)| {
        let (supply, demand) = pair(point);
        draft.column(supply, demand)
    });
    Ok(Found { columns: columns.collect(), one_by_one })
}
