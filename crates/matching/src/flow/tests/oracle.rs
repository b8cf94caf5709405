//! Oracles that share no code with the solver: enumeration, successive shortest paths, Bellman-Ford.

use super::super::{ROOT, UNBOUNDED};
use super::Plan;

/// The lexicographically smallest value vector over all flows, and every flow that has it.
///
/// Arcs outside the first basis run through all their values, up to `most`; the basis then follows
/// from the balance of its nodes, outermost first.
pub(super) fn enumerate(plan: &Plan) -> (Vec<i128>, Vec<Vec<i64>>) {
    let most = plan.most();
    let held: Vec<u32> = plan.hangs.iter().map(|&(_, arc)| arc).collect();
    let open: Vec<usize> = (0..plan.arcs.len()).filter(|&arc| !held.contains(&(arc as u32))).collect();
    let mut best: Option<Vec<i128>> = None;
    let mut flows_of_best = vec![];
    let mut flows = vec![0; plan.arcs.len()];
    'all: loop {
        if let Some(full) = complete(plan, &flows) {
            let value = values(plan, &full);
            match best.as_ref().map(|b| value.cmp(b)) {
                None | Some(std::cmp::Ordering::Less) => {
                    best = Some(value);
                    flows_of_best = vec![full];
                }
                Some(std::cmp::Ordering::Equal) => flows_of_best.push(full),
                Some(std::cmp::Ordering::Greater) => {}
            }
        }
        let mut at = 0;
        loop {
            let Some(&arc) = open.get(at) else { break 'all };
            if flows[arc] < plan.arcs[arc].2.min(most) {
                flows[arc] += 1;
                break;
            }
            flows[arc] = 0;
            at += 1;
        }
    }
    (best.unwrap(), flows_of_best)
}

fn complete(plan: &Plan, open: &[i64]) -> Option<Vec<i64>> {
    let mut flows = open.to_vec();
    let mut surplus = plan.supply.clone();
    for (&(from, to, _), &x) in plan.arcs.iter().zip(open) {
        surplus[from as usize] -= x;
        surplus[to as usize] += x;
    }
    // Nodes hang on nodes drawn before them, so the last drawn is a leaf.
    for &(node, arc) in plan.hangs.iter().rev() {
        let (from, to, _) = plan.arcs[arc as usize];
        let rest = surplus[node as usize];
        let x = if from == node { rest } else { -rest };
        if x < 0 {
            return None;
        }
        flows[arc as usize] = x;
        surplus[from as usize] -= x;
        surplus[to as usize] += x;
    }
    Some(flows)
}

pub(super) fn values(plan: &Plan, flows: &[i64]) -> Vec<i128> {
    let value = |costs: &Vec<i64>| costs.iter().zip(flows).map(|(&c, &x)| i128::from(c) * i128::from(x)).sum();
    plan.costs.iter().map(value).collect()
}

/// All levels in one number per arc, exact: each level outweighs everything below it.
fn packed(plan: &Plan) -> Vec<i128> {
    let mut packed = vec![0_i128; plan.arcs.len()];
    for costs in &plan.costs {
        let largest = i128::from(costs.iter().map(|c| c.abs()).max().unwrap_or(0));
        let weight = 4 * (plan.supply.len() as i128) * largest + 1;
        for (sum, &cost) in packed.iter_mut().zip(costs) {
            *sum = *sum * weight + i128::from(cost);
        }
    }
    packed
}

/// Value vector by successive shortest paths: arcs below zero start full, the excess that leaves is
/// then sent along shortest residual paths found by Bellman-Ford.
pub(super) fn successive_paths(plan: &Plan) -> Vec<i128> {
    let costs = packed(plan);
    let mut flows = vec![0_i64; plan.arcs.len()];
    let mut surplus = plan.supply.clone();
    surplus[ROOT as usize] = -plan.supply[1..].iter().sum::<i64>();
    for (arc, &(from, to, capacity)) in plan.arcs.iter().enumerate() {
        if costs[arc] < 0 {
            flows[arc] = capacity;
            surplus[from as usize] -= capacity;
            surplus[to as usize] += capacity;
        }
    }
    let nodes = plan.supply.len();
    loop {
        let mut distance: Vec<Option<i128>> = surplus.iter().map(|&s| (s > 0).then_some(0)).collect();
        let mut via: Vec<Option<(usize, bool)>> = vec![None; nodes];
        let mut changed = true;
        while changed {
            changed = false;
            for (arc, &(from, to, capacity)) in plan.arcs.iter().enumerate() {
                let steps = [
                    (from, to, costs[arc], true, flows[arc] < capacity),
                    (to, from, -costs[arc], false, flows[arc] > 0),
                ];
                for (u, v, cost, along, open) in steps {
                    if let (true, Some(d)) = (open, distance[u as usize])
                        && distance[v as usize].is_none_or(|old| d + cost < old)
                    {
                        distance[v as usize] = Some(d + cost);
                        via[v as usize] = Some((arc, along));
                        changed = true;
                    }
                }
            }
        }
        let Some(goal) = (0..nodes).find(|&v| surplus[v] < 0 && distance[v].is_some()) else { break };
        let mut path = vec![];
        let mut node = goal;
        while let Some((arc, along)) = via[node] {
            path.push((arc, along));
            node = if along { plan.arcs[arc].0 } else { plan.arcs[arc].1 } as usize;
        }
        let mut units = surplus[node].min(-surplus[goal]);
        for &(arc, along) in &path {
            let capacity = plan.arcs[arc].2;
            let room = if !along {
                flows[arc]
            } else if capacity == UNBOUNDED {
                i64::MAX
            } else {
                capacity - flows[arc]
            };
            units = units.min(room);
        }
        for &(arc, along) in &path {
            flows[arc] += if along { units } else { -units };
        }
        surplus[node] -= units;
        surplus[goal] += units;
    }
    assert!(surplus.iter().all(|&s| s == 0), "the first basis makes every plan feasible");
    values(plan, &flows)
}

/// Canonical potentials straight from their definition, by Bellman-Ford; `None` where nothing reaches.
pub(super) fn distances(plan: &Plan, flows: &[i64]) -> Vec<Vec<Option<i64>>> {
    let mut free = vec![true; plan.arcs.len()];
    let mut result = vec![];
    for costs in &plan.costs {
        let mut distance: Vec<Option<i64>> = vec![None; plan.supply.len()];
        distance[ROOT as usize] = Some(0);
        let mut changed = true;
        while changed {
            changed = false;
            for (arc, &(from, to, capacity)) in plan.arcs.iter().enumerate().filter(|&(arc, _)| free[arc]) {
                let steps = [(from, to, costs[arc], flows[arc] < capacity), (to, from, -costs[arc], flows[arc] > 0)];
                for (u, v, cost, open) in steps {
                    if let (true, Some(d)) = (open, distance[u as usize])
                        && distance[v as usize].is_none_or(|old| d + cost < old)
                    {
                        distance[v as usize] = Some(d + cost);
                        changed = true;
                    }
                }
            }
        }
        for (arc, &(from, to, _)) in plan.arcs.iter().enumerate() {
            // Arcs at a node nothing reaches cannot be on a path from the root at any later level.
            if let (Some(d), Some(e)) = (distance[from as usize], distance[to as usize]) {
                free[arc] &= costs[arc] + d - e == 0;
            }
        }
        result.push(distance);
    }
    result
}
