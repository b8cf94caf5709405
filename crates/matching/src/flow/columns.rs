//! Markets too large to write down: the optimum over all pairs though only some are built.
//!
//! A market of 20,000 by 10,000 has 200 million pairs. [`optimum`] builds the network of a few cheap ones, solves it, and
//! prices all that it left out with the potentials of the solution: in bulk where a ball of points is too far away to
//! hold one below zero, one by one where that does not decide. Pairs below zero are added, the network is solved again
//! from the basis it ended on, until there are none. Then the potentials are those of the network with all pairs and
//! prove the same optimum (Dantzig and Wolfe, "Decomposition principle for linear programs", Operations Research 8
//! (1960); for transport with omitted pairs Gottschlich and Schuhmacher, PLoS ONE 9 (2014)).
//!
//! Levels are those of [`solve`](super::solve): uncovered points of each tier, then the cost of pairs, then their tie points. The
//! reduced cost of a pair has an entry for each and counts by the first that is not zero; packed into 128 bits it is one
//! number of the same sign. Since a pair without capacity that is not built carries nothing, the network with all pairs
//! has the same flows, and since no such pair is below zero by the canonical potentials, the same canonical potentials.

mod balls;
mod check;
mod guess;
mod places;
mod pricing;

#[cfg(test)]
mod tests;

pub use check::{Flaw, check_all, check_bounded};
pub use places::Places;

use super::network::{LevelCosts, Network, ROOT, UNBOUNDED};
use super::{Control, NetworkBuilder, NetworkError, Solution, SolveError, Stop, simplex::solve_to_basis};
use pricing::Pricing;

/// What a pair may cost at most, and the most tie points it may have.
pub const MOST_POINTS: i64 = 1 << 40;

/// A supply or a demand, by its place in the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// A supply.
    Supply(u32),
    /// A demand.
    Demand(u32),
}

/// Where supplies and demands lie, and what a pair of them costs. Pure: the same question has the same answer.
pub trait Space: Sync {
    /// How far two spots are apart, in any whole unit: 0 or more, the same both ways, and never more than by way of a
    /// third spot. A metric rounded up keeps that.
    fn apart(&self, one: Spot, other: Spot) -> i64;

    /// What no pair so far apart, or farther, costs less than; does not fall as the distance grows.
    fn floor(&self, apart: i64) -> i64;

    /// What a pair costs per unit, 0 to [`MOST_POINTS`]; none where it may not trade.
    fn cost(&self, supply: u32, demand: u32) -> Option<i64>;

    /// What the pair does not cost less than, sooner known than its cost.
    fn glance(&self, _supply: u32, _demand: u32) -> i64 {
        0
    }

    /// Points per unit that tell equal solutions apart, 0 to [`MOST_POINTS`].
    fn tie(&self, supply: u32, demand: u32) -> i64;
}

/// What is asked for at one spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Units; 0 or more.
    pub units: i64,
    /// The level at which uncovered units count, below the number of tiers.
    pub tier: usize,
    /// Points of that level for each uncovered unit; 0 or more.
    pub points: i64,
}

/// Quantities and priorities; supplies and demands without units take no part.
#[derive(Debug, Clone, Copy)]
pub struct Quantities<'a> {
    /// Units of each supply; 0 or more.
    pub supplies: &'a [i64],
    /// The demands.
    pub demands: &'a [Demand],
    /// How many levels count uncovered points.
    pub tiers: usize,
}

/// How much is built and on how many threads; none of it changes flows or potentials where ties tell flows apart.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Threads to price on; 1 or more.
    pub threads: usize,
    /// Lowest pairs of each supply and of each demand that are built first, beside those a smaller market uses.
    pub first: usize,
    /// Pairs of each demand that are added in a round, the lowest.
    pub more: usize,
    /// Markets of more pairs are begun from the solution of a smaller one, in which neighbours are taken together.
    pub small: u128,
}

impl Default for Effort {
    fn default() -> Self {
        Self { threads: 1, first: 8, more: 16, small: 1 << 16 }
    }
}

/// What a pair carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    /// The supply.
    pub supply: u32,
    /// The demand.
    pub demand: u32,
    /// Units, above 0.
    pub units: i64,
}

/// What was done to find an optimum; counts of work, which may depend on the order of the input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Pairs of a supply and a demand with units.
    pub pairs: u128,
    /// Pairs built.
    pub columns: usize,
    /// Solves.
    pub rounds: usize,
    /// Pivots over all solves.
    pub pivots: u64,
    /// Pairs looked at one by one in the last pricing, the one that proves.
    pub one_by_one: u128,
    /// Pairs that a bound decided in the last pricing.
    pub by_bound: u128,
}

/// An optimum over all pairs with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optimum {
    /// The value of each level: uncovered points of each tier, cost, ties.
    pub objectives: Vec<i128>,
    /// What pairs carry, by supply, then demand.
    pub flows: Vec<Carried>,
    /// Per level the potential of each supply; 0 of one without units.
    pub supplies: Vec<Vec<i64>>,
    /// Per level the potential of each demand; 0 of one without units.
    pub demands: Vec<Vec<i64>>,
    /// What it took.
    pub work: Work,
}

/// Why there is no optimum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// A number that is negative, a tier that does not exist, or more spots than a 32-bit index names.
    #[error("the market is malformed: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// Points of a pair outside of what the arithmetic allows.
    #[error("supply {supply} and demand {demand} cost {points} points; give 0 to {MOST_POINTS}")]
    Points {
        /// The supply.
        supply: u32,
        /// The demand.
        demand: u32,
        /// Its cost or its tie points.
        points: i64,
    },
    /// Potentials that do not fit 128 bits together.
    #[error("the levels of the market do not fit 128 bits together: give fewer tiers or smaller points")]
    TooLarge,
    /// As for any network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// As for any solve.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A limit ended a solve.
    #[error("the solve was ended: {0:?}")]
    Stopped(Stop),
}

/// A pair that is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    /// Places among the supplies and demands with units.
    demand: u32,
    supply: u32,
    cost: i64,
    tie: i64,
}

/// The market without what has no units, and what is built of it.
struct Draft<'m, S> {
    space: &'m S,
    tiers: usize,
    /// Place in the market, and units.
    supplies: Vec<(u32, i64)>,
    demands: Vec<(u32, Demand)>,
    columns: Vec<Column>,
}

/// The optimum over all pairs of a market, level by level.
///
/// # Errors
/// [`ColumnsError`]; a limit of `control` holds for each solve, and one that is reached ends it all.
pub fn optimum<S: Space>(
    market: &Quantities<'_>,
    space: &S,
    effort: &Effort,
    control: &mut Control<'_>,
) -> Result<Optimum, ColumnsError> {
    let mut draft = Draft::new(market, space)?;
    let (solution, work) = solve(&mut draft, effort, control)?;
    Ok(draft.optimum(market, &solution, work))
}

/// Builds columns of a draft and solves it until no pair is below zero.
fn solve<S: Space>(
    draft: &mut Draft<'_, S>,
    effort: &Effort,
    control: &mut Control<'_>,
) -> Result<(Solution, Work), ColumnsError> {
    let pricing = Pricing::new(draft, effort.threads);
    draft.columns = guess::first_columns(draft, &pricing, effort, control)?;
    draft.columns.iter().try_for_each(|column| draft.legal(column))?;
    let mut work = Work { pairs: draft.pairs(), ..Work::default() };
    let mut basis = draft.first_basis();
    loop {
        let network = draft.network(&basis)?;
        let (solution, reached) = solve_to_basis(&network, control)?;
        if let Some(stop) = solution.stop {
            return Err(ColumnsError::Stopped(stop));
        }
        work.rounds += 1;
        work.pivots += solution.pivots();
        let found = pricing.below_zero(draft, &solution.potentials(), effort.more)?;
        if found.columns.is_empty() {
            work.columns = draft.columns.len();
            work.one_by_one = found.one_by_one;
            work.by_bound = work.pairs - found.one_by_one;
            return Ok((solution, work));
        }
        draft.columns.extend(found.columns);
        basis = reached;
    }
}

/// A place in 32 bits; [`Draft::new`] refuses markets where one does not fit.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'m, S: Space> Draft<'m, S> {
    fn new(market: &Quantities<'_>, space: &'m S) -> Result<Self, ColumnsError> {
        let malformed = |what| Err(ColumnsError::Malformed { what });
        if market.supplies.len() + market.demands.len() >= u32::MAX as usize {
            return malformed("more supplies and demands than a 32-bit index names");
        }
        if market.supplies.iter().any(|units| *units < 0) || market.demands.iter().any(|d| d.units < 0 || d.points < 0)
        {
            return malformed("a negative number");
        }
        if market.demands.iter().any(|d| d.tier >= market.tiers) {
            return malformed("a tier that does not exist");
        }
        let units = market.supplies.iter().copied().chain(market.demands.iter().map(|demand| demand.units));
        let total: i128 = units.map(i128::from).sum();
        if i64::try_from(total).is_err() {
            return Err(NetworkError::TotalTooLarge { total }.into());
        }
        let supplies = (0..).zip(market.supplies.iter().copied()).filter(|(_, units)| *units > 0).collect();
        let demands = (0..).zip(market.demands.iter().copied()).filter(|(_, demand)| demand.units > 0).collect();
        Ok(Self { space, tiers: market.tiers, supplies, demands, columns: Vec::new() })
    }

    fn pairs(&self) -> u128 {
        self.supplies.len() as u128 * self.demands.len() as u128
    }

    fn spots(&self) -> usize {
        self.supplies.len() + self.demands.len()
    }

    fn supply(&self, at: u32) -> u32 {
        self.supplies[at as usize].0
    }

    fn demand(&self, at: u32) -> u32 {
        self.demands[at as usize].0
    }

    /// The node of a demand; supplies follow the root.
    fn demand_node(&self, at: usize) -> usize {
        1 + self.supplies.len() + at
    }

    /// A column of a pair, if it may trade.
    fn column(&self, supply: u32, demand: u32) -> Option<Column> {
        let (s, d) = (self.supply(supply), self.demand(demand));
        Some(Column { demand, supply, cost: self.space.cost(s, d)?, tie: self.space.tie(s, d) })
    }

    /// Refuses a column whose points are out of range.
    fn legal(&self, column: &Column) -> Result<(), ColumnsError> {
        let (supply, demand) = (self.supply(column.supply), self.demand(column.demand));
        match [column.cost, column.tie].into_iter().find(|points| !(0..=MOST_POINTS).contains(points)) {
            Some(points) => Err(ColumnsError::Points { supply, demand, points }),
            None => Ok(()),
        }
    }

    /// Every node on its arc of the root; these arcs come first.
    fn first_basis(&self) -> Vec<u32> {
        let spots = self.spots();
        std::iter::once(u32::MAX).chain((0..).take(spots)).collect()
    }

    /// The network of the columns so far, which begins from a basis.
    fn network(&self, basis: &[u32]) -> Result<Network, NetworkError> {
        let mut builder = NetworkBuilder::new(self.tiers + 2);
        let spots = self.spots();
        builder.reserve_arcs(spots + self.columns.len());
        for (_, units) in &self.supplies {
            let node = builder.node(*units);
            builder.arc(node, ROOT, UNBOUNDED);
        }
        for (_, demand) in &self.demands {
            let node = builder.node(-demand.units);
            let arc = builder.arc(ROOT, node, UNBOUNDED);
            builder.cost(demand.tier, arc, demand.points);
        }
        for column in &self.columns {
            builder.arc(1 + column.supply, place(self.demand_node(column.demand as usize)), UNBOUNDED);
        }
        let of_columns = |points: fn(&Column) -> i64| {
            let free = std::iter::repeat_n(0, spots);
            LevelCosts::Dense(free.chain(self.columns.iter().map(points)).collect())
        };
        builder.costs(self.tiers, of_columns(|column| column.cost));
        builder.costs(self.tiers + 1, of_columns(|column| column.tie));
        for (node, arc) in (0..).zip(basis).skip(1) {
            builder.hang(node, *arc);
        }
        builder.build()
    }

    fn optimum(&self, market: &Quantities<'_>, solution: &Solution, work: Work) -> Optimum {
        let spots = self.spots();
        let carried = self.columns.iter().zip(&solution.flows[spots..]).filter(|(_, units)| **units > 0);
        let mut flows: Vec<Carried> = carried
            .map(|(c, units)| Carried { supply: self.supply(c.supply), demand: self.demand(c.demand), units: *units })
            .collect();
        flows.sort_unstable();
        let mut supplies = vec![vec![0; market.supplies.len()]; self.tiers + 2];
        let mut demands = vec![vec![0; market.demands.len()]; self.tiers + 2];
        for (level, potentials) in solution.potentials().into_iter().enumerate() {
            for (at, (supply, _)) in self.supplies.iter().enumerate() {
                supplies[level][*supply as usize] = potentials[1 + at];
            }
            for (at, (demand, _)) in self.demands.iter().enumerate() {
                demands[level][*demand as usize] = potentials[self.demand_node(at)];
            }
        }
        let objectives = solution.levels.iter().map(|level| level.objective).collect();
        Optimum { objectives, flows, supplies, demands, work }
    }
}
