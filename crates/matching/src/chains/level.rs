//! The offers that can be part of a chain of so many units, and floors of what chains cost.

use std::ops::Range;

use super::{
    Role,
    shelves::{Hop, Row, Shelf, Shelves, Stages},
    stairs::{self, Corner, FREE, Floor, Stairs},
};

/// An offer that can be part of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live {
    pub row: Row,
    /// Its own cost on the scale of floors.
    pub floor: i64,
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
    /// By place of the parent, floors of the goods there, as they are added up and as stairs.
    floors: Vec<Floor>,
    there: Vec<Stairs>,
    /// By own place, the last day that goods there can be of use; below 0 where there is none.
    pub latest: Vec<i32>,
    /// By place of the parent, the last day that goods can be of use there.
    wanted: Vec<i32>,
}

/// All stages.
pub(super) struct Level<'a> {
    pub shelves: &'a Shelves,
    /// The fewest units that a chain may have.
    pub low: i64,
    /// Chains of so many units, if it is not all that is asked, were looked at: more units than these are as good as
    /// these.
    pub high: i64,
    /// Stages that are missing: something at the parent's own place stands for each.
    pub missing: Stages,
    pub tiers: Vec<Tier>,
    stairs: Vec<Stairs>,
}

impl<'a> Level<'a> {
    /// Nothing can be part of a chain until the level is lowered to what is asked.
    pub(super) fn new(shelves: &'a Shelves, missing: Stages) -> Self {
        let tier = |shelf: &Shelf| {
            let above = shelf.parent.map_or(1, |parent| shelves.stages[parent].places.len());
            let places = shelf.places.len();
            Tier {
                here: vec![Stairs::new(); places],
                floors: vec![Floor::new(); above],
                there: vec![Stairs::new(); above],
                latest: vec![-1; places],
                wanted: vec![-1; above],
                ..Tier::default()
            }
        };
        let tiers = shelves.stages.iter().map(tier).collect();
        Self { shelves, low: shelves.cap, high: shelves.cap, missing, tiers, stairs: Vec::new() }
    }

    /// Lets chains of fewer units in. Whatever could be part of a chain still can, no later and for no less, so that
    /// only what is new is added.
    pub(super) fn lower(&mut self, low: i64) {
        (self.low, self.high) = (low, self.low);
        self.stairs.clear();
        for stage in 0..self.tiers.len() {
            self.reach(stage);
        }
        for stage in (0..self.tiers.len()).rev() {
            self.fill(stage);
        }
    }

    pub(super) fn whole(&self, live: &Live) -> &[Corner] {
        &self.stairs[live.whole as usize]
    }

    pub(super) fn before(&self, live: &Live) -> &[Corner] {
        &self.stairs[live.before as usize]
    }

    pub(super) fn is_missing(&self, stage: usize) -> bool {
        self.missing >> stage & 1 == 1
    }

    /// Whether chains of so many units were looked at before.
    pub(super) fn is_known(&self, units: i64) -> bool {
        units >= self.high && self.low < self.high
    }

    /// The last day that goods at each place of a stage can be of use, if all else is there as soon as can be.
    fn reach(&mut self, stage: usize) {
        let shelf = &self.shelves.stages[stage];
        let (above, own) = self.tiers.split_at_mut(stage);
        let Some(tier) = own.first_mut() else { return };
        for to in 0..tier.wanted.len() {
            let by = match shelf.parent {
                None => self.shelves.span,
                Some(parent) if self.missing >> parent & 1 == 1 => -1,
                Some(parent) => {
                    let (above, by) = (&self.shelves.stages[parent], above[parent].latest[to]);
                    let lacking = above.rows[above.at[to].clone()].iter().filter(|row| row.lacks >> stage & 1 == 1);
                    let able = lacking.filter(|row| above.by(row, by) >= self.low);
                    let lead = |row: &Row| if shelf.role == Role::Before { row.lead } else { 0 };
                    able.map(lead).min().map_or(-1, |lead| by - lead)
                }
            };
            if by > tier.wanted[to] {
                tier.wanted[to] = by;
                for (latest, hop) in tier.latest.iter_mut().zip(shelf.hops(to)) {
                    *latest = (*latest).max(by - hop.back);
                }
            }
        }
    }

    /// Keeps the offers of a stage that have the units in time and partners for all that they lack.
    fn fill(&mut self, stage: usize) {
        let (shelf, low) = (&self.shelves.stages[stage], self.low);
        let mut tier = std::mem::take(&mut self.tiers[stage]);
        if self.is_missing(stage) {
            let stairs = |stay: &Hop| vec![Corner { lead: shelf.usual + stay.days, cost: 0 }];
            tier.there = shelf.stays.iter().map(stairs).collect();
            self.tiers[stage] = tier;
            return;
        }
        tier.rows.clear();
        tier.at.clear();
        let mut added: Vec<(usize, Corner)> = Vec::new();
        let mut known: Vec<(Stages, Option<(u32, u32)>)> = Vec::new();
        for (place, rows) in shelf.at.iter().enumerate() {
            let (from, latest) = (tier.rows.len(), tier.latest[place]);
            let mut here = Vec::new();
            known.clear();
            for row in shelf.rows[rows.clone()].iter().filter(|row| shelf.by(row, latest) >= low) {
                let found = known.iter().find(|(lacks, _)| *lacks == row.lacks).map(|(_, found)| *found);
                let stairs = found.unwrap_or_else(|| {
                    let stairs = self.stairs_of(shelf, row.lacks, place);
                    known.push((row.lacks, stairs));
                    stairs
                });
                if let Some((whole, before)) = stairs {
                    let live = Live { row: *row, floor: self.shelves.floor(row.cost), whole, before };
                    let raised = |c: &Corner| Corner { lead: c.lead + row.lead, cost: c.cost + live.floor };
                    here.extend(self.whole(&live).iter().map(raised));
                    tier.rows.push(live);
                }
            }
            let here = stairs::pruned(here);
            let old = std::mem::replace(&mut tier.here[place], here);
            added.extend(tier.here[place].iter().filter(|c| !old.contains(c)).map(|c| (place, *c)));
            tier.at.push(from..tier.rows.len());
        }
        if shelf.parent.is_some() && !added.is_empty() {
            for (to, floor) in tier.floors.iter_mut().enumerate() {
                let hops = shelf.hops(to);
                for (place, corner) in &added {
                    let hop = &hops[*place];
                    floor.add(corner.lead + hop.days, corner.cost + hop.floor);
                }
                tier.there[to] = floor.stairs();
            }
        }
        self.tiers[stage] = tier;
    }

    /// Stairs of all that is lacked at a place, and of what is needed before; none where a stage cannot be had.
    fn stairs_of(&mut self, shelf: &Shelf, lacks: Stages, place: usize) -> Option<(u32, u32)> {
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
        let at = u32::try_from(self.stairs.len()).ok()?;
        self.stairs.extend([whole, before]);
        Some((at, at + 1))
    }
}

/// The numbers of the stages among the bits, smallest first.
pub(super) fn stages(bits: Stages) -> impl DoubleEndedIterator<Item = usize> {
    (0..Stages::BITS as usize).filter(move |stage| bits >> stage & 1 == 1)
}
