//! That potentials are the shortest residual distances from the root, and so the only ones.
//!
//! A path of residual arcs that are tight at every level costs exactly the potential of its end, and no
//! residual path costs less. So a node at the end of such a path from the root has its shortest distance.
//! A node that no residual path reaches is measured as if the root had an arc to it that costs
//! `2 N`, with `N` twice the largest cost of an arc of the root plus the nodes of its part times the
//! largest of any other arc, and at least 1: more than any simple path could cost.

use super::audit::{Arc, Costs, MOST_LEVELS, Node};
use crate::outcome::Potentials;

/// What the check has to know of the arcs.
pub(super) struct Shortest {
    /// From, to, whether more fits, whether something can be sent back, whether it is tight at all levels;
    /// the root is the last node.
    arcs: Vec<(u32, u32, bool, bool, bool)>,
    /// Per node, the largest costs of arcs of the root, and of other arcs.
    at_root: Vec<Costs>,
    elsewhere: Vec<Costs>,
}

impl Shortest {
    pub fn new(nodes: usize) -> Self {
        let none = vec![[0; MOST_LEVELS]; nodes];
        Self { arcs: Vec::new(), at_root: none.clone(), elsewhere: none }
    }

    pub fn arc(&mut self, arc: &Arc, tight: bool) {
        let root = self.at_root.len();
        let place = |node: Node| u32::try_from(node.unwrap_or(root)).unwrap_or(u32::MAX);
        let more = arc.capacity.is_none_or(|most| arc.flow < most);
        self.arcs.push((place(arc.from), place(arc.to), more, arc.flow > 0, tight));
        let (Some(at), both) = (arc.to.or(arc.from), arc.from.is_some() && arc.to.is_some()) else { return };
        let largest = if both { &mut self.elsewhere[at] } else { &mut self.at_root[at] };
        for (most, cost) in largest.iter_mut().zip(arc.costs) {
            *most = cost.abs().max(*most);
        }
    }

    /// Holds every node's potentials against the distances; `part` names the part of a node.
    pub fn hold(&self, nodes: &[Potentials], part: impl Fn(usize) -> usize) -> Result<(), String> {
        let root = nodes.len();
        let mut reached = vec![false; root + 1];
        let tight = self.adjacent(|arc| arc.4);
        spread(&tight, &mut reached, [root]);
        if reached.iter().all(|r| *r) {
            return Ok(());
        }
        // What tight paths reach must be all that residual paths reach.
        let wrong = |node: usize| Err(format!("the potentials of {:?} are no shortest distances", nodes[node].label));
        for (from, to, more, back, _) in &self.arcs {
            let (from, to) = (*from as usize, *to as usize);
            if reached[from] && !reached[to] && *more {
                return wrong(to);
            }
            if reached[to] && !reached[from] && *back {
                return wrong(from);
            }
        }
        let far = self.far(root, part);
        let mut starts = Vec::new();
        for (at, node) in nodes.iter().enumerate().filter(|(at, _)| !reached[*at]) {
            // As for any arc that carries nothing: the first level that is not tight is above zero.
            let spare = node.values.iter().zip(far(at)).map(|(value, far)| far - i128::from(*value));
            match spare.into_iter().find(|spare| *spare != 0) {
                Some(spare) if spare < 0 => return wrong(at),
                Some(_) => {}
                None => starts.push(at),
            }
        }
        spread(&tight, &mut reached, starts);
        match (0..root).find(|at| !reached[*at]) {
            Some(at) => wrong(at),
            None => Ok(()),
        }
    }

    /// The distance of an unreachable node at each level.
    fn far(&self, root: usize, part: impl Fn(usize) -> usize) -> impl Fn(usize) -> [i128; MOST_LEVELS] {
        let parts: Vec<usize> = (0..root).map(part).collect();
        let mut sizes: std::collections::HashMap<usize, (i128, Costs, Costs)> = std::collections::HashMap::new();
        for (at, part) in parts.iter().enumerate() {
            // The root is a node of every part.
            let sums = sizes.entry(*part).or_insert((1, [0; MOST_LEVELS], [0; MOST_LEVELS]));
            sums.0 += 1;
            for level in 0..MOST_LEVELS {
                sums.1[level] = sums.1[level].max(self.at_root[at][level]);
                sums.2[level] = sums.2[level].max(self.elsewhere[at][level]);
            }
        }
        move |at| {
            let (count, at_root, elsewhere) = sizes[&parts[at]];
            std::array::from_fn(|level| {
                2 * (2 * i128::from(at_root[level]) + count * i128::from(elsewhere[level])).max(1)
            })
        }
    }

    /// The residual arcs of a kind by the node they leave: where each node's begin, and their ends.
    fn adjacent(&self, kind: impl Fn(&(u32, u32, bool, bool, bool)) -> bool) -> (Vec<usize>, Vec<u32>) {
        let ways = || {
            self.arcs.iter().filter(|arc| kind(arc)).flat_map(|(from, to, more, back, _)| {
                [more.then_some((*from, *to)), back.then_some((*to, *from))].into_iter().flatten()
            })
        };
        let mut first = vec![0; self.at_root.len() + 2];
        ways().for_each(|(from, _)| first[from as usize + 1] += 1);
        for node in 1..first.len() {
            first[node] += first[node - 1];
        }
        let mut place = first.clone();
        let mut ends = vec![0; first.last().copied().unwrap_or(0)];
        for (from, to) in ways() {
            ends[place[from as usize]] = to;
            place[from as usize] += 1;
        }
        (first, ends)
    }
}

/// Marks all that can be reached.
fn spread((first, ends): &(Vec<usize>, Vec<u32>), reached: &mut [bool], starts: impl IntoIterator<Item = usize>) {
    let mut stack: Vec<usize> = starts.into_iter().collect();
    stack.iter().for_each(|start| reached[*start] = true);
    while let Some(node) = stack.pop() {
        for to in &ends[first[node]..first[node + 1]] {
            if !std::mem::replace(&mut reached[*to as usize], true) {
                stack.push(*to as usize);
            }
        }
    }
}
