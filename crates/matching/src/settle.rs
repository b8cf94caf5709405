//! One component from its pairs to its flows: built, solved level by level, and searched where
//! smallest orders or numbers of suppliers bind.

use std::sync::atomic::AtomicBool;

use domain::ids::{InstalmentId, MatchId};

use crate::{
    allocate::MatchingError,
    components::{Component, Prepared},
    deliveries::{Deliveries, Points},
    flow::{self, Solution},
    levels::FlowLevel,
    model::{self, Model, Request},
    outcome::{Closed, Cut, LineOutput, PairUnits, Potentials, Share},
    pairs::{Pair, Pairs},
    search::{Decisions, Relaxed, SideRules, search},
};

/// A component with its solution.
#[derive(Clone)]
pub(crate) struct Settled {
    /// The pairs that carry something, with their base units.
    pub lines: Vec<(Pair, i64)>,
    /// Value and bound of each level.
    pub values: Vec<(i128, Option<i128>)>,
    /// How many levels, from the first, potentials prove.
    pub proven: usize,
    /// Uncovered units before smallest orders and numbers of suppliers were enforced; none if a limit ended
    /// that solve.
    pub relaxed: Option<i128>,
    pub potentials: Vec<Potentials>,
    pub line_outputs: Vec<LineOutput>,
    pub unserved: Vec<(MatchId, i64)>,
    pub closed: Vec<Closed>,
    pub raised: Vec<PairUnits>,
    pub estimates: Vec<PairUnits>,
    pub plain: Vec<InstalmentId>,
    pub shares: Vec<Share>,
    pub cuts: Vec<Cut>,
}

/// A solve under some decisions.
struct Attempt {
    model: Model,
    solution: Solution,
    /// What each open pair carries.
    flows: Vec<i64>,
    /// What pairs were thought to carry, where that is more than nothing.
    estimates: Vec<PairUnits>,
    /// Instalments for which the level of fewer deliveries was left out.
    plain: Vec<InstalmentId>,
}

/// What the solves of a component are told, and whom they tell how far they are.
#[derive(Clone, Copy)]
pub(crate) struct Hooks<'h> {
    /// Ends the solve at the next check.
    pub cancel: Option<&'h AtomicBool>,
    /// Called with the level at work, again from the first one when decisions are tried anew.
    pub level: &'h dyn Fn(usize),
}

/// Solves one component, and searches where smallest orders or numbers of suppliers bind.
pub(crate) fn settle<'a>(
    prepared: &Prepared<'a>,
    whole: &Component<'a>,
    levels: &[FlowLevel],
    hooks: Hooks<'_>,
) -> Result<Settled, MatchingError> {
    let Prepared { rules, pairs, demands, .. } = prepared;
    let compared = |kind: &FlowLevel| *kind != FlowLevel::Raised;
    let leading =
        levels.iter().filter(|k| compared(k) && !matches!(k, FlowLevel::Deliveries | FlowLevel::Ties)).count();
    let suggested = |p: &Pair| {
        let instalment = pairs.slots[p.slot as usize].instalment.id;
        prepared.suggested_units(pairs.offers[p.offer as usize].offer.id, instalment)
    };
    let problem = SideRules::of(rules, pairs, &whole.pairs, (&demands.open, suggested), leading);
    // The first solve is the bound, unless a limit ended it.
    let mut first_stopped = None;
    let found = search(&problem, rules.parameters.limits.nodes, |decisions| {
        let attempt = attempt(prepared, whole, levels, decisions, hooks)?;
        first_stopped.get_or_insert(attempt.solution.stop.is_some());
        let of_level = levels.iter().zip(&attempt.solution.levels);
        let forced: i64 = decisions.raised.values().sum();
        let raised: i128 = of_level.clone().filter(|(k, _)| !compared(k)).map(|(_, level)| level.objective).sum();
        // The flows are of the pairs left open, in their order.
        let mut left = attempt.flows.iter();
        let is_closed = |p: &Pair| decisions.closed.contains(&(p.offer, p.slot));
        let flow_of = |p: &Pair| if is_closed(p) { 0 } else { left.next().copied().unwrap_or(0) };
        Ok::<_, MatchingError>(Relaxed {
            flows: whole.pairs.iter().map(flow_of).collect(),
            value: of_level.filter(|(k, _)| compared(k)).map(|(_, level)| level.objective).collect(),
            keeps_raised: raised == -i128::from(forced),
            solution: attempt,
        })
    })?;
    let stopped = first_stopped == Some(true);
    let decided = !found.decisions.closed.is_empty() || !found.decisions.raised.is_empty();
    let compared_levels = || levels.iter().enumerate().filter(|(_, k)| compared(k)).zip(&found.bound);
    let tiers = compared_levels().filter(|((_, kind), _)| matches!(kind, FlowLevel::Tier(_)));
    let relaxed = Some(tiers.map(|(_, value)| value).sum()).filter(|_| !stopped);
    let carried = whole.pairs.iter().copied().zip(found.relaxed.flows).filter(|(_, units)| *units > 0);
    let mut settled = found.relaxed.solution.settled(prepared, &found.decisions, carried.collect());
    settled.relaxed = relaxed;
    if decided {
        // No allocation beats the flow without the rules; once one level is worse, it says nothing of those after.
        let mut comparable = !stopped;
        for ((at, kind), bound) in compared_levels() {
            let (value, known) = &mut settled.values[at];
            *known = comparable.then_some(*bound);
            // Without the rules there may be other floors, and another plan of deliveries.
            comparable &= *value == *bound && !matches!(kind, FlowLevel::Floors | FlowLevel::Deliveries);
        }
    }
    if let Some(at) = searched_cost(prepared, levels) {
        let before: Vec<i128> = settled.values[..at].iter().map(|(value, _)| *value).collect();
        let price = i128::from(rules.parameters.weights.delivery);
        let cost = settled.lines.iter().map(|(p, units)| i128::from(p.cost) * i128::from(*units) + price).sum();
        let none = Decisions::default();
        let solver = Solver { prepared, part: whole, levels, decisions: &none, hooks };
        let other_floors = decided && levels.contains(&FlowLevel::Floors);
        settled.values[at] = (cost, if other_floors { None } else { solver.least_cost(at, &before)? });
        // What comes after is of the plan that was followed.
        settled.values[at + 1..].iter_mut().for_each(|(_, bound)| *bound = None);
    }
    Ok(settled)
}

/// Where the cost level stands, if it is searched because deliveries have a price.
fn searched_cost(prepared: &Prepared<'_>, levels: &[FlowLevel]) -> Option<usize> {
    let priced = prepared.rules.parameters.weights.delivery > 0;
    levels.iter().position(|l| *l == FlowLevel::Cost).filter(|_| priced)
}

/// Builds and solves a component with some pairs closed and some raised.
fn attempt<'a>(
    prepared: &Prepared<'a>,
    whole: &Component<'a>,
    levels: &[FlowLevel],
    decisions: &Decisions,
    hooks: Hooks<'_>,
) -> Result<Attempt, MatchingError> {
    let left;
    let part = if decisions.closed.is_empty() {
        whole
    } else {
        left = whole.without(&decisions.closed);
        &left
    };
    let solver = Solver { prepared, part, levels, decisions, hooks };
    if prepared.rules.parameters.weights.delivery == 0 || !levels.contains(&FlowLevel::Cost) {
        return solver.fewer_deliveries();
    }
    let deliveries = Deliveries::priced(prepared, part);
    let mut best = solver.follow(&deliveries, deliveries.plan())?;
    let mut value = deliveries.value(&best.flows);
    for _ in 1..prepared.rules.parameters.limits.nodes.min(MOST_PLANS) {
        let Some(plan) = deliveries.improved(&best.flows) else { break };
        let next = solver.follow(&deliveries, plan)?;
        let next_value = deliveries.value(&next.flows);
        if best.solution.stop.is_some() || next_value >= value {
            break;
        }
        (best, value) = (next, next_value);
    }
    Ok(best)
}

/// Plans that are followed at most where deliveries have a price; the first one does nearly all of it.
const MOST_PLANS: u32 = 4;

/// What a component is solved under.
struct Solver<'s, 'a> {
    prepared: &'s Prepared<'a>,
    part: &'s Component<'a>,
    levels: &'s [FlowLevel],
    decisions: &'s Decisions,
    hooks: Hooks<'s>,
}

impl Solver<'_, '_> {
    fn build(&self, points: Option<&Points>) -> Result<Model, MatchingError> {
        let Self { prepared, part, levels, decisions, hooks } = self;
        model::build(prepared, part, Request { levels, decisions, points, cancel: hooks.cancel })
    }

    /// Runs a solve under the limits of the run.
    fn under_limits<T>(&self, solve: impl FnOnce(&mut flow::Control<'_>) -> T) -> T {
        let mut watch = |progress: flow::Progress| (self.hooks.level)(progress.level);
        let max_pivots = self.prepared.rules.parameters.limits.pivots;
        solve(&mut flow::Control { cancel: self.hooks.cancel, max_pivots, progress: Some(&mut watch) })
    }

    fn solve(&self, model: &Model) -> Result<Solution, MatchingError> {
        Ok(self.under_limits(|control| flow::solve(&model.network, control))?)
    }

    fn end(
        &self,
        model: Model,
        mut solution: Solution,
        estimate: &[i64],
        plain: bool,
    ) -> Result<Attempt, MatchingError> {
        match solution.stop {
            Some(flow::Stop::Cancelled) => return Err(MatchingError::Cancelled),
            Some(flow::Stop::PivotLimit) => model.tidy(&mut solution),
            None => {}
        }
        let flows = model.layout.pair_flows(&solution.flows);
        let planned = self.part.pairs.iter().zip(estimate).filter(|(_, units)| **units > 0);
        let estimates = planned.map(|(p, units)| units_of(self.prepared, (p.offer, p.slot), *units)).collect();
        let instalment = |slot: &usize| self.prepared.pairs.slots[*slot].instalment.id;
        let plain = self.part.slots.iter().map(instalment).filter(|_| plain).collect();
        Ok(Attempt { model, solution, flows, estimates, plain })
    }

    /// Solves with the points of a plan inside the cost level.
    fn follow(&self, deliveries: &Deliveries, plan: Vec<i64>) -> Result<Attempt, MatchingError> {
        let model = self.build(Some(&deliveries.points(&plan)))?;
        let solution = self.solve(&model)?;
        self.end(model, solution, &plan, false)
    }

    /// What the cost level is worth at least when deliveries have a price; none if a limit ended it, or if
    /// the levels before are worth something else without the rules on orders.
    fn least_cost(&self, at: usize, before: &[i128]) -> Result<Option<i128>, MatchingError> {
        let model =
            self.build(Some(&Deliveries::priced(self.prepared, self.part).least_points(self.prepared, self.part)))?;
        let solution = self.solve(&model)?;
        if solution.stop == Some(flow::Stop::Cancelled) {
            return Err(MatchingError::Cancelled);
        }
        let kinds = self.levels.iter().zip(&solution.levels).zip(before);
        let mut compared = kinds.filter(|((kind, _), _)| **kind != FlowLevel::Raised);
        let same = compared.all(|((_, level), before)| level.objective == *before);
        let level = &solution.levels[at];
        Ok(Some(level.objective).filter(|_| same && level.optimal))
    }

    /// Solves, and looks for fewer deliveries once cost is settled.
    fn fewer_deliveries(&self) -> Result<Attempt, MatchingError> {
        let mut model = self.build(None)?;
        let Some(level) = self.levels.iter().position(|l| *l == FlowLevel::Deliveries) else {
            let solution = self.solve(&model)?;
            return self.end(model, solution, &[], false);
        };
        let layout = &model.layout;
        // What was known when the level began: its choice, the flows before it, the plan.
        let mut known = None;
        let costs = |flows: &[i64], free: &[bool]| {
            let carried = layout.pair_flows(flows);
            let deliveries = Deliveries::free(self.prepared, self.part, &carried, &layout.free_pairs(free));
            let plan = deliveries.plan();
            let costs = layout.costs(&deliveries.points(&plan), flows.len());
            known = Some((deliveries, carried, plan));
            costs
        };
        let solution = self.under_limits(|control| flow::solve_late(&mut model.network, level, costs, control))?;
        let Some((deliveries, before, plan)) = known else { return self.end(model, solution, &[], false) };
        if deliveries.value(&model.layout.pair_flows(&solution.flows)) <= deliveries.value(&before) {
            return self.end(model, solution, &plan, false);
        }
        // The heuristic made it worse: the level is left out.
        let none = |_: &[i64], _: &[bool]| flow::LevelCosts::Sparse(Vec::new());
        let solution = self.under_limits(|control| flow::solve_late(&mut model.network, level, none, control))?;
        self.end(model, solution, &[], true)
    }
}

/// Units of a pair, by name.
fn units_of(prepared: &Prepared<'_>, (offer, slot): (u32, u32), units: i64) -> PairUnits {
    let Closed { offer, instalment } = name_of(prepared, (offer, slot));
    PairUnits { offer, instalment, units }
}

/// A pair, by name.
fn name_of(prepared: &Prepared<'_>, (offer, slot): (u32, u32)) -> Closed {
    let Pairs { offers, slots, .. } = &prepared.pairs;
    Closed { offer: offers[offer as usize].offer.id, instalment: slots[slot as usize].instalment.id }
}

impl Attempt {
    fn settled(self, prepared: &Prepared<'_>, decisions: &Decisions, lines: Vec<(Pair, i64)>) -> Settled {
        let Self { model, solution, estimates, plain, .. } = self;
        let proven: Vec<&[i64]> = solution.potentials();
        let potentials = model
            .labels
            .iter()
            .enumerate()
            .map(|(i, label)| Potentials { label: *label, values: proven.iter().map(|level| level[i + 1]).collect() });
        let outputs = model.line_arcs.iter().map(|(line, offer, by, arc)| LineOutput {
            line: *line,
            offer: *offer,
            by: *by,
            quantity: solution.flows[*arc as usize],
        });
        let unserved = model.promised.iter().zip(&model.unserved_arcs);
        Settled {
            proven: proven.len(),
            potentials: potentials.collect(),
            line_outputs: outputs.filter(|o| o.quantity > 0).collect(),
            unserved: unserved
                .map(|(id, arc)| (*id, solution.flows[*arc as usize]))
                .filter(|(_, units)| *units > 0)
                .collect(),
            values: solution
                .levels
                .iter()
                // A bound that meets the value without a proof is none.
                .map(|l| (l.objective, l.bound.filter(|bound| l.optimal || *bound < l.objective)))
                .collect(),
            relaxed: None,
            closed: decisions.closed.iter().map(|pair| name_of(prepared, *pair)).collect(),
            raised: decisions.raised.iter().map(|(pair, n)| units_of(prepared, *pair, *n)).collect(),
            estimates,
            plain,
            shares: model.shares.reports(prepared, &lines),
            cuts: model.shares.named_cuts(&model.labels),
            lines,
        }
    }
}
