//! Smallest orders and numbers of suppliers, which no flow can hold: bound, repair, branch and bound.
//!
//! Both make the problem NP-hard. The flow without them is the bound; where it breaks none of them it is
//! the optimum, at the price of that one solve. Otherwise the orders and instalments in breach, and only
//! these, are repaired: an order is closed, or raised to its limit; an instalment keeps its best
//! suppliers. The best answer is then improved part by part, and the tree of decisions searched, its most
//! promising branch first, until an answer equals the bound, the tree is done, or the solves are used up.
//! The gap to the bound is what remains unproved, and it is reported.
//!
//! Every solve starts from the decisions alone, never from the solve before, so an answer does not depend
//! on the way it was found.

mod choice;
mod repair;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use choice::{Keep, Way};
use repair::Policy;
use rules::Breach;
pub(crate) use rules::{Decisions, SideRules};

/// How many decisions deep the search branches; below, only repairs look further.
const DEEPEST: u32 = 40;

/// A solve under decisions, without the side rules.
#[derive(Debug, Clone)]
pub(crate) struct Relaxed<T> {
    /// Base units per pair of the component, 0 where closed.
    pub flows: Vec<i64>,
    /// The levels in strict order, smaller is better, without the level of raised units.
    pub value: Vec<i128>,
    /// Whether every raised pair carries what was forced on it.
    pub keeps_raised: bool,
    /// What the caller makes of it.
    pub solution: T,
}

/// The best answer that keeps the side rules.
#[derive(Debug, Clone)]
pub(crate) struct Found<T> {
    /// What was decided on the way to it.
    pub decisions: Decisions,
    /// The answer.
    pub relaxed: Relaxed<T>,
    /// The value that no answer can beat: that of the flow without side rules.
    pub bound: Vec<i128>,
    /// Solves that count against the limit.
    #[cfg_attr(not(test), expect(dead_code, reason = "reports leave it out; tests hold the search to it"))]
    pub solves: u32,
    /// Solves past the limit that the closing repair needed to keep every rule; 0 unless nothing had been found.
    #[cfg_attr(not(test), expect(dead_code, reason = "reports leave it out; tests hold the search to it"))]
    pub past_limit: u32,
    /// Whether the limit ended the search.
    #[cfg_attr(not(test), expect(dead_code, reason = "reports leave it out; tests hold the search to it"))]
    pub exhausted: bool,
    /// Whether the tree was searched to its end and left nothing out: then no answer is better, though
    /// it may lie above the bound.
    #[cfg_attr(not(test), expect(dead_code, reason = "reports leave it out; tests hold the search to it"))]
    pub complete: bool,
}

/// A part of the tree that is still to be searched.
struct Branch {
    decisions: Decisions,
    /// Suppliers that an instalment keeps, by their places.
    kept: BTreeMap<usize, Vec<usize>>,
    /// What pairs carry, by place, where it is not 0.
    flows: Vec<(usize, i64)>,
    depth: u32,
}

/// A way to go on from a branch.
struct Child {
    decisions: Decisions,
    kept: BTreeMap<usize, Vec<usize>>,
    /// Whether the other ways hold its answers too, and it is only repaired for a good answer early.
    only_tried: bool,
}

struct Search<'p, T, S> {
    problem: &'p SideRules,
    solve: S,
    nodes: u32,
    solves: u32,
    past_limit: u32,
    best: Option<(Decisions, Relaxed<T>)>,
    exhausted: bool,
    complete: bool,
}

/// Finds the best answer that keeps the side rules, within `nodes` solves.
///
/// There always is one: if the limit ends the search before the first, whatever is in breach is closed
/// until nothing is (at most one solve per order and limited instalment, and mostly a few), and these
/// solves do not count. Where the flow breaks no rule it is solved exactly once. `solve` must depend on
/// the decisions alone. Errors are those of `solve`.
pub(crate) fn search<T, E>(
    problem: &SideRules,
    nodes: u32,
    solve: impl FnMut(&Decisions) -> Result<Relaxed<T>, E>,
) -> Result<Found<T>, E> {
    let mut search = Search {
        problem,
        solve,
        nodes: nodes.max(1),
        solves: 0,
        past_limit: 0,
        best: None,
        exhausted: false,
        complete: true,
    };
    let start = problem.hopeless();
    let root = search.count(&start)?;
    let bound = root.value.clone();
    if problem.breaches(&root.flows).is_empty() {
        return Ok(search.end(start, root, bound));
    }
    if let Some(decisions) = problem.as_before(&start)
        && let Some(relaxed) = search.next(&decisions)?
        && problem.breaches(&relaxed.flows).is_empty()
    {
        search.keep_better(decisions, relaxed);
    }
    for policy in Policy::TRIED {
        if !search.reaches(&bound) {
            search.repair(start.clone(), &root.flows, policy)?;
        }
    }
    // Half of what is left for each: a small tree is soon done, a large one is hardly begun.
    let until = search.solves + (search.nodes - search.solves) / 2;
    search.improve(&start, &bound, until)?;
    if !search.reaches(&bound) {
        search.branch(start.clone(), &root, &bound)?;
    }
    search.complete |= search.reaches(&bound);
    let (decisions, relaxed) = match search.best.take() {
        Some(best) => best,
        None => search.close_all(start, root)?,
    };
    Ok(search.end(decisions, relaxed, bound))
}

impl<T, E, S> Search<'_, T, S>
where
    S: FnMut(&Decisions) -> Result<Relaxed<T>, E>,
{
    fn end(self, decisions: Decisions, relaxed: Relaxed<T>, bound: Vec<i128>) -> Found<T> {
        Found {
            decisions,
            relaxed,
            bound,
            solves: self.solves,
            past_limit: self.past_limit,
            exhausted: self.exhausted,
            complete: self.complete,
        }
    }

    fn count(&mut self, decisions: &Decisions) -> Result<Relaxed<T>, E> {
        self.solves += 1;
        (self.solve)(decisions)
    }

    /// A solve, if one is left.
    fn next(&mut self, decisions: &Decisions) -> Result<Option<Relaxed<T>>, E> {
        if self.solves >= self.nodes {
            self.exhausted = true;
            self.complete = false;
            return Ok(None);
        }
        self.count(decisions).map(Some)
    }

    /// Takes an answer that keeps the rules if it is better than the best so far.
    fn keep_better(&mut self, decisions: Decisions, answer: Relaxed<T>) {
        if self.best.as_ref().is_none_or(|(_, best)| answer.value < best.value) {
            self.best = Some((decisions, answer));
        }
    }

    fn leading<'v>(&self, value: &'v [i128]) -> &'v [i128] {
        value.get(..self.problem.leading).unwrap_or(value)
    }

    /// Whether a part of the tree whose bound is `value` cannot hold a better answer.
    fn is_beaten(&self, value: &[i128]) -> bool {
        self.best.as_ref().is_some_and(|(_, best)| self.leading(value) >= self.leading(&best.value))
    }

    fn reaches(&self, bound: &[i128]) -> bool {
        self.is_beaten(bound)
    }

    /// Branches on the largest breach of the most promising part, until nothing is left that could be better.
    fn branch(&mut self, start: Decisions, root: &Relaxed<T>, bound: &[i128]) -> Result<(), E> {
        let mut waiting: BTreeMap<(Vec<i128>, u32), Branch> = BTreeMap::new();
        let mut serial = 0;
        let top = Branch { decisions: start, kept: BTreeMap::new(), flows: used(&root.flows), depth: 0 };
        waiting.insert((root.value.clone(), serial), top);
        while let Some(((value, _), branch)) = waiting.pop_first() {
            // The rest is no better, for it is sorted.
            if self.is_beaten(&value) || self.reaches(bound) {
                return Ok(());
            }
            let flows = dense(&branch.flows, self.problem.routes.len());
            for Child { decisions, kept, only_tried } in self.children(&branch, &flows) {
                let Some(relaxed) = self.next(&decisions)? else { return Ok(()) };
                let breaches = self.problem.breaches(&relaxed.flows);
                if breaches.is_empty() {
                    self.keep_better(decisions, relaxed);
                    continue;
                }
                // Units that cannot be forced mean that this part is empty.
                if !relaxed.keeps_raised || self.is_beaten(&relaxed.value) {
                    continue;
                }
                self.repair(decisions.clone(), &relaxed.flows, Policy::NEAREST)?;
                if only_tried {
                    continue;
                }
                if branch.depth >= DEEPEST {
                    self.complete = false;
                    continue;
                }
                serial += 1;
                let child = Branch { decisions, kept, flows: used(&relaxed.flows), depth: branch.depth + 1 };
                waiting.insert((relaxed.value, serial), child);
            }
        }
        Ok(())
    }

    /// The ways to go on from a part: together they hold every answer of it, unless the search is no
    /// longer complete.
    fn children(&mut self, branch: &Branch, flows: &[i64]) -> Vec<Child> {
        let breaches = self.problem.breaches(flows);
        // The first of the largest, so that equal stakes fall to the lower id.
        let largest = breaches.iter().rev().max_by_key(|b| b.stake());
        match largest {
            None => Vec::new(),
            Some(Breach::TooSmall { order, carries, .. }) => {
                let order = &self.problem.orders[*order];
                let mut closed = branch.decisions.clone();
                closed.close(order.pairs.iter().map(|i| self.problem.routes[*i].key));
                let mut found = vec![Child { decisions: closed, kept: branch.kept.clone(), only_tried: false }];
                let (raised, all) = self.problem.ways_to_raise(order, flows, &branch.decisions);
                self.complete &= all;
                let raised = raised.into_iter().map(|Way { units, only_tried }| {
                    let mut decisions = branch.decisions.clone();
                    decisions.raised.extend(units);
                    Child { decisions, kept: branch.kept.clone(), only_tried }
                });
                // The likelier way first: its answer spares the other more.
                let at = if carries * 2 >= order.least { 0 } else { 1 };
                found.splice(at..at, raised);
                found
            }
            Some(Breach::TooMany { slot, .. }) => {
                let most = self.problem.slots[*slot].most;
                let kept = branch.kept.get(slot).cloned().unwrap_or_default();
                let ranked = self.problem.ranked(*slot, flows, &branch.decisions, Keep::Carried, &BTreeMap::new());
                let others = ranked.iter().map(|(place, _)| *place).filter(|p| !kept.contains(p));
                let next: Vec<usize> = others.take(most - kept.len()).collect();
                let mut found = Vec::new();
                // All but the chosen; then without the last of them, without the last but one, and so on.
                for upto in (0..=next.len()).rev() {
                    let mut keeps = branch.kept.clone();
                    let chosen = keeps.entry(*slot).or_default();
                    chosen.extend(&next[..upto]);
                    let mut decisions = branch.decisions.clone();
                    match next.get(upto) {
                        None => decisions.close(self.problem.all_but(*slot, chosen)),
                        Some(left_out) => decisions.close(self.problem.of_supplier(*slot, *left_out)),
                    }
                    found.push(Child { decisions, kept: keeps, only_tried: false });
                }
                found
            }
        }
    }
}

fn used(flows: &[i64]) -> Vec<(usize, i64)> {
    flows.iter().copied().enumerate().filter(|(_, f)| *f > 0).collect()
}

fn dense(used: &[(usize, i64)], pairs: usize) -> Vec<i64> {
    let mut flows = vec![0; pairs];
    for (i, f) in used {
        flows[*i] = *f;
    }
    flows
}
