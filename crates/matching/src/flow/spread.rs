//! The order in which arcs are priced.

use std::ops::Range;

/// Neighbouring arcs that stay together when the order of arcs is spread.
const RUN: usize = 64;

/// The order arcs are worked on: runs of neighbours, taken by turns from all over the network.
///
/// Neighbours often share an end: a block in the network's own order sees few offers, and finds nothing
/// or the best of a bad lot while others wait. In runs, what neighbours share stays in the cache.
/// Measured against the network's own order on 1,100 x 500 dense and 10,000 x 5,000 with 50 arcs each:
/// where offers cover 140 % of what is asked, 30 and 55 % of its time, at 70 % 75 and 60 %, at 100 % 85 and
/// 120 %. Runs of 16 are the same within 10 %, runs of one take 10 to 50 % longer.
pub(super) struct Spread {
    arcs: usize,
    /// Whole runs; the arcs left over come last.
    runs: usize,
    stride: usize,
}

impl Spread {
    pub(super) fn new(arcs: usize) -> Self {
        let runs = arcs / RUN;
        Self { arcs, runs, stride: runs.isqrt().max(1) }
    }

    /// The arcs in their new order.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.arcs);
        let mut take = |arcs: Range<usize>| order.extend(arcs.map(|arc| u32::try_from(arc).unwrap_or(u32::MAX)));
        for first in 0..self.stride {
            for run in (first..self.runs).step_by(self.stride) {
                take(run * RUN..(run + 1) * RUN);
            }
        }
        take(self.runs * RUN..self.arcs);
        order
    }

    /// Where an arc comes in that order.
    pub(super) fn place(&self, arc: u32) -> u32 {
        let (run, inside) = (arc as usize / RUN, arc as usize % RUN);
        if run >= self.runs {
            return arc;
        }
        // Every turn has as many runs as fit, and the first ones one more.
        let (turn, before) = (run % self.stride, run / self.stride);
        let start = turn * (self.runs / self.stride) + turn.min(self.runs % self.stride);
        u32::try_from((start + before) * RUN + inside).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arc_comes_once_and_where_it_is_said_to() {
        for arcs in [0, 1, RUN - 1, RUN, 5 * RUN + 3, 17 * RUN, 40 * RUN + 1] {
            let spread = Spread::new(arcs);
            let order = spread.order();
            assert_eq!(order.len(), arcs);
            for (place, &arc) in (0..).zip(&order) {
                assert_eq!(spread.place(arc), place, "{arcs} arcs");
            }
        }
    }
}
