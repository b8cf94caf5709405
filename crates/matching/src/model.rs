//! From eligible pairs to flow networks: one per component, time-phased as chains.
//!
//! Per offer a stock node and a chain of output nodes, one for each distinct cut-off, each with the
//! output that accrues since the one before; unused output is carried on and drains to the slack
//! root at the end. Orders inside the lead time hang on the stock node alone. An offer on a shared
//! line gets its output over arcs from the line's nodes, one for each day, whose time cannot be
//! carried. Every instalment and every held or agreed quantity is a demand that the slack root feeds
//! at a price of its level, so the network is always feasible and says what stays uncovered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    eligibility::Rules,
    ids::{InstalmentId, LineId, OfferId},
    line::Line,
    market::Commitment,
    parameters::Level,
    time::Day,
};

use crate::{
    flow::{Components, Network, NetworkBuilder, NetworkError, ROOT, UNBOUNDED},
    outcome::NodeLabel,
    pairs::{Pair, Pairs},
    tie,
};

/// The flow levels of a run, in order; every component has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowLevel {
    /// Held and agreed quantities stay served.
    Promised,
    /// Uncovered units of a tier; all tiers at once when urgency is left out.
    Tier(Option<u8>),
    /// Cost points.
    Cost,
    /// Tie points.
    Ties,
}

impl FlowLevel {
    /// The levels of a run.
    pub fn of(rules: &Rules<'_>) -> Vec<Self> {
        let without = &rules.parameters.without_levels;
        let mut levels = vec![Self::Promised];
        if without.contains(&Level::Urgency) {
            levels.push(Self::Tier(None));
        } else {
            levels.extend((1..=4).map(|tier| Self::Tier(Some(tier))));
        }
        if !without.contains(&Level::Cost) {
            levels.push(Self::Cost);
        }
        if !without.contains(&Level::Ties) {
            levels.push(Self::Ties);
        }
        levels
    }

    /// The name in reports.
    pub fn name(self) -> String {
        match self {
            Self::Promised => "promised".to_owned(),
            Self::Tier(Some(tier)) => format!("tier {tier}"),
            Self::Tier(None) => "demand".to_owned(),
            Self::Cost => "cost".to_owned(),
            Self::Ties => "ties".to_owned(),
        }
    }

    /// What its value counts.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Promised | Self::Tier(_) => "base units uncovered",
            Self::Cost => "points",
            Self::Ties => "tie points",
        }
    }
}

/// A part of the market that shares nothing with the rest.
#[derive(Debug, Default)]
pub(crate) struct Component<'a> {
    /// Offer positions, ascending.
    pub offers: Vec<usize>,
    /// Slot positions with an open quantity, ascending.
    pub slots: Vec<usize>,
    /// Commitments on the offers.
    pub commitments: Vec<&'a Commitment>,
    /// Lines the offers share.
    pub lines: BTreeMap<LineId, &'a Line>,
    /// Pairs, sorted by slot, then offer.
    pub pairs: Vec<Pair>,
}

/// What an instalment still asks for: its quantity less what is held or agreed.
pub(crate) fn open_quantities(pairs: &Pairs<'_>, commitments: &[Commitment]) -> Vec<i64> {
    let mut taken: HashMap<InstalmentId, i64> = HashMap::new();
    for c in commitments {
        *taken.entry(c.instalment).or_default() += c.quantity.units();
    }
    let open = |id: InstalmentId, q: i64| (q - taken.get(&id).copied().unwrap_or(0)).max(0);
    pairs.slots.iter().map(|s| open(s.instalment.id, s.instalment.measure.quantity.units())).collect()
}

/// Splits the market; an instalment without any eligible offer is part of none.
pub(crate) fn components<'a>(rules: &Rules<'a>, pairs: &Pairs<'a>, open: &[i64]) -> Vec<Component<'a>> {
    let offers = pairs.offers.len();
    let position: HashMap<OfferId, usize> = pairs.offers.iter().enumerate().map(|(i, o)| (o.offer.id, i)).collect();
    let lines: Vec<LineId> = rules.market.lines.keys().copied().collect();
    let size = u32::try_from(offers + pairs.slots.len() + lines.len()).unwrap_or(u32::MAX);
    let mut joined = Components::new(size);
    let number = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    for p in pairs.pairs.iter().filter(|p| open[p.slot as usize] > 0) {
        joined.join(p.offer, number(offers) + p.slot);
    }
    for (i, view) in pairs.offers.iter().enumerate() {
        if let Some(line) = view.offer.terms.line.and_then(|l| lines.binary_search(&l).ok()) {
            joined.join(number(i), number(offers + pairs.slots.len() + line));
        }
    }
    let (of, count) = joined.numbered();
    let mut parts: Vec<Component<'a>> = (0..count).map(|_| Component::default()).collect();
    for (i, view) in pairs.offers.iter().enumerate() {
        let part = &mut parts[of[i] as usize];
        part.offers.push(i);
        if let Some(line) = view.offer.terms.line.and_then(|l| rules.market.lines.get(&l)) {
            part.lines.insert(line.id, line);
        }
    }
    for (i, _) in pairs.slots.iter().enumerate().filter(|(i, _)| open[*i] > 0) {
        parts[of[offers + i] as usize].slots.push(i);
    }
    for p in pairs.pairs.iter().filter(|p| open[p.slot as usize] > 0) {
        parts[of[p.offer as usize] as usize].pairs.push(*p);
    }
    for c in rules.market.commitments.iter().filter(|c| !c.quantity.is_zero()) {
        if let Some(at) = position.get(&c.offer) {
            parts[of[*at] as usize].commitments.push(c);
        }
    }
    parts.retain(|p| !p.pairs.is_empty() || !p.commitments.is_empty());
    parts
}

/// A network with the meaning of its nodes and arcs.
pub(crate) struct Model {
    pub network: Network,
    /// Labels of the nodes from 1 on; node 0 is the root.
    pub labels: Vec<NodeLabel>,
    /// The arc of each pair of the component, in order.
    pub pair_arcs: Vec<u32>,
    /// Arcs from a line to an offer's output: line, offer, period, arc.
    pub line_arcs: Vec<(LineId, OfferId, Day, u32)>,
    /// Arcs from the root to commitments, in the order of the component.
    pub unserved_arcs: Vec<u32>,
}

struct Draft<'m, 'a> {
    rules: &'m Rules<'a>,
    pairs: &'m Pairs<'a>,
    part: &'m Component<'a>,
    levels: &'m [FlowLevel],
    /// Per offer of the component, one more than all it could be asked for. Clipping an output there
    /// keeps sums small and changes no optimum: such an output is never used up, clipped or not.
    most: Vec<i64>,
    builder: NetworkBuilder,
    labels: Vec<NodeLabel>,
    line_arcs: Vec<(LineId, OfferId, Day, u32)>,
}

/// Where an offer's pairs hang.
struct OfferNodes {
    stock: Option<u32>,
    output: BTreeMap<Day, u32>,
}

/// Builds the network of a component.
pub(crate) fn build(
    rules: &Rules<'_>,
    pairs: &Pairs<'_>,
    part: &Component<'_>,
    open: &[i64],
    levels: &[FlowLevel],
) -> Result<Model, NetworkError> {
    let most = most_asked(pairs, part, open);
    let builder = NetworkBuilder::new(levels.len());
    let mut draft = Draft { rules, pairs, part, levels, most, builder, labels: Vec::new(), line_arcs: Vec::new() };
    let nodes = draft.supply();
    draft.demand(open, nodes)
}

/// One more than each offer of the component could be asked for in all.
fn most_asked(pairs: &Pairs<'_>, part: &Component<'_>, open: &[i64]) -> Vec<i64> {
    let mut asked: HashMap<OfferId, i64> = HashMap::new();
    for p in &part.pairs {
        let total = asked.entry(pairs.offers[p.offer as usize].offer.id).or_default();
        *total = total.saturating_add(open[p.slot as usize]);
    }
    for c in &part.commitments {
        let total = asked.entry(c.offer).or_default();
        *total = total.saturating_add(c.quantity.units());
    }
    let of = |o: &usize| asked.get(&pairs.offers[*o].offer.id).copied().unwrap_or(0).saturating_add(1);
    part.offers.iter().map(of).collect()
}

impl Draft<'_, '_> {
    fn node(&mut self, supply: i64, label: NodeLabel) -> u32 {
        self.labels.push(label);
        self.builder.node(supply)
    }

    fn cost(&mut self, kind: impl Fn(FlowLevel) -> i64, arc: u32) {
        for (i, level) in self.levels.iter().enumerate() {
            let cost = kind(*level);
            if cost != 0 {
                self.builder.cost(i, arc, cost);
            }
        }
    }

    /// Days at which each offer's output is counted: its cut-offs, or every day on a shared line.
    fn cutoffs(&self) -> Vec<BTreeSet<Day>> {
        let place: HashMap<usize, usize> = self.part.offers.iter().enumerate().map(|(i, o)| (*o, i)).collect();
        let ids: HashMap<OfferId, usize> =
            self.part.offers.iter().enumerate().map(|(i, o)| (self.pairs.offers[*o].offer.id, i)).collect();
        let mut cutoffs = vec![BTreeSet::new(); self.part.offers.len()];
        for p in self.part.pairs.iter().filter(|p| !p.stock_only) {
            cutoffs[place[&(p.offer as usize)]].insert(p.cutoff);
        }
        for c in &self.part.commitments {
            let at = ids[&c.offer];
            cutoffs[at].insert(self.due_from(self.part.offers[at], c));
        }
        let mut shared: BTreeMap<LineId, BTreeSet<Day>> = BTreeMap::new();
        // An offer whose line is not in the market shares its time with nobody.
        let known = |line: &LineId| self.part.lines.contains_key(line);
        let line_of = |i: usize| self.pairs.offers[self.part.offers[i]].offer.terms.line.filter(known);
        for (i, days) in cutoffs.iter().enumerate() {
            if let Some(line) = line_of(i) {
                shared.entry(line).or_default().extend(days);
            }
        }
        // Every day, since offers that work on different days of a longer period could each seem to
        // have the whole of the line's time in it.
        for (line, days) in &mut shared {
            let members = (0..cutoffs.len()).filter(|i| line_of(*i) == Some(*line));
            let profiles = members.map(|i| &self.pairs.offers[self.part.offers[i]].offer.terms.profile);
            let own = self.part.lines.get(line).map(|l| &l.profile);
            let first = profiles.chain(own).map(|p| p.as_of).min();
            let last = days.last().copied();
            if let Some((first, last)) = first.zip(last) {
                days.extend((0..last.since(first)).map(|i| first.plus(i)));
            }
        }
        for (i, days) in cutoffs.iter_mut().enumerate() {
            if let Some(all) = line_of(i).and_then(|l| shared.get(&l)) {
                days.clone_from(all);
            }
        }
        cutoffs
    }

    /// By when a commitment draws on the offer's curve: its cut-off, or the as-of date once that is
    /// later. The figures were restated with what was promised and not yet shipped among the stock, so
    /// a promise whose cut-off has passed still takes its part of it.
    fn due_from(&self, offer: usize, commitment: &Commitment) -> Day {
        commitment.cutoff.max(self.pairs.offers[offer].offer.terms.profile.as_of)
    }

    fn supply(&mut self) -> Vec<OfferNodes> {
        let cutoffs = self.cutoffs();
        let lines = self.line_nodes(&cutoffs);
        let mut nodes = Vec::with_capacity(self.part.offers.len());
        for (i, days) in cutoffs.iter().enumerate() {
            nodes.push(self.offer_nodes(i, days, &lines));
        }
        nodes
    }

    /// A node for each period of each line, with the line's output of that period.
    fn line_nodes(&mut self, cutoffs: &[BTreeSet<Day>]) -> HashMap<(LineId, Day), u32> {
        let mut nodes = HashMap::new();
        let lines: Vec<_> = self.part.lines.iter().map(|(id, line)| (*id, *line)).collect();
        for (id, line) in lines {
            let shares = |i: &usize| self.pairs.offers[self.part.offers[*i]].offer.terms.line == Some(id);
            let members: Vec<usize> = (0..self.part.offers.len()).filter(shares).collect();
            let Some(days) = members.first().map(|m| &cutoffs[*m]) else { continue };
            let most = members.iter().map(|m| self.most[*m]).fold(0, i64::saturating_add);
            let curve = line.curve(self.rules.parameters.capacity);
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

    fn offer_nodes(&mut self, i: usize, days: &BTreeSet<Day>, lines: &HashMap<(LineId, Day), u32>) -> OfferNodes {
        let (view, most) = (&self.pairs.offers[self.part.offers[i]], self.most[i]);
        let offer = view.offer.id;
        let line = view.offer.terms.line.filter(|l| self.part.lines.contains_key(l));
        let today = self.rules.market.day;
        let last_day = days.last().copied().unwrap_or(today).max(today);
        let stock = view.curve.stock_by(last_day).min(most);
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
                self.cost(|l| if l == FlowLevel::Ties { tie::points(offer.0, id.0) & 0xffff } else { 0 }, arc);
            }
            made.push((day, node));
        }
        for (i, (_, node)) in made.iter().enumerate() {
            let next = made.get(i + 1).map_or(ROOT, |(_, n)| *n);
            self.builder.drain(*node, next);
        }
        let stock = (stock > 0).then(|| {
            let node = self.node(stock, NodeLabel::Stock { offer });
            self.builder.drain(node, stock_from.map_or(ROOT, |i| made[i].1));
            node
        });
        OfferNodes { stock, output: made.into_iter().collect() }
    }

    fn demand(mut self, open: &[i64], nodes: Vec<OfferNodes>) -> Result<Model, NetworkError> {
        let place: HashMap<usize, usize> = self.part.offers.iter().enumerate().map(|(i, o)| (*o, i)).collect();
        let mut slot_nodes = HashMap::new();
        for &slot in &self.part.slots {
            let s = &self.pairs.slots[slot];
            let node = self.node(-open[slot], NodeLabel::Instalment { instalment: s.instalment.id });
            let arc = self.builder.feed(ROOT, node);
            let tier = s.need.tier();
            self.cost(|l| i64::from(matches!(l, FlowLevel::Tier(t) if t.is_none_or(|t| t == tier))), arc);
            slot_nodes.insert(slot, node);
        }
        let mut pair_arcs = Vec::with_capacity(self.part.pairs.len());
        self.builder.reserve_arcs(self.part.pairs.len());
        for p in &self.part.pairs {
            let from = &nodes[place[&(p.offer as usize)]];
            let ready = self.pairs.offers[p.offer as usize].curve.stock_by(p.cutoff) > 0;
            let tail = if p.stock_only { from.stock.filter(|_| ready) } else { from.output.get(&p.cutoff).copied() };
            let head = slot_nodes[&(p.slot as usize)];
            // A pair inside the lead time passed because there is stock, unless a trial left that
            // predicate out; without, it carries nothing.
            let arc = match tail {
                Some(tail) => self.builder.arc(tail, head, UNBOUNDED),
                None => self.builder.arc(ROOT, head, 0),
            };
            let offer = self.pairs.offers[p.offer as usize].offer.id;
            let instalment = self.pairs.slots[p.slot as usize].instalment.id;
            self.cost(
                |l| match l {
                    FlowLevel::Cost => p.cost,
                    FlowLevel::Ties => tie::points(offer.0, instalment.0),
                    FlowLevel::Promised | FlowLevel::Tier(_) => 0,
                },
                arc,
            );
            pair_arcs.push(arc);
        }
        let ids: HashMap<OfferId, usize> =
            self.part.offers.iter().enumerate().map(|(i, o)| (self.pairs.offers[*o].offer.id, i)).collect();
        let mut unserved_arcs = Vec::new();
        for c in &self.part.commitments {
            let node = self.node(-c.quantity.units(), NodeLabel::Commitment { match_id: c.match_id });
            let arc = self.builder.feed(ROOT, node);
            self.cost(|l| i64::from(l == FlowLevel::Promised), arc);
            unserved_arcs.push(arc);
            let at = ids[&c.offer];
            let tail = nodes[at].output[&self.due_from(self.part.offers[at], c)];
            let served = self.builder.arc(tail, node, UNBOUNDED);
            let points = tie::points(c.offer.0, c.match_id.0);
            self.cost(|l| if l == FlowLevel::Ties { points } else { 0 }, served);
        }
        let network = self.builder.build()?;
        Ok(Model { network, labels: self.labels, pair_arcs, line_arcs: self.line_arcs, unserved_arcs })
    }
}
