//! What fairness groups are sure of: the rational max-min of covered shares, tier by tier.

use std::{collections::BTreeMap, sync::atomic::AtomicBool};

use domain::parameters::Fairness;

use crate::{
    allocate::MatchingError,
    components::{Component, Prepared},
    flow::{Ask, Group, NetworkBuilder, ROOT, ShareError, ShareProblem, fair_shares},
    outcome::{Cut, NodeLabel, Share},
    pairs::Pair,
};

/// A group of a component.
pub(crate) struct GroupShare {
    /// Its place among the groups of the market.
    pub group: u32,
    /// Its slots in the component, ascending.
    pub slots: Vec<usize>,
    /// What they still ask for.
    pub open: i64,
    /// The largest share it can be sure of, as a fraction.
    pub level: (i64, i64),
    /// Units it is sure of.
    pub floor: i64,
    /// The round that fixed the level, from 1.
    pub round: u32,
}

/// The groups of a component, and the cuts that prove their levels: tier, node, round.
#[derive(Default)]
pub(crate) struct ComponentShares {
    pub groups: Vec<GroupShare>,
    cuts: Vec<(Option<u8>, u32, u32)>,
}

/// The shares of a component whose supplies, arcs and demands are laid out.
///
/// `slots` and `promised` are the nodes of its slots and commitments, in order.
pub(crate) fn of_component(
    prepared: &Prepared<'_>,
    part: &Component<'_>,
    builder: &NetworkBuilder,
    (slots, promised): (&[u32], &[u32]),
    cancel: Option<&AtomicBool>,
) -> Result<ComponentShares, MatchingError> {
    let demands = &prepared.demands;
    let Fairness::MaxMin { dial, .. } = prepared.rules.parameters.fairness else {
        return Ok(ComponentShares::default());
    };
    // By tier, groups in the order of their first slot.
    let mut by_tier: BTreeMap<Option<u8>, Vec<(u32, Vec<usize>)>> = BTreeMap::new();
    let mut place: BTreeMap<u32, usize> = BTreeMap::new();
    for slot in &part.slots {
        let Some(group) = demands.group_of[*slot] else { return Ok(ComponentShares::default()) };
        let of_tier = by_tier.entry(demands.groups[group as usize].tier).or_default();
        let at = *place.entry(group).or_insert_with(|| {
            of_tier.push((group, Vec::new()));
            of_tier.len() - 1
        });
        of_tier[at].1.push(*slot);
    }
    let node = |slot: &usize| slots[prepared.slot_rank[*slot] as usize];
    let tiers: Vec<Vec<Group>> = by_tier
        .values()
        .map(|groups| {
            let group = |(group, members): &(u32, Vec<usize>)| {
                let facts = &demands.groups[*group as usize];
                let ask = |slot: &usize| Ask { node: node(slot), units: demands.open[*slot] };
                Group { demand: facts.demand, promised: facts.promised, members: members.iter().map(ask).collect() }
            };
            groups.iter().map(group).collect()
        })
        .collect();
    let promised: Vec<Ask> = promised
        .iter()
        .zip(&part.commitments)
        .map(|(node, c)| Ask { node: *node, units: c.quantity.units() })
        .collect();
    let supply: Vec<i64> = builder.supplies().iter().map(|units| (*units).max(0)).collect();
    let (mut from, mut to, mut capacity) = (Vec::new(), Vec::new(), Vec::new());
    for (tail, head, most) in builder.arcs().filter(|(tail, head, _)| *tail != ROOT && *head != ROOT) {
        from.push(tail);
        to.push(head);
        capacity.push(most);
    }
    let problem = ShareProblem {
        supply: &supply,
        from: &from,
        to: &to,
        capacity: &capacity,
        promised: &promised,
        tiers: &tiers,
        dial,
    };
    let found = fair_shares(&problem, cancel).map_err(|e| match e {
        ShareError::Cancelled => MatchingError::Cancelled,
        other => MatchingError::Shares(other),
    })?;
    let mut shares = ComponentShares::default();
    for ((tier, groups), of_tier) in by_tier.into_iter().zip(found.tiers) {
        for ((group, slots), share) in groups.into_iter().zip(of_tier.groups) {
            let open = slots.iter().map(|s| demands.open[*s]).sum();
            let level = (share.share.numerator, share.share.denominator);
            shares.groups.push(GroupShare { group, slots, open, level, floor: share.floor, round: share.round });
        }
        let entered = (0..).zip(of_tier.entered).filter(|(_, round)| *round > 0);
        shares.cuts.extend(entered.map(|(node, round)| (tier, node, round)));
    }
    Ok(shares)
}

impl ComponentShares {
    /// The groups with what they got.
    pub fn reports(&self, prepared: &Prepared<'_>, lines: &[(Pair, i64)]) -> Vec<Share> {
        let demands = &prepared.demands;
        let mut matched: BTreeMap<u32, i64> = BTreeMap::new();
        for (pair, units) in lines {
            if let Some(group) = demands.group_of[pair.slot as usize] {
                *matched.entry(group).or_default() += units;
            }
        }
        let report = |g: &GroupShare| {
            let facts = demands.groups[g.group as usize].clone();
            Share {
                tier: facts.tier,
                product: facts.product,
                group: facts.name,
                demand: facts.demand,
                promised: facts.promised,
                matched: matched.get(&g.group).copied().unwrap_or(0),
                level: g.level,
                floor: g.floor,
                round: g.round,
            }
        };
        self.groups.iter().map(report).collect()
    }

    /// The cuts by the names of their nodes.
    pub fn named_cuts(&self, labels: &[NodeLabel]) -> Vec<Cut> {
        let named = |(tier, node, round): &(Option<u8>, u32, u32)| {
            let label = labels.get((*node as usize).checked_sub(1)?)?;
            Some(Cut { tier: *tier, node: *label, round: *round })
        };
        self.cuts.iter().filter_map(named).collect()
    }
}
