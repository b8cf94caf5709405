//! How much of each tier can be covered, and the fairest shares of its groups, proved by cuts.
//!
//! The stage before the simplex. Supplies, arcs between nodes and asks of nodes are given, without a
//! slack root. What is promised is served first, as far as possible in sum; then tier by tier as much
//! as possible in sum. Inside a tier the vector of shares `(p + x) / D` over its groups is
//! lexicographically max-min over *rational* flows: `D` is the group's whole demand, `p` what is held or
//! agreed for it already, `x` what it gets here. Every tier keeps to what was promised, and to the totals
//! and the integer floors of the tiers before it, whose units may still move between their groups. The
//! totals that can be reached form a polymatroid, so fairness lowers no total, of this tier or a later one.
//!
//! # The certificate
//!
//! The shares of a tier, sorted, are its rounds `1, 2, …`; `R_j` are the groups of the rounds up to `j`.
//! [`TierShares::entered`] gives node sets `W_1 ⊆ W_2 ⊆ …`: `W_j` holds the nodes that entered in a round up
//! to `j`. They are nodes of the problem alone; groups are no nodes of it. For a set `W` write
//!
//! - `in(W)`: the supplies of the nodes in `W` plus the capacities of the arcs that enter it from outside.
//!   No arc without a limit enters;
//! - `out_r(W)`: the units that members of group `r` outside of `W` ask for;
//! - `must(W)`: what has to be served inside of `W` before this tier. That is `max(0, P - out(W))` for the
//!   promised total `P` and the promised asks outside of `W`, and for each earlier tier with total `T` and
//!   floors `f_r` the larger of `T - Σ out_r(W)` and `Σ max(0, f_r - out_r(W))`, sums over its groups.
//!
//! For any `W`, a flow that keeps what it must gives the groups of any set `R` of this tier at most
//! `in(W) - must(W) + Σ out_r(W)` units, the sum over `R`: what members inside of `W` get has come in. In every
//! round `j` this is an equality for the shares stated:
//!
//! `in(W_j) - must(W_j) + Σ_{r in R_j} out_r(W_j) = Σ_{r in R_j} (λ_r D_r - p_r)`
//!
//! So the groups of `R_j` together cannot have more, and by induction over `j` no flow has a greater vector
//! of shares in lexicographic order. One pass over the arcs checks all rounds: a supply counts from the
//! round its node enters; an arc from the round its head enters to the round before its tail does.
//! A round whose groups are limited by what they ask for adds no node, since `out_r` says it all.
//! `W_j` is the smallest set with the equality, which is one set only, whatever the order of arcs or the
//! way it was found. The certificate bounds the shares from above; a flow that keeps totals and floors
//! shows that the floors can be had.
//!
//! # The computation
//!
//! Decomposition (Fujishige, "Lexicographically optimal base of a polymatroid with respect to a weight
//! vector", 1980; Groenevelt, "Two algorithms for maximizing a separable concave function over a
//! polymatroid feasible region", 1991) in `split`: give the groups of a part the shares they would have
//! if all could be alike, move units from those above to those below, and where a cut forbids it go on
//! with both of its sides apart. Flows stay integers. Whether fractions fit is decided in parts of a unit.

use std::sync::atomic::AtomicBool;

use self::{
    problem::check,
    share::Slot,
    split::{Finer, Flow, Split},
};
pub use self::{
    problem::{Ask, Group, ShareError, ShareProblem},
    share::Share,
};
use super::{
    UNBOUNDED,
    max_flow::{Carried, Graph, Search},
};

mod problem;
mod share;
mod split;
#[cfg(test)]
mod tests;

/// What each tier covers and how it is shared out, with the cuts that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FairShares {
    /// Units of the promised asks that can be served in all.
    pub promised: i64,
    /// One entry per tier of the problem, in order.
    pub tiers: Vec<TierShares>,
}

/// The outcome of one tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierShares {
    /// The most units of the tier that can be covered after what is promised and the tiers before it.
    pub total: i64,
    /// One entry per group of the tier, in order.
    pub groups: Vec<GroupShare>,
    /// The shares that occur, ascending, and whose they are.
    pub rounds: Vec<Round>,
    /// Per node of the problem, the number of the round (from 1) from which it is in the cut; 0 if never.
    pub entered: Vec<u32>,
}

/// What one group gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupShare {
    /// The covered share of its demand, what is promised included.
    pub share: Share,
    /// The number of its round, from 1.
    pub round: u32,
    /// Units it is sure of here: the dial's part of its share in whole units, less what is promised,
    /// but not below 0 nor above what its members ask for. All floors and totals can be had together.
    pub floor: i64,
}

/// The groups of a tier that have one share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// Their share.
    pub share: Share,
    /// Their positions in the tier, ascending.
    pub groups: Vec<u32>,
}

/// Where a tier's groups and its pool, into which they pass on what is above their floors, are among the nodes.
struct Place {
    first: u32,
    pool: u32,
}

/// The largest totals and the fairest shares of a problem.
///
/// # Errors
/// [`ShareError`]: the first thing found that the problem must not be, or that it was cancelled.
pub fn fair_shares(problem: &ShareProblem<'_>, cancel: Option<&AtomicBool>) -> Result<FairShares, ShareError> {
    let nodes = check(problem)?;
    let (graph, mut carried, places) = lay_out(problem, nodes);
    let all: Vec<u32> = (0..nodes).collect();
    let mut search = Search::new(&graph);
    let mut finer = Finer::default();
    let mut sources = Vec::new();
    for (v, &supply) in all.iter().zip(problem.supply) {
        carried.has[*v as usize] = supply;
        if supply > 0 {
            sources.push(*v);
        }
    }
    let pool = length(problem.supply);
    let asked: i64 = problem.promised.iter().map(|ask| ask.units).sum();
    carried.wants[pool as usize] = asked;
    search.move_all(&graph, &mut carried, &all, (&sources, &[pool]), cancel)?;
    let promised = asked - std::mem::take(&mut carried.wants[pool as usize]);

    let mut tiers = Vec::with_capacity(places.len());
    for (groups, place) in problem.tiers.iter().zip(&places) {
        let slots: Vec<Slot> = groups.iter().map(Slot::of).collect();
        let sinks: Vec<u32> = (place.first..place.pool).collect();
        for (&v, slot) in sinks.iter().zip(&slots) {
            carried.wants[v as usize] = slot.open;
        }
        search.move_all(&graph, &mut carried, &all, (&sources, &sinks), cancel)?;
        let wants = sinks.iter().map(|v| std::mem::take(&mut carried.wants[*v as usize]));
        let held: Vec<i64> = slots.iter().zip(wants).map(|(slot, wanted)| slot.open - wanted).collect();
        let total = held.iter().sum();
        let limited: Vec<u32> = all.iter().copied().filter(|v| search.met(*v)).collect();
        search.leave(&all);

        let flow = Flow { graph: &graph, carried: &mut carried, search: &mut search, finer: &mut finer };
        let mut split = Split::new(flow, place.first, &slots, held, cancel);
        split.run(limited)?;
        let (shares, held) = split.finish();

        let rounds = rounds(&shares);
        let mut outcome = Vec::with_capacity(slots.len());
        for ((slot, &share), &round) in slots.iter().zip(&shares).zip(&round_of(&rounds, slots.len())) {
            outcome.push(GroupShare { share, round, floor: slot.floor(share, problem.dial) });
        }
        let mut entered = vec![0; problem.supply.len()];
        search.begin();
        for (number, round) in (1..).zip(&rounds) {
            let roots: Vec<u32> = round.groups.iter().map(|r| place.first + r).collect();
            for &v in search.close(&graph, &carried, &roots) {
                if let Some(slot) = entered.get_mut(v as usize) {
                    *slot = number;
                }
            }
        }
        for ((&v, group), held) in sinks.iter().zip(&outcome).zip(held) {
            // What is above the floor may move on to other groups when later tiers ask for it.
            carried.put(graph.out(v).start, held - group.floor);
        }
        tiers.push(TierShares { total, groups: outcome, rounds, entered });
    }
    Ok(FairShares { promised, tiers })
}

/// The graph: the nodes of the problem, the pool of what is promised, and per tier its groups and its pool.
fn lay_out(problem: &ShareProblem<'_>, nodes: u32) -> (Graph, Carried<i64>, Vec<Place>) {
    let pool = length(problem.supply);
    let mut more: Vec<(u32, u32, i64)> = Vec::new();
    more.extend(problem.promised.iter().filter(|ask| ask.units > 0).map(|ask| (ask.node, pool, ask.units)));
    let mut next = pool + 1;
    let mut places = Vec::with_capacity(problem.tiers.len());
    for groups in problem.tiers {
        let place = Place { first: next, pool: next + length(groups) };
        for (v, group) in (place.first..).zip(groups) {
            more.extend(group.members.iter().filter(|ask| ask.units > 0).map(|ask| (ask.node, v, ask.units)));
            more.push((v, place.pool, UNBOUNDED));
        }
        next = place.pool + 1;
        places.push(place);
    }
    let (graph, carried) = Graph::new(nodes as usize, (problem.from, problem.to, problem.capacity), &more);
    (graph, carried, places)
}

/// A length that the check has found to fit.
fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// The shares that occur, ascending.
fn rounds(shares: &[Share]) -> Vec<Round> {
    let mut order: Vec<u32> = (0..length(shares)).collect();
    order.sort_by_key(|r| shares[*r as usize]);
    let chunks = order.chunk_by(|a, b| shares[*a as usize] == shares[*b as usize]);
    chunks.map(|groups| Round { share: shares[groups[0] as usize], groups: groups.to_vec() }).collect()
}

/// Per group of a tier, the number of its round.
fn round_of(rounds: &[Round], groups: usize) -> Vec<u32> {
    let mut numbers = vec![0; groups];
    for (number, round) in (1..).zip(rounds) {
        round.groups.iter().for_each(|r| numbers[*r as usize] = number);
    }
    numbers
}
