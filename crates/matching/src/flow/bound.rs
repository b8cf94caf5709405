//! A lower bound of a level that was stopped before its optimum.

use super::network::{Network, UNBOUNDED};
use super::simplex::Working;

/// How far below the present value the optimum of the level can lie at most, from the present potentials.
///
/// With reduced costs `r` and supplies `b`, every flow `x` that agrees with the frozen arcs costs
/// `sum r*x - sum potential*b`. So the optimum lies below the present flow by at most the sum, over
/// working arcs with `r < 0`, of `-r` times what the arc can still carry. For an arc without limit
/// that is what an optimal flow can send over it: some optimal flow is a basic one, where no arc
/// carries more than all supplies and finite capacities together; when no cost up to this level is
/// negative, circles can be taken out of it and no arc carries more than all supplies; an arc into a
/// node that nothing leaves carries at most its demand, one out of a node nothing enters its supply.
pub(super) fn largest_shortfall(net: &Network, level: usize, work: &Working, potential: &[i64]) -> i128 {
    let supplies: i128 = net.supply.iter().filter(|&&b| b > 0).map(|&b| i128::from(b)).sum();
    let circles = net.costs[..=level].iter().any(|costs| costs.any_negative());
    let finite: i128 = net.capacity.iter().filter(|&&cap| cap != UNBOUNDED).map(|&cap| i128::from(cap)).sum();
    let most = if circles { supplies + finite } else { supplies };
    let mut leaves = vec![false; net.node_count()];
    let mut enters = vec![false; net.node_count()];
    for (&from, &to) in net.from.iter().zip(&net.to) {
        leaves[from as usize] = true;
        enters[to as usize] = true;
    }
    let mut shortfall = 0;
    for (e, &id) in work.id.iter().enumerate() {
        let reduced = work.reduced(e, potential);
        if reduced < 0 {
            let id = id as usize;
            let (from, to) = (net.from[id] as usize, net.to[id] as usize);
            let mut room = i128::from(net.capacity[id]).min(most);
            if !work.turned[e] {
                if !leaves[to] {
                    room = room.min(-i128::from(net.supply[to]));
                }
                if !enters[from] {
                    room = room.min(i128::from(net.supply[from]));
                }
            }
            shortfall -= i128::from(reduced) * room;
        }
    }
    shortfall
}
