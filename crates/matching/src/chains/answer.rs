//! What comes out of a search.

use domain::time::Day;

use super::{
    Asked, Offer, Recipe, Role, Way,
    front::{Label, MISSING, NONE},
    shelves::Shelves,
};

/// The answer to what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Complete chains by the most units, then the shortest lead, then the least cost.
    pub chains: Vec<Chain>,
    /// Where there is none: for places of the root, the best chain with the fewest missing stages, in the same order.
    pub incomplete: Vec<Chain>,
    /// By stage, what became of its offers.
    pub fell: Vec<Fell>,
}

/// Partners that together make what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Units of the root that are with the buyer by the day they are due, no more than asked; of those who are there.
    pub units: i64,
    /// Days from the order to the buyer, if nothing lies in stock.
    pub lead_days: i32,
    /// Parts of a point per unit of the root, [`Recipe::parts`] to the point.
    pub cost: i128,
    /// By stage, who takes part.
    pub legs: Vec<Leg>,
    /// By stage, what nobody supplies.
    pub missing: Vec<Missing>,
    /// The days until the horizon on which the units of the root that the chain can have delivered by then rise, and to
    /// how many; missing stages are held to have enough of whatever is ready by their usual days.
    pub over_time: Vec<(Day, i64)>,
}

/// A partner of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The stage.
    pub stage: usize,
    /// The caller's number of the offer.
    pub offer: u32,
    /// The caller's number of the firm.
    pub organisation: u32,
    /// Where it is made.
    pub place: u32,
    /// Where it goes: the place of the parent, or of the buyer.
    pub to: u32,
    /// The last day its output may be made for the goods to be with the buyer by the day they are due.
    pub cut_off: Day,
    /// Days from the order to goods, once all that it lacks is there.
    pub lead_days: u16,
    /// Days on the way: there and back for a service.
    pub way_days: u32,
    /// Units of the stage that the chain's units take.
    pub needed: i64,
    /// Units of the root that it supports by the cut-off, however many are asked.
    pub supports: i64,
    /// Parts of a point per unit of the root that its goods cost.
    pub goods_cost: i128,
    /// Parts of a point per unit of the root that its ways cost.
    pub way_cost: i128,
}

/// A stage that nobody supplies. An offer of it that lacks nothing, at this place, with these units by this day and
/// this lead makes the chain one of at least its units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The stage.
    pub stage: usize,
    /// Where it is needed, and held to be; it still takes the way from that place to itself.
    pub place: u32,
    /// Units of the stage.
    pub units: i64,
    /// The cut-off of such an offer: by when they have to be made.
    pub by: Day,
    /// Days it may take from an order: the usual ones of the stage.
    pub lead_days: u16,
}

/// What became of the offers of a stage, each counted at the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fell {
    /// All of them.
    pub offers: usize,
    /// Never have units for the least that counts.
    pub nothing_free: usize,
    /// No offer of the parent that is in time lacks the stage.
    pub not_lacked: usize,
    /// Have the units too late, even if all else is there as soon as can be.
    pub too_late: usize,
    /// Lack something that no offer left can supply.
    pub no_partner: usize,
    /// Need more partners than a chain may have.
    pub too_many_partners: usize,
    /// Are left.
    pub able: usize,
}

/// Where the chain goes through, while it is written down.
struct Told<'a, W> {
    recipe: &'a Recipe,
    offers: &'a [Vec<Offer>],
    asked: &'a Asked,
    way: &'a W,
    /// By stage, the offer that was chosen.
    chosen: Vec<Option<&'a Offer>>,
    label: &'a Label,
    legs: Vec<Leg>,
    missing: Vec<Missing>,
}

/// Writes a chain down.
pub(super) fn chain(
    recipe: &Recipe,
    shelves: &Shelves,
    offers: &[Vec<Offer>],
    asked: &Asked,
    way: &impl Fn(u32, u32) -> Way,
    label: &Label,
) -> Chain {
    let offer = |(stage, rank): (usize, &u32)| {
        let given = (*rank < MISSING).then(|| shelves.stages[stage].given[*rank as usize]);
        given.map(|at| &offers[stage][at])
    };
    let chosen = label.chosen[..offers.len()].iter().enumerate().map(offer).collect();
    let mut told = Told { recipe, offers, asked, way, chosen, label, legs: Vec::new(), missing: Vec::new() };
    told.go(0, asked.place, asked.due);
    told.legs.sort_unstable_by_key(|leg| leg.stage);
    told.missing.sort_unstable_by_key(|missing| missing.stage);
    let over_time = told.over_time();
    let Told { legs, missing, .. } = told;
    Chain { units: label.units, lead_days: label.lead, cost: label.cost, legs, missing, over_time }
}

impl<W: Fn(u32, u32) -> Way> Told<'_, W> {
    /// Writes down a stage whose goods are to be at a place by a day, and all below it.
    fn go(&mut self, stage: usize, to: u32, by: Day) {
        let needed = i64::try_from(self.recipe.needed(stage, self.label.units)).unwrap_or(i64::MAX);
        let own = &self.recipe.stages()[stage];
        let Some(offer) = self.chosen[stage] else {
            let by = by.plus(-i32::from((self.way)(to, to).days));
            let missing = Missing { stage, place: to, units: needed, by, lead_days: own.usual_days };
            self.missing.push(missing);
            return;
        };
        let (there, back) = self.ways(stage, offer.place, to);
        let mut ready = by.plus(-i32::from(back.days));
        for child in self.lacked(stage, Role::After).into_iter().rev() {
            self.go(child, offer.place, ready);
            ready = ready.plus(-self.added(child, offer.place));
        }
        let start = ready.plus(-i32::from(offer.lead_days));
        for child in self.lacked(stage, Role::Before) {
            self.go(child, offer.place, start);
        }
        let weight = i128::from(self.recipe.weight(stage));
        self.legs.push(Leg {
            stage,
            offer: offer.id,
            organisation: offer.organisation,
            place: offer.place,
            to,
            cut_off: ready,
            lead_days: offer.lead_days,
            way_days: u32::from(there.days) + u32::from(back.days),
            needed,
            supports: self.recipe.supported(stage, offer.by(ready)),
            goods_cost: i128::from(offer.cost) * weight,
            way_cost: i128::from(there.cost + back.cost) * weight,
        });
    }

    fn ways(&self, stage: usize, place: u32, to: u32) -> (Way, Way) {
        let there = match self.recipe.stages()[stage].parent {
            Some((_, Role::After)) => (self.way)(to, place),
            Some((_, Role::Before)) | None => Way::default(),
        };
        (there, (self.way)(place, to))
    }

    /// The stages of the chain below one, in their order.
    fn lacked(&self, stage: usize, role: Role) -> Vec<usize> {
        let below = self.recipe.children(stage, role);
        (0..self.offers.len()).filter(|at| below >> at & 1 == 1 && self.label.chosen[*at] != NONE).collect()
    }

    /// The days that a service adds to goods that come from a place.
    fn added(&self, stage: usize, from: u32) -> i32 {
        let Some(offer) = self.chosen[stage] else {
            let stay = i32::from((self.way)(from, from).days);
            return i32::from(self.recipe.stages()[stage].usual_days) + 2 * stay;
        };
        let (there, back) = self.ways(stage, offer.place, from);
        let services = self.lacked(stage, Role::After).into_iter().map(|child| self.added(child, offer.place));
        i32::from(there.days) + i32::from(back.days) + i32::from(offer.lead_days) + services.sum::<i32>()
    }

    /// The rises of what is with the buyer by a day: each leg's curve, as many days later as its cut-off is before the
    /// due day.
    fn over_time(&self) -> Vec<(Day, i64)> {
        let Asked { today, due, horizon, .. } = *self.asked;
        let usual = self.missing.iter().map(|m| today.plus(m.lead_days.into()).plus(due.since(m.by)));
        let mut days: Vec<Day> = usual.clone().collect();
        let first = usual.max().unwrap_or(today);
        let curves: Vec<(&Offer, usize, i32)> = self
            .legs
            .iter()
            .filter_map(|leg| Some((self.chosen[leg.stage]?, leg.stage, due.since(leg.cut_off))))
            .collect();
        for (offer, _, later) in &curves {
            days.extend(offer.free.iter().map(|(day, _)| (*day).max(today).plus(*later)));
        }
        days.retain(|day| *day <= horizon);
        days.sort_unstable();
        days.dedup();
        let by = |day: Day| {
            let of = |(offer, stage, later): &(&Offer, usize, i32)| {
                let cut_off = day.plus(-later);
                if cut_off < today { 0 } else { self.recipe.supported(*stage, offer.by(cut_off)) }
            };
            if day < first { 0 } else { curves.iter().map(of).min().unwrap_or(0) }
        };
        let mut rises: Vec<(Day, i64)> = Vec::new();
        for day in days {
            let units = by(day);
            if units > rises.last().map_or(0, |(_, last)| *last) {
                rises.push((day, units));
            }
        }
        rises
    }
}
