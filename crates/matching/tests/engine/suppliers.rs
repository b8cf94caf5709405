//! Smallest orders and numbers of suppliers hold in every result, whatever the limits of the search.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::{InstalmentId, OfferId, OrganisationId, SiteId},
    market::Market,
    parameters::Limits,
};
use matching::{Control, Outcome, allocate, verify};

use crate::small_markets::{Shape, market, parameters, rules};

fn run(market: &Market, nodes: u32) -> Outcome {
    let mut parameters = parameters();
    parameters.limits = Limits { nodes, ..parameters.limits };
    let rules = rules(market, &parameters);
    let outcome = allocate(&rules, &Control::default()).unwrap();
    verify(&rules, &outcome).unwrap();
    outcome
}

/// The suppliers of each instalment, with those that hold a match already.
fn suppliers(market: &Market, outcome: &Outcome) -> BTreeMap<InstalmentId, BTreeSet<OrganisationId>> {
    let mut found: BTreeMap<InstalmentId, BTreeSet<OrganisationId>> = BTreeMap::new();
    let promised = market.commitments.iter().filter(|c| !c.covered().is_zero()).map(|c| (c.offer, c.instalment));
    for (offer, instalment) in outcome.lines.iter().map(|l| (l.offer, l.instalment)).chain(promised) {
        found.entry(instalment).or_default().insert(market.offer(offer).unwrap().organisation);
    }
    found
}

#[test]
fn no_instalment_has_more_suppliers_than_its_need_takes() {
    let mut bound = 0;
    for seed in 0..150 {
        let shape = Shape { offers: 3, needs: 3, most_units: 4, commitments: seed % 2 == 0, ..Shape::default() };
        let mut limited = market(seed, shape);
        let free = run(&limited, 64);
        for need in &mut limited.needs {
            need.terms.max_suppliers = Some(1);
        }
        for nodes in [1, 64] {
            let outcome = run(&limited, nodes);
            assert!(suppliers(&limited, &outcome).values().all(|s| s.len() <= 1), "seed {seed}");
            assert!(outcome.figures.covered <= free.figures.covered, "seed {seed}");
        }
        bound += usize::from(suppliers(&limited, &free).values().any(|s| s.len() > 1));
    }
    assert!(bound >= 10, "only {bound} markets had more than one supplier without the limit");
}

#[test]
fn who_holds_a_match_already_counts_as_a_supplier() {
    let mut seen = 0;
    for seed in 0..150 {
        let shape = Shape { offers: 3, needs: 2, most_units: 4, commitments: true, ..Shape::default() };
        let mut limited = market(seed, shape);
        let held = limited.commitments[0].clone();
        if held.covered().is_zero() {
            continue;
        }
        let holder = limited.offer(held.offer).unwrap().organisation;
        for need in &mut limited.needs {
            need.terms.max_suppliers = Some(1);
        }
        for line in run(&limited, 64).lines.iter().filter(|l| l.instalment == held.instalment) {
            assert_eq!(limited.offer(line.offer).unwrap().organisation, holder, "seed {seed}");
            seen += 1;
        }
    }
    assert!(seen > 0, "no holder supplied more");
}

#[test]
fn an_order_counts_over_the_instalments_of_a_buyers_site() {
    for seed in 0..150 {
        let market = market(seed, Shape { offers: 3, needs: 3, most_units: 4, min_orders: true, ..Shape::default() });
        let needs: BTreeMap<_, _> = market.needs.iter().map(|n| (n.id, n)).collect();
        for nodes in [1, 8, 64] {
            let mut orders: BTreeMap<(OfferId, OrganisationId, SiteId), i64> = BTreeMap::new();
            for line in run(&market, nodes).lines {
                let need = needs[&line.need];
                *orders.entry((line.offer, need.organisation, need.site)).or_default() += line.quantity.units();
            }
            for ((offer, _, _), units) in orders {
                let least = market.offer(offer).unwrap().terms.min_order.as_ref().map_or(0, |m| m.quantity.units());
                assert!(units >= least, "seed {seed}, {nodes} solves: {units} of {least}");
            }
        }
    }
}
