//! Every chain of a small market, told forward in time: from orders to deliveries.

use std::collections::BTreeMap;

use domain::time::Day;

use super::{
    super::{Offer, Role},
    draw::Case,
};

/// What stands for a stage.
#[derive(Debug, Clone, Copy)]
pub(super) enum Taken<'a> {
    /// Nothing: nobody lacks it.
    Nothing,
    /// Nobody has it.
    Missing,
    An(&'a Offer),
}

/// A chain, as the answer tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub units: i64,
    pub lead: i32,
    pub cost: i128,
    /// By stage, the offer's number; of a missing stage none.
    pub legs: Vec<(usize, Option<u32>)>,
}

/// A chain and what it comes to.
#[derive(Debug, Clone)]
pub(super) struct Whole<'a> {
    pub taken: Vec<Taken<'a>>,
    pub told: Told,
    /// What it is chosen by among equals.
    ties: Vec<(u8, u128)>,
}

type Key = (usize, Vec<(u8, u128)>);

impl Whole<'_> {
    fn key(&self) -> Key {
        (self.told.legs.len(), self.ties.clone())
    }

    fn missing(&self) -> usize {
        self.told.legs.iter().filter(|(_, offer)| offer.is_none()).count()
    }
}

/// All chains of the least units that count, with missing stages or without.
pub(super) fn all(case: &Case, most_missing: usize) -> Vec<Whole<'_>> {
    let mut found = Vec::new();
    choose(case, most_missing, &mut Vec::new(), &mut found);
    found
}

fn choose<'a>(case: &'a Case, most_missing: usize, taken: &mut Vec<Taken<'a>>, found: &mut Vec<Whole<'a>>) {
    let stage = taken.len();
    let Some(own) = case.recipe.stages().get(stage) else {
        found.extend(whole(case, most_missing, taken));
        return;
    };
    let lacked = own.parent.is_none_or(|(parent, _)| match taken[parent] {
        Taken::An(offer) => offer.lacks >> stage & 1 == 1,
        Taken::Nothing | Taken::Missing => false,
    });
    let mut choices = Vec::new();
    if lacked {
        choices.extend(case.offers[stage].iter().map(Taken::An));
        if stage > 0 {
            choices.push(Taken::Missing);
        }
    } else {
        choices.push(Taken::Nothing);
    }
    for choice in choices {
        taken.push(choice);
        choose(case, most_missing, taken, found);
        taken.pop();
    }
}

fn whole<'a>(case: &Case, most_missing: usize, taken: &[Taken<'a>]) -> Option<Whole<'a>> {
    let mut legs = Vec::new();
    let mut ties = Vec::new();
    for (stage, taken) in taken.iter().enumerate() {
        match taken {
            Taken::An(offer) => {
                legs.push((stage, Some(offer.id)));
                ties.push((0, offer.tie));
            }
            Taken::Missing => {
                legs.push((stage, None));
                ties.push((1, 0));
            }
            Taken::Nothing => ties.push((2, 0)),
        }
    }
    let missing = legs.iter().filter(|(_, offer)| offer.is_none()).count();
    if legs.len() > case.asked.most_legs || missing > most_missing {
        return None;
    }
    let units = units_by(case, taken, case.asked.due).min(case.asked.units);
    if units < case.asked.least {
        return None;
    }
    let lead = delivered(case, taken, None)?.since(case.asked.today);
    let told = Told { units, lead, cost: cost(case, taken), legs };
    Some(Whole { taken: taken.to_vec(), told, ties })
}

/// The most units that are with the buyer by a day.
pub(super) fn units_by(case: &Case, taken: &[Taken<'_>], day: Day) -> i64 {
    let mut most = 0;
    for (stage, taken_here) in taken.iter().enumerate() {
        let Taken::An(offer) = taken_here else { continue };
        for (_, units) in &offer.free {
            let units = supported(case, stage, *units);
            if units > most && delivered(case, taken, Some(units)).is_some_and(|at| at <= day) {
                most = units;
            }
        }
    }
    most
}

fn supported(case: &Case, stage: usize, units: i64) -> i64 {
    let own = &case.recipe.stages()[stage];
    own.parent.map_or(units, |(parent, _)| supported(case, parent, units * own.per / own.units))
}

/// When so many units can be with the buyer at the earliest; where none are named, when all that is ordered today is.
fn delivered(case: &Case, taken: &[Taken<'_>], units: Option<i64>) -> Option<Day> {
    let Taken::An(root) = taken[0] else { return None };
    let ready = ready(case, taken, 0, None, units)?;
    Some(ready.plus(case.way(root.place, case.asked.place).days.into()))
}

/// When the goods of a stage are ready at its place; of a service, when goods that come on a day are.
fn ready(case: &Case, taken: &[Taken<'_>], stage: usize, come: Option<Day>, units: Option<i64>) -> Option<Day> {
    let today = case.asked.today;
    let Taken::An(offer) = taken[stage] else {
        return Some(come.unwrap_or(today).plus(case.recipe.stages()[stage].usual_days.into()));
    };
    let place = |stage: usize| match taken[stage] {
        Taken::An(other) => other.place,
        Taken::Nothing | Taken::Missing => offer.place,
    };
    let children = |role: Role| {
        let is = move |at: &usize| case.recipe.stages()[*at].parent == Some((stage, role));
        (0..taken.len()).filter(is).filter(|at| !matches!(taken[*at], Taken::Nothing))
    };
    let days = |from: u32, to: u32| i32::from(case.way(from, to).days);
    let mut start = come;
    for child in children(Role::Before) {
        let there = ready(case, taken, child, None, units)?;
        start = start.max(Some(there.plus(days(place(child), offer.place))));
    }
    let own = match units {
        None => start.unwrap_or(today).plus(offer.lead_days.into()),
        Some(units) => {
            let first = offer.free.iter().find(|(_, free)| supported(case, stage, *free) >= units);
            let made = start.map(|start| start.plus(offer.lead_days.into()));
            made.unwrap_or(today).max(first?.0).max(today)
        }
    };
    let mut at = own;
    for child in children(Role::After) {
        let come = at.plus(days(offer.place, place(child)));
        at = ready(case, taken, child, Some(come), units)?.plus(days(place(child), offer.place));
    }
    Some(at)
}

/// Parts of a point per unit of the root.
fn cost(case: &Case, taken: &[Taken<'_>]) -> i128 {
    let mut parts = 0;
    for (stage, taken_here) in taken.iter().enumerate() {
        let Taken::An(offer) = taken_here else { continue };
        let parent = case.recipe.stages()[stage].parent;
        let to = parent.map_or(case.asked.place, |(parent, _)| match taken[parent] {
            Taken::An(above) => above.place,
            Taken::Nothing | Taken::Missing => unreachable!("nobody lacks it"),
        });
        let mut points = i128::from(offer.cost + case.way(offer.place, to).cost);
        if matches!(parent, Some((_, Role::After))) {
            points += i128::from(case.way(to, offer.place).cost);
        }
        let (mut above, mut below) = (i128::from(case.recipe.parts()), 1);
        let mut at = stage;
        while let Some((parent, _)) = case.recipe.stages()[at].parent {
            above *= i128::from(case.recipe.stages()[at].units);
            below *= i128::from(case.recipe.stages()[at].per);
            at = parent;
        }
        assert_eq!(points * above % below, 0, "parts are too coarse");
        parts += points * above / below;
    }
    parts
}

/// The front of complete chains, in the order of the answer.
pub(super) fn front<'a>(all: &[Whole<'a>]) -> Vec<Whole<'a>> {
    let mut best: BTreeMap<(i64, i32, i128), &Whole<'a>> = BTreeMap::new();
    for chain in all {
        let told = &chain.told;
        let first = best.entry((-told.units, told.lead, told.cost)).or_insert(chain);
        if chain.key() < first.key() {
            *first = chain;
        }
    }
    let beaten = |own: &(i64, i32, i128)| {
        best.keys().any(|other| other != own && other.0 <= own.0 && other.1 <= own.1 && other.2 <= own.2)
    };
    best.iter().filter(|(own, _)| !beaten(own)).map(|(_, chain)| (*chain).clone()).collect()
}

/// By place of the root, the best of the chains that miss the fewest stages.
pub(super) fn incomplete<'a>(all: &[Whole<'a>]) -> Vec<Whole<'a>> {
    let fewest = all.iter().map(Whole::missing).min();
    let order = |chain: &Whole<'_>| (-chain.told.units, chain.told.lead, chain.told.cost, chain.key());
    let mut best: BTreeMap<u32, &Whole<'a>> = BTreeMap::new();
    for chain in all.iter().filter(|chain| Some(chain.missing()) == fewest) {
        let Taken::An(root) = chain.taken[0] else { continue };
        let first = best.entry(root.place).or_insert(chain);
        if order(chain) < order(first) {
            *first = chain;
        }
    }
    let mut found: Vec<Whole<'a>> = best.into_values().cloned().collect();
    found.sort_by_key(|chain| order(chain));
    found
}
