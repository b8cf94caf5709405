//! Random markets as flow problems: offers and needs on a plane, the cost of a pair its distance.
//!
//! Offers and needs lie on a square of 2,100 km, so a pair costs 0 to 2,970. What is offered is 70 % of
//! what is asked for. The same shape gives the same problem everywhere.

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng, seq::index::sample};

use crate::problem::{Problem, index};

/// The side of the square, in kilometres.
pub const SIDE: i64 = 2_100;
/// Offered, in hundredths of what is asked for.
const OFFERED: i64 = 70;
/// Days of one period.
const PERIOD: i64 = 7;
/// Kilometres that goods travel in a day, after a day of handling.
const KM_PER_DAY: i64 = 600;

/// How large a market is, and of what shape.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Offers.
    pub offers: usize,
    /// Needs, with one instalment each.
    pub needs: usize,
    /// Products; an offer serves needs of its own product.
    pub products: usize,
    /// Needs that each offer can serve; all of its product when absent.
    pub degree: Option<usize>,
    /// Kilometres an offer reaches at most; everywhere when absent.
    pub reach: Option<i64>,
    /// Whether offers lie the more densely the farther west.
    pub west: bool,
    /// Weeks over which output arises and needs fall due; 1 leaves time out.
    pub periods: usize,
    /// Seed of the numbers.
    pub seed: u64,
}

/// Who could serve whom.
#[derive(Debug)]
pub struct Market {
    /// Offers.
    pub offers: Vec<Offer>,
    /// Needs.
    pub needs: Vec<Need>,
    /// Offer, need, last period whose output is in time, and kilometres; by offer, then need.
    pub pairs: Vec<(usize, usize, usize, i64)>,
    /// The most needs of one product.
    sharing: usize,
}

/// Where output arises.
#[derive(Debug)]
pub struct Offer {
    at: (i64, i64),
    /// Units of each period.
    pub output: Vec<i64>,
    product: usize,
}

/// What is asked for.
#[derive(Debug)]
pub struct Need {
    /// Kilometres east and north.
    pub at: (i64, i64),
    /// Units.
    pub quantity: i64,
    due: i64,
}

/// The problem of a shape.
pub fn problem(shape: &Shape) -> Problem {
    market(shape).problem()
}

/// The market of a shape.
pub fn market(shape: &Shape) -> Market {
    let mut rng = ChaCha8Rng::seed_from_u64(shape.seed);
    let offers: Vec<Offer> = (0..shape.offers).map(|_| offer(&mut rng, shape)).collect();
    let supply: i64 = offers.iter().flat_map(|offer| &offer.output).sum();
    let mean = (supply * 100 / OFFERED / i64::try_from(shape.needs).unwrap_or(i64::MAX)).max(1);
    let mut by_product: Vec<Vec<usize>> = vec![Vec::new(); shape.products];
    let weeks = i64::try_from(shape.periods).unwrap_or(1);
    let needs: Vec<Need> = (0..shape.needs)
        .map(|n| {
            by_product[rng.random_range(0..shape.products)].push(n);
            let due = rng.random_range(PERIOD..=(weeks + 1) * PERIOD);
            Need { at: point(&mut rng), quantity: rng.random_range(1..=2 * mean - 1), due }
        })
        .collect();
    let mut pairs = Vec::new();
    for (o, offer) in offers.iter().enumerate() {
        let near = |&&n: &&usize| shape.reach.is_none_or(|most| distance(offer.at, needs[n].at) <= most);
        let own: Vec<usize> = by_product[offer.product].iter().filter(near).copied().collect();
        let mut chosen: Vec<usize> = match shape.degree {
            Some(degree) => sample(&mut rng, own.len(), degree.min(own.len())).into_iter().map(|i| own[i]).collect(),
            None => own,
        };
        chosen.sort_unstable();
        for n in chosen {
            let km = distance(offer.at, needs[n].at);
            pairs.extend(latest(&needs[n], km, shape.periods).map(|last| (o, n, last, km)));
        }
    }
    let sharing = by_product.iter().map(Vec::len).max().unwrap_or(0);
    Market { offers, needs, pairs, sharing }
}

impl Market {
    /// The flow problem: uncovered units first, then unit-kilometres.
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new();
        let chains: Vec<Vec<u32>> = self.offers.iter().map(|offer| chain(&mut problem, offer)).collect();
        let ends: Vec<u32> = self.needs.iter().map(|need| problem.node(-need.quantity)).collect();
        let mut dearest = 0;
        for &(offer, need, last, km) in &self.pairs {
            let made: i64 = self.offers[offer].output[..=last].iter().sum();
            dearest = km.max(dearest);
            problem.arc(chains[offer][last], ends[need], km, made.min(self.needs[need].quantity));
        }
        let penalty = i64::try_from(self.sharing).unwrap_or(i64::MAX) * dearest + 1;
        drains(&mut problem, &self.offers, &chains);
        for (&node, need) in ends.iter().zip(&self.needs) {
            let arc = problem.arc(0, node, penalty, need.quantity);
            problem.hang(node, arc);
        }
        problem
    }
}

fn point(rng: &mut ChaCha8Rng) -> (i64, i64) {
    (rng.random_range(0..=SIDE), rng.random_range(0..=SIDE))
}

fn offer(rng: &mut ChaCha8Rng, shape: &Shape) -> Offer {
    let most = 2_000 / i64::try_from(shape.periods).unwrap_or(1);
    let mut at = point(rng);
    if shape.west {
        at.0 = at.0.min(rng.random_range(0..=SIDE));
    }
    Offer {
        at,
        output: (0..shape.periods).map(|_| rng.random_range(1..=most)).collect(),
        product: rng.random_range(0..shape.products),
    }
}

fn distance(a: (i64, i64), b: (i64, i64)) -> i64 {
    let (x, y) = (a.0 - b.0, a.1 - b.1);
    (x * x + y * y).isqrt()
}

/// The last period whose output arrives in time, if any does.
fn latest(need: &Need, km: i64, periods: usize) -> Option<usize> {
    if periods == 1 {
        return Some(0);
    }
    let leaves = need.due - 1 - (km + KM_PER_DAY - 1) / KM_PER_DAY;
    usize::try_from(leaves / PERIOD - 1).ok().filter(|_| leaves >= PERIOD)
}

/// A node for the output of each period.
fn chain(problem: &mut Problem, offer: &Offer) -> Vec<u32> {
    offer.output.iter().map(|&output| problem.node(output)).collect()
}

/// What is not used is carried to the next period, and from the last one to the slack node.
fn drains(problem: &mut Problem, offers: &[Offer], chains: &[Vec<u32>]) {
    for (offer, nodes) in offers.iter().zip(chains) {
        let mut made = 0;
        for (period, (&node, &output)) in nodes.iter().zip(&offer.output).enumerate() {
            made += output;
            let arc = problem.arc(node, nodes.get(period + 1).copied().unwrap_or(0), 0, made);
            problem.hang(node, arc);
        }
    }
}

/// A short name for a count: 1,100 or 100k or 3,220,000.
pub fn short(count: usize) -> String {
    if (10_000..1_000_000).contains(&count) && count.is_multiple_of(1_000) {
        return format!("{}k", count / 1_000);
    }
    let digits = index(count).to_string();
    match digits.len() {
        4..=6 => format!("{},{}", &digits[..digits.len() - 3], &digits[digits.len() - 3..]),
        7..=9 => {
            let (millions, rest) = digits.split_at(digits.len() - 6);
            format!("{millions},{},{}", &rest[..3], &rest[3..])
        }
        _ => digits,
    }
}
