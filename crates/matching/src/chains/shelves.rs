//! The offers of a search laid out by stage and place, in units of the root and days from today.

use std::ops::Range;

use domain::time::Day;

use super::{Asked, COST_LIMIT, ChainsError, Offer, Recipe, Role, Way};

/// The most stages an offer can lack, as bits.
pub(super) type Stages = u16;

/// An offer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Its rank among the tie keys of its stage.
    pub rank: u32,
    pub lacks: Stages,
    pub lead: i32,
    /// Parts of a point per unit of the root.
    pub cost: i128,
    /// Where its steps are.
    steps: (u32, u32),
}

/// The way between the place of a stage's offer and that of its parent's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    /// Days from here to the parent.
    pub back: i32,
    /// Days of both ways of a service; else of the way to the parent.
    pub days: i32,
    /// Points per unit of the stage, of both ways of a service.
    pub points: i64,
    /// The same on the scale of floors.
    pub floor: i64,
}

/// The offers of a stage.
pub(super) struct Shelf {
    pub role: Role,
    /// The stage it serves; the root serves the buyer, whose one place has the number 0.
    pub parent: Option<usize>,
    pub before: Stages,
    pub after: Stages,
    pub usual: i32,
    pub weight: i128,
    pub places: Vec<u32>,
    /// Place by place.
    pub rows: Vec<Row>,
    /// The rows of each place.
    pub at: Vec<Range<usize>>,
    /// By place of the parent, then own place.
    hops: Vec<Hop>,
    /// By place of the parent, the way from there to itself.
    pub stays: Vec<Hop>,
    /// Days from today, and units of the root from then on.
    steps: Vec<(i32, i64)>,
    /// By rank, where the offer stands in what was given.
    pub given: Vec<usize>,
}

/// All offers, and what is asked of them.
pub(super) struct Shelves {
    pub stages: Vec<Shelf>,
    /// Units that are asked for.
    pub cap: i64,
    pub least: i64,
    /// Days until they are due.
    pub span: i32,
    pub most_legs: u32,
    /// Whether there are more stages than legs.
    pub limited: bool,
    /// How many bits floors leave out of costs, so that all of a chain fit into 64.
    pub scale: u32,
}

impl Shelves {
    pub(super) fn new(
        recipe: &Recipe,
        offers: &[Vec<Offer>],
        asked: &Asked,
        way: &impl Fn(u32, u32) -> Way,
    ) -> Result<Self, ChainsError> {
        let mut stages: Vec<Shelf> = Vec::with_capacity(offers.len());
        for (stage, offers) in offers.iter().enumerate() {
            let mut shelf = Shelf::of(recipe, stage, offers, asked);
            let buyer = [asked.place];
            let towards = shelf.parent.map_or(&buyer[..], |parent| &stages[parent].places);
            let mut hops = Vec::with_capacity(towards.len() * shelf.places.len());
            for &to in towards {
                for &from in &shelf.places {
                    let hop = Hop::between(from, to, shelf.role, way);
                    hops.push(hop.ok_or(ChainsError::Cost(stage))?);
                }
            }
            let stays = towards.iter().map(|&at| Hop::between(at, at, shelf.role, way));
            shelf.stays = stays.collect::<Option<_>>().ok_or(ChainsError::Cost(stage))?;
            shelf.hops = hops;
            stages.push(shelf);
        }
        let dearest = |shelf: &Shelf| {
            let row = shelf.rows.iter().map(|row| row.cost).max().unwrap_or(0);
            row + shelf.hops.iter().map(|hop| shelf.cost(hop)).max().unwrap_or(0)
        };
        let dearest: i128 = stages.iter().map(dearest).sum();
        let scale = (i128::BITS - dearest.leading_zeros()).saturating_sub(i64::BITS - 2);
        for shelf in &mut stages {
            let weight = shelf.weight;
            shelf.hops.iter_mut().for_each(|hop| hop.floor = floor(i128::from(hop.points) * weight, scale));
        }
        let most_legs = u32::try_from(asked.most_legs).unwrap_or(u32::MAX);
        let span = asked.due.since(asked.today);
        let limited = stages.len() > asked.most_legs;
        Ok(Self { stages, cap: asked.units, least: asked.least, span, most_legs, limited, scale })
    }

    /// A cost on the scale of floors, rounded down.
    pub(super) fn floor(&self, cost: i128) -> i64 {
        floor(cost, self.scale)
    }

    /// The cost that a floor stands for.
    #[inline]
    pub(super) fn cost(&self, floor: i64) -> i128 {
        i128::from(floor) << self.scale
    }
}

fn floor(cost: i128, scale: u32) -> i64 {
    i64::try_from(cost >> scale).unwrap_or(i64::MAX)
}

impl Hop {
    fn between(from: u32, to: u32, role: Role, way: &impl Fn(u32, u32) -> Way) -> Option<Self> {
        let back = way(from, to);
        let there = match role {
            Role::Before => Way::default(),
            Role::After => way(to, from),
        };
        let fits = [back, there].iter().all(|way| (0..=COST_LIMIT).contains(&way.cost));
        let (there, points) = (i32::from(there.days), back.cost.saturating_add(there.cost));
        let back = i32::from(back.days);
        fits.then_some(Self { back, days: there + back, points, floor: 0 })
    }
}

impl Shelf {
    fn of(recipe: &Recipe, stage: usize, offers: &[Offer], asked: &Asked) -> Self {
        let mut given: Vec<usize> = (0..offers.len()).collect();
        given.sort_unstable_by_key(|&at| offers[at].tie);
        let own = &recipe.stages()[stage];
        let mut shelf = Self {
            role: own.parent.map_or(Role::Before, |(_, role)| role),
            parent: own.parent.map(|(parent, _)| parent),
            before: recipe.children(stage, Role::Before),
            after: recipe.children(stage, Role::After),
            usual: own.usual_days.into(),
            weight: recipe.weight(stage).into(),
            places: offers.iter().map(|offer| offer.place).collect(),
            rows: Vec::with_capacity(offers.len()),
            at: Vec::new(),
            hops: Vec::new(),
            stays: Vec::new(),
            steps: Vec::new(),
            given: Vec::new(),
        };
        shelf.places.sort_unstable();
        shelf.places.dedup();
        let mut rows = Vec::with_capacity(offers.len());
        for (rank, &at) in (0..).zip(&given) {
            let offer = &offers[at];
            let place = shelf.places.partition_point(|place| *place < offer.place);
            let cost = i128::from(offer.cost) * shelf.weight;
            let steps = shelf.lay_out(recipe, stage, &offer.free, asked);
            rows.push((place, Row { rank, lacks: offer.lacks, lead: offer.lead_days.into(), cost, steps }));
        }
        rows.sort_unstable_by_key(|(place, row)| (*place, row.cost, row.rank));
        for place in 0..shelf.places.len() {
            let from = shelf.rows.len();
            shelf.rows.extend(rows[from..].iter().take_while(|(at, _)| *at == place).map(|(_, row)| *row));
            shelf.at.push(from..shelf.rows.len());
        }
        shelf.given = given;
        shelf
    }

    /// Writes down the steps that count until the day it is due, held to what is asked.
    fn lay_out(&mut self, recipe: &Recipe, stage: usize, free: &[(Day, i64)], asked: &Asked) -> (u32, u32) {
        let from = self.steps.len();
        let first = free.partition_point(|(day, _)| *day <= asked.today).saturating_sub(1);
        for (day, units) in &free[first..] {
            if *day > asked.due {
                break;
            }
            let units = recipe.supported(stage, *units).min(asked.units);
            if self.steps[from..].last().map_or(0, |(_, last)| *last) < units {
                self.steps.push((day.since(asked.today).max(0), units));
            }
            if units == asked.units {
                break;
            }
        }
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        (short(from), short(self.steps.len() - from))
    }

    /// The units of the root that an offer supports by a day from today, no more than asked.
    #[inline]
    pub(super) fn by(&self, row: &Row, day: i32) -> i64 {
        let steps = &self.steps[row.steps.0 as usize..][..row.steps.1 as usize];
        let after = steps.iter().take_while(|(from, _)| *from <= day).count();
        after.checked_sub(1).map_or(0, |last| steps[last].1)
    }

    /// Parts of a point per unit of the root that a way costs.
    #[inline]
    pub(super) fn cost(&self, hop: &Hop) -> i128 {
        i128::from(hop.points) * self.weight
    }

    /// The ways between a place of the parent and each place of this stage.
    #[inline]
    pub(super) fn hops(&self, parent: usize) -> &[Hop] {
        &self.hops[parent * self.places.len()..][..self.places.len()]
    }
}
