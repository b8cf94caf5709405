//! Random changes of random markets, each held against a solve of the whole.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "random draws of a few units"
)]

use std::collections::BTreeMap;

use super::super::tests::Stream;
use super::super::{Control, Network, NetworkBuilder, ROOT, UNBOUNDED, solve};
use super::{Link, Warm, WarmError};

const LEVELS: usize = 3;

/// A node by a name that stays, with the arcs that it came with.
#[derive(Debug, Clone)]
struct Party {
    units: i64,
    /// Other end by name (0 is the root), capacity, costs.
    links: Vec<(u64, i64, [i64; LEVELS])>,
}

/// Offers by name, each of a chain of nodes, and needs.
#[derive(Debug, Clone, Default)]
struct Market {
    gives: BTreeMap<u64, Party>,
    asks: BTreeMap<u64, Party>,
    next: u64,
}

impl Market {
    fn name(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A pair's costs, the last of which tells any two flows apart.
    fn costs(random: &mut Stream) -> [i64; LEVELS] {
        [0, random.within(0, 40), random.within(1, 1 << 30)]
    }

    fn limit(random: &mut Stream) -> i64 {
        if random.within(0, 3) == 0 { random.within(0, 30) } else { UNBOUNDED }
    }

    /// One to three nodes, the last first: each drains to the one before it in this list, and that to the root.
    fn offer(&mut self, random: &mut Stream) -> Vec<u64> {
        let needs: Vec<u64> = self.asks.keys().copied().collect();
        let mut chain: Vec<u64> = Vec::new();
        for _ in 0..random.within(1, 3) {
            let towards = chain.last().copied().unwrap_or(0);
            let mut links = vec![(towards, UNBOUNDED, [0, 0, 0])];
            for need in &needs {
                if random.within(0, 2) == 0 {
                    links.push((*need, Self::limit(random), Self::costs(random)));
                }
            }
            let name = self.name();
            self.gives.insert(name, Party { units: random.within(0, 60), links });
            chain.push(name);
        }
        chain
    }

    fn need(&mut self, random: &mut Stream) -> u64 {
        let mut links = vec![(0, UNBOUNDED, [1, 0, random.within(1, 1 << 30)])];
        let nodes: Vec<u64> = self.gives.keys().copied().collect();
        for node in nodes {
            if random.within(0, 2) == 0 {
                links.push((node, Self::limit(random), Self::costs(random)));
            }
        }
        let name = self.name();
        self.asks.insert(name, Party { units: random.within(1, 80), links });
        name
    }

    /// Nodes that an offer's node drains from, and itself.
    fn chain_of(&self, node: u64) -> Vec<u64> {
        let mut chain = vec![node];
        while let Some((above, _)) = self.gives.iter().find(|(_, p)| p.links[0].0 == *chain.last().unwrap()) {
            chain.push(*above);
        }
        chain
    }

    fn forget(&mut self, gone: &[u64]) {
        for name in gone {
            self.gives.remove(name);
            self.asks.remove(name);
        }
        for party in self.gives.values_mut().chain(self.asks.values_mut()) {
            party.links.retain(|(other, _, _)| !gone.contains(other));
        }
    }

    /// The network of now, with the names of its nodes.
    fn network(&self) -> (Network, Vec<u64>) {
        let mut builder = NetworkBuilder::new(LEVELS);
        let mut names = vec![0];
        for (name, party) in &self.gives {
            names.push(*name);
            builder.node(party.units);
        }
        for (name, party) in &self.asks {
            names.push(*name);
            builder.node(-party.units);
        }
        let place = |name: u64| names.iter().position(|n| *n == name).unwrap() as u32;
        for (name, party) in self.gives.iter().chain(&self.asks) {
            let gives = self.gives.contains_key(name);
            for (at, (other, capacity, costs)) in party.links.iter().enumerate() {
                let (from, to) = if gives { (place(*name), place(*other)) } else { (place(*other), place(*name)) };
                let arc = builder.arc(from, to, *capacity);
                if at == 0 {
                    builder.hang(place(*name), arc);
                }
                for (level, cost) in costs.iter().enumerate() {
                    builder.cost(level, arc, *cost);
                }
            }
        }
        (builder.build().unwrap(), names)
    }

    /// The only optimum, by names: from, to, units.
    fn cold(&self) -> BTreeMap<(u64, u64), i64> {
        let (net, names) = self.network();
        let solution = solve(&net, &mut Control::default()).unwrap();
        let mut flows = BTreeMap::new();
        for ((from, to), units) in net.tails().iter().zip(net.heads()).zip(&solution.flows).filter(|(_, f)| **f > 0) {
            *flows.entry((names[*from as usize], names[*to as usize])).or_default() += units;
        }
        flows
    }
}

/// A market and its optimum, which is kept.
struct Kept {
    market: Market,
    warm: Warm,
    /// Node by name.
    place: BTreeMap<u64, u32>,
}

impl Kept {
    fn of(market: Market) -> Self {
        let (net, names) = market.network();
        let warm = Warm::of(&net, &solve(&net, &mut Control::default()).unwrap()).unwrap();
        let place = (0..).zip(names).skip(1).map(|(at, name)| (name, at)).collect();
        Self { market, warm, place }
    }

    fn links(&self, party: &Party) -> Vec<Link> {
        let link = |(name, capacity, costs): &(u64, i64, [i64; LEVELS])| Link {
            node: if *name == 0 { ROOT } else { self.place[name] },
            capacity: *capacity,
            costs: costs.to_vec(),
        };
        party.links.iter().map(link).collect()
    }

    fn flows(&self) -> BTreeMap<(u64, u64), i64> {
        let names: BTreeMap<u32, u64> = self.place.iter().map(|(name, at)| (*at, *name)).collect();
        let name = |node: u32| if node == ROOT { 0 } else { names[&node] };
        let mut flows = BTreeMap::new();
        for (from, to, units) in self.warm.flows() {
            *flows.entry((name(from), name(to))).or_default() += units;
        }
        flows
    }

    fn change(&mut self, random: &mut Stream) {
        match random.within(0, 5) {
            0 => {
                let chain = self.market.offer(random);
                chain.into_iter().for_each(|name| self.come(name));
            }
            1 | 2 => {
                let name = self.market.need(random);
                self.come(name);
            }
            3 => {
                let Some(party) = drawn(&self.market.gives, random) else { return };
                let gone = self.market.chain_of(party);
                self.go(&gone);
            }
            4 => {
                let Some(name) = drawn(&self.market.asks, random) else { return };
                self.go(&[name]);
            }
            _ => {
                let gives = random.within(0, 1) == 0;
                let parties = if gives { &mut self.market.gives } else { &mut self.market.asks };
                let Some(name) = drawn(parties, random) else { return };
                let party = parties.get_mut(&name).unwrap();
                let units = random.within(1, 80);
                let more = if gives { units - party.units } else { party.units - units };
                party.units = units;
                self.warm.change(self.place[&name], more).unwrap();
            }
        }
    }

    fn come(&mut self, name: u64) {
        // The rest of a chain, where the whole was taken up anew.
        if self.place.contains_key(&name) {
            return;
        }
        let came = match (self.market.gives.get(&name), self.market.asks.get(&name)) {
            (Some(party), _) => self.warm.supply(party.units, &self.links(party)),
            (None, party) => self.warm.demand(party.unwrap().units, &self.links(party.unwrap())),
        };
        match came {
            Ok((node, _)) => _ = self.place.insert(name, node),
            Err(WarmError::Outgrown) => *self = Self::of(std::mem::take(&mut self.market)),
            Err(other) => panic!("{other}"),
        }
    }

    fn go(&mut self, gone: &[u64]) {
        let nodes: Vec<u32> = gone.iter().map(|name| self.place.remove(name).unwrap()).collect();
        self.warm.leave(&nodes).unwrap();
        self.market.forget(gone);
    }
}

fn drawn(parties: &BTreeMap<u64, Party>, random: &mut Stream) -> Option<u64> {
    if parties.is_empty() {
        return None;
    }
    parties.keys().nth(random.within(0, parties.len() as i64 - 1) as usize).copied()
}

fn kept(random: &mut Stream, offers: i64, needs: i64) -> Kept {
    let mut market = Market::default();
    (0..needs).for_each(|_| _ = market.need(random));
    (0..offers).for_each(|_| _ = market.offer(random));
    Kept::of(market)
}

#[test]
fn after_each_change_the_flows_are_those_of_a_solve_of_the_whole() {
    let mut moved = 0;
    for seed in 0..300 {
        let random = &mut Stream(seed);
        let mut kept = kept(random, 3 + (seed % 5) as i64, 4 + (seed % 7) as i64);
        for step in 0..12 {
            let before = kept.flows();
            kept.change(random);
            assert!(kept.warm.is_optimal(), "seed {seed}, step {step}");
            let flows = kept.flows();
            assert_eq!(flows, kept.market.cold(), "seed {seed}, step {step}");
            moved += usize::from(flows != before);
        }
    }
    assert!(moved > 2_000, "{moved} changes moved anything");
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let random = &mut Stream(7);
    let mut kept = kept(random, 3, 4);
    let before = kept.flows();
    let link = |node, cost| Link { node, capacity: UNBOUNDED, costs: vec![cost, 0, 0] };
    assert_eq!(kept.warm.demand(5, &[link(ROOT, 1), link(900, 0)]), Err(WarmError::BadNode(900)));
    assert_eq!(kept.warm.demand(5, &[link(ROOT, 1 << 40)]), Err(WarmError::Outgrown));
    assert_eq!(kept.warm.leave(&[ROOT]), Err(WarmError::BadNode(ROOT)));
    assert_eq!(kept.warm.change(900, 1), Err(WarmError::BadNode(900)));
    assert_eq!(kept.flows(), before);
    // What is named twice goes once, and its number is given once.
    let (node, _) = kept.warm.demand(5, &[link(ROOT, 1)]).unwrap();
    kept.warm.leave(&[node, node]).unwrap();
    let (one, other) =
        (kept.warm.demand(5, &[link(ROOT, 1)]).unwrap().0, kept.warm.demand(5, &[link(ROOT, 1)]).unwrap().0);
    assert_ne!(one, other);
    kept.warm.leave(&[one, other]).unwrap();
    let mut came = 0;
    let outgrown = loop {
        match kept.warm.demand(1, &[link(ROOT, 1)]) {
            Ok(_) => came += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(outgrown, WarmError::Outgrown);
    assert!(came >= kept.market.gives.len() + kept.market.asks.len(), "{came}");
    assert!(kept.warm.is_optimal());
}
