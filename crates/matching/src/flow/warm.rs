//! An optimum kept while nodes come, change and go: only what they touch is looked at again.
//!
//! All levels are packed into one cost of 128 bits, each level above all that a circle can cost at those
//! after it. A node that comes has a potential by which none of its arcs is below zero; one that goes leaves its
//! neighbours with something over or something short. Both are set right by shortest paths from or to the root
//! in reduced costs: a path is searched from the node until the root is reached, so the search sees what is nearer than
//! the root and nothing else, and only the potentials of that change. No arc is ever below zero, so the
//! flows are an optimum after each change, whatever the changes before.
//! Source: R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows" (1993), section 9.7, successive shortest
//! paths.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::network::{Network, ROOT};
use super::solution::Solution;

#[cfg(test)]
mod tests;

/// What all levels together may reach.
const LARGEST_PACKED: i128 = 1 << 120;

/// There may come to be so many times as many nodes and as dear arcs before costs no longer fit for sure.
const GROWTH: i64 = 2;

/// An arc without an end.
const NONE: u32 = u32::MAX;

/// Why an optimum cannot be taken up, or not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WarmError {
    /// Some level has no proven optimum.
    #[error("the solution is not proven minimal at all levels: solve it to its end first")]
    NotOptimal,
    /// The levels do not fit into 128 bits together.
    #[error("the costs of all levels do not fit into 128 bits together: solve with fewer levels")]
    TooLarge,
    /// More nodes or dearer arcs than there was room for.
    #[error("the network has outgrown the room that was made for it: solve it anew")]
    Outgrown,
    /// A node or an arc that cannot be.
    #[error("node {0} does not exist, or cannot be what it is used for")]
    BadNode(u32),
}

/// An arc of a node that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other end.
    pub node: u32,
    /// Units; [`UNBOUNDED`](super::UNBOUNDED) without a limit.
    pub capacity: i64,
    /// Cost per unit, one per level.
    pub costs: Vec<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Arc {
    from: u32,
    to: u32,
    capacity: i64,
    flow: i64,
    cost: i128,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// Whether there is such a node.
    is: bool,
    /// Arcs that leave and that enter; none is listed at the root.
    leaving: Vec<u32>,
    entering: Vec<u32>,
    /// Those of them that carry something.
    sending: Vec<u32>,
    getting: Vec<u32>,
}

/// Which way the root is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From a node with something over, along the arcs.
    ToRoot,
    /// From a node that is short, against the arcs.
    FromRoot,
}

/// How a level stands in a packed cost.
#[derive(Debug, Clone, Copy)]
struct Weight {
    factor: i128,
    /// The largest absolute costs of arcs of the root and of others.
    largest: (i64, i64),
}

/// Flows at their optimum, kept so while nodes come and go.
#[derive(Debug, Clone)]
pub struct Warm {
    weights: Vec<Weight>,
    /// How many nodes there may be.
    room: usize,
    nodes: Vec<Node>,
    potential: Vec<i128>,
    arcs: Vec<Arc>,
    /// Places of nodes and arcs that are gone.
    free_nodes: Vec<u32>,
    free_arcs: Vec<u32>,
    search: Search,
}

/// A search for the root: what is kept between searches is empty between them.
#[derive(Debug, Clone, Default)]
struct Search {
    /// Per node, how far it is from where the search began; `i128::MAX` where it was not seen.
    far: Vec<i128>,
    /// Per node seen, the arc over which it was seen best.
    over: Vec<u32>,
    seen: Vec<u32>,
    heap: BinaryHeap<Reverse<(i128, u32)>>,
}

/// What a change took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effort {
    /// Paths along which flow was moved.
    pub paths: u32,
    /// Nodes whose arcs were looked at, each as often as that.
    pub nodes: u32,
}

impl Warm {
    /// Takes up an optimum, whose nodes keep their numbers.
    ///
    /// # Errors
    /// [`WarmError::NotOptimal`] unless every level is proven; [`WarmError::TooLarge`] where the levels do not fit
    /// into 128 bits together.
    pub fn of(net: &Network, solution: &Solution) -> Result<Self, WarmError> {
        if !solution.is_optimal() {
            return Err(WarmError::NotOptimal);
        }
        let room = net.node_count().saturating_mul(usize::try_from(GROWTH).unwrap_or(1));
        let weights = weights(net)?;
        let pack = |value: &dyn Fn(usize) -> i64| -> i128 {
            weights.iter().enumerate().map(|(level, weight)| i128::from(value(level)) * weight.factor).sum()
        };
        let mut warm = Self {
            room,
            nodes: vec![Node { is: true, ..Node::default() }; net.node_count()],
            potential: (0..net.node_count()).map(|v| pack(&|level| solution.levels[level].potentials[v])).collect(),
            arcs: Vec::with_capacity(net.arc_count()),
            free_nodes: Vec::new(),
            free_arcs: Vec::new(),
            search: Search { far: vec![i128::MAX; net.node_count()], ..Search::default() },
            weights: weights.clone(),
        };
        warm.search.over = vec![NONE; net.node_count()];
        let mut costs: Vec<i128> = vec![0; net.arc_count()];
        let mut scratch = Vec::new();
        for (level, weight) in weights.iter().enumerate() {
            let of_level = net.costs(level).spread(net.arc_count(), &mut scratch);
            costs.iter_mut().zip(of_level).for_each(|(cost, own)| *cost += i128::from(*own) * weight.factor);
        }
        let ends = net.tails().iter().zip(net.heads());
        for (((&from, &to), (&capacity, &flow)), cost) in
            ends.zip(net.capacities().iter().zip(&solution.flows)).zip(costs)
        {
            warm.put(Arc { from, to, capacity, flow, cost });
        }
        Ok(warm)
    }

    /// A node with units to give comes, with the arcs that leave it; one without a limit must lead to the root, straight
    /// or through nodes that are there. Returns its number and what it took.
    ///
    /// # Errors
    /// [`WarmError::BadNode`] for an end that does not exist; [`WarmError::Outgrown`]. Nothing is changed then. Also
    /// [`WarmError::BadNode`] with the new node where its arcs cannot carry its units: then the rest is not to be used any more.
    pub fn supply(&mut self, units: i64, links: &[Link]) -> Result<(u32, Effort), WarmError> {
        self.come(units, links, Way::ToRoot)
    }

    /// A node that asks for units comes, with the arcs that enter it; one without a limit must come from the root, straight
    /// or through nodes that are there. Returns its number and what it took.
    ///
    /// # Errors
    /// As [`Warm::supply`].
    pub fn demand(&mut self, units: i64, links: &[Link]) -> Result<(u32, Effort), WarmError> {
        self.come(units, links, Way::FromRoot)
    }

    /// A node has so many units more to give, or asks for so many less; below zero the other way round.
    ///
    /// # Errors
    /// [`WarmError::BadNode`] for the root or a node that does not exist; also for one that would have to give or to take
    /// more than its arcs can carry: then the rest is not to be used any more.
    pub fn change(&mut self, node: u32, more: i64) -> Result<Effort, WarmError> {
        if node == ROOT || !self.exists(node) {
            return Err(WarmError::BadNode(node));
        }
        let mut effort = Effort::default();
        self.settle(node, more, &mut effort)?;
        Ok(effort)
    }

    /// Nodes go, with all their arcs.
    ///
    /// # Errors
    /// [`WarmError::BadNode`] for the root or a node that does not exist; nothing is changed then. Also where a node that
    /// stays depends on one that goes: then the rest is not to be used any more.
    pub fn leave(&mut self, nodes: &[u32]) -> Result<Effort, WarmError> {
        if let Some(bad) = nodes.iter().find(|v| **v == ROOT || !self.exists(**v)) {
            return Err(WarmError::BadNode(*bad));
        }
        nodes.iter().for_each(|node| self.nodes[*node as usize].is = false);
        let once: BTreeSet<u32> = nodes.iter().copied().collect();
        let mut unsettled: Vec<(u32, i64)> = Vec::new();
        for node in once {
            let Node { leaving, entering, .. } = std::mem::take(&mut self.nodes[node as usize]);
            for arc in leaving.into_iter().chain(entering) {
                let Arc { from, to, flow, .. } = self.arcs[arc as usize];
                // An arc between two that go is met twice, and found gone the second time.
                if from == NONE {
                    continue;
                }
                let (other, over) = if from == node { (to, -flow) } else { (from, flow) };
                if flow != 0 && other != ROOT && self.exists(other) {
                    unsettled.push((other, over));
                }
                self.take_out(arc);
            }
            self.free_nodes.push(node);
        }
        let mut effort = Effort::default();
        for (node, over) in unsettled {
            self.settle(node, over, &mut effort)?;
        }
        Ok(effort)
    }

    /// Units that flow between a node and others, by the other node; more than once where arcs are parallel.
    pub fn carried(&self, node: u32) -> impl Iterator<Item = (u32, i64)> {
        let of = self.nodes.get(node as usize);
        let arcs = of.into_iter().flat_map(|n| n.sending.iter().chain(&n.getting)).map(|arc| &self.arcs[*arc as usize]);
        arcs.map(move |arc| (if arc.from == node { arc.to } else { arc.from }, arc.flow))
    }

    /// Flow and ends of every arc that carries something: from, to, units.
    pub fn flows(&self) -> impl Iterator<Item = (u32, u32, i64)> {
        self.arcs.iter().filter(|arc| arc.flow != 0).map(|arc| (arc.from, arc.to, arc.flow))
    }

    /// The packed value of the flows: two flows of one network compare as their levels do, one after the other.
    /// `None` where it does not fit.
    pub fn value(&self) -> Option<i128> {
        self.arcs
            .iter()
            .filter(|arc| arc.flow != 0)
            .try_fold(0_i128, |sum, arc| sum.checked_add(arc.cost.checked_mul(i128::from(arc.flow))?))
    }

    /// Whether no arc could carry more or less at a gain: then no flow is better at any level. One pass over all arcs.
    pub fn is_optimal(&self) -> bool {
        self.arcs.iter().filter(|arc| arc.from != NONE).all(|arc| {
            let reduced = arc.cost + self.potential[arc.from as usize] - self.potential[arc.to as usize];
            (reduced >= 0 || arc.flow == arc.capacity) && (reduced <= 0 || arc.flow == 0)
        })
    }

    fn exists(&self, node: u32) -> bool {
        self.nodes.get(node as usize).is_some_and(|n| n.is)
    }

    /// A cost of each level as one number.
    fn packed(&self, link: &Link) -> Result<i128, WarmError> {
        let mut packed = 0;
        for (level, weight) in self.weights.iter().enumerate() {
            let cost = link.costs.get(level).copied().unwrap_or(0);
            let most = if link.node == ROOT { weight.largest.0 } else { weight.largest.1 };
            if cost.unsigned_abs() > most.unsigned_abs() {
                return Err(WarmError::Outgrown);
            }
            packed += i128::from(cost) * weight.factor;
        }
        Ok(packed)
    }

    fn come(&mut self, units: i64, links: &[Link], way: Way) -> Result<(u32, Effort), WarmError> {
        if let Some(bad) = links.iter().find(|link| !self.exists(link.node)) {
            return Err(WarmError::BadNode(bad.node));
        }
        if self.nodes.len() - self.free_nodes.len() >= self.room {
            return Err(WarmError::Outgrown);
        }
        let costs: Vec<i128> = links.iter().map(|link| self.packed(link)).collect::<Result<_, _>>()?;
        let node = self.free_nodes.pop().unwrap_or_else(|| {
            self.nodes.push(Node::default());
            self.potential.push(0);
            self.search.far.push(i128::MAX);
            self.search.over.push(NONE);
            u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
        });
        self.nodes[node as usize].is = true;
        // No arc of it is below zero, and the best one is zero.
        let reached = links.iter().zip(&costs).filter(|(link, _)| link.capacity > 0);
        let at = reached.map(|(link, cost)| match way {
            Way::FromRoot => self.potential[link.node as usize] + cost,
            Way::ToRoot => cost - self.potential[link.node as usize],
        });
        let best = at.min().unwrap_or(0);
        self.potential[node as usize] = if way == Way::FromRoot { best } else { -best };
        for (link, cost) in links.iter().zip(costs) {
            let (from, to) = if way == Way::FromRoot { (link.node, node) } else { (node, link.node) };
            self.put(Arc { from, to, capacity: link.capacity, flow: 0, cost });
        }
        let mut effort = Effort::default();
        self.settle(node, if way == Way::ToRoot { units } else { -units }, &mut effort)?;
        Ok((node, effort))
    }

    /// Adds an arc, which carries what it says.
    fn put(&mut self, arc: Arc) {
        let at = self.free_arcs.pop().unwrap_or_else(|| {
            self.arcs.push(arc);
            u32::try_from(self.arcs.len() - 1).unwrap_or(NONE)
        });
        self.arcs[at as usize] = arc;
        let Arc { from, to, flow, .. } = arc;
        if from != ROOT {
            self.nodes[from as usize].leaving.push(at);
        }
        if to != ROOT {
            self.nodes[to as usize].entering.push(at);
        }
        if flow > 0 {
            self.list_carrying(at, from, to);
        }
    }

    fn list_carrying(&mut self, at: u32, from: u32, to: u32) {
        if from != ROOT {
            self.nodes[from as usize].sending.push(at);
        }
        if to != ROOT {
            self.nodes[to as usize].getting.push(at);
        }
    }

    fn unlist_carrying(&mut self, at: u32, from: u32, to: u32) {
        self.nodes[from as usize].sending.retain(|arc| *arc != at);
        self.nodes[to as usize].getting.retain(|arc| *arc != at);
    }

    fn take_out(&mut self, at: u32) {
        let Arc { from, to, .. } = self.arcs[at as usize];
        self.nodes[from as usize].leaving.retain(|arc| *arc != at);
        self.nodes[to as usize].entering.retain(|arc| *arc != at);
        self.unlist_carrying(at, from, to);
        self.arcs[at as usize] = Arc { from: NONE, to: NONE, capacity: 0, flow: 0, cost: 0 };
        self.free_arcs.push(at);
    }

    fn carry(&mut self, at: u32, more: i64) {
        let arc = &mut self.arcs[at as usize];
        let before = arc.flow;
        arc.flow += more;
        let Arc { from, to, flow, .. } = *arc;
        if before == 0 && flow > 0 {
            self.list_carrying(at, from, to);
        } else if before > 0 && flow == 0 {
            self.unlist_carrying(at, from, to);
        }
    }

    /// Brings what a node has over to the root, or what it is short of from there, path by path.
    fn settle(&mut self, node: u32, over: i64, effort: &mut Effort) -> Result<(), WarmError> {
        let way = if over > 0 { Way::ToRoot } else { Way::FromRoot };
        let mut left = over.abs();
        while left > 0 {
            effort.paths += 1;
            let Some(distance) = self.find_root(node, way, effort) else {
                self.forget();
                return Err(WarmError::BadNode(node));
            };
            self.shift(way, distance);
            left -= self.send(node, way, left);
            self.forget();
        }
        Ok(())
    }

    /// Searches for the root in reduced costs. What is as far as the root or farther is not looked at.
    fn find_root(&mut self, node: u32, way: Way, effort: &mut Effort) -> Option<i128> {
        let Self { nodes, arcs, potential, search, .. } = self;
        search.reach(node, 0, NONE);
        while let Some(Reverse((far, at))) = search.heap.pop() {
            if at == ROOT {
                return Some(far);
            }
            if far > search.far[at as usize] {
                continue;
            }
            effort.nodes += 1;
            let (own, Node { leaving, entering, sending, getting, .. }) = (potential[at as usize], &nodes[at as usize]);
            let (open, carrying) = if way == Way::ToRoot { (leaving, getting) } else { (entering, sending) };
            for &arc in open {
                let Arc { from, to, capacity, flow, cost } = arcs[arc as usize];
                if flow < capacity {
                    let (other, reduced) = match way {
                        Way::ToRoot => (to, cost + own - potential[to as usize]),
                        Way::FromRoot => (from, cost + potential[from as usize] - own),
                    };
                    search.reach(other, far + reduced, arc);
                }
            }
            for &arc in carrying {
                let Arc { from, to, cost, .. } = arcs[arc as usize];
                let (other, reduced) = match way {
                    Way::ToRoot => (from, own - potential[from as usize] - cost),
                    Way::FromRoot => (to, potential[to as usize] - own - cost),
                };
                search.reach(other, far + reduced, arc);
            }
        }
        None
    }

    /// Moves the potentials of all that is nearer than the root, so that the path found is tight and no arc below zero.
    fn shift(&mut self, way: Way, distance: i128) {
        let Self { potential, search, .. } = self;
        for &node in &search.seen {
            let nearer = (distance - search.far[node as usize]).max(0);
            potential[node as usize] += if way == Way::FromRoot { nearer } else { -nearer };
        }
    }

    /// Sends as much as fits along the path found, and returns how much that is.
    fn send(&mut self, node: u32, way: Way, most: i64) -> i64 {
        let mut path = Vec::new();
        let (mut at, mut units) = (ROOT, most);
        while at != node {
            let arc = self.search.over[at as usize];
            let Arc { from, to, capacity, flow, .. } = self.arcs[arc as usize];
            // The arc was seen from `near`, which is closer to the node.
            let near = if from == at { to } else { from };
            let along = (way == Way::ToRoot) == (from == near);
            units = units.min(if along { capacity - flow } else { flow });
            path.push((arc, along));
            at = near;
        }
        for (arc, along) in path {
            self.carry(arc, if along { units } else { -units });
        }
        units
    }

    fn forget(&mut self) {
        let Search { far, seen, heap, .. } = &mut self.search;
        seen.drain(..).for_each(|node| far[node as usize] = i128::MAX);
        heap.clear();
    }
}

impl Search {
    fn reach(&mut self, node: u32, far: i128, over: u32) {
        let known = self.far[node as usize];
        // What is no nearer than the root is found so far cannot be on the way to it.
        if far < known && far < self.far[ROOT as usize] {
            if known == i128::MAX {
                self.seen.push(node);
            }
            self.far[node as usize] = far;
            self.over[node as usize] = over;
            self.heap.push(Reverse((far, node)));
        }
    }
}

/// The weight of each level: above all that a circle can cost at the levels after it, with room for growth.
fn weights(net: &Network) -> Result<Vec<Weight>, WarmError> {
    let nodes = i128::try_from(net.node_count()).unwrap_or(i128::MAX) * i128::from(GROWTH);
    let mut weights = Vec::with_capacity(net.level_count());
    let mut factor = 1_i128;
    let mut scratch = Vec::new();
    for level in (0..net.level_count()).rev() {
        let costs = net.costs(level).spread(net.arc_count(), &mut scratch);
        let mut largest = (0_i64, 0_i64);
        for ((cost, from), to) in costs.iter().zip(net.tails()).zip(net.heads()) {
            let of = if *from == ROOT || *to == ROOT { &mut largest.0 } else { &mut largest.1 };
            *of = cost.saturating_abs().saturating_mul(GROWTH).max(*of);
        }
        // Potentials of what nothing reaches are twice a circle; a reduced cost has two of them.
        let circle = (2 * i128::from(largest.0) + nodes * i128::from(largest.1)).max(1);
        weights.push(Weight { factor, largest });
        let above = factor.checked_mul(16 * circle).filter(|above| *above < LARGEST_PACKED);
        factor = above.ok_or(WarmError::TooLarge)?;
    }
    weights.reverse();
    Ok(weights)
}
