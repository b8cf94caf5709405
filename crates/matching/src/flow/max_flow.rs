//! Maximum flow by blocking flows (Dinitz, "Algorithm for solution of a problem of maximum flow in
//! networks with power estimation", 1970), always from the flow that is there already.
//!
//! After some rounds distances are corrected on the way, node by node, instead of by a search of
//! everything (Ahuja, Orlin, "Distance-directed augmenting path algorithms for maximum flow and
//! parametric maximum flow problems", 1991), as long as that reads no more than a search would.
//!
//! Distances are measured backwards from the sinks, so one search serves three ends: it directs the
//! blocking flow, it ends the computation when no source is left on this side, and what it then has
//! seen is the smallest cut. A source may be a node with unused supply as well as an aggregate that
//! gives back what it has: a unit moved never leaves another sink.
//!
//! The flow of an arc is kept once, beside its head, in the order of tails. A search from `v` then
//! reads the flows of arcs out of `v` in a row, and of an arc into `v` without a limit it reads
//! nothing but the tail.

use std::{
    ops::{AddAssign, Range, Sub, SubAssign},
    sync::atomic::{AtomicBool, Ordering},
};

use super::network::UNBOUNDED;

#[cfg(test)]
mod tests;

/// A count of units, or of equal parts of a unit.
pub(crate) trait Amount: Copy + Ord + Sub<Output = Self> + AddAssign + SubAssign + From<i64> {}

impl<T: Copy + Ord + Sub<Output = T> + AddAssign + SubAssign + From<i64>> Amount for T {}

/// The computation was stopped from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cancelled;

/// Set in a place of [`Graph::place`] whose arc has a limit.
const LIMITED: u32 = 1 << 31;

/// Arcs by tail and by head. Positions of arcs are those of the order by tail.
pub(crate) struct Graph {
    out_start: Vec<u32>,
    head: Vec<u32>,
    in_start: Vec<u32>,
    tail: Vec<u32>,
    /// Position of the arc behind each entry of `tail`, with [`LIMITED`] where it has a limit.
    place: Vec<u32>,
}

/// A set of arcs, by position: few of an arc's neighbours carry anything, and 64 are skipped at once.
struct ArcSet(Vec<u64>);

impl ArcSet {
    fn put(&mut self, arc: usize, inside: bool) {
        let (word, bit) = (&mut self.0[arc / 64], 1 << (arc % 64));
        if inside {
            *word |= bit;
        } else {
            *word &= !bit;
        }
    }

    /// Calls `visit` for the members of a range, ascending.
    fn each(&self, range: Range<usize>, mut visit: impl FnMut(usize)) {
        let mut at = range.start;
        while at < range.end {
            // Members from `at` to the end of its word.
            let mut word = self.0[at / 64] >> (at % 64);
            while word != 0 {
                let arc = at + word.trailing_zeros() as usize;
                if arc >= range.end {
                    return;
                }
                visit(arc);
                word &= word - 1;
            }
            at = (at / 64 + 1) * 64;
        }
    }
}

/// What flows on a graph, and what may.
pub(crate) struct Carried<T> {
    /// Per arc by position; written through [`Carried::put`].
    flow: Vec<T>,
    /// The arcs whose flow is not zero.
    used: ArcSet,
    /// Per arc by position.
    pub limit: Vec<T>,
    /// Per node, what it could still send.
    pub has: Vec<T>,
    /// Per node, what it still asks for.
    pub wants: Vec<T>,
}

impl<T: Amount> Carried<T> {
    /// Nothing, with no limits set.
    pub fn empty(graph: &Graph) -> Self {
        let zero = T::from(0);
        Self {
            flow: vec![zero; graph.head.len()],
            used: ArcSet(vec![0; graph.head.len().div_ceil(64)]),
            limit: vec![zero; graph.head.len()],
            has: vec![zero; graph.node_count()],
            wants: vec![zero; graph.node_count()],
        }
    }

    /// What flows on an arc.
    pub fn flow(&self, arc: usize) -> T {
        self.flow[arc]
    }

    /// Sets what flows on an arc.
    pub fn put(&mut self, arc: usize, flow: T) {
        self.flow[arc] = flow;
        self.used.put(arc, flow > T::from(0));
    }

    /// What a step can take.
    fn room(&self, step: Step) -> T {
        let flow = self.flow[step.arc as usize];
        if step.along { self.limit[step.arc as usize] - flow } else { flow }
    }
}

/// One arc of a path.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The node it leaves.
    from: u32,
    /// The position of its arc.
    arc: u32,
    /// Along the arc, or taking back what flows on it.
    along: bool,
}

fn bounds(start: &[u32], node: u32) -> Range<usize> {
    start[node as usize] as usize..start[node as usize + 1] as usize
}

impl Graph {
    /// Sorts arcs, given as columns and as a list after them, by both ends; the flow is zero.
    ///
    /// Ends must be below `nodes`, and nodes and arcs fewer than 2^31; the caller has checked it.
    pub fn new(
        nodes: usize,
        (from, to, capacity): (&[u32], &[u32], &[i64]),
        more: &[(u32, u32, i64)],
    ) -> (Self, Carried<i64>) {
        let arcs = || {
            let columns = from.iter().zip(to).zip(capacity).map(|((&f, &t), &c)| (f, t, c));
            columns.chain(more.iter().copied())
        };
        let count = from.len() + more.len();
        let mut out_start = vec![0_u32; nodes + 1];
        let mut in_start = vec![0_u32; nodes + 1];
        arcs().for_each(|(f, t, _)| {
            out_start[f as usize + 1] += 1;
            in_start[t as usize + 1] += 1;
        });
        for v in 0..nodes {
            out_start[v + 1] += out_start[v];
            in_start[v + 1] += in_start[v];
        }
        let mut graph = Self { out_start, head: vec![0; count], in_start, tail: vec![0; count], place: vec![0; count] };
        let mut carried = Carried::empty(&graph);
        let mut out_next = graph.out_start.clone();
        let mut in_next = graph.in_start.clone();
        arcs().for_each(|(f, t, c)| {
            let (out, into) = (&mut out_next[f as usize], &mut in_next[t as usize]);
            graph.head[*out as usize] = t;
            carried.limit[*out as usize] = c;
            graph.tail[*into as usize] = f;
            graph.place[*into as usize] = if c == UNBOUNDED { *out } else { *out | LIMITED };
            *out += 1;
            *into += 1;
        });
        (graph, carried)
    }

    pub fn node_count(&self) -> usize {
        self.out_start.len() - 1
    }

    /// Positions of the arcs out of a node.
    pub fn out(&self, node: u32) -> Range<usize> {
        bounds(&self.out_start, node)
    }
}

/// Blocking flows before distances are corrected on the way. Most computations end sooner. Those that do
/// not, over long chains, have few units left that are far from a sink, and a search of everything for
/// each step of distance costs them two to four times as much.
const PLAIN_ROUNDS: u32 = 8;

/// The search has not met this node.
const UNSEEN: u32 = u32::MAX - 1;
/// No part of what is searched.
const OUTSIDE: u32 = u32::MAX;
/// Nothing leads from here to a sink any more, until the next search.
const SPENT: u32 = u32::MAX - 2;

/// The working memory of searches over one graph, and the result of the last one.
pub(crate) struct Search {
    /// Per node, its distance to the sinks, or one of the three marks above.
    label: Vec<u32>,
    /// Per node, the first of its arcs (those out of it, then those into it) not known to be of no use.
    cursor: Vec<u32>,
    queue: Vec<u32>,
    path: Vec<Step>,
    /// The distance of the nearest node that has something.
    nearest: u32,
    /// Whether distances are corrected on the way.
    raising: bool,
    /// Per distance, how many nodes have it; kept while distances are corrected.
    count: Vec<u32>,
    /// A distance that no node had when this was set: from beyond it no way leads to a sink.
    gap: u32,
    /// Arcs and nodes that the last search read.
    work: usize,
    /// What corrections may still read before a new search is the better way.
    budget: usize,
}

impl Search {
    /// With every node outside.
    pub fn new(graph: &Graph) -> Self {
        let nodes = graph.node_count();
        Self {
            label: vec![OUTSIDE; nodes],
            cursor: vec![0; nodes],
            queue: Vec::with_capacity(nodes),
            path: Vec::new(),
            nearest: 0,
            raising: false,
            count: Vec::new(),
            gap: SPENT,
            work: 0,
            budget: 0,
        }
    }

    /// Whether the last search met a node: from it a residual path leads to a sink that still asks.
    pub fn met(&self, node: u32) -> bool {
        self.label[node as usize] < SPENT
    }

    /// Takes nodes out of later searches that do not name them.
    pub fn leave(&mut self, nodes: &[u32]) {
        for &v in nodes {
            self.label[v as usize] = OUTSIDE;
        }
    }

    /// Moves as much as can be from `sources` to `sinks` over `region`.
    ///
    /// What sources have and sinks want is taken from `carried` and lowered there; both lie in the
    /// region. All other nodes must be outside: see [`Search::leave`]. Afterwards [`Search::met`]
    /// tells the smallest cut around the sinks that are not satisfied.
    pub fn move_all<T: Amount>(
        &mut self,
        graph: &Graph,
        carried: &mut Carried<T>,
        region: &[u32],
        (sources, sinks): (&[u32], &[u32]),
        cancel: Option<&AtomicBool>,
    ) -> Result<(), Cancelled> {
        let mut rounds = 0;
        loop {
            if cancel.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                return Err(Cancelled);
            }
            if !self.measure(graph, carried, region, sinks) {
                return Ok(());
            }
            rounds += 1;
            self.raising = rounds > PLAIN_ROUNDS;
            self.gap = SPENT;
            if self.raising {
                self.prepare(region);
            }
            // The nearest first: the first of them has a way for certain, whatever the budget.
            let nearest = self.nearest;
            for &source in sources {
                if self.label[source as usize] == nearest {
                    self.drain(graph, carried, source);
                }
            }
            if self.raising {
                for &source in sources {
                    self.drain(graph, carried, source);
                }
            }
        }
    }

    /// Measures distances to the sinks over a region; whether some node that has something is met.
    ///
    /// Ends with the distance of the first such node. Without one all that can be met is.
    pub fn measure<T: Amount>(&mut self, graph: &Graph, carried: &Carried<T>, region: &[u32], sinks: &[u32]) -> bool {
        for &v in region {
            self.label[v as usize] = UNSEEN;
        }
        self.queue.clear();
        self.work = region.len();
        for &v in sinks {
            if carried.wants[v as usize] > T::from(0) && self.label[v as usize] == UNSEEN {
                self.label[v as usize] = 0;
                self.cursor[v as usize] = 0;
                self.queue.push(v);
            }
        }
        let mut nearest = u32::MAX;
        let mut at = 0;
        while let Some(&v) = self.queue.get(at) {
            at += 1;
            let distance = self.label[v as usize] + 1;
            if distance > nearest {
                break;
            }
            self.work += graph.out(v).len() + bounds(&graph.in_start, v).len();
            let first = self.queue.len();
            self.meet_neighbours(graph, carried, v, distance);
            if nearest == u32::MAX && self.queue[first..].iter().any(|&u| carried.has[u as usize] > T::from(0)) {
                nearest = distance;
            }
        }
        self.nearest = nearest;
        nearest != u32::MAX
    }

    /// Gives nodes beyond the nearest source a distance that they have at least, and counts distances.
    fn prepare(&mut self, region: &[u32]) {
        self.count.clear();
        self.count.resize(self.nearest as usize + 2, 0);
        for &v in region {
            let label = &mut self.label[v as usize];
            if *label == UNSEEN {
                *label = self.nearest + 1;
                self.cursor[v as usize] = 0;
            }
            self.count[*label as usize] += 1;
        }
        self.budget = self.work;
    }

    /// Begins a search over all nodes that [`Search::close`] carries on.
    pub fn begin(&mut self) {
        self.label.fill(UNSEEN);
        self.queue.clear();
    }

    /// The nodes not met before from which a residual path leads to one of `roots`, these included.
    pub fn close<T: Amount>(&mut self, graph: &Graph, carried: &Carried<T>, roots: &[u32]) -> &[u32] {
        self.queue.clear();
        for &v in roots {
            if self.label[v as usize] == UNSEEN {
                self.label[v as usize] = 0;
                self.queue.push(v);
            }
        }
        let mut at = 0;
        while let Some(&v) = self.queue.get(at) {
            at += 1;
            self.meet_neighbours(graph, carried, v, 0);
        }
        &self.queue
    }

    /// Queues the unseen nodes that can send to `v`.
    fn meet_neighbours<T: Amount>(&mut self, graph: &Graph, carried: &Carried<T>, v: u32, distance: u32) {
        let (label, cursor) = (self.label.as_mut_slice(), self.cursor.as_mut_slice());
        let queue = &mut self.queue;
        carried.used.each(graph.out(v), |arc| {
            let u = graph.head[arc];
            if label[u as usize] == UNSEEN {
                label[u as usize] = distance;
                cursor[u as usize] = 0;
                queue.push(u);
            }
        });
        let into = bounds(&graph.in_start, v);
        for (&u, &place) in graph.tail[into.clone()].iter().zip(&graph.place[into]) {
            if label[u as usize] != UNSEEN {
                continue;
            }
            if place & LIMITED != 0 {
                let arc = (place ^ LIMITED) as usize;
                if carried.flow[arc] >= carried.limit[arc] {
                    continue;
                }
            }
            label[u as usize] = distance;
            cursor[u as usize] = 0;
            queue.push(u);
        }
    }

    /// Sends from one source until it has nothing more, no way is left, or the budget is spent.
    fn drain<T: Amount>(&mut self, graph: &Graph, carried: &mut Carried<T>, source: u32) {
        let zero = T::from(0);
        self.path.clear();
        let mut v = source;
        while carried.has[source as usize] > zero && self.label[source as usize] < self.gap {
            if self.label[v as usize] == 0 && carried.wants[v as usize] > zero {
                v = self.augment(carried, source, v);
                continue;
            }
            let step = if self.label[v as usize] == 0 { None } else { self.advance(graph, carried, v) };
            if let Some((step, next)) = step {
                self.path.push(step);
                v = next;
            } else {
                if self.raising {
                    self.raise(graph, carried, v);
                    if self.budget == 0 {
                        return;
                    }
                } else {
                    self.label[v as usize] = SPENT;
                }
                if let Some(step) = self.path.pop() {
                    v = step.from;
                    self.cursor[v as usize] += 1;
                }
            }
        }
    }

    /// Corrects the distance of a node from which no arc leads nearer any more.
    fn raise<T: Amount>(&mut self, graph: &Graph, carried: &Carried<T>, v: u32) {
        let mut least = SPENT;
        let out = graph.out(v);
        let into = bounds(&graph.in_start, v);
        self.budget = self.budget.saturating_sub(out.len() + into.len() + 1);
        for arc in out {
            let label = self.label[graph.head[arc] as usize];
            if label < least && carried.flow[arc] < carried.limit[arc] {
                least = label;
            }
        }
        for entry in into {
            let label = self.label[graph.tail[entry] as usize];
            if label < least && carried.flow[(graph.place[entry] & !LIMITED) as usize] > T::from(0) {
                least = label;
            }
        }
        let old = self.label[v as usize];
        let new = if least >= self.gap { SPENT } else { least + 1 };
        self.label[v as usize] = new;
        self.cursor[v as usize] = 0;
        if let Some(count) = self.count.get_mut(old as usize) {
            *count -= 1;
            // With nobody at a distance, nobody beyond it has a way.
            if *count == 0 {
                self.gap = self.gap.min(old);
            }
        }
        if new < SPENT {
            if self.count.len() <= new as usize {
                self.count.resize(new as usize + 1, 0);
            }
            self.count[new as usize] += 1;
        }
    }

    /// Sends what the path to `sink` can take; returns the node to go on from.
    fn augment<T: Amount>(&mut self, carried: &mut Carried<T>, source: u32, sink: u32) -> u32 {
        let ends = carried.has[source as usize].min(carried.wants[sink as usize]);
        let amount = self.path.iter().fold(ends, |least, step| least.min(carried.room(*step)));
        let mut first_full = None;
        for (at, step) in self.path.iter().enumerate() {
            let flow = &mut carried.flow[step.arc as usize];
            if step.along {
                *flow += amount;
            } else {
                *flow -= amount;
            }
            let used = *flow > T::from(0);
            carried.used.put(step.arc as usize, used);
            if first_full.is_none() && carried.room(*step) == T::from(0) {
                first_full = Some((at, step.from));
            }
        }
        carried.has[source as usize] -= amount;
        carried.wants[sink as usize] -= amount;
        match first_full {
            Some((at, node)) => {
                self.path.truncate(at);
                node
            }
            None => sink,
        }
    }

    /// The next residual arc from `v` towards the sinks.
    fn advance<T: Amount>(&mut self, graph: &Graph, carried: &Carried<T>, v: u32) -> Option<(Step, u32)> {
        let nearer = self.label[v as usize] - 1;
        let (out, into) = (graph.out(v), bounds(&graph.in_start, v));
        let (out_len, all) = (out.len(), out.len() + into.len());
        let mut at = self.cursor[v as usize] as usize;
        while at < out_len {
            let arc = out.start + at;
            let u = graph.head[arc];
            if self.label[u as usize] == nearer && carried.flow[arc] < carried.limit[arc] {
                return Some(self.step(v, at, arc, u, true));
            }
            at += 1;
        }
        while at < all {
            let entry = into.start + at - out_len;
            let u = graph.tail[entry];
            if self.label[u as usize] == nearer {
                let arc = (graph.place[entry] & !LIMITED) as usize;
                if carried.flow[arc] > T::from(0) {
                    return Some(self.step(v, at, arc, u, false));
                }
            }
            at += 1;
        }
        None
    }

    #[expect(clippy::cast_possible_truncation, reason = "positions are below 2^31")]
    fn step(&mut self, v: u32, at: usize, arc: usize, next: u32, along: bool) -> (Step, u32) {
        self.cursor[v as usize] = at as u32;
        (Step { from: v, arc: arc as u32, along }, next)
    }
}
