//! The offers that can be part of a chain of so many units, and floors of what chains cost.

use std::ops::Range;

use super::{
    Role,
    shelves::{Row, Shelf, Shelves, Stages},
    stairs::{self, Corner, FREE, Floor, Stairs},
};

/// An offer that can be part of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live {
    pub row: Row,
    /// Where the floors of all that it lacks are.
    whole: u32,
    /// Where those of what it needs before it are.
    before: u32,
}

/// A stage.
#[derive(Default)]
pub(super) struct Tier {
    /// Place by place.
    pub rows: Vec<Live>,
    /// The rows of each place.
    pub at: Vec<Range<usize>>,
    /// By own place, floors of the goods there.
    pub here: Vec<Stairs>,
    /// By place of the parent, floors of the goods there.
    pub there: Vec<Stairs>,
    /// By own place, the last day that goods there can be of use; below 0 where there is none.
    pub latest: Vec<i32>,
}

/// All stages.
pub(super) struct Level<'a> {
    pub shelves: &'a Shelves,
    /// The fewest units that a chain may have.
    pub low: i64,
    /// Stages that are missing: something at the parent's own place stands for each.
    pub missing: Stages,
    pub tiers: Vec<Tier>,
    floors: Vec<Stairs>,
}

impl<'a> Level<'a> {
    pub(super) fn new(shelves: &'a Shelves, low: i64, missing: Stages) -> Self {
        let mut level = Self { shelves, low, missing, tiers: Vec::new(), floors: Vec::new() };
        for stage in 0..shelves.stages.len() {
            let latest = level.latest(stage);
            level.tiers.push(Tier { latest, ..Tier::default() });
        }
        for stage in (0..shelves.stages.len()).rev() {
            level.fill(stage);
        }
        level
    }

    pub(super) fn whole(&self, live: &Live) -> &[Corner] {
        &self.floors[live.whole as usize]
    }

    pub(super) fn before(&self, live: &Live) -> &[Corner] {
        &self.floors[live.before as usize]
    }

    pub(super) fn is_missing(&self, stage: usize) -> bool {
        self.missing >> stage & 1 == 1
    }

    /// The last day that goods at each place of a stage can be of use, if all else is there as soon as can be.
    fn latest(&self, stage: usize) -> Vec<i32> {
        let shelf = &self.shelves.stages[stage];
        let mut latest = vec![-1; shelf.places.len()];
        let mut reach = |to: usize, by: i32| {
            for (latest, hop) in latest.iter_mut().zip(shelf.hops(to)) {
                *latest = (*latest).max(by - hop.back);
            }
        };
        let Some(parent) = shelf.parent else {
            reach(0, self.shelves.span);
            return latest;
        };
        if self.is_missing(parent) {
            return latest;
        }
        let above = &self.shelves.stages[parent];
        for (to, rows) in above.at.iter().enumerate() {
            let by = self.tiers[parent].latest[to];
            let lacking = above.rows[rows.clone()].iter().filter(|row| row.lacks >> stage & 1 == 1);
            let able = lacking.filter(|row| above.by(row, by) >= self.low);
            let lead = |row: &Row| if shelf.role == Role::Before { row.lead } else { 0 };
            if let Some(lead) = able.map(lead).min().filter(|lead| *lead <= by) {
                reach(to, by - lead);
            }
        }
        latest
    }

    /// Keeps the offers of a stage that have the units in time and partners for all that they lack.
    fn fill(&mut self, stage: usize) {
        let (shelf, low) = (&self.shelves.stages[stage], self.low);
        let above = shelf.parent.map_or(1, |parent| self.shelves.stages[parent].places.len());
        if self.is_missing(stage) {
            self.tiers[stage].there = vec![vec![Corner { lead: shelf.usual, cost: 0 }]; above];
            return;
        }
        let mut tier = std::mem::take(&mut self.tiers[stage]);
        let mut known: Vec<(Stages, Option<(u32, u32)>)> = Vec::new();
        for (place, rows) in shelf.at.iter().enumerate() {
            let (from, latest) = (tier.rows.len(), tier.latest[place]);
            let mut here = Vec::new();
            known.clear();
            for row in shelf.rows[rows.clone()].iter().filter(|row| shelf.by(row, latest) >= low) {
                let found = known.iter().find(|(lacks, _)| *lacks == row.lacks).map(|(_, found)| *found);
                let floors = found.unwrap_or_else(|| {
                    let floors = self.floors_of(shelf, row.lacks, place);
                    known.push((row.lacks, floors));
                    floors
                });
                if let Some((whole, before)) = floors {
                    let live = Live { row: *row, whole, before };
                    let raised = |c: &Corner| Corner { lead: c.lead + row.lead, cost: c.cost + row.cost };
                    here.extend(self.whole(&live).iter().map(raised));
                    tier.rows.push(live);
                }
            }
            tier.here.push(stairs::pruned(here));
            tier.at.push(from..tier.rows.len());
        }
        let wanted = |to: &usize| shelf.parent.is_none_or(|parent| self.tiers[parent].latest[*to] >= 0);
        tier.there = (0..above).map(|to| if wanted(&to) { there(shelf, &tier, to) } else { Vec::new() }).collect();
        self.tiers[stage] = tier;
    }

    /// Floors of all that is lacked at a place, and of what is needed before; none where a stage cannot be had.
    fn floors_of(&mut self, shelf: &Shelf, lacks: Stages, place: usize) -> Option<(u32, u32)> {
        let joined = |lacked: Stages, join: fn(&[Corner], &[Corner]) -> Stairs| {
            stages(lacked).fold(vec![FREE], |all, child| join(&all, &self.tiers[child].there[place]))
        };
        let before = joined(lacks & shelf.before, stairs::side_by_side);
        let after = joined(lacks & shelf.after, stairs::one_by_one);
        let whole = match shelf.role {
            Role::Before => stairs::one_by_one(&before, &after),
            // A service adds only what it takes once the goods are there.
            Role::After => {
                let least = before.last().map(|last| Corner { lead: 0, cost: last.cost });
                stairs::one_by_one(least.as_slice(), &after)
            }
        };
        if whole.is_empty() {
            return None;
        }
        let at = u32::try_from(self.floors.len()).ok()?;
        self.floors.extend([whole, before]);
        Some((at, at + 1))
    }
}

/// Floors at a place of the parent.
fn there(shelf: &Shelf, tier: &Tier, to: usize) -> Stairs {
    let mut floor = Floor::new();
    for (here, hop) in tier.here.iter().zip(shelf.hops(to)) {
        let cost = i128::from(hop.cost) * shelf.weight;
        for corner in here {
            floor.add(corner.lead + hop.there + hop.back, corner.cost + cost);
        }
    }
    floor.stairs()
}

/// The numbers of the stages among the bits, smallest first.
pub(super) fn stages(bits: Stages) -> impl DoubleEndedIterator<Item = usize> {
    (0..Stages::BITS as usize).filter(move |stage| bits >> stage & 1 == 1)
}
