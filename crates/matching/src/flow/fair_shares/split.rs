//! The decomposition of a tier into parts whose groups can all have the shares they tend to.

use std::sync::atomic::AtomicBool;

use super::{
    super::max_flow::{Amount, Cancelled, Carried, Graph, Search},
    share::{Share, Slot, Target, common},
};

/// Nodes between which units can move, the groups among them included, with nothing to gain from outside.
struct Part {
    nodes: Vec<u32>,
    /// Positions in the tier.
    groups: Vec<u32>,
}

/// Room for flows in parts of a unit, used again from part to part and tier to tier.
#[derive(Default)]
pub(super) struct Finer {
    fine: Option<Carried<i64>>,
    finest: Option<Carried<i128>>,
}

/// The flow of a tier's largest total, over nodes that are all outside of the search.
pub(super) struct Flow<'a> {
    pub graph: &'a Graph,
    pub carried: &'a mut Carried<i64>,
    pub search: &'a mut Search,
    pub finer: &'a mut Finer,
}

/// One tier at work. What a group holds is the units that end in its node; their sum never changes.
pub(super) struct Split<'a> {
    flow: Flow<'a>,
    /// The node of the first group.
    first: u32,
    slots: &'a [Slot],
    held: Vec<i64>,
    shares: Vec<Share>,
    cancel: Option<&'a AtomicBool>,
}

impl<'a> Split<'a> {
    /// Begins with what the groups hold of the tier's largest total; `first` is the node of the first.
    pub fn new(flow: Flow<'a>, first: u32, slots: &'a [Slot], held: Vec<i64>, cancel: Option<&'a AtomicBool>) -> Self {
        // Right for groups outside of every cut, for they hold all that they ask for.
        let shares = slots.iter().zip(&held).map(|(slot, &units)| slot.share(units)).collect();
        Self { flow, first, slots, held, shares, cancel }
    }

    /// The shares of the groups, and what each holds: its exact units, rounded up or down.
    pub fn finish(self) -> (Vec<Share>, Vec<i64>) {
        (self.shares, self.held)
    }

    fn node(&self, group: u32) -> u32 {
        self.first + group
    }

    /// Splits until every part is settled, beginning with the nodes that limit the tier's total.
    pub fn run(&mut self, nodes: Vec<u32>) -> Result<(), Cancelled> {
        let groups = self.groups_among(&nodes);
        let mut parts = vec![Part { nodes, groups }];
        while let Some(part) = parts.pop() {
            if part.groups.len() < 2 {
                for &r in &part.groups {
                    self.shares[r as usize] = self.slots[r as usize].share(self.held[r as usize]);
                }
                continue;
            }
            let slots: Vec<Slot> = part.groups.iter().map(|r| self.slots[*r as usize]).collect();
            let total = part.groups.iter().map(|r| self.held[*r as usize]).sum();
            let share = common(&slots, total);
            let targets: Vec<Target> = slots.iter().map(|slot| slot.target(share)).collect();
            if self.reach(&part, &targets, share.denominator)? {
                for (&r, slot) in part.groups.iter().zip(&slots) {
                    self.shares[r as usize] = slot.own(share);
                }
                self.flow.search.leave(&part.nodes);
            } else {
                let (inner, outer) = self.divide(part)?;
                self.flow.search.leave(&inner.nodes);
                self.flow.search.leave(&outer.nodes);
                parts.extend([inner, outer]);
            }
        }
        Ok(())
    }

    fn groups_among(&self, nodes: &[u32]) -> Vec<u32> {
        let last = self.first + u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        nodes.iter().filter(|v| (self.first..last).contains(v)).map(|v| v - self.first).collect()
    }

    /// Moves whole units between the groups of a part: each gives what it holds above `most` and takes
    /// what it lacks up to `least`.
    fn level(&mut self, part: &Part, most: &[i64], least: &[i64]) -> Result<(), Cancelled> {
        let (mut givers, mut takers) = (Vec::new(), Vec::new());
        for ((&r, &most), &least) in part.groups.iter().zip(most).zip(least) {
            let (v, held) = (self.node(r), self.held[r as usize]);
            if held > most {
                self.flow.carried.has[v as usize] = held - most;
                givers.push(v);
            } else if held < least {
                self.flow.carried.wants[v as usize] = least - held;
                takers.push(v);
            }
        }
        if !givers.is_empty() && !takers.is_empty() {
            self.flow.search.move_all(
                self.flow.graph,
                self.flow.carried,
                &part.nodes,
                (&givers, &takers),
                self.cancel,
            )?;
        }
        for ((&r, &most), &least) in part.groups.iter().zip(most).zip(least) {
            let v = self.node(r) as usize;
            let held = &mut self.held[r as usize];
            if *held > most {
                *held = most + std::mem::take(&mut self.flow.carried.has[v]);
            } else if *held < least {
                *held = least - std::mem::take(&mut self.flow.carried.wants[v]);
            }
        }
        Ok(())
    }

    /// Whether all groups of a part can have their targets; if so each holds its target, rounded. If not,
    /// the last search has met the smallest cut that lets in least against the targets.
    fn reach(&mut self, part: &Part, targets: &[Target], denominator: i64) -> Result<bool, Cancelled> {
        let whole: Vec<i64> = targets.iter().map(|target| target.whole).collect();
        self.level(part, &whole, &whole)?;
        let (mut above, mut below) = (Vec::new(), Vec::new());
        for (&r, target) in part.groups.iter().zip(targets) {
            let held = self.held[r as usize];
            if held > target.whole {
                above.push(self.node(r));
            } else if held < target.ceiling() {
                below.push(self.node(r));
            }
        }
        // Sums are alike: nobody is below if nobody is above.
        if above.is_empty() {
            return Ok(true);
        }
        // A cut around all that are below, with none inside that is above, is what fractions would find.
        let mark = |list: &[u32], amounts: &mut [i64], units| list.iter().for_each(|v| amounts[*v as usize] = units);
        mark(&above, &mut self.flow.carried.has, 1);
        mark(&below, &mut self.flow.carried.wants, 1);
        let movable = self.flow.search.measure(self.flow.graph, self.flow.carried, &part.nodes, &below);
        mark(&above, &mut self.flow.carried.has, 0);
        mark(&below, &mut self.flow.carried.wants, 0);
        if !movable {
            return Ok(false);
        }
        let ends = (above.as_slice(), below.as_slice());
        // Whole units have moved as far as they can, so that less than one per group is left to move.
        let reach = i64::try_from(part.groups.len()).unwrap_or(i64::MAX) + 1;
        let fits = i128::from(reach) * i128::from(denominator) < i128::from(i64::MAX / 4);
        let reached = if fits {
            let mut fine = self.flow.finer.fine.take().unwrap_or_else(|| Carried::empty(self.flow.graph));
            let reached = self.reach_in_parts(part, targets, denominator, reach, ends, &mut fine);
            self.flow.finer.fine = Some(fine);
            reached?
        } else {
            let mut finest = self.flow.finer.finest.take().unwrap_or_else(|| Carried::empty(self.flow.graph));
            let reached = self.reach_in_parts(part, targets, i128::from(denominator), reach, ends, &mut finest);
            self.flow.finer.finest = Some(finest);
            reached?
        };
        if reached {
            let ceilings: Vec<i64> = targets.iter().map(|target| target.ceiling()).collect();
            self.level(part, &ceilings, &ceilings)?;
        }
        Ok(reached)
    }

    /// Whether the targets can be had when units are split into `denominator` parts each.
    ///
    /// The whole flow stays; `fine` is overwritten. Amounts above `reach` units are as good as none.
    fn reach_in_parts<T: Amount + std::ops::Mul<Output = T>>(
        &mut self,
        part: &Part,
        targets: &[Target],
        denominator: T,
        reach: i64,
        (above, below): (&[u32], &[u32]),
        fine: &mut Carried<T>,
    ) -> Result<bool, Cancelled> {
        for &v in &part.nodes {
            for arc in self.flow.graph.out(v) {
                let (flow, limit) = (self.flow.carried.flow(arc), self.flow.carried.limit[arc]);
                let room = T::from((limit - flow).min(reach)) * denominator;
                let flow = T::from(flow.min(reach)) * denominator;
                fine.put(arc, flow);
                fine.limit[arc] = flow;
                fine.limit[arc] += room;
            }
            fine.has[v as usize] = T::from(0);
            fine.wants[v as usize] = T::from(0);
        }
        for (&r, target) in part.groups.iter().zip(targets) {
            let v = self.node(r) as usize;
            let (held, parts) = (self.held[r as usize], T::from(target.parts));
            if held > target.whole {
                fine.has[v] = T::from((held - target.whole).min(reach)) * denominator - parts;
            } else if held < target.ceiling() {
                fine.wants[v] = T::from((target.whole - held).min(reach)) * denominator;
                fine.wants[v] += parts;
            }
        }
        self.flow.search.move_all(self.flow.graph, fine, &part.nodes, (above, below), self.cancel)?;
        Ok(below.iter().all(|v| fine.wants[*v as usize] == T::from(0)))
    }

    /// Divides a part at the cut that the last search met: those inside can have no more than the cut
    /// lets in, those outside no more than the rest, and both have just that afterwards.
    fn divide(&mut self, part: Part) -> Result<(Part, Part), Cancelled> {
        let search = &*self.flow.search;
        let (inside, outside): (Vec<u32>, Vec<u32>) = part.nodes.iter().copied().partition(|v| search.met(*v));
        let first = self.first;
        let is_inside = |r: &u32| search.met(first + r);
        let inner: Vec<bool> = part.groups.iter().map(is_inside).collect();
        // Fractions that were moved for the cut have left no trace: the few whole units that make the cut
        // tight in the whole flow too are moved now.
        let asked = |r: &u32| self.slots[*r as usize].open;
        let most: Vec<i64> =
            part.groups.iter().zip(&inner).map(|(r, &inner)| if inner { asked(r) } else { 0 }).collect();
        self.level(&part, &most, &most)?;
        let (groups, others) = (self.groups_among(&inside), self.groups_among(&outside));
        Ok((Part { nodes: inside, groups }, Part { nodes: outside, groups: others }))
    }
}
