//! Holds an optimum against its market with code of its own: no network, no packed numbers, no tree.

use super::{Optimum, Quantities, Space, Spot};

/// The first thing found wrong with an optimum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Not as many levels or potentials as the market has.
    #[error("the optimum has another shape than its market")]
    Shape,
    /// Flows out of order, of unknown spots, or not above 0.
    #[error("supply {supply} to demand {demand}: the flow is malformed or the pair may not trade")]
    Flow {
        /// The supply.
        supply: u32,
        /// The demand.
        demand: u32,
    },
    /// A supply that gives more than it has, or a demand that gets more than it asked for.
    #[error("{spot:?} is over its units by {units}")]
    Over {
        /// Where.
        spot: Spot,
        /// Units too many.
        units: i128,
    },
    /// A value of a level that is not that of the flows.
    #[error("level {level} is worth {value}, stated is something else")]
    Value {
        /// The level.
        level: usize,
        /// What the flows are worth.
        value: i128,
    },
    /// A supply that is idle at a price, or one that would pay for being idle.
    #[error("{spot:?} with {left} units left contradicts its potentials")]
    Left {
        /// Where.
        spot: Spot,
        /// Units unused or uncovered.
        left: i128,
    },
    /// A pair whose reduced cost is below zero, or is not zero though it carries something.
    #[error("supply {supply} and demand {demand} contradict their potentials at level {level}")]
    Pair {
        /// The supply.
        supply: u32,
        /// The demand.
        demand: u32,
        /// The first level at which the reduced cost is not zero.
        level: usize,
    },
}

/// The sign of the first number that is not zero, and where it stands.
fn first_sign(numbers: impl Iterator<Item = i128>) -> Option<(usize, bool)> {
    numbers.enumerate().find(|(_, number)| *number != 0).map(|(level, number)| (level, number > 0))
}

/// Checks flows, values and potentials, and prices every pair, one by one.
///
/// # Errors
/// The first flaw found.
pub fn check_all<S: Space>(market: &Quantities<'_>, space: &S, optimum: &Optimum) -> Result<(), Flaw> {
    let held = Held::new(market, space, optimum)?;
    held.balances()?;
    for supply in held.active_supplies() {
        held.active_demands().try_for_each(|demand| held.pair(supply, demand))?;
    }
    Ok(())
}

/// As [`check_all`], for large markets: a pair is looked at only where the distance to a group of demands leaves it open.
/// Trusts what `space` says of distances and floors.
///
/// # Errors
/// The first flaw found.
pub fn check_bounded<S: Space>(
    market: &Quantities<'_>,
    space: &S,
    optimum: &Optimum,
    threads: usize,
) -> Result<(), Flaw> {
    let held = Held::new(market, space, optimum)?;
    held.balances()?;
    let groups = held.groups();
    let supplies: Vec<u32> = held.active_supplies().collect();
    let stretches: Vec<&[u32]> = supplies.chunks(64).collect();
    let checked = crate::threads::spread(&stretches, threads.max(1), |_, stretch| {
        stretch.iter().try_for_each(|supply| groups.iter().try_for_each(|group| held.group(*supply, group)))
    });
    checked.into_iter().collect()
}

/// Demands around one of them.
struct Group {
    leader: u32,
    /// How far each is from the leader, ascending.
    members: Vec<(i64, u32)>,
    /// The levels' potentials of the member that has the largest, level by level.
    best: Vec<i64>,
}

struct Held<'c, S> {
    market: &'c Quantities<'c>,
    space: &'c S,
    optimum: &'c Optimum,
    levels: usize,
}

impl<'c, S: Space> Held<'c, S> {
    fn new(market: &'c Quantities<'c>, space: &'c S, optimum: &'c Optimum) -> Result<Self, Flaw> {
        let levels = market.tiers + 2;
        let fits = |potentials: &[Vec<i64>], spots: usize| {
            potentials.len() == levels && potentials.iter().all(|level| level.len() == spots)
        };
        let shaped = fits(&optimum.supplies, market.supplies.len())
            && fits(&optimum.demands, market.demands.len())
            && optimum.objectives.len() == levels
            && market.demands.iter().all(|demand| demand.tier < market.tiers);
        if shaped { Ok(Self { market, space, optimum, levels }) } else { Err(Flaw::Shape) }
    }

    fn active_supplies(&self) -> impl Iterator<Item = u32> {
        (0..).zip(self.market.supplies).filter(|(_, units)| **units > 0).map(|(supply, _)| supply)
    }

    fn active_demands(&self) -> impl Iterator<Item = u32> {
        (0..).zip(self.market.demands).filter(|(_, demand)| demand.units > 0).map(|(demand, _)| demand)
    }

    /// Flows, values, and the potentials of what is left over.
    fn balances(&self) -> Result<(), Flaw> {
        let Self { market, space, optimum, .. } = self;
        let mut unused: Vec<i128> = market.supplies.iter().map(|units| i128::from(*units)).collect();
        let mut open: Vec<i128> = market.demands.iter().map(|demand| i128::from(demand.units)).collect();
        let mut values = vec![0_i128; self.levels];
        let mut before = None;
        for flow in &optimum.flows {
            let (supply, demand) = (flow.supply, flow.demand);
            let malformed = Flaw::Flow { supply, demand };
            let known = (supply as usize) < unused.len() && (demand as usize) < open.len();
            if !known || flow.units <= 0 || before >= Some((supply, demand)) {
                return Err(malformed);
            }
            before = Some((supply, demand));
            let units = i128::from(flow.units);
            unused[supply as usize] -= units;
            open[demand as usize] -= units;
            values[market.tiers] += i128::from(space.cost(supply, demand).ok_or(malformed)?) * units;
            values[market.tiers + 1] += i128::from(space.tie(supply, demand)) * units;
            if let Some((level, _)) = first_sign(self.reduced(supply, demand)) {
                return Err(Flaw::Pair { supply, demand, level });
            }
        }
        for (supply, left) in (0..).zip(unused.iter().copied()) {
            let spot = Spot::Supply(supply);
            if left < 0 {
                return Err(Flaw::Over { spot, units: -left });
            }
            let reduced = optimum.supplies.iter().map(|level| i128::from(level[supply as usize]));
            match first_sign(reduced) {
                Some((_, true)) if left == 0 => {}
                None => {}
                Some(_) => return Err(Flaw::Left { spot, left }),
            }
        }
        for (demand, (asked, left)) in (0..).zip(market.demands.iter().zip(open.iter().copied())) {
            let spot = Spot::Demand(demand);
            if left < 0 {
                return Err(Flaw::Over { spot, units: -left });
            }
            values[asked.tier] += i128::from(asked.points) * left;
            let points = |level: usize| if level == asked.tier { i128::from(asked.points) } else { 0 };
            let potentials = optimum.demands.iter().enumerate();
            let reduced = potentials.map(|(level, p)| points(level) - i128::from(p[demand as usize]));
            match first_sign(reduced) {
                Some((_, true)) if left == 0 => {}
                None => {}
                Some(_) if asked.units == 0 => {}
                Some(_) => return Err(Flaw::Left { spot, left }),
            }
        }
        match values.iter().zip(&optimum.objectives).position(|(value, stated)| value != stated) {
            Some(level) => Err(Flaw::Value { level, value: values[level] }),
            None => Ok(()),
        }
    }

    /// What the potentials of a pair differ by, and its own points, level by level.
    fn reduced(&self, supply: u32, demand: u32) -> impl Iterator<Item = i128> {
        let Self { market, space, optimum, .. } = self;
        let ends = optimum.supplies.iter().zip(&optimum.demands).enumerate();
        ends.map(move |(level, (from, to))| {
            let points = match level.checked_sub(market.tiers) {
                None => 0,
                Some(0) => space.cost(supply, demand).unwrap_or(0),
                Some(_) => space.tie(supply, demand),
            };
            i128::from(points) + i128::from(from[supply as usize]) - i128::from(to[demand as usize])
        })
    }

    fn pair(&self, supply: u32, demand: u32) -> Result<(), Flaw> {
        match first_sign(self.reduced(supply, demand)) {
            Some((level, false)) if self.space.cost(supply, demand).is_some() => {
                Err(Flaw::Pair { supply, demand, level })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// As many groups as the root of the number of demands: the leaders are spread by taking each time the demand that is
    /// farthest from those so far.
    fn groups(&self) -> Vec<Group> {
        let mut demands: Vec<u32> = self.active_demands().collect();
        // Tiers apart, since one potential that is far above the others spoils the bound of its group.
        demands.sort_by_key(|demand| (self.market.demands[*demand as usize].tier, *demand));
        let mut groups = Vec::new();
        for of_tier in demands.chunk_by(|a, b| self.tier(*a) == self.tier(*b)) {
            self.group_up(of_tier, &mut groups);
        }
        groups
    }

    fn tier(&self, demand: u32) -> usize {
        self.market.demands[demand as usize].tier
    }

    fn group_up(&self, demands: &[u32], groups: &mut Vec<Group>) {
        let apart = |a: u32, b: u32| self.space.apart(Spot::Demand(a), Spot::Demand(b));
        let first = groups.len();
        let mut nearest = vec![(i64::MAX, first); demands.len()];
        let mut leader = demands.first().copied();
        while let Some(next) = leader.filter(|_| groups.len() - first < 2 * demands.len().isqrt().max(1)) {
            let own = groups.len();
            groups.push(Group { leader: next, members: Vec::new(), best: vec![i64::MIN; self.levels] });
            for (demand, known) in demands.iter().zip(&mut nearest) {
                *known = (*known).min((apart(next, *demand), own));
            }
            leader = demands.iter().zip(&nearest).max_by_key(|(_, known)| known.0).map(|(demand, _)| *demand);
        }
        for (demand, (far, group)) in demands.iter().zip(nearest) {
            let group = &mut groups[group];
            group.members.push((far, *demand));
            for (best, potentials) in group.best.iter_mut().zip(&self.optimum.demands) {
                *best = (*best).max(potentials[*demand as usize]);
            }
        }
        groups[first..].iter_mut().for_each(|group| group.members.sort_unstable());
    }

    /// All pairs of a supply with a group: by the distance to its leader, or else one by one from the farthest in. A
    /// first level at which even the largest potential leaves something above zero decides, if those before are zero.
    fn group(&self, supply: u32, group: &Group) -> Result<(), Flaw> {
        let Self { market, space, optimum, .. } = self;
        let apart = space.apart(Spot::Supply(supply), Spot::Demand(group.leader));
        // At least this much is left at each level of tiers for every member.
        let tiers = optimum.supplies.iter().zip(&group.best).take(market.tiers);
        match first_sign(tiers.map(|(from, best)| i128::from(from[supply as usize]) - i128::from(*best))) {
            Some((_, true)) => return Ok(()),
            Some((_, false)) => return group.members.iter().try_for_each(|(_, demand)| self.pair(supply, *demand)),
            None => {}
        }
        let cost = market.tiers;
        let potential = i128::from(optimum.supplies[cost][supply as usize]);
        let above =
            |far: i64, best: i64| i128::from(space.floor((apart - far).max(0))) + potential - i128::from(best) > 0;
        let radius = group.members.last().map_or(0, |(far, _)| *far);
        if above(radius, group.best[cost]) {
            return Ok(());
        }
        group.members.iter().try_for_each(|(far, demand)| {
            if above(*far, optimum.demands[cost][*demand as usize]) { Ok(()) } else { self.pair(supply, *demand) }
        })
    }
}
