//! Few deliveries, whole needs: a plan of what each pair should carry, which the flow then follows.
//!
//! A price per delivery makes choosing suppliers a fixed-charge problem, which is NP-hard. The plan is a
//! heuristic: of all deliveries that are still possible it always takes the one that is cheapest per
//! unit, with the price of a delivery spread over its units, so goods go where they fit best. Then each
//! offer in turn lifts its goods and places them anew where that is better. No proof is claimed for it: the
//! flow that takes the plan as its estimate stays exact on every level before, and the gap of this one is
//! reported.
//!
//! The sum to be small, see [`value`]: cost of the units, a price for each delivery, and for each
//! instalment begun and left open, as much of the price of [`PART`] deliveries as its share left open.
//! Without the last, the fewest deliveries are those that each give all goods to somebody who asked for
//! more, and hardly any need is ever covered whole.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

#[cfg(test)]
mod tests;

/// Deliveries that an instalment begun and left wholly open would be worth.
///
/// Chosen on the public exchange of 2020 (see `bench/RESULTS.md`): from 20 to 60 the figures differ
/// by a few per cent; at 0, half of those who get anything get less than half of what they asked for.
pub(crate) const PART: i64 = 30;

/// Times an offer's goods are placed anew at most; the second time rarely changes anything.
const ROUNDS: usize = 2;

/// Bits after the point in prices per unit.
const FINE: u32 = 10;

/// Bits after the point in the price of an open unit.
const FINER: u32 = 20;

/// A pair that may carry something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    /// Place of the offer.
    pub offer: u32,
    /// Place of the slot.
    pub slot: u32,
    /// Place of the cut-off among those of the offer.
    pub cutoff: u32,
    /// Points per unit, not negative.
    pub cost: i64,
}

/// An instalment that asks for units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Its whole quantity, what is held or agreed included.
    pub asked: i64,
    /// What it still asks for; at most what it asked for.
    pub open: i64,
    /// Its tier; lower ones are served first.
    pub tier: u8,
}

/// What deliveries can be chosen from, in units and points.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    /// The pairs. Equal plans are told apart by their order, so it must not come from the input's.
    pub ways: Vec<Way>,
    /// Per offer and cut-off, what exists by then and is not promised. Deliveries of a cut-off draw on it
    /// and on that of every later one.
    pub rooms: Vec<Vec<i64>>,
    /// The instalments.
    pub slots: Vec<Wanted>,
    /// Points per delivery, up to 2^30.
    pub delivery: i64,
}

impl Choice {
    fn standings(&self) -> Vec<Standing> {
        let price = |slot: &Wanted| ((self.delivery * PART) << FINER) / slot.asked.max(1);
        self.slots.iter().map(|slot| Standing { wanted: *slot, open_price: price(slot) }).collect()
    }
}

/// An instalment as far as it is served.
#[derive(Debug, Clone, Copy)]
struct Standing {
    wanted: Wanted,
    /// Points per open unit once it is begun, shifted by [`FINER`].
    open_price: i64,
}

impl Standing {
    fn is_begun(&self) -> bool {
        self.wanted.open < self.wanted.asked
    }

    /// Points for what it lacks when so many units are open: none before it is begun.
    fn left_open(&self, open: i64) -> i64 {
        if open >= self.wanted.asked { 0 } else { (open * self.open_price) >> FINER }
    }
}

/// Points per unit that the feed of a slot costs where the plan covers the slot whole.
pub(crate) fn open_unit_points(choice: &Choice, slot: usize) -> i64 {
    (choice.delivery * PART).unsigned_abs().div_ceil(choice.slots[slot].asked.max(1).unsigned_abs()).cast_signed()
}

/// The sum that few deliveries and whole needs make small: cost, price of deliveries, open shares.
pub(crate) fn value(choice: &Choice, plan: &[i64]) -> i128 {
    let mut slots = choice.standings();
    let mut sum = 0;
    for (way, units) in choice.ways.iter().zip(plan).filter(|(_, units)| **units > 0) {
        sum += i128::from(way.cost) * i128::from(*units) + i128::from(choice.delivery);
        slots[way.slot as usize].wanted.open -= units;
    }
    sum + slots.iter().map(|slot| i128::from(slot.left_open(slot.wanted.open))).sum::<i128>()
}

/// What each way should carry, within the rooms and the open quantities; the same for the same choice.
///
/// First always the delivery that is cheapest per unit, lower tiers before all others; then as [`improve`].
pub(crate) fn best_fit(choice: &Choice) -> Vec<i64> {
    let mut state = State::new(choice);
    let mut plan = vec![0; choice.ways.len()];
    state.fill(&mut plan);
    state.improve(&mut plan);
    plan
}

/// Lets each offer in turn lift its goods and place them anew, kept where [`value`] falls and no tier gets
/// fewer units, or where a tier gets more and none before it fewer. Returns whether anything changed.
///
/// The plan must be within the rooms and the open quantities.
pub(crate) fn improve(choice: &Choice, plan: &mut [i64]) -> bool {
    let mut state = State::new(choice);
    for (way, units) in choice.ways.iter().zip(plan.iter()).filter(|(_, units)| **units > 0) {
        state.take(way, *units);
    }
    state.improve(plan)
}

/// A delivery that an offer could make; the least is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Delivery {
    tier: u8,
    /// Points per unit, shifted by [`FINE`].
    price: i64,
    units: Reverse<i64>,
    way: u32,
}

/// A choice with part of it made.
struct State<'c> {
    choice: &'c Choice,
    /// Ways with their places, grouped by offer.
    of_offer: Vec<(Way, u32)>,
    /// Where each offer's group begins; one more at the end.
    starts: Vec<usize>,
    rooms: Vec<Vec<i64>>,
    /// Per offer and cut-off, the least room from there on.
    carry: Vec<Vec<i64>>,
    slots: Vec<Standing>,
}

impl<'c> State<'c> {
    fn new(choice: &'c Choice) -> Self {
        let mut starts = vec![0; choice.rooms.len() + 1];
        choice.ways.iter().for_each(|way| starts[way.offer as usize + 1] += 1);
        for offer in 1..starts.len() {
            starts[offer] += starts[offer - 1];
        }
        let mut ends = starts.clone();
        let mut of_offer: Vec<(Way, u32)> = choice.ways.iter().copied().zip(0..).collect();
        for (place, way) in (0..).zip(&choice.ways) {
            let end = &mut ends[way.offer as usize];
            of_offer[*end] = (*way, place);
            *end += 1;
        }
        let (rooms, slots) = (choice.rooms.clone(), choice.standings());
        let mut state = Self { choice, of_offer, starts, carry: rooms.clone(), rooms, slots };
        (0..choice.rooms.len()).for_each(|offer| state.settle_carry(offer));
        state
    }

    /// Makes deliveries until none is possible, always the one that is cheapest per unit.
    fn fill(&mut self, plan: &mut [i64]) {
        let offers = 0..self.rooms.len();
        let mut next: BinaryHeap<Reverse<Delivery>> =
            offers.filter_map(|offer| self.best(offer)).map(Reverse).collect();
        while let Some(Reverse(delivery)) = next.pop() {
            let way = self.choice.ways[delivery.way as usize];
            // Others may have taken from the slot meanwhile: then the offer looks again and waits its turn.
            if self.price(&way, delivery.way) == Some(delivery) {
                plan[delivery.way as usize] += delivery.units.0;
                self.take(&way, delivery.units.0);
            }
            next.extend(self.best(way.offer as usize).map(Reverse));
        }
    }

    /// See [`improve`].
    fn improve(&mut self, plan: &mut [i64]) -> bool {
        let mut changed = false;
        for _ in 0..ROUNDS {
            let mut again = false;
            for offer in 0..self.rooms.len() {
                again |= self.place_anew(offer, plan);
            }
            changed |= again;
            if !again {
                break;
            }
        }
        changed
    }

    fn settle_carry(&mut self, offer: usize) {
        let mut least = i64::MAX;
        for (carry, room) in self.carry[offer].iter_mut().zip(&self.rooms[offer]).rev() {
            least = least.min(*room);
            *carry = least.max(0);
        }
    }

    /// Carries units; a negative number takes them back.
    fn take(&mut self, way: &Way, units: i64) {
        let offer = way.offer as usize;
        self.rooms[offer].iter_mut().skip(way.cutoff as usize).for_each(|room| *room -= units);
        self.settle_carry(offer);
        self.slots[way.slot as usize].wanted.open -= units;
    }

    /// Points besides cost of a delivery of so many units: its price, and what the open share changes by.
    fn extra(&self, way: &Way, units: i64) -> i64 {
        let slot = &self.slots[way.slot as usize];
        self.choice.delivery + slot.left_open(slot.wanted.open - units) - slot.left_open(slot.wanted.open)
    }

    fn units(&self, way: &Way) -> i64 {
        self.carry[way.offer as usize][way.cutoff as usize].min(self.slots[way.slot as usize].wanted.open)
    }

    /// The largest delivery over a way; `None` if it can carry nothing.
    fn price(&self, way: &Way, place: u32) -> Option<Delivery> {
        let units = self.units(way);
        (units > 0).then(|| Delivery {
            tier: self.slots[way.slot as usize].wanted.tier,
            price: (way.cost << FINE) + (self.extra(way, units) << FINE).div_euclid(units),
            units: Reverse(units),
            way: place,
        })
    }

    /// The best delivery that an offer can make.
    fn best(&self, offer: usize) -> Option<Delivery> {
        let most = self.carry[offer].last().copied().filter(|most| *most > 0)?;
        // No delivery of it to an instalment not yet begun costs less than this besides the points per unit.
        let least = (self.choice.delivery << FINE) / most;
        let mut best: Option<Delivery> = None;
        for (way, place) in &self.of_offer[self.starts[offer]..self.starts[offer + 1]] {
            let slot = &self.slots[way.slot as usize];
            if let Some(b) = &best {
                let room = b.price - (way.cost << FINE);
                if slot.wanted.tier > b.tier || (slot.wanted.tier == b.tier && !slot.is_begun() && room < least) {
                    continue;
                }
                // As the comparison of prices below, without the division.
                let units = self.units(way);
                if slot.wanted.tier == b.tier && self.extra(way, units) << FINE >= (room + 1).saturating_mul(units) {
                    continue;
                }
            }
            if let Some(delivery) = self.price(way, *place) {
                best = Some(best.map_or(delivery, |b| b.min(delivery)));
            }
        }
        best
    }

    /// Lifts an offer's goods and places them anew if that is better; whether it was.
    fn place_anew(&mut self, offer: usize, plan: &mut [i64]) -> bool {
        let group = self.starts[offer]..self.starts[offer + 1];
        let carried = |(way, place): &(Way, u32)| (*way, *place, plan[*place as usize]);
        let before: Vec<_> = self.of_offer[group].iter().map(carried).filter(|(_, _, units)| *units > 0).collect();
        let mut gains = Gains::default();
        for (way, _, units) in &before {
            self.take(way, -units);
            gains.count(self, way, -units);
        }
        let mut after = Vec::new();
        while let Some(Delivery { units: Reverse(units), way: place, .. }) = self.best(offer) {
            let way = self.choice.ways[place as usize];
            gains.count(self, &way, units);
            self.take(&way, units);
            after.push((way, place, units));
        }
        let better = gains.are_better();
        let (gone, kept) = if better { (&before, &after) } else { (&after, &before) };
        if better {
            gone.iter().for_each(|(_, place, _)| plan[*place as usize] = 0);
            kept.iter().for_each(|(_, place, units)| plan[*place as usize] += units);
        } else {
            gone.iter().for_each(|(way, _, units)| self.take(way, -units));
            kept.iter().for_each(|(way, _, units)| self.take(way, *units));
        }
        better
    }
}

/// What changing some deliveries does.
#[derive(Default)]
struct Gains {
    units: BTreeMap<u8, i64>,
    points: i128,
}

impl Gains {
    /// Counts a delivery that is about to be made, or one of as many units below zero that was just lifted.
    fn count(&mut self, state: &State<'_>, way: &Way, units: i64) {
        *self.units.entry(state.slots[way.slot as usize].wanted.tier).or_default() += units;
        let made = units.abs();
        let points = i128::from(way.cost) * i128::from(made) + i128::from(state.extra(way, made));
        self.points += if units < 0 { -points } else { points };
    }

    fn are_better(&self) -> bool {
        match self.units.values().find(|units| **units != 0) {
            Some(units) => *units > 0,
            None => self.points < 0,
        }
    }
}
