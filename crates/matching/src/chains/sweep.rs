//! The search itself, for chains of at least so many units.

use std::{collections::HashMap, rc::Rc};

use super::{
    Role,
    front::{Best, Front, Keep, Label, MISSING, Parts},
    level::{Level, Live, Tier},
    shelves::{Hop, Shelf, Shelves, Stages},
};

/// How many times fewer units the next level looks at.
const STEP: i64 = 8;

/// The best chains of all, in the order of the answer: at least `top` of them, if there are so many.
pub(super) fn chains(shelves: &Shelves, level: &mut Level<'_>, top: usize) -> Vec<Label> {
    let mut front = Front::default();
    for low in lows(shelves) {
        level.lower(low);
        Sweep::new(level).roots(&mut front);
        // Fewer units come later, and beat none of these.
        if front.labels.len() >= top.max(1) {
            break;
        }
    }
    front.labels.sort_unstable_by_key(|label| (-label.units, label.lead, label.cost));
    front.labels
}

/// The fewest units of each level, from what is asked down to the least that counts.
pub(super) fn lows(shelves: &Shelves) -> Vec<i64> {
    let mut lows = vec![shelves.cap];
    let mut low = shelves.cap;
    while low > shelves.least {
        low = (low / STEP).max(shelves.least);
        lows.push(low);
    }
    lows
}

/// Labels of a stage, or of several, at a place by a day.
type Known = Rc<[Label]>;

/// A search at one level.
pub(super) struct Sweep<'a> {
    level: &'a Level<'a>,
    nothing: Known,
    /// By stage, place of the parent and day.
    arrivals: HashMap<(usize, usize, i32), Known>,
    /// By stages that are lacked together, place and day.
    together: HashMap<(Stages, usize, i32), Known>,
    /// By stage and place of the parent: places, the cheapest first.
    order: HashMap<(usize, usize), Rc<[usize]>>,
    /// The most legs of a label of each stage.
    room: Vec<u32>,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(level: &'a Level<'a>) -> Self {
        let shelves = level.shelves;
        let mut room: Vec<u32> = Vec::with_capacity(shelves.stages.len());
        for shelf in &shelves.stages {
            room.push(shelf.parent.map_or(shelves.most_legs, |parent| room[parent].saturating_sub(1)));
        }
        let nothing = Rc::from([Label::nothing(level.high)]);
        Self { level, nothing, arrivals: HashMap::new(), together: HashMap::new(), order: HashMap::new(), room }
    }

    /// Looks at the chains of all offers of the root.
    pub(super) fn roots(&mut self, keep: &mut impl Keep) {
        let level = self.level;
        let (shelf, tier) = (&level.shelves.stages[0], &level.tiers[0]);
        let mut rows: Vec<(i64, usize, usize)> = Vec::with_capacity(tier.rows.len());
        for (place, hop) in shelf.hops(0).iter().enumerate() {
            for at in tier.at[place].clone() {
                let live = &tier.rows[at];
                let least = level.whole(live).last().map_or(0, |last| last.cost);
                rows.push((hop.floor + live.floor + least, at, place));
            }
        }
        rows.sort_unstable();
        for (_, at, place) in rows {
            self.expand(0, place, &tier.rows[at], &shelf.hops(0)[place], level.shelves.span, keep);
        }
    }

    /// Looks at the chains of the offers of the root at one place.
    pub(super) fn root(&mut self, place: usize, keep: &mut impl Keep) {
        let level = self.level;
        let (tier, hop) = (&level.tiers[0], &level.shelves.stages[0].hops(0)[place]);
        for live in &tier.rows[tier.at[place].clone()] {
            self.expand(0, place, live, hop, level.shelves.span, keep);
        }
    }

    /// What can be at a place of the parent by a day.
    fn arrivals(&mut self, stage: usize, to: usize, by: i32) -> Known {
        if let Some(known) = self.arrivals.get(&(stage, to, by)) {
            return Rc::clone(known);
        }
        let level = self.level;
        let shelf = &level.shelves.stages[stage];
        let mut parts = Parts::new(level.shelves.limited);
        if level.is_missing(stage) {
            let stay = &shelf.stays[to];
            if by - stay.back >= shelf.usual {
                let lead = shelf.usual + stay.days;
                let mut label = Label { lead, ready: lead, legs: 1, ..self.nothing[0] };
                label.chosen[stage] = MISSING;
                parts.offer(label);
            }
        } else {
            let tier = &level.tiers[stage];
            for &place in self.order(stage, to).iter() {
                let hop = &shelf.hops(to)[place];
                if by >= hop.back && !self.all_hopeless(shelf, tier, place, hop, &parts) {
                    for live in &tier.rows[tier.at[place].clone()] {
                        self.expand(stage, place, live, hop, by, &mut parts);
                    }
                }
            }
        }
        let known: Known = parts.labels.into();
        self.arrivals.insert((stage, to, by), Rc::clone(&known));
        known
    }

    /// Places of a stage by the least that goods from there cost at a place of the parent.
    fn order(&mut self, stage: usize, to: usize) -> Rc<[usize]> {
        if let Some(known) = self.order.get(&(stage, to)) {
            return Rc::clone(known);
        }
        let (shelf, tier) = (&self.level.shelves.stages[stage], &self.level.tiers[stage]);
        let hops = shelf.hops(to).iter().enumerate();
        let costs = hops.filter_map(|(place, hop)| Some((hop.floor + tier.here[place].last()?.cost, place)));
        let mut order: Vec<(i64, usize)> = costs.collect();
        order.sort_unstable();
        let order: Rc<[usize]> = order.into_iter().map(|(_, place)| place).collect();
        self.order.insert((stage, to), Rc::clone(&order));
        order
    }

    fn all_hopeless(&self, shelf: &Shelf, tier: &Tier, place: usize, hop: &Hop, parts: &Parts) -> bool {
        let shelves = self.level.shelves;
        let way = shelf.cost(hop);
        tier.here[place].iter().all(|c| {
            let (lead, cost) = (c.lead + hop.days, shelves.cost(c.cost) + way);
            parts.hopeless(&Best { units: self.level.high, lead, cost, legs: 1 })
        })
    }

    /// What can be at a place by a day of several stages that are lacked there.
    fn together(&mut self, lacked: Stages, role: Role, at: usize, by: i32) -> Known {
        if lacked == 0 {
            return Rc::clone(&self.nothing);
        }
        if lacked.is_power_of_two() {
            return self.arrivals(lacked.trailing_zeros() as usize, at, by);
        }
        if let Some(known) = self.together.get(&(lacked, at, by)) {
            return Rc::clone(known);
        }
        // The last service is the first whose day is known.
        let last = (Stages::BITS - 1 - lacked.leading_zeros()) as usize;
        let others = lacked & !(1 << last);
        let limited = self.level.shelves.limited;
        let mut parts = Parts::new(limited);
        let later = self.arrivals(last, at, by);
        for late in later.iter() {
            let by = match role {
                Role::Before => by,
                Role::After => by - late.lead,
            };
            if by < 0 {
                continue;
            }
            for early in self.together(others, role, at, by).iter() {
                let (lead, ready) = match role {
                    Role::Before => (early.lead.max(late.lead), early.lead.max(late.lead)),
                    Role::After => (early.lead + late.lead, late.ready.max(early.ready + late.lead)),
                };
                let legs = early.legs + late.legs;
                if legs <= self.level.shelves.most_legs {
                    let (units, cost) = (early.units.min(late.units), early.cost + late.cost);
                    parts.offer(Label { units, lead, ready, cost, legs, chosen: early.both(late) });
                }
            }
        }
        let known: Known = parts.labels.into();
        self.together.insert((lacked, at, by), Rc::clone(&known));
        known
    }

    /// Looks at all that one offer can be part of, with its goods at the parent's by a day.
    fn expand(&mut self, stage: usize, place: usize, live: &Live, hop: &Hop, by: i32, keep: &mut impl Keep) {
        let level = self.level;
        let shelf = &level.shelves.stages[stage];
        let (row, here) = (&live.row, by - hop.back);
        let units = if here < 0 { 0 } else { shelf.by(row, here).min(level.high) };
        if units < level.low {
            return;
        }
        let cost = row.cost + shelf.cost(hop);
        let ways = hop.days;
        let all = level.whole(live).iter().all(|c| {
            let (lead, cost) = (c.lead + row.lead + ways, level.shelves.cost(c.cost) + cost);
            keep.hopeless(&Best { units, lead, cost, legs: 1 + row.lacks.count_ones() })
        });
        if all {
            return;
        }
        let lacked = (row.lacks & shelf.before, row.lacks & shelf.after);
        for after in self.together(lacked.1, Role::After, place, here).iter() {
            let cut_off = here - after.lead;
            let start = if lacked.0 == 0 { 0 } else { cut_off - row.lead };
            let units = if cut_off < 0 { 0 } else { shelf.by(row, cut_off).min(after.units) };
            if units < level.low || start < 0 {
                continue;
            }
            let (cost, legs) = (cost + after.cost, 1 + after.legs);
            let lead = row.lead + after.lead + ways;
            if lacked.0 != 0 && self.before_hopeless(shelf, live, &Best { units, lead, cost, legs }, keep) {
                continue;
            }
            for before in self.together(lacked.0, Role::Before, place, start).iter() {
                let legs = legs + before.legs;
                if legs > self.room[stage] {
                    continue;
                }
                let done = after.ready.max(before.lead + row.lead + after.lead) + hop.back;
                let (lead, ready) = match shelf.role {
                    Role::Before => (done, done),
                    Role::After => (lead, done.max(lead)),
                };
                let mut chosen = after.both(before);
                chosen[stage] = row.rank;
                let units = units.min(before.units);
                if stage == 0 && level.is_known(units) {
                    continue;
                }
                keep.offer(Label { units, lead, ready, cost: cost + before.cost, legs, chosen });
            }
        }
    }

    /// Whether nothing can be kept with these services, whatever comes before.
    fn before_hopeless(&self, shelf: &Shelf, live: &Live, with: &Best, keep: &impl Keep) -> bool {
        let legs = with.legs + (live.row.lacks & shelf.before).count_ones();
        self.level.before(live).iter().all(|c| {
            let lead = match shelf.role {
                Role::Before => c.lead + with.lead,
                Role::After => with.lead,
            };
            let cost = self.level.shelves.cost(c.cost) + with.cost;
            keep.hopeless(&Best { units: with.units, lead, cost, legs })
        })
    }
}
