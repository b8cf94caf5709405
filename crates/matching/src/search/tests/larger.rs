//! Components too large to enumerate, solved by the engine's own network simplex.

use std::{collections::BTreeMap, convert::Infallible};

use domain::ids::{OfferId, OrganisationId, SiteId};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};
use uuid::Uuid;

use super::super::{
    Found, Relaxed, SideRules,
    rules::{Decisions, Limited, Order, OrderKey, Route},
    search,
};
use crate::flow::{self, NetworkBuilder, ROOT, UNBOUNDED};

/// Raised units, two tiers, cost, ties.
const LEVELS: usize = 5;
/// Two tiers and cost, where the level of raised units is left out.
const LEADING: usize = 3;

/// A market of one day: supplies, demands with tier, pairs with cost.
struct Market {
    supply: Vec<i64>,
    demand: Vec<(i64, bool)>,
    pairs: Vec<(usize, usize, i64)>,
    rules: SideRules,
}

fn market(seed: u64, offers: usize, slots: usize, least: u32, limited: u32) -> Market {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let supply: Vec<i64> = (0..offers).map(|_| rng.random_range(1_000..100_000)).collect();
    let demand: Vec<(i64, bool)> =
        (0..slots).map(|_| (rng.random_range(500..60_000), rng.random_range(0..2) == 1)).collect();
    let mut pairs = Vec::new();
    for slot in 0..slots {
        for offer in 0..offers {
            if rng.random_range(0..100) < 60 {
                pairs.push((offer, slot, rng.random_range(20..2_000)));
            }
        }
    }
    let id = |n: usize| Uuid::from_u128(n as u128);
    let key = |p: &(usize, usize, i64)| (u32::try_from(p.0).unwrap(), u32::try_from(p.1).unwrap());
    let routes = pairs.iter().map(|p| Route { key: key(p), open: demand[p.1].0, available: supply[p.0] }).collect();
    let leasts: Vec<Option<i64>> =
        supply.iter().map(|s| (rng.random_range(0..100) < least).then(|| rng.random_range(s / 20..s / 3))).collect();
    // Every third slot shares its delivery site with the one before.
    let mut orders: BTreeMap<OrderKey, Vec<usize>> = BTreeMap::new();
    for (i, p) in pairs.iter().enumerate().filter(|(_, p)| leasts[p.0].is_some()) {
        let site = SiteId(id(p.1 - usize::from(p.1 % 3 == 2)));
        let of = OrderKey { offer: OfferId(id(p.0)), organisation: OrganisationId(id(0)), site };
        orders.entry(of).or_default().push(i);
    }
    let orders = orders.into_iter().map(|(of, pairs_of)| {
        let least = leasts[pairs[pairs_of[0]].0].unwrap();
        Order { of, least, pairs: pairs_of }
    });
    let mut slots_of = Vec::new();
    for slot in 0..slots {
        if rng.random_range(0..100) < limited {
            let of = pairs.iter().enumerate().filter(|(_, p)| p.1 == slot);
            let suppliers: Vec<_> = of.map(|(i, p)| (OrganisationId(id(p.0)), vec![i])).collect();
            let most = rng.random_range(1..=3);
            if suppliers.len() > most {
                slots_of.push(Limited { most, suppliers });
            }
        }
    }
    let rules = SideRules::new(routes, orders.collect(), slots_of, LEADING);
    Market { supply, demand, pairs, rules }
}

impl Market {
    fn solve(&self, by: &Decisions) -> Relaxed<()> {
        let mut builder = NetworkBuilder::new(LEVELS);
        let offers: Vec<u32> = self.supply.iter().map(|s| builder.node(*s)).collect();
        for node in &offers {
            builder.drain(*node, ROOT);
        }
        let slots: Vec<u32> = self
            .demand
            .iter()
            .map(|(units, urgent)| {
                let node = builder.node(-units);
                let arc = builder.feed(ROOT, node);
                builder.cost(if *urgent { 1 } else { 2 }, arc, 1);
                node
            })
            .collect();
        let mut arcs = Vec::new();
        for (i, (offer, slot, cost)) in self.pairs.iter().enumerate() {
            let key = self.rules.routes[i].key;
            if by.closed.contains(&key) {
                arcs.push(vec![]);
                continue;
            }
            let raised = by.raised.get(&key).copied().unwrap_or(0);
            let mut of_pair = Vec::new();
            for (capacity, forced) in [(raised, true), (UNBOUNDED, false)] {
                if capacity > 0 {
                    let arc = builder.arc(offers[*offer], slots[*slot], capacity);
                    builder.cost(3, arc, *cost);
                    builder.cost(4, arc, i64::try_from(i * 7_919 % 65_536).unwrap());
                    if forced {
                        builder.cost(0, arc, -1);
                    }
                    of_pair.push(arc);
                }
            }
            arcs.push(of_pair);
        }
        let solution = flow::solve(&builder.build().unwrap(), &mut flow::Control::default()).unwrap();
        let flows = arcs.iter().map(|of| of.iter().map(|a| solution.flows[*a as usize]).sum()).collect();
        let value: Vec<i128> = solution.levels.iter().map(|l| l.objective).collect();
        let forced: i128 = by.raised.values().map(|units| i128::from(*units)).sum();
        Relaxed { flows, value: value[1..].to_vec(), keeps_raised: value[0] == -forced, solution: () }
    }
}

/// The answer within so many solves, checked against the rules and the bound.
fn answer(market: &Market, nodes: u32) -> Found<()> {
    let found = search(&market.rules, nodes, |by| Ok::<_, Infallible>(market.solve(by))).unwrap();
    assert!(market.rules.breaches(&found.relaxed.flows).is_empty());
    assert!(found.bound <= found.relaxed.value);
    assert!(found.solves <= nodes);
    assert_eq!(found.relaxed.value, market.solve(&found.decisions).value, "the decisions alone give the answer");
    found
}

#[test]
fn more_solves_give_better_answers_and_every_answer_keeps_the_rules() {
    for (least, limited) in [(70, 0), (0, 40), (50, 30)] {
        let mut better = 0;
        for seed in 0..4 {
            let market = market(seed, 15, 30, least, limited);
            let (few, usual) = (answer(&market, 1), answer(&market, 64));
            assert_eq!((few.solves, usual.past_limit), (1, 0));
            assert!(usual.relaxed.value <= few.relaxed.value, "{least} {limited} seed {seed}");
            better += usize::from(usual.relaxed.value < few.relaxed.value);
        }
        assert!(better >= 2, "{least} {limited}: {better}");
    }
}

/// Closing alone leaves units uncovered that raising covers.
#[test]
fn raising_covers_what_the_flow_without_smallest_orders_covers() {
    for seed in 0..4 {
        let found = answer(&market(seed, 15, 30, 70, 0), 64);
        assert_eq!(found.relaxed.value[..2], found.bound[..2], "seed {seed}");
    }
}
