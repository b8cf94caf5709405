//! What keeps offers out, and chains that would work if somebody supplied what is missing.

use super::{
    Fell, Offer, Recipe,
    front::{Best, Keep, Label, MISSING},
    level::{Level, stages},
    shelves::{Row, Shelves, Stages},
    sweep::{self, Sweep},
};

/// The most stages of a chain that may be missing.
const MOST_MISSING: u32 = 3;

/// How many offers of each stage can be part of a chain, and why the others cannot.
pub(super) fn fell(recipe: &Recipe, level: &mut Level<'_>, offers: &[Vec<Offer>]) -> Vec<Fell> {
    let shelves = level.shelves;
    if level.low > shelves.least {
        level.lower(shelves.least);
    }
    let own = fewest_legs(level);
    let mut above = vec![Some(0); own.len()];
    let mut fell = Vec::with_capacity(own.len());
    for (stage, shelf) in shelves.stages.iter().enumerate() {
        let tier = &level.tiers[stage];
        if let Some(parent) = shelf.parent {
            let lacking = level.tiers[parent].rows.iter().map(|live| live.row.lacks).filter(|l| l >> stage & 1 == 1);
            let others = lacking.filter_map(|lacks| legs(&own, lacks & !(1 << stage)));
            above[stage] = others.min().zip(above[parent]).map(|(others, above)| above + 1 + others);
        }
        let lacked = shelf.parent.is_none_or(|parent| {
            let above = &shelves.stages[parent];
            above.at.iter().zip(&level.tiers[parent].latest).any(|(rows, &by)| {
                let mut rows = above.rows[rows.clone()].iter();
                rows.any(|row| row.lacks >> stage & 1 == 1 && above.by(row, by) >= level.low)
            })
        });
        let ever = |row: &Row| {
            let free = &offers[stage][shelf.given[row.rank as usize]].free;
            free.last().map_or(0, |(_, units)| recipe.supported(stage, *units))
        };
        let mut counts = Fell { offers: offers[stage].len(), ..Fell::default() };
        for (place, rows) in shelf.at.iter().enumerate() {
            let mut live = tier.rows[tier.at[place].clone()].iter().peekable();
            for row in &shelf.rows[rows.clone()] {
                // Those that are left stand in the same order.
                let why = if live.next_if(|live| live.row.rank == row.rank).is_some() {
                    let legs = legs(&own, row.lacks).zip(above[stage]).map(|(below, above)| below + 1 + above);
                    let few = legs.is_some_and(|legs| legs <= shelves.most_legs);
                    if few { &mut counts.able } else { &mut counts.too_many_partners }
                } else if ever(row) < level.low {
                    &mut counts.nothing_free
                } else if !lacked {
                    &mut counts.not_lacked
                } else if shelf.by(row, tier.latest[place]) < level.low {
                    &mut counts.too_late
                } else {
                    &mut counts.no_partner
                };
                *why += 1;
            }
        }
        fell.push(counts);
    }
    fell
}

/// By stage, the fewest legs of one of its offers with all that it lacks.
fn fewest_legs(level: &Level<'_>) -> Vec<Option<u32>> {
    let mut own = vec![None; level.tiers.len()];
    for (stage, tier) in level.tiers.iter().enumerate().rev() {
        own[stage] = tier.rows.iter().filter_map(|live| legs(&own, live.row.lacks)).min().map(|below| below + 1);
    }
    own
}

fn legs(own: &[Option<u32>], lacks: Stages) -> Option<u32> {
    stages(lacks).map(|child| own[child]).sum()
}

/// For the places of the root, the best chain that misses as few stages as can be: with the most units, then the
/// shortest lead, then the least cost. Where no offer of the root is of use, it alone is missing.
pub(super) fn chains(shelves: &Shelves, top: usize) -> Vec<Label> {
    let served = shelves.stages.len();
    let sets = |count: u32| (1..1_u16 << (served - 1)).map(|bits| bits << 1).filter(move |b| b.count_ones() == count);
    for count in 1..=MOST_MISSING {
        let mut regions = Regions { found: Vec::new(), place: 0, top };
        for missing in sets(count) {
            let mut level = Level::new(shelves, missing);
            for low in sweep::lows(shelves) {
                // Chains of fewer units come after all of these.
                if regions.found.len() >= top && regions.found.last().is_none_or(|(_, last)| last.units > level.low) {
                    break;
                }
                level.lower(low);
                let mut sweep = Sweep::new(&level);
                for place in 0..shelves.stages[0].places.len() {
                    regions.place = place;
                    sweep.root(place, &mut regions);
                }
            }
        }
        if !regions.found.is_empty() {
            return regions.found.into_iter().map(|(_, label)| label).collect();
        }
    }
    let lead = shelves.stages[0].usual + shelves.stages[0].stays[0].days;
    let mut root = Label { lead, ready: lead, legs: 1, ..Label::nothing(shelves.cap) };
    root.chosen[0] = MISSING;
    if lead <= shelves.span && top > 0 { vec![root] } else { Vec::new() }
}

/// The best chain of each place, best first.
struct Regions {
    found: Vec<(usize, Label)>,
    /// The place that is looked at.
    place: usize,
    top: usize,
}

impl Keep for Regions {
    fn hopeless(&self, best: &Best) -> bool {
        let best = (-best.units, best.lead, best.cost);
        let before = |label: &Label| (-label.units, label.lead, label.cost) < best;
        let own = self.found.iter().find(|(place, _)| *place == self.place);
        let full = self.found.len() >= self.top && self.found.last().is_none_or(|(_, last)| before(last));
        full || own.is_some_and(|(_, label)| before(label))
    }

    fn offer(&mut self, label: Label) {
        let key = |label: &Label| (-label.units, label.lead, label.cost, label.legs, label.chosen);
        match self.found.iter().position(|(place, _)| *place == self.place) {
            Some(at) if key(&self.found[at].1) <= key(&label) => return,
            Some(at) => drop(self.found.remove(at)),
            None => {}
        }
        let at = self.found.partition_point(|(_, other)| key(other) < key(&label));
        self.found.insert(at, (self.place, label));
        self.found.truncate(self.top);
    }
}
