//! The flow through stages: offers, what makers lack, what they make of it, and who needs what.
//!
//! Of an offer there are a stock node and a node for each cut-off, as in the network of a run, whose unused output is carried
//! on. Of a maker what lies ready stays apart from what it makes, and there is besides, for each period, a node at which its input arrives, carried on as well. Solved
//! together, an arc leads from there to the output of the period, as wide as the maker's own output; solved with what is
//! made given, the input is a demand and the output a supply, in base units.

use std::{
    collections::{BTreeSet, HashMap},
    sync::atomic::AtomicBool,
};

use domain::{quantity::Quantity, time::Day};

use super::{plan::Plan, scale::Scale};
use crate::{
    allocate::MatchingError,
    flow::{self, NetworkBuilder, ROOT, UNBOUNDED},
    pairs::Pair,
};

/// The levels: promises, inputs, four tiers, cost.
const LEVELS: usize = 7;
const PROMISED: usize = 0;
const INPUTS: usize = 1;
const FIRST_TIER: usize = 2;
const COST: usize = 6;

/// What is solved.
#[derive(Clone, Copy)]
pub(super) enum Mode<'m> {
    /// All together, in units of flow; per tier, at which level it counts and how much a base unit of it counts there.
    Joint(&'m Scale, &'m Levels),
    /// With what makers make given: base units by each of their cut-offs, and pairs that carry nothing.
    Given(&'m [Vec<i64>], &'m BTreeSet<usize>),
}

/// What flows.
#[derive(Debug, Clone)]
pub(super) struct Flows {
    /// Per pair of the plan.
    pub pairs: Vec<i64>,
    /// Solved together: base units that each maker makes by each cut-off, rounded down.
    pub made: Vec<Vec<i64>>,
    /// With what is made given: base units of input that each maker lacks by each cut-off.
    pub short: Vec<Vec<i64>>,
    /// Base units that each tier leaves uncovered; solved together rounded up.
    pub tiers: [i64; 4],
    /// The value of each of the levels of tiers, in points of [`Scale::weight`].
    pub values: [i128; 4],
}

/// Per tier, at which level it counts, and how much a base unit of it counts there.
pub(super) type Levels = [(usize, i64); 4];

/// Tier after tier, a base unit one point.
pub(super) const TIERS: Levels = [(0, 1), (1, 1), (2, 1), (3, 1)];

/// What a point of cost is multiplied by, at most: it only says which of equal plans is the nearer.
const MOST_COST: i64 = 1_000;

/// Solves it.
pub(super) fn solved(plan: &Plan<'_>, mode: Mode<'_>, cancel: Option<&AtomicBool>) -> Result<Flows, MatchingError> {
    let draft = Draft::of(plan, mode);
    let Draft { builder, pair_arcs, made_arcs, short_arcs, .. } = draft;
    let network = builder.build()?;
    let solution = flow::solve(&network, &mut flow::Control { cancel, ..flow::Control::default() })?;
    if solution.stop.is_some() {
        return Err(MatchingError::Cancelled);
    }
    let flow = |arc: &Option<u32>| arc.map_or(0, |arc| solution.flows[arc as usize]);
    let summed = |arcs: &[Option<u32>]| {
        let sums = arcs.iter().scan(0_i64, |sum, arc| {
            *sum += flow(arc);
            Some(*sum)
        });
        sums.collect::<Vec<i64>>()
    };
    let weight = match mode {
        Mode::Joint(scale, _) => i128::from(scale.weight),
        Mode::Given(..) => 1,
    };
    let tier = |at: usize| {
        let value = solution.levels[FIRST_TIER + at].objective;
        i64::try_from(value / weight + i128::from(value % weight > 0)).unwrap_or(i64::MAX) + plan.hopeless[at]
    };
    let values = std::array::from_fn(|at| solution.levels[FIRST_TIER + at].objective);
    let parts = |maker: usize| match mode {
        Mode::Joint(scale, _) => scale.of_product(plan.makers[maker].product),
        Mode::Given(..) => 1,
    };
    let made = made_arcs.iter().enumerate().map(|(maker, arcs)| {
        let whole = |sum: i64| sum / parts(maker).max(1);
        summed(arcs).into_iter().map(whole).collect()
    });
    Ok(Flows {
        pairs: pair_arcs.iter().map(flow).collect(),
        made: made.collect(),
        short: short_arcs.iter().map(|arcs| summed(arcs)).collect(),
        tiers: std::array::from_fn(tier),
        values,
    })
}

struct Draft<'p, 'm> {
    plan: &'m Plan<'p>,
    mode: Mode<'m>,
    builder: NetworkBuilder,
    pair_arcs: Vec<Option<u32>>,
    /// Per maker and cut-off, the arc from input to output.
    made_arcs: Vec<Vec<Option<u32>>>,
    /// Per maker and cut-off, the arc over which input is lacking.
    short_arcs: Vec<Vec<Option<u32>>>,
}

/// Where an offer's pairs hang.
struct Nodes {
    stock: Option<u32>,
    by: HashMap<Day, u32>,
}

impl<'p, 'm> Draft<'p, 'm> {
    fn of(plan: &'m Plan<'p>, mode: Mode<'m>) -> Self {
        let makers = plan.makers.len();
        let mut draft = Self {
            plan,
            mode,
            builder: NetworkBuilder::new(LEVELS),
            pair_arcs: Vec::with_capacity(plan.pairs.pairs.len()),
            made_arcs: vec![Vec::new(); makers],
            short_arcs: vec![Vec::new(); makers],
        };
        let lines = draft.lines();
        let nodes: Vec<Nodes> = (0..plan.pairs.offers.len()).map(|at| draft.offer(at, &lines)).collect();
        let inputs: Vec<Vec<u32>> = (0..makers).map(|maker| draft.inputs(maker, &nodes)).collect();
        let slots = draft.slots();
        draft.pairs(&nodes, &inputs, &slots);
        draft.promises(&nodes);
        draft
    }

    /// Units of flow to a base unit of what an offer supplies.
    fn parts(&self, offer: usize) -> i64 {
        match self.mode {
            Mode::Joint(scale, _) => scale.of_product(&self.plan.pairs.offers[offer].offer.terms.product),
            Mode::Given(..) => 1,
        }
    }

    /// Points of a unit of flow in a level that counts base units, and of a level of cost per point.
    fn points(&self, parts: i64) -> i64 {
        match self.mode {
            Mode::Joint(scale, _) => (scale.weight / parts.max(1)).max(0),
            Mode::Given(..) => 1,
        }
    }

    /// What each line makes in each period, by its offers.
    fn lines(&mut self) -> HashMap<(usize, Day), u32> {
        let mut nodes = HashMap::new();
        for line in &self.plan.lines {
            // Where its offers have units of different size, time is counted in the largest: a bound all the same.
            let parts = line.members.iter().map(|at| self.parts(*at)).max().unwrap_or(1);
            let most = line.members.iter().map(|at| self.plan.most[*at]).fold(0, i64::saturating_add);
            let mut before = 0;
            for (day, by) in &line.by {
                let node = self.builder.node((by - before).clamp(0, most).saturating_mul(parts));
                self.builder.drain(node, ROOT);
                nodes.extend(line.members.iter().map(|at| ((*at, *day), node)));
                before = *by;
            }
        }
        nodes
    }

    fn offer(&mut self, at: usize, lines: &HashMap<(usize, Day), u32>) -> Nodes {
        let (plan, view) = (self.plan, &self.plan.pairs.offers[at]);
        let (days, most, parts) = (&plan.days[at], plan.most[at], self.parts(at));
        let maker = plan.maker_of.get(&at).copied();
        let stock = maker.map_or(view.curve.stock_by(Day::MAX), |maker| plan.makers[maker].ready).min(most);
        let mut nodes = Nodes { stock: None, by: HashMap::new() };
        let (mut before, mut chain) = (0, Vec::with_capacity(days.len()));
        for day in days {
            let by = match (maker, self.mode) {
                (None, _) => view.curve.by(*day) - view.curve.stock_by(*day),
                // What it makes of its input comes over arcs of their own.
                (Some(_), Mode::Joint(..)) => 0,
                (Some(maker), Mode::Given(made, _)) => plan.makers[maker].by(&made[maker], *day),
            };
            let output = (by - before).clamp(0, most).saturating_mul(parts);
            before = by;
            let node = match lines.get(&(at, *day)) {
                Some(line) => {
                    let node = self.builder.node(0);
                    self.builder.arc(*line, node, output);
                    node
                }
                None => self.builder.node(output),
            };
            chain.push(node);
            nodes.by.insert(*day, node);
        }
        for (i, node) in chain.iter().enumerate() {
            self.builder.drain(*node, chain.get(i + 1).copied().unwrap_or(ROOT));
        }
        if stock > 0 {
            let node = self.builder.node(stock.saturating_mul(parts));
            let from = days.iter().position(|day| view.curve.stock_by(*day) > 0).filter(|_| maker.is_none());
            self.builder.drain(node, from.and_then(|at| chain.get(at).copied()).unwrap_or(ROOT));
            nodes.stock = Some(node);
        }
        nodes
    }

    /// Where the input of a maker arrives, by its cut-offs.
    fn inputs(&mut self, at: usize, nodes: &[Nodes]) -> Vec<u32> {
        let maker = &self.plan.makers[at];
        let (mut arrive, mut before): (Vec<u32>, i64) = (Vec::new(), 0);
        for (k, day) in maker.days.iter().enumerate() {
            let (node, short, made) = match self.mode {
                Mode::Joint(scale, _) => {
                    let node = self.builder.node(0);
                    self.builder.drain(node, ROOT);
                    let room = (maker.room[k] - before).max(0).min(self.plan.most[maker.at]);
                    before = maker.room[k];
                    let room = room.saturating_mul(scale.of_product(maker.product));
                    let made = nodes[maker.at].by.get(day).map(|output| self.builder.arc(node, *output, room));
                    (node, None, made)
                }
                Mode::Given(made, _) => {
                    let needed = maker.input.needed_for(made[at][k]);
                    let node = self.builder.node(before - needed);
                    let short = (needed > before).then(|| self.builder.feed(ROOT, node));
                    match short {
                        Some(arc) => self.builder.cost(INPUTS, arc, 1),
                        None => _ = self.builder.drain(node, ROOT),
                    }
                    before = needed;
                    (node, short, None)
                }
            };
            if let Some(last) = arrive.last() {
                self.builder.arc(*last, node, UNBOUNDED);
            }
            arrive.push(node);
            self.short_arcs[at].push(short);
            self.made_arcs[at].push(made);
        }
        arrive
    }

    /// What is asked for, and how much of it stays uncovered; none for slots of inputs and those that are covered.
    fn slots(&mut self) -> Vec<Option<u32>> {
        let plan = self.plan;
        let mut slots = vec![None; plan.pairs.slots.len()];
        for (at, slot) in plan.pairs.slots.iter().enumerate() {
            if plan.stage_of[at].is_some() || plan.open[at] == 0 || plan.pairs.of_slot(at).is_empty() {
                continue;
            }
            let parts = match self.mode {
                Mode::Joint(scale, _) => scale.of_product(&slot.need.terms.product),
                Mode::Given(..) => 1,
            };
            let node = self.builder.node(plan.open[at].saturating_mul(-parts));
            let arc = self.builder.feed(ROOT, node);
            let tier = usize::from(slot.need.tier(plan.day)).clamp(1, 4) - 1;
            let (level, counts) = match self.mode {
                Mode::Joint(_, tiers) => tiers[tier],
                Mode::Given(..) => TIERS[tier],
            };
            self.builder.cost(FIRST_TIER + level, arc, self.points(parts).saturating_mul(counts));
            slots[at] = Some(node);
        }
        slots
    }

    fn pairs(&mut self, nodes: &[Nodes], inputs: &[Vec<u32>], slots: &[Option<u32>]) {
        let plan = self.plan;
        for (i, pair) in plan.pairs.pairs.iter().enumerate() {
            let (offer, slot) = (pair.offer as usize, pair.slot as usize);
            let head = match plan.stage_of[slot] {
                Some((maker, k)) => inputs[maker].get(k).copied().filter(|_| plan.may_bring(pair)),
                None => slots[slot],
            };
            let from = &nodes[offer];
            let tail = if pair.stock_only { from.stock } else { from.by.get(&pair.cutoff).copied() };
            self.ready(pair, (from, head));
            let closed = matches!(self.mode, Mode::Given(_, closed) if closed.contains(&i));
            let arc = head.zip(tail).filter(|_| !closed).map(|(head, tail)| {
                let given = matches!(self.mode, Mode::Given(..)) && plan.stage_of[slot].is_some();
                let arc = self.builder.arc(tail, head, if given { Quantity::LIMIT } else { UNBOUNDED });
                self.price(arc, pair);
                arc
            });
            self.pair_arcs.push(arc);
        }
    }

    /// What lies ready of a maker goes to needs alone: to other makers it brings what it makes, as their chain has it.
    fn ready(&mut self, pair: &Pair, (from, head): (&Nodes, Option<u32>)) {
        let plan = self.plan;
        let (offer, to_need) = (pair.offer as usize, plan.stage_of[pair.slot as usize].is_none());
        let is_there = plan.pairs.offers[offer].curve.stock_by(pair.cutoff) > 0;
        let goes = plan.maker_of.contains_key(&offer) && to_need && !pair.stock_only && is_there;
        if goes && let Some((stock, head)) = from.stock.zip(head) {
            let arc = self.builder.arc(stock, head, UNBOUNDED);
            self.price(arc, pair);
        }
    }

    fn price(&mut self, arc: u32, pair: &Pair) {
        let weight = self.points(self.parts(pair.offer as usize)).min(MOST_COST);
        self.builder.cost(COST, arc, pair.cost.saturating_mul(weight));
    }

    /// What is promised of offers that are no makers; of makers it is taken from what they may make.
    fn promises(&mut self, nodes: &[Nodes]) {
        let plan = self.plan;
        for (offer, day, units) in &plan.promised {
            if plan.maker_of.contains_key(offer) {
                continue;
            }
            let node = self.builder.node(units.saturating_mul(-self.parts(*offer)));
            let from = nodes[*offer].by.get(day).copied().unwrap_or(ROOT);
            self.builder.arc(from, node, UNBOUNDED);
            let arc = self.builder.feed(ROOT, node);
            self.builder.cost(PROMISED, arc, 1);
        }
    }
}
