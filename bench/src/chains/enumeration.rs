//! Every chain of a market, one after the other: what the search is held against.
//!
//! It shares no code with the search, and reads the rules of [`matching::chains`] anew.

use domain::time::Day;
use matching::chains::{Asked, Offer, Role, Stage};

use super::market::Chains;

/// A chain of the best set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Best {
    /// Units of the root that are with the buyer in time, no more than asked.
    pub units: i64,
    /// Days from the order to the buyer, if nothing lies in stock.
    pub lead_days: i32,
    /// Parts of a point per unit of the root.
    pub cost: i128,
    /// Stages and the numbers of the offers that stand for them.
    pub legs: Vec<(usize, u32)>,
}

/// The best set by enumeration, in the order of the answer, and of how many chains.
pub fn best(market: &Chains, asked: &Asked) -> (Vec<Best>, u64) {
    let stages = market.recipe.stages();
    let mut all = Enumeration { market, stages, asked, chosen: Vec::new(), best: Vec::new(), chains: 0 };
    all.choose();
    let mut best = all.best;
    best.sort_by_key(|(one, _)| (-one.units, one.lead_days, one.cost));
    (best.into_iter().map(|(one, _)| one).take(asked.top).collect(), all.chains)
}

/// How many chains a market has, without writing them down.
pub fn count(market: &Chains) -> u128 {
    let stages = market.recipe.stages();
    let mut of_stage = vec![0_u128; stages.len()];
    for stage in (0..stages.len()).rev() {
        let lacked = |offer: &Offer| {
            (0..stages.len()).filter(|at| offer.lacks >> at & 1 == 1).map(|at| of_stage[at]).product::<u128>()
        };
        of_stage[stage] = market.offers[stage].iter().map(lacked).sum();
    }
    of_stage[0]
}

/// Fewest legs first, then by the tie keys in the order of the stages, a stage that nobody lacks last.
type Key = (usize, Vec<(bool, u128)>);

struct Enumeration<'a> {
    market: &'a Chains,
    stages: &'a [Stage],
    asked: &'a Asked,
    /// By stage, the offer that stands for it, if one is lacked.
    chosen: Vec<Option<&'a Offer>>,
    best: Vec<(Best, Key)>,
    chains: u64,
}

impl<'a> Enumeration<'a> {
    /// Each offer in turn for the next stage.
    fn choose(&mut self) {
        let market = self.market;
        let stage = self.chosen.len();
        let Some(own) = self.stages.get(stage) else {
            self.chains += 1;
            return self.keep();
        };
        let lacks = |(parent, _): (usize, Role)| self.chosen[parent].is_some_and(|above| above.lacks >> stage & 1 == 1);
        if !own.parent.is_none_or(lacks) {
            self.chosen.push(None);
            self.choose();
            self.chosen.pop();
            return;
        }
        for offer in &market.offers[stage] {
            self.chosen.push(Some(offer));
            self.choose();
            self.chosen.pop();
        }
    }

    /// Keeps the chain that was chosen, if no other is as good.
    fn keep(&mut self) {
        let Some(root) = self.chosen[0] else { return };
        let count = self.chosen.iter().flatten().count();
        let (asked, to) = (self.asked, self.asked.place);
        let units = self.units(0, root, to, asked.due).min(asked.units);
        if count > asked.most_legs || units < asked.least {
            return;
        }
        let way = i32::from(self.market.way(root.place, to).days);
        let lead_days = self.lead(0, root, 0) + way;
        let cost = self.cost();
        let of = |other: &Best| (-other.units, other.lead_days, other.cost);
        let own = (-units, lead_days, cost);
        let no_worse = |a: (i64, i32, i128), b: (i64, i32, i128)| a.0 <= b.0 && a.1 <= b.1 && a.2 <= b.2;
        if self.best.iter().any(|(other, _)| of(other) != own && no_worse(of(other), own)) {
            return;
        }
        let key = |offer: &Option<&Offer>| (offer.is_none(), offer.map_or(0, |offer| offer.tie));
        let key: Key = (count, self.chosen.iter().map(key).collect());
        if self.best.iter().any(|(other, first)| of(other) == own && *first <= key) {
            return;
        }
        self.best.retain(|(other, _)| !no_worse(own, of(other)));
        let legs = self.chosen.iter().enumerate().filter_map(|(stage, offer)| Some((stage, (*offer)?.id))).collect();
        self.best.push((Best { units, lead_days, cost, legs }, key));
    }

    /// What stands below a stage in a role, the first stage first.
    fn below(&self, stage: usize, role: Role) -> impl DoubleEndedIterator<Item = (usize, &'a Offer)> {
        let is = move |at: &usize| self.stages[*at].parent == Some((stage, role));
        (0..self.stages.len()).filter(is).filter_map(|at| Some((at, self.chosen[at]?)))
    }

    fn days(&self, from: u32, to: u32) -> i32 {
        self.market.way(from, to).days.into()
    }

    /// The units of the root that a stage and all below it support, if its goods are to be at a place by a day.
    fn units(&self, stage: usize, offer: &Offer, to: u32, by: Day) -> i64 {
        let mut ready = by.plus(-self.days(offer.place, to));
        let mut units = i64::MAX;
        for (at, service) in self.below(stage, Role::After).rev() {
            units = units.min(self.units(at, service, offer.place, ready));
            ready = ready.plus(-self.takes(at, service, offer.place));
        }
        for (at, input) in self.below(stage, Role::Before) {
            units = units.min(self.units(at, input, offer.place, ready.plus(-i32::from(offer.lead_days))));
        }
        let free = offer.free.iter().rev().find(|(day, _)| *day <= ready);
        let own = free.filter(|_| ready >= self.asked.today).map_or(0, |(_, units)| *units);
        units.min(self.supported(stage, own))
    }

    /// The days that goods of a place are away for a service.
    fn takes(&self, stage: usize, service: &Offer, from: u32) -> i32 {
        let further = self.below(stage, Role::After).map(|(at, next)| self.takes(at, next, service.place));
        self.days(from, service.place)
            + i32::from(service.lead_days)
            + further.sum::<i32>()
            + self.days(service.place, from)
    }

    /// Units of the root that so many of a stage make, rounded down at each stage.
    fn supported(&self, stage: usize, units: i64) -> i64 {
        let Stage { parent, units: takes, per, .. } = self.stages[stage];
        parent.map_or(units, |(parent, _)| self.supported(parent, units * per / takes))
    }

    /// Days until the goods of a stage are ready at its place; of a service, for goods that come on the day `come`.
    fn lead(&self, stage: usize, offer: &Offer, come: i32) -> i32 {
        let there = |(at, input): (usize, &Offer)| self.lead(at, input, 0) + self.days(input.place, offer.place);
        let begins = self.below(stage, Role::Before).map(there).fold(come, i32::max);
        let mut ready = begins + i32::from(offer.lead_days);
        for (at, service) in self.below(stage, Role::After) {
            let come = ready + self.days(offer.place, service.place);
            ready = self.lead(at, service, come) + self.days(service.place, offer.place);
        }
        ready
    }

    /// Parts of a point per unit of the root.
    fn cost(&self) -> i128 {
        let mut parts = 0;
        for (stage, offer) in self.chosen.iter().enumerate() {
            let Some(offer) = offer else { continue };
            let parent = self.stages[stage].parent;
            let to = parent.and_then(|(parent, _)| self.chosen[parent]).map_or(self.asked.place, |above| above.place);
            let mut points = offer.cost + self.market.way(offer.place, to).cost;
            if matches!(parent, Some((_, Role::After))) {
                points += self.market.way(to, offer.place).cost;
            }
            let (mut of, mut at) = ((i128::from(self.market.recipe.parts()), 1), stage);
            while let Stage { parent: Some((parent, _)), units, per, .. } = self.stages[at] {
                of = (of.0 * i128::from(units), of.1 * i128::from(per));
                at = parent;
            }
            parts += i128::from(points) * of.0 / of.1;
        }
        parts
    }
}
