//! Published optima of NETGEN networks, generated here.
//!
//! The generator is that of D. Klingman, A. Napier, J. Stutz, "NETGEN: A Program for Generating Large
//! Scale Capacitated Assignment, Transportation, and Minimum Cost Flow Network Problems", Management
//! Science 20 (1974), drawing in the order of N. Schlenker's C version (1989) with J. Cheriyan's
//! overflow corrections (1992), on which the published optima rest. Assignment problems are left out.
//!
//! These networks have no slack root. Each node gets an artificial arc from or to the root that costs
//! one at a first level, and the costs proper are the second: no artificial flow at the optimum of
//! the first means that the network is feasible.

use super::super::{Control, LevelCosts, NetworkBuilder, ROOT, solve, verify};

/// The "minimal standard" generator: S. K. Park, K. W. Miller, Communications of the ACM 31 (1988).
struct Minstd(i64);

impl Minstd {
    /// A number in `low..=high`, or `high` when there is no choice; the stream moves on either way.
    fn draw(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0 * 16_807 % 0x7fff_ffff;
        if high <= low { high } else { low + self.0 % (high - low + 1) }
    }
}

/// The numbers `first..=last` less those taken.
struct Pool {
    first: i64,
    last: i64,
    /// Rising.
    taken: Vec<i64>,
    /// Numbers that were to be struck out, whether they were there or not.
    struck: i64,
}

impl Pool {
    fn new(first: i64, last: i64) -> Self {
        Self { first, last, taken: vec![], struck: 0 }
    }

    fn len(&self) -> i64 {
        self.last - self.first + 1 - self.taken.len() as i64
    }

    /// The length as the original counts it: a number struck out in vain shortens it too.
    fn counted_len(&self) -> i64 {
        self.last - self.first + 1 - self.struck
    }

    fn strike(&mut self, number: i64) {
        self.struck += 1;
        if (self.first..=self.last).contains(&number)
            && let Err(at) = self.taken.binary_search(&number)
        {
            self.taken.insert(at, number);
        }
    }

    /// Takes the number at a place counted from one.
    fn take(&mut self, place: i64) -> Option<i64> {
        if place < 1 || place > self.len() {
            return None;
        }
        let mut number = self.first + place - 1;
        let mut at = 0;
        while self.taken.get(at).is_some_and(|&t| t <= number) {
            number += 1;
            at += 1;
        }
        self.taken.insert(at, number);
        self.struck += 1;
        Some(number)
    }
}

/// The generator's parameters, but for transshipment sources and sinks, which none of these networks has.
struct Parameters {
    seed: i64,
    nodes: i64,
    sources: i64,
    sinks: i64,
    arcs: i64,
    costs: (i64, i64),
    supply: i64,
    /// Percentage of skeleton arcs at the highest cost.
    dear: i64,
    /// Percentage of arcs with a capacity.
    capacitated: i64,
    capacities: (i64, i64),
}

#[derive(Default)]
struct Generated {
    /// Supply per node, nodes counted from one.
    supply: Vec<i64>,
    /// From, to, capacity, cost.
    arcs: Vec<(i64, i64, i64, i64)>,
    tails_left: i64,
}

fn generate(p: &Parameters) -> Generated {
    let mut random = Minstd(p.seed);
    let mut net =
        Generated { supply: vec![0; p.nodes as usize + 1], tails_left: p.nodes - p.sinks, ..Default::default() };
    let each = p.supply / p.sources;
    for source in 1..=p.sources as usize {
        let part = random.draw(1, each);
        net.supply[source] += part;
        let other = random.draw(0, p.sources - 1) as usize;
        net.supply[other + 1] += each - part;
    }
    let other = random.draw(0, p.sources - 1) as usize;
    net.supply[other + 1] += p.supply % p.sources;

    // Chains of inner nodes: three fifths of them dealt round, the others at random.
    let inner = p.nodes - p.sources - p.sinks;
    let mut pool = Pool::new(p.sources + 1, p.nodes - p.sinks);
    let mut chains: Vec<Vec<i64>> = vec![vec![]; p.sources as usize + 1];
    let at_random = (4 * inner + 9) / 10;
    for dealt in 0..inner {
        let node = pool.take(random.draw(1, pool.len())).unwrap();
        let source = if dealt < inner - at_random { dealt % p.sources + 1 } else { random.draw(1, p.sources) };
        chains[source as usize].push(node);
    }
    for source in 1..=p.sources {
        grow(p, &mut random, &mut net, source, &chains[source as usize]);
    }
    net
}

/// The skeleton of one source, its sinks included, and the further arcs out of its nodes.
fn grow(p: &Parameters, random: &mut Minstd, net: &mut Generated, source: i64, chain: &[i64]) {
    let inner = p.nodes - p.sources - p.sinks;
    let length = chain.len() as i64;
    let mut skeleton: Vec<(i64, i64)> = vec![];
    for (at, &node) in chain.iter().enumerate().rev() {
        skeleton.push((if at == 0 { source } else { chain[at - 1] }, node));
    }
    let wanted = if inner == 0 { p.sinks / p.sources + 1 } else { 2 * length * p.sinks / inner };
    let mut pool = Pool::new(p.nodes - p.sinks + 1, p.nodes);
    let mut sinks: Vec<i64> =
        (0..wanted.max(2).min(p.sinks)).map(|_| pool.take(random.draw(1, pool.len())).unwrap()).collect();
    if source == p.sources {
        // No sink is left without demand.
        while let Some(sink) = pool.take(1) {
            if net.supply[sink as usize] == 0 {
                sinks.push(sink);
            }
        }
    }
    let total = net.supply[source as usize];
    let share = total / sinks.len() as i64;
    let mut tail = chain.last().copied().unwrap_or(source);
    for &sink in &sinks {
        let part = random.draw(1, share);
        let other = sinks[random.draw(0, sinks.len() as i64 - 1) as usize];
        skeleton.push((tail, sink));
        net.supply[sink as usize] -= part;
        net.supply[other as usize] -= share - part;
        let steps = random.draw(1, length);
        tail = if steps == 0 { source } else { chain[(length - steps) as usize] };
    }
    net.supply[sinks[0] as usize] -= total % sinks.len() as i64;

    // Shell's sort by halves, as equal tails must come out in its order.
    let mut gap = skeleton.len() / 2;
    while gap > 0 {
        for start in 0..skeleton.len() - gap {
            let mut at = start;
            while skeleton[at].0 > skeleton[at + gap].0 {
                skeleton.swap(at, at + gap);
                if at < gap {
                    break;
                }
                at -= gap;
            }
        }
        gap /= 2;
    }
    for group in skeleton.chunk_by(|a, b| a.0 == b.0) {
        let mut pool = Pool::new(p.sources + 1, p.nodes);
        let tail = group[0].0;
        pool.strike(tail);
        for &(_, head) in group {
            pool.strike(head);
            let bounded = random.draw(1, 100) <= p.capacitated;
            let capacity = if bounded { total.max(p.capacities.0) } else { p.supply };
            let cheap = random.draw(1, 100) > p.dear;
            let cost = if cheap { random.draw(p.costs.0, p.costs.1) } else { p.costs.1 };
            net.arcs.push((tail, head, capacity, cost));
        }
        add_further_arcs(p, random, net, tail, &mut pool);
    }
}

fn add_further_arcs(p: &Parameters, random: &mut Minstd, net: &mut Generated, tail: i64, pool: &mut Pool) {
    let heads = p.nodes - p.sources;
    let left = p.arcs - net.arcs.len() as i64;
    net.tails_left -= 1;
    if 2 * net.tails_left >= left {
        return;
    }
    let count = if (left + heads - pool.counted_len() - 1) / (net.tails_left + 1) >= heads - 1 {
        heads
    } else {
        let most = 2 * (left / (net.tails_left + 1) - 1);
        loop {
            let drawn = random.draw(1, most);
            let count = if net.tails_left == 0 { left } else { drawn };
            if net.tails_left * (heads - 1) >= left - count {
                break count;
            }
        }
    };
    for _ in 0..count {
        let head = pool.take(random.draw(1, pool.counted_len()));
        let bounded = random.draw(1, 100) <= p.capacitated;
        let capacity = if bounded { random.draw(p.capacities.0, p.capacities.1) } else { p.supply };
        if let Some(head) = head {
            net.arcs.push((tail, head, capacity, random.draw(p.costs.0, p.costs.1)));
        }
    }
}

fn optimum(p: &Parameters) -> i128 {
    let generated = generate(p);
    let mut builder = NetworkBuilder::new(2);
    for &b in &generated.supply[1..] {
        builder.node(b);
    }
    let mut costs = vec![];
    for &(from, to, capacity, cost) in &generated.arcs {
        builder.arc(from as u32, to as u32, capacity);
        costs.push(cost);
    }
    builder.costs(1, LevelCosts::Dense(costs));
    for (node, &b) in (1..).zip(&generated.supply[1..]) {
        let artificial = if b < 0 { builder.feed(ROOT, node) } else { builder.drain(node, ROOT) };
        builder.cost(0, artificial, 1);
    }
    let net = builder.build().unwrap();
    let solution = solve(&net, &mut Control::default()).unwrap();
    let proof = verify(&net, &solution.flows, &solution.potentials()).unwrap();
    assert_eq!((proof.objectives[0], proof.proven), (0, 2));
    proof.objectives[1]
}

/// The networks of P. Kovács, "Minimum-cost flow algorithms: an experimental evaluation", Optimization
/// Methods and Software 30 (2015); variants a, b, d, e are seeds.
fn kovacs(seed: i64, nodes: i64, ends: i64, arcs: i64, supply: i64) -> i128 {
    let (costs, capacities) = ((1, 10_000), (1, 1_000));
    optimum(&Parameters {
        seed,
        nodes,
        sources: ends,
        sinks: ends,
        arcs,
        costs,
        supply,
        dear: 100,
        capacitated: 100,
        capacities,
    })
}

const A: i64 = 13_502_460;
const B: i64 = 69_013_527;
const D: i64 = 73_460_581;
const E: i64 = 37_240_194;

#[test]
fn sparse_networks_have_their_published_optima() {
    assert_eq!(kovacs(A, 256, 16, 2_048, 16_000), 142_274_536);
    assert_eq!(kovacs(A, 1_024, 32, 8_192, 32_000), 369_269_289);
    assert_eq!(kovacs(A, 4_096, 64, 32_768, 64_000), 783_715_427);
    assert_eq!(kovacs(A, 8_192, 91, 65_536, 91_000), 1_184_953_451);
    assert_eq!(kovacs(A, 16_384, 128, 131_072, 128_000), 1_772_056_888);
}

#[test]
fn sparse_networks_of_low_supply_have_their_published_optima() {
    assert_eq!(kovacs(A, 256, 16, 2_048, 160), 1_017_702);
    assert_eq!(kovacs(B, 256, 16, 2_048, 160), 1_030_395);
    assert_eq!(kovacs(D, 256, 16, 2_048, 160), 1_039_788);
    assert_eq!(kovacs(E, 256, 16, 2_048, 160), 748_254);
}

#[test]
fn denser_networks_have_their_published_optima() {
    assert_eq!(kovacs(A, 256, 16, 4_096, 16_000), 69_878_458);
    assert_eq!(kovacs(A, 1_024, 32, 32_768, 32_000), 93_356_931);
    assert_eq!(kovacs(A, 256, 16, 4_096, 160), 585_566);
    assert_eq!(kovacs(A, 1_024, 32, 32_768, 320), 536_846);
}

/// Problems 1 to 10 of the paper that introduced NETGEN: pure transportation.
#[test]
fn transportation_problems_have_their_published_optima() {
    let found: Vec<i128> = [
        (200, 1_300),
        (200, 1_500),
        (200, 2_000),
        (200, 2_200),
        (200, 2_900),
        (300, 3_150),
        (300, 4_500),
        (300, 5_155),
        (300, 6_075),
        (300, 6_300),
    ]
    .into_iter()
    .map(|(nodes, arcs)| {
        let (ends, costs, supply) = (nodes / 2, (1, 100), nodes * 500);
        optimum(&Parameters {
            seed: A,
            nodes,
            sources: ends,
            sinks: ends,
            arcs,
            costs,
            supply,
            dear: 0,
            capacitated: 0,
            capacities: (0, 0),
        })
    })
    .collect();
    let published =
        [2_054_059, 1_818_866, 1_646_007, 1_332_598, 1_374_153, 2_135_438, 1_818_475, 1_803_322, 1_650_449, 1_988_555];
    assert_eq!(found, published);
}
