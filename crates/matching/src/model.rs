//! From eligible pairs to flow networks: one per component, time-phased as chains.
//!
//! Per offer a stock node and a chain of output nodes, one for each distinct cut-off, each with the
//! output that accrues since the one before; unused output is carried on and drains to the slack
//! root at the end. Orders inside the lead time hang on the stock node alone. An offer on a shared
//! line gets its output over arcs from the line's nodes, one for each day, whose time cannot be
//! carried. Every instalment and every held or agreed quantity is a demand that the slack root feeds
//! at a price of its level, so the network is always feasible and says what stays uncovered. A
//! fairness group that is sure of some units is fed through a node of its own, over which no more
//! can stay uncovered than the rest of its demand, unless at a price of the level of floors.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    ids::{LineId, MatchId, OfferId},
    market::Commitment,
    need::Need,
    offer::OfferTerms,
    time::Day,
};

use crate::{
    allocate::MatchingError,
    components::{Component, Prepared},
    deliveries::Points,
    flow::{LevelCosts, Network, NetworkBuilder, ROOT, Solution, UNBOUNDED},
    levels::{FlowLevel, share_points},
    outcome::NodeLabel,
    search::Decisions,
    shares::{self, ComponentShares},
    tie,
};

/// Where the pairs and the slots of a component are among the arcs.
pub(crate) struct Layout {
    /// The first arc of each pair of the component, in order, and one past the last pair's arcs.
    pair_arcs: Vec<u32>,
    /// The arc over which each slot stays uncovered.
    slot_arcs: Vec<u32>,
}

/// A network with the meaning of its nodes and arcs.
pub(crate) struct Model {
    pub network: Network,
    /// Labels of the nodes from 1 on; node 0 is the root.
    pub labels: Vec<NodeLabel>,
    /// Where pairs and slots are.
    pub layout: Layout,
    /// Arcs from a line to an offer's output: line, offer, period, arc.
    pub line_arcs: Vec<(LineId, OfferId, Day, u32)>,
    /// Arcs from the root to commitments, in the order of the component.
    pub unserved_arcs: Vec<u32>,
    /// The commitments, in the same order.
    pub promised: Vec<MatchId>,
    /// Per group that is sure of some units, the arc over which it may stay uncovered and the dearer one.
    group_arcs: Vec<(u32, u32)>,
    /// What the groups of the component are sure of.
    pub shares: ComponentShares,
}

impl Layout {
    /// Points of pairs and feeds as costs of arcs.
    pub fn costs(&self, points: &Points, arcs: usize) -> LevelCosts {
        let mut costs = vec![0; arcs];
        for (pair, points) in self.pair_arcs.windows(2).zip(&points.pairs) {
            costs[pair[0] as usize..pair[1] as usize].fill(*points);
        }
        for (arc, points) in self.slot_arcs.iter().zip(&points.feeds) {
            costs[*arc as usize] = *points;
        }
        LevelCosts::Dense(costs)
    }

    /// What each pair carries.
    pub fn pair_flows(&self, flows: &[i64]) -> Vec<i64> {
        self.pair_arcs.windows(2).map(|w| flows[w[0] as usize..w[1] as usize].iter().sum()).collect()
    }

    /// Whether any arc of each pair is free.
    pub fn free_pairs(&self, free: &[bool]) -> Vec<bool> {
        self.pair_arcs.windows(2).map(|w| free[w[0] as usize..w[1] as usize].contains(&true)).collect()
    }
}

impl Model {
    /// Moves the flow of a solve that a limit ended to the parts of pairs and groups that count first, as an
    /// optimum would have it, and values it anew: between parts of one pair nothing but that differs.
    pub fn tidy(&self, solution: &mut Solution) {
        let parts = self.layout.pair_arcs.windows(2).map(|w| (w[0]..w[1]).collect());
        let groups = self.group_arcs.iter().map(|(allowed, below)| vec![*allowed, *below]);
        for arcs in parts.chain(groups) {
            let mut left: i64 = arcs.iter().map(|arc| solution.flows[*arc as usize]).sum();
            for arc in arcs {
                let flow = left.min(self.network.capacities()[arc as usize]);
                solution.flows[arc as usize] = flow;
                left -= flow;
            }
        }
        for (at, level) in solution.levels.iter_mut().enumerate() {
            level.objective = self.network.value(at, &solution.flows);
            // Nothing is worth less than 0 where no cost is below it.
            let least = if self.network.costs(at).any_negative() { i128::MIN } else { 0 };
            level.bound = level.bound.map(|bound| bound.max(least));
        }
    }
}

/// What a component's network is built from besides the component.
#[derive(Clone, Copy)]
pub(crate) struct Request<'r> {
    pub levels: &'r [FlowLevel],
    pub decisions: &'r Decisions,
    /// Points of a plan, where deliveries have a price.
    pub points: Option<&'r Points>,
    pub cancel: Option<&'r std::sync::atomic::AtomicBool>,
}

struct Draft<'m, 'a> {
    market: &'m Prepared<'a>,
    part: &'m Component<'a>,
    request: Request<'m>,
    /// Per offer of the component, one more than all it could be asked for. Clipping an output there
    /// keeps sums small and changes no optimum: such an output is never used up, clipped or not.
    most: Vec<i64>,
    builder: NetworkBuilder,
    /// Per arc, its points at the levels of cost and of ties.
    points: [Vec<i64>; 2],
    labels: Vec<NodeLabel>,
    line_arcs: Vec<(LineId, OfferId, Day, u32)>,
}

/// Where an offer's pairs hang.
struct OfferNodes {
    stock: Option<u32>,
    /// The days at which its output is counted, ascending.
    days: Vec<Day>,
    /// The output node of the first of them; those of the others follow it.
    first: u32,
}

impl OfferNodes {
    fn output(&self, by: Day) -> Option<u32> {
        self.days.binary_search(&by).ok().and_then(|at| u32::try_from(at).ok()).map(|at| self.first + at)
    }
}

/// Adds a day to days in ascending order, unless it is among them.
fn insert(days: &mut Vec<Day>, day: Day) {
    if let Err(at) = days.binary_search(&day) {
        days.insert(at, day);
    }
}

/// Builds the network of a component.
pub(crate) fn build<'m, 'a>(
    market: &'m Prepared<'a>,
    part: &'m Component<'a>,
    request: Request<'m>,
) -> Result<Model, MatchingError> {
    let most = most_asked(market, part);
    let builder = NetworkBuilder::new(request.levels.len());
    let points = [Vec::new(), Vec::new()];
    let mut draft = Draft { market, part, request, most, builder, points, labels: Vec::new(), line_arcs: Vec::new() };
    let nodes = draft.supply();
    draft.demand(nodes)
}

/// One more than each offer of the component could be asked for in all.
fn most_asked(market: &Prepared<'_>, part: &Component<'_>) -> Vec<i64> {
    let mut most = vec![1_i64; part.offers.len()];
    for p in &part.pairs {
        let total = &mut most[market.offer_rank[p.offer as usize] as usize];
        *total = total.saturating_add(market.demands.open[p.slot as usize]);
    }
    for c in &part.commitments {
        let total = &mut most[market.rank_of(c.offer)];
        *total = total.saturating_add(c.quantity.units());
    }
    most
}

impl Draft<'_, '_> {
    fn node(&mut self, supply: i64, label: NodeLabel) -> u32 {
        self.labels.push(label);
        self.builder.node(supply)
    }

    fn cost(&mut self, kind: impl Fn(FlowLevel) -> i64, arc: u32) {
        for (i, level) in self.request.levels.iter().enumerate() {
            let cost = kind(*level);
            if cost != 0 {
                self.builder.cost(i, arc, cost);
            }
        }
    }

    /// Sets the points of an arc at the levels of cost and of ties.
    fn price(&mut self, arc: u32, cost: i64, ties: i64) {
        let arc = arc as usize;
        for (points, value) in self.points.iter_mut().zip([cost, ties]) {
            if points.len() <= arc {
                points.resize(arc + 1, 0);
            }
            points[arc] = value;
        }
    }

    fn terms(&self, rank: usize) -> &OfferTerms {
        &self.market.pairs.offers[self.part.offers[rank]].offer.terms
    }

    /// The line an offer shares, by its place; one that is not in the market is shared with nobody.
    fn line_of(&self, rank: usize) -> Option<LineId> {
        self.terms(rank).line.filter(|line| self.part.lines.contains_key(line))
    }

    /// Days at which each offer's output is counted: its cut-offs, or every day on a shared line.
    fn cutoffs(&self) -> Vec<Vec<Day>> {
        let mut cutoffs = vec![Vec::new(); self.part.offers.len()];
        for p in self.part.pairs.iter().filter(|p| !p.stock_only) {
            insert(&mut cutoffs[self.market.offer_rank[p.offer as usize] as usize], p.cutoff);
        }
        for c in &self.part.commitments {
            let at = self.market.rank_of(c.offer);
            insert(&mut cutoffs[at], self.due_from(at, c));
        }
        let mut shared: BTreeMap<LineId, BTreeSet<Day>> = BTreeMap::new();
        for (i, days) in cutoffs.iter().enumerate() {
            if let Some(line) = self.line_of(i) {
                shared.entry(line).or_default().extend(days);
            }
        }
        // Every day, since offers that work on different days of a longer period could each seem to
        // have the whole of the line's time in it.
        for (line, days) in &mut shared {
            let members = (0..cutoffs.len()).filter(|i| self.line_of(*i) == Some(*line));
            let profiles = members.map(|i| &self.terms(i).profile);
            let own = self.part.lines.get(line).map(|l| &l.profile);
            let first = profiles.chain(own).map(|p| p.as_of).min();
            let last = days.last().copied();
            if let Some((first, last)) = first.zip(last) {
                days.extend((0..last.since(first)).map(|i| first.plus(i)));
            }
        }
        for (i, days) in cutoffs.iter_mut().enumerate() {
            if let Some(all) = self.line_of(i).and_then(|l| shared.get(&l)) {
                *days = all.iter().copied().collect();
            }
        }
        cutoffs
    }

    /// By when a commitment draws on the offer's curve: its cut-off, or the as-of date once that is
    /// later. The figures were restated with what was promised and not yet shipped among the stock, so
    /// a promise whose cut-off has passed still takes its part of it.
    fn due_from(&self, rank: usize, commitment: &Commitment) -> Day {
        commitment.cutoff.max(self.terms(rank).profile.as_of)
    }

    fn supply(&mut self) -> Vec<OfferNodes> {
        let cutoffs = self.cutoffs();
        let lines = self.line_nodes(&cutoffs);
        let mut nodes = Vec::with_capacity(self.part.offers.len());
        for (i, days) in cutoffs.into_iter().enumerate() {
            nodes.push(self.offer_nodes(i, days, &lines));
        }
        nodes
    }

    /// A node for each period of each line, with the line's output of that period.
    fn line_nodes(&mut self, cutoffs: &[Vec<Day>]) -> HashMap<(LineId, Day), u32> {
        let mut nodes = HashMap::new();
        let lines: Vec<_> = self.part.lines.iter().map(|(id, line)| (*id, *line)).collect();
        for (id, line) in lines {
            let members: Vec<usize> = (0..self.part.offers.len()).filter(|i| self.line_of(*i) == Some(id)).collect();
            let Some(days) = members.first().map(|m| &cutoffs[*m]) else { continue };
            let most = members.iter().map(|m| self.most[*m]).fold(0, i64::saturating_add);
            let curve = line.curve(self.market.rules.parameters.capacity);
            let mut before = 0;
            for day in days {
                let by = curve.by(*day);
                let node = self.node((by - before).min(most), NodeLabel::Line { line: id, by: *day });
                self.builder.drain(node, ROOT);
                nodes.insert((id, *day), node);
                before = by;
            }
        }
        nodes
    }

    fn offer_nodes(&mut self, i: usize, days: Vec<Day>, lines: &HashMap<(LineId, Day), u32>) -> OfferNodes {
        let (view, most) = (&self.market.pairs.offers[self.part.offers[i]], self.most[i]);
        let offer = view.offer.id;
        let line = self.line_of(i);
        // Figures of a later day bring their stock then.
        let stock = view.curve.stock_by(Day::MAX).min(most);
        let outputs: Vec<(Day, i64)> = days.iter().map(|d| (*d, view.curve.by(*d) - view.curve.stock_by(*d))).collect();
        let stock_from = days.iter().position(|d| view.curve.stock_by(*d) > 0);
        let mut made = Vec::with_capacity(outputs.len());
        let mut before = 0;
        for (day, by) in outputs {
            let output = (by - before).min(most);
            before = by;
            let node = self.node(if line.is_none() { output } else { 0 }, NodeLabel::Output { offer, by: day });
            if let Some(id) = line.filter(|_| output > 0) {
                let arc = self.builder.arc(lines[&(id, day)], node, output);
                self.line_arcs.push((id, offer, day, arc));
                self.price(arc, 0, tie::points(offer.0, id.0) & 0xffff);
            }
            made.push(node);
        }
        for (i, node) in made.iter().enumerate() {
            self.builder.drain(*node, made.get(i + 1).copied().unwrap_or(ROOT));
        }
        let stock = (stock > 0).then(|| {
            let node = self.node(stock, NodeLabel::Stock { offer });
            self.builder.drain(node, stock_from.map_or(ROOT, |i| made[i]));
            node
        });
        OfferNodes { stock, days, first: made.first().copied().unwrap_or(ROOT) }
    }

    fn demand(mut self, nodes: Vec<OfferNodes>) -> Result<Model, MatchingError> {
        let market = self.market;
        let slots: Vec<u32> = self
            .part
            .slots
            .iter()
            .map(|slot| {
                let instalment = market.pairs.slots[*slot].instalment.id;
                self.node(-market.demands.open[*slot], NodeLabel::Instalment { instalment })
            })
            .collect();
        let pair_arcs = self.pair_arcs(&nodes, &slots);
        let promised = self.commitments(&nodes);
        let shares = shares::of_component(market, self.part, &self.builder, (&slots, &promised), self.request.cancel)?;
        let unserved_arcs: Vec<u32> = promised.iter().map(|node| self.builder.feed(ROOT, *node)).collect();
        for arc in &unserved_arcs {
            self.cost(|l| i64::from(l == FlowLevel::Promised), *arc);
        }
        let (slot_arcs, group_arcs) = self.feeds(&slots, &shares);
        for (level, kind) in self.request.levels.iter().enumerate() {
            let points = match kind {
                FlowLevel::Cost => &mut self.points[0],
                FlowLevel::Ties => &mut self.points[1],
                _ => continue,
            };
            self.builder.costs(level, LevelCosts::Dense(std::mem::take(points)));
        }
        let network = self.builder.build()?;
        let (labels, line_arcs) = (self.labels, self.line_arcs);
        let promised = self.part.commitments.iter().map(|c| c.match_id).collect();
        let layout = Layout { pair_arcs, slot_arcs };
        Ok(Model { network, labels, layout, line_arcs, unserved_arcs, promised, group_arcs, shares })
    }

    /// The arcs of all pairs, one for each part of a pair that some level looks at apart.
    fn pair_arcs(&mut self, nodes: &[OfferNodes], slots: &[u32]) -> Vec<u32> {
        let (market, part) = (self.market, self.part);
        let mut pair_arcs = Vec::with_capacity(part.pairs.len() + 1);
        self.builder.reserve_arcs(part.pairs.len() + 4 * slots.len());
        self.points.iter_mut().for_each(|points| points.reserve(part.pairs.len() + 4 * slots.len()));
        let mut end = u32::try_from(self.builder.arc_count()).unwrap_or(u32::MAX);
        for (i, p) in part.pairs.iter().enumerate() {
            let view = &market.pairs.offers[p.offer as usize];
            let from = &nodes[market.offer_rank[p.offer as usize] as usize];
            let head = slots[market.slot_rank[p.slot as usize] as usize];
            let ready = || view.curve.stock_by(p.cutoff) > 0;
            let tail = if p.stock_only { from.stock.filter(|_| ready()) } else { from.output(p.cutoff) };
            let (offer, instalment) = (view.offer.id, market.pairs.slots[p.slot as usize].instalment.id);
            let surcharge = self.request.points.map_or(0, |points| points.pairs[i]);
            let (cost, ties) = (p.cost + surcharge, tie::points(offer.0, instalment.0));
            let raised = self.request.decisions.raised.get(&(p.offer, p.slot)).copied().unwrap_or(0);
            let kept = market.suggested_units(offer, instalment);
            pair_arcs.push(end);
            // A pair inside the lead time passed because there is stock, unless a trial left that predicate
            // out; without, it carries nothing.
            let Some(tail) = tail else { continue };
            for (capacity, is_raised, is_kept) in segments(raised, kept) {
                end = self.builder.arc(tail, head, capacity);
                let favour = if is_kept { market.rules.parameters.move_points() } else { 0 };
                self.price(end, cost - favour, ties);
                if is_raised || is_kept {
                    let counts = |l| (is_raised && l == FlowLevel::Raised) || (is_kept && l == FlowLevel::Stability);
                    self.cost(|l| -i64::from(counts(l)), end);
                }
                end += 1;
            }
        }
        pair_arcs.push(end);
        pair_arcs
    }

    /// Nodes of what is held or agreed, each fed by its offer.
    fn commitments(&mut self, nodes: &[OfferNodes]) -> Vec<u32> {
        let mut promised = Vec::with_capacity(self.part.commitments.len());
        for c in &self.part.commitments {
            let node = self.node(-c.quantity.units(), NodeLabel::Commitment { match_id: c.match_id });
            let at = self.market.rank_of(c.offer);
            // Its day is among those at which the offer is counted.
            let from = nodes[at].output(self.due_from(at, c)).unwrap_or(ROOT);
            let served = self.builder.arc(from, node, UNBOUNDED);
            self.price(served, 0, tie::points(c.offer.0, c.match_id.0));
            promised.push(node);
        }
        promised
    }

    /// What stays uncovered: an arc from the root to each instalment, or to its group where the group
    /// is sure of some units.
    fn feeds(&mut self, slots: &[u32], shares: &ComponentShares) -> (Vec<u32>, Vec<(u32, u32)>) {
        let (mut slot_arcs, mut group_arcs) = (Vec::with_capacity(slots.len()), Vec::new());
        let (market, day) = (self.market, self.market.rules.market.day);
        let counts =
            |need: &Need, l: FlowLevel| matches!(l, FlowLevel::Tier(t) if t.is_none_or(|t| t == need.tier(day)));
        let mut sources: HashMap<u32, u32> = HashMap::new();
        for group in shares.groups.iter().filter(|g| g.floor > 0) {
            let first = market.pairs.slots[group.slots[0]].instalment.id;
            let node = self.node(0, NodeLabel::Share { instalment: first });
            let need = market.pairs.slots[group.slots[0]].need;
            let allowed = self.builder.arc(ROOT, node, group.open - group.floor);
            let below = self.builder.feed(ROOT, node);
            self.cost(|l| i64::from(counts(need, l)), allowed);
            self.cost(|l| i64::from(counts(need, l) || l == FlowLevel::Floors), below);
            sources.insert(group.group, node);
            group_arcs.push((allowed, below));
        }
        for (i, (node, slot)) in slots.iter().zip(&self.part.slots).enumerate() {
            let source = market.demands.group_of[*slot].and_then(|g| sources.get(&g)).copied().unwrap_or(ROOT);
            let arc = self.builder.feed(source, *node);
            let need = market.pairs.slots[*slot].need;
            let points = share_points(asked(need));
            let tier = need.tier(day);
            self.cost(
                |l| match l {
                    FlowLevel::Tier(_) => i64::from(source == ROOT && counts(need, l)),
                    FlowLevel::Shares(t) if t.is_none_or(|t| t == tier) => points,
                    _ => 0,
                },
                arc,
            );
            if let Some(points) = self.request.points {
                self.price(arc, points.feeds[i], 0);
            }
            slot_arcs.push(arc);
        }
        (slot_arcs, group_arcs)
    }
}

/// What a need asks for in all, in base units.
pub(crate) fn asked(need: &Need) -> i64 {
    need.instalments.iter().map(|i| i.measure.quantity.units()).fold(0, i64::saturating_add)
}

/// The parts of a pair: capacity, whether it is raised, whether it was suggested before.
fn segments(raised: i64, kept: i64) -> impl Iterator<Item = (i64, bool, bool)> {
    let both = raised.min(kept);
    let parts = [(both, true, true), (raised - both, true, false), (kept - both, false, true)];
    parts.into_iter().filter(|(capacity, _, _)| *capacity > 0).chain([(UNBOUNDED, false, false)])
}
