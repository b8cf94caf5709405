//! Networks read from bytes, and everything that must hold of a solve of one.

use std::sync::atomic::AtomicBool;

use matching::flow::{
    Control, LevelCosts, Network, NetworkBuilder, ROOT, Solution, SolveError, Stop, UNBOUNDED, solve, verify,
};

use crate::choices::Choices;

/// Small mostly; sometimes at the limits of the builder, sometimes anything at all.
fn number(choices: &mut Choices<'_>) -> i64 {
    match choices.upto(15) {
        0..=11 => i64::from(choices.upto(15)),
        12 => 1_i64 << choices.upto(62),
        13 => i64::from(choices.byte()) << choices.upto(48),
        14 => (1_i64 << choices.upto(62)) - 1,
        _ => i64::from_le_bytes(std::array::from_fn(|_| choices.byte())),
    }
}

fn signed(choices: &mut Choices<'_>) -> i64 {
    let number = number(choices);
    if choices.one_in(4) { number.wrapping_neg() } else { number }
}

/// Nodes in trees of drains and feeds, further arcs and costs of all kinds; now and then a thing that the
/// builder must refuse.
fn draw(choices: &mut Choices<'_>) -> NetworkBuilder {
    let levels = usize::from(choices.upto(4));
    let nodes = u32::from(choices.upto(20));
    let careless = choices.one_in(8);
    let mut builder = NetworkBuilder::new(levels);
    let mut arcs = 0_u32;
    let (mut drains, mut feeds) = (vec![ROOT], vec![ROOT]);
    for _ in 0..nodes {
        let units = if careless { signed(choices) } else { number(choices).checked_abs().unwrap_or(0) };
        if choices.one_in(2) {
            let node = builder.node(if careless { units } else { -units.max(1) });
            let source = choices.of(&feeds);
            builder.feed(source, node);
            feeds.push(node);
        } else {
            let node = builder.node(units);
            let towards = choices.of(&drains);
            builder.drain(node, towards);
            drains.push(node);
        }
        arcs += 1;
    }
    let extra = if nodes == 0 { 0 } else { choices.upto(60) };
    for _ in 0..extra {
        let most = u8::try_from(if careless { nodes + 1 } else { nodes }).unwrap();
        let (from, to) = (u32::from(choices.upto(most)), u32::from(choices.upto(most)));
        let capacity = if choices.one_in(2) { UNBOUNDED } else { number(choices) };
        if careless || (from != to && capacity >= 0) {
            builder.arc(from, to, capacity);
            arcs += 1;
        }
    }
    for level in 0..levels {
        match choices.upto(3) {
            0 => {}
            1 => {
                let costs = (0..arcs).map(|_| i64::from(choices.upto(3))).collect();
                builder.costs(level, LevelCosts::Dense(costs));
            }
            2 => {
                let costs = (0..arcs).map(|_| signed(choices)).collect();
                builder.costs(level, LevelCosts::Dense(costs));
            }
            _ => {
                for _ in 0..choices.upto(30) {
                    let arc = u32::from(choices.byte());
                    if careless || arc < arcs {
                        builder.cost(level, arc, signed(choices));
                    }
                }
            }
        }
    }
    if careless {
        builder.hang(u32::from(choices.byte()), u32::from(choices.byte()));
    }
    builder
}

/// Builds and solves what the bytes say, and checks all that the solver promises.
///
/// Says whether there was a network with an optimum.
pub fn check(bytes: &[u8]) -> bool {
    let mut choices = Choices::new(bytes);
    let net = match draw(&mut choices).build() {
        Ok(net) => net,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    let whole = match solve(&net, &mut Control::default()) {
        Ok(whole) => whole,
        Err(SolveError::Unbounded { .. }) => {
            assert!(has_endless_circle(&net), "an optimum denied");
            return false;
        }
    };
    assert!(whole.is_optimal() && whole.stop.is_none());
    assert_eq!(certified(&net, &whole), net.level_count());
    assert_eq!(solve(&net, &mut Control::default()).unwrap(), whole, "a rerun");
    for _ in 0..3 {
        stopped(&net, &whole, whole.pivots() * u64::from(choices.byte()) / 255);
    }
    cancelled(&net, &whole);
    forged(&net, &whole, &mut choices);
    true
}

/// Whether arcs without limit form a circle whose first cost that is not zero is below zero: Bellman-Ford
/// on cost vectors in their lexicographic order.
fn has_endless_circle(net: &Network) -> bool {
    let arcs: Vec<(usize, usize, Vec<i128>)> = (0..net.arc_count())
        .filter(|&arc| net.capacities()[arc] == UNBOUNDED)
        .map(|arc| {
            let id = u32::try_from(arc).unwrap();
            let costs = (0..net.level_count()).map(|level| i128::from(net.cost(level, id))).collect();
            (net.tails()[arc] as usize, net.heads()[arc] as usize, costs)
        })
        .collect();
    let mut distance = vec![vec![0_i128; net.level_count()]; net.node_count()];
    let mut changed = false;
    for _ in 0..net.node_count() {
        changed = false;
        for (from, to, costs) in &arcs {
            let reached: Vec<i128> = distance[*from].iter().zip(costs).map(|(d, c)| d + c).collect();
            if reached < distance[*to] {
                distance[*to] = reached;
                changed = true;
            }
        }
    }
    changed
}

/// How many levels the certificate proves; its values are those of the solution.
fn certified(net: &Network, solution: &Solution) -> usize {
    let proof = verify(net, &solution.flows, &solution.potentials()).unwrap_or_else(|e| panic!("{e}"));
    let values: Vec<i128> = solution.levels.iter().map(|l| l.objective).collect();
    assert_eq!(proof.objectives, values);
    proof.proven
}

/// A solve that ends early is feasible, optimal in the levels before, and has a true bound where it stopped.
fn stopped(net: &Network, whole: &Solution, pivots: u64) {
    let part = solve(net, &mut Control { max_pivots: Some(pivots), ..Control::default() }).unwrap();
    assert!(part.pivots() <= pivots);
    bounded(net, whole, &part, Stop::PivotLimit);
}

fn cancelled(net: &Network, whole: &Solution) {
    let flag = AtomicBool::new(true);
    let part = solve(net, &mut Control { cancel: Some(&flag), ..Control::default() }).unwrap();
    bounded(net, whole, &part, Stop::Cancelled);
}

fn bounded(net: &Network, whole: &Solution, part: &Solution, why: Stop) {
    let proven = certified(net, part);
    assert_eq!(proven, part.levels.iter().take_while(|l| l.optimal).count());
    if part.stop.is_none() {
        assert_eq!(proven, net.level_count());
        // Who needed fewer pivots counts them, and nothing else, in another way.
        let values = |s: &Solution| s.levels.iter().map(|l| l.objective).collect::<Vec<_>>();
        assert_eq!(values(part), values(whole));
        return;
    }
    assert_eq!(part.stop, Some(why));
    for (level, (now, best)) in part.levels.iter().zip(&whole.levels).enumerate() {
        if level < proven {
            assert_eq!((now.objective, now.bound), (best.objective, Some(best.objective)), "level {level}");
        } else if level == proven {
            let bound = now.bound.unwrap();
            assert!(bound <= best.objective, "level {level}: bound {bound} above the optimum {}", best.objective);
            assert!(best.objective <= now.objective, "level {level}: better than the optimum");
        } else {
            assert_eq!((now.bound, now.optimal), (None, false), "level {level}");
        }
    }
}

/// One flow or one potential changed, and the certificate is refused.
fn forged(net: &Network, whole: &Solution, choices: &mut Choices<'_>) {
    let by = i64::from(choices.upto(3)) + 1;
    let by = if choices.one_in(2) { -by } else { by };
    let at = usize::from(choices.byte());
    if net.arc_count() > 0 {
        let mut flows = whole.flows.clone();
        let arc = at % flows.len();
        if let Some(changed) = flows[arc].checked_add(by) {
            flows[arc] = changed;
            assert!(verify(net, &flows, &whole.potentials()).is_err(), "a forged flow of arc {arc}");
        }
    }
    if net.level_count() > 0 {
        let level = usize::from(choices.byte()) % net.level_count();
        let mut potentials: Vec<Vec<i64>> = whole.potentials().into_iter().map(<[i64]>::to_vec).collect();
        let node = at % net.node_count();
        potentials[level][node] += by;
        assert!(verify(net, &whole.flows, &potentials).is_err(), "a forged potential of node {node}, level {level}");
    }
}
