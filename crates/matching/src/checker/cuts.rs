//! The cuts that prove fair shares, checked in one pass over the arcs.
//!
//! For each tier a node enters the cut in some round, or never; `W_j` are the nodes that entered by round
//! `j`. What can come into `W_j` (supplies inside, arcs with a limit that enter; none without a limit does),
//! less what must be served inside before the tier, plus what members outside of `W_j` ask for, is exactly
//! what the groups of the rounds up to `j` get at their shares. So together they cannot get more, and no
//! allocation has a greater vector of shares in lexicographic order.

use std::collections::{BTreeMap, HashMap};

use super::{
    audit::{Node, Places},
    facts::Facts,
    shares::Group,
};
use crate::outcome::NodeLabel;

/// Cuts, supplies and limited arcs by node, and which nodes hang together.
pub(super) struct Cuts {
    /// Sets of what hangs together: nodes, then offers, then instalments.
    parent: Vec<usize>,
    nodes: usize,
    supply: Vec<i128>,
    /// By tier, the round in which each node enters; never where 0.
    entered: BTreeMap<Option<u8>, Vec<u32>>,
    /// Limited arcs into a cut, by tier: head, rounds from and before which it enters, limit.
    entering: Vec<(Option<u8>, usize, u32, u32, i128)>,
}

impl Cuts {
    pub fn new(nodes: usize) -> Self {
        Self {
            parent: (0..nodes).collect(),
            nodes,
            supply: vec![0; nodes],
            entered: BTreeMap::new(),
            entering: Vec::new(),
        }
    }

    /// Enters a node; false if it is in already.
    pub fn enter(&mut self, tier: Option<u8>, node: usize, round: u32) -> bool {
        let nodes = self.nodes;
        let entered = self.entered.entry(tier).or_insert_with(|| vec![0; nodes]);
        std::mem::replace(&mut entered[node], round) == 0
    }

    pub fn supply(&mut self, node: Node, units: i128) {
        if let Some(at) = node {
            self.supply[at] += units;
        }
    }

    pub fn arc(&mut self, from: usize, to: usize, capacity: Option<i128>) -> Result<(), String> {
        self.join(from, to);
        for (tier, entered) in &self.entered {
            let (tail, head) = (entered[from], entered[to]);
            if head == 0 || (tail > 0 && tail <= head) {
                continue;
            }
            let before = if tail == 0 { u32::MAX } else { tail };
            match capacity {
                Some(limit) => self.entering.push((*tier, to, head, before, limit)),
                None => return Err("an arc without limit enters the cut of fair shares".to_owned()),
            }
        }
        Ok(())
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.part(a), self.part(b));
        self.parent[a] = b;
    }

    fn part(&mut self, node: usize) -> usize {
        let mut at = node;
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Checks every round of every tier of every part. A part in which units are forced on pairs is left
    /// out: what they displace, the shares know nothing of. So are the tiers of a part after the level at which
    /// a limit ended the run: how much could have been served before them is not known.
    pub fn hold(
        &mut self,
        facts: &Facts<'_>,
        groups: &[Group],
        places: &Places,
        (node, proved): (impl Fn(NodeLabel) -> Node, impl Fn(usize) -> usize),
    ) -> Result<(), String> {
        let slot_nodes: Vec<Node> =
            facts.slots.iter().map(|s| node(NodeLabel::Instalment { instalment: s.instalment.id })).collect();
        self.join_all(facts, groups, &slot_nodes, &node);
        let mut parts: BTreeMap<usize, Vec<&Group>> = BTreeMap::new();
        for group in groups {
            let first = slot_nodes[group.slots[0]].ok_or_else(|| "a group has no node".to_owned())?;
            parts.entry(self.part(first)).or_default().push(group);
        }
        let mut forced: Vec<usize> = Vec::new();
        for pair in facts.pairs.iter().flatten().filter(|p| p.raised > 0) {
            if let Some(at) = slot_nodes[pair.slot as usize] {
                forced.push(self.part(at));
            }
        }
        // Per part, what is promised: node, units, served.
        let mut promised: HashMap<usize, Vec<(usize, i128, i128)>> = HashMap::new();
        for p in &facts.promises {
            if let Some(at) = node(NodeLabel::Commitment { match_id: p.match_id }) {
                let served = i128::from(p.units - p.unserved);
                promised.entry(self.part(at)).or_default().push((at, i128::from(p.units), served));
            }
        }
        for (part, of_part) in parts.into_iter().filter(|(part, _)| !forced.contains(part)) {
            let promised = promised.remove(&part).unwrap_or_default();
            let sums = Part { cuts: self, facts, slot_nodes: &slot_nodes, promised: &promised, groups: &of_part };
            let tiers: std::collections::BTreeSet<Option<u8>> = of_part.iter().map(|g| g.tier).collect();
            let members: Vec<usize> = (0..self.nodes).filter(|n| self.root(*n) == part).collect();
            let entering: Vec<_> = self.entering.iter().filter(|e| self.root(e.1) == part).collect();
            let levels = members.iter().map(|node| proved(*node)).min().unwrap_or(0);
            let known = |level: Option<usize>| level.is_none_or(|level| level < levels);
            let of_tier = |tier: Option<u8>| places.tiers[usize::from(tier.unwrap_or(0))];
            let mut before = places.promised;
            for tier in tiers.into_iter().take_while(|tier| known(std::mem::replace(&mut before, of_tier(*tier)))) {
                sums.tier_holds(tier, &members, &entering)?;
            }
        }
        Ok(())
    }

    /// Joins what shares anything: offers with their nodes and with all instalments they may serve, closed
    /// ones too; offers of one line; needs of one group.
    fn join_all(
        &mut self,
        facts: &Facts<'_>,
        groups: &[Group],
        slot_nodes: &[Node],
        node: &impl Fn(NodeLabel) -> Node,
    ) {
        let (nodes, offers) = (self.nodes, facts.offers.len());
        self.parent.extend(nodes..nodes + offers + facts.slots.len());
        for (at, view) in facts.offers.iter().enumerate() {
            let offer = view.offer.id;
            let outputs = facts.days[at].iter().map(|by| NodeLabel::Output { offer, by: *by });
            for known in outputs.chain([NodeLabel::Stock { offer }]).filter_map(node) {
                self.join(nodes + at, known);
            }
            for pair in &facts.pairs[at] {
                self.join(nodes + at, nodes + offers + pair.slot as usize);
            }
        }
        for (at, known) in slot_nodes.iter().enumerate().filter_map(|(at, node)| Some((at, (*node)?))) {
            self.join(nodes + offers + at, known);
        }
        for (line, members) in &facts.lines {
            for by in facts.line_days(*line) {
                let label = |at: &usize| NodeLabel::Output { offer: facts.offers[*at].offer.id, by };
                let outputs = members.iter().map(label).chain([NodeLabel::Line { line: *line, by }]);
                outputs.filter_map(node).for_each(|known| self.join(nodes + members[0], known));
            }
        }
        let lines = facts.lines.values().map(|members| members.iter().map(|at| nodes + at).collect::<Vec<_>>());
        let of_groups = groups.iter().map(|g| g.slots.iter().map(|s| nodes + offers + s).collect());
        for together in lines.chain(of_groups) {
            together.windows(2).for_each(|pair| self.join(pair[0], pair[1]));
        }
    }

    /// As [`Self::part`], without shortening the way.
    pub fn root(&self, node: usize) -> usize {
        let mut at = node;
        while self.parent[at] != at {
            at = self.parent[at];
        }
        at
    }
}

/// One part of the market, in view of its cuts.
struct Part<'p, 'a> {
    cuts: &'p Cuts,
    facts: &'p Facts<'a>,
    slot_nodes: &'p [Node],
    promised: &'p [(usize, i128, i128)],
    groups: &'p [&'p Group],
}

impl Part<'_, '_> {
    fn tier_holds(
        &self,
        tier: Option<u8>,
        members: &[usize],
        entering: &[&(Option<u8>, usize, u32, u32, i128)],
    ) -> Result<(), String> {
        let none = Vec::new();
        let entered = self.cuts.entered.get(&tier).unwrap_or(&none);
        let round_of = |node: usize| entered.get(node).copied().unwrap_or(0);
        let own: Vec<&&Group> = self.groups.iter().filter(|g| g.tier == tier).collect();
        let rounds = own.iter().map(|g| g.round).max().unwrap_or(0);
        let (mut last_share, mut last_sum) = ((0_i128, 1_i128), 0_i128);
        for round in 1..=rounds {
            let inside = |node: Node| node.is_some_and(|n| (1..=round).contains(&round_of(n)));
            let supplies: i128 = members.iter().filter(|n| inside(Some(**n))).map(|n| self.cuts.supply[*n]).sum();
            let arcs = entering.iter().filter(|e| e.0 == tier && (e.2..e.3).contains(&round));
            let comes_in = supplies + arcs.map(|e| e.4).sum::<i128>();
            // What members of a group outside of the cut ask for.
            let out = |g: &Group| -> i128 {
                let outside = g.slots.iter().filter(|s| !inside(self.slot_nodes[**s]));
                outside.map(|s| i128::from(self.facts.slots[*s].open)).sum()
            };
            let served: i128 = self.promised.iter().map(|p| p.2).sum();
            let promised_out: i128 = self.promised.iter().filter(|p| !inside(Some(p.0))).map(|p| p.1).sum();
            let mut must = (served - promised_out).max(0);
            let earlier: std::collections::BTreeSet<Option<u8>> =
                self.groups.iter().map(|g| g.tier).filter(|t| *t < tier).collect();
            for before in earlier {
                let of_tier = || self.groups.iter().filter(|g| g.tier == before);
                let total: i128 =
                    of_tier().flat_map(|g| &g.slots).map(|s| i128::from(self.facts.slots[*s].given)).sum();
                let outside: i128 = of_tier().map(|g| out(g)).sum();
                let floors: i128 = of_tier().map(|g| (i128::from(g.floor) - out(g)).max(0)).sum();
                must += (total - outside).max(floors);
            }
            let up_to = || own.iter().filter(|g| g.round <= round);
            let sum = comes_in - must + up_to().map(|g| out(g)).sum::<i128>();
            // The groups of this round get `share x demand - promised` each, all with one share.
            let fixed: Vec<_> = own.iter().filter(|g| g.round == round).collect();
            let Some(first) = fixed.first() else { return Err("a round of fair shares fixes nothing".to_owned()) };
            let (n, d) = (i128::from(first.level.0), i128::from(first.level.1));
            let demand: i128 = fixed.iter().map(|g| i128::from(g.demand)).sum();
            let promised: i128 = fixed.iter().map(|g| i128::from(g.promised)).sum();
            let alike = fixed.iter().all(|g| g.level == first.level);
            let rising = round == 1 || last_share.0 * d < n * last_share.1;
            if !alike || !rising || (sum - last_sum + promised) * d != n * demand {
                return Err(format!("the fair shares of round {round} are not proved"));
            }
            (last_share, last_sum) = ((n, d), sum);
        }
        Ok(())
    }
}
