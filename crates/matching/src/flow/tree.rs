//! The spanning tree of the simplex: who hangs on whom, in an order that keeps subtrees together.

use super::builder::tree_parent;
use super::network::{Network, ROOT};

/// How a node hangs on its parent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch {
    pub(super) parent: u32,
    /// The working arc between the node and its parent.
    pub(super) arc: u32,
    /// Nodes of the subtree, the node included.
    pub(super) size: u32,
    /// What can still be sent from the node to its parent; above zero in a strongly feasible tree.
    pub(super) up: i64,
    /// What can still be sent from the parent to the node.
    pub(super) down: i64,
}

/// The tree, with the potentials it implies.
///
/// `thread` lists the nodes in preorder as a ring, `back` is its inverse and `last` the final node of
/// each subtree: a subtree is one stretch of the ring, so it is walked, cut out and put back without
/// a stack. Branches and ring are apart because a pivot climbs the one and walks the other.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) branch: Vec<Branch>,
    /// Potential per node, filled up to a power of two; see `Working::cheapest`.
    pub(super) potential: Vec<i64>,
    thread: Vec<u32>,
    back: Vec<u32>,
    last: Vec<u32>,
    /// The network's node for each index; the tree renumbers its nodes now and then.
    pub(super) name: Vec<u32>,
    /// Nodes walked since the numbering.
    pub(super) walked: usize,
}

/// One exchange of basis arcs: the subtree of `cut` comes off and hangs on `outside` by its node `inside`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange {
    pub(super) cut: u32,
    pub(super) inside: u32,
    pub(super) outside: u32,
    /// The node where the circle closes.
    pub(super) join: u32,
    /// The entering working arc.
    pub(super) arc: u32,
    /// What can then still be sent from `inside` to `outside`, and the other way.
    pub(super) up: i64,
    pub(super) down: i64,
}

impl Tree {
    /// The first basis of a network; working arcs are still the network's own.
    pub(super) fn first(net: &Network) -> Self {
        let nodes = net.node_count();
        let root = Branch { parent: u32::MAX, arc: u32::MAX, size: 1, up: 0, down: 0 };
        let mut branch = vec![root; nodes];
        for node in net.preorder.iter().skip(1).copied() {
            let v = node as usize;
            let arc = net.tree_arc[v];
            let (used, left) = (net.tree_flow[v], net.capacity[arc as usize] - net.tree_flow[v]);
            let (up, down) = if net.from[arc as usize] == node { (left, used) } else { (used, left) };
            branch[v] = Branch { parent: tree_parent(node, arc, &net.from, &net.to), arc, size: 1, up, down };
        }
        let mut last: Vec<u32> = net.preorder.clone();
        last.sort_unstable();
        let mut thread = vec![ROOT; nodes];
        let mut back = vec![ROOT; nodes];
        for pair in net.preorder.windows(2) {
            thread[pair[0] as usize] = pair[1];
            back[pair[1] as usize] = pair[0];
        }
        if let Some(&end) = net.preorder.last() {
            thread[end as usize] = ROOT;
            back[ROOT as usize] = end;
        }
        // Backwards, the first child seen of each parent is its last in preorder.
        let mut seen = vec![false; nodes];
        for node in net.preorder.iter().skip(1).rev().copied() {
            let Branch { parent, size, .. } = branch[node as usize];
            branch[parent as usize].size += size;
            if !seen[parent as usize] {
                seen[parent as usize] = true;
                last[parent as usize] = last[node as usize];
            }
        }
        Self {
            branch,
            potential: vec![0; nodes.next_power_of_two()],
            thread,
            back,
            last,
            name: (0..).take(nodes).collect(),
            walked: 0,
        }
    }

    /// Calls `visit` with each node but the root, parents first.
    pub(super) fn walk(&mut self, mut visit: impl FnMut(&mut [i64], &Branch, u32)) {
        let mut node = self.thread[ROOT as usize];
        while node != ROOT {
            visit(&mut self.potential, &self.branch[node as usize], node);
            node = self.thread[node as usize];
        }
    }

    /// Makes the root's potential zero again.
    fn normalise(&mut self) {
        let offset = self.potential[ROOT as usize];
        if offset != 0 {
            for p in &mut self.potential {
                *p -= offset;
            }
        }
    }

    /// Numbers the nodes in preorder and returns the new index of each old one; the root stays first.
    ///
    /// Pivots scatter the ring over memory, and walking it then waits for memory at every step. In
    /// preorder a subtree is one stretch of memory.
    pub(super) fn renumber(&mut self) -> Vec<u32> {
        let nodes = self.branch.len();
        let mut new_of = vec![ROOT; nodes];
        let mut order = Vec::with_capacity(nodes);
        let mut node = ROOT;
        for index in (0..).take(nodes) {
            new_of[node as usize] = index;
            order.push(node);
            node = self.thread[node as usize];
        }
        let moved = |old: &u32| new_of.get(*old as usize).copied().unwrap_or(u32::MAX);
        self.branch = order
            .iter()
            .map(|&old| self.branch[old as usize])
            .map(|branch| Branch { parent: moved(&branch.parent), ..branch })
            .collect();
        let mut potential = vec![0; self.potential.len()];
        for (slot, &old) in potential.iter_mut().zip(&order) {
            *slot = self.potential[old as usize];
        }
        self.potential = potential;
        self.last = order.iter().map(|&old| moved(&self.last[old as usize])).collect();
        self.name = order.iter().map(|&old| self.name[old as usize]).collect();
        self.thread = (1..).take(nodes).collect();
        self.back = (0..).take(nodes).map(|index: u32| index.wrapping_sub(1)).collect();
        if let (Some(end), Some(&last)) = (self.thread.last_mut(), new_of.get(order[nodes - 1] as usize)) {
            *end = ROOT;
            self.back[ROOT as usize] = last;
        }
        self.walked = 0;
        new_of
    }

    /// The potentials in the network's numbering, the root's being zero.
    pub(super) fn named_potentials(&mut self) -> Vec<i64> {
        self.normalise();
        let mut named = vec![0; self.branch.len()];
        for (&name, &potential) in self.name.iter().zip(&self.potential) {
            named[name as usize] = potential;
        }
        named
    }

    /// Adds `amount` to the potentials of a subtree, relative to the rest: the smaller side is walked.
    pub(super) fn shift(&mut self, top: u32, amount: i64) {
        let size = self.branch[top as usize].size as usize;
        let rest = self.branch.len() - size;
        let end = self.last[top as usize];
        let (mut ahead, mut behind, count, amount) = if size <= rest {
            (top, end, size, amount)
        } else {
            (self.thread[end as usize], self.back[top as usize], rest, -amount)
        };
        self.walked += count;
        // From both ends at once: each walk waits for memory, and two wait together. Nothing wraps:
        // the network was refused if it could.
        for _ in 0..count / 2 {
            let (a, b) = (ahead as usize, behind as usize);
            self.potential[a] = self.potential[a].wrapping_add(amount);
            self.potential[b] = self.potential[b].wrapping_add(amount);
            ahead = self.thread[a];
            behind = self.back[b];
        }
        if count % 2 == 1 {
            self.potential[ahead as usize] += amount;
        }
        // Walking the rest moves the root; far below the limits of 64 bits it is brought back.
        if self.potential[ROOT as usize].unsigned_abs() >= 1 << 60 {
            self.normalise();
        }
    }

    /// Whether each node, by the network's numbering, is at the end of tree arcs that can carry more all
    /// the way from the root.
    pub(super) fn reached(&self) -> Vec<bool> {
        let mut reached = vec![false; self.branch.len()];
        reached[ROOT as usize] = true;
        let mut node = self.thread[ROOT as usize];
        while node != ROOT {
            let Branch { parent, down, .. } = self.branch[node as usize];
            reached[node as usize] = down > 0 && reached[parent as usize];
            node = self.thread[node as usize];
        }
        let mut named = vec![false; reached.len()];
        for (&name, &at) in self.name.iter().zip(&reached) {
            named[name as usize] = at;
        }
        named
    }

    fn link(&mut self, before: u32, after: u32) {
        self.thread[before as usize] = after;
        self.back[after as usize] = before;
    }

    /// Sets the end of the subtrees of `node` and its ancestors that end at `old`.
    fn end_at(&mut self, mut node: u32, old: u32, new: u32) {
        while node != u32::MAX && self.last[node as usize] == old {
            self.last[node as usize] = new;
            node = self.branch[node as usize].parent;
        }
    }

    /// Changes the basis; potentials are not touched.
    pub(super) fn exchange(&mut self, x: Exchange) {
        let Branch { parent: above, size: total, .. } = self.branch[x.cut as usize];

        // Cut the stretch of the subtree out of the ring.
        let (stretch_end, before) = (self.last[x.cut as usize], self.back[x.cut as usize]);
        self.link(before, self.thread[stretch_end as usize]);
        self.end_at(above, stretch_end, before);
        let mut node = above;
        while node != x.join {
            self.branch[node as usize].size -= total;
            node = self.branch[node as usize].parent;
        }

        // Turn the path inside..cut round. Each node on it keeps what hung on it besides the path: the
        // stretch before the child it came from, and the one after it; these are put one after another.
        let mut node = x.inside;
        let mut hang = Branch { parent: x.outside, arc: x.arc, size: total, up: x.up, down: x.down };
        let mut tail = self.last[node as usize];
        let (mut child_back, mut child_last, mut child_size) = (self.back[node as usize], tail, 0);
        // What came behind the child; read before its last node is linked elsewhere.
        let mut behind = self.thread[tail as usize];
        loop {
            let old = self.branch[node as usize];
            self.branch[node as usize] = Branch { size: total - child_size, ..hang };
            if node != x.inside {
                let (own_back, own_last) = (self.back[node as usize], self.last[node as usize]);
                self.link(tail, node);
                if child_last == own_last {
                    tail = child_back;
                } else {
                    self.link(child_back, behind);
                    behind = self.thread[own_last as usize];
                    tail = own_last;
                }
                (child_back, child_last) = (own_back, own_last);
            }
            if node == x.cut {
                break;
            }
            hang = Branch { parent: node, arc: old.arc, size: 0, up: old.down, down: old.up };
            child_size = old.size;
            node = old.parent;
        }
        // Every node of the turned path now ends where the whole ends.
        let mut node = x.cut;
        while node != x.outside {
            self.last[node as usize] = tail;
            node = self.branch[node as usize].parent;
        }

        // Put the stretch back right behind its new parent.
        let after = self.thread[x.outside as usize];
        self.link(x.outside, x.inside);
        self.link(tail, after);
        self.end_at(x.outside, x.outside, tail);
        let mut node = x.outside;
        while node != x.join {
            self.branch[node as usize].size += total;
            node = self.branch[node as usize].parent;
        }
    }
}

#[cfg(test)]
mod tests;
